/**
 * What the instructor's pages receive and send: with the cookie that POST login sets, or `Authorization: Bearer
 * <secret>`; see api.ts.
 */

/** How far one participant is with one lesson. */
export type Status = 'new' | 'working' | 'failing' | 'passed' | 'passed-after-solution' | 'skipped'

export interface LessonHead {
  readonly slug: string
  readonly number: string
  readonly title: string
  /** The names of the tasks that the class takes, in order; empty for a lesson that is demonstrated. */
  readonly tasks?: readonly string[]
  /** What the plan of the track gives it. */
  readonly minutes?: number
}

/** How long the class has been working: not while it's nowhere, on a break, or closed. Times are ISO 8601. */
export interface PlanClock {
  /** The slug of the lesson that it began with, today. */
  readonly from: string
  readonly ranMs: number
  /** Since when it has been running again, perhaps from the end of a break on; missing while it's stopped. */
  readonly since?: string
  /** When the instructor last started or stopped it. */
  readonly setAt: string
}

/** How far the class is, compared with the plan; see pace.ts. */
export interface Pace {
  readonly clock: PlanClock
  /** Minutes of the plan that half of the participants have done since the clock started. */
  readonly median: number
}

export interface LessonStatus {
  /** Called `light` because it has always been called that in the files of `class export`. */
  readonly light: Status
  /** Checks of their own answer. */
  readonly attempts: number
  /** Hints that were shown, for all tasks together. */
  readonly hints: number
  /** A letter for each task in the lesson's head: `p` passed, `f` failed, `s` skipped, `-` not tried yet. */
  readonly tasks?: string
}

/** One check of their own answer. */
export interface CheckDot {
  readonly at: string
  readonly slug: string
  readonly passed: boolean
}

/** Why a check failed. Task and diagnosis are the participant's words: cut, and text. */
export interface Failure {
  readonly slug: string
  /** The first failed task. */
  readonly task?: string
  readonly diagnosis: string
  /** It failed because nothing is written there yet, which isn't a mistake. */
  readonly unbegun?: true
}

export interface CurrentTask {
  readonly slug: string
  /** Missing before the first check of the lesson. */
  readonly task?: string
  /** Since when they have been on this task. */
  readonly since: string
  /** Checks since then, all failed. */
  readonly attempts: number
}

export interface Hand {
  readonly at: string
  readonly text: string
  /** The lesson they were on. */
  readonly slug?: string
}

export interface ParticipantRow {
  readonly id: string
  /** What to show: the name, with a number for the second participant of the same name: `Ada (2)`. */
  readonly label: string
  /** 1, 2, 3… in the order of joining; for a view without names. */
  readonly number: number
  readonly joinedAt: string
  /** When something new last came from them. */
  readonly seenAt: string
  /** By slug; lessons without any data are left out and are `new`. */
  readonly lessons: Readonly<Record<string, LessonStatus>>
  /** What they're working on now; missing when they've started nothing, or the last thing they did was to pass. */
  readonly current?: CurrentTask
  /** The last 30, oldest first. */
  readonly checks: readonly CheckDot[]
  /** The last check, if it failed. */
  readonly failure?: Failure
  readonly hand?: Hand
  /** The instructor's message to them alone. */
  readonly note?: { readonly at: string; readonly text: string }
  /** They agreed to show their code. */
  readonly sharesCode: boolean
}

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
  readonly participants: readonly ParticipantRow[]
  /** IDs of participants who left. */
  readonly left: readonly string[]
  readonly summary: Summary
}

export interface Attempt extends CheckDot {
  readonly eventId: string
  readonly task?: string
  readonly diagnosis?: string
  readonly unbegun?: true
  readonly tasks: readonly { readonly task: string; readonly state: string }[]
  /** Their answer as it was checked; only if they shared it. */
  readonly code?: string
  /** What it did in Redis can be stepped through: GET participant/<id>/runs/<event ID>. */
  readonly run?: true
}

/** Anything else that happened, for the timeline between the attempts. */
export interface Activity {
  readonly at: string
  readonly slug?: string
  readonly what: 'opened' | 'hint' | 'solution' | 'reset' | 'skipped' | 'quiz' | 'hand up' | 'hand down'
  /** `task 2, step 1`; what they wrote when raising a hand. */
  readonly text?: string
}

/** GET participant/<id>. Both lists: the latest ones, oldest first. */
export interface ParticipantPage {
  readonly kind: 'participant'
  readonly row: ParticipantRow
  /** How many earlier attempts are left out. */
  readonly earlier: number
  readonly attempts: readonly Attempt[]
  readonly activity: readonly Activity[]
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
