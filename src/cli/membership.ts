import { type Membership, readMembership } from '../classroom/member/membership.ts'
import { UsageError } from '../common/exit.ts'
import type { Learner } from '../learner/learner.ts'
import { self } from './command.ts'
import type { Context } from './context.ts'

/** The class that the learner is in. Throws UsageError if they aren't in one. */
export async function memberOf(
  context: Context,
): Promise<{ readonly learner: Learner; readonly member: Membership }> {
  const learner = await context.learner()
  const member = readMembership(learner.home.log)
  if (member !== undefined) return { learner, member }
  throw new UsageError(`You aren't in a class. Join one: ${self} class join ADDRESS --code CODE --as NAME`)
}
