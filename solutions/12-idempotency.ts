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
  /** Created once by the client that sends the command; the same on every attempt. */
  readonly commandId: string
  /** The version that the decision was based on; 0 for an empty stream. */
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
  /** After the command. */
  readonly balance: number
}

/** Another client has appended since the decision was made: read again and decide again. */
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

/**
 * Writes the mark and the effect in one step.
 * KEYS: read model, set of the event IDs that are in it. ARGV: event ID, change of the balance.
 * Returns 1 if it applied the event, 0 if the event had already been applied.
 */
const APPLY = `
if redis.call('SADD', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], 'balance', ARGV[2])
redis.call('HINCRBY', KEYS[1], 'changes', 1)
return 1`

/** Applies the event to its user's read model once, no matter how often it's delivered. */
export async function applyOnce(redis: Redis, event: PointsEvent): Promise<'applied' | 'duplicate'> {
  const model = `points:${event.userId}`
  const change = event.eventType === 'POINTS_EARNED' ? event.points : -event.points
  const applied = await redis.eval(APPLY, 2, model, `${model}:seen`, event.eventId, change)
  return applied === 1 ? 'applied' : 'duplicate'
}

/**
 * Looks up the command ID before anything else. Otherwise a retry would find the version that its own first attempt left
 * and take it for another client's.
 * KEYS: stream, the command's answer. ARGV: command ID, expected version, answer, then type and payload of each event.
 * Returns { 'answer', text } or { 'conflict', actual version }.
 */
const APPEND = `
local first = redis.call('GET', KEYS[2])
if first then return { 'answer', first } end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local version = last and tonumber(string.match(last[1], '^%d+')) or 0
if version ~= tonumber(ARGV[2]) then return { 'conflict', version } end
for i = 4, #ARGV, 2 do
  version = version + 1
  local id = string.format('%d-0', version)
  redis.call('XADD', KEYS[1], id, 'eventType', ARGV[i], 'payload', ARGV[i + 1], 'commandId', ARGV[1])
end
redis.call('SET', KEYS[2], ARGV[3])
return { 'answer', ARGV[3] }`

/**
 * Appends the events and stores the answer in one step, once for each command ID. Returns the first answer.
 * @throws ConcurrencyError if the stream isn't at the expected version; nothing is written or remembered then
 */
export async function appendOnce(redis: Redis, append: Append): Promise<string> {
  const { stream, commandId, expectedVersion, events, answer } = append
  const reply = await redis.eval(
    APPEND,
    2,
    stream,
    `command:${commandId}`,
    commandId,
    expectedVersion,
    answer,
    ...events.flatMap((event) => [event.eventType, JSON.stringify(event.payload)]),
  )
  const [kind, value] = reply as ['answer', string] | ['conflict', number]
  switch (kind) {
    case 'answer':
      return value
    case 'conflict':
      throw new ConcurrencyError(stream, expectedVersion, value)
  }
}

const PAGE = 500

/** Spends points if there are enough. With a known command ID, it returns the first answer, even if that was a refusal. */
export async function spendPoints(redis: Redis, command: SpendPoints): Promise<SpendAnswer> {
  const stream = `aggregate:points:${command.userId}`
  for (;;) {
    const { balance, version } = await readBalance(redis, stream)
    const accepted = balance >= command.points
    const answer: SpendAnswer = { accepted, balance: accepted ? balance - command.points : balance }
    const spent = { eventType: 'POINTS_SPENT', payload: { points: command.points } }
    try {
      const first = await appendOnce(redis, {
        stream,
        commandId: command.commandId,
        expectedVersion: version,
        events: accepted ? [spent] : [],
        answer: JSON.stringify(answer),
      })
      return JSON.parse(first) as SpendAnswer
    } catch (error) {
      // The balance has changed since the decision, so repeat the whole decision and not only the append. There's no limit,
      // because each conflict means that another command got through.
      if (!(error instanceof ConcurrencyError)) throw error
    }
  }
}

async function readBalance(redis: Redis, stream: string): Promise<{ balance: number; version: number }> {
  let balance = 0
  let version = 0
  for (;;) {
    const entries = await redis.xrange(stream, version === 0 ? '-' : `(${version}-0`, '+', 'COUNT', PAGE)
    for (const [id, [, eventType, , payload = '{}']] of entries) {
      const { points = 0 } = JSON.parse(payload) as { points?: number }
      if (eventType === 'POINTS_EARNED') balance += points
      if (eventType === 'POINTS_SPENT') balance -= points
      version = Number(id.split('-')[0])
    }
    if (entries.length < PAGE) return { balance, version }
  }
}
