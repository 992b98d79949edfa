import type { EventType, Payloads } from './event.ts'

/** By hand, not with zod: a cold `eventlings list` reads the log, and loading zod takes longer than reading it. */
export interface Field {
  readonly expected: string
  readonly accepts: (value: unknown) => boolean
}

export const text: Field = { expected: 'a string', accepts: (value) => typeof value === 'string' }
export const filledText: Field = {
  expected: 'a nonempty string',
  accepts: (value) => typeof value === 'string' && value !== '',
}
export const uuid: Field = {
  expected: 'a UUID',
  accepts: (value) =>
    typeof value === 'string' &&
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value),
}
export const isoTime: Field = {
  expected: 'a time in ISO 8601',
  accepts: (value) =>
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value)),
}
export const fromOne: Field = {
  expected: 'a whole number of 1 or more',
  accepts: (value) => isWhole(value, 1),
}
export const record: Field = {
  expected: 'an object',
  accepts: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
}

const fromZero: Field = { expected: 'a whole number of 0 or more', accepts: (value) => isWhole(value, 0) }
const amount: Field = {
  expected: 'a number of 0 or more',
  accepts: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
}
const yesOrNo: Field = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' }
const states = new Set<unknown>(['passed', 'failed', 'skipped', 'not reached'])
const outcomes: Field = {
  expected: 'a list of { task, state }',
  accepts: (value) =>
    Array.isArray(value) &&
    value.every((one) => record.accepts(one) && text.accepts(one.task) && states.has(one.state)),
}
const texts: Field = {
  expected: 'a list of strings',
  accepts: (value) => Array.isArray(value) && value.every(text.accepts),
}

const fingerprint = optional(text)
const check = { target: text, redis: text, ms: amount, tasks: outcomes, fingerprint }

/** The fields of every payload. The type makes sure that none is missing. */
const fields: { readonly [Type in EventType]: { readonly [Name in keyof Payloads[Type]]-?: Field } } = {
  LOG_OPENED: { format: fromOne, continues: optional(texts) },
  LESSON_OPENED: { fingerprint },
  CHECK_FAILED: { ...check, task: optional(text), diagnosis: text, untouched: optional(yesOrNo) },
  CHECK_PASSED: { ...check, skipped: fromZero },
  HINT_REVEALED: { task: fromOne, step: fromOne },
  SOLUTION_REVEALED: {},
  LESSON_RESET: { keptAs: optional(text), fingerprint },
  LESSON_SKIPPED: { reason: optional(text) },
  QUIZ_ANSWERED: { question: text, answer: text, right: yesOrNo },
  LESSON_READ: {},
  TRACK_CHOSEN: { track: filledText },
  PLACEMENT_TAKEN: { right: fromZero, questions: fromZero, startAt: text },
  HAND_RAISED: { class: filledText, text },
  HAND_LOWERED: { class: filledText },
}

/** The fields of a supported type as [name, field]; `undefined` for a type from a later version. */
export const fieldsOf: ReadonlyMap<string, readonly (readonly [string, Field])[]> = new Map(
  Object.entries(fields).map(([type, byName]) => [type, Object.entries<Field>(byName)]),
)

function optional(field: Field): Field {
  return { expected: field.expected, accepts: (value) => value === undefined || field.accepts(value) }
}

function isWhole(value: unknown, least: number): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least
}
