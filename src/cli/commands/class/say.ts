import { Exit, UsageError } from '../../../common/exit.ts'
import { whoIs, withClass } from '../../class-client.ts'
import { defineCommand, self } from '../../command.ts'
import { flag, text, whichClass } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    to: text('name', 'only to this learner'),
    withdraw: flag('take the message back'),
    name: whichClass,
  },
  examples: [
    ['class say "Coffee at ten"', 'to everyone'],
    ['class say --to Ada "Look at line 12"', 'to Ada alone'],
  ],
  run: async (context, words, flags) => {
    const text = words.join(' ').trim()
    if ((text === '') !== flags.withdraw) {
      throw new UsageError(
        `Say what? For example: ${self} class say "Coffee at ten". --withdraw takes it back.`,
      )
    }
    return withClass(context, flags, async ({ overview, send }) => {
      const one = flags.to !== undefined ? whoIs(flags.to, (await overview()).participants) : undefined
      await send({ do: 'message', text: text || undefined, ...(one && { to: one.id }) })
      const whom = one === undefined ? 'Everyone' : one.label
      context.print(
        text === '' ? 'The message is withdrawn.' : `${whom} sees it within a few seconds: “${text}”`,
      )
      return Exit.passed
    })
  },
})
