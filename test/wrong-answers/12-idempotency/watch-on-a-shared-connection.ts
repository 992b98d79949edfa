// task: applyOnce
// diagnosis: WATCH belongs to a connection
// Lesson 12: idempotency. Read lessons/12-idempotency.md; the types below are yours to use and stay as they are.
import type { Redis } from 'ioredis'

export interface PointsEvent {
  readonly eventId: string
  readonly eventType: 'POINTS_EARNED' | 'POINTS_SPENT'
  readonly userId: string
  readonly points: number
}

export interface NewEvent {
  readonly eventType: string
  readonly payload: Readonly<Record<string, string | number>>
}

export interface Append {
  readonly stream: string
  readonly commandId: string
  readonly expectedVersion: number
  readonly events: readonly NewEvent[]
  readonly answer: string
}

export interface SpendPoints {
  readonly commandId: string
  readonly userId: string
  readonly points: number
}

export interface SpendAnswer {
  readonly accepted: boolean
  readonly balance: number
}

export class ConcurrencyError extends Error {
  override readonly name = 'ConcurrencyError'
  readonly stream: string
  readonly expected: number
  readonly actual: number

  constructor(stream: string, expected: number, actual: number) {
    super(`${stream} is at version ${actual}, not ${expected}`)
    this.stream = stream
    this.expected = expected
    this.actual = actual
  }
}

// no scripts: WATCH on connections of its own; looks for the command before it reads the stream
async function isolated<T>(redis: Redis, work: (own: Redis) => Promise<T | undefined>): Promise<T> {
  const own = redis
  try {
    for (;;) {
      const result = await work(own)
      if (result !== undefined) return result
    }
  } finally {
    await own.unwatch()
  }
}

export function applyOnce(
  redis: Redis,
  { eventId, eventType, userId, points }: PointsEvent,
): Promise<'applied' | 'duplicate'> {
  const key = `points:${userId}`
  const seen = `${key}:seen`
  const sign = { POINTS_EARNED: 1, POINTS_SPENT: -1 }[eventType]
  return isolated(redis, async (own) => {
    await own.watch(key, seen)
    if ((await own.sismember(seen, eventId)) === 1) return 'duplicate'
    const [balance, changes] = await own.hmget(key, 'balance', 'changes')
    const done = await own
      .multi()
      .sadd(seen, eventId)
      .hset(key, { balance: Number(balance ?? 0) + sign * points, changes: Number(changes ?? 0) + 1 })
      .exec()
    return done === null ? undefined : 'applied'
  })
}

function versionOf(id: string | undefined): number {
  return id === undefined ? 0 : Number.parseInt(id, 10)
}

export function appendOnce(redis: Redis, append: Append): Promise<string> {
  const key = `command:${append.commandId}`
  return isolated(redis, async (own) => {
    await own.watch(key, append.stream)
    const known = await own.get(key)
    if (known !== null) return known
    const [newest] = await own.xrevrange(append.stream, '+', '-', 'COUNT', 1)
    const actual = versionOf(newest?.[0])
    if (actual !== append.expectedVersion && (await own.get(key)) !== null) return undefined
    if (actual !== append.expectedVersion)
      throw new ConcurrencyError(append.stream, append.expectedVersion, actual)
    const tx = own.multi()
    append.events.forEach(({ eventType, payload }, i) => {
      tx.xadd(
        append.stream,
        `${actual + i + 1}-0`,
        'commandId',
        append.commandId,
        'payload',
        JSON.stringify(payload),
        'eventType',
        eventType,
      )
    })
    tx.set(key, append.answer)
    return (await tx.exec()) === null ? undefined : append.answer
  })
}

interface Event {
  readonly version: number
  readonly type: string
  readonly points: number
}

async function* history(redis: Redis, stream: string): AsyncGenerator<Event> {
  let from = '0-0'
  for (;;) {
    const page = await redis.xrange(stream, `(${from}`, '+', 'COUNT', 100)
    if (page.length === 0) return
    for (const [id, flat] of page) {
      const field = (name: string) => {
        const at = flat.findIndex((x, i) => i % 2 === 0 && x === name)
        return at < 0 ? '' : (flat[at + 1] ?? '')
      }
      const payload: unknown = JSON.parse(field('payload') || '{}')
      yield {
        version: versionOf(id),
        type: field('eventType'),
        points: Number((payload as { points?: unknown }).points ?? 0),
      }
      from = id
    }
  }
}

export async function spendPoints(
  redis: Redis,
  { commandId, userId, points }: SpendPoints,
): Promise<SpendAnswer> {
  const stream = `aggregate:points:${userId}`
  for (let tries = 0; ; tries += 1) {
    const known = await redis.get(`command:${commandId}`)
    if (known !== null) return JSON.parse(known)
    let balance = 0
    let expectedVersion = 0
    for await (const event of history(redis, stream)) {
      expectedVersion = event.version
      if (event.type === 'POINTS_EARNED') balance += event.points
      else if (event.type === 'POINTS_SPENT') balance -= event.points
    }
    const enough = points <= balance
    const events = enough ? [{ eventType: 'POINTS_SPENT', payload: { points } }] : []
    const answer = JSON.stringify({ balance: enough ? balance - points : balance, accepted: enough })
    try {
      return JSON.parse(await appendOnce(redis, { stream, commandId, expectedVersion, events, answer }))
    } catch (error) {
      if (error instanceof ConcurrencyError && tries < 50) continue
      throw error
    }
  }
}
