import type { Row } from '../recording/index.ts'
import { asciiSymbols } from './ascii.ts'
import { escapeControls } from './escape-controls.ts'
import type { Palette, Style } from './palette.ts'
import { marks } from './symbols.ts'
import type { Line, Span } from './text.ts'
import { cut, lineWidth, padded, span } from './text.ts'
import { widthOf } from './width.ts'

export type CommandRow = Extract<Row, { readonly kind: 'command' }>

const LOOKS: Readonly<Record<NonNullable<CommandRow['mark']>, Style>> = {
  looked: 'yellow',
  changed: 'magenta',
  wrote: 'red',
  refused: 'red',
}

/** The command and its reply, and at the right edge what it did in the collision. */
export function commandCell(row: CommandRow, width: number, palette: Palette, saysHeld: boolean): Line {
  const held = saysHeld && row.isHeld ? ' (held)' : ''
  const mark = markSpans(row.mark)
  const whole = width - lineWidth(mark) - held.length
  const all = oneLine(row.command, palette)
  const arrow = palette.unicode ? ' → ' : ' -> '
  const reply = replyIn(whole - arrow.length, all, oneLine(row.reply, palette), palette)
  const room = reply === '' ? whole : whole - arrow.length - widthOf(reply)
  const command = cut(all, Math.max(1, room), palette)
  const isBad = row.fate !== 'answered' && row.fate !== 'parked' ? true : row.reply.startsWith('error ')
  const text: Line = [
    span(command, 'cyan'),
    span(reply === '' ? '' : arrow, 'dim'),
    span(reply, isBad ? 'red' : 'green'),
    span(held, 'dim'),
  ]
  return mark.length === 0 ? text : [...padded(text, width - lineWidth(mark)), ...mark]
}

/** Minimum width of a reply that's cut; with less, it says nothing. */
const SHORTEST_REPLY = 4

/** As much of the reply as fits after the command, whose name comes first: it's never cut for a reply. */
function replyIn(room: number, command: string, reply: string, palette: Palette): string {
  const rest = room - widthOf(command)
  const fitting = cut(reply, Math.max(Math.floor(room * 0.4), rest), palette)
  const [name = ''] = command.split(' ')
  const isNameWhole = room - widthOf(fitting) >= widthOf(name === command ? name : `${name}…`)
  if (isNameWhole) return fitting
  const left = room - widthOf(name) - 1
  return left < SHORTEST_REPLY ? '' : cut(reply, left, palette)
}

/** What isn't a command, and what it did in the collision. */
export function eventCell(
  { text, short = text, mark: word }: Extract<Row, { readonly kind: 'event' }>,
  width: number,
  palette: Palette,
): Line {
  const mark = markSpans(word)
  const room = width - lineWidth(mark)
  const cell = [span(fitted(widthOf(oneLine(text, palette)) <= room ? text : short, room, palette), 'dim')]
  return mark.length === 0 ? cell : [...padded(cell, width - lineWidth(mark)), ...mark]
}

function markSpans(word: CommandRow['mark']): Line {
  return word === undefined ? [] : [span(' '), span(word, 'bold', LOOKS[word])]
}

export function endSpan(
  { text, threw }: Extract<Row, { readonly kind: 'end' }>,
  room: number,
  palette: Palette,
): Span {
  return span(fitted(text, room, palette), threw ? 'red' : 'dim')
}

export function gapSpan(steps: number): Span {
  return span(`… ${steps} more step${steps === 1 ? '' : 's'}`, 'dim')
}

/** Cells side by side, with a line between them. */
export function across(cells: readonly Line[], room: number, palette: Palette): Line {
  return cells.flatMap((cell, index) =>
    index === cells.length - 1 ? cell : [...padded(cell, room), span(` ${marks(palette).bar} `, 'dim')],
  )
}

/** From the lane that's held to the line that separates it from the other one. */
export function bracket(
  row: Extract<Row, { readonly kind: 'held' | 'released' }>,
  at: number,
  count: number,
  room: number,
  palette: Palette,
): Line {
  const edge = laneSymbols(palette)
  const { rule, bar } = marks(palette)
  const says = row.kind === 'released' ? 'released' : heldWords(row.command, room, palette)
  const isLast = at === count - 1
  const text = fitted(says, room - 4, palette)
  // With little room, the name is worth more than the second dash.
  const dashes = rule.repeat(widthOf(text) > room - 5 ? 1 : 2)
  const corner =
    row.kind === 'held' ? (isLast ? edge.topRight : edge.top) : isLast ? edge.bottomRight : edge.bottom
  const line = rule.repeat(Math.max(0, room - widthOf(text) - 5))
  const cells = Array.from({ length: count }, (_, index): Line => {
    if (index !== at) return [span(' '.repeat(room))]
    return [
      span(isLast ? `${dashes} ` : `${corner}${dashes} `, 'dim'),
      span(text),
      span(isLast ? ` ${line}${corner}` : ` ${line}`, 'dim'),
    ]
  })
  return cells.flatMap((cell, index) => {
    if (index === count - 1) return cell
    const separator =
      index === at ? `${rule}${edge.left} ` : isLast && index + 1 === at ? ` ${edge.right}` : ` ${bar} `
    return [...padded(cell, room), span(separator, 'dim')]
  })
}

/** In at most `room` columns, and never in control of the terminal. */
export function fitted(text: string, room: number, palette: Palette): string {
  return cut(oneLine(text, palette), room, palette)
}

export function oneLine(text: string, { unicode }: Pick<Palette, 'unicode'>): string {
  const line = escapeControls(text).replaceAll('\n', ' ')
  return unicode ? line : asciiSymbols(line)
}

function heldWords(command: string, room: number, palette: Palette): string {
  const words = [`${command}, held by the check`, `${command}, held`, `${command} held`]
  const found = words.find((text) => widthOf(text) <= room - 5)
  return found ?? `${fitted(command, Math.max(1, room - 4 - ' held'.length), palette)} held`
}

export function laneSymbols({ unicode }: Pick<Palette, 'unicode'>) {
  return unicode
    ? { top: '┌', bottom: '└', topRight: '┐', bottomRight: '┘', left: '┤', right: '├', waits: '┊' }
    : { top: '+', bottom: '+', topRight: '+', bottomRight: '+', left: '+', right: '+', waits: ':' }
}
