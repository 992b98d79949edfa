import { readFile } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { filesOf } from '../../../src/course/index.ts'
import { need } from '../need.ts'
import { openTerminal } from '../tmux.ts'
import { newHome, runProgram } from './program.ts'

const env = { LC_ALL: 'C', EVENTLINGS_REDIS: 'embedded' }

test.each([
  [['check', '01', '--starter'], 'x 01-events - Events failed'],
  [['run', '01', '1'], 'Snippet 1 of'],
  [['read', '04'], 'Task 1 - '],
  [['list'], '1 - Events'],
  [['--help'], 'redis://...'],
])('LC_ALL=C: %j prints ASCII', async (args, words) => {
  const { stdout, stderr } = await runProgram(args, { env: { ...env, EVENTLINGS_HOME: await newHome() } })
  expect(stdout).toContain(words)
  expect((stdout + stderr).match(/[^\n -~]/g) ?? []).toEqual([])
})

test('LC_ALL=C: a program or a file gets every character unchanged', async () => {
  const { solution } = filesOf({ root: projectRoot() }, '14-snapshots')
  const text = await readFile(solution, 'utf8')
  expect(text).toContain('·')
  expect(
    (await runProgram(['solution', '14'], { env: { ...env, EVENTLINGS_HOME: await newHome() } })).stdout,
  ).toBe(text)
  const json = (locale: string) => runProgram(['quiz', '02', '--json'], { env: { LC_ALL: locale } })
  const { stdout } = await json('C')
  expect(stdout).toMatch(/[·…’]/)
  expect(stdout).toBe((await json('C.UTF-8')).stdout)
})

const inTmux = need('tmux')
inTmux.test('a page in a terminal without Unicode has its keys below in ASCII', async () => {
  const terminal = openTerminal('node src/cli/eventlings.mjs read 01 --pages', { env })
  onTestFinished(terminal.close)
  expect(await terminal.until(/1\/\d+ {2}space next - b back - \? keys - q leave/)).not.toMatch(/[^\n -~]/)
})

for (const command of ['placement', 'reset 01', 'read 01 --pages', 'class join']) {
  inTmux.test(`${command} asks nothing on a terminal that can’t move its cursor`, async () => {
    const home = await newHome()
    await runProgram(['start', '01'], { env: { EVENTLINGS_HOME: home } })
    const dumb = { TERM: 'dumb', LC_ALL: 'C.UTF-8', EVENTLINGS_HOME: home }
    const terminal = openTerminal(`node src/cli/eventlings.mjs ${command}`, { env: dumb })
    onTestFinished(terminal.close)
    const screen = await terminal.until(/\[ended 2\]/)
    // The terminal breaks lines anywhere.
    expect(screen.replace(/\s/g, '')).toContain("can'tmoveitscursor(TERM=dumb)")
  })
}
