// Uses WATCH on a connection of its own, the ciphertext as JSON, XREAD, and loops over a list in getCustomer.
import * as crypto from 'node:crypto'
import type { Redis } from 'ioredis'

/** Data that identifies or describes the person. It is never stored in plain text. */
export type Personal = Readonly<Record<string, string>>

export interface NewEvent {
  readonly eventId: string
  readonly eventType: string
  readonly customerId: string
  readonly timestamp: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly personal?: Personal
}

export interface StoredEvent {
  readonly id: string
  readonly eventId: string
  readonly eventType: string
  readonly timestamp: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly personal: Personal | null
}

export interface Customer {
  readonly plan: string
  readonly name: string | null
  readonly email: string | null
  readonly orders: number
  readonly totalCents: number
  readonly forgotten: boolean
}

/** Thrown when an event has personal data of a customer who has been forgotten. */
export class CustomerForgottenError extends Error {
  override readonly name = 'CustomerForgottenError'
  readonly customerId: string

  constructor(customerId: string) {
    super(`Customer ${customerId} has been forgotten, so no personal data may be stored for them`)
    this.customerId = customerId
  }
}

/** The personal data of entry `id` should be readable but isn't: the key is missing, or the ciphertext is damaged. */
export class UnreadableEventError extends Error {
  override readonly name = 'UnreadableEventError'
  readonly id: string

  constructor(id: string, options?: ErrorOptions) {
    super(`The personal data of entry ${id} can't be read: its key is missing, or it's damaged`, options)
    this.id = id
  }
}

interface Envelope {
  readonly v: 1
  readonly n: string
  readonly t: string
  readonly c: string
}

class Keys {
  private readonly redis: Redis
  constructor(redis: Redis) {
    this.redis = redis
  }
  async find(customerId: string): Promise<Buffer | 'erased' | undefined> {
    const text = await this.redis.get(`key:customer:${customerId}`)
    if (text === null) return undefined
    return text === 'erased' ? text : Buffer.from(text, 'base64')
  }
  async findOrMake(customerId: string): Promise<Buffer> {
    const found = await this.find(customerId)
    if (found === 'erased') throw new CustomerForgottenError(customerId)
    if (found !== undefined) return found
    await this.redis.setnx(`key:customer:${customerId}`, crypto.randomBytes(32).toString('base64'))
    return this.findOrMake(customerId)
  }
}

export async function storeEvent(redis: Redis, event: NewEvent): Promise<string> {
  const stream = `stream:entity:${event.customerId}`
  const args = ['payload', JSON.stringify(event.payload), 'timestamp', event.timestamp]
  args.push('eventType', event.eventType, 'eventId', event.eventId)
  if (event.personal === undefined) return (await redis.xadd(stream, '*', ...args)) as string
  const mine = redis.duplicate()
  try {
    for (;;) {
      await mine.watch(`key:customer:${event.customerId}`)
      const key = await new Keys(mine).findOrMake(event.customerId)
      const nonce = crypto.randomBytes(12)
      const cipher = crypto.createCipheriv('aes-256-gcm', key, nonce)
      cipher.setAAD(Buffer.from(event.eventId))
      let c = cipher.update(JSON.stringify(event.personal), 'utf8', 'hex')
      c += cipher.final('hex')
      const envelope: Envelope = { v: 1, n: nonce.toString('hex'), t: cipher.getAuthTag().toString('hex'), c }
      const entry = [...args, 'personal', JSON.stringify(envelope)]
      const replies = await mine
        .multi()
        .xadd(stream, '*', ...entry)
        .exec()
      const [error, id] = replies?.[0] ?? []
      if (error) throw error
      if (replies !== null) return id as string // otherwise the key has just been made or erased
    }
  } finally {
    mine.disconnect()
  }
}

