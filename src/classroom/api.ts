/**
 * What hub, learners and pages say to each other over HTTP. Only types and addresses: nothing here runs, so that pages may
 * import it. Times are ISO 8601 in UTC by the hub's clock; slugs are those of lessons; ids are UUIDs. Names, texts,
 * diagnoses and code come from learners: they are text, never markup.
 */

/** Every answer other than 2xx is this one. */
export interface Problem {
  readonly kind: 'problem'
  /** For people. */
  readonly sentence: string
}

/** Where everything is. `participant` ends with an id. */
export const paths = {
  join: '/api/join',
  events: '/api/events',
  code: '/api/code',
  share: '/api/share',
  leave: '/api/leave',
  view: '/api/class',
  login: '/api/instructor/login',
  logout: '/api/instructor/logout',
  overview: '/api/instructor/overview',
  stream: '/api/instructor/stream',
  participant: '/api/instructor/participants/',
  lead: '/api/instructor/lead',
  close: '/api/instructor/close',
  reopen: '/api/instructor/reopen',
  export: '/api/instructor/export',
} as const

// ── What the instructor's pages get: cookie (POST login { secret }) or `Authorization: Bearer <secret>` ──────────────

/** The state of one lesson of one participant, as a light. */
export type Light = 'new' | 'working' | 'failing' | 'passed' | 'passed-after-solution' | 'skipped'

export interface LessonHead {
  readonly slug: string
  readonly number: string
  readonly title: string
}

export interface LessonLight {
  readonly light: Light
  /** Checks of their own answer. */
  readonly attempts: number
  /** Steps of hints that were shown, of all tasks together. */
  readonly hints: number
}

/** One check of their own answer. */
export interface CheckDot {
  readonly at: string
  readonly slug: string
  readonly passed: boolean
  /** The first task that failed. */
  readonly task?: string
  readonly diagnosis?: string
}

export interface CurrentTask {
  readonly slug: string
  /** Missing before the first check of the lesson. */
  readonly task?: string
  /** Since when they are at this task. */
  readonly since: string
  /** Checks since then, all failed. */
  readonly attempts: number
}

export interface Hand {
  readonly at: string
  readonly text: string
  /** The lesson they were at. */
  readonly slug?: string
}

export interface ParticipantRow {
  readonly id: string
  /** What to show: the name, with a number for the second of one name: `Ada (2)`. */
  readonly label: string
  /** 1, 2, 3… in the order of joining; for a view without names. */
  readonly number: number
  readonly joinedAt: string
  /** When something new last came from them. */
  readonly seenAt: string
  /** By slug; lessons of which nothing is known are left out and are `new`. */
  readonly lessons: Readonly<Record<string, LessonLight>>
  /** What they work at now; missing when they have begun nothing, or the last thing they did was to pass. */
  readonly current?: CurrentTask
  /** The last 30, the oldest first. */
  readonly checks: readonly CheckDot[]
  readonly hand?: Hand
  /** They agreed to show their code. */
  readonly sharesCode: boolean
}

/** Advice to all; nothing of it locks anything. */
export interface Lead {
  /** Where the class is: a slug. */
  readonly position?: string
  readonly timer?: { readonly until: string; readonly text: string }
  readonly message?: { readonly at: string; readonly text: string }
  readonly pause?: { readonly until?: string }
  /** Slugs whose solution the instructor has released, in that order. */
  readonly released: readonly string[]
}

export interface ClassHead {
  readonly id: string
  readonly name: string
  /** The name of the track, if one was chosen. */
  readonly track?: string
  /** Those of the track, in order: the columns. */
  readonly lessons: readonly LessonHead[]
  readonly openedAt: string
  /** Set by `class close`: nobody can join or send any more. */
  readonly closedAt?: string
}

export interface LessonCount {
  readonly slug: string
  /** How many participants are in which state; they add up to all participants. */
  readonly counts: Readonly<Record<Light, number>>
}

/** What several are stuck on right now: the last check of each of them failed with this. */
export interface CommonDiagnosis {
  readonly slug: string
  readonly task?: string
  readonly diagnosis: string
  readonly participants: readonly string[]
}

export interface Summary {
  readonly participants: number
  readonly hands: number
  readonly lessons: readonly LessonCount[]
  /** The most frequent first, at most 10. */
  readonly diagnoses: readonly CommonDiagnosis[]
}

