import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'

/** Minimum free space where a suite's servers keep their data (bytes): many times what any suite writes. */
const NEEDED = 4 * 1024 * 1024

type Look = (folder: string) => Promise<{ readonly bavail: number; readonly bsize: number }>

/**
 * What's wrong with the disk on which a suite's servers keep their data, without a period; undefined if there's room.
 * A server on a full disk refuses writes, doesn't start, or never gets its primary's data.
 */
export async function diskProblem(look: Look = statfs): Promise<string | undefined> {
  const folder = tmpdir()
  const disk = await look(folder).catch(() => undefined) // a folder that can't be used has its own error
  if (disk === undefined) return undefined
  const free = disk.bavail * disk.bsize
  if (free >= NEEDED) return undefined
  return `the disk with ${folder} has only ${Math.floor(free / 1024)} kB left`
}
