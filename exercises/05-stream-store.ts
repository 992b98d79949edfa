// Lesson 05: a stream-based store. Read lessons/05-stream-store.md.
import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'
import type { UserState } from '#built/03-replay'

export interface StoredAt {
  readonly eventId: string
  readonly entity: string
  readonly type: string
  readonly all: string
}

export type RawEntry = readonly [id: string, flat: readonly string[]]

/** `new MalformedEntryError('1772355600123-0', 'payload')` */
export class MalformedEntryError extends Error {
  override readonly name = 'MalformedEntryError'
  readonly id: string
  readonly field: string

  constructor(id: string, field: string) {
    super(`Entry ${id} isn't an event: its field ${field} is missing or wrong`)
    this.id = id
    this.field = field
  }
}

// Task 1
export function toFields(_event: DomainEvent): readonly string[] {
  throw new Error('Not written yet: toFields')
}

export function fromEntry(_entry: RawEntry): DomainEvent {
  throw new Error('Not written yet: fromEntry')
}

// Task 2: this compiles and looks right, but it has three bugs. Run it to see the first one.
export async function storeEventWithStreams(redis: Redis, event: DomainEvent): Promise<StoredAt> {
  const id = await append(redis, `stream:entity:${event.entityId}`, event)
  await append(redis, `stream:type:${event.eventType}`, event)
  await append(redis, 'stream:events', event)
  return { eventId: event.eventId, entity: id, type: id, all: id }
}

async function append(redis: Redis, stream: string, event: unknown): Promise<string> {
  const id = await redis.xadd(stream, '*', event as string)
  return id as string
}

// Task 3
export async function getEntityStateFromStreams(_redis: Redis, _entityId: string): Promise<UserState | null> {
  throw new Error('Not written yet: getEntityStateFromStreams')
}
