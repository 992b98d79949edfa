import { type Context, Hono } from 'hono'
import { z } from 'zod'
import type { Course } from '../../course/index.ts'
import { limitBody } from '../../http/index.ts'
import type { Problem } from '../protocol.ts'
import type { Runner } from '../runner.ts'

export interface SnippetRoutes {
  readonly course: Pick<Course, 'lessons' | 'lesson'>
  readonly runner: Pick<Runner, 'run'>
}

/** Maximum size of all the snippets that the learner has edited in a lesson, in bytes. */
const MOST_EDITED = 50_000

/** The snippets that the learner has edited, as the page has them now. */
const asked = z.object({ edits: z.record(z.string().regex(/^[1-9]\d?$/), z.string()) })

/** Runs snippets as the learner has edited them, one at a time, and stops them. */
export function addSnippets(app: Hono, { course, runner }: SnippetRoutes): void {
  let running: AbortController | undefined

  const run = async (context: Context, signal: AbortSignal) => {
    const known = course.lessons.find(({ slug }) => slug === context.req.param('slug'))
    const lesson = known && (await course.lesson(known.slug))
    const number = Number(context.req.param('number'))
    if (lesson?.snippets[number - 1] === undefined) {
      return context.json(problem("The course doesn't have that snippet. Reload the page."), 404)
    }
    const body = asked.safeParse(await context.req.json<unknown>().catch(() => undefined))
    if (!body.success) return context.json(problem("The page's request was damaged. Reload the page."), 400)
    const edits = new Map(Object.entries(body.data.edits).map(([at, text]) => [Number(at), text]))
    return context.json(await runner.run(lesson, number, { edits, signal }))
  }

  const routes = new Hono()
  routes.post('/stop', (context) => {
    running?.abort()
    return context.json({ kind: running === undefined ? 'idle' : 'stopping' })
  })

  routes.post('/:number/run', limitBody(MOST_EDITED, tooLarge), async (context) => {
    if (running !== undefined) {
      return context.json(problem('Another snippet is still running. Wait until it ends, or stop it.'), 409)
    }
    const own = new AbortController()
    running = own
    try {
      // A page that's gone has no button to stop it, and the next one would have to wait.
      return await run(context, AbortSignal.any([own.signal, context.req.raw.signal]))
    } finally {
      running = undefined
    }
  })

  app.route('/workbench/:slug/snippets', routes)
}

function tooLarge(context: Context) {
  return context.json(
    problem('Your snippets are larger than 50 kB. Reset some of them, or make them shorter.'),
    413,
  )
}

function problem(sentence: string): Problem {
  return { kind: 'problem', sentence }
}
