import { lessonBlamedBy } from '../check/built-on.ts'
import type { CheckResult, TaskResult } from '../check/index.ts'
import { self } from '../common/self.ts'
import { sentenceSpans } from '../terminal/inline.ts'
import type { Palette } from '../terminal/palette.ts'
import { stateSpan, stateSymbol } from '../terminal/symbols.ts'
import type { Line } from '../terminal/text.ts'
import { lineWidth, padded, paintLines, span } from '../terminal/text.ts'
import { wrap } from '../terminal/wrap.ts'
import type { Details } from './command-lines.ts'
import { failureLines, orderIn, outputLines } from './details.ts'
import { shownFailure, titleOfRun } from './shown-failure.ts'
import { summaryOf } from './summary.ts'

export interface CheckView {
  /** Columns of the terminal. */
  readonly width: number
  readonly palette: Palette
  /** Every failing task spelled out, every command and all of the output. */
  readonly verbose?: boolean
  /** For a terminal, which shows several clients in lanes beside each other; otherwise they're one list. */
  readonly sideBySide?: boolean
  /** How to step through what several clients did, as a sentence. */
  readonly stepThrough?: string
  /** The key that shows the rest; default: --verbose. */
  readonly more?: string
  /** The lesson's title, where it's known. */
  readonly title?: string
  /** What it ran on, where the screen has said so; default: its name and its kind. */
  readonly redis?: string
  /** What to do next, for example `npx eventlings start 03`; default for a failing answer: a hint. */
  readonly next?: string
  /** The lines that stay in view. If the diagnosis is above them, because much evidence follows it, it's repeated. */
  readonly rows?: number
}

/** The verdict on an answer: what passed, what's wrong with the first task that didn't, and what to do next. */
export function renderCheck(result: CheckResult, view: CheckView): string {
  const { width, palette, verbose = false, sideBySide = false } = view
  const { stepThrough, more } = view
  const details: Details = { width, palette, verbose, sideBySide, stepThrough, more }
  const overview = [heading(result, view), result.tasks.flatMap((task) => taskLine(task, view))]
  const evidence = [
    runDiagnosis(result, details),
    ...failures(result, details),
    outputLines(result.output, details),
    result.notes.flatMap((note) => wrap(note, { width, first: span('Note: ', 'yellow') })),
  ]
  const end = ending(result, view)
  const outOfView = view.rows !== undefined && spaced([...evidence, end]).length > view.rows
  const repeated = outOfView ? sentence(result, view) : []
  return paintLines(spaced([...overview, ...evidence, repeated, end]), palette)
}

/** The blocks that have lines, with a blank line between them. */
function spaced(blocks: readonly (readonly Line[])[]): readonly Line[] {
  return blocks
    .filter((block) => block.length > 0)
    .flatMap((block, index) => (index === 0 ? block : [[], ...block]))
}

/** What's wrong, and nothing else. */
function sentence(result: CheckResult, { width, palette }: CheckView): readonly Line[] {
  const failure = shownFailure(result)
  if (failure === undefined) return []
  return [
    ...wrap(span(`Again: ${failure.title}`, 'bold', 'red'), { width }),
    ...wrap(sentenceSpans(failure.diagnosis, palette), { width, first: '  ' }),
  ]
}

function heading(result: CheckResult, { width, palette, title, redis }: CheckView): readonly Line[] {
  const allSkipped = result.passed && result.tasks.every((task) => task.state === 'skipped')
  const state = allSkipped ? 'skipped' : result.passed ? 'passed' : 'failed'
  const style = stateSpan(state, palette).styles
  const name = title === undefined ? result.lesson : `${result.lesson} · ${title}`
  const { kind, name: itsName } = result.redis
  const ranOn = redis ?? `${itsName}${kind === 'embedded' ? '' : ` (${kind})`}`
  const where = `${result.target} on ${ranOn}, ${durationOf(result.ms)}`
  const symbol = span(`${stateSymbol(state, palette)} `, ...style, 'bold')
  return [
    ...wrap([span(name, 'bold'), span(` ${state}`, ...style, 'bold')], { width, first: symbol }),
    ...wrap(span(where, 'dim'), { width, first: '  ' }),
  ]
}

/** A check of a few seconds is the rule; of a longer one, milliseconds say nothing. */
function durationOf(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

export function taskLine(task: TaskResult, { width, palette }: CheckView): readonly Line[] {
  const state = stateSpan(task.state, palette)
  const narrow = width < 50
  const column = lineWidth(stateSpan('not reached', palette)) + 2
  const reason = task.reason === undefined ? [] : [span(`: ${task.reason}`, 'dim')]
  const first = [span('  '), ...(narrow ? [state, span('  ')] : padded(state, column))]
  return wrap([span(task.task), ...reason], { width, first, ...(narrow && { rest: '    ' }) })
}

/** Why the answer couldn't run; a task with the same sentence shows it with its details instead. */
function runDiagnosis({ diagnosis, at, tasks }: CheckResult, details: Details): readonly Line[] {
  if (diagnosis === undefined || tasks.some((task) => task.diagnosis === diagnosis)) return []
  return failureLines(titleOfRun(tasks), { diagnosis, ...(at && { at }) }, details)
}

function failures(result: CheckResult, details: Details): readonly (readonly Line[])[] {
  const failed = result.tasks.filter((task) => task.state === 'failed')
  const spelledOut = details.verbose ? failed : failed.slice(0, 1)
  return spelledOut.map((task) => failureLines(task.task, { ...task, order: orderIn(result, task) }, details))
}

function ending(result: CheckResult, { width, palette, next }: CheckView): readonly Line[] {
  const number = (slug: string) => slug.split('-')[0] ?? slug
  const failed = result.tasks.find(({ state }) => state === 'failed')
  const blamed = lessonBlamedBy(failed?.diagnosis ?? result.diagnosis)
  // The hints of this lesson don't help with a bug in another one.
  const ahead = blamed === undefined ? `hint ${number(result.lesson)}` : `check ${number(blamed)}`
  const command = next ?? `${self} ${result.passed ? 'list' : ahead}`
  return [
    ...wrap(span(summaryOf(result.tasks), 'bold'), { width }),
    ...wrap(span(command, 'cyan'), { width, first: span(palette.unicode ? '→ ' : '> ', 'dim') }),
  ]
}
