import { accessSync, constants, existsSync } from 'node:fs'
import path from 'node:path'
import { type Home, obstacleAt } from '../../workspace/index.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

/** Looks whether one could write, and writes nothing. */
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
      ? ok('Your files', `${home.workspace} can be written.`)
      : fail('Your files', `${home.workspace} cannot be written.`, remedyFor(home.workspace)),
    writable(home.log)
      ? ok('Your progress', `${home.log} can be written.`)
      : warn('Your progress', `${home.log} cannot be written, so progress is not kept.`, remedyFor(home.log)),
    temporaryFinding(temporary),
  ]
}

function temporaryFinding(temporary: string): Finding {
  return writable(temporary)
    ? ok('Temporary files', `${temporary} can be written.`)
    : fail('Temporary files', `${temporary} cannot be written.`, 'Set TMPDIR to a folder of yours.')
}

function remedyFor(folder: string): string {
  return `Make ${nearest(folder)} yours, or set EVENTLINGS_HOME to a folder of yours.`
}

function writable(folder: string): boolean {
  try {
    accessSync(nearest(folder), constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** The folder itself, or the one in which it would be made. */
function nearest(folder: string): string {
  const parent = path.dirname(folder)
  return existsSync(folder) || parent === folder ? folder : nearest(parent)
}
