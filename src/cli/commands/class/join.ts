import { readClassAddress } from '../../../classroom/member/address.ts'
import { join, rejoin } from '../../../classroom/member/join.ts'
import { Exit } from '../../../common/exit.ts'
import { assertCanPrompt } from '../../../terminal/can-prompt.ts'
import { ask, askText } from '../../ask.ts'
import { defineCommand, self } from '../../command.ts'
import type { Context } from '../../context.ts'
import { flag, text } from '../../flags.ts'

export const command = defineCommand({
  flags: {
    code: text('code', 'the join code'),
    as: text('name', 'the name that the instructor sees'),
    share: flag('show your code, too, and what it did in Redis; "class share off" stops that'),
  },
  examples: [
    ['class join http://192.168.1.5:4280 --code K7QX2M --as Ada', 'asks for anything you leave out'],
  ],
  run: async (context, [named], flags) => {
    const { home } = await context.learner()
    const place = named ?? (await asked(context, 'The class address', 'http://192.168.1.5:4280'))
    const { address, code: inAddress } = readClassAddress(place)
    const moved = await rejoin(home.log, address)
    if (moved !== undefined) {
      context.print(`You're still in "${moved.className}" as ${moved.name}.`)
      return Exit.passed
    }
    const code = typed(flags.code) ?? inAddress ?? (await asked(context, 'The join code', 'K7QX2M'))
    const name = typed(flags.as) ?? (await asked(context, 'Your name, as the instructor will see it', 'Ada'))
    // A learner who gave everything by flags, perhaps in a script, isn't asked: off.
    const isAsked = context.canAsk && (flags.code === undefined || flags.as === undefined)
    const share = flags.share || (isAsked && (await ask(context, 'Let your instructor see your code, too?')))
    const { label, isNumbered, class: joined } = await join(home.log, { address, code, name, share })
    const why = isNumbered ? ', because someone in this class already has that name or one like it' : ''
    context.print(`You're in "${joined.name}" as ${label}${why}.

Your instructor sees which lessons you've started and passed, your checks and their diagnoses, and the hints you took, including earlier ones. ${
      share
        ? `They see your code, too, and what it did in Redis in your last three failed checks; "${self} class share off" stops that.`
        : `Your code stays here; "${self} class share on" shows it.`
    }
Your work never waits for the network.

  ${self} stuck "why…"   raise your hand
  ${self} class status   your class and its news
  ${self} class leave    leave, and delete your data`)
    return Exit.passed
  },
})

async function asked(context: Context, what: string, example: string): Promise<string> {
  assertCanPrompt(context, {
    reason: `${what} is missing.`,
    hints: [`${self} class join http://192.168.1.5:4280 --code K7QX2M --as Ada`],
  })
  return askText(context, `${what}:`, example)
}

/** An empty value, as scripts pass it for a variable that isn't set, counts as left out. */
function typed(value: string | undefined): string | undefined {
  return value?.trim() === '' ? undefined : value
}
