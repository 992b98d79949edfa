import { expect, test } from 'vitest'
import { idleTests, idleTestsFinding } from '../../../src/authoring/idle-tests.ts'
import { readSuite } from '../../../src/authoring/suite-code.ts'
import type { CheckResult, TaskState } from '../../../src/check/index.ts'

const suite = `
function refusals(what: string) {
  test(\`refuses \${what} as an ID\`, async () => {})
}

describe('append', () => {
  test('writes the event', async () => {
    for (const one of all) {
    }
  })

  test.skipIf(lacks('own-server'))(
    'passes on the server\\'s errors',
    async () => {},
  )

  describe('inside', () => {
    test.each([1, 2])('takes %d events', () => {})
  })
})

describe.skipIf(lacks('real-server'))('read', () => {
  // test('in a comment', () => {})
  test("writes the event", () => {})
})
`

const failing = (task: string, title: string, state: TaskState = 'failed'): CheckResult => ({
  lesson: '01-events',
  target: 'mistake.ts',
  passed: false,
  skipped: 0,
  redis: { kind: 'embedded', name: 'the embedded server', version: '7.0' },
  tasks: [{ task, state, test: title, commands: [] }],
  output: '',
  notes: [],
  ms: 1,
})

test('the tests of a suite, with their tasks, and with gaps for what their titles fill in', () => {
  expect(readSuite(suite).tests).toEqual([
    { line: 3, task: undefined, pieces: ['refuses ', ' as an ID'] },
    { line: 7, task: 'append', pieces: ['writes the event'] },
    { line: 12, task: 'append', pieces: ["passes on the server's errors"] },
    { line: 18, task: 'append', pieces: ['takes ', ' events'] },
    { line: 24, task: 'read', pieces: ['writes the event'] },
  ])
})

test('the ones in which no mistake fails are found; a test of the same name in another task counts for itself', () => {
  const lines = (...results: readonly CheckResult[]) =>
    idleTests(readSuite(suite).tests, results).map(({ line }) => line)
  expect(lines()).toEqual([3, 7, 12, 18, 24])
  expect(lines(failing('append', 'writes the event'), failing('read', 'refuses 7 as an ID'))).toEqual([
    12, 18, 24,
  ])
  expect(lines(failing('append', 'takes 2 events'), failing('append', 'writes the events'))).toEqual([
    3, 7, 12, 24,
  ])
})

test('the warning names the first lines, or all of them', () => {
  const found = (most: number, ...results: readonly CheckResult[]) =>
    idleTestsFinding(suite, results, 'suite.ts', most).map(({ level, problem }) => `${level}: ${problem}`)
  const one = failing('append', 'writes the event')
  expect(found(2, one)).toEqual([
    'warning: 4 of its 5 tests are never the first to catch a mistake (lines 3, 12, …). Add a mistake that only such a test catches, or remove the test.',
  ])
  expect(found(4, one)[0]).toContain('(lines 3, 12, 18, 24)')
  const others = ['takes 2 events', "passes on the server's errors", 'refuses 7 as an ID'].map((title) =>
    failing('append', title),
  )
  expect(found(2, one, ...others)[0]).toContain(
    '1 of its 5 tests is never the first to catch a mistake (line ',
  )
  // What this Redis skips can't catch anything here, but does elsewhere.
  expect(found(4, one, failing('read', '', 'skipped'))).toEqual([])
})
