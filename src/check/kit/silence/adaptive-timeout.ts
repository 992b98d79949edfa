import { cpus } from 'node:os'

/** Milliseconds of processor time since the machine, or this process, started. */
export interface Usage {
  /** Of all processors together. */
  readonly busy: number
  readonly idle: number
  readonly own: number
}

/**
 * A time limit that grows, up to three times its length, while the machine is busy with other work: there a right
 * answer is slow, and must not be mistaken for one that never ends.
 */
export class AdaptiveTimeout {
  readonly #step: number
  readonly #most: number
  readonly #usage: () => Usage
  #limit: number
  #before: Usage | undefined

  /** `limit` in the unit of `elapsed`: milliseconds or ticks. */
  constructor(limit: number, usage = currentUsage) {
    this.#limit = limit
    this.#step = limit / 2
    this.#most = limit * 3
    this.#usage = usage
  }

  /** To be called regularly. Looks at the machine only in the second half of the time, because looking isn't free. */
  isOver(elapsed: number): boolean {
    if (elapsed < this.#limit - this.#step) return false
    this.#before ??= this.#usage()
    if (elapsed < this.#limit) return false
    const now = this.#usage()
    if (this.#limit >= this.#most || !workedForOthers(this.#before, now)) return true
    this.#before = now
    this.#limit += this.#step
    return false
  }
}

/**
 * Hardly any processor was idle, and this process got less time on them than a loop takes, even among many others, so
 * what's slow here is waiting.
 */
export function workedForOthers(before: Usage, after: Usage): boolean {
  const [busy, idle, own] = [after.busy - before.busy, after.idle - before.idle, after.own - before.own]
  return idle / (busy + idle) < 0.1 && own / busy < 0.1
}

function currentUsage(): Usage {
  let [busy, idle] = [0, 0]
  for (const { times } of cpus()) {
    idle += times.idle
    busy += times.user + times.nice + times.sys + times.irq
  }
  const { user, system } = process.cpuUsage()
  return { busy, idle, own: (user + system) / 1_000 }
}
