import type { CheckResult } from '../check/index.ts'
import { LESSON_KEYS, type LessonAction, type LessonKey, lessonActionOf } from '../learner/index.ts'

/** What a learner can ask for with one key. */
export type Action = LessonAction | 'more' | 'explore' | 'others' | 'run' | 'help' | 'quit'

/** The keys that only this screen has. */
const OWN_KEYS: readonly LessonKey<Action>[] = [
  { key: 'm', action: 'more', label: 'more', does: 'shows the whole verdict, page by page' },
  {
    key: 't',
    action: 'explore',
    label: 'step through',
    does: 'steps through what the last failing check did',
  },
  { key: 'o', action: 'others', label: 'other ways', does: "shows other right answers, once you've passed" },
  { key: 'r', action: 'run', label: 'run again', does: 'runs the check again' },
  { key: '?', action: 'help', label: 'keys', does: 'shows this list' },
  { key: 'q', action: 'quit', label: 'quit', does: 'quits; so does Ctrl-C. Everything is kept.' },
]

export const KEYS: readonly LessonKey<Action>[] = [...LESSON_KEYS, ...OWN_KEYS]

/** What's shown, in this order; a small screen has only the short line. */
const onScreen = (offered: readonly Action[]): readonly Action[] => [
  'hint',
  'task',
  'read',
  'more',
  ...offered,
  'diff',
  'solution',
  'list',
  'next',
  'run',
  'help',
  'quit',
]
const onSmallScreen = (offered: readonly Action[]): readonly Action[] => [
  'hint',
  'task',
  'more',
  ...offered,
  'help',
  'quit',
]

export function shownKeys(isSmall: boolean, result: CheckResult | undefined): readonly LessonKey<Action>[] {
  const shown = isSmall
    ? onSmallScreen(result?.passed === false ? stepsOf(result) : ['next'])
    : onScreen(result?.passed === true ? ['others'] : stepsOf(result))
  return shown.flatMap((action) => KEYS.find((known) => known.action === action) ?? [])
}

/** A run without commands has no steps to go through. */
function stepsOf(result: CheckResult | undefined): readonly Action[] {
  const failed = result?.tasks.find(({ state }) => state === 'failed')
  return failed !== undefined && failed.commands.length > 0 ? ['explore'] : []
}

export function actionOf(key: string): Action | undefined {
  if (key === '\u0003' || key === '\u0004') return 'quit' // Ctrl-C and Ctrl-D
  return lessonActionOf(key) ?? OWN_KEYS.find((known) => known.key === key.toLowerCase())?.action
}

/** What the learner asked for, below the verdict. Markdown. */
export interface Panel {
  readonly title: string
  readonly text: string
}

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
  /** How many lessons of this course are passed. */
  readonly done: number
  readonly total: number
  /** The track that these are the lessons of; undefined for the whole course. */
  readonly track: string | undefined
  /** The learner's file, as shown. */
  readonly file: string
  readonly redis: string
  /** What this Redis can't do, if anything. */
  readonly limits: string | undefined
  readonly checking: boolean
  readonly result: CheckResult | undefined
  /** When the verdict was reached: the same one twice in a row looks as if nothing had happened. */
  readonly checkedAt: Date | undefined
  /** What a pass means, as Markdown. */
  readonly passed: string | undefined
  /** What TypeScript reports about the file that got the verdict. */
  readonly warning: string | undefined
  /** Below the verdict: a hint. */
  readonly panel: Panel | undefined
  /** A question that waits for `y`; any other key means no. */
  readonly question: { readonly text: string; readonly action: 'solution' | 'diff' | 'reset' } | undefined
  /** One line about what just happened. */
  readonly notice: string | undefined
  /** What the class reports; it stays until it's seen. */
  readonly news: string | undefined
}
