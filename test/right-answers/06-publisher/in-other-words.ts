import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent, MalformedEventError } from '#built/01-events'
import { toFields } from '#built/05-stream-store'

export interface PublisherOptions {
  readonly maxlen?: number
}

export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError'
  readonly index: number
  readonly field: string

  constructor(index: number, field: string) {
    super(`Event ${index} of the batch is invalid: check ${field}`)
    this.index = index
    this.field = field
  }
}

export class StreamKeyError extends Error {
  override readonly name = 'StreamKeyError'
  readonly key: string

  constructor(key: string) {
    super(`The key ${key} doesn't hold a stream; nothing has been published`)
    this.key = key
  }
}

export class InvalidMaxlenError extends Error {
  override readonly name = 'InvalidMaxlenError'
  readonly maxlen: number

  constructor(maxlen: number) {
    super(`maxlen is ${maxlen}; it has to be a whole number, 1 or more. Leave it out to keep everything`)
    this.maxlen = maxlen
  }
}

// KEYS: stream:events, then for each event the stream of the entity, the stream of the type, and the mark
// ARGV: maxlen or '', then twelve fields for each event
const SCRIPT = `
local count = (#KEYS - 1) / 3
local function look(key)
  local kind = redis.call('TYPE', key).ok
  return kind == 'none' or kind == 'stream'
end
if not look(KEYS[1]) then return {'no stream', KEYS[1]} end
for i = 1, count do
  if not look(KEYS[3 * i - 1]) then return {'no stream', KEYS[3 * i - 1]} end
  if not look(KEYS[3 * i]) then return {'no stream', KEYS[3 * i]} end
end
local ids = {'ok'}
for i = 1, count do
  local mark = KEYS[3 * i + 1]
  local id = redis.call('GET', mark)
  if not id then
    local first = 12 * (i - 1) + 2
    redis.call('XADD', KEYS[3 * i - 1], '*', unpack(ARGV, first, first + 11))
    redis.call('XADD', KEYS[3 * i], '*', unpack(ARGV, first, first + 11))
    if ARGV[1] == '' then
      id = redis.call('XADD', KEYS[1], '*', unpack(ARGV, first, first + 11))
    else
      id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', unpack(ARGV, first, first + 11))
    end
    redis.call('SET', mark, id, 'EX', 86400)
  end
  ids[#ids + 1] = id
end
return ids`

export class EventPublisher {
  readonly #redis: Redis
  readonly #maxlen: number | undefined

  constructor(redis: Redis, options: PublisherOptions = {}) {
    const { maxlen } = options
    if (maxlen !== undefined && !(Number.isSafeInteger(maxlen) && maxlen >= 1))
      throw new InvalidMaxlenError(maxlen)
    this.#redis = redis
    this.#maxlen = maxlen
  }

  async publish(event: DomainEvent): Promise<string> {
    const [id] = await this.publishBatch([event])
    return id as string
  }

  async publishBatch(events: readonly DomainEvent[]): Promise<readonly string[]> {
    events.forEach(check)
    if (events.length === 0) return []
    const keys = events.flatMap(({ entityId, eventType, eventId }) => [
      `stream:entity:${entityId}`,
      `stream:type:${eventType}`,
      `published:${eventId}`,
    ])
    const fields = events.flatMap((event) => toFields(event))
    const reply = await this.#redis.eval(
      SCRIPT,
      keys.length + 1,
      'stream:events',
      ...keys,
      this.#maxlen ?? '',
      ...fields,
    )
    const [status, ...rest] = reply as [string, ...string[]]
    if (status === 'no stream') throw new StreamKeyError(rest[0] as string)
    return rest
  }
}

function check(event: DomainEvent, index: number): void {
  try {
    decodeEvent(encodeEvent(event))
  } catch (error) {
    if (error instanceof MalformedEventError) throw new InvalidEventError(index, error.field)
    throw error
  }
}
