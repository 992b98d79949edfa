import type { CheckResult } from '../check/index.ts'
import { sentenceSpans } from '../terminal/inline.ts'
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
    ['expected', failure?.expected, failure?.received],
    ['received', failure?.received, failure?.expected],
    ['at', failure?.at && `${failure.at.file}:${failure.at.line}`, undefined],
  ] as const
  return {
    heading: heading(result, view),
    tasks: result.tasks.flatMap((task) => taskLine(task, view)),
    diagnosis:
      failure === undefined
        ? []
        : [
            ...wrap(span(failure.title, 'bold', 'red'), { width }),
            ...wrap(sentenceSpans(failure.diagnosis, view.palette), { width, first: '  ' }),
          ],
    evidence: (most) =>
      facts.flatMap(([name, value, other]) =>
        value === undefined ? [] : atMost(name, value, other, most, view),
      ),
    // Without the blank line above them.
    recording: (room) =>
      failed === undefined
        ? []
        : commandLines(failed, { ...details, room: room + 1 }, orderIn(result, failed)).slice(1),
    output: outputLines(result.output, details),
    notes: result.notes.flatMap((note) => wrap(note, { width, first: span('Note: ', 'yellow') })),
  }
}

/** In so few lines, how a value is broken into lines says less than what's in it. */
const FEW_LINES = 3

function heading(result: CheckResult, { width, palette, at }: PiecesView): readonly Line[] {
  const allSkipped = result.passed && result.tasks.every((task) => task.state === 'skipped')
  const state = allSkipped ? 'skipped' : result.passed ? 'passed' : 'failed'
  const { styles } = stateSpan(state, palette)
  const verdict = span(`${stateSymbol(state, palette)} ${summaryOf(result.tasks)}`, ...styles, 'bold')
  const when = `${at === undefined ? '' : `at ${at}, `}${Math.round(result.ms)} ms`
  return wrap([verdict, span(`  ${when}`, 'dim')], { width, rest: '  ' })
}

/**
 * In few lines, a value goes beside its name and without line breaks: a name and a bracket would say nothing. If it
 * still has to be cut, it begins where it differs from the `other` one.
 */
function atMost(
  name: string,
  value: string,
  other: string | undefined,
  most: number,
  { width, palette }: PiecesView,
): readonly Line[] {
  const lines = factLines(name, value, width)
  if (lines.length <= most) return lines
  const dots = palette.unicode ? '…' : '...'
  const room = width - dots.length - 1
  const ending = (shown: readonly Line[]) => [
    ...shown.slice(0, -1),
    [...(shown.at(-1) ?? []), span(` ${dots}`, 'dim')],
  ]
  if (most > FEW_LINES) return ending(factLines(name, value, room).slice(0, most))
  const flat = onOneLine(value)
  const whole = besideName(name, flat, width)
  if (whole.length <= most) return whole
  const from = other === undefined ? 0 : startOf(flat, onOneLine(other))
  const rest = besideName(name, from === 0 ? flat : `${dots} ${flat.slice(from)}`, room)
  return rest.length <= most ? rest : ending(rest.slice(0, most))
}

function onOneLine(value: string): string {
  return value.replace(/\s*\n\s*/g, ' ')
}

/** Characters before a difference, if no space is near. */
const CONTEXT = 10

/** Where both values begin to be shown: one word before the one in which they first differ, which is often its name. */
function startOf(value: string, other: string): number {
  let at = 0
  while (at < value.length && value[at] === other[at]) at += 1
  const same = value.slice(0, at)
  const word = same.lastIndexOf(' ', same.lastIndexOf(' ') - 1) + 1
  return at - word > 4 * CONTEXT ? at - CONTEXT : word
}
