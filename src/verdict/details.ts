import type { CheckResult, Commands, TaskResult } from '../check/index.ts'
import type { Recording } from '../recording/index.ts'
import { sentenceSpans } from '../terminal/inline.ts'
import type { Line } from '../terminal/text.ts'
import { lineWidth, span } from '../terminal/text.ts'
import { wrap } from '../terminal/wrap.ts'
import { commandLines, type Details } from './command-lines.ts'

type FailedTask = Pick<TaskResult, 'diagnosis' | 'expected' | 'received' | 'at'> &
  Partial<Commands> & { readonly order?: Recording | undefined }

/** What's known of the order of the commands in a task's failed test. */
export function orderIn({ recording }: CheckResult, { task, test }: TaskResult): Recording | undefined {
  return recording?.task === task && recording.test === test ? recording : undefined
}

/** A failing task spelled out: the sentence first, then the evidence. */
export function failureLines(title: string, failure: FailedTask, details: Details): readonly Line[] {
  const { width, palette } = details
  const diagnosis =
    failure.diagnosis ??
    'It failed without a diagnosis. Every failure should have one, so please report this.'
  const { at } = failure
  return [
    ...wrap(span(title, 'bold', 'red'), { width }),
    ...wrap(sentenceSpans(diagnosis, palette), { width, first: '  ' }),
    ...evidence(
      [
        ['expected', failure.expected],
        ['received', failure.received],
        ['at', at && `${at.file}:${at.line}`],
      ],
      details,
    ),
    ...commandLines({ commands: [], ...failure }, details, failure.order),
  ]
}

function evidence(
  facts: readonly (readonly [string, string | undefined])[],
  { width, verbose, more }: Details,
): readonly Line[] {
  const known = facts.filter((fact): fact is readonly [string, string] => fact[1] !== undefined)
  const lines = known.flatMap(([name, value]) => {
    const all = factLines(name, value, width)
    return verbose ? all : shortened(all, 12, 0, '    ', more)
  })
  return lines.length === 0 ? [] : [[], ...lines]
}

/** The value beside its name, or below it if it would have to be broken there: learners copy places and values. */
export function factLines(name: string, value: string, width: number): readonly Line[] {
  const label = labelOf(name)
  const widest = Math.max(...value.split('\n').map((line) => lineWidth(line)))
  if (lineWidth(label) + widest <= width) return besideName(name, value, width)
  return [label, ...wrap(value, { width, first: '    ' })]
}

/** The value beside its name, however wide it is. */
export function besideName(name: string, value: string, width: number): readonly Line[] {
  return wrap(value, { width, first: labelOf(name) })
}

function labelOf(name: string): Line {
  return [span('  '), span(name.padEnd('expected'.length + 2), 'dim')]
}

/** What the answer printed: it fails no check, but its author is looking for it. */
export function outputLines(output: string, { width, verbose, more }: Details): readonly Line[] {
  const text = output.trimEnd()
  if (text === '') return []
  const lines = wrap(text, { width, first: '  ', rest: '  ' })
  return [[span('Your code printed:', 'dim')], ...(verbose ? lines : shortened(lines, 10, 3, '  ', more))]
}

/** `first` lines, how many were left out, and the `last` ones. */
function shortened(
  lines: readonly Line[],
  first: number,
  last: number,
  indent: string,
  more = '--verbose',
): readonly Line[] {
  const left = lines.length - first - last
  if (left <= 1) return lines
  const note = [span(`${indent}(${left} more lines, shown by ${more})`, 'dim')]
  return [...lines.slice(0, first), note, ...lines.slice(lines.length - last)]
}
