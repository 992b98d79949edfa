// task: catchUp
// diagnosis: entries with one command
import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'
import { fromEntry, type RawEntry } from '#built/05-stream-store'

/** By how much each field of the read model changes; whole numbers, negative ones too. */
export type Changes = Readonly<Record<string, number>>

/**
 * What one event means to the read model, `{}` when nothing. `id` is its place in the log. Pure: it runs again at every
 * rebuild.
 */
export type Handler = (event: DomainEvent, id: string) => Changes

export interface ProjectionOptions {
  /** The checkpoint is kept in `checkpoint:<name>`. */
  readonly name: string
  /** The key of the log. */
  readonly stream: string
  /** The key of a hash whose fields are whole numbers. */
  readonly readModel: string
  readonly handler: Handler
}

/** Found before anything is written: in the middle of a transaction it would leave half of it. */
export class InvalidChangeError extends Error {
  override readonly name = 'InvalidChangeError'
  readonly field: string
  readonly value: unknown

  constructor(field: string, value: unknown) {
    super(`The field ${field} cannot be changed by ${String(value)}: it takes a whole number`)
    this.field = field
    this.value = value
  }
}

interface OrderLine {
  readonly quantity: number
  readonly unitCents: number
}

/** For the read model `stats:orders`. */
export function orderStatistics({ eventType, payload }: DomainEvent): Changes {
  switch (eventType) {
    case 'ORDER_CREATED': {
      const lines = payload.lines as unknown as readonly OrderLine[]
      const valueCents = lines.reduce((sum, { quantity, unitCents }) => sum + quantity * unitCents, 0)
      return { count: 1, valueCents }
    }
    case 'ORDER_SHIPPED':
      return { shipped: 1 }
    default:
      return {}
  }
}

const BEGINNING = '0-0'

/**
 * Moves the checkpoint and changes the read model, if the checkpoint still is where the caller saw it.
 * KEYS[1]   the checkpoint
 * KEYS[2]   the read model
 * ARGV[1]   where the checkpoint was seen; ARGV[2] where it goes
 * ARGV[3…]  field, amount, field, amount, …
 * Replies 1, or 0 when the checkpoint has moved: nothing was changed then.
 */
const MOVE = `
local checkpoint = redis.call('GET', KEYS[1]) or '${BEGINNING}'
if checkpoint ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 2 do redis.call('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('SET', KEYS[1], ARGV[2])
return 1
`

/** Follows a log and keeps sums over it. Several processes may run the same projection. */
export class EventProjection {
  readonly #redis: Redis
  readonly #options: ProjectionOptions
  readonly #checkpointKey: string

  constructor(redis: Redis, options: ProjectionOptions) {
    this.#redis = redis
    this.#options = options
    this.#checkpointKey = `checkpoint:${options.name}`
  }

  /** The id of the last entry that the read model contains. */
  async getCheckpoint(): Promise<string> {
    return (await this.#redis.get(this.#checkpointKey)) ?? BEGINNING
  }

  /**
   * Changes the read model and moves the checkpoint, in one step. False when the checkpoint is not at `from` any more:
   * somebody else has moved it, and nothing was changed.
   * @throws InvalidChangeError: nothing was changed
   */
  async saveCheckpoint(from: string, to: string, changes: Changes): Promise<boolean> {
    for (const [field, by] of Object.entries(changes)) {
      if (!Number.isSafeInteger(by)) throw new InvalidChangeError(field, by)
    }
    const args = [from, to, ...Object.entries(changes).flat()]
    return (await this.#redis.eval(MOVE, 2, this.#checkpointKey, this.#options.readModel, ...args)) === 1
  }

  /** Handles all that stands in the log behind the checkpoint. @throws what a handler or `fromEntry` throws */
  async catchUp(): Promise<void> {
    while (true) {
      const from = await this.getCheckpoint()
      const page = await this.#redis.xrange(this.#options.stream, `(${from}`, '+')
      const last = page.at(-1)
      if (last === undefined) return
      // Whether it was saved or somebody else was faster: the next round begins where the checkpoint is then.
      await this.saveCheckpoint(from, last[0], this.#changesBy(page))
    }
  }

  /** Makes the read model anew from the first event. If it is broken off, `catchUp` goes on, or `rebuild` begins again. */
  async rebuild(): Promise<void> {
    // Both at once: either alone counts twice or not at all. One DEL of two keys is one step.
    await this.#redis.del(this.#checkpointKey, this.#options.readModel)
    await this.catchUp()
  }

  #changesBy(page: readonly RawEntry[]): Changes {
    const sums = new Map<string, number>()
    for (const entry of page) {
      const changes = this.#options.handler(fromEntry(entry), entry[0])
      for (const [field, by] of Object.entries(changes)) sums.set(field, (sums.get(field) ?? 0) + by)
    }
    return Object.fromEntries(sums)
  }
}
