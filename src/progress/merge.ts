import type { StoredEvent } from './event.ts'

/**
 * Two logs as one sequence, each event once (identified by `eventId`). The order of each log is kept, and events in
 * both keep them in step. Between such points the earlier time goes first, and at the same time the smaller ID, so
 * that `mergeEvents(a, b)` and `mergeEvents(b, a)` return the same. Only where the two contradict each other does
 * `own` decide.
 */
export function mergeEvents(
  own: readonly StoredEvent[],
  other: readonly StoredEvent[],
): readonly StoredEvent[] {
  const ids = new Set(own.map((event) => event.eventId))
  const shared = new Set(other.map((event) => event.eventId).filter((id) => ids.has(id)))
  const left = { events: own, at: 0 }
  const right = { events: other, at: 0 }
  const merged = new Map<string, StoredEvent>()
  for (;;) {
    skip(left, merged)
    skip(right, merged)
    const a = left.events[left.at]
    const b = right.events[right.at]
    if (a === undefined && b === undefined) return [...merged.values()]
    const next = b === undefined || (a !== undefined && leftFirst(a, b)) ? a : b
    if (next !== undefined) merged.set(next.eventId, next)
  }

  function leftFirst(a: StoredEvent, b: StoredEvent): boolean {
    if (shared.has(b.eventId)) return true
    if (shared.has(a.eventId)) return false
    const difference = Date.parse(a.timestamp) - Date.parse(b.timestamp)
    return difference === 0 ? a.eventId < b.eventId : difference < 0
  }
}

function skip(
  side: { readonly events: readonly StoredEvent[]; at: number },
  merged: ReadonlyMap<string, unknown>,
) {
  for (;;) {
    const event = side.events[side.at]
    if (event === undefined || !merged.has(event.eventId)) return
    side.at += 1
  }
}
