// Lesson 03: replay. Read lessons/03-replay.md.
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

/** The events that this program knows. */
export type UserEvent = DomainEvent &
  (
    | {
        readonly eventType: 'USER_REGISTERED'
        readonly payload: { readonly name: string; readonly email: string }
      }
    | { readonly eventType: 'USER_EMAIL_CHANGED'; readonly payload: { readonly email: string } }
    | { readonly eventType: 'USER_DEACTIVATED' }
  )

export interface UnknownEvent {
  readonly position: number
  readonly eventType: string
  readonly eventId: string
}

// Task 1
export function applyEvent(_state: UserState | null, _event: DomainEvent): UserState | null {
  throw new Error('Not written yet: applyEvent')
}

// Tasks 2 and 3
export async function getEntityState(
  _redis: Redis,
  _entityId: string,
  _report?: (unknown: UnknownEvent) => void,
): Promise<UserState | null> {
  throw new Error('Not written yet: getEntityState')
}
