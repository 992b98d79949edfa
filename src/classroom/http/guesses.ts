import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '../limits.ts'
import { Buckets } from './bucket.ts'
import { Refusal } from './refusal.ts'

export interface GuessesOptions {
  readonly elapsed?: (() => number) | undefined
  /** Waits that many milliseconds. */
  readonly pause?: ((ms: number) => Promise<void>) | undefined
}

/**
 * Slows down clients that try codes: the answer to a wrong one takes a while, after the first few from an address. A
 * right one is answered at once, even from the same address, because a whole room may share it; guessing a code of
 * 900 million takes too long even so.
 */
export class Guesses {
  readonly #ofOne: Buckets
  readonly #pause: (ms: number) => Promise<void>
  #waiting = 0

  constructor({ elapsed, pause = (ms) => sleep(ms, undefined, { ref: false }) }: GuessesOptions = {}) {
    this.#ofOne = new Buckets(limits.wrongCodes, elapsed)
    this.#pause = pause
  }

  /** To be called once a code is known to be wrong. Rejects with Refusal, after a while. */
  async wrong(address: string, sentence: string): Promise<never> {
    const isSlowed = this.#ofOne.wait(address) > 0
    this.#ofOne.take(address)
    if (!isSlowed) throw new Refusal(401, sentence)
    if (this.#waiting >= limits.wrongCodesWaiting) {
      throw new Refusal(429, 'Too many wrong codes at once. Try again in 5 seconds.', 5)
    }
    this.#waiting += 1
    try {
      await this.#pause(limits.wrongCodeTakes)
    } finally {
      this.#waiting -= 1
    }
    throw new Refusal(401, `${sentence} After several wrong ones, each answer takes a few seconds.`)
  }
}
