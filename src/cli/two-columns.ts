import { wrapSentences } from '../terminal/sentences.ts'

/** Fewer columns than this are too few for a meaning beside its term. */
const NARROW = 24

/**
 * Terms, and next to them what they mean. Where the terminal is too narrow for that, the meaning goes on the lines
 * below, so that a command stays on one line.
 */
export function twoColumns(
  rows: readonly (readonly [term: string, meaning: string])[],
  width: number,
): string {
  const column = 4 + Math.max(...rows.map(([term]) => term.length))
  const isNarrow = width - column < NARROW && rows.some(([, meaning]) => column + meaning.length > width)
  return rows
    .map(([term, meaning]) => {
      if (isNarrow) return `  ${term}\n${below(meaning, 6, width)}`
      return `  ${term}`.padEnd(column) + below(meaning, column, width).trimStart()
    })
    .join('\n')
}

function below(meaning: string, indent: number, width: number): string {
  return wrapSentences(' '.repeat(indent) + meaning, width)
}
