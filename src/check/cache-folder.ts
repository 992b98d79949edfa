import { accessSync, constants, mkdirSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** Where built things are kept: in the project, or beside other temporary files when the project cannot be written to. */
export function cacheFolder(root: string): string {
  const own = join(root, '.eventlings', 'cache')
  try {
    mkdirSync(own, { recursive: true })
    accessSync(own, constants.W_OK)
    return own
  } catch {
    const other = join(tmpdir(), `eventlings-${userInfo().username.replace(/\W/g, '')}`)
    mkdirSync(other, { recursive: true, mode: 0o700 })
    return other
  }
}
