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

const APPEND = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local version = 0
if #last > 0 then version = tonumber(string.match(last[1][1], '^(%d+)-')) end
if version ~= tonumber(ARGV[1]) then return {0, version} end
for i = 2, #ARGV do
  version = version + 1
  redis.call('XADD', KEYS[1], version .. '-0', 'event', ARGV[i])
end
return {1, version}
`
const PAGE = 500
const keyOf = (type: string, id: string) => `aggregate:${type}:${id}`

export class AggregateEventStore {
  readonly #redis: Redis
  constructor(redis: Redis) {
    this.#redis = redis
  }

  async appendEvent(type: string, id: string, event: DomainEvent, expectedVersion: number): Promise<number> {
    return this.appendEvents(type, id, [event], expectedVersion)
  }

  async appendEvents(
    type: string,
    id: string,
    events: readonly DomainEvent[],
    expectedVersion: number,
  ): Promise<number> {
    if (!Number.isSafeInteger(expectedVersion) || expectedVersion < 0)
      throw new InvalidVersionError(expectedVersion)
    const key = keyOf(type, id)
    const texts = events.map((event) => encodeEvent(event))
    const [ok, version] = (await this.#redis.eval(APPEND, 1, key, expectedVersion, ...texts)) as [
      number,
      number,
    ]
    if (ok === 0) throw new ConcurrencyError(key, expectedVersion, version)
    return version
  }

  async getEvents(type: string, id: string, afterVersion = 0): Promise<StoredEvent[]> {
    const found: StoredEvent[] = []
    let start = `(${afterVersion}-0`
    while (true) {
      const page = await this.#redis.xrange(keyOf(type, id), start, '+', 'COUNT', PAGE)
      for (const [entryId, fields] of page) {
        found.push({ version: Number.parseInt(entryId, 10), event: decodeEvent(fields[1] ?? '') })
        start = `(${entryId}`
      }
      if (page.length < PAGE) return found
    }
  }

  async getVersion(type: string, id: string): Promise<number> {
    const [last] = await this.#redis.xrevrange(keyOf(type, id), '+', '-', 'COUNT', 1)
    return last === undefined ? 0 : Number.parseInt(last[0], 10)
  }
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
