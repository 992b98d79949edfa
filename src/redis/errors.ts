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

/** How a Redis can be lost for a check: killed, started again without its data, or kept busy by a script that doesn't end. */
export type Loss = 'gone' | 'restarted' | 'busy'

const LOSSES: Readonly<Record<Loss, string>> = {
  gone: 'Redis is gone',
  restarted: 'Redis was restarted in the middle of the check',
  busy: 'Redis is busy with a script that doesn’t end',
}

/** The Redis that a check ran on was lost under it, so there is no verdict. A new one, or the same one taken anew, may be fine. */
export class RedisGoneError extends Error {
  override readonly name = 'RedisGoneError'
  readonly kind: RedisKind
  /** What happened, without its period. */
  readonly what: string

  constructor(kind: RedisKind, description: string, loss: Loss = 'gone') {
    const what = `${LOSSES[loss]} (${description})`
    super(`${what}. Your answer was not judged; check again.`)
    this.kind = kind
    this.what = what
  }
}

/** The Redis that a check ran on doesn't do what it should, and won't by itself: it's silent, full, read-only. There is no verdict. */
export class RedisTroubleError extends Error {
  override readonly name = 'RedisTroubleError'
  readonly kind: RedisKind

  /** `what` without its period. */
  constructor(kind: RedisKind, what: string, remedy: string) {
    super(`${what}, so your answer was not judged. ${remedy}`)
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
