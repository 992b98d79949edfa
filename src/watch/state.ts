import type { CheckResult } from '../check/index.ts'

/** What a learner can ask for with one key. */
export type Action =
  | 'hint'
  | 'explore'
  | 'diff'
  | 'solution'
  | 'list'
  | 'next'
  | 'previous'
  | 'editor'
  | 'run'
  | 'reset'
  | 'help'
  | 'quit'

/** Always shown, in this order. */
export const KEYS: readonly { readonly key: string; readonly action: Action; readonly label: string }[] = [
  { key: 'h', action: 'hint', label: 'hint' },
  { key: 't', action: 'explore', label: 'step through' },
  { key: 'd', action: 'diff', label: 'diff' },
  { key: 's', action: 'solution', label: 'solution' },
  { key: 'l', action: 'list', label: 'list' },
  { key: 'n', action: 'next', label: 'next' },
  { key: 'p', action: 'previous', label: 'previous' },
  { key: 'e', action: 'editor', label: 'editor' },
  { key: 'r', action: 'run', label: 'run again' },
  { key: 'x', action: 'reset', label: 'reset' },
  { key: '?', action: 'help', label: 'help' },
  { key: 'q', action: 'quit', label: 'quit' },
]

export function actionOf(key: string): Action | undefined {
  if (key === '\u0003' || key === '\u0004') return 'quit' // Ctrl-C and Ctrl-D
  return KEYS.find((known) => known.key === key.toLowerCase())?.action
}

export type Panel =
  | { readonly kind: 'markdown' | 'plain'; readonly title: string; readonly text: string }
  | { readonly kind: 'diff'; readonly title: string; readonly mine: string; readonly theirs: string }

/** What the class reports. */
export interface News {
  /** Sentences; empty when an earlier message was withdrawn. */
  readonly text: string
  /** To be called when the learner has seen it; until then the next program shows it again. */
  seen(): void
}

/** Everything that the screen shows. */
export interface WatchState {
  readonly slug: string
  readonly title: string
  /** Of this course: how many lessons are passed. */
  readonly done: number
  readonly total: number
  /** The learner's file, as shown. */
  readonly file: string
  readonly redis: string
  /** What this Redis can't do, if anything. */
  readonly limits: string | undefined
  readonly checking: boolean
  readonly result: CheckResult | undefined
  /** What TypeScript reports about the file that got the verdict. */
  readonly warning: string | undefined
  /** Below the verdict: a hint, a diff, the list, help. */
  readonly panel: Panel | undefined
  /** A question that waits for `y`; any other key means no. */
  readonly question: { readonly text: string; readonly action: 'solution' | 'diff' | 'reset' } | undefined
  /** One line about what just happened. */
  readonly notice: string | undefined
  /** What the class reports; it stays until it's seen. */
  readonly news: string | undefined
}
