// A chain of promises instead of a loop, with transactions, Maps, and one acknowledgment per ID.
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

  constructor(missing: { stream: string; group: string }) {
    super(`XGROUP CREATE ${missing.stream} ${missing.group} first`)
    this.stream = missing.stream
    this.group = missing.group
  }
}

export class EventConsumer {
  redis: Redis
  options: ConsumerOptions

  constructor(redis: Redis, options: ConsumerOptions) {
    this.redis = redis
    this.options = { ...options }
  }

  ensureGroup(): Promise<void> {
    return this.redis.xgroup('CREATE', this.options.stream, this.options.group, '0-0', 'MKSTREAM').then(
      () => undefined,
      (error: Error) => {
        if (error.message.includes('BUSYGROUP')) return undefined
        throw error
      },
    )
  }

  async acknowledge(ids: readonly string[]): Promise<number> {
    const transaction = this.redis.multi()
    for (const id of ids) transaction.xack(this.options.stream, this.options.group, id)
    let sum = 0
    for (const [error, count] of (ids.length > 0 ? await transaction.exec() : []) ?? []) {
      if (error) throw error
      sum += Number(count)
    }
    return sum
  }

  async consume(handle: Handler, count = 100): Promise<number> {
    const { stream, group, consumer } = this.options
    const found = (await this.redis
      .callBuffer('XREADGROUP', 'GROUP', group, consumer, 'COUNT', count, 'STREAMS', stream, '>')
      .catch((error: Error) => {
        if (!error.message.includes('NOGROUP')) throw error
        throw new GroupMissingError({ stream, group })
      })) as [Buffer, [Buffer, Buffer[]][]][] | null
    if (found === null) return 0
    const events = found
      .flatMap(([, entries]) => entries)
      .map(([id, flat]) => {
        const fields = new Map<string, string>()
        let name: string | undefined
        for (const part of flat) {
          if (name === undefined) name = part.toString()
          else {
            fields.set(name, part.toString())
            name = undefined
          }
        }
        return { id: id.toString(), fields: Object.fromEntries(fields) }
      })
    await events.reduce(
      (before, event) =>
        before
          .then(() => handle(event))
          .then(() => this.acknowledge([event.id]))
          .then(() => undefined),
      Promise.resolve(),
    )
    return events.length
  }
}
