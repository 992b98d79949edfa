import { ClassUnreachableError } from '../../../classroom/errors.ts'
import { setShare } from '../../../classroom/member/join.ts'
import { Exit, UsageError } from '../../../common/exit.ts'
import { defineCommand, self } from '../../command.ts'
import { memberOf } from '../../membership.ts'

export const command = defineCommand({
  flags: {},
  examples: [['class share off', 'the class also deletes what you shared']],
  run: async (context, [word]) => {
    if (word !== 'on' && word !== 'off')
      throw new UsageError(`Choose on or off. For example: ${self} class share off`)
    const { learner, member } = await memberOf(context)
    const share = word === 'on'
    try {
      await setShare(learner.home.log, member, share)
    } catch (error) {
      if (share || !(error instanceof ClassUnreachableError)) throw error
      context.print(
        `You no longer share your code, but the class still has what you shared. Run this again when ${member.address} answers.`,
      )
      return Exit.passed
    }
    context.print(
      share
        ? `From now on your instructor sees your code with each check, and what it did in Redis. "${self} class share off" stops that.`
        : 'You no longer share your code, and the class deletes what you shared.',
    )
    return Exit.passed
  },
})
