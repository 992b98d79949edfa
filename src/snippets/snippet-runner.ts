import type { Lesson } from '../course/index.ts'
import type { RunningRedis } from '../redis/index.ts'
import { withText } from './edited.ts'
import { openPlayground, type Playground, type SnippetResult } from './run-snippet.ts'

/** A lesson's snippets on the sandbox, each on the data that the earlier ones left. */
export interface SnippetRunner {
  /**
   * Runs snippet `number`, counted from 1. Unless it's the next in line, and the earlier ones ran in the versions that
   * they have now, they run first, on an empty database. Rejects with EarlierSnippetError if one of them was ended.
   */
  run(number: number, options?: RunOptions): Promise<SnippetResult>
  /** Runs every snippet, so that the database is as the lesson leaves it. */
  runAll(): Promise<void>
  close(): void
}

export interface RunOptions {
  /** The learner's own versions, by number. */
  readonly edits?: Edits
  /** Stops what's running. */
  readonly signal?: AbortSignal | undefined
}

export type Edits = ReadonlyMap<number, string>

export interface SnippetRunnerOptions {
  readonly root: string
  readonly redis: Pick<RunningRedis, 'url' | 'kind' | 'lease'>
  readonly lesson: Pick<Lesson, 'snippets' | 'allow'>
  readonly mine?: string | undefined
  /** How long a snippet may run. Default: 20. */
  readonly seconds?: number | undefined
}

/** A snippet that runs before the one that was asked for didn't finish. */
export class EarlierSnippetError extends Error {
  override readonly name = 'EarlierSnippetError'

  constructor(number: number, ended: string, isStopped: boolean) {
    super(isStopped ? ended : `Snippet ${number} runs before this one, and it didn't finish. ${ended}`)
  }
}

/** The database stays untouched until the first snippet runs. Rejects with ConnectionLostError. */
export function openSnippetRunner(options: SnippetRunnerOptions): SnippetRunner {
  const { root, redis, lesson, mine, seconds } = options
  const { snippets, allow } = lesson
  let playground: Playground | undefined
  /** Those that ran, with the learner's own text if that's what ran. */
  let done: readonly (string | undefined)[] = []
  let isClosed = false

  async function ground(before: readonly (string | undefined)[]): Promise<Playground> {
    const isOnTheWay = done.length <= before.length && done.every((text, index) => text === before[index])
    if (playground !== undefined && isOnTheWay) return playground
    startOver()
    await emptySandbox(redis)
    playground = await openPlayground({ root, url: redis.url, mine, seconds })
    // Nobody else would end what runs there.
    if (isClosed) playground.close()
    return playground
  }

  function startOver(): void {
    playground?.close()
    playground = undefined
    done = []
  }

  async function runNext(on: Playground, text: string | undefined, signal: RunOptions['signal']) {
    const snippet = snippets[done.length]
    if (snippet === undefined) throw new RangeError(`There's no snippet ${done.length + 1}.`)
    const result =
      text === undefined
        ? await on.run(snippet, { signal })
        : await on.run(withText(snippet, text), { signal, allow })
    if (result.ended === undefined) done = [...done, text]
    else startOver()
    return result
  }

  /** Runs what hasn't run yet of the snippets with these texts, the first ones of the lesson. */
  async function runUpTo(texts: readonly (string | undefined)[], signal?: AbortSignal): Promise<Playground> {
    const on = await ground(texts)
    for (const text of texts.slice(done.length)) {
      const number = done.length + 1
      const { ended } = await runNext(on, text, signal)
      if (ended !== undefined) throw new EarlierSnippetError(number, ended, signal?.aborted === true)
    }
    return on
  }

  return {
    async run(number, { edits = new Map(), signal } = {}) {
      if (snippets[number - 1] === undefined) throw new RangeError(`There's no snippet ${number}.`)
      const texts = snippets.slice(0, number).map((_, index) => edits.get(index + 1))
      const on = await runUpTo(texts.slice(0, -1), signal)
      return runNext(on, texts.at(-1), signal)
    },
    runAll: async () => void (await runUpTo(snippets.map(() => undefined))),
    close() {
      isClosed = true
      startOver()
    },
  }
}

/** Restores the state before the first snippet of a lesson. */
export async function emptySandbox(redis: SnippetRunnerOptions['redis']): Promise<void> {
  const [{ Redis }, { cleanSandbox }] = await Promise.all([import('ioredis'), import('../redis/index.ts')])
  const client = new Redis(redis.url, { maxRetriesPerRequest: 1, lazyConnect: true })
  client.on('error', () => {
    // The commands below report it.
  })
  try {
    await cleanSandbox(client, redis)
  } finally {
    client.disconnect()
  }
}
