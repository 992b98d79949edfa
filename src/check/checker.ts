import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Course, filesOf, type Lesson } from '../course/index.ts'
import { isGone, RedisGoneError, type RunningRedis } from '../redis/index.ts'
import { readAnswer } from './answer-file.ts'
import { bundleAnswer, type Problem, shownPath } from './bundle.ts'
import { cacheFolder } from './cache-folder.ts'
import { againAfterPauses, newsTeller, noVerdict } from './disturbance.ts'
import { NEEDS, type Need, type SandboxEnvironment } from './kit/environment.ts'
import type { CheckResult, Target } from './result.ts'
import { buildRuntime, type Runtime } from './runtime.ts'
import { StandbyProcess } from './standby-process.ts'
import { judge, type Verdict } from './verdict.ts'

export interface CheckerOptions {
  readonly course: Course
  readonly redis: RunningRedis
  /** The folder of the learner's own answers that lessons build on, where there are any; undefined for the model ones. */
  readonly mine?: string | undefined
  /** Warm the next process up as soon as one has been used: for programs that check again and again. */
  readonly stayWarm?: boolean
  /** Hears of a Redis that doesn't answer while a check waits for it. */
  onNotice?(sentence: string): void
}

export interface CheckOptions {
  /** Leave out the tasks after the first that fails: for those who ask only how an answer fails. */
  readonly untilFirstFailure?: boolean
  /**
   * May run in the process of an answer before it that left nothing behind: for those who check many. A process of its own
   * costs a third of a check.
   */
  readonly sharedProcess?: boolean
  /** Instead of the checker's. */
  onNotice?(sentence: string): void
}

export interface Checker {
  /**
   * Rejects with RedisGoneError when the server does not run any more, with RedisTroubleError when it does and can't be used, with
   * CheckerClosedError when `close` cuts it short: then there is no verdict.
   */
  check(slug: string, target: Target, options?: CheckOptions): Promise<CheckResult>
  /** Ends at once what is being checked: that has no verdict. */
  close(): Promise<void>
}

/** The checker was closed before there was a verdict. */
export class CheckerClosedError extends Error {
  override readonly name = 'CheckerClosedError'
  readonly lesson: string

  constructor(lesson: string) {
    super(`The check of ${lesson} was cut short, so there is no verdict.`)
    this.lesson = lesson
  }
}

/** esbuild is one service for all of this process: it may be stopped only when nobody waits for a bundle any more. */
let openCheckers = 0

/** Opens a checker on a Redis that is running; the caller stops that Redis, after `close`. */
export async function openChecker(options: CheckerOptions): Promise<Checker> {
  const { course, redis } = options
  const runtime = await buildRuntime(course.root)
  let warm: StandbyProcess | undefined = standby(runtime, redis, course.root)
  let busy: StandbyProcess | undefined
  const read = lessonReader(course)
  let line: Promise<unknown> = Promise.resolve()
  let closed = false
  openCheckers += 1

  function take(mayBeUsed: boolean): StandbyProcess {
    const next = warm
    warm = undefined
    if (next?.usable && (mayBeUsed || !next.used)) return next
    next?.kill()
    return standby(runtime, redis, course.root)
  }

  async function one(
    slug: string,
    target: Target,
    asked: CheckOptions,
    lastTry: boolean,
  ): Promise<CheckResult> {
    if (closed) throw new CheckerClosedError(slug)
    const started = performance.now()
    const process = take(asked.sharedProcess === true)
    busy = process
    const { used, verdict, output, disturbed } = await checkOnce({
      ...options,
      ...asked,
      lastTry,
      runtime,
      lesson: await read(slug),
      target,
      process,
    }).finally(() => (busy = undefined))
    if (closed) {
      process.kill()
      throw new CheckerClosedError(slug)
    }
    if (disturbed !== undefined) throw noVerdict(disturbed, redis)
    // Without a server every answer fails, and it would be told that this is its own fault.
    if (used && !verdict.passed && (await isGone(redis.url)))
      throw new RedisGoneError(redis.kind, redis.description)
    if (process.usable) warm = process
    else if (options.stayWarm === true) warm = standby(runtime, redis, course.root)
    return {
      lesson: slug,
      target: target.kind === 'file' ? target.path : target.kind,
      passed: verdict.passed,
      skipped: verdict.tasks.filter((task) => task.state === 'skipped').length,
      ...(verdict.diagnosis !== undefined && { diagnosis: verdict.diagnosis }),
      ...(verdict.at !== undefined && { at: verdict.at }),
      redis: { kind: redis.kind, version: redis.version },
      tasks: verdict.tasks,
      output,
      notes: verdict.notes,
      ms: Math.round(performance.now() - started),
    }
  }

  return {
    check(slug, target, asked = {}) {
      const onNotice = asked.onNotice ?? options.onNotice
      const result = line.then(() =>
        againAfterPauses((lastTry) => one(slug, target, asked, lastTry), onNotice),
      )
      line = result.catch(() => {})
      return result
    },
    async close() {
      if (closed) return
      closed = true
      warm?.kill()
      busy?.kill()
      await line
      warm?.kill()
      openCheckers -= 1
      if (openCheckers > 0) return
      const { stop } = await import('esbuild')
      await stop()
    },
  }
}

