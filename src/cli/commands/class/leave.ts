import { leave } from '../../../classroom/member/join.ts'
import { Exit } from '../../../common/exit.ts'
import { assertCanPrompt } from '../../../terminal/can-prompt.ts'
import { ask } from '../../ask.ts'
import { defineCommand, self } from '../../command.ts'
import { yes } from '../../flags.ts'
import { memberOf } from '../../membership.ts'

export const command = defineCommand({
  flags: {
    yes,
  },
  examples: [['class leave', 'your own progress stays here']],
  run: async (context, _args, flags) => {
    const { learner, member } = await memberOf(context)
    if (!flags.yes) {
      const reason = `"${member.className}" would delete everything it has about you.`
      assertCanPrompt(context, { reason, hints: [`${self} class leave --yes`] })
      if (!(await ask(context, `Leave "${member.className}"? It deletes everything it has about you.`))) {
        return Exit.passed
      }
    }
    const isTold = await leave(learner.home.log, member)
    context.print(
      isTold
        ? `You've left "${member.className}", and it has deleted everything about you. Your own progress stays here.`
        : `You've left "${member.className}", but it couldn't be reached, so it still has your data. Ask your instructor to remove it.`,
    )
    return Exit.passed
  },
})
