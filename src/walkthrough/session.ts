import type { Checker, CheckOptions, CheckResult, Target } from '../check/index.ts'
import type { Course } from '../course/index.ts'
import type { RedisPreference, RunningRedis } from '../redis/index.ts'

export interface SessionOptions {
  readonly course: Course
  /** Without it, EVENTLINGS_REDIS or the best source that there is. */
  readonly preference?: RedisPreference | undefined
  readonly mine?: boolean
  /** For programs that check again and again. */
  readonly stayWarm?: boolean
  /** Hears how the start of Redis gets on. */
  onNotice?(sentence: string): void
}

/** A Redis and a checker on it. */
export interface OpenSession {
  readonly redis: RunningRedis
  readonly checker: Checker
}

/** Starts with the first check, and is kept for all others. */
export interface CheckSession {
  /** Starts what does not run yet. Rejects with RedisUnavailableError; the next call tries again. */
  open(): Promise<OpenSession>
  check(slug: string, target: Target, options?: CheckOptions): Promise<CheckResult>
  /** Stops what was started. Safe to call twice, and while something is still starting. */
  close(): Promise<void>
}

export function newSession(options: SessionOptions): CheckSession {
  let opening: Promise<OpenSession> | undefined
  const open = () => {
    opening ??= start(options).catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }
  return {
    open,
    check: async (slug, target, options) => (await open()).checker.check(slug, target, options),
    async close() {
      const opened = await opening?.catch(() => undefined)
      opening = undefined
      await opened?.checker.close()
      await opened?.redis.stop()
    },
  }
}

async function start(options: SessionOptions): Promise<OpenSession> {
  const { course, preference, mine = false, stayWarm = false, onNotice } = options
  const [{ startRedis }, { openChecker }] = await Promise.all([
    import('../redis/index.ts'),
    import('../check/index.ts'),
  ])
  const redis = await startRedis(preference, { ...(onNotice && { onNotice }) })
  try {
    return { redis, checker: await openChecker({ course, redis, mine, stayWarm }) }
  } catch (error) {
    await redis.stop()
    throw error
  }
}
