import { stripVTControlCharacters } from 'node:util'

/** A part of what is shown page by page, rendered. */
export interface Passage {
  readonly text: string
  /** It stays on the page of the one above it. */
  readonly stays?: boolean
  /** It's the last on its page, whatever room is left. */
  readonly ends?: boolean
  /** A page of it is full, even if that cuts a value in two: it's a verdict, which a screen has just shown from the top. */
  readonly fills?: boolean
}

/** One screen, and what's on it, at least in part. */
export interface Page<Part extends Passage> {
  readonly text: string
  readonly passages: readonly Part[]
}

interface PageLine<Part> {
  readonly text: string
  readonly passage: Part
}

/**
 * Cuts passages, with a blank line between them, into screens of at most `height` lines: before a heading in the lower
 * half if there's one, else between paragraphs, else at any blank line, else wherever it must.
 */
export function pages<Part extends Passage>(
  passages: readonly Part[],
  height: number,
): readonly Page<Part>[] {
  const parts: PageLine<Part>[][] = [[]]
  for (const passage of passages) {
    const lines = passage.text.split('\n').map((text) => ({ text, passage }))
    parts.at(-1)?.push(...lines, { text: '', passage })
    if (passage.ends === true) parts.push([])
  }
  return parts.flatMap((lines) => pagesOf(lines, Math.max(1, height)))
}

function pagesOf<Part extends Passage>(
  lines: readonly PageLine<Part>[],
  room: number,
): readonly Page<Part>[] {
  const result: Page<Part>[] = []
  let rest = withoutBlankEnds(lines)
  while (rest.length > 0) {
    const end = rest.length > room ? cutBefore(rest, room) : rest.length
    const shown = withoutBlankEnds(rest.slice(0, end))
    const passages = [...new Set(shown.map(({ passage }) => passage))]
    result.push({ text: shown.map(({ text }) => text).join('\n'), passages })
    rest = withoutBlankEnds(rest.slice(end))
  }
  return result
}

/** The index of the first line of the next page. */
function cutBefore(lines: readonly PageLine<Passage>[], room: number): number {
  // From the bottom up. A nearly empty page looks like the end, so it's better to cut something in two.
  const least = lines[room]?.passage.fills === true ? (room * 2) / 3 : room / 3
  const blank = Array.from({ length: room }, (_, index) => room - index)
    .filter((index) => lines[index]?.text === '' && index >= least)
    .filter((index) => lines[index + 1]?.passage.stays !== true)
  const heading = blank.find((index) => index >= room / 2 && isHeading(lines, index + 1))
  // Indented lines are code, or continue a list: they belong to the lines above.
  const paragraphs = blank.filter((index) => !visibleText(lines[index + 1]).startsWith(' '))
  const paragraph = paragraphs.find((index) => !isLeadIn(lines, index)) ?? paragraphs[0]
  return heading ?? paragraph ?? blank[0] ?? room
}

/** Whether what's above a blank line introduces what's below it, such as a list. */
function isLeadIn(lines: readonly PageLine<Passage>[], blank: number): boolean {
  const above = lines.slice(0, blank)
  const first = visibleText(above[above.findLastIndex(({ text }) => text === '') + 1])
  const isList = (text: string) => /^([•*-]|\d+\.) /.test(text)
  return visibleText(above.at(-1)).endsWith(':') || (isList(visibleText(lines[blank + 1])) && !isList(first))
}

/** Number signs without colors; with colors, a line underlined by a rule. */
function isHeading(lines: readonly PageLine<Passage>[], index: number): boolean {
  const line = visibleText(lines[index])
  const below = visibleText(lines[index + 1])
  return /^#{1,6} /.test(line) || (/^\S/.test(line) && /^([─═=-])\1*$/.test(below))
}

function visibleText(line: { readonly text: string } | undefined): string {
  return stripVTControlCharacters(line?.text ?? '')
}

function withoutBlankEnds<One extends { readonly text: string }>(lines: readonly One[]): readonly One[] {
  const first = lines.findIndex(({ text }) => text !== '')
  const last = lines.findLastIndex(({ text }) => text !== '')
  return first === -1 ? [] : lines.slice(first, last + 1)
}
