import { Exit } from '../../../common/exit.ts'
import { withClass } from '../../class-client.ts'
import { defineCommand, self } from '../../command.ts'
import { whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    name: whichClass,
  },
  examples: [['class logout', "if you logged in on a laptop that isn't yours"]],
  run: async (context, _args, flags) =>
    withClass(context, flags, async ({ send }) => {
      await send({ do: 'log out' })
      context.print(
        `Every browser is logged out of your pages. To log in again, use the secret: ${self} class secret`,
      )
      return Exit.passed
    }),
})
