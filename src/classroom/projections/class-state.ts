import type { Announcements, PlanClock } from '../api.ts'
import type { NewClassEvent } from './class-event.ts'

export interface Participant {
  readonly id: string
  /** 1, 2, 3… in the order of joining; the number of someone who left isn't reused. */
  readonly number: number
  readonly name: string
  /** The instructor chose the name, so joining again doesn't change it. */
  readonly isRenamed?: boolean
  readonly joinedAt: string
  readonly share: boolean
  /** When the instructor last lowered their hand: a hand raised before that is down. */
  readonly loweredAt?: string
  /** The instructor's message to them alone. */
  readonly note?: { readonly at: string; readonly text: string }
  /** Since when they've been removed. */
  readonly removedAt?: string
  /** The participant that they count as. */
  readonly into?: string
}

/** What takes back the last thing that the instructor did. */
export interface Undo {
  /** What would be taken back, in a few words: `removing Ada`. */
  readonly what: string
  readonly event: NewClassEvent
}

export interface ClassState {
  readonly announcements: Announcements
  /** The code that replaced the one the class was opened with. */
  readonly joinCode?: string
  readonly loggedOutAt?: string
  readonly closedAt?: string
  /** In the order of joining; also those who were removed or count as another, until they're deleted. */
  readonly participants: readonly Participant[]
  /** How many have ever joined. */
  readonly joined: number
  readonly undo?: Undo
  /** Missing until the class is somewhere for the first time. */
  readonly clock?: PlanClock
}

export const newClass: ClassState = { announcements: { released: [] }, participants: [], joined: 0 }
