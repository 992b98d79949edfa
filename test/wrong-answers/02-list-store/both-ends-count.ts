// task: readEvents
// diagnosis: 0 to 499 are 500 entries
import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

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

export async function readEvents(redis: Redis, entityId: string, from = 0): Promise<EventPage> {
  return readPage(redis, entityKey(entityId), from)
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

async function readPage(redis: Redis, key: string, from: number): Promise<EventPage> {
  const texts = await redis.lrange(key, from, from + 500)
  return { events: texts.map((text) => decodeEvent(text)), next: texts.length <= 500 ? null : from + 500 }
}

function entityKey(entityId: string): string {
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(entityId)) throw new InvalidEntityIdError(entityId)
  return `events:${entityId}`
}
