import { existsSync, readFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ownFolder, projectRoot } from './own-folder.ts'

/**
 * Resolves a package as a learner's file would, for code that runs from a cache folder elsewhere. What the learner's
 * folder lacks comes from the course.
 */
export function packageResolver(root: string): (name: string) => string | undefined {
  const requires = [ownFolder(root), root, projectRoot()].map((folder) =>
    createRequire(join(folder, 'package.json')),
  )
  return (name) => {
    if (isBuiltin(name)) return name
    for (const require of requires) {
      try {
        return pathToFileURL(require.resolve(name)).href
      } catch {
        // The next folder may have it.
      }
    }
    return undefined
  }
}

/**
 * The packages that the project names itself. Others may be in node_modules too, but the course doesn't promise them.
 */
export function declaredPackages(root: string): ReadonlySet<string> {
  for (let folder = ownFolder(root); ; folder = dirname(folder)) {
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
