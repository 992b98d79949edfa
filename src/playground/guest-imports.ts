import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'
import { packageResolver } from '../check/packages.ts'

/** Imports of code that is run from a cache folder: `#built/…` as in workspace/, packages as in the project's root. */
export function guestImports(root: string, mine: boolean): Plugin {
  const resolvePackage = packageResolver(root)
  return {
    name: 'guest',
    setup(plugin) {
      plugin.onResolve({ filter: /^#built\// }, ({ path }) => {
        const name = `${path.slice('#built/'.length)}.ts`
        const own = join(root, 'workspace', name)
        return { path: mine && existsSync(own) ? own : join(root, 'solutions', name) }
      })
      plugin.onResolve({ filter: /^[a-z@]/ }, ({ path }) => ({
        path: resolvePackage(path) ?? path,
        external: true,
      }))
    },
  }
}
