import type { CheckResult } from '../check/index.ts'
import type { ProgressLog } from '../progress/index.ts'

/** Writes a check of the learner's own answer into their progress. */
export async function recordCheck(progress: ProgressLog, result: CheckResult): Promise<void> {
  const { lesson, tasks, ms, redis, skipped } = result
  const common = {
    target: 'workspace',
    redis: redis.kind,
    ms,
    tasks: tasks.map(({ task, state }) => ({ task, state })),
  }
  if (result.passed) {
    await progress.record('CHECK_PASSED', lesson, { ...common, skipped })
    return
  }
  const failed = tasks.find((task) => task.state === 'failed')
  await progress.record('CHECK_FAILED', lesson, {
    ...common,
    ...(failed !== undefined && { task: failed.task }),
    diagnosis: failed?.diagnosis ?? result.diagnosis ?? '',
  })
}
