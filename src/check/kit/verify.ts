import { isDeepStrictEqual } from 'node:util'
import { equals, iterableEquality } from '@jest/expect-utils'
import { stackOf } from './error-stack.ts'
import { show } from './show.ts'

/** What a learner reads when a test fails: the sentence, and the expected and received values where they help. */
export class DiagnosisError extends Error {
  override readonly name = 'DiagnosisError'
  readonly diagnosis: string
  readonly expectedText: string | undefined
  readonly receivedText: string | undefined
  /** The stack of the learner's own error, if there is one: the place to show is looked up there first. */
  readonly guestStack: string | undefined

  constructor(diagnosis: string, details: Details & { readonly guestStack?: string | undefined } = {}) {
    super(diagnosis)
    this.diagnosis = diagnosis
    this.expectedText = 'expected' in details ? show(details.expected) : undefined
    this.receivedText = 'received' in details ? show(details.received) : undefined
    this.guestStack = details.guestStack ?? stackOf(details.received)
  }
}

export interface Details {
  readonly expected?: unknown
  readonly received?: unknown
}

/** Fails the test with `diagnosis` unless `condition` is true. */
export function verify(condition: unknown, diagnosis: string, details: Details = {}): asserts condition {
  if (!condition) throw new DiagnosisError(diagnosis, details)
}

/** A sentence about one kind of wrong value, and how to recognize it. */
export type Cause<T> = readonly [is: (received: T) => boolean, diagnosis: string]

/**
 * Fails the test unless both are deeply equal: with the sentence of the first cause that fits, or else with
 * `diagnosis`, which has to be true of every difference. Like `toEqual`: a property that is `undefined`
 * counts as absent, classes aren't compared.
 */
export function verifyEqual<T>(
  received: T,
  expected: unknown,
  diagnosis: string,
  causes: readonly Cause<T>[] = [],
): void {
  if (isDeepStrictEqual(received, expected) || equals(received, expected, [iterableEquality])) return
  const [, cause = diagnosis] = causes.find(([is]) => is(received)) ?? []
  throw new DiagnosisError(cause, { expected, received })
}
