import { copyFile, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import type { CheckResult } from '../../../src/check/index.ts'
import { junitReport } from '../../../src/cli/junit.ts'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { filesOf } from '../../../src/course/index.ts'
import { newHome, programAt } from './program.ts'

vi.setConfig({ testTimeout: 180_000 }) // several checks one after the other, even on a busy machine

const solve = (home: string, slug: string) =>
  copyFile(filesOf({ root: projectRoot() }, slug).solution, path.join(home, 'workspace', `${slug}.ts`))

test('check --all: one line for each started lesson, or for each one of a track', async () => {
  const home = await newHome()
  const eventlings = programAt(home)
  const none = await eventlings('check', '--all')
  expect(none).toMatchObject({ code: 2, stdout: '' })
  expect(none.stderr).toMatch(/^There's nothing to check, because you haven't started a lesson\./)

  await eventlings('start', '02')
  await eventlings('start', '01')
  await solve(home, '01-events')
  const red = await eventlings('check', '--all')
  expect(red.code).toBe(1)
  expect(red.stdout).toMatch(/^✓ passed {2}01 Events\n✗ failed {2}02 A list-based store\n {4}\S/)
  expect(red.stdout).toMatch(/1 of 2 passed\. More about the first failure: npx eventlings check 02\n$/)

  expect((await eventlings('check', '--all', '--mine')).stdout).toMatch(/npx eventlings check 02 --mine\n$/)

  await solve(home, '02-list-store')
  const green = await eventlings('check', '--all', '--json')
  expect(green).toMatchObject({ code: 0, stderr: '' })
  const one = (lesson: string) => expect.objectContaining({ lesson, target: 'workspace', passed: true })
  expect(JSON.parse(green.stdout)).toEqual({
    passed: true,
    results: [one('01-events'), one('02-list-store')],
    notBegun: [],
  })
  // What a learner hands in of a track is all of it.
  const track = await eventlings('check', '--track', 'ninety-minutes', '--json')
  expect(track.code).toBe(1)
  expect(JSON.parse(track.stdout)).toMatchObject({
    passed: false,
    notBegun: ['05-stream-store', '07-concurrency', '08-projections'],
  })
  expect((await eventlings('list', '--json')).stdout).toContain('"state": "passed"')
})

test('check --all --junit also writes a report in which each task is a case', async () => {
  const home = await newHome()
  const eventlings = programAt(home)
  const file = path.join(home, 'report.xml')
  await eventlings('start', '01')
  await eventlings('start', '02')
  await solve(home, '01-events')
  const { code, stdout } = await eventlings('check', '--track', 'ninety-minutes', '--junit', file)
  expect(code).toBe(1)
  expect(stdout).toMatch(/^✓ passed {2}01 Events\n✗ failed {2}02 A list-based store\n/)
  const report = await readFile(file, 'utf8')
  expect(report).toContain('<testsuite name="01-events" tests="3" failures="0" errors="0" skipped="0"')
  expect(report).toContain('<testcase classname="01-events" name="createEvent"/>')
  expect(report).toMatch(
    /<testcase classname="02-list-store" name="followEvents">\s*<failure message="`followEvents` isn't/,
  )
  expect(report).toMatch(
    /<testsuite name="08-projections" tests="1" failures="1" [^>]*>\s*<testcase [^>]*>\s*<failure/,
  )

  const nowhere = await eventlings('check', '--all', '--junit', path.join(home, 'no', 'report.xml'))
  expect(nowhere).toMatchObject({ code: 2 })
  expect(nowhere.stderr).toContain("The report couldn't be written to ")
  expect(await eventlings('check', '01', '--junit', file)).toMatchObject({ code: 2, stdout: '' })
})

test('a report is well-formed whatever an answer returned', () => {
  const failed = {
    task: 'storeEvent',
    state: 'failed',
    diagnosis: 'Expected "<a>" & got \u0000.',
    received: '\ud800 😀',
    commands: [],
  } as const
  const result: CheckResult = {
    lesson: '02-list-store',
    target: 'workspace',
    passed: false,
    skipped: 1,
    redis: { kind: 'embedded', name: 'the embedded server', version: '7.0' },
    tasks: [
      failed,
      { task: 'readEvents', state: 'skipped', reason: 'needs a real server', commands: [] },
      { task: 'followEvents', state: 'not reached', commands: [] },
    ],
    output: '',
    notes: [],
    ms: 1234,
  }
  const report = junitReport([result], [])
  expect(report).toContain('tests="3" failures="1" errors="0" skipped="2" time="1.234"')
  expect(report).toContain('message="Expected &quot;&lt;a&gt;&quot; &amp; got \ufffd."')
  expect(report).toContain('received: \ufffd 😀</failure>')
  expect(report).toContain('<skipped message="needs a real server"/>')
  const { task: _, ...ended } = failed
  expect(junitReport([{ ...result, ...ended, tasks: [] }], [])).toContain('name="answer"')
})

test.each([['01'], ['--solution'], ['--file', 'package.json']])(
  'check --all %s is refused: it checks your own answers',
  async (...words) => {
    const { code, stderr } = await programAt(await newHome())('check', '--all', ...words)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^--all and --track check your own answers/)
  },
)
