// One loop and one connection per stream, and WATCH for the snapshot. No CLIENT UNBLOCK: the connection is cut.
import type { Redis } from 'ioredis'

export type ProfileStream = 'user_updates' | 'user_activity' | 'user_friends'
export type NewProfileEvent = {
  readonly userId: string
  readonly eventType: string
  readonly payload: Readonly<Record<string, string>>
}
export type StreamEvent = NewProfileEvent & { readonly stream: string; readonly id: string }
export type UserSnapshot = {
  readonly userId: string
  readonly name: string | null
  readonly email: string | null
  readonly logins: number
  readonly friends: number
}
export type Handler = (event: StreamEvent) => void | Promise<void>
export type ProcessorOptions = {
  readonly name: string
  readonly handlers: Readonly<Record<string, readonly Handler[]>>
  readonly onError: (error: unknown) => void
  readonly sleep: (ms: number) => Promise<void>
  readonly blockMs?: number
}

export class EventStore {
  private readonly redis: Redis
  constructor(redis: Redis) {
    this.redis = redis
  }
  async append(stream: ProfileStream, event: NewProfileEvent): Promise<string> {
    const { payload, eventType, userId } = event
    const id = await this.redis.xadd(
      stream,
      '*',
      'payload',
      JSON.stringify(payload),
      'eventType',
      eventType,
      'userId',
      userId,
    )
    if (id === null) throw new Error(`Nothing was added to ${stream}`)
    return id
  }
}

const asNumbers = (id: string) => id.split('-').map((part) => BigInt(part)) as [bigint, bigint]

export class SnapshotStore {
  private readonly redis: Redis
  constructor(redis: Redis) {
    this.redis = redis
  }

  async apply(event: StreamEvent): Promise<boolean> {
    const own = this.redis.duplicate()
    const key = `user_snapshot:${event.userId}`
    try {
      for (;;) {
        await own.watch(key)
        const known = JSON.parse((await own.hget(key, 'positions')) ?? '{}') as Record<string, string>
        const [ms, seq] = asNumbers(event.id)
        const [knownMs, knownSeq] = asNumbers(known[event.stream] ?? '0-0')
        if (ms < knownMs || (ms === knownMs && seq <= knownSeq)) return false
        const batch = own
          .multi()
          .hset(key, 'positions', JSON.stringify({ ...known, [event.stream]: event.id }))
        const { name, email } = event.payload
        if (event.eventType === 'PROFILE_CHANGED' && name !== undefined) batch.hset(key, { name })
        if (event.eventType === 'PROFILE_CHANGED' && email !== undefined) batch.hset(key, { email })
        if (event.eventType === 'USER_LOGGED_IN') batch.hincrby(key, 'logins', 1)
        if (event.eventType === 'FRIEND_ADDED') batch.hincrby(key, 'friends', 1)
        if (event.eventType === 'FRIEND_REMOVED') batch.hincrby(key, 'friends', -1)
        const replies = await batch.exec()
        for (const [error] of replies ?? []) if (error) throw error
        if (replies !== null) return true
      }
    } finally {
      own.disconnect()
    }
  }

  async get(userId: string): Promise<UserSnapshot | null> {
    const key = `user_snapshot:${userId}`
    if ((await this.redis.exists(key)) === 0) return null
    const [name, email, logins, friends] = await this.redis.hmget(key, 'name', 'email', 'logins', 'friends')
    return {
      userId,
      name: name ?? null,
      email: email ?? null,
      logins: Number(logins ?? 0),
      friends: Number(friends ?? 0),
    }
  }
}

export class StreamProcessor {
  private readonly redis: Redis
  private readonly options: ProcessorOptions
  private readonly readers: Redis[] = []
  private readonly loops: Promise<void>[] = []
  private stopped = false
  private wakeAll: () => void = () => {}
  private readonly woken = new Promise<void>((resolve) => {
    this.wakeAll = resolve
  })

  constructor(redis: Redis, options: ProcessorOptions) {
    this.redis = redis
    this.options = options
  }

  async start(): Promise<void> {
    for (const [stream, handlers] of Object.entries(this.options.handlers)) {
      const reader = this.redis.duplicate()
      reader.on('error', () => {})
      this.readers.push(reader)
      this.loops.push(this.follow(reader, stream, handlers))
    }
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.wakeAll()
    for (const reader of this.readers) reader.disconnect()
    await Promise.all(this.loops)
  }

  private async follow(reader: Redis, stream: string, handlers: readonly Handler[]): Promise<void> {
    const key = `checkpoint:${this.options.name}`
    let failures = 0
    let position: string | undefined
    let done = 0 // how many handlers have finished with the event after `position`: they don't get it again
    while (!this.stopped) {
      try {
        position ??= (await this.redis.hget(key, stream)) ?? '0-0'
        const args = ['BLOCK', this.options.blockMs ?? 5_000, 'STREAMS', stream, position] as const
        const reply = await reader.xread('COUNT', 25, ...args).catch((error) => {
          if (this.stopped) return null
          throw error
        })
        for (const [id, list] of reply?.[0]?.[1] ?? []) {
          if (this.stopped) return
          const text = (name: string) => list[list.indexOf(name) + 1] ?? ''
          const event = {
            stream,
            id,
            userId: text('userId'),
            eventType: text('eventType'),
            payload: JSON.parse(text('payload')),
          }
          for (const handler of handlers.slice(done)) {
            await handler(event)
            done += 1
          }
          await this.redis.hset(key, { [stream]: id })
          position = id
          done = 0
          failures = 0
        }
      } catch (error) {
        this.options.onError(error)
        const ms = Math.min(100 * 2 ** failures, 5_000)
        failures += 1
        await Promise.race([this.options.sleep(ms), this.woken])
      }
    }
  }
}
