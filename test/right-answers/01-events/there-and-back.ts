import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json }
export type Payload = { readonly [field: string]: Json }
export interface EventMetadata {
  readonly correlationId?: string
  readonly causationId?: string
  readonly userId?: string
}
export interface NewEvent {
  readonly eventType: string
  readonly entityId: string
  readonly payload: Payload
  readonly metadata?: EventMetadata
}
export interface DomainEvent extends Required<NewEvent> {
  readonly eventId: string
  readonly timestamp: string
}

export class MalformedEventError extends Error {
  static {
    MalformedEventError.prototype.name = 'MalformedEventError'
  }
  readonly field: string
  constructor(message: string, field: string) {
    super(`${message} (${field})`)
    this.field = field
  }
}

function copy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T
  if (value === null || typeof value !== 'object') return value
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  const result: Record<string, unknown> = {}
  for (const key in value) result[key] = copy(value[key])
  return result as T
}

function isPastTense(name: string): boolean {
  if (!/^[A-Z][A-Z0-9_]*ED$/.test(name)) return false
  return name.includes('_') && !name.includes('__') && !name.startsWith('_')
}

class EventFactory {
  readonly #clock: () => Date
  constructor(clock: () => Date) {
    this.#clock = clock
  }
  make(fact: NewEvent): DomainEvent {
    if (!isPastTense(fact.eventType)) throw new MalformedEventError('no name of an event', 'eventType')
    if (fact.entityId === '') throw new MalformedEventError('nobody', 'entityId')
    const copied = copy(fact)
    return {
      eventType: copied.eventType,
      entityId: copied.entityId,
      payload: copied.payload,
      metadata: copied.metadata ?? {},
      eventId: randomUUID(),
      timestamp: this.#clock().toISOString(),
    }
  }
}

export function createEvent(fact: NewEvent, clock: () => Date): DomainEvent {
  return new EventFactory(clock).make(fact)
}

/** Writes the event, reads it back, and refuses it if anything is different. */
export function encodeEvent(event: DomainEvent): string {
  const text = JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? 'a bigint' : value))
  const back: DomainEvent = JSON.parse(text)
  for (const part of ['payload', 'metadata'] as const) {
    const path = firstDifference(event[part], back[part], part)
    if (path !== undefined) throw new MalformedEventError('JSON changes this value', path)
  }
  return text
}

function firstDifference(before: unknown, after: unknown, path: string): string | undefined {
  if (isDeepStrictEqual(before, after)) return undefined
  const walkable = Array.isArray(before) || Object.prototype.toString.call(before) === '[object Object]'
  if (!walkable || typeof after !== 'object' || after === null) return path
  for (const key of Object.keys(before as object)) {
    const inner = firstDifference(
      Reflect.get(before as object, key),
      Reflect.get(after, key),
      `${path}.${key}`,
    )
    if (inner !== undefined) return inner
    if (!(key in after)) return `${path}.${key}`
  }
  return path
}

export function decodeEvent(text: string): DomainEvent {
  let event: Partial<Record<keyof DomainEvent, unknown>>
  try {
    event = JSON.parse(text)
  } catch {
    throw new MalformedEventError('not JSON', 'event')
  }
  if (event?.constructor !== Object) throw new MalformedEventError('not an object', 'event')
  const fault = faultOf(event)
  if (fault !== undefined) throw new MalformedEventError('missing or wrong', fault)
  return Object.assign({}, event, { metadata: event.metadata ?? {} }) as DomainEvent
}

function faultOf(event: Partial<Record<keyof DomainEvent, unknown>>): keyof DomainEvent | undefined {
  if (typeof event.eventId !== 'string' || event.eventId === '') return 'eventId'
  if (typeof event.eventType !== 'string' || event.eventType === '') return 'eventType'
  if (typeof event.entityId !== 'string' || event.entityId === '') return 'entityId'
  if (typeof event.timestamp !== 'string' || Number.isNaN(Date.parse(event.timestamp))) return 'timestamp'
  if (event.payload?.constructor !== Object) return 'payload'
  if (event.metadata !== undefined && event.metadata?.constructor !== Object) return 'metadata'
  return undefined
}
