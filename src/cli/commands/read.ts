import { findLesson } from '../../course/index.ts'
import { currentLesson } from '../../learner/learner.ts'
import { lessonText } from '../../learner/lesson-text.ts'
import { type Run, self } from '../command.ts'
import { UsageError } from '../errors.ts'
import { Exit } from '../exit.ts'
import { whichLesson } from '../which-lesson.ts'

export const run: Run = async (context, [named], flags) => {
  const desk = await context.desk()
  if (flags.web === true) {
    const { serve } = await import('../serve.ts')
    const lesson = named === undefined ? currentLesson(desk) : findLesson(desk.course, named)
    return serve(context, lesson === undefined ? '/' : `/lessons/${lesson.slug}`, flags)
  }
  if (flags.port !== undefined) throw new UsageError('--port only works with --web.')
  const { slug, number } = whichLesson(desk, named, 'read')
  const lesson = await desk.course.lesson(slug)
  const { renderMarkdown } = await import('../../terminal/index.ts')
  const { palette, width } = context
  const render = (columns: number) => renderMarkdown(lessonText(lesson), { width: columns, palette })
  if (flags.pages === true) {
    const [{ assertCanPrompt }, { readPages }] = await Promise.all([
      import('../../terminal/index.ts'),
      import('../../walkthrough/pager.ts'),
    ])
    assertCanPrompt(context, {
      reason: 'Reading page by page needs a keyboard.',
      hints: [`${self} read ${number}`],
    })
    await readPages(render, { input: context.input, output: context.output.stream, palette })
  } else {
    context.print(await render(width))
  }
  await desk.progress.record('LESSON_READ', slug, {})
  return Exit.passed
}
