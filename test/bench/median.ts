export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** How many milliseconds it took. */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await run()
  return performance.now() - started
}

/**
 * Runs two things in turn, over and over, so that anything that slows down the machine affects both. Medians in
 * milliseconds.
 */
export async function sideBySide(
  times: number,
  ours: () => Promise<number>,
  bare: () => Promise<number>,
): Promise<Measured> {
  const [mine, theirs]: [number[], number[]] = [[], []]
  for (let i = 0; i < times; i += 1) {
    mine.push(await ours())
    theirs.push(await bare())
  }
  const [ms, bareMs] = [median(mine), median(theirs)]
  return { ms: round(ms), bareMs: round(bareMs), ratio: Math.round((ms / bareMs) * 100) / 100 }
}

export interface Measured {
  readonly ms: number
  readonly bareMs: number
  readonly ratio: number
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
