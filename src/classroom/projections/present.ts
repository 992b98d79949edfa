import type { Participant } from './class-state.ts'

/** Someone who is in the class as themselves. */
export function isPresent({ removedAt, into }: Participant): boolean {
  return removedAt === undefined && into === undefined
}

/**
 * Whether both are in the class as themselves. Two hubs, or two clicks, may each merge participants who no longer are:
 * the other way around, or into someone who has left. Everyone involved would disappear.
 */
export function canMerge(participants: readonly Participant[], learner: string, into: string): boolean {
  const isThere = (id: string) => participants.some((one) => one.id === id && isPresent(one))
  return learner !== into && isThere(learner) && isThere(into)
}
