import * as crypto from 'node:crypto'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json }
export type Payload = { readonly [field: string]: Json }

export interface EventMetadata {
  readonly correlationId?: string
  readonly causationId?: string
  readonly userId?: string
}

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

export class MalformedEventError extends Error {
  readonly field: string
  constructor(field: string, why = 'cannot be used', options?: ErrorOptions) {
    super(`${field}: ${why}`, options)
    this.field = field
    this.name = new.target.name
  }
}

/** JSON.stringify calls the replacer for every value. `this[key]` is the value before the toJSON of a Date has run. */
function strictJson(value: object, root: string): string {
  const paths = new Map<unknown, string>()
  return JSON.stringify(value, function (this: Record<string, unknown>, key: string, shown: unknown) {
    const original = this[key]
    const path = key === '' && original === value ? root : `${paths.get(this) ?? root}.${key}`
    if (typeof original === 'object' && original !== null) paths.set(original, path)
    const bad =
      original === undefined ||
      ['bigint', 'function', 'symbol'].includes(typeof original) ||
      (typeof original === 'number' && !Number.isFinite(original)) ||
      (original instanceof Object && [Date, Map, Set].some((kind) => original instanceof kind))
    if (bad) throw new MalformedEventError(path, 'cannot be written as JSON')
    return shown
  })
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze)
  return value
}

const PAST_TENSE = /^(?=[A-Z])(?:[A-Z0-9]+_)+[A-Z0-9]*ED$/

/** Immediately refuses what JSON can't represent: it checks every value, then copies by way of JSON. */
export function createEvent(fact: NewEvent, clock: () => Date): DomainEvent {
  if (!PAST_TENSE.test(fact.eventType)) throw new MalformedEventError('eventType', `got ${fact.eventType}`)
  if (fact.entityId.length === 0) throw new MalformedEventError('entityId', 'is empty')
  const event: DomainEvent = {
    eventId: crypto.randomUUID().toUpperCase(),
    timestamp: clock().toISOString(),
    eventType: fact.eventType,
    entityId: fact.entityId,
    payload: JSON.parse(strictJson(fact.payload, 'payload')),
    metadata: JSON.parse(strictJson(fact.metadata ?? {}, 'metadata')),
  }
  return deepFreeze(event)
}

export function encodeEvent(event: DomainEvent): string {
  const { eventId, timestamp, eventType, entityId } = event
  const head = JSON.stringify({ eventId, timestamp, eventType, entityId })
  const payload = strictJson(event.payload, 'payload')
  const metadata = strictJson(event.metadata, 'metadata')
  return `${head.slice(0, -1)},"payload":${payload},"metadata":${metadata}}`
}

export function decodeEvent(text: string): DomainEvent {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch (cause) {
    throw new MalformedEventError('event', 'is not JSON', { cause })
  }
  mustBeObject(raw, 'event')
  const { eventId, timestamp, eventType, entityId, payload, metadata = {} } = raw
  mustBeText(eventId, 'eventId')
  mustBeText(timestamp, 'timestamp')
  if (Number.isNaN(new Date(timestamp).getTime())) throw new MalformedEventError('timestamp', 'is not a time')
  mustBeText(eventType, 'eventType')
  mustBeText(entityId, 'entityId')
  mustBeObject(payload, 'payload')
  mustBeObject(metadata, 'metadata')
  return { eventId, timestamp, eventType, entityId, payload: payload as Payload, metadata }
}

function mustBeText(value: unknown, field: string): asserts value is string {
  if (typeof value !== 'string' || value === '') throw new MalformedEventError(field, 'must be a string')
}

function mustBeObject(value: unknown, field: string): asserts value is Record<string, unknown> {
  if (Object.prototype.toString.call(value) !== '[object Object]') {
    throw new MalformedEventError(field, 'must be an object')
  }
}
