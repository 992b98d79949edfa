import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Checker, type CheckOptions, type CheckResult, openChecker } from '../../../src/check/index.ts'
import { loadCourse } from '../../../src/course/index.ts'
import { type RedisPreference, startRedis } from '../../../src/redis/index.ts'

export const fixtureRoot = fileURLToPath(new URL('./fixture', import.meta.url))
export const SLUG = '01-append'

/** A checker on the course of one small lesson, and a folder for answers. */
export interface Fixture {
  readonly folder: string
  readonly checker: Checker
  check(answer: string | Uint8Array, options?: CheckOptions): Promise<CheckResult>
  close(): Promise<void>
}

export async function openFixture(
  preference?: RedisPreference,
  onNotice?: (sentence: string) => void,
): Promise<Fixture> {
  const redis = await startRedis(preference)
  const course = await loadCourse(fixtureRoot)
  const checker = await openChecker({ course, redis, stayWarm: true, ...(onNotice && { onNotice }) })
  const folder = await mkdtemp(join(tmpdir(), 'eventlings-check-'))
  let count = 0
  return {
    folder,
    checker,
    async check(answer, options) {
      count += 1
      const path = join(folder, `answer-${count}.ts`)
      await writeFile(path, answer)
      return await checker.check(SLUG, { kind: 'file', path }, options)
    },
    async close() {
      await checker.close()
      await redis.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The first sentence that a learner would read. */
export function spelledOut(result: CheckResult): string {
  return result.tasks.find((task) => task.state === 'failed')?.diagnosis ?? result.diagnosis ?? ''
}
