import type { Redis } from 'ioredis'
import { createEvent, type DomainEvent, type Payload } from '#built/01-events'

/** The stream that all services of the shop write to and read from. */
export const BUS = 'bus:orders'
/** Maximum time that an order waits for payment and stock, in milliseconds. */
export const DEADLINE_MS = 15 * 60 * 1_000

export type Clock = () => Date

export interface Fact {
  readonly eventType: string
  readonly payload: Payload
}

/** One process of one service. The group names the service, and the consumer names the process. */
export interface Member {
  readonly group: string
  readonly consumer: string
}

/** Returns the reactions of a service to an event. Most events have no reaction. Pure. */
export type React = (event: DomainEvent) => readonly Fact[]

/** Sends an event to a system outside Redis. It may be called twice for one event, with the same key. */
export type Send = (event: DomainEvent, options: { readonly idempotencyKey: string }) => Promise<void>

export function nextSteps(history: readonly DomainEvent[], now: Date): readonly Fact[] {
  const types = new Set(history.map((e) => e.eventType))
  const created = history.find((e) => e.eventType === 'ORDER_CREATED')
  if (created === undefined) return []
  const sum = (type: string) =>
    history.filter((e) => e.eventType === type).reduce((total, e) => total + Number(e.payload.amountCents), 0)
  const due = sum('PAYMENT_RECEIVED') - sum('REFUND_REQUESTED')
  const refund: Fact[] = due > 0 ? [{ eventType: 'REFUND_REQUESTED', payload: { amountCents: due } }] : []
  if (types.has('ORDER_CANCELLED')) return refund
  if (types.has('ORDER_CONFIRMED')) return []
  if (types.has('STOCK_REJECTED'))
    return [{ eventType: 'ORDER_CANCELLED', payload: { reason: 'out of stock' } }, ...refund]
  if (types.has('PAYMENT_RECEIVED') && types.has('STOCK_RESERVED'))
    return [{ eventType: 'ORDER_CONFIRMED', payload: {} }]
  if (now.getTime() - Date.parse(created.timestamp) >= DEADLINE_MS)
    return [{ eventType: 'ORDER_CANCELLED', payload: { reason: 'timeout' } }, ...refund]
  return []
}

function follow(cause: DomainEvent, facts: readonly Fact[], clock: Clock): DomainEvent[] {
  const metadata = {
    correlationId: cause.metadata.correlationId ?? cause.eventId,
    causationId: cause.eventId,
  }
  return facts.map((fact) => createEvent({ ...fact, entityId: cause.entityId, metadata }, clock))
}

async function drain(
  redis: Redis,
  { group, consumer }: Member,
  handle: (id: string, event: DomainEvent) => Promise<void>,
): Promise<number> {
  try {
    await redis.xgroup('CREATE', BUS, group, '0', 'MKSTREAM')
  } catch (error) {
    if (!String(error).includes('BUSYGROUP')) throw error
  }
  let handled = 0
  for (const from of ['0', '>']) {
    for (;;) {
      const reply = (await redis.xreadgroup('GROUP', group, consumer, 'COUNT', 20, 'STREAMS', BUS, from)) as
        | [string, [string, string[]][]][]
        | null
      const entries = reply?.[0]?.[1] ?? []
      if (entries.length === 0) break
      for (const [id, fields] of entries) {
        await handle(id, JSON.parse(fields[1] ?? '') as DomainEvent)
        handled += 1
      }
    }
  }
  return handled
}

const FINISH = `
if redis.call('SADD', KEYS[1], ARGV[1]) == 1 then
  for i = 4, #ARGV do redis.call('XADD', KEYS[2], '*', 'event', ARGV[i]) end
end
redis.call('XACK', KEYS[2], ARGV[2], ARGV[3])
return 1
`
const finish = (
  redis: Redis,
  group: string,
  id: string,
  event: DomainEvent,
  events: readonly DomainEvent[],
) =>
  redis.eval(
    FINISH,
    2,
    `done:${group}`,
    BUS,
    event.eventId,
    group,
    id,
    ...events.map((e) => JSON.stringify(e)),
  )

