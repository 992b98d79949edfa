import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { withLock } from '../../common/lock.ts'
import { replaceFile } from '../../common/replace-file.ts'
import type { Home } from '../../learner/index.ts'
import { INVITING } from './access.ts'

/** The workbench that's open for a home. Without a key, it's the port of the last one. */
interface Running {
  readonly port: number
  readonly key?: string
}

/** A killed program leaves its note, after which another user's program may get its port, so the note counts only while its process lives. */
interface Note extends Running {
  readonly pid?: number
}

/** The reply of an open workbench to a program that has its key. */
export interface Invitation {
  readonly path: string
  /** The address that its `--origin` named. */
  readonly origin?: string
}

type Place = Pick<Home, 'log'>

/** How long another program may take to answer (ms). */
const TIMEOUT_MS = 3_000

/** The address of the workbench that's already open for this home; undefined if there's none. */
export async function invitationToOpen(home: Place, to: string): Promise<string | undefined> {
  const running = runningOf(home)
  return running && (await invitationFrom(running, to))
}

/** The port of the last workbench: pages that are still open find the next one there. */
export function lastPort(home: Place): number | undefined {
  return runningOf(home)?.port
}

/**
 * Notes that this program's workbench is the one that's open. If another program was faster, nothing is noted, and it
 * resolves with that one's address.
 */
export async function claim(home: Place, mine: Required<Running>, to: string): Promise<string | undefined> {
  mkdirSync(home.log, { recursive: true })
  let killed: string | undefined
  for (;;) {
    const other = await withLock(lockOf(home), (confirm) => {
      const there = runningOf(home)
      if (there?.key !== undefined && there.key !== mine.key && there.key !== killed) return there
      confirm()
      write(home, mine)
      return undefined
    })
    if (other === undefined) return undefined
    const address = await invitationFrom(other, to)
    if (address !== undefined) return address
    killed = other.key // it left its note
  }
}

/** Leaves only the port. */
export async function release(home: Place, mine: Required<Running>): Promise<void> {
  await withLock(lockOf(home), (confirm) => {
    if (runningOf(home)?.key !== mine.key) return
    confirm()
    write(home, { port: mine.port })
  })
}

async function invitationFrom({ port, key }: Running, to: string): Promise<string | undefined> {
  if (key === undefined) return undefined
  const origin = `http://127.0.0.1:${port}`
  try {
    const response = await fetch(`${origin}${INVITING}?${new URLSearchParams({ to })}`, {
      headers: { authorization: `Bearer ${key}` },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const reply = response.ok ? ((await response.json()) as Partial<Invitation>) : {}
    if (typeof reply.path !== 'string' || !reply.path.startsWith('/')) return undefined
    return (reply.origin ?? origin) + reply.path
  } catch {
    return undefined
  }
}

function fileOf({ log }: Place): string {
  return path.join(log, 'workbench.json')
}

function lockOf(home: Place): string {
  return `${fileOf(home)}.lock`
}

/** What's noted about the workbench of this home. */
export function runningOf(home: Place): Running | undefined {
  try {
    const { port, key, pid } = JSON.parse(readFileSync(fileOf(home), 'utf8')) as Partial<Note>
    if (!Number.isInteger(port) || port === undefined || port < 1 || port > 65_535) return undefined
    const isOpen = typeof pid === 'number' && isOurs(pid)
    return { port, ...(isOpen && typeof key === 'string' && { key }) }
  } catch {
    return undefined
  }
}

/** Whether this user has such a process; one of another user can't be signaled. */
function isOurs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** For this user's eyes only, because the key lets its owner in. */
function write(home: Place, running: Running): void {
  const note: Note = { ...running, ...(running.key !== undefined && { pid: process.pid }) }
  replaceFile(fileOf(home), Buffer.from(`${JSON.stringify(note)}\n`), 0o600)
}
