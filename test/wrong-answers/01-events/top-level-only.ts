// task: encodeEvent
// diagnosis: at any depth
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

  constructor(field: string) {
    super(`Malformed event: ${field}`)
    this.field = field
  }
}

const EVENT_TYPE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*_[A-Z0-9]*ED$/

export function createEvent(fact: NewEvent, clock: () => Date): DomainEvent {
  if (!EVENT_TYPE.test(fact.eventType)) throw new MalformedEventError('eventType')
  if (fact.entityId === '') throw new MalformedEventError('entityId')
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

function check(value: object, path: string): void {
  for (const [key, item] of Object.entries(value)) {
    const lost =
      item === undefined ||
      ['bigint', 'function', 'symbol'].includes(typeof item) ||
      (typeof item === 'number' && !Number.isFinite(item)) ||
      item instanceof Date ||
      item instanceof Map ||
      item instanceof Set
    if (lost) throw new MalformedEventError(`${path}.${key}`)
  }
}

export function decodeEvent(_text: string): DomainEvent {
  throw new Error('Not written yet: decodeEvent')
}
