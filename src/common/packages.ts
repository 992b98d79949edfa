import { existsSync, readFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Resolves a package as a file in the project's root would, for code that runs from a cache folder elsewhere. */
export function packageResolver(root: string): (name: string) => string | undefined {
  const require = createRequire(join(root, 'package.json'))
  return (name) => {
    if (isBuiltin(name)) return name
    try {
      return pathToFileURL(require.resolve(name)).href
    } catch {
      return undefined
    }
  }
}

/**
 * The packages that the project names itself. Others may be in node_modules too, but the course doesn't promise them.
 */
export function declaredPackages(root: string): ReadonlySet<string> {
  for (let folder = root; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json')
    if (existsSync(manifest)) {
      const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8'))
      return new Set([...Object.keys(dependencies), ...Object.keys(devDependencies)])
    }
    if (folder === dirname(folder)) return new Set()
  }
}

/** `@scope/name/deep` and `name/deep` belong to the package before the path. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
}
