import { execFileSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { newHome, programAt } from './program.ts'

/** Something else is where the learner's folder or file belongs, and `start` and `check` say the same about it. */
describe.skipIf(process.platform === 'win32')('an obstacle in the way', () => {
  const obstacles: readonly [what: string, place: (home: string) => Promise<unknown>, says: RegExp][] = [
    [
      'workspace is a file',
      (home) => writeFile(path.join(home, 'workspace'), ''),
      /workspace is a file, but a folder belongs there\. Move it out of the way, then try again\./,
    ],
    [
      'workspace is a link to nowhere',
      (home) => symlink('/no/such/folder', path.join(home, 'workspace')),
      /workspace is a link to \/no\/such\/folder, which doesn't exist\. Remove the link, then try again\./,
    ],
    [
      'the answer is a link to nowhere',
      (home) => symlink('/no/such.ts', path.join(home, 'workspace', '01-events.ts')),
      /01-events\.ts is a link to \/no\/such\.ts, which doesn't exist\./,
    ],
    [
      'the answer is a folder',
      (home) => mkdir(path.join(home, 'workspace', '01-events.ts')),
      /01-events\.ts is a folder, but a file belongs there\./,
    ],
    [
      'the answer is a pipe',
      async (home) => execFileSync('mkfifo', [path.join(home, 'workspace', '01-events.ts')]),
      /01-events\.ts is neither a file nor a folder, but a file belongs there\./,
    ],
  ]

  test.each(obstacles)('%s', async (what, place, says) => {
    const home = await newHome()
    if (what.startsWith('the answer')) await mkdir(path.join(home, 'workspace'))
    await place(home)
    const run = programAt(home)
    for (const words of [
      ['start', '01'],
      ['check', '01'],
    ]) {
      const { code, stderr } = await run(...words)
      expect(code).toBe(3)
      expect(stderr).toMatch(says)
      expect(stderr.trim().split('\n')).toHaveLength(1)
    }
  })

  test('doctor names it', async () => {
    const home = await newHome()
    await symlink('/no/such/folder', path.join(home, 'workspace'))
    const { code, stdout } = await programAt(home)('doctor', '--json')
    expect(code).toBe(3)
    expect(stdout).toContain("which doesn't exist.")
  })
})
