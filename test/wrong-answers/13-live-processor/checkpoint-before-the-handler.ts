// task: StreamProcessor
// diagnosis: If the process dies now, the event is lost
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
  /** Where it stands is kept under this name. */
  readonly name: string
  /** By stream: who gets its events, in this order. */
  readonly handlers: Readonly<Record<string, readonly Handler[]>>
  readonly onError: (error: unknown) => void
  readonly sleep: (ms: number) => Promise<void>
  /** How long one read waits at most, in milliseconds. */
  readonly blockMs?: number
}

export class EventStore {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Appends the event and returns its id in the stream. */
  async append(stream: ProfileStream, { userId, eventType, payload }: NewProfileEvent): Promise<string> {
    const fields = ['userId', userId, 'eventType', eventType, 'payload', JSON.stringify(payload)]
    return String(await this.#redis.xadd(stream, '*', ...fields))
  }
}

/**
 * Changes a snapshot, unless the event is in it already.
 * KEYS  1 the snapshot's hash
 * ARGV  1 the field that holds the position in the event's stream · 2 the event's id · then for each change: HSET or HINCRBY,
 *       a field, a value
 * Replies 1 when it was changed, 0 when it stays.
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

  /** Resolves to false when this event, or a later one of its stream, is in the snapshot already. */
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

/** Hands every event of its streams to their handlers, at least once and in order, until it is told to stop. */
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

  /** Resolves as soon as it runs. */
  async start(): Promise<void> {
    // A connection of its own: while a read waits, nothing else gets through.
    this.#reader = this.#redis.duplicate()
    this.#reader.on('error', () => {}) // the command that failed tells of it too
    this.#running = this.#run(this.#reader)
  }

  /** Resolves when the handler at work has finished; a read that waits is cut off. The processor cannot be started again. */
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

  /** From the checkpoint each time: what was read before a failure and not handled comes again. */
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
      if (this.#stop.signal.aborted) return [] // it was stop that cut the connection
      throw error
    }
  }

  async #handle(event: StreamEvent): Promise<void> {
    await this.#redis.hset(this.#checkpoint, event.stream, event.id)
    for (const handler of this.#options.handlers[event.stream] ?? []) await handler(event)
  }
}

function toEvent(stream: string, id: string, flat: readonly string[]): StreamEvent {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  const { userId = '', eventType = '', payload = '{}' } = fields
  return { stream, id, userId, eventType, payload: JSON.parse(payload) }
}
