import type { Redis } from 'ioredis'
import { attempt, type Outcome } from './call.ts'
import { sentCommands } from './recording.ts'
import { connectedGuest } from './sandbox.ts'
import { DiagnosisError, verify } from './verify.ts'
import { withRival } from './with-rival.ts'

export interface GivesUpAfter {
  /** What a diagnosis calls the learner's function. */
  readonly name: string
  /** How often it may decide, in all. */
  readonly attempts: number
  /** What its write contains, and its reads don't. */
  readonly mark: string
  readonly prepare: () => unknown
  readonly run: (redis: Redis) => unknown
  /** Another writer's event. */
  readonly rival: () => Promise<unknown>
  /** Whether what the code resolved for is stored. */
  readonly isStored: () => Promise<boolean>
  /** A class of errors from the lesson that means something else. */
  readonly never?: abstract new (
    ...args: never[]
  ) => Error
}

/** Redis's error for a version that another writer has taken. */
const TAKEN = 'equal or smaller'

/**
 * Lets another writer be faster, first each time but the last, then every time; fails with a diagnosis unless the code
 * makes all of its attempts, rejects after the last one, and lets the error of a conflict through. Code that never meets
 * a conflict passes.
 */
export async function givesUpAfter(it: GivesUpAfter): Promise<void> {
  const { name, attempts, never } = it
  const lucky = await beaten(it, attempts - 1)
  verify(
    lucky.outcome.ok || lucky.times === 0,
    `Another writer was faster ${lucky.times === 1 ? 'once' : `${lucky.times} times in a row`}, and \`${name}\` gave up. Make up to ${attempts} attempts in all, each with its own decision.`,
    { received: lucky.outcome.ok || lucky.outcome.error },
  )
  const { outcome, times, conflict } = await beaten(it)
  if (times === 0) return // over a connection that the test doesn't see
  verify(
    times <= attempts,
    `Another writer was faster each time, and \`${name}\` kept trying. ${attempts} attempts are enough. An endless loop keeps the caller waiting and Redis busy.`,
    { expected: `${attempts} attempts at most`, received: times },
  )
  const all = `Another writer was faster in all ${attempts} attempts`
  if (outcome.ok) {
    verify(await it.isStored(), `${all}. Nothing was stored, but \`${name}\` resolved. It should reject.`, {
      received: outcome.value,
    })
    return
  }
  const { error } = outcome
  if (never !== undefined && error instanceof never) {
    throw new DiagnosisError(
      `${all}, and \`${name}\` threw a ${error.name}. No rule was broken, so throw the error from the last conflict. Then the caller knows that it can simply try again.`,
      { received: error },
    )
  }
  verify(
    conflict === undefined || String(error).includes(TAKEN),
    `${all}, and \`${name}\` threw an error of its own. Throw the error from the last conflict, as Redis sent it.`,
    { expected: conflict, received: error },
  )
}

interface Beaten {
  readonly outcome: Outcome<unknown>
  /** Number of conflicts. */
  readonly times: number
  /** The last conflict, if Redis reported it with an error. */
  readonly conflict: Error | undefined
}

async function beaten(it: GivesUpAfter, most?: number): Promise<Beaten> {
  await it.prepare()
  const before = sentCommands().length
  const { redis, times } = withRival(await connectedGuest(), it.mark, it.rival, most)
  const outcome = await attempt(it.name, () => it.run(redis))
  const errors = sentCommands()
    .slice(before)
    .map(({ error }) => error)
  return { outcome, times: times(), conflict: errors.findLast((error) => error?.message.includes(TAKEN)) }
}
