import { setTimeout as sleep } from 'node:timers/promises'
import { type ClassRedis, readerOf } from './connect.ts'
import type { Projection } from './projection.ts'
import {
  type Entry,
  fieldOf,
  type Position,
  pagesOf,
  readCursors,
  readLog,
  readLogs,
  readProgress,
  toClassEvent,
} from './read.ts'
import { readSnapshot } from './snapshots.ts'
import type { ClassStore } from './store.ts'

export interface FollowOptions {
  readonly store: ClassStore
  readonly projection: Projection
  /** Called after anything arrived. */
  onChange(): void
  /** The Redis has lost the class, which should be described again; then everything is read again. */
  onLost(): Promise<void>
}

const BLOCK_MS = 2_000
const PAGE = 500
/** Participants whose logs are read in one round trip, and entries of each: a few megabytes, however large they are. */
const AT_ONCE = 50
const ENTRIES = 20
/**
 * Several logs of one person are merged, which means reading all of them. After that, the hub reads others for at
 * least as long as that took, and that person's again after twenty times as long.
 */
const REST = 20
/** Up to that (ms), merging isn't worth a pause. */
const CHEAP = 20
/** How often to check whether the Redis is still the same one, and whether any news was missed (ms). */
const LOOK_AGAIN = 2_000

/**
 * Reads everything, then follows new entries until it's closed. Anything that fails is retried from where it left
 * off.
 */
export class Follower {
  readonly #options: FollowOptions
  readonly #reader: ClassRedis
  #logAt = '0-0'
  #newsAt = '0-0'
  #epoch: string | null = null
  #lookedAt = 0
  #mergeAfter = 0
  readonly #mergeAgainAfter = new Map<string, number>()
  #closed = false
  #running: Promise<void> = Promise.resolve()

  constructor(options: FollowOptions) {
    this.#options = options
    this.#reader = readerOf(options.store.redis)
  }

  /** Resolves when everything that was there has been read. */
  async start(): Promise<void> {
    await this.#readAll()
    this.#running = this.#follow()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#reader.disconnect()
    await this.#running
  }

