import { Exit } from '../../../common/exit.ts'
import { withClass } from '../../class-client.ts'
import { defineCommand, self } from '../../command.ts'
import { whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    name: whichClass,
  },
  examples: [['class close', '"class reopen" takes that back']],
  run: async (context, _args, flags) =>
    withClass(context, flags, async ({ file, send }) => {
      await send({ do: 'close' })
      context.print(`"${file.classInfo.name}" is closed. It no longer accepts learners or events.
To keep its data: ${self} class export FILE.csv`)
      return Exit.passed
    }),
})
