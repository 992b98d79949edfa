import { type Line, span } from '../terminal/index.ts'
import { textOf } from '../terminal/text.ts'

/** Lines that may be cut: from the top, where the end is what counts, or from the bottom. */
export interface Cuttable {
  readonly lines: readonly Line[]
  readonly keep: 'first' | 'last'
  /** Fewer lines than this aren't worth showing. */
  readonly least: number
}

/** As much of it as fits in `room` lines, with a line that says how much is missing; nothing if that's too little. */
export function fitted({ lines, keep, least }: Cuttable, room: number, more: string): readonly Line[] {
  if (lines.length <= room) return lines
  if (room < Math.min(least, lines.length)) return []
  if (keep === 'last') return [lines[0] ?? [], note(room - 1), ...lines.slice(lines.length - (room - 2))]
  const shown = withoutLeadIn(lines.slice(0, room - 1))
  return [...shown, note(shown.length)]

  function note(shown: number): Line {
    const left = lines.length - shown
    return [span(`  (${left} more ${left === 1 ? 'line' : 'lines'}: ${more})`, 'dim')]
  }
}

/** Without blank lines at the end, and without a line that would introduce what isn't shown. */
function withoutLeadIn(lines: readonly Line[]): readonly Line[] {
  const last = textOf(lines.at(-1) ?? []).trimEnd()
  return lines.length > 1 && (last === '' || last.endsWith(':')) ? withoutLeadIn(lines.slice(0, -1)) : lines
}
