import { describe as anyDescribe, test as anyTest, type TestFunction } from 'vitest'
import { findEngine } from '../../src/redis/container-engine.ts'
import { hasImage, imageName } from '../../src/redis/container-image.ts'
import { findExecutable, findRedisServer } from '../../src/redis/executables.ts'
import { findChromium } from '../bench/chromium.ts'

/** What a test of the kit may need and a machine may lack. */
export type Tool = 'redis-server' | 'container' | 'chromium' | 'tmux'

const missing: Readonly<Record<Tool, string | undefined>> = {
  'redis-server':
    findRedisServer(process.env) === undefined ? 'no redis-server or valkey-server on the PATH' : undefined,
  container: await missingContainer(),
  chromium: chromium() === undefined ? 'no Chromium on the PATH' : undefined,
  tmux: findExecutable(['tmux'], process.env) === undefined ? 'no tmux on the PATH' : undefined,
}

/** Where Chromium is, for playwright. */
export function chromium(): string | undefined {
  return findChromium(process.env)
}

/**
 * Why this machine can't run a test that needs these tools; `undefined` when it can. Where everything was installed
 * on purpose (`.ci/run` sets CI), a missing tool is an error instead.
 */
export function lacks(...tools: readonly Tool[]): string | undefined {
  const reason = tools.map((tool) => missing[tool]).find((problem) => problem !== undefined)
  if (reason !== undefined && process.env.CI === 'true') {
    throw new Error(`Nothing may be skipped here (CI is set), but there is ${reason}.`)
  }
  return reason
}

/** `need('tmux').test('…', …)` runs where tmux is installed; elsewhere it's skipped, with the reason in its title. */
export function need(...tools: readonly Tool[]) {
  const reason = lacks(...tools)
  return {
    test(name: string, body: TestFunction, timeout?: number): void {
      if (reason === undefined) anyTest(name, body, timeout)
      else anyTest.skip(titled(name, reason), body)
    },
    describe(name: string, body: () => void): void {
      if (reason === undefined) anyDescribe(name, body)
      else anyDescribe.skip(titled(name, reason), body)
    },
  }
}

/** `skips.ts` reads it from there. */
function titled(name: string, reason: string): string {
  return `${name} (skipped: ${reason})`
}

async function missingContainer(): Promise<string | undefined> {
  const engine = await findEngine(process.env)
  if (engine === undefined) return 'no container engine that answers'
  const image = imageName(process.env)
  return (await hasImage(engine, image)) ? undefined : `no image ${image} in the container engine`
}
