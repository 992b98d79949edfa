import type { Plugin } from 'esbuild'
import { packageResolver } from '../common/packages.ts'
import { builtFile } from '../course/built-file.ts'

/** Imports of code that runs from a cache folder: `#built/…` as in workspace/, packages as in the project's root. */
export function guestImports(root: string, mine: string | undefined): Plugin {
  const resolvePackage = packageResolver(root)
  return {
    name: 'guest',
    setup(plugin) {
      // Done here, because esbuild takes a `*` in a path for a pattern.
      plugin.onResolve({ filter: /^([/\\]|[A-Za-z]:[/\\])/ }, ({ path }) => ({ path }))
      plugin.onResolve({ filter: /^#built\// }, ({ path }) => ({
        path: builtFile(root, path.slice('#built/'.length), mine),
      }))
      plugin.onResolve({ filter: /^[a-z@]/ }, ({ path }) => ({
        path: resolvePackage(path) ?? path,
        external: true,
      }))
    },
  }
}
