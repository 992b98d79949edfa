import { inspect } from 'node:util'
import type { Outcome } from './call.ts'
import { everyRefusal, type Refusal } from './refusal.ts'
import { shorten } from './show.ts'
import { verify } from './verify.ts'

export interface PassesOn<T> extends Omit<Refusal<T>, 'verify' | 'name'> {
  /** What a diagnosis calls the learner's function. */
  readonly name: string
  /** Why the caller needs the error, as the end of the diagnosis. */
  readonly why: string
  /** Whether the code did its whole job without the refused command, for example with another one; default: never. */
  readonly works?: (value: Awaited<T>) => boolean | Promise<boolean>
  /** A class of errors from the lesson with another meaning, which don't count even if they name their cause. */
  readonly never?: abstract new (
    ...args: never[]
  ) => Error
}

/** Makes Redis refuse each command in turn; fails with a diagnosis unless that error reaches the caller. */
export async function passesOnErrors<T>({ why, works, never, ...refusal }: PassesOn<T>): Promise<void> {
  await everyRefusal({
    ...refusal,
    async verify({ outcome, refused, isReported }) {
      if (refused === undefined) return
      if (outcome.ok && (await works?.(outcome.value))) return
      const isOther = typeof never === 'function' && !outcome.ok && outcome.error instanceof never
      verify(
        isReported && !isOther,
        `Redis refused ${refused} with an error (NOPERM), and \`${refusal.name}\` ${described(outcome)}. Expected it to reject with that error. ${why}`,
        { expected: 'the error from Redis', received: outcome.ok ? outcome.value : outcome.error },
      )
    },
  })
}

/** What the code made of the error. */
function described(outcome: Outcome<unknown>): string {
  if (!outcome.ok) {
    return `rejected with ${outcome.error instanceof Error ? `a different error (${outcome.error.name})` : 'something else'}`
  }
  if (outcome.value === undefined) return 'resolved as if it had worked'
  const value = inspect(outcome.value, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 2 })
  return `returned ${shorten(value, 60)}`
}
