// task: the process manager
// diagnosis: it waits for ever
import type { Redis } from 'ioredis'
import { createEvent, type DomainEvent, decodeEvent, encodeEvent, type Payload } from '#built/01-events'

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

const PROCESS = 'order-process'
/** Orders that are not decided yet, by deadline. An index only: what is true stands in the streams. */
const DEADLINES = 'process:deadlines'
const PAGE = 100

const cancelled = (reason: string): Fact => ({ eventType: 'ORDER_CANCELLED', payload: { reason } })

/** What the process of an order does next, by all that is known of the order, in whatever order it came. Pure. */
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

/** Facts as events which say where they come from. */
function causedBy(cause: DomainEvent, facts: readonly Fact[], clock: Clock): DomainEvent[] {
  const metadata = {
    correlationId: cause.metadata.correlationId ?? cause.eventId,
    causationId: cause.eventId,
  }
  return facts.map((fact) => createEvent({ ...fact, entityId: cause.entityId, metadata }, clock))
}

type Entry = readonly [id: string, fields: readonly string[]]
type Handle = (id: string, event: DomainEvent) => Promise<void>

/** First what this consumer had in hand when it died, then what is new, until nothing is left. `handle` acknowledges. */
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
 * The mark, the effect and the acknowledgement in one step; a known event id is acknowledged only.
 * KEYS: bus, set of the event ids that are done. ARGV: group, entry id, event id, then the events to write.
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

/** Lets a service react to all that waits for it on the bus. Resolves to the number of entries handled. */
export function runService(redis: Redis, member: Member, react: React, clock: Clock): Promise<number> {
  return drain(redis, member, async (id, event) => {
    await finish(redis, member.group, id, event, causedBy(event, react(event), clock))
  })
}

/**
 * Brings a process forward, if it is still where the decision was made.
 * KEYS: the order's process, bus, deadlines. ARGV: expected version, group, entry id or '', order id, deadline or '' (open
 * no more), number of events that the bus has already (0 or 1), then the events. Replies 1, or 0: somebody was faster.
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
if ARGV[5] == '' then redis.call('ZREM', KEYS[3], ARGV[4]) end
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

/** Decides on all that is known, and writes it if nothing was added meanwhile; otherwise again. Resolves to the facts' number. */
async function advance(
  redis: Redis,
  clock: Clock,
  orderId: string,
  seen?: { id: string; event: DomainEvent },
) {
  while (true) {
    const known = await historyOf(redis, orderId)
    if (seen !== undefined && known.some(({ eventId }) => eventId === seen.event.eventId)) {
      await redis.xack(BUS, PROCESS, seen.id) // a double, or what the process itself decided
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
    if (written === 1) {
      if (open) await redis.zadd(DEADLINES, deadline, orderId)
      return decided.length
    }
  }
}

const isEnd = ({ eventType }: DomainEvent) =>
  eventType === 'ORDER_CONFIRMED' || eventType === 'ORDER_CANCELLED'

/** Lets the process manager take in all that waits for it on the bus. Resolves to the number of entries handled. */
export function runProcess(redis: Redis, consumer: string, clock: Clock): Promise<number> {
  return drain(redis, { group: PROCESS, consumer }, async (id, event) => {
    await advance(redis, clock, event.entityId, { id, event })
  })
}

/** Cancels what waited too long. To be called every now and then. Resolves to the number of orders cancelled. */
export async function expireOrders(redis: Redis, clock: Clock): Promise<number> {
  let count = 0
  while (true) {
    const due = await redis.zrangebyscore(DEADLINES, '-inf', clock().getTime(), 'LIMIT', 0, PAGE)
    if (due.length === 0) return count
    for (const orderId of due) if ((await advance(redis, clock, orderId)) > 0) count += 1
  }
}

/** Hands every event to something outside, at least once, under a key by which it can tell doubles. */
export function forward(redis: Redis, member: Member, send: Send): Promise<number> {
  return drain(redis, member, async (id, event) => {
    // A replay of the bus must not send the mails of last year again.
    const done = await redis.sismember(doneKey(member.group), event.eventId)
    if (done === 0) await send(event, { idempotencyKey: event.eventId })
    await finish(redis, member.group, id, event, [])
  })
}
