import { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent } from '#built/01-events'

const PAGE = 500

export interface EventPage {
  readonly events: DomainEvent[]
  readonly next: number | null
}

export interface Follower {
  stop(): Promise<number>
}

export class InvalidEntityIdError extends Error {
  override name = 'InvalidEntityIdError'
  constructor(readonlyId: string) {
    super(`Invalid entity ID ${readonlyId}`)
    this.entityId = readonlyId
  }
  entityId: string
}

class EventList {
  readonly #redis: Redis
  readonly key: string
  constructor(redis: Redis, key: string) {
    this.#redis = redis
    this.key = key
  }
  static ofEntity(redis: Redis, entityId: string): EventList {
    const found = /[A-Za-z0-9._-]+/.exec(entityId)
    if (found === null || found[0] !== entityId || entityId.length > 100)
      throw new InvalidEntityIdError(entityId)
    return new EventList(redis, `events:${entityId}`)
  }
  static ofType(redis: Redis, eventType: string): EventList {
    return new EventList(redis, `events:type:${eventType}`)
  }
  /** Fetches one entry more than a page holds, to see whether another follows. */
  async page(from: number): Promise<EventPage> {
    const texts = await this.#redis.lrange(this.key, from, from + PAGE)
    const events: DomainEvent[] = []
    for (const one of texts.slice(0, PAGE)) events.push(decodeEvent(one))
    return { events, next: texts.length > PAGE ? from + PAGE : null }
  }
}

export async function storeEvent(redis: Redis, event: DomainEvent): Promise<void> {
  const { key: entity } = EventList.ofEntity(redis, event.entityId)
  const { key: type } = EventList.ofType(redis, event.eventType)
  const json = encodeEvent(event)
  const results = await redis
    .multi([
      ['publish', 'events', json],
      ['rpush', type, json],
      ['rpush', entity, json],
    ])
    .exec()
  if (results === null) throw new Error('the transaction was not carried out')
  const failed = results.find(([error]) => error !== null)
  if (failed) throw failed[0]
}

export function readEvents(redis: Redis, entityId: string, from?: number): Promise<EventPage> {
  try {
    return EventList.ofEntity(redis, entityId).page(from ?? 0)
  } catch (error) {
    return Promise.reject(error)
  }
}

export function readEventsByType(redis: Redis, eventType: string, from?: number): Promise<EventPage> {
  return EventList.ofType(redis, eventType).page(from ?? 0)
}

/** Listens on one connection and reads on the other. A single loop works through the wake-ups. */
export async function followEvents(
  redis: Redis,
  eventType: string,
  from: number,
  handle: (event: DomainEvent) => void | Promise<void>,
): Promise<Follower> {
  const listener = new Redis({ ...redis.options, lazyConnect: false })
  const list = EventList.ofType(redis, eventType)
  let wake: () => void = () => {}
  let bell = false
  let running = true
  let position = from

  const giveUp = async (error: unknown) => {
    await listener.quit()
    throw error
  }

  await new Promise<void>((resolve, reject) => {
    listener.subscribe('events', (error) => (error ? reject(error) : resolve()))
  }).catch(giveUp)
  listener.on('message', () => {
    bell = true
    wake()
  })

  const drain = async () => {
    for (;;) {
      bell = false
      const { events } = await list.page(position)
      if (events.length === 0) return
      for (const event of events) {
        if (!running) return
        await handle(event)
        position += 1
      }
    }
  }
  await drain().catch(giveUp)
  const worker = (async () => {
    while (running) {
      if (!bell) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      if (running) await drain()
    }
  })()

  return {
    async stop() {
      running = false
      wake()
      await worker
      await listener.unsubscribe()
      listener.disconnect()
      return position
    },
  }
}
