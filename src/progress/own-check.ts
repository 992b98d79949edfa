import type { ProgressEvent } from './event.ts'

export type CheckEvent = Extract<ProgressEvent, { eventType: 'CHECK_FAILED' | 'CHECK_PASSED' }>

/**
 * Did it fail because the learner has not begun, rather than by a mistake: the answer is still the starter, or the task that failed
 * is one whose function only throws? The words are those of the check.
 */
export function isUnbegun(event: CheckEvent): boolean {
  if (event.eventType === 'CHECK_PASSED') return false
  const { untouched, diagnosis } = event.payload
  return untouched === true || /\b(?:is not|isn't) written yet\b/.test(diagnosis)
}

/** A check of the learner's own answer. Whoever has the solution or the starter checked has not answered. */
export function isOwnCheck(event: ProgressEvent): event is CheckEvent {
  if (event.eventType !== 'CHECK_FAILED' && event.eventType !== 'CHECK_PASSED') return false
  return event.payload.target !== 'solution' && event.payload.target !== 'starter'
}
