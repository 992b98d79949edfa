import { expect, test, vi } from 'vitest'
import type { CheckResult } from '../../../src/check/index.ts'
import { press } from '../../../src/explorer/keys.ts'
import { type Explorer, goTo, openExplorer } from '../../../src/explorer/model.ts'
import { Comparison } from '../../../src/explorer/model-run.ts'
import { modelRun } from '../../../src/learner/index.ts'
import { starterRun } from '../recording/starter.ts'

const opened = goTo(openExplorer(starterRun()), 3)
const model = { ...starterRun(), steps: starterRun().steps.slice(0, 2) }

test('m asks for the model solution', () => {
  expect(press(opened, 'm').asksForModel).toBe(true)
  expect(press(press(opened, '/'), 'm')).toMatchObject({ filter: 'm' })
})

test('the model solution begins at the same step, each run is left where it is, and it is recorded once', async () => {
  const run = vi.fn(async () => model)
  const comparison = new Comparison(run, undefined)
  const switched = (current: () => Explorer) => comparison.switched(current)
  const there = await switched(() => opened)
  expect(there).toMatchObject({ isModel: true, at: 2 })
  const back = await switched(() => ({ ...there, notice: 'Running …' }))
  expect(comparison.other?.notice).toBeUndefined()
  expect(back).toMatchObject({ recording: opened.recording, at: 3 })
  expect(back.isModel).toBeUndefined()
  expect(await switched(() => goTo(back, 1))).toMatchObject({ isModel: true, at: 2 })
  expect(comparison.other).toMatchObject({ at: 1 })
  expect(run).toHaveBeenCalledTimes(1)
})

test('keys that are pressed while the model solution runs still count', async () => {
  let answer: (recording: typeof model) => void = () => {}
  const run = () => new Promise<typeof model>((resolve) => (answer = resolve))
  const comparison = new Comparison(run, undefined)
  const switched = (current: () => Explorer) => comparison.switched(current)
  let explorer = opened
  const switching = switched(() => explorer)
  for (const key of ['\x1b[D', '\x1b[D', '/', 'e', 'v']) explorer = press(explorer, key)
  answer(model)
  explorer = await switching
  expect(explorer).toMatchObject({ isModel: true, at: 1, filter: 'ev', typing: 'ev' })
  expect(comparison.other).not.toHaveProperty('typing')
  expect(press(press(explorer, 'e'), '\r')).toMatchObject({ filter: 'eve' })
  const back = await switched(() => press(explorer, '\r'))
  expect(back).toMatchObject({ recording: opened.recording, filter: 'ev' })
  expect(back.typing).toBeUndefined()
})

test('what cannot be shown is a sentence below the run', async () => {
  for (const [run, notice] of [
    [undefined, /can't be shown here/],
    [async () => 'Not yet.', /^Not yet\.$/],
    [() => Promise.reject(new Error('Redis is gone.')), /^Redis is gone\.$/],
  ] as const) {
    const after = await new Comparison(run, undefined).switched(() => opened)
    expect(after).toMatchObject({ recording: opened.recording, at: 3, notice: expect.stringMatching(notice) })
  }
})

test('the model solution is run only for those who may see it', async () => {
  const learner = (solutionSeen: boolean) =>
    ({
      course: { root: '', lessons: [{ slug: '07-concurrency' }] },
      progress: { overview: () => ({ lesson: () => ({ solutionSeen, state: 'started' }) }) },
    }) as unknown as Parameters<typeof modelRun>[0]
  const of = {} as CheckResult
  const checker = { check: vi.fn(async () => of), record: vi.fn(async () => model) }
  const { lesson, task, test } = starterRun()
  expect(await modelRun(learner(false), checker, starterRun())).toMatch(/^Once you've passed this lesson/)
  expect(await modelRun(learner(true), checker, { ...starterRun(), lesson: '99-other' })).toMatch(
    /has no lesson 99/,
  )
  expect(checker.check).not.toHaveBeenCalled()
  expect(await modelRun(learner(true), checker, starterRun())).toBe(model)
  expect(checker.check).toHaveBeenCalledWith(lesson, { kind: 'solution' }, { record: true })
  expect(checker.record).toHaveBeenCalledWith({ of, task, test })
})
