import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Checker, CheckOptions, CheckResult } from '../../../src/check/index.ts'
import { loadCourse } from '../../../src/course/index.ts'
import { homeOf } from '../../../src/learner/index.ts'
import { openProgress, type ProgressLog } from '../../../src/progress/index.ts'
import type { Recording } from '../../../src/recording/index.ts'
import { hintPanel } from '../../../src/watch/panels.ts'
import { type WatchOptions, WatchSession } from '../../../src/watch/session.ts'
import { starterRun } from '../recording/starter.ts'

/** A check that completes when the test says so. */
interface Asked {
  readonly text: string
  readonly signal: AbortSignal
  pass(): void
  fail(diagnosis?: string): void
}

const course = await loadCourse()
const slug = '01-events'
let folder: string
let file: string
let progress: ProgressLog
let session: WatchSession
let asked: Asked[]
let results: CheckResult[]
let record: Checker['record']
let explored: Recording[]
let wake = () => {}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eventlings-session-'))
  file = join(folder, 'workspace', `${slug}.ts`)
  asked = []
  results = []
  record = async () => undefined
  explored = []
  progress = openProgress(join(folder, '.eventlings'))
  session = await WatchSession.open(optionsFor(slug))
})
afterEach(async () => {
  await session.close()
  await rm(folder, { recursive: true, force: true })
})

function optionsFor(slug: string): WatchOptions {
  return {
    course,
    home: homeOf(course, { EVENTLINGS_HOME: folder }),
    progress,
    checker: { check, record: (asked) => record(asked) },
    redis: { description: 'a Redis', limits: undefined },
    slug,
    typeWarning: async (_, { file: of }) =>
      (await readFile(of, 'utf8')).includes('wrong') ? `TypeScript: ${of}:1: It is wrong.` : undefined,
    way: course.lessons,
    onState: () => wake(),
    onResult: (result) => results.push(result),
    explore: async (recording) => void explored.push(recording),
  }
}

function check(lesson: string, _: unknown, { content, signal }: CheckOptions = {}): Promise<CheckResult> {
  return new Promise((resolve, reject) => {
    const text = content === undefined ? '' : new TextDecoder().decode(content)
    signal?.addEventListener('abort', () => reject(new Error('stopped')))
    asked.push({
      text,
      signal: signal ?? AbortSignal.abort(),
      pass: () => resolve(passed(lesson)),
      fail: (diagnosis) => {
        const task = { task: 'createEvent', state: 'failed' as const, commands: [], diagnosis }
        resolve({ ...passed(lesson), passed: false, ...(diagnosis !== undefined && { tasks: [task] }) })
      },
    })
    wake()
  })
}

function passed(lesson: string): CheckResult {
  const tasks = [{ task: 'createEvent', state: 'passed' as const, commands: [] }]
  const redis = { kind: 'embedded' as const, name: 'the embedded server', version: '7.0' }
  return { lesson, target: file, passed: true, skipped: 0, redis, tasks, output: '', notes: [], ms: 1 }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
}
const recorded = async () =>
  (await readFile(join(folder, '.eventlings', 'progress.jsonl'), 'utf8')).split('CHECK_PASSED').length - 1

test('the newest save stops the check before it, and only its verdict counts', async () => {
  await until(() => asked.length === 1)
  await writeFile(file, '// one')
  await until(() => asked.length === 2)
  await writeFile(`${file}.tmp`, '// two')
  await rename(`${file}.tmp`, file)
  await until(() => asked.length === 3)
  expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, true, false])
  expect(asked.slice(1).map(({ text }) => text)).toEqual(['// one', '// two'])
  asked[2]?.pass()
  await until(() => session.state.done === 1)
  expect(results).toHaveLength(1)
  expect(await recorded()).toBe(1)
})

test('stepping through a check that has just failed waits until it is recorded', async () => {
  let keep: (recording: Recording) => void = () => {}
  record = () => new Promise((resolve) => (keep = resolve))
  await until(() => asked.length === 1)
  asked[0]?.fail()
  await until(() => session.state.result !== undefined)
  const exploring = session.act('explore')
  const run = { ...starterRun(), lesson: slug }
  keep(run)
  await exploring
  expect(explored).toEqual([run])
})

test('what is kept is the run of the check that failed, whichever ran after it', async () => {
  const kept: unknown[] = []
  record = async (request) => void kept.push(request?.of)
  await until(() => asked.length === 1)
  asked[0]?.fail()
  await until(() => session.state.result !== undefined)
  expect(kept).toEqual([{ ...passed(slug), passed: false }])
})

test('a run without a step is a sentence, and not a screen of its own', async () => {
  const { collision, ...uneventful } = starterRun()
  record = async () => ({ ...uneventful, lesson: slug, steps: [] })
  await until(() => asked.length === 1)
  asked[0]?.fail()
  await until(() => session.state.result !== undefined)
  await session.act('explore')
  expect(explored).toEqual([])
  expect(session.state.notice).toMatch(/sent no commands to Redis/)
})

test('a sentence about a key stays while something else changes', async () => {
  session.say('Paste your code into your editor.')
  await session.answer(false)
  expect(session.state.notice).toBe('Paste your code into your editor.')
})

