import { readClassAddress } from '../../classroom/member/address.ts'
import { join, rejoin } from '../../classroom/member/join.ts'
import { assertCanPrompt } from '../../terminal/can-prompt.ts'
import { ask, askText } from '../ask.ts'
import { type Flags, type Run, self } from '../command.ts'
import type { Context } from '../context.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, [named], flags) => {
  const { home } = await context.desk()
  const typed = named ?? (await asked(context, 'The class address', 'http://192.168.1.5:4280'))
  const { address, code: inAddress } = readClassAddress(typed)
  const moved = await rejoin(home.log, address)
  if (moved !== undefined) {
    context.print(`You're still in "${moved.className}" as ${moved.name}.`)
    return Exit.passed
  }
  const code = textOf(flags.code) ?? inAddress ?? (await asked(context, 'The join code', 'K7QX2M'))
  const name = textOf(flags.as) ?? (await asked(context, 'Your name, as the instructor will see it', 'Ada'))
  const share = flags.share === true || (await mayShare(context, flags))
  const { label, class: joined } = await join(home.log, { address, code, name, share })
  context.print(`You're in "${joined.name}" as ${label}.

Your instructor sees which lessons you've started and passed, your checks and their diagnoses, and the hints
you took, including earlier ones. ${share ? `They see your code, too; "${self} class share off" stops that.` : `Your code stays here; "${self} class share on" shows it.`}
Your work never waits for the network.

  ${self} stuck "why…"   raise a hand
  ${self} class status   your class and its news
  ${self} class leave    leave, and delete your data`)
  return Exit.passed
}

async function mayShare(context: Context, flags: Flags): Promise<boolean> {
  // A learner who gave everything by flags, perhaps in a script, isn't asked: off.
  if (!context.canAsk || (flags.code !== undefined && flags.as !== undefined)) return false
  return ask(context, 'Let your instructor see your code, too?')
}

async function asked(context: Context, what: string, example: string): Promise<string> {
  assertCanPrompt(context, {
    reason: `${what} is missing.`,
    hints: [`${self} class join http://192.168.1.5:4280 --code K7QX2M --as Ada`],
  })
  return askText(context, `${what}:`, example)
}

function textOf(flag: Flags[string]): string | undefined {
  return typeof flag === 'string' && flag.trim() !== '' ? flag : undefined
}
