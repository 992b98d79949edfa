import { randomUUID } from 'node:crypto'
import type { StoredEvent } from '../../progress/index.ts'
import type { EventsReply } from '../api.ts'
import { ClassError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { NewClassEvent } from '../projections/class-event.ts'
import { type About, aboutFromHash, aboutToHash } from './about.ts'
import type { ClassRedis } from './connect.ts'
import { type ClassKeys, keysOf } from './keys.ts'
import { type Position, readHead } from './read.ts'
import { RECEIVE } from './scripts.ts'

/** An event of a participant, with the time by the hub's clock. */
export interface TimedEvent {
  readonly event: StoredEvent
  readonly at: string
}

/** Everything the hub writes to Redis. It keeps nothing itself, so any number of hubs can do this. */
export class ClassStore {
  readonly redis: ClassRedis
  readonly keys: ClassKeys
  readonly #now: () => Date

  constructor(redis: ClassRedis, classId: string, now: () => Date = () => new Date()) {
    this.redis = redis
    this.keys = keysOf(classId)
    this.#now = now
  }

  async about(): Promise<About | undefined> {
    return aboutFromHash(await this.redis.hgetall(this.keys.about))
  }

  /** Writes the description of the class, also to a Redis that has lost it. */
  async describe(about: About): Promise<void> {
    await this.redis.hset(this.keys.about, aboutToHash(about))
    await this.redis.hsetnx(this.keys.about, 'life', randomUUID())
  }

  /** Changes after the Redis has lost the class; null while it's lost. */
  life(): Promise<string | null> {
    return this.redis.hget(this.keys.about, 'life')
  }

  /** Adds a new participant, or one that the hub had lost and who joins again under their ID. Throws ClassError. */
  async join(name: string, share: boolean, known?: string): Promise<string> {
    const { keys, redis } = this
    const learner = known ?? randomUUID()
    if (known !== undefined && (await redis.sismember(keys.gone, known)) === 1) {
      throw new ClassError('You left this class or were removed from it. Join it again with the join code.')
    }
    if ((await redis.hlen(keys.participants)) >= limits.participants)
      throw new ClassError('The class is full.')
    await this.#recorded({ type: 'PARTICIPANT_JOINED', payload: { learner, name, share } }, (multi) =>
      multi.hset(keys.participants, learner, JSON.stringify({ share })),
    )
    return learner
  }

  async isParticipant(learner: string): Promise<boolean> {
    return (await this.redis.hexists(this.keys.participants, learner)) === 1
  }

  /** How much of each progress log of a participant has been received. */
  async headOf(learner: string): Promise<readonly Position[]> {
    return readHead((await this.redis.hget(this.keys.heads, learner)) ?? '')
  }

  /** Stores the new events of a batch; see EventsReply. `after` and the events' numbers rise. Throws ClassError. */
  async receive(
    learner: string,
    logId: string,
    after: number,
    events: readonly TimedEvent[],
  ): Promise<EventsReply> {
    const { keys } = this
    const names = [keys.participants, keys.learner(learner, logId), keys.heads, keys.news, keys.logs(learner)]
    const args = events.flatMap(({ event, at }) => [event.n, JSON.stringify(event), at])
    const most = [limits.eventsPerLog, limits.logs]
    const reply = await this.redis.eval(RECEIVE, 5, ...names, learner, logId, after, ...most, ...args)
    const [kind, n = 0, stored = 0] = reply as [string, number?, number?]
    switch (kind) {
      case 'stored':
        return { kind, n, stored, duplicates: events.length - stored }
      case 'send from':
        return { kind, after: n }
      case 'another log':
      case 'join again':
        return { kind }
      default:
        throw new ClassError("The class can't store any more from this participant.")
    }
  }

  /** Stores an answer if the participant shares theirs; returns false if not. */
  async keepCode(learner: string, eventId: string, code: string): Promise<boolean> {
    const { redis, keys } = this
    const about = await redis.hget(keys.participants, learner)
    if (about === null || !about.includes('"share":true')) return false
    const key = keys.code(learner)
    if ((await redis.hlen(key)) >= limits.codes) return false
    return (await redis.hset(key, eventId, code)) >= 0
  }

  /** Deletes the answers of a participant who no longer shares them. */
  async setShare(learner: string, share: boolean): Promise<void> {
    const { keys } = this
    if (!(await this.isParticipant(learner))) return
    await this.#recorded({ type: 'SHARING_CHANGED', payload: { learner, share } }, (multi) => {
      multi.hset(keys.participants, learner, JSON.stringify({ share }))
      return share ? multi : multi.del(keys.code(learner))
    })
  }

  /** Forgets a participant and everything that came from them; their token is void from now on. */
  async forget(learner: string): Promise<void> {
    const { redis, keys } = this
    const streams = (await redis.smembers(keys.logs(learner))).map((logId) => keys.learner(learner, logId))
    await this.#recorded({ type: 'PARTICIPANT_LEFT', payload: { learner } }, (multi) => {
      for (const hash of [keys.participants, keys.heads, keys.snapshots]) multi.hdel(hash, learner)
      return multi.sadd(keys.gone, learner).del(keys.logs(learner), keys.code(learner), ...streams)
    })
  }

  /** Appends to the class's own log. */
  async record(event: NewClassEvent): Promise<void> {
    await this.#recorded(event, (multi) => multi)
  }

  /** Writes the event, and everything that goes with it, in one step. */
  async #recorded(event: NewClassEvent, also: (multi: Multi) => Multi): Promise<void> {
    const entry = JSON.stringify({ ...event, at: this.#now().toISOString() })
    const replies = await also(this.redis.multi()).xadd(this.keys.log, '*', 'event', entry).exec()
    const refused = replies?.find(([error]) => error !== null)?.[0]
    if (refused) throw refused
  }
}

type Multi = ReturnType<ClassRedis['multi']>
