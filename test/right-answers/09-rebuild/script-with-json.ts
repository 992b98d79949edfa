import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'
import { fromEntry } from '#built/05-stream-store'

export type Changes = Readonly<Record<string, number>>
export type Handler = (event: DomainEvent, id: string) => Changes
export type ProjectionOptions = Readonly<{
  name: string
  stream: string
  readModel: string
  handler: Handler
}>

export class InvalidChangeError extends Error {
  override name = 'InvalidChangeError'
  readonly field: string
  readonly value: unknown
  constructor(field: string, value: unknown) {
    super(`cannot add ${String(value)} to ${field}`)
    this.field = field
    this.value = value
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)

const STATISTICS: ReadonlyMap<string, (event: DomainEvent) => Changes> = new Map([
  [
    'ORDER_CREATED',
    (event: DomainEvent): Changes => {
      const lines = event.payload.lines as unknown as readonly Record<'quantity' | 'unitCents', number>[]
      return { count: 1, valueCents: sum(lines.map((line) => line.quantity * line.unitCents)) }
    },
  ],
  ['ORDER_SHIPPED', (): Changes => ({ shipped: 1 })],
])

export const orderStatistics = (event: DomainEvent): Changes => STATISTICS.get(event.eventType)?.(event) ?? {}

// KEYS: checkpoint, read model. ARGV: from, to, changes as a JSON object.
const SAVE = `
local at = redis.call('GET', KEYS[1])
if not at then at = '0-0' end
if at == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2])
  for field, by in pairs(cjson.decode(ARGV[3])) do
    redis.call('HINCRBY', KEYS[2], field, string.format('%.0f', by))
  end
  return 'saved'
end
return 'moved'`

/** One private function per method; XREAD pages; a tail call instead of a loop. */
export class EventProjection {
  #redis
  #options
  #key

  constructor(redis: Redis, options: ProjectionOptions) {
    this.#redis = redis
    this.#options = options
    this.#key = `checkpoint:${options.name}`
  }

  async getCheckpoint(): Promise<string> {
    const stored = await this.#redis.get(this.#key)
    return stored === null ? '0-0' : stored
  }

  async saveCheckpoint(from: string, to: string, changes: Changes): Promise<boolean> {
    Object.entries(changes).forEach(([field, by]) => {
      if (!Number.isInteger(by)) throw new InvalidChangeError(field, by)
    })
    const { readModel } = this.#options
    return (
      (await this.#redis.eval(SAVE, 2, this.#key, readModel, from, to, JSON.stringify(changes))) === 'saved'
    )
  }

  async catchUp(): Promise<void> {
    const from = await this.getCheckpoint()
    const reply = await this.#redis.xread('COUNT', 500, 'STREAMS', this.#options.stream, from)
    const entries = reply?.[0]?.[1] ?? []
    if (entries.length === 0) return
    const total: Record<string, number> = Object.create(null)
    let to = from
    for (const [id, fields] of entries) {
      for (const [field, by] of Object.entries(this.#options.handler(fromEntry([id, fields]), id))) {
        total[field] = by + (total[field] ?? 0)
      }
      to = id
    }
    await this.saveCheckpoint(from, to, total)
    return this.catchUp()
  }

  async rebuild(): Promise<void> {
    await this.#redis
      .multi()
      .set(this.#key, '0-0')
      .del(this.#options.readModel)
      .exec()
      .then(() => this.catchUp())
  }
}
