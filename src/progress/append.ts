import { appendFileSync, closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { encodeLine } from './encode.ts'
import { COURSE, FORMAT, type StoredEvent, type UnplacedEvent } from './event.ts'
import type { LogFiles } from './log-files.ts'
import type { LogReader } from './log-reader.ts'

/** The first line of a log. */
export function header(at: Date, eventId: string, logId: string, continues: readonly string[]): StoredEvent {
  const payload = continues.length === 0 ? { format: FORMAT } : { format: FORMAT, continues }
  const timestamp = at.toISOString()
  return { eventId, timestamp, eventType: 'LOG_OPENED', entityId: COURSE, payload, metadata: {}, logId, n: 1 }
}

/**
 * Appends the events in one write, numbered after the last event of any program. Call it under the lock, after
 * `reader.refresh(true)`. `open` makes the header of a new log. Afterwards the reader has read them.
 */
export function appendEvents(
  files: LogFiles,
  reader: LogReader,
  events: readonly UnplacedEvent[],
  open: () => StoredEvent,
): void {
  const { contents } = reader
  const first = contents.logId === undefined ? open() : undefined
  const logId = first?.logId ?? contents.logId ?? ''
  // The truncated line keeps its number, like every unreadable line.
  const from = first ? 2 : contents.nextNumber + (reader.torn ? 1 : 0)
  const placed = events.map((event, index) => encodeLine({ ...event, logId, n: from + index }))
  mend(files, reader)
  const lines = first ? [encodeLine(first), ...placed] : placed
  write(files.log, `${reader.open ? '\n' : ''}${lines.join('')}`)
  reader.refresh(true)
}

/**
 * Moves a truncated last line to the side file: copied there first, then removed here, so that it always exists in at
 * least one place.
 */
function mend(files: LogFiles, reader: LogReader): void {
  if (reader.torn === undefined) return
  appendFileSync(files.torn, Buffer.concat([reader.torn, Buffer.from('\n')]))
  const log = openSync(files.log, 'r+')
  try {
    ftruncateSync(log, reader.offset)
  } finally {
    closeSync(log)
  }
}

/** All or nothing, as far as this program can: if a full disk lets only part through, that part is removed. */
function write(file: string, text: string): void {
  const bytes = Buffer.from(text)
  const log = openSync(file, 'a')
  try {
    const { size } = fstatSync(log)
    let written = 0
    try {
      while (written < bytes.length) written += writeSync(log, bytes, written)
    } catch (error) {
      takeBack(log, size)
      throw error
    }
  } finally {
    closeSync(log)
  }
}

function takeBack(log: number, size: number): void {
  try {
    ftruncateSync(log, size)
  } catch {
    // Then the next write finds a truncated last line, and fixes it.
  }
}
