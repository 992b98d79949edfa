import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

export interface StoredEvent {
  /** 1 for the aggregate's first event. */
  readonly version: number
  readonly event: DomainEvent
}

/** Decides from the whole history which events to append; none leaves the aggregate as it is. */
export type Decide = (
  history: readonly StoredEvent[],
) => readonly DomainEvent[] | Promise<readonly DomainEvent[]>

/** Another writer was faster and nothing was written, so read again and decide again. */
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

/** A version is a whole number, 0 or greater; `undefined` must not mean "don't check". */
export class InvalidVersionError extends Error {
  override readonly name = 'InvalidVersionError'
  readonly version: unknown

  constructor(version: unknown) {
    super(`${String(version)} isn't a version: it must be a whole number, 0 or greater`)
    this.version = version
  }
}

const PAGE_SIZE = 500

/**
 * Compares the version and then writes, in one step.
 * KEYS[1]   the aggregate's stream
 * ARGV[1]   the expected version
 * ARGV[2…]  the events as JSON, one each
 * Returns {1, version after the last event}, or {0, actual version} if nothing was written.
 */
const APPEND = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local version = 0
if last[1] then version = tonumber(string.match(last[1][1], '^%d+')) end
if version ~= tonumber(ARGV[1]) then return {0, version} end
for i = 2, #ARGV do
  version = version + 1
  redis.call('XADD', KEYS[1], string.format('%d-0', version), 'event', ARGV[i])
end
return {1, version}
`

/** Keeps each aggregate in a stream; the ID of an entry is the version it created, `<version>-0`. */
export class AggregateEventStore {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Appends one event if the aggregate is still at `expectedVersion`; resolves to the new version. */
  async appendEvent(aggregateType: string, aggregateId: string, event: DomainEvent, expectedVersion: number) {
    return this.appendEvents(aggregateType, aggregateId, [event], expectedVersion)
  }

  /**
   * Appends all events or none; resolves to the version after the last.
   * @throws ConcurrencyError, InvalidVersionError, MalformedEventError: in each case, nothing has been written
   */
  async appendEvents(
    aggregateType: string,
    aggregateId: string,
    events: readonly DomainEvent[],
    expectedVersion: number,
  ): Promise<number> {
    if (!Number.isSafeInteger(expectedVersion) || expectedVersion < 0) {
      throw new InvalidVersionError(expectedVersion)
    }
    const key = keyOf(aggregateType, aggregateId)
    const texts = events.map(encodeEvent)
    const reply = await this.#redis.eval(APPEND, 1, key, expectedVersion, ...texts)
    const [written, version] = reply as [0 | 1, number]
    if (written === 0) throw new ConcurrencyError(key, expectedVersion, version)
    return version
  }

  /** Returns all events after `afterVersion`, oldest first. @throws MalformedEventError for an unreadable entry */
  async getEvents(aggregateType: string, aggregateId: string, afterVersion = 0): Promise<StoredEvent[]> {
    const key = keyOf(aggregateType, aggregateId)
    const events: StoredEvent[] = []
    let after = afterVersion
    while (true) {
      const page = await this.#redis.xrange(key, `(${after}-0`, '+', 'COUNT', PAGE_SIZE)
      for (const [id, fields] of page) {
        after = versionOf(id)
        events.push({ version: after, event: decodeEvent(fields[fields.indexOf('event') + 1] ?? '') })
      }
      if (page.length < PAGE_SIZE) return events
    }
  }

  /** Returns the version of the last event, or 0 for an aggregate that doesn't exist. */
  async getVersion(aggregateType: string, aggregateId: string): Promise<number> {
    const [last] = await this.#redis.xrevrange(keyOf(aggregateType, aggregateId), '+', '-', 'COUNT', 1)
    return last === undefined ? 0 : versionOf(last[0])
  }
}

/**
 * Reads, decides, and appends; repeats all three after a conflict, up to `attempts` times. Resolves to the new version.
 * @throws what `decide` throws; ConcurrencyError after the last attempt
 */
export async function decideAndAppend(
  store: AggregateEventStore,
  aggregateType: string,
  aggregateId: string,
  decide: Decide,
  attempts = 5,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const history = await store.getEvents(aggregateType, aggregateId)
    // From the same read as the history: a version read later may count events that `decide` never saw.
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

function keyOf(aggregateType: string, aggregateId: string): string {
  return `aggregate:${aggregateType}:${aggregateId}`
}

function versionOf(id: string): number {
  return Number.parseInt(id, 10)
}
