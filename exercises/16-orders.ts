// Lesson 16: orders. Read lessons/16-orders.md. The types and the error below are yours to use; leave them as they are.

import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'

export type Clock = () => Date
export type Item = { readonly sku: string; readonly quantity: number }
export type OrderLine = { readonly sku: string; readonly quantity: number; readonly unitCents: number }
export type OrderStatus = 'created' | 'paid' | 'shipped' | 'delivered' | 'cancelled'

/** The current state of an order. All amounts are whole cents. */
export interface Order {
  readonly customerId: string
  readonly lines: readonly OrderLine[]
  readonly totalCents: number
  readonly paidCents: number
  readonly refundedCents: number
  readonly status: OrderStatus
}

type Fact<Type, Payload> = { readonly eventType: Type; readonly payload: Readonly<Payload> }
type Created = { customerId: string; lines: readonly OrderLine[]; taxCents: number }

/** Something that happened, without its envelope. The code that stores it adds the ID and the time. */
export type OrderFact =
  | Fact<'ORDER_CREATED', Created>
  | Fact<'PAYMENT_RECEIVED', { amountCents: number }>
  | Fact<'ORDER_SHIPPED', { trackingNumber: string }>
  | Fact<'ORDER_DELIVERED', Record<string, never>>
  | Fact<'ORDER_CANCELLED', { reason: string }>
  | Fact<'REFUND_ISSUED', { amountCents: number }>

/** Price per unit in cents, by sku. It comes from the shop, never from the customer. */
export type Prices = ReadonlyMap<string, number>

type Command<Type, Data = unknown> = { readonly type: Type } & Readonly<Data>

/** A request to change an order. `decide` can refuse it. */
export type OrderCommand =
  | Command<'CreateOrder', { customerId: string; items: readonly Item[]; prices: Prices }>
  | Command<'ProcessPayment', { amountCents: number }>
  | Command<'ShipOrder', { trackingNumber: string }>
  | Command<'DeliverOrder'>
  | Command<'CancelOrder', { reason: string }>
  | Command<'IssueRefund', { amountCents: number }>

/** A rule refused the command, and nothing was written. `status` is null if the order doesn't exist. */
export class OrderRefusedError extends Error {
  override readonly name = 'OrderRefusedError'
  readonly reason: 'status' | 'items' | 'amount'
  readonly status: OrderStatus | null

  constructor(reason: 'status' | 'items' | 'amount', status: OrderStatus | null) {
    super(`Refused because of the ${reason}; the status of the order is ${status ?? 'none'}`)
    this.reason = reason
    this.status = status
  }
}

export interface HistoryEntry {
  readonly version: number
  readonly timestamp: string
  readonly eventType: string
  /** Status of the order after this event. */
  readonly status: OrderStatus | null
}

// Task 1
export function evolve(_order: Order | null, _fact: OrderFact): Order | null {
  throw new Error('Not written yet: evolve')
}

export function applyOrderEvent(_order: Order | null, _event: DomainEvent): Order | null {
  throw new Error('Not written yet: applyOrderEvent')
}

// Task 2
export function decide(_order: Order | null, _command: OrderCommand): readonly OrderFact[] {
  throw new Error('Not written yet: decide')
}

// Task 3
export async function createOrder(
  _redis: Redis,
  _clock: Clock,
  _prices: Prices,
  _customerId: string,
  _items: readonly Item[],
): Promise<string> {
  throw new Error('Not written yet: createOrder')
}

export async function processPayment(
  _redis: Redis,
  _clock: Clock,
  _orderId: string,
  _amountCents: number,
): Promise<number> {
  throw new Error('Not written yet: processPayment')
}

export async function shipOrder(
  _redis: Redis,
  _clock: Clock,
  _orderId: string,
  _trackingNumber: string,
): Promise<number> {
  throw new Error('Not written yet: shipOrder')
}

export async function deliverOrder(_redis: Redis, _clock: Clock, _orderId: string): Promise<number> {
  throw new Error('Not written yet: deliverOrder')
}

export async function cancelOrder(
  _redis: Redis,
  _clock: Clock,
  _orderId: string,
  _reason: string,
): Promise<number> {
  throw new Error('Not written yet: cancelOrder')
}

export async function issueRefund(
  _redis: Redis,
  _clock: Clock,
  _orderId: string,
  _amountCents: number,
): Promise<number> {
  throw new Error('Not written yet: issueRefund')
}

// Task 4
export async function getOrder(_redis: Redis, _orderId: string): Promise<Order | null> {
  throw new Error('Not written yet: getOrder')
}

export async function getOrderHistory(_redis: Redis, _orderId: string): Promise<HistoryEntry[]> {
  throw new Error('Not written yet: getOrderHistory')
}
