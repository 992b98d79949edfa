import type { Redis } from 'ioredis'
import { attempt, type Outcome } from '../call.ts'
import { withRival } from '../races/with-rival.ts'
import { sentCommands } from '../recorder/recording.ts'
import { connectedGuest } from '../sandbox.ts'
import { words } from '../show.ts'
import { DiagnosisError, verify } from '../verify.ts'

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
  /** Whether the lesson says that the error of the last conflict reaches the caller as it is; default: any error does. */
  readonly throwsConflict?: boolean
  /** A class of errors from the lesson that means something else. */
  readonly never?: abstract new (
    ...args: never[]
  ) => Error
}

/** Redis's error for a version that another writer has taken. */
const TAKEN = 'equal or smaller'

/**
 * Runs the code twice: another writer wins all attempts but the last, and then all of them. Fails with a diagnosis
 * unless the code makes all of its attempts and rejects after the last one. Code that never meets a conflict passes.
 */
export async function givesUpAfter(it: GivesUpAfter): Promise<void> {
  const { name, attempts, throwsConflict = false, never } = it
  const lucky = await beaten(it, attempts - 1)
  verify(
    lucky.outcome.ok || lucky.times === 0,
    `Another writer was faster ${counted(lucky.times)}, and \`${name}\` gave up. Make up to ${attempts} attempts in all, each with its own decision.`,
    { received: lucky.outcome.ok || lucky.outcome.error },
  )
  const { outcome, times, conflict } = await beaten(it, LOOPS)
  if (times === 0) return // over a connection that the test doesn't see
  verify(
    times < LOOPS,
    `Another writer was faster each time, and \`${name}\` kept trying. ${attempts} attempts are enough. An endless loop keeps the caller waiting and Redis busy.`,
    { expected: words(`${attempts} attempts at most`), received: words(`${times} or more`) },
  )
  verify(
    times <= attempts,
    `Another writer was faster each time, and \`${name}\` made ${times} attempts. Give up after ${attempts}.`,
    { expected: words(`${attempts} attempts at most`), received: times },
  )
  const faster = `Another writer was faster ${times === attempts ? `in all ${attempts} attempts` : counted(times)}`
  if (outcome.ok) {
    verify(
      await it.isStored(),
      `${faster}. Nothing was stored, but \`${name}\` resolved. ${times === attempts ? 'It should reject.' : 'It should read and decide again.'}`,
      { received: outcome.value },
    )
    return
  }
  const { error } = outcome
  if (typeof never === 'function' && error instanceof never) {
    throw new DiagnosisError(
      `${faster}, and \`${name}\` rejected with \`${error.name}\`. No rule was broken, so throw the error from the last conflict. Then the caller knows that it can simply try again.`,
      { received: error },
    )
  }
  verify(
    !throwsConflict || conflict === undefined || String(error).includes(TAKEN),
    `${faster}, and \`${name}\` threw an error of its own. Throw the error from the last conflict, as Redis sent it.`,
    { expected: conflict, received: error },
  )
}

/** Attempts of code that may never end. */
const LOOPS = 20

function counted(times: number): string {
  return times === 1 ? 'once' : times === 2 ? 'twice' : `${times} times in a row`
}

interface Beaten {
  readonly outcome: Outcome<unknown>
  /** Number of conflicts. */
  readonly times: number
  /** The last conflict, if Redis reported it with an error. */
  readonly conflict: Error | undefined
}

async function beaten(it: GivesUpAfter, most: number): Promise<Beaten> {
  await it.prepare()
  const before = sentCommands().length
  const { redis, times } = withRival(await connectedGuest(), it.mark, it.rival, most)
  const outcome = await attempt(it.name, () => it.run(redis))
  const errors = sentCommands()
    .slice(before)
    .map(({ error }) => error)
  return { outcome, times: times(), conflict: errors.findLast((error) => error?.message.includes(TAKEN)) }
}
