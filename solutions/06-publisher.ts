import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent, MalformedEventError } from '#built/01-events'
import { toFields } from '#built/05-stream-store'

export interface PublisherOptions {
  /** About how many entries `stream:events` keeps, 1 or more; without it, nothing is ever dropped. */
  readonly maxlen?: number
}

/** An event of a batch is invalid: `index` is its position in the batch, starting at 0, and `field` the invalid field. */
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

/** A key that has to be a stream holds something else. */
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

const ALL = 'stream:events'
/** How long an event is remembered. Most retries come within minutes; a week covers a batch that is restarted on Monday. */
const REMEMBER_SECONDS = 7 * 24 * 3600

/**
 * All checks come before the first write, because a script that fails halfway leaves what it has written.
 * KEYS[1]  stream:events, then for each event published:<eventId>, stream:entity:<entityId>, stream:type:<eventType>
 * ARGV[1]  maxlen, '' to keep everything; ARGV[2] seconds to remember an event; then for each event its 12 fields
 * Returns  {'stored', id, id, ...}: the IDs in stream:events, including those of events that were there before; or
 *          {'no stream', key} if nothing has been written
 */
const PUBLISH = `
local FIELDS = 12
for i, key in ipairs(KEYS) do
  local remembers = i % 3 == 2
  local kind = redis.call('TYPE', key).ok
  if not remembers and kind ~= 'none' and kind ~= 'stream' then return {'no stream', key} end
end

local reply = {'stored'}
for i = 2, #KEYS, 3 do
  local id = redis.call('GET', KEYS[i])
  if not id then
    local first = 3 + (i - 2) / 3 * FIELDS
    local fields = {unpack(ARGV, first, first + FIELDS - 1)}
    redis.call('XADD', KEYS[i + 1], '*', unpack(fields))
    redis.call('XADD', KEYS[i + 2], '*', unpack(fields))
    if ARGV[1] == '' then
      id = redis.call('XADD', KEYS[1], '*', unpack(fields))
    else
      id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', unpack(fields))
    end
    redis.call('SET', KEYS[i], id, 'EX', ARGV[2])
  end
  reply[#reply + 1] = id
end
return reply`

/** Publishes each event once, however often it's sent: an event is identified by its `eventId`. */
export class EventPublisher {
  readonly #redis: Redis
  readonly #maxlen: number | undefined

  /** @throws InvalidMaxlenError */
  constructor(redis: Redis, { maxlen }: PublisherOptions = {}) {
    // `if (maxlen)` would treat 0 as "no limit".
    if (maxlen !== undefined && !(Number.isSafeInteger(maxlen) && maxlen >= 1)) {
      throw new InvalidMaxlenError(maxlen)
    }
    this.#redis = redis
    this.#maxlen = maxlen
  }

  /** Resolves to the ID in `stream:events`. @throws InvalidEventError, StreamKeyError: in each case, nothing is written */
  async publish(event: DomainEvent): Promise<string> {
    const [id] = await this.publishBatch([event])
    if (id === undefined) throw new Error('A batch of one event returned no ID')
    return id
  }

  /**
   * Publishes all events in order, or none. Resolves to their IDs in `stream:events`.
   * @throws InvalidEventError, StreamKeyError: in each case, nothing has been written
   */
  async publishBatch(events: readonly DomainEvent[]): Promise<readonly string[]> {
    events.forEach(checkEvent)
    if (events.length === 0) return []
    const keys = [ALL, ...events.flatMap(keysOf)]
    const fields = events.flatMap((event) => toFields(event))
    const reply = await this.#redis.eval(
      PUBLISH,
      keys.length,
      ...keys,
      this.#maxlen ?? '',
      REMEMBER_SECONDS,
      ...fields,
    )
    const [outcome, ...values] = reply as string[]
    if (outcome !== 'stored') throw new StreamKeyError(values[0] ?? '')
    return values
  }
}

function keysOf({ eventId, entityId, eventType }: DomainEvent): readonly string[] {
  return [`published:${eventId}`, `stream:entity:${entityId}`, `stream:type:${eventType}`]
}

/** Checks the event itself, because its type proves nothing at run time. */
function checkEvent(event: DomainEvent, index: number): void {
  try {
    decodeEvent(encodeEvent(event))
  } catch (error) {
    if (error instanceof MalformedEventError) throw new InvalidEventError(index, error.field)
    throw error
  }
}
