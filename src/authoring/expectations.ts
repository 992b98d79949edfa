import type { CheckResult, Target, TaskResult } from '../check/index.ts'
import { error, type Finding, type Rule, warning } from './finding.ts'
import type { Answer, LessonSources, MistakenAnswer } from './lesson-sources.ts'

/** One check whose verdict is known beforehand. */
export interface Expectation {
  readonly target: Target
  /** What's wrong with the verdict. */
  judge(result: CheckResult): readonly Finding[]
}

/** All checks that a lesson needs, where there's something to check. */
export function expectationsOf(sources: LessonSources): readonly Expectation[] {
  const { lesson, files, starter, solution, suite, right, wrong, shown } = sources
  if (suite === undefined) return []
  return [
    ...(solution === undefined ? [] : [mustPassAll(shown(files.solution), shown(files.suite))]),
    ...(starter === undefined ? [] : [mustFailEverywhere(shown(files.starter))]),
    ...right.map((answer) => mustPass('right answer', fileOf(answer), answer.shown)),
    ...wrong.filter(({ task }) => lesson.tasks.some(({ name }) => name === task)).map(mustBeCaught),
  ]
}

function fileOf({ path }: Answer): Target {
  return { kind: 'file', path }
}

function mustPass(rule: Rule, target: Target, shown: string): Expectation {
  return {
    target,
    judge: (result) => (result.passed ? [] : [error(rule, shown, `It should pass. ${whatHappened(result)}`)]),
  }
}

/** The solution runs every test, so it also shows the tests that count for nothing. */
function mustPassAll(shown: string, suite: string): Expectation {
  const { target, judge } = mustPass('solution', { kind: 'solution' }, shown)
  return {
    target,
    judge: (result) => [
      ...judge(result),
      ...(result.strays ?? []).map((title) =>
        error('titles', suite, `The tests of "${title}" don't count, because no task has that name.`),
      ),
    ],
  }
}

function mustFailEverywhere(shown: string): Expectation {
  return {
    target: { kind: 'starter' },
    judge({ diagnosis, tasks }) {
      if (diagnosis !== undefined) {
        return [
          error('starter', shown, `It should run and fail task by task, but it can't run: ${diagnosis}`),
        ]
      }
      return tasks.flatMap(({ task, state, diagnosis }) => {
        if (state === 'skipped' || (state === 'failed' && diagnosis)) return []
        const what = state === 'failed' ? 'fails without a diagnosis' : `is "${state}"`
        return [
          error('starter', shown, `"${task}" ${what}; every task of the starter must fail with a diagnosis.`),
        ]
      })
    },
  }
}

function mustBeCaught(answer: MistakenAnswer): Expectation {
  const judge = (result: CheckResult): readonly Finding[] => {
    const { task, says, notOnEmbedded } = answer
    if (notOnEmbedded !== undefined && result.redis.kind === 'embedded') return []
    if (result.passed) {
      const isSkipped = result.tasks.some((one) => one.task === task && one.state === 'skipped')
      return isSkipped ? [] : [wrong(answer, `It passes, but "${task}" must catch it.`)]
    }
    const failed = firstFailure(result)
    if (failed?.task !== task)
      return [wrong(answer, `"${task}" must be the first task to fail. ${whatHappened(result)}`)]
    const said = failed.diagnosis ?? ''
    if (said.toLowerCase().includes(says.toLowerCase())) return []
    return [wrong(answer, `Its diagnosis must contain "${says}", but is: ${said}`)]
  }
  return { target: fileOf(answer), judge }
}

function wrong({ shown }: Answer, problem: string): Finding {
  return error('mistake', shown, problem)
}

/** What a learner reads first. */
export function firstFailure({ tasks }: CheckResult): TaskResult | undefined {
  return tasks.find(({ state }) => state === 'failed')
}

/** A sentence or two: what failed, or that it passes. */
export function whatHappened(result: CheckResult): string {
  const { passed, diagnosis } = result
  const failed = firstFailure(result)
  if (failed) return `"${failed.task}" fails: ${failed.diagnosis ?? 'no diagnosis.'}`
  return passed ? 'It passes.' : `It couldn't run: ${diagnosis ?? 'no diagnosis.'}`
}

/** Different mistakes should get different diagnoses: finds those that share the very same one. */
export function alikeDiagnoses(
  results: readonly { readonly shown: string; readonly result: CheckResult }[],
): readonly Finding[] {
  const byDiagnosis = new Map<string, string[]>()
  for (const { shown, result } of results) {
    const failed = firstFailure(result)
    if (failed?.diagnosis === undefined) continue
    const key = `${failed.task}\n${failed.diagnosis}`
    byDiagnosis.set(key, [...(byDiagnosis.get(key) ?? []), shown])
  }
  return [...byDiagnosis.values()].flatMap(([first, ...others]) =>
    others.length === 0
      ? []
      : [warning('mistake', first, `It gets the same diagnosis as ${others.join(', ')}.`)],
  )
}
