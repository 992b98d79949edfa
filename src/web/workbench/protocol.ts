import type { StateChange } from '../../explorer/index.ts'
import type { Recording } from '../../recording/index.ts'
import type { Problem } from '../protocol.ts'

/** Messages between the workbench's page and its server; nothing here runs. */

/** The learner's file as the editor has it: lines end in `\n` here, whatever they end in on the disk. */
export interface FileText {
  readonly kind: 'text'
  readonly text: string
  /** Of the bytes on the disk; a save names the version that it was based on. */
  readonly hash: string
  /** A remark about it: Windows line endings, say. */
  readonly remark?: string
}

/** Why the editor can't have it, in a sentence. */
export type NoText =
  | { readonly kind: 'gone'; readonly sentence: string }
  | { readonly kind: 'unusable'; readonly sentence: string }

/** It can be read, but not written. */
export interface ReadOnlyText extends Omit<FileText, 'kind'> {
  readonly kind: 'read-only'
  readonly sentence: string
}

export type FileView = FileText | ReadOnlyText | NoText

export type SaveReply =
  | {
      readonly kind: 'saved'
      readonly hash: string
      readonly rev: number
      readonly syntax?: SyntaxProblem
    }
  /** Another program has changed the file since; nothing was written. */
  | { readonly kind: 'conflict'; readonly file: FileView; readonly rev: number }
  | Problem

/** The first thing that doesn't parse. */
export interface SyntaxProblem {
  readonly line: number
  readonly message: string
}

export interface TaskView {
  readonly name: string
  readonly state: 'passed' | 'failed' | 'skipped' | 'not reached'
  readonly reason?: string
}

export interface FailureView {
  readonly title: string
  readonly diagnosis: string
  readonly expected?: string
  readonly received?: string
  readonly place?: string
  /** If that's in the learner's own file. */
  readonly line?: number
}

/** The verdict on a version of the file. */
export interface VerdictView {
  readonly passed: boolean
  /** `2 passed, 1 failed` */
  readonly summary: string
  readonly tasks: readonly TaskView[]
  readonly failure?: FailureView
  readonly output: string
  readonly notes: readonly string[]
  readonly redis: string
  readonly ms: number
  /** When it was reached, in milliseconds since 1970. */
  readonly at: number
  /** Which version of the file it's about. */
  readonly hash: string
  /** Only a check that was asked for counts as an attempt. */
  readonly counts: boolean
  /** What a pass means; HTML of our own making. */
  readonly meaning?: string
  readonly next?: { readonly address: string; readonly title: string }
}

/** Everything that all pages of a lesson share. */
export interface BenchState {
  readonly file: FileView
  /** Grows with each version of the file, even over restarts of the program. */
  readonly rev: number
  /** The file's name as shown. */
  readonly name: string
  readonly checking: boolean
  /** Why there's no verdict, or what is going on while there's none yet. */
  readonly notice?: string
  readonly verdict?: VerdictView
  /** The number of the verdict's recording, which can be fetched. Missing if there's none. */
  readonly recording?: number | 'coming'
  /** The first type error. */
  readonly types?: string
  /** The learner has an editor that a button can open. */
  readonly hasEditor: boolean
  /** The lesson was passed before this program looked at it, and no check has failed since. */
  readonly hadPassed: boolean
}

/** The reason for a check: the learner asked for it, or has stopped typing for three seconds. */
export type CheckWish = 'asked' | 'rest'

/** `asks`: a pass after this counts as one after the solution, so the page asks first. */
export type SolutionReply =
  | { readonly kind: 'asks' }
  | { readonly kind: 'solution'; readonly html: string; readonly others: string }
  | Problem

export type { StateChange } from '../../explorer/index.ts'

/** A recording, and the states that its events add up to, if the lesson names a fold. */
export type RunReply =
  | { readonly kind: 'run'; readonly recording: Recording; readonly states: readonly StateChange[] }
  | Problem

export type ResetReply = { readonly kind: 'reset'; readonly keptAs?: string } | Problem
