import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { CheckOptions, CheckResult } from '../../../src/check/index.ts'
import { hashOf } from '../../../src/common/hash.ts'
import { loadCourse } from '../../../src/course/index.ts'
import type { BesideNews, LookBeside } from '../../../src/learner/beside.ts'
import { homeOf, keepLastRun } from '../../../src/learner/index.ts'
import { openProgress } from '../../../src/progress/index.ts'
import type { Recording } from '../../../src/recording/index.ts'
import { type WatchOptions, WatchSession } from '../../../src/watch/session.ts'
import { starterRun } from '../recording/starter.ts'

const course = await loadCourse()
const slug = '01-events'
const calm = { checking: false, isRecording: false }

/** A workbench whose news comes when the test says so. */
function newFeed() {
  const coming: BesideNews[] = []
  let hasEnded = false
  let checks = 0
  let wake = () => {}
  async function* news() {
    for (;;) {
      for (let one = coming.shift(); one !== undefined; one = coming.shift()) yield one
      if (hasEnded) return
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const check = async () => {
    checks += 1
  }
  const beside = { news: news(), check }
  return {
    beside,
    checks: () => checks,
    tell(...all: readonly BesideNews[]) {
      coming.push(...all)
      wake()
    },
    end() {
      hasEnded = true
      wake()
    },
  }
}

function resultOf(lesson: string, passed: boolean, output = ''): CheckResult {
  const tasks = [
    { task: 'createEvent', state: passed ? ('passed' as const) : ('failed' as const), commands: [] },
  ]
  const redis = { kind: 'embedded' as const, name: 'the embedded server', version: '7.0' }
  return { lesson, target: 'workspace', passed, skipped: 0, redis, tasks, output, notes: [], ms: 1 }
}

/** `watch` on lesson 01, whose own checks only note what they are asked to check. */
async function newWatch(beside: LookBeside, given: Partial<WatchOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'eventlings-beside-'))
  const home = homeOf(course, { EVENTLINGS_HOME: folder })
  const own: string[] = []
  const results: CheckResult[] = []
  let wake = () => {}
  const check = async (lesson: string, _: unknown, { content = new Uint8Array() }: CheckOptions = {}) => {
    own.push(`${lesson} ${hashOf(content)}`)
    wake()
    throw new Error('Checked here.')
  }
  const session = await WatchSession.open({
    course,
    home,
    progress: openProgress(join(folder, '.eventlings')),
    checker: { check, record: async () => undefined },
    redis: { description: 'a Redis', limits: undefined },
    slug,
    typeWarning: async () => undefined,
    way: course.lessons,
    beside,
    onState: () => wake(),
    onResult: (result) => results.push(result),
    ...given,
  })
  onTestFinished(async () => {
    await session.close()
    await rm(folder, { recursive: true, force: true })
  })
  const until = async (holds: () => boolean) => {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const file = home.answer(slug)
  const hash = hashOf(await readFile(file))
  return { session, home, file, hash, own, results, until }
}

/** Finds the workbench once; after that, none is open. */
function once({ beside }: ReturnType<typeof newFeed>): LookBeside {
  const open = [beside]
  return async () => open.shift()
}

const everythingElse = () => new Promise<void>((resolve) => setImmediate(resolve))

test('a save that has no verdict when the workbench is closed is checked here', async () => {
  const feed = newFeed()
  const { session, hash, own, until } = await newWatch(once(feed))
  feed.tell({ checking: true, isRecording: false })
  await until(() => session.state.checking)
  feed.end()
  await until(() => session.state.notice === 'Checked here.')
  expect(own).toEqual([`${slug} ${hash}`])
})

test("a save that has its verdict isn't checked again when the workbench is closed", async () => {
  const feed = newFeed()
  const { session, file, hash, own, until } = await newWatch(once(feed))
  feed.tell({ ...calm, verdict: { hash, result: resultOf(slug, false) } })
  await until(() => session.state.result !== undefined)
  feed.end()
  await until(() => session.state.notice?.startsWith('The workbench no longer checks this file.') === true)
  await writeFile(file, '// next')
  await until(() => own.length > 0)
  expect(own).toEqual([`${slug} ${hashOf('// next')}`])
})

test("a verdict on an older version isn't shown as this one's, and another one is asked for", async () => {
  const feed = newFeed()
  const { session, hash, results, until } = await newWatch(once(feed))
  const old = { hash: 'older', result: resultOf(slug, true, 'old') }
  feed.tell({ ...calm, verdict: old }, { ...calm, checking: true })
  await until(() => session.state.checking)
  expect(feed.checks()).toBe(1)
  feed.tell({ ...calm, verdict: { hash, result: resultOf(slug, false, 'new') } })
  await until(() => results.length > 0)
  expect(results.map(({ output }) => output)).toEqual(['new'])
  expect(feed.checks()).toBe(1)
})

test('of the verdicts that come during a visit, only the last one is shown, and one lesson is left', async () => {
  const feed = newFeed()
  let leave = () => {}
  const elsewhere = {
    go: () =>
      new Promise<undefined>((resolve) => {
        leave = () => resolve(undefined)
      }),
    pages: async () => undefined,
    pickLesson: async () => undefined,
  }
  const { session, hash, results, until } = await newWatch(once(feed), { elsewhere, advance: true })
  const visit = session.act('console')
  const passed = (output: string) => ({ ...calm, verdict: { hash, result: resultOf(slug, true, output) } })
  feed.tell(passed('one'), passed('two'), { ...calm, checking: true })
  await until(() => session.state.checking)
  leave()
  await visit
  await until(() => session.state.slug !== slug && session.state.notice === 'Checked here.')
  expect(results.map(({ output }) => output)).toEqual(['two'])
  expect(session.state).toMatchObject({ slug: '02-list-store', result: undefined })
})

test("a lesson's save isn't checked as another lesson's, or after the end, when no workbench answers", async () => {
  const looks: (() => void)[] = []
  const slow: LookBeside = () => new Promise((resolve) => looks.push(() => resolve(undefined)))
  let looked = () => {}
  const look: LookBeside = (...asked) => {
    const found = slow(...asked)
    looked()
    return found
  }
  const nextLook = () =>
    new Promise<void>((resolve) => {
      looked = resolve
    })
  const first = nextLook()
  const { session, own } = await newWatch(look)
  await first
  const second = nextLook()
  await session.act('next')
  await second
  looks[0]?.()
  await everythingElse()
  expect(own).toEqual([])
  await session.act('quit')
  looks[1]?.()
  await everythingElse()
  expect(own).toEqual([])
})

test("starting over on the page removes the verdict, and the workbench's notices end with it", async () => {
  const feed = newFeed()
  const { session, hash, until } = await newWatch(once(feed))
  feed.tell({ ...calm, verdict: { hash, result: resultOf(slug, false) } })
  await until(() => session.state.result !== undefined)
  feed.tell({ ...calm, notice: 'Redis is slow.' })
  await until(() => session.state.notice === 'Redis is slow.')
  feed.tell(calm)
  await until(() => session.state.notice === undefined)
  feed.tell({ ...calm, verdict: null })
  await until(() => session.state.result === undefined)
  expect(session.state.checkedAt).toBeUndefined()
  expect(session.state.notice).toMatch(/^The lesson was started over in the workbench/)
})

test('stepping through waits until the workbench has recorded the check', async () => {
  const feed = newFeed()
  const explored: Recording[] = []
  const explore = async (recording: Recording) => void explored.push(recording)
  const { session, home, hash, until } = await newWatch(once(feed), { explore })
  feed.tell({ checking: false, isRecording: true, verdict: { hash, result: resultOf(slug, false) } })
  await until(() => session.state.result !== undefined)
  const exploring = session.act('explore')
  await everythingElse()
  const run = { ...starterRun(), lesson: slug }
  keepLastRun(home, run)
  feed.tell(calm)
  await exploring
  expect(explored).toEqual([run])
})
