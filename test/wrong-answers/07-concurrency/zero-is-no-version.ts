// task: appendEvent
// diagnosis: take 0 for nothing
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

const APPEND = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local version = 0
if #last > 0 then version = tonumber(string.match(last[1][1], '^%d+')) end
if version ~= tonumber(ARGV[1]) then return {0, version} end
for i = 2, #ARGV do
  version = version + 1
  redis.call('XADD', KEYS[1], version .. '-0', 'event', ARGV[i])
end
return {1, version}`

const keyOf = (type: string, id: string) => `aggregate:${type}:${id}`

function checkVersion(version: unknown): void {
  if (!version || !Number.isSafeInteger(version) || (version as number) < 0)
    throw new InvalidVersionError(version)
}

export class AggregateEventStore {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async appendEvent(
    aggregateType: string,
    aggregateId: string,
    event: DomainEvent,
    expectedVersion: number,
  ): Promise<number> {
    return this.appendEvents(aggregateType, aggregateId, [event], expectedVersion)
  }

  async appendEvents(
    aggregateType: string,
    aggregateId: string,
    events: readonly DomainEvent[],
    expectedVersion: number,
  ): Promise<number> {
    checkVersion(expectedVersion)
    const key = keyOf(aggregateType, aggregateId)
    const texts = events.map((event) => encodeEvent(event))
    const [done, version] = (await this.#redis.eval(APPEND, 1, key, expectedVersion, ...texts)) as [
      number,
      number,
    ]
    if (done === 0) throw new ConcurrencyError(key, expectedVersion, version)
    return version
  }

  async getEvents(aggregateType: string, aggregateId: string, afterVersion = 0): Promise<StoredEvent[]> {
    const key = keyOf(aggregateType, aggregateId)
    const events: StoredEvent[] = []
    let last = `${afterVersion}-0`
    for (;;) {
      const page = await this.#redis.xrange(key, `(${last}`, '+', 'COUNT', 500)
      for (const [id, fields] of page) {
        events.push({ version: Number.parseInt(id, 10), event: decodeEvent(fields[1] ?? '') })
        last = id
      }
      if (page.length < 500) return events
    }
  }

  async getVersion(aggregateType: string, aggregateId: string): Promise<number> {
    const [entry] = await this.#redis.xrevrange(keyOf(aggregateType, aggregateId), '+', '-', 'COUNT', 1)
    return entry === undefined ? 0 : Number.parseInt(entry[0], 10)
  }
}

export async function decideAndAppend(
  store: AggregateEventStore,
  aggregateType: string,
  aggregateId: string,
  decide: Decide,
  attempts = 5,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const history = await store.getEvents(aggregateType, aggregateId)
    const version = history.at(-1)?.version ?? 0
    const events = await decide(history)
    if (events.length === 0) return version
    try {
      return await store.appendEvents(aggregateType, aggregateId, events, version)
    } catch (error) {
      if (!(error instanceof ConcurrencyError) || attempt >= attempts) throw error
    }
  }
}
