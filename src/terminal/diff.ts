import type { Palette } from './palette.ts'
import { marks } from './symbols.ts'
import type { Line } from './text.ts'
import { paintLines, span, textOf } from './text.ts'
import { wrapCode } from './wrap.ts'

export interface DiffOptions {
  /** Columns of the terminal. */
  readonly width: number
  readonly palette: Palette
  /** What the two sides are called, for example `workspace/02-list-store.ts` and `solutions/02-list-store.ts`. */
  readonly mineName: string
  readonly theirsName: string
  /** Equal lines shown around a difference; default: 3. */
  readonly context?: number
}

/** What has to change to turn `mine` into `theirs`, as a unified diff; a sentence if there's no difference. */
export async function renderDiff(mine: string, theirs: string, options: DiffOptions): Promise<string> {
  const { structuredPatch } = await import('diff')
  const { mineName, theirsName, context = 3, palette, width } = options
  const { hunks } = structuredPatch(mineName, theirsName, clean(mine), clean(theirs), '', '', { context })
  if (hunks.length === 0) return paintLines([[span(`${mineName} and ${theirsName} are the same.`)]], palette)

  const lines: Line[] = [
    [span(`--- ${mineName}`, 'bold', 'red')],
    [span(`+++ ${theirsName}`, 'bold', 'green')],
  ]
  for (const hunk of hunks) {
    const place = `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`
    lines.push([span(place, 'cyan')], ...(await hunkLines(hunk.lines)))
  }
  const mark = marks(palette).continued
  return paintLines(
    lines.flatMap((line) => wrapCode(line, width, mark)),
    palette,
  )
}

/** Neither line endings nor a missing last one are a difference between two answers. */
function clean(text: string): string {
  return `${text.replaceAll('\r\n', '\n').trimEnd()}\n`
}

async function hunkLines(lines: readonly string[]): Promise<readonly Line[]> {
  const result: Line[] = []
  let index = 0
  while (index < lines.length) {
    const removed = run(lines, index, '-')
    const added = run(lines, index + removed.length, '+')
    if (removed.length + added.length === 0) {
      result.push([span(lines[index] ?? '')])
      index += 1
      continue
    }
    // If as many lines were removed as added, they're most likely the same lines, changed.
    result.push(
      ...(removed.length === added.length ? await changed(removed, added) : replaced(removed, added)),
    )
    index += removed.length + added.length
  }
  return result
}

function run(lines: readonly string[], from: number, sign: '-' | '+'): readonly string[] {
  const end = lines.findIndex((line, index) => index >= from && !line.startsWith(sign))
  return lines.slice(from, end === -1 ? lines.length : end)
}

function replaced(removed: readonly string[], added: readonly string[]): readonly Line[] {
  return [...removed.map((line) => [span(line, 'red')]), ...added.map((line) => [span(line, 'green')])]
}

/** Lines with the changed words underlined, if at least half of a line stayed. */
async function changed(removed: readonly string[], added: readonly string[]): Promise<readonly Line[]> {
  const { diffWordsWithSpace } = await import('diff')
  const pairs = removed.map((before, index): readonly [Line, Line] => {
    const after = added[index] ?? ''
    const parts = diffWordsWithSpace(before.slice(1), after.slice(1))
    const same = parts.filter((part) => !part.added && !part.removed).map(({ value }) => value)
    if (same.join('').trim().length * 2 < Math.max(before.length, after.length)) {
      return [[span(before, 'red')], [span(after, 'green')]]
    }
    const side = (skip: 'added' | 'removed', style: 'red' | 'green'): Line =>
      parts
        .filter((part) => !part[skip])
        .map((part) =>
          part.added || part.removed ? span(part.value, style, 'underline') : span(part.value, style),
        )
    return [
      [span('-', 'red'), ...side('added', 'red')],
      [span('+', 'green'), ...side('removed', 'green')],
    ]
  })
  const lines = [...pairs.map(([before]) => before), ...pairs.map(([, after]) => after)]
  return lines.filter((line) => textOf(line) !== '')
}
