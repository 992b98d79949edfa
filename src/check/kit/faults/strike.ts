import type { Redis } from 'ioredis'
import { attempt, failOnViolation, type Outcome } from '../call.ts'
import { disconnectGuests } from '../connections.ts'
import { adminClient, cleanDatabase, connectedGuest } from '../sandbox.ts'
import { type Fault, faultyProxy } from './faulty-proxy.ts'

export interface Strikes<T> {
  readonly prepare?: (admin: Redis) => Promise<void>
  readonly run: (redis: Redis) => Promise<T>
  readonly verify: (round: StrikeRound<Awaited<T>>) => Promise<void> | void
  readonly name?: string
}

export interface StrikeRound<T> {
  readonly outcome: Outcome<T>
  /** The command that met the fault; undefined in the last round, in which none did. */
  readonly struck: string | undefined
  readonly round: number
}

const MOST_ROUNDS = 60

/** Runs the code again and again, with the fault on another command each time, until none are left. */
export async function everyStrike<T>(fault: Fault, strikes: Strikes<T>): Promise<void> {
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    if (await oneRound(fault, strikes, round)) return
  }
}

async function oneRound<T>(fault: Fault, strikes: Strikes<T>, round: number): Promise<boolean> {
  await cleanDatabase()
  await strikes.prepare?.(adminClient())
  const proxy = await faultyProxy()
  try {
    const redis = await connectedGuest({ host: '127.0.0.1', port: proxy.port, tls: undefined })
    proxy.strike(fault, round)
    const outcome = await attempt(strikes.name ?? 'Your code', () => strikes.run(redis))
    failOnViolation()
    await strikes.verify({ outcome, struck: proxy.struck(), round })
    return proxy.struck() === undefined
  } finally {
    disconnectGuests()
    await proxy.close()
  }
}
