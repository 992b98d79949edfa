import { sentenceOf } from '../common/errors.ts'
import { Turns } from '../common/turns.ts'
import type { Course, Lesson } from '../course/index.ts'
import type { RedisPreference, RunningRedis } from '../redis/index.ts'
import {
  EarlierSnippetError,
  openSnippetRunner,
  type RunOptions,
  type SnippetResult,
  type SnippetRunner,
} from '../snippets/index.ts'
import { codeSpans } from './code.ts'
import type { RunReply } from './protocol.ts'

export interface RunnerOptions {
  readonly course: Course
  readonly preference?: RedisPreference | undefined
  readonly mine?: string | undefined
  /** Called as the start of Redis progresses. */
  onNotice?(sentence: string): void
  /** A Redis that others use, too, and that isn't stopped here. */
  borrow?(): Promise<RunningRedis>
  /** Stops that one, because a snippet has left it unusable, so that `borrow` starts another one. */
  replace?(): Promise<void>
  /** How long a snippet may run, in seconds. Default: 20. */
  readonly seconds?: number
  /** Shared with what else uses that Redis: a check empties it, and a snippet builds on what earlier ones left. */
  readonly turns?: Turns
}

/** Maximum length of a transcript that's colored, in characters: more would take too long. */
const MOST_COLORED = 10_000

/** Runs the snippets of lessons on one sandbox. */
export interface Runner {
  /** Runs a snippet by its number, from 1; earlier ones run first, if they haven't yet. */
  run(lesson: Lesson, number: number, asked?: RunOptions): Promise<RunReply>
  /** The database has been emptied, so earlier snippets have to run again. */
  startOver(): void
  close(): Promise<void>
}

/** The first snippet that runs starts Redis, because most people begin by reading. */
export function newRunner(options: RunnerOptions): Runner {
  const { course, mine, borrow, replace, seconds, turns = new Turns() } = options
  let starting: Promise<RunningRedis> | undefined
  /** One lesson has the sandbox at a time. */
  let current: { readonly lesson: Lesson; readonly runner: SnippetRunner } | undefined
  let isClosed = false

  function runnerFor(lesson: Lesson, redis: RunningRedis): SnippetRunner {
    // Its author may have changed it in the meantime.
    const isSame = current?.lesson.slug === lesson.slug && current.lesson.text === lesson.text
    if (current !== undefined && isSame) return current.runner
    current?.runner.close()
    const runner = openSnippetRunner({ root: course.root, redis, lesson, mine, seconds })
    current = { lesson, runner }
    return runner
  }

  async function run(lesson: Lesson, number: number, asked: RunOptions = {}): Promise<RunReply> {
    if (isClosed) return problem('The program has ended.')
    if (asked.signal?.aborted === true) return problem('Stopped.')
    try {
      starting ??= borrow?.() ?? start(options)
      const redis = await starting
      try {
        const result = await runnerFor(lesson, redis).run(number, asked)
        if (result.ended !== undefined) await recover(redis)
        return await replyOf(result, redis, asked.edits?.has(number) === true)
      } catch (error) {
        if (!(error instanceof EarlierSnippetError)) throw error
        await recover(redis)
        return problem(error.message)
      }
    } catch (error) {
      // A failing snippet doesn't get here. Redis is gone, or wasn't available: the next snippet starts it again.
      await stop()
      return problem(sentenceOf(error))
    }
  }

  /** Resolves at once if it's stopped before its turn comes: a check may be using Redis for a minute. */
  function runInTurn(lesson: Lesson, number: number, asked: RunOptions = {}): Promise<RunReply> {
    if (asked.signal?.aborted === true) return Promise.resolve(problem('Stopped.'))
    return new Promise((resolve, reject) => {
      let isWaiting = true
      asked.signal?.addEventListener('abort', () => {
        if (isWaiting) resolve(problem('Stopped.'))
      })
      const ran = turns.take(() => {
        isWaiting = false
        return run(lesson, number, asked)
      })
      ran.then(resolve, reject)
    })
  }

  /** A snippet that was stopped may have left a script that never ends. */
  async function recover(redis: RunningRedis): Promise<void> {
    const { endScripts } = await import('../snippets/end-scripts.ts')
    if (await endScripts(redis.url)) return
    await stop()
    await replace?.()
  }

  function startOver(): void {
    current?.runner.close()
    current = undefined
    if (borrow !== undefined) starting = undefined // it may have been replaced by another one
  }

  async function stop(): Promise<void> {
    startOver()
    const running = await starting?.catch(() => undefined)
    starting = undefined
    if (borrow === undefined) await running?.stop()
  }

  return {
    run: runInTurn,
    startOver,
    close() {
      isClosed = true
      return stop()
    },
  }
}

async function start({ preference, onNotice }: RunnerOptions): Promise<RunningRedis> {
  const { startRedis } = await import('../redis/index.ts')
  return startRedis(preference, { ...(onNotice && { onNotice }) })
}

async function replyOf(
  { snippet, ran, asShown, failed, ended }: SnippetResult,
  { description, limits }: RunningRedis,
  isEdited: boolean,
): Promise<RunReply> {
  const text =
    snippet.kind === 'redis'
      ? ran.map(({ code, output }) => `> ${code}\n${output}`).join('\n')
      : ran.map(({ output }) => output).join('\n')
  const isColored = snippet.kind === 'redis' && text.length <= MOST_COLORED
  const output = await codeSpans(text, isColored ? 'redis' : 'output')
  const how = isEdited ? { failed } : { asShown }
  return { kind: 'ran', output, ...how, ...(ended !== undefined && { ended }), redis: description, limits }
}

function problem(sentence: string): RunReply {
  return { kind: 'problem', sentence }
}
