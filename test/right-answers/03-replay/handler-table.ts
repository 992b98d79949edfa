import type { Redis } from 'ioredis'
import type { DomainEvent } from '#built/01-events'
import { readEvents } from '#built/02-list-store'

export type UserState = {
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly status: 'active' | 'deactivated'
  readonly registeredAt: string
  readonly deactivatedAt: string | null
}
export type UnknownEvent = Readonly<Pick<DomainEvent, 'eventType' | 'eventId'> & { position: number }>

type Handler = (state: UserState | null, event: DomainEvent) => UserState | null

/** Wraps a handler that does nothing if there's no user. */
const ofUser =
  (change: (state: UserState, event: DomainEvent) => Partial<UserState>): Handler =>
  (state, event) =>
    state && { ...state, ...change(state, event) }

const HANDLERS = new Map<string, Handler>([
  [
    'USER_REGISTERED',
    (state, { entityId, payload, timestamp }) =>
      state ?? {
        userId: entityId,
        name: String(payload.name),
        email: String(payload.email),
        status: 'active',
        registeredAt: timestamp,
        deactivatedAt: null,
      },
  ],
  ['USER_EMAIL_CHANGED', ofUser((_, { payload }) => ({ email: String(payload.email) }))],
  [
    'USER_DEACTIVATED',
    ofUser(({ deactivatedAt }, { timestamp }) => ({
      status: 'deactivated',
      deactivatedAt: deactivatedAt ?? timestamp,
    })),
  ],
])

export const applyEvent: Handler = (state, event) => HANDLERS.get(event.eventType)?.(state, event) ?? state

async function* history(redis: Redis, entityId: string): AsyncGenerator<[number, DomainEvent]> {
  let position = 0
  let next: number | null = 0
  do {
    const page: Awaited<ReturnType<typeof readEvents>> = await readEvents(redis, entityId, next)
    for (const event of page.events) yield [position++, event]
    next = page.next
  } while (next !== null)
}

export async function getEntityState(
  redis: Redis,
  entityId: string,
  report?: (unknown: UnknownEvent) => void,
): Promise<UserState | null> {
  let state: UserState | null = null
  for await (const [position, event] of history(redis, entityId)) {
    if (!HANDLERS.has(event.eventType)) {
      report?.({ position, eventType: event.eventType, eventId: event.eventId })
    }
    state = applyEvent(state, event)
  }
  return state
}
