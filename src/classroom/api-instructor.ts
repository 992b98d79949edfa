import type { LessonHead, Pace, ParticipantRow, Status } from './api-rows.ts'

/**
 * What the instructor's pages receive and send: with the cookie that POST login sets, or `Authorization: Bearer
 * <secret>`; see api.ts.
 */

/** Advice to everyone; none of it locks anything. */
export interface Announcements {
  /** Where the class is: a slug. */
  readonly position?: string
  readonly timer?: { readonly until: string; readonly text: string }
  readonly message?: { readonly at: string; readonly text: string }
  readonly pause?: { readonly until?: string }
  /** Slugs whose solution the instructor has released, in that order. */
  readonly released: readonly string[]
  /** What the instructor has put on the wall. */
  readonly shown?: Shown
}

/** A text, or one attempt of a participant, which the wall shows without a name. */
export type Shown =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'attempt'
      readonly participant: string
      readonly eventId: string
      /** Its recording instead of its code. */
      readonly run?: true | undefined
    }

export interface ClassHead {
  readonly id: string
  readonly name: string
  /** The name of the track, if one was chosen. */
  readonly track?: string
  /** The track's lessons, in order: the columns. */
  readonly lessons: readonly LessonHead[]
  readonly openedAt: string
  /** Set by `class close`: the class accepts no more participants or events. */
  readonly closedAt?: string
}

export interface LessonCount {
  readonly slug: string
  /** How many participants are in which state; they add up to all participants. */
  readonly counts: Readonly<Record<Status, number>>
}

/** What several participants are stuck on right now: the last check of each of them failed with this. */
export interface CommonDiagnosis {
  readonly slug: string
  readonly task?: string
  /** As the first of them got it. */
  readonly diagnosis: string
  /** The same in the course's own words, with … for what it fills in; missing if the course doesn't say that. */
  readonly sentence?: string
  readonly participants: readonly string[]
}

export interface Summary {
  readonly participants: number
  readonly hands: number
  readonly lessons: readonly LessonCount[]
  /** The most frequent first, at most 10. */
  readonly diagnoses: readonly CommonDiagnosis[]
  /** Missing until the class is somewhere. */
  readonly pace?: Pace
}

/** A participant whom the instructor has removed, until what they sent is deleted. */
export interface Removed {
  readonly id: string
  readonly name: string
  readonly number: number
  readonly at: string
}

/** GET overview, and the first event (`overview`) of the stream. */
export interface Overview {
  readonly kind: 'overview'
  /** The hub's time, for clocks that are off. */
  readonly now: string
  readonly class: ClassHead
  readonly announcements: Announcements
  /** How learners get in; also for the projector. */
  readonly joinCode: string
  readonly addresses: readonly string[]
  /** What "undo" would take back, in a few words; missing if there's nothing. */
  readonly undo?: string
  /** Removed participants that can still be brought back: the latest few. Missing from an older hub. */
  readonly removed?: readonly Removed[]
  /** This hub just refused to store something that a participant sent, because the class has no room for it. */
  readonly full?: true
  readonly participants: readonly ParticipantRow[]
  readonly summary: Summary
}

/**
 * The later events (`changes`) of the stream: whole rows of participants who changed, and everything else. A page
 * that reconnects gets an `overview` first. After every 15 s without a change comes an event `ping` with empty data.
 */
export interface Changes {
  readonly kind: 'changes'
  readonly now: string
  readonly class: ClassHead
  readonly announcements: Announcements
  readonly joinCode: string
  readonly undo?: string
  readonly removed?: readonly Removed[]
  readonly full?: true
  readonly participants: readonly ParticipantRow[]
  /** IDs of participants who left. */
  readonly left: readonly string[]
  readonly summary: Summary
}

/**
 * GET export: the whole class, as lines of JSON: this, then a ParticipantPage for each participant, then an
 * ExportEnd, without which it's incomplete.
 */
export interface ExportHead {
  readonly kind: 'export'
  readonly now: string
  readonly class: ClassHead
  /** Called `lead` because it has always been called that in the files of `class export`. */
  readonly lead: Announcements
}

export interface ExportEnd {
  readonly kind: 'end'
  readonly participants: number
}

/** POST login; sets an HttpOnly cookie. */
export interface Login {
  readonly secret: string
}
