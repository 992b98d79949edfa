import { type CheckResult, gistOf } from '../check/index.ts'
import { firstFailure, whatHappened } from './expectations.ts'
import { error, type Finding } from './finding.ts'

/** Two checks of the same answer have to say the same, or a learner's verdict depends on luck. */
export function disagreement(first: CheckResult, second: CheckResult, file: string): readonly Finding[] {
  if (lasting(first) === lasting(second)) return []
  return [
    error(
      'verdict',
      file,
      `Two checks of it disagree. The first one: ${whatHappened(first)} The second one: ${whatHappened(second)}`,
    ),
  ]
}

/** What may not change from check to check: what failed where, and why. */
function lasting(result: CheckResult): string {
  const { passed, diagnosis, tasks } = result
  return JSON.stringify([
    passed,
    gistOf(diagnosis),
    tasks.map(({ task, state, test }) => [task, state, test]),
    gistOf(firstFailure(result)?.diagnosis),
  ])
}
