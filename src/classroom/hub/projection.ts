import { isKnown } from '../../progress/index.ts'
import type { Failure, LessonHead, ParticipantRow, Summary } from '../api.ts'
import { medianOf } from '../pace.ts'
import type { ClassEvent } from '../projections/class-event.ts'
import { type ClassState, newClass, type Participant } from '../projections/class-state.ts'
import { evolveClass } from '../projections/evolve-class.ts'
import { Labels } from '../projections/names.ts'
import { rowOf } from '../projections/row.ts'
import { type Columns, evolveRow, newRow, type RowState } from '../projections/row-state.ts'
import { type InTheCoursesWords, summaryOf } from '../projections/summary.ts'
import { People } from './people.ts'
import type { Part, Position, TimedEvent } from './read.ts'

/** One person's fold, and how far it has got. */
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
  readonly #lessons: readonly LessonHead[]
  readonly #slugs: readonly string[]
  readonly #columns: Columns
  readonly #inTheCoursesWords: InTheCoursesWords
  #class: ClassState = newClass
  #people = new People([])
  readonly #folded = new Map<string, Folded>()
  #labels = new Labels([])
  #rows = new Map<string, ParticipantRow>()
  /** The course's words for what each participant was told last. */
  readonly #words = new Map<Failure, string | undefined>()
  #stale = new Set<string>()
  #changed = new Set<string>()
  #left = new Set<string>()

  constructor(classId: string, lessons: readonly LessonHead[], inTheCoursesWords: InTheCoursesWords) {
    this.#lessons = lessons
    this.#slugs = lessons.map(({ slug }) => slug)
    this.#columns = { classId, tasks: new Map(lessons.map(({ slug, tasks = [] }) => [slug, tasks])) }
    this.#inTheCoursesWords = inTheCoursesWords
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

  /** Returns whose progress has to be read again, because it became another person's. */
  applyClassEvents(events: readonly ClassEvent[]): readonly string[] {
    const again: string[] = []
    for (const event of events) {
      this.#class = evolveClass(this.#class, event)
      const { type, payload } = event
      if ('learner' in payload) {
        // The row is that of the person.
        for (const id of [payload.learner, this.#people.personOf(payload.learner)]) this.#stale.add(id)
      }
      if ('to' in payload && payload.to !== undefined) this.#stale.add(payload.to)
      if (type === 'PARTICIPANT_MERGED' || type === 'PARTICIPANT_SPLIT') again.push(payload.learner)
      // Their events were counted in the row of the person that they were merged into.
      if (type === 'PARTICIPANT_LEFT' && this.#people.personOf(payload.learner) !== payload.learner)
        again.push(payload.learner)
    }
    if (events.length === 0) return []
    const before = again.map((learner) => this.#people.personOf(learner))
    this.#arrange()
    const concerned = [...before, ...again, ...again.map((learner) => this.#people.personOf(learner))]
    for (const learner of concerned) {
      this.#folded.delete(learner)
      this.#stale.add(learner)
    }
    return concerned
  }

  find(learner: string): Participant | undefined {
    return this.#people.find(learner)
  }

  /** The participant that this one counts as; usually themselves. */
  personOf(learner: string): string {
    return this.#people.personOf(learner)
  }

  /** Everyone who counts as this participant. */
  membersOf(person: string): readonly string[] {
    return this.#people.membersOf(person)
  }

  /** All participants who have sent anything. */
  folded(): ReadonlyMap<string, Folded> {
    return this.#folded
  }

  /** How far a person's logs have been read. */
  positionOf(person: string): readonly Position[] {
    return this.#folded.get(person)?.logs ?? []
  }

  /** Continues from a snapshot. */
  restore(learner: string, folded: Folded): void {
    this.#keep(learner, folded)
  }

  /** Adds events of a person's only log, the ones after `from`. */
  applyProgress(person: string, from: Position, { events, n }: Part): void {
    const before = this.#folded.get(person)
    const [log, another] = before?.logs ?? []
    const isSame = another === undefined && log?.logId === from.logId && log.learner === from.learner
    const read = isSame ? log.n : 0
    const fresh = events.filter(({ event }) => event.n > read)
    const state = this.#fold(isSame ? (before?.state ?? newRow) : newRow, fresh)
    this.#keep(person, { logs: [{ ...from, n: Math.max(read, n) }], state })
  }

  /** Adds everything that a person with several logs did, in order; it replaces what was there before. */
  replaceProgress(person: string, logs: readonly Position[], events: readonly TimedEvent[]): void {
    this.#keep(person, { logs, state: this.#fold(newRow, events) })
  }

  #fold(before: RowState, events: readonly TimedEvent[]): RowState {
    return events
      .map(({ event, at }) => ({ ...event, entityId: this.#sameSlug(event.entityId), timestamp: at }))
      .filter(isKnown)
      .reduce((state, event) => evolveRow(state, event, this.#columns), before)
  }

  /** Each event has its own copy of its lesson's slug, and a hub would keep dozens of those for every participant. */
  #sameSlug(slug: string): string {
    return this.#lessons.find((lesson) => lesson.slug === slug)?.slug ?? slug
  }

  #keep(person: string, folded: Folded): void {
    this.#folded.set(person, folded)
    this.#stale.add(person)
  }

  /** In the order of joining. */
  rows(): readonly ParticipantRow[] {
    this.#refresh()
    return this.#people.present.flatMap(({ id }) => this.#rows.get(id) ?? [])
  }

  /** The row of a learner, or of the person that they were merged into. */
  row(learner: string): ParticipantRow | undefined {
    this.#refresh()
    return this.#rows.get(this.#people.personOf(learner))
  }

  summary(): Summary {
    const rows = this.rows()
    const { clock } = this.#class
    const pace = clock && { clock, median: medianOf(rows, this.#lessons, clock) }
    const summary = summaryOf(rows, this.#slugs, (failure) => this.#words.get(failure))
    return { ...summary, ...(pace && { pace }) }
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
    const added = this.#people.addNew(participants)
    if (added === undefined) this.#arrangeAll()
    for (const one of added ?? []) {
      this.#labels.add(one)
      this.#stale.add(one.id)
    }
  }

  #arrangeAll(): void {
    const before = this.#people
    this.#people = new People(this.#class.participants)
    // Someone unknown stays: their progress may be read before the event that they joined.
    for (const id of before.ids) if (!this.#people.isKnown(id)) this.#folded.delete(id)
    const labels = new Labels(this.#people.present)
    for (const id of this.#rows.keys()) {
      if (this.#people.isPresent(id)) continue
      this.#dropRow(id)
      this.#left.add(id)
    }
    for (const { id } of this.#people.present) {
      if (this.#labels.get(id) !== labels.get(id) || !this.#rows.has(id)) this.#stale.add(id)
    }
    this.#labels = labels
  }

  #refresh(): void {
    for (const id of this.#stale) {
      const participant: Participant | undefined = this.#people.find(id)
      // Progress may be read before the joining is: then the row comes with that.
      if (participant === undefined) continue
      this.#stale.delete(id)
      if (!this.#people.isPresent(id)) continue
      const label = this.#labels.get(id) ?? participant.name
      const share = this.membersOf(id).some((one) => this.find(one)?.share)
      const row = rowOf({ ...participant, share }, label, this.#folded.get(id)?.state ?? newRow)
      this.#dropRow(id)
      this.#rows.set(id, row)
      if (row.failure !== undefined) this.#words.set(row.failure, this.#inTheCoursesWords(row.failure))
      this.#changed.add(id)
      this.#left.delete(id)
    }
  }

  #dropRow(id: string): void {
    const failure = this.#rows.get(id)?.failure
    if (failure !== undefined) this.#words.delete(failure)
    this.#rows.delete(id)
  }
}
