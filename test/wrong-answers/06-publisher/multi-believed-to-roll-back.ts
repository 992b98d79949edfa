// task: publishBatch
// diagnosis: Neither MULTI nor a script undoes
import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent, MalformedEventError } from '#built/01-events'
import { toFields } from '#built/05-stream-store'

export interface PublisherOptions {
  /** About how many entries `stream:events` keeps, a whole number from 1; without it nothing is ever dropped. */
  readonly maxlen?: number
}

/** An event of a batch is no event: `index` is its place in the batch (from 0), `field` where the fault lies. */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError'
  readonly index: number
  readonly field: string

  constructor(index: number, field: string) {
    super(`Event ${index} of the batch is not valid: look at ${field}`)
    this.index = index
    this.field = field
  }
}

/** Something else than a stream stands under a key that has to be one. */
export class StreamKeyError extends Error {
  override readonly name = 'StreamKeyError'
  readonly key: string

  constructor(key: string) {
    super(`The key ${key} holds something else than a stream; nothing has been published`)
    this.key = key
  }
}

export class InvalidMaxlenError extends Error {
  override readonly name = 'InvalidMaxlenError'
  readonly maxlen: number

  constructor(maxlen: number) {
    super(`maxlen is ${maxlen}; it has to be a whole number from 1. Leave it out to keep everything`)
    this.maxlen = maxlen
  }
}

const ALL = 'stream:events'
/** Publishes each event once, however often it is sent: an event is known by its `eventId`. */
export class EventPublisher {
  readonly #redis: Redis
  readonly #maxlen: number | undefined

  /** @throws InvalidMaxlenError */
  constructor(redis: Redis, { maxlen }: PublisherOptions = {}) {
    // `if (maxlen)` would take 0 for "no limit".
    if (maxlen !== undefined && !(Number.isSafeInteger(maxlen) && maxlen >= 1)) {
      throw new InvalidMaxlenError(maxlen)
    }
    this.#redis = redis
    this.#maxlen = maxlen
  }

  /** Resolves to the id in `stream:events`. @throws InvalidEventError, StreamKeyError: nothing has been written then */
  async publish(event: DomainEvent): Promise<string> {
    const [id] = await this.publishBatch([event])
    if (id === undefined) throw new Error('A batch of one event gave no id')
    return id
  }

  /**
   * Publishes all events, in their order, or none. Resolves to their ids in `stream:events`.
   * @throws InvalidEventError, StreamKeyError: nothing has been written then
   */
  async publishBatch(events: readonly DomainEvent[]): Promise<readonly string[]> {
    events.forEach(checkEvent)
    if (events.length === 0) return []
    const trim = this.#maxlen === undefined ? [] : ['MAXLEN', '~', String(this.#maxlen)]
    const transaction = this.#redis.multi()
    for (const event of events) {
      const fields = toFields(event)
      transaction
        .xadd(`stream:entity:${event.entityId}`, '*', ...fields)
        .xadd(`stream:type:${event.eventType}`, '*', ...fields)
        .call('XADD', ALL, ...trim, '*', ...fields)
    }
    const replies = (await transaction.exec()) ?? []
    for (const [error] of replies) if (error !== null) throw error
    return replies.filter((_, i) => i % 3 === 2).map(([, id]) => String(id))
  }
}

/** Types promise what an event is; this looks. */
function checkEvent(event: DomainEvent, index: number): void {
  try {
    decodeEvent(encodeEvent(event))
  } catch (error) {
    if (error instanceof MalformedEventError) throw new InvalidEventError(index, error.field)
    throw error
  }
}
