import type { Palette } from './palette.ts'
import { marks } from './symbols.ts'
import type { Line, Text } from './text.ts'
import { lineWidth, padded, paintLines, span, spans, styled, textOf } from './text.ts'
import { widthOf } from './width.ts'
import { wrap } from './wrap.ts'

export interface TableOptions {
  /** Columns of the terminal. */
  readonly width: number
  readonly palette: Palette
  readonly header?: readonly Text[]
  /** The alignment of each column; default: left. */
  readonly align?: readonly ('left' | 'right')[]
}

const gap = 2
/** Minimum width of a column: with less room it reads like a ladder of syllables. */
const narrowest = 8

/** Rows in columns; if the columns don't fit side by side, one below the other. */
export function table(rows: readonly (readonly Text[])[], options: TableOptions): string {
  return paintLines(tableLines(rows, options), options.palette)
}

export function tableLines(rows: readonly (readonly Text[])[], options: TableOptions): readonly Line[] {
  const all = options.header ? [options.header, ...rows] : rows
  const columns = Math.max(0, ...all.map((row) => row.length))
  const natural = indices(columns).map((column) =>
    Math.max(0, ...all.map((row) => longest(row[column] ?? '', '\n'))),
  )
  const widths = columnWidths(natural, wordWidths(all, columns), options.width - gap * (columns - 1))
  return widths ? inColumns(rows, widths, options) : oneBelowTheOther(rows, options)
}

function inColumns(
  rows: readonly (readonly Text[])[],
  widths: readonly number[],
  { header, align = [], palette }: TableOptions,
): readonly Line[] {
  const row = (cells: readonly Text[]): readonly Line[] => {
    const wrapped = widths.map((width, column) => wrap(cells[column] ?? '', { width }))
    const height = Math.max(...wrapped.map((lines) => lines.length))
    return indices(height).map((line) =>
      widths.flatMap((width, column) => {
        const cell = padded(
          wrapped[column]?.[line] ?? [],
          width,
          align[column] === 'right' ? 'left' : 'right',
        )
        return column === 0 ? cell : [span(' '.repeat(gap)), ...cell]
      }),
    )
  }
  const body = rows.flatMap(row)
  if (!header) return body
  const rule = widths.map((width) => marks(palette).rule.repeat(width)).join(' '.repeat(gap))
  return [...row(header.map((cell) => styled(cell, 'bold'))), [span(rule, 'dim')], ...body]
}

function oneBelowTheOther(
  rows: readonly (readonly Text[])[],
  { header = [], width }: TableOptions,
): readonly Line[] {
  return rows.flatMap((row, index) => {
    const lines = row.flatMap((cell, column) => {
      const name = textOf(header[column] ?? '')
      const label = name === '' ? [] : styled(`${name}: `, 'bold')
      const first = column === 0 ? '' : '  '
      return lineWidth(cell) === 0 ? [] : wrap([...label, ...spans(cell)], { width, first, rest: '  ' })
    })
    return index === 0 ? lines : [[], ...lines]
  })
}

/** The width of each column, or undefined if they don't fit side by side. */
function columnWidths(
  natural: readonly number[],
  words: readonly number[],
  room: number,
): readonly number[] | undefined {
  const least = natural.map((width, column) => Math.min(width, Math.max(narrowest, words[column] ?? 0)))
  if (sum(least) > room) return undefined
  const widths = [...natural]
  // The widest column shrinks first, so that short ones keep their cells on one line.
  while (sum(widths) > room) {
    const spare = widths.map((width, column) => (width > (least[column] ?? 0) ? width : 0))
    const widest = spare.indexOf(Math.max(...spare))
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}

/** The widest word of each column, up to 16 columns; longer words are broken. */
function wordWidths(rows: readonly (readonly Text[])[], columns: number): readonly number[] {
  return indices(columns).map((column) =>
    Math.min(16, Math.max(0, ...rows.map((row) => longest(row[column] ?? '', /\s/)))),
  )
}

function longest(text: Text, separator: string | RegExp): number {
  return Math.max(...textOf(text).split(separator).map(widthOf))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function indices(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index)
}
