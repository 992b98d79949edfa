import type { StoredEvent } from '../progress/index.ts'

/** The events of a lesson since it was last started over. */
export function lastSince(events: readonly StoredEvent[], slug: string): readonly StoredEvent[] {
  const own = events.filter(({ entityId }) => entityId === slug)
  return own.slice(1 + own.findLastIndex(({ eventType }) => eventType === 'LESSON_RESET'))
}
