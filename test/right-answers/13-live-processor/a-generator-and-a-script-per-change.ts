// Events as an async generator, closures instead of private fields, and one script that receives the change as JSON.
import type { Redis } from 'ioredis'

export type ProfileStream = 'user_updates' | 'user_activity' | 'user_friends'
export interface NewProfileEvent {
  readonly userId: string
  readonly eventType: string
  readonly payload: Readonly<Record<string, string>>
}
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
  readonly name: string
  readonly handlers: Readonly<Record<string, readonly Handler[]>>
  readonly onError: (error: unknown) => void
  readonly sleep: (ms: number) => Promise<void>
  readonly blockMs?: number
}

export class EventStore {
  readonly append: (stream: ProfileStream, event: NewProfileEvent) => Promise<string>
  constructor(redis: Redis) {
    this.append = async (stream, { payload, ...rest }) =>
      `${await redis.xadd(stream, '*', ...Object.entries(rest).flat(), 'payload', JSON.stringify(payload))}`
  }
}

// The position as one number of a fixed width, so that strings compare like numbers.
const sortable = (id: string) =>
  id
    .split('-')
    .map((part) => part.padStart(20, '0'))
    .join('-')

const CHANGE = `
local at = redis.call('HGET', KEYS[1], '@' .. ARGV[1])
if at and at >= ARGV[2] then return 'old' end
redis.call('HSET', KEYS[1], '@' .. ARGV[1], ARGV[2])
for field, value in pairs(cjson.decode(ARGV[3])) do redis.call('HSET', KEYS[1], field, value) end
redis.call('HINCRBY', KEYS[1], 'logins', ARGV[4])
redis.call('HINCRBY', KEYS[1], 'friends', ARGV[5])
return 'new'`

export class SnapshotStore {
  readonly apply: (event: StreamEvent) => Promise<boolean>
  readonly get: (userId: string) => Promise<UserSnapshot | null>

  constructor(redis: Redis) {
    this.apply = async ({ stream, id, userId, eventType, payload }) => {
      const { name, email } = eventType === 'PROFILE_CHANGED' ? payload : {}
      const logins = eventType === 'USER_LOGGED_IN' ? 1 : 0
      const friends = eventType === 'FRIEND_ADDED' ? 1 : eventType === 'FRIEND_REMOVED' ? -1 : 0
      const args = [stream, sortable(id), JSON.stringify({ name, email }), logins, friends]
      return (await redis.eval(CHANGE, 1, `user_snapshot:${userId}`, ...args)) === 'new'
    }
    this.get = async (userId) => {
      const row = await redis.hgetall(`user_snapshot:${userId}`)
      if (row.logins === undefined) return null
      return {
        userId,
        name: row.name ?? null,
        email: row.email ?? null,
        logins: +row.logins,
        friends: Number(row.friends),
      }
    }
  }
}

export class StreamProcessor {
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>

  constructor(redis: Redis, { name, handlers, onError, sleep, blockMs = 5_000 }: ProcessorOptions) {
    const key = `checkpoint:${name}`
    const streams = Object.keys(handlers)
    const stopping = new AbortController()
    let finished = Promise.resolve()
    let reader: Redis | undefined
    let failures = 0

    async function* events(own: Redis): AsyncGenerator<StreamEvent> {
      const known = await redis.hgetall(key)
      const from = new Map(streams.map((stream) => [stream, known[stream] ?? '0']))
      while (!stopping.signal.aborted) {
        const reply = await own.xread('COUNT', 10, 'BLOCK', blockMs, 'STREAMS', ...streams, ...from.values())
        for (const [stream, entries] of reply ?? []) {
          for (const [id, flat] of entries) {
            const pairs = flat.flatMap((field, i): [string, string][] =>
              i % 2 ? [] : [[field, flat[i + 1] ?? '']],
            )
            const { userId = '', eventType = '', payload = '{}' } = Object.fromEntries(pairs)
            if (stopping.signal.aborted) return
            yield { stream, id, userId, eventType, payload: JSON.parse(payload) }
            from.set(stream, id)
          }
        }
      }
    }

    const once = async (own: Redis) => {
      for await (const event of events(own)) {
        for (const handler of handlers[event.stream] ?? []) await handler(event)
        await redis.hset(key, event.stream, event.id)
        failures = 0
        if (stopping.signal.aborted) return
      }
    }

    const run = async (own: Redis) => {
      while (!stopping.signal.aborted) {
        try {
          await once(own)
        } catch (error) {
          if (stopping.signal.aborted) return
          onError(error)
          const wait = [100, 200, 400, 800, 1_600, 3_200][failures++] ?? 5_000
          await new Promise<void>((resolve) => {
            stopping.signal.addEventListener('abort', () => resolve(), { once: true })
            void sleep(wait).then(resolve)
          })
        }
      }
    }

    this.start = async () => {
      reader = redis.duplicate()
      reader.on('error', () => undefined)
      await reader.connect().catch(() => undefined) // it may already be connecting
      finished = run(reader)
    }
    this.stop = async () => {
      stopping.abort()
      reader?.disconnect(false)
      await finished
    }
  }
}
