import { findLesson, missingPrerequisites } from '../../course/index.ts'
import { isPassed } from '../../progress/index.ts'
import { nextLesson, shownPath } from '../../walkthrough/desk.ts'
import { startLesson } from '../../workspace/index.ts'
import { type Run, self } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, [named]) => {
  const desk = await context.desk()
  const lesson = named === undefined ? nextLesson(desk) : findLesson(desk.course, named)
  if (lesson === undefined) {
    context.print(`You have done all lessons. ${self} list shows them.`)
    return Exit.passed
  }
  const { file, isNew } = await startLesson(desk.course, desk.home, lesson.slug)
  await desk.progress.record('LESSON_OPENED', lesson.slug, {})
  const { palette } = context
  const path = palette.paint(shownPath(file), 'bold')
  context.print(
    isNew
      ? `Lesson ${lesson.number}, ${lesson.title}. Your file is ready:\n\n  ${path}\n`
      : `Lesson ${lesson.number}, ${lesson.title}. Your file is there already and stays as it is:\n\n  ${path}\n`,
  )
  const overview = desk.progress.overview()
  const [{ missing } = { missing: [] }] = missingPrerequisites({ lessons: [lesson] })
  const open = missing.filter((slug) => !isPassed(overview.lesson(slug)))
  if (open.length > 0) context.print(`It builds on ${open.join(', ')}, which you have not passed yet.\n`)
  context.print(
    [
      `  ${self} read ${lesson.number}    what to write`,
      `  ${self} check ${lesson.number}   see whether it holds`,
      `  ${self} hint ${lesson.number}    if you are stuck`,
    ].join('\n'),
  )
  return Exit.passed
}
