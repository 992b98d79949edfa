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

/** Another program took the borrowed database while we weren't looking, and emptied it: what was read there since means nothing. */
export class SandboxLostError extends Error {
  override readonly name = 'SandboxLostError'

  constructor() {
    super(
      'Another eventlings program took over the database while this one was paused or too busy to say that it was still using it, so there is no verdict. Run this again, or give each program a database of its own: the number at the end of the address.',
    )
  }
}

/**
 * `--redis` or `EVENTLINGS_REDIS` says something that is not a source of Redis. What it says is no part of the error, because
 * there may be a password in it.
 */
export class BadPreferenceError extends Error {
  override readonly name = 'BadPreferenceError'

  constructor(problem: string) {
    super(
      `${problem} Write auto, container, binary, embedded, or an address such as redis://localhost:6379/15.`,
    )
  }
}
