// No script: WATCH on a connection of its own that never resends anything automatically.
import { type Redis, ReplyError } from 'ioredis'

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
  readonly stream: string
  readonly expected: number
  readonly actual: number

  constructor(stream: string, expected: number, actual: number) {
    super(`conflict on ${stream}: ${expected} isn't ${actual}`)
    this.stream = stream
    this.expected = expected
    this.actual = actual
  }
}

/** Tries again if `work` returns `undefined`, because the watched keys changed, or if the connection broke. */
async function watched<T>(redis: Redis, work: (own: Redis) => Promise<T | undefined>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const own = redis.duplicate({
      autoResendUnfulfilledCommands: false,
      retryStrategy: () => null,
      lazyConnect: true,
    })
    own.on('error', () => {})
    try {
      await own.connect()
      const result = await work(own)
      if (result !== undefined) return result
    } catch (error) {
      if (error instanceof ConcurrencyError || error instanceof ReplyError || tries === 20) throw error
    } finally {
      own.disconnect()
    }
  }
}

export function applyOnce(redis: Redis, event: PointsEvent): Promise<'applied' | 'duplicate'> {
  const key = `points:${event.userId}`
  return watched<'applied' | 'duplicate'>(redis, async (own) => {
    await own.watch(`${key}:seen`)
    if (await own.sismember(`${key}:seen`, event.eventId)) return 'duplicate'
    const done = await own
      .multi()
      .sadd(`${key}:seen`, event.eventId)
      .hincrby(key, 'balance', event.eventType === 'POINTS_SPENT' ? -event.points : event.points)
      .hincrby(key, 'changes', 1)
      .exec()
    return isDone(done) ? 'applied' : undefined
  })
}

export function appendOnce(redis: Redis, append: Append): Promise<string> {
  const { stream, commandId, expectedVersion, events, answer } = append
  return watched<string>(redis, async (own) => {
    await own.watch(stream, `command:${commandId}`)
    const first = await own.get(`command:${commandId}`)
    if (first !== null) return first
    const [last] = await own.xrevrange(stream, '+', '-', 'COUNT', 1)
    const actual = last === undefined ? 0 : Number.parseInt(last[0], 10)
    if (actual !== expectedVersion) {
      // The same command may have arrived between the two reads.
      const meanwhile = await own.get(`command:${commandId}`)
      if (meanwhile !== null) return meanwhile
      throw new ConcurrencyError(stream, expectedVersion, actual)
    }
    const transaction = own.multi().set(`command:${commandId}`, answer)
    events.forEach(({ eventType, payload }, i) => {
      const fields = ['commandId', commandId, 'payload', JSON.stringify(payload), 'eventType', eventType]
      transaction.xadd(stream, `${actual + i + 1}-0`, ...fields)
    })
    return isDone(await transaction.exec()) ? answer : undefined
  })
}

function isDone(replies: [error: Error | null, result: unknown][] | null): boolean {
  for (const [error] of replies ?? []) if (error !== null) throw error
  return replies !== null
}

type Fields = Record<string, string>

async function* history(redis: Redis, key: string): AsyncGenerator<{ version: number; fields: Fields }> {
  let start = '-'
  for (;;) {
    const page = await redis.xrange(key, start, '+', 'COUNT', 250)
    for (const [id, flat] of page) {
      const fields: Fields = {}
      for (let i = 0; i < flat.length; i += 2) fields[flat[i] ?? ''] = flat[i + 1] ?? ''
      yield { version: Number(id.slice(0, id.indexOf('-'))), fields }
      start = `(${id}`
    }
    if (page.length === 0) return
  }
}

export async function spendPoints(redis: Redis, command: SpendPoints): Promise<SpendAnswer> {
  const known = await redis.get(`command:${command.commandId}`)
  if (known !== null) return JSON.parse(known)
  const stream = `aggregate:points:${command.userId}`
  let balance = 0
  let expectedVersion = 0
  for await (const { version, fields } of history(redis, stream)) {
    const sign = { POINTS_EARNED: 1, POINTS_SPENT: -1 }[fields.eventType ?? ''] ?? 0
    balance += sign * Number(JSON.parse(fields.payload ?? '{}').points ?? 0)
    expectedVersion = version
  }
  const accepted = command.points <= balance
  const answer = JSON.stringify({ balance: balance - (accepted ? command.points : 0), accepted })
  const events = accepted ? [{ eventType: 'POINTS_SPENT', payload: { points: command.points } }] : []
  try {
    return JSON.parse(
      await appendOnce(redis, { stream, commandId: command.commandId, expectedVersion, events, answer }),
    )
  } catch (error) {
    if (error instanceof ConcurrencyError) return spendPoints(redis, command)
    throw error
  }
}
