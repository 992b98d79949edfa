import type { RedisKind } from '../redis/index.ts'

/** `not reached`: the answer could not be run that far. It is never a pass. */
export type TaskState = 'passed' | 'failed' | 'skipped' | 'not reached'

export interface Place {
  /** As shown: relative to the project, or the path that was given. */
  readonly file: string
  readonly line: number
}

/** One command of the answer. A list of them is in the order in which Redis executed them. */
export interface CommandRecord {
  /** Which of the answer's connections sent it, from 1. */
  readonly client: number
  /** As one would type it into redis-cli, long arguments cut. */
  readonly command: string
  /** As redis-cli would print it, in one line; or why there is none: `no reply yet`, `never sent: the process died`. */
  readonly reply: string
  /** The check held it back while something else ran. */
  readonly held: boolean
  /** When it was sent, in milliseconds since the test began; when the code asked for it, if it was never sent. */
  readonly at: number
  /** It overlapped a command of another connection, so which of the two Redis executed first isn't known. */
  readonly about?: true
}

/** Commands that a list lacks because it would be too long: so many, after that many of those that are there. */
export interface LeftOut {
  readonly after: number
  readonly count: number
}

/** What the answer sent: the beginning and the end, if it was much. */
export interface Commands {
  readonly commands: readonly CommandRecord[]
  readonly leftOut?: LeftOut
}

export interface TaskResult extends Commands {
  readonly task: string
  readonly state: TaskState
  /** The title of the test that failed. */
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
  /** For an answer that could not be run at all, or that ended the run. */
  readonly diagnosis?: string
  readonly at?: Place
  /** `name` is for people: 'Redis 7.0.15', 'Valkey 8.1.1', 'the embedded server'. */
  readonly redis: { readonly kind: RedisKind; readonly name: string; readonly version: string }
  readonly tasks: readonly TaskResult[]
  /** Titles above tests that belong to no task, a fault of the suite: whether they pass changes nothing. */
  readonly strays?: readonly string[]
  /** What the answer printed, cut. */
  readonly output: string
  /** What is worth knowing and is no failure. */
  readonly notes: readonly string[]
  readonly ms: number
}

export type Target =
  | { readonly kind: 'workspace' | 'solution' | 'starter' }
  | { readonly kind: 'file'; readonly path: string }
