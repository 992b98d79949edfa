import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the project that this file belongs to, absolute, wherever the program was called from. */
export function projectRoot(): string {
  return path.resolve(fileURLToPath(new URL('../..', import.meta.url)))
}
