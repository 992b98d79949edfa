import type { StoredEvent } from '../progress/index.ts'
import { limits } from './limits.ts'

/** A lesson's slug, or `course`: it becomes a name in objects and part of addresses, so nothing else is allowed. */
export const SLUG = /^[a-z0-9][a-z0-9-]{0,79}$/
/** Characters. */
export const LONGEST_TYPE = 60

/**
 * Whether the hub would accept this event. The learner's side leaves others out, because one of them must not hold up
 * all later ones.
 */
export function isSendable(event: StoredEvent): boolean {
  return (
    SLUG.test(event.entityId) &&
    event.eventType.length <= LONGEST_TYPE &&
    JSON.stringify(event).length <= limits.event
  )
}
