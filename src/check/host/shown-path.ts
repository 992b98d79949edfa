import { relative, sep } from 'node:path'
import { ownFolder } from '../../common/own-folder.ts'

/** A path as the learner knows it: relative to the course, or absolute if it's elsewhere. */
export function shownPath(root: string, path: string): string {
  const inside = relative(ownFolder(root), path)
  return inside.startsWith('..') ? path : inside.split(sep).join('/')
}
