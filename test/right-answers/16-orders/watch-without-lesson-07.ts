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

/** Reads over a separate connection that watches the stream, so that EXEC fails if another writer has appended since. */
async function handle(redis: Redis, clock: Clock, orderId: string, command: OrderCommand): Promise<number> {
  const key = `aggregate:order:${orderId}`
  const mine = redis.duplicate()
  try {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await mine.watch(key)
      const history = await read(mine, orderId)
      const order = history.reduce<Order | null>((so, { event }) => applyOrderEvent(so, event), null)
      let version = history.at(-1)?.version ?? 0
      const transaction = mine.multi()
      for (const { eventType, payload } of decide(order, command)) {
        const event = {
          eventId: randomUUID(),
          timestamp: clock().toISOString(),
          eventType,
          entityId: orderId,
          payload,
          metadata: {},
        }
        version += 1
        transaction.xadd(key, `${version}-0`, 'event', JSON.stringify(event))
      }
      const replies = await transaction.exec()
      const failed = replies?.find(([error]) => error !== null)
      if (failed !== undefined) throw failed[0]
      if (replies !== null) return version
    }
    throw new Error(`Order ${orderId} is too busy`)
  } finally {
    mine.disconnect()
  }
}

async function read(redis: Redis, orderId: string): Promise<{ version: number; event: DomainEvent }[]> {
  const all: { version: number; event: DomainEvent }[] = []
  let start = '-'
  for (;;) {
    const page = await redis.xrange(`aggregate:order:${orderId}`, start, '+', 'COUNT', 100)
    for (const [id, fields] of page) {
      all.push({ version: Number(id.split('-')[0]), event: JSON.parse(fields[1] ?? '') as DomainEvent })
      start = `(${id}`
    }
    if (page.length < 100) return all
  }
}

export async function createOrder(
  redis: Redis,
  clock: Clock,
  prices: Prices,
  customerId: string,
  items: readonly Item[],
): Promise<string> {
  const orderId: string = randomUUID()
  await handle(redis, clock, orderId, { type: 'CreateOrder', customerId, items, prices })
  return orderId
}

export async function processPayment(redis: Redis, clock: Clock, orderId: string, amountCents: number) {
  return handle(redis, clock, orderId, { type: 'ProcessPayment', amountCents })
}

export async function shipOrder(redis: Redis, clock: Clock, orderId: string, trackingNumber: string) {
  return handle(redis, clock, orderId, { type: 'ShipOrder', trackingNumber })
}

export async function deliverOrder(redis: Redis, clock: Clock, orderId: string) {
  return handle(redis, clock, orderId, { type: 'DeliverOrder' })
}

export async function cancelOrder(redis: Redis, clock: Clock, orderId: string, reason: string) {
  return handle(redis, clock, orderId, { type: 'CancelOrder', reason })
}

export async function issueRefund(redis: Redis, clock: Clock, orderId: string, amountCents: number) {
  return handle(redis, clock, orderId, { type: 'IssueRefund', amountCents })
}

async function replay(
  redis: Redis,
  orderId: string,
): Promise<{ order: Order | null; history: HistoryEntry[] }> {
  let order: Order | null = null
  const history: HistoryEntry[] = []
  for (const { version, event } of await read(redis, orderId)) {
    order = applyOrderEvent(order, event)
    history.push({
      version,
      timestamp: event.timestamp,
      eventType: event.eventType,
      status: order?.status ?? null,
    })
  }
  return { order, history }
}

export const getOrder = async (redis: Redis, orderId: string) => (await replay(redis, orderId)).order
export const getOrderHistory = async (redis: Redis, orderId: string) => (await replay(redis, orderId)).history
