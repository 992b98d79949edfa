import { Exit } from '../../../common/exit.ts'
import { withClass } from '../../class-client.ts'
import { defineCommand } from '../../command.ts'
import { flag, minutesOf, whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    end: flag('end it'),
    name: whichClass,
  },
  examples: [['class break 15', 'a 15-minute break']],
  run: async (context, [asked], flags) => {
    const minutes = minutesOf(asked)
    return withClass(context, flags, async ({ send }) => {
      if (flags.end) await send({ do: 'resume' })
      else await send({ do: 'pause', minutes })
      const length = minutes === undefined ? 'until you end it' : `for ${minutes} min`
      context.print(flags.end ? 'The break is over.' : `There's a break ${length}.`)
      return Exit.passed
    })
  },
})
