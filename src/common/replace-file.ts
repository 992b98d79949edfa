import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

/**
 * Replaces a file with these contents: a reader, or a power cut, gets the old or the new file, never half of one. The
 * temporary file is beside it and is gone afterward, even after an error. `mode` sets the new file's
 * permissions; default: the system's.
 */
export function replaceFile(file: string, bytes: Buffer, mode?: number): void {
  const temporary = `${file}.${crypto.randomUUID()}.tmp`
  try {
    const created = openSync(temporary, 'wx', mode)
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(created, bytes, written)
      // Otherwise a power cut may leave the new name with nothing in it.
      fsyncSync(created)
    } finally {
      closeSync(created)
    }
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
