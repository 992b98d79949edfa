import { type Membership, readMembership } from '../classroom/member/membership.ts'
import type { Desk } from '../learner/learner.ts'
import { self } from './command.ts'
import type { Context } from './context.ts'
import { UsageError } from './exit.ts'

/** The class that the learner is in. Throws UsageError if they aren't in one. */
export async function memberOf(
  context: Context,
): Promise<{ readonly desk: Desk; readonly member: Membership }> {
  const desk = await context.desk()
  const member = readMembership(desk.home.log)
  if (member !== undefined) return { desk, member }
  throw new UsageError(`You aren't in a class. Join one: ${self} class join ADDRESS --code CODE --as NAME`)
}