function standby(runtime: Runtime, redis: RunningRedis, root: string): StandbyProcess {
  const environment: SandboxEnvironment = {
    url: redis.url,
    kind: redis.kind,
    has: NEEDS.filter((need) => redis.has(need)),
    allow: [],
  }
  return new StandbyProcess(runtime.standby, environment, root)
}

/** Parsed again only when the lesson's file has changed: a watch asks for the same one at every save. */
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

interface Once extends CheckerOptions, CheckOptions {
  readonly runtime: Runtime
  readonly lesson: Lesson
  readonly target: Target
  readonly process: StandbyProcess
  readonly lastTry: boolean
}

async function checkOnce({ course, redis, mine, runtime, lesson, target, process, ...asked }: Once) {
  const { slug } = lesson
  const files = filesOf(course, slug)
  const path = target.kind === 'file' ? resolve(target.path) : files[target.kind]
  const shown = (file: string) => shownPath(course.root, file)
  const tasks = lesson.tasks.map(({ name, needs, buildsOn }) => ({
    name,
    buildsOn,
    lacking: lacking(needs, lesson, redis),
  }))
  const unusable = ({ diagnosis, file, line }: Problem) => ({
    used: false,
    disturbed: undefined,
    output: '',
    verdict: {
      passed: false,
      diagnosis,
      ...(file !== undefined && line !== undefined && { at: { file: shown(file), line } }),
      tasks: tasks.map(({ name }) => ({ task: name, state: 'not reached', commands: [] })),
      notes: [],
    } satisfies Verdict,
  })
  const answer = await readAnswer(path, shown(path))
  if (!answer.ok) return unusable(answer)
  const file = bundleFile(course.root)
  const bundle = await bundleAnswer({
    root: course.root,
    runtime,
    slug,
    suite: files.suite,
    answer,
    mine,
    outfile: file,
  })
  if (!bundle.ok) return unusable(bundle.problem)
  writeFileSync(file, bundle.code)
  try {
    const job = {
      bundle: file,
      answer: path,
      tasks: tasks.map((task) => task.name),
      exports: lesson.exports,
      allow: lesson.allow,
      untilFirstFailure: asked.untilFirstFailure === true,
      lastTry: asked.lastTry,
      stay: asked.sharedProcess === true,
    }
    const { ending, ...rest } = await process.run(job, newsTeller(asked.onNotice))
    return {
      used: true,
      disturbed: ending.kind === 'disturbed' ? ending.by : undefined,
      output: rest.output,
      verdict: judge({ ...rest, ending }, { tasks, shown }),
    }
  } finally {
    rmSync(file, { force: true })
  }
}

function bundleFile(root: string): string {
  const folder = join(cacheFolder(root), 'run')
  mkdirSync(folder, { recursive: true })
  return join(folder, `${randomUUID()}.mjs`)
}

function lacking(needs: readonly Need[], lesson: Lesson, redis: RunningRedis): string | undefined {
  const missing = [...lesson.needs, ...needs].find((need) => !redis.has(need))
  return missing === undefined ? undefined : REASONS[missing]
}

const REASONS: Readonly<Record<Need, string>> = {
  'real-server': 'needs a real Redis server (a container or redis-server)',
  'own-server': 'needs redis-server on this machine, to start one of its own and kill it',
  cluster: 'needs redis-server on this machine, to start three nodes of a cluster',
}
