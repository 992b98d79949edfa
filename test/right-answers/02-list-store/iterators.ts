import { on } from 'node:events'
import type { Redis, Result } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

declare module 'ioredis' {
  interface RedisCommander<Context> {
    storeEventInLists(entity: string, type: string, text: string): Result<number, Context>
  }
}

export interface EventPage {
  readonly events: readonly DomainEvent[]
  readonly next: number | null
}
export interface Follower {
  stop(): Promise<number>
}

export class InvalidEntityIdError extends Error {
  readonly entityId: string
  constructor(entityId: string, options?: ErrorOptions) {
    super('An entity ID has 1 to 100 of A-Z a-z 0-9 . _ -', options)
    Object.defineProperty(this, 'name', { value: 'InvalidEntityIdError' })
    this.entityId = entityId
  }
}

const keys = {
  entity(id: string) {
    if (/[^\w.-]/.test(id) || id === '' || id.length > 100) throw new InvalidEntityIdError(id)
    return `events:${id}`
  },
  type: (eventType: string) => `events:type:${eventType}`,
}

export async function storeEvent(redis: Redis, event: DomainEvent): Promise<void> {
  const entity = keys.entity(event.entityId)
  const text = encodeEvent(event)
  if (typeof redis.storeEventInLists !== 'function') {
    redis.defineCommand('storeEventInLists', {
      numberOfKeys: 2,
      lua: `for _, key in ipairs(KEYS) do redis.call('RPUSH', key, ARGV[1]) end
            redis.call('PUBLISH', 'events', ARGV[1])
            return redis.call('LLEN', KEYS[1])`,
    })
  }
  await redis.storeEventInLists(entity, keys.type(event.eventType), text)
}

/** Makes a page of 500 from five LRANGEs of 100, which means small replies and one round trip. */
async function readPage(redis: Redis, key: string, from: number): Promise<EventPage> {
  const parts = await Promise.all(
    [0, 100, 200, 300, 400].map((offset) => redis.lrange(key, from + offset, from + offset + 99)),
  )
  const events = parts.flat().map((text) => decodeEvent(text))
  return { events, next: events.length === 500 ? from + 500 : null }
}

export async function readEvents(redis: Redis, entityId: string, from = 0) {
  return readPage(redis, keys.entity(entityId), from)
}

export async function readEventsByType(redis: Redis, eventType: string, from = 0) {
  return readPage(redis, keys.type(eventType), from)
}

async function* eventsFrom(redis: Redis, eventType: string, from: number) {
  for (let next: number | null = from; next !== null; ) {
    const page: EventPage = await readEventsByType(redis, eventType, next)
    yield* page.events
    next = page.next
  }
}

export async function followEvents(
  redis: Redis,
  eventType: string,
  from: number,
  handle: (event: DomainEvent) => void | Promise<void>,
): Promise<Follower> {
  const ended = new AbortController()
  const listener = redis.duplicate()
  const messages = on(listener, 'message', { signal: ended.signal })

  let position = from
  const catchUp = async () => {
    for await (const event of eventsFrom(redis, eventType, position)) {
      if (ended.signal.aborted) return
      await handle(event)
      position += 1
    }
  }
  try {
    await listener.subscribe('events')
    await catchUp()
  } catch (error) {
    await listener.quit()
    throw error
  }

  const listening = (async () => {
    try {
      for await (const _ of messages) await catchUp()
    } catch (error) {
      if (!ended.signal.aborted) throw error
    }
  })()

  return {
    async stop() {
      ended.abort()
      await Promise.all([listening, listener.quit()])
      return position
    },
  }
}
