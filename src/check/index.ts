import type { Course } from '../course/index.ts'
import type { RedisPreference, RunningRedis } from '../redis/index.ts'
import type { CheckResult, Target } from './result.ts'

export { gistOf } from './gist.ts'
export type { CheckOptions } from './host/attempt.ts'
export type { Checker, CheckerOptions } from './host/checker.ts'
export type { ModelFold } from './host/model-fold.ts'
export { modelFold } from './host/model-fold.ts'
export type { RecordOptions } from './host/record-again.ts'
export { recordedVersion } from './host/recorded-version.ts'
export { ranOutOfMemory } from './host/verdict.ts'
export { type RefusedCommand, refusedCommand } from './kit/guards/command-policy.ts'
export type { CheckResult, CommandRecord, Commands, Place, Target, TaskResult, TaskState } from './result.ts'
export { resultAsJson } from './result-json.ts'
export type { SnippetSetup } from './worker/snippet-guard.ts'

/** What guards the code of a snippet that the learner has edited. */
export interface SnippetGuard {
  /** Modules to import in place of ioredis, and before everything else. */
  readonly ioredisUrl: string
  readonly guardUrl: string
  /** Whether the code may import it. */
  mayImport(specifier: string): boolean
}

/** Builds the guard, unless that's been done. */
export async function snippetGuard(root: string): Promise<SnippetGuard> {
  const [{ buildRuntime }, { judgeImport }] = await Promise.all([
    import('./host/runtime.ts'),
    import('./host/import-policy.ts'),
  ])
  const { ioredisUrl, snippetGuardUrl } = await buildRuntime(root)
  const kinds = ['builtin', 'built']
  return {
    ioredisUrl,
    guardUrl: snippetGuardUrl,
    mayImport: (specifier) => specifier === 'ioredis' || kinds.includes(judgeImport(specifier).kind),
  }
}

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
