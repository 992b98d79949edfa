/** Appends with a script, and reads with XREAD until no entries come back. */
import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent, encodeEvent, MalformedEventError } from '#built/01-events'
import { applyEvent, type UserState } from '#built/03-replay'

/** Where an event is: the ID of its entry in each stream. You can't compare IDs of different streams. */
export interface StoredAt {
  /** The event's own ID, the same everywhere. */
  readonly eventId: string
  /** In `stream:entity:<entityId>`. */
  readonly entity: string
  /** In `stream:type:<eventType>`. */
  readonly type: string
  /** In `stream:events`. */
  readonly all: string
}

/** An entry as Redis replies with it: its fields are a flat list of name, value, name, value. */
export type RawEntry = readonly [id: string, flat: readonly string[]]

/** The error for an entry that isn't an event: the `id` of the entry, and the `field` that is missing or wrong. */
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

const ALL = 'stream:events'
/** KEYS: the streams of the entity, of the type, and of all events. ARGV: the fields. Replies with the three IDs. */
const STORE = `
local ids = {}
for i, key in ipairs(KEYS) do ids[i] = redis.call('XADD', key, '*', unpack(ARGV)) end
return ids`
/** The position before the first entry. */
const BEGINNING = '0-0'
/** Maximum number of entries per page: enough to save round trips, few enough to keep Redis free for others. */
const PAGE_SIZE = 500

/** Returns the event as XADD takes it. @throws MalformedEventError for a value that JSON would corrupt */
export function toFields(event: DomainEvent): readonly string[] {
  encodeEvent(event) // refuses what JSON would drop or change
  const { eventId, timestamp, eventType, entityId, payload, metadata } = event
  return Object.entries({
    eventId,
    timestamp,
    eventType,
    entityId,
    payload: JSON.stringify(payload),
    metadata: JSON.stringify(metadata),
  }).flat()
}

/** Returns the event in an entry. Missing metadata becomes `{}`. @throws MalformedEntryError */
export function fromEntry([id, flat]: RawEntry): DomainEvent {
  const fields = paired(flat)
  const payload = parse(id, 'payload', fields.payload)
  const metadata = parse(id, 'metadata', fields.metadata ?? '{}')
  try {
    return decodeEvent(JSON.stringify({ ...fields, payload, metadata }))
  } catch (error) {
    if (error instanceof MalformedEventError) throw new MalformedEntryError(id, error.field)
    throw error
  }
}

/**
 * Appends the event to the streams of its entity, of its type, and of all events: all three, or nothing.
 * @throws MalformedEventError, before anything is written
 */
export async function storeEventWithStreams(redis: Redis, event: DomainEvent): Promise<StoredAt> {
  const fields = toFields(event)
  const ids = (await redis.eval(
    STORE,
    3,
    entityStream(event.entityId),
    `stream:type:${event.eventType}`,
    ALL,
    ...fields,
  )) as string[]
  const [entity, type, all] = ids
  if (entity === undefined || type === undefined || all === undefined) throw new Error('EXEC returned no IDs')
  return { eventId: event.eventId, entity, type, all }
}

/**
 * Replays the stream of an entity, page by page. Resolves to `null` for an entity without events.
 * @throws MalformedEntryError for an entry that isn't an event
 */
export async function getEntityStateFromStreams(redis: Redis, entityId: string): Promise<UserState | null> {
  let state: UserState | null = null
  let after = BEGINNING
  for (;;) {
    const reply = await redis.xread('COUNT', PAGE_SIZE, 'STREAMS', entityStream(entityId), after)
    const page = reply?.[0]?.[1] ?? []
    if (page.length === 0) break
    for (const entry of page) {
      state = applyEvent(state, fromEntry(entry))
      after = entry[0]
    }
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
