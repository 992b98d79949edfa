import { z } from 'zod'
import type { InstructorCommand, Join, Login, SendCode, SendEvents, SendRun, Share } from './api.ts'
import { limits } from './limits.ts'
import { LONGEST_TYPE, SLUG } from './sendable.ts'

/**
 * Nothing that comes over the wire is trusted until it has passed here. The types of api.ts and these can't drift
 * apart.
 */
const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i)
const time = z
  .string()
  .max(40)
  .refine((text) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)))
const number = z.int().min(1).max(Number.MAX_SAFE_INTEGER)
const slug = z.string().regex(SLUG)

export const event = z.looseObject({
  eventId: uuid,
  timestamp: time,
  eventType: z.string().min(1).max(LONGEST_TYPE),
  entityId: slug,
  payload: z.record(z.string(), z.unknown()),
  metadata: z.record(z.string(), z.unknown()),
  logId: uuid,
  n: number,
})

/** An event that is nested too deep to be written as text is too large, too. */
function isSmall(one: object): boolean {
  try {
    return JSON.stringify(one).length <= limits.event
  } catch {
    return false
  }
}

export const sendEvents = z
  .object({
    logId: uuid,
    after: z.int().min(0),
    events: z.array(event).min(1).max(limits.batch),
    now: time,
  })
  .refine(({ logId, events }) => events.every((one) => one.logId === logId), 'Events from another log.')
  .refine(
    ({ after, events }) => events.every(({ n }, index) => n > (events[index - 1]?.n ?? after)),
    'Numbers must increase.',
  )
  .refine(({ events }) => events.every(isSmall), 'An event is too large.') satisfies z.ZodType<SendEvents>

export const join = z.object({
  code: z.string().max(40).optional(),
  name: z.string().max(200),
  share: z.boolean(),
}) satisfies z.ZodType<Join>

export const sendCode = z.object({
  eventId: uuid,
  slug,
  code: z.string().max(limits.code),
}) satisfies z.ZodType<SendCode>

export const sendRun = z.object({
  eventId: uuid,
  slug,
  run: z.base64().max(Math.ceil(limits.run / 3) * 4),
}) satisfies z.ZodType<SendRun>

export const nothing = z.object({})
export const share = z.object({ share: z.boolean() }) satisfies z.ZodType<Share>
export const login = z.object({ secret: z.string().max(200) }) satisfies z.ZodType<Login>

// Whether they make sense is decided later, with a sentence for the instructor.
const minutes = z.number().optional()
const someText = z.string().optional()

export const instructorCommand = z.discriminatedUnion('do', [
  z.object({ do: z.literal('position'), slug: slug.optional() }),
  z.object({ do: z.literal('timer'), minutes, text: someText }),
  z.object({ do: z.literal('message'), text: someText, to: uuid.optional() }),
  z.object({ do: z.literal('pause'), minutes }),
  z.object({ do: z.literal('resume') }),
  z.object({ do: z.literal('release'), slug }),
  z.object({ do: z.literal('withdraw'), slug }),
  z.object({ do: z.literal('show'), text: someText }),
  z.object({
    do: z.literal('show attempt'),
    participant: uuid,
    eventId: uuid,
    run: z.literal(true).optional(),
  }),
  z.object({ do: z.literal('lower hand'), participant: uuid }),
  z.object({ do: z.literal('remove'), participant: uuid }),
  z.object({ do: z.literal('remove since'), since: time }),
  z.object({ do: z.literal('restore'), participant: uuid }),
  z.object({ do: z.literal('rename'), participant: uuid, name: z.string() }),
  z.object({ do: z.literal('merge'), participant: uuid, into: uuid }),
  z.object({ do: z.literal('new code') }),
  z.object({ do: z.literal('log out') }),
  z.object({ do: z.literal('close') }),
  z.object({ do: z.literal('reopen') }),
  z.object({ do: z.literal('undo') }),
]) satisfies z.ZodType<InstructorCommand>
