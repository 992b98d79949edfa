import { findLesson, type LessonSummary } from '../../course/index.ts'
import { currentLesson, type Desk } from '../../learner/learner.ts'
import { lessonText } from '../../learner/lesson-text.ts'
import { assertCanPrompt } from '../../terminal/can-prompt.ts'
import { type Run, self } from '../command.ts'
import type { Context } from '../context.ts'
import { UsageError } from '../errors.ts'
import { Exit } from '../exit.ts'
import { walkHere } from '../walk-here.ts'
import { whichLesson } from '../which-lesson.ts'
import { withSession } from '../with-session.ts'

export const run: Run = async (context, [named], flags) => {
  const desk = await context.desk()
  if (flags.web === true) {
    const { serve } = await import('../serve.ts')
    const lesson = named === undefined ? currentLesson(desk) : findLesson(desk.course, named)
    return serve(context, lesson === undefined ? '/' : `/lessons/${lesson.slug}`, flags)
  }
  if (flags.port !== undefined) throw new UsageError('--port only works with --web.')
  const summary = whichLesson(desk, named, 'read')
  if (flags.pages === true) {
    assertCanPrompt(context, {
      reason: 'Reading page by page needs a keyboard.',
      hints: [`${self} read ${summary.number}`],
    })
  }
  if (flags.pages ?? context.canAsk) await inPages(context, desk, summary)
  else {
    const lesson = await desk.course.lesson(summary.slug)
    const { renderMarkdown } = await import('../../terminal/index.ts')
    const { palette, width } = context
    context.print(await renderMarkdown(lessonText(lesson), { width, palette }))
    await desk.progress.record('LESSON_READ', lesson.slug, {})
  }
  return Exit.passed
}

/** Page by page, with snippets that run; a key that asks for something else leads into the walkthrough. */
async function inPages(context: Context, desk: Desk, summary: LessonSummary): Promise<void> {
  await withSession(
    context,
    desk,
    async (session) => {
      const [{ goTo }, { walkFrom }] = await Promise.all([
        import('../../walkthrough/places.ts'),
        import('../../walkthrough/home.ts'),
      ])
      const walk = await walkHere(context, { desk, session })
      const end = await goTo(walk, await desk.course.lesson(summary.slug), 'read')
      if (end !== 'end' && end !== 'left') await walkFrom(walk, summary, end)
    },
    { stayWarm: true },
  )
}