  async #follow(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#next()
        if (performance.now() - this.#lookedAt > LOOK_AGAIN) await this.#lookAgain()
      } catch {
        // The Redis is gone, or has moved. Writers get an error; readers wait here.
        if (!this.#closed) await sleep(200)
      }
    }
  }

  async #next(): Promise<void> {
    const { store, projection, onChange } = this.#options
    const { keys } = store
    const positions = [keys.log, keys.news, this.#logAt, this.#newsAt] as const
    const reply = await this.#reader.xread('COUNT', PAGE, 'BLOCK', BLOCK_MS, 'STREAMS', ...positions)
    if (reply === null) return
    for (const [key, entries] of reply) {
      if (key === keys.log) {
        const again = projection.applyClassEvents(entries.map(toClassEvent))
        this.#logAt = lastOf(entries, this.#logAt)
        await this.#catchUp(again)
      } else {
        await this.#catchUp([...new Set(entries.map(([, fields]) => fieldOf(fields, 'learner')))])
        this.#newsAt = lastOf(entries, this.#newsAt)
      }
    }
    onChange()
  }

  /**
   * From the start, or from the snapshots. Positions are taken first, so entries that arrive in between are read
   * twice and count once.
   */
  async #readAll(): Promise<void> {
    const { store, projection, onChange } = this.#options
    const { redis, keys } = store
    this.#epoch = await store.epoch()
    this.#newsAt = lastOf(await redis.xrevrange(keys.news, '+', '-', 'COUNT', 1), '0-0')
    this.#logAt = '0-0'
    for await (const page of pagesOf(redis, keys.log, '')) {
      projection.applyClassEvents(page.map(toClassEvent))
      this.#logAt = lastOf(page, this.#logAt)
    }
    const cursors = await redis.hgetall(keys.cursors)
    for await (const [learner, text] of hashOf(redis, keys.snapshots)) {
      const folded = readSnapshot(learner, text)
      if (folded !== undefined && isPartOf(folded.logs, readCursors(learner, cursors[learner])))
        projection.restore(learner, folded)
    }
    this.#mergeAgainAfter.clear()
    await this.#catchUp(Object.keys(cursors))
    this.#lookedAt = performance.now()
    onChange()
  }

  /** Continues reading the logs of these participants, many at a time. */
  async #catchUp(learners: readonly string[]): Promise<void> {
    const { store, projection } = this.#options
    const people = [...new Set(learners.map((learner) => projection.personOf(learner)))]
    for (let from = 0; from < people.length; from += AT_ONCE) {
      const some = people.slice(from, from + AT_ONCE)
      const members = some.map((person) => projection.membersOf(person))
      const cursors = await store.cursorsOf(members.flat())
      const byLearner = new Map(members.flat().map((learner, index) => [learner, cursors[index] ?? []]))
      const behind = some
        .map((person, index) => ({
          person,
          cursors: (members[index] ?? []).flatMap((learner) => byLearner.get(learner) ?? []),
        }))
        .filter(({ person, cursors }) => !isReached(cursors, projection.positionOf(person)))
      await this.#readSingle(behind.filter(({ cursors }) => cursors.length === 1))
      for (const { person, cursors } of behind) if (cursors.length > 1) await this.#merge(person, cursors)
    }
  }

  /** People with one log: a round trip for all of them, and the rest of the logs that are longer. */
  async #readSingle(behind: readonly Behind[]): Promise<void> {
    if (behind.length === 0) return
    const { store, projection } = this.#options
    const { redis, keys } = store
    const wanted = behind.flatMap(({ person, cursors }) => {
      const at = projection.positionOf(person)
      return cursors.map((log) => ({ ...log, n: isPartOf(at, cursors) ? (at[0]?.n ?? 0) : 0 }))
    })
    const parts = await readLogs(redis, keys, wanted, ENTRIES)
    for (const [index, { person, cursors }] of behind.entries()) {
      const [from, part, to] = [wanted[index], parts[index], cursors[0]]
      if (from === undefined || part === undefined || to === undefined) continue
      projection.applyProgress(person, from, part)
      if (part.n >= to.n || part.n === from.n) continue
      const reached = { ...from, n: part.n }
      projection.applyProgress(person, reached, await readLog(redis, keys, reached))
    }
  }

  /** Reads all logs of one person. If that would cost too much now, the next look finds them behind again. */
  async #merge(person: string, cursors: readonly Position[]): Promise<void> {
    const began = performance.now()
    if (began < this.#mergeAfter || began < (this.#mergeAgainAfter.get(person) ?? 0)) return
    const { store, projection } = this.#options
    projection.replaceProgress(person, cursors, await readProgress(store.redis, store.keys, cursors))
    const took = performance.now() - began
    if (took < CHEAP) return
    this.#mergeAfter = began + 2 * took
    this.#mergeAgainAfter.delete(person)
    this.#mergeAgainAfter.set(person, began + REST * took)
  }

  /** News entries are trimmed, and a Redis may come back empty, so the cursors and the log itself decide. */
  async #lookAgain(): Promise<void> {
    const { store, projection, onLost, onChange } = this.#options
    const { redis, keys } = store
    this.#lookedAt = performance.now()
    const [last] = await redis.xrevrange(keys.log, '+', '-', 'COUNT', 1)
    const isAnother = (await store.epoch()) !== this.#epoch
    if (isAnother || isBefore(last?.[0] ?? '0-0', this.#logAt)) {
      await onLost()
      projection.clear()
      return this.#readAll()
    }
    const cursors = Object.entries(await redis.hgetall(keys.cursors))
    const behind = cursors
      .map(([learner, text]) => ({
        person: projection.personOf(learner),
        cursors: readCursors(learner, text),
      }))
      .filter(({ person, cursors }) => !isReached(cursors, projection.positionOf(person)))
      .map(({ person }) => person)
      // The one who has waited longest comes first.
      .sort((a, b) => (this.#mergeAgainAfter.get(a) ?? 0) - (this.#mergeAgainAfter.get(b) ?? 0))
    if (behind.length === 0) return
    await this.#catchUp(behind)
    onChange()
  }
}

/** A person some of whose events aren't read yet, and the cursors of all their logs. */
interface Behind {
  readonly person: string
  readonly cursors: readonly Position[]
}

/** A hash a few fields at a time. */
async function* hashOf(redis: ClassRedis, key: string): AsyncGenerator<readonly [string, string]> {
  let cursor = '0'
  do {
    const [next, fields] = await redis.hscan(key, cursor, 'COUNT', 100)
    cursor = next
    for (let i = 0; i + 1 < fields.length; i += 2) yield [fields[i] ?? '', fields[i + 1] ?? '']
  } while (cursor !== '0')
}

/** Whether everything that's there has been read. */
function isReached(cursors: readonly Position[], at: readonly Position[]): boolean {
  return cursors.every((log) => at.some((read) => isSameLog(read, log) && read.n >= log.n))
}

/** Whether reading may continue from there. Only with the same, single log: several are merged. */
function isPartOf(at: readonly Position[], cursors: readonly Position[]): boolean {
  const [read, theirs] = [at[0], cursors[0]]
  if (at.length !== 1 || cursors.length !== 1 || read === undefined || theirs === undefined) return false
  return isSameLog(read, theirs) && read.n <= theirs.n
}

function isSameLog(one: Position, other: Position): boolean {
  return one.logId === other.logId && one.learner === other.learner
}

function lastOf(entries: readonly Entry[], before: string): string {
  return entries.at(-1)?.[0] ?? before
}

function isBefore(one: string, other: string): boolean {
  const [ms = 0, sequence = 0] = one.split('-').map(Number)
  const [otherMs = 0, otherSequence = 0] = other.split('-').map(Number)
  return ms < otherMs || (ms === otherMs && sequence < otherSequence)
}
