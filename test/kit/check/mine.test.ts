import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lessonBlamedBy } from '../../../src/check/built-on.ts'
import { type Checker, type CheckResult, openChecker } from '../../../src/check/index.ts'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { loadCourse } from '../../../src/course/index.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'
import { fixtureRoot, SLUG } from './fixture-course.ts'
import { GOOD } from './guests.ts'

/** The fixture's lesson three times: the second builds on the first, and the third on both. */
const LATER = '02-later'
const LAST = '03-last'
const ANSWER = `import { append as appendOne, Conflict } from '#built/${SLUG}'
import type { Redis } from 'ioredis'
export { Conflict }
export async function append(redis: Redis, key: string, value: string, expected: number): Promise<void> {
  await appendOne(redis, key, value, expected)
}
`

let root: string
let redis: RunningRedis
let checker: Checker
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'eventlings-mine-'))
  await cp(fixtureRoot, root, { recursive: true, filter: (path) => !path.includes('.eventlings') })
  await symlink(join(projectRoot(), 'node_modules'), join(root, 'node_modules'))
  for (const [folder, end] of [
    ['lessons', '.md'],
    ['exercises', '.ts'],
    ['solutions', '.ts'],
    ['test/lessons', '.test.ts'],
  ] as const) {
    for (const slug of [LATER, LAST])
      await cp(join(root, folder, `${SLUG}${end}`), join(root, folder, `${slug}${end}`))
  }
  for (const slug of [LATER, LAST]) {
    const suite = join(root, 'test/lessons', `${slug}.test.ts`)
    await writeFile(suite, (await readFile(suite, 'utf8')).replace(`#lesson/${SLUG}`, `#lesson/${slug}`))
  }
  await mkdir(join(root, 'workspace'))
  redis = await startRedis('embedded')
  checker = await openChecker({
    course: await loadCourse(root),
    redis,
    mine: join(root, 'workspace'),
    stayWarm: true,
  })
})
afterAll(async () => {
  await checker.close()
  await redis.stop()
  await rm(root, { recursive: true, force: true })
})

async function check(first: string, later = ANSWER): Promise<CheckResult> {
  await writeFile(join(root, 'workspace', `${SLUG}.ts`), first)
  await writeFile(join(root, 'workspace', `${LATER}.ts`), later)
  return await checker.check(LATER, { kind: 'workspace' })
}

test('a right answer built on a right one passes', async () => {
  expect((await check(GOOD)).passed).toBe(true)
})

test('a bug in the earlier file is reported there, and the stack leads to it', async () => {
  const result = await check(GOOD.replace('/* here */', "throw new Error('broken')"))
  const [task] = result.tasks
  expect(task?.diagnosis).toBe(
    `Built on your ${SLUG}.ts. With the model solution, this task passes. \`append\` threw Error: broken`,
  )
  expect(lessonBlamedBy(task?.diagnosis)).toBe(SLUG)
  expect(task?.at).toEqual({ file: `workspace/${SLUG}.ts`, line: 7 })
})

test('a bug in the answer itself is not blamed on the earlier file', async () => {
  const result = await check(GOOD, ANSWER.replace('expected)\n', 'expected + 1)\n'))
  expect(result.tasks[0]?.diagnosis).toMatch(/^`append` threw/)
})

test('an earlier file with a syntax error is named', async () => {
  const result = await check('export const = 1\n')
  expect(result.diagnosis).toMatch(
    new RegExp(
      `^Built on your ${SLUG}\\.ts\\. With the model solution, your file passes\\. Your workspace/${SLUG}\\.ts isn't valid TypeScript`,
    ),
  )
  expect(result.at).toEqual({ file: `workspace/${SLUG}.ts`, line: 1 })
})

test('an earlier file that lacks an export, or has no default, is named', async () => {
  expect((await check('export const other = 1\n')).diagnosis).toContain(
    `Your file imports \`append\` from \`#built/${SLUG}\`, which doesn't export it. It exports \`other\`.`,
  )
  const byDefault = ANSWER.replace('{ append as appendOne, Conflict }', 'appendOne, { Conflict }')
  expect((await check(GOOD, byDefault)).diagnosis).toBe(
    `Your file imports a default from \`#built/${SLUG}\`, which has no default export. Write \`import { Conflict } from '#built/${SLUG}'\`.`,
  )
})

test('an earlier file that throws while it is loaded is named', async () => {
  const result = await check(`throw new Error('no config')\n${GOOD}`)
  expect(result.diagnosis).toMatch(/^Built on your .*your file passes\. .*no config/)
  expect(result.at).toEqual({ file: `workspace/${SLUG}.ts`, line: 1 })
})

test.each([
  ['the first', `throw new Error('no config')\n${GOOD}`, GOOD, SLUG],
  ['the second', GOOD, GOOD.replace('/* here */', "throw new Error('broken')"), LATER],
])('of two earlier files, only the one with the bug is named: %s', async (_, first, second, guilty) => {
  await writeFile(join(root, 'workspace', `${SLUG}.ts`), first)
  await writeFile(join(root, 'workspace', `${LATER}.ts`), second)
  await writeFile(
    join(root, 'workspace', `${LAST}.ts`),
    `import '#built/${SLUG}'\n${ANSWER.replaceAll(SLUG, LATER)}`,
  )
  const result = await checker.check(LAST, { kind: 'workspace' })
  expect(result.diagnosis ?? result.tasks[0]?.diagnosis).toMatch(
    new RegExp(`^Built on your ${guilty}\\.ts\\. With the model solution, (this task|your file) passes\\.`),
  )
})

test('two earlier files with a bug each are both named', async () => {
  await writeFile(join(root, 'workspace', `${SLUG}.ts`), `throw new Error('no config')\n${GOOD}`)
  await writeFile(join(root, 'workspace', `${LATER}.ts`), `throw new Error('none either')\n${GOOD}`)
  await writeFile(
    join(root, 'workspace', `${LAST}.ts`),
    `import '#built/${SLUG}'\n${ANSWER.replaceAll(SLUG, LATER)}`,
  )
  expect((await checker.check(LAST, { kind: 'workspace' })).diagnosis).toContain(
    `Built on your ${SLUG}.ts and ${LATER}.ts. With the model solutions, your file passes.`,
  )
})
