import { randomUUID } from 'node:crypto'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json }
export type Payload = { readonly [field: string]: Json }

/** How an event came about. It's kept out of the payload because it isn't part of what happened. */
export interface EventMetadata {
  /** The same for everything that one request caused. */
  readonly correlationId?: string
  /** The `eventId` of the event, or the ID of the command, that led to this one. */
  readonly causationId?: string
  /** The user who did it. */
  readonly userId?: string
}

/** A fact. `timestamp` is ISO 8601 in UTC with milliseconds. */
export interface DomainEvent {
  readonly eventId: string
  readonly timestamp: string
  readonly eventType: string
  readonly entityId: string
  readonly payload: Payload
  readonly metadata: EventMetadata
}

export interface NewEvent {
  readonly eventType: string
  readonly entityId: string
  readonly payload: Payload
  readonly metadata?: EventMetadata
}

/** `field` is where the problem is: `timestamp`, `payload.address.since`, or `event` for the string as a whole. */
export class MalformedEventError extends Error {
  override readonly name = 'MalformedEventError'
  readonly field: string

  constructor(field: string, problem: string) {
    super(`Malformed event: ${field} ${problem}`)
    this.field = field
  }
}

/** The thing, then what happened to it: two or more words, the last one in the past tense. */
const EVENT_TYPE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*_[A-Z0-9]*ED$/

/**
 * Creates an event from a fact. It reads `clock` once and copies the payload and the metadata, so the event stays the same
 * whatever the caller does to its own objects later.
 * @throws MalformedEventError for a type that isn't a past-tense name, an empty entity ID, or a value JSON can't represent
 */
export function createEvent(fact: NewEvent, clock: () => Date): DomainEvent {
  if (!EVENT_TYPE.test(fact.eventType)) {
    throw new MalformedEventError(
      'eventType',
      `is "${fact.eventType}", not a past-tense name like USER_REGISTERED`,
    )
  }
  if (fact.entityId === '') throw new MalformedEventError('entityId', 'is empty')
  return {
    eventId: randomUUID(),
    timestamp: clock().toISOString(),
    eventType: fact.eventType,
    entityId: fact.entityId,
    payload: jsonCopyOfObject(fact.payload, 'payload'),
    metadata: jsonCopyOfObject(fact.metadata ?? {}, 'metadata'),
  }
}

/**
 * Returns the event as a JSON string.
 * @throws MalformedEventError for a value that JSON would silently drop or change
 */
export function encodeEvent(event: DomainEvent): string {
  return JSON.stringify({
    ...event,
    payload: jsonCopyOfObject(event.payload, 'payload'),
    metadata: jsonCopyOfObject(event.metadata, 'metadata'),
  })
}

/**
 * Returns the event from a JSON string. Unknown fields are dropped, and missing metadata becomes `{}`.
 * @throws MalformedEventError with the first field that is missing or wrong
 */
export function decodeEvent(text: string): DomainEvent {
  const fields = parseObject(text)
  return {
    eventId: nonEmptyText(fields, 'eventId'),
    timestamp: time(fields, 'timestamp'),
    eventType: nonEmptyText(fields, 'eventType'),
    entityId: nonEmptyText(fields, 'entityId'),
    payload: object(fields.payload, 'payload'),
    metadata: fields.metadata === undefined ? {} : object(fields.metadata, 'metadata'),
  }
}

function jsonCopyOfObject(value: object, path: string): Payload {
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, jsonCopy(item, `${path}.${key}`)]),
  )
}

function jsonCopy(value: unknown, path: string): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (Array.isArray(value)) return Array.from(value, (item, index) => jsonCopy(item, `${path}.${index}`))
  if (isPlainObject(value)) return jsonCopyOfObject(value, path)
  throw new MalformedEventError(path, 'holds a value that JSON would drop or change')
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function parseObject(text: string): Payload {
  let parsed: Json
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new MalformedEventError('event', 'is not JSON')
  }
  return object(parsed, 'event')
}

function object(value: Json | undefined, field: string): Payload {
  if (isPlainObject(value)) return value as Payload
  throw new MalformedEventError(field, 'is not an object')
}

function nonEmptyText(fields: Payload, field: string): string {
  const value = fields[field]
  if (typeof value === 'string' && value !== '') return value
  throw new MalformedEventError(field, 'is not a string, or is empty')
}

function time(fields: Payload, field: string): string {
  const value = nonEmptyText(fields, field)
  if (!Number.isNaN(Date.parse(value))) return value
  throw new MalformedEventError(field, `is "${value}", not an ISO time`)
}
