import type { RedisPreference } from '../redis/index.ts'
import type { Desk } from '../walkthrough/desk.ts'
import { bundleAssets } from './assets.ts'
import { readerApp } from './reader.ts'
import { newRunner } from './runner.ts'
import { listen, type WebServer } from './server.ts'

export { PortError } from './errors.ts'
export { openBrowser } from './open-browser.ts'
export type { WebServer } from './server.ts'

export interface ServeOptions {
  readonly desk: Desk
  /** 0, or left out, for one that is free. */
  readonly port?: number
  /** Where snippets run; started by the first of them. */
  readonly preference?: RedisPreference | undefined
  readonly mine?: boolean
  onNotice?(sentence: string): void
}

/** Lessons and slides as pages on loopback. Rejects with PortError. */
export async function serveLessons(options: ServeOptions): Promise<WebServer> {
  const { desk, port, preference, mine = false, onNotice } = options
  const assets = await bundleAssets({
    client: ['reader.tsx', 'slides.tsx'],
    styles: ['reader.css', 'slides.css'],
  })
  const runner = newRunner({ course: desk.course, preference, mine, ...(onNotice && { onNotice }) })
  const server = await listen(readerApp({ desk, runner, assets }), port)
  return {
    origin: server.origin,
    async close() {
      await server.close()
      await runner.close()
    },
  }
}
