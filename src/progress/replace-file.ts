import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

/**
 * Puts a file with these contents in place of whatever stands there: a reader, and a power cut, meet the old or the new one,
 * never half. The temporary file stands beside it and is gone afterwards, also after an error.
 */
export function replaceFile(file: string, bytes: Buffer): void {
  const temporary = `${file}.${crypto.randomUUID()}.tmp`
  try {
    const created = openSync(temporary, 'wx')
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(created, bytes, written)
      // Else a power cut may leave the new name with nothing in it.
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
