import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { createEvent, type DomainEvent } from '#built/01-events'
import { AggregateEventStore, decideAndAppend, type StoredEvent } from '#built/07-concurrency'

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

/** Returns the order after another fact. Pure, and refuses nothing, because facts in the log have already happened. */
export function evolve(order: Order | null, fact: OrderFact): Order | null {
  if (fact.eventType === 'ORDER_CREATED') return order ?? newOrder(fact.payload)
  if (order === null) return null
  switch (fact.eventType) {
    case 'PAYMENT_RECEIVED':
      return { ...order, status: 'paid', paidCents: order.paidCents + fact.payload.amountCents }
    case 'ORDER_SHIPPED':
      return { ...order, status: 'shipped' }
    case 'ORDER_DELIVERED':
      return { ...order, status: 'delivered' }
    case 'ORDER_CANCELLED':
      return { ...order, status: 'cancelled' }
    case 'REFUND_ISSUED':
      return { ...order, refundedCents: order.refundedCents + fact.payload.amountCents }
    default:
      return fact satisfies never
  }
}

function newOrder({ customerId, lines, taxCents }: Readonly<Created>): Order {
  const totalCents = subtotal(lines) + taxCents
  return { customerId, lines, totalCents, paidCents: 0, refundedCents: 0, status: 'created' }
}

/** The statuses in which an order accepts each command. For every new command, the compiler asks for a line here. */
const POSSIBLE: Readonly<Record<OrderCommand['type'], readonly (OrderStatus | null)[]>> = {
  CreateOrder: [null],
  ProcessPayment: ['created'],
  ShipOrder: ['paid'],
  DeliverOrder: ['shipped'],
  CancelOrder: ['created', 'paid'],
  IssueRefund: ['paid', 'shipped', 'delivered'],
}

/** Returns the facts that follow from a command. Pure: no clock, no random IDs, no Redis. @throws OrderRefusedError */
export function decide(order: Order | null, command: OrderCommand): readonly OrderFact[] {
  const status = order?.status ?? null
  if (!POSSIBLE[command.type].includes(status)) throw new OrderRefusedError('status', status)
  const left = order === null ? 0 : order.paidCents - order.refundedCents
  switch (command.type) {
    case 'CreateOrder': {
      const lines = command.items.map((item) => lineOf(item, command.prices))
      if (lines.length === 0) throw new OrderRefusedError('items', null)
      const payload = { customerId: command.customerId, lines, taxCents: taxOn(subtotal(lines)) }
      return [{ eventType: 'ORDER_CREATED', payload }]
    }
    case 'ProcessPayment':
      if (command.amountCents !== order?.totalCents) throw new OrderRefusedError('amount', status)
      return [{ eventType: 'PAYMENT_RECEIVED', payload: { amountCents: command.amountCents } }]
    case 'ShipOrder':
      return [{ eventType: 'ORDER_SHIPPED', payload: { trackingNumber: command.trackingNumber } }]
    case 'DeliverOrder':
      return [{ eventType: 'ORDER_DELIVERED', payload: {} }]
    case 'CancelOrder': {
      const cancelled = { eventType: 'ORDER_CANCELLED', payload: { reason: command.reason } } as const
      return left <= 0
        ? [cancelled]
        : [cancelled, { eventType: 'REFUND_ISSUED', payload: { amountCents: left } }]
    }
    case 'IssueRefund':
      if (!isCount(command.amountCents) || command.amountCents > left)
        throw new OrderRefusedError('amount', status)
      return [{ eventType: 'REFUND_ISSUED', payload: { amountCents: command.amountCents } }]
    default:
      return command satisfies never
  }
}

/** Builds a line with the price from the list, and ignores any extra fields of the item. */
function lineOf({ sku, quantity }: Item, prices: Prices): OrderLine {
  const unitCents = prices.get(sku)
  if (unitCents === undefined || !isCount(quantity)) throw new OrderRefusedError('items', null)
  return { sku, quantity, unitCents }
}

const isCount = (value: number) => Number.isSafeInteger(value) && value > 0
const subtotal = (lines: readonly OrderLine[]) =>
  lines.reduce((sum, line) => sum + line.quantity * line.unitCents, 0)
/** Calculates 10%, with half a cent rounded up, in whole numbers. */
const taxOn = (cents: number) => Math.floor((cents + 5) / 10)

const TYPE = 'order'

const FACTS: Readonly<Record<OrderFact['eventType'], true>> = {
  ORDER_CREATED: true,
  PAYMENT_RECEIVED: true,
  ORDER_SHIPPED: true,
  ORDER_DELIVERED: true,
  ORDER_CANCELLED: true,
  REFUND_ISSUED: true,
}

const isOrderFact = (event: DomainEvent): event is DomainEvent & OrderFact =>
  Object.hasOwn(FACTS, event.eventType)

/** Returns the order after another event from the log. An event of an unknown type leaves it as it is. */
export function applyOrderEvent(order: Order | null, event: DomainEvent): Order | null {
  return isOrderFact(event) ? evolve(order, event) : order
}

const orderOf = (history: readonly StoredEvent[]) =>
  history.reduce<Order | null>((order, { event }) => applyOrderEvent(order, event), null)

/** Reads, decides, and appends, and starts over after a conflict. Resolves to the order's new version. */
function handle(redis: Redis, clock: Clock, orderId: string, command: OrderCommand): Promise<number> {
  return decideAndAppend(new AggregateEventStore(redis), TYPE, orderId, (history) =>
    decide(orderOf(history), command).map((fact) => createEvent({ ...fact, entityId: orderId }, clock)),
  )
}

/** Creates an order and resolves to its ID. */
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

/** Resolves to the current order, or to null if it doesn't exist. */
export async function getOrder(redis: Redis, orderId: string): Promise<Order | null> {
  return orderOf(await new AggregateEventStore(redis).getEvents(TYPE, orderId))
}

/** Resolves to the history of an order, oldest first. The view is derived from the events and isn't stored. */
export async function getOrderHistory(redis: Redis, orderId: string): Promise<HistoryEntry[]> {
  let order: Order | null = null
  const entries: HistoryEntry[] = []
  for (const { version, event } of await new AggregateEventStore(redis).getEvents(TYPE, orderId)) {
    order = applyOrderEvent(order, event)
    entries.push({
      version,
      timestamp: event.timestamp,
      eventType: event.eventType,
      status: order?.status ?? null,
    })
  }
  return entries
}
