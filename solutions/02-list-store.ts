import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

export interface EventPage {
  readonly events: readonly DomainEvent[]
  /** The position at which the next page begins; null when this was the last. */
  readonly next: number | null
}

export interface Follower {
  /** Ends the subscription, waits for the handler that is running, and resolves to the position to go on from. */
  stop(): Promise<number>
}

/** The id could meet another key: `events:` + `type:USER_REGISTERED` is the list of all registrations. */
export class InvalidEntityIdError extends Error {
  override readonly name = 'InvalidEntityIdError'
  readonly entityId: string

  constructor(entityId: string) {
    super(`"${entityId}" is no entity id: it takes 1 to 100 of the characters A-Z a-z 0-9 . _ -`)
    this.entityId = entityId
  }
}

const ENTITY_ID = /^[A-Za-z0-9._-]{1,100}$/
const CHANNEL = 'events'
/** Large enough to spare round trips, small enough to keep Redis free for others: a reply is built in one go. */
const PAGE_SIZE = 500

/**
 * Appends the event to the lists of its entity and of its type and announces it, all three or nothing.
 * @throws InvalidEntityIdError, MalformedEventError: nothing has been written then
 */
export async function storeEvent(redis: Redis, event: DomainEvent): Promise<void> {
  const entity = entityKey(event.entityId)
  const text = encodeEvent(event)
  const replies = await redis
    .multi()
    .rpush(entity, text)
    .rpush(typeKey(event.eventType), text)
    .publish(CHANNEL, text)
    .exec()
  for (const [error] of replies ?? []) {
    if (error !== null) throw error
  }
}

/**
 * One page of an entity's events, oldest first, from position `from` (0 is the first).
 * @throws InvalidEntityIdError, MalformedEventError when an entry cannot be read
 */
export async function readEvents(redis: Redis, entityId: string, from = 0): Promise<EventPage> {
  return readPage(redis, entityKey(entityId), from)
}

/** One page of all events of a type, in the order in which they were stored. @throws MalformedEventError */
export async function readEventsByType(redis: Redis, eventType: string, from = 0): Promise<EventPage> {
  return readPage(redis, typeKey(eventType), from)
}

/**
 * Hands every event of a type from position `from` to `handle`, in order, one at a time, then those that come. Resolves
 * when it has caught up. Messages only wake it; what it hands over it reads from the list, so none is missed.
 * When `handle` or a read fails, it ends there, and `stop` rejects with the error.
 */
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

  // One after the other: two reads at once would start at the same position and hand events over twice.
  function wakeUp(): Promise<void> {
    reading = reading.then(readOn)
    reading.catch(() => {}) // told by stop
    return reading
  }

  // Subscribe before the first read: an event that comes between the two then wakes us instead of being overlooked.
  listener.on('message', wakeUp)
  try {
    await listener.subscribe(CHANNEL)
    await wakeUp()
  } catch (error) {
    listener.disconnect()
    throw error
  }

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
  const texts = await redis.lrange(key, from, from + PAGE_SIZE - 1)
  const events = texts.map((text) => decodeEvent(text))
  return { events, next: texts.length < PAGE_SIZE ? null : from + PAGE_SIZE }
}

function entityKey(entityId: string): string {
  if (!ENTITY_ID.test(entityId)) throw new InvalidEntityIdError(entityId)
  return `events:${entityId}`
}

function typeKey(eventType: string): string {
  return `events:type:${eventType}`
}
