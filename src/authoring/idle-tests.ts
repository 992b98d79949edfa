import type { CheckResult } from '../check/index.ts'
import { escapePattern } from '../common/escape-pattern.ts'
import { firstFailure } from './expectations.ts'
import { type Finding, listed, warning } from './finding.ts'

/** A test of a suite; what its title fills in is a gap between two pieces. */
export interface SuiteTest {
  readonly line: number
  /** The title of the `describe` it's in; undefined in a function that several of them call. */
  readonly task: string | undefined
  readonly pieces: readonly string[]
}

/** All tests of a suite, in order; also those of `test.skipIf(…)('title', …)` and `test.each(…)('title', …)`. */
export function testsIn(suite: string): readonly SuiteTest[] {
  const found: SuiteTest[] = []
  let task: string | undefined
  // A block at the left edge, and its end; a test at any depth. Titles are quoted as in `describeTitles`.
  const pattern =
    /^(?:(describe)\b|(\}\)$)|[ \t]*(test)\b)(?:(?:\.\w+\((?:[^()]|\([^()]*\))*\))?\(\s*(['"`])((?:\\.|(?!\4).)*)\4)?/gm
  for (const { 1: begins, 2: ends, 3: isTest, 4: quote, 5: text, index } of suite.matchAll(pattern)) {
    if (ends !== undefined) task = undefined
    if (text === undefined) continue
    if (begins !== undefined) task = text.replace(/\\(.)/g, '$1')
    if (isTest === undefined) continue
    const gaps = quote === '`' ? /\$\{[^}]*\}|%[a-z]/ : /%[a-z]/
    const pieces = text.split(gaps).map((piece) => piece.replace(/\\(.)/g, '$1'))
    found.push({ line: suite.slice(0, index).split('\n').length, task, pieces })
  }
  return found
}

/** The tests in which no mistake fails first. They may be right, but nothing shows that they catch anything. */
export function idleTests(suite: string, mistakes: readonly CheckResult[]): readonly SuiteTest[] {
  const failures = mistakes.flatMap((result) => firstFailure(result) ?? [])
  return testsIn(suite).filter(({ task, pieces }) => {
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
  const idle = idleTests(suite, mistakes)
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
      `${idle.length} of its ${testsIn(suite).length} tests ${isOne ? 'catches no mistake first (line' : 'catch no mistake first (lines'} ${lines}). Add a mistake that only such a test catches, or remove the test.`,
    ),
  ]
}
