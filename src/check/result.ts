import type { Recording } from '../recording/index.ts'
import type { RedisKind } from '../redis/index.ts'

/** `not reached`: the answer couldn't run that far. It's never a pass. */
export type TaskState = 'passed' | 'failed' | 'skipped' | 'not reached'

export interface Place {
  /** As shown: relative to the project, or the given path. */
  readonly file: string
  readonly line: number
}

/** One command of the answer. A list of them is in the order in which Redis executed them. */
export interface CommandRecord {
  /** Which of the answer's connections sent it, counted from 1. */
  readonly client: number
  /** As you'd type it into redis-cli, with long arguments cut. */
  readonly command: string
  /**
   * As redis-cli would print it, on one line, or why there isn't one: `no reply yet`, `never sent: the process died`.
   */
  readonly reply: string
  /** The check held it back while something else ran. */
  readonly held: boolean
  /** When it was sent, in milliseconds since the test began or, if it was never sent, when the code issued it. */
  readonly at: number
  /** It overlapped a command of another connection, so which of the two Redis executed first isn't known. */
  readonly about?: true
}

/** Commands left out of a list that would be too long: `count` of them, after the first `after`. */
export interface LeftOut {
  readonly after: number
  readonly count: number
}

/** What the answer sent: the beginning and the end, if it was a lot. */
export interface Commands {
  readonly commands: readonly CommandRecord[]
  readonly leftOut?: LeftOut
}

export interface TaskResult extends Commands {
  readonly task: string
  readonly state: TaskState
  /** The title of the failed test. */
  readonly test?: string
  readonly diagnosis?: string
  readonly expected?: string
  readonly received?: string
  readonly at?: Place
  /** Why it was skipped. */
  readonly reason?: string
}

export interface CheckResult {
  /** The slug. */
  readonly lesson: string
  /** `workspace`, `solution`, `starter`, or the path of the file. */
  readonly target: string
  /** Every task passed, or was skipped with a reason. */
  readonly passed: boolean
  readonly skipped: number
  /** For an answer that couldn't run at all, or that ended the run. */
  readonly diagnosis?: string
  readonly at?: Place
  /** `name` is for people: 'Redis 7.0.15', 'Valkey 8.1.1', 'the embedded server'. */
  readonly redis: { readonly kind: RedisKind; readonly name: string; readonly version: string }
  readonly tasks: readonly TaskResult[]
  /** Titles above tests that belong to no task, a bug in the suite: whether they pass changes nothing. */
  readonly strays?: readonly string[]
  /** What the answer printed, cut. */
  readonly output: string
  /** Things worth knowing that aren't failures. */
  readonly notes: readonly string[]
  /** The order of the commands in the first test that failed, if the check was asked for it. */
  readonly recording?: Recording
  readonly ms: number
}

export type Target =
  | { readonly kind: 'solution' | 'starter'; readonly path?: never }
  /** The learner's own answer, in the course's workspace unless an absolute path says where. */
  | { readonly kind: 'workspace'; readonly path?: string }
  | { readonly kind: 'file'; readonly path: string }
