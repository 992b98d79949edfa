// task: toFields, fromEntry
// diagnosis: encoded twice: parsed once
import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent, MalformedEventError } from '#built/01-events'
import { applyEvent, type UserState } from '#built/03-replay'

/** Where an event stands: the id of its entry in each stream. Ids of different streams do not compare. */
export interface StoredAt {
  /** The event's own id, the same everywhere. */
  readonly eventId: string
  /** In `stream:entity:<entityId>`. */
  readonly entity: string
  /** In `stream:type:<eventType>`. */
  readonly type: string
  /** In `stream:events`. */
  readonly all: string
}

/** An entry as Redis replies it: its fields are a flat list, name, value, name, value. */
export type RawEntry = readonly [id: string, flat: readonly string[]]

/** An entry that is no event: `id` is the entry's, `field` the field that is missing or wrong. */
export class MalformedEntryError extends Error {
  override readonly name = 'MalformedEntryError'
  readonly id: string
  readonly field: string

  constructor(id: string, field: string) {
    super(`Entry ${id} is no event: its field ${field} is missing or wrong`)
    this.id = id
    this.field = field
  }
}

const ALL = 'stream:events'
/** The place before the first entry. */
const BEGINNING = '0-0'
/** Large enough to spare round trips, small enough to keep Redis free for others. */
const PAGE_SIZE = 500

/** The event as XADD takes it. @throws MalformedEventError for what JSON would spoil */
export function toFields(event: DomainEvent): readonly string[] {
  encodeEvent(event) // refuses what JSON would drop or change
  const { eventId, timestamp, eventType, entityId, payload, metadata } = event
  return Object.entries({
    eventId,
    timestamp,
    eventType,
    entityId,
    payload: JSON.stringify(JSON.stringify(payload)),
    metadata: JSON.stringify(metadata),
  }).flat()
}

/** The event that an entry holds; missing metadata becomes `{}`. @throws MalformedEntryError */
export function fromEntry([id, flat]: RawEntry): DomainEvent {
  const fields = paired(flat)
  const payload = JSON.parse(parse(id, 'payload', fields.payload) as string)
  const metadata = parse(id, 'metadata', fields.metadata ?? '{}')
  try {
    return decodeEvent(JSON.stringify({ ...fields, payload, metadata }))
  } catch (error) {
    if (error instanceof MalformedEventError) throw new MalformedEntryError(id, error.field)
    throw error
  }
}

/**
 * Appends the event to the streams of its entity, of its type and of all events: all three or nothing.
 * @throws MalformedEventError: nothing has been written then
 */
export async function storeEventWithStreams(redis: Redis, event: DomainEvent): Promise<StoredAt> {
  const fields = toFields(event)
  const replies = await redis
    .multi()
    .xadd(entityStream(event.entityId), '*', ...fields)
    .xadd(`stream:type:${event.eventType}`, '*', ...fields)
    .xadd(ALL, '*', ...fields)
    .exec()
  const [entity, type, all] = (replies ?? []).map(([error, id]) => {
    if (error !== null) throw error
    return String(id)
  })
  if (entity === undefined || type === undefined || all === undefined) throw new Error('EXEC gave no ids')
  return { eventId: event.eventId, entity, type, all }
}

/**
 * Replays the stream of an entity, page by page. Resolves to `null` for an entity that never was.
 * @throws MalformedEntryError for an entry that is no event
 */
export async function getEntityStateFromStreams(redis: Redis, entityId: string): Promise<UserState | null> {
  let state: UserState | null = null
  let after: string | undefined = BEGINNING
  while (after !== undefined) {
    const page: RawEntry[] = await redis.xrange(entityStream(entityId), `(${after}`, '+', 'COUNT', PAGE_SIZE)
    for (const entry of page) state = applyEvent(state, fromEntry(entry))
    after = page.length < PAGE_SIZE ? undefined : page.at(-1)?.[0]
  }
  return state
}

function entityStream(entityId: string): string {
  return `stream:entity:${entityId}`
}

function paired(flat: readonly string[]): Readonly<Record<string, string>> {
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? ''])
  return Object.fromEntries(pairs)
}

function parse(id: string, field: string, text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    throw new MalformedEntryError(id, field)
  }
}
