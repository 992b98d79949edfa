import { EventEmitter } from 'node:events'
import type { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepPulse, type Pulse } from '../../../src/check/kit/silence/hearts.ts'
import { everyTick, offTheClock, onRedisNews } from '../../../src/check/kit/silence/pulse.ts'

/** How long each reply takes (ms), instead of what was measured. */
const slow = vi.hoisted((): { ms: number | undefined } => ({ ms: undefined }))
vi.mock(import('../../../src/check/kit/silence/hearts.ts'), async (original) => {
  const hearts = await original()
  return { ...hearts, slowness: () => slow.ms ?? hearts.slowness() }
})

type Reply = 'answers' | 'keeps silent' | 'is busy' | 'is loading'

/** A client whose PING gets a reply, or doesn't. */
class FakeClient extends EventEmitter {
  reply: Reply = 'answers'
  readonly options = { port: 1 }
  #open: (() => void)[] = []

  ping(): Promise<string> {
    switch (this.reply) {
      case 'answers':
        return Promise.resolve('PONG')
      case 'keeps silent':
        return new Promise((resolve) => this.#open.push(() => resolve('PONG')))
      case 'is busy':
        return Promise.reject(new Error('BUSY Redis is busy running a script.'))
      case 'is loading':
        return Promise.reject(new Error('LOADING Redis is loading the dataset in memory'))
    }
  }

  wake(): void {
    this.reply = 'answers'
    for (const answer of this.#open.splice(0)) answer()
  }
}

let client: FakeClient
let pulse: Pulse
let news: string[]
let passed: number
let passedAtWork: number
let stop: (() => void)[]
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] })
  client = new FakeClient()
  pulse = keepPulse(client as unknown as Redis)
  news = []
  passed = 0
  passedAtWork = 0
  slow.ms = undefined
  stop = [
    onRedisNews((one) => news.push(one.kind === 'lost' ? `lost: ${one.how}` : one.kind)),
    everyTick((ms, atWork) => {
      passed += ms
      passedAtWork += atWork
    }),
  ]
})
afterEach(() => {
  for (const end of stop) end()
  pulse.forget()
  vi.useRealTimers()
})

/** Lets this many seconds of ticks pass. */
async function seconds(count: number): Promise<void> {
  for (let tick = 0; tick < count * 10; tick += 1) await vi.advanceTimersByTimeAsync(100)
}

test('while the server answers, the clock runs and nothing is reported', async () => {
  await seconds(20)
  expect(passed).toBeGreaterThanOrEqual(18_000) // on a busy machine, even this client is slow at times
  expect(news).toEqual([])
})

test('while it is silent, the clock stops; both start and end are reported within a second', async () => {
  await seconds(1)
  client.reply = 'keeps silent'
  await seconds(1)
  expect(news).toEqual(['waiting'])
  const before = passed
  await seconds(5)
  expect(passed).toBe(before)
  client.wake()
  await seconds(1)
  expect(news.at(-1)).toBe('back')
  expect(passed).toBeGreaterThan(before)
})

test('one that is loading its data is as good as silent', async () => {
  client.reply = 'is loading'
  await seconds(2)
  expect(news).toEqual(['waiting'])
})

test('after 45 seconds it is lost', async () => {
  client.reply = 'keeps silent'
  await seconds(44)
  expect(news).not.toContain('lost: silent')
  await seconds(2)
  expect(news).toContain('lost: silent')
})

test('if connections only close, it is lost after a second', async () => {
  client.reply = 'keeps silent'
  client.emit('close')
  await seconds(1.5)
  expect(news).toContain('lost: gone')
})

test('one that is busy with a foreign script is lost after ten seconds', async () => {
  client.reply = 'is busy'
  await seconds(9)
  expect(news).not.toContain('lost: busy')
  await seconds(2)
  expect(news).toContain('lost: busy')
})

test('however slow the replies are, code that sends one command after another may send as many', async () => {
  await seconds(1)
  const sentIn8Seconds: number[] = []
  for (const ms of [10, 40, 200, 500]) {
    slow.ms = ms
    passedAtWork = 0
    await seconds(8)
    sentIn8Seconds.push(Math.round((8_000 / passedAtWork) * (8_000 / ms)))
  }
  expect(sentIn8Seconds).toEqual([800, 800, 800, 800])
})

test('a silence that the suite caused does not count', async () => {
  client.reply = 'keeps silent'
  pulse.expectSilence(true)
  await seconds(5)
  expect(passed).toBeGreaterThanOrEqual(4_900)
  expect(news).toEqual([])
})

test('the clock stands still while the machine starts or ends a server for the check', async () => {
  let done = () => {}
  const work = offTheClock(new Promise<void>((resolve) => (done = resolve)))
  await seconds(5)
  expect(passed).toBe(0)
  done()
  await work
  await seconds(1)
  expect(passed).toBeGreaterThanOrEqual(900)
})
