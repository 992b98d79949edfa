import { stripVTControlCharacters } from 'node:util'

/**
 * Cuts rendered Markdown into screens of at most `height` lines: before a heading in the lower half if there's one,
 * else between paragraphs, else at any blank line, else wherever it must. A line for which `endsPage` returns true is
 * the last on its page, whatever room is left; a paragraph for which `isTail` returns true stays on the page of the one
 * above it. Both receive the line without colors.
 */
export function pages(
  text: string,
  height: number,
  endsPage: (line: string) => boolean = () => false,
  isTail: (line: string) => boolean = () => false,
): readonly string[] {
  const parts: string[][] = [[]]
  for (const line of text.split('\n')) {
    parts.at(-1)?.push(line)
    if (endsPage(visibleText(line))) parts.push([])
  }
  return parts.flatMap((lines) => pagesOf(lines, Math.max(1, height), isTail))
}

function pagesOf(
  lines: readonly string[],
  room: number,
  isTail: (line: string) => boolean,
): readonly string[] {
  const result: string[] = []
  let rest = withoutBlankEnds(lines)
  while (rest.length > room) {
    const end = cutBefore(rest, room, isTail)
    result.push(withoutBlankEnds(rest.slice(0, end)).join('\n'))
    rest = withoutBlankEnds(rest.slice(end))
  }
  if (rest.length > 0) result.push(rest.join('\n'))
  return result
}

/** The index of the first line of the next page. */
function cutBefore(lines: readonly string[], room: number, isTail: (line: string) => boolean): number {
  // From the bottom up. A nearly empty page looks like the end, so it's better to cut something in two.
  const blank = Array.from({ length: room }, (_, index) => room - index)
    .filter((index) => lines[index] === '' && index >= room / 3)
    .map((index) => ({ index, next: visibleText(lines[index + 1]) }))
    .filter(({ next }) => !isTail(next))
  const heading = blank.find(({ index }) => index >= room / 2 && isHeading(lines, index + 1))
  // Indented lines are code, or continue a list: they belong to the lines above.
  const paragraph = blank.find(({ next }) => !next.startsWith(' '))
  return (heading ?? paragraph ?? blank[0])?.index ?? room
}

/** Number signs without colors; with colors, a line underlined by a rule. */
function isHeading(lines: readonly string[], index: number): boolean {
  const line = visibleText(lines[index])
  const below = visibleText(lines[index + 1])
  return /^#{1,6} /.test(line) || (/^\S/.test(line) && /^([─═=-])\1*$/.test(below))
}

function visibleText(line: string | undefined): string {
  return stripVTControlCharacters(line ?? '')
}

function withoutBlankEnds(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => line !== '')
  const last = lines.findLastIndex((line) => line !== '')
  return first === -1 ? [] : lines.slice(first, last + 1)
}
