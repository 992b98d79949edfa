import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { recordingSchema } from '../../../src/recording/schema.ts'
import { newHome, programAt } from './program.ts'

const modeOf = (file: string) => statSync(file).mode & 0o777

test('a failed check keeps its recording, and --record writes it to a file, for this user only', async () => {
  const home = await newHome()
  const file = path.join(home, 'run.json')
  const last = path.join(home, '.eventlings', 'last-run.json')
  const { code, stdout } = await programAt(home)('check', '07', '--starter', '--record', file)
  expect(code).toBe(1)
  expect(stdout).toMatch(/Recorded the test "lets one of two writers win" of appendEvent in\s/)
  expect(stdout.indexOf('Recorded')).toBeGreaterThan(stdout.indexOf('appendEvent'))
  for (const written of [file, last]) {
    expect(modeOf(written)).toBe(0o600)
    const recording = recordingSchema.parse(JSON.parse(readFileSync(written, 'utf8')))
    expect(recording).toMatchObject({
      lesson: '07-concurrency',
      depth: 'changes',
      collision: { kind: 'stale' },
    })
  }
})

test('a task that passed is recorded by its number; a verdict for a program keeps nothing on its own', async () => {
  const home = await newHome()
  const eventlings = programAt(home)
  const file = path.join(home, 'run.json')
  const green = await eventlings('check', '01', '--solution', '--record', file, '--task', '1', '--json')
  expect(green.code).toBe(0)
  expect(JSON.parse(green.stdout)).toMatchObject({ passed: true })
  expect(green.stderr).toContain('Recorded the test')
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ lesson: '01-events', v: 1 })
  await eventlings('check', '01', '--starter', '--json')
  expect(existsSync(path.join(home, '.eventlings', 'last-run.json'))).toBe(false)
})

test("what can't be recorded is refused before the check", async () => {
  const home = await newHome()
  const eventlings = programAt(home)
  const refused = async (sentence: RegExp, ...words: string[]) => {
    const { code, stdout, stderr } = await eventlings('check', '01', '--solution', ...words)
    expect(stderr).toMatch(sentence)
    expect([code, stdout]).toEqual([2, ''])
  }
  await refused(/^There's no folder .*nowhere/, '--record', path.join(home, 'nowhere', 'run.json'))
  await refused(/^--record needs the name of a file/, '--record', home)
  await refused(
    /^Lesson 01 has no task 9\. It has 1 /,
    '--record',
    path.join(home, 'run.json'),
    '--task',
    '9',
  )
  await refused(/^--task chooses the task to record/, '--task', '1')
  const { code, stderr } = await eventlings('check', '--all', '--record', path.join(home, 'run.json'))
  expect(code).toBe(2)
  expect(stderr).toMatch(/^--record records one test/)
  const broken = path.join(home, 'broken.ts')
  writeFileSync(broken, 'const')
  const none = await eventlings('check', '01', '--file', broken, '--record', path.join(home, 'run.json'))
  expect(none.code).toBe(1)
  expect(none.stdout).toContain('No test ran, so nothing was recorded.')
})
