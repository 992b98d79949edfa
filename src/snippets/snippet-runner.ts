import type { Lesson } from '../course/index.ts'
import type { RunningRedis } from '../redis/index.ts'
import { openPlayground, type Playground, type SnippetResult } from './run-snippet.ts'

/** A lesson's snippets on the sandbox, each on the data that the earlier ones left. */
export interface SnippetRunner {
  /**
   * Runs snippet `number`, counted from 1. Unless it's the next in line, the earlier ones run first, on an empty
   * database.
   */
  run(number: number): Promise<SnippetResult>
  /** Runs every snippet, so that the database is as the lesson leaves it. */
  runAll(): Promise<void>
  close(): void
}

export interface SnippetRunnerOptions {
  readonly root: string
  readonly redis: Pick<RunningRedis, 'url' | 'kind' | 'lease'>
  readonly lesson: Pick<Lesson, 'snippets'>
  readonly mine?: string | undefined
}

/** The database stays untouched until the first snippet runs. Rejects with ConnectionLostError. */
export function openSnippetRunner({ root, redis, lesson, mine }: SnippetRunnerOptions): SnippetRunner {
  const { snippets } = lesson
  let playground: Playground | undefined
  let done = 0

  async function ground(wanted: number): Promise<Playground> {
    if (playground === undefined || done > wanted) {
      playground?.close()
      await emptySandbox(redis)
      playground = await openPlayground({ root, url: redis.url, mine })
      done = 0
    }
    for (const snippet of snippets.slice(done, wanted)) {
      await playground.run(snippet)
      done += 1
    }
    return playground
  }

  return {
    async run(number) {
      const snippet = snippets[number - 1]
      if (snippet === undefined) throw new RangeError(`There's no snippet ${number}.`)
      const result = await (await ground(number - 1)).run(snippet)
      done = number
      return result
    },
    runAll: async () => void (await ground(snippets.length)),
    close: () => playground?.close(),
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
