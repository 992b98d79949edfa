import type { Redis } from 'ioredis'

export interface ConsumerOptions {
  /** The key of the stream. */
  readonly stream: string
  /** One name per kind of work: every group gets every event. */
  readonly group: string
  /** One name per process: pending events are listed under it. */
  readonly consumer: string
}

/** An entry as the group delivered it. You acknowledge its `id`. */
export interface DeliveredEvent {
  readonly id: string
  readonly fields: Readonly<Record<string, string>>
}

export type Handler = (event: DeliveredEvent) => void | Promise<void>

/** `ensureGroup` hasn't been called yet, or the stream or the group has been deleted. */
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

/** What XREADGROUP replies for one stream: its key and its entries, each with its fields as a flat list. */
type Reply = readonly [key: string, entries: readonly (readonly [id: string, fields: readonly string[]])[]]

/** One member of a consumer group. The connection belongs to the caller. */
export class EventConsumer {
  readonly #redis: Redis
  readonly #options: ConsumerOptions

  constructor(redis: Redis, options: ConsumerOptions) {
    this.#redis = redis
    this.#options = options
  }

  /** Creates the group, and the stream if there isn't one. An existing group keeps its position. */
  async ensureGroup(): Promise<void> {
    const { stream, group } = this.#options
    try {
      // From 0 and not from $, because a service added today needs the past, too.
      await this.#redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM')
    } catch (error) {
      // Checking first whether it exists would leave a gap in which another process can create it.
      if (!startsWith(error, 'BUSYGROUP')) throw error
    }
  }

  /** Removes events from the group's pending entries list. Returns how many of them were on it. */
  async acknowledge(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0 // XACK without ids is an error
    return this.#redis.xack(this.#options.stream, this.#options.group, ...ids)
  }

  /**
   * Passes up to `count` new events to `handle`, one by one, and acknowledges each when it's done. Returns how many;
   * 0 if there are none. If `handle` fails, it stops and rejects with that error: this event and those delivered with
   * it stay pending.
   * @throws GroupMissingError
   */
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