/** GET overview, and the first event (`overview`) of the stream. */
export interface Overview {
  readonly kind: 'overview'
  /** The hub's time, for clocks that are off. */
  readonly now: string
  readonly class: ClassHead
  readonly lead: Lead
  /** How learners get in: for the projector, too. */
  readonly joinCode: string
  readonly addresses: readonly string[]
  readonly participants: readonly ParticipantRow[]
  readonly summary: Summary
}

/**
 * The later events (`changes`) of the stream: whole rows of those who changed, and all of the rest. A page that reconnects
 * gets an `overview` first. Every 15 s without a change comes an event `ping` with empty data.
 */
export interface Changes {
  readonly kind: 'changes'
  readonly now: string
  readonly class: ClassHead
  readonly lead: Lead
  readonly participants: readonly ParticipantRow[]
  /** Ids of those who left. */
  readonly left: readonly string[]
  readonly summary: Summary
}

export interface Attempt extends CheckDot {
  readonly eventId: string
  readonly tasks: readonly { readonly task: string; readonly state: string }[]
  /** Their answer as it was checked; only if they shared it. */
  readonly code?: string
}

/** Anything else that happened, for the timeline between the attempts. */
export interface Happening {
  readonly at: string
  readonly slug?: string
  readonly what: 'opened' | 'hint' | 'solution' | 'reset' | 'skipped' | 'quiz' | 'hand up' | 'hand down'
  /** `task 2, step 1`; what they wrote when raising a hand. */
  readonly text?: string
}

/** GET participant/<id>. Both lists: the oldest first. */
export interface ParticipantPage {
  readonly kind: 'participant'
  readonly row: ParticipantRow
  readonly attempts: readonly Attempt[]
  readonly happenings: readonly Happening[]
}

/** POST lead; the answer is Done. `undefined` or a left-out value takes back. */
export type LeadCommand =
  | { readonly do: 'position'; readonly slug?: string | undefined }
  | { readonly do: 'timer'; readonly minutes?: number | undefined; readonly text?: string | undefined }
  | { readonly do: 'message'; readonly text?: string | undefined }
  | { readonly do: 'pause'; readonly minutes?: number | undefined }
  | { readonly do: 'resume' }
  | { readonly do: 'release'; readonly slug: string }
  | { readonly do: 'lower hand'; readonly participant: string }
  | { readonly do: 'remove'; readonly participant: string }

/** GET export: the whole class. POST close and reopen (body `{}`) are answered by Done. */
export interface ClassExport {
  readonly kind: 'export'
  readonly now: string
  readonly class: ClassHead
  readonly lead: Lead
  readonly participants: readonly ParticipantPage[]
}

export interface Done {
  readonly kind: 'done'
}

/** POST login; sets an HttpOnly cookie. Wrong ones are slowed down: 401, then 429. */
export interface Login {
  readonly secret: string
}

// ── What the learner's side says: `Authorization: Bearer <token>`, except join ───────────────────────────────────────

/** With a token: the same participant again, for a hub that has lost its data; then no code is needed. */
export interface Join {
  readonly code?: string | undefined
  readonly name: string
  readonly share: boolean
}

export interface Joined {
  readonly kind: 'joined'
  readonly class: { readonly id: string; readonly name: string }
  readonly learner: string
  readonly label: string
  readonly token: string
}

/** `after`: the number before the first event here, which the hub must have; numbers rise and may have gaps. */
export interface SendEvents {
  readonly logId: string
  readonly after: number
  readonly events: readonly unknown[]
  /** By the sender's clock: the hub sets clocks right that are off. */
  readonly now: string
}

export type EventsReply =
  /** All is safe up to `n`. */
  | { readonly kind: 'stored'; readonly n: number; readonly stored: number; readonly duplicates: number }
  /** The hub lacks something before these: send again what follows `after`. */
  | { readonly kind: 'send from'; readonly after: number }
  /** The token is good, but the hub knows nobody by it: join again with it. */
  | { readonly kind: 'join again' }

export interface SendCode {
  /** Of the check that the code belongs to. */
  readonly eventId: string
  readonly slug: string
  readonly code: string
}

export interface Share {
  readonly share: boolean
}

/** GET view: what a learner sees of the class. */
export interface ClassView {
  readonly kind: 'class'
  readonly now: string
  readonly name: string
  readonly label: string
  readonly lead: Lead
  readonly handIsUp: boolean
  readonly sharesCode: boolean
  readonly closed: boolean
}
