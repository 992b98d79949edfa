import type { RedisKind } from '../redis/index.ts'

/** `not reached`: the answer could not be run that far. It is never a pass. */
export type TaskState = 'passed' | 'failed' | 'skipped' | 'not reached'

export interface Place {
  /** As shown: relative to the project, or the path that was given. */
  readonly file: string
  readonly line: number
}

export interface CommandRecord {
  /** As one would type it into redis-cli, long arguments cut. */
  readonly command: string
  /** As redis-cli would print it, in one line; `no reply yet` when there was none. */
  readonly reply: string
  /** Which of the answer's connections sent it, from 1. */
  readonly client: number
}

export interface TaskResult {
  readonly task: string
  readonly state: TaskState
  /** The title of the test that failed. */
  readonly test?: string
  readonly diagnosis?: string
  readonly expected?: string
  readonly received?: string
  readonly at?: Place
  readonly commands: readonly CommandRecord[]
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
  readonly redis: { readonly kind: RedisKind; readonly version: string }
  readonly tasks: readonly TaskResult[]
  /** What the answer printed, cut. */
  readonly output: string
  /** What is worth knowing and is no failure. */
  readonly notes: readonly string[]
  readonly ms: number
}

export type Target =
  | { readonly kind: 'workspace' | 'solution' | 'starter' }
  | { readonly kind: 'file'; readonly path: string }
