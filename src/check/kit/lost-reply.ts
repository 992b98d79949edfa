import type { Redis } from 'ioredis'
import { attempt, failOnViolation, type Outcome } from './call.ts'
import { disconnectGuests } from './connections.ts'
import { lossyProxy } from './lossy-proxy.ts'
import { adminClient, cleanDatabase, connectedGuest } from './sandbox.ts'

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

const MOST_ROUNDS = 60

/**
 * Lets the 1st, 2nd, 3rd … command be executed, but loses its reply and breaks the connection. ioredis reconnects and
 * sends unanswered commands a second time, as it does in production.
 */
export async function everyLostReply<T>(loss: LostReply<T>): Promise<void> {
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    if (await oneRound(loss, round)) return
  }
}

async function oneRound<T>(loss: LostReply<T>, round: number): Promise<boolean> {
  await cleanDatabase()
  await loss.prepare?.(adminClient())
  const proxy = await lossyProxy()
  const redis = await connectedGuest({ host: '127.0.0.1', port: proxy.port, tls: undefined })
  proxy.loseReplyOf(round)
  try {
    const outcome = await attempt(loss.name ?? 'Your code', () => loss.run(redis))
    failOnViolation()
    await loss.verify({ outcome, lost: proxy.lost(), round })
    return proxy.lost() === undefined
  } finally {
    disconnectGuests()
    await proxy.close()
  }
}
