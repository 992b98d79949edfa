import { diffLines } from 'diff'

/** Lines that belong together. Unchanged ones that are far from any change are `folded`. */
export interface Part {
  readonly kind: 'same' | 'new' | 'gone' | 'folded'
  readonly lines: readonly string[]
}

/** Unchanged lines that are shown before and after a change. */
const AROUND = 3
/** Fewer lines than that aren't worth folding. */
const WORTH_IT = 4

/** More changed lines than any lesson's answer has: comparing them takes seconds, or hours. */
const MOST = 1_000

/** What changed from one answer to another; undefined if that's too much to compare. */
export function foldedDiff(before: string, after: string): readonly Part[] | undefined {
  const changes = diffLines(before, after, { maxEditLength: MOST })
  return changes?.flatMap(({ value, added, removed }, index) => {
    const lines = value.replace(/\n$/, '').split('\n')
    if (added) return { kind: 'new' as const, lines }
    if (removed) return { kind: 'gone' as const, lines }
    return folded(lines, index === 0 ? 0 : AROUND, index === changes.length - 1 ? 0 : AROUND)
  })
}

function folded(lines: readonly string[], head: number, tail: number): readonly Part[] {
  const hidden = lines.slice(head, lines.length - tail)
  if (hidden.length < WORTH_IT) return [{ kind: 'same', lines }]
  const parts: readonly Part[] = [
    { kind: 'same', lines: lines.slice(0, head) },
    { kind: 'folded', lines: hidden },
    { kind: 'same', lines: lines.slice(lines.length - tail) },
  ]
  return parts.filter((part) => part.lines.length > 0)
}
