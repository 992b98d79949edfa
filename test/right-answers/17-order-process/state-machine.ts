// A state machine for the rules. The stream's refusal of an ID is the version check. Marks and open orders are in hashes.
import type { Redis } from 'ioredis'
import { createEvent, type DomainEvent, decodeEvent, encodeEvent, type Payload } from '#built/01-events'

export const BUS = 'bus:orders'
export const DEADLINE_MS = 900_000
export type Clock = () => Date
export interface Fact {
  readonly eventType: string
  readonly payload: Payload
}
export interface Member {
  readonly group: string
  readonly consumer: string
}
export type React = (event: DomainEvent) => readonly Fact[]
export type Send = (event: DomainEvent, options: { readonly idempotencyKey: string }) => Promise<void>

interface State {
  readonly createdAt: number | null
  readonly owed: number
  readonly paid: boolean
  readonly stock: 'yes' | 'no' | 'unknown'
  readonly outcome: 'open' | 'confirmed' | 'cancelled'
}

const START: State = { createdAt: null, owed: 0, paid: false, stock: 'unknown', outcome: 'open' }

function fold(state: State, { eventType, payload, timestamp }: DomainEvent): State {
  const amount = Number(payload.amountCents ?? 0)
  switch (eventType) {
    case 'ORDER_CREATED':
      return { ...state, createdAt: Date.parse(timestamp) }
    case 'PAYMENT_RECEIVED':
      return { ...state, paid: true, owed: state.owed + amount }
    case 'REFUND_REQUESTED':
      return { ...state, owed: state.owed - amount }
    case 'STOCK_RESERVED':
      return state.stock === 'no' ? state : { ...state, stock: 'yes' }
    case 'STOCK_REJECTED':
      return { ...state, stock: 'no' }
    case 'ORDER_CANCELLED':
      return { ...state, outcome: 'cancelled' }
    case 'ORDER_CONFIRMED':
      return state.outcome === 'cancelled' ? state : { ...state, outcome: 'confirmed' }
    default:
      return state
  }
}

export function nextSteps(history: readonly DomainEvent[], now: Date): readonly Fact[] {
  const { createdAt, owed, paid, stock, outcome } = history.reduce(fold, START)
  if (createdAt === null || outcome === 'confirmed') return []
  const facts: Fact[] = []
  if (outcome === 'open') {
    if (stock === 'no') facts.push({ eventType: 'ORDER_CANCELLED', payload: { reason: 'out of stock' } })
    else if (paid && stock === 'yes') return [{ eventType: 'ORDER_CONFIRMED', payload: {} }]
    else if (now.valueOf() < createdAt + DEADLINE_MS) return []
    else facts.push({ eventType: 'ORDER_CANCELLED', payload: { reason: 'timeout' } })
  }
  if (owed > 0) facts.push({ eventType: 'REFUND_REQUESTED', payload: { amountCents: owed } })
  return facts
}

const follow = (cause: DomainEvent, clock: Clock) => (fact: Fact) => {
  const correlationId = cause.metadata.correlationId ?? cause.eventId
  const metadata = { correlationId, causationId: cause.eventId }
  return encodeEvent(createEvent({ ...fact, entityId: cause.entityId, metadata }, clock))
}

async function* inbox(redis: Redis, { group, consumer }: Member): AsyncGenerator<[string, DomainEvent]> {
  try {
    await redis.call('XGROUP', 'CREATE', BUS, group, '0', 'MKSTREAM')
  } catch (error) {
    if (!String(error).includes('BUSYGROUP')) throw error
  }
  let from = '0'
  for (;;) {
    const reply = await redis.call(
      'XREADGROUP',
      'GROUP',
      group,
      consumer,
      'COUNT',
      '20',
      'STREAMS',
      BUS,
      from,
    )
    const entries = ((reply as [string, [string, string[]][]][] | null)?.[0]?.[1] ?? []) as [
      string,
      string[],
    ][]
    for (const [id, fields] of entries) yield [id, decodeEvent(fields[1] ?? '')]
    if (entries.length > 0) continue
    if (from === '>') return
    from = '>'
  }
}

