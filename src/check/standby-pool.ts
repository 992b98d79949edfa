import type { StandbyProcess } from './standby-process.ts'

/** Processes that are warming up, or warm and waiting for an answer. */
export class StandbyPool {
  readonly #start: () => StandbyProcess
  #waiting: StandbyProcess[] = []

  constructor(start: () => StandbyProcess) {
    this.#start = start
  }

  /** Makes sure that at least `count` are on their way. */
  fill(count: number): void {
    this.#waiting = this.#waiting.filter((process) => process.usable)
    while (this.#waiting.length < count) this.#waiting.push(this.#start())
  }

  /** The one that is likely to be warm first; never one in which an answer has run, unless that is asked for. */
  take(mayBeUsed: boolean): StandbyProcess {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.usable && (mayBeUsed || !next.used)) return next
      next.kill()
    }
    return this.#start()
  }

  /** Waits for another answer. */
  giveBack(process: StandbyProcess): void {
    this.#waiting.push(process)
  }

  close(): void {
    for (const process of this.#waiting.splice(0)) process.kill()
  }
}
