import type { CheckResult } from '../check/index.ts'
import type { Palette } from '../terminal/palette.ts'
import { stateSpan, stateSymbol } from '../terminal/symbols.ts'
import type { Line } from '../terminal/text.ts'
import { span } from '../terminal/text.ts'
import { wrap } from '../terminal/wrap.ts'
import { commandLines, type Details } from './command-lines.ts'
import { besideName, factLines, orderIn, outputLines } from './details.ts'
import { taskLine } from './render.ts'
import { shownFailure } from './shown-failure.ts'
import { summaryOf } from './summary.ts'

/** A verdict in the pieces that a screen of limited height chooses from. */
export interface CheckPieces {
  /** Whether it passed, and how many tasks did. */
  readonly heading: readonly Line[]
  /** A line for each task. */
  readonly tasks: readonly Line[]
  /** The first task that failed, and why. */
  readonly diagnosis: readonly Line[]
  /** Expected, received, and where, each value in at most so many lines. */
  evidence(most: number): readonly Line[]
  /** The commands, with replies: those that collided, if there's room for only a few lines. */
  recording(room: number): readonly Line[]
  readonly output: readonly Line[]
  readonly notes: readonly Line[]
}

export interface PiecesView {
  /** Columns of the terminal. */
  readonly width: number
  readonly palette: Palette
  /** When the check ended, as a time of day. */
  readonly at?: string
  /** How to step through the commands, as a sentence. */
  readonly stepThrough?: string
  /** The key that shows the rest. */
  readonly more?: string
}

export function checkInPieces(result: CheckResult, view: PiecesView): CheckPieces {
  const { width } = view
  const details: Details = {
    ...view,
    verbose: false,
    sideBySide: true,
  }
  const failed = result.tasks.find(({ state }) => state === 'failed')
  const failure = shownFailure(result)
  const facts = [
    ['expected', failure?.expected],
    ['received', failure?.received],
    ['at', failure?.at && `${failure.at.file}:${failure.at.line}`],
  ] as const
  return {
    heading: heading(result, view),
    tasks: result.tasks.flatMap((task) => taskLine(task, view)),
    diagnosis:
      failure === undefined
        ? []
        : [
            ...wrap(span(failure.title, 'bold', 'red'), { width }),
            ...wrap(failure.diagnosis, { width, first: '  ' }),
          ],
    evidence: (most) =>
      facts.flatMap(([name, value]) => (value === undefined ? [] : atMost(name, value, most, view))),
    // Without the blank line above them.
    recording: (room) =>
      failed === undefined
        ? []
        : commandLines(failed, { ...details, room: room + 1 }, orderIn(result, failed)).slice(1),
    output: outputLines(result.output, details),
    notes: result.notes.flatMap((note) => wrap(note, { width, first: span('Note: ', 'yellow') })),
  }
}

function heading(result: CheckResult, { width, palette, at }: PiecesView): readonly Line[] {
  const allSkipped = result.passed && result.tasks.every((task) => task.state === 'skipped')
  const state = allSkipped ? 'skipped' : result.passed ? 'passed' : 'failed'
  const { styles } = stateSpan(state, palette)
  const verdict = span(`${stateSymbol(state, palette)} ${summaryOf(result.tasks)}`, ...styles, 'bold')
  const when = `${at === undefined ? '' : `at ${at}, `}${Math.round(result.ms)} ms`
  return wrap([verdict, span(`  ${when}`, 'dim')], { width, rest: '  ' })
}

function atMost(name: string, value: string, most: number, { width, palette }: PiecesView): readonly Line[] {
  const lines = factLines(name, value, width)
  if (lines.length <= most) return lines
  const dots = palette.unicode ? ' …' : ' ...'
  // A name alone would say nothing.
  const narrower =
    most === 1
      ? besideName(name, value, width - dots.length).slice(0, 1)
      : factLines(name, value, width - dots.length).slice(0, most)
  return [...narrower.slice(0, -1), [...(narrower.at(-1) ?? []), span(dots, 'dim')]]
}
