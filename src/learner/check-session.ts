import type { Checker, CheckOptions, CheckResult, Target } from '../check/index.ts'
import type { Course } from '../course/index.ts'
import type { RedisPreference, RunningRedis } from '../redis/index.ts'

export interface SessionOptions {
  readonly course: Course
  /** Default: EVENTLINGS_REDIS or the best available source. */
  readonly preference?: RedisPreference | undefined
  /** The folder of the learner's own answers to build on; undefined for the model solutions. */
  readonly mine?: string | undefined
  /** For programs that check repeatedly. */
  readonly stayWarm?: boolean
  /** Called as the start of Redis progresses. */
  onNotice?(sentence: string): void
}

export interface OpenSession {
  readonly redis: RunningRedis
}

/** A Redis and a checker on it. */
interface Opened extends OpenSession {
  readonly checker: Checker
}

/** Starts with the first check, and is kept for all others. */
export interface CheckSession {
  /** Starts what isn't running yet. Rejects with RedisUnavailableError; the next call tries again. */
  open(): Promise<OpenSession>
  /** Replaces a Redis that went away since the last check. */
  check(slug: string, target: Target, options?: CheckOptions): Promise<CheckResult>
  /** Stops a Redis that doesn't work anymore; the next check or snippet starts another one. */
  replace(): Promise<void>
  /** What the last check's test did, if that check was made with `record`; see `Checker`. */
  readonly record: Checker['record']
  /** Stops what was started. Safe to call twice, and while something is still starting. */
  close(): Promise<void>
}

export function newSession(options: SessionOptions): CheckSession {
  let opening: Promise<Opened> | undefined
  let closed = false
  const open = () => {
    opening ??= start(options).catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }
  return {
    open,
    async check(...asked) {
      const current = open()
      const { checker, redis } = await current
      try {
        return await checker.check(...asked)
      } catch (error) {
        const { RedisGoneError, SandboxLostError } = await import('../redis/index.ts')
        if (!closed && error instanceof SandboxLostError) {
          // The next check takes the database again, or is told who has it.
          if (opening === current) opening = undefined
          await stop({ checker, redis })
        }
        if (closed || !(error instanceof RedisGoneError)) throw error
        const next = error.kind === 'url' ? 'The check starts over.' : 'Starting another one.'
        options.onNotice?.(`${error.what}. ${next}`)
        if (opening === current) opening = undefined
        await stop({ checker, redis }).catch(() => {}) // there's not much left to stop
        return (await open()).checker.check(...asked)
      }
    },
    async replace() {
      const opened = await opening?.catch(() => undefined)
      opening = undefined
      if (opened !== undefined) await stop(opened).catch(() => {}) // there's not much left to stop
    },
    async record(asked) {
      const opened = await opening?.catch(() => undefined)
      return closed ? undefined : opened?.checker.record(asked)
    },
    async close() {
      closed = true
      const opened = await opening?.catch(() => undefined)
      opening = undefined
      if (opened !== undefined) await stop(opened)
    },
  }
}

async function stop({ checker, redis }: Opened): Promise<void> {
  await checker.close()
  await redis.stop()
}

async function start(options: SessionOptions): Promise<Opened> {
  const { course, preference, mine, stayWarm = false, onNotice } = options
  const [{ startRedis }, { openChecker }] = await Promise.all([
    import('../redis/index.ts'),
    import('../check/index.ts'),
  ])
  const redis = await startRedis(preference, { ...(onNotice && { onNotice }) })
  try {
    const checker = await openChecker({ course, redis, mine, stayWarm, ...(onNotice && { onNotice }) })
    return { redis, checker }
  } catch (error) {
    await redis.stop()
    throw error
  }
}
