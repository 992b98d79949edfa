import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

export interface StoredEvent {
  readonly version: number
  readonly event: DomainEvent
}

export type Decide = (
  history: readonly StoredEvent[],
) => readonly DomainEvent[] | Promise<readonly DomainEvent[]>

export class ConcurrencyError extends Error {
  override name = 'ConcurrencyError'

  readonly expectedVersion: number
  readonly actualVersion: number
  constructor(expectedVersion: number, actualVersion: number) {
    super(`expected version ${expectedVersion}, found ${actualVersion}`)
    this.expectedVersion = expectedVersion
    this.actualVersion = actualVersion
  }
}

export class InvalidVersionError extends Error {
  override name = 'InvalidVersionError'
  readonly version: unknown
  constructor(version: unknown) {
    super(`not a version: ${String(version)}`)
    this.version = version
  }
}

async function lastVersion(redis: Redis, key: string): Promise<number> {
  const entries = await redis.xrevrange(key, '+', '-', 'COUNT', 1)
  return Number(entries[0]?.[0].split('-')[0] ?? 0)
}

export class AggregateEventStore {
  private readonly redis: Redis
  constructor(redis: Redis) {
    this.redis = redis
  }

  appendEvent(type: string, id: string, event: DomainEvent, expectedVersion: number): Promise<number> {
    return this.appendEvents(type, id, [event], expectedVersion)
  }

  async appendEvents(
    type: string,
    id: string,
    events: readonly DomainEvent[],
    expectedVersion: number,
  ): Promise<number> {
    if (typeof expectedVersion !== 'number' || !Number.isInteger(expectedVersion) || expectedVersion < 0) {
      throw new InvalidVersionError(expectedVersion)
    }
    const key = `aggregate:${type}:${id}`
    const texts = events.map((event) => encodeEvent(event))
    const own = this.redis.duplicate()
    try {
      for (;;) {
        await own.watch(key)
        const version = await lastVersion(own, key)
        if (version !== expectedVersion) throw new ConcurrencyError(expectedVersion, version)
        const transaction = own.multi()
        texts.forEach((text, i) => {
          transaction.xadd(key, `${version + 1 + i}-0`, 'event', text)
        })
        // null: the key has changed, but perhaps not the version, because old entries may have been trimmed.
        const replies = await transaction.exec()
        for (const [error] of replies ?? []) if (error) throw error
        if (replies !== null) return version + texts.length
      }
    } finally {
      own.disconnect()
    }
  }

  async getEvents(type: string, id: string, afterVersion = 0): Promise<StoredEvent[]> {
    const found: StoredEvent[] = []
    for (let start = afterVersion + 1; ; ) {
      const page = await this.redis.xrange(`aggregate:${type}:${id}`, `${start}-0`, '+', 'COUNT', 100)
      if (page.length === 0) return found
      for (const [entryId, fields] of page) {
        const version = Number(entryId.slice(0, entryId.indexOf('-')))
        found.push({ version, event: decodeEvent(String(fields[1])) })
        start = version + 1
      }
    }
  }

  async getVersion(type: string, id: string): Promise<number> {
    return lastVersion(this.redis, `aggregate:${type}:${id}`)
  }
}

export async function decideAndAppend(
  store: AggregateEventStore,
  type: string,
  id: string,
  decide: Decide,
  attempts = 5,
): Promise<number> {
  const history = await store.getEvents(type, id)
  const version = history.length === 0 ? 0 : (history[history.length - 1] as StoredEvent).version
  const events = await decide(history)
  if (events.length === 0) return version
  return store.appendEvents(type, id, events, version).catch((error: unknown) => {
    if (error instanceof ConcurrencyError && attempts > 1) {
      return decideAndAppend(store, type, id, decide, attempts - 1)
    }
    throw error
  })
}
