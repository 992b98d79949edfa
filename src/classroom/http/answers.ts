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

export function problem(context: Context, status: Refusal['status'] | 500, sentence: string, wait?: number) {
  const body: Problem = { kind: 'problem', sentence }
  return context.json(body, status, wait === undefined ? {} : { 'retry-after': String(wait) })
}

/** The body, if it matches the schema. */
export async function bodyOf<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  if (!/^application\/json\b/.test(context.req.header('content-type') ?? '')) {
    throw new Refusal(400, 'This needs JSON (content-type: application/json).')
  }
  const parsed = schema.safeParse(await context.req.json<unknown>().catch(() => undefined))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue === undefined || issue.path.length === 0 ? 'The request' : issue.path.join('.')
  throw new Refusal(400, `${where} isn't valid. Do you have the same version of eventlings as the class?`)
}

/** The text after `Bearer`. */
export function bearerOf(context: Context): string | undefined {
  return /^Bearer ([\w.~-]{1,400})$/.exec(context.req.header('authorization') ?? '')?.[1]
}
