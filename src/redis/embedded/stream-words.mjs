import { ExpectedIntegerError, RedisCommandError, RedisSyntaxError } from 'js-redis-server/core'

const INT64 = 1n << 63n

/** Reads the words of a command from left to right. */
export class Words {
  #words
  #at = 0

  constructor(words) {
    this.#words = words
  }

  get left() {
    return this.#words.length - this.#at
  }

  /** The next word as it came; a syntax error if there isn't one. */
  next() {
    if (this.left === 0) throw new RedisSyntaxError()
    return this.#words[this.#at++]
  }

  rest() {
    const rest = this.#words.slice(this.#at)
    this.#at = this.#words.length
    return rest
  }

  peek() {
    return this.left === 0 ? undefined : this.#words[this.#at].toString().toUpperCase()
  }

  /** Takes the next word if it's this one. */
  takes(keyword) {
    if (this.peek() !== keyword) return false
    this.#at += 1
    return true
  }

  integer(message) {
    const text = this.next().toString()
    const value = /^(0|-?[1-9]\d*)$/.test(text) ? BigInt(text) : undefined
    if (value === undefined || value >= INT64 || value < -INT64) {
      throw message === undefined ? new ExpectedIntegerError() : new RedisCommandError(message)
    }
    return Number(value)
  }
}
