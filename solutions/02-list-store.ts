import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

export interface EventPage {
  readonly events: readonly DomainEvent[]
  /** The position at which the next page begins, or null if this is the last one. */
  readonly next: number | null
}

export interface Follower {
  /** Ends the subscription, waits for a running handler, and resolves to the position from which to continue. */
  stop(): Promise<number>
}

/** The ID could collide with another key: `events:` + `type:USER_REGISTERED` is the list of all registrations. */
export class InvalidEntityIdError extends Error {
  override readonly name = 'InvalidEntityIdError'
  readonly entityId: string

  constructor(entityId: string) {
    super(`"${entityId}" isn't an entity ID: use 1 to 100 of the characters A-Z a-z 0-9 . _ -`)
    this.entityId = entityId
  }
}

const ENTITY_ID = /^[A-Za-z0-9._-]{1,100}$/
const CHANNEL = 'events'
/** Maximum number of events per page: enough to save round trips, few enough that Redis isn't busy with one reply for long. */
const PAGE_SIZE = 500

/**
 * Appends the event to the lists of its entity and its type and announces it: all three, or nothing.
 * @throws InvalidEntityIdError or MalformedEventError, before anything is written
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
 * Returns one page of an entity's events, oldest first, starting at position `from` (0 is the first event).
 * @throws InvalidEntityIdError, or MalformedEventError if an entry can't be read
 */
export async function readEvents(redis: Redis, entityId: string, from = 0): Promise<EventPage> {
  return readPage(redis, entityKey(entityId), from)
}

/** Returns one page of all events of a type, in the order in which they were stored. @throws MalformedEventError */
export async function readEventsByType(redis: Redis, eventType: string, from = 0): Promise<EventPage> {
  return readPage(redis, typeKey(eventType), from)
}

/**
 * Calls `handle` with every event of a type, starting at position `from`, in order and one at a time, then with new ones.
 * Resolves when it has caught up. A message only wakes it up. It reads the events from the list, so it misses none.
 * If `handle` or a read fails, it ends there, and `stop` rejects with the error.
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

  // One read after the other, because two at once would start at the same position and handle events twice.
  function wakeUp(): Promise<void> {
    reading = reading.then(readOn)
    reading.catch(() => {}) // stop reports it
    return reading
  }

  // Subscribe before the first read, so that an event stored between the two wakes us up and isn't missed.
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
