/** What the instructor sees of one participant: a row of the class, and their own page; see api.ts. */

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
