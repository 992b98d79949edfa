import { Exit } from '../common/exit.ts'
import type { RedisKind } from './types.ts'

/** No Redis is available. The message is one or two sentences: what's wrong and what to do about it. */
export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError'
  readonly exitCode = Exit.machine
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

/** How a check can lose its Redis: killed, restarted without its data, or kept busy by a script that doesn't end. */
export type Loss = 'gone' | 'restarted' | 'busy'

const LOSSES: Readonly<Record<Loss, string>> = {
  gone: 'Redis is gone',
  restarted: 'Redis was restarted in the middle of the check',
  busy: "Redis is busy with a script that doesn't end",
}

/**
 * The Redis that a check ran on was lost, so there's no verdict. A new one, or the same one taken again, may be fine.
 */
export class RedisGoneError extends Error {
  override readonly name = 'RedisGoneError'
  readonly exitCode = Exit.machine
  readonly kind: RedisKind
  /** What happened, without its period. */
  readonly what: string

  constructor(kind: RedisKind, description: string, loss: Loss = 'gone') {
    const what = `${LOSSES[loss]} (${description})`
    super(`${what}. Your answer wasn't judged, so check again.`)
    this.kind = kind
    this.what = what
  }
}

/**
 * The Redis that a check ran on doesn't work, and won't recover on its own: it's silent, full, read-only. There's no
 * verdict.
 */
export class RedisTroubleError extends Error {
  override readonly name = 'RedisTroubleError'
  readonly exitCode = Exit.machine
  readonly kind: RedisKind

  /** `what` is without its period. */
  constructor(kind: RedisKind, what: string, remedy: string) {
    super(`${what}, so your answer wasn't judged. ${remedy}`)
    this.kind = kind
  }
}

/**
 * Another program took the borrowed database while we weren't looking, and emptied it: anything read there since then
 * means nothing.
 */
export class SandboxLostError extends Error {
  override readonly name = 'SandboxLostError'
  readonly exitCode = Exit.machine

  constructor() {
    super(
      "Another eventlings program took over the database while this one was paused or too busy, so there's no verdict. Run this again, or give each program its own database: change the number at the end of the address.",
    )
  }
}

/**
 * `--redis` or `EVENTLINGS_REDIS` isn't a source of Redis. Its value isn't part of the error, because it may contain
 * a password.
 */
export class BadPreferenceError extends Error {
  override readonly name = 'BadPreferenceError'
  readonly exitCode = Exit.wrongUse

  constructor(problem: string) {
    super(
      `${problem} Write auto, container, binary, embedded, or an address such as redis://localhost:6379/15.`,
    )
  }
}
