import { copyFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { filesOf } from '../../../src/course/index.ts'
import { newHome, programAt } from './program.ts'

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

test.each([['01'], ['--solution'], ['--file', 'package.json']])(
  'check --all %s is refused: it checks your own answers',
  async (...words) => {
    const { code, stderr } = await programAt(await newHome())('check', '--all', ...words)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^--all and --track check your own answers/)
  },
)
