// Lesson 10: consumer groups. Read lessons/10-consumer-groups.md; use the types below, and leave them as they are.
import type { Redis } from 'ioredis'

export interface ConsumerOptions {
  readonly stream: string
  readonly group: string
  readonly consumer: string
}

export interface DeliveredEvent {
  readonly id: string
  readonly fields: Readonly<Record<string, string>>
}

export type Handler = (event: DeliveredEvent) => void | Promise<void>

export class GroupMissingError extends Error {
  override readonly name = 'GroupMissingError'
  readonly stream: string
  readonly group: string

  constructor(stream: string, group: string) {
    super(`There is no group "${group}" on the stream "${stream}": call ensureGroup first`)
    this.stream = stream
    this.group = group
  }
}

export class EventConsumer {
  readonly redis: Redis
  readonly options: ConsumerOptions

  constructor(redis: Redis, options: ConsumerOptions) {
    this.redis = redis
    this.options = options
  }

  // Task 1
  async ensureGroup(): Promise<void> {
    throw new Error('Not written yet: ensureGroup')
  }

  // Task 2
  async acknowledge(_ids: readonly string[]): Promise<number> {
    throw new Error('Not written yet: acknowledge')
  }

  // Task 3
  async consume(_handle: Handler, _count = 100): Promise<number> {
    throw new Error('Not written yet: consume')
  }
}
