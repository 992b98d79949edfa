/** The version of the file format that this program writes; a file of a newer one is read as far as it goes and never written. */
export const FORMAT = 1

/** The `entityId` of what concerns no single lesson. */
export const COURSE = 'course'

export interface TaskOutcome {
  readonly task: string
  readonly state: 'passed' | 'failed' | 'skipped' | 'not reached'
}

interface Check {
  /** `workspace`, `solution`, `starter` or `file`: no path, for the log may travel to a class. */
  readonly target: string
  /** Which Redis it ran on: `container`, `binary`, `embedded` or `url`. */
  readonly redis: string
  /** How long the check took, in milliseconds. */
  readonly ms: number
  readonly tasks: readonly TaskOutcome[]
  readonly fingerprint?: string
}

/**
 * What each type of event carries. `entityId` is the slug of the lesson, or `course` where no lesson is meant. `fingerprint` is a
 * short hash of the lesson as it was at that moment; older logs have none.
 */
export interface Payloads {
  /** The first line of a log. `continues`: the logs whose events went into this one. */
  readonly LOG_OPENED: { readonly format: number; readonly continues?: readonly string[] }
  /** `fingerprint`: only when the starter was copied, because a file that was there already may belong to an older lesson. */
  readonly LESSON_OPENED: { readonly fingerprint?: string }
  /** `task` is the first that failed; it is absent when the answer could not be run at all. */
  readonly CHECK_FAILED: Check & {
    readonly task?: string
    readonly diagnosis: string
    /** The answer is still the starter; then there is no mistake of the learner's in it. */
    readonly untouched?: boolean
  }
  /** `skipped`: how many tasks were skipped with a reason. */
  readonly CHECK_PASSED: Check & { readonly skipped: number }
  /** Task and step count from 1. */
  readonly HINT_REVEALED: { readonly task: number; readonly step: number }
  readonly SOLUTION_REVEALED: Readonly<Record<never, never>>
  /** `keptAs`: the name under which the old answer was kept. */
  readonly LESSON_RESET: { readonly keptAs?: string; readonly fingerprint?: string }
  readonly LESSON_SKIPPED: { readonly reason?: string }
  /** Question and answer in their own words, so that they survive a quiz that is rearranged. */
  readonly QUIZ_ANSWERED: { readonly question: string; readonly answer: string; readonly right: boolean }
  readonly LESSON_READ: Readonly<Record<never, never>>
  /** The way through the course that the learner follows from now on. */
  readonly TRACK_CHOSEN: { readonly track: string }
  /** `startAt`: the slug of the lesson to begin with. */
  readonly PLACEMENT_TAKEN: { readonly right: number; readonly questions: number; readonly startAt: string }
  /** `class`: its id; a hand that was raised in one is down in all others. */
  readonly HAND_RAISED: { readonly class: string; readonly text: string }
  readonly HAND_LOWERED: { readonly class: string }
}

export type EventType = keyof Payloads

/** The envelope of lesson 01, and where the event stands: log and number. */
export interface Envelope<Type extends string, Payload extends object> {
  /** A UUID; it stays the same wherever the event goes. */
  readonly eventId: string
  /** ISO 8601, in UTC. */
  readonly timestamp: string
  readonly eventType: Type
  readonly entityId: string
  readonly payload: Payload
  readonly metadata: object
  /** The UUID of the log in which it stands now. */
  readonly logId: string
  /** 1, 2, 3… in that log. */
  readonly n: number
}

/** The events this version knows, told apart by `eventType`. */
export type ProgressEvent = { [Type in EventType]: Envelope<Type, Payloads[Type]> }[EventType]

/** Any event of a log, also of a type from a later version. */
export type StoredEvent = Envelope<string, object>

/** An event before it has its place in a log. */
export type UnplacedEvent = Omit<StoredEvent, 'logId' | 'n'>
