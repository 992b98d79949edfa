import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
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

interface Projected {
  readonly id: string
  readonly type: string
  readonly entityId: string
  readonly timestamp: string
  readonly payload: string
}

async function onOwnConnection<T>(redis: Redis, work: (own: Redis) => Promise<T>): Promise<T> {
  const own = redis.duplicate()
  try {
    return await work(own)
  } finally {
    await own.quit()
  }
}

export async function handleRegisterUserCommand(
  redis: Redis,
  command: RegisterUserCommand,
  clock: () => Date,
): Promise<Receipt> {
  const clean = {
    name: String(command.name ?? '').trim(),
    email: String(command.email ?? '')
      .trim()
      .toLowerCase(),
  }
  if (!/^.{1,100}$/su.test(clean.name)) throw new InvalidCommandError('name', 'needs 1 to 100 characters')
  if (!/^[^\s@]+@[^\s@]+$/.test(clean.email)) throw new InvalidCommandError('email', 'is not an address')
  const userId = randomUUID()
  const fields = [
    'payload',
    JSON.stringify(clean),
    'entityId',
    userId,
    'timestamp',
    clock().toISOString(),
    'eventType',
    'USER_REGISTERED',
    'eventId',
    randomUUID(),
  ]
  const addressKey = `users:address:${clean.email}`
  return onOwnConnection(redis, async (own) => {
    for (;;) {
      await own.watch(addressKey)
      if ((await own.exists(addressKey)) === 1) throw new EmailTakenError(clean.email)
      const replies = await own
        .multi()
        .set(addressKey, userId)
        .xadd('stream:users', '*', ...fields)
        .exec()
      if (replies === null) continue
      for (const [error] of replies) if (error) throw error
      return { userId, token: replies[1]?.[1] as string }
    }
  })
}

export async function updateProjections(redis: Redis): Promise<number> {
  return onOwnConnection(redis, async (own) => {
    let total = 0
    for (;;) {
      await own.watch('projection:users:position')
      const position = await own.get('projection:users:position')
      const page = await own.xrange(
        'stream:users',
        position === null ? '-' : `(${position}`,
        '+',
        'COUNT',
        50,
      )
      if (page.length === 0) {
        await own.unwatch()
        return total
      }
      const events: Projected[] = page.map(([id, flat]) => {
        const get = (n: string) => flat[flat.indexOf(n) + 1] as string
        return {
          id,
          type: get('eventType'),
          entityId: get('entityId'),
          timestamp: get('timestamp'),
          payload: get('payload'),
        }
      })
      const tx = own.multi()
      let registered = 0
      for (const e of events) {
        if (e.type !== 'USER_REGISTERED') continue
        const { name, email } = JSON.parse(e.payload) as RegisterUserCommand
        tx.hset(`projection:user:${e.entityId}`, { name, email, registeredAt: e.timestamp })
        registered += 1
      }
      if (registered > 0) tx.hincrby('projection:stats', 'registered', registered)
      tx.set('projection:users:position', events.at(-1)?.id as string)
      const replies = await tx.exec()
      for (const [error] of replies ?? []) if (error) throw error
      if (replies !== null) total += events.length
    }
  })
}

const numbers = (id: string): [number, number] => {
  const [ms, seq] = id.split('-').map(Number)
  return [ms ?? 0, seq ?? 0]
}
function isAtLeast(position: string, token: string): boolean {
  const [a, b] = numbers(position)
  const [c, d] = numbers(token)
  return a > c || (a === c && b >= d)
}

export async function handleGetUserQuery(
  redis: Redis,
  query: GetUserQuery,
  signal: AbortSignal = AbortSignal.timeout(2_000),
): Promise<UserView | null> {
  if (query.token !== undefined) {
    const { token } = query
    let position = await redis.get('projection:users:position')
    while (position === null || !isAtLeast(position, token)) {
      if (signal.aborted) throw new NotYetError(token, position)
      await delay(10)
      position = await redis.get('projection:users:position')
    }
  }
  const [name, email, registeredAt] = await redis.hmget(
    `projection:user:${query.userId}`,
    'name',
    'email',
    'registeredAt',
  )
  if (name == null || email == null || registeredAt == null) return null
  return { userId: query.userId, name, email, registeredAt }
}
