import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'
import { fromEntry } from '#built/05-stream-store'

export type Changes = { readonly [field: string]: number }
export type Handler = (event: DomainEvent, id: string) => Changes
export interface ProjectionOptions {
  name: string
  stream: string
  readModel: string
  handler: Handler
}

export class InvalidChangeError extends Error {
  readonly field: string
  readonly value: unknown
  constructor(field: string, value: unknown) {
    super(`${field}: ${String(value)} is not a whole number`)
    this.name = 'InvalidChangeError'
    this.field = field
    this.value = value
  }
}

export function orderStatistics(event: DomainEvent): Changes {
  if (event.eventType === 'ORDER_SHIPPED') return { count: 0, valueCents: 0, shipped: 1 }
  if (event.eventType !== 'ORDER_CREATED') return {}
  let valueCents = 0
  for (const line of event.payload.lines as unknown as { quantity: number; unitCents: number }[]) {
    valueCents += line.quantity * line.unitCents
  }
  return { count: 1, valueCents, shipped: 0 }
}

export class EventProjection {
  private readonly redis: Redis
  private readonly options: ProjectionOptions

  constructor(redis: Redis, options: ProjectionOptions) {
    this.redis = redis
    this.options = options
  }

  private get checkpointKey(): string {
    return `checkpoint:${this.options.name}`
  }

  getCheckpoint(): Promise<string> {
    return this.redis.get(this.checkpointKey).then((id) => id ?? '0-0')
  }

  async saveCheckpoint(from: string, to: string, changes: Changes): Promise<boolean> {
    const wrong = Object.entries(changes).find(([, by]) => !Number.isInteger(by))
    if (wrong) throw new InvalidChangeError(...wrong)
    const own = this.redis.duplicate()
    try {
      await own.watch(this.checkpointKey)
      if (((await own.get(this.checkpointKey)) ?? '0-0') !== from) return false
      const transaction = own.multi()
      for (const [field, by] of Object.entries(changes)) {
        if (by !== 0) transaction.hincrby(this.options.readModel, field, by)
      }
      const replies = await transaction.set(this.checkpointKey, to).exec()
      for (const [error] of replies ?? []) if (error) throw error
      return replies !== null
    } finally {
      own.disconnect()
    }
  }

  async catchUp(): Promise<void> {
    let from = await this.getCheckpoint()
    for (;;) {
      const page = await this.redis.xrange(this.options.stream, `(${from}`, '+', 'COUNT', 100)
      if (page.length === 0) return
      let overtaken = false
      const sums = new Map<string, number>()
      let at = from
      for (const [i, entry] of page.entries()) {
        const changes = this.options.handler(fromEntry(entry), entry[0])
        for (const field of Object.keys(changes))
          sums.set(field, (sums.get(field) ?? 0) + Number(changes[field]))
        if (i % 10 !== 9 && i !== page.length - 1) continue
        overtaken = !(await this.saveCheckpoint(at, entry[0], Object.fromEntries(sums)))
        if (overtaken) break
        at = entry[0]
        sums.clear()
      }
      from = overtaken ? await this.getCheckpoint() : at
    }
  }

  async rebuild(): Promise<void> {
    await this.redis.multi().del(this.options.readModel).set(this.checkpointKey, '0-0').exec()
    await this.catchUp()
  }
}
