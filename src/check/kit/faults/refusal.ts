import { inspect } from 'node:util'
import type { Redis } from 'ioredis'
import type { Outcome } from '../call.ts'
import { everyStrike } from './strike.ts'

export interface Refusal<T> {
  readonly prepare?: (admin: Redis) => Promise<void>
  readonly run: (redis: Redis) => Promise<T>
  readonly verify: (round: RefusalRound<Awaited<T>>) => Promise<void> | void
  /** What a diagnosis calls the learner's function. */
  readonly name?: string
}

export interface RefusalRound<T> {
  readonly outcome: Outcome<T>
  /** The command that Redis refused; undefined in the last round, in which it refused none. */
  readonly refused: string | undefined
  /** The code rejected with the error from Redis or one that it caused; true in the last round, too, if it resolved. */
  readonly isReported: boolean
  readonly round: number
}

/** Matches the error after an ACL refused a command: of the command itself, of its transaction, or of its script. */
export const NO_PERMISSION = /NOPERM|EXECABORT|can't run this command|ACL failure/ // the last two: Redis 7.0, and newer ones

/**
 * Makes Redis refuse the 1st, 2nd, 3rd … command with an error that no code expects (NOPERM). It isn't executed, but
 * what's sent after it is. Inside a transaction, the error is in one of EXEC's replies. A script is refused as a whole.
 */
export async function everyRefusal<T>(refusal: Refusal<T>): Promise<void> {
  await everyStrike('refuse', {
    ...refusal,
    verify: ({ struck, ...round }) => {
      const { outcome } = round
      const isReported = outcome.ok ? struck === undefined : inspect(outcome.error).includes('NOPERM')
      return refusal.verify({ ...round, refused: struck, isReported })
    },
  })
}
