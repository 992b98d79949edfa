import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { typeWarning } from '../../../src/check/host/type-error.ts'
import type { CheckResult, TaskState } from '../../../src/check/index.ts'
import { filesOf, loadCourse } from '../../../src/course/index.ts'

const course = await loadCourse()
const { root } = course
let folder: string
let mine: string
let file: string
let solution: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'eventlings-types-'))
  solution = await readFile(filesOf(course, '06-publisher').solution, 'utf8')
})
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach(async () => {
  mine = await mkdtemp(join(folder, 'workspace-'))
  file = join(mine, '06-publisher.ts')
})

function checked(state: TaskState): CheckResult {
  const redis = { kind: 'embedded' as const, name: 'the embedded server', version: '7.0' }
  const tasks = [{ task: 'publish', state, commands: [] }]
  return {
    lesson: '06-publisher',
    target: file,
    passed: true,
    skipped: 0,
    redis,
    tasks,
    output: '',
    notes: [],
    ms: 1,
  }
}

const warning = (
  options: { readonly mine?: string; readonly signal?: AbortSignal } = {},
  of = checked('passed'),
) => typeWarning(of, { root, file, timeoutMs: 600_000, ...options })

test('an answer far from the course finds its packages and earlier lessons, and has no errors', async () => {
  await writeFile(file, `import { readFileSync } from 'node:fs'\n${solution}\nreadFileSync('/dev/null')\n`)
  expect(await warning()).toBeUndefined()
})

test('the first error is one line, whatever the verdict', async () => {
  await writeFile(
    file,
    `${solution}
const publisher: number = 'text'
export const wrong: { readonly a: { readonly b: string } } = { a: { b: publisher } }
`,
  )
  const line = solution.split('\n').length + 1
  const sentence = `TypeScript: ${file}:${line}: Type 'string' is not assignable to type 'number'. (It doesn't affect the verdict.)`
  expect(await warning()).toBe(sentence)
  expect(await warning({}, checked('failed'))).toBe(sentence)
})

test('a file that could not run already has its sentence', async () => {
  await writeFile(file, 'export const = 1')
  expect(await warning({}, checked('not reached'))).toBeUndefined()
})

test('errors in other files are not reported here', async () => {
  await writeFile(join(mine, 'helper.ts'), `export const helper: number = 'text'`)
  await writeFile(file, `import { helper } from './helper.ts'\n${solution}\nexport { helper }`)
  expect(await warning()).toBeUndefined()
})

test("earlier lessons are the learner's own where the check uses those, and where they exist", async () => {
  const own = `${await readFile(filesOf(course, '05-stream-store').solution, 'utf8')}\nexport const own = 1\n`
  await writeFile(join(mine, '05-stream-store.ts'), own)
  await writeFile(file, `${solution}\nexport { own } from '#built/05-stream-store'\n`)
  expect(await warning({ mine })).toBeUndefined()
  expect(await warning()).toContain(`has no exported member 'own'`)
})

test('nothing is reported when it is stopped, or when TypeScript cannot run', async () => {
  await writeFile(file, `${solution}\nexport const wrong: number = 'text'\n`)
  expect(await warning({ signal: AbortSignal.abort() })).toBeUndefined()
  expect(await typeWarning(checked('passed'), { root: dirname(mine), file })).toBeUndefined()
  const odd = join(mine, 'a*b')
  await mkdir(odd)
  expect(await warning({ mine: odd })).toBeUndefined()
})
