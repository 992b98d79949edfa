import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { ProseFile } from './audit.ts'
import { readMarkdown } from './read-markdown.ts'
import { readTypeScript } from './read-typescript.ts'

/** Reads the prose of the project's files, or of those in `only`: paths of files or folders. */
export async function readFiles(root: string, only: readonly string[]): Promise<readonly ProseFile[]> {
  const found: ProseFile[] = []
  for (const file of await filesOf(root, only)) {
    const text = (await readFile(path.join(root, file), 'utf8')).replaceAll('\r\n', '\n')
    found.push({ file, prose: file.endsWith('.md') ? await readMarkdown(text) : readTypeScript(file, text) })
  }
  return found
}

/** What git tracks, and new files that it doesn't ignore. */
async function filesOf(root: string, only: readonly string[]): Promise<readonly string[]> {
  const list = [
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
    '--deduplicate',
    '--',
    ...only,
  ]
  const deleted = ['ls-files', '-z', '--deleted', '--', ...only]
  const [listed, gone] = await Promise.all([git(root, list), git(root, deleted)])
  return listed.filter((file) => /\.(md|m?ts|tsx|mjs)$/.test(file) && !gone.includes(file))
}

async function git(cwd: string, args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('git', args, { cwd, maxBuffer: 10_000_000 })
  return stdout.split('\0').filter((file) => file !== '')
}
