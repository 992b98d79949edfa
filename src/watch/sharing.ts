import type { Visit } from './elsewhere.ts'

/**
 * Keeps checks and visits apart, because both use the same Redis: a check empties it, and a visit may run snippets
 * on it.
 */
export class Sharing {
  #visit: { readonly ended: Promise<unknown>; readonly stop: AbortController | undefined } | undefined
  #checks: Promise<unknown> = Promise.resolve()

  /** Ends the visit, or waits for its end if it can't be interrupted. */
  async check<T>(work: () => Promise<T>): Promise<T> {
    while (this.#visit !== undefined) {
      this.#visit.stop?.abort()
      await this.#visit.ended
    }
    const checking = work()
    this.#checks = checking.catch(() => {})
    return await checking
  }

  /** Work after a check that isn't worth ending a visit; undefined if there's one. */
  async aside<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#visit !== undefined) return undefined
    const working = work()
    this.#checks = working.catch(() => {})
    return await working
  }

  /** `untilSave`: a check that's due ends it. */
  async visit<T>(work: (visit: Visit) => Promise<T>, untilSave: boolean): Promise<T> {
    const stop = new AbortController()
    const visiting = work({ signal: stop.signal, idle: async () => void (await this.#checks) })
    const ended = visiting.catch(() => {})
    this.#visit = { ended, stop: untilSave ? stop : undefined }
    try {
      return await visiting
    } finally {
      this.#visit = undefined
    }
  }
}
