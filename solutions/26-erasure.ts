import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
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

/** Replaces the key of a customer who has been forgotten, so that SET NX never makes a new one. */
const ERASED = 'erased'
const PAGE_SIZE = 500
const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * Appends an event, its personal data encrypted with the customer's own key, and resolves to the entry's ID.
 * @throws CustomerForgottenError and writes nothing
 */
export async function storeEvent(redis: Redis, event: NewEvent): Promise<string> {
  const { customerId, eventId, eventType, timestamp, payload, personal } = event
  const fields = Object.entries({ eventId, eventType, timestamp, payload: JSON.stringify(payload) }).flat()
  const stream = streamOf(customerId)
  if (personal === undefined) {
    const id = await redis.xadd(stream, '*', ...fields)
    if (id === null) throw new Error('XADD returned no ID')
    return id
  }
  for (;;) {
    const key = await keyForWriting(redis, customerId)
    const secret = encrypt(JSON.stringify(personal), key)
    const id = await redis.eval(APPEND, 2, keyOf(customerId), stream, key, ...fields, 'personal', secret)
    if (id !== null) return String(id)
  }
}

/**
 * Appends an entry if the customer's key is still the one that encrypted it.
 * KEYS: the customer's key, the customer's stream. ARGV: the key, then the entry's fields.
 * Replies the entry's ID, or nil if the key has changed and nothing was written.
 */
const APPEND = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
return redis.call('XADD', KEYS[2], '*', unpack(ARGV, 2))
`

/**
 * Returns all events of a customer. `personal` is null where there was none, and everywhere once the customer is forgotten.
 * @throws UnreadableEventError
 */
export async function readEvents(redis: Redis, customerId: string): Promise<readonly StoredEvent[]> {
  const entries: Entry[] = []
  for (let start = '-'; ; ) {
    const page = await redis.xrange(streamOf(customerId), start, '+', 'COUNT', PAGE_SIZE)
    entries.push(...page)
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_SIZE) break
    start = `(${last[0]}`
  }
  // After the entries, so that the key they need is there; on every call, because a key in memory would outlive the erasure.
  const key = await redis.get(keyOf(customerId))
  return entries.map((entry) => fromEntry(entry, key))
}

/** Replays the customer's events; `null` if there are none. @throws UnreadableEventError */
export async function getCustomer(redis: Redis, customerId: string): Promise<Customer | null> {
  return (await readEvents(redis, customerId)).reduce<Customer | null>(applyEvent, null)
}

/**
 * Destroys the key, records that in the log, and cleans everything made from the events. It can be called again at any
 * time, and has to be if it was interrupted.
 */
export async function forgetCustomer(redis: Redis, customerId: string, clock: () => Date): Promise<void> {
  const now = clock().toISOString()
  await redis.eval(FORGET, 2, keyOf(customerId), streamOf(customerId), randomUUID(), now)
  await redis.del(`projection:customer:${customerId}`, `snapshot:${customerId}`)
  let cursor = '0'
  do {
    const [next, pairs] = await redis.hscan('index:email', cursor, 'COUNT', PAGE_SIZE)
    const emails = pairs.filter((_, i) => i % 2 === 0 && pairs[i + 1] === customerId)
    if (emails.length > 0) await redis.eval(REMOVE, 1, 'index:email', customerId, ...emails)
    cursor = next
  } while (cursor !== '0')
}

/**
 * Destroys a customer's key and records it in the log, once.
 * KEYS: the customer's key, the customer's stream. ARGV: an event ID, the time.
 * Replies 1, or 0 if it was already done.
 */
const FORGET = `
if redis.call('GET', KEYS[1]) == 'erased' then return 0 end
redis.call('XADD', KEYS[2], '*', 'eventId', ARGV[1], 'eventType', 'CUSTOMER_FORGOTTEN',
  'timestamp', ARGV[2], 'payload', '{}')
redis.call('SET', KEYS[1], 'erased')
return 1
`

/**
 * Removes addresses from the index, unless another customer has taken them since they were found.
 * KEYS: the index. ARGV: the customer's ID, then the addresses. Replies nil.
 */
const REMOVE = `
for i = 2, #ARGV do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end
`

/** Returns the customer's key. If two writers race to make it, only one key is kept, and both use that one. */
async function keyForWriting(redis: Redis, customerId: string): Promise<string> {
  await redis.set(keyOf(customerId), randomBytes(32).toString('base64'), 'NX')
  const key = await redis.get(keyOf(customerId))
  if (key === null || key === ERASED) throw new CustomerForgottenError(customerId)
  return key
}

function applyEvent(
  customer: Customer | null,
  { eventType, payload, personal }: StoredEvent,
): Customer | null {
  if (eventType === 'CUSTOMER_REGISTERED') {
    const { name = null, email = null } = personal ?? {}
    return { plan: String(payload.plan), name, email, orders: 0, totalCents: 0, forgotten: false }
  }
  if (customer === null) return null
  switch (eventType) {
    case 'CUSTOMER_EMAIL_CHANGED':
      return { ...customer, email: personal?.email ?? null }
    case 'ORDER_PLACED': {
      const totalCents = customer.totalCents + Number(payload.totalCents)
      return { ...customer, orders: customer.orders + 1, totalCents }
    }
    case 'CUSTOMER_FORGOTTEN':
      return { ...customer, name: null, email: null, forgotten: true }
    default:
      return customer
  }
}

type Entry = readonly [id: string, fields: readonly string[]]

function fromEntry([id, flat]: Entry, key: string | null): StoredEvent {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[flat[i] ?? ''] = flat[i + 1] ?? ''
  const { eventId = '', eventType = '', timestamp = '', payload = '{}', personal: secret } = fields
  const personal = secret === undefined || key === ERASED ? null : decrypt(id, secret, key)
  return { id, eventId, eventType, timestamp, payload: JSON.parse(payload), personal }
}

/** Joins a new iv, the tag, and the ciphertext into one base64 string. */
function encrypt(text: string, key: string): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key, 'base64'), iv)
  const secret = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), secret]).toString('base64')
}

function decrypt(id: string, text: string, key: string | null): Personal {
  if (key === null) throw new UnreadableEventError(id)
  try {
    const bytes = Buffer.from(text, 'base64')
    const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES)
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from(key, 'base64'), bytes.subarray(0, IV_BYTES))
    decipher.setAuthTag(tag)
    const plain = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()])
    return JSON.parse(plain.toString('utf8'))
  } catch (cause) {
    throw new UnreadableEventError(id, { cause })
  }
}

function keyOf(customerId: string): string {
  return `key:customer:${customerId}`
}

function streamOf(customerId: string): string {
  return `stream:entity:${customerId}`
}