// KEYS: bus, marks. ARGV: group, entry ID, event ID, events.
const DONE = `
if redis.call('HSETNX', KEYS[2], ARGV[3], ARGV[2]) == 1 then
  for i = 4, #ARGV do redis.call('XADD', KEYS[1], '*', 'event', ARGV[i]) end
end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
return 1`

export async function runService(redis: Redis, member: Member, react: React, clock: Clock): Promise<number> {
  let count = 0
  for await (const [id, event] of inbox(redis, member)) {
    const out = react(event).map(follow(event, clock))
    await redis.eval(DONE, 2, BUS, `marks:${member.group}`, member.group, id, event.eventId, ...out)
    count++
  }
  return count
}

// KEYS: process, bus, open orders. ARGV: known length, entry ID or '', order ID, deadline or '', events. If another writer was
// faster, the stream refuses the first ID.
const STEP = `
local n = tonumber(ARGV[1])
for i = 5, #ARGV do
  n = n + 1
  local done = redis.pcall('XADD', KEYS[1], n .. '-0', 'event', ARGV[i])
  if done.err then return 'conflict' end
  if i > 5 or ARGV[2] == '' then redis.call('XADD', KEYS[2], '*', 'event', ARGV[i]) end
end
if ARGV[4] == '' then redis.call('HDEL', KEYS[3], ARGV[3]) else redis.call('HSET', KEYS[3], ARGV[3], ARGV[4]) end
if ARGV[2] ~= '' then redis.call('XACK', KEYS[2], 'order-process', ARGV[2]) end
return 'done'`

async function step(
  redis: Redis,
  clock: Clock,
  orderId: string,
  entry: string,
  event?: DomainEvent,
): Promise<number> {
  for (;;) {
    const history: DomainEvent[] = []
    for (const [, fields] of await redis.xrange(`process:${orderId}`, '-', '+')) {
      history.push(decodeEvent(fields[1] ?? ''))
    }
    if (event !== undefined && history.find(({ eventId }) => eventId === event.eventId)) {
      await redis.xack(BUS, 'order-process', entry)
      return 0
    }
    const all = event === undefined ? history : history.concat(event)
    const created = all.find(({ eventType }) => eventType === 'ORDER_CREATED')
    const cause = event ?? created
    const facts = nextSteps(all, clock())
    if (cause === undefined || (event === undefined && facts.length === 0)) return 0
    const texts = facts.map(follow(cause, clock))
    if (event !== undefined) texts.unshift(encodeEvent(event))
    const { outcome } = all.reduce(fold, START)
    const deadline = created ? Date.parse(created.timestamp) + DEADLINE_MS : ''
    const until = outcome === 'open' && facts.length === 0 ? deadline : ''
    const argv = [history.length, entry, orderId, until, ...texts]
    if ((await redis.eval(STEP, 3, `process:${orderId}`, BUS, 'open-orders', ...argv)) === 'done')
      return texts.length
  }
}

export async function runProcess(redis: Redis, consumer: string, clock: Clock): Promise<number> {
  let count = 0
  for await (const [id, event] of inbox(redis, { group: 'order-process', consumer })) {
    await step(redis, clock, event.entityId, id, event)
    count++
  }
  return count
}

export async function expireOrders(redis: Redis, clock: Clock): Promise<number> {
  let count = 0
  for (const [orderId, deadline] of Object.entries(await redis.hgetall('open-orders'))) {
    if (Number(deadline) <= clock().getTime() && (await step(redis, clock, orderId, '')) > 0) count++
  }
  return count
}

export async function forward(redis: Redis, member: Member, send: Send): Promise<number> {
  let count = 0
  for await (const [id, event] of inbox(redis, member)) {
    const sent = await redis.hexists(`marks:${member.group}`, event.eventId)
    if (!sent) await send(event, { idempotencyKey: event.eventId })
    await redis.eval(DONE, 2, BUS, `marks:${member.group}`, member.group, id, event.eventId)
    count++
  }
  return count
}
