import { stat } from 'node:fs/promises'
import path from 'node:path'
import { ownFolder } from '../../common/own-folder.ts'
import { type Course, filesOf, type Lesson } from '../../course/index.ts'
import type { Recording } from '../../recording/index.ts'
import { isGone, RedisGoneError, type RunningRedis } from '../../redis/index.ts'
import { needs } from '../../redis/types.ts'
import type { SandboxEnvironment } from '../kit/environment.ts'
import type { CheckResult, Target } from '../result.ts'
import { type Attempt, type AttemptInput, attemptLesson, type CheckOptions } from './attempt.ts'
import { blameBuilt } from './blame-built.ts'
import { againAfterPauses, noVerdict } from './disturbance.ts'
import { BrokenCheckError, CheckAbortedError, CheckerClosedError } from './errors.ts'
import { type RecordOptions, recordAgain } from './record-again.ts'
import { buildRuntime, type Runtime } from './runtime.ts'
import { WorkerPool } from './worker-pool.ts'
import { WorkerProcess } from './worker-process.ts'

export interface CheckerOptions {
  readonly course: Course
  readonly redis: RunningRedis
  /**
   * The folder of the learner's own answers that lessons build on, where there are any; undefined for the model
   * answers.
   */
  readonly mine?: string | undefined
  /** Warm up the next process as soon as one has been used, for programs that check repeatedly. */
  readonly stayWarm?: boolean
  /** Called when Redis stops answering while a check waits for it. */
  onNotice?(sentence: string): void
}

export interface RecordRequest extends RecordOptions {
  /** What `check` resolved to. If another check was the last one by now, there's nothing to record. */
  readonly of?: CheckResult | undefined
}

export interface Checker {
  /**
   * Rejects without a verdict: with RedisGoneError if the server has stopped, RedisTroubleError if it's running but
   * unusable, SandboxLostError if another program took a borrowed database, CheckerClosedError if `close` cut the
   * check short, CheckAbortedError if its signal did, and BrokenCheckError if the check itself broke.
   */
  check(slug: string, target: Target, options?: CheckOptions): Promise<CheckResult>
  /**
   * Runs one test of the last check again, if that was made with `record`, and records what each command changes. If
   * the test ends differently this time, the recording has only the order of the commands in the check, and says so.
   * Resolves to undefined if there's nothing to record, or as soon as another check is asked for. Never rejects.
   */
  record(options?: RecordRequest): Promise<Recording | undefined>
  /** Stops any check in progress at once, without a verdict. */
  close(): Promise<void>
}

/** esbuild is one service for the whole process, so it can be stopped only when no check is waiting for a bundle. */
let openCheckers = 0

/**
 * Number of processes kept warm by a program whose checks overtake each other. Each check that's stopped costs one,
 * so three saves in a row don't have to wait for a process to start.
 */
const SPARE = 3
/**
 * How long (ms) no check may have been asked for before that number is made up again: saves often come in a row, and
 * a process that starts slows their checks down.
 */
const QUIET_MS = 300

