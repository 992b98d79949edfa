// The snapshot is one JSON value, changed with WATCH. The processor reads its checkpoint once, and tries a failed event again on the spot.
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

export class SnapshotStore {
  readonly redis: Redis

  constructor(redis: Redis) {
    this.redis = redis
  }

  async apply(event: StreamEvent): Promise<boolean> {
    const key = `user_snapshot:${event.userId}`
    const own = this.redis.duplicate()
    try {
      for (;;) {
        await own.watch(key)
        const old = await own.hget(key, 'snapshot')
        const row: Row = old ? JSON.parse(old) : { name: null, email: null, logins: 0, friends: 0, at: {} }
        const last = row.at[event.stream]
        if (last !== undefined && !isLater(event.id, last)) return false
        row.at[event.stream] = event.id
        change(row, event)
        const done = await own.multi().hset(key, 'snapshot', JSON.stringify(row)).exec()
        if (done === null) continue
        for (const [error] of done) if (error) throw error
        return true
      }
    } finally {
      own.disconnect()
    }
  }

  async get(userId: string): Promise<UserSnapshot | null> {
    const text = await this.redis.hget(`user_snapshot:${userId}`, 'snapshot')
    if (text === null) return null
    const { at: _, ...row } = JSON.parse(text) as Row
    return { userId, ...row }
  }
}

interface Row {
  name: string | null
  email: string | null
  logins: number
  friends: number
  at: Record<string, string>
}

function isLater(a: string, b: string): boolean {
  const [ams = 0n, aseq = 0n] = a.split('-').map(BigInt)
  const [bms = 0n, bseq = 0n] = b.split('-').map(BigInt)
  return ams === bms ? aseq > bseq : ams > bms
}

function change(row: Row, { stream, eventType, payload }: StreamEvent): void {
  if (stream === 'user_updates' && eventType === 'PROFILE_CHANGED') {
    if (payload.name !== undefined) row.name = payload.name
    if (payload.email !== undefined) row.email = payload.email
  }
  if (stream === 'user_activity' && eventType === 'USER_LOGGED_IN') row.logins += 1
  if (stream === 'user_friends' && eventType === 'FRIEND_ADDED') row.friends += 1
  if (stream === 'user_friends' && eventType === 'FRIEND_REMOVED') row.friends -= 1
}

// Positions are kept in memory; a failed event is tried again on the spot, with the handlers that haven't finished.
export class StreamProcessor {
  readonly redis: Redis
  readonly options: ProcessorOptions
  private readonly abort = new AbortController()
  private reader: Redis | null = null
  private done: Promise<void> = Promise.resolve()
  private failures = 0

  constructor(redis: Redis, options: ProcessorOptions) {
    this.redis = redis
    this.options = options
  }

  async start(): Promise<void> {
    this.reader = this.redis.duplicate()
    this.done = this.run(this.reader)
  }

  async stop(): Promise<void> {
    this.abort.abort()
    this.reader?.disconnect()
    await this.done
  }

  private get over(): boolean {
    return this.abort.signal.aborted
  }

  private async run(reader: Redis): Promise<void> {
    const { name, handlers, blockMs = 5_000 } = this.options
    const streams = Object.keys(handlers)
    const saved = await this.insist(() => this.redis.hmget(`checkpoint:${name}`, ...streams))
    if (saved === undefined) return
    const positions = new Map(streams.map((stream, i) => [stream, saved[i] ?? '0-0']))
    while (!this.over) {
      const reply = await this.insist(() =>
        reader.xread('COUNT', 100, 'BLOCK', blockMs, 'STREAMS', ...positions.keys(), ...positions.values()),
      )
      for (const [stream, entries] of reply ?? []) {
        for (const [id, flat] of entries) {
          if (this.over) return
          const left = [...(handlers[stream] ?? [])]
          const handled = await this.insist(async () => {
            const event = toEvent(stream, id, flat)
            while (left.length > 0) {
              await left[0]?.(event)
              left.shift()
            }
            await this.redis.hset(`checkpoint:${name}`, stream, id)
            return true
          })
          if (handled === undefined) return
          this.failures = 0
          positions.set(stream, id)
        }
      }
    }
  }

  /** Tries until it succeeds, or until the processor has to stop. */
  private async insist<T>(work: () => Promise<T>): Promise<T | undefined> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (this.over) return undefined
        this.options.onError(error)
        const wait = Math.min(100 * 2 ** this.failures, 5_000)
        this.failures += 1
        await new Promise<void>((resolve) => {
          this.abort.signal.addEventListener('abort', () => resolve(), { once: true })
          void this.options.sleep(wait).then(resolve)
        })
        if (this.over) return undefined
      }
    }
  }
}

function toEvent(stream: string, id: string, flat: readonly string[]): StreamEvent {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  const { userId = '', eventType = '', payload = '{}' } = fields
  return { stream, id, userId, eventType, payload: JSON.parse(payload) }
}
