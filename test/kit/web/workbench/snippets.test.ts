import { Hono } from 'hono'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Turns } from '../../../../src/common/turns.ts'
import { loadCourse } from '../../../../src/course/index.ts'
import { listen } from '../../../../src/http/index.ts'
import { newRunner } from '../../../../src/web/runner.ts'
import { addSnippets } from '../../../../src/web/workbench/snippets.ts'
import { newReader } from '../reader.ts'
import { newBenchApp, own, strangers } from './bench-app.ts'

const address = '/workbench/01-events/snippets/1/run'
const run = (body: unknown = { edits: { 1: 'console.log(1)' } }, headers: Record<string, string> = own) => ({
  method: 'POST',
  headers: { ...headers, 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const stop = (headers: Record<string, string> = own) => ({ method: 'POST', headers })

/** A workbench that counts how often something is about to run. Redis comes only when it's let go. */
async function newCountedApp() {
  let count = 0
  let letGo = () => {}
  let isAsked = () => {}
  const asked = new Promise<void>((resolve) => {
    isAsked = resolve
  })
  const app = await newBenchApp({
    open: () => {
      count += 1
      isAsked()
      return new Promise((_, reject) => {
        letGo = () => reject(new Error('There is no Redis here.'))
      })
    },
  })
  return { ...app, asked, count: () => count, letGo: () => letGo() }
}

describe('an edited snippet', () => {
  test.each(strangers)("isn't run or stopped from %s", async (_, headers) => {
    const { ask, count } = await newCountedApp()
    expect((await ask(address, run(undefined, headers))).status).toBe(403)
    expect((await ask('/workbench/01-events/snippets/stop', stop(headers))).status).toBe(403)
    expect(count()).toBe(0)
  })

  test("isn't run or stopped under another name, nor without the cookie", async () => {
    const { ask, raw, count } = await newCountedApp()
    const elsewhere = { ...own, host: 'evil.example:4000', origin: 'http://evil.example:4000' }
    expect((await ask(address, run(undefined, elsewhere))).status).toBe(421)
    expect((await raw(address, run())).status).toBe(401)
    expect((await raw('/workbench/01-events/snippets/stop', stop())).status).toBe(401)
    expect(count()).toBe(0)
  })

  test.each([
    ['more than 50 kB', { edits: { 1: 'ä'.repeat(25_001) } }, 413, /larger than 50 kB/],
    ['no JSON', '{', 400, /damaged/],
    ['nothing', {}, 400, /damaged/],
    ['a number in place of a text', { edits: { 1: 1 } }, 400, /damaged/],
    ['a snippet without a number', { edits: { __proto__: null, '-1': 'x' } }, 400, /damaged/],
  ])('with %s is refused, with a sentence', async (_, body, status, sentence) => {
    const { ask, count } = await newCountedApp()
    const response = await ask(address, run(body))
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({ kind: 'problem', sentence: expect.stringMatching(sentence) })
    expect(count()).toBe(0)
  })

  test.each([
    '01-events/snippets/99/run',
    '01-events/snippets/0/run',
    '01-events/snippets/x/run',
    '99-no/snippets/1/run',
  ])("%s doesn't exist", async (path) => {
    const { ask, count } = await newCountedApp()
    expect((await ask(`/workbench/${path}`, run())).status).toBe(404)
    expect(count()).toBe(0)
  })

  test('runs alone: a second one is told to wait, and runs after the first', async () => {
    const { ask, asked, count, letGo } = await newCountedApp()
    const first = ask(address, run())
    await asked
    const second = await ask('/workbench/02-list-store/snippets/1/run', run())
    expect(second.status).toBe(409)
    expect(await second.json()).toEqual({
      kind: 'problem',
      sentence: 'Another snippet is still running. Wait until it ends, or stop it.',
    })
    letGo()
    expect(await (await first).json()).toEqual({ kind: 'problem', sentence: 'There is no Redis here.' })
    expect(count()).toBe(1)
    const third = ask(address, run())
    await expect.poll(count).toBe(2)
    letGo()
    expect((await third).status).toBe(200)
  })
})

test('a snippet is stopped by a request, and when its page is closed', async () => {
  const app = new Hono()
  const course = await loadCourse()
  let isStarted = () => {}
  let isStopped = () => {}
  addSnippets(app, {
    course,
    runner: {
      run: (_lesson, _number, { signal } = {}) =>
        new Promise((resolve) => {
          isStarted()
          signal?.addEventListener('abort', () => {
            isStopped()
            resolve({ kind: 'problem', sentence: 'Stopped.' })
          })
        }),
    },
  })
  const { port, close } = await listen(app, { host: '127.0.0.1', port: 0 })
  onTestFinished(close)
  const at = (path: string) => `http://127.0.0.1:${port}/workbench/01-events/snippets/${path}`
  for (const isClosed of [false, true]) {
    const started = new Promise<void>((resolve) => (isStarted = resolve))
    const stopped = new Promise<void>((resolve) => (isStopped = resolve))
    const page = new AbortController()
    const reply = fetch(at('1/run'), { ...run(), signal: page.signal }).catch(() => undefined)
    await started
    if (isClosed) page.abort()
    else await fetch(at('stop'), { method: 'POST' })
    await stopped
    expect(await (await reply)?.json()).toEqual(
      isClosed ? undefined : { kind: 'problem', sentence: 'Stopped.' },
    )
  }
  expect(await (await fetch(at('stop'), { method: 'POST' })).json()).toEqual({ kind: 'idle' })
})

test('a snippet that waits while a check uses Redis is stopped at once, and never runs', async () => {
  const course = await loadCourse()
  const turns = new Turns()
  let letGo = () => {}
  const checked = turns.take(() => new Promise<void>((resolve) => (letGo = resolve)))
  let isAsked = false
  const borrow = () => {
    isAsked = true
    return Promise.reject(new Error('There is no Redis here.'))
  }
  const runner = newRunner({ course, turns, borrow })
  const lesson = await course.lesson('01-events')
  const page = new AbortController()
  const { signal } = page
  const reply = runner.run(lesson, 1, { signal })
  page.abort()
  const stopped = { kind: 'problem', sentence: 'Stopped.' }
  expect(await reply).toEqual(stopped)
  expect(await runner.run(lesson, 1, { signal })).toEqual(stopped)
  letGo()
  await checked
  await turns.take(async () => {})
  expect(isAsked).toBe(false)
})

test('a page without the workbench runs only what the lesson has', async () => {
  const { origin } = await newReader()
  const page = await (await fetch(`${origin}/lessons/01-events`)).text()
  expect(page).toContain('data-island="run"')
  expect(page).not.toContain('data-island="snippet"')
  const headers = { origin, 'content-type': 'application/json' }
  const body = JSON.stringify({ edits: { 1: "console.log('mine')" } })
  const post = (path: string) => fetch(origin + path, { method: 'POST', headers, body })
  expect((await post(address)).status).toBe(404)
  const reply = await (await post('/lessons/01-events/snippets/1/run')).text()
  expect(reply).toContain('"asShown":true')
  expect(reply).not.toContain('mine')
})
