import { setTimeout as sleep } from 'node:timers/promises'
import { Exit } from '../../../common/exit.ts'
import { withClass } from '../../class-client.ts'
import { defineCommand, self } from '../../command.ts'
import { flag, whichClass } from '../../flags.ts'

/** Interval between checks for the new code (ms). */
const LOOK = 50

export const command = defineCommand({
  flags: {
    new: flag('make a new code; the old one stops working'),
    name: whichClass,
  },
  examples: [['class code --new', "if people who aren't in the class got the code"]],
  run: async (context, _args, flags) =>
    withClass(context, flags, async ({ overview, send }) => {
      const before = (await overview()).joinCode
      if (flags.new) await send({ do: 'new code' })
      let now = await overview()
      for (let looks = 0; flags.new && now.joinCode === before && looks < 100; looks += 1) {
        await sleep(LOOK)
        now = await overview()
      }
      const [address = 'ADDRESS'] = now.addresses
      const how =
        now.class.closedAt === undefined
          ? `  ${self} class join ${address} --code ${now.joinCode} --as NAME`
          : `The class is closed, so no one can join. To let learners in again: ${self} class reopen`
      context.print(`Join code: ${now.joinCode}\n\n${how}`)
      if (flags.new)
        context.print('\nThe old code no longer works. Everyone who has joined stays in the class.')
      return Exit.passed
    }),
})
