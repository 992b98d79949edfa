import { accessSync, constants, existsSync } from 'node:fs'
import path from 'node:path'
import { saidBySystem } from '../common/errors.ts'
import type { LockOptions } from '../common/lock.ts'
import type { UnplacedEvent } from './event.ts'
import { type LogFiles, logFilesIn } from './log-files.ts'
import { LogReader } from './log-reader.ts'
import { Notices, readOnlyNotice } from './notices.ts'

export interface ProgressOptions {
  readonly now?: () => Date
  /** Returns a UUID. */
  readonly newId?: () => string
  readonly lock?: LockOptions
}

/** What reading and writing share of one log. */
export interface OpenLog {
  readonly files: LogFiles
  readonly reader: LogReader
  readonly notices: Notices
  readonly now: () => Date
  readonly newId: () => string
  readonly lock: LockOptions
  /** Events that happened and aren't written yet, in order. */
  pending: UnplacedEvent[]
  /** Why the last attempt couldn't write them, as a sentence that says what to do. */
  unsaved: string | undefined
  /** Known for certain: the system doesn't let us write here. */
  readOnly: boolean
}

/** Reads the log and writes nothing. Never throws because of its content. */
export function openLog(folder: string, options: ProgressOptions): OpenLog {
  const files = logFilesIn(folder)
  const notices = new Notices()
  const reader = new LogReader(files, notices)
  const { now = () => new Date(), newId = () => crypto.randomUUID(), lock = {} } = options
  const log: OpenLog = {
    files,
    reader,
    notices,
    now,
    newId,
    lock,
    pending: [],
    unsaved: undefined,
    readOnly: false,
  }
  reader.refresh()
  const why = reader.blocked ? undefined : whyNotWritable(files)
  if (why !== undefined) giveUpWriting(log, why)
  return log
}

export function isWritable(log: OpenLog): boolean {
  return !log.readOnly && !log.reader.blocked && log.reader.contents.newerFormat === undefined
}

export function giveUpWriting(log: OpenLog, why: string): void {
  log.readOnly = true
  log.pending = []
  log.notices.add(readOnlyNotice(log.files.folder, why))
}

/** Looks without trying: on Windows only writing may show it. */
function whyNotWritable(files: LogFiles): string | undefined {
  try {
    accessSync(nearestThatExists(files.folder), constants.W_OK)
    if (existsSync(files.log)) accessSync(files.log, constants.W_OK)
    return undefined
  } catch (error) {
    return saidBySystem(error)
  }
}

function nearestThatExists(folder: string): string {
  const parent = path.dirname(folder)
  return existsSync(folder) || parent === folder ? folder : nearestThatExists(parent)
}
