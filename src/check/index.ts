import type { Course } from '../course/index.ts'
import type { RedisPreference, RunningRedis } from '../redis/index.ts'
import type { CheckResult, Target } from './result.ts'

export { gistOf } from './gist.ts'
export type { Checker, CheckerOptions, CheckOptions } from './host/checker.ts'
export type { ModelFold } from './host/model-fold.ts'
export { modelFold } from './host/model-fold.ts'
export type { RecordOptions } from './host/record-again.ts'
export { recordedVersion } from './host/recorded-version.ts'
export type { CheckResult, CommandRecord, Commands, Place, Target, TaskResult, TaskState } from './result.ts'
export { resultAsJson } from './result-json.ts'

/** See `checker.ts`; esbuild and the rest are loaded only here. */
export async function openChecker(
  options: import('./host/checker.ts').CheckerOptions,
): Promise<import('./host/checker.ts').Checker> {
  const checker = await import('./host/checker.ts')
  return checker.openChecker(options)
}

export interface CheckLessonOptions {
  readonly course: Course
  /** A Redis that's already running; otherwise one is started and stopped again. */
  readonly redis?: RunningRedis
  readonly preference?: RedisPreference
  readonly mine?: string | undefined
  onNotice?(sentence: string): void
}

/** One check from scratch: Redis, a fresh process, the verdict, and everything stopped again. */
export async function checkLesson(
  slug: string,
  target: Target,
  options: CheckLessonOptions,
): Promise<CheckResult> {
  const { startRedis } = await import('../redis/index.ts')
  const { course, onNotice, mine } = options
  const redis = options.redis ?? (await startRedis(options.preference, { ...(onNotice && { onNotice }) }))
  try {
    const checker = await openChecker({ course, redis, mine })
    try {
      return await checker.check(slug, target)
    } finally {
      await checker.close()
    }
  } finally {
    if (options.redis === undefined) await redis.stop()
  }
}
