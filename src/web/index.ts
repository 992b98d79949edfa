import { listen } from '../http/index.ts'
import type { Learner } from '../learner/learner.ts'
import type { RedisPreference } from '../redis/index.ts'
import { bundleAssets, lessonAssets } from './assets.ts'
import { readerApp } from './reader.ts'
import { newRunner } from './runner.ts'

export interface WebServer {
  /** `http://127.0.0.1:4321`, without a slash at its end. */
  readonly origin: string
  /** Ends it at once, including open connections. */
  close(): Promise<void>
}

export interface ServeOptions {
  readonly learner: Learner
  /** 0 or undefined for a free one. */
  readonly port?: number
  /** Where snippets run; started by the first of them. */
  readonly preference?: RedisPreference | undefined
  readonly mine?: string | undefined
  onNotice?(sentence: string): void
}

/** Lessons and slides as pages on loopback. Rejects with PortError. */
export async function serveLessons(options: ServeOptions): Promise<WebServer> {
  const { learner, port = 0, preference, mine, onNotice } = options
  const assets = await bundleAssets(lessonAssets)
  const runner = newRunner({ course: learner.course, preference, mine, ...(onNotice && { onNotice }) })
  const server = await listen(readerApp({ learner, runner, assets }), {
    host: '127.0.0.1',
    port,
  })
  return {
    origin: `http://127.0.0.1:${server.port}`,
    async close() {
      await server.close()
      await runner.close()
    },
  }
}
