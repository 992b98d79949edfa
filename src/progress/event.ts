/**
 * The version of the file format that this program writes; a newer file is read as far as possible and never written
 * to.
 */
export const FORMAT = 1

/** The `entityId` of events that aren't about a single lesson. */
export const COURSE = 'course'

export interface TaskOutcome {
  readonly task: string
  readonly state: 'passed' | 'failed' | 'skipped' | 'not reached'
}

interface Check {
  /** `workspace`, `solution`, `starter`, or `file`: not a path, because the log may be sent to a class. */
  readonly target: string
  /** Which Redis it ran on: `container`, `binary`, `embedded`, or `url`. */
  readonly redis: string
  /** How long the check took, in milliseconds. */
  readonly ms: number
  readonly tasks: readonly TaskOutcome[]
  readonly fingerprint?: string
}

/**
 * The payload of each type of event. `entityId` is the slug of the lesson, or `course` for events about no lesson.
 * `fingerprint` is a short hash of the lesson as it was at that moment; older logs have none.
 */
export interface Payloads {
  /** The first line of a log. `continues`: the logs whose events were merged into this one. */
  readonly LOG_OPENED: { readonly format: number; readonly continues?: readonly string[] }
  /**
   * `fingerprint`: only when the starter was copied, because a file that already existed may belong to an older
   * lesson.
   */
  readonly LESSON_OPENED: { readonly fingerprint?: string }
  /** `task` is the first one that failed; it's absent when the answer couldn't run at all. */
  readonly CHECK_FAILED: Check & {
    readonly task?: string
    readonly diagnosis: string
    /** The answer is still the starter, so it has no mistake of the learner's. */
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
  /** Question and answer in full, so that they survive a rearranged quiz. */
  readonly QUIZ_ANSWERED: { readonly question: string; readonly answer: string; readonly right: boolean }
  readonly LESSON_READ: Readonly<Record<never, never>>
  /** The track that the learner follows from now on. */
  readonly TRACK_CHOSEN: { readonly track: string }
  /** `startAt`: the slug of the lesson to start with. */
  readonly PLACEMENT_TAKEN: { readonly right: number; readonly questions: number; readonly startAt: string }
  /** `class`: its ID; a hand raised in one class is down in all others. */
  readonly HAND_RAISED: { readonly class: string; readonly text: string }
  readonly HAND_LOWERED: { readonly class: string }
}

export type EventType = keyof Payloads

/** The envelope of lesson 01, plus the event's log and number. */
export interface Envelope<Type extends string, Payload extends object> {
  /** A UUID; it stays the same wherever the event goes. */
  readonly eventId: string
  /** ISO 8601, in UTC. */
  readonly timestamp: string
  readonly eventType: Type
  readonly entityId: string
  readonly payload: Payload
  readonly metadata: object
  /** The UUID of the log that it's in now. */
  readonly logId: string
  /** 1, 2, 3… in that log. */
  readonly n: number
}

/** The events that this version supports, distinguished by `eventType`. */
export type ProgressEvent = { [Type in EventType]: Envelope<Type, Payloads[Type]> }[EventType]

/** Any event of a log, even one of a later version's type. */
export type StoredEvent = Envelope<string, object>

/** An event before it has its place in a log. */
export type UnplacedEvent = Omit<StoredEvent, 'logId' | 'n'>
