/**
 * A picture of lanes, as a lesson has it, in one column: for a terminal in which two of them don't fit beside each
 * other. Any other text stays as it is.
 */
export function narrowLanes(text: string, width: number): string {
  const lines = text.split('\n')
  const heading = lines.findIndex((line) => /^ # +\S.* │ \S/.test(line))
  const bar = lines[heading]?.indexOf('│') ?? -1
  if (bar === -1 || lines.every((line) => [...line].length <= width)) return text
  return lines
    .flatMap((line, index) => {
      if (index < heading) return line
      const cells = [line.slice(CELLS, bar), line.slice(bar + 1)].map((cell) => cell.trim())
      if (index === heading) return `A = ${cells[0]}, B = ${cells[1]}`
      const held = /^ *[┌└]?─+ (.+?) ─/.exec(line)?.[1]
      if (held !== undefined) return `${/[┌└]/.test(line) ? 'A' : 'B'}     (${held})`
      if (line[bar] !== '│') return line
      const at = cells[0] === '' || cells[0] === WAITS ? 1 : 0
      return `${'AB'[at]} ${line.slice(0, CELLS)}${cells[at]}`
    })
    .join('\n')
}

/** Where the first lane begins, after the number of the step. */
const CELLS = 4
/** In the lane of a client that's held back. */
const WAITS = '┊'
