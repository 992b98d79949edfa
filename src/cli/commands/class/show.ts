import { Exit, UsageError } from '../../../common/exit.ts'
import { withClass } from '../../class-client.ts'
import { defineCommand, self } from '../../command.ts'
import { flag, whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    clear: flag('take it down'),
    name: whichClass,
  },
  examples: [['class show "Why are these two steps?"', 'to show an attempt instead, use its page']],
  run: async (context, words, flags) => {
    const text = words.join(' ').trim()
    if ((text === '') !== flags.clear) {
      throw new UsageError(
        `Show what? For example: ${self} class show "Why are these two steps?". --clear takes it down.`,
      )
    }
    return withClass(context, flags, async ({ send }) => {
      await send({ do: 'show', text: text || undefined })
      context.print(text === '' ? 'The wall shows the class again.' : `On the wall: “${text}”`)
      return Exit.passed
    })
  },
})
