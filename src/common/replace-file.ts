import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

/**
 * Replaces a file with these contents: a reader, or a power cut, gets the old or the new file, never half of one. The
 * temporary file is beside it and is gone afterwards, even after an error.
 */
export function replaceFile(file: string, bytes: Buffer): void {
  const temporary = `${file}.${crypto.randomUUID()}.tmp`
  try {
    const created = openSync(temporary, 'wx')
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
