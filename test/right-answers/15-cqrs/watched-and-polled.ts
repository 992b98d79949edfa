// Without a script: WATCH on separate connections, and a query that polls every 20 milliseconds.
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { ChainableCommander, Redis } from 'ioredis'

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

/** Reads and writes on a separate connection until no other client interferes. If `work` returns null, there's nothing to write. */
async function optimistic<T>(
  redis: Redis,
  key: string,
  work: (own: Redis, batch: () => ChainableCommander) => Promise<T>,
): Promise<T> {
  const own = redis.duplicate()
  try {
    for (;;) {
      await own.watch(key)
      try {
        return await work(own, () => own.multi())
      } catch (error) {
        if (error !== CONFLICT) throw error
      }
    }
  } finally {
    own.disconnect()
  }
}
const CONFLICT = new Error('Another writer was faster')

type Replies = [error: Error | null, reply: unknown][]

function succeeded(replies: Replies | null): asserts replies is Replies {
  if (replies === null) throw CONFLICT
  for (const [error] of replies) if (error) throw error
}

export async function handleRegisterUserCommand(
  redis: Redis,
  command: RegisterUserCommand,
  clock: () => Date,
): Promise<Receipt> {
  const name = command.name.trim()
  const email = command.email.trim().toLocaleLowerCase('en')
  if (name === '' || name.length > 100) throw new InvalidCommandError('name', 'is empty or too long')
  const parts = email.split('@')
  if (parts.length !== 2 || parts.includes('') || /\s/.test(email))
    throw new InvalidCommandError('email', 'is wrong')
  const key = `email:${email}`
  return optimistic(redis, key, async (own, batch) => {
    if ((await own.exists(key)) === 1) throw new EmailTakenError(email)
    const userId = randomUUID()
    const replies = await batch()
      .set(key, userId)
      .xadd(
        'stream:users',
        '*',
        ...['eventType', 'USER_REGISTERED', 'eventId', randomUUID(), 'timestamp', clock().toISOString()],
        ...['entityId', userId, 'payload', JSON.stringify({ name, email })],
      )
      .exec()
    succeeded(replies)
    return { userId, token: String(replies[1]?.[1]) }
  })
}

const POSITION = 'projection:users:position'

export async function updateProjections(redis: Redis): Promise<number> {
  let all = 0
  for (let some = -1; some !== 0; all += some) {
    some = await optimistic(redis, POSITION, async (own, batch) => {
      const position = (await own.get(POSITION)) ?? '0'
      const reply = await own.xread('COUNT', 50, 'STREAMS', 'stream:users', position)
      const entries = reply?.[0]?.[1] ?? []
      const last = entries.at(-1)
      if (last === undefined) return 0
      const writes = batch().set(POSITION, last[0])
      for (const [, flat] of entries) {
        const field = (name: string) => flat[flat.indexOf(name) + 1] ?? ''
        if (field('eventType') !== 'USER_REGISTERED') continue
        const { name, email } = JSON.parse(field('payload'))
        writes.hset(`projection:user:${field('entityId')}`, { name, email, registeredAt: field('timestamp') })
        writes.hincrby('projection:stats', 'registered', 1)
      }
      succeeded(await writes.exec())
      return entries.length
    })
  }
  return all
}

const compare = (one: string, other: string): number => {
  const [a, b] = [one, other].map((id) => id.split('-').map(BigInt)) as [[bigint, bigint], [bigint, bigint]]
  return Number(a[0] - b[0]) || Number(a[1] - b[1])
}

export async function handleGetUserQuery(
  redis: Redis,
  query: GetUserQuery,
  signal: AbortSignal = AbortSignal.timeout(2_000),
): Promise<UserView | null> {
  while (query.token !== undefined) {
    const position = await redis.get(POSITION)
    if (position !== null && compare(position, query.token) >= 0) break
    if (signal.aborted) throw new NotYetError(query.token, position)
    await pause(20, undefined, { signal }).catch(() => undefined)
  }
  const row = await redis.hgetall(`projection:user:${query.userId}`)
  if (!row.name || !row.email || !row.registeredAt) return null
  return { userId: query.userId, name: row.name, email: row.email, registeredAt: row.registeredAt }
}
