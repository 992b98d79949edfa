import { once } from 'node:events'
import type { Redis } from 'ioredis'

export type ProfileStream = 'user_updates' | 'user_activity' | 'user_friends'

export interface NewProfileEvent {
  readonly userId: string
  readonly eventType: string
  readonly payload: Readonly<Record<string, string>>
}

/** An entry of a stream; `id` is its position there. */
export interface StreamEvent extends NewProfileEvent {
  readonly stream: string
  readonly id: string
}

export interface UserSnapshot {
  readonly userId: string
  readonly name: string | null
  readonly email: string | null
  readonly logins: number
  readonly friends: number
}

export type Handler = (event: StreamEvent) => void | Promise<void>

export interface ProcessorOptions {
  /** Its checkpoint is stored under this name. */
  readonly name: string
  /** For each stream, the handlers of its events, in the order in which they're called. */
  readonly handlers: Readonly<Record<string, readonly Handler[]>>
  readonly onError: (error: unknown) => void
  readonly sleep: (ms: number) => Promise<void>
  /** Maximum time that one read waits, in milliseconds. */
  readonly blockMs?: number
}

export class EventStore {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Appends the event and returns its ID in the stream. */
  async append(stream: ProfileStream, { userId, eventType, payload }: NewProfileEvent): Promise<string> {
    const fields = ['userId', userId, 'eventType', eventType, 'payload', JSON.stringify(payload)]
    return String(await this.#redis.xadd(stream, '*', ...fields))
  }
}

/**
 * Changes a snapshot, unless it already includes the event.
 * KEYS  1 the snapshot's hash
 * ARGV  1 the field with the position in the event's stream · 2 the event's ID · then for each change: HSET or HINCRBY,
 *       a field, a value
 * Returns 1 if it changed the snapshot, 0 if it didn't.
 */
const APPLY = `
local function numbers(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end
local ms, seq = numbers(ARGV[2])
local lastMs, lastSeq = numbers(redis.call('HGET', KEYS[1], ARGV[1]) or '0-0')
if ms < lastMs or (ms == lastMs and seq <= lastSeq) then return 0 end
for i = 3, #ARGV, 3 do redis.call(ARGV[i], KEYS[1], ARGV[i + 1], ARGV[i + 2]) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1`

export class SnapshotStore {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Resolves to false if the snapshot already includes this event, or a later one of its stream. */
  async apply(event: StreamEvent): Promise<boolean> {
    const args = [`at:${event.stream}`, event.id, ...changesOf(event).flat()]
    return (await this.#redis.eval(APPLY, 1, `user_snapshot:${event.userId}`, ...args)) === 1
  }

  async get(userId: string): Promise<UserSnapshot | null> {
    const hash = await this.#redis.hgetall(`user_snapshot:${userId}`)
    if (Object.keys(hash).length === 0) return null
    const { name = null, email = null, logins = '0', friends = '0' } = hash
    return { userId, name, email, logins: Number(logins), friends: Number(friends) }
  }
}

type Change = readonly [command: 'HSET' | 'HINCRBY', field: string, value: string]

function changesOf({ eventType, payload }: StreamEvent): readonly Change[] {
  switch (eventType) {
    case 'PROFILE_CHANGED':
      return ['name', 'email'].flatMap((field) => {
        const value = payload[field]
        return value === undefined ? [] : [['HSET', field, value] as const]
      })
    case 'USER_LOGGED_IN':
      return [['HINCRBY', 'logins', '1']]
    case 'FRIEND_ADDED':
      return [['HINCRBY', 'friends', '1']]
    case 'FRIEND_REMOVED':
      return [['HINCRBY', 'friends', '-1']]
    default:
      return []
  }
}

const PAGE = 100
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000

/** Passes every event of its streams to their handlers, at least once and in order, until it's stopped. */
export class StreamProcessor {
  readonly #redis: Redis
  readonly #options: ProcessorOptions
  readonly #checkpoint: string
  readonly #stop = new AbortController()
  readonly #stopped = once(this.#stop.signal, 'abort')
  #reader: Redis | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(redis: Redis, options: ProcessorOptions) {
    this.#redis = redis
    this.#options = options
    this.#checkpoint = `checkpoint:${options.name}`
  }

  /** Resolves as soon as the processor is running. */
  async start(): Promise<void> {
    // A connection of its own, because no other command gets through while a read waits.
    this.#reader = this.#redis.duplicate()
    this.#reader.on('error', () => {}) // the command that failed reports it, too
    this.#running = this.#run(this.#reader)
  }

  /** Cuts off a waiting read, and resolves when a running handler has finished. The processor can't be started again. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#reader?.disconnect()
    await this.#running
  }

  async #run(reader: Redis): Promise<void> {
    let wait = FIRST_WAIT_MS
    while (!this.#stop.signal.aborted) {
      try {
        for (const event of await this.#read(reader)) {
          if (this.#stop.signal.aborted) return
          await this.#handle(event)
          wait = FIRST_WAIT_MS
        }
      } catch (error) {
        this.#options.onError(error)
        await Promise.race([this.#options.sleep(wait), this.#stopped])
        wait = Math.min(wait * 2, LONGEST_WAIT_MS)
      }
    }
  }

  /** Reads from the checkpoint each time, so that events read before a failure but not handled are read again. */
  async #read(reader: Redis): Promise<readonly StreamEvent[]> {
    const streams = Object.keys(this.#options.handlers)
    const checkpoint = await this.#redis.hgetall(this.#checkpoint)
    const positions = streams.map((stream) => checkpoint[stream] ?? '0')
    const block = this.#options.blockMs ?? 5_000
    try {
      const reply = await reader.xread('COUNT', PAGE, 'BLOCK', block, 'STREAMS', ...streams, ...positions)
      return (reply ?? []).flatMap(([stream, entries]) =>
        entries.map(([id, flat]) => toEvent(stream, id, flat)),
      )
    } catch (error) {
      if (this.#stop.signal.aborted) return [] // `stop` cut the connection
      throw error
    }
  }

  async #handle(event: StreamEvent): Promise<void> {
    for (const handler of this.#options.handlers[event.stream] ?? []) await handler(event)
    await this.#redis.hset(this.#checkpoint, event.stream, event.id)
  }
}

function toEvent(stream: string, id: string, flat: readonly string[]): StreamEvent {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  const { userId = '', eventType = '', payload = '{}' } = fields
  return { stream, id, userId, eventType, payload: JSON.parse(payload) }
}
