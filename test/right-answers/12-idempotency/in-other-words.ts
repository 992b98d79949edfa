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

const ONCE = `
if redis.call('SADD', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], 'balance', ARGV[2])
redis.call('HINCRBY', KEYS[1], 'changes', 1)
return 1
`

export async function applyOnce(redis: Redis, event: PointsEvent): Promise<'applied' | 'duplicate'> {
  const model = `points:${event.userId}`
  const by = event.eventType === 'POINTS_EARNED' ? event.points : -event.points
  return (await redis.eval(ONCE, 2, model, `${model}:seen`, event.eventId, by)) === 1
    ? 'applied'
    : 'duplicate'
}

const APPEND = `
local known = redis.call('GET', KEYS[2])
if known then return { 'answer', known } end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local version = last and tonumber(string.match(last[1], '^%d+')) or 0
if version ~= tonumber(ARGV[1]) then return { 'conflict', version } end
for i = 4, #ARGV, 2 do
  version = version + 1
  redis.call('XADD', KEYS[1], string.format('%.0f-0', version), 'eventType', ARGV[i], 'payload', ARGV[i + 1], 'commandId', ARGV[3])
end
redis.call('SET', KEYS[2], ARGV[2])
return { 'answer', ARGV[2] }
`

export async function appendOnce(
  redis: Redis,
  { stream, commandId, expectedVersion, events, answer }: Append,
): Promise<string> {
  const flat = events.flatMap((event) => [event.eventType, JSON.stringify(event.payload)])
  const reply = (await redis.eval(
    APPEND,
    2,
    stream,
    `command:${commandId}`,
    expectedVersion,
    answer,
    commandId,
    ...flat,
  )) as ['answer', string] | ['conflict', number]
  if (reply[0] === 'conflict') throw new ConcurrencyError(stream, expectedVersion, reply[1])
  return reply[1]
}

async function read(redis: Redis, stream: string): Promise<{ balance: number; version: number }> {
  let balance = 0
  let version = 0
  let start = '-'
  for (;;) {
    const page = await redis.xrange(stream, start, '+', 'COUNT', 500)
    for (const [id, flat] of page) {
      const fields: Record<string, string> = {}
      for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
      const { points = 0 } = JSON.parse(fields.payload ?? '{}') as { points?: number }
      if (fields.eventType === 'POINTS_EARNED') balance += points
      if (fields.eventType === 'POINTS_SPENT') balance -= points
      version = Number(id.split('-')[0])
      start = `(${id}`
    }
    if (page.length < 500) return { balance, version }
  }
}

export async function spendPoints(redis: Redis, command: SpendPoints): Promise<SpendAnswer> {
  const stream = `aggregate:points:${command.userId}`
  for (;;) {
    const { balance, version } = await read(redis, stream)
    const accepted = balance >= command.points
    const answer: SpendAnswer = { accepted, balance: accepted ? balance - command.points : balance }
    try {
      const told = await appendOnce(redis, {
        stream,
        commandId: command.commandId,
        expectedVersion: version,
        events: accepted ? [{ eventType: 'POINTS_SPENT', payload: { points: command.points } }] : [],
        answer: JSON.stringify(answer),
      })
      return JSON.parse(told) as SpendAnswer
    } catch (error) {
      if (!(error instanceof ConcurrencyError)) throw error
    }
  }
}
