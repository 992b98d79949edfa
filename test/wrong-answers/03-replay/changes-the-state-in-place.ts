// task: applyEvent
// diagnosis: changed the state that it was given
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

type Writable = { -readonly [Field in keyof UserState]: UserState[Field] }

export function applyEvent(state: UserState | null, event: DomainEvent): UserState | null {
  const user = state as Writable | null
  switch (event.eventType) {
    case 'USER_REGISTERED':
      return user ?? { ...fresh(event), deactivatedAt: null }
    case 'USER_EMAIL_CHANGED':
      if (user !== null) user.email = String(event.payload.email)
      return user
    case 'USER_DEACTIVATED':
      if (user !== null && user.status === 'active') {
        user.status = 'deactivated'
        user.deactivatedAt = event.timestamp
      }
      return user
    default:
      return user
  }
}

function fresh(event: DomainEvent) {
  const { name, email } = event.payload
  return {
    userId: event.entityId,
    name: String(name),
    email: String(email),
    status: 'active' as const,
    registeredAt: event.timestamp,
  }
}

export async function getEntityState(
  _redis: Redis,
  _entityId: string,
  _report?: (unknown: UnknownEvent) => void,
): Promise<UserState | null> {
  throw new Error('Not written yet: getEntityState')
}
