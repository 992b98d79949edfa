// Optimistic: a connection of its own, WATCH, and a transaction that's retried. Every snapshot comes from all events.
import type { Redis } from 'ioredis'

export type StoredEvent = {
  readonly id: string
  readonly eventId: string
  readonly eventType: string
  readonly timestamp: string
  readonly payload: Readonly<Record<string, unknown>>
}
export type Reducer<State extends object> = {
  readonly version: number
  readonly apply: (state: State | null, event: StoredEvent) => State | null
}
export type EntityState<State extends object> = {
  readonly state: State | null
  readonly lastEventId: string | null
}

const isId = (text: string) =>
  /^[0-9]+-[0-9]+$/.test(text) && text.split('-').every((part) => BigInt(part) < 2n ** 64n)

class Entity<State extends object> {
  readonly stream: string
  readonly snapshot: string
  readonly redis: Redis
  readonly reducer: Reducer<State>

  constructor(redis: Redis, entityId: string, reducer: Reducer<State>) {
    this.redis = redis
    this.stream = `stream:entity:${entityId}`
    this.snapshot = `snapshot:${entityId}`
    this.reducer = reducer
  }

  /** XREAD starts after the ID that it receives, so it needs no parenthesis. */
  async readOn(state: State | null, from: string): Promise<EntityState<State>> {
    let [current, position] = [state, from]
    while (true) {
      const reply = await this.redis.xread('COUNT', 250, 'STREAMS', this.stream, position)
      const entries = reply?.[0]?.[1] ?? []
      if (entries.length === 0) break
      for (const [id, list] of entries) {
        const field = (name: string) =>
          list[list.findIndex((text, i) => i % 2 === 0 && text === name) + 1] ?? ''
        current = this.reducer.apply(current, {
          id,
          eventId: field('eventId'),
          eventType: field('eventType'),
          timestamp: field('timestamp'),
          payload: JSON.parse(field('payload')),
        })
        position = id
      }
    }
    return { state: current, lastEventId: position === '0' ? null : position }
  }

  async sound(): Promise<{ state: State; at: string } | undefined> {
    const [text, at, version] = await this.redis
      .hmget(this.snapshot, 'state', 'lastEventId', 'reducerVersion')
      .catch(() => [])
    if (!text || !at || version !== `${this.reducer.version}` || !isId(at)) return undefined
    if ((await this.redis.xrange(this.stream, at, at, 'COUNT', 1)).length === 0) return undefined
    try {
      const state = JSON.parse(text)
      return state !== null && typeof state === 'object' ? { state, at } : undefined
    } catch {
      return undefined
    }
  }

  async save({ state, lastEventId }: EntityState<State>, now: Date): Promise<boolean> {
    if (state === null || lastEventId === null) return false
    const own = this.redis.duplicate()
    try {
      for (;;) {
        await own.watch(this.snapshot)
        if (await this.isAhead(own, lastEventId)) return false
        const done = await own
          .multi()
          .del(this.snapshot)
          .hset(this.snapshot, 'reducerVersion', this.reducer.version, 'createdAt', now.toISOString())
          .hset(this.snapshot, 'lastEventId', lastEventId, 'state', JSON.stringify(state))
          .exec()
        if (done === null) continue
        for (const [error] of done) if (error !== null) throw error
        return true
      }
    } finally {
      own.disconnect()
    }
  }

  async isAhead(own: Redis, mine: string): Promise<boolean> {
    if ((await own.type(this.snapshot)) !== 'hash') return false
    const { reducerVersion = '', lastEventId = '' } = await own.hgetall(this.snapshot)
    if (Number(reducerVersion) > this.reducer.version) return true
    if (Number(reducerVersion) !== this.reducer.version || !isId(lastEventId)) return false
    const [[ms = 0n, seq = 0n], [myMs = 0n, mySeq = 0n]] = [lastEventId, mine].map((id) =>
      id.split('-').map(BigInt),
    ) as [bigint[], bigint[]]
    if (ms < myMs || (ms === myMs && seq <= mySeq)) return false
    return (await own.xrange(this.stream, lastEventId, lastEventId)).length > 0
  }
}

export async function createSnapshot<State extends object>(
  redis: Redis,
  entityId: string,
  reducer: Reducer<State>,
  clock: () => Date,
): Promise<boolean> {
  const entity = new Entity(redis, entityId, reducer)
  return entity.save(await entity.readOn(null, '0'), clock())
}

export async function getEntityStateWithSnapshot<State extends object>(
  redis: Redis,
  entityId: string,
  reducer: Reducer<State>,
): Promise<EntityState<State>> {
  const entity = new Entity(redis, entityId, reducer)
  const start = await entity.sound()
  return start === undefined ? entity.readOn(null, '0') : entity.readOn(start.state, start.at)
}
