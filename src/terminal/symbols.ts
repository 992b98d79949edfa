import type { Palette, Style } from './palette.ts'
import type { Span } from './text.ts'
import { span } from './text.ts'

/** The states of a task or a lesson. */
export type ShownState =
  | 'passed'
  | 'failed'
  | 'skipped'
  | 'not reached'
  | 'new'
  | 'started'
  | 'failing'
  | 'passed-after-solution'

interface Look {
  readonly symbol: string
  readonly ascii: string
  readonly word: string
  readonly style: Style
}

const looks: Readonly<Record<ShownState, Look>> = {
  passed: { symbol: '✓', ascii: '+', word: 'passed', style: 'green' },
  'passed-after-solution': { symbol: '✓', ascii: '+', word: 'passed after the solution', style: 'green' },
  failed: { symbol: '✗', ascii: 'x', word: 'failed', style: 'red' },
  failing: { symbol: '✗', ascii: 'x', word: 'failing', style: 'red' },
  skipped: { symbol: '»', ascii: '>', word: 'skipped', style: 'yellow' },
  'not reached': { symbol: '–', ascii: '-', word: 'not reached', style: 'gray' },
  started: { symbol: '◐', ascii: '*', word: 'started', style: 'cyan' },
  new: { symbol: '○', ascii: 'o', word: 'new', style: 'gray' },
}

/** Symbol and word, so that it can be read without color: `✓ passed`. */
export function stateSpan(state: ShownState, palette: Palette): Span {
  return span(`${stateSymbol(state, palette)} ${looks[state].word}`, looks[state].style)
}

export function stateSymbol(state: ShownState, { unicode }: Pick<Palette, 'unicode'>): string {
  return unicode ? looks[state].symbol : looks[state].ascii
}

export function stateWord(state: ShownState): string {
  return looks[state].word
}

/** What a page is drawn with; each is a single column wide. */
export interface Marks {
  readonly bullet: string
  readonly bar: string
  readonly rule: string
  readonly strongRule: string
  readonly full: string
  readonly empty: string
  /** Before the continuation of a line that's too long. */
  readonly continued: string
}

const unicodeMarks: Marks = {
  bullet: '•',
  bar: '│',
  rule: '─',
  strongRule: '═',
  full: '█',
  empty: '░',
  continued: '↪',
}

const asciiMarks: Marks = {
  bullet: '*',
  bar: '|',
  rule: '-',
  strongRule: '=',
  full: '#',
  empty: '.',
  continued: '\\',
}

export function marks({ unicode }: Pick<Palette, 'unicode'>): Marks {
  return unicode ? unicodeMarks : asciiMarks
}
