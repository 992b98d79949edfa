import type { Redis } from 'ioredis'
import { createEvent, type DomainEvent, decodeEvent, encodeEvent, type Payload } from '#built/01-events'

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

const PROCESS = 'order-process'
/** Sorted set of the open orders, by deadline. It's only an index, and it can be rebuilt from the streams. */
const DEADLINES = 'process:deadlines'
const PAGE = 100

const cancelled = (reason: string): Fact => ({ eventType: 'ORDER_CANCELLED', payload: { reason } })

/** Decides what an order's process does next, based on all of its events, in any order. Pure. */
export function nextSteps(history: readonly DomainEvent[], now: Date): readonly Fact[] {
  const created = history.find(({ eventType }) => eventType === 'ORDER_CREATED')
  if (created === undefined) return []
  const has = (type: string) => history.some(({ eventType }) => eventType === type)
  const owed = sumOf(history, 'PAYMENT_RECEIVED') - sumOf(history, 'REFUND_REQUESTED')
  const refund = owed > 0 ? [{ eventType: 'REFUND_REQUESTED', payload: { amountCents: owed } }] : []
  if (has('ORDER_CANCELLED')) return refund
  if (has('ORDER_CONFIRMED')) return []
  if (has('STOCK_REJECTED')) return [cancelled('out of stock'), ...refund]
  if (has('PAYMENT_RECEIVED') && has('STOCK_RESERVED')) return [{ eventType: 'ORDER_CONFIRMED', payload: {} }]
  if (now.getTime() >= deadlineOf(created)) return [cancelled('timeout'), ...refund]
  return []
}

function sumOf(history: readonly DomainEvent[], type: string): number {
  const amounts = history.filter(({ eventType }) => eventType === type)
  return amounts.reduce((sum, { payload }) => sum + Number(payload.amountCents), 0)
}

const deadlineOf = (created: DomainEvent) => Date.parse(created.timestamp) + DEADLINE_MS

/** Turns facts into events whose metadata shows what caused them. */
function causedBy(cause: DomainEvent, facts: readonly Fact[], clock: Clock): DomainEvent[] {
  const metadata = {
    correlationId: cause.metadata.correlationId ?? cause.eventId,
    causationId: cause.eventId,
  }
  return facts.map((fact) => createEvent({ ...fact, entityId: cause.entityId, metadata }, clock))
}

type Entry = readonly [id: string, fields: readonly string[]]
type Handle = (id: string, event: DomainEvent) => Promise<void>

/** Handles this consumer's pending entries first, then new ones, until nothing is left. `handle` has to acknowledge them. */
async function drain(redis: Redis, { group, consumer }: Member, handle: Handle): Promise<number> {
  try {
    await redis.xgroup('CREATE', BUS, group, '0', 'MKSTREAM')
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error
  }
  let handled = 0
  for (const from of ['0', '>']) {
    while (true) {
      const reply = await redis.xreadgroup('GROUP', group, consumer, 'COUNT', PAGE, 'STREAMS', BUS, from)
      const [, entries] = (reply?.[0] ?? [BUS, []]) as [string, Entry[]]
      if (entries.length === 0) break
      for (const [id, fields] of entries) await handle(id, eventOf(fields))
      handled += entries.length
    }
  }
  return handled
}

const eventOf = (fields: readonly string[]) => decodeEvent(fields[fields.indexOf('event') + 1] ?? '')

/**
 * Sets the mark, writes the effect, and acknowledges in one step. If the mark exists, it only acknowledges.
 * KEYS: bus, set of the event IDs that are done. ARGV: group, entry ID, event ID, then the events to write.
 */
const FINISH = `
if redis.call('SADD', KEYS[2], ARGV[3]) == 1 then
  for i = 4, #ARGV do redis.call('XADD', KEYS[1], '*', 'event', ARGV[i]) end
end
return redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])`

const doneKey = (group: string) => `service:${group}:done`

function finish(redis: Redis, group: string, id: string, event: DomainEvent, out: readonly DomainEvent[]) {
  return redis.eval(FINISH, 2, BUS, doneKey(group), group, id, event.eventId, ...out.map(encodeEvent))
}

/** Runs a service's reaction for every entry that its group hasn't finished. Resolves to the number of entries handled. */
export function runService(redis: Redis, member: Member, react: React, clock: Clock): Promise<number> {
  return drain(redis, member, async (id, event) => {
    await finish(redis, member.group, id, event, causedBy(event, react(event), clock))
  })
}

