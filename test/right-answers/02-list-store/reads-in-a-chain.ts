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
    super(`"${entityId}" isn't an entity ID`)
    this.entityId = entityId
  }
}

export async function storeEvent(redis: Redis, event: DomainEvent): Promise<void> {
  const key = entityKey(event.entityId)
  const text = encodeEvent(event)
  const replies = await redis
    .multi()
    .rpush(key, text)
    .rpush(`events:type:${event.eventType}`, text)
    .publish('events', text)
    .exec()
  for (const [error] of replies ?? []) if (error !== null) throw error
}

export async function readEvents(redis: Redis, entityId: string, from = 0): Promise<EventPage> {
  return readPage(redis, entityKey(entityId), from)
}

export async function readEventsByType(redis: Redis, eventType: string, from = 0): Promise<EventPage> {
  return readPage(redis, `events:type:${eventType}`, from)
}

export async function followEvents(
  redis: Redis,
  eventType: string,
  from: number,
  handle: (event: DomainEvent) => void | Promise<void>,
): Promise<Follower> {
  const listener = redis.duplicate()
  let position = from
  let stopped = false
  let reading = Promise.resolve()

  async function readOn(): Promise<void> {
    let next: number | null = position
    while (next !== null) {
      const page: EventPage = await readEventsByType(redis, eventType, next)
      for (const event of page.events) {
        if (stopped) return
        await handle(event)
        position += 1
      }
      next = page.next
    }
  }

  listener.on('message', () => {
    reading = reading.then(readOn)
    reading.catch(() => listener.disconnect())
  })
  reading = listener.subscribe('events').then(readOn)
  reading.catch(() => listener.disconnect())
  await reading

  return {
    async stop() {
      stopped = true
      await listener.quit()
      await reading
      return position
    },
  }
}

async function readPage(redis: Redis, key: string, from: number): Promise<EventPage> {
  const texts = await redis.lrange(key, from, from + 499)
  return { events: texts.map((text) => decodeEvent(text)), next: texts.length < 500 ? null : from + 500 }
}

function entityKey(entityId: string): string {
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(entityId)) throw new InvalidEntityIdError(entityId)
  return `events:${entityId}`
}
