// Lesson 02: a list-based store. Read lessons/02-list-store.md.
import type { Redis } from 'ioredis'
import { type DomainEvent, encodeEvent } from '#built/01-events'

export interface EventPage {
  readonly events: readonly DomainEvent[]
  readonly next: number | null
}

export interface Follower {
  stop(): Promise<number>
}

export class InvalidEntityIdError extends Error {
  override readonly name = 'InvalidEntityIdError'
  readonly entityId: string

  constructor(entityId: string) {
    super(`"${entityId}" isn't an entity ID`)
    this.entityId = entityId
  }
}

// Task 1: this works as long as nothing goes wrong and every user means well. Find its two bugs and fix them.
export async function storeEvent(redis: Redis, event: DomainEvent): Promise<void> {
  const text = encodeEvent(event)
  await redis.rpush(`events:${event.entityId}`, text)
  await redis.rpush(`events:type:${event.eventType}`, text)
  await redis.publish('events', text)
}

// Task 2
export async function readEvents(_redis: Redis, _entityId: string, _from = 0): Promise<EventPage> {
  throw new Error('Not written yet: readEvents')
}

// Task 3
export async function readEventsByType(_redis: Redis, _eventType: string, _from = 0): Promise<EventPage> {
  throw new Error('Not written yet: readEventsByType')
}

// Task 4
export async function followEvents(
  _redis: Redis,
  _eventType: string,
  _from: number,
  _handle: (event: DomainEvent) => void | Promise<void>,
): Promise<Follower> {
  throw new Error('Not written yet: followEvents')
}
