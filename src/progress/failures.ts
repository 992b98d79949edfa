import { accessSync, constants, existsSync } from 'node:fs'
import path from 'node:path'
import { codeOf, LockTimeoutError, ProgressTransferError, saidBySystem } from './errors.ts'
import type { Places } from './places.ts'

/** What stands there already forbids to write: it cannot be read, or its format is newer. A notice has said which. */
export class NotWritableError extends Error {
  override readonly name = 'NotWritableError'
}

/** Why nothing can be saved here, or `undefined`. Looks, and does not try: on Windows it may be found out only by writing. */
export function whyNotWritable(places: Places): string | undefined {
  try {
    accessSync(nearestThatExists(places.folder), constants.W_OK)
    if (existsSync(places.log)) accessSync(places.log, constants.W_OK)
    return undefined
  } catch (error) {
    return saidBySystem(error)
  }
}

/** Will it be so the next time, too? A full disk may not be; a folder that may not be written to will. */
export function isLasting(error: unknown): boolean {
  return ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ELOOP'].includes(codeOf(error))
}

/** Why the last event is not saved yet, as a sentence. */
export function sentenceOf(error: unknown): string {
  if (error instanceof LockTimeoutError) return error.message
  return `The system says: ${saidBySystem(error)}.`
}

/** What an import says when the log could not be written. */
export function asTransferError(file: string, folder: string, error: unknown): unknown {
  if (error instanceof LockTimeoutError) {
    return new ProgressTransferError(file, 'busy', `${file} was not imported. ${error.message}`)
  }
  const unwritable = error instanceof NotWritableError
  // A mistake of ours shall look like one.
  if (!unwritable && codeOf(error) === '') return error
  const why = unwritable ? 'nothing can be saved there' : saidBySystem(error)
  const sentence = `${file} was not imported: the progress in ${folder} cannot be written (${why}).`
  return new ProgressTransferError(file, 'cannot be written', sentence)
}

function nearestThatExists(folder: string): string {
  const parent = path.dirname(folder)
  return existsSync(folder) || parent === folder ? folder : nearestThatExists(parent)
}
