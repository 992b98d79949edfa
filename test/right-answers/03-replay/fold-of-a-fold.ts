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

interface Replay {
  readonly state: UserState | null
  readonly unknown: readonly UnknownEvent[]
  readonly position: number
}

/** Returns the new state for every event, and whether its type was known. */
function step(state: UserState | null, event: DomainEvent): { known: boolean; state: UserState | null } {
  const text = (field: string) => `${event.payload[field]}`
  switch (event.eventType) {
    case 'USER_REGISTERED': {
      if (state !== null) return { known: true, state }
      const name = text('name')
      const email = text('email')
      const userId = event.entityId
      const registeredAt = event.timestamp
      return {
        known: true,
        state: { userId, name, email, status: 'active', registeredAt, deactivatedAt: null },
      }
    }
    case 'USER_EMAIL_CHANGED':
      return { known: true, state: state && { ...state, email: text('email') } }
    case 'USER_DEACTIVATED':
      if (state?.status !== 'active') return { known: true, state }
      return { known: true, state: { ...state, status: 'deactivated', deactivatedAt: event.timestamp } }
    default:
      return { known: false, state }
  }
}

export function applyEvent(state: UserState | null, event: DomainEvent): UserState | null {
  return step(state, event).state
}

function replay(before: Replay, { events }: EventPage): Replay {
  return events.reduce<Replay>(({ state, unknown, position }, event) => {
    const { known, state: next } = step(state, event)
    const { eventId, eventType } = event
    return {
      state: next,
      unknown: known ? unknown : [...unknown, { position, eventType, eventId }],
      position: position + 1,
    }
  }, before)
}

/** Reports everything at the end, so a replay that fails reports nothing. */
export async function getEntityState(
  redis: Redis,
  entityId: string,
  report?: (unknown: UnknownEvent) => void,
): Promise<UserState | null> {
  const done = await from(redis, entityId, 0, { state: null, unknown: [], position: 0 })
  if (report !== undefined) done.unknown.forEach((one) => void report(one))
  return done.state
}

async function from(redis: Redis, entityId: string, start: number, before: Replay): Promise<Replay> {
  const page = await readEvents(redis, entityId, start)
  const after = replay(before, page)
  return page.next === null ? after : from(redis, entityId, page.next, after)
}
