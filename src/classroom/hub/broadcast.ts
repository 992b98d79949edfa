import type { Changes } from '../api.ts'

export type Listener = (changes: Changes) => void

/** Minimum interval between updates of pages (ms): short enough for a person, long enough for a laptop to draw. */
const PAUSE_BETWEEN = 125
/** Very many participants double the interval: that's a lecture rather than a class. */
const LONG_PAUSE = 250
const MANY = 1_000

/** Tells the pages what changed. The first change is sent at once; changes that follow closely are sent together. */
export class Broadcast {
  readonly #take: () => Changes
  readonly #listeners = new Set<Listener>()
  #timer: NodeJS.Timeout | undefined
  #toldAt = 0

  /** `take` returns what changed since its last call. */
  constructor(take: () => Changes) {
    this.#take = take
  }

  /** Calls the listener with every change from now on, several at once. Returns the function that ends it. */
  follow(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** To be called after every change. */
  schedule(participants: number): void {
    const pause = participants > MANY ? LONG_PAUSE : PAUSE_BETWEEN
    const wait = Math.max(0, this.#toldAt + pause - performance.now())
    this.#timer ??= setTimeout(() => this.#tell(), wait)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#listeners.clear()
  }

  #tell(): void {
    this.#timer = undefined
    this.#toldAt = performance.now()
    const changes = this.#take()
    for (const listener of this.#listeners) listener(changes)
  }
}
