import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

/**
 * Replaces a file with these contents: a reader, or a power cut, gets the old or the new file, never half of one. The
 * temporary file is beside it and is gone afterward, even after an error. `mode` sets the new file's
 * permissions; default: the system's. `isWanted` is asked once all of it is written, which may take a while: if it
 * isn't, the file stays as it is. Returns whether it was replaced.
 */
export function replaceFile(
  file: string,
  bytes: Buffer,
  mode?: number,
  isWanted: () => boolean = () => true,
): boolean {
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
    const isStillWanted = isWanted()
    if (isStillWanted) renameSync(temporary, file)
    else rmSync(temporary)
    return isStillWanted
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
