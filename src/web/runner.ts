import type { Course, Lesson } from '../course/index.ts'
import { openPlayground, type Playground, type SnippetResult } from '../playground/index.ts'
import type { RedisPreference, RunningRedis } from '../redis/index.ts'
import { codeSpans } from './code.ts'
import type { RunReply } from './protocol.ts'

export interface RunnerOptions {
  readonly course: Course
  readonly preference?: RedisPreference | undefined
  readonly mine?: boolean
  /** Hears how the start of Redis gets on. */
  onNotice?(sentence: string): void
}

/** Runs the snippets of lessons on one sandbox. */
export interface Runner {
  /** Runs a snippet by its number, from 1; whatever stands before it runs first, if it did not. */
  run(lesson: Lesson, number: number): Promise<RunReply>
  close(): Promise<void>
}

/** How far the sandbox has come in a lesson. */
interface Place {
  readonly lesson: Lesson
  readonly playground: Playground
  done: number
}

/** Redis is started by the first snippet that runs: most people begin by reading. */
export function newRunner(options: RunnerOptions): Runner {
  let starting: Promise<RunningRedis> | undefined
  let place: Place | undefined
  let turn: Promise<unknown> = Promise.resolve()
  const redis = () => {
    starting ??= start(options).catch((error: unknown) => {
      starting = undefined
      throw error
    })
    return starting
  }

  /** The sandbox with everything in it that snippets before this one put there, and nothing else. */
  async function at(lesson: Lesson, number: number): Promise<{ here: Place; before: number }> {
    if (
      place?.lesson.text === lesson.text &&
      place.lesson.slug === lesson.slug &&
      place.done === number - 1
    ) {
      return { here: place, before: 0 }
    }
    place?.playground.close()
    place = undefined
    const { url } = await emptied(await redis())
    const { course, mine = false } = options
    const here: Place = {
      lesson,
      done: 0,
      playground: await openPlayground({ root: course.root, url, mine }),
    }
    place = here
    for (const snippet of lesson.snippets.slice(0, number - 1)) {
      await here.playground.run(snippet)
      here.done += 1
    }
    return { here, before: number - 1 }
  }

  async function run(lesson: Lesson, number: number): Promise<RunReply> {
    const snippet = lesson.snippets[number - 1]
    if (snippet === undefined) return { kind: 'problem', sentence: `This lesson has no snippet ${number}.` }
    try {
      const { here, before } = await at(lesson, number)
      const result = await here.playground.run(snippet)
      here.done = number
      return await replyOf(result, await redis(), before)
    } catch (error) {
      // A snippet that fails does not come here. Redis is gone, or could not be had: the next one starts it anew.
      await stop()
      return { kind: 'problem', sentence: error instanceof Error ? error.message : String(error) }
    }
  }

  async function stop(): Promise<void> {
    place?.playground.close()
    place = undefined
    const running = await starting?.catch(() => undefined)
    starting = undefined
    await running?.stop()
  }

  return {
    run(lesson, number) {
      const mine = turn.then(() => run(lesson, number))
      turn = mine
      return mine
    },
    close: stop,
  }
}

async function start({ preference, onNotice }: RunnerOptions): Promise<RunningRedis> {
  const { startRedis } = await import('../redis/index.ts')
  return startRedis(preference, { ...(onNotice && { onNotice }) })
}

async function emptied(running: RunningRedis): Promise<RunningRedis> {
  const [{ Redis }, { cleanSandbox }] = await Promise.all([import('ioredis'), import('../redis/index.ts')])
  const client = new Redis(running.url, { maxRetriesPerRequest: 1, lazyConnect: true })
  // Its errors are those of the commands below.
  client.on('error', () => {})
  try {
    await cleanSandbox(client, running.kind)
    return running
  } finally {
    client.disconnect()
  }
}

async function replyOf(
  { snippet, ran, asShown }: SnippetResult,
  { description, limits }: RunningRedis,
  before: number,
): Promise<RunReply> {
  const text =
    snippet.kind === 'redis'
      ? ran.map(({ code, output }) => `> ${code}\n${output}`).join('\n')
      : ran.map(({ output }) => output).join('\n')
  const output = await codeSpans(text, snippet.kind === 'redis' ? 'redis' : 'output')
  return { kind: 'ran', output, asShown, before, redis: description, limits }
}
