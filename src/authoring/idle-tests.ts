import type { CheckResult } from '../check/index.ts'
import { escapePattern } from '../common/escape-pattern.ts'
import { firstFailure } from './expectations.ts'
import { type Finding, listed, warning } from './finding.ts'
import { readSuite, type SuiteTest } from './suite-code.ts'

/** The tests in which no mistake fails first. They may be right, but nothing shows that they catch anything. */
export function idleTests(
  tests: readonly SuiteTest[],
  mistakes: readonly CheckResult[],
): readonly SuiteTest[] {
  const failures = mistakes.flatMap((result) => firstFailure(result) ?? [])
  return tests.filter(({ task, pieces }) => {
    const title = new RegExp(`^${pieces.map(escapePattern).join('[\\s\\S]*')}$`)
    return !failures.some((one) => title.test(one.test ?? '') && (task === undefined || task === one.task))
  })
}

/** One warning for a lesson's suite, with the lines to look at. */
export function idleTestsFinding(
  suite: string,
  mistakes: readonly CheckResult[],
  file: string,
  most: number,
): readonly Finding[] {
  // On a Redis that skips a task, its tests catch nothing.
  if (mistakes.some(({ tasks }) => tasks.some(({ state }) => state === 'skipped'))) return []
  const { tests } = readSuite(suite)
  const idle = idleTests(tests, mistakes)
  if (idle.length === 0) return []
  const isOne = idle.length === 1
  const lines = listed(
    idle.map(({ line }) => line),
    most,
  )
  return [
    warning(
      'tests',
      file,
      `${idle.length} of its ${tests.length} tests ${isOne ? 'is never the first to catch a mistake (line' : 'are never the first to catch a mistake (lines'} ${lines}). Add a mistake that only such a test catches, or remove the test.`,
    ),
  ]
}
