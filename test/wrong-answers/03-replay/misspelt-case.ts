// task: applyEvent
// diagnosis: with status "deactivated"
import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'

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
    case 'USER_DEACTIVETED':
      if (state === null || state.status === 'deactivated') return state
      return { ...state, status: 'deactivated', deactivatedAt: event.timestamp }
    default:
      return state
  }
}

export async function getEntityState(
  _redis: Redis,
  _entityId: string,
  _report?: (unknown: UnknownEvent) => void,
): Promise<UserState | null> {
  throw new Error('Not written yet: getEntityState')
}
