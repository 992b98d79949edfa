import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Resolves a package as a file in the project's root would, for code that is run from a cache folder elsewhere. */
export function packageResolver(root: string): (name: string) => string | undefined {
  const require = createRequire(join(root, 'package.json'))
  return (name) => {
    try {
      return pathToFileURL(require.resolve(name)).href
    } catch {
      return undefined
    }
  }
}
