import type { RowState } from '../projections/row-state.ts'
import type { Folded, Projection } from './projection.ts'
import { SNAPSHOT } from './scripts.ts'
import type { ClassStore } from './store.ts'

/** Minimum number of events for a snapshot: fewer events are read as quickly. */
const WORTH_IT = 50

/**
 * Stores the folds of this hub now and then, so that the next one doesn't have to start with everyone's first event.
 */
export class Snapshots {
  readonly #store: ClassStore
  readonly #projection: Projection
  readonly #kept = new Map<string, string>()

  constructor(store: ClassStore, projection: Projection) {
    this.#store = store
    this.#projection = projection
  }

  /** Writes the folds that have grown enough since the last time. Another hub's later snapshot stays. */
  async save(): Promise<void> {
    const { redis, keys } = this.#store
    for (const [learner, { logs, state }] of this.#projection.folded()) {
      const [log, another] = logs
      // Several logs are always read whole, because they are merged.
      if (log === undefined || another !== undefined) continue
      const { logId, n } = log
      // It's a participant's own; that of a person who counts as another is read with theirs.
      if (log.learner !== learner) continue
      const [keptLog, keptN = '0'] = (this.#kept.get(learner) ?? '').split(' ')
      if (n - (keptLog === logId ? Number(keptN) : 0) < WORTH_IT) continue
      const names = [keys.participants, keys.snapshots, keys.cursors]
      await redis.eval(SNAPSHOT, 3, ...names, learner, logId, n, writeSnapshot(state))
      this.#kept.set(learner, `${logId} ${n}`)
    }
  }
}

/** Changes with the fold: snapshots of another version aren't read. */
const SNAPSHOT_FORMAT = 3

function writeSnapshot(state: RowState): string {
  return JSON.stringify({ format: SNAPSHOT_FORMAT, state })
}

/** A snapshot as the script stores it. Undefined for another format: then everything is folded again. */
export function readSnapshot(learner: string, text: string): Folded | undefined {
  const [, logId, n, json] = /^(\S+) (\d+) (.*)$/s.exec(text) ?? []
  if (logId === undefined || json === undefined) return undefined
  const { format, state } = JSON.parse(json) as { format: number; state: RowState }
  return format === SNAPSHOT_FORMAT ? { logs: [{ learner, logId, n: Number(n) }], state } : undefined
}
