import type { SandboxEnvironment } from './kit/environment.ts'
import type { Misbehavior } from './kit/silence/condition.ts'
import type { RedisNews } from './kit/silence/pulse.ts'
import type { Commands } from './result.ts'

/** What the supervisor sends to a warm process. */
export interface Job {
  /** Signs the report; the answer never sees it. */
  readonly secret: string
  /** The bundled suite and answer. */
  readonly bundle: string
  /** Absolute path of the answer, as stacks name it. */
  readonly answer: string
  /** Its text as bundled: the file may be different by now, or missing for a moment. */
  readonly answerText: string
  /** All of the learner's files in the bundle, the answer among them: the places to point to in a stack. */
  readonly files: readonly string[]
  readonly tasks: readonly string[]
  /** Values that the answer has to export. */
  readonly exports: readonly string[]
  readonly allow: readonly string[]
  /** Leave out the tasks after the first failure. */
  readonly untilFirstFailure: boolean
  /**
   * Redis was silent in every earlier try. If that happens while it runs the answer's scripts, they are the reason.
   */
  readonly lastTry: boolean
  /** Wait for another answer afterward, if this one left nothing behind. */
  readonly stay: boolean
  readonly record?: RecordJob | undefined
}

/** What to record of a run, and where to. */
export interface RecordJob {
  /** Doesn't exist yet. */
  readonly file: string
  /** Signs what's in it; the answer never sees it. */
  readonly secret: string
  readonly lesson: string
  readonly version: string
  /** For people. */
  readonly engine: string
  /**
   * Run only this test, or the last one of this task, and record what each command changes. Without it, the order of
   * the commands in the first test that fails is recorded.
   */
  readonly only?: { readonly task: string; readonly test?: string | undefined } | undefined
}

export interface Failure {
  readonly diagnosis: string
  readonly expected?: string | undefined
  readonly received?: string | undefined
  readonly line?: number | undefined
  /** Absolute path of the file that `line` is in. */
  readonly file?: string | undefined
}

/**
 * Why a run has no verdict, because of Redis or of the machine. `paused`: it was silent for a while and is answering
 * again. `no server`: a server of the suite's own couldn't be started or stopped.
 */
export type Disturbance = Misbehavior | 'silent' | 'paused' | 'no server'

export type Disturbed =
  | { readonly by: Exclude<Disturbance, 'no server'> }
  /** `why` is without its period. */
  | { readonly by: 'no server'; readonly why: string }

/** What a worker reports, one line each. */
export type Report =
  /** The job has been received, and no part of the answer has run yet. */
  | { readonly kind: 'started' }
  /** The check itself threw; earlier reports prove nothing about the answer. */
  | { readonly kind: 'broken'; readonly why: string }
  | { readonly kind: 'loaded' }
  | { readonly kind: 'unusable'; readonly failure: Failure }
  | { readonly kind: 'test'; readonly task: string; readonly test: string }
  | ({
      readonly kind: 'task'
      readonly task: string
      readonly state: 'passed' | 'failed' | 'skipped'
      readonly ran: number
      /** The title of the failed test. */
      readonly test?: string
      readonly failure?: Failure
    } & Commands)
  /** The answer is about to end the process, or hangs; reported by the part of us that notices. */
  | ({ readonly kind: 'ending'; readonly failure: Failure } & Commands)
  | { readonly kind: 'redis'; readonly news: RedisNews }
  /** Nothing else that this run reports counts. */
  | ({ readonly kind: 'disturbed' } & Disturbed)
  /** `stays`: the process is as it was before, and waits for another answer. */
  | { readonly kind: 'done'; readonly notes: readonly string[]; readonly stays: boolean }

export interface WorkerSetup {
  readonly environment: SandboxEnvironment
  /** The pid of the process that waits for the reports: without it there's nothing to live for. */
  readonly supervisor: number
}
