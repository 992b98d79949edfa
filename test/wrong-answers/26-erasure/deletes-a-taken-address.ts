// task: forgetCustomer
// diagnosis: Check whose address it is
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'

/** What names or describes the person. It is never stored in plain text. */
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

/** Somebody wants to store personal data of a customer who has been forgotten. */
export class CustomerForgottenError extends Error {
  override readonly name = 'CustomerForgottenError'
  readonly customerId: string

  constructor(customerId: string) {
    super(`Customer ${customerId} has been forgotten: no personal data may be stored any more`)
    this.customerId = customerId
  }
}

/** The personal data of entry `id` should be readable and is not: the key is missing, or the text is damaged. */
export class UnreadableEventError extends Error {
  override readonly name = 'UnreadableEventError'
  readonly id: string

  constructor(id: string, options?: ErrorOptions) {
    super(`The personal data of entry ${id} cannot be read: its key is missing, or it is damaged`, options)
    this.id = id
  }
}

/** Stands in the place of the key of a customer who has been forgotten, so that SET NX never makes a new one. */
const ERASED = 'erased'
const PAGE_SIZE = 500
const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * Appends an event; what is personal in it is encrypted with the customer's own key. Resolves to the entry's id.
 * @throws CustomerForgottenError: nothing has been written then
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
 * Appends an entry if its customer's key is still the one that it was encrypted with.
 * KEYS: the customer's key, the customer's stream. ARGV: the key, then the entry's fields.
 * Replies the entry's ID, or nil if the key has changed: nothing is written then.
 */
const APPEND = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
return redis.call('XADD', KEYS[2], '*', unpack(ARGV, 2))
`

/**
 * All events of a customer. `personal` is null where there was none, and everywhere once the customer is forgotten.
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
  // After the entries, so that the key of each of them is there; at every call, because one in memory would outlive the erasure.
  const key = await redis.get(keyOf(customerId))
  return entries.map((entry) => fromEntry(entry, key))
}

/** The customer as the events tell; `null` if there never was one. @throws UnreadableEventError */
export async function getCustomer(redis: Redis, customerId: string): Promise<Customer | null> {
  return (await readEvents(redis, customerId)).reduce<Customer | null>(applyEvent, null)
}

/**
 * Destroys the key, records that, and cleans all that was made of the events. Can be called again at any time,
 * and has to be when it was broken off.
 */
export async function forgetCustomer(redis: Redis, customerId: string, clock: () => Date): Promise<void> {
  const now = clock().toISOString()
  await redis.eval(FORGET, 2, keyOf(customerId), streamOf(customerId), randomUUID(), now)
  await redis.del(`projection:customer:${customerId}`, `snapshot:${customerId}`)
  let cursor = '0'
  do {
    const [next, pairs] = await redis.hscan('index:email', cursor, 'COUNT', PAGE_SIZE)
    const emails = pairs.filter((_, i) => i % 2 === 0 && pairs[i + 1] === customerId)
    if (emails.length > 0) await redis.hdel('index:email', ...emails)
    cursor = next
  } while (cursor !== '0')
}

/**
 * Destroys a customer's key and says so in the log, once.
 * KEYS: the customer's key, the customer's stream. ARGV: an event id, the time.
 * Replies 1, or 0 if it was done before.
 */
const FORGET = `
if redis.call('GET', KEYS[1]) == 'erased' then return 0 end
redis.call('SET', KEYS[1], 'erased')
redis.call('XADD', KEYS[2], '*', 'eventId', ARGV[1], 'eventType', 'CUSTOMER_FORGOTTEN',
  'timestamp', ARGV[2], 'payload', '{}')
return 1
`

/** Two writers may come at once: only one key is kept, and both take the one that was. */
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

/** A fresh iv, the tag, and the encrypted text, as one base64 text. */
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
