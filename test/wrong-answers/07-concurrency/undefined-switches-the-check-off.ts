// task: appendEvent
// diagnosis: A forgotten argument then switches the whole check off
import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

export interface StoredEvent {
  /** 1 for the aggregate's first event. */
  readonly version: number
  readonly event: DomainEvent
}

/** What the aggregate may do now, judged by all that it did: the events to append, none to leave it as it is. */
export type Decide = (
  history: readonly StoredEvent[],
) => readonly DomainEvent[] | Promise<readonly DomainEvent[]>

/** Somebody else was faster. Nothing was written: read again, decide anew. */
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

/** A version is a whole number from 0 on; `undefined` must not pass for "do not check". */
export class InvalidVersionError extends Error {
  override readonly name = 'InvalidVersionError'
  readonly version: unknown

  constructor(version: unknown) {
    super(`${String(version)} is no version: it takes a whole number from 0 on`)
    this.version = version
  }
}

const PAGE_SIZE = 500

/**
 * Compares the version and then writes, in one step.
 * KEYS[1]   the aggregate's stream
 * ARGV[1]   the expected version
 * ARGV[2…]  the events as JSON, one each
 * Replies {1, version after the last event} or {0, actual version}: nothing written.
 */
const APPEND = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local version = 0
if last[1] then version = tonumber(string.match(last[1][1], '^%d+')) end
if ARGV[1] ~= '' and version ~= tonumber(ARGV[1]) then return {0, version} end
for i = 2, #ARGV do
  version = version + 1
  redis.call('XADD', KEYS[1], string.format('%d-0', version), 'event', ARGV[i])
end
return {1, version}
`

/** Aggregates as streams; the id of an entry is the version that it brought about, `<version>-0`. */
export class AggregateEventStore {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Appends one event, if the aggregate is still at `expectedVersion`; resolves to the new version. */
  async appendEvent(aggregateType: string, aggregateId: string, event: DomainEvent, expectedVersion: number) {
    return this.appendEvents(aggregateType, aggregateId, [event], expectedVersion)
  }

  /**
   * Appends all events or none; resolves to the version after the last.
   * @throws ConcurrencyError, InvalidVersionError, MalformedEventError: nothing has been written then
   */
  async appendEvents(
    aggregateType: string,
    aggregateId: string,
    events: readonly DomainEvent[],
    expectedVersion: number,
  ): Promise<number> {
    if (expectedVersion !== undefined && (!Number.isSafeInteger(expectedVersion) || expectedVersion < 0)) {
      throw new InvalidVersionError(expectedVersion)
    }
    const key = keyOf(aggregateType, aggregateId)
    const texts = events.map(encodeEvent)
    const reply = await this.#redis.eval(APPEND, 1, key, expectedVersion ?? '', ...texts)
    const [written, version] = reply as [0 | 1, number]
    if (written === 0) throw new ConcurrencyError(key, expectedVersion, version)
    return version
  }

  /** All events after `afterVersion`, oldest first. @throws MalformedEventError for an entry that cannot be read */
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

  /** The version of the last event, 0 for an aggregate that never was. */
  async getVersion(aggregateType: string, aggregateId: string): Promise<number> {
    const [last] = await this.#redis.xrevrange(keyOf(aggregateType, aggregateId), '+', '-', 'COUNT', 1)
    return last === undefined ? 0 : versionOf(last[0])
  }
}

/**
 * Reads, decides, appends; on a conflict all three again, `attempts` times in all. Resolves to the version after.
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
    // From the same read as the history: a version read later would vouch for events that nobody has looked at.
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
