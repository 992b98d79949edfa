/** Uses one ID for all three streams, found under WATCH on its own connection. Pages are inclusive, checks are by hand. */
import type { Redis } from 'ioredis'
import { type DomainEvent, encodeEvent } from '#built/01-events'
import { applyEvent, type UserState } from '#built/03-replay'

export type StoredAt = { eventId: string; entity: string; type: string; all: string }
export type RawEntry = readonly [id: string, flat: readonly string[]]

export class MalformedEntryError extends Error {
  readonly id: string
  readonly field: string
  constructor(id: string, field: string) {
    super(`${field} of ${id}`)
    this.name = 'MalformedEntryError'
    this.id = id
    this.field = field
  }
}

export const toFields = (event: DomainEvent): string[] => {
  const whole = JSON.parse(encodeEvent(event)) as Record<string, unknown>
  return ['metadata', 'payload', 'entityId', 'eventType', 'timestamp', 'eventId'].flatMap((name) => {
    const value = whole[name]
    return [name, typeof value === 'string' ? value : JSON.stringify(value)]
  })
}

export const fromEntry = ([id, flat]: RawEntry): DomainEvent => {
  const get = (name: string) => flat.find((_, i) => i % 2 === 1 && flat[i - 1] === name)
  const refuse = (field: string): never => {
    throw new MalformedEntryError(id, field)
  }
  const text = (name: string): string => get(name) || refuse(name)
  const object = (name: string, otherwise?: string) => {
    let value: unknown
    try {
      value = JSON.parse(get(name) ?? otherwise ?? '')
    } catch {
      return refuse(name)
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(name)
    return value as DomainEvent['payload']
  }
  if (Number.isNaN(Date.parse(text('timestamp')))) refuse('timestamp')
  return {
    eventId: text('eventId'),
    timestamp: text('timestamp'),
    eventType: text('eventType'),
    entityId: text('entityId'),
    payload: object('payload'),
    metadata: object('metadata', '{}'),
  }
}

export async function storeEventWithStreams(redis: Redis, event: DomainEvent): Promise<StoredAt> {
  const fields = toFields(event)
  const streams = [`stream:entity:${event.entityId}`, `stream:type:${event.eventType}`, 'stream:events']
  const own = redis.duplicate()
  try {
    for (;;) {
      await own.watch(...streams)
      let [ms, n] = [BigInt(Date.now()), -1n]
      for (const stream of streams) {
        const last = (await own.xrevrange(stream, '+', '-', 'COUNT', 1))[0]?.[0]
        if (last === undefined) continue
        const [a = 0n, b = 0n] = last.split('-').map(BigInt)
        if (a > ms || (a === ms && b > n)) [ms, n] = [a, b]
      }
      const id = `${ms}-${n + 1n}`
      const transaction = own.multi()
      for (const stream of streams) transaction.xadd(stream, id, ...fields)
      const replies = await transaction.exec()
      for (const [error] of replies ?? []) if (error !== null) throw error
      if (replies !== null) return { eventId: event.eventId, entity: id, type: id, all: id }
    }
  } finally {
    own.disconnect()
  }
}

export async function getEntityStateFromStreams(redis: Redis, entityId: string): Promise<UserState | null> {
  let state: UserState | null = null
  let last = '-'
  for (;;) {
    const page = await redis.xrange(`stream:entity:${entityId}`, last, '+', 'COUNT', 501)
    const fresh = page.filter(([id]) => id !== last)
    if (fresh.length === 0) return state
    for (const entry of fresh) {
      state = applyEvent(state, fromEntry(entry))
      last = entry[0]
    }
  }
}
