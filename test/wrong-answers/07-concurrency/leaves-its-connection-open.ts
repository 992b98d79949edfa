// task: appendEvent
// diagnosis: a connection is still open that was not there before
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
    super(`${key}: expected version ${expectedVersion}, found ${actualVersion}`)
    this.expectedVersion = expectedVersion
    this.actualVersion = actualVersion
  }
}

export class InvalidVersionError extends Error {
  override readonly name = 'InvalidVersionError'
  readonly version: unknown
  constructor(version: unknown) {
    super(`not a version: ${String(version)}`)
    this.version = version
  }
}

export class AggregateEventStore {
  constructor(private0: Redis) {
    this.redis = private0
  }
  protected readonly redis: Redis

  public async appendEvent(
    t: string,
    id: string,
    event: DomainEvent,
    expectedVersion: number,
  ): Promise<number> {
    return await this.appendEvents(t, id, [event], expectedVersion)
  }

  public async appendEvents(t: string, id: string, events: readonly DomainEvent[], expectedVersion: number) {
    assertVersion(expectedVersion)
    const texts = events.map(encodeEvent)
    const key = `aggregate:${t}:${id}`
    const own = this.redis.duplicate()
    for (;;) {
      await own.watch(key)
      const actual = await lastVersion(own, key)
      if (actual !== expectedVersion) {
        await own.unwatch()
        throw new ConcurrencyError(key, expectedVersion, actual)
      }
      const tx = own.multi()
      for (const [i, text] of texts.entries()) tx.xadd(key, `${expectedVersion + i + 1}-0`, 'event', text)
      const replies = await tx.exec()
      if (replies === null) continue // somebody touched it: look again
      const failed = replies.find(([error]) => error)
      if (failed?.[0]) throw failed[0]
      own.disconnect()
      return expectedVersion + texts.length
    }
  }

  public async getEvents(t: string, id: string, afterVersion?: number): Promise<StoredEvent[]> {
    const all: StoredEvent[] = []
    for await (const [entryId, fields] of this.entries(`aggregate:${t}:${id}`, afterVersion ?? 0)) {
      const map = new Map<string, string>()
      for (let i = 0; i < fields.length; i += 2) map.set(fields[i] as string, fields[i + 1] as string)
      all.push({ version: Number(entryId.split('-')[0]), event: decodeEvent(map.get('event') ?? '') })
    }
    return all
  }

  public getVersion(t: string, id: string): Promise<number> {
    return lastVersion(this.redis, `aggregate:${t}:${id}`)
  }

  private async *entries(key: string, after: number): AsyncGenerator<[string, string[]]> {
    let next = after + 1
    while (true) {
      const page = await this.redis.xrange(key, `${next}-0`, '+', 'COUNT', 100)
      if (page.length === 0) return
      yield* page
      next = Number.parseInt(page.at(-1)?.[0] ?? '', 10) + 1
    }
  }
}

async function lastVersion(redis: Redis, key: string): Promise<number> {
  const entries = await redis.xrevrange(key, '+', '-', 'COUNT', 1)
  return entries.map(([id]) => Number(id.split('-')[0]))[0] ?? 0
}

function assertVersion(version: unknown): asserts version is number {
  if (!Number.isInteger(version) || (version as number) < 0) throw new InvalidVersionError(version)
}

export async function decideAndAppend(
  store: AggregateEventStore,
  aggregateType: string,
  aggregateId: string,
  decide: Decide,
  attempts = 5,
): Promise<number> {
  let left = attempts
  while (true) {
    const history = await store.getEvents(aggregateType, aggregateId)
    const version = history.at(-1)?.version ?? 0
    const events = await decide(history)
    if (events.length === 0) return version
    try {
      return await store.appendEvents(aggregateType, aggregateId, events, version)
    } catch (error) {
      left -= 1
      if (!(error instanceof ConcurrencyError) || left <= 0) throw error
    }
  }
}
