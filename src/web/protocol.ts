/** What pages and server send each other; nothing here runs. */

/** A piece of output in one style; `looks` are names of the terminal's styles. */
export interface OutputSpan {
  readonly text: string
  readonly looks: readonly string[]
}

export type RunReply =
  | {
      readonly kind: 'ran'
      readonly output: readonly (readonly OutputSpan[])[]
      /** The output is what the lesson shows; missing if the learner has edited the snippet. */
      readonly asShown?: boolean
      /** The edited snippet got an error. */
      readonly failed?: boolean
      /** Why it was ended, in a sentence. */
      readonly ended?: string
      /** 'Redis 7.0.15, …', and what it can't do, if anything. */
      readonly redis: string
      readonly limits: string | undefined
    }
  | Problem

export type HintReply = { readonly kind: 'hint'; readonly html: string } | Problem

export interface AnswerView {
  readonly chosen: boolean
  readonly right: boolean
  /** HTML of our own making. */
  readonly explanation: string
}

export type QuizReply =
  | { readonly kind: 'answered'; readonly right: boolean; readonly answers: readonly AnswerView[] }
  | Problem

/** A sentence for the reader. */
export interface Problem {
  readonly kind: 'problem'
  readonly sentence: string
}

/** What the server passes to the interactive parts of a page. */
export interface IslandProps {
  readonly theme: Readonly<Record<never, never>>
  readonly run: { readonly number: number; readonly address: string }
  /** In the workbench, in place of `run`. */
  readonly snippet: {
    readonly slug: string
    readonly number: number
    readonly kind: 'ts' | 'redis'
    /** As the lesson has it, to be edited. */
    readonly text: string
  }
  readonly hints: {
    /** The lesson's. */
    readonly number: string
    readonly task: number
    readonly address: string
    readonly shown: readonly string[]
    readonly of: number
  }
  readonly question: {
    readonly id: string
    readonly address: string
    /** HTML of our own making: the question, the text below it, and the answers. */
    readonly title: string
    readonly more: string
    readonly answers: readonly string[]
    readonly several: boolean
    /** The snippet below it, whose output it's about; undefined in the quiz. */
    readonly snippet: number | undefined
    /** The last answer, if there was one. */
    readonly before: 'right' | 'wrong' | undefined
  }
}

export type IslandName = keyof IslandProps

/** What a page of the class shows: `data-view`. */
export type ClassView = 'dashboard' | 'projector' | 'participant' | 'login'
