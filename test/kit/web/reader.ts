import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type LaunchOptions,
  type Page,
} from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import { homeOf } from '../../../src/learner/index.ts'
import type { Learner } from '../../../src/learner/learner.ts'
import { openProgress } from '../../../src/progress/index.ts'
import { serveLessons } from '../../../src/web/index.ts'
import { chromium as chromiumOnPath } from '../need.ts'

/** The course with its own learner, whose files are deleted after the test. */
export async function newLearner(): Promise<Learner> {
  const folder = await mkdtemp(path.join(tmpdir(), 'eventlings-web-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const course = await loadCourse()
  const home = homeOf(course, { EVENTLINGS_HOME: folder })
  return { course, home, progress: openProgress(home.log) }
}

/** A server for one test, with the Redis that every machine has. */
export async function newReader() {
  const learner = await newLearner()
  const server = await serveLessons({ learner, preference: 'embedded' })
  onTestFinished(() => server.close())
  return { learner, origin: server.origin }
}

/**
 * One browser for the tests of a file. `open` returns a page whose console must stay silent, except for expected
 * messages. `timeoutMs` is the longest wait for anything on it, in milliseconds.
 */
export function browserForTests(timeoutMs = 20_000, launch: LaunchOptions = {}) {
  let browser: Browser
  beforeAll(async () => {
    // Containers, and tests run as root, have no user namespaces for Chromium's sandbox.
    browser = await chromium.launch({
      executablePath: chromiumOnPath() ?? '',
      args: ['--no-sandbox'],
      ...launch,
    })
  })
  afterAll(() => browser?.close())
  return {
    async open(address: string, options: BrowserContextOptions = {}, expected?: RegExp): Promise<Page> {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
      context.setDefaultTimeout(timeoutMs)
      const complaints: string[] = []
      const listen = (page: Page) => {
        page.on('console', (message) => complaints.push(`${message.text()} ${message.location().url}`))
        page.on('pageerror', (error) => complaints.push(error.message))
      }
      context.on('page', listen)
      onTestFinished(async () => {
        await context.close()
        expect(complaints.filter((one) => expected?.test(one) !== true)).toEqual([])
      })
      const page = await context.newPage()
      await page.goto(address)
      return page
    },
  }
}
