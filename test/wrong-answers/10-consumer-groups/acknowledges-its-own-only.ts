// task: acknowledge
// diagnosis: XACK does not ask who had an event
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

type Reply = [key: string, entries: [id: string, flat: string[]][]][]

export class EventConsumer {
  readonly redis: Redis
  readonly options: ConsumerOptions

  constructor(redis: Redis, options: ConsumerOptions) {
    this.redis = redis
    this.options = options
  }

  async ensureGroup(): Promise<void> {
    const { stream, group } = this.options
    try {
      await this.redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM')
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error
    }
  }

  async acknowledge(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0
    const mine = (await this.redis.xpending(
      this.options.stream,
      this.options.group,
      '-',
      '+',
      1000,
      this.options.consumer,
    )) as [string][]
    ids = ids.filter((id) => mine.some(([m]) => m === id))
    if (ids.length === 0) return 0
    return this.redis.xack(this.options.stream, this.options.group, ...ids)
  }

  async consume(handle: Handler, count = 100): Promise<number> {
    const events = await this.read(count)
    for (const event of events) {
      await handle(event)
      await this.acknowledge([event.id])
    }
    return events.length
  }

  private async read(count: number): Promise<DeliveredEvent[]> {
    const { stream, group, consumer } = this.options
    try {
      const reply = (await this.redis.xreadgroup(
        'GROUP',
        group,
        consumer,
        'COUNT',
        count,
        'STREAMS',
        stream,
        '>',
      )) as Reply | null
      const entries = reply?.[0]?.[1] ?? []
      return entries.map(([id, flat]) => {
        const fields: Record<string, string> = {}
        for (let i = 0; i < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
        return { id, fields }
      })
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('NOGROUP'))
        throw new GroupMissingError(stream, group)
      throw error
    }
  }
}
