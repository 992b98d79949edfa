import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'
import { readEvents } from '#built/02-list-store'

/** A user, as derived from the events. Times come from the events, in ISO 8601. */
export interface UserState {
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly status: 'active' | 'deactivated'
  readonly registeredAt: string
  readonly deactivatedAt: string | null
}

/** The events that this program knows. If you add one, the compiler shows every place that has to handle it. */
export type UserEvent = DomainEvent &
  (
    | {
        readonly eventType: 'USER_REGISTERED'
        readonly payload: { readonly name: string; readonly email: string }
      }
    | { readonly eventType: 'USER_EMAIL_CHANGED'; readonly payload: { readonly email: string } }
    | { readonly eventType: 'USER_DEACTIVATED' }
  )

/** An event of an unknown type: misspelled, or written by a newer program. */
export interface UnknownEvent {
  /** In the entity's list, starting at 0. */
  readonly position: number
  readonly eventType: string
  readonly eventId: string
}

const KNOWN = {
  USER_REGISTERED: true,
  USER_EMAIL_CHANGED: true,
  USER_DEACTIVATED: true,
} satisfies Record<UserEvent['eventType'], true>

/**
 * Returns the state after one more event. `null` means that there's no such user. It's pure: it computes only from its
 * arguments and changes neither of them. An event of an unknown type changes nothing.
 */
export function applyEvent(state: UserState | null, event: DomainEvent): UserState | null {
  if (!isUserEvent(event)) return state
  switch (event.eventType) {
    case 'USER_REGISTERED':
      return state ?? registered(event.entityId, event.payload, event.timestamp)
    case 'USER_EMAIL_CHANGED':
      return state === null ? null : { ...state, email: event.payload.email }
    case 'USER_DEACTIVATED':
      if (state === null || state.status === 'deactivated') return state
      return { ...state, status: 'deactivated', deactivatedAt: event.timestamp }
    default:
      return neverHappens(event)
  }
}

/**
 * Replays all events of an entity, page by page, in the order of the list, and calls `report` for every event of an unknown
 * type. Resolves to `null` for an entity without events.
 * @throws InvalidEntityIdError or MalformedEventError
 */
export async function getEntityState(
  redis: Redis,
  entityId: string,
  report: (unknown: UnknownEvent) => void = () => {},
): Promise<UserState | null> {
  let state: UserState | null = null
  let position = 0
  for (let next: number | null = 0; next !== null; ) {
    const page = await readEvents(redis, entityId, next)
    for (const event of page.events) {
      if (!isUserEvent(event)) report({ position, eventType: event.eventType, eventId: event.eventId })
      state = applyEvent(state, event)
      position += 1
    }
    next = page.next
  }
  return state
}

function isUserEvent(event: DomainEvent): event is UserEvent {
  return Object.hasOwn(KNOWN, event.eventType)
}

function registered(
  userId: string,
  { name, email }: { readonly name: string; readonly email: string },
  registeredAt: string,
): UserState {
  return { userId, name, email, status: 'active', registeredAt, deactivatedAt: null }
}

/** Doesn't compile as long as the switch above misses a type. */
function neverHappens(event: never): never {
  throw new Error(`Not handled: ${JSON.stringify(event)}`)
}
