import type { Redis } from 'ioredis'
import type { Outcome } from '../call.ts'
import { everyStrike } from './strike.ts'

export interface LostReply<T> {
  readonly prepare?: (admin: Redis) => Promise<void>
  readonly run: (redis: Redis) => Promise<T>
  readonly verify: (round: LostReplyRound<Awaited<T>>) => Promise<void> | void
  /** What a diagnosis calls the learner's function. */
  readonly name?: string
}

export interface LostReplyRound<T> {
  readonly outcome: Outcome<T>
  /** The command whose reply was lost; undefined in the last round, in which none was. */
  readonly lost: string | undefined
  readonly round: number
}

/**
 * Lets the 1st, 2nd, 3rd … command be executed, but loses its reply and breaks the connection. ioredis reconnects and
 * sends unanswered commands a second time, as it does in production.
 */
export async function everyLostReply<T>(loss: LostReply<T>): Promise<void> {
  await everyStrike('lose', {
    ...loss,
    verify: ({ struck, ...round }) => loss.verify({ ...round, lost: struck }),
  })
}
