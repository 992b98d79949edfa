import { z } from 'zod'

/** The one form in which a result leaves the program. CONTRIBUTING.md says what each field means. */
const place = z.strictObject({ file: z.string(), line: z.int().min(1) })

const command = z.strictObject({
  client: z.int().min(1),
  command: z.string(),
  reply: z.string(),
  held: z.boolean(),
  at: z.number().min(0),
  about: z.literal(true).optional(),
})

const task = z.strictObject({
  task: z.string().min(1),
  state: z.enum(['passed', 'failed', 'skipped', 'not reached']),
  test: z.string().nullable(),
  diagnosis: z.string().nullable(),
  expected: z.string().nullable(),
  received: z.string().nullable(),
  at: place.nullable(),
  commands: z.array(command),
  leftOut: z.strictObject({ after: z.int().min(0), count: z.int().min(1) }).optional(),
  reason: z.string().optional(),
})

export const resultSchema = z.strictObject({
  lesson: z.string().min(1),
  target: z.string().min(1),
  passed: z.boolean(),
  skipped: z.int().min(0),
  diagnosis: z.string().nullable(),
  at: place.nullable(),
  redis: z.strictObject({
    kind: z.enum(['container', 'binary', 'embedded', 'url']),
    version: z.string(),
  }),
  tasks: z.array(task),
  output: z.string(),
  notes: z.array(z.string()),
  ms: z.int().min(0),
})

export type JsonResult = z.infer<typeof resultSchema>
