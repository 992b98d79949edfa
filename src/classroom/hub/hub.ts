import { isKnown } from '../../progress/index.ts'
import type {
  Changes,
  ClassExport,
  ClassHead,
  ClassView,
  LessonHead,
  Overview,
  ParticipantPage,
} from '../api.ts'
import { leadAt } from '../lead-now.ts'
import { attemptsOf, happeningsOf } from '../projections/page.ts'
import type { About } from './about.ts'
import type { ClassRedis } from './connect.ts'
import { Follower } from './follow.ts'
import { Projection } from './projection.ts'
import { readProgress } from './read.ts'
import { Snapshots } from './snapshots.ts'
import { ClassStore } from './store.ts'
import { Waiting } from './waiting.ts'

export interface HubOptions {
  readonly redis: ClassRedis
  readonly about: About
  /** The columns: lessons of the track, in order. */
  readonly lessons: readonly LessonHead[]
  /** Where learners reach the class. */
  readonly addresses?: readonly string[]
  readonly now?: () => Date
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

/** One hub of a class. Its memory contains only what it reads from Redis, so any number of hubs show the same. */
export class Hub {
  readonly about: About
  readonly store: ClassStore
  readonly #options: HubOptions
  readonly #now: () => Date
  readonly #projection: Projection
  readonly #follower: Follower
  readonly #snapshots: Snapshots
  readonly #listeners = new Set<Listener>()
  readonly #waiting = new Waiting()
  #addresses: readonly string[]
  #timer: NodeJS.Timeout | undefined
  #saving: NodeJS.Timeout | undefined
  #toldAt = 0

  private constructor(options: HubOptions) {
    const { redis, about, lessons, addresses = [], now = () => new Date() } = options
    this.#options = options
    this.about = about
    this.#now = now
    this.#addresses = addresses
    this.store = new ClassStore(redis, about.id, now)
    this.#projection = new Projection(
      about.id,
      lessons.map(({ slug }) => slug),
    )
    this.#snapshots = new Snapshots(this.store, this.#projection)
    this.#follower = new Follower({
      store: this.store,
      projection: this.#projection,
      onChange: () => {
        this.#waiting.look()
        this.#schedule()
      },
      onLost: () => this.store.describe(about),
    })
  }

  /**
   * Resolves when everything that was there has been read. The hub closes its own connections, not the client it was
   * given.
   */
  static async open(options: HubOptions): Promise<Hub> {
    const hub = new Hub(options)
    await hub.store.describe(options.about)
    await hub.#follower.start()
    hub.#saving = setInterval(() => void hub.#snapshots.save().catch(() => {}), SNAPSHOT_EVERY)
    hub.#saving.unref()
    return hub
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
      ...this.#nowAndLead(),
      class: this.#head(),
      joinCode: this.about.joinCode,
      addresses: this.#addresses,
      participants: this.#projection.rows(),
      summary: this.#projection.summary(),
    }
  }

  /** Everything about one participant; undefined for anyone else. */
  async participant(id: string): Promise<ParticipantPage | undefined> {
    const row = this.#projection.row(id)
    if (row === undefined) return undefined
    const { redis, keys } = this.store
    const timed = await readProgress(redis, keys, id, await this.store.headOf(id))
    const events = timed.map(({ event, at }) => ({ ...event, timestamp: at })).filter(isKnown)
    const code = await redis.hgetall(keys.code(id))
    return {
      kind: 'participant',
      row,
      attempts: attemptsOf(events, (eventId) => code[eventId]),
      happenings: happeningsOf(events, this.about.id),
    }
  }

  /** Everything about everyone. Participants who leave in the meantime are left out. */
  async export(): Promise<ClassExport> {
    const participants: ParticipantPage[] = []
    for (const { id } of this.#projection.rows()) {
      const page = await this.participant(id)
      if (page !== undefined) participants.push(page)
    }
    return { kind: 'export', ...this.#nowAndLead(), class: this.#head(), participants }
  }

  /** What this participant sees of the class; undefined for anyone else. */
  view(id: string): ClassView | undefined {
    const row = this.#projection.row(id)
    if (row === undefined) return undefined
    const { label, hand, sharesCode } = row
    const { name } = this.about
    const closed = this.isClosed
    return { kind: 'class', ...this.#nowAndLead(), name, label, handIsUp: !!hand, sharesCode, closed }
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
    this.#listeners.clear()
    await this.#follower.close()
    await this.#snapshots.save().catch(() => {})
  }

  #nowAndLead() {
    const now = this.#now().toISOString()
    return { now, lead: leadAt(this.#projection.class.lead, now) }
  }

  #head(): ClassHead {
    const { id, name, track, openedAt } = this.about
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
      ...this.#nowAndLead(),
      class: this.#head(),
      participants: rows,
      left,
      summary: this.#projection.summary(),
    }
    for (const listener of this.#listeners) listener(changes)
  }
}
