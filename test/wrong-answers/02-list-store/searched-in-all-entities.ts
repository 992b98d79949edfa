// task: readEventsByType
// diagnosis: in the order in which they stand
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

export async function readEventsByType(redis: Redis, eventType: string, from = 0): Promise<EventPage> {
  const keys = (await redis.keys('events:*')).filter((key) => !key.startsWith('events:type:'))
  const lists = await Promise.all(keys.map((key) => redis.lrange(key, 0, -1)))
  const all = lists.flat().map((text) => decodeEvent(text))
  const events = all.filter((event) => event.eventType === eventType)
  return { events: events.slice(from, from + 500), next: from + 500 < events.length ? from + 500 : null }
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
  const texts = await redis.lrange(key, from, from + 499)
  return { events: texts.map((text) => decodeEvent(text)), next: texts.length < 500 ? null : from + 500 }
}

function entityKey(entityId: string): string {
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(entityId)) throw new InvalidEntityIdError(entityId)
  return `events:${entityId}`
}