test('a save withdraws a question, so that the next key does what it says', async () => {
  await until(() => asked.length === 1)
  await session.act('reset')
  expect(session.state.question).toMatchObject({ action: 'reset' })
  await writeFile(file, '// one')
  await until(() => asked.length === 2)
  expect(session.state.question).toBeUndefined()
})

test('after the last hint, all of them are shown again, and where the solution is', async () => {
  const hints = (await course.lesson(slug)).tasks[0]?.hints.length ?? 0
  const tasks = [{ task: 'createEvent', state: 'failed' as const, commands: [] }]
  const source = { course, home: homeOf(course, { EVENTLINGS_HOME: folder }), progress }
  const next = () => hintPanel(source, slug, { ...passed(slug), passed: false, tasks })
  for (let step = 1; step <= hints; step += 1) await next()
  expect((await next()).text).toMatch(
    /^You've seen all the hints for this task; `s` shows the solution\. Here are the hints again:\n\n/,
  )
})

test('a bug in an earlier answer costs no hint of this lesson', async () => {
  await until(() => asked.length === 1)
  asked[0]?.fail('Built on your 00-before.ts. With the model solution, this task passes. It is broken.')
  await until(() => session.state.result !== undefined)
  await session.act('hint')
  expect(session.state.notice).toMatch(/^The bug is in your 00-before\.ts,/)
  expect(progress.overview().lesson(slug).hints).toEqual({})
})

test('a hint asked for during a check is not used up, because the verdict would hide it', async () => {
  await until(() => asked.length === 1)
  await session.act('hint')
  expect(session.state.panel).toBeUndefined()
  expect(session.state.notice).toMatch(/^Your answer is being checked\. Press h again/)
  expect(progress.overview().lesson(slug).hints).toEqual({})
})

test('after a pass, h says that there is nothing to hint at', async () => {
  await until(() => asked.length === 1)
  asked[0]?.pass()
  await until(() => session.state.result !== undefined)
  await session.act('hint')
  expect(session.state.panel).toBeUndefined()
  expect(session.state.notice).toMatch(/^Every task passed in the last check/)
})

test('o needs a pass, even one from long ago', async () => {
  await session.act('others')
  expect(session.state.notice).toMatch(/^Pass first/)
  const check = { target: 'workspace', redis: 'embedded', ms: 1, tasks: [], skipped: 0 }
  await progress.record('CHECK_PASSED', slug, check)
  await session.act('others')
  expect(session.state.notice).toMatch(/^There's no terminal/)
})

test('leaving right after a verdict waits until it is recorded', async () => {
  const write = progress.record.bind(progress)
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  vi.spyOn(progress, 'record').mockImplementation(async (...args) => {
    await held
    return await write(...args)
  })
  await until(() => asked.length === 1)
  asked[0]?.pass()
  await until(() => results.length === 1)
  const left = session.act('quit').then(recorded)
  release()
  expect(await left).toBe(1)
})

test('with --mine, saving an earlier lesson checks this one again, and otherwise it does not', async () => {
  await session.close()
  const mine = join(folder, 'workspace')
  await writeFile(file, '// one')
  const before = asked.length
  session = await WatchSession.open({ ...optionsFor('07-concurrency'), mine })
  await until(() => asked.length === before + 1)
  asked.at(-1)?.fail()
  await until(() => session.state.result !== undefined)
  await writeFile(file, '// two')
  await until(() => asked.length === before + 2)
  await session.close()

  session = await WatchSession.open(optionsFor('07-concurrency'))
  await until(() => asked.length === before + 3)
  await writeFile(file, '// three')
  await writeFile(join(mine, '07-concurrency.ts'), '// four')
  await until(() => asked.at(-1)?.text === '// four')
  expect(asked).toHaveLength(before + 4)
})

test('moving to another lesson stops the check of this one', async () => {
  await until(() => asked.length === 1)
  await session.act('next')
  expect(asked[0]?.signal.aborted).toBe(true)
})

test('a file that vanishes stops its check, and starts one when it comes back', async () => {
  await until(() => asked.length === 1)
  await rename(file, `${file}.elsewhere`)
  await until(() => session.state.notice?.includes('is gone') === true)
  expect(session.state.checking).toBe(false)
  expect(asked[0]?.signal.aborted).toBe(true)
  await rename(`${file}.elsewhere`, file)
  await until(() => asked.length === 2)
  expect(session.state).toMatchObject({ checking: true, notice: undefined })
})

test("TypeScript's report on a save comes after its verdict, and disappears with the next verdict", async () => {
  await until(() => asked.length === 1)
  await writeFile(file, '// wrong')
  await until(() => asked.length === 2)
  asked[1]?.pass()
  await until(() => session.state.warning !== undefined)
  expect(session.state.warning).toMatch(/^TypeScript: .*01-events\.ts:1: It is wrong/)
  await writeFile(file, '// right')
  await until(() => asked.length === 3)
  asked[2]?.pass()
  await until(() => results.length === 2)
  expect(session.state.warning).toBeUndefined()
})