export async function runService(redis: Redis, member: Member, react: React, clock: Clock): Promise<number> {
  return drain(redis, member, async (id, event) => {
    await finish(redis, member.group, id, event, follow(event, react(event), clock))
  })
}

export async function forward(redis: Redis, member: Member, send: Send): Promise<number> {
  return drain(redis, member, async (id, event) => {
    if ((await redis.sismember(`done:${member.group}`, event.eventId)) === 0)
      await send(event, { idempotencyKey: event.eventId })
    await finish(redis, member.group, id, event, [])
  })
}

const GROUP = 'order-process'
const DEADLINES = 'order-process:deadlines'
const ADVANCE = `
local length = redis.call('XLEN', KEYS[1])
if length ~= tonumber(ARGV[1]) then return 0 end
local skip = tonumber(ARGV[3])
for i = 6, #ARGV do
  length = length + 1
  redis.call('XADD', KEYS[1], length .. '-0', 'event', ARGV[i])
  if i - 5 > skip then redis.call('XADD', KEYS[2], '*', 'event', ARGV[i]) end
end
if ARGV[2] ~= '' then redis.call('XACK', KEYS[2], '${GROUP}', ARGV[2]) end
if ARGV[5] == 'drop' then redis.call('ZREM', KEYS[3], ARGV[4]) elseif ARGV[5] ~= 'keep' then redis.call('ZADD', KEYS[3], ARGV[5], ARGV[4]) end
return 1
`
async function historyOf(redis: Redis, orderId: string): Promise<DomainEvent[]> {
  return (await redis.xrange(`process:${orderId}`, '-', '+')).map(([, [, text = '']]) => JSON.parse(text))
}

function deadline(_orderId: string, history: readonly DomainEvent[]): string {
  const over = history.some(
    ({ eventType }) => eventType === 'ORDER_CONFIRMED' || eventType === 'ORDER_CANCELLED',
  )
  if (over) return 'drop'
  const created = history.find(({ eventType }) => eventType === 'ORDER_CREATED')
  return created ? String(Date.parse(created.timestamp) + DEADLINE_MS) : 'keep'
}

export async function runProcess(redis: Redis, consumer: string, clock: Clock): Promise<number> {
  return drain(redis, { group: GROUP, consumer }, async (id, event) => {
    for (;;) {
      const history = await historyOf(redis, event.entityId)
      if (history.some(({ eventId }) => eventId === event.eventId)) {
        await redis.xack(BUS, GROUP, id)
        return
      }
      const decided = follow(event, nextSteps([...history, event], clock()), clock)
      const news = [event, ...decided]
      const args = [
        history.length,
        id,
        1,
        event.entityId,
        deadline(event.entityId, [...history, ...news]),
        ...news.map((e) => JSON.stringify(e)),
      ]
      if ((await redis.eval(ADVANCE, 3, `process:${event.entityId}`, BUS, DEADLINES, ...args)) === 1) return
    }
  })
}

export async function expireOrders(redis: Redis, clock: Clock): Promise<number> {
  let cancelled = 0
  const now = clock()
  for (const orderId of await redis.zrangebyscore(DEADLINES, '-inf', now.getTime())) {
    for (;;) {
      const history = await historyOf(redis, orderId)
      const created = history.find(({ eventType }) => eventType === 'ORDER_CREATED')
      if (created === undefined) break
      if (deadline(orderId, history) === 'drop') break
      const decided = follow(created, nextSteps(history, now), clock)
      const args = [history.length, '', 0, orderId, 'drop', ...decided.map((e) => JSON.stringify(e))]
      if ((await redis.eval(ADVANCE, 3, `process:${orderId}`, BUS, DEADLINES, ...args)) === 1) {
        cancelled += 1
        break
      }
    }
  }
  return cancelled
}
