// task: runService
// diagnosis: ended the watch of the other
import { randomUUID } from 'node:crypto'
import type { ChainableCommander, Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent, type Payload } from '#built/01-events'

/** All services of the shop write here and read here. */
export const BUS = 'bus:orders'
/** How long an order waits for payment and stock. */
export const DEADLINE_MS = 15 * 60 * 1_000

export type Clock = () => Date

export interface Fact {
  readonly eventType: string
  readonly payload: Payload
}

/** One process of one service: the group is the service, the consumer is the process. */
export interface Member {
  readonly group: string
  readonly consumer: string
}

/** What a service makes of an event; nothing of most. Pure. */
export type React = (event: DomainEvent) => readonly Fact[]

/** Something outside of Redis. It may be asked twice for one event, with the same key. */
export type Send = (event: DomainEvent, options: { readonly idempotencyKey: string }) => Promise<void>

export function nextSteps(history: readonly DomainEvent[], now: Date): readonly Fact[] {
  let createdAt: number | null = null
  let paid = 0
  let payments = 0
  const seen: Record<string, boolean> = {}
  for (const { eventType, payload, timestamp } of history) {
    seen[eventType] = true
    if (eventType === 'ORDER_CREATED') createdAt = new Date(timestamp).valueOf()
    if (eventType === 'PAYMENT_RECEIVED') {
      paid += payload.amountCents as number
      payments += 1
    }
    if (eventType === 'REFUND_REQUESTED') paid -= payload.amountCents as number
  }
  const cancel = (reason: string): Fact => ({ eventType: 'ORDER_CANCELLED', payload: { reason } })
  const back = (): Fact[] =>
    paid === 0 ? [] : [{ eventType: 'REFUND_REQUESTED', payload: { amountCents: paid } }]
  switch (true) {
    case createdAt === null:
      return []
    case seen.ORDER_CANCELLED:
      return back()
    case seen.ORDER_CONFIRMED:
      return []
    case seen.STOCK_REJECTED:
      return [cancel('out of stock'), ...back()]
    case payments > 0 && seen.STOCK_RESERVED:
      return [{ eventType: 'ORDER_CONFIRMED', payload: {} }]
    case now.valueOf() >= (createdAt as number) + DEADLINE_MS:
      return [cancel('timeout'), ...back()]
    default:
      return []
  }
}
const caused =
  (by: DomainEvent, clock: Clock) =>
  ({ eventType, payload }: Fact): DomainEvent => ({
    eventId: randomUUID(),
    timestamp: clock().toISOString(),
    eventType,
    entityId: by.entityId,
    payload,
    metadata: { correlationId: by.metadata.correlationId ?? by.eventId, causationId: by.eventId },
  })
async function withOwn<T>(redis: Redis, work: (own: Redis) => Promise<T>): Promise<T> {
  return work(redis)
}
/** Tries until nobody came between; `work` returns the transaction, or nothing if there is nothing to do. */
async function optimistically(
  own: Redis,
  keys: string[],
  work: () => Promise<ChainableCommander | undefined>,
): Promise<boolean> {
  for (;;) {
    await own.watch(...keys)
    const transaction = await work()
    if (transaction === undefined) {
      await own.unwatch()
      return false
    }
    const replies = await transaction.exec()
    if (replies === null) continue
    for (const [error] of replies) if (error) throw error
    return true
  }
}
interface Entry {
  readonly id: string
  readonly event: DomainEvent
}
async function* entriesFor(redis: Redis, { group, consumer }: Member): AsyncGenerator<Entry> {
  await redis.xgroup('CREATE', BUS, group, 0, 'MKSTREAM').catch((error: Error) => {
    if (!error.message.startsWith('BUSYGROUP')) throw error
  })
  let from = '0'
  while (true) {
    const reply = (await redis.xreadgroup('GROUP', group, consumer, 'COUNT', 1, 'STREAMS', BUS, from)) as
      | [string, [string, string[]][]][]
      | null
    const found = reply?.[0]?.[1]?.[0]
    if (found !== undefined) yield { id: found[0], event: decodeEvent(found[1][1] ?? '') }
    else if (from === '0') from = '>'
    else return
  }
}
const mark = (group: string, event: DomainEvent) => `handled:{${group}}:${event.eventId}`

