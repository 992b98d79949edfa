import { join } from 'node:path'
import { type Course, filesOf } from '../../src/course/index.ts'

/**
 * A Vitest that stays up and reruns one lesson's suite when the answer changes: what a watch without a worker would
 * do.
 */
export async function bareRerun(
  course: Course,
  slug: string,
): Promise<{ run(): Promise<void>; close(): Promise<void> }> {
  const { createVitest } = await import('vitest/node')
  const files = filesOf(course, slug)
  const vitest = await createVitest('test', {
    root: course.root,
    config: join(course.root, 'vitest.config.ts'),
    project: ['lessons'],
    watch: true,
    pool: 'threads',
    reporters: [{}],
  })
  await vitest.start([files.suite])
  return {
    async run() {
      vitest.invalidateFile(files.solution)
      const specifications = await vitest.globTestSpecifications([files.suite])
      await vitest.rerunTestSpecifications(specifications)
    },
    close: () => vitest.close(),
  }
}
