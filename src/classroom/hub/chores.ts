import type { Projection } from './projection.ts'
import { Snapshots } from './snapshots.ts'
import type { ClassStore } from './store.ts'

/** Interval between snapshots, and between checks for removed participants (ms). */
const EVERY = 30_000
/** How long a removed participant can be brought back (ms); then what they sent is deleted. */
const FORGET_AFTER = 10 * 60_000

/** What a hub does now and then, without being asked. Several hubs may do the same; what fails is done next time. */
export class Chores {
  readonly #store: ClassStore
  readonly #projection: Projection
  readonly #now: () => Date
  readonly #snapshots: Snapshots
  #timer: NodeJS.Timeout | undefined

  constructor(store: ClassStore, projection: Projection, now: () => Date) {
    this.#store = store
    this.#projection = projection
    this.#now = now
    this.#snapshots = new Snapshots(store, projection)
  }

  start(): void {
    this.#timer = setInterval(() => {
      void this.#snapshots.save().catch(() => {})
      void this.#sweep().catch(() => {})
    }, EVERY)
    this.#timer.unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#snapshots.save().catch(() => {})
  }

  /** Deletes what removed participants sent, once they can't be brought back anymore. */
  async #sweep(): Promise<void> {
    const before = new Date(this.#now().getTime() - FORGET_AFTER).toISOString()
    for (const { id, removedAt } of this.#projection.class.participants) {
      if (removedAt !== undefined && removedAt < before) await this.#store.forget(id)
    }
  }
}
