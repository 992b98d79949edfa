// task: the commands
// diagnosis: ended the watch of the other
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { createEvent, type DomainEvent, decodeEvent, encodeEvent, type Payload } from '#built/01-events'

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
  switch (fact.eventType) {
    case 'ORDER_CREATED':
      return (
        order ??
        ({
          customerId: fact.payload.customerId,
          lines: [...fact.payload.lines],
          ...opened(fact.payload.lines, fact.payload.taxCents),
        } as Order)
      )
    case 'PAYMENT_RECEIVED':
      return order && { ...order, paidCents: order.paidCents + fact.payload.amountCents, status: 'paid' }
    case 'REFUND_ISSUED':
      return order && { ...order, refundedCents: order.refundedCents + fact.payload.amountCents }
    default:
      return order && { ...order, status: fact.eventType.replace('ORDER_', '').toLowerCase() as OrderStatus }
  }
}
const opened = (lines: readonly OrderLine[], taxCents: number) => ({
  totalCents: lines.map((l) => l.quantity * l.unitCents).reduce((a, b) => a + b, 0) + taxCents,
  paidCents: 0,
  refundedCents: 0,
  status: 'created',
})
export function applyOrderEvent(order: Order | null, event: DomainEvent): Order | null {
  switch (event.eventType) {
    case 'ORDER_CREATED':
    case 'PAYMENT_RECEIVED':
    case 'ORDER_SHIPPED':
    case 'ORDER_DELIVERED':
    case 'ORDER_CANCELLED':
    case 'REFUND_ISSUED':
      return evolve(order, { eventType: event.eventType, payload: event.payload } as unknown as OrderFact)
  }
  return order
}
class RefusedStatus extends OrderRefusedError {
  readonly command: string
  constructor(order: Order | null, command: string) {
    super('status', order?.status ?? null)
    this.command = command
  }
}
const may = (order: Order | null, command: string, ...statuses: OrderStatus[]): Order => {
  if (order === null || !statuses.includes(order.status)) throw new RefusedStatus(order, command)
  return order
}
export function decide(order: Order | null, command: OrderCommand): readonly OrderFact[] {
  switch (command.type) {
    case 'CreateOrder': {
      if (order !== null) throw new RefusedStatus(order, command.type)
      const { customerId, items, prices } = command
      const lines = items.map(({ sku, quantity }) => {
        const unitCents = prices.get(sku)
        if (unitCents == null || !(quantity > 0) || !Number.isSafeInteger(quantity))
          throw new OrderRefusedError('items', null)
        return { sku, quantity, unitCents }
      })
      if (lines.length === 0) throw new OrderRefusedError('items', null)
      const net = lines.reduce((sum, l) => sum + l.unitCents * l.quantity, 0)
      const rest = net % 10
      return [
        {
          eventType: 'ORDER_CREATED',
          payload: { customerId, lines, taxCents: (net - rest) / 10 + (rest >= 5 ? 1 : 0) },
        },
      ]
    }
    case 'ProcessPayment': {
      const { totalCents, status } = may(order, command.type, 'created')
      if (totalCents !== command.amountCents) throw new OrderRefusedError('amount', status)
      return [{ eventType: 'PAYMENT_RECEIVED', payload: { amountCents: totalCents } }]
    }
    case 'ShipOrder':
      may(order, command.type, 'paid')
      return [{ eventType: 'ORDER_SHIPPED', payload: { trackingNumber: command.trackingNumber } }]
    case 'DeliverOrder':
      may(order, command.type, 'shipped')
      return [{ eventType: 'ORDER_DELIVERED', payload: {} }]
    case 'CancelOrder': {
      const { paidCents, refundedCents } = may(order, command.type, 'created', 'paid')
      const cancelled = { eventType: 'ORDER_CANCELLED', payload: { reason: command.reason } } as const
      if (paidCents === refundedCents) return [cancelled]
      return [cancelled, { eventType: 'REFUND_ISSUED', payload: { amountCents: paidCents - refundedCents } }]
    }
    case 'IssueRefund': {
      const { paidCents, refundedCents, status } = may(order, command.type, 'paid', 'shipped', 'delivered')
      const fits =
        Number.isSafeInteger(command.amountCents) &&
        command.amountCents >= 1 &&
        refundedCents + command.amountCents <= paidCents
      if (!fits) throw new OrderRefusedError('amount', status)
      return [{ eventType: 'REFUND_ISSUED', payload: { amountCents: command.amountCents } }]
    }
  }
}
type Stored = readonly [version: number, event: DomainEvent]
async function read(redis: Redis, orderId: string): Promise<Stored[]> {
  const entries = await redis.xrange(`aggregate:order:${orderId}`, '-', '+')
  return entries.map(([id, fields]) => [Number.parseInt(id, 10), decodeEvent(fields[1] ?? '')])
}
async function handle(redis: Redis, clock: Clock, orderId: string, command: OrderCommand): Promise<number> {
  const own = redis
  try {
    let tries = 5
    while (tries-- > 0) {
      await own.watch(`aggregate:order:${orderId}`)
      const stored = await read(own, orderId)
      const order = stored.reduce<Order | null>((o, [, e]) => applyOrderEvent(o, e), null)
      let version = stored.at(-1)?.[0] ?? 0
      const tx = own.multi()
      for (const { eventType, payload } of decide(order, command)) {
        version += 1
        tx.xadd(
          `aggregate:order:${orderId}`,
          `${version}-0`,
          'event',
          encodeEvent(
            createEvent({ eventType, entityId: orderId, payload: payload as unknown as Payload }, clock),
          ),
        )
      }
      const done = await tx.exec()
      if (done === null) continue
      const failed = done.find(([error]) => error)
      if (failed) throw failed[0]
      return version
    }
    throw new Error(`Order ${orderId} is busy`)
  } finally {
    await own.unwatch()
  }
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
  return (await read(redis, orderId)).reduce<Order | null>((o, [, e]) => applyOrderEvent(o, e), null)
}
export async function getOrderHistory(redis: Redis, orderId: string): Promise<HistoryEntry[]> {
  const stored = await read(redis, orderId)
  return stored.map(([version, { timestamp, eventType }], i) => {
    const order = stored.slice(0, i + 1).reduce<Order | null>((o, [, e]) => applyOrderEvent(o, e), null)
    return { version, timestamp, eventType, status: order ? order.status : null }
  })
}
