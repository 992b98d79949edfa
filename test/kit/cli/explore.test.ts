import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { recordedVersion } from '../../../src/check/index.ts'
import { loadCourse } from '../../../src/course/index.ts'
import { need } from '../need.ts'
import { starterRun } from '../recording/starter.ts'
import { openTerminal } from '../tmux.ts'
import { newHome, runProgram } from './program.ts'

/** A home in which the starter of lesson 07 was checked last. */
async function homeAfterCheck(): Promise<{ readonly home: string; readonly file: string }> {
  const home = await newHome()
  const file = path.join(home, '.eventlings', 'last-run.json')
  await mkdir(path.dirname(file))
  await writeFile(file, JSON.stringify(starterRun()))
  return { home, file }
}

const explore = (home: string, ...words: readonly string[]) =>
  runProgram(['explore', ...words], { env: { EVENTLINGS_HOME: home } })

describe('without a terminal', () => {
  test('the last run, that of a lesson, and a file are lists of steps', async () => {
    const { home, file } = await homeAfterCheck()
    const [last, ofLesson, ofFile] = await Promise.all([
      explore(home),
      explore(home, '07'),
      explore(await newHome(), file),
    ])
    expect(last).toMatchObject({ code: 0, stderr: '' })
    expect(last.stdout).toMatch(/^07-concurrency · appendEvent · lets one of two writers win\n/)
    expect(last.stdout).toMatch(/^B {2}3 .*XADD \* n:3 → …402-0 +changed$/m)
    expect(last.stdout).toMatch(/^ {8}\+ 1795954934402-0 {2}event/m)
    expect([ofLesson.stdout, ofFile.stdout]).toEqual([last.stdout, last.stdout])
  })

  test('a recording of other tests says that it is one', async () => {
    const { home, file } = await homeAfterCheck()
    const remark = 'The tests of this lesson have changed since this was recorded.'
    expect((await explore(home)).stdout).toContain(remark)
    const course = await loadCourse()
    const version = await recordedVersion(course, await course.lesson('07-concurrency'))
    await writeFile(file, JSON.stringify({ ...starterRun(), version }))
    expect((await explore(home)).stdout).not.toContain(remark)
    await writeFile(file, JSON.stringify({ ...starterRun(), lesson: '99-elsewhere' }))
    expect((await explore(home)).stdout).toContain('This course has no lesson 99-elsewhere.')
  })

  test('--json prints the recording as it is', async () => {
    const { home } = await homeAfterCheck()
    expect(JSON.parse((await explore(home, '--json')).stdout)).toEqual(starterRun())
  })

  test('what cannot be shown gets a sentence', async () => {
    const { home } = await homeAfterCheck()
    const empty = await newHome()
    const later = path.join(empty, 'later.json')
    await writeFile(later, JSON.stringify({ ...starterRun(), v: 2 }))
    const said = await Promise.all([
      explore(empty),
      explore(empty, '07'),
      explore(home, '02'),
      explore(home, 'run.json'),
      explore(home, './test'),
      explore(home, 'package.json/run.json'),
      explore(home, 'package.json'),
      explore(home, later),
    ])
    expect(said.map(({ code, stdout }) => [code, stdout])).toEqual(said.map(() => [2, '']))
    expect(said.map(({ stderr }) => stderr.trim())).toEqual([
      'No failed check has been recorded yet. To step through one that passes, run "npx eventlings check 07 --record run.json" and then "npx eventlings explore run.json".',
      'No failed check has been recorded yet. To step through one that passes, run "npx eventlings check 07 --record run.json" and then "npx eventlings explore run.json".',
      'The last recorded run is from 07-concurrency. To record one for 02-list-store, run npx eventlings check 02',
      "There's no file run.json.",
      './test is a folder. To explore a recording in it, name the file.',
      "There's no file package.json/run.json.",
      "package.json isn't a recording (at v). To make a recording, run `npx eventlings check --record FILE`.",
      expect.stringContaining(
        'later.json is a recording of version 2, but this version of eventlings reads only version 1.',
      ),
    ])
  })
})

describe('on a terminal', () => {
  async function opened(options: Parameters<typeof openTerminal>[1], flags = '') {
    const { home } = await homeAfterCheck()
    const terminal = openTerminal(`node src/cli/eventlings.mjs explore${flags}`, {
      ...options,
      env: { EVENTLINGS_HOME: home, LC_ALL: 'C.UTF-8', ...options?.env },
    })
    onTestFinished(terminal.close)
    return terminal
  }

  need('tmux').test(
    'one steps forward and back, jumps to the collision, finds a key, and leaves',
    async () => {
      const terminal = await opened({ rows: 24 })
      const first = await terminal.until(/step 4 of 4/)
      expect(first).toMatch(/^▶ {2}4 .*XADD \* n:2 → …403-0 +wrote │$/m)
      expect(first).toMatch(/^ {2}\+ 1795954934403-0 {2}event/m)
      expect(first.trimEnd().split('\n')).toHaveLength(24)
      terminal.press('Left')
      expect(await terminal.until(/step 3 of 4[\s\S]*q quit/)).not.toContain('+ 1795954934403-0')
      terminal.press('Home')
      await terminal.until(/before step 1/)
      terminal.press('c')
      await terminal.until(/step 1 of 4/)
      terminal.press('End')
      await terminal.until(/step 4 of 4/)
      terminal.press('/', 's', 'e', 'e')
      expect(await terminal.until(/\/see_[\s\S]*Enter keeps it/)).not.toContain(
        'aggregate:account:acc-1  stream',
      )
      terminal.press('Enter')
      await terminal.until(/only with "see"/)
      terminal.press('q')
      expect(await terminal.until(/\[ended 0\]/)).not.toContain('step 4')
    },
  )

  need('tmux').test('it follows the size of the terminal, down to one column', async () => {
    const terminal = await opened({ columns: 100, rows: 30 })
    await terminal.until(/│ second writer/)
    terminal.resize(60, 20)
    const narrow = await terminal.until(/A = first writer, B = second writer[\s\S]*q quit/)
    expect(narrow).toMatch(/^▶ A {2}4 .*\(held\) +wrote$/m)
    terminal.press('C-c')
    await terminal.until(/\[ended 130\]/)
  })

  need('tmux').test('it needs no color, and no more than ASCII', async () => {
    const terminal = await opened({ rows: 24, env: { LC_ALL: 'C' } }, ' --no-color')
    expect(await terminal.until(/step 4 of 4[\s\S]*q quit/)).toMatch(
      /^> {2}4 .*XADD \* n:2 -> \.\.\.403-0 +wrote \|$/m,
    )
    terminal.press('Escape')
    await terminal.until(/\[ended 0\]/)
  })

  need('tmux').test('--plain is the list', async () => {
    const terminal = await opened({ rows: 40 }, ' --plain')
    const text = await terminal.until(/\[ended 0\]/)
    expect(text).toContain('07-concurrency · appendEvent')
    expect(text).toMatch(/^A {2}4 .*\(held\) +wrote$/m)
  })
})
