import { randomUUID } from 'node:crypto'
import { on } from 'node:events'
import type { Redis } from 'ioredis'

export interface RegisterUserCommand {
  readonly name: string
  readonly email: string
}

/** `token` is the position that a read model has to reach before it includes this user. */
export interface Receipt {
  readonly userId: string
  readonly token: string
}

export interface GetUserQuery {
  readonly userId: string
  readonly token?: string
}

export interface UserView {
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly registeredAt: string
}

export class InvalidCommandError extends Error {
  override readonly name = 'InvalidCommandError'
  readonly field: string

  constructor(field: string, problem: string) {
    super(`${field} ${problem}`)
    this.field = field
  }
}

export class EmailTakenError extends Error {
  override readonly name = 'EmailTakenError'
  readonly email: string

  constructor(email: string) {
    super(`${email} already belongs to a user`)
    this.email = email
  }
}

/** The read model hadn't reached the token when the time was up. */
export class NotYetError extends Error {
  override readonly name = 'NotYetError'
  readonly token: string
  readonly position: string | null

  constructor(token: string, position: string | null) {
    super(`The read model is at ${position ?? 'its beginning'}, not yet at ${token}`)
    this.token = token
    this.position = position
  }
}

const EVENTS = 'stream:users'
const EMAILS = 'users:by-email'
const STATS = 'projection:stats'
const POSITION = 'projection:users:position'
const MOVED = 'projection:users:moved'
const PAGE = 100

/**
 * Stores the event of a registration and takes the email address.
 * KEYS  1 hash of email addresses and their users · 2 stream of events
 * ARGV  1 email address · 2 user ID · then the fields of the event
 * Returns the ID of the event, or nil if the address is taken.
 */
const REGISTER = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return nil end
local id = redis.call('XADD', KEYS[2], '*', unpack(ARGV, 3))
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return id`

/** Registers a user, unless the address is taken. @throws InvalidCommandError, EmailTakenError */
export async function handleRegisterUserCommand(
  redis: Redis,
  command: RegisterUserCommand,
  clock: () => Date,
): Promise<Receipt> {
  const { name, email } = validated(command)
  const userId = randomUUID()
  const event = {
    eventId: randomUUID(),
    eventType: 'USER_REGISTERED',
    timestamp: clock().toISOString(),
    entityId: userId,
    payload: JSON.stringify({ name, email }),
  }
  const token = await redis.eval(REGISTER, 2, EMAILS, EVENTS, email, userId, ...Object.entries(event).flat())
  if (typeof token !== 'string') throw new EmailTakenError(email)
  return { userId, token }
}

function validated(command: RegisterUserCommand): RegisterUserCommand {
  const name = command.name.trim()
  const email = command.email.trim().toLowerCase()
  if (name.length < 1 || name.length > 100) throw new InvalidCommandError('name', 'needs 1 to 100 characters')
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new InvalidCommandError('email', 'is not an email address')
  return { name, email }
}

/**
 * Applies one event to the read models if it's new, moves the position, and notifies waiting queries.
 * KEYS  1 position · 2 row of the user · 3 statistics
 * ARGV  1 ID of the event · 2 channel · then the fields of the row; none for an event that changes nothing
 * Returns 1 if the event was applied, and 0 if it already had been.
 */
const PROJECT = `
local function numbers(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end
local ms, seq = numbers(ARGV[1])
local lastMs, lastSeq = numbers(redis.call('GET', KEYS[1]) or '0-0')
if ms < lastMs or (ms == lastMs and seq <= lastSeq) then return 0 end
if #ARGV > 2 then
  redis.call('HSET', KEYS[2], unpack(ARGV, 3))
  redis.call('HINCRBY', KEYS[3], 'registered', 1)
end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('PUBLISH', ARGV[2], ARGV[1])
return 1`

/** Brings the read models up to date. Resolves to the number of events that it applied. */
export async function updateProjections(redis: Redis): Promise<number> {
  let count = 0
  for (;;) {
    const position = await redis.get(POSITION)
    const page = await redis.xrange(EVENTS, position === null ? '-' : `(${position}`, '+', 'COUNT', PAGE)
    for (const [id, flat] of page) {
      const { entityId, row } = rowOf(flat)
      count += Number(await redis.eval(PROJECT, 3, POSITION, rowKey(entityId), STATS, id, MOVED, ...row))
    }
    if (page.length < PAGE) return count
  }
}

function rowOf(flat: readonly string[]): { readonly entityId: string; readonly row: readonly string[] } {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  const { entityId = '', eventType, timestamp = '', payload = '{}' } = fields
  if (eventType !== 'USER_REGISTERED') return { entityId, row: [] }
  const { name, email }: RegisterUserCommand = JSON.parse(payload)
  return { entityId, row: ['name', name, 'email', email, 'registeredAt', timestamp] }
}

function rowKey(userId: string): string {
  return `projection:user:${userId}`
}

/**
 * Resolves to the user in the read model, or to null if there isn't one. With a token, it waits until the read model has reached it.
 * @throws NotYetError if `signal` is aborted before that
 */
export async function handleGetUserQuery(
  redis: Redis,
  { userId, token }: GetUserQuery,
  signal: AbortSignal = AbortSignal.timeout(2_000),
): Promise<UserView | null> {
  if (token !== undefined) await untilReached(redis, token, signal)
  const { name, email, registeredAt } = await redis.hgetall(rowKey(userId))
  if (name === undefined || email === undefined || registeredAt === undefined) return null
  return { userId, name, email, registeredAt }
}

async function untilReached(redis: Redis, token: string, signal: AbortSignal): Promise<void> {
  let position = await redis.get(POSITION)
  if (isAtLeast(position, token)) return // nearly always, and without another connection
  const listener = redis.duplicate()
  listener.on('error', () => {}) // the command that failed rejects too
  try {
    const moves = on(listener, 'message', { signal })
    await listener.subscribe(MOVED)
    for (;;) {
      // Checks after subscribing: earlier moves show in the position, and later moves arrive as messages.
      position = await redis.get(POSITION)
      if (isAtLeast(position, token)) return
      await moves.next()
    }
  } catch (error) {
    if (signal.aborted) throw new NotYetError(token, position)
    throw error
  } finally {
    listener.disconnect()
  }
}

function isAtLeast(position: string | null, token: string): boolean {
  const [ms = 0, seq = 0] = (position ?? '0-0').split('-').map(Number)
  const [tokenMs = 0, tokenSeq = 0] = token.split('-').map(Number)
  return ms > tokenMs || (ms === tokenMs && seq >= tokenSeq)
}
