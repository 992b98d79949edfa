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

function check(value: unknown, path: string): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isFinite(value)) return
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      check(item, `${path}.${index}`)
    })
  } else if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    for (const [key, item] of Object.entries(value)) check(item, `${path}.${key}`)
  } else {
    throw new MalformedEventError(path)
  }
}

export function decodeEvent(text: string): DomainEvent {
  let raw: Record<string, unknown>
  try {
    raw = JSON.parse(text)
  } catch {
    throw new MalformedEventError('event')
  }
  if (!isObject(raw)) throw new MalformedEventError('event')
  for (const field of ['eventId', 'timestamp', 'eventType', 'entityId']) {
    if (typeof raw[field] !== 'string' || raw[field] === '') throw new MalformedEventError(field)
  }
  if (Number.isNaN(Date.parse(String(raw.timestamp)))) throw new MalformedEventError('timestamp')
  if (!isObject(raw.payload)) throw new MalformedEventError('payload')
  if (raw.metadata !== undefined && !isObject(raw.metadata)) throw new MalformedEventError('metadata')
  return { ...raw, metadata: raw.metadata ?? {} } as unknown as DomainEvent
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
