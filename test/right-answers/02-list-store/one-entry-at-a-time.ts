import { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent, MalformedEventError } from '#built/01-events'

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

const key = {
  entity(id: string): string {
    if (typeof id !== 'string' || id === '' || id.length > 100 || /[^\w.-]/.test(id))
      throw new InvalidEntityIdError(id)
    return `events:${id}`
  },
  type: (name: string) => `events:type:${name}`,
}

// Needs no WATCH, because it reads nothing first. The transaction is an array of commands.
export function storeEvent(redis: Redis, event: DomainEvent): Promise<void> {
  return Promise.resolve()
    .then(() => {
      const text = Buffer.from(encodeEvent(event))
      return redis
        .multi([
          ['publish', 'events', text],
          ['rpush', key.type(event.eventType), text],
          ['rpush', key.entity(event.entityId), text],
        ])
        .exec()
    })
    .then((replies) => {
      if (replies === null) throw new Error('the transaction was not carried out')
      for (const [error] of replies) if (error) throw error
    })
}

async function page(redis: Redis, list: string, from: number): Promise<EventPage> {
  const [[lengthError, length] = [], [rangeError, texts] = []] =
    (await redis
      .pipeline()
      .llen(list)
      .lrangeBuffer(list, from, from + 499)
      .exec()) ?? []
  if (lengthError ?? rangeError) throw lengthError ?? rangeError
  const events = (texts as Buffer[]).map((text, index) => {
    try {
      return decodeEvent(text.toString('utf8'))
    } catch (error) {
      if (error instanceof MalformedEventError) error.message += ` (position ${from + index} of ${list})`
      throw error
    }
  })
  const next = from + 500
  return { events, next: next <= (length as number) && events.length === 500 ? next : null }
}

export function readEvents(redis: Redis, entityId: string, from = 0): Promise<EventPage> {
  return new Promise((resolve) => resolve(page(redis, key.entity(entityId), from)))
}

export function readEventsByType(redis: Redis, eventType: string, from = 0): Promise<EventPage> {
  return page(redis, key.type(eventType), from)
}

class ListFollower implements Follower {
  #position: number
  #stopped = false
  #dirty = false
  #working: Promise<void> | undefined
  readonly #listener: Redis
  readonly #redis: Redis
  readonly #type: string
  readonly #handle: (event: DomainEvent) => void | Promise<void>

  constructor(
    redis: Redis,
    type: string,
    from: number,
    handle: (event: DomainEvent) => void | Promise<void>,
  ) {
    this.#redis = redis
    this.#listener = new Redis({ ...redis.options })
    this.#type = type
    this.#position = from
    this.#handle = handle
  }

  async start(): Promise<this> {
    this.#listener.on('pmessage', this.#wake)
    try {
      await this.#listener.psubscribe('events')
      this.#wake()
      await this.#working
    } catch (error) {
      this.#listener.disconnect()
      throw error
    }
    return this
  }

  #wake = (): void => {
    this.#dirty = true
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined
    })
  }

  async #work(): Promise<void> {
    while (this.#dirty && !this.#stopped) {
      this.#dirty = false
      await this.#drain()
    }
  }

  async #drain(): Promise<void> {
    for (;;) {
      if (this.#stopped) return
      const text = await this.#redis.lindex(key.type(this.#type), this.#position)
      if (text === null || this.#stopped) return
      await this.#handle(decodeEvent(text))
      this.#position++
    }
  }

  async stop(): Promise<number> {
    this.#stopped = true
    this.#listener.off('pmessage', this.#wake)
    await this.#listener.punsubscribe('events')
    await this.#working
    await this.#listener.quit()
    return this.#position
  }
}

export function followEvents(
  redis: Redis,
  eventType: string,
  from: number,
  handle: (event: DomainEvent) => void | Promise<void>,
): Promise<Follower> {
  return new ListFollower(redis, eventType, from, handle).start()
}