export async function readEvents(redis: Redis, customerId: string): Promise<readonly StoredEvent[]> {
  const entries: [id: string, fields: string[]][] = []
  for (;;) {
    const position = entries.at(-1)?.[0] ?? '0-0'
    const reply = await redis.xread('COUNT', 1000, 'STREAMS', `stream:entity:${customerId}`, position)
    if (reply === null) break
    entries.push(...(reply[0]?.[1] ?? []))
  }
  const key = await new Keys(redis).find(customerId)
  return entries.map(([id, flat]) => {
    const get = (name: string) => {
      const at = flat.findIndex((text, i) => i % 2 === 0 && text === name)
      return at < 0 ? undefined : flat[at + 1]
    }
    const eventId = get('eventId') as string
    return {
      id,
      eventId,
      eventType: get('eventType') as string,
      timestamp: get('timestamp') as string,
      payload: JSON.parse(get('payload') as string),
      personal: key === 'erased' ? null : opened(id, eventId, get('personal'), key),
    }
  })
}

function opened(
  id: string,
  eventId: string,
  text: string | undefined,
  key: Buffer | undefined,
): Personal | null {
  if (text === undefined) return null
  try {
    const { n, t, c } = JSON.parse(text) as Envelope
    const decipher = crypto.createDecipheriv('aes-256-gcm', key as Buffer, Buffer.from(n, 'hex'))
    decipher.setAAD(Buffer.from(eventId)).setAuthTag(Buffer.from(t, 'hex'))
    return JSON.parse(decipher.update(c, 'hex', 'utf8') + decipher.final('utf8'))
  } catch {
    throw new UnreadableEventError(id)
  }
}

export async function getCustomer(redis: Redis, customerId: string): Promise<Customer | null> {
  const events = await readEvents(redis, customerId)
  const [first] = events
  if (first === undefined) return null
  const orders = events.filter(({ eventType }) => eventType === 'ORDER_PLACED')
  const forgotten = events.some(({ eventType }) => eventType === 'CUSTOMER_FORGOTTEN')
  const addresses = ['CUSTOMER_REGISTERED', 'CUSTOMER_EMAIL_CHANGED', 'CUSTOMER_FORGOTTEN']
  const email = events.findLast(({ eventType }) => addresses.includes(eventType))?.personal?.email
  return {
    plan: first.payload.plan as string,
    name: first.personal?.name ?? null,
    email: email ?? null,
    orders: orders.length,
    totalCents: orders.reduce((sum, { payload }) => sum + (payload.totalCents as number), 0),
    forgotten,
  }
}

export async function forgetCustomer(redis: Redis, customerId: string, clock: () => Date): Promise<void> {
  const at = clock().toISOString()
  const mine = redis.duplicate()
  try {
    for (let done = false; !done; ) {
      await mine.watch(`key:customer:${customerId}`)
      if ((await mine.get(`key:customer:${customerId}`)) === 'erased') break
      const event = ['eventId', crypto.randomUUID(), 'eventType', 'CUSTOMER_FORGOTTEN', 'timestamp', at]
      const replies = await mine
        .multi()
        .set(`key:customer:${customerId}`, 'erased')
        .xadd(`stream:entity:${customerId}`, '*', ...event, 'payload', '{}')
        .exec()
      for (const [error] of replies ?? []) if (error) throw error
      done = replies !== null
    }
    for (let done = false; !done; ) {
      await mine.watch('index:email')
      const index = Object.entries(await mine.hgetall('index:email'))
      const emails = index.filter(([, id]) => id === customerId).map(([email]) => email)
      const cleaning = mine.multi()
      if (emails.length > 0) cleaning.hdel('index:email', ...emails)
      const cleaned = await cleaning.exec()
      for (const [problem] of cleaned ?? []) if (problem) throw problem
      done = cleaned !== null
    }
  } finally {
    mine.disconnect()
  }
  await redis.del(`snapshot:${customerId}`)
  await redis.del(`projection:customer:${customerId}`)
}
