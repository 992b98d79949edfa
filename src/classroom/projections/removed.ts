import type { Removed } from '../api.ts'
import type { Participant } from './class-state.ts'

/** More than that were removed together, and come back together. */
const MOST = 20

/** Participants that can still be brought back, the latest first. Those who count as another come back with them. */
export function removedOf(participants: readonly Participant[]): readonly Removed[] {
  return participants
    .filter(({ removedAt, into }) => removedAt !== undefined && into === undefined)
    .map(({ id, name, number, removedAt: at = '' }) => ({ id, name, number, at }))
    .sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
    .slice(0, MOST)
}
