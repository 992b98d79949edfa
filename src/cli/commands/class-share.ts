import { ClassUnreachableError } from '../../classroom/errors.ts'
import { setShare } from '../../classroom/learner/join.ts'
import { memberOf } from '../class-member.ts'
import { type Run, self } from '../command.ts'
import { UsageError } from '../errors.ts'
import { Exit } from '../exit.ts'

export const run: Run = async (context, [word]) => {
  if (word !== 'on' && word !== 'off') throw new UsageError(`on or off? For example: ${self} class share off`)
  const { desk, member } = await memberOf(context)
  const share = word === 'on'
  try {
    await setShare(desk.home.log, member, share)
  } catch (error) {
    if (share || !(error instanceof ClassUnreachableError)) throw error
    context.print(
      `Nothing more is sent. What was sent is still there: say it again when ${member.address} answers.`,
    )
    return Exit.passed
  }
  context.print(
    share
      ? `From now on your instructor sees your code with each check. "${self} class share off" ends that.`
      : 'Your code is not sent any more, and what was sent is deleted.',
  )
  return Exit.passed
}