/**
 * Appends events to an order's process, if it's still at the expected version.
 * KEYS: the order's process, bus, deadlines. ARGV: expected version, group, entry ID or '', order ID, deadline or '' (no
 * longer open), number of events already on the bus (0 or 1), then the events. Returns 1, or 0 if another writer was faster.
 */
const ADVANCE = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local version = last and tonumber(string.match(last[1], '^%d+')) or 0
if version ~= tonumber(ARGV[1]) then return 0 end
for i = 7, #ARGV do
  version = version + 1
  redis.call('XADD', KEYS[1], string.format('%d-0', version), 'event', ARGV[i])
  if i - 6 > tonumber(ARGV[6]) then redis.call('XADD', KEYS[2], '*', 'event', ARGV[i]) end
end
if ARGV[5] == '' then redis.call('ZREM', KEYS[3], ARGV[4]) else redis.call('ZADD', KEYS[3], ARGV[5], ARGV[4]) end
if ARGV[3] ~= '' then redis.call('XACK', KEYS[2], ARGV[2], ARGV[3]) end
return 1`

const processKey = (orderId: string) => `process:${orderId}`

async function historyOf(redis: Redis, orderId: string): Promise<DomainEvent[]> {
  const history: DomainEvent[] = []
  while (true) {
    const page = await redis.xrange(processKey(orderId), `(${history.length}-0`, '+', 'COUNT', PAGE)
    history.push(...page.map(([, fields]) => eventOf(fields)))
    if (page.length < PAGE) return history
  }
}

/** Decides based on the whole history and writes the result, and starts over if the history has grown meanwhile. Resolves to the number of facts. */
async function advance(
  redis: Redis,
  clock: Clock,
  orderId: string,
  seen?: { id: string; event: DomainEvent },
) {
  while (true) {
    const known = await historyOf(redis, orderId)
    if (seen !== undefined && known.some(({ eventId }) => eventId === seen.event.eventId)) {
      await redis.xack(BUS, PROCESS, seen.id) // a duplicate, or one of the process's own decisions
      return 0
    }
    const fresh = seen === undefined ? [] : [seen.event]
    const all = [...known, ...fresh]
    const created = all.find(({ eventType }) => eventType === 'ORDER_CREATED')
    const cause = seen?.event ?? created
    const decided = cause === undefined ? [] : causedBy(cause, nextSteps(all, clock()), clock)
    const open = created !== undefined && ![...all, ...decided].some(isEnd)
    const deadline = open ? deadlineOf(created) : ''
    const argv = [known.length, PROCESS, seen?.id ?? '', orderId, deadline, fresh.length]
    const texts = [...fresh, ...decided].map(encodeEvent)
    const written = await redis.eval(ADVANCE, 3, processKey(orderId), BUS, DEADLINES, ...argv, ...texts)
    if (written === 1) return decided.length
  }
}

const isEnd = ({ eventType }: DomainEvent) =>
  eventType === 'ORDER_CONFIRMED' || eventType === 'ORDER_CANCELLED'

/** Runs the process manager for every entry that its group hasn't finished. Resolves to the number of entries handled. */
export function runProcess(redis: Redis, consumer: string, clock: Clock): Promise<number> {
  return drain(redis, { group: PROCESS, consumer }, async (id, event) => {
    await advance(redis, clock, event.entityId, { id, event })
  })
}

/** Cancels the orders that are past their deadline. Call it every now and then. Resolves to the number of orders canceled. */
export async function expireOrders(redis: Redis, clock: Clock): Promise<number> {
  let count = 0
  while (true) {
    const due = await redis.zrangebyscore(DEADLINES, '-inf', clock().getTime(), 'LIMIT', 0, PAGE)
    if (due.length === 0) return count
    for (const orderId of due) if ((await advance(redis, clock, orderId)) > 0) count += 1
  }
}

/** Sends every event to an external system at least once, with a key that lets it recognize duplicates. */
export function forward(redis: Redis, member: Member, send: Send): Promise<number> {
  return drain(redis, member, async (id, event) => {
    // Without this check, a replay of the bus would send last year's emails again.
    const done = await redis.sismember(doneKey(member.group), event.eventId)
    if (done === 0) await send(event, { idempotencyKey: event.eventId })
    await finish(redis, member.group, id, event, [])
  })
}
