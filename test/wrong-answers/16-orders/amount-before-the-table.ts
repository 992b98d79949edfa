// task: decide
// diagnosis: The table comes first
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { createEvent, type DomainEvent } from '#built/01-events'
import { AggregateEventStore, decideAndAppend } from '#built/07-concurrency'

export type Clock = () => Date
export type Item = { readonly sku: string; readonly quantity: number }
export type OrderLine = { readonly sku: string; readonly quantity: number; readonly unitCents: number }
export type OrderStatus = 'created' | 'paid' | 'shipped' | 'delivered' | 'cancelled'

/** What an order is now. All money is whole cents. */
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

/** What happened, without its envelope: whoever stores it adds id and time. */
export type OrderFact =
  | Fact<'ORDER_CREATED', Created>
  | Fact<'PAYMENT_RECEIVED', { amountCents: number }>
  | Fact<'ORDER_SHIPPED', { trackingNumber: string }>
  | Fact<'ORDER_DELIVERED', Record<string, never>>
  | Fact<'ORDER_CANCELLED', { reason: string }>
  | Fact<'REFUND_ISSUED', { amountCents: number }>

/** Cents for one piece, by sku. They are the shop's, never the customer's. */
export type Prices = ReadonlyMap<string, number>

type Command<Type, Data = unknown> = { readonly type: Type } & Readonly<Data>

/** What somebody wants. */
export type OrderCommand =
  | Command<'CreateOrder', { customerId: string; items: readonly Item[]; prices: Prices }>
  | Command<'ProcessPayment', { amountCents: number }>
  | Command<'ShipOrder', { trackingNumber: string }>
  | Command<'DeliverOrder'>
  | Command<'CancelOrder', { reason: string }>
  | Command<'IssueRefund', { amountCents: number }>

/** The rules say no, and nothing was written. `status` is that of the order, null when there is none. */
export class OrderRefusedError extends Error {
  override readonly name = 'OrderRefusedError'
  readonly reason: 'status' | 'items' | 'amount'
  readonly status: OrderStatus | null

  constructor(reason: 'status' | 'items' | 'amount', status: OrderStatus | null) {
    super(`Refused because of the ${reason}; the order is ${status ?? 'not there'}`)
    this.reason = reason
    this.status = status
  }
}

export interface HistoryEntry {
  readonly version: number
  readonly timestamp: string
  readonly eventType: string
  /** After this event. */
  readonly status: OrderStatus | null
}

