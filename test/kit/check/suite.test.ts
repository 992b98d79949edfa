import { describe, expect, test } from 'vitest'
import * as worker from '../../../src/check/worker/vitest.ts'

const { declaredBy, UnsupportedInSuiteError } = worker
/** As a suite sees it. */
const suite = worker as unknown as typeof import('vitest')
const declare = (load: () => void) => declaredBy(async () => load())
const nothing = () => {}

test('a describe is a task, and a test outside any is one, too', async () => {
  const tasks = await declare(() => {
    suite.describe('append', () => {
      suite.test('stores the event', nothing)
      suite.test('with a time limit', nothing, 5_000)
      suite.test('with options', { timeout: 5_000 }, nothing)
    })
    suite.test('alone', nothing)
  })
  expect(tasks.map(({ name, tests }) => [name, ...tests.map((one) => one.name)])).toEqual([
    ['append', 'stores the event', 'with a time limit', 'with options'],
    ['alone', 'alone'],
  ])
})

test('nothing of an earlier suite stays', async () => {
  await declare(() => {
    suite.beforeEach(nothing)
    suite.test('earlier', nothing)
  })
  const tasks = await declare(() => suite.test('later', nothing))
  expect(tasks).toMatchObject([{ name: 'later', beforeEach: [] }])
})

test('hooks run from the outside in, and back', async () => {
  const ran: string[] = []
  const [task] = await declare(() => {
    suite.beforeEach(() => void ran.push('before, of the file'))
    suite.afterEach(() => void ran.push('after, of the file'))
    suite.describe('append', () => {
      suite.beforeEach(() => void ran.push('before'))
      suite.afterEach(() => void ran.push('first after'))
      suite.afterEach(() => void ran.push('second after'))
      suite.test('stores the event', nothing)
    })
  })
  for (const hook of [...(task?.beforeEach ?? []), ...(task?.afterEach ?? [])]) await hook()
  expect(ran).toEqual(['before, of the file', 'before', 'second after', 'first after', 'after, of the file'])
})

test('skipIf, skip, and runIf leave out a task or a test', async () => {
  const tasks = await declare(() => {
    suite.describe.skipIf(true)('no server', () => suite.test('one', nothing))
    suite.describe.skipIf(false)('append', () => {
      suite.test.skipIf(true)('two', nothing)
      suite.test.runIf(true)('three', nothing)
      suite.test.skip('four', nothing)
    })
  })
  expect(tasks.map(({ skipped }) => skipped)).toEqual([true, false])
  expect(tasks[1]?.tests.map(({ skipped }) => skipped)).toEqual([true, false, true])
})

describe('a part of Vitest that a worker lacks is named', () => {
  test.each([
    ['test.each', () => suite.test.each],
    ['describe.only', () => suite.describe.only],
    ['expect', () => suite.expect(1)],
    ['beforeAll', () => suite.beforeAll(nothing)],
  ])('%s', async (what, use) => {
    const declaring = declare(() => void use())
    await expect(declaring).rejects.toThrow(UnsupportedInSuiteError)
    await expect(declaring).rejects.toThrow(`The suite uses ${what}.`)
  })
})
