import { Exit } from '../../../common/exit.ts'
import { whoIs, withClass } from '../../class-client.ts'
import { defineCommand } from '../../command.ts'
import { whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    name: whichClass,
  },
  examples: [['class lower Ada', 'she can raise it again']],
  run: async (context, [asked = ''], flags) =>
    withClass(context, flags, async ({ overview, send }) => {
      const { id, label, hand } = whoIs(asked, (await overview()).participants)
      if (hand !== undefined) await send({ do: 'lower hand', participant: id })
      context.print(hand === undefined ? `${label} hasn't raised a hand.` : `${label}'s hand is down.`)
      return Exit.passed
    }),
})
