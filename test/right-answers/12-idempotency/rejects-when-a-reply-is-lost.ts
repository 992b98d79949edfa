// WATCH on a connection of its own that never sends anything again: if it breaks, the call rejects, and the caller tries again.
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

type Attempt<T> = { result: T; step?: ReturnType<Redis['multi']> }

async function watching<T>(
  redis: Redis,
  keys: string[],
  attempt: (own: Redis) => Promise<Attempt<T>>,
): Promise<T> {
  const own = redis.duplicate({
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  try {
    for (;;) {
      await own.watch(...keys)
      const { result, step } = await attempt(own)
      if (step === undefined) return result
      const replies = await step.exec()
      if (replies === null) continue
      for (const [error] of replies) if (error) throw error
      return result
    }
  } finally {
    own.disconnect()
  }
}

export async function applyOnce(redis: Redis, event: PointsEvent): Promise<'applied' | 'duplicate'> {
  const model = `points:${event.userId}`
  const seen = `${model}:seen`
  return watching<'applied' | 'duplicate'>(redis, [model, seen], async (own) => {
    if ((await own.sismember(seen, event.eventId)) === 1) return { result: 'duplicate' }
    const by = event.eventType === 'POINTS_EARNED' ? event.points : -event.points
    await own.hlen(model)
    const step = own
      .multi()
      .sadd(seen, event.eventId)
      .hincrby(model, 'balance', by)
      .hincrby(model, 'changes', 1)
    return { result: 'applied', step }
  })
}

export async function appendOnce(redis: Redis, append: Append): Promise<string> {
  const { stream, commandId, expectedVersion, events, answer } = append
  const key = `command:${commandId}`
  return watching<string>(redis, [stream, key], async (own) => {
    const [last] = await own.xrevrange(stream, '+', '-', 'COUNT', 1)
    const known = await own.get(key)
    if (known !== null) return { result: known }
    const version = last === undefined ? 0 : Number.parseInt(last[0], 10)
    if (version !== expectedVersion) throw new ConcurrencyError(stream, expectedVersion, version)
    const step = own.multi()
    for (const [i, { eventType, payload }] of events.entries()) {
      step.xadd(
        stream,
        `${version + i + 1}-0`,
        'eventType',
        eventType,
        'payload',
        JSON.stringify(payload),
        'commandId',
        commandId,
      )
    }
    step.set(key, answer)
    return { result: answer, step }
  })
}

async function balanceOf(redis: Redis, stream: string): Promise<{ balance: number; version: number }> {
  let [balance, version, after] = [0, 0, '-']
  for (;;) {
    const page = await redis.xrange(stream, after, '+', 'COUNT', 500)
    for (const [id, flat] of page) {
      version = Number(id.slice(0, id.indexOf('-')))
      const type = flat[flat.indexOf('eventType') + 1]
      const { points } = JSON.parse(flat[flat.lastIndexOf('payload') + 1] ?? '{}')
      if (type === 'POINTS_EARNED') balance += points
      else if (type === 'POINTS_SPENT') balance -= points
    }
    if (page.length < 500) return { balance, version }
    after = `(${page.at(-1)?.[0]}`
  }
}

export async function spendPoints(redis: Redis, command: SpendPoints): Promise<SpendAnswer> {
  const stream = `aggregate:points:${command.userId}`
  const { balance, version } = await balanceOf(redis, stream)
  const left = balance - command.points
  const payload = { points: command.points }
  const append: Append = {
    stream,
    commandId: command.commandId,
    expectedVersion: version,
    events: left < 0 ? [] : [{ eventType: 'POINTS_SPENT', payload }],
    answer: JSON.stringify({ accepted: left >= 0, balance: left < 0 ? balance : left }),
  }
  try {
    return JSON.parse(await appendOnce(redis, append))
  } catch (error) {
    if (error instanceof ConcurrencyError) return spendPoints(redis, command)
    throw error
  }
}
