import { leave } from '../../classroom/learner/join.ts'
import { assertCanPrompt } from '../../terminal/can-prompt.ts'
import { ask } from '../ask.ts'
import { memberOf } from '../class-member.ts'
import { type Run, self } from '../command.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, _args, flags) => {
  const { desk, member } = await memberOf(context)
  if (flags.yes !== true) {
    const reason = `"${member.className}" would forget everything that it has of you.`
    assertCanPrompt(context, { reason, hints: [`${self} class leave --yes`] })
    if (!(await ask(context, `Leave "${member.className}"? It forgets everything that it has of you.`))) {
      return Exit.passed
    }
  }
  const isTold = await leave(desk.home.log, member)
  context.print(
    isTold
      ? `You have left "${member.className}", and it has forgotten you. Your progress stays here.`
      : `You have left "${member.className}". It could not be told, so what it has of you is still there: ask your instructor to remove it.`,
  )
  return Exit.passed
}
