import { mkdirSync } from 'node:fs'
import { codeOf, LockTimeoutError, saidBySystem } from '../common/errors.ts'
import { withLock } from '../common/lock.ts'
import { appendEvents, header } from './append.ts'
import { giveUpWriting, isWritable, type OpenLog } from './open-log.ts'

/** The existing log forbids writing: it can't be read, or its format is newer. A notice has said which. */
export class NotWritableError extends Error {
  override readonly name = 'NotWritableError'
}

/** Writes the waiting events at once. Never rejects: an obstacle becomes a notice, or is kept in `unsaved`. */
export async function save(log: OpenLog, options = log.lock): Promise<void> {
  log.unsaved = undefined
  if (!isWritable(log)) log.pending = []
  if (log.pending.length === 0) return
  try {
    await locked({ ...log, lock: options }, (confirm) => {
      const events = log.pending
      confirm()
      const open = () => header(log.now(), log.newId(), log.newId(), [])
      appendEvents(log.files, log.reader, events, open)
      log.pending = log.pending.slice(events.length)
    })
  } catch (error) {
    if (error instanceof NotWritableError) log.pending = []
    else if (isLasting(error)) giveUpWriting(log, saidBySystem(error))
    else log.unsaved = sentenceOf(error)
  }
}

/**
 * Runs `critical` under the lock, after reading everything. Throws NotWritableError if the content forbids writing.
 */
export async function locked<T>(log: OpenLog, critical: (confirm: () => void) => T): Promise<T> {
  if (!isWritable(log)) throw new NotWritableError()
  mkdirSync(log.files.folder, { recursive: true })
  const withAllRead = (confirm: () => void) => {
    log.reader.refresh(true)
    if (!isWritable(log)) throw new NotWritableError()
    return critical(confirm)
  }
  return withLock(log.files.lock, withAllRead, log.lock)
}

/** Whether it will fail the next time, too. A full disk may not; a read-only folder will. */
function isLasting(error: unknown): boolean {
  return ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ELOOP'].includes(codeOf(error))
}

function sentenceOf(error: unknown): string {
  if (error instanceof LockTimeoutError) return error.message
  const remedy = ['ENOSPC', 'EDQUOT'].includes(codeOf(error)) ? 'Free some space.' : 'Fix that first.'
  return `The system says: ${saidBySystem(error)}. ${remedy}`
}
