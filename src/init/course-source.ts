import { readFileSync } from 'node:fs'
import path from 'node:path'

/** Where a package manager gets the very package that is running. */
export interface CourseSource {
  /** For the command line: `eventlings@1.2.0`, or a tarball. */
  readonly argument: string
  /** For package.json. */
  readonly range: string
}

/**
 * `root` is the package's folder, `searchPath` the variable PATH. npx and `pnpm dlx` install the package into a folder
 * of their own, whose package.json says where it came from, and put that folder's programs on the PATH. If no one says
 * anything, it came from the registry.
 */
export function courseSource(root: string, version: string, searchPath: string): CourseSource {
  const [origin] = installers(root, searchPath).flatMap((folder) => {
    const from = dependencyIn(path.join(folder, 'package.json'))
    return from === undefined ? [] : [{ folder, from }]
  })
  if (origin !== undefined && /^https?:/.test(origin.from)) {
    return { argument: origin.from, range: origin.from }
  }
  if (origin === undefined || !/^(file:|\.{0,2}[\\/]|[A-Za-z]:[\\/])/.test(origin.from)) {
    return { argument: `eventlings@${version}`, range: `^${version}` }
  }
  const file = path.resolve(origin.folder, origin.from.replace(/^file:(\/\/(?=\/))?/, ''))
  return { argument: file, range: `file:${file.split(path.sep).join('/')}` }
}

/** Folders that may have installed the package: the one that it's in and, because pnpm links it from a store, others. */
function installers(root: string, searchPath: string): readonly string[] {
  const [above, inside] = root.split(/[\\/]node_modules[\\/]/)
  const bins = searchPath
    .split(path.delimiter)
    .filter((bin) => /[\\/]node_modules[\\/]\.bin[\\/]?$/.test(bin))
    .map((bin) => path.dirname(path.dirname(bin)))
  return above === undefined || inside === undefined ? bins : [above, ...bins]
}

function dependencyIn(manifest: string): string | undefined {
  try {
    const { dependencies } = JSON.parse(readFileSync(manifest, 'utf8'))
    return typeof dependencies?.eventlings === 'string' ? dependencies.eventlings : undefined
  } catch {
    return undefined
  }
}
