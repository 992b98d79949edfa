// Lesson 07: versions and races. Read lessons/07-concurrency.md.
import type { Redis } from 'ioredis'
import { type DomainEvent, encodeEvent } from '#built/01-events'

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
    super(`${String(version)} isn't a version: it must be a whole number, 0 or greater`)
    this.version = version
  }
}

export class AggregateEventStore {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  // Task 1: this works as long as no other client writes. Find out when it doesn't, and fix it.
  async appendEvent(
    aggregateType: string,
    aggregateId: string,
    event: DomainEvent,
    expectedVersion: number,
  ): Promise<number> {
    const key = `aggregate:${aggregateType}:${aggregateId}`
    const version = await this.#redis.xlen(key)
    if (version !== expectedVersion) throw new ConcurrencyError(key, expectedVersion, version)
    await this.#redis.xadd(key, '*', 'event', encodeEvent(event))
    return version + 1
  }

  // Task 2
  async appendEvents(
    _aggregateType: string,
    _aggregateId: string,
    _events: readonly DomainEvent[],
    _expectedVersion: number,
  ): Promise<number> {
    throw new Error('Not written yet: appendEvents')
  }

  // Task 3
  async getEvents(_aggregateType: string, _aggregateId: string, _afterVersion = 0): Promise<StoredEvent[]> {
    throw new Error('Not written yet: getEvents')
  }

  async getVersion(_aggregateType: string, _aggregateId: string): Promise<number> {
    throw new Error('Not written yet: getVersion')
  }
}

// Task 4
export async function decideAndAppend(
  _store: AggregateEventStore,
  _aggregateType: string,
  _aggregateId: string,
  _decide: Decide,
  _attempts = 5,
): Promise<number> {
  throw new Error('Not written yet: decideAndAppend')
}
