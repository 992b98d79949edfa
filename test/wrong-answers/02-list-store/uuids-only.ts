// task: storeEvent
// diagnosis: which follows the rule
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
    super(`"${entityId}" is no entity id`)
    this.entityId = entityId
  }
}

export async function storeEvent(redis: Redis, event: DomainEvent): Promise<void> {
  const key = entityKey(event.entityId)
  const text = encodeEvent(event)
  await redis
    .multi()
    .rpush(key, text)
    .rpush(`events:type:${event.eventType}`, text)
    .publish('events', text)
    .exec()
}

export async function readEvents(_redis: Redis, _entityId: string, _from = 0): Promise<EventPage> {
  throw new Error('Not written yet: readEvents')
}

export async function readEventsByType(_redis: Redis, _eventType: string, _from = 0): Promise<EventPage> {
  throw new Error('Not written yet: readEventsByType')
}

export async function followEvents(
  _redis: Redis,
  _eventType: string,
  _from: number,
  _handle: (event: DomainEvent) => void | Promise<void>,
): Promise<Follower> {
  throw new Error('Not written yet: followEvents')
}

function entityKey(entityId: string): string {
  if (!/^[a-z]+-[0-9]+$/.test(entityId)) throw new InvalidEntityIdError(entityId)
  return `events:${entityId}`
}
