import { announcementsAt } from '../announcements.ts'
import type {
  Changes,
  ClassHead,
  ClassView,
  ExportEnd,
  ExportHead,
  InstructorCommand,
  LessonHead,
  Overview,
  ParticipantPage,
  ParticipantRow,
} from '../api.ts'
import { ClassError } from '../errors.ts'
import type { InTheCoursesWords } from '../projections/summary.ts'
import type { ClassInfo } from './class-info.ts'
import type { ClassRedis } from './connect.ts'
import { decideCommand } from './decide-command.ts'
import { Follower } from './follow.ts'
import { readPage } from './participant-page.ts'
import { Projection } from './projection.ts'
import { Snapshots } from './snapshots.ts'
import { ClassStore } from './store.ts'
import { Waiting } from './waiting.ts'

export interface HubOptions {
  readonly redis: ClassRedis
  readonly classInfo: ClassInfo
  /** The columns: lessons of the track, in order. */
  readonly lessons: readonly LessonHead[]
  /** Where learners reach the class. */
  readonly addresses?: readonly string[]
  readonly now?: () => Date
  /** Finds the course's own words in what participants were told: the wall shows no others. */
  readonly inTheCoursesWords?: InTheCoursesWords
}

type Listener = (changes: Changes) => void

/** Minimum interval between updates of pages (ms): short enough for a person, long enough for a laptop to draw. */
const PAUSE_BETWEEN = 125
/** Very many participants double the interval: that's a lecture rather than a class. */
const LONG_PAUSE = 250
const MANY = 1_000
const SNAPSHOT_EVERY = 30_000
/** Maximum wait of a new participant for their joining to be read (ms). */
const SEEN_WITHIN = 1_000

/** How long a removed participant can be brought back (ms); then what they sent is deleted. */
const FORGET_AFTER = 10 * 60_000
const SWEEP_EVERY = 30_000

/** One hub of a class. Its memory contains only what it reads from Redis, so any number of hubs show the same. */
export class Hub {
  readonly store: ClassStore
  readonly #options: HubOptions
  #classInfo: ClassInfo
  readonly #now: () => Date
  readonly #projection: Projection
  readonly #follower: Follower
  readonly #snapshots: Snapshots
  readonly #listeners = new Set<Listener>()
  readonly #waiting = new Waiting()
  #addresses: readonly string[]
  #timer: NodeJS.Timeout | undefined
  #saving: NodeJS.Timeout | undefined
  #sweeping: NodeJS.Timeout | undefined
  #toldAt = 0

