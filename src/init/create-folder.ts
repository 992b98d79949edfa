import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Exit } from '../common/exit.ts'
import { learnersFolder } from '../common/own-folder.ts'

/** The folder can't be the learner's; the message says why, and what to do. */
export class FolderError extends Error {
  override readonly name = 'FolderError'
  readonly exitCode = Exit.wrongUse
}

/**
 * Creates the folder with these files, by their paths in it. One that an earlier, interrupted `init` has begun is
 * completed. Nothing that's there is ever changed. Rejects with FolderError.
 */
export async function createFolder(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  await assertUsable(folder)
  await mkdir(path.join(folder, 'workspace'), { recursive: true })
  for (const [name, text] of files) {
    const file = path.join(folder, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

async function assertUsable(folder: string): Promise<void> {
  if (folder.includes('*')) {
    throw new FolderError(`Choose a name without a *: Node can't load every package from ${folder}.`)
  }
  const around = learnersFolder(path.dirname(folder))
  if (around !== undefined) {
    throw new FolderError(`${folder} is inside ${around}, which is a folder for the course already.`)
  }
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    if (error.code !== 'ENOTDIR') throw error
    throw new FolderError(`${folder} is a file. Choose another name.`)
  })
  if (names.every((name) => name === '.git') || learnersFolder(folder) === folder) return
  throw new FolderError(`${folder} isn't empty. Choose another name, or empty the folder first.`)
}
