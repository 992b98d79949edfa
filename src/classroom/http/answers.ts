import type { Context } from 'hono'
import type { z } from 'zod'
import type { Problem } from '../api.ts'

/** Ends a request with a sentence. `wait` in seconds, for clients that ask too often. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: 400 | 401 | 403 | 404 | 410 | 413 | 421 | 429 | 503
  readonly wait: number | undefined

  constructor(status: Refusal['status'], sentence: string, wait?: number) {
    super(sentence)
    this.status = status
    this.wait = wait
  }
}

export function problem(
  context: Context,
  status: Refusal['status'] | 500 | 507,
  sentence: string,
  wait?: number,
) {
  const body: Problem = { kind: 'problem', sentence }
  return context.json(body, status, wait === undefined ? {} : { 'retry-after': String(wait) })
}

/**
 * The body, if it has at most that many bytes and matches the schema. Its size is what the request announces, which
 * Node enforces, so nothing larger is ever read. Hono's own limit counts the bytes, and for that makes a whole
 * `Request` of each: a third of the cost of a small batch.
 */
export async function bodyOf<T>(context: Context, schema: z.ZodType<T>, bytes: number): Promise<T> {
  if (!/^application\/json\b/.test(context.req.header('content-type') ?? '')) {
    throw new Refusal(400, 'This needs JSON (content-type: application/json).')
  }
  if (sizeOf(context) > bytes) throw tooMuch()
  const parsed = schema.safeParse(await context.req.json<unknown>().catch(() => undefined))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue === undefined || issue.path.length === 0 ? 'The request' : issue.path.join('.')
  throw new Refusal(400, `${where} isn't valid. Do you have the same version of eventlings as the class?`)
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
