import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { createEvent, type DomainEvent } from '#built/01-events'
import { AggregateEventStore, ConcurrencyError } from '#built/07-concurrency'

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

type Handlers<Of extends string, From, To> = {
  readonly [Name in Of]: (from: Extract<From, { eventType: Name } | { type: Name }>, order: Order) => To
}

const after: Handlers<Exclude<OrderFact['eventType'], 'ORDER_CREATED'>, OrderFact, Partial<Order>> = {
  PAYMENT_RECEIVED: ({ payload }, { paidCents }) => ({
    paidCents: paidCents + payload.amountCents,
    status: 'paid',
  }),
  ORDER_SHIPPED: () => ({ status: 'shipped' }),
  ORDER_DELIVERED: () => ({ status: 'delivered' }),
  ORDER_CANCELLED: () => ({ status: 'cancelled' }),
  REFUND_ISSUED: ({ payload }, order) => ({ refundedCents: order.refundedCents + payload.amountCents }),
}

export function evolve(order: Order | null, fact: OrderFact): Order | null {
  if (order === null) {
    if (fact.eventType !== 'ORDER_CREATED') return null
    let totalCents = fact.payload.taxCents
    for (const line of fact.payload.lines) totalCents += line.unitCents * line.quantity
    const { customerId, lines } = structuredClone(fact.payload)
    return Object.freeze({ customerId, lines, totalCents, paidCents: 0, refundedCents: 0, status: 'created' })
  }
  if (fact.eventType === 'ORDER_CREATED') return order
  if (!Object.hasOwn(after, fact.eventType)) return order
  const change = after[fact.eventType] as (fact: OrderFact, order: Order) => Partial<Order>
  return Object.freeze({ ...order, ...change(fact, order) })
}

export const applyOrderEvent = (order: Order | null, event: DomainEvent): Order | null =>
  evolve(order, event as unknown as OrderFact)

export function decide(order: Order | null, command: OrderCommand): readonly OrderFact[] {
  const status = order?.status ?? null
  const demand = (fine: boolean, reason: OrderRefusedError['reason']) => {
    if (!fine) throw new OrderRefusedError(reason, status)
  }
  if (command.type === 'CreateOrder') {
    demand(order === null, 'status')
    demand(command.items.length > 0, 'items')
    let sum = 0n
    const lines: OrderLine[] = []
    for (const item of command.items) {
      const unitCents = command.prices.get(item.sku)
      demand(Number.isInteger(item.quantity) && item.quantity >= 1 && unitCents !== undefined, 'items')
      lines.push({ sku: item.sku, quantity: item.quantity, unitCents: Number(unitCents) })
      sum += BigInt(item.quantity) * BigInt(unitCents ?? 0)
    }
    const taxCents = Number((sum + 5n) / 10n)
    return [{ eventType: 'ORDER_CREATED', payload: { customerId: command.customerId, lines, taxCents } }]
  }
  if (order === null) throw new OrderRefusedError('status', null)
  const open = order.paidCents - order.refundedCents
  const facts: OrderFact[] = []
  if (command.type === 'ProcessPayment') {
    demand(status === 'created', 'status')
    demand(command.amountCents === order.totalCents, 'amount')
    facts.push({ eventType: 'PAYMENT_RECEIVED', payload: { amountCents: command.amountCents } })
  } else if (command.type === 'ShipOrder') {
    demand(status === 'paid', 'status')
    facts.push({ eventType: 'ORDER_SHIPPED', payload: { trackingNumber: command.trackingNumber } })
  } else if (command.type === 'DeliverOrder') {
    demand(status === 'shipped', 'status')
    facts.push({ eventType: 'ORDER_DELIVERED', payload: {} })
  } else if (command.type === 'CancelOrder') {
    demand(status === 'created' || status === 'paid', 'status')
    facts.push({ eventType: 'ORDER_CANCELLED', payload: { reason: command.reason } })
    if (open > 0) facts.push({ eventType: 'REFUND_ISSUED', payload: { amountCents: open } })
  } else {
    demand(status === 'paid' || status === 'shipped' || status === 'delivered', 'status')
    demand(
      Number.isInteger(command.amountCents) && command.amountCents > 0 && command.amountCents <= open,
      'amount',
    )
    facts.push({ eventType: 'REFUND_ISSUED', payload: { amountCents: command.amountCents } })
  }
  return facts
}

async function run(
  redis: Redis,
  clock: Clock,
  orderId: string,
  command: OrderCommand,
  attempts = 5,
): Promise<number> {
  const store = new AggregateEventStore(redis)
  let order: Order | null = null
  let version = 0
  for (const one of await store.getEvents('order', orderId)) {
    order = applyOrderEvent(order, one.event)
    version = one.version
  }
  const events = decide(order, command).map((fact) => createEvent({ ...fact, entityId: orderId }, clock))
  try {
    return await store.appendEvents('order', orderId, events, version)
  } catch (error) {
    if (error instanceof ConcurrencyError && attempts > 1)
      return run(redis, clock, orderId, command, attempts - 1)
    throw error
  }
}

export async function createOrder(
  redis: Redis,
  clock: Clock,
  prices: Prices,
  customerId: string,
  items: readonly Item[],
) {
  const orderId = randomUUID()
  await run(redis, clock, orderId, { type: 'CreateOrder', customerId, items, prices })
  return orderId as string
}

type Run<Argument extends unknown[]> = (
  redis: Redis,
  clock: Clock,
  orderId: string,
  ...rest: Argument
) => Promise<number>

export const processPayment: Run<[amountCents: number]> = (redis, clock, id, amountCents) =>
  run(redis, clock, id, { type: 'ProcessPayment', amountCents })
export const shipOrder: Run<[trackingNumber: string]> = (redis, clock, id, trackingNumber) =>
  run(redis, clock, id, { type: 'ShipOrder', trackingNumber })
export const deliverOrder: Run<[]> = (redis, clock, id) => run(redis, clock, id, { type: 'DeliverOrder' })
export const cancelOrder: Run<[reason: string]> = (redis, clock, id, reason) =>
  run(redis, clock, id, { type: 'CancelOrder', reason })
export const issueRefund: Run<[amountCents: number]> = (redis, clock, id, amountCents) =>
  run(redis, clock, id, { type: 'IssueRefund', amountCents })

export async function getOrderHistory(redis: Redis, orderId: string): Promise<HistoryEntry[]> {
  const events = await new AggregateEventStore(redis).getEvents('order', orderId)
  return events.map(({ version, event: { timestamp, eventType } }, index) => {
    const order = events
      .slice(0, index + 1)
      .reduce<Order | null>((so, { event }) => applyOrderEvent(so, event), null)
    return { version, timestamp, eventType, status: order === null ? null : order.status }
  })
}

export async function getOrder(redis: Redis, orderId: string): Promise<Order | null> {
  let order: Order | null = null
  for (const { event } of await new AggregateEventStore(redis).getEvents('order', orderId)) {
    order = applyOrderEvent(order, event)
  }
  return order
}
