import { Exit } from '../../../common/exit.ts'
import { whoIs, withClass } from '../../class-client.ts'
import { defineCommand, self } from '../../command.ts'
import { whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    name: whichClass,
  },
  examples: [['class merge "Ada (2)" Ada', 'the same person, with a new laptop']],
  run: async (context, [asked = '', other = ''], flags) =>
    withClass(context, flags, async ({ overview, send }) => {
      const { participants } = await overview()
      const [one, into] = [whoIs(asked, participants), whoIs(other, participants)]
      await send({ do: 'merge', participant: one.id, into: into.id })
      context.print(`${one.label} counts as ${into.label} now. "${self} class undo" separates them again.`)
      return Exit.passed
    }),
})
