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
  const next = state === null ? null : structuredClone(state)
  if (event.eventType === 'USER_REGISTERED' && next === null) {
    const { name, email } = event.payload as { name: string; email: string }
    return Object.freeze({
      deactivatedAt: null,
      email,
      name,
      registeredAt: new Date(event.timestamp).toISOString(),
      status: 'active' as const,
      userId: event.entityId,
    })
  }
  if (next === null) return null
  if (event.eventType === 'USER_EMAIL_CHANGED') return { ...next, email: event.payload.email as string }
  if (event.eventType === 'USER_DEACTIVATED' && next.status === 'active') {
    return Object.assign(next, { status: 'deactivated', deactivatedAt: event.timestamp })
  }
  return next
}

/** Reads the list directly, in pages of 100, without the code from lesson 02. */
export async function getEntityState(
  redis: Redis,
  entityId: string,
  report: (unknown: UnknownEvent) => void = () => undefined,
): Promise<UserState | null> {
  if (!/^[\w.-]{1,100}$/.test(entityId)) {
    throw Object.assign(new Error(`not an entity ID: ${entityId}`), { name: 'InvalidEntityIdError' })
  }
  let state: UserState | null = null
  for (let position = 0; ; ) {
    const texts = await redis.lrange(`events:${entityId}`, position, position + 99)
    if (texts.length === 0) return state
    for (const text of texts) {
      const event = decodeEvent(text)
      state = applyEvent(state, event)
      switch (event.eventType) {
        case 'USER_REGISTERED':
        case 'USER_EMAIL_CHANGED':
        case 'USER_DEACTIVATED':
          break
        default:
          report({ position, eventType: event.eventType, eventId: event.eventId })
      }
      position++
    }
  }
}
