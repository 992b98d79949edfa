import { Exit } from '../../../common/exit.ts'
import { withClass } from '../../class-client.ts'
import { defineCommand } from '../../command.ts'
import { whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    name: whichClass,
  },
  examples: [['class reopen', 'the same class, with the same code']],
  run: async (context, _args, flags) =>
    withClass(context, flags, async ({ file, send }) => {
      await send({ do: 'reopen' })
      context.print(`"${file.classInfo.name}" accepts learners and events again.`)
      return Exit.passed
    }),
})
