import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

export type EventPage = { readonly events: readonly DomainEvent[]; readonly next: number | null }
export type Follower = { stop(): Promise<number> }

export class InvalidEntityIdError extends Error {
  readonly entityId: string
  constructor(entityId: string) {
    super(`not an entity ID: ${JSON.stringify(entityId)}`)
    this.name = 'InvalidEntityIdError'
    this.entityId = entityId
  }
}

const STORE = `
  redis.call('RPUSH', KEYS[1], ARGV[1])
  redis.call('RPUSH', KEYS[2], ARGV[1])
  return redis.call('PUBLISH', 'events', ARGV[1])`

const ALLOWED = new Set('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-')

function validId(id: string): string {
  if (id.length < 1 || id.length > 100 || ![...id].every((letter) => ALLOWED.has(letter))) {
    throw new InvalidEntityIdError(id)
  }
  return id
}

export async function storeEvent(redis: Redis, event: DomainEvent): Promise<void> {
  const keys = [`events:${validId(event.entityId)}`, `events:type:${event.eventType}`]
  await redis.eval(STORE, 2, ...keys, encodeEvent(event))
}

/** Gets the length too, to recognize the last page even if it is full. */
async function page(redis: Redis, key: string, from: number): Promise<EventPage> {
  const end = from + 500
  const [texts, length] = await Promise.all([redis.lrange(key, from, end - 1), redis.llen(key)])
  return { events: texts.map((one) => decodeEvent(one)), next: length > end ? end : null }
}

export const readEvents = async (redis: Redis, entityId: string, from = 0): Promise<EventPage> =>
  page(redis, `events:${validId(entityId)}`, from)

export const readEventsByType = (redis: Redis, eventType: string, from = 0): Promise<EventPage> =>
  page(redis, `events:type:${eventType}`, from)

/** Sets a flag when there may be more events, and a single loop keeps reading until the flag stays unset. */
export async function followEvents(
  redis: Redis,
  eventType: string,
  from: number,
  handle: (event: DomainEvent) => void | Promise<void>,
): Promise<Follower> {
  const ear = redis.duplicate()
  let position = from
  let mayBeMore = true
  let ended = false
  let loop: Promise<void> | undefined

  const run = async () => {
    while (mayBeMore && !ended) {
      mayBeMore = false
      const { events, next } = await readEventsByType(redis, eventType, position)
      for (const event of events) {
        if (ended) break
        await handle(event)
        position++
      }
      if (next !== null) mayBeMore = true
    }
    loop = undefined
  }
  const ring = () => {
    mayBeMore = true
    loop ??= run()
    return loop
  }

  ear.on('message', ring)
  try {
    await ear.subscribe('events')
    await ring()
  } catch (error) {
    ear.disconnect()
    throw error
  }
  return {
    stop: async () => {
      ended = true
      ear.disconnect()
      await loop
      return position
    },
  }
}
