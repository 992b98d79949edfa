import { setTimeout as sleep } from 'node:timers/promises'
import { type ClassRedis, readerOf } from './connect.ts'
import type { Projection } from './projection.ts'
import {
  type Entry,
  fieldOf,
  type Position,
  readHead,
  readLog,
  readLogs,
  readProgress,
  readStream,
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
/** Participants whose logs are read in one round trip. */
const AT_ONCE = 200
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
  #life: string | null = null
  #lookedAt = 0
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
        projection.takeClassEvents(entries.map(toClassEvent))
        this.#logAt = lastOf(entries, this.#logAt)
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
    this.#life = await store.life()
    this.#newsAt = lastOf(await redis.xrevrange(keys.news, '+', '-', 'COUNT', 1), '0-0')
    const log = await readStream(redis, keys.log, '')
    projection.takeClassEvents(log.map(toClassEvent))
    this.#logAt = lastOf(log, '0-0')
    const heads = await redis.hgetall(keys.heads)
    for (const [learner, text] of Object.entries(await redis.hgetall(keys.snapshots))) {
      const folded = readSnapshot(text)
      if (folded !== undefined && isPartOf(folded.logs, readHead(heads[learner] ?? '')))
        projection.restore(learner, folded)
    }
    await this.#catchUp(Object.keys(heads))
    this.#lookedAt = performance.now()
    onChange()
  }

  /** Continues reading these logs, many at a time; one with more than a page is read to the end. */
  async #catchUp(learners: readonly string[]): Promise<void> {
    const { store, projection } = this.#options
    const { redis, keys } = store
    for (let from = 0; from < learners.length; from += AT_ONCE) {
      const some = learners.slice(from, from + AT_ONCE)
      const heads = await redis.hmget(keys.heads, ...some)
      const behind = some
        .map((learner, index) => ({ learner, head: readHead(heads[index] ?? '') }))
        .filter(({ learner, head }) => !isReached(head, projection.positionOf(learner)))
      for (const { learner, head } of behind) {
        if (head.length > 1)
          projection.replaceProgress(learner, head, await readProgress(redis, keys, learner, head))
      }
      const wanted = behind.flatMap(({ learner, head: [log, another] }) => {
        if (log === undefined || another !== undefined) return []
        const at = projection.positionOf(learner)
        return [{ learner, logId: log.logId, n: isPartOf(at, [log]) ? (at[0]?.n ?? 0) : 0, head: log.n }]
      })
      const logs = wanted.length === 0 ? [] : await readLogs(redis, keys, wanted)
      for (const [index, { learner, logId, head }] of wanted.entries()) {
        const events = logs[index] ?? []
        projection.takeProgress(learner, logId, events)
        const n = events.at(-1)?.event.n ?? 0
        if (n < head && n > 0) {
          projection.takeProgress(learner, logId, await readLog(redis, keys, learner, logId, n))
        }
      }
    }
  }

  /** News entries are trimmed, and a Redis may come back empty, so the heads and the log itself decide. */
  async #lookAgain(): Promise<void> {
    const { store, projection, onLost, onChange } = this.#options
    const { redis, keys } = store
    this.#lookedAt = performance.now()
    const [last] = await redis.xrevrange(keys.log, '+', '-', 'COUNT', 1)
    const isAnother = (await store.life()) !== this.#life
    if (isAnother || isBefore(last?.[0] ?? '0-0', this.#logAt)) {
      await onLost()
      projection.clear()
      return this.#readAll()
    }
    const heads = Object.entries(await redis.hgetall(keys.heads))
    const behind = heads.filter(
      ([learner, text]) => !isReached(readHead(text), projection.positionOf(learner)),
    )
    if (behind.length === 0) return
    await this.#catchUp(behind.map(([learner]) => learner))
    onChange()
  }
}

/** Whether everything that's there has been read. */
function isReached(head: readonly Position[], at: readonly Position[]): boolean {
  return head.every(({ logId, n }) => at.some((read) => read.logId === logId && read.n >= n))
}

/** Whether reading may continue from there. Only with the same, single log: several are merged. */
function isPartOf(at: readonly Position[], head: readonly Position[]): boolean {
  const [read, ofHead] = [at[0], head[0]]
  if (at.length !== 1 || head.length !== 1 || read === undefined || ofHead === undefined) return false
  return read.logId === ofHead.logId && read.n <= ofHead.n
}

function lastOf(entries: readonly Entry[], before: string): string {
  return entries.at(-1)?.[0] ?? before
}

function isBefore(one: string, other: string): boolean {
  const [ms = 0, sequence = 0] = one.split('-').map(Number)
  const [otherMs = 0, otherSequence = 0] = other.split('-').map(Number)
  return ms < otherMs || (ms === otherMs && sequence < otherSequence)
}
