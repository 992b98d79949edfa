/** A script that receives each event as JSON and keeps all marks in one hash. */
import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

export type PublisherOptions = { readonly maxlen?: number }

export class InvalidEventError extends Error {
  override name = 'InvalidEventError'
  constructor(index: number, field: string) {
    super(`${index}: ${field}`)
    this.index = index
    this.field = field
  }
  index: number
  field: string
}
export class StreamKeyError extends Error {
  override name = 'StreamKeyError'
  key: string
  constructor(key: string) {
    super(key)
    this.key = key
  }
}
export class InvalidMaxlenError extends Error {
  override name = 'InvalidMaxlenError'
  maxlen: number
  constructor(maxlen: number) {
    super(`${maxlen}`)
    this.maxlen = maxlen
  }
}

/** KEYS: the hash of marks, stream:events, then the streams of each event. ARGV: maxlen or 0, then each event as a JSON list of fields. */
const SCRIPT = `
for i = 2, #KEYS do
  local kind = redis.call('TYPE', KEYS[i])['ok']
  if kind ~= 'none' and kind ~= 'stream' then return redis.error_reply('TAKEN ' .. i) end
end
local ids = {}
for n = 2, #ARGV do
  local fields = cjson.decode(ARGV[n])
  local known = redis.call('HGET', KEYS[1], fields[2])
  if not known then
    redis.call('XADD', KEYS[n * 2 - 1], '*', unpack(fields))
    redis.call('XADD', KEYS[n * 2], '*', unpack(fields))
    if ARGV[1] == '0' then
      known = redis.call('XADD', KEYS[2], '*', unpack(fields))
    else
      known = redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[1], '*', unpack(fields))
    end
    redis.call('HSET', KEYS[1], fields[2], known)
  end
  ids[n - 1] = known
end
return ids`

export class EventPublisher {
  publish: (event: DomainEvent) => Promise<string>
  publishBatch: (events: readonly DomainEvent[]) => Promise<readonly string[]>

  constructor(redis: Redis, { maxlen }: PublisherOptions = {}) {
    if (maxlen !== undefined && !(Number.isInteger(maxlen) && maxlen > 0))
      throw new InvalidMaxlenError(maxlen)
    this.publishBatch = async (events) => {
      const facts = events.map(look)
      if (facts.length === 0) return []
      const keys = ['published:ids', 'stream:events']
      for (const { entityId, eventType } of facts)
        keys.push(`stream:entity:${entityId}`, `stream:type:${eventType}`)
      const args = facts.map(({ eventId, timestamp, eventType, entityId, payload, metadata }) => {
        const rest = { timestamp, eventType, entityId, payload: JSON.stringify(payload) }
        return JSON.stringify([
          'eventId',
          eventId,
          ...Object.entries(rest).flat(),
          'metadata',
          JSON.stringify(metadata),
        ])
      })
      try {
        return (await redis.eval(SCRIPT, keys.length, ...keys, maxlen ?? 0, ...args)) as string[]
      } catch (error) {
        const taken = /TAKEN (\d+)/.exec(String(error))
        throw taken === null ? error : new StreamKeyError(keys[Number(taken[1]) - 1] ?? '')
      }
    }
    this.publish = (event) => this.publishBatch([event]).then(([id]) => id ?? '')
  }
}

function look(event: DomainEvent, index: number): DomainEvent {
  try {
    return decodeEvent(encodeEvent(event))
  } catch (error) {
    const field = error instanceof Error && 'field' in error ? error.field : undefined
    if (typeof field === 'string') throw new InvalidEventError(index, field)
    throw error
  }
}
