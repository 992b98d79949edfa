import type { Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { streamSSE } from 'hono/streaming'
import { untilWoken } from '../../http/index.ts'
import { maySeeSolution, revealSolution } from '../../learner/index.ts'
import type { Learner } from '../../learner/learner.ts'
import { codeHtml } from '../code.ts'
import { linksOf } from '../links.ts'
import { markdownHtml } from '../markdown-html.ts'
import type { Problem } from '../protocol.ts'
import { type Access, ENTRANCE, INVITING } from './access.ts'
import { MOST_BYTES } from './answer-file.ts'
import type { Bench } from './bench.ts'
import type { Benches } from './benches.ts'
import type { BenchState } from './protocol.ts'
import type { Invitation } from './running.ts'

export interface WorkbenchRoutes {
  readonly learner: Learner
  readonly access: Access
  readonly benches: Benches
  /** Opens a file in the learner's own editor. */
  edit?(file: string, line: number): Promise<void>
}

/** Interval between signs of life, in milliseconds; a page that hears nothing for longer connects again. */
const PING_EVERY = 10_000

/** The requests of a lesson's page. Only a known lesson has a file. */
export function addWorkbench(app: Hono, { learner, access, benches, edit }: WorkbenchRoutes): void {
  app.get(ENTRANCE, (context) => access.enter(context))

  app.get(INVITING, (context) => {
    if (!access.isOwner(context))
      return context.json(problem('Only the owner of this workbench can do that.'), 403)
    const { origin } = access
    const invitation: Invitation = {
      path: access.invitation(context.req.query('to') ?? '/'),
      ...(origin !== undefined && { origin }),
    }
    return context.json(invitation)
  })

  const at = (path: string) => `/workbench/:slug/${path}`
  const benchOf = (context: Context) => benches.of(context.req.param('slug') ?? '')

  app.get(at('events'), async (context) => {
    const bench = benchOf(context)
    if (bench === undefined) return noSuch(context)
    await bench.open()
    return streamStates(context, bench)
  })

  app.put(at('file'), bodyLimit({ maxSize: MOST_BYTES, onError: tooLarge }), async (context) => {
    const bench = benchOf(context)
    if (bench === undefined) return noSuch(context)
    const base = context.req.header('if-match')
    if (base === undefined)
      return context.json(problem('A save has to name the version it is based on.'), 400)
    const reply = await bench.save(await context.req.text(), base === 'none' ? null : base)
    return context.json(reply, reply.kind === 'conflict' ? 409 : reply.kind === 'problem' ? 422 : 200)
  })

  app.post(at('check'), async (context) => {
    const bench = benchOf(context)
    if (bench === undefined) return noSuch(context)
    const wish = context.req.query('wish') === 'rest' ? 'rest' : 'asked'
    // The verdict comes with the events.
    void bench.check(wish)
    return context.json({ kind: 'started' }, 202)
  })

  app.get(at('recording'), (context) => {
    const recording = benchOf(context)?.recording
    return recording === undefined ? noSuch(context) : context.json(recording)
  })

  app.post(at('hint'), async (context) => {
    const slug = context.req.param('slug')
    const hint = await benchOf(context)?.hint()
    if (hint === undefined) return context.json(problem('There are no more hints for this task.'))
    const html = await markdownHtml(hint.text, linksOf(learner.course, slug ?? ''))
    return context.json({ kind: 'hint', title: hint.title, html })
  })

  // Only with a yes if there's something to lose: a pass after this counts as one after the solution.
  app.post(at('solution'), async (context) => {
    const slug = context.req.param('slug') ?? ''
    if (benchOf(context) === undefined) return noSuch(context)
    if (context.req.query('sure') !== 'yes' && !maySeeSolution(learner, slug))
      return context.json({ kind: 'asks' })
    const html = await codeHtml((await revealSolution(learner, slug)).trimEnd(), 'ts')
    return context.json({ kind: 'solution', html })
  })

  app.post(at('reset'), async (context) => {
    const bench = benchOf(context)
    if (bench === undefined) return noSuch(context)
    const keptAs = await bench.reset()
    return context.json({ kind: 'reset', ...(keptAs !== undefined && { keptAs }) })
  })

  app.post(at('editor'), async (context) => {
    const bench = benchOf(context)
    const line = Number(context.req.query('line') ?? 1)
    if (bench === undefined || edit === undefined || !Number.isSafeInteger(line) || line < 1)
      return noSuch(context)
    try {
      await edit(bench.file, line)
      return context.json({ kind: 'opened' })
    } catch (error) {
      return context.json(problem(error instanceof Error ? error.message : String(error)))
    }
  })
}

/** The state now, and after every change; a page that reads slowly gets only the newest. */
function streamStates(context: Context, bench: Bench): Response {
  context.header('x-accel-buffering', 'no')
  return streamSSE(context, async (stream) => {
    let next: BenchState | undefined = bench.state
    let isOpen = true
    let wake = () => {}
    const unfollow = bench.follow((state) => {
      next = state
      wake()
    })
    stream.onAbort(() => {
      isOpen = false
      wake()
    })
    try {
      while (isOpen) {
        const state = next
        next = undefined
        if (state === undefined) await stream.writeSSE({ event: 'ping', data: '' })
        else await stream.writeSSE({ event: 'state', data: JSON.stringify(state) })
        if (next === undefined && isOpen) await untilWoken(PING_EVERY, (resolve) => (wake = resolve))
      }
    } finally {
      unfollow()
    }
  })
}

function tooLarge(context: Context) {
  return context.json(problem("Your code is larger than 200 kB, so it wasn't saved. Make it shorter."), 413)
}

function noSuch(context: Context) {
  return context.json(problem("The workbench doesn't have that. Reload the page."), 404)
}

function problem(sentence: string): Problem {
  return { kind: 'problem', sentence }
}
