import { readClassAddress } from '../../classroom/learner/address.ts'
import { join, rejoin } from '../../classroom/learner/join.ts'
import { assertCanPrompt } from '../../terminal/can-prompt.ts'
import { ask, askText } from '../ask.ts'
import { type Flags, type Run, self } from '../command.ts'
import type { Context } from '../context.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, [named], flags) => {
  const { home } = await context.desk()
  const typed = named ?? (await asked(context, 'The address of the class', 'http://192.168.1.5:4280'))
  const { address, code: inAddress } = readClassAddress(typed)
  const moved = await rejoin(home.log, address)
  if (moved !== undefined) {
    context.print(`You are in "${moved.className}" as ${moved.name}, as before.`)
    return Exit.passed
  }
  const code = textOf(flags.code) ?? inAddress ?? (await asked(context, 'The join code', 'K7QX2M'))
  const name = textOf(flags.as) ?? (await asked(context, 'Your name, as the instructor sees it', 'Ada'))
  const share = flags.share === true || (await mayShare(context, flags))
  const { label, class: joined } = await join(home.log, { address, code, name, share })
  context.print(`You are in "${joined.name}" as ${label}.

Your instructor sees which lessons you have begun and passed, your checks and their diagnoses, and the hints
that you took, also those from before. ${share ? `They see your code as well; "${self} class share off" ends that.` : `Your code stays here; "${self} class share on" shows it.`}
Nothing that you do waits for the network.

  ${self} stuck "why…"   raise a hand
  ${self} class status   what the class says
  ${self} class leave    the class forgets you`)
  return Exit.passed
}

async function mayShare(context: Context, flags: Flags): Promise<boolean> {
  // Who gave everything by flags, in a script perhaps, is not asked: off.
  if (!context.canAsk || (flags.code !== undefined && flags.as !== undefined)) return false
  return ask(context, 'May your instructor see your code, too?')
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
