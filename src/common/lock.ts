import { closeSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, LockLostError, LockTimeoutError } from './errors.ts'
import { isAlive as isAliveHere } from './is-alive.ts'
import { isStale, nameOwner, readOwner } from './lock-owner.ts'

export interface LockOptions {
  /** How long to try before giving up, in milliseconds; default: 5,000. */
  readonly timeoutMs?: number
  readonly isAlive?: (pid: number) => boolean
  readonly pause?: (ms: number) => Promise<unknown>
  /** A clock that only moves forward and stops while the machine sleeps, in milliseconds. */
  readonly elapsed?: () => number
}

/** Age in milliseconds at which the file left by a program that was killed while breaking a lock is removed. */
const FORGOTTEN_BREAKER = 10_000

/**
 * Runs `critical` while only this program holds the lock file, then releases it. `critical` is synchronous on
 * purpose: the lock is held for a millisecond or two, and no `await` can stretch that. It calls `confirm` right
 * before it writes; if the lock is lost by then, it runs again. Throws LockTimeoutError, or the system's error if no
 * lock can be made here at all.
 */
export async function withLock<T>(
  file: string,
  critical: (confirm: () => void) => T,
  options: LockOptions = {},
): Promise<T> {
  const elapsed = options.elapsed ?? (() => performance.now())
  const deadline = elapsed() + (options.timeoutMs ?? 5_000)
  const mine = nameOwner({ pid: process.pid, host: hostname(), token: crypto.randomUUID() })
  for (;;) {
    await take(file, mine, deadline, { ...options, elapsed })
    try {
      return critical(() => {
        if (read(file) !== mine) throw new LockLostError()
      })
    } catch (error) {
      if (!(error instanceof LockLostError)) throw error
      if (elapsed() > deadline) throw new LockTimeoutError(file, undefined, 'EEXIST')
    } finally {
      if (read(file) === mine) remove(file)
    }
  }
}

type Waiting = LockOptions & { readonly elapsed: () => number }

async function take(file: string, mine: string, deadline: number, options: Waiting): Promise<void> {
  const { isAlive = isAliveHere, pause = sleep, elapsed } = options
  let watched: { text: string | undefined; since: number } = { text: undefined, since: elapsed() }
  for (let tries = 0; ; tries += 1) {
    const refused = tryToCreate(file, mine)
    if (refused === undefined) return
    const text = read(file)
    if (text !== watched.text) watched = { text, since: elapsed() }
    const owner = text === undefined ? undefined : readOwner(text)
    const seen = { watchedMs: elapsed() - watched.since, ageMs: ageOf(file), host: hostname(), isAlive }
    const broken = text !== undefined && isStale(owner, seen) && breakLock(file, text)
    if (!broken && elapsed() > deadline) throw new LockTimeoutError(file, owner?.pid, refused)
    // Doubling up to 50 ms, and never in step with another waiting program.
    await pause(Math.min(50, 2 ** Math.min(tries, 6)) * (0.5 + Math.random()))
  }
}

/** The system's code if another program has it; throws for any other reason. */
function tryToCreate(file: string, text: string): string | undefined {
  try {
    createWith(file, text)
    return undefined
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST' || isBusyOnWindows(code)) return code
    throw error
  }
}

function createWith(file: string, text: string): void {
  const created = openSync(file, 'wx')
  try {
    writeSync(created, text)
  } catch (error) {
    // A full disk: leave no lock without an owner's name.
    remove(file)
    throw error
  } finally {
    closeSync(created)
  }
}

/**
 * Removes a stale lock. Two programs that found the same lock stale must not both do so, or the second would remove
 * the lock that the first has just taken. So this has its own lock, under which it looks again. False while another
 * program is doing it.
 */
function breakLock(file: string, stale: string): boolean {
  const breaker = `${file}.break`
  if (tryToCreate(breaker, String(process.pid)) !== undefined) {
    if (ageOf(breaker) > FORGOTTEN_BREAKER) remove(breaker)
    return false
  }
  try {
    if (read(file) === stale) remove(file)
    return true
  } finally {
    remove(breaker)
  }
}

/** `undefined` if the file doesn't exist, or can't be read now. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** Windows refuses to delete a file that another program is reading, so this retries for a tenth of a second. */
function remove(file: string): void {
  for (let tries = 0; tries < 20; tries += 1) {
    try {
      unlinkSync(file)
      return
    } catch (error) {
      if (!isBusyOnWindows(codeOf(error))) return
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  }
}

/** What Windows says about a file that another program is deleting, or has open. */
function isBusyOnWindows(code: string): boolean {
  return process.platform === 'win32' && ['EPERM', 'EBUSY', 'EACCES'].includes(code)
}

function ageOf(file: string): number {
  return Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
}
