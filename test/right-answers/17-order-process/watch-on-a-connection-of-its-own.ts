// No scripts: WATCH and MULTI on a separate connection, a class that reads one entry at a time, and one mark per event.
import type { ChainableCommander, Redis } from 'ioredis'
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

export function nextSteps(history: readonly DomainEvent[], now: Date): readonly Fact[] {
  const of = (type: string) => history.filter((one) => one.eventType === type)
  const total = (type: string) => of(type).reduce((sum, one) => sum + (one.payload.amountCents as number), 0)
  const [created] = of('ORDER_CREATED')
  const cents = total('PAYMENT_RECEIVED') - total('REFUND_REQUESTED')
  const back: Fact[] = cents > 0 ? [{ eventType: 'REFUND_REQUESTED', payload: { amountCents: cents } }] : []
  const off = (reason: string): Fact[] => [{ eventType: 'ORDER_CANCELLED', payload: { reason } }, ...back]
  if (!created) return []
  if (of('ORDER_CANCELLED').length > 0) return back
  if (of('ORDER_CONFIRMED').length > 0) return []
  if (of('STOCK_REJECTED').length > 0) return off('out of stock')
  if (of('STOCK_RESERVED').length > 0 && of('PAYMENT_RECEIVED').length > 0)
    return [{ eventType: 'ORDER_CONFIRMED', payload: {} }]
  return now.getTime() - new Date(created.timestamp).getTime() >= DEADLINE_MS ? off('timeout') : []
}

class Inbox {
  readonly #redis: Redis
  readonly #member: Member

  constructor(redis: Redis, member: Member) {
    this.#redis = redis
    this.#member = member
  }

  async open() {
    await this.#redis.xgroup('CREATE', BUS, this.#member.group, '0', 'MKSTREAM').catch((error: Error) => {
      if (!error.message.includes('BUSYGROUP')) throw error
    })
  }

  async next(): Promise<{ id: string; event: DomainEvent } | null> {
    for (const from of ['0', '>']) {
      const { group, consumer } = this.#member
      const reply = (await this.#redis.xreadgroup(
        'GROUP',
        group,
        consumer,
        'COUNT',
        1,
        'STREAMS',
        BUS,
        from,
      )) as [string, [string, string[]][]][] | null
      const entry = reply?.[0]?.[1][0]
      if (entry) return { id: entry[0], event: decodeEvent(entry[1][1] ?? '') }
    }
    return null
  }
}

/** Runs `plan` under WATCH until its MULTI succeeds. If `plan` returns `null`, there's nothing to write. */
async function optimistic(
  redis: Redis,
  keys: string[],
  plan: (own: Redis) => Promise<((multi: ChainableCommander) => void) | null>,
): Promise<void> {
  const own = redis.duplicate()
  try {
    for (;;) {
      await own.watch(...keys)
      const write = await plan(own)
      if (write === null) {
        await own.unwatch()
        return
      }
      const multi = own.multi()
      write(multi)
      const replies = await multi.exec()
      for (const [error] of replies ?? []) if (error) throw error
      if (replies !== null) return
    }
  } finally {
    own.disconnect()
  }
}

const mark = (group: string, event: DomainEvent) => `done:${group}:${event.eventId}`

function made(cause: DomainEvent, facts: readonly Fact[], clock: Clock) {
  const { correlationId = cause.eventId } = cause.metadata
  return facts.map((fact) =>
    createEvent(
      { ...fact, entityId: cause.entityId, metadata: { correlationId, causationId: cause.eventId } },
      clock,
    ),
  )
}

export async function runService(redis: Redis, member: Member, react: React, clock: Clock): Promise<number> {
  const inbox = new Inbox(redis, member)
  await inbox.open()
  let n = 0
  for (let one = await inbox.next(); one !== null; one = await inbox.next()) {
    const { id, event } = one
    await optimistic(redis, [mark(member.group, event)], async (own) => {
      const known = await own.exists(mark(member.group, event))
      const out = known === 1 ? [] : made(event, react(event), clock)
      return (multi) => {
        multi.set(mark(member.group, event), '1')
        for (const fresh of out) multi.xadd(BUS, '*', 'event', encodeEvent(fresh))
        multi.xack(BUS, member.group, id)
      }
    })
    n += 1
  }
  return n
}

async function step(redis: Redis, clock: Clock, orderId: string, one?: { id: string; event: DomainEvent }) {
  const key = `process:${orderId}`
  let decisions = 0
  await optimistic(redis, [key], async (own) => {
    const history = (await own.xrange(key, '-', '+')).map(([, fields]) => decodeEvent(fields[1] ?? ''))
    if (one && history.some((old) => old.eventId === one.event.eventId)) {
      return (multi) => void multi.xack(BUS, 'order-process', one.id)
    }
    const all = one ? [...history, one.event] : history
    const created = all.find((old) => old.eventType === 'ORDER_CREATED')
    const cause = one?.event ?? created
    const out = cause ? made(cause, nextSteps(all, clock()), clock) : []
    decisions = out.length
    if (!one && out.length === 0) return (multi) => void multi.zrem('open', orderId)
    return (multi) => {
      let version = history.length
      for (const fresh of one ? [one.event, ...out] : out) {
        version += 1
        multi.xadd(key, `${version}-0`, 'event', encodeEvent(fresh))
      }
      for (const fresh of out) multi.xadd(BUS, '*', 'event', encodeEvent(fresh))
      if (one?.event.eventType === 'ORDER_CREATED') {
        multi.zadd('open', Date.parse(one.event.timestamp) + DEADLINE_MS, orderId)
      }
      if (out.length > 0) multi.zrem('open', orderId)
      if (one) multi.xack(BUS, 'order-process', one.id)
    }
  })
  return decisions
}

export async function runProcess(redis: Redis, consumer: string, clock: Clock): Promise<number> {
  const inbox = new Inbox(redis, { group: 'order-process', consumer })
  await inbox.open()
  let n = 0
  for (let one = await inbox.next(); one !== null; one = await inbox.next()) {
    await step(redis, clock, one.event.entityId, one)
    n += 1
  }
  return n
}

export async function expireOrders(redis: Redis, clock: Clock): Promise<number> {
  let n = 0
  for (const orderId of await redis.zrangebyscore('open', 0, clock().getTime())) {
    if ((await step(redis, clock, orderId)) > 0) n += 1
  }
  return n
}

export async function forward(redis: Redis, member: Member, send: Send): Promise<number> {
  const inbox = new Inbox(redis, member)
  await inbox.open()
  let n = 0
  for (let one = await inbox.next(); one !== null; one = await inbox.next()) {
    const { id, event } = one
    if ((await redis.exists(mark(member.group, event))) === 0) {
      await send(event, { idempotencyKey: event.eventId })
    }
    const replies = await redis.multi().set(mark(member.group, event), '1').xack(BUS, member.group, id).exec()
    for (const [error] of replies ?? []) if (error) throw error
    n += 1
  }
  return n
}
