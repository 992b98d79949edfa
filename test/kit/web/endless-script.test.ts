import { expect, onTestFinished, test } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import { newSession } from '../../../src/learner/check-session.ts'
import { newRunner } from '../../../src/web/runner.ts'
import { need } from '../need.ts'

need('redis-server').describe('a script that a stopped snippet leaves in Redis', () => {
  // The second one can't be killed, because it has written, so its Redis is replaced.
  test.each(['while true do end', "redis.call('SET', 'x', 1) while true do end"])(
    'is ended: %s',
    async (script) => {
      const course = await loadCourse()
      const lesson = await course.lesson('01-events')
      const session = newSession({ course, preference: 'binary' })
      const borrow = async () => (await session.open()).redis
      const runner = newRunner({ course, borrow, replace: session.replace, seconds: 2 })
      onTestFinished(async () => {
        await runner.close()
        await session.close()
      })
      const edits = new Map([[1, `EVAL "${script}" 0`]])
      expect(await runner.run(lesson, 1, { edits })).toMatchObject({
        kind: 'ran',
        failed: true,
        ended: 'Stopped, because it ran for more than 2 seconds.',
      })
      expect(await runner.run(lesson, 1)).toMatchObject({ kind: 'ran', asShown: true })
    },
  )
})
