import { randomUUID } from 'node:crypto'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json }
export type Payload = { readonly [field: string]: Json }
export type EventMetadata = {
  readonly correlationId?: string
  readonly causationId?: string
  readonly userId?: string
}
export type DomainEvent = {
  readonly eventId: string
  readonly timestamp: string
  readonly eventType: string
  readonly entityId: string
  readonly payload: Payload
  readonly metadata: EventMetadata
}
export type NewEvent = Pick<DomainEvent, 'eventType' | 'entityId' | 'payload'> &
  Partial<Pick<DomainEvent, 'metadata'>>

export class MalformedEventError extends Error {
  readonly field: string
  constructor(field: string) {
    super(`the event is malformed at "${field}"`)
    this.name = 'MalformedEventError'
    this.field = field
  }
}

// structuredClone keeps Dates, Maps, undefined, and bigints, so encodeEvent still sees them.
export const createEvent = (
  { eventType, entityId, payload, metadata = {} }: NewEvent,
  clock: () => Date,
): DomainEvent => {
  const words = eventType.split('_')
  const good =
    words.length > 1 &&
    words.every((word) => /^[A-Z0-9]+$/.test(word)) &&
    /^[A-Z]/.test(eventType) &&
    eventType.endsWith('ED')
  if (!good) throw new MalformedEventError('eventType')
  if (!entityId) throw new MalformedEventError('entityId')
  const now = clock()
  return {
    metadata: structuredClone(metadata),
    payload: structuredClone(payload),
    entityId,
    eventType,
    timestamp: now.toISOString(),
    eventId: randomUUID(),
  }
}

// Uses no recursion: the values that remain to be checked are in a list.
export const encodeEvent = (event: DomainEvent): string => {
  const waiting: [string, unknown][] = [
    ['payload', event.payload],
    ['metadata', event.metadata],
  ]
  for (const [path, value] of waiting) {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        continue
      case 'number':
        if (Number.isFinite(value)) continue
        throw new MalformedEventError(path)
      case 'object':
        if (value === null) continue
        if (value instanceof Date || value instanceof Map || value instanceof Set)
          throw new MalformedEventError(path)
        if (Array.isArray(value))
          for (let i = 0; i < value.length; i++) waiting.push([`${path}.${i}`, value[i]])
        else for (const [key, inner] of Object.entries(value)) waiting.push([`${path}.${key}`, inner])
        continue
      default:
        throw new MalformedEventError(path)
    }
  }
  return JSON.stringify(event, null, 2)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown) => typeof value === 'string' && value.length > 0

const RULES: Record<string, (value: unknown) => boolean> = {
  metadata: (value) => value === undefined || isObject(value),
  payload: isObject,
  entityId: isText,
  eventType: isText,
  timestamp: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  eventId: isText,
}

export const decodeEvent = (text: string): DomainEvent => {
  const raw = read(text)
  if (!isObject(raw)) throw new MalformedEventError('event')
  for (const [field, holds] of Object.entries(RULES)) {
    if (!holds(raw[field])) throw new MalformedEventError(field)
  }
  return { metadata: {}, ...raw } as unknown as DomainEvent
}

const read = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
