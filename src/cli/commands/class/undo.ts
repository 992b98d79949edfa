import { Exit } from '../../../common/exit.ts'
import { withClass } from '../../class-client.ts'
import { defineCommand } from '../../command.ts'
import { whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    name: whichClass,
  },
  examples: [['class undo', 'run it again to redo the action']],
  run: async (context, _args, flags) =>
    withClass(context, flags, async ({ overview, send }) => {
      const { undo } = await overview()
      await send({ do: 'undo' })
      context.print(`Taken back: ${undo}.`)
      return Exit.passed
    }),
})
