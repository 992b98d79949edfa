import { accessSync, constants, existsSync } from 'node:fs'
import path from 'node:path'
import { type Home, obstacleAt } from '../../learner/index.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** Checks whether files could be written, without writing any. */
export function folderFindings(
  home: Pick<Home, 'folder' | 'workspace' | 'log'>,
  temporary: string,
): readonly Finding[] {
  const obstacles = [home.folder, home.workspace, home.log].flatMap(
    (folder) => obstacleAt(folder, 'folder') ?? [],
  )
  if (obstacles.length > 0)
    return [
      ...obstacles.map(({ finding, remedy }) => fail('Your files', finding, remedy)),
      temporaryFinding(temporary),
    ]
  return [
    writable(home.workspace)
      ? ok('Your files', `${home.workspace} is writable.`)
      : fail('Your files', `${home.workspace} isn't writable.`, remedyFor(home.workspace)),
    writable(home.log)
      ? ok('Your progress', `${home.log} is writable.`)
      : warn(
          'Your progress',
          `${home.log} isn't writable, so your progress isn't kept.`,
          remedyFor(home.log),
        ),
    temporaryFinding(temporary),
  ]
}

function temporaryFinding(temporary: string): Finding {
  return writable(temporary)
    ? ok('Temporary files', `${temporary} is writable.`)
    : fail('Temporary files', `${temporary} isn't writable.`, 'Set TMPDIR to a folder of your own.')
}

function remedyFor(folder: string): string {
  return `Make ${nearest(folder)} writable for you, or set EVENTLINGS_HOME to a folder of your own.`
}

function writable(folder: string): boolean {
  try {
    accessSync(nearest(folder), constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** The folder itself, or the nearest existing folder above it. */
function nearest(folder: string): string {
  const parent = path.dirname(folder)
  return existsSync(folder) || parent === folder ? folder : nearest(parent)
}