/** Opens a checker on a running Redis; the caller stops that Redis after `close`. */
export async function openChecker(options: CheckerOptions): Promise<Checker> {
  const { course, redis, mine, stayWarm = false } = options
  let runtime = await buildRuntime(course.root)
  const pool = new WorkerPool(() => worker(runtime, redis, ownFolder(course.root)))
  pool.fill(1)
  let busy: WorkerProcess | undefined
  const read = lessonReader(course)
  let line: Promise<unknown> = Promise.resolve()
  let waiting = 0
  let closed = false
  let last: { readonly attempt: Attempt; readonly result: CheckResult } | undefined
  let recording: AbortController | undefined
  let spares = 1
  let warming: NodeJS.Timeout | undefined
  openCheckers += 1

  async function one(
    slug: string,
    target: Target,
    asked: CheckOptions,
    lastTry: boolean,
  ): Promise<CheckResult> {
    const goOn = () => {
      if (closed) throw new CheckerClosedError(slug)
      if (asked.signal?.aborted === true) throw new CheckAbortedError(slug)
    }
    goOn()
    const started = performance.now()
    pool.fill(1)
    const lesson = await read(slug)
    const attempt = async (on: Pick<AttemptInput, 'mine' | 'modelOf' | 'asked'>): Promise<Attempt> => {
      const made = await attemptLesson({
        course,
        redis,
        runtime,
        lesson,
        target,
        lastTry,
        ...on,
        goOn,
        take,
      })
      if (made.disturbed !== undefined) throw noVerdict(made.disturbed, redis)
      if (made.used) await redis.confirm?.()
      // Without a server every answer fails, and the learner would be told that it's their fault.
      if (made.used && !made.verdict.passed && (await isGone(redis.url)))
        throw new RedisGoneError(redis.kind, redis.description)
      if (made.broken !== undefined) {
        pool.close()
        runtime = await buildRuntime(course.root) // its files may be what's missing
        throw new BrokenCheckError(slug, made.broken)
      }
      return made
    }
    last = undefined
    // To find out whose fault it is. What goes wrong then takes nothing away from the verdict that's there already.
    const again = (on: Pick<AttemptInput, 'mine' | 'modelOf'>) =>
      attempt({ ...on, asked: { ...asked, record: false } }).catch(() => {
        goOn()
        return undefined
      })
    const made = await blameBuilt(
      await attempt({ mine, asked }),
      () => again({ mine: undefined }),
      (file) => again({ mine, modelOf: path.basename(file, '.ts') }),
    )
    const { verdict, output } = made
    const result: CheckResult = {
      lesson: slug,
      target: target.kind === 'file' ? target.path : target.kind,
      passed: verdict.passed,
      skipped: verdict.tasks.filter((task) => task.state === 'skipped').length,
      ...(verdict.diagnosis !== undefined && { diagnosis: verdict.diagnosis }),
      ...(verdict.at !== undefined && { at: verdict.at }),
      redis: { kind: redis.kind, name: redis.name, version: redis.version },
      tasks: verdict.tasks,
      ...(verdict.strays.length > 0 && { strays: verdict.strays }),
      output,
      notes: verdict.notes,
      ...(!verdict.passed && made.recording !== undefined && { recording: made.recording }),
      ms: Math.round(performance.now() - started),
    }
    last = { attempt: made, result }
    return result
  }

  /** Hands out a warm process. */
  async function take<T>(asked: CheckOptions, use: (process: WorkerProcess) => Promise<T>): Promise<T> {
    const process = pool.take(asked.sharedProcess === true)
    busy = process
    try {
      return await use(process)
    } finally {
      busy = undefined
      if (closed) process.kill()
      else if (process.usable) pool.giveBack(process)
      spares = asked.signal === undefined ? 1 : SPARE
    }
  }

  /**
   * Warms up the next processes, for programs that check again. That takes the machine's time, so the verdict is shown
   * first, and while a process is ready, a check that follows at once comes first, too.
   */
  function warmNext(): void {
    if (!stayWarm || closed) return
    clearTimeout(warming)
    warming = setTimeout(() => pool.fill(waiting > 0 ? 1 : spares), pool.isReady ? QUIET_MS : 0)
  }

  return {
    check(slug, target, asked = {}) {
      const onNotice = asked.onNotice ?? options.onNotice
      waiting += 1
      clearTimeout(warming)
      recording?.abort()
      const result = line.then(() => {
        waiting -= 1
        return againAfterPauses((lastTry) => one(slug, target, { ...asked, onNotice }, lastTry), onNotice)
      })
      line = result.catch(() => {}).then(warmNext)
      return result
    },
    record({ of, task, test, signal } = {}) {
      const stop = new AbortController()
      const giveUp = () => stop.abort()
      recording = stop
      signal?.addEventListener('abort', giveUp)
      const made = line
        .then(() => {
          if (last === undefined || waiting > 0 || signal?.aborted === true) return undefined
          // Between a check and its recording, another check may have been asked for, and have ended.
          if (of !== undefined && of !== last.result) return undefined
          return recordAgain(last.attempt, { task, test, signal: stop.signal })
        })
        .catch(() => undefined)
        .finally(() => signal?.removeEventListener('abort', giveUp))
      line = made.then(warmNext)
      return made
    },
    async close() {
      if (closed) return
      closed = true
      clearTimeout(warming)
      pool.close()
      busy?.kill()
      await line
      pool.close()
      openCheckers -= 1
      if (openCheckers > 0) return
      const { stop } = await import('esbuild')
      await stop()
    },
  }
}

function worker(runtime: Runtime, redis: RunningRedis, cwd: string): WorkerProcess {
  const environment: SandboxEnvironment = {
    url: redis.url,
    kind: redis.kind,
    lease: redis.lease,
    has: needs.filter((need) => redis.has(need)),
    allow: [],
  }
  return new WorkerProcess(runtime.worker, environment, cwd)
}

/** Parses the lesson again only when its file has changed: a watcher asks for the same one on every save. */
function lessonReader(course: Course): (slug: string) => Promise<Lesson> {
  const known = new Map<string, { readonly changed: number; readonly lesson: Lesson }>()
  return async (slug) => {
    const changed = (await stat(filesOf(course, slug).lesson).catch(() => undefined))?.mtimeMs ?? 0
    const before = known.get(slug)
    if (before?.changed === changed) return before.lesson
    const lesson = await course.lesson(slug)
    known.set(slug, { changed, lesson })
    return lesson
  }
}
