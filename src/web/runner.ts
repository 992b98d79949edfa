import { sentenceOf } from '../common/errors.ts'
import { Turns } from '../common/turns.ts'
import type { Course, Lesson } from '../course/index.ts'
import type { RedisPreference, RunningRedis } from '../redis/index.ts'
import { openSnippetRunner, type SnippetResult, type SnippetRunner } from '../snippets/index.ts'
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
  /** Shared with what else uses that Redis: a check empties it, and a snippet builds on what earlier ones left. */
  readonly turns?: Turns
}

/** Runs the snippets of lessons on one sandbox. */
export interface Runner {
  /** Runs a snippet by its number, from 1; earlier ones run first, if they haven't yet. */
  run(lesson: Lesson, number: number): Promise<RunReply>
  /** The database has been emptied, so earlier snippets have to run again. */
  startOver(): void
  close(): Promise<void>
}

/** The first snippet that runs starts Redis, because most people begin by reading. */
export function newRunner(options: RunnerOptions): Runner {
  const { course, mine, borrow, turns = new Turns() } = options
  let starting: Promise<RunningRedis> | undefined
  /** One lesson has the sandbox at a time. */
  let current: { readonly lesson: Lesson; readonly runner: SnippetRunner } | undefined
  let isClosed = false

  function runnerFor(lesson: Lesson, redis: RunningRedis): SnippetRunner {
    // Its author may have changed it in the meantime.
    const isSame = current?.lesson.slug === lesson.slug && current.lesson.text === lesson.text
    if (current !== undefined && isSame) return current.runner
    current?.runner.close()
    const runner = openSnippetRunner({ root: course.root, redis, lesson, mine })
    current = { lesson, runner }
    return runner
  }

  async function run(lesson: Lesson, number: number): Promise<RunReply> {
    if (isClosed) return { kind: 'problem', sentence: 'The program has ended.' }
    try {
      starting ??= borrow?.() ?? start(options)
      const redis = await starting
      return await replyOf(await runnerFor(lesson, redis).run(number), redis)
    } catch (error) {
      // A failing snippet doesn't get here. Redis is gone, or wasn't available: the next snippet starts it again.
      await stop()
      return { kind: 'problem', sentence: sentenceOf(error) }
    }
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
    run: (lesson, number) => turns.take(() => run(lesson, number)),
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
  { snippet, ran, asShown }: SnippetResult,
  { description, limits }: RunningRedis,
): Promise<RunReply> {
  const text =
    snippet.kind === 'redis'
      ? ran.map(({ code, output }) => `> ${code}\n${output}`).join('\n')
      : ran.map(({ output }) => output).join('\n')
  const output = await codeSpans(text, snippet.kind === 'redis' ? 'redis' : 'output')
  return { kind: 'ran', output, asShown, redis: description, limits }
}
