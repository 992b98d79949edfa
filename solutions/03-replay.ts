import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'
import { readEvents } from '#built/02-list-store'

/** A user as the events tell. Times are those of the events, ISO 8601. */
export interface UserState {
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly status: 'active' | 'deactivated'
  readonly registeredAt: string
  readonly deactivatedAt: string | null
}

/** The events that this program knows. One more here, and the compiler shows every place that has to learn it. */
export type UserEvent = DomainEvent &
  (
    | {
        readonly eventType: 'USER_REGISTERED'
        readonly payload: { readonly name: string; readonly email: string }
      }
    | { readonly eventType: 'USER_EMAIL_CHANGED'; readonly payload: { readonly email: string } }
    | { readonly eventType: 'USER_DEACTIVATED' }
  )

/** An event of a type that this program does not know: misspelt, or from a newer program. */
export interface UnknownEvent {
  /** Counted from 0 in the entity's list. */
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
 * The state after one more event; `null` is a user that never was. Pure: it computes, from its arguments alone, and changes
 * neither of them. An event of an unknown type changes nothing.
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
 * Replays all events of an entity, page by page, in the order of the list. `report` hears of every event whose type is not
 * known. Resolves to `null` for an entity that never was.
 * @throws InvalidEntityIdError, MalformedEventError
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

/** Does not compile while the switch above leaves out a type. */
function neverHappens(event: never): never {
  throw new Error(`Not handled: ${JSON.stringify(event)}`)
}
