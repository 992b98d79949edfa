/** One thing and the names by which it may be called. */
export interface Named {
  readonly value: string
  readonly names: readonly string[]
}

/**
 * The values whose names are most similar to `asked`, best first, three at most. A name is near if at most a third of
 * it has to be retyped, so that nonsense gets no suggestion.
 */
export function nearest(asked: string, candidates: readonly Named[]): readonly string[] {
  return candidates
    .map(({ value, names }) => ({ value, distance: Math.min(...names.map((name) => relative(asked, name))) }))
    .filter(({ distance }) => distance <= 1 / 3)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ value }) => value)
}

/** The name most similar to `asked`; undefined if none is similar. */
export function nearestName(asked: string, names: readonly string[]): string | undefined {
  const [guess] = nearest(
    asked,
    names.map((name) => ({ value: name, names: [name] })),
  )
  return guess
}

function relative(a: string, b: string): number {
  return editDistance(a, b) / Math.max(a.length, b.length, 1)
}

/** How many characters must be inserted, removed, replaced or swapped with their neighbor to turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  // Three rows are enough: the current one, the last one, and the one before, for swapped neighbors.
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current[column] = Math.min(
        cell(last, column) + 1,
        cell(current, column - 1) + 1,
        cell(last, column - 1) + (same ? 0 : 1),
        swapped ? cell(before, column - 2) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    before = last
    last = current
  }
  return cell(last, b.length)
}

function cell(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
