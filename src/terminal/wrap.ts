import type { Line, Span, Text } from './text.ts'
import { lineWidth, span, spans } from './text.ts'
import { graphemes, widthOf } from './width.ts'

export interface WrapOptions {
  /** Columns, including the prefixes. */
  readonly width: number
  /** Before the first line, for example a bullet. */
  readonly first?: Text
  /** Before every other line; default: as many spaces as `first` is wide. */
  readonly rest?: Text
}

/**
 * Breaks text at its spaces and line ends. A word wider than the line is broken in the middle, except for an address:
 * a broken address can't be opened.
 */
export function wrap(text: Text, options: WrapOptions): readonly Line[] {
  const first = spans(options.first ?? '')
  const rest = spans(options.rest ?? ' '.repeat(lineWidth(first)))
  const room = [first, rest].map((prefix) => Math.max(1, options.width - lineWidth(prefix)))
  const [firstRoom = 1, restRoom = 1] = room
  const lines = paragraphs(spans(text)).flatMap((paragraph, index) =>
    fill(words(paragraph, Math.min(firstRoom, restRoom)), index === 0 ? firstRoom : restRoom, restRoom),
  )
  return lines.map((line, index) => [...(index === 0 ? first : rest), ...line])
}

/**
 * Lines of code wider than the terminal continue on the next line after a mark, broken at a space if one is near;
 * nothing else about them changes.
 */
export function wrapCode(line: Line, width: number, mark: string): readonly Line[] {
  if (lineWidth(line) <= width) return [line]
  const continued = span(`${mark} `, 'dim')
  const [first = [], ...others] = chop(line, width, width * 0.6)
  const room = Math.max(1, width - lineWidth(continued))
  const rest = chop(others.flat(), room, room * 0.6)
  return [first, ...rest.map((part) => [continued, ...part])]
}

function paragraphs(text: Line): readonly Line[] {
  const result: Span[][] = [[]]
  for (const part of text) {
    for (const [index, piece] of part.text.split('\n').entries()) {
      if (index > 0) result.push([])
      result.at(-1)?.push({ ...part, text: piece })
    }
  }
  return result
}

/** A command as inline code, with or without its marks. Learners copy it, so no line ends in the middle of it. */
const COMMAND = /^`?(?:npx|npm) [^`]+`?$/

/** Words with the space before them; a word may change its style in the middle. */
interface Word {
  readonly space: Line
  readonly text: Line
}

function words(paragraph: Line, width: number): readonly Word[] {
  const result: { space: Span[]; text: Span[] }[] = [{ space: [], text: [] }]
  for (const part of paragraph) {
    const isWhole = COMMAND.test(part.text) && widthOf(part.text) < width
    for (const piece of isWhole ? [part.text] : part.text.split(/( +)/)) {
      if (piece === '') continue
      if (piece.startsWith(' ') && result.at(-1)?.text.length !== 0) result.push({ space: [], text: [] })
      result.at(-1)?.[piece.startsWith(' ') ? 'space' : 'text'].push({ ...part, text: piece })
    }
  }
  return result.flatMap((word) => breakWord(word, width))
}

function breakWord(word: Word, width: number): readonly Word[] {
  const isAddress = /https?:\/\//.test(word.text.map((part) => part.text).join(''))
  if (isAddress || lineWidth(word.text) <= width) return [word]
  return chop(word.text, width).map((text, index) => ({ space: index === 0 ? word.space : [], text }))
}

function fill(words: readonly Word[], firstRoom: number, room: number): readonly Line[] {
  const lines: Span[][] = [[]]
  let used = 0
  for (const { space, text } of words) {
    const needed = lineWidth(space) + lineWidth(text)
    if (used + needed > (lines.length === 1 ? firstRoom : room)) {
      if (used > 0) lines.push([])
      lines.at(-1)?.push(...text)
      used = lineWidth(text)
    } else {
      lines.at(-1)?.push(...space, ...text)
      used += needed
    }
  }
  return lines
}

/**
 * Pieces of at most `width` columns, cut between visible characters: after the last space, if it's at column
 * `spaceFrom` or later, else at the very end.
 */
function chop(line: Line, width: number, spaceFrom: number = width): readonly Line[] {
  const pieces: Span[][] = []
  let piece: Span[] = []
  let used = 0
  for (const cell of line.flatMap((part) => graphemes(part.text).map((text) => ({ ...part, text })))) {
    const wide = widthOf(cell.text)
    if (used > 0 && used + wide > width) {
      // The break itself replaces a space at that place.
      if (cell.text === ' ' && spaceFrom < width) {
        pieces.push(piece)
        piece = []
        used = 0
        continue
      }
      const space = piece.findLastIndex(({ text }, index) => text === ' ' && index + 1 >= spaceFrom)
      const end = space === -1 ? piece.length : space + 1
      pieces.push(piece.slice(0, end))
      piece = piece.slice(end)
      used = lineWidth(piece)
    }
    piece.push(cell)
    used += wide
  }
  return [...pieces, piece].filter((cells) => cells.length > 0)
}
