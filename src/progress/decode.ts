import type { ProgressEvent, StoredEvent } from './event.ts'
import { type Field, fieldsOf, filledText, fromOne, isoTime, record, uuid } from './payload-fields.ts'

export type Decoded =
  | { readonly kind: 'known'; readonly event: ProgressEvent }
  /** Valid, but of a type that this version doesn't support: kept, not counted. */
  | { readonly kind: 'unknown'; readonly event: StoredEvent }
  /** `problem` is the end of a sentence: `it has no timestamp`. */
  | { readonly kind: 'malformed'; readonly problem: string }

const envelope: readonly (readonly [string, Field])[] = [
  ['eventId', uuid],
  ['timestamp', isoTime],
  ['eventType', filledText],
  ['entityId', filledText],
  ['payload', record],
  ['metadata', record],
]
const place: readonly (readonly [string, Field])[] = [
  ['logId', uuid],
  ['n', fromOne],
]

/** One line of a log. Never throws: an invalid line is data. Unknown fields are kept. */
export function decodeLine(line: string): Decoded {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { kind: 'malformed', problem: "it isn't JSON" }
  }
  const problem = problemOfEnvelope(value) ?? problemOf(value as object, place)
  if (problem !== undefined) return { kind: 'malformed', problem }
  const event = value as StoredEvent
  const inPayload = problemOfPayload(event)
  if (inPayload === 'unknown') return { kind: 'unknown', event }
  if (inPayload !== undefined) return { kind: 'malformed', problem: inPayload }
  return { kind: 'known', event: event as ProgressEvent }
}

/** True for a stored event of a type that this version supports, with the payload of that type. */
export function isKnown(event: StoredEvent): event is ProgressEvent {
  return problemOfPayload(event) === undefined
}

/** What keeps a value from being an event (apart from its place in a log), or `undefined`. */
export function problemOfNew(value: unknown): string | undefined {
  const problem = problemOfEnvelope(value)
  if (problem !== undefined) return problem
  const inPayload = problemOfPayload(value as StoredEvent)
  return inPayload === 'unknown' ? "its type doesn't exist in this version" : inPayload
}

function problemOfEnvelope(value: unknown): string | undefined {
  if (!record.accepts(value)) return "it isn't an object"
  return problemOf(value as object, envelope)
}

function problemOfPayload(event: StoredEvent): string | 'unknown' | undefined {
  const fields = fieldsOf.get(event.eventType)
  if (fields === undefined) return 'unknown'
  return problemOf(event.payload, fields, 'payload.')
}

function problemOf(
  value: object,
  fields: readonly (readonly [string, Field])[],
  prefix = '',
): string | undefined {
  for (const [name, field] of fields) {
    const found = (value as Readonly<Record<string, unknown>>)[name]
    if (field.accepts(found)) continue
    return found === undefined ? `it has no ${prefix}${name}` : `its ${prefix}${name} isn't ${field.expected}`
  }
  return undefined
}
