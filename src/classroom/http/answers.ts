import type { Context } from 'hono'
import type { z } from 'zod'
import type { Problem } from '../api.ts'
import { inTurn, isReadable } from './large-json.ts'
import { Refusal } from './refusal.ts'

export function problem(
  context: Context,
  status: Refusal['status'] | 500 | 507,
  sentence: string,
  wait?: number,
) {
  const body: Problem = { kind: 'problem', sentence }
  return context.json(body, status, wait === undefined ? {} : { 'retry-after': String(wait) })
}

/** Bytes of a body that takes its turn: fifty checks are fewer. */
const LARGE = 100_000
/** Lists, objects, and commas in a body: as many as in a whole batch of checks of the longest lesson, and more. */
const VALUES = 40_000

/**
 * The body, if it has at most that many bytes and matches the schema. Its size is what the request announces, which
 * Node enforces, so nothing larger is ever read. Hono's own limit counts the bytes, and for that makes a whole
 * `Request` of each: a third of the cost of a small batch.
 */
export async function bodyOf<T>(context: Context, schema: z.ZodType<T>, bytes: number): Promise<T> {
  if (!/^application\/json\b/.test(context.req.header('content-type') ?? '')) {
    throw new Refusal(400, 'This needs JSON (content-type: application/json).')
  }
  const size = sizeOf(context)
  if (size > bytes) throw tooMuch()
  const text = await context.req.text().catch(() => '')
  if (size > LARGE && !isReadable(text, VALUES)) throw tooMuch()
  const read = () => schema.safeParse(parsedJson(text))
  const parsed = size > LARGE ? await inTurn(async () => read()) : read()
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue === undefined || issue.path.length === 0 ? 'The request' : issue.path.join('.')
  throw new Refusal(400, `${where} isn't valid. Do you have the same version of eventlings as the class?`)
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The bytes that a request announces. */
export function sizeOf(context: Context): number {
  if (context.req.header('transfer-encoding') !== undefined) return Number.POSITIVE_INFINITY
  const length = Number(context.req.header('content-length') ?? 0)
  return Number.isNaN(length) ? Number.POSITIVE_INFINITY : length
}

export function tooMuch(): Refusal {
  return new Refusal(413, "That's too much at once.")
}

/** The text after `Bearer`. */
export function bearerOf(context: Context): string | undefined {
  return /^Bearer ([\w.~-]{1,400})$/.exec(context.req.header('authorization') ?? '')?.[1]
}
