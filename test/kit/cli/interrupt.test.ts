import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { filesOf } from '../../../src/course/index.ts'
import { descendants, isAlive } from '../processes.ts'
import { ended, newHome, programAt, startProgram } from './program.ts'

async function until(condition: () => boolean): Promise<void> {
  const started = Date.now()
  while (!condition()) {
    if (Date.now() - started > 30_000) throw new Error('It never came true.')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test.skipIf(process.platform === 'win32').each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)(
  '%s in the middle of a check: exit code %i, and nothing is left running',
  async (signal, code) => {
    const home = await newHome()
    await mkdir(path.join(home, 'workspace'))
    // An answer that keeps the check busy for seconds: all exports are there, but the file never finishes loading.
    const solution = filesOf({ root: projectRoot() }, '01-events').solution
    const endless = `${await readFile(solution, 'utf8')}\nawait new Promise((resolve) => setTimeout(resolve, 60_000))\n`
    await writeFile(path.join(home, 'workspace', '01-events.ts'), endless)
    const child = startProgram(['check', '01'], {
      env: { EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'embedded' },
    })
    const end = ended(child)
    const pid = child.pid ?? 0
    // The Redis, the guardian and the process of the answer.
    await until(() => descendants(pid).length >= 3 || child.exitCode !== null)
    const started = descendants(pid)
    child.kill(signal)
    expect(await end).toEqual({ code, stdout: '', stderr: '' })
    // A check that was cut short has no verdict.
    const list = await programAt(home)('list', '--json')
    expect(JSON.parse(list.stdout).lessons[0]).toMatchObject({ slug: '01-events', state: 'new' })
    await until(() => !started.some(isAlive))
  },
)
