import type { CheckResult, TaskResult } from '../../check/index.ts'
import { shownFailure, summaryOf } from '../../verdict/index.ts'
import type { FailureView, VerdictView } from './protocol.ts'

/** A verdict as the page shows it; `name` is the learner's own file, as shown. */
export function verdictView(
  result: CheckResult,
  about: { readonly name: string; readonly hash: string; readonly at: number; readonly counts: boolean },
): VerdictView {
  const { name, ...rest } = about
  const failure = failureOf(result, name)
  return {
    passed: result.passed,
    summary: summaryOf(result.tasks),
    tasks: result.tasks.map(({ task, state, reason }) => ({
      name: task,
      state,
      ...(reason !== undefined && { reason }),
    })),
    ...(failure !== undefined && { failure }),
    output: result.output.trimEnd(),
    notes: result.notes,
    redis: result.redis.name,
    ms: Math.round(result.ms),
    ...rest,
  }
}

function failureOf(result: CheckResult, name: string): FailureView | undefined {
  const failure = shownFailure(result)
  if (failure === undefined) return undefined
  const { title, diagnosis, expected, received, at } = failure
  return {
    title,
    diagnosis,
    ...(expected !== undefined && { expected }),
    ...(received !== undefined && { received }),
    ...placeOf(at, name),
  }
}

function placeOf(at: TaskResult['at'], name: string): Pick<FailureView, 'place' | 'line'> {
  if (at === undefined) return {}
  return { place: `${at.file}:${at.line}`, ...(at.file === name && { line: at.line }) }
}
