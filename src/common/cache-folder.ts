import { accessSync, constants, lstatSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { Exit } from './exit.ts'
import { ownFolder } from './own-folder.ts'

/** How long something stays after its last change (ms). */
const KEEP = 24 * 60 * 60 * 1000

/** There's no writable folder for what a check builds. */
export class NoCacheError extends Error {
  override readonly name = 'NoCacheError'
  readonly exitCode = Exit.machine
}

/** Where builds are kept: in the project or, if the project isn't writable, with other temporary files. */
export function cacheFolder(root: string): string {
  const own = join(ownFolder(root), '.eventlings', 'cache')
  const other = join(tmpdir(), `eventlings-${user()}`)
  if (canKeep(own)) return own
  if (canKeep(other, 0o700) && isMine(other)) return other
  throw new NoCacheError(
    `The check can't save what it builds, because neither ${own} nor ${other} is writable. Set TMPDIR to a folder of your own.`,
  )
}

/**
 * Removes what has these names and is a day old: builds of earlier sources, and what killed processes left behind. Not
 * earlier, because another terminal may still be using it.
 */
export function pruneCache(folder: string, isStale: (name: string) => boolean): void {
  if (!canKeep(folder)) return
  for (const name of readdirSync(folder).filter(isStale)) {
    const changed = statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    if (Date.now() - changed > KEEP) rmSync(join(folder, name), { recursive: true, force: true })
  }
}

function canKeep(folder: string, mode?: number): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode })
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Files in this folder are executed, and anyone can create a folder with this name among the temporary files. */
function isMine(folder: string): boolean {
  const info = lstatSync(folder)
  return info.isDirectory() && (process.getuid === undefined || info.uid === process.getuid())
}

/** The user's number, because in a container the user often has no name. */
function user(): string {
  return String(process.getuid?.() ?? userInfo().username.replace(/\W/g, ''))
}
