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

export function orderStatistics(event: DomainEvent): Changes {
  switch (event.eventType) {
    case 'ORDER_CREATED': {
      const lines = event.payload.lines as unknown as readonly { quantity: number; unitCents: number }[]
      return { count: 1, valueCents: lines.reduce((sum, line) => sum + line.quantity * line.unitCents, 0) }
    }
    case 'ORDER_SHIPPED':
      return { shipped: 1 }
    default:
      return {}
  }
}

const SAVE = `
local checkpoint = redis.call('GET', KEYS[1]) or '0-0'
if checkpoint ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 2 do redis.call('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('SET', KEYS[1], ARGV[2])
return 1
`

export class EventProjection {
  readonly #redis: Redis
  readonly #options: ProjectionOptions
  readonly #key: string

  constructor(redis: Redis, options: ProjectionOptions) {
    this.#redis = redis
    this.#options = options
    this.#key = `checkpoint:${options.name}`
  }

  async getCheckpoint(): Promise<string> {
    return (await this.#redis.get(this.#key)) ?? '0-0'
  }

  async saveCheckpoint(from: string, to: string, changes: Changes): Promise<boolean> {
    for (const [field, by] of Object.entries(changes)) {
      if (!Number.isSafeInteger(by)) throw new InvalidChangeError(field, by)
    }
    const flat = Object.entries(changes).flat()
    return (await this.#redis.eval(SAVE, 2, this.#key, this.#options.readModel, from, to, ...flat)) === 1
  }

  async catchUp(): Promise<void> {
    for (;;) {
      const from = await this.getCheckpoint()
      const page = await this.#redis.xrange(this.#options.stream, `(${from}`, '+', 'COUNT', 500)
      const last = page.at(-1)
      if (last === undefined) return
      const sums = new Map<string, number>()
      for (const entry of page) {
        for (const [field, by] of Object.entries(this.#options.handler(fromEntry(entry), entry[0]))) {
          sums.set(field, (sums.get(field) ?? 0) + by)
        }
      }
      await this.saveCheckpoint(from, last[0], Object.fromEntries(sums))
    }
  }

  async rebuild(): Promise<void> {
    await this.#redis.del(this.#key, this.#options.readModel)
    await this.catchUp()
  }
}
