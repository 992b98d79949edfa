import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The full path of the first of these programs that's on the PATH; on Windows with the extensions in PATHEXT. */
export function findExecutable(names: readonly string[], env: NodeJS.ProcessEnv): string | undefined {
  const endings = process.platform === 'win32' ? (env.PATHEXT ?? '.EXE;.CMD').split(';') : ['']
  const folders = pathOf(env)
    .split(delimiter)
    .filter((folder) => folder !== '')
  for (const name of names) {
    for (const folder of folders) {
      const found = endings.map((ending) => join(folder, `${name}${ending}`)).find(canRun)
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** Windows calls it `Path`; a copy of the environment no longer ignores case. */
function pathOf(env: NodeJS.ProcessEnv): string {
  return env.PATH ?? env.Path ?? ''
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/** `redis-server` or `valkey-server`, whichever is installed. */
export function findRedisServer(env: NodeJS.ProcessEnv): string | undefined {
  return findExecutable(['redis-server', 'valkey-server'], env)
}
