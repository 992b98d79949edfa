import { randomUUID } from 'node:crypto'
import type { Budget, EventsReply } from '../api.ts'
import { ClassError, ClassFullError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { ClassEventType, NewClassEvent } from '../projections/class-event.ts'
import { keptOf } from '../projections/kept.ts'
import { type ClassInfo, classInfoFromHash, classInfoToHash } from './class-info.ts'
import type { ClassRedis } from './connect.ts'
import { type ClassKeys, keysOf } from './keys.ts'
import { type Position, readCursors, type TimedEvent } from './read.ts'
import { isOutOfMemory, isTooOldForFlags } from './redis-errors.ts'
import { ALLOW_OOM, DO_ALL, DROP_CODE, FREE, KEEP_CODE, KEEP_RUN, RECEIVE } from './scripts.ts'

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

  async classInfo(): Promise<ClassInfo | undefined> {
    return classInfoFromHash(await this.redis.hgetall(this.keys.classInfo))
  }

  /** Writes the description of the class, also to a Redis that has lost it. */
  async describe(classInfo: ClassInfo): Promise<void> {
    const { classInfo: key } = this.keys
    const fields = Object.entries(classInfoToHash(classInfo)).flat()
    await this.#writeAnyway([
      ['hset', key, ...fields],
      ['hsetnx', key, 'epoch', randomUUID()],
    ])
  }

  /** Changes after the Redis has lost the class; null while it's lost. */
  epoch(): Promise<string | null> {
    return this.redis.hget(this.keys.classInfo, 'epoch')
  }

  /**
   * Adds a new participant, or one that the hub had lost and who joins again under their ID. Throws ClassError, or
   * ClassFullError.
   */
  async join(name: string, share: boolean, known?: string): Promise<string> {
    const { keys, redis } = this
    const learner = known ?? randomUUID()
    if (known !== undefined && (await redis.sismember(keys.gone, known)) === 1) {
      throw new ClassError('You left this class or were removed from it. Join it again with the join code.')
    }
    const [participants, lines] = await Promise.all([redis.hlen(keys.participants), redis.xlen(keys.log)])
    if (participants >= limits.participants || lines >= limits.classLog) throw new ClassFullError('joining')
    await this.#recorded({ type: 'PARTICIPANT_JOINED', payload: { learner, name, share } }, [
      ['hset', keys.participants, learner, JSON.stringify({ share })],
    ])
    return learner
  }

  async isParticipant(learner: string): Promise<boolean> {
    return (await this.redis.hexists(this.keys.participants, learner)) === 1
  }

  /** How much of each progress log of these participants has been received. */
  async cursorsOf(learners: readonly string[]): Promise<readonly (readonly Position[])[]> {
    if (learners.length === 0) return []
    const cursors = await this.redis.hmget(this.keys.cursors, ...learners)
    return learners.map((learner, index) => readCursors(learner, cursors[index]))
  }

  /** How much more can be stored of a participant. */
  async leftOf(learner: string): Promise<Budget> {
    const fields = [`${learner} events`, `${learner} bytes`, 'class events', 'class bytes']
    const used = (await this.redis.hmget(this.keys.used, ...fields)).map(Number)
    const [events = 0, bytes = 0, ofClass = 0, bytesOfClass = 0] = used
    return {
      events: Math.max(0, Math.min(limits.ofParticipant.events - events, limits.ofClass.events - ofClass)),
      bytes: Math.max(0, Math.min(limits.ofParticipant.bytes - bytes, limits.ofClass.bytes - bytesOfClass)),
    }
  }

  /**
   * Stores the new events of a batch, as far as the class keeps them; see EventsReply. `after` and the events' numbers
   * rise. Throws ClassFullError.
   */
  async receive(
    learner: string,
    logId: string,
    after: number,
    events: readonly TimedEvent[],
  ): Promise<EventsReply> {
    const { keys } = this
    const stream = keys.learner(learner, logId)
    const names = [keys.participants, stream, keys.cursors, keys.news, keys.logs(learner), keys.used]
    const args = events.flatMap(({ event, at }) => [event.n, JSON.stringify(keptOf(event)), at])
    const most = [limits.logs, ...Object.values(limits.ofParticipant), ...Object.values(limits.ofClass)]
    const reply = await this.redis.eval(
      RECEIVE,
      names.length,
      ...names,
      learner,
      logId,
      after,
      ...most,
      ...args,
    )
    const [kind, first = 0, stored = 0, ...left] = reply as [string, ...number[]]
    switch (kind) {
      case 'stored': {
        const [eventsLeft = 0, bytesLeft = 0] = left
        const budget = { events: eventsLeft, bytes: bytesLeft }
        return { kind, n: first, stored, duplicates: events.length - stored, left: budget }
      }
      case 'send from':
        return { kind, after: first }
      case 'another log':
      case 'join again':
        return { kind }
      default:
        throw new ClassFullError(String(first) === 'class' ? 'class' : 'participant')
    }
  }

  /** Stores an answer if the participant shares theirs and may store more; returns false if not. */
  async keepCode(learner: string, eventId: string, code: string): Promise<boolean> {
    const { redis, keys } = this
    const names = [keys.participants, keys.code(learner), keys.used]
    const most = [limits.codes, limits.ofParticipant.bytes, limits.ofClass.bytes]
    return (await redis.eval(KEEP_CODE, 3, ...names, learner, eventId, code, ...most)) === 1
  }

  /** Stores a recording, in base64, if the participant shares their code and may store more; false if not. */
  async keepRun(learner: string, eventId: string, run: string): Promise<boolean> {
    const { redis, keys } = this
    const names = [keys.participants, keys.runs(learner), keys.used]
    const most = [limits.runs, limits.ofParticipant.bytes, limits.ofClass.bytes]
    return (await redis.eval(KEEP_RUN, 3, ...names, learner, eventId, run, ...most)) === 1
  }

  /** The recording of a check of one of them, as it was sent; undefined if there's none. */
  async runOf(learners: readonly string[], eventId: string): Promise<Buffer | undefined> {
    const found = await Promise.all(learners.map((one) => this.redis.hget(this.keys.runs(one), eventId)))
    const kept = found.find((one) => one !== null)
    return kept == null ? undefined : Buffer.from(kept.slice(kept.indexOf(' ') + 1), 'base64')
  }

  /** Deletes the answers and recordings of a participant who no longer shares them. Writes nothing if nothing changes. */
  async setShare(learner: string, share: boolean): Promise<void> {
    const { keys } = this
    const now = JSON.stringify({ share })
    const before = await this.redis.hget(keys.participants, learner)
    if (before === null || before === now) return
    const drop = ['eval', DROP_CODE, '3', keys.code(learner), keys.runs(learner), keys.used, learner]
    await this.#recorded({ type: 'SHARING_CHANGED', payload: { learner, share } }, [
      ['hset', keys.participants, learner, now],
      ...(share ? [] : [drop]),
    ])
  }

  /** Removes participants: nothing more is accepted from them, and what they sent stays for now. */
  async remove(learners: readonly string[]): Promise<void> {
    const { keys } = this
    await this.#recorded({ type: 'PARTICIPANTS_REMOVED', payload: { learners } }, [
      ['hdel', keys.participants, ...learners],
      ['sadd', keys.gone, ...learners],
    ])
  }

  /** Brings removed participants back, with everything they had sent. */
  async restore(removed: readonly { readonly id: string; readonly share: boolean }[]): Promise<void> {
    const { keys } = this
    const learners = removed.map(({ id }) => id)
    const fields = removed.flatMap(({ id, share }) => [id, JSON.stringify({ share })])
    await this.#recorded({ type: 'PARTICIPANTS_RESTORED', payload: { learners } }, [
      ['hset', keys.participants, ...fields],
      ['srem', keys.gone, ...learners],
    ])
  }

  /** Forgets a participant and everything that came from them; their token is void from now on. */
  async forget(learner: string): Promise<void> {
    const { redis, keys } = this
    const streams = (await redis.smembers(keys.logs(learner))).map((logId) => keys.learner(learner, logId))
    await this.#recorded({ type: 'PARTICIPANT_LEFT', payload: { learner } }, [
      ...[keys.participants, keys.cursors, keys.snapshots].map((hash) => ['hdel', hash, learner]),
      ['sadd', keys.gone, learner],
      ['del', keys.logs(learner), keys.code(learner), keys.runs(learner), ...streams],
      ['eval', FREE, '1', keys.used, learner],
    ])
  }

  /** Appends to the class's own log. */
  async record(event: NewClassEvent): Promise<void> {
    await this.#recorded(event)
  }

  /** Writes the event, and everything that goes with it, in one step. */
  async #recorded(event: NewClassEvent, also: readonly Command[] = []): Promise<void> {
    const entry = JSON.stringify({ ...event, at: this.#now().toISOString() })
    const commands: readonly Command[] = [...also, ['xadd', this.keys.log, '*', 'event', entry]]
    if (event.type === 'PARTICIPANT_JOINED') await this.#write(commands)
    else await this.#writeAnyway(commands, OF_PARTICIPANTS.has(event.type) ? 'redis' : 'instructor')
  }

  async #write(commands: readonly Command[]): Promise<void> {
    const replies = await this.redis.multi(commands.map((command) => [...command])).exec()
    const refused = replies?.find(([error]) => error !== null)?.[0]
    if (refused) throw refused
  }

  /**
   * The same on a Redis that has no memory left: what the instructor does, and what participants take back, is little,
   * and it's what makes room again. Scripts can't call each other, so they come last there. `reader` is who gets the
   * sentence if it isn't possible.
   */
  async #writeAnyway(
    commands: readonly Command[],
    reader: 'instructor' | 'redis' = 'instructor',
  ): Promise<void> {
    try {
      return await this.#write(commands)
    } catch (error) {
      if (!isOutOfMemory(error)) throw error
    }
    const [scripts, others] = [commands.filter(isScript), commands.filter((one) => !isScript(one))]
    const names = new Set(others.flat().filter((word) => word.startsWith(this.keys.prefix)))
    try {
      await this.redis.eval(ALLOW_OOM + DO_ALL, names.size, ...names, JSON.stringify(others))
      for (const [, script = '', count, ...rest] of scripts)
        await this.redis.eval(ALLOW_OOM + script, Number(count), ...rest)
    } catch (error) {
      if (!isOutOfMemory(error) && !isTooOldForFlags(error)) throw error
      throw new ClassFullError(reader)
    }
  }
}

/** What participants do themselves. */
const OF_PARTICIPANTS: ReadonlySet<string> = new Set<ClassEventType>(['SHARING_CHANGED', 'PARTICIPANT_LEFT'])

/** A command as Redis gets it. */
type Command = readonly string[]

function isScript([name]: Command): boolean {
  return name === 'eval'
}
