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
