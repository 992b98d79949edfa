import { withClass } from '../class-here.ts'
import { whoIs } from '../class-who.ts'
import { type Run, self } from '../command.ts'
import { UsageError } from '../errors.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, words, flags) => {
  const text = words.join(' ').trim()
  if ((text === '') === (flags.withdraw !== true)) {
    throw new UsageError(
      `Say what? For example: ${self} class say "Coffee at ten". --withdraw takes it back.`,
    )
  }
  return withClass(context, flags, async ({ overview, lead }) => {
    const one = typeof flags.to === 'string' ? whoIs(flags.to, (await overview()).participants) : undefined
    await lead({ do: 'message', text: text || undefined, ...(one && { to: one.id }) })
    const whom = one === undefined ? 'Everyone' : one.label
    context.print(
      text === '' ? 'The message is withdrawn.' : `${whom} sees it within a few seconds: “${text}”`,
    )
    return Exit.passed
  })
}
