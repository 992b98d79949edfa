import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildRuntime } from '../../../src/check/host/runtime.ts'
import { WorkerProcess } from '../../../src/check/host/worker-process.ts'
import { openChecker } from '../../../src/check/index.ts'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { loadCourse } from '../../../src/course/index.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'
import { fixtureRoot, SLUG } from './fixture-course.ts'

let root: string
let redis: RunningRedis
let solution: Buffer
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'eventlings-broken-'))
  await cp(fixtureRoot, root, { recursive: true, filter: (path) => !path.includes('.eventlings') })
  await symlink(join(projectRoot(), 'node_modules'), join(root, 'node_modules'))
  redis = await startRedis('embedded')
  solution = await readFile(join(fixtureRoot, 'solutions', `${SLUG}.ts`))
})
afterAll(async () => {
  await redis.stop()
  await rm(root, { recursive: true, force: true })
})

test('an answer that was read is checked, even if its file is gone', async () => {
  const checker = await openChecker({ course: await loadCourse(root), redis })
  try {
    const path = join(root, 'nowhere', 'answer.ts')
    const result = await checker.check(SLUG, { kind: 'file', path }, { content: solution })
    expect(result).toMatchObject({ target: path, passed: true })
  } finally {
    await checker.close()
  }
})

test('an error in the worker outside all tests is reported at once', async () => {
  const runtime = await buildRuntime(root)
  const environment = { url: redis.url, kind: redis.kind, has: [], allow: [] }
  const process = new WorkerProcess(runtime.worker, environment, root)
  const record = await process.run({
    bundle: join(root, '.eventlings', 'cache', 'run', 'gone.mjs'),
    answer: join(root, 'answer.ts'),
    answerText: '',
    files: [],
    tasks: [],
    exports: [],
    allow: [],
    untilFirstFailure: false,
    lastTry: false,
    stay: false,
  })
  expect(record.reports).toContainEqual({
    kind: 'broken',
    why: expect.stringMatching(/^Error: Cannot find module '.*gone\.mjs'/),
  })
})

test('a check that breaks has no verdict and blames no one, and the next one works', async () => {
  const checker = await openChecker({ course: await loadCourse(root), redis })
  const check = () => checker.check(SLUG, { kind: 'solution' })
  try {
    expect((await check()).passed).toBe(true)
    const cache = join(root, '.eventlings', 'cache')
    for (const name of await readdir(cache)) {
      if (name.startsWith('runtime-')) await rm(join(cache, name), { recursive: true })
    }
    await expect(check()).rejects.toMatchObject({
      name: 'BrokenCheckError',
      // The spare process may have died of it before, or notices now.
      message: expect.stringMatching(
        /^The check itself failed, not your answer: (Error: Cannot find module|its process ended before)/,
      ),
    })
    expect((await check()).passed).toBe(true)
  } finally {
    await checker.close()
  }
})
