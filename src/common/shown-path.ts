import path from 'node:path'

/** A path as you'd type it in that folder: relative if it's below it, otherwise absolute. */
export function shownPath(file: string, from: string = process.cwd()): string {
  const relative = path.relative(from, file)
  const isBelow = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)
  return isBelow ? relative.split(path.sep).join('/') : file
}
