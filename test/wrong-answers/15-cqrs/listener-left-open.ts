// task: read your own write
// diagnosis: a connection that it opened is still open
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'

export interface RegisterUserCommand {
  readonly name: string
  readonly email: string
}

/** `token` says how far a read model must have come to know of it. */
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
    super(`${email} belongs to a user already`)
    this.email = email
  }
}

/** The read model had not come as far as the token when the time was over. */
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

const CHANNEL = 'users-projected'
const REGISTER = `
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then return false end
return redis.call('XADD', KEYS[2], '*', 'eventId', ARGV[3], 'eventType', 'USER_REGISTERED', 'timestamp', ARGV[4],
  'entityId', ARGV[2], 'payload', ARGV[5])
`
export async function handleRegisterUserCommand(
  redis: Redis,
  command: RegisterUserCommand,
  clock: () => Date,
): Promise<Receipt> {
  const name = command.name.trim()
  if (name.length < 1 || name.length > 100) throw new InvalidCommandError('name', 'has 1 to 100 characters')
  const email = command.email.trim().toLowerCase()
  const parts = email.split('@')
  if (parts.length !== 2 || parts[0] === '' || parts[1] === '' || /\s/.test(email))
    throw new InvalidCommandError('email', 'is no address')
  const userId = randomUUID()
  const token = (await redis.eval(
    REGISTER,
    2,
    'users:by-email',
    'stream:users',
    email,
    userId,
    randomUUID(),
    clock().toISOString(),
    JSON.stringify({ name, email }),
  )) as string | null
  if (token === null) throw new EmailTakenError(email)
  return { userId, token }
}

function compare(a: string, b: string): number {
  const [am = '0', as = '0'] = a.split('-')
  const [bm = '0', bs = '0'] = b.split('-')
  const major = BigInt(am) - BigInt(bm)
  const d = major === 0n ? BigInt(as) - BigInt(bs) : major
  return d < 0n ? -1 : d > 0n ? 1 : 0
}

const APPLY = `
local current = redis.call('GET', KEYS[1])
if current then
  local cm, cs = string.match(current, '(%d+)-(%d+)')
  local nm, ns = string.match(ARGV[1], '(%d+)-(%d+)')
  cm, cs, nm, ns = tonumber(cm), tonumber(cs), tonumber(nm), tonumber(ns)
  if nm < cm or (nm == cm and ns <= cs) then return 0 end
end
if ARGV[2] == 'USER_REGISTERED' then
  redis.call('HMSET', KEYS[2], 'name', ARGV[3], 'email', ARGV[4], 'registeredAt', ARGV[5])
  redis.call('HINCRBY', KEYS[3], 'registered', 1)
end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('PUBLISH', '${CHANNEL}', ARGV[1])
return 1
`
export async function updateProjections(redis: Redis): Promise<number> {
  let count = 0
  let from = (await redis.get('projection:users:position')) ?? '0-0'
  for (;;) {
    const page = await redis.xrange('stream:users', `(${from}`, '+', 'COUNT', 100)
    for (const [id, flat] of page) {
      const f: Record<string, string> = {}
      for (let i = 0; i < flat.length; i += 2) f[flat[i] as string] = flat[i + 1] as string
      const { name = '', email = '' } =
        f.eventType === 'USER_REGISTERED' ? JSON.parse(f.payload as string) : {}
      const done = await redis.eval(
        APPLY,
        3,
        'projection:users:position',
        `projection:user:${f.entityId}`,
        'projection:stats',
        id,
        f.eventType as string,
        name,
        email,
        f.timestamp as string,
      )
      count += Number(done)
      from = id
    }
    if (page.length === 0) return count
  }
}

async function view(redis: Redis, userId: string): Promise<UserView | null> {
  const row = await redis.hgetall(`projection:user:${userId}`)
  if (Object.keys(row).length === 0) return null
  return {
    userId,
    name: row.name as string,
    email: row.email as string,
    registeredAt: row.registeredAt as string,
  }
}

export async function handleGetUserQuery(
  redis: Redis,
  query: GetUserQuery,
  signal: AbortSignal = AbortSignal.timeout(2_000),
): Promise<UserView | null> {
  const { userId, token } = query
  if (token === undefined) return view(redis, userId)
  const position = () => redis.get('projection:users:position')
  const reached = (p: string | null) => p !== null && compare(p, token) >= 0
  let seen = await position()
  if (reached(seen)) return view(redis, userId)
  if (signal.aborted) throw new NotYetError(token, seen)
  const listener = redis.duplicate()
  try {
    let wake: () => void = () => {}
    let moved = false
    listener.on('message', () => {
      moved = true
      wake()
    })
    signal.addEventListener('abort', () => wake(), { once: true })
    await listener.subscribe(CHANNEL)
    for (;;) {
      moved = false
      seen = await position()
      if (reached(seen)) return await view(redis, userId)
      if (signal.aborted) throw new NotYetError(token, seen)
      await new Promise<void>((resolve) => {
        wake = resolve
        if (moved || signal.aborted) resolve()
      })
    }
  } finally {
    if (!signal.aborted) listener.disconnect()
  }
}
