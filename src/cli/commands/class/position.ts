import { Exit } from '../../../common/exit.ts'
import { findLesson } from '../../../course/index.ts'
import { withClass } from '../../class-client.ts'
import { defineCommand } from '../../command.ts'
import { whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    name: whichClass,
  },
  examples: [['class position 05', 'leave out the lesson to clear it']],
  run: async (context, [asked], flags) => {
    const { course } = await context.learner()
    const lesson = asked === undefined ? undefined : findLesson(course, asked)
    return withClass(context, flags, async ({ send }) => {
      await send({ do: 'position', slug: lesson?.slug })
      context.print(
        lesson === undefined
          ? 'The class has no current lesson now.'
          : `The class is at ${lesson.number} ${lesson.title}.`,
      )
      return Exit.passed
    })
  },
})
