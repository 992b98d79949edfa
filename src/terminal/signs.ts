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
  readonly sign: string
  readonly ascii: string
  readonly word: string
  readonly style: Style
}

const looks: Readonly<Record<ShownState, Look>> = {
  passed: { sign: '✓', ascii: '+', word: 'passed', style: 'green' },
  'passed-after-solution': { sign: '✓', ascii: '+', word: 'passed after the solution', style: 'green' },
  failed: { sign: '✗', ascii: 'x', word: 'failed', style: 'red' },
  failing: { sign: '✗', ascii: 'x', word: 'failing', style: 'red' },
  skipped: { sign: '»', ascii: '>', word: 'skipped', style: 'yellow' },
  'not reached': { sign: '–', ascii: '-', word: 'not reached', style: 'gray' },
  started: { sign: '◐', ascii: '*', word: 'started', style: 'cyan' },
  new: { sign: '○', ascii: 'o', word: 'new', style: 'gray' },
}

/** Sign and word, so that it can be read without color: `✓ passed`. */
export function stateSpan(state: ShownState, palette: Palette): Span {
  return span(`${stateSign(state, palette)} ${looks[state].word}`, looks[state].style)
}

export function stateSign(state: ShownState, { unicode }: Pick<Palette, 'unicode'>): string {
  return unicode ? looks[state].sign : looks[state].ascii
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
