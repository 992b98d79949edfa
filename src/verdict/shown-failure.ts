import type { CheckResult, TaskResult } from '../check/index.ts'

/** What every screen shows of a check that didn't pass. */
export interface ShownFailure extends Pick<TaskResult, 'expected' | 'received' | 'at'> {
  readonly title: string
  readonly diagnosis: string
}

/** For an answer that couldn't run at all, or that ended the run. */
export function titleOfRun(tasks: readonly TaskResult[]): string {
  const hasRun = tasks.some(({ state }) => state !== 'not reached')
  return hasRun ? "The answer couldn't run to the end" : "The answer couldn't run"
}

/**
 * Why the answer couldn't run, unless a task says so in the same words; otherwise the first task that failed. Undefined
 * if there's neither.
 */
export function shownFailure({ diagnosis, at, tasks }: CheckResult): ShownFailure | undefined {
  if (diagnosis !== undefined && !tasks.some((task) => task.diagnosis === diagnosis)) {
    return { title: titleOfRun(tasks), diagnosis, ...(at && { at }) }
  }
  const failed = tasks.find(({ state }) => state === 'failed')
  return (
    failed && {
      ...failed,
      title: `Task ${tasks.indexOf(failed) + 1} of ${tasks.length} · ${failed.task}`,
      diagnosis: failed.diagnosis ?? 'It failed without a diagnosis. Please report this.',
    }
  )
}
