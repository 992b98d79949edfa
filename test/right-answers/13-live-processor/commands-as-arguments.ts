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

const APPLY = `
local function parts(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end
local seen = redis.call('HGET', KEYS[1], 'at:' .. ARGV[1])
if seen then
  local sm, ss = parts(seen)
  local nm, ns = parts(ARGV[2])
  if nm < sm or (nm == sm and ns <= ss) then return 0 end
end
for i = 3, #ARGV, 3 do redis.call(ARGV[i], KEYS[1], ARGV[i + 1], ARGV[i + 2]) end
redis.call('HSET', KEYS[1], 'at:' .. ARGV[1], ARGV[2])
return 1
`

function changesOf({ stream, eventType, payload }: StreamEvent): string[] {
  if (stream === 'user_updates' && eventType === 'PROFILE_CHANGED') {
    const changes: string[] = []
    for (const field of ['name', 'email'] as const) {
      const value = payload[field]
      if (value !== undefined) changes.push('HSET', field, value)
    }
    return changes
  }
  if (stream === 'user_activity' && eventType === 'USER_LOGGED_IN') return ['HINCRBY', 'logins', '1']
  if (stream === 'user_friends' && eventType === 'FRIEND_ADDED') return ['HINCRBY', 'friends', '1']
  if (stream === 'user_friends' && eventType === 'FRIEND_REMOVED') return ['HINCRBY', 'friends', '-1']
  return []
}

export class SnapshotStore {
  readonly redis: Redis

  constructor(redis: Redis) {
    this.redis = redis
  }

  async apply(event: StreamEvent): Promise<boolean> {
    const key = `user_snapshot:${event.userId}`
    return (await this.redis.eval(APPLY, 1, key, event.stream, event.id, ...changesOf(event))) === 1
  }

  async get(userId: string): Promise<UserSnapshot | null> {
    const row = await this.redis.hgetall(`user_snapshot:${userId}`)
    if (Object.keys(row).length === 0) return null
    return {
      userId,
      name: row.name ?? null,
      email: row.email ?? null,
      logins: Number(row.logins ?? 0),
      friends: Number(row.friends ?? 0),
    }
  }
}

export class StreamProcessor {
  readonly #redis: Redis
  readonly #options: ProcessorOptions
  #reader: Redis | undefined
  #running: Promise<void> | undefined
  #stopped = false
  #wake: () => void = () => {}
  readonly #woken: Promise<void>

  constructor(redis: Redis, options: ProcessorOptions) {
    this.#redis = redis
    this.#options = options
    this.#woken = new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  async start(): Promise<void> {
    const reader = this.#redis.duplicate()
    reader.on('error', () => {})
    this.#reader = reader
    this.#running = this.#run(reader)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#wake()
    this.#reader?.disconnect()
    await this.#running
  }

  async #run(reader: Redis): Promise<void> {
    let wait = 100
    while (!this.#stopped) {
      try {
        for (const event of await this.#read(reader)) {
          if (this.#stopped) return
          for (const handler of this.#options.handlers[event.stream] ?? []) await handler(event)
          await this.#redis.hset(this.#checkpointKey, event.stream, event.id)
          wait = 100
        }
      } catch (error) {
        if (this.#stopped) return
        this.#options.onError(error)
        await Promise.race([this.#options.sleep(wait), this.#woken])
        wait = Math.min(wait * 2, 5_000)
      }
    }
  }

  get #checkpointKey(): string {
    return `checkpoint:${this.#options.name}`
  }

  async #read(reader: Redis): Promise<StreamEvent[]> {
    const streams = Object.keys(this.#options.handlers)
    const at = await this.#redis.hgetall(this.#checkpointKey)
    const reply = await reader.xread(
      'COUNT',
      100,
      'BLOCK',
      this.#options.blockMs ?? 5_000,
      'STREAMS',
      ...streams,
      ...streams.map((s) => at[s] ?? '0'),
    )
    return (reply ?? []).flatMap(([stream, entries]) =>
      entries.map(([id, flat]) => toEvent(stream, id, flat)),
    )
  }
}

function toEvent(stream: string, id: string, flat: readonly string[]): StreamEvent {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  const { userId = '', eventType = '', payload = '{}' } = fields
  return { stream, id, userId, eventType, payload: JSON.parse(payload) }
}
