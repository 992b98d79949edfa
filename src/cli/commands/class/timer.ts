import { Exit, UsageError } from '../../../common/exit.ts'
import { withClass } from '../../class-client.ts'
import { defineCommand, self } from '../../command.ts'
import { flag, minutesOf, whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    stop: flag('end it early'),
    name: whichClass,
  },
  examples: [['class timer 10 "Task 1"', 'ten minutes']],
  run: async (context, [asked, ...words], flags) => {
    const minutes = minutesOf(asked)
    if ((minutes === undefined) !== flags.stop) {
      throw new UsageError(`How many minutes? For example: ${self} class timer 10. --stop ends it.`)
    }
    return withClass(context, flags, async ({ send }) => {
      await send({ do: 'timer', minutes, text: words.join(' ') || undefined })
      context.print(minutes === undefined ? 'The timer has stopped.' : `The timer is set for ${asked} min.`)
      return Exit.passed
    })
  },
})
