import { ClassUnreachableError } from '../../../classroom/errors.ts'
import { setShare } from '../../../classroom/member/join.ts'
import { defineCommand, self } from '../../command.ts'
import { Exit, UsageError } from '../../exit.ts'
import { memberOf } from '../../membership.ts'

export const command = defineCommand({
  flags: {},
  examples: [['class share off', 'also deletes the code already sent']],
  run: async (context, [word]) => {
    if (word !== 'on' && word !== 'off')
      throw new UsageError(`Choose on or off. For example: ${self} class share off`)
    const { desk, member } = await memberOf(context)
    const share = word === 'on'
    try {
      await setShare(desk.home.log, member, share)
    } catch (error) {
      if (share || !(error instanceof ClassUnreachableError)) throw error
      context.print(
        `No more code is sent, but the code already sent is still there. Run this again when ${member.address} answers.`,
      )
      return Exit.passed
    }
    context.print(
      share
        ? `From now on your instructor sees your code with each check, and what it did in Redis. "${self} class share off" stops that.`
        : 'Your code is no longer sent, and the code already sent is deleted.',
    )
    return Exit.passed
  },
})
