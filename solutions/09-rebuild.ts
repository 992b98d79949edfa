import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'
import { fromEntry, type RawEntry } from '#built/05-stream-store'

/** How much to add to each field of the read model: whole numbers, including negative ones. */
export type Changes = Readonly<Record<string, number>>

/**
 * Returns what one event adds to the read model, or `{}`. `id` is its position in the log. Pure, because it runs again in every
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

/** Thrown before anything is written, because in the middle of a transaction, it would leave half of it. */
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

interface OrderLine {
  readonly quantity: number
  readonly unitCents: number
}

/** Returns the changes to the read model `stats:orders`. */
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
/** Maximum entries per page: large enough to save round trips, small enough to keep Redis free for other clients. */
const PAGE_SIZE = 500

/**
 * Moves the checkpoint and changes the read model if the checkpoint is still where the caller saw it.
 * KEYS[1]   the checkpoint
 * KEYS[2]   the read model
 * ARGV[1]   where the checkpoint was seen; ARGV[2] where it goes
 * ARGV[3…]  field, amount, field, amount, …
 * Returns 1, or 0 if the checkpoint has moved and nothing was changed.
 */
const MOVE = `
local checkpoint = redis.call('GET', KEYS[1]) or '${BEGINNING}'
if checkpoint ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 2 do redis.call('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('SET', KEYS[1], ARGV[2])
return 1
`

/** Follows a log and keeps sums of its events. Several processes may run the same projection. */
export class EventProjection {
  readonly #redis: Redis
  readonly #options: ProjectionOptions
  readonly #checkpointKey: string

  constructor(redis: Redis, options: ProjectionOptions) {
    this.#redis = redis
    this.#options = options
    this.#checkpointKey = `checkpoint:${options.name}`
  }

  /** Returns the ID of the last entry that the read model includes. */
  async getCheckpoint(): Promise<string> {
    return (await this.#redis.get(this.#checkpointKey)) ?? BEGINNING
  }

  /**
   * Changes the read model and moves the checkpoint in one step. Returns false if the checkpoint is no longer at `from`:
   * another process has moved it, and nothing was changed.
   * @throws InvalidChangeError: nothing was changed
   */
  async saveCheckpoint(from: string, to: string, changes: Changes): Promise<boolean> {
    for (const [field, by] of Object.entries(changes)) {
      if (!Number.isSafeInteger(by)) throw new InvalidChangeError(field, by)
    }
    const args = [from, to, ...Object.entries(changes).flat()]
    return (await this.#redis.eval(MOVE, 2, this.#checkpointKey, this.#options.readModel, ...args)) === 1
  }

  /** Handles every event in the log after the checkpoint. @throws what a handler or `fromEntry` throws */
  async catchUp(): Promise<void> {
    while (true) {
      const from = await this.getCheckpoint()
      const page = await this.#redis.xrange(this.#options.stream, `(${from}`, '+', 'COUNT', PAGE_SIZE)
      const last = page.at(-1)
      if (last === undefined) return
      // Whether this was saved or another process was faster, the next round starts at the current checkpoint.
      await this.saveCheckpoint(from, last[0], this.#changesBy(page))
    }
  }

  /** Builds the read model again from the first event. If it's interrupted, `catchUp` continues, or `rebuild` starts over. */
  async rebuild(): Promise<void> {
    // Both at once, because either one alone counts events twice or never. One DEL of two keys is one step.
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
