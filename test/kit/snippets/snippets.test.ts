import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'
import { openPlayground } from '../../../src/snippets/index.ts'

const course = await loadCourse()
let server: RunningRedis
beforeAll(async () => {
  server = await startRedis()
})
afterAll(() => server.stop())

describe('every snippet of every lesson runs, and prints what the lesson shows', () => {
  for (const { slug } of course.lessons) {
    test(slug, async () => {
      const { snippets } = await course.lesson(slug)
      expect(snippets.length, 'a lesson shows something').toBeGreaterThan(0)
      const admin = new Redis(server.url)
      await admin.flushdb()
      admin.disconnect()
      const playground = await openPlayground({ root: course.root, url: server.url })
      try {
        for (const snippet of snippets) {
          const { ran, asShown } = await playground.run(snippet)
          const wrong = ran
            .filter((one) => !one.asShown)
            .map(({ code, shown, output }) => ({ code, shown, output }))
          expect({ line: snippet.line, asShown, wrong }).toEqual({
            line: snippet.line,
            asShown: true,
            wrong: [],
          })
        }
      } finally {
        playground.close()
      }
    })
  }
})
