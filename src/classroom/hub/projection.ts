import { isKnown } from '../../progress/index.ts'
import type { ParticipantRow, Summary } from '../api.ts'
import type { ClassEvent } from '../projections/class-event.ts'
import { type ClassState, evolveClass, newClass, type Participant } from '../projections/class-state.ts'
import { labelsOf } from '../projections/names.ts'
import { rowOf } from '../projections/row.ts'
import { evolveRow, newRow, type RowState } from '../projections/row-state.ts'
import { summaryOf } from '../projections/summary.ts'
import type { Position } from './read.ts'
import type { TimedEvent } from './store.ts'

/** One participant's fold, and how far it has got. */
export interface Folded {
  readonly logs: readonly Position[]
  readonly state: RowState
}

/** What changed since the last look. */
export interface Changed {
  readonly rows: readonly ParticipantRow[]
  readonly left: readonly string[]
}

/** The class as one hub has it in memory: the folds over its streams, as far as they were read. No Redis here. */
export class Projection {
  readonly #classId: string
  readonly #slugs: readonly string[]
  readonly #columns: ReadonlySet<string>
  #class: ClassState = newClass
  readonly #folded = new Map<string, Folded>()
  #participants = new Map<string, Participant>()
  #labels: ReadonlyMap<string, string> = new Map()
  #rows = new Map<string, ParticipantRow>()
  #stale = new Set<string>()
  #changed = new Set<string>()
  #left = new Set<string>()

  constructor(classId: string, slugs: readonly string[]) {
    this.#classId = classId
    this.#slugs = slugs
    this.#columns = new Set(slugs)
  }

  get class(): ClassState {
    return this.#class
  }

  /** Starts from scratch, as for an unknown class. */
  clear(): void {
    this.#class = newClass
    this.#folded.clear()
    this.#arrange()
  }

  takeClassEvents(events: readonly ClassEvent[]): void {
    for (const event of events) {
      this.#class = evolveClass(this.#class, event)
      const { payload } = event
      if ('learner' in payload) this.#stale.add(payload.learner)
    }
    if (events.length > 0) this.#arrange()
  }

  /** All participants who have sent anything. */
  folded(): ReadonlyMap<string, Folded> {
    return this.#folded
  }

  /** How far a participant's log has been read. */
  positionOf(learner: string): readonly Position[] {
    return this.#folded.get(learner)?.logs ?? []
  }

  /** Continues from a snapshot. */
  restore(learner: string, folded: Folded): void {
    this.#keep(learner, folded)
  }

  /** Adds events of a participant's only log, the ones after its position. */
  takeProgress(learner: string, logId: string, events: readonly TimedEvent[]): void {
    const before = this.#folded.get(learner)
    const [log, another] = before?.logs ?? []
    const n = log?.logId === logId && another === undefined ? log.n : 0
    const state = this.#fold(
      n === 0 ? newRow : (before?.state ?? newRow),
      events.filter(({ event }) => event.n > n),
    )
    this.#keep(learner, { logs: [{ logId, n: Math.max(n, events.at(-1)?.event.n ?? 0) }], state })
  }

  /** Adds everything that a participant with several logs did, in order; it replaces what was there before. */
  replaceProgress(learner: string, logs: readonly Position[], events: readonly TimedEvent[]): void {
    this.#keep(learner, { logs, state: this.#fold(newRow, events) })
  }

  #fold(before: RowState, events: readonly TimedEvent[]): RowState {
    return events
      .map(({ event, at }) => ({ ...event, timestamp: at }))
      .filter(isKnown)
      .reduce((state, event) => evolveRow(state, event, this.#classId), before)
  }

  #keep(learner: string, folded: Folded): void {
    this.#folded.set(learner, folded)
    this.#stale.add(learner)
  }

  /** In the order of joining. */
  rows(): readonly ParticipantRow[] {
    this.#refresh()
    return this.#class.participants.flatMap(({ id }) => this.#rows.get(id) ?? [])
  }

  row(learner: string): ParticipantRow | undefined {
    this.#refresh()
    return this.#rows.get(learner)
  }

  summary(): Summary {
    return summaryOf(this.rows(), this.#slugs)
  }

  /** What changed since the last call. */
  takeChanges(): Changed {
    this.#refresh()
    const rows = [...this.#changed].flatMap((id) => this.#rows.get(id) ?? [])
    const left = [...this.#left]
    this.#changed = new Set()
    this.#left = new Set()
    return { rows, left }
  }

  /** The participants and their labels. A label can change when someone leaves. */
  #arrange(): void {
    const { participants } = this.#class
    const labels = labelsOf(participants)
    this.#participants = new Map(participants.map((participant) => [participant.id, participant]))
    for (const id of this.#rows.keys()) {
      if (this.#participants.has(id)) continue
      this.#rows.delete(id)
      this.#folded.delete(id)
      this.#left.add(id)
    }
    for (const [id, label] of labels) if (this.#labels.get(id) !== label) this.#stale.add(id)
    this.#labels = labels
  }

  #refresh(): void {
    for (const id of this.#stale) {
      const participant = this.#participants.get(id)
      // Progress may be read before the joining is: then the row comes with that.
      if (participant === undefined) continue
      const label = this.#labels.get(id) ?? participant.name
      const state = this.#folded.get(id)?.state ?? newRow
      this.#rows.set(id, rowOf(participant, label, state, this.#columns))
      this.#changed.add(id)
      this.#left.delete(id)
      this.#stale.delete(id)
    }
  }
}
