import type { RedisKind } from './types.ts'

/** A Redis could not be had. The message is one or two sentences: what is wrong and what to do about it. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError'
  readonly kind: RedisKind
  readonly problem: string
  readonly remedy: string

  constructor(kind: RedisKind, problem: string, remedy: string, options?: ErrorOptions) {
    super(`${problem} ${remedy}`, options)
    this.kind = kind
    this.problem = problem
    this.remedy = remedy
  }
}

/** The Redis that a check ran on went away under it: an engine that was stopped, a server that was killed. */
export class RedisGoneError extends Error {
  override readonly name = 'RedisGoneError'
  readonly kind: RedisKind

  constructor(kind: RedisKind, description: string) {
    super(
      `The Redis under this check is gone (${description}): nothing listens there any more. Your answer was not judged; check again.`,
    )
    this.kind = kind
  }
}

/** `--redis` or `EVENTLINGS_REDIS` says something that is not a source of Redis. */
export class BadPreferenceError extends Error {
  override readonly name = 'BadPreferenceError'
  readonly text: string

  constructor(text: string, problem: string) {
    super(
      `${problem} Write auto, container, binary, embedded, or an address such as redis://localhost:6379/15.`,
    )
    this.text = text
  }
}
