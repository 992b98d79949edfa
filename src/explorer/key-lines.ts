import type { KeyLine, KeyView, Sign } from '../recording/index.ts'
import { type Line, type Span, type Style, span, wrapCode } from '../terminal/index.ts'
import { fitting, type Room } from './fitting.ts'

/** A line about a key, and whether the step changed what it's about. */
export interface PaintedLine {
  /** Called only for what's on the screen, because values are long. */
  line(): Line
  /** The same with nothing cut off. */
  whole(): readonly Line[]
  readonly isChanged: boolean
}

export interface KeyLinesOptions extends Room {
  /** Leave out most of what didn't change. */
  readonly short: boolean
}

const LOOKS: Readonly<Record<Sign, readonly Style[]>> = {
  '+': ['green'],
  '-': ['red'],
  '~': ['yellow'],
  ' ': [],
}

/** Unchanged parts that stay: the last ones, because streams and lists grow at their end. */
const FEW = 3

export function keyLines(views: readonly KeyView[], options: KeyLinesOptions): readonly PaintedLine[] {
  return views.flatMap((view) => {
    const { key, sign, type, summary, lines } = view
    const about = [type, summary].filter((part) => part !== '').join(', ')
    const title = [signOf(sign), span(`${oneLine(key)}  `, 'bold'), span(oneLine(about), 'dim')]
    return [
      painted(() => title, hasNoOther(view), options),
      ...parts(lines, options.short).map((part) =>
        typeof part === 'number'
          ? painted(() => [span(`    … ${part} more`, 'dim')], false, options)
          : painted(() => partLine(part), part.sign !== ' ', options),
      ),
    ]
  })
}

function painted(line: () => Line, isChanged: boolean, options: Room): PaintedLine {
  return {
    line: () => fitting(line(), options),
    whole: () => wrapCode(line(), options.width, DEEPER),
    isChanged,
  }
}

/** What doesn't fit continues on the next line, deeper than any part. */
const DEEPER = ' '.repeat(5)

/** Whether the key's own line is all that shows its change. */
function hasNoOther({ sign, lines }: KeyView): boolean {
  return sign !== ' ' && lines.every((line) => line.sign === ' ')
}

function partLine({ sign, depth, name, text }: KeyLine): Line {
  const indent = span(depth === 0 ? '  ' : '    ')
  const spans: Span[] = [indent, signOf(sign)]
  if (name !== '') spans.push(span(`${oneLine(name)}  `, 'cyan'))
  return [...spans, span(oneLine(text), ...LOOKS[sign])]
}

function signOf(sign: Sign): Span {
  return span(`${sign} `, 'bold', ...LOOKS[sign])
}

/** All changed lines and the last few unchanged ones, each below its group; a number counts those left out. */
function parts(lines: readonly KeyLine[], short: boolean): readonly (KeyLine | number)[] {
  const unchanged = lines.filter(({ sign }) => sign === ' ')
  if (!short || unchanged.length <= FEW + 1) return lines
  const kept = new Set([...lines.filter(({ sign }) => sign !== ' '), ...unchanged.slice(-FEW)])
  let group: KeyLine | undefined
  for (const line of lines) {
    if (line.depth === 0) group = line
    else if (group !== undefined && kept.has(line)) kept.add(group)
  }
  const result: (KeyLine | number)[] = []
  let missing = 0
  for (const line of lines) {
    if (!kept.has(line)) {
      missing += 1
      continue
    }
    if (missing > 0) result.push(missing)
    missing = 0
    result.push(line)
  }
  return missing > 0 ? [...result, missing] : result
}

function oneLine(text: string): string {
  return text.replaceAll('\n', '\\n')
}
