// Scripts on both sides. The moves of the read model are a stream, and a query waits for them with XREAD BLOCK.
import { randomUUID } from 'node:crypto'
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

const TAKE = `
if redis.call('SETNX', KEYS[1], ARGV[1]) == 0 then return '' end
return redis.call('XADD', KEYS[2], '*', 'entityId', ARGV[1], 'payload', ARGV[2], 'timestamp', ARGV[3], 'eventId', ARGV[4], 'eventType', 'USER_REGISTERED')`

export const handleRegisterUserCommand = async (
  redis: Redis,
  command: RegisterUserCommand,
  clock: () => Date,
): Promise<Receipt> => {
  const [name, email] = [command.name.trim(), command.email.trim().toLowerCase()]
  if (!/^[\s\S]{1,100}$/.test(name)) throw new InvalidCommandError('name', `is "${name}"`)
  if (!/^[^@\s]+@[^@\s]+$/.test(email)) throw new InvalidCommandError('email', `is "${email}"`)
  const userId = randomUUID()
  const values = [userId, JSON.stringify({ email, name }), clock().toISOString(), randomUUID()]
  const token = `${await redis.eval(TAKE, 2, `users:email:${email}`, 'stream:users', ...values)}`
  if (token === '') throw new EmailTakenError(email)
  return { userId, token }
}

// KEYS: position, statistics, moves, then a row for each event. ARGV: the expected position, then the ID, type, payload, and
// time of each event. The whole page is applied only if no other call has moved the position meanwhile.
const PAGE = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return -1 end
local last = ARGV[1]
for i = 4, #KEYS do
  local at = 2 + (i - 4) * 4
  last = ARGV[at]
  if ARGV[at + 1] == 'USER_REGISTERED' then
    local user = cjson.decode(ARGV[at + 2])
    redis.call('HSET', KEYS[i], 'name', user.name, 'email', user.email, 'registeredAt', ARGV[at + 3])
    redis.call('HINCRBY', KEYS[2], 'registered', 1)
  end
end
redis.call('SET', KEYS[1], last)
redis.call('XADD', KEYS[3], 'MAXLEN', '~', '1000', '*', 'at', last)
return #KEYS - 3`

export const updateProjections = async (redis: Redis): Promise<number> => {
  let sum = 0
  while (true) {
    const position = (await redis.get('projection:users:position')) ?? ''
    const entries = await redis.xrange(
      'stream:users',
      position === '' ? '-' : `(${position}`,
      '+',
      'COUNT',
      100,
    )
    if (entries.length === 0) return sum
    const keys = ['projection:users:position', 'projection:stats', 'projection:users:moves']
    const values = [position]
    for (const [id, flat] of entries) {
      const fields = new Map<string, string>()
      for (let i = 0; i < flat.length; i += 2) fields.set(flat[i] ?? '', flat[i + 1] ?? '')
      keys.push(`projection:user:${fields.get('entityId')}`)
      values.push(
        id,
        fields.get('eventType') ?? '',
        fields.get('payload') ?? '',
        fields.get('timestamp') ?? '',
      )
    }
    const done = Number(await redis.eval(PAGE, keys.length, ...keys, ...values))
    if (done > 0) sum += done
  }
}

export const handleGetUserQuery = async (
  redis: Redis,
  { userId, token }: GetUserQuery,
  signal: AbortSignal = AbortSignal.timeout(2_000),
): Promise<UserView | null> => {
  if (token !== undefined) await come(redis, token, signal)
  const [name, email, registeredAt] = await redis.hmget(
    `projection:user:${userId}`,
    'name',
    'email',
    'registeredAt',
  )
  return name == null || email == null || registeredAt == null ? null : { userId, name, email, registeredAt }
}

async function come(redis: Redis, token: string, signal: AbortSignal): Promise<void> {
  const own = redis.duplicate()
  own.on('error', () => undefined)
  const cut = () => own.disconnect()
  let position: string | null = null
  let seen = '0'
  try {
    for (;;) {
      const [newest] = await redis.xrevrange('projection:users:moves', '+', '-', 'COUNT', 1)
      seen = newest?.[0] ?? seen
      position = await redis.get('projection:users:position')
      if (reached(position, token)) return
      if (signal.aborted) throw new NotYetError(token, position)
      signal.addEventListener('abort', cut, { once: true })
      await own.xread('BLOCK', 1_000, 'STREAMS', 'projection:users:moves', seen)
    }
  } catch (error) {
    if (error instanceof NotYetError || !signal.aborted) throw error
    throw new NotYetError(token, position)
  } finally {
    signal.removeEventListener('abort', cut)
    own.disconnect()
  }
}

function reached(position: string | null, token: string): boolean {
  if (position === null) return false
  const pad = (id: string) => id.replace(/\d+/g, (digits) => digits.padStart(20, '0'))
  return pad(position) >= pad(token)
}
