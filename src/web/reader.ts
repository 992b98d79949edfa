import type { Context, MiddlewareHandler } from 'hono'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { glossaryText, type Lesson } from '../course/index.ts'
import { limitBody } from '../http/index.ts'
import { revealHint } from '../learner/index.ts'
import { chosenTrack, type Learner, nextLesson } from '../learner/learner.ts'
import { editableText } from '../snippets/index.ts'
import { type Assets, serveAssets } from './assets.ts'
import { lessonView } from './lesson-view.ts'
import { linksOf, servePictures } from './links.ts'
import { markdownHtml } from './markdown-html.ts'
import { glossaryPage } from './pages/glossary-page.ts'
import { indexPage, problemPage } from './pages/index-page.ts'
import { lessonPage } from './pages/lesson-page.ts'
import { workbenchPage } from './pages/workbench-page.ts'
import type { HintReply, IslandProps, Problem } from './protocol.ts'
import { answerQuestion, chosenAmong } from './quiz.ts'
import type { Runner } from './runner.ts'
import { onlyOwnPages, onlyThisMachine, strictPages } from './security.ts'
import { addSlides } from './slides/routes.ts'
import { themeIn } from './theme.ts'

export interface ReaderOptions {
  readonly learner: Learner
  readonly runner: Pick<Runner, 'run'>
  readonly assets: Assets
  /** With it, a lesson's page has an editor, too. */
  readonly workbench?: {
    /** In place of the reader's own. */
    readonly guards: readonly MiddlewareHandler[]
    add(app: Hono): void
  }
}

/** Everything the reader serves: pages for reading, slides, and the requests of their buttons. */
export function readerApp(options: ReaderOptions): Hono {
  const { learner, runner, assets, workbench } = options
  const { course, progress } = learner
  const app = new Hono()
  app.use(...(workbench?.guards ?? [onlyThisMachine, onlyOwnPages, strictPages()]))
  // Before the limit, because an answer is larger than anything else, and has its own.
  workbench?.add(app)
  app.use(limitBody(10_000, (context) => context.text('This request is too large.', 413)))
  serveAssets(app, assets)
  servePictures(app, course)

  app.get('/', (context) =>
    context.html(
      indexPage({
        course,
        overview: progress.overview(),
        next: nextLesson(learner),
        track: chosenTrack(learner),
        theme: themeIn(context),
        isWorkbench: workbench !== undefined,
      }),
    ),
  )

  app.get('/glossary', async (context) => {
    const words = await markdownHtml(await glossaryText(course.root), linksOf(course, 'glossary'))
    return context.html(glossaryPage(words, themeIn(context)))
  })

  app.get('/lessons/:slug', async (context) => {
    const lesson = await lessonOf(context, learner)
    if (lesson === undefined) return missing(context)
    const overview = progress.overview()
    const links = { ...linksOf(course, lesson.slug), ...(workbench && { editable: editableIn(lesson) }) }
    const view = await lessonView(lesson, overview.lesson(lesson.slug), links)
    const options = { lesson, view, course, overview, theme: themeIn(context) }
    if (workbench === undefined) return context.html(lessonPage(options))
    return context.html(workbenchPage(options, context.get('secureHeadersNonce') ?? ''))
  })

  app.post('/lessons/:slug/read', async (context) => {
    const lesson = await lessonOf(context, learner)
    if (lesson === undefined) return noSuch(context)
    if (progress.overview().lesson(lesson.slug).readAt === undefined) {
      await progress.record('LESSON_READ', lesson.slug, {})
    }
    return context.body(null, 204)
  })

  // By number alone: the code that runs comes from the lesson, never from a request.
  app.post('/lessons/:slug/snippets/:number/run', async (context) => {
    const lesson = await lessonOf(context, learner)
    const number = numberIn(context)
    if (lesson?.snippets[number - 1] === undefined) return noSuch(context)
    return context.json(await runner.run(lesson, number))
  })

  app.post('/lessons/:slug/tasks/:number/hint', async (context) => {
    const lesson = await lessonOf(context, learner)
    const task = lesson?.tasks[numberIn(context) - 1]
    if (lesson === undefined || task === undefined) return noSuch(context)
    return context.json(await oneMoreHint(learner, lesson, task.number))
  })

  app.post('/lessons/:slug/quiz/:number', async (context) => {
    const lesson = await lessonOf(context, learner)
    const question = lesson?.quiz[numberIn(context) - 1]
    if (lesson === undefined || question === undefined) return noSuch(context)
    const chosen = chosenAmong(question, await context.req.json<unknown>().catch(() => undefined))
    if (chosen === undefined) return context.json(problem('Choose an answer first.'), 400)
    return context.json(await answerQuestion(learner, lesson, question, chosen, linksOf(course, lesson.slug)))
  })

  addSlides(app, course)
  app.notFound(missing)
  app.onError((error, context) => {
    if (error instanceof HTTPException) return error.getResponse()
    const sentence = error.message
    return context.req.method === 'GET'
      ? context.html(problemPage("This page can't be shown", sentence, themeIn(context)), 500)
      : context.json(problem(sentence), 500)
  })
  return app
}

async function oneMoreHint(learner: Learner, lesson: Lesson, taskNumber: number): Promise<HintReply> {
  const hint = await revealHint(learner, lesson, { taskNumber })
  if (hint.kind === 'no more') return problem('There are no more hints for this task.')
  return { kind: 'hint', html: await markdownHtml(hint.text, linksOf(learner.course, lesson.slug)) }
}

/** In the workbench, the learner can edit snippets. */
function editableIn({ slug, snippets }: Lesson) {
  return (number: number): IslandProps['snippet'] | undefined => {
    const snippet = snippets[number - 1]
    return snippet && { slug, number, kind: snippet.kind, text: editableText(snippet) }
  }
}

/** Only slugs in the course reach a file. */
async function lessonOf(context: Context, { course }: Learner): Promise<Lesson | undefined> {
  const slug = context.req.param('slug')
  const known = course.lessons.find((lesson) => lesson.slug === slug)
  return known && course.lesson(known.slug)
}

function numberIn(context: Context): number {
  const written = context.req.param('number') ?? ''
  return /^\d+$/.test(written) ? Number(written) : Number.NaN
}

function missing(context: Context) {
  return context.html(
    problemPage('Page not found', 'No lesson or slides have this address.', themeIn(context)),
    404,
  )
}

function noSuch(context: Context) {
  return context.json(problem("The course doesn't have that. Reload the page."), 404)
}

function problem(sentence: string): Problem {
  return { kind: 'problem', sentence }
}
