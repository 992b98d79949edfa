/** Without a script: WATCH on a connection of its own, a hash of marks, and `XADD` with its own IDs in `stream:events`. */
import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent, MalformedEventError } from '#built/01-events'

export interface PublisherOptions {
  maxlen?: number
}

class NamedError extends Error {
  constructor(message: string) {
    super(message)
    this.name = new.target.name
  }
}
export class InvalidEventError extends NamedError {
  readonly index: number
  readonly field: string
  constructor(index: number, field: string) {
    super(`${field} of event ${index}`)
    this.index = index
    this.field = field
  }
}
export class StreamKeyError extends NamedError {
  readonly key: string
  constructor(key: string) {
    super(key)
    this.key = key
  }
}
export class InvalidMaxlenError extends NamedError {
  readonly maxlen: number
  constructor(maxlen: number) {
    super(String(maxlen))
    this.maxlen = maxlen
  }
}

const MEMORY = 'published:ids'

export class EventPublisher {
  private readonly redis: Redis
  private readonly trim: string[]

  constructor(redis: Redis, options?: PublisherOptions) {
    const maxlen = options?.maxlen
    if (maxlen !== undefined && (!Number.isInteger(maxlen) || maxlen <= 0))
      throw new InvalidMaxlenError(maxlen)
    this.redis = redis
    this.trim = maxlen === undefined ? [] : ['MAXLEN', '~', `${maxlen}`]
  }

  async publish(event: DomainEvent): Promise<string> {
    return (await this.publishBatch([event]))[0] as string
  }

  async publishBatch(events: readonly DomainEvent[]): Promise<string[]> {
    const texts = events.map((event, index) => {
      try {
        const text = encodeEvent(event)
        decodeEvent(text)
        return text
      } catch (error) {
        throw error instanceof MalformedEventError ? new InvalidEventError(index, error.field) : error
      }
    })
    if (texts.length === 0) return []
    // A connection that comes back no longer watches anything, so it's better to fail and be called again.
    const own = this.redis.duplicate({ autoResendUnfulfilledCommands: false, retryStrategy: () => null })
    own.on('error', () => {})
    try {
      for (;;) {
        const ids = await this.attempt(own, texts)
        if (ids !== null) return ids
      }
    } finally {
      own.disconnect()
    }
  }

  private async attempt(own: Redis, texts: string[]): Promise<string[] | null> {
    const facts = texts.map((text) => JSON.parse(text) as Record<string, unknown>)
    const keys = new Set(['stream:events'])
    for (const { entityId, eventType } of facts) {
      keys.add(`stream:entity:${entityId}`)
      keys.add(`stream:type:${eventType}`)
    }
    await own.watch(MEMORY, ...keys)
    const types = own.pipeline()
    for (const key of keys) types.type(key)
    const found = (await types.exec()) ?? []
    for (const [error] of found) if (error) throw error
    const bad = [...keys].find((_, i) => !['none', 'stream'].includes(String(found[i]?.[1])))
    if (bad !== undefined) throw new StreamKeyError(bad)

    const known = await own.hmget(MEMORY, ...facts.map(({ eventId }) => String(eventId)))
    const ids = new Map<string, string>()
    facts.forEach(({ eventId }, i) => {
      const id = known[i]
      if (typeof id === 'string') ids.set(String(eventId), id)
    })
    const newest = await own.xrevrange('stream:events', '+', '-', 'COUNT', 1).catch((error: Error) => {
      if (error.message.startsWith('WRONGTYPE')) return null
      throw error
    })
    if (newest === null) return null // another client has used the key for something else since the check
    const [last] = newest[0] ?? ['0-0']
    const [lastMs = 0, lastN = 0] = last.split('-').map(Number)
    const ms = Math.max(lastMs, Date.now())
    let n = ms === lastMs ? lastN : -1

    const transaction = own.multi()
    for (const fact of facts) {
      const eventId = String(fact.eventId)
      if (ids.has(eventId)) continue
      n += 1
      ids.set(eventId, `${ms}-${n}`)
      const fields = Object.entries(fact).flatMap(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ])
      transaction.xadd(`stream:entity:${fact.entityId}`, '*', ...fields)
      transaction.xadd(`stream:type:${fact.eventType}`, '*', ...fields)
      transaction.call('XADD', 'stream:events', ...this.trim, `${ms}-${n}`, ...fields)
      transaction.hset(MEMORY, eventId, `${ms}-${n}`)
    }
    transaction.hlen(MEMORY)
    const replies = await transaction.exec()
    if (replies === null) return null
    for (const [error] of replies) if (error !== null) throw error
    return facts.map(({ eventId }) => ids.get(String(eventId)) ?? '')
  }
}
