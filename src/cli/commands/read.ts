import { Exit, UsageError } from '../../common/exit.ts'
import { type LessonSummary, readerText } from '../../course/index.ts'
import type { Learner } from '../../learner/learner.ts'
import { assertCanPrompt } from '../../terminal/can-prompt.ts'
import { defineCommand, self } from '../command.ts'
import type { Context } from '../context.ts'
import { choice, flag, inBrowser } from '../flags.ts'
import { resolveLesson } from '../resolve-lesson.ts'
import { walkHere } from '../walk-here.ts'
import { withSession } from '../with-session.ts'

export const command = defineCommand({
  flags: {
    pages: choice('page by page, which is the default in a terminal', 'all at once'),
    web: flag('in the browser, as "open" does'),
    ...inBrowser,
  },
  examples: [
    ['read 01', 'page by page; r runs a snippet'],
    ['read concurrency --no-pages', 'all at once; part of the name is enough'],
    ['read 01 --web', 'in the browser, beside your code'],
  ],
  run: async (context, [named], flags) => {
    if (flags.web) {
      const { serveWorkbench } = await import('../workbench-here.ts')
      return serveWorkbench(context, named, flags)
    }
    const learner = await context.learner()
    if (flags.port !== undefined) throw new UsageError('--port only works with --web.')
    const summary = resolveLesson(learner, named, 'read')
    if (flags.pages) {
      assertCanPrompt(context, {
        reason: 'Reading page by page needs a keyboard.',
        hints: [`${self} read ${summary.number}`],
      })
    }
    if (flags.pages ?? context.canAsk) await inPages(context, learner, summary)
    else {
      const lesson = await learner.course.lesson(summary.slug)
      const { renderMarkdown } = await import('../../terminal/index.ts')
      const { palette, width } = context
      context.print(await renderMarkdown(readerText(lesson), { width, palette }))
      await learner.progress.record('LESSON_READ', lesson.slug, {})
    }
    return Exit.passed
  },
})

/** Page by page, with snippets that run; a key that asks for something else leads into the walkthrough. */
async function inPages(context: Context, learner: Learner, summary: LessonSummary): Promise<void> {
  await withSession(
    context,
    learner,
    async (session) => {
      const [{ goTo }, { walkFrom }] = await Promise.all([
        import('../../walkthrough/places.ts'),
        import('../../walkthrough/home.ts'),
      ])
      const walk = await walkHere(context, { learner, session })
      const end = await goTo(walk, await learner.course.lesson(summary.slug), 'read')
      if (end !== 'end' && end !== 'left') await walkFrom(walk, summary, end)
    },
    { stayWarm: true },
  )
}
