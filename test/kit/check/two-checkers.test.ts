import { expect, test } from 'vitest'
import { openChecker } from '../../../src/check/index.ts'
import { loadCourse } from '../../../src/course/index.ts'
import { startRedis } from '../../../src/redis/index.ts'

test('closing one takes nothing away from another that is at work', async () => {
  const course = await loadCourse()
  const redis = await startRedis('embedded')
  const [first, second] = [await openChecker({ course, redis }), await openChecker({ course, redis })]
  try {
    for (let round = 0; round < 5; round += 1) {
      const other = await openChecker({ course, redis })
      const checking = first.check('01-events', { kind: 'solution' })
      await other.close()
      expect((await checking).passed).toBe(true)
    }
  } finally {
    await first.close()
    await second.close()
    await redis.stop()
  }
})
