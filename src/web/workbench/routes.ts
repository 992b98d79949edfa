import { type Context, Hono } from 'hono'
import { sentenceOf } from '../../common/errors.ts'
import { limitBody } from '../../http/index.ts'
import { maySeeSolution, otherWays, revealSolution } from '../../learner/index.ts'
import type { Learner } from '../../learner/learner.ts'
import type { Recording } from '../../recording/index.ts'
import { codeHtml } from '../code.ts'
import { linksOf } from '../links.ts'
import { markdownHtml } from '../markdown-html.ts'
import type { Problem } from '../protocol.ts'
import { type Access, ENTRANCE, INVITING } from './access.ts'
import { MOST_BYTES } from './answer-file.ts'
import type { Bench } from './bench.ts'
import type { Benches } from './benches.ts'
import type { RunReply } from './protocol.ts'
import type { Invitation } from './running.ts'
import { streamStates, streamVerdicts } from './streams.ts'

export interface WorkbenchRoutes {
  readonly learner: Learner
  readonly access: Access
  readonly benches: Benches
  /** See `settingsOf`. */
  readonly settings: string
  /** Opens a file in the learner's own editor. */
  edit?(file: string, line: number): Promise<void>
}

/** Everything that the pages of the workbench ask for, apart from the reader's. */
export function addWorkbench(app: Hono, routes: WorkbenchRoutes): void {
  const { access } = routes
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

  app.route('/workbench/:slug', benchApp(routes))
}

/** The requests of one lesson's page. Only a known lesson has a bench. */
function benchApp({ learner, access, benches, settings, edit }: WorkbenchRoutes) {
  const app = new Hono<{ Variables: { bench: Bench } }>()

  app.use(async (context, next) => {
    const bench = benches.of(context.req.param('slug') ?? '')
    if (bench === undefined) return noSuch(context)
    context.set('bench', bench)
    return next()
  })

  app.get('/events', async (context) => {
    const { bench } = context.var
    await bench.open()
    return streamStates(context, bench)
  })

  // For `watch` in a terminal beside the page.
  app.get('/verdicts', async (context) => {
    if (!access.isOwner(context))
      return context.json(problem('Only one of your own programs can do that.'), 403)
    if (context.req.query('settings') !== settings)
      return context.json(problem('This workbench checks with other settings.'), 409)
    const { bench } = context.var
    await bench.open()
    const { file } = bench.state
    if (file.kind === 'unusable') return context.json(problem(file.sentence), 409)
    return streamVerdicts(context, bench)
  })

  app.put('/file', limitBody(MOST_BYTES, tooLarge), async (context) => {
    const base = context.req.header('if-match')
    if (base === undefined) return context.json(problem("A save has to name the version it's based on."), 400)
    const reply = await context.var.bench.save(await context.req.text(), base === 'none' ? null : base)
    return context.json(reply, reply.kind === 'conflict' ? 409 : reply.kind === 'problem' ? 422 : 200)
  })

  app.post('/check', (context) => {
    const { bench } = context.var
    const wish = context.req.query('wish')
    // The verdict comes with the events.
    void bench.check(wish === 'rest' ? 'rest' : wish === 'save' ? bench.wishOfSave : 'asked')
    return context.json({ kind: 'started' }, 202)
  })

  const runReply = async (recording: Recording): Promise<RunReply> => {
    const { statesIn } = await import('../../explorer/index.ts')
    return { kind: 'run', recording, states: await statesIn(learner.course, recording) }
  }

  app.get('/recording', async (context) => {
    const { recording } = context.var.bench
    return recording === undefined ? noSuch(context) : context.json(await runReply(recording))
  })

  app.post('/model', async (context) => {
    const recording = await context.var.bench.modelRun().catch(sentenceOf)
    return context.json(typeof recording === 'string' ? problem(recording) : await runReply(recording))
  })

  app.post('/hint', async (context) => {
    const { bench } = context.var
    const hint = await bench.hint()
    if (hint === undefined) return context.json(problem('There are no more hints for this task.'))
    const html = await markdownHtml(hint.text, linksOf(learner.course, bench.slug))
    return context.json({ kind: 'hint', title: hint.title, html })
  })

  // Only with a yes if there's something to lose: a pass after this counts as one after the solution.
  app.post('/solution', async (context) => {
    const { slug } = context.var.bench
    if (context.req.query('sure') !== 'yes' && !maySeeSolution(learner, slug))
      return context.json({ kind: 'asks' })
    const lesson = await learner.course.lesson(slug)
    const [html, others] = await Promise.all([
      revealSolution(learner, slug).then((text) => codeHtml(text.trimEnd(), 'ts')),
      otherWays(learner, lesson, 3).then((text) =>
        text === undefined ? '' : markdownHtml(text, linksOf(learner.course, slug)),
      ),
    ])
    return context.json({ kind: 'solution', html, others })
  })

  app.post('/reset', async (context) => {
    const keptAs = await context.var.bench.reset()
    return context.json({ kind: 'reset', ...(keptAs !== undefined && { keptAs }) })
  })

  app.post('/editor', async (context) => {
    const line = Number(context.req.query('line') ?? 1)
    if (edit === undefined || !Number.isSafeInteger(line) || line < 1) return noSuch(context)
    try {
      await edit(context.var.bench.file, line)
      return context.json({ kind: 'opened' })
    } catch (error) {
      return context.json(problem(sentenceOf(error)))
    }
  })

  return app
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
