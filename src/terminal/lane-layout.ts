import type { LaneView, Row } from '../recording/index.ts'
import type { Palette } from './palette.ts'
import type { Span } from './text.ts'
import { span } from './text.ts'

export interface LaneOptions {
  /** Columns, including the indent. */
  readonly width: number
  readonly palette: Palette
  /** One lane beside the other, where they fit; otherwise one column. */
  readonly sideBySide: boolean
  readonly indent?: number
}

export interface Layout {
  readonly indent: number
  /** Columns for numbers and for times. */
  readonly digits: number
  readonly ms: number
  /** Columns of everything after the number and the time. */
  readonly room: number
  /** Columns of each lane; undefined for one column. */
  readonly lane: number | undefined
}

/** Minimum width of a lane; with less, nothing but the names of commands would be left. Four fit in 100 columns, with an indent. */
const NARROWEST = 19
/** Minimum width of a terminal with lanes. */
const WIDE_ENOUGH = 80

export function layoutOf({ lanes, rows }: LaneView, { width, sideBySide, indent = 0 }: LaneOptions): Layout {
  const { digits, ms } = columnsFor(rows)
  const room = width - indent - digits - ms - 3
  const count = lanes.length
  const lane = Math.floor((room - 3 * (count - 1)) / count)
  const fits = sideBySide && width >= WIDE_ENOUGH && count > 1 && lane >= NARROWEST
  return {
    indent,
    digits,
    ms,
    room: fits ? room : Math.max(1, room - nameColumns(count)),
    lane: fits ? lane : undefined,
  }
}

/** By the rows of a view, which may be thousands while a screen shows twenty of them. */
const known = new WeakMap<readonly Row[], Pick<Layout, 'digits' | 'ms'>>()

function columnsFor(rows: readonly Row[]): Pick<Layout, 'digits' | 'ms'> {
  const before = known.get(rows)
  if (before !== undefined) return before
  const numbered = rows.filter((row) => 'n' in row)
  const largest = (all: readonly number[]) => all.reduce((a, b) => Math.max(a, b), 0)
  const columns = {
    digits: Math.max(2, String(largest(numbered.map(({ n }) => n))).length),
    ms: Math.max(5, time(largest(numbered.map(({ at }) => at))).length),
  }
  known.set(rows, columns)
  return columns
}

/** Columns for the letter of a lane, in one column. */
export function nameColumns(lanes: number): number {
  return lanes > 1 ? 2 : 0
}

/** Number and time, or as much space. */
export function margin(row: Row | 'heading', { digits, ms }: Layout): Span {
  const isCertain = row === 'heading' || row.kind !== 'command' || !row.about
  const [n, at] = row === 'heading' ? ['#', 'ms'] : 'n' in row ? [String(row.n), time(row.at)] : ['', '']
  return span(`${n.padStart(digits)}${isCertain ? ' ' : '~'}${at.padStart(ms)}  `, 'dim')
}

function time(at: number): string {
  return at.toFixed(1)
}
