import { collidingSteps } from './sentence.ts'
import { touches } from './touches.ts'
import type { Collision, Recording, Step } from './types.ts'

type Run = Pick<Recording, 'steps'> & { readonly collision?: Collision }

/** Steps at the beginning and at the end that are always shown. */
const FIRST = 2
const LAST = 3

/**
 * The numbers of the steps to show if only `most` have room. A gap takes a line as a step does, so no gap is as short
 * as one step.
 */
export function tellingSteps({ steps, collision }: Run, most: number): ReadonlySet<number> {
  if (steps.length <= most) return new Set(steps.map(({ n }) => n))
  const marked = collidingSteps(collision)
  const distance = (n: number) =>
    Math.min(...marked.map((mark) => Math.abs(mark - n)), Number.MAX_SAFE_INTEGER)
  const worth = (step: Step, index: number): number => {
    if (marked.includes(step.n)) return 4
    if (index < FIRST || index >= steps.length - LAST) return 3
    if (step.kind !== 'command') return 0
    if (step.held !== undefined && steps[index - 1] !== undefined) return 2
    return touches(step).some(({ key }) => key === collision?.key) ? 1 : 0
  }
  const ranked = steps
    .map((step, index) => ({ n: step.n, worth: worth(step, index) }))
    .sort((a, b) => b.worth - a.worth || distance(a.n) - distance(b.n) || b.n - a.n)
  const shown = new Set(ranked.slice(0, Math.max(most, marked.length)).map(({ n }) => n))
  return new Set(
    steps.map(({ n }) => n).filter((n) => shown.has(n) || (shown.has(n - 1) && shown.has(n + 1))),
  )
}
