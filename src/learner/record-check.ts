import type { CheckResult } from '../check/index.ts'
import type { Course } from '../course/index.ts'
import type { ProgressLog } from '../progress/index.ts'
import { keepVersion } from './kept-version.ts'
import { isStarter } from './lesson-file.ts'
import type { Home } from './paths.ts'

export interface Recording {
  readonly course: Pick<Course, 'root'>
  readonly home: Pick<Home, 'answer' | 'log'>
  readonly progress: ProgressLog
}

/** Records a check of the learner's own answer in their progress. */
export async function recordCheck(recording: Recording, result: CheckResult): Promise<void> {
  const { progress } = recording
  const { lesson, tasks, ms, redis, skipped } = result
  const common = {
    target: 'workspace',
    redis: redis.kind,
    ms,
    tasks: tasks.map(({ task, state }) => ({ task, state })),
    ...(await keepVersion(recording, lesson)),
  }
  if (result.passed) {
    await progress.record('CHECK_PASSED', lesson, { ...common, skipped })
    return
  }
  const failed = tasks.find((task) => task.state === 'failed')
  await progress.record('CHECK_FAILED', lesson, {
    ...common,
    ...(failed !== undefined && { task: failed.task }),
    ...((await isStarter(recording, lesson)) && { untouched: true }),
    diagnosis: failed?.diagnosis ?? result.diagnosis ?? '',
  })
}
