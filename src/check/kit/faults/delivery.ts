/** Delivers like an at-least-once source: each item, and then all of them again. */
export function deliverTwice<T>(items: readonly T[]): readonly T[] {
  return [...items, ...items]
}

/** The items in an order that depends only on the seed, so it's the same in every run. */
export function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  const order = [...items]
  let state = seed >>> 0 || 1
  for (let i = order.length - 1; i > 0; i -= 1) {
    // A linear congruential generator: it mixes well enough and can't differ between machines.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const j = state % (i + 1)
    const kept = order[i] as T
    order[i] = order[j] as T
    order[j] = kept
  }
  return order
}
