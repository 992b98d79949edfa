import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent, MalformedEventError } from '#built/01-events'
import { applyEvent, type UserState } from '#built/03-replay'

export interface StoredAt {
  readonly eventId: string
  readonly entity: string
  readonly type: string
  readonly all: string
}
export type RawEntry = readonly [id: string, flat: readonly string[]]

export class MalformedEntryError extends Error {
  override readonly name = 'MalformedEntryError'
  readonly id: string
  readonly field: string

  constructor(id: string, field: string) {
    super(`Entry ${id} isn't an event: its field ${field} is missing or wrong`)
    this.id = id
    this.field = field
  }
}

export function toFields(event: DomainEvent): readonly string[] {
  encodeEvent(event)
  return [
    'eventId',
    event.eventId,
    'timestamp',
    event.timestamp,
    'eventType',
    event.eventType,
    'entityId',
    event.entityId,
    'payload',
    JSON.stringify(event.payload),
    'metadata',
    JSON.stringify(event.metadata),
  ]
}

export function fromEntry([id, flat]: RawEntry): DomainEvent {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i] as string] = flat[i + 1] as string
  const payload = parse(id, 'payload', fields.payload)
  const metadata = fields.metadata === undefined ? {} : parse(id, 'metadata', fields.metadata)
  try {
    return decodeEvent(JSON.stringify({ ...fields, payload, metadata }))
  } catch (error) {
    if (error instanceof MalformedEventError) throw new MalformedEntryError(id, error.field)
    throw error
  }
}

function parse(id: string, field: string, text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    throw new MalformedEntryError(id, field)
  }
}

export async function storeEventWithStreams(redis: Redis, event: DomainEvent): Promise<StoredAt> {
  const fields = toFields(event)
  const replies = await redis
    .multi()
    .xadd(`stream:entity:${event.entityId}`, '*', ...fields)
    .xadd(`stream:type:${event.eventType}`, '*', ...fields)
    .xadd('stream:events', '*', ...fields)
    .exec()
  const [entity, type, all] = (replies ?? []).map(([error, id]) => {
    if (error) throw error
    return id as string
  }) as [string, string, string]
  return { eventId: event.eventId, entity, type, all }
}

export async function getEntityStateFromStreams(redis: Redis, entityId: string): Promise<UserState | null> {
  const stream = `stream:entity:${entityId}`
  let state: UserState | null = null
  let last = '0-0'
  for (;;) {
    const page = await redis.xrange(stream, `(${last}`, '+', 'COUNT', 500)
    for (const entry of page) {
      state = applyEvent(state, fromEntry(entry))
      last = entry[0]
    }
    if (page.length < 500) return state
  }
}
