import type { CheckResult, TaskResult } from '../../check/index.ts'
import { summaryOf } from '../../verdict/index.ts'
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

/** Why the answer couldn't run, unless a task says so in the same words; otherwise the first task that failed. */
function failureOf({ diagnosis, at, tasks }: CheckResult, name: string): FailureView | undefined {
  if (diagnosis !== undefined && !tasks.some((task) => task.diagnosis === diagnosis)) {
    return { title: "The answer couldn't run to its end", diagnosis, ...placeOf(at, name) }
  }
  const failed = tasks.find(({ state }) => state === 'failed')
  if (failed === undefined) return undefined
  const { expected, received } = failed
  return {
    title: `Task ${tasks.indexOf(failed) + 1} of ${tasks.length} · ${failed.task}`,
    diagnosis: failed.diagnosis ?? 'It failed without a diagnosis. Please report this.',
    ...(expected !== undefined && { expected }),
    ...(received !== undefined && { received }),
    ...placeOf(failed.at, name),
  }
}

function placeOf(at: TaskResult['at'], name: string): Pick<FailureView, 'place' | 'line'> {
  if (at === undefined) return {}
  return { place: `${at.file}:${at.line}`, ...(at.file === name && { line: at.line }) }
}
