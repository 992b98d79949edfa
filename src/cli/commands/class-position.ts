import { findLesson } from '../../course/index.ts'
import { withClass } from '../class-here.ts'
import type { Run } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, [asked], flags) => {
  const { course } = await context.desk()
  const lesson = asked === undefined ? undefined : findLesson(course, asked)
  return withClass(context, flags, async ({ lead }) => {
    await lead({ do: 'position', slug: lesson?.slug })
    context.print(
      lesson === undefined
        ? 'The class has no current lesson now.'
        : `The class is at ${lesson.number} ${lesson.title}.`,
    )
    return Exit.passed
  })
}
