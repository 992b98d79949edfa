import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { codeOf, saidBySystem } from '../common/errors.ts'
import { LogContents } from './contents.ts'
import type { LogFiles } from './log-files.ts'
import {
  malformedNotice,
  type Notices,
  newerFormatNotice,
  tornNotice,
  unknownNotice,
  unreadableNotice,
} from './notices.ts'
import { splitLines } from './split-lines.ts'

/** Bytes that identify a log: they include the header's `eventId`. */
const FINGERPRINT = 64

/**
 * The log as far as it was read. `refresh` reads what any program added since; a log that was replaced (import) or
 * deleted in the meantime is read again. Synchronous, so that a caller reads a consistent state.
 */
export class LogReader {
  contents = new LogContents()
  /** The truncated end of the file, not counted in `offset`. */
  torn: Buffer | undefined
  /** How many bytes of the file are read and valid. */
  offset = 0
  /** The file ends without a line end, so the next write has to start with one. */
  open = false
  /** There's something at the log's path, and it can't be read. */
  blocked = false
  readonly #files: LogFiles
  readonly #notices: Notices
  #lineEnds = 0
  #fingerprint = ''

  constructor(files: LogFiles, notices: Notices) {
    this.#files = files
    this.#notices = notices
  }

  /** `locked`: the caller holds the lock, so a truncated last line isn't one that's being written. Never throws. */
  refresh(locked = false): void {
    const { contents } = this
    const seen = { contents, malformed: contents.malformed.length, unknown: contents.unknown.length }
    const cutOff = this.#read()
    if (cutOff && (locked || this.#isStillCutOff())) {
      this.#notices.add(tornNotice(this.#files.log, this.#files.torn))
    }
    this.#report(seen)
  }

  /**
   * A reader may see half of what another program writes. Then there's a lock, or the rest is there a moment later.
   */
  #isStillCutOff(): boolean {
    if (existsSync(this.#files.lock)) return false
    const length = this.torn?.length
    return this.#read() && this.torn?.length === length
  }

  /** Continues reading. True if the end of the file isn't an event. */
  #read(): boolean {
    let file: number
    try {
      file = openSync(this.#files.log, 'r')
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') this.#block(error)
      else {
        this.#startOver('')
        this.blocked = false
      }
      return false
    }
    try {
      const { size } = fstatSync(file)
      const fingerprint = slice(file, 0, Math.min(size, FINGERPRINT)).toString('latin1')
      // While a log is shorter than these bytes, growing changes them: reading it again loses nothing.
      if (size < this.offset || fingerprint !== this.#fingerprint) this.#startOver(fingerprint)
      this.#take(slice(file, this.offset, size))
      this.blocked = false
    } catch (error) {
      this.#block(error)
    } finally {
      closeSync(file)
    }
    return this.torn !== undefined
  }

  #take(chunk: Buffer): void {
    if (chunk.length === 0) {
      this.torn = undefined
      return
    }
    const split = splitLines(chunk, this.offset === 0)
    for (const [index, line] of split.lines.entries()) this.contents.take(line, this.#lineEnds + index + 1)
    this.offset += split.bytes
    this.#lineEnds += split.lineEnds
    this.torn = split.torn
    if (split.bytes > 0) this.open = split.open
  }

  #startOver(fingerprint: string): void {
    this.contents = new LogContents()
    this.torn = undefined
    this.offset = 0
    this.open = false
    this.#lineEnds = 0
    this.#fingerprint = fingerprint
  }

  #block(error: unknown): void {
    this.#startOver('')
    this.blocked = true
    const why = codeOf(error) === 'EISDIR' ? "it's a folder" : saidBySystem(error)
    this.#notices.add(unreadableNotice(this.#files.log, why))
  }

  /** Reports odd lines that are new since `seen`. */
  #report(seen: Seen): void {
    const { contents } = this
    const { log } = this.#files
    if (contents.newerFormat !== undefined) {
      this.#notices.add(newerFormatNotice(log, contents.newerFormat))
      return
    }
    const same = seen.contents === contents
    const malformed = contents.malformed.slice(same ? seen.malformed : 0)
    const unknown = contents.unknown.slice(same ? seen.unknown : 0)
    if (malformed.length > 0) this.#notices.add(malformedNotice(log, malformed))
    if (unknown.length > 0) this.#notices.add(unknownNotice(log, unknown))
  }
}

interface Seen {
  readonly contents: LogContents
  readonly malformed: number
  readonly unknown: number
}

/** The bytes from `start` to `end`, or as many as there are. */
function slice(file: number, start: number, end: number): Buffer {
  const buffer = Buffer.alloc(Math.max(0, end - start))
  let filled = 0
  while (filled < buffer.length) {
    const count = readSync(file, buffer, filled, buffer.length - filled, start + filled)
    if (count === 0) break
    filled += count
  }
  return buffer.subarray(0, filled)
}
