import { findLesson } from '../../course/index.ts'
import { withClass } from '../class-here.ts'
import { type Run, self } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, [asked = ''], flags) => {
  const { course } = await context.desk()
  const { slug, number, title } = findLesson(course, asked)
  return withClass(context, flags, async ({ lead }) => {
    await lead({ do: flags.back === true ? 'withdraw' : 'release', slug })
    context.print(
      flags.back === true
        ? `The solution of ${number} ${title} is no longer announced. Anyone who has already read it has seen it.`
        : `Everyone will see that the solution of ${number} ${title} has been released: ${self} solution ${number}`,
    )
    return Exit.passed
  })
}
