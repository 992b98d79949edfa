import type { CheckResult } from '../check/index.ts'
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

/** What may not change from check to check: what failed where, and why, without numbers and IDs. */
function lasting(result: CheckResult): string {
  const { passed, diagnosis = '', tasks } = result
  const words = (text = '') => text.replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+/g, '#')
  return JSON.stringify([
    passed,
    words(diagnosis),
    tasks.map(({ task, state, test }) => [task, state, test]),
    words(firstFailure(result)?.diagnosis),
  ])
}
