import { randomUUID } from 'node:crypto'
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

type Handlers = { [F in OrderFact as F['eventType']]: (order: Order, payload: F['payload']) => Order }
const handlers: Handlers = {
  ORDER_CREATED: (order) => order,
  PAYMENT_RECEIVED: (order, { amountCents }) =>
    Object.freeze({ ...order, status: 'paid' as const, paidCents: order.paidCents + amountCents }),
  ORDER_SHIPPED: (order) => Object.freeze({ ...order, status: 'shipped' as const }),
  ORDER_DELIVERED: (order) => Object.freeze({ ...order, status: 'delivered' as const }),
  ORDER_CANCELLED: (order) => Object.freeze({ ...order, status: 'cancelled' as const }),
  REFUND_ISSUED: (order, { amountCents }) =>
    Object.freeze({ ...order, refundedCents: order.refundedCents + amountCents }),
}
export function evolve(order: Order | null, fact: OrderFact): Order | null {
  if (order !== null)
    return (handlers[fact.eventType] as (o: Order, p: unknown) => Order)(order, fact.payload)
  if (fact.eventType !== 'ORDER_CREATED') return null
  const { lines, taxCents, customerId } = fact.payload
  const copied = Object.freeze(lines.map((line) => Object.freeze({ ...line })))
  return Object.freeze({
    status: 'created' as const,
    refundedCents: 0,
    paidCents: 0,
    customerId,
    lines: copied,
    totalCents: copied.reduce((total, { quantity, unitCents }) => total + quantity * unitCents, taxCents),
  })
}
export function applyOrderEvent(order: Order | null, event: DomainEvent): Order | null {
  return Object.hasOwn(handlers, event.eventType) ? evolve(order, event as unknown as OrderFact) : order
}

const table = new Map<OrderStatus | null, ReadonlySet<OrderCommand['type']>>([
  [null, new Set(['CreateOrder'] as const)],
  ['created', new Set(['ProcessPayment', 'CancelOrder'] as const)],
  ['paid', new Set(['ShipOrder', 'CancelOrder', 'IssueRefund'] as const)],
  ['shipped', new Set(['DeliverOrder', 'IssueRefund'] as const)],
  ['delivered', new Set(['IssueRefund'] as const)],
])
const tax = (net: bigint): number => Number((net + 5n) / 10n)

export function decide(order: Order | null, command: OrderCommand): readonly OrderFact[] {
  const refuse = (reason: 'status' | 'items' | 'amount'): never => {
    throw new OrderRefusedError(reason, order?.status ?? null)
  }
  if (!table.get(order?.status ?? null)?.has(command.type)) refuse('status')
  const open = (order?.paidCents ?? 0) - (order?.refundedCents ?? 0)
  if (command.type === 'CreateOrder') {
    const ok =
      command.items.length > 0 &&
      command.items.every(
        ({ sku, quantity }) => command.prices.has(sku) && Number.isSafeInteger(quantity) && quantity >= 1,
      )
    if (!ok) refuse('items')
    const lines = command.items.map(({ sku, quantity }) => ({
      sku,
      quantity,
      unitCents: command.prices.get(sku) as number,
    }))
    const net = lines.map((l) => BigInt(l.quantity) * BigInt(l.unitCents)).reduce((a, b) => a + b, 0n)
    return [
      { eventType: 'ORDER_CREATED', payload: { taxCents: tax(net), customerId: command.customerId, lines } },
    ]
  }
  if (command.type === 'ProcessPayment') {
    const { amountCents } = command
    if (amountCents !== order?.totalCents) refuse('amount')
    return [{ eventType: 'PAYMENT_RECEIVED', payload: { amountCents } }]
  }
  if (command.type === 'ShipOrder')
    return [{ eventType: 'ORDER_SHIPPED', payload: { trackingNumber: command.trackingNumber } }]
  if (command.type === 'DeliverOrder') return [{ eventType: 'ORDER_DELIVERED', payload: {} }]
  if (command.type === 'CancelOrder') {
    return [
      { eventType: 'ORDER_CANCELLED', payload: { reason: command.reason } },
      ...(open > 0 ? [{ eventType: 'REFUND_ISSUED' as const, payload: { amountCents: open } }] : []),
    ]
  }
  const { amountCents } = command
  if (!(Number.isInteger(amountCents) && amountCents > 0 && amountCents <= open)) refuse('amount')
  return [{ eventType: 'REFUND_ISSUED', payload: { amountCents } }]
}

const APPEND = `
local v = tonumber(ARGV[1])
local tail = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local now = 0
if #tail == 1 then now = tonumber(tail[1][1]:match('^%d+')) end
if now ~= v then return -1 end
for i = 2, #ARGV do
  v = v + 1
  redis.call('XADD', KEYS[1], v .. '-0', 'event', ARGV[i])
end
return v
`
class OrderLog {
  constructor(redis: Redis, orderId: string) {
    this.#redis = redis
    this.#id = orderId
  }
  readonly #redis: Redis
  readonly #id: string
  get #key(): string {
    return `aggregate:order:${this.#id}`
  }
  async *events(): AsyncGenerator<{ version: number; event: DomainEvent }> {
    let start = '-'
    while (true) {
      const page = await this.#redis.xrange(this.#key, start, '+', 'COUNT', 7)
      for (const [id, [, json]] of page) {
        yield { version: Number(id.split('-')[0]), event: JSON.parse(json as string) }
        start = `(${id}`
      }
      if (page.length < 7) return
    }
  }
  async state(): Promise<[Order | null, number]> {
    let order: Order | null = null
    let at = 0
    for await (const { version, event } of this.events()) {
      order = applyOrderEvent(order, event)
      at = version
    }
    return [order, at]
  }
  async execute(command: OrderCommand, clock: Clock): Promise<number> {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const [order, version] = await this.state()
      const events = decide(order, command).map((fact) =>
        JSON.stringify({
          eventId: randomUUID(),
          timestamp: clock().toISOString(),
          ...fact,
          entityId: this.#id,
          metadata: {},
        }),
      )
      const reply = await this.#redis.eval(APPEND, 1, this.#key, version, ...events)
      if (reply !== -1) return Number(reply)
    }
    throw new Error('Too many at once')
  }
}
const handle = (redis: Redis, clock: Clock, orderId: string, command: OrderCommand) =>
  new OrderLog(redis, orderId).execute(command, clock)

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
  return (await new OrderLog(redis, orderId).state())[0]
}
export async function getOrderHistory(redis: Redis, orderId: string): Promise<HistoryEntry[]> {
  const entries: HistoryEntry[] = []
  let order: Order | null = null
  for await (const {
    version,
    event: { timestamp, eventType, ...rest },
  } of new OrderLog(redis, orderId).events()) {
    order = applyOrderEvent(order, { timestamp, eventType, ...rest })
    entries.push({ version, timestamp, eventType, status: order === null ? null : order.status })
  }
  return entries
}
