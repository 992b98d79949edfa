import { diffArrays } from 'diff'

/**
 * A diff without headers or line numbers. The old lines of a hunk, which start with a space or a minus, are one block
 * that occurs exactly once in the base; a line `@@` separates hunks. So a base may change around a hunk, and the hunk
 * still fits.
 */
const SEPARATOR = '@@'

/** Replaces the old lines of each hunk with its new ones. Returns a sentence if a hunk doesn't fit the base. */
export function applyHunks(
  diff: string,
  base: string,
): { readonly text: string } | { readonly problem: string } {
  const lines = linesOf(base)
  const edits: Edit[] = []
  for (const hunk of hunksOf(linesOf(diff))) {
    const stray = hunk.find((line) => !/^[ +-]|^$/.test(line))
    if (stray !== undefined)
      return { problem: `A line of its diff doesn't start with a space, +, or -: ${stray}` }
    if (hunk.every((line) => isOld(line) && isNew(line)))
      return { problem: 'A hunk of its diff changes nothing.' }
    const old = hunk.filter(isOld).map(withoutSign)
    const places = placesOf(old, lines)
    const [from] = places
    if (old.length === 0) return { problem: 'A hunk of its diff has no old line, so its place is unknown.' }
    if (from === undefined) return { problem: `Its base doesn't have these lines: ${shown(old)}` }
    if (places.length > 1)
      return { problem: `Its base has these lines ${places.length} times: ${shown(old)}` }
    edits.push({ from, to: from + old.length, lines: hunk.filter(isNew).map(withoutSign) })
  }
  if (edits.length === 0) return { problem: 'Its diff is empty.' }
  edits.sort((a, b) => a.from - b.from)
  const overlap = edits.find(({ from }, index) => from < (edits[index - 1]?.to ?? 0))
  if (overlap) return { problem: `Two hunks of its diff overlap: ${shown(overlap.lines)}` }
  return { text: textOf(edits.reduceRight((all, edit) => replaced(all, edit), lines)) }
}

/** The diff that turns `base` into `text`, with just enough context to make the place of each change unique. */
export function writeHunks(base: string, text: string): string {
  const lines = linesOf(base)
  let hunks = editsBetween(lines, linesOf(text)).map((edit) => placed([edit], lines))
  // Hunks that touch become one, which may need less context than both did.
  for (let at = 1; at < hunks.length; ) {
    const [one, other] = [hunks[at - 1], hunks[at]]
    if (one === undefined || other === undefined) break
    if (other.from > one.to) at += 1
    else {
      hunks = hunks.toSpliced(at - 1, 2, placed([...one.edits, ...other.edits], lines))
      at = Math.max(1, at - 1)
    }
  }
  return hunks.map((hunk) => shownHunk(hunk, lines)).join(`${SEPARATOR}\n`)
}

/** Lines from `from` up to but not including `to` of the base are replaced. */
interface Edit {
  readonly from: number
  readonly to: number
  readonly lines: readonly string[]
}

/** Edits with their context lines. */
interface Hunk {
  readonly from: number
  readonly to: number
  readonly edits: readonly Edit[]
}

function editsBetween(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const edits: Edit[] = []
  let at = 0
  for (const { added, removed, value } of diffArrays([...before], [...after])) {
    const last = edits.at(-1)
    const continues = last !== undefined && last.to === at
    const to = removed ? at + value.length : at
    if (added || removed) {
      const lines = [...(continues ? last.lines : []), ...(added ? value : [])]
      edits.splice(continues ? -1 : edits.length, continues ? 1 : 0, {
        from: continues ? last.from : at,
        to,
        lines,
      })
    }
    at = added ? at : at + value.length
  }
  return edits
}

/** Widens the edits until their old lines occur once; of equal widths, prefers as much context before as after. */
function placed(edits: readonly Edit[], base: readonly string[]): Hunk {
  const [first, last] = [edits[0]?.from ?? 0, edits.at(-1)?.to ?? 0]
  for (let around = 0; around <= base.length; around += 1) {
    const widths = Array.from({ length: around + 1 }, (_, before) => before)
    widths.sort((a, b) => Math.abs(2 * a - around) - Math.abs(2 * b - around) || b - a)
    for (const before of widths) {
      const [from, to] = [first - before, last + around - before]
      if (from < 0 || to > base.length || from === to) continue
      if (placesOf(base.slice(from, to), base).length === 1) return { from, to, edits }
    }
  }
  return { from: 0, to: base.length, edits }
}

function shownHunk({ from, to, edits }: Hunk, base: readonly string[]): string {
  const shown: string[] = []
  let at = from
  for (const edit of edits) {
    shown.push(...base.slice(at, edit.from).map(unchanged))
    shown.push(...base.slice(edit.from, edit.to).map((line) => `-${line}`))
    shown.push(...edit.lines.map((line) => `+${line}`))
    at = edit.to
  }
  shown.push(...base.slice(at, to).map(unchanged))
  return textOf(shown)
}

/** Editors remove spaces at the ends of lines, so an empty line has none. */
function unchanged(line: string): string {
  return line === '' ? '' : ` ${line}`
}

function hunksOf(lines: readonly string[]): readonly (readonly string[])[] {
  const hunks: string[][] = [[]]
  for (const line of lines) {
    if (line === SEPARATOR) hunks.push([])
    else hunks.at(-1)?.push(line)
  }
  return lines.length === 0 ? [] : hunks
}

function isOld(line: string): boolean {
  return !line.startsWith('+')
}

function isNew(line: string): boolean {
  return !line.startsWith('-')
}

function withoutSign(line: string): string {
  return line.slice(1)
}

function placesOf(block: readonly string[], lines: readonly string[]): readonly number[] {
  const starts = Array.from({ length: lines.length - block.length + 1 }, (_, start) => start)
  return starts.filter((start) => block.every((line, index) => line === lines[start + index]))
}

function replaced(lines: readonly string[], { from, to, lines: others }: Edit): readonly string[] {
  return [...lines.slice(0, from), ...others, ...lines.slice(to)]
}

function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/)
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

function shown(lines: readonly string[]): string {
  const [first = ''] = lines.map((line) => line.trim()).filter((line) => line !== '')
  return lines.length === 1 ? `\`${first}\`` : `\`${first}\` and ${lines.length - 1} more`
}
