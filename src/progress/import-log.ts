import { appendFileSync, copyFileSync, readFileSync } from 'node:fs'
import { codeOf, LockTimeoutError, saidBySystem } from '../common/errors.ts'
import { replaceFile } from '../common/replace-file.ts'
import { header } from './append.ts'
import { LogContents } from './contents.ts'
import { encodeLine } from './encode.ts'
import { ProgressTransferError } from './errors.ts'
import type { StoredEvent } from './event.ts'
import type { LogFiles } from './log-files.ts'
import type { LogReader } from './log-reader.ts'
import { mergeEvents } from './merge.ts'
import { malformedNotice, type Notices } from './notices.ts'
import type { OpenLog } from './open-log.ts'
import { locked, NotWritableError } from './save.ts'
import { splitLines } from './split-lines.ts'

export interface ImportResult {
  /** Events that weren't here before. */
  readonly added: number
  /** Events of the file that were already here. */
  readonly known: number
}

/** Merges an exported log into this one. Throws ProgressTransferError, and then nothing was changed. */
export async function importLog(log: OpenLog, file: string): Promise<ImportResult> {
  const imported = readForImport(file, log.notices)
  try {
    return await locked(log, (confirm) => importInto(log, imported, confirm))
  } catch (error) {
    throw asTransferError(file, log.files.folder, error)
  }
}

/** Reads a file to import. Throws ProgressTransferError if it isn't a log, or has a newer format. */
function readForImport(file: string, notices: Notices): LogContents {
  const bytes = readBytes(file)
  const contents = new LogContents()
  const split = splitLines(bytes, true)
  for (const [index, line] of split.lines.entries()) contents.take(line, index + 1)
  if (contents.newerFormat !== undefined) {
    const sentence = `${file} was written by a newer eventlings (format ${contents.newerFormat}). Update eventlings, then import it.`
    throw new ProgressTransferError(file, 'newer format', sentence)
  }
  if (contents.events.length === 0) {
    const sentence = `${file} isn't a progress log. To make one: eventlings progress export FILE`
    throw new ProgressTransferError(file, 'no progress log', sentence)
  }
  const torn = split.torn ? [{ line: split.lineEnds + 1, problem: "it's truncated", text: '' }] : []
  const skipped = [...contents.malformed, ...torn]
  if (skipped.length > 0) notices.add(malformedNotice(file, skipped))
  return contents
}

/**
 * Merges the imported events into the log, under a new log ID and renumbered from 1: `<n>-0` of the old log, which a
 * class may have, never refers to another event. If nothing in it is new, nothing is changed.
 */
function importInto(log: OpenLog, imported: LogContents, confirm: () => void): ImportResult {
  const { files, reader } = log
  const own = withoutHeaders(reader.contents.events)
  const other = withoutHeaders(imported.events)
  const added = other.filter((event) => !reader.contents.ids.has(event.eventId)).length
  const result = { added, known: other.length - added }
  if (added === 0) return result
  const logId = log.newId()
  const continues = [...new Set([...sources(reader.contents), ...sources(imported)])].sort()
  const events = mergeEvents(own, other).map((event, index) => ({ ...event, logId, n: index + 2 }))
  const lines = [header(log.now(), log.newId(), logId, continues), ...events].map(encodeLine)
  confirm()
  keepUnreadable(files, reader)
  keepBackup(files)
  replaceFile(files.log, Buffer.from(lines.join('')))
  reader.refresh(true)
  return result
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const code = codeOf(error)
    const why =
      code === 'ENOENT' ? "the file doesn't exist" : code === 'EISDIR' ? "it's a folder" : saidBySystem(error)
    throw new ProgressTransferError(file, 'cannot be read', `Can't read ${file}: ${why}.`)
  }
}

/** Each log has one header, its own; the others live on in its `continues`. */
function withoutHeaders(events: readonly StoredEvent[]): readonly StoredEvent[] {
  return events.filter((event) => event.eventType !== 'LOG_OPENED')
}

function sources(contents: LogContents): readonly string[] {
  const earlier = contents.events.flatMap((event) => {
    const continues: unknown = event.eventType === 'LOG_OPENED' && Reflect.get(event.payload, 'continues')
    return Array.isArray(continues) ? continues.map(String) : []
  })
  return contents.logId === undefined ? earlier : [contents.logId, ...earlier]
}

/**
 * Lines that aren't events don't go into the new log; the backup has them until the next import, the side file for
 * good.
 */
function keepUnreadable(files: LogFiles, reader: LogReader): void {
  const lines = reader.contents.malformed.map(({ text }) => Buffer.from(`${text}\n`))
  const torn = reader.torn ? [reader.torn, Buffer.from('\n')] : []
  if (lines.length + torn.length > 0) appendFileSync(files.torn, Buffer.concat([...lines, ...torn]))
}

function keepBackup(files: LogFiles): void {
  try {
    copyFileSync(files.log, files.backup)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

function asTransferError(file: string, folder: string, error: unknown): unknown {
  if (error instanceof LockTimeoutError) {
    return new ProgressTransferError(file, 'busy', `${file} wasn't imported. ${error.message}`)
  }
  const unwritable = error instanceof NotWritableError
  // A bug of ours should look like one.
  if (!unwritable && codeOf(error) === '') return error
  const why = unwritable ? 'nothing can be saved there' : saidBySystem(error)
  const sentence = `${file} wasn't imported, because the progress in ${folder} can't be written (${why}).`
  return new ProgressTransferError(file, 'cannot be written', sentence)
}
