import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

/** What the archive takes from the course's folder. */
export interface CourseFiles {
  /** Whether this file or folder, relative to the course's folder, is part of the course. */
  has(name: string): boolean
  /** Files in the folder that are left out. */
  readonly leftOut: readonly string[]
}

/** The course at its top level, for a copy that isn't a clone, and for a folder that `init` created. */
const TOP = [
  '.biome.json',
  '.ci',
  '.cspell.config.yaml',
  '.editorconfig',
  '.github',
  '.gitignore',
  '.vscode',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'exercises',
  'lessons',
  'package-lock.json',
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'solutions',
  'src',
  'test',
  'tsconfig.json',
  'vitest.config.ts',
]

/**
 * Only what git tracks: a class list that happens to be in the folder concerns no one else. Neither are answers,
 * which a learner may keep in a repository.
 */
export async function courseFiles(root: string, env: NodeJS.ProcessEnv): Promise<CourseFiles> {
  const tracked = await list(root, env, ['--cached'])
  if (tracked.length === 0) {
    const top = new Set(TOP)
    return { has: (name) => top.has(name.split(path.sep)[0] ?? ''), leftOut: [] }
  }
  const names = new Set(tracked.filter((file) => !file.startsWith('workspace/')).flatMap(withFolders))
  const leftOut = await list(root, env, ['--others', '--exclude-standard'])
  return { has: (name) => names.has(name), leftOut }
}

/** None where there's no git, or no clone. */
async function list(
  root: string,
  env: NodeJS.ProcessEnv,
  which: readonly string[],
): Promise<readonly string[]> {
  try {
    const options = { cwd: root, env, maxBuffer: 100_000_000 }
    const { stdout } = await promisify(execFile)('git', ['ls-files', '-z', ...which], options)
    return stdout.split('\0').filter((name) => name !== '')
  } catch {
    return []
  }
}

/** `a/b/c` as the archive meets it: `a`, `a/b`, `a/b/c`. */
function withFolders(file: string): readonly string[] {
  const parts = file.split('/')
  return parts.map((_, index) => parts.slice(0, index + 1).join(path.sep))
}
