import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { saidBySystem } from '../common/errors.ts'
import { replaceFile } from '../common/replace-file.ts'
import { ProgressTransferError } from './errors.ts'
import type { LogFiles } from './log-files.ts'
import type { OpenLog } from './open-log.ts'

/**
 * Copies the log as it is, without a truncated last line. Throws ProgressTransferError and leaves everything as it
 * was.
 */
export function exportLog({ files, reader }: OpenLog, file: string, force: boolean): void {
  reader.refresh()
  if (reader.contents.events.length === 0) {
    throw new ProgressTransferError(
      file,
      'nothing to export',
      "There's no progress yet, so nothing was exported.",
    )
  }
  refuseToOverwrite(files, file, force)
  const bytes = readFileSync(files.log).subarray(0, reader.offset)
  try {
    replaceFile(file, reader.open ? Buffer.concat([bytes, Buffer.from('\n')]) : bytes)
  } catch (error) {
    const why = existsSync(path.dirname(path.resolve(file)))
      ? saidBySystem(error)
      : "its folder doesn't exist"
    throw new ProgressTransferError(
      file,
      'cannot be written',
      `Can't write ${file}: ${why}. Choose another place.`,
    )
  }
}

function refuseToOverwrite(files: LogFiles, file: string, force: boolean): void {
  const there = statSync(file, { throwIfNoEntry: false })
  if (!there) return
  if (there.isDirectory()) {
    throw new ProgressTransferError(file, 'cannot be written', `${file} is a folder. Name the file, too.`)
  }
  if (realpathSync(file) === realpathSync(files.log)) {
    throw new ProgressTransferError(
      file,
      'exists',
      `${file} is the progress log itself. Choose another name.`,
    )
  }
  if (force) return
  throw new ProgressTransferError(
    file,
    'exists',
    `${file} already exists. Choose another name, or overwrite it with --force.`,
  )
}