export async function runService(redis: Redis, member: Member, react: React, clock: Clock): Promise<number> {
  return withOwn(redis, async (own) => {
    let n = 0
    for await (const { id, event } of entriesFor(redis, member)) {
      const key = mark(member.group, event)
      await optimistically(own, [key], async () => {
        const done = await own.exists(key)
        const tx = own.multi()
        if (!done) {
          for (const next of react(event).map(caused(event, clock)))
            tx.xadd(BUS, '*', 'event', encodeEvent(next))
          tx.set(key, '1')
        }
        return tx.xack(BUS, member.group, id)
      })
      n += 1
    }
    return n
  })
}

export async function forward(redis: Redis, member: Member, send: Send): Promise<number> {
  let n = 0
  for await (const { id, event } of entriesFor(redis, member)) {
    const key = mark(member.group, event)
    if (!(await redis.exists(key))) await send(event, { idempotencyKey: event.eventId })
    await redis.multi().set(key, '1').xack(BUS, member.group, id).exec()
    n++
  }
  return n
}

const processKey = (orderId: string) => `process:${orderId}`
async function load(redis: Redis, orderId: string): Promise<DomainEvent[]> {
  const all: DomainEvent[] = []
  let start = '-'
  while (true) {
    const page = await redis.xrange(processKey(orderId), start, '+', 'COUNT', 50)
    if (page.length === 0) return all
    for (const [id, fields] of page) {
      all.push(decodeEvent(fields[1] ?? ''))
      start = `(${id}`
    }
  }
}
function record(
  tx: ChainableCommander,
  orderId: string,
  history: readonly DomainEvent[],
  taken: readonly DomainEvent[],
  decided: readonly DomainEvent[],
): ChainableCommander {
  const all = [...history, ...taken, ...decided]
  all.forEach((event, i) => {
    if (i >= history.length) tx.xadd(processKey(orderId), `${i + 1}-0`, 'event', encodeEvent(event))
  })
  for (const event of decided) tx.xadd(BUS, '*', 'event', encodeEvent(event))
  const types = all.map((e) => e.eventType)
  const created = all.find((e) => e.eventType === 'ORDER_CREATED')
  if (types.includes('ORDER_CONFIRMED') || types.includes('ORDER_CANCELLED')) tx.zrem('open-orders', orderId)
  else if (created) tx.zadd('open-orders', Date.parse(created.timestamp), orderId)
  return tx
}
export async function runProcess(redis: Redis, consumer: string, clock: Clock): Promise<number> {
  const member = { group: 'order-process', consumer }
  return withOwn(redis, async (own) => {
    let n = 0
    for await (const { id, event } of entriesFor(redis, member)) {
      await optimistically(own, [processKey(event.entityId)], async () => {
        const history = await load(own, event.entityId)
        const tx = own.multi().xack(BUS, member.group, id)
        if (history.some((known) => known.eventId === event.eventId)) return tx
        return record(
          tx,
          event.entityId,
          history,
          [event],
          nextSteps([...history, event], clock()).map(caused(event, clock)),
        )
      })
      n += 1
    }
    return n
  })
}
export async function expireOrders(redis: Redis, clock: Clock): Promise<number> {
  return withOwn(redis, async (own) => {
    let n = 0
    const ids = await own.zrange('open-orders', '-inf', clock().getTime() - DEADLINE_MS, 'BYSCORE')
    for (const orderId of ids) {
      const cancelled = await optimistically(own, [processKey(orderId)], async () => {
        const history = await load(own, orderId)
        const created = history.find((e) => e.eventType === 'ORDER_CREATED')
        if (
          !created ||
          history.some((e) => e.eventType === 'ORDER_CANCELLED' || e.eventType === 'ORDER_CONFIRMED')
        )
          return undefined
        return record(
          own.multi(),
          orderId,
          history,
          [],
          nextSteps(history, clock()).map(caused(created, clock)),
        )
      })
      if (cancelled) n += 1
    }
    return n
  })
}
