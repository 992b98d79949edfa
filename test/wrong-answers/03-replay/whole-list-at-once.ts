// task: getEntityState
// diagnosis: entries with one command
import type { Redis } from 'ioredis'
import { type DomainEvent, decodeEvent } from '#built/01-events'

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
  const texts = await redis.lrange(`events:${entityId}`, 0, -1)
  let state: UserState | null = null
  for (const [position, text] of texts.entries()) {
    const event = decodeEvent(text)
    if (!KNOWN.has(event.eventType))
      report?.({ position, eventType: event.eventType, eventId: event.eventId })
    state = applyEvent(state, event)
  }
  return state
}
