import { decodeLine } from './decode.ts'
import { FORMAT, type StoredEvent } from './event.ts'
import { evolve } from './evolve.ts'
import { initialState, type ProgressState } from './state.ts'

export interface MalformedLine {
  /** Counted from 1. */
  readonly line: number
  readonly problem: string
  readonly text: string
}

/** What the lines read so far amount to. It only grows; a log that was replaced gets a new one. */
export class LogContents {
  readonly events: StoredEvent[] = []
  readonly ids = new Set<string>()
  readonly malformed: MalformedLine[] = []
  readonly unknown: StoredEvent[] = []
  state: ProgressState = initialState
  /**
   * The log that the first event names. Events of another log (from files joined by hand) are read, but not numbered
   * after.
   */
  logId: string | undefined
  /** The format of the newest header, if this program doesn't support it. */
  newerFormat: number | undefined
  #lastNumber = 0
  #unreadableSince = 0

  /**
   * The number for the next event. Unreadable lines keep theirs: a class may have received them before the power cut,
   * and no number may belong to two events.
   */
  get nextNumber(): number {
    return this.#lastNumber + this.#unreadableSince + 1
  }

  /** Takes one line without its line end. Blank lines are ignored. */
  take(text: string, line: number): void {
    if (text.trim() === '') return
    const decoded = decodeLine(text)
    if (decoded.kind === 'malformed') {
      this.malformed.push({ line, problem: decoded.problem, text })
      this.#unreadableSince += 1
      return
    }
    const { event } = decoded
    this.logId ??= event.logId
    if (event.logId === this.logId && event.n > this.#lastNumber) {
      this.#lastNumber = event.n
      this.#unreadableSince = 0
    }
    if (this.ids.has(event.eventId)) return
    this.ids.add(event.eventId)
    this.events.push(event)
    if (decoded.kind === 'unknown') {
      this.unknown.push(event)
      return
    }
    this.state = evolve(this.state, decoded.event)
    if (decoded.event.eventType !== 'LOG_OPENED') return
    const { format } = decoded.event.payload
    if (format > FORMAT) this.newerFormat = Math.max(format, this.newerFormat ?? 0)
  }
}

/** Whether the text is an event as it is. A last line may lack only its line end. */
export function isWhole(text: string): boolean {
  return decodeLine(text).kind !== 'malformed'
}
