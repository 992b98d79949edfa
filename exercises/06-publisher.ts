// Lesson 06: the publisher. Read lessons/06-publisher.md; you can use the options and the errors.
import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'

export interface PublisherOptions {
  readonly maxlen?: number
}

/** `new InvalidEventError(2, 'payload.born')` */
export class InvalidEventError extends Error {
  override readonly name = 'InvalidEventError'
  readonly index: number
  readonly field: string

  constructor(index: number, field: string) {
    super(`Event ${index} of the batch is invalid: check ${field}`)
    this.index = index
    this.field = field
  }
}

/** `new StreamKeyError('stream:entity:user-43')` */
export class StreamKeyError extends Error {
  override readonly name = 'StreamKeyError'
  readonly key: string

  constructor(key: string) {
    super(`The key ${key} doesn't hold a stream; nothing has been published`)
    this.key = key
  }
}

export class InvalidMaxlenError extends Error {
  override readonly name = 'InvalidMaxlenError'
  readonly maxlen: number

  constructor(maxlen: number) {
    super(`maxlen is ${maxlen}; it has to be a whole number, 1 or more. Leave it out to keep everything`)
    this.maxlen = maxlen
  }
}

export class EventPublisher {
  readonly redis: Redis
  readonly options: PublisherOptions

  // Task 4
  constructor(redis: Redis, options: PublisherOptions = {}) {
    this.redis = redis
    this.options = options
  }

  // Tasks 1 and 3
  async publish(_event: DomainEvent): Promise<string> {
    throw new Error('Not written yet: publish')
  }

  // Tasks 2 and 3
  async publishBatch(_events: readonly DomainEvent[]): Promise<readonly string[]> {
    throw new Error('Not written yet: publishBatch')
  }
}
