import { expect, onTestFinished, test, vi } from 'vitest'
import { openChecker } from '../../../src/check/index.ts'
import { loadCourse } from '../../../src/course/index.ts'
import { newSession } from '../../../src/learner/check-session.ts'
import { RedisGoneError, startRedis } from '../../../src/redis/index.ts'

vi.setConfig({ testTimeout: 180_000 }) // whole checks, even on a busy machine

const course = await loadCourse()
const solution = { kind: 'solution' } as const

test('an answer is not blamed for a Redis that went away; there is no verdict', async () => {
  const redis = await startRedis('embedded')
  const checker = await openChecker({ course, redis })
  onTestFinished(() => checker.close())
  await redis.crash()
  const check = checker.check('02-list-store', solution)
  await expect(check).rejects.toThrow(RedisGoneError)
  await expect(check).rejects.toThrow("Your answer wasn't judged")
})

test('a session replaces a Redis that went away, says so, and judges', async () => {
  const said: string[] = []
  const session = newSession({ course, preference: 'embedded', onNotice: (sentence) => said.push(sentence) })
  onTestFinished(() => session.close())
  expect((await session.check('02-list-store', solution)).passed).toBe(true)
  await (await session.open()).redis.crash()
  expect((await session.check('02-list-store', solution)).passed).toBe(true)
  expect(said.filter((sentence) => sentence.startsWith('Redis is gone'))).toHaveLength(1)
})

test('a closed session starts nothing again', async () => {
  const said: string[] = []
  const session = newSession({ course, preference: 'embedded', onNotice: (sentence) => said.push(sentence) })
  const { redis } = await session.open()
  await redis.crash()
  const check = session.check('02-list-store', solution)
  const closing = session.close()
  await expect(check).rejects.toThrow()
  await closing
  expect(said).not.toContainEqual(expect.stringContaining('another one'))
})
