import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { LockTimeoutError } from '../../../src/common/errors.ts'
import { withLock } from '../../../src/common/lock.ts'
import { isStale, nameOwner, readOwner } from '../../../src/common/lock-owner.ts'
import { temporaryFolder } from '../progress/sample.ts'

function lockFile(text?: string): string {
  const folder = temporaryFolder()
  mkdirSync(folder)
  const file = path.join(folder, 'progress.lock')
  if (text !== undefined) writeFileSync(file, text)
  return file
}

/** Time that passes only during waits. */
function waiting(onPause: (waited: number) => void = () => {}) {
  let time = 0
  return {
    elapsed: () => time,
    pause: async (ms: number) => {
      time += ms
      onPause(time)
    },
  }
}

const here = (pid: number) => nameOwner({ pid, host: hostname(), token: 'token' })
const dead = { isAlive: () => false }
const alive = { isAlive: () => true }

describe('whether a lock is stale', () => {
  const seen = { watchedMs: 0, ageMs: 0, host: 'here', isAlive: () => true }
  const owner = { pid: 7, host: 'here', token: 'x' }

  test.each([
    ['its owner lives', owner, seen, false],
    [
      'its owner lives and was seen for long, but took it just now',
      owner,
      { watchedMs: 60_000, ageMs: 5_000 },
      false,
    ],
    ['the machine slept for hours', owner, { watchedMs: 20, ageMs: 9_000_000 }, false],
    ['its number went to another process', owner, { watchedMs: 3_000, ageMs: 40_000 }, true],
    ['its owner is gone, seen just now', owner, { ...dead, watchedMs: 10 }, false],
    ['its owner is gone', owner, { ...dead, watchedMs: 200 }, true],
    ['its owner is on another machine', { ...owner, host: 'there' }, { ...dead, watchedMs: 2_000 }, false],
    [
      'its owner is on another machine, and it is new here',
      { ...owner, host: 'there' },
      { watchedMs: 3_000 },
      true,
    ],
    ['it names no owner yet', undefined, { watchedMs: 500 }, false],
    ['it names no owner', undefined, { watchedMs: 1_000 }, true],
  ])('%s', (_, who, change, stale) => {
    expect(isStale(who, { ...seen, ...change })).toBe(stale)
  })

  test('what is written is read', () => {
    const odd = { pid: 12, host: 'my mac.local', token: 'a-b' }
    expect(readOwner(nameOwner(odd))).toEqual(odd)
    expect(readOwner('')).toBeUndefined()
    expect(readOwner('rubbish')).toBeUndefined()
  })
})

describe('taking the lock', () => {
  test('holds it meanwhile, releases it afterward, even after an error', async () => {
    const file = lockFile()
    expect(await withLock(file, () => existsSync(file))).toBe(true)
    expect(existsSync(file)).toBe(false)
    await expect(
      withLock(file, () => {
        throw new Error('mine')
      }),
    ).rejects.toThrow('mine')
    expect(existsSync(file)).toBe(false)
  })

  test('waits until the other releases it', async () => {
    const file = lockFile(here(4711))
    const time = waiting((waited) => {
      if (waited > 500) rmSync(file, { force: true })
    })
    expect(await withLock(file, () => 'mine', { ...time, ...alive })).toBe('mine')
    expect(time.elapsed()).toBeGreaterThan(500)
  })

  test("gives up after five seconds with a sentence, and leaves the other's lock", async () => {
    const file = lockFile(here(4711))
    const time = waiting()
    const error = await withLock(file, () => 'mine', { ...time, ...alive }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(LockTimeoutError)
    expect(error).toMatchObject({ pid: 4711, file })
    expect(time.elapsed()).toBeGreaterThan(5_000)
    expect(time.elapsed()).toBeLessThan(5_200)
    expect(readFileSync(file, 'utf8')).toBe(here(4711))
  })

  test('breaks one whose owner is gone, and leaves nothing behind', async () => {
    const file = lockFile(here(4711))
    const time = waiting()
    expect(await withLock(file, () => 'mine', { ...time, ...dead })).toBe('mine')
    expect(time.elapsed()).toBeLessThan(400)
    expect(readdirSync(path.dirname(file))).toEqual([])
  })

  test('a lock that changes hands all the time is busy, not stale', async () => {
    const file = lockFile(here(1))
    const time = waiting((waited) => writeFileSync(file, here(Math.round(waited * 10))))
    await expect(withLock(file, () => 'mine', { ...time, ...dead })).rejects.toBeInstanceOf(LockTimeoutError)
  })

  test('a program killed while breaking a lock does not block the others forever', async () => {
    const file = lockFile(here(4711))
    writeFileSync(`${file}.break`, '4712')
    const longAgo = new Date(Date.now() - 60_000)
    utimesSync(`${file}.break`, longAgo, longAgo)
    expect(await withLock(file, () => 'mine', { ...waiting(), ...dead })).toBe('mine')
    expect(readdirSync(path.dirname(file))).toEqual([])
  })

  test('while one breaks it, another does not', async () => {
    const file = lockFile(here(4711))
    writeFileSync(`${file}.break`, '4712')
    await expect(withLock(file, () => 'mine', { ...waiting(), ...dead })).rejects.toBeInstanceOf(
      LockTimeoutError,
    )
    expect(readFileSync(file, 'utf8')).toBe(here(4711))
  })

  test('a lock that was stale but has a new owner by now stays', async () => {
    const file = lockFile(here(4711))
    const time = waiting()
    const isAlive = (pid: number) => {
      // Another program breaks it first, right after we have looked.
      if (pid === 4711 && time.elapsed() >= 200) writeFileSync(file, here(4712))
      return pid !== 4711
    }
    const error = await withLock(file, () => 'mine', { ...time, isAlive }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'LockTimeoutError', pid: 4712 })
    expect(readFileSync(file, 'utf8')).toBe(here(4712))
  })

  test('a lock that is lost every time causes no endless loop', async () => {
    const file = lockFile()
    let time = 0
    const result = withLock(
      file,
      (confirm) => {
        time += 1_000
        rmSync(file)
        confirm()
      },
      { elapsed: () => time },
    )
    await expect(result).rejects.toBeInstanceOf(LockTimeoutError)
  })

  test('a lock lost before writing is taken again, and the work starts over', async () => {
    const file = lockFile()
    let runs = 0
    const result = await withLock(
      file,
      (confirm) => {
        runs += 1
        if (runs === 1) writeFileSync(file, here(4711))
        confirm()
        return 'written'
      },
      { ...waiting(() => rmSync(file, { force: true })), ...alive },
    )
    expect([result, runs]).toEqual(['written', 2])
  })
})
