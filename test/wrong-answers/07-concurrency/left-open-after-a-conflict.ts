// task: appendEvent
// diagnosis: After some thousand conflicts
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
  override readonly name = 'ConcurrencyError'
  readonly expectedVersion: number
  readonly actualVersion: number

  constructor(key: string, expectedVersion: number, actualVersion: number) {
    super(`${key} is at version ${actualVersion}, not at ${expectedVersion} as expected`)
    this.expectedVersion = expectedVersion
    this.actualVersion = actualVersion
  }
}

export class InvalidVersionError extends Error {
  override readonly name = 'InvalidVersionError'
  readonly version: unknown

  constructor(version: unknown) {
    super(`${String(version)} is no version: it takes a whole number from 0 on`)
    this.version = version
  }
}

type Page = [id: string, fields: string[]][]

/** WATCH, on a connection of its own for each append. */
export class AggregateEventStore {
  private readonly redis: Redis

  constructor(redis: Redis) {
    this.redis = redis
  }

  appendEvent = async (
    aggregateType: string,
    aggregateId: string,
    event: DomainEvent,
    expectedVersion: number,
  ): Promise<number> => await this.appendEvents(aggregateType, aggregateId, [event], expectedVersion)

  async appendEvents(
    aggregateType: string,
    aggregateId: string,
    events: readonly DomainEvent[],
    expectedVersion: number,
  ): Promise<number> {
    if (
      typeof expectedVersion !== 'number' ||
      !Number.isInteger(expectedVersion) ||
      expectedVersion < 0 ||
      expectedVersion > 2 ** 53 - 1
    )
      throw new InvalidVersionError(expectedVersion)
    const key = ['aggregate', aggregateType, aggregateId].join(':')
    const texts = [...events].map((event) => encodeEvent(event))
    const own = this.redis.duplicate()
    try {
      await own.watch(key)
      const actual = await lastVersion(own, key)
      if (actual !== expectedVersion) throw new ConcurrencyError(key, expectedVersion, actual)
      let version = actual
      const multi = own.multi()
      for (const text of texts) multi.xadd(key, `${++version}-0`, 'event', text)
      const replies = await multi.exec()
      if (replies === null) throw new ConcurrencyError(key, expectedVersion, await lastVersion(own, key))
      for (const [error] of replies) if (error) throw error
      await own.quit()
      return version
    } catch (error) {
      if (!(error instanceof ConcurrencyError)) await own.quit()
      throw error
    }
  }

  async getEvents(aggregateType: string, aggregateId: string, afterVersion?: number): Promise<StoredEvent[]> {
    const all: StoredEvent[] = []
    for await (const stored of this.walk(`aggregate:${aggregateType}:${aggregateId}`, afterVersion ?? 0))
      all.push(stored)
    return all
  }

  private async *walk(key: string, after: number): AsyncGenerator<StoredEvent> {
    for (let from = after + 1; ; ) {
      const page = (await this.redis.call('XRANGE', key, `${from}`, '+', 'COUNT', '64')) as Page
      for (const [id, [, text = '']] of page) {
        const version = Number(id.split('-')[0])
        yield { version, event: decodeEvent(text) }
        from = version + 1
      }
      if (page.length === 0) return
    }
  }

  async getVersion(aggregateType: string, aggregateId: string): Promise<number> {
    return lastVersion(this.redis, `aggregate:${aggregateType}:${aggregateId}`)
  }
}

async function lastVersion(redis: Redis, key: string): Promise<number> {
  for (const [id] of await redis.xrevrange(key, '+', '-', 'COUNT', 1)) return Number(id.replace(/-.*/, ''))
  return 0
}

export async function decideAndAppend(
  store: AggregateEventStore,
  aggregateType: string,
  aggregateId: string,
  decide: Decide,
  attempts: number = 5,
): Promise<number> {
  const history = await store.getEvents(aggregateType, aggregateId, 0)
  const events = [...(await decide(Object.freeze(history)))]
  const version = history[history.length - 1]?.version ?? 0
  if (events.length < 1) return version
  return store.appendEvents(aggregateType, aggregateId, events, version).catch(async (error: unknown) => {
    if (!(error instanceof ConcurrencyError) || attempts <= 1) throw error
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 5))
    return decideAndAppend(store, aggregateType, aggregateId, decide, attempts - 1)
  })
}
