import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Exit } from './exit.ts'

/**
 * Whether this is the npm package and not a clone. The package's program is prebuilt: it has neither the program's
 * sources nor the packages that are built into it. In a clone, a build keeps the URLs of its sources.
 */
export const isPackaged = !import.meta.url.endsWith('.ts')

/**
 * The absolute path of the folder of the course that this file belongs to, wherever the program was called from. In
 * the package, this file is part of `dist/program/`, which is just as deep.
 */
export function projectRoot(): string {
  return path.resolve(fileURLToPath(new URL('../..', import.meta.url)))
}

/** A file or folder that the package has prebuilt; undefined in a clone, which builds it when it's needed. */
export function prebuilt(name: string): string | undefined {
  return isPackaged ? path.join(projectRoot(), 'dist', name) : undefined
}

/** The program was installed as a package, and wasn't called in a folder that `init` created. */
export class NoFolderError extends Error {
  override readonly name = 'NoFolderError'
  readonly exitCode = Exit.wrongUse

  constructor(folder: string) {
    super(
      `${folder} isn't a folder for the course. Change to the one that you created, or create one: npx eventlings init my-eventlings`,
    )
  }
}

let found: string | undefined

/**
 * Where the course at `root` keeps what belongs to the person who takes it: answers, progress, caches, and the packages
 * that an answer may import. In a clone that's the course's own folder. The package is below the learner's
 * node_modules, where nothing may be kept. Throws NoFolderError.
 */
export function ownFolder(root: string): string {
  if (!isPackaged || root !== projectRoot()) return root
  found ??= process.env.EVENTLINGS_HOME
    ? path.resolve(process.env.EVENTLINGS_HOME)
    : learnersFolder(process.cwd())
  if (found === undefined) throw new NoFolderError(process.cwd())
  return found
}

/** The closest folder, from this one up, whose package.json lists eventlings as a dependency. */
export function learnersFolder(from: string): string | undefined {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    if (usesCourse(path.join(folder, 'package.json'))) return folder
    if (folder === path.dirname(folder)) return undefined
  }
}

function usesCourse(manifest: string): boolean {
  try {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(manifest, 'utf8'))
    return 'eventlings' in { ...dependencies, ...devDependencies }
  } catch {
    return false
  }
}
