import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'
import { type EventPage, readEvents } from '#built/02-list-store'

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

export function applyEvent(state: UserState | null, event: DomainEvent): UserState | null {
  switch (event.eventType) {
    case 'USER_REGISTERED':
      if (state !== null) return state
      return {
        userId: event.entityId,
        name: String(event.payload.name),
        email: String(event.payload.email),
        status: 'active',
        registeredAt: event.timestamp,
        deactivatedAt: null,
      }
    case 'USER_EMAIL_CHANGED':
      if (state === null) return null
      return { ...state, email: String(event.payload.email) }
    case 'USER_DEACTIVATED':
      if (state === null || state.status === 'deactivated') return state
      return { ...state, status: 'deactivated', deactivatedAt: event.timestamp }
    default:
      return state
  }
}

const KNOWN = new Set(['USER_REGISTERED', 'USER_EMAIL_CHANGED', 'USER_DEACTIVATED'])

export async function getEntityState(
  redis: Redis,
  entityId: string,
  report?: (unknown: UnknownEvent) => void,
): Promise<UserState | null> {
  let state: UserState | null = null
  let position = 0
  for (let next: number | null = 0; next !== null; ) {
    const page: EventPage = await readEvents(redis, entityId, next)
    for (const event of page.events) {
      const { eventType, eventId } = event
      if (!KNOWN.has(eventType)) report?.({ position, eventType, eventId })
      state = applyEvent(state, event)
      position += 1
    }
    next = page.next
  }
  return state
}
