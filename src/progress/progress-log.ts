import { mkdirSync } from 'node:fs'
import { appendEvents, header } from './append.ts'
import { problemOfNew } from './decode.ts'
import { plainCopy } from './encode.ts'
import { BadProgressEventError, saidBySystem } from './errors.ts'
import type { EventType, Payloads, StoredEvent, UnplacedEvent } from './event.ts'
import { exportLog } from './export-log.ts'
import { asTransferError, isLasting, NotWritableError, sentenceOf, whyNotWritable } from './failures.ts'
import { type ImportResult, importInto, readForImport } from './import-log.ts'
import { type LockOptions, withLock } from './lock.ts'
import { LogReader } from './log-reader.ts'
import { Notices, notSavedYetNotice, readOnlyNotice } from './notices.ts'
import { overviewOf, type ProgressOverview } from './overview.ts'
import { type Places, placesIn } from './places.ts'

export interface ProgressOptions {
  readonly now?: () => Date
  /** Gives a UUID. */
  readonly newId?: () => string
  readonly lock?: LockOptions
}

/** The learner's log of events in one folder, and what is read from it. Every reading includes what other programs wrote. */
export class ProgressLog {
  readonly #places: Places
  readonly #now: () => Date
  readonly #newId: () => string
  readonly #lock: LockOptions | undefined
  readonly #notices = new Notices()
  readonly #reader: LogReader
  #pending: UnplacedEvent[] = []
  #queue: Promise<unknown> = Promise.resolve()
  #readOnly = false

  /** `folder` is `.eventlings`. Opening writes nothing; the folder is made by the first event. */
  constructor(folder: string, options: ProgressOptions = {}) {
    this.#places = placesIn(folder)
    this.#now = options.now ?? (() => new Date())
    this.#newId = options.newId ?? (() => crypto.randomUUID())
    this.#lock = options.lock
    this.#reader = new LogReader(this.#places, this.#notices)
    this.#reader.refresh()
    const why = this.#reader.blocked ? undefined : whyNotWritable(this.#places)
    if (why !== undefined) this.#giveUpWriting(why)
  }

  /** What the learner should know about the log, in sentences, each once. There may be more of them later. */
  get notices(): readonly string[] {
    return this.#notices.all
  }

  /** False if nothing can be saved here; a notice says why. */
  get writable(): boolean {
    return !this.#readOnly && !this.#reader.blocked && this.#reader.contents.newerFormat === undefined
  }

  /** `undefined` before the first event. An import changes it. */
  get logId(): string | undefined {
    this.#reader.refresh()
    return this.#reader.contents.logId
  }

  overview(): ProgressOverview {
    this.#reader.refresh()
    const { state, events } = this.#reader.contents
    return overviewOf(state, events.length)
  }

  /**
   * Saves one event: resolves when it is written, or when that turned out to be impossible. It never rejects for what is wrong
   * with the machine; then there is a notice, and what may be saved later is kept for the next time. Rejects with
   * BadProgressEventError for a payload that is none.
   */
  async record<Type extends Exclude<EventType, 'LOG_OPENED'>>(
    eventType: Type,
    entityId: string,
    payload: Payloads[Type],
    metadata: object = {},
  ): Promise<void> {
    const timestamp = this.#now().toISOString()
    const event = plainCopy({ eventId: this.#newId(), timestamp, eventType, entityId, payload, metadata })
    const problem = problemOfNew(event)
    if (problem !== undefined) throw new BadProgressEventError(eventType, problem)
    this.#pending.push(event)
    await this.#inTurn(() => this.#flush())
  }

  /**
   * The events after number `n` of this log, for whoever sends them on; 0 for all. Pass the `logId` that `n` belongs to: if the log
   * goes on under another id meanwhile (an import), all events of the new one are returned. Numbers rise and may have gaps.
   */
  since(n: number, logId?: string): readonly StoredEvent[] {
    this.#reader.refresh()
    const { contents } = this.#reader
    const after = logId === undefined || logId === contents.logId ? n : 0
    return contents.events.filter((event) => event.logId === contents.logId && event.n > after)
  }

  /** Copies the log to a file. Throws ProgressTransferError, also for a file that exists, unless `force`. */
  async exportTo(
    file: string,
    options: { readonly force?: boolean } = {},
  ): Promise<{ readonly events: number }> {
    await this.#inTurn(() => this.#flush())
    exportLog(this.#places, this.#reader, file, options.force ?? false)
    return { events: this.#reader.contents.events.length }
  }

  /** Merges an exported log into this one; what is here already counts once. Throws ProgressTransferError. */
  async importFrom(file: string): Promise<ImportResult> {
    const imported = readForImport(file, this.#notices)
    return this.#inTurn(async () => {
      await this.#flush()
      try {
        return await this.#locked((confirm) => {
          const make = { now: this.#now, newId: this.#newId }
          return importInto(this.#places, this.#reader, imported, make, confirm)
        })
      } catch (error) {
        throw asTransferError(file, this.#places.folder, error)
      }
    })
  }

  /** One thing after the other, so that this program does not wait for its own lock. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(task)
    this.#queue = turn.catch(() => {})
    return turn
  }

  async #flush(): Promise<void> {
    if (!this.writable) this.#pending = []
    if (this.#pending.length === 0) return
    try {
      await this.#locked((confirm) => {
        const events = this.#pending
        confirm()
        appendEvents(this.#places, this.#reader, events, () =>
          header(this.#now(), this.#newId(), this.#newId(), []),
        )
        this.#pending = this.#pending.slice(events.length)
      })
    } catch (error) {
      if (error instanceof NotWritableError) this.#pending = []
      else if (isLasting(error)) this.#giveUpWriting(saidBySystem(error))
      else this.#notices.add(notSavedYetNotice(sentenceOf(error)))
    }
  }

  /** Runs `critical` under the lock, with everything read that is there. Throws NotWritableError if that forbids to write. */
  async #locked<T>(critical: (confirm: () => void) => T): Promise<T> {
    if (!this.writable) throw new NotWritableError()
    mkdirSync(this.#places.folder, { recursive: true })
    return withLock(
      this.#places.lock,
      (confirm) => {
        this.#reader.refresh(true)
        if (!this.writable) throw new NotWritableError()
        return critical(confirm)
      },
      this.#lock,
    )
  }

  #giveUpWriting(why: string): void {
    this.#readOnly = true
    this.#pending = []
    this.#notices.add(readOnlyNotice(this.#places.folder, why))
  }
}
