import type { Redis } from 'ioredis'
import { MalformedEventError } from '#built/01-events'
import type { StoredEvent } from '#built/07-concurrency'

export type UserProjection = {
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly phone: string | null
  readonly active: boolean
  readonly emailChanges: number
  readonly registeredAt: Date
  readonly version: number
}

/** A pure reducer over the row, and one transaction that replaces the row as a whole. */
type Reducer = (row: UserProjection | null, stored: StoredEvent) => UserProjection | null

function read(stored: StoredEvent, field: string): string {
  const value = stored.event.payload[field]
  if (typeof value === 'string') return value
  throw new MalformedEventError(`payload.${field}`, 'should be a string')
}

const REDUCERS: ReadonlyMap<string, Reducer> = new Map<string, Reducer>([
  [
    'USER_REGISTERED',
    (row, stored) =>
      row ?? {
        userId: stored.event.entityId,
        name: read(stored, 'name'),
        email: read(stored, 'email'),
        phone: stored.event.payload.phone == null ? null : read(stored, 'phone'),
        active: true,
        emailChanges: 0,
        registeredAt: new Date(stored.event.timestamp),
        version: stored.version,
      },
  ],
  [
    'USER_EMAIL_CHANGED',
    (row, stored) => row && { ...row, email: read(stored, 'email'), emailChanges: row.emailChanges + 1 },
  ],
  [
    'USER_PHONE_CHANGED',
    (row, stored) =>
      row && { ...row, phone: stored.event.payload.phone === null ? null : read(stored, 'phone') },
  ],
  ['USER_DEACTIVATED', (row) => row && { ...row, active: false }],
])

export async function updateUserProjection(
  redis: Redis,
  stored: StoredEvent,
): Promise<'applied' | 'skipped'> {
  const reducer = REDUCERS.get(stored.event.eventType)
  if (!reducer) return 'skipped'
  const key = `projection:user:${stored.event.entityId}`
  const own = redis.duplicate()
  try {
    for (;;) {
      await own.watch(key)
      const row = await getUserProjection(own, stored.event.entityId)
      if (row && row.version >= stored.version) return 'skipped'
      const next = reducer(row, stored)
      if (next === row || next === null) return 'skipped'
      const { phone, ...rest } = next
      const fields = {
        ...rest,
        ...(phone === null ? {} : { phone }),
        active: next.active ? 1 : 0,
        registeredAt: (await own.hget(key, 'registeredAt')) ?? stored.event.timestamp,
        version: stored.version,
      }
      const done = await own.multi().del(key).hset(key, fields).exec()
      for (const [error] of done ?? []) if (error) throw error
      if (done) return 'applied'
    }
  } finally {
    own.disconnect()
  }
}

export async function getUserProjection(redis: Redis, userId: string): Promise<UserProjection | null> {
  const row = await redis.hgetall(`projection:user:${userId}`)
  if (Object.keys(row).length === 0) return null
  const { name = '', email = '', phone = null, active, emailChanges, registeredAt = '', version } = row
  return {
    userId,
    name,
    email,
    phone,
    active: active !== '0',
    emailChanges: Number.parseInt(emailChanges ?? '', 10),
    registeredAt: new Date(Date.parse(registeredAt)),
    version: Number.parseInt(version ?? '', 10),
  }
}
