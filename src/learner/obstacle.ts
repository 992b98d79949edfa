import { lstatSync, readlinkSync, statSync } from 'node:fs'
import { Exit } from '../common/exit.ts'
import type { Home } from './paths.ts'

/** Something else is where the learner's folder or file belongs. */
export class ObstacleError extends Error {
  override readonly name = 'ObstacleError'
  readonly exitCode = Exit.machine
}

export interface Obstacle {
  readonly finding: string
  readonly remedy: string
}

/** Throws ObstacleError if the learner's folder, or the file for this lesson, can't be what it should be. */
export function assertNoObstacle(home: Home, slug: string): void {
  const problem =
    obstacleAt(home.folder, 'folder') ??
    obstacleAt(home.workspace, 'folder') ??
    obstacleAt(home.answer(slug), 'file')
  if (problem !== undefined) throw new ObstacleError(`${problem.finding} ${problem.remedy}`)
}

/** Says what is at this path instead of a folder or a file; undefined if the right thing, or nothing, is there. */
export function obstacleAt(path: string, wanted: 'folder' | 'file'): Obstacle | undefined {
  const link = lstatSync(path, { throwIfNoEntry: false })
  if (link === undefined) return undefined
  const info = statSync(path, { throwIfNoEntry: false })
  if (info === undefined) {
    const finding = `${path} is a link to ${readlinkSync(path)}, which doesn't exist.`
    return { finding, remedy: 'Remove the link, then try again.' }
  }
  if (wanted === 'folder' ? info.isDirectory() : info.isFile()) return undefined
  const is = info.isDirectory() ? 'a folder' : info.isFile() ? 'a file' : 'neither a file nor a folder'
  const finding = `${path} is ${is}, but a ${wanted} belongs there.`
  return { finding, remedy: 'Move it out of the way, then try again.' }
}
