/** How many lines the parts of the screen get. */
export interface Heights {
  readonly rows: number
  readonly keys: number
}

/** Minimum number of rows of commands. */
const FEWEST_ROWS = 3

/**
 * Divides the lines that are left: two thirds for the commands, the rest for the keys, and what one part doesn't need is
 * the other's. A race is easier to see as a whole, and of the keys, those that changed are in view.
 */
export function divide(room: number, needed: Heights): Heights {
  const most = Math.max(FEWEST_ROWS, Math.ceil((room * 2) / 3))
  const rows = Math.min(needed.rows, Math.max(most, room - needed.keys))
  return { rows, keys: Math.max(0, Math.min(needed.keys, room - rows)) }
}

/** The first of `room` lines out of `all`, so that the line `focus` is in the middle if possible. */
export function windowAround(focus: number, room: number, all: number): number {
  return Math.max(0, Math.min(focus - Math.floor((room - 1) / 2), all - room))
}

/** The first of `room` lines out of `all`, moved only as far as the lines `from` to `to` need. */
export function windowWith(from: number, to: number, room: number, all: number): number {
  const start = to < room ? 0 : Math.min(from, to - room + 1)
  return Math.max(0, Math.min(start, all - room))
}

/**
 * Which of `all` lines are shown in `room` of them: those around `focus`, and those in `always`. Between two that don't
 * follow each other, a line says how much is missing, so at least two are.
 */
export function linesInView(
  focus: number,
  always: readonly number[],
  room: number,
  all: number,
): readonly number[] {
  for (let size = room; size >= FEWEST_ROWS; size -= 1) {
    const start = windowAround(focus, size, all)
    const shown = [...new Set([...range(start, Math.min(all, start + size)), ...always])].sort(
      (a, b) => a - b,
    )
    const lines = shown.flatMap((line, index) =>
      line - (shown[index - 1] ?? line) === 2 ? [line - 1, line] : line,
    )
    if (lines.length + gapsIn(lines) <= room) return lines
  }
  const start = windowAround(focus, room, all)
  return range(start, Math.min(all, start + room))
}

function gapsIn(lines: readonly number[]): number {
  return lines.filter((line, index) => index > 0 && line !== (lines[index - 1] ?? 0) + 1).length
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index)
}
