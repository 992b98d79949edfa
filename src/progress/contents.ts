import { decodeLine } from './decode.ts'
import { FORMAT, type StoredEvent } from './event.ts'
import { evolve } from './evolve.ts'
import { initialState, type ProgressState } from './state.ts'

export interface MalformedLine {
  /** From 1. */
  readonly line: number
  readonly problem: string
  readonly text: string
}

/** What the lines read so far amount to. It only grows; a log that was replaced gets new contents. */
export class LogContents {
  readonly events: StoredEvent[] = []
  readonly ids = new Set<string>()
  readonly malformed: MalformedLine[] = []
  readonly unknown: StoredEvent[] = []
  state: ProgressState = initialState
  /** The log that the first event names. Events of another (files joined by hand) are read, but not numbered on. */
  logId: string | undefined
  /** Of the newest header, if that is beyond this program. */
  newerFormat: number | undefined
  #lastNumber = 0
  #unreadableSince = 0

  /**
   * The number for the next event. Lines that cannot be read keep theirs: a class may have got them before the power cut,
   * and no number may stand for two events.
   */
  get nextNumber(): number {
    return this.#lastNumber + this.#unreadableSince + 1
  }

  /** Takes in one line without its end. Blank lines are nothing. */
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

/** Is the text an event as it stands? A last line may lack only its line end. */
export function isWhole(text: string): boolean {
  return decodeLine(text).kind !== 'malformed'
}
