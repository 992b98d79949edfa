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

/** One event per read: events after the one that fails aren't delivered to any consumer. */
export class EventConsumer {
  readonly redis: Redis
  readonly options: ConsumerOptions

  constructor(redis: Redis, options: ConsumerOptions) {
    this.redis = redis
    this.options = options
  }

  ensureGroup(): Promise<void> {
    return this.redis
      .call('XGROUP', 'CREATE', this.options.stream, this.options.group, '0-0', 'MKSTREAM')
      .then(
        () => undefined,
        (error: unknown) => {
          if (!/^BUSYGROUP/.test((error as Error).message)) throw error
        },
      )
  }

  async acknowledge(ids: readonly string[]): Promise<number> {
    let sum = 0
    for (let i = 0; i < ids.length; i += 200) {
      sum += Number(
        await this.redis.call('XACK', this.options.stream, this.options.group, ...ids.slice(i, i + 200)),
      )
    }
    return sum
  }

  async consume(handle: Handler, count = 100): Promise<number> {
    let handed = 0
    while (handed < count) {
      const event = await this.next()
      if (event === null) break
      handed += 1
      await handle(event)
      await this.redis.xack(this.options.stream, this.options.group, event.id)
    }
    return handed
  }

  private async next(): Promise<DeliveredEvent | null> {
    const { stream, group, consumer } = this.options
    let reply: unknown
    try {
      reply = await this.redis.call(
        'XREADGROUP',
        'GROUP',
        group,
        consumer,
        'COUNT',
        '1',
        'STREAMS',
        stream,
        '>',
      )
    } catch (error) {
      throw String((error as Error).message).includes('NOGROUP')
        ? new GroupMissingError(stream, group)
        : error
    }
    if (!Array.isArray(reply)) return null
    const [[, entries]] = reply as [[string, [string, string[]][]]]
    const entry = entries[0]
    if (entry === undefined) return null
    const [id, flat] = entry
    return Object.freeze({
      id,
      fields: Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : []))),
    })
  }
}
