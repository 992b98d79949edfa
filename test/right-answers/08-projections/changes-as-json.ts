import type { Redis } from 'ioredis'
import { MalformedEventError } from '#built/01-events'
import type { StoredEvent } from '#built/07-concurrency'

export interface UserProjection {
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly phone: string | null
  readonly active: boolean
  readonly emailChanges: number
  readonly registeredAt: Date
  readonly version: number
}

type Change = { kind: 'create' | 'update'; set?: Record<string, string>; remove?: string[]; count?: string[] }

const SCRIPT = `
local change = cjson.decode(ARGV[2])
local version = redis.call('HGET', KEYS[1], 'version')
if change.kind == 'create' and version then return 0 end
if change.kind == 'update' then
  if not version then return 0 end
  if tonumber(version) >= tonumber(ARGV[1]) then return 0 end
end
for f, v in pairs(change.set or {}) do redis.call('HSET', KEYS[1], f, v) end
for _, f in ipairs(change.remove or {}) do redis.call('HDEL', KEYS[1], f) end
for _, f in ipairs(change.count or {}) do redis.call('HINCRBY', KEYS[1], f, 1) end
redis.call('HSET', KEYS[1], 'version', ARGV[1])
return 1
`

const text = (stored: StoredEvent, field: string): string => {
  const value = stored.event.payload[field]
  if (typeof value !== 'string') throw new MalformedEventError(`payload.${field}`, 'is not a string')
  return value
}

function changeOf(stored: StoredEvent): Change | null {
  const { event } = stored
  switch (event.eventType) {
    case 'USER_REGISTERED': {
      const set: Record<string, string> = {
        userId: event.entityId,
        name: text(stored, 'name'),
        email: text(stored, 'email'),
        active: '1',
        emailChanges: '0',
        registeredAt: event.timestamp,
      }
      if (event.payload.phone !== undefined && event.payload.phone !== null) set.phone = text(stored, 'phone')
      return { kind: 'create', set }
    }
    case 'USER_EMAIL_CHANGED':
      return { kind: 'update', set: { email: text(stored, 'email') }, count: ['emailChanges'] }
    case 'USER_PHONE_CHANGED':
      return event.payload.phone === null
        ? { kind: 'update', remove: ['phone'] }
        : { kind: 'update', set: { phone: text(stored, 'phone') } }
    case 'USER_DEACTIVATED':
      return { kind: 'update', set: { active: '0' } }
    default:
      return null
  }
}

export async function updateUserProjection(
  redis: Redis,
  stored: StoredEvent,
): Promise<'applied' | 'skipped'> {
  const change = changeOf(stored)
  if (change === null) return 'skipped'
  const key = `projection:user:${stored.event.entityId}`
  const done = await redis.eval(SCRIPT, 1, key, stored.version, JSON.stringify(change))
  return done === 1 ? 'applied' : 'skipped'
}

export async function getUserProjection(redis: Redis, userId: string): Promise<UserProjection | null> {
  const row = await redis.hgetall(`projection:user:${userId}`)
  if (row.version === undefined) return null
  return {
    userId: row.userId ?? '',
    name: row.name ?? '',
    email: row.email ?? '',
    phone: row.phone ?? null,
    active: row.active === '1',
    emailChanges: Number(row.emailChanges),
    registeredAt: new Date(row.registeredAt ?? ''),
    version: Number(row.version),
  }
}
