import { accessSync, constants, lstatSync, mkdirSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** No folder can be written for what a check builds. */
export class NoCacheError extends Error {
  override readonly name = 'NoCacheError'
}

/** Where built things are kept: in the project, or beside other temporary files when the project cannot be written to. */
export function cacheFolder(root: string): string {
  const own = join(root, '.eventlings', 'cache')
  const other = join(tmpdir(), `eventlings-${user()}`)
  if (canKeep(own)) return own
  if (canKeep(other, 0o700) && isMine(other)) return other
  throw new NoCacheError(
    `What a check builds can't be kept: neither ${own} nor ${other} can be written to. Set TMPDIR to a folder of yours.`,
  )
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

/** What is in the folder will be run, and beside temporary files anybody can make one of this name. */
function isMine(folder: string): boolean {
  const info = lstatSync(folder)
  return info.isDirectory() && (process.getuid === undefined || info.uid === process.getuid())
}

/** The number, which everybody has: in a container it often comes without a name. */
function user(): string {
  return String(process.getuid?.() ?? userInfo().username.replace(/\W/g, ''))
}
