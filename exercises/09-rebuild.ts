// Lesson 09: rebuild. Read lessons/09-rebuild.md.
import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'
import { fromEntry } from '#built/05-stream-store'

export type Changes = Readonly<Record<string, number>>

export type Handler = (event: DomainEvent, id: string) => Changes

export interface ProjectionOptions {
  readonly name: string
  readonly stream: string
  readonly readModel: string
  readonly handler: Handler
}

export class InvalidChangeError extends Error {
  override readonly name = 'InvalidChangeError'
  readonly field: string
  readonly value: unknown

  constructor(field: string, value: unknown) {
    super(`The field ${field} can't be changed by ${String(value)}: the change must be a whole number`)
    this.field = field
    this.value = value
  }
}

// Task 1
export function orderStatistics(_event: DomainEvent): Changes {
  throw new Error('Not written yet: orderStatistics')
}

// This works as long as nothing goes wrong, no other process runs it, and you never call rebuild. Fix it in tasks 2 to 4.
export class EventProjection {
  readonly #redis: Redis
  readonly #options: ProjectionOptions
  readonly #checkpointKey: string

  constructor(redis: Redis, options: ProjectionOptions) {
    this.#redis = redis
    this.#options = options
    this.#checkpointKey = `checkpoint:${options.name}`
  }

  // Task 2
  async getCheckpoint(): Promise<string> {
    return (await this.#redis.get(this.#checkpointKey)) ?? '0-0'
  }

  async saveCheckpoint(_from: string, to: string, changes: Changes): Promise<boolean> {
    for (const [field, by] of Object.entries(changes)) {
      await this.#redis.hincrby(this.#options.readModel, field, by)
    }
    await this.#redis.set(this.#checkpointKey, to)
    return true
  }

  // Task 3
  async catchUp(): Promise<void> {
    const from = await this.getCheckpoint()
    const entries = await this.#redis.xrange(this.#options.stream, `(${from}`, '+')
    for (const entry of entries) {
      const changes = this.#options.handler(fromEntry(entry), entry[0])
      await this.saveCheckpoint(from, entry[0], changes)
    }
  }

  // Task 4
  async rebuild(): Promise<void> {
    await this.#redis.del(this.#checkpointKey)
    await this.catchUp()
  }
}
