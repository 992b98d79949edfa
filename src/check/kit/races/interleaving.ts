import type { Redis } from 'ioredis'
import { attempt, failOnViolation, type Outcome } from '../call.ts'
import { disconnectGuests } from '../connections.ts'
import { type Faults, type Handling, withFaults } from '../context.ts'
import { adminClient, cleanDatabase, connectedGuest } from '../sandbox.ts'
import { pauseOnClock } from '../silence/pulse.ts'
import { asCaller, newCaller } from './callers.ts'

export interface Race<A, B> {
  /** Sets up what is there before either caller starts; each round begins with a clean database. */
  readonly prepare?: (admin: Redis) => Promise<void>
  readonly first: (redis: Redis) => Promise<A>
  readonly second: (redis: Redis) => Promise<B>
  /** Looks at both outcomes and at the database; throws (verify, verifyEqual) when the round went wrong. */
  readonly verify: (round: RaceRound<Awaited<A>, Awaited<B>>) => Promise<void> | void
  /**
   * Both share one connection, as parts of one program do. There, `second` can't get into the middle of a pipeline.
   */
  readonly sameConnection?: boolean
  /** What a diagnosis calls the learner's function, for example `append`. */
  readonly name?: string
}

export interface RaceRound<A, B> {
  readonly first: Outcome<A>
  readonly second: Outcome<B>
  /**
   * The command of `first` that was held back while `second` ran; undefined in the last round, when second ran after
   * first.
   */
  readonly held: string | undefined
  /** The command of `first` before that one. */
  readonly after: string | undefined
  /** `second` wasn't done before `first` continued: it may have waited for it, in a queue or for a lock. */
  readonly waited: boolean
  readonly round: number
}

/**
 * Maximum number of rounds: enough for any answer of sensible size. One that sends more is tried at its first
 * commands.
 */
const MOST_ROUNDS = 60
/**
 * How long second may wait for something that first holds (a lock): then first continues, which is a fair race too.
 * Also how long second waits for replies to what first sent before it was held. Measured on the clock of the
 * learner's code.
 */
const TIMEOUT_MS = 1_000

/**
 * Makes the race happen on purpose: `first` is held before its 1st, 2nd, 3rd … command while `second` runs from start
 * to finish. If the check and the write are two commands, the round between them catches it, whatever commands those
 * are, and even if they're sent in one pipeline: Redis executes other clients' commands between those of a pipeline.
 */
export async function everyInterleaving<A, B>(race: Race<A, B>): Promise<void> {
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const last = await oneRound(race, round)
    if (last) return
  }
}

async function oneRound<A, B>(race: Race<A, B>, round: number): Promise<boolean> {
  await cleanDatabase()
  await race.prepare?.(adminClient())
  const mine = await connectedGuest()
  const theirs = race.sameConnection === true ? mine : await connectedGuest()
  const point = stopBefore(round, race.sameConnection === true)
  const name = race.name ?? 'Your code'
  try {
    const first = asCaller(newCaller('first'), () =>
      attempt(name, () => withFaults(point.faults, () => race.first(mine))),
    )
    first.catch(() => {}) // awaited below, because second runs first
    await Promise.race([point.reached, first])
    const held = point.held()
    const second = asCaller(newCaller('second'), () => attempt(name, () => race.second(theirs)))
    second.catch(() => {})
    const waited = await Promise.race([second.then(() => false), pauseOnClock(TIMEOUT_MS).then(() => true)])
    point.release()
    const outcomes = { first: await first, second: await second }
    failOnViolation()
    await race.verify({ ...outcomes, held, after: point.before(), waited, round })
    return held === undefined
  } finally {
    point.release()
    disconnectGuests()
  }
}

function stopBefore(count: number, sameConnection: boolean) {
  let reach: () => void = () => {}
  let release: () => void = () => {}
  let held: string | undefined
  let before: string | undefined
  const reached = new Promise<void>((resolve) => {
    reach = resolve
  })
  const until = new Promise<void>((resolve) => {
    release = resolve
  })
  const faults: Faults = {
    stopsAt: sameConnection ? 'burst' : 'command',
    clients: new Set(),
    onCommand(name, current): Handling {
      if (current < count) {
        before = name
        return { kind: 'send' }
      }
      if (current > count) return { kind: 'send' }
      held = name
      void pauseOnClock(TIMEOUT_MS).then(reach)
      return { kind: 'hold', until, reached: reach }
    },
  }
  return { faults, reached, release: () => release(), held: () => held, before: () => before }
}