export function evolve(order: Order | null, fact: OrderFact): Order | null {
  if (fact.eventType === 'ORDER_CREATED') {
    if (order) return order
    const { customerId, lines, taxCents } = fact.payload
    let totalCents = taxCents
    for (const line of lines) totalCents += line.quantity * line.unitCents
    return { customerId, lines, totalCents, paidCents: 0, refundedCents: 0, status: 'created' }
  }
  if (!order) return null
  switch (fact.eventType) {
    case 'PAYMENT_RECEIVED':
      return { ...order, paidCents: order.paidCents + fact.payload.amountCents, status: 'paid' }
    case 'ORDER_SHIPPED':
      return { ...order, status: 'shipped' }
    case 'ORDER_DELIVERED':
      return { ...order, status: 'delivered' }
    case 'ORDER_CANCELLED':
      return { ...order, status: 'cancelled' }
    case 'REFUND_ISSUED':
      return { ...order, refundedCents: order.refundedCents + fact.payload.amountCents }
  }
}
const TYPES = [
  'ORDER_CREATED',
  'PAYMENT_RECEIVED',
  'ORDER_SHIPPED',
  'ORDER_DELIVERED',
  'ORDER_CANCELLED',
  'REFUND_ISSUED',
]
export function applyOrderEvent(order: Order | null, event: DomainEvent): Order | null {
  return TYPES.includes(event.eventType) ? evolve(order, event as unknown as OrderFact) : order
}
const ALLOWED: Record<OrderCommand['type'], (OrderStatus | null)[]> = {
  CreateOrder: [null],
  ProcessPayment: ['created'],
  ShipOrder: ['paid'],
  DeliverOrder: ['shipped'],
  CancelOrder: ['created', 'paid'],
  IssueRefund: ['paid', 'shipped', 'delivered'],
}
export function decide(order: Order | null, command: OrderCommand): readonly OrderFact[] {
  const status = order === null ? null : order.status
  if (command.type === 'CreateOrder' && command.items.length === 0)
    throw new OrderRefusedError('items', status)
  if (command.type === 'ProcessPayment' && order && command.amountCents !== order.totalCents)
    throw new OrderRefusedError('amount', status)
  if (!ALLOWED[command.type].includes(status)) throw new OrderRefusedError('status', status)
  const left = order === null ? 0 : order.paidCents - order.refundedCents
  switch (command.type) {
    case 'CreateOrder': {
      const lines: OrderLine[] = []
      let sum = 0
      if (command.items.length === 0) throw new OrderRefusedError('items', status)
      for (const { sku, quantity } of command.items) {
        const unitCents = command.prices.get(sku)
        if (unitCents === undefined) throw new OrderRefusedError('items', status)
        if (!Number.isInteger(quantity) || quantity <= 0) throw new OrderRefusedError('items', status)
        lines.push({ sku, quantity, unitCents })
        sum += quantity * unitCents
      }
      return [
        {
          eventType: 'ORDER_CREATED',
          payload: { customerId: command.customerId, lines, taxCents: Math.round(sum / 10) },
        },
      ]
    }
    case 'ProcessPayment':
      if (command.amountCents !== order?.totalCents) throw new OrderRefusedError('amount', status)
      return [{ eventType: 'PAYMENT_RECEIVED', payload: { amountCents: command.amountCents } }]
    case 'ShipOrder':
      return [{ eventType: 'ORDER_SHIPPED', payload: { trackingNumber: command.trackingNumber } }]
    case 'DeliverOrder':
      return [{ eventType: 'ORDER_DELIVERED', payload: {} }]
    case 'CancelOrder': {
      const facts: OrderFact[] = [{ eventType: 'ORDER_CANCELLED', payload: { reason: command.reason } }]
      if (left > 0) facts.push({ eventType: 'REFUND_ISSUED', payload: { amountCents: left } })
      return facts
    }
    case 'IssueRefund':
      if (!Number.isInteger(command.amountCents) || command.amountCents < 1 || command.amountCents > left)
        throw new OrderRefusedError('amount', status)
      return [{ eventType: 'REFUND_ISSUED', payload: { amountCents: command.amountCents } }]
  }
}
async function handle(redis: Redis, clock: Clock, orderId: string, command: OrderCommand): Promise<number> {
  return decideAndAppend(new AggregateEventStore(redis), 'order', orderId, (history) => {
    let order: Order | null = null
    for (const { event } of history) order = applyOrderEvent(order, event)
    return decide(order, command).map((fact) =>
      createEvent({ eventType: fact.eventType, payload: fact.payload as never, entityId: orderId }, clock),
    )
  })
}

export async function createOrder(
  redis: Redis,
  clock: Clock,
  prices: Prices,
  customerId: string,
  items: readonly Item[],
): Promise<string> {
  const orderId = randomUUID()
  await handle(redis, clock, orderId, { type: 'CreateOrder', customerId, items, prices })
  return orderId
}
export const processPayment = (redis: Redis, clock: Clock, orderId: string, amountCents: number) =>
  handle(redis, clock, orderId, { type: 'ProcessPayment', amountCents })
export const shipOrder = (redis: Redis, clock: Clock, orderId: string, trackingNumber: string) =>
  handle(redis, clock, orderId, { type: 'ShipOrder', trackingNumber })
export const deliverOrder = (redis: Redis, clock: Clock, orderId: string) =>
  handle(redis, clock, orderId, { type: 'DeliverOrder' })
export const cancelOrder = (redis: Redis, clock: Clock, orderId: string, reason: string) =>
  handle(redis, clock, orderId, { type: 'CancelOrder', reason })
export const issueRefund = (redis: Redis, clock: Clock, orderId: string, amountCents: number) =>
  handle(redis, clock, orderId, { type: 'IssueRefund', amountCents })

export async function getOrder(redis: Redis, orderId: string): Promise<Order | null> {
  let order: Order | null = null
  for (const { event } of await new AggregateEventStore(redis).getEvents('order', orderId))
    order = applyOrderEvent(order, event)
  return order
}
export async function getOrderHistory(redis: Redis, orderId: string): Promise<HistoryEntry[]> {
  const out: HistoryEntry[] = []
  let order: Order | null = null
  for (const { version, event } of await new AggregateEventStore(redis).getEvents('order', orderId)) {
    order = applyOrderEvent(order, event)
    out.push({
      version,
      timestamp: event.timestamp,
      eventType: event.eventType,
      status: order?.status ?? null,
    })
  }
  return out
}
