import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The absolute path of the folder of the project that this file belongs to, wherever the program was called from. */
export function projectRoot(): string {
  return path.resolve(fileURLToPath(new URL('../..', import.meta.url)))
}
