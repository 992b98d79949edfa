import type { Redis } from 'ioredis'
import { attempt, failOnViolation } from '../call.ts'
import { cut, disconnectGuests } from '../connections.ts'
import { type Faults, type Handling, withFaults } from '../context.ts'
import { asCaller, newCaller } from '../races/callers.ts'
import { adminClient, cleanDatabase, connectedGuest } from '../sandbox.ts'
import { errorOfTheDead } from './the-dead.ts'

export interface Crash {
  readonly prepare?: (admin: Redis) => Promise<void>
  readonly run: (redis: Redis) => Promise<unknown>
  /** Looks at what is in Redis; throws (verify, verifyEqual) when the work is half done. */
  readonly verify: (round: CrashRound) => Promise<void> | void
  /** What a diagnosis calls the learner's function. */
  readonly name?: string
}

export interface CrashRound {
  /** How many commands reached Redis before the process died. */
  readonly sent: number
  readonly last: string | undefined
  /** True in the last round, which sent everything and survived. */
  readonly survived: boolean
}

const MOST_ROUNDS = 60

/**
 * Lets the process die after its 0th, 1st, 2nd … command has reached Redis: the connection is cut and the rest is
 * never sent. Commands of a pipeline are sent one by one here, because a connection can break between any two of
 * them.
 */
export async function everyCrash(crash: Crash): Promise<void> {
  for (let sent = 0; sent <= MOST_ROUNDS; sent += 1) {
    const survived = await oneRound(crash, sent)
    if (survived) return
  }
}

async function oneRound(crash: Crash, sent: number): Promise<boolean> {
  await cleanDatabase()
  await crash.prepare?.(adminClient())
  const redis = await connectedGuest()
  const death = dieAfter(sent)
  const caller = newCaller('process')
  try {
    const running = asCaller(caller, () =>
      attempt(crash.name ?? 'Your code', () => withFaults(death.faults, () => crash.run(redis)), {
        background: true,
      }),
    )
    running.catch(() => {})
    const end = await Promise.race([running, death.died])
    failOnViolation()
    const survived = end !== 'died'
    if (!survived) caller.end = 'died'
    await death.settled()
    for (const client of death.faults.clients) cut(client)
    if (!survived) await death.leavesNoCallWaiting()
    await crash.verify({ sent: death.count(), last: death.last(), survived })
    return survived
  } finally {
    disconnectGuests()
  }
}

/** How many more commands the code of a "dead" process may try before it's left waiting. */
const LAST_ATTEMPTS = 20

function dieAfter(most: number) {
  let die: (word: 'died') => void = () => {}
  let last: string | undefined
  let count = 0
  const replies: Promise<unknown>[] = []
  const dropped: ((error: Error) => void)[] = []
  const died = new Promise<'died'>((resolve) => {
    die = resolve
  })
  const faults: Faults = {
    stopsAt: 'command',
    clients: new Set(),
    onCommand(name, current): Handling {
      if (current > most) {
        die('died')
        return { kind: 'drop', dropped: (reject) => dropped.push(reject) }
      }
      count = current
      last = name
      return { kind: 'send', sent: (promise) => replies.push(promise) }
    },
  }
  return {
    faults,
    died,
    count: () => count,
    last: () => last,
    async settled() {
      await Promise.allSettled(replies)
    },
    /**
     * A process takes its memory with it, but here its modules live on. Code that keeps its calls in a queue, or in a map of
     * those under way, would wait there forever for the dead one: so that one fails, as on a closed connection.
     */
    async leavesNoCallWaiting() {
      for (let attempts = 0; attempts < LAST_ATTEMPTS && dropped.length > 0; attempts += 1) {
        dropped.shift()?.(errorOfTheDead())
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}
