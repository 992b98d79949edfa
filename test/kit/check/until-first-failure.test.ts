import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Checker, openChecker } from '../../../src/check/index.ts'
import { loadCourse } from '../../../src/course/index.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'

let redis: RunningRedis
let checker: Checker
beforeAll(async () => {
  redis = await startRedis('embedded')
  checker = await openChecker({ course: await loadCourse(), redis })
})
afterAll(async () => {
  await checker.close()
  await redis.stop()
})

const starter = { kind: 'starter' } as const

test('a check until the first failure reports that one, and skips the rest', async () => {
  const whole = await checker.check('01-events', starter)
  const short = await checker.check('01-events', starter, { untilFirstFailure: true })
  expect(whole.tasks.map(({ state }) => state)).toEqual(['failed', 'failed', 'failed'])
  expect(short.tasks.map(({ state }) => state)).toEqual(['failed', 'not reached', 'not reached'])
  expect(short.tasks[0]).toEqual(whole.tasks[0])
  expect(short.passed).toBe(false)
})

test('nothing is left out of an answer that passes', async () => {
  const result = await checker.check('01-events', { kind: 'solution' }, { untilFirstFailure: true })
  expect(result.passed).toBe(true)
  expect(result.tasks.every(({ state }) => state === 'passed')).toBe(true)
})
