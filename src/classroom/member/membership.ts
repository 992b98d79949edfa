import { rmSync, statSync } from 'node:fs'
import type { ClassView } from '../api.ts'
import { fieldsOf, readJson, writeJson } from '../json-file.ts'
import { classFiles } from './files.ts'

export interface Membership {
  /** `http://192.168.1.5:4280`, without a slash at its end. */
  readonly address: string
  readonly classId: string
  readonly className: string
  readonly learner: string
  readonly token: string
  readonly name: string
  readonly share: boolean
}

/**
 * How much of the progress log the class has; `size` of the file when everything was sent, so that a look shows
 * whether there's more.
 */
export interface Sent {
  readonly logId: string
  readonly n: number
  readonly size: number
  /** The ID under which the class has the log, if that isn't its own: the log here was reset to an earlier state. */
  readonly as?: string | undefined
  /** Answers up to this number were considered for sending. */
  readonly seen: number
}

/** `folder` is `.eventlings`. Undefined for a learner who isn't in a class. */
export function readMembership(folder: string): Membership | undefined {
  const found = fieldsOf(readJson(classFiles(folder).membership))
  const { address, classId, className, learner, token, name, share } = found
  if (typeof address !== 'string' || typeof classId !== 'string' || typeof learner !== 'string')
    return undefined
  if (typeof token !== 'string' || typeof name !== 'string' || typeof className !== 'string') return undefined
  return { address, classId, className, learner, token, name, share: share === true }
}

export function writeMembership(folder: string, membership: Membership): void {
  writeJson(classFiles(folder).membership, membership)
}

/** Deletes everything about the class here; progress stays. */
export function forgetMembership(folder: string): void {
  for (const file of Object.values(classFiles(folder))) rmSync(file, { recursive: true, force: true })
}

export function readSent(folder: string): Sent {
  const { logId, n, size, seen, as } = fieldsOf(readJson(classFiles(folder).sent))
  const number = (value: unknown) => (typeof value === 'number' ? value : 0)
  return {
    logId: typeof logId === 'string' ? logId : '',
    n: number(n),
    size: number(size),
    seen: number(seen),
    ...(typeof as === 'string' && { as }),
  }
}

export function writeSent(folder: string, sent: Sent): void {
  writeJson(classFiles(folder).sent, sent)
}

/** The latest news from the class; it was checked when it came. Its time is advanced since then, by our clock. */
export function readView(folder: string): ClassView | undefined {
  const file = classFiles(folder).view
  const found = fieldsOf(readJson(file))
  if (found.kind !== 'class') return undefined
  const view = found as unknown as ClassView
  const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
  return { ...view, now: new Date(Date.parse(view.now) + Math.max(0, age)).toISOString() }
}
