/** Workers for a lot of work: first come, first served, by the next that is free. */
export class Pool<Worker> {
  readonly #free: Worker[]
  readonly #waiting: ((worker: Worker) => void)[] = []
  #nobodyWaits: (() => void)[] = []

  constructor(workers: readonly Worker[]) {
    this.#free = [...workers]
  }

  /** Does the work as soon as a worker is free for it. */
  async use<Result>(work: (worker: Worker) => Promise<Result>): Promise<Result> {
    const worker = this.#free.shift() ?? (await new Promise<Worker>((resolve) => this.#waiting.push(resolve)))
    try {
      return await work(worker)
    } finally {
      this.#giveBack(worker)
    }
  }

  /** Resolves when all work has a worker: the time to add more. */
  async shortOfWork(): Promise<void> {
    if (this.#waiting.length > 0) await new Promise<void>((resolve) => this.#nobodyWaits.push(resolve))
  }

  #giveBack(worker: Worker): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(worker)
    else next(worker)
    if (this.#waiting.length > 0) return
    const told = this.#nobodyWaits
    this.#nobodyWaits = []
    for (const tell of told) tell()
  }
}
