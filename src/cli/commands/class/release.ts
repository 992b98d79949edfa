import { Exit } from '../../../common/exit.ts'
import { findLesson } from '../../../course/index.ts'
import { withClass } from '../../class-client.ts'
import { defineCommand, self } from '../../command.ts'
import { flag, whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    back: flag('take the announcement back'),
    name: whichClass,
  },
  examples: [['class release 05', 'once most of the class is green']],
  run: async (context, [asked = ''], flags) => {
    const { course } = await context.learner()
    const { slug, number, title } = findLesson(course, asked)
    return withClass(context, flags, async ({ send }) => {
      await send({ do: flags.back ? 'withdraw' : 'release', slug })
      context.print(
        flags.back
          ? `The solution to ${number} ${title} has been taken back, but learners who opened it have already seen it.`
          : `Everyone will see that the solution to ${number} ${title} has been released: ${self} solution ${number}`,
      )
      return Exit.passed
    })
  },
})
