// task: createEvent
// diagnosis: let "2FA_ENABLED" through
import { randomUUID } from 'node:crypto'

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
  override readonly name = 'MalformedEventError'
  readonly field: string

  constructor(field: string, problem: string) {
    super(`Malformed event: ${field} ${problem}`)
    this.field = field
  }
}

const NAME = /^[A-Z0-9]+(?:_[A-Z0-9]+)*_[A-Z0-9]*ED$/

export function createEvent(fact: NewEvent, clock: () => Date): DomainEvent {
  if (!NAME.test(fact.eventType))
    throw new MalformedEventError('eventType', `"${fact.eventType}" is no event name`)
  if (fact.entityId === '') throw new MalformedEventError('entityId', 'is empty')
  return {
    eventId: randomUUID(),
    timestamp: clock().toISOString(),
    eventType: fact.eventType,
    entityId: fact.entityId,
    payload: structuredClone(fact.payload),
    metadata: structuredClone(fact.metadata ?? {}),
  }
}

export function encodeEvent(event: DomainEvent): string {
  check(event.payload, 'payload')
  check(event.metadata, 'metadata')
  return JSON.stringify(event)
}

function check(value: unknown, path: string): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return
    case 'number':
      if (!Number.isFinite(value)) throw new MalformedEventError(path, 'is no number')
      return
    case 'object': {
      if (value === null) return
      if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype)
        throw new MalformedEventError(path, 'is no plain object')
      for (const [key, inner] of Object.entries(value)) check(inner, `${path}.${key}`)
      return
    }
    default:
      throw new MalformedEventError(path, `is a ${typeof value}`)
  }
}

type Fields = Record<string, unknown>

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new MalformedEventError('event', 'is no JSON')
  }
}

export function decodeEvent(text: string): DomainEvent {
  const raw = parse(text)
  if (!isObject(raw)) throw new MalformedEventError('event', 'is no object')
  for (const field of ['eventId', 'timestamp', 'eventType', 'entityId'])
    if (typeof raw[field] !== 'string' || raw[field] === '')
      throw new MalformedEventError(field, 'is missing or no text')
  if (Number.isNaN(Date.parse(raw.timestamp as string)))
    throw new MalformedEventError('timestamp', 'is no time')
  if (!isObject(raw.payload)) throw new MalformedEventError('payload', 'is no object')
  const metadata = raw.metadata ?? {}
  if (!isObject(metadata)) throw new MalformedEventError('metadata', 'is no object')
  return { ...raw, metadata } as unknown as DomainEvent
}
