import type { ProgressEvent } from './event.ts'

export type CheckEvent = Extract<ProgressEvent, { eventType: 'CHECK_FAILED' | 'CHECK_PASSED' }>

/**
 * Whether it failed because the learner hasn't started, rather than because of a mistake: the answer is still the
 * starter, or the task that failed is one whose function only throws. These are the words of the check.
 */
export function isUnbegun(event: CheckEvent): boolean {
  if (event.eventType === 'CHECK_PASSED') return false
  const { untouched, diagnosis } = event.payload
  return untouched === true || /\b(?:is not|isn't) written yet\b/.test(diagnosis)
}

/** A check of the learner's own answer. Checking the solution or the starter doesn't count as an answer. */
export function isOwnCheck(event: ProgressEvent): event is CheckEvent {
  if (event.eventType !== 'CHECK_FAILED' && event.eventType !== 'CHECK_PASSED') return false
  return event.payload.target !== 'solution' && event.payload.target !== 'starter'
}
