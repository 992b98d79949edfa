import type {
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
import { Broadcast, type Listener } from './broadcast.ts'
import { Chores } from './chores.ts'
import type { ClassInfo } from './class-info.ts'
import type { ClassRedis } from './connect.ts'
import { decideCommand } from './decide-command.ts'
import { Follower } from './follow.ts'
import { Messages } from './messages.ts'
import { readPage } from './participant-page.ts'
import { Projection } from './projection.ts'
import { ClassStore } from './store.ts'
import { Waiting } from './waiting.ts'

export interface HubOptions {
  readonly redis: ClassRedis
  readonly classInfo: ClassInfo
  /** The columns: lessons of the track, in order. */
  readonly lessons: readonly LessonHead[]
  readonly now?: () => Date
  /** Finds the course's own words in what participants were told: the wall shows no others. */
  readonly inTheCoursesWords?: InTheCoursesWords
}

/** Maximum wait of a new participant for their joining to be read (ms). */
const SEEN_WITHIN = 1_000

/** After a refusal for lack of room, how long the instructor is told (ms): longer than until learners try again. */
const FULL_FOR = 60_000

/**
 * One hub of a class. Its memory contains only what it reads from Redis, so any number of hubs show the same, except that
 * the class is full: only the hub that refused something tells its pages, because a full Redis may not store even that.
 */
export class Hub {
  readonly store: ClassStore
  #classInfo: ClassInfo
  readonly #slugs: readonly string[]
  readonly #now: () => Date
  readonly #projection: Projection
  readonly #messages: Messages
  readonly #follower: Follower
  readonly #chores: Chores
  readonly #broadcast: Broadcast
  readonly #waiting = new Waiting()
  /** Set while the instructor is told that the class is full. */
  #fullEnds: NodeJS.Timeout | undefined

  private constructor(options: HubOptions) {
    const { redis, classInfo, lessons, now = () => new Date(), inTheCoursesWords } = options
    this.#classInfo = classInfo
    this.#slugs = lessons.map(({ slug }) => slug)
    this.#now = now
    this.store = new ClassStore(redis, classInfo.id, now)
    const projection = new Projection(classInfo.id, lessons, inTheCoursesWords ?? (() => undefined))
    this.#projection = projection
    const messages = new Messages({
      projection,
      lessons,
      now,
      classInfo: () => this.classInfo,
      isFull: () => this.#fullEnds !== undefined,
    })
    this.#messages = messages
    this.#broadcast = new Broadcast(() => messages.changes())
    this.#chores = new Chores(this.store, projection, now)
    this.#follower = new Follower({
      store: this.store,
      projection,
      onChange: () => {
        this.#waiting.look()
        this.#broadcast.schedule(projection.class.participants.length)
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
    hub.#chores.start()
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

  /** Tells this hub's pages that there was no room for what a participant sent; for a while after the last time. */
  refusedForLackOfRoom(): void {
    const tellPages = () => this.#broadcast.schedule(this.#projection.class.participants.length)
    if (this.#fullEnds === undefined) tellPages()
    clearTimeout(this.#fullEnds)
    // The timer itself ends it: by the clock, it could be a moment too early, and no page would be told later.
    this.#fullEnds = setTimeout(() => {
      this.#fullEnds = undefined
      tellPages()
    }, FULL_FOR)
  }

  /** Set once the server listens. */
  setAddresses(addresses: readonly string[]): void {
    this.#messages.addresses = addresses
  }

  overview(): Overview {
    return this.#messages.overview()
  }

  /** What this participant sees of the class; undefined for anyone else. */
  view(id: string): ClassView | undefined {
    return this.#messages.view(id)
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
    yield this.#messages.exportHead()
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
    const event = decideCommand(command, this.#now(), this.#slugs, state)
    if (event.type === 'PARTICIPANTS_REMOVED') return this.store.remove(event.payload.learners)
    if (event.type !== 'PARTICIPANTS_RESTORED') return this.store.record(event)
    const wanted = new Set(event.payload.learners)
    const removed = state.participants.filter(
      ({ id, removedAt }) => wanted.has(id) && removedAt !== undefined,
    )
    if (removed.length === 0)
      throw new ClassError("What they sent has been deleted, so they can't be brought back.")
    await this.store.restore(removed)
  }

  /** Whether they share their code from this machine. */
  sharesCode(id: string): boolean {
    return this.#projection.find(id)?.share === true
  }

  /** Sharing begins on one machine, and ends for everyone who counts as the same person. */
  async setShare(id: string, share: boolean): Promise<void> {
    for (const one of share ? [id] : this.#allOf(id)) await this.store.setShare(one, share)
  }

  /**
   * Forgets everyone who counts as that person, as they were promised. Their own data goes last, right after that of the
   * one that the others count as, so that they can still ask again if Redis goes away in the middle.
   */
  async forget(id: string): Promise<void> {
    const others = this.#allOf(id).filter((one) => one !== id)
    for (const one of [...others.reverse(), id])
      if (await this.store.isParticipant(one)) await this.store.forget(one)
  }

  #allOf(id: string): readonly string[] {
    return this.#projection.membersOf(this.#projection.personOf(id))
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
    return this.#broadcast.follow(listener)
  }

  async close(): Promise<void> {
    clearTimeout(this.#fullEnds)
    this.#broadcast.close()
    await this.#follower.close()
    await this.#chores.close()
  }
}
