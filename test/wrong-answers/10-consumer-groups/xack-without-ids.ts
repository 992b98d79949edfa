// task: acknowledge
// diagnosis: XACK without an id is an error
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

type Reply = readonly [key: string, entries: readonly (readonly [id: string, fields: readonly string[]])[]]

export class EventConsumer {
  readonly #redis: Redis
  readonly #options: ConsumerOptions

  constructor(redis: Redis, options: ConsumerOptions) {
    this.#redis = redis
    this.#options = options
  }

  async ensureGroup(): Promise<void> {
    const { stream, group } = this.#options
    try {
      // From 0 and not from $: a service that is added today wants to know the past too.
      await this.#redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM')
    } catch (error) {
      // Asking first whether it exists would leave a gap in which another process creates it.
      if (!startsWith(error, 'BUSYGROUP')) throw error
    }
  }

  async acknowledge(ids: readonly string[]): Promise<number> {
    return this.#redis.xack(this.#options.stream, this.#options.group, ...ids)
  }

  async consume(handle: Handler, count = 100): Promise<number> {
    const events = await this.#readNew(count)
    for (const event of events) {
      await handle(event)
      await this.acknowledge([event.id])
    }
    return events.length
  }

  async #readNew(count: number): Promise<readonly DeliveredEvent[]> {
    const { stream, group, consumer } = this.#options
    try {
      const replies = await this.#redis.xreadgroup(
        'GROUP',
        group,
        consumer,
        'COUNT',
        count,
        'STREAMS',
        stream,
        '>',
      )
      const [reply] = (replies ?? []) as Reply[]
      return (reply?.[1] ?? []).map(([id, fields]) => ({ id, fields: paired(fields) }))
    } catch (error) {
      if (startsWith(error, 'NOGROUP')) throw new GroupMissingError(stream, group)
      throw error
    }
  }
}

function startsWith(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(code)
}

function paired(flat: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  return fields
}
