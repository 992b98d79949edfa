import type { WorkerProcess } from './worker-process.ts'

/** Processes that are warming up, or warm and waiting for an answer. */
export class WorkerPool {
  readonly #start: () => WorkerProcess
  #waiting: WorkerProcess[] = []
  #wanted = 0
  #loading: WorkerProcess | undefined

  constructor(start: () => WorkerProcess) {
    this.#start = start
  }

  /** A process is warm, or warming up. */
  get isReady(): boolean {
    return this.#waiting.some((process) => process.usable)
  }

  /**
   * Makes sure that `count` processes are warm or warming up. They load one after the other, because side by side
   * none of them would be ready for a save that comes soon.
   */
  fill(count: number): void {
    this.#wanted = count
    this.#waiting = this.#waiting.filter((process) => process.usable)
    if (this.#waiting.length >= count || this.#loading?.usable === true) return
    const next = this.#start()
    this.#waiting.push(next)
    this.#loading = next
    void next.loaded().then(() => {
      if (this.#loading === next) this.#loading = undefined
      if (next.usable) this.fill(this.#wanted)
    })
  }

  /**
   * The process that is likely to be warm first. Never one that has run an answer, unless the caller asks for it. No
   * other starts beside it until `fill` is called again.
   */
  take(mayBeUsed: boolean): WorkerProcess {
    this.#wanted = 0
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.usable && (mayBeUsed || !next.used)) return next
      next.kill()
    }
    return this.#start()
  }

  /**
   * Takes the process back for another answer. Unused processes go first, because they have been loading the longest.
   */
  giveBack(process: WorkerProcess): void {
    if (process.used) this.#waiting.push(process)
    else this.#waiting.unshift(process)
  }

  close(): void {
    this.#wanted = 0
    for (const process of this.#waiting.splice(0)) process.kill()
  }
}
