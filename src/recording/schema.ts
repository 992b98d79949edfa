import { z } from 'zod'
import type { Recording } from './types.ts'

const text = z.strictObject({
  s: z.string(),
  bytes: z.int().min(0).optional(),
  hidden: z.literal(true).optional(),
})

/** Fields by name, whatever the name: zod's own record leaves out `__proto__`. */
const byName = <T extends z.ZodType>(value: T) =>
  z.preprocess(
    (fields) => (typeof fields === 'object' && fields !== null ? Object.entries(fields) : fields),
    z
      .array(z.tuple([z.string(), value]))
      .transform((fields): Record<string, z.output<T>> => Object.fromEntries(fields)),
  )

const entry = z.strictObject({ id: z.string(), fields: z.array(text) })
const scored = z.strictObject({ member: text, score: z.string() })

const groupState = z.strictObject({
  group: z.string(),
  cursor: z.string(),
  pending: z.array(z.strictObject({ id: z.string(), consumer: z.string(), delivered: z.int() })),
})

const key = { key: z.string(), pttl: z.number().optional() }

const keyState = z.discriminatedUnion('type', [
  z.strictObject({
    ...key,
    type: z.literal('stream'),
    entries: z.array(entry),
    length: z.int(),
    lastId: z.string(),
    groups: z.array(groupState),
  }),
  z.strictObject({ ...key, type: z.literal('hash'), fields: byName(text) }),
  z.strictObject({ ...key, type: z.literal('set'), members: z.array(text) }),
  z.strictObject({ ...key, type: z.literal('zset'), members: z.array(scored) }),
  z.strictObject({ ...key, type: z.literal('list'), items: z.array(text) }),
  z.strictObject({ ...key, type: z.literal('string'), value: text }),
  z.strictObject({ ...key, type: z.literal('large'), of: z.string(), length: z.int() }),
])

const beforeAndAfter = <T extends z.ZodType>(value: T) => z.tuple([value, value])

const change = z.discriminatedUnion('type', [
  z.strictObject({
    key: z.string(),
    type: z.literal('stream'),
    add: z.array(entry).optional(),
    gone: z.array(entry).optional(),
    lastId: beforeAndAfter(z.string()).optional(),
    length: beforeAndAfter(z.int()),
    groups: z
      .array(
        z.strictObject({ group: z.string(), before: groupState.nullable(), after: groupState.nullable() }),
      )
      .optional(),
  }),
  z.strictObject({
    key: z.string(),
    type: z.literal('hash'),
    fields: byName(beforeAndAfter(text.nullable())),
  }),
  z.strictObject({ key: z.string(), type: z.literal('set'), add: z.array(text), gone: z.array(text) }),
  z.strictObject({ key: z.string(), type: z.literal('zset'), add: z.array(scored), gone: z.array(scored) }),
  z.strictObject({
    key: z.string(),
    type: z.literal('list'),
    from: z.int().min(0),
    gone: z.array(text),
    add: z.array(text),
  }),
  z.strictObject({ key: z.string(), type: z.literal('string'), value: beforeAndAfter(text.nullable()) }),
  z.strictObject({
    key: z.string(),
    type: z.literal('key'),
    before: keyState.nullable(),
    after: keyState.nullable(),
  }),
  z.strictObject({ key: z.string(), type: z.literal('large'), length: beforeAndAfter(z.int()) }),
])

const step = { n: z.int().min(1), at: z.number(), changes: z.array(change) }

const anyStep = z.discriminatedUnion('kind', [
  z.strictObject({
    ...step,
    kind: z.literal('command'),
    lane: z.int(),
    connection: z.int(),
    node: z.string().optional(),
    args: z.array(text).min(1),
    place: z.strictObject({ file: z.string(), line: z.int() }).optional(),
    issued: z.number(),
    answered: z.number().optional(),
    held: z.strictObject({ from: z.number(), until: z.int() }).optional(),
    about: z.literal(true).optional(),
    fate: z.enum(['answered', 'refused', 'unsent', 'open', 'cut', 'lost', 'parked']),
    reply: text.optional(),
    woke: z.array(z.int()).optional(),
    group: z.strictObject({ kind: z.enum(['multi', 'pipeline']), id: z.int(), part: z.int() }).optional(),
    repeats: z.int().optional(),
  }),
  z.strictObject({
    ...step,
    kind: z.literal('message'),
    lane: z.int(),
    channel: z.string(),
    text,
    from: z.int().optional(),
  }),
  z.strictObject({
    ...step,
    kind: z.literal('server'),
    cause: z.enum(['expired', 'evicted', 'killed', 'restarted']),
  }),
  z.strictObject({
    ...step,
    kind: z.literal('check'),
    what: z.string(),
    sent: z.array(z.array(text).min(1)).optional(),
    woke: z.array(z.int()).optional(),
  }),
])

/** Maximum number of steps: twice as many as a check keeps, because a screen needs time for each. */
const MOST_STEPS = 4_000

/** The one form in which a recording leaves the program. types.ts says what each field means. */
export const recordingSchema = z.strictObject({
  v: z.literal(1),
  lesson: z.string().min(1),
  version: z.string(),
  task: z.string(),
  test: z.string(),
  engine: z.string(),
  depth: z.enum(['order', 'changes']),
  lanes: z.array(
    z.strictObject({
      id: z.int(),
      role: z.string(),
      connections: z.array(z.int()),
      end: z.enum(['returned', 'threw', 'died', 'open']),
      result: text.optional(),
    }),
  ),
  before: z.array(keyState),
  steps: z.array(anyStep).max(MOST_STEPS),
  after: z.array(keyState),
  failure: z
    .strictObject({ diagnosis: z.string(), expected: z.string().optional(), received: z.string().optional() })
    .optional(),
  collision: z
    .strictObject({
      kind: z.enum(['stale', 'torn', 'crash', 'lost', 'twice', 'missed']),
      key: z.string(),
      looked: z.int().optional(),
      changed: z.int().optional(),
      wrote: z.int().optional(),
      refused: z.literal(true).optional(),
      again: z.int().optional(),
      never: z.int().optional(),
    })
    .optional(),
  note: z.string().optional(),
  cut: z.strictObject({ steps: z.int(), bytes: z.int() }).optional(),
}) satisfies z.ZodType<Recording>
