import { AdaptiveTimeout } from '../silence/adaptive-timeout.ts'
import { everyTick, offTheClock } from '../silence/pulse.ts'
import { noteTrouble } from './servers.ts'

/** Maximum wait in ticks, if the machine isn't busy. */
const LIMIT = 200
/** How many of those a single look may count for: if it takes longer, the server or this process stood still. */
const A_LOOK = 3

/**
 * Looks again and again until `isSo` resolves to true, off the clock of the learner's code. If that takes too long,
 * there's no verdict.
 */
export function until(isSo: () => Promise<boolean>, problem: string, limit = LIMIT): Promise<void> {
  return offTheClock(waitFor(isSo, problem, new AdaptiveTimeout(limit)))
}

async function waitFor(
  isSo: () => Promise<boolean>,
  problem: string,
  timeout: AdaptiveTimeout,
): Promise<void> {
  let waited = 0
  let ticks = 0
  const stopTicking = everyTick(() => {
    ticks += 1
  })
  try {
    while (!(await isSo())) {
      waited += Math.min(ticks, A_LOOK)
      ticks = 0
      if (!timeout.isOver(waited)) continue
      noteTrouble(problem)
      throw new Error(problem)
    }
  } finally {
    stopTicking()
  }
}