  private constructor(options: HubOptions) {
    const { redis, classInfo, lessons, addresses = [], now = () => new Date(), inTheCoursesWords } = options
    this.#options = options
    this.#classInfo = classInfo
    this.#now = now
    this.#addresses = addresses
    this.store = new ClassStore(redis, classInfo.id, now)
    this.#projection = new Projection(classInfo.id, lessons, inTheCoursesWords ?? (() => undefined))
    this.#snapshots = new Snapshots(this.store, this.#projection)
    this.#follower = new Follower({
      store: this.store,
      projection: this.#projection,
      onChange: () => {
        this.#waiting.look()
        this.#schedule()
      },
      onLost: () => {
        // With the join code that learners have by now.
        this.#classInfo = this.classInfo
        return this.store.describe(this.#classInfo)
      },
    })
  }

  /**
   * Resolves when everything that was there has been read. The hub closes its own connections, not the client it was
   * given.
   */
  static async open(options: HubOptions): Promise<Hub> {
    const hub = new Hub(options)
    await hub.store.describe(options.classInfo)
    await hub.#follower.start()
    hub.#saving = setInterval(() => void hub.#snapshots.save().catch(() => {}), SNAPSHOT_EVERY)
    hub.#sweeping = setInterval(() => void hub.#sweep().catch(() => {}), SWEEP_EVERY)
    for (const timer of [hub.#saving, hub.#sweeping]) timer.unref()
    return hub
  }

  /** As it is now: the join code may have changed, and browsers may have been logged out. */
  get classInfo(): ClassInfo {
    const { joinCode = this.#classInfo.joinCode, loggedOutAt = this.#classInfo.loggedOutAt } =
      this.#projection.class
    return { ...this.#classInfo, joinCode, loggedOutAt }
  }

  get isClosed(): boolean {
    return this.#projection.class.closedAt !== undefined
  }

  get slugs(): readonly string[] {
    return this.#options.lessons.map(({ slug }) => slug)
  }

  /** Set once the server listens. */
  setAddresses(addresses: readonly string[]): void {
    this.#addresses = addresses
  }

  overview(): Overview {
    return {
      kind: 'overview',
      ...this.#nowAndAnnouncements(),
      class: this.#head(),
      ...this.#codeAndUndo(),
      addresses: this.#addresses,
      participants: this.#projection.rows(),
      summary: this.#projection.summary(),
    }
  }

  /** The latest about one participant; undefined for anyone else. */
  async participant(id: string): Promise<ParticipantPage | undefined> {
    const row = this.#projection.row(id)
    return row && this.#read(row)
  }

  /** What a check of theirs did in Redis: a recording's JSON with gzip. Undefined if it isn't here. */
  async run(id: string, eventId: string): Promise<Buffer | undefined> {
    const row = this.#projection.row(id)
    return row && this.store.runOf(this.#projection.membersOf(row.id), eventId)
  }

  #read(row: ParticipantRow, most?: number): Promise<ParticipantPage> {
    return readPage(this.store, row, this.#projection.membersOf(row.id), this.#classInfo.id, most)
  }

  /** Everything about everyone, one after the other. Participants who leave in the meantime are left out. */
  async *export(): AsyncGenerator<ExportHead | ParticipantPage | ExportEnd> {
    const { now, announcements: lead } = this.#nowAndAnnouncements()
    yield { kind: 'export', now, lead, class: this.#head() }
    let participants = 0
    for (const { id } of this.#projection.rows()) {
      const row = this.#projection.row(id)
      if (row === undefined) continue
      participants += 1
      yield await this.#read(row, Number.POSITIVE_INFINITY)
    }
    yield { kind: 'end', participants }
  }

  /** Does what the instructor asks for. Throws ClassError. */
  async execute(command: InstructorCommand): Promise<void> {
    const state = this.#projection.class
    const event = decideCommand(command, this.#now(), this.slugs, state)
    if (event.type === 'PARTICIPANTS_REMOVED') return this.store.remove(event.payload.learners)
    if (event.type !== 'PARTICIPANTS_RESTORED') return this.store.record(event)
    const wanted = new Set(event.payload.learners)
    const removed = state.participants.filter(
      ({ id, removedAt }) => wanted.has(id) && removedAt !== undefined,
    )
    if (removed.length === 0)
      throw new ClassError("What they sent is deleted, so they can't be brought back.")
    await this.store.restore(removed)
  }

  /** Deletes what removed participants sent, once they can't be brought back anymore. Several hubs may do the same. */
  async #sweep(): Promise<void> {
    const before = new Date(this.#now().getTime() - FORGET_AFTER).toISOString()
    for (const { id, removedAt } of this.#projection.class.participants) {
      if (removedAt !== undefined && removedAt < before) await this.store.forget(id)
    }
  }

  /** What this participant sees of the class; undefined for anyone else. */
  view(id: string): ClassView | undefined {
    const row = this.#projection.row(id)
    if (row === undefined) return undefined
    const { label, hand, sharesCode, note } = row
    const { name } = this.#classInfo
    const own = { name, label, handIsUp: !!hand, sharesCode, closed: this.isClosed }
    const {
      now,
      announcements: { shown: _, ...lead },
    } = this.#nowAndAnnouncements() // what's on the wall may be someone's attempt
    return { kind: 'class', now, lead, ...own, ...(note !== undefined && { note }) }
  }

  /** Whether the participant is in the class under that name, or one that the instructor chose. */
  isAlready(id: string, name: string, share: boolean): boolean {
    const one = this.#projection.find(id)
    return one !== undefined && one.share === share && (one.isRenamed === true || one.name === name)
  }

  /** Resolves when this hub has read the joining that it wrote a moment ago, or after a second without it. */
  seen(id: string): Promise<void> {
    return this.#waiting.until(() => this.#projection.row(id) !== undefined, SEEN_WITHIN)
  }

  /** Calls the listener with every change from now on, several at once. Returns the function that ends it. */
  follow(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    clearInterval(this.#saving)
    clearInterval(this.#sweeping)
    this.#listeners.clear()
    await this.#follower.close()
    await this.#snapshots.save().catch(() => {})
  }

  #nowAndAnnouncements() {
    const now = this.#now().toISOString()
    return { now, announcements: announcementsAt(this.#projection.class.announcements, now) }
  }

  #codeAndUndo() {
    const { undo } = this.#projection.class
    return { joinCode: this.classInfo.joinCode, ...(undo !== undefined && { undo: undo.what }) }
  }

  #head(): ClassHead {
    const { id, name, track, openedAt } = this.#classInfo
    const { closedAt } = this.#projection.class
    const optional = { ...(track !== undefined && { track }), ...(closedAt !== undefined && { closedAt }) }
    return { id, name, lessons: this.#options.lessons, openedAt, ...optional }
  }

  /** The first change is sent at once; changes that follow closely are sent together. */
  #schedule(): void {
    const pause = this.#projection.class.participants.length > MANY ? LONG_PAUSE : PAUSE_BETWEEN
    const wait = Math.max(0, this.#toldAt + pause - performance.now())
    this.#timer ??= setTimeout(() => this.#tell(), wait)
  }

  #tell(): void {
    this.#timer = undefined
    this.#toldAt = performance.now()
    const { rows, left } = this.#projection.takeChanges()
    if (this.#listeners.size === 0) return
    const changes: Changes = {
      kind: 'changes',
      ...this.#nowAndAnnouncements(),
      class: this.#head(),
      ...this.#codeAndUndo(),
      participants: rows,
      left,
      summary: this.#projection.summary(),
    }
    for (const listener of this.#listeners) listener(changes)
  }
}
