import { Turns } from '../common/turns.ts'
import { problemOfNew } from './decode.ts'
import { plainCopy } from './encode.ts'
import { BadProgressEventError } from './errors.ts'
import type { EventType, Payloads, StoredEvent } from './event.ts'
import type { ImportResult } from './import-log.ts'
import { notSavedNotice } from './notices.ts'
import { isWritable, type OpenLog, openLog, type ProgressOptions } from './open-log.ts'
import { overviewOf, type ProgressOverview } from './overview.ts'

/**
 * The learner's log of events in one folder, and what is read from it. Every read includes what other programs wrote.
 * Code that only writing needs is loaded by the first event: a cold `eventlings list` starts 13 ms sooner without it.
 */
export class ProgressLog {
  readonly #log: OpenLog
  /** One call after the other, so that this program doesn't wait for its own lock. */
  readonly #turns = new Turns()
  #saving: Promise<typeof import('./save.ts')> | undefined

  /** `folder` is `.eventlings`. Opening writes nothing; the first event creates the folder. */
  constructor(folder: string, options: ProgressOptions = {}) {
    this.#log = openLog(folder, options)
  }

  /**
   * What the learner should know about the log, in sentences, each once. There may be more of them later, or one
   * fewer.
   */
  get notices(): readonly string[] {
    const { notices, unsaved, pending } = this.#log
    return unsaved === undefined ? notices.all : [...notices.all, notSavedNotice(pending.length, unsaved)]
  }

  /** False if nothing can be saved here; a notice says why. */
  get writable(): boolean {
    return isWritable(this.#log)
  }

  /** `undefined` before the first event. An import changes it. */
  get logId(): string | undefined {
    return this.#contents().logId
  }

  overview(): ProgressOverview {
    const { state, events } = this.#contents()
    return overviewOf(state, events.length)
  }

  /**
   * Saves one event: resolves when it's written, or when that has proved impossible. It never rejects because of a
   * problem with the machine; then there's a notice, and events that can be saved later are kept for the next time,
   * or for `settle`. Rejects with BadProgressEventError for an invalid payload.
   */
  async record<Type extends Exclude<EventType, 'LOG_OPENED'>>(
    eventType: Type,
    entityId: string,
    payload: Payloads[Type],
    metadata: object = {},
  ): Promise<void> {
    const timestamp = this.#log.now().toISOString()
    const event = plainCopy({ eventId: this.#log.newId(), timestamp, eventType, entityId, payload, metadata })
    const problem = problemOfNew(event)
    if (problem !== undefined) throw new BadProgressEventError(eventType, problem)
    this.#log.pending.push(event)
    await this.#turns.take(() => this.#save())
  }

  /** Before the program ends: tries again to save what couldn't be saved. A notice says what is lost. */
  async settle(): Promise<void> {
    if (this.#log.unsaved === undefined) return
    await this.#turns.take(async () => {
      const { save } = await import('./save.ts')
      // No need to wait again after the wait for the lock.
      await save(this.#log, { ...this.#log.lock, timeoutMs: 100 })
    })
  }

  /**
   * The events after number `n` of this log, for sending them on; 0 for all. Pass the `logId` that `n` belongs to: if
   * the log continues under another ID in the meantime (an import), all events of the new one are returned. Numbers
   * rise and may have gaps.
   */
  since(n: number, logId?: string): readonly StoredEvent[] {
    const contents = this.#contents()
    const after = logId === undefined || logId === contents.logId ? n : 0
    return contents.events.filter((event) => event.logId === contents.logId && event.n > after)
  }

  /** Copies the log to a file. Throws ProgressTransferError, including for an existing file unless `force`. */
  async exportTo(
    file: string,
    options: { readonly force?: boolean } = {},
  ): Promise<{ readonly events: number }> {
    const { exportLog } = await import('./export-log.ts')
    await this.#turns.take(() => this.#save())
    exportLog(this.#log, file, options.force ?? false)
    // As import counts them: the header of a log isn't something that happened.
    const { events } = this.#log.reader.contents
    return { events: events.filter(({ eventType }) => eventType !== 'LOG_OPENED').length }
  }

  /** Merges an exported log into this one; events that are already here count once. Throws ProgressTransferError. */
  importFrom(file: string): Promise<ImportResult> {
    return this.#turns.take(async () => {
      await this.#save()
      const { importLog } = await import('./import-log.ts')
      return importLog(this.#log, file)
    })
  }

  /** All that is there at this moment. */
  #contents() {
    this.#log.reader.refresh()
    return this.#log.reader.contents
  }

  async #save(): Promise<void> {
    // Kept, because tsx calls its loader again on every `import()`: 0.3 ms of 0.6.
    this.#saving ??= import('./save.ts')
    const { save } = await this.#saving
    await save(this.#log)
  }
}
