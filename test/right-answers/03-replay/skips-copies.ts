/** Recognizes copies of an event by their ID, as in lesson 01, and skips them. */
import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'
import { readEvents } from '#built/02-list-store'

export interface UserState {
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly status: 'active' | 'deactivated'
  readonly registeredAt: string
  readonly deactivatedAt: string | null
}

export interface UnknownEvent {
  readonly position: number
  readonly eventType: string
  readonly eventId: string
}

const TYPES = ['USER_REGISTERED', 'USER_EMAIL_CHANGED', 'USER_DEACTIVATED']

export function applyEvent(user: UserState | null, event: DomainEvent): UserState | null {
  const { eventType, entityId: userId, timestamp, payload } = event
  if (user === null) {
    if (eventType !== 'USER_REGISTERED') return null
    const { name, email } = payload as { readonly name: string; readonly email: string }
    return { userId, name, email, status: 'active', registeredAt: timestamp, deactivatedAt: null }
  }
  if (eventType === 'USER_EMAIL_CHANGED') return { ...user, email: String(payload.email) }
  if (eventType === 'USER_DEACTIVATED' && user.status === 'active') {
    return { ...user, status: 'deactivated', deactivatedAt: timestamp }
  }
  return user
}

export async function getEntityState(
  redis: Redis,
  entityId: string,
  report?: (unknown: UnknownEvent) => void,
): Promise<UserState | null> {
  const seen = new Set<string>()
  let user: UserState | null = null
  let from: number | null = 0
  while (from !== null) {
    const start: number = from
    const { events, next } = await readEvents(redis, entityId, start)
    events.forEach((event, i) => {
      if (seen.has(event.eventId)) return
      seen.add(event.eventId)
      const { eventType, eventId } = event
      if (!TYPES.includes(eventType)) report?.({ position: start + i, eventType, eventId })
      user = applyEvent(user, event)
    })
    from = next
  }
  return user
}
