import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { openProgress } from '../../../src/progress/index.ts'
import { linesOf, logIn, passed, temporaryFolder } from './sample.ts'

describe('where nothing can be saved', () => {
  // In a separate process without root rights, because root may write anywhere.
  const asNobody = (folder: string): { writable: boolean; notices: string[]; state: string } => {
    const script = path.join(import.meta.dirname, 'as-nobody.ts')
    return JSON.parse(
      execFileSync(process.execPath, ['--import', 'tsx', script, folder], { encoding: 'utf8' }),
    )
  }

  test.skipIf(process.platform === 'win32')(
    'a read-only folder can be read, and recording does nothing, reported once',
    async () => {
      const folder = temporaryFolder()
      await openProgress(folder).record('CHECK_PASSED', '01-events', passed())
      chmodSync(path.dirname(folder), 0o755)
      chmodSync(logIn(folder), 0o444)
      chmodSync(folder, 0o555)
      const before = readFileSync(logIn(folder), 'utf8')
      expect(asNobody(folder)).toEqual({
        writable: false,
        state: 'passed',
        notices: [
          `Progress can't be saved in ${folder} (permission denied). The course works, but it won't remember what you do now.`,
        ],
      })
      expect(readFileSync(logIn(folder), 'utf8')).toBe(before)
      chmodSync(folder, 0o755)
    },
  )

  test.skipIf(process.platform === 'win32')('a read-only project folder without progress', () => {
    const folder = temporaryFolder()
    chmodSync(path.dirname(folder), 0o555)
    expect(asNobody(folder)).toMatchObject({
      writable: false,
      state: 'new',
      notices: [expect.stringContaining('permission denied')],
    })
    expect(existsSync(folder)).toBe(false)
    chmodSync(path.dirname(folder), 0o755)
  })

  test.skipIf(process.platform === 'win32')('an unreadable log', async () => {
    const folder = temporaryFolder()
    await openProgress(folder).record('CHECK_PASSED', '01-events', passed())
    chmodSync(path.dirname(folder), 0o755)
    chmodSync(folder, 0o777)
    chmodSync(logIn(folder), 0o000)
    expect(asNobody(folder)).toEqual({
      writable: false,
      state: 'new',
      notices: [
        `${logIn(folder)} can't be read (permission denied), so progress is neither shown nor saved. Move it out of the way, or fix its permissions.`,
      ],
    })
    chmodSync(logIn(folder), 0o600)
    expect(linesOf(logIn(folder))).toHaveLength(2)
  })

  test('a folder where the log should be', async () => {
    const folder = temporaryFolder()
    mkdirSync(logIn(folder), { recursive: true })
    const progress = openProgress(folder)
    expect(progress.writable).toBe(false)
    await progress.record('CHECK_PASSED', '01-events', passed())
    await progress.record('CHECK_PASSED', '01-events', passed())
    expect(progress.notices).toEqual([
      `${logIn(folder)} can't be read (it's a folder), so progress is neither shown nor saved. Move it out of the way, or fix its permissions.`,
    ])
    expect(progress.overview().lessons).toEqual([])
  })

  test('a file where the folder should be', async () => {
    const folder = temporaryFolder()
    writeFileSync(folder, 'mine')
    const progress = openProgress(folder)
    await progress.record('CHECK_PASSED', '01-events', passed())
    expect(progress.writable).toBe(false)
    expect(progress.notices).toHaveLength(1)
    expect(readFileSync(folder, 'utf8')).toBe('mine')
  })

  test('a lock that is never released: a sentence, unless the event is saved with the next one', async () => {
    const folder = temporaryFolder()
    const lock = path.join(folder, 'progress.lock')
    let held = true
    let time = 0
    const progress = openProgress(folder, {
      lock: {
        isAlive: () => held,
        elapsed: () => time,
        pause: async (ms) => {
          time += ms
        },
      },
    })
    mkdirSync(folder)
    writeFileSync(lock, `4711 token ${hostname()}`)
    await progress.record('LESSON_OPENED', '01-events', {})
    const waited = time
    await progress.settle()
    expect(time - waited).toBeLessThan(300)
    expect(progress.notices).toEqual([
      `Your last step couldn't be saved, so it's lost. Another program (process 4711) isn't releasing the progress log. If no other eventlings is running, delete ${lock}. Then run the command again.`,
    ])
    expect(progress.writable).toBe(true)
    expect(existsSync(logIn(folder))).toBe(false)
    held = false
    await progress.record('CHECK_PASSED', '01-events', passed())
    expect(linesOf(logIn(folder))).toHaveLength(3)
    expect(progress.notices).toEqual([])
    expect(existsSync(lock)).toBe(false)
  })

  test.runIf(existsSync('/dev/full'))('a full disk: a sentence, and the learner continues', async () => {
    const folder = temporaryFolder()
    mkdirSync(folder)
    symlinkSync('/dev/full', path.join(folder, 'progress.jsonl'))
    const progress = openProgress(folder)
    await progress.record('LESSON_OPENED', '01-events', {})
    expect(progress.notices).toEqual([
      "Your last step couldn't be saved, so it's lost. The system says: no space left on device. Free some space. Then run the command again.",
    ])
    await progress.record('CHECK_PASSED', '01-events', passed())
    await progress.settle()
    expect(progress.notices).toEqual([
      expect.stringMatching(/^Your last 2 steps couldn't be saved, so they're lost/),
    ])
    expect(progress.writable).toBe(true)

    rmSync(logIn(folder))
    await progress.settle()
    expect(progress.notices).toEqual([])
    expect(linesOf(logIn(folder))).toHaveLength(3)
  })
})
