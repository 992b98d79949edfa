import type { Misbehavior } from '../kit/condition.ts'
import type { SandboxEnvironment } from '../kit/environment.ts'
import type { RedisNews } from '../kit/pulse.ts'
import type { Commands } from '../result.ts'

/** What the supervisor hands to a warm process. */
export interface Job {
  /** Signs the report; the answer never sees it. */
  readonly secret: string
  /** The bundled suite and answer. */
  readonly bundle: string
  /** Absolute path of the answer, as the stacks name it. */
  readonly answer: string
  /** Its text as it was bundled: the file may be another one by now, or away for a moment. */
  readonly answerText: string
  /** All files of the learner's that are in the bundle, the answer among them: where to point in a stack. */
  readonly files: readonly string[]
  readonly tasks: readonly string[]
  /** Values that the answer has to export. */
  readonly exports: readonly string[]
  readonly allow: readonly string[]
  /** Leave out the tasks after the first that fails. */
  readonly untilFirstFailure: boolean
  /** Redis was silent in every try before. If that's while it runs the answer's scripts, they take it so long. */
  readonly lastTry: boolean
  /** Wait for another answer afterwards, if this one left nothing behind. */
  readonly stay: boolean
}

export interface Failure {
  readonly diagnosis: string
  readonly expected?: string | undefined
  readonly received?: string | undefined
  readonly line?: number | undefined
  /** Absolute path of the file that `line` is in. */
  readonly file?: string | undefined
}

/** Why a run is no verdict: of Redis, or of the machine. `paused`: it was silent for a while and answers again. */
export type Disturbance = Misbehavior | 'silent' | 'paused'

/** What a standby reports, a line each. */
export type Report =
  /** The job has been received, and nothing of the answer has run yet. */
  | { readonly kind: 'started' }
  /** The check itself threw; what was reported before says nothing about the answer. */
  | { readonly kind: 'broken'; readonly why: string }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'unusable'; readonly failure: Failure }
  | { readonly kind: 'test'; readonly task: string; readonly test: string }
  | ({
      readonly kind: 'task'
      readonly task: string
      readonly state: 'passed' | 'failed' | 'skipped'
      readonly ran: number
      /** The title of the test that failed. */
      readonly test?: string
      readonly failure?: Failure
    } & Commands)
  /** The answer is about to end the process, or hangs: said by the part of us that notices. */
  | ({ readonly kind: 'ending'; readonly failure: Failure } & Commands)
  | { readonly kind: 'redis'; readonly news: RedisNews }
  /** Whatever else is reported of this run doesn't count. */
  | { readonly kind: 'disturbed'; readonly by: Disturbance }
  /** `stays`: the process is as it was before, and waits for another answer. */
  | { readonly kind: 'done'; readonly notes: readonly string[]; readonly stays: boolean }

export interface StandbySetup {
  readonly environment: SandboxEnvironment
  /** The pid of the process that waits for the reports: without it there is nothing to live for. */
  readonly supervisor: number
}
