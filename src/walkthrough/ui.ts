import type { LessonAction } from '../learner/index.ts'
import type { Passage as PagePart } from '../terminal/index.ts'

export interface Choice<Value> {
  readonly name: string
  readonly value: Value
  /** What's left of it once it's chosen, if anything; default: the name. */
  readonly short?: string
  /** Chooses it at once. */
  readonly key?: string
  /** Not in the menu; only its key chooses it. */
  readonly isHidden?: boolean
}

/** A heading between choices. */
export interface Heading {
  readonly heading: string
}

/** Does work in place of the page, such as asking a question; then the page is back. */
export type Instead = <Result>(work: () => Promise<Result>) => Promise<Result>

/** A part of a text. Snippets are numbered from 1. */
export interface Passage extends PagePart {
  /** The snippet that it offers to run. */
  readonly offers?: number
  /** The snippet whose output it shows. */
  readonly shows?: number
}

export type Render = (width: number) => Promise<readonly Passage[]>

export interface Reading {
  /** Runs a snippet that the page offers. From then on, what is rendered shows its output. */
  readonly run?: (snippet: number, instead: Instead) => Promise<void>
  /** The reader has turned a page or run a snippet, so they aren't just looking around. */
  readonly onTurned?: () => Promise<unknown>
  /** Ends the reading; it counts as left. */
  readonly signal?: AbortSignal
  /** Where to begin, and where the reader was at the end: a share of the text, from 0 to 1. */
  readonly bookmark?: { share: number }
  /** Whether a key such as `h` ends the reading, for a caller that does what it stands for. */
  readonly hasKeys?: boolean
}

/** How a reading ended: at the end of the text, before it, or with a key that asks for something else. */
export type ReadingEnd = 'end' | 'left' | LessonAction

/** Entries of a menu of things to do that are shown at once: it leaves room for its subject, such as a diagnosis. */
export function entriesShown(height: number): number {
  return Math.max(6, height - 18)
}

/** Lines above that menu which stay in view. It also has a heading, a line of keys, and two blank lines. */
export function rowsAboveMenu(height: number): number {
  return height - Math.min(12, entriesShown(height)) - 4
}

/** How the walkthrough talks with a person; the tests have one that answers automatically. */
export interface Ui {
  readonly width: number
  readonly height: number
  /** A text, already painted, as its own paragraph. */
  print(text: string): void
  /** A sentence, as its own paragraph. */
  say(sentence: string): void
  /** All of them reject with InterruptedError or inquirer's ExitPromptError after Ctrl-C. */
  choose<Value>(
    message: string,
    choices: readonly (Choice<Value> | Heading)[],
    preselected?: Value,
  ): Promise<Value>
  chooseSeveral<Value>(message: string, choices: readonly Choice<Value>[]): Promise<readonly Value[]>
  confirm(message: string): Promise<boolean>
  /** Shows a text page by page. */
  read(render: Render, reading?: Reading): Promise<ReadingEnd>
  /** Drops the keys that are pressed while this runs, which are meant for a screen that isn't there yet. */
  busy<Result>(work: () => Promise<Result>): Promise<Result>
}
