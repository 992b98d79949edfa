import { type Line, span } from '../terminal/index.ts'

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
  const left = lines.length - (room - 1)
  const note = [span(`  (${left} more ${left === 1 ? 'line' : 'lines'}: ${more})`, 'dim')]
  return keep === 'first'
    ? [...lines.slice(0, room - 1), note]
    : [lines[0] ?? [], note, ...lines.slice(lines.length - (room - 2))]
}
