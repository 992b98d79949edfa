import type { Redis } from 'ioredis'
import { MalformedEventError } from '#built/01-events'
import type { StoredEvent } from '#built/07-concurrency'

export interface UserProjection {
  userId: string
  name: string
  email: string
  phone: string | null
  active: boolean
  emailChanges: number
  registeredAt: Date
  version: number
}

// In each script, KEYS[1] is the row and ARGV[1] the version; the other arguments depend on the type.
const EXISTS_AND_OLDER = `
local v = redis.call('HGET', KEYS[1], 'version')
if v == false or tonumber(v) >= tonumber(ARGV[1]) then return 'skipped' end
redis.call('HSET', KEYS[1], 'version', ARGV[1])
`
const SCRIPTS = {
  USER_REGISTERED: `
    if redis.call('EXISTS', KEYS[1]) == 1 then return 'skipped' end
    redis.call('HSET', KEYS[1], 'version', ARGV[1], 'active', 1, 'emailChanges', 0)
    for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
    return 'applied'`,
  USER_EMAIL_CHANGED: `${EXISTS_AND_OLDER}
    redis.call('HSET', KEYS[1], 'email', ARGV[2])
    redis.call('HINCRBY', KEYS[1], 'emailChanges', 1)
    return 'applied'`,
  USER_PHONE_CHANGED: `${EXISTS_AND_OLDER}
    if ARGV[2] then redis.call('HSET', KEYS[1], 'phone', ARGV[2]) else redis.call('HDEL', KEYS[1], 'phone') end
    return 'applied'`,
  USER_DEACTIVATED: `${EXISTS_AND_OLDER}
    redis.call('HSET', KEYS[1], 'active', 0)
    return 'applied'`,
} as const

const isKnown = (type: string): type is keyof typeof SCRIPTS => Object.keys(SCRIPTS).includes(type)

export const updateUserProjection = async (
  redis: Redis,
  { version, event }: StoredEvent,
): Promise<'applied' | 'skipped'> => {
  const { eventType, payload, entityId, timestamp } = event
  if (!isKnown(eventType)) return 'skipped'
  const must = (field: string) => {
    const value = payload[field]
    if (typeof value !== 'string') throw new MalformedEventError(`payload.${field}`, 'is missing')
    return value
  }
  const args: string[] = []
  if (eventType === 'USER_REGISTERED') {
    args.push('userId', entityId, 'registeredAt', timestamp, 'name', must('name'), 'email', must('email'))
    if (payload.phone !== undefined && payload.phone !== null) args.push('phone', must('phone'))
  }
  if (eventType === 'USER_EMAIL_CHANGED') args.push(must('email'))
  if (eventType === 'USER_PHONE_CHANGED' && payload.phone !== null) args.push(must('phone'))
  const said = await redis.eval(SCRIPTS[eventType], 1, `projection:user:${entityId}`, version, ...args)
  // A program that deletes rows has no place here, so report it.
  if (said === 'applied' && (await redis.hget(`projection:user:${entityId}`, 'version')) === null)
    console.warn(`the row of ${entityId} is gone`)
  return said as 'applied' | 'skipped'
}

export const getUserProjection = async (redis: Redis, userId: string): Promise<UserProjection | null> => {
  const fields = ['name', 'email', 'phone', 'active', 'emailChanges', 'registeredAt', 'version']
  const [name, email, phone, active, emailChanges, registeredAt, version] = await redis.hmget(
    `projection:user:${userId}`,
    ...fields,
  )
  if (typeof name !== 'string' || typeof email !== 'string' || typeof registeredAt !== 'string') return null
  return {
    userId,
    name,
    email,
    phone: phone ?? null,
    active: Number(active) === 1,
    emailChanges: Number(emailChanges),
    registeredAt: new Date(registeredAt),
    version: Number(version),
  }
}
