import type { Redis } from 'ioredis'
import { type DomainEvent, MalformedEventError } from '#built/01-events'
import type { StoredEvent } from '#built/07-concurrency'

/** One user, as the pages of the site show them. */
export interface UserProjection {
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly phone: string | null
  readonly active: boolean
  readonly emailChanges: number
  readonly registeredAt: Date
  /** The version of the last event that changed the row. */
  readonly version: number
}

/** What an event does to a row. All values are strings, because a hash contains nothing else. */
interface Change {
  /** Only a registration creates a row; everything else needs an existing one. */
  readonly kind: 'create' | 'update'
  readonly set?: Readonly<Record<string, string>>
  readonly remove?: readonly string[]
  readonly count?: readonly string[]
}

/**
 * Changes a row unless it has seen the event already, in one step: two programs may deliver at the same time.
 * KEYS[1]  the row
 * ARGV[1]  the event's version
 * ARGV[2]  the Change as JSON: kind, set (by field), remove (fields), count (fields to raise by 1)
 * Returns 1, or 0 if nothing was changed.
 */
const CHANGE_ROW = `
local seen = redis.call('HGET', KEYS[1], 'version')
local change = cjson.decode(ARGV[2])
if (change.kind == 'create') == (seen ~= false) then return 0 end
if seen and tonumber(ARGV[1]) <= tonumber(seen) then return 0 end
for field, value in pairs(change.set or {}) do redis.call('HSET', KEYS[1], field, value) end
for _, field in ipairs(change.remove or {}) do redis.call('HDEL', KEYS[1], field) end
for _, field in ipairs(change.count or {}) do redis.call('HINCRBY', KEYS[1], field, 1) end
redis.call('HSET', KEYS[1], 'version', ARGV[1])
return 1
`

/**
 * Applies one event to the row of its user, or skips it if it arrives again or doesn't affect the row.
 * @throws MalformedEventError when the payload lacks what the row needs; the row stays as it was
 */
export async function updateUserProjection(
  redis: Redis,
  { version, event }: StoredEvent,
): Promise<'applied' | 'skipped'> {
  const change = changeBy(event)
  if (change === null) return 'skipped'
  const key = keyOf(event.entityId)
  const changed = await redis.eval(CHANGE_ROW, 1, key, version, JSON.stringify(change))
  return changed === 1 ? 'applied' : 'skipped'
}

/** Returns the row of a user with its real types, or null for a user without a row. */
export async function getUserProjection(redis: Redis, userId: string): Promise<UserProjection | null> {
  const row = await redis.hgetall(keyOf(userId))
  // For a missing hash, the reply is `{}`, which looks like a user.
  if (row.version === undefined) return null
  return {
    userId,
    name: row.name ?? '',
    email: row.email ?? '',
    phone: row.phone ?? null,
    active: row.active === '1',
    emailChanges: Number(row.emailChanges),
    registeredAt: new Date(row.registeredAt ?? ''),
    version: Number(row.version),
  }
}

/** Returns null for types that don't affect the row. Compares whole names, never how a name begins. */
function changeBy(event: DomainEvent): Change | null {
  switch (event.eventType) {
    case 'USER_REGISTERED': {
      const phone = event.payload.phone ?? null
      return {
        kind: 'create',
        set: {
          userId: event.entityId,
          name: text(event, 'name'),
          email: text(event, 'email'),
          ...(phone !== null && { phone: text(event, 'phone') }),
          active: '1',
          emailChanges: '0',
          registeredAt: event.timestamp,
        },
      }
    }
    case 'USER_EMAIL_CHANGED':
      return { kind: 'update', set: { email: text(event, 'email') }, count: ['emailChanges'] }
    case 'USER_PHONE_CHANGED':
      if (event.payload.phone === null) return { kind: 'update', remove: ['phone'] }
      return { kind: 'update', set: { phone: text(event, 'phone') } }
    case 'USER_DEACTIVATED':
      return { kind: 'update', set: { active: '0' } }
    default:
      return null
  }
}

/** Refuses anything but a string: `hset` would store `undefined` as an empty string. */
function text(event: DomainEvent, field: string): string {
  const value = event.payload[field]
  if (typeof value !== 'string') throw new MalformedEventError(`payload.${field}`, 'is not a string')
  return value
}

function keyOf(userId: string): string {
  return `projection:user:${userId}`
}
