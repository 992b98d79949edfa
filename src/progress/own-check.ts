import type { ProgressEvent } from './event.ts'

export type CheckEvent = Extract<ProgressEvent, { eventType: 'CHECK_FAILED' | 'CHECK_PASSED' }>

/** A check of the learner's own answer. Whoever has the solution or the starter checked has not answered. */
export function isOwnCheck(event: ProgressEvent): event is CheckEvent {
  if (event.eventType !== 'CHECK_FAILED' && event.eventType !== 'CHECK_PASSED') return false
  return event.payload.target !== 'solution' && event.payload.target !== 'starter'
}
