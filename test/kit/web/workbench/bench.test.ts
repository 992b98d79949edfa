import { writeFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import type { CheckResult } from '../../../../src/check/index.ts'
import { Turns } from '../../../../src/common/turns.ts'
import type { CheckSession } from '../../../../src/learner/check-session.ts'
import { Bench, type BenchOptions } from '../../../../src/web/workbench/bench.ts'
import { starterRun } from '../../recording/starter.ts'
import { newLearner } from '../reader.ts'

const failed = (lesson: string): CheckResult => ({
  lesson,
  target: 'workspace',
  passed: false,
  skipped: 0,
  tasks: [{ task: 'createEvent', state: 'failed', diagnosis: 'No.', commands: [] }],
  output: '',
  notes: [],
  redis: { name: 'Redis', kind: 'embedded', version: '7.4.0' },
  ms: 1,
})

/** Two benches on one session, which records the last check, as the real one does. */
async function newBenches(given: Partial<CheckSession & BenchOptions> = {}) {
  const learner = given.learner ?? (await newLearner())
  const told: string[] = []
  let last: CheckResult | undefined
  const session: CheckSession = {
    open: () => Promise.reject(new Error('There is no Redis here.')),
    check: async (slug) => {
      told.push(`check ${slug}`)
      last = failed(slug)
      return last
    },
    record: async ({ of } = {}) => {
      told.push('record')
      return of === last ? { ...starterRun(), lesson: of?.lesson ?? '' } : undefined
    },
    replace: async () => {},
    close: async () => {},
    ...given,
  }
  const options: BenchOptions = {
    learner,
    session,
    turns: new Turns(),
    hasEditor: false,
    typeWarning: async () => undefined,
    beforeEmptying: () => void told.push('emptying'),
    ...(given.meaningOf && { meaningOf: given.meaningOf }),
  }
  const open = async (slug: string) => {
    const lesson = learner.course.lessons.find((one) => one.slug === slug)
    if (lesson === undefined) throw new Error(`There's no lesson ${slug}.`)
    const bench = new Bench(lesson, options)
    onTestFinished(() => bench.close())
    await bench.open()
    return bench
  }
  return { told, one: await open('01-events'), other: await open('02-list-store') }
}

test('a recording empties the database, too, so the snippets start over before it', async () => {
  const { one, told } = await newBenches()
  await one.check('asked')
  expect(told).toEqual(['emptying', 'check 01-events', 'emptying', 'record'])
  expect(one.recording?.lesson).toBe('01-events')
})

test('a page knows that its lesson was passed before, until a later check fails', async () => {
  const learner = await newLearner()
  const check = { target: 'workspace', redis: 'embedded', ms: 1, tasks: [] }
  await learner.progress.record('CHECK_PASSED', '01-events', { ...check, skipped: 0 })
  const { one, other } = await newBenches({ learner })
  expect([one, other].map(({ state }) => state.hadPassed)).toEqual([true, false])
  await learner.progress.record('CHECK_FAILED', '01-events', { ...check, diagnosis: 'It fails.' })
  expect((await newBenches({ learner })).one.state.hadPassed).toBe(false)
})

test("another lesson's run is never shown as this one's", async () => {
  const { one, other } = await newBenches()
  // The second check is asked for while the first one is still being recorded in the progress log.
  let isFirst = true
  one.follow(({ verdict }) => {
    if (verdict === undefined || !isFirst) return
    isFirst = false
    void other.check('asked')
  })
  await one.check('asked')
  expect(one.recording).toBeUndefined()
})

test("a page can tell a recording that's still coming from one that doesn't come", async () => {
  let answer = (_recording: undefined) => {}
  let isAskedFor = () => {}
  const askedFor = new Promise<void>((resolve) => {
    isAskedFor = resolve
  })
  const { one } = await newBenches({
    record: () => {
      isAskedFor()
      return new Promise((resolve) => {
        answer = resolve
      })
    },
  })
  const checking = one.check('asked')
  await askedFor
  expect(one.state).toMatchObject({ checking: false, recording: 'coming' })
  answer(undefined)
  await checking
  expect(one.state.recording).toBeUndefined()
})

test("the model solution isn't run before a check is recorded, nor shown to those who haven't passed", async () => {
  const { one, told } = await newBenches()
  expect(await one.modelRun()).toMatch(/^Wait until the check has ended/)
  await one.check('asked')
  const before = told.length
  expect(await one.modelRun()).toMatch(/^Once you've passed this lesson/)
  expect(told).toHaveLength(before)
})

test("an error of a check that was stopped isn't a newer check's", async () => {
  let fail = () => {}
  let finish = () => {}
  const second = new Promise<CheckResult>((resolve) => {
    finish = () => resolve(failed('01-events'))
  })
  const checks = [Promise.resolve({ ...failed('01-events'), passed: true }), second]
  let isAskedForMeaning = () => {}
  const askedForMeaning = new Promise<void>((resolve) => {
    isAskedForMeaning = resolve
  })
  const { one } = await newBenches({
    check: () => checks.shift() ?? second,
    meaningOf: () => {
      isAskedForMeaning()
      return new Promise((_, reject) => {
        fail = () => reject(new Error('No meaning.'))
      })
    },
  })
  const first = one.check('asked')
  await askedForMeaning
  const next = one.check('asked')
  fail()
  await first
  expect(one.state.checking).toBe(true)
  expect(one.state.notice).toBeUndefined()
  finish()
  await next
  expect(one.state.checking).toBe(false)
})

test('another program has its save checked even if the page noticed it first', async () => {
  const { one, told } = await newBenches()
  const recorded = new Promise<void>((resolve) => {
    one.follow(({ recording }) => typeof recording === 'number' && resolve())
  })
  writeFileSync(one.file, '// theirs')
  expect(await one.save('// mine', 'an older version')).toMatchObject({ kind: 'conflict' })
  await recorded
  expect(told.filter((call) => call.startsWith('check'))).toEqual(['check 01-events'])
})

test("a save by the page doesn't ask for a check that counts, but one by another program does", async () => {
  const { one } = await newBenches()
  const { file } = one.state
  await one.save('// mine', 'hash' in file ? file.hash : null)
  expect(one.wishOfSave).toBe('rest')
  const recorded = new Promise<void>((resolve) => {
    one.follow(({ recording }) => typeof recording === 'number' && resolve())
  })
  writeFileSync(one.file, '// theirs')
  await recorded
  expect(one.wishOfSave).toBe('asked')
})

test("a check that's stopped before its recording leaves none that's still coming", async () => {
  const problem = Promise.reject(new Error('No Redis.'))
  problem.catch(() => {})
  const checks = [Promise.resolve(failed('01-events')), problem]
  let isAskedFor = () => {}
  const askedFor = new Promise<void>((resolve) => {
    isAskedFor = resolve
  })
  let end = () => {}
  const { one } = await newBenches({
    check: () => checks.shift() ?? problem,
    record: () => {
      isAskedFor()
      return new Promise((resolve) => {
        end = () => resolve(undefined)
      })
    },
  })
  const first = one.check('asked')
  await askedFor
  const second = one.check('asked')
  end()
  await Promise.all([first, second])
  expect(one.state).toMatchObject({ checking: false, notice: 'No Redis.' })
  expect(one.state.recording).toBeUndefined()
})

test('a bug in an earlier answer costs no hint of this lesson', async () => {
  const diagnosis = 'Built on your 00-before.ts. With the model solution, this task passes. No.'
  const check = async (slug: string) => ({
    ...failed(slug),
    tasks: [{ task: 'createEvent', state: 'failed' as const, diagnosis, commands: [] }],
  })
  const { one } = await newBenches({ check })
  await one.check('asked')
  const hint = await one.hint()
  expect(hint?.text).toMatch(/^The bug is in your 00-before\.ts,/)
})
