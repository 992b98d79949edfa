import type { LaneView, Row } from '../recording/index.ts'
import {
  across,
  bracket,
  commandCell,
  endSpan,
  eventCell,
  fitted,
  gapSpan,
  laneSymbols,
  oneLine,
} from './lane-cells.ts'
import { type LaneOptions, type Layout, layoutOf, margin, nameColumns } from './lane-layout.ts'
import type { Palette } from './palette.ts'
import type { Line } from './text.ts'
import { span } from './text.ts'
import { wrap } from './wrap.ts'

const ABOUT = '~ These commands overlapped, so their order is uncertain.'

/** The key, the lanes with their heading, and what collided in a sentence. */
export function laneLines(view: LaneView, options: LaneOptions): readonly Line[] {
  const { width, palette, indent = 0 } = options
  const first = ' '.repeat(indent)
  const painter = lanePainter(view, options)
  const sentence = view.sentence ?? ''
  const cross = [span(`${first}${palette.unicode ? '✗' : 'x'} `, 'red')]
  const hasAbout = view.rows.some((row) => row.kind === 'command' && row.about)
  return [
    ...(view.key === undefined
      ? []
      : wrap(span(view.key, 'bold'), { width, first: [span(`${first}key `, 'dim')] })),
    ...laneHeading(view, options),
    ...painter.rows.map(painter.paint),
    ...(sentence === '' ? [] : wrap(span(sentence, 'bold'), { width, first: cross })),
    ...(hasAbout ? wrap(span(ABOUT, 'dim'), { width, first }) : []),
  ]
}

/** The names of the lanes, above the rows. */
export function laneHeading(view: LaneView, options: LaneOptions): readonly Line[] {
  const { palette, width } = options
  const layout = layoutOf(view, options)
  const { lane } = layout
  const indent = ' '.repeat(layout.indent)
  if (lane === undefined) {
    if (view.lanes.length < 2) return []
    const names = view.lanes
      .map(({ role }, index) => `${letter(index)} = ${oneLine(role, palette)}`)
      .join(', ')
    return wrap(span(names, 'dim'), { width, first: indent })
  }
  const roles = view.lanes.map(({ role }): Line => [span(fitted(role, lane, palette), 'bold')])
  return [[span(indent), margin('heading', layout), ...across(roles, lane, palette)]]
}

/** The rows that have a line here, and how to paint one: painting is slow, and a screen shows only a few of them. */
export function lanePainter(view: LaneView, options: LaneOptions) {
  const layout = layoutOf(view, options)
  const { lane } = layout
  const indent = span(' '.repeat(layout.indent))
  return {
    // In one column, it's said behind the command that was held.
    rows:
      lane === undefined ? view.rows.filter(({ kind }) => kind !== 'held' && kind !== 'released') : view.rows,
    paint(row: Row): Line {
      const { palette } = options
      const line =
        lane === undefined
          ? inOneColumn(row, view, layout, palette)
          : inLanes(row, view, lane, layout, palette)
      return [indent, ...line]
    },
  }
}

function inLanes(row: Row, { lanes }: LaneView, width: number, layout: Layout, palette: Palette): Line {
  const first = margin(row, layout)
  const at = 'lane' in row ? lanes.findIndex(({ id }) => id === row.lane) : -1
  const empty = lanes.map(
    ({ id }): Line => [span(row.waiting.includes(id) ? laneSymbols(palette).waits : '', 'dim')],
  )
  const withCell = (cell: Line) => [first, ...across(empty.with(at, cell), width, palette)]
  switch (row.kind) {
    case 'command':
      return withCell(commandCell(row, width, palette, false))
    case 'end':
      return withCell([endSpan(row, width, palette)])
    case 'held':
    case 'released':
      return [first, ...bracket(row, at, lanes.length, width, palette)]
    case 'event':
      if (at !== -1) return withCell(eventCell(row, width, palette))
      return [first, ...eventCell(row, layout.room, palette)]
    case 'gap':
      return [first, gapSpan(row.steps)]
  }
}

function inOneColumn(row: Row, { lanes }: LaneView, layout: Layout, palette: Palette): Line {
  const at = 'lane' in row ? lanes.findIndex(({ id }) => id === row.lane) : -1
  const name = (at === -1 ? '' : letter(at)).padEnd(2).slice(0, nameColumns(lanes.length))
  const first: Line = [span(name, 'bold'), margin(row, layout)]
  const { room } = layout
  switch (row.kind) {
    case 'command':
      return [...first, ...commandCell(row, room, palette, true)]
    case 'end':
      return [...first, endSpan(row, room, palette)]
    case 'held':
    case 'released':
      return first
    case 'event':
      return [...first, ...eventCell(row, room, palette)]
    case 'gap':
      return [...first, gapSpan(row.steps)]
  }
}

function letter(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + (index % 26))
}
