import { isPassed } from '../../progress/index.ts'
import { nextCommand } from '../../walkthrough/desk.ts'
import { lessonTable } from '../../walkthrough/lesson-table.ts'
import type { Run } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, _args, flags) => {
  const desk = await context.desk()
  const { lessons } = desk.course
  const overview = desk.progress.overview()
  if (flags.json === true) {
    context.printJson({
      lessons: lessons.map(({ slug, title, chapter, minutes }) => ({
        slug,
        title,
        chapter,
        minutes,
        state: overview.lesson(slug).state,
      })),
    })
    return Exit.passed
  }
  context.print(lessonTable(desk, context))
  const passed = lessons.filter(({ slug }) => isPassed(overview.lesson(slug))).length
  const next = nextCommand(desk)
  const where = next === undefined ? 'You have done them all.' : `Next: ${next}`
  context.print(`\n${passed} of ${lessons.length} passed. ${where}`)
  return Exit.passed
}
