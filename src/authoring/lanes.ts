/** Several lanes for a lot of work: first come, first served, by the next free lane. */
export class Lanes<Lane> {
  readonly #free: Lane[]
  readonly #waiting: ((lane: Lane) => void)[] = []
  #nobodyWaits: (() => void)[] = []

  constructor(lanes: readonly Lane[]) {
    this.#free = [...lanes]
  }

  /** Does the work as soon as a lane is free for it. */
  async use<Result>(work: (lane: Lane) => Promise<Result>): Promise<Result> {
    const lane = this.#free.shift() ?? (await new Promise<Lane>((resolve) => this.#waiting.push(resolve)))
    try {
      return await work(lane)
    } finally {
      this.#giveBack(lane)
    }
  }

  /** Resolves when all work has a lane: the time to add more. */
  async shortOfWork(): Promise<void> {
    if (this.#waiting.length > 0) await new Promise<void>((resolve) => this.#nobodyWaits.push(resolve))
  }

  #giveBack(lane: Lane): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(lane)
    else next(lane)
    if (this.#waiting.length > 0) return
    const told = this.#nobodyWaits
    this.#nobodyWaits = []
    for (const tell of told) tell()
  }
}
