import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  everyCrash,
  everyInterleaving,
  largestReply,
  pagingFault,
  plantLongStream,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { NewEvent, StoredEvent } from '#lesson/26-erasure'
import {
  CustomerForgottenError,
  forgetCustomer,
  getCustomer,
  readEvents,
  storeEvent,
  UnreadableEventError,
} from '#lesson/26-erasure'

const box = useSandbox()
const TIME = '2026-03-01T09:00:00.000Z'
const STREAM = 'stream:entity:customer-1'
const KEY = 'key:customer:customer-1'
const MAY = '2026-05-02T09:14:07.000Z'
const may = () => new Date(MAY)
const NOTE =
  'Leave parcels with the neighbor on the second floor, ring twice, and mind the dog; if nobody answers before noon, the bakery across the street keeps them until six. Not on Sundays, please, and never in the rain.'

const registered: NewEvent = {
  eventId: 'e-1',
  eventType: 'CUSTOMER_REGISTERED',
  customerId: 'customer-1',
  timestamp: TIME,
  payload: { plan: 'gold' },
  personal: { name: 'Ada Lovelace', email: 'ada@example.com' },
}
const ordered: NewEvent = {
  eventId: 'e-2',
  eventType: 'ORDER_PLACED',
  customerId: 'customer-1',
  timestamp: TIME,
  payload: { totalCents: 4200 },
}
const moved: NewEvent = {
  eventId: 'e-3',
  eventType: 'CUSTOMER_EMAIL_CHANGED',
  customerId: 'customer-1',
  timestamp: TIME,
  payload: {},
  personal: { email: 'countess@example.com' },
}
const bob: NewEvent = {
  ...registered,
  eventId: 'e-9',
  customerId: 'customer-2',
  personal: { name: 'Bob', email: 'bob@example.com' },
}

const forgottenEntry = [
  'eventId',
  'e-4',
  'eventType',
  'CUSTOMER_FORGOTTEN',
  'timestamp',
  MAY,
  'payload',
  '{}',
]

const store = (event: NewEvent) => call('storeEvent', () => storeEvent(box.redis, event))

function paired(flat: readonly string[]): Readonly<Record<string, string>> {
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? ''])
  return Object.fromEntries(pairs)
}

/** The fields of the entries of Ada's stream. */
async function entries() {
  return (await box.admin.xrange(STREAM, '-', '+')).map(([, flat]) => paired(flat))
}

/** Every text that stands in Redis, with the name of the key that it stands in. */
async function allTexts(): Promise<readonly (readonly [key: string, text: string])[]> {
  const found: [string, string][] = []
  for (const key of await box.admin.keys('*')) {
    const type = await box.admin.type(key)
    if (type === 'string') found.push([key, (await box.admin.get(key)) ?? ''])
    if (type === 'hash')
      found.push(
        ...Object.entries(await box.admin.hgetall(key))
          .flat()
          .map((t) => [key, t] as [string, string]),
      )
    if (type === 'list')
      found.push(...(await box.admin.lrange(key, 0, -1)).map((t) => [key, t] as [string, string]))
    if (type === 'set')
      found.push(...(await box.admin.smembers(key)).map((t) => [key, t] as [string, string]))
    if (type === 'zset')
      found.push(...(await box.admin.zrange(key, 0, -1)).map((t) => [key, t] as [string, string]))
    if (type === 'stream') {
      for (const [, flat] of await box.admin.xrange(key, '-', '+'))
        found.push(...flat.map((t) => [key, t] as [string, string]))
    }
  }
  return found
}

/** What forgetCustomer does to the key and the log, done by another process. */
const eraseKey = () =>
  box.admin
    .multi()
    .set(KEY, 'erased')
    .xadd(STREAM, '*', ...forgottenEntry)
    .exec()

describe('storeEvent', () => {
  test('writes one entry, readable but for what is personal', async () => {
    const id = await store(registered)
    await store(ordered)
    const [first, second] = await entries()
    const { personal, ...open } = first ?? {}
    verifyEqual(
      { ...open, payload: JSON.parse(open.payload ?? 'null') },
      { eventId: 'e-1', eventType: 'CUSTOMER_REGISTERED', timestamp: TIME, payload: { plan: 'gold' } },
      'The first entry of stream:entity:customer-1 should have the fields eventId, eventType, timestamp and payload (JSON) in plain text, and `personal`: only what is personal gets encrypted, all else must stay readable for ever.',
    )
    verify(
      personal !== undefined && personal !== '',
      'The entry of an event with personal data should have a field `personal` that holds it, encrypted.',
      { received: first },
    )
    verify(
      second !== undefined && !('personal' in second),
      'An event without personal data should have no field `personal`: a reader could not tell it from one that was erased.',
      { received: second },
    )
    verify(
      id === (await box.admin.xrange(STREAM, '-', '+', 'COUNT', 1))[0]?.[0],
      'storeEvent should return the id of the entry that it has written.',
      { received: id },
    )
  })

  test('leaves nothing personal readable', async () => {
    await store(registered)
    for (const [key, text] of await allTexts()) {
      for (const secret of ['Lovelace', 'ada@example.com']) {
        verify(
          !text.includes(secret),
          `"${secret}" stands in ${key} in plain text. It is in the log now, in every replica and every backup, and no key that you destroy takes it out.`,
          { received: text },
        )
        for (const code of ['base64', 'hex'] as const) {
          const parts = [text, ...text.split(/[^A-Za-z0-9+/=_-]+/)]
          verify(
            !parts.some((part) => Buffer.from(part, code).includes(secret)),
            `"${secret}" stands in ${key}, merely encoded as ${code}: anybody can read that, without any key. Encrypt it (aes-256-gcm).`,
            { received: text },
          )
        }
      }
    }
  })

  test('gives each customer a random key', async () => {
    await store(registered)
    await store(bob)
    const [ada, other] = await box.admin.mget(KEY, 'key:customer:customer-2')
    verify(
      ada && Buffer.from(ada, 'base64').length === 32,
      'The key should stand in key:customer:customer-1: a string, 32 random bytes as base64. (One that your program keeps in memory does not count: other processes have to find it.)',
      { received: ada },
    )
    verify(
      ada !== other,
      'Two customers have the same key. If one of them is forgotten, the other is lost too: each needs a key of its own.',
    )
    await store(moved)
    verify(
      ada === (await box.admin.get(KEY)),
      'The second event of a customer got a new key, which took the place of the first: what was encrypted with that can never be read again.',
    )
    await box.admin.flushdb()
    await store(registered)
    verify(
      ada !== (await box.admin.get(KEY)),
      'In an empty database the same customer got the same key again: so it is made from the id or is part of the program, and whoever has that can make it again after the erasure. Take randomBytes(32).',
    )
  })

  test('makes no key before there is something personal', async () => {
    await store(ordered)
    verify(
      (await box.admin.exists(KEY)) === 0,
      'An event without personal data came, and there is a key for its customer now. The key is made with the first personal data: a key of somebody of whom nothing is known is one more to keep and to destroy.',
    )
  })

  test('encrypts the same data differently each time', async () => {
    const twice = { ...registered, personal: { ...registered.personal, note: NOTE } }
    await store(twice)
    await store({ ...twice, eventId: 'e-5' })
    const [first = '', second = ''] = (await entries()).map(({ personal }) => personal)
    verify(
      first !== second,
      'The same data, stored twice, looks the same. Somebody can see who has gone back to an old address, and with GCM an iv that is used twice gives away even more. Take a fresh iv for every text.',
    )
    // The note is long, so whatever else is in the text, its middle is ciphertext.
    const middle = first.slice(first.length / 2 - 20, first.length / 2 + 20)
    verify(
      !second.includes(middle),
      'The same data, stored twice, has the same ciphertext, so both were encrypted with the same iv. With GCM, an iv that is used twice for one key reveals what two texts have in common. Use a fresh iv for every text.',
      { received: [first, second] },
    )
  })

  test('keeps one key when two writers come at once', async () => {
    await everyInterleaving({
      name: 'storeEvent',
      first: (redis) => storeEvent(redis, registered),
      second: async (redis) => {
        await storeEvent(redis, moved)
        return box.admin.get(KEY)
      },
      verify: async ({ first, second, held, after }) => {
        verify(
          first.ok && second.ok,
          'Two writers stored the first events of a customer at once, and one of them failed. Both should get the one key that is kept.',
          {
            received: first.ok ? second : first,
          },
        )
        const now = await box.admin.get(KEY)
        verify(
          now === second.value,
          `Two writers came at once, and the key changed after the second was done (the first was held between ${after} and ${held}): what the second encrypted can never be read again. SET … NX keeps the key that is there.`,
        )
      },
    })
  })

  test('stores nothing personal of a customer who was forgotten', async () => {
    await store(registered)
    await box.admin.set(KEY, 'erased')
    const why =
      'In the place of the customer’s key stands `erased`. Personal data that comes now (from a program that is behind) should be refused with a CustomerForgottenError.'
    const error = await callError(
      'storeEvent',
      () => storeEvent(box.redis, moved),
      CustomerForgottenError,
      why,
    )
    verifyEqual(
      [error.name, error.customerId, (await entries()).length, await box.admin.get(KEY)],
      ['CustomerForgottenError', 'customer-1', 1, 'erased'],
      'After the refusal: the error has its name and the `customerId`, the stream has the one entry that it had, and the word `erased` stands where it stood.',
    )
    const outcome = await attempt('storeEvent', () => storeEvent(box.redis, ordered))
    verify(
      outcome.ok && (await entries()).length === 2,
      'An event without personal data should be stored for a forgotten customer too: a refund may still come. Only what has `personal` is refused.',
      { received: outcome.ok ? `${(await entries()).length} entries` : outcome.error },
    )
  })

  test('stores nothing personal once the customer has been forgotten', async () => {
    await everyInterleaving({
      name: 'storeEvent',
      prepare: async () => {
        await storeEvent(box.connect(), registered)
      },
      first: (redis) => storeEvent(redis, moved),
      second: () => eraseKey(),
      verify: async ({ first, held, after }) => {
        const stored = await entries()
        const forgotten = stored.findIndex(({ eventType }) => eventType === 'CUSTOMER_FORGOTTEN')
        verify(
          stored.slice(forgotten).every(({ personal }) => personal === undefined),
          `storeEvent was between its ${after} and its ${held} when another process forgot the customer, and it appended personal data after CUSTOMER_FORGOTTEN all the same. Check the key and append in one step: use a script, or WATCH the key on a connection of your own.`,
          { received: stored.map(({ eventType }) => eventType) },
        )
        verify(
          first.ok || first.error instanceof CustomerForgottenError,
          'Another process forgot the customer while storeEvent was running. It should either have stored the event before that or throw a CustomerForgottenError.',
          { received: first.ok ? first.value : first.error },
        )
        verify(
          first.ok === stored.some(({ eventType }) => eventType === 'CUSTOMER_EMAIL_CHANGED'),
          `storeEvent ${first.ok ? 'resolved, but the event is not in the stream' : 'threw a CustomerForgottenError, but the event is in the stream'}.`,
          { received: stored.map(({ eventType }) => eventType) },
        )
      },
    })
  })
})

const read = () => call('readEvents', () => readEvents(box.redis, 'customer-1'))
const personals = (events: readonly StoredEvent[]) => events.map(({ personal }) => personal)

describe('readEvents', () => {
  test('brings back what was stored', async () => {
    await store(registered)
    await store({ ...ordered, payload: { totalCents: 4200, note: 'søt 🍰' } })
    await store({ ...moved, personal: { email: 'zoë@example.com', 'née "Byron"': 'ja' } })
    const events = (await read()).map(({ id: _, ...event }) => event)
    verifyEqual(
      events,
      [
        {
          eventId: 'e-1',
          eventType: 'CUSTOMER_REGISTERED',
          timestamp: TIME,
          payload: { plan: 'gold' },
          personal: { name: 'Ada Lovelace', email: 'ada@example.com' },
        },
        {
          eventId: 'e-2',
          eventType: 'ORDER_PLACED',
          timestamp: TIME,
          payload: { totalCents: 4200, note: 'søt 🍰' },
          personal: null,
        },
        {
          eventId: 'e-3',
          eventType: 'CUSTOMER_EMAIL_CHANGED',
          timestamp: TIME,
          payload: {},
          personal: { email: 'zoë@example.com', 'née "Byron"': 'ja' },
        },
      ],
      'readEvents should return the events as they were stored, in order, personal data decrypted, and `personal: null` where there was none.',
    )
    const ids = (await box.admin.xrange(STREAM, '-', '+')).map(([id]) => id)
    verifyEqual(
      (await read()).map(({ id }) => id),
      ids,
      'Each event should have the id of its entry.',
    )
    verifyEqual(
      await call('readEvents', () => readEvents(box.redis, 'customer-3')),
      [],
      'Of a customer without events readEvents should return an empty list.',
    )
  })

  test('gives null for all that was erased', async () => {
    // A customer of her own: a key that an answer keeps in memory must not be another test's.
    await store({ ...registered, customerId: 'customer-7' })
    await store({ ...ordered, customerId: 'customer-7' })
    const [before] = await call('readEvents', () => readEvents(box.redis, 'customer-7'))
    verify(before?.personal, 'Before the erasure the personal data should be there.', { received: before })
    await box.admin.set('key:customer:customer-7', 'erased') // by another process
    const outcome = await attempt('readEvents', () => readEvents(box.redis, 'customer-7'))
    verify(
      outcome.ok,
      'In the place of the key stands `erased`, and readEvents failed. That is no fault: the events should come, with `personal: null`.',
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      personals(outcome.value),
      [null, null],
      'Another process has erased the key, and readEvents still shows personal data: it must have kept the key in memory. Read the key anew at every call, or the data lives as long as your program.',
    )
    verifyEqual(
      outcome.value.map(({ eventId }) => eventId),
      ['e-1', 'e-2'],
      'All events of a forgotten customer should still come: only their personal data is gone.',
    )
  })

  test('reads what two writers stored at once', async () => {
    await everyInterleaving({
      name: 'storeEvent',
      first: (redis) => storeEvent(redis, registered),
      second: (redis) => storeEvent(redis, moved),
      verify: async () => {
        const outcome = await attempt('readEvents', () => readEvents(box.connect(), 'customer-1'))
        verify(
          outcome.ok,
          'Two writers stored the first events of a customer at once, and one of these cannot be read. Did storeEvent encrypt with a key that it made, but that was not kept? After SET … NX take the key that is there.',
          { received: !outcome.ok && outcome.error },
        )
      },
    })
  })

  test('reads while the first personal data is stored', async () => {
    await everyInterleaving({
      name: 'readEvents',
      first: (redis) => readEvents(redis, 'customer-1'),
      second: () => storeEvent(box.connect(), registered),
      verify: ({ first, held, after }) => {
        verify(
          first.ok,
          `The customer's first event, and with it the key, was stored between the ${after} and the ${held} of readEvents, which then took the key for lost. If you read the key before the entries, it may be older than they are: read it after them.`,
          { received: !first.ok && first.error },
        )
        verify(
          first.value.every(({ personal }) => personal?.name === 'Ada Lovelace'),
          'The first event of a customer was stored while readEvents was running. It may miss that event, but whatever it returns should have its personal data: nothing has been erased.',
          { received: first.value },
        )
      },
    })
  })

  test('reads while the customer is forgotten', async () => {
    await everyInterleaving({
      name: 'readEvents',
      prepare: async () => {
        await storeEvent(box.connect(), registered)
      },
      first: (redis) => readEvents(redis, 'customer-1'),
      second: () => eraseKey(),
      verify: ({ first, held, after }) =>
        verify(
          first.ok,
          `Another process forgot the customer between the ${after} and the ${held} of readEvents, which failed. Whether it still returns personal data or already null is up to you, but an erasure isn't damage.`,
          { received: !first.ok && first.error },
        ),
    })
  })

  const fails = (why: string) =>
    callError('readEvents', () => readEvents(box.redis, 'customer-1'), UnreadableEventError, why)

  test('does not take a lost key for an erased one', async () => {
    await store(registered)
    await store(moved)
    const [[id] = ['']] = await box.admin.xrange(STREAM, '-', '+')
    await box.admin.del(KEY)
    const error = await fails(
      'The key is gone, but `erased` does not stand in its place: nobody has forgotten this customer, somebody has lost a key. readEvents should throw an UnreadableEventError, so that it is noticed.',
    )
    verifyEqual(
      [error.name, error.id],
      ['UnreadableEventError', id],
      'The error should tell the id of the entry.',
    )
  })

  test('notices what was damaged', async () => {
    await store(registered)
    await store(ordered)
    await store(moved)
    const [, , last] = await entries()
    const text = last?.personal ?? ''
    const middle = Math.floor(text.length / 2)
    // Half of all characters of base64 for the other half: at the end of a group a smaller change would not change a byte.
    const other = /[g-z0-9+/_-]/.test(text[middle] ?? '') ? 'A' : '8'
    const damaged = `${text.slice(0, middle)}${other}${text.slice(middle + 1)}`
    const id = await box.admin.xadd(STREAM, '*', ...Object.entries({ ...last, personal: damaged }).flat())
    const error = await fails(
      'One character of the encrypted text was changed. readEvents should throw an UnreadableEventError, and never hand out something that nobody has written. GCM notices it by its tag.',
    )
    verifyEqual(error.id, id, 'The error should tell the id of the entry that is damaged.')
    await box.admin.xdel(STREAM, String(id))
    await store(bob)
    await box.admin.rename('key:customer:customer-2', KEY)
    await fails('The key is another customer’s. readEvents should throw an UnreadableEventError.')
  })

  test('hands out nothing that nobody has written', async () => {
    await store(moved)
    const [entry] = await entries()
    const text = entry?.personal ?? ''
    const rings = ['abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', '0123456789']
    const next = (one: string) => {
      const ring = rings.find((some) => some.includes(one)) ?? one
      return ring[(ring.indexOf(one) + 1) % ring.length]
    }
    for (let at = 0; at < text.length; at += 2) {
      const damaged = `${text.slice(0, at)}${next(text.charAt(at))}${text.slice(at + 1)}`
      if (damaged === text) continue
      await box.admin.del(STREAM)
      await box.admin.xadd(STREAM, '1-0', ...Object.entries({ ...entry, personal: damaged }).flat())
      const outcome = await attempt('readEvents', () => readEvents(box.redis, 'customer-1'))
      verifyEqual(
        outcome.ok ? outcome.value[0]?.personal : moved.personal,
        moved.personal,
        'One character of the encrypted text was changed, and readEvents handed out data that nobody has written. A cipher that only hides (ctr, cbc) does not notice: take aes-256-gcm, keep its tag, and let `decipher.final()` check it.',
      )
      verify(
        outcome.ok || outcome.error instanceof UnreadableEventError,
        'One character of the encrypted text was changed. Whatever goes wrong with it, in the base64, the cipher or the JSON, should be an UnreadableEventError.',
        { received: !outcome.ok && outcome.error },
      )
    }
  })

  test('reads a long history to its end', async () => {
    const { counted } = await plantLongStream(box.admin, STREAM, {
      page: 1_000,
      fields: (n) => ({ eventId: `e-${n}`, eventType: 'ORDER_PLACED', timestamp: TIME, payload: '{}' }),
    })
    verifyEqual(
      (await read()).map(({ id }) => id),
      counted,
      `The stream holds 2,010 entries from one millisecond (7-1 to 7-2010), and readEvents didn’t return each of them once, in their order.${pagingFault(box.commands) || ' A page has at most 1,000: go on after its last ID.'}`,
    )
    const most = largestReply(box.commands)
    verify(
      most <= 1_001,
      `readEvents fetched ${most} entries with one command. Redis serves nobody else while it puts such a reply together: read pages of at most 1,000, with COUNT.`,
      { expected: 'at most 1,000 entries in one reply', received: `${most} entries` },
    )
  })
})

const customer = () => call('getCustomer', () => getCustomer(box.redis, 'customer-1'))

describe('getCustomer', () => {
  test('replays the events', async () => {
    verifyEqual(await customer(), null, 'A customer without events never was: return null.')
    await store(registered)
    await store(ordered)
    await store(moved)
    await store(ordered)
    verifyEqual(
      await customer(),
      {
        plan: 'gold',
        name: 'Ada Lovelace',
        email: 'countess@example.com',
        orders: 2,
        totalCents: 8400,
        forgotten: false,
      },
      'The customer has registered, ordered twice for 4200 cents, and changed the e-mail in between.',
    )
  })

  test('replays the rest when the person is gone', async () => {
    await store(registered)
    await store(moved)
    await store(ordered)
    await box.admin.set(KEY, 'erased')
    const early = await attempt('getCustomer', () => getCustomer(box.redis, 'customer-1'))
    verify(
      early.ok,
      'getCustomer failed on a customer whose key is erased. `personal` may be null in every event; the rest of the history must still replay.',
      { received: !early.ok && early.error },
    )
    verifyEqual(
      early.value,
      { plan: 'gold', name: null, email: null, orders: 1, totalCents: 4200, forgotten: false },
      'The key is erased, so all personal data is `null`, and name and e-mail should be `null` then, not undefined and not the last known. `forgotten` is told by the event CUSTOMER_FORGOTTEN, which is not there yet.',
    )
    await box.admin.xadd(STREAM, '*', ...forgottenEntry)
    await box.admin.xadd(
      STREAM,
      '*',
      ...['eventId', 'e-6', 'eventType', 'ORDER_PLACED', 'timestamp', TIME, 'payload', '{"totalCents":4200}'],
    )
    const outcome = await attempt('getCustomer', () => getCustomer(box.redis, 'customer-1'))
    verify(
      outcome.ok,
      'getCustomer failed on a forgotten customer. `personal` may be null in every event; the rest of the history must still replay.',
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      outcome.value,
      { plan: 'gold', name: null, email: null, orders: 2, totalCents: 8400, forgotten: true },
      'Of a forgotten customer the name and the e-mail are null and `forgotten` is true. Plan, orders (also one that came later) and cents are as ever: the books must still balance.',
    )
  })
})

async function plantReadModels() {
  await box.admin.hset('projection:customer:customer-1', {
    name: 'Ada Lovelace',
    email: 'countess@example.com',
  })
  await box.admin.hset('projection:customer:customer-2', { name: 'Bob', email: 'bob@example.com' })
  await box.admin.hset('snapshot:customer-1', { state: '{"name":"Ada Lovelace"}', lastEventId: '1-0' })
  await box.admin.hset('snapshot:customer-2', { state: '{"name":"Bob"}', lastEventId: '1-0' })
  await box.admin.hset('index:email', {
    'ada@example.com': 'customer-1',
    'countess@example.com': 'customer-1',
    'bob@example.com': 'customer-2',
    'old-shop@example.com': 'customer-1', // from before there were events
  })
}

const forget = () => call('forgetCustomer', () => forgetCustomer(box.redis, 'customer-1', may))
const LEFT = [
  'index:email',
  'key:customer:customer-2',
  'projection:customer:customer-2',
  'snapshot:customer-2',
  STREAM,
  KEY,
  'stream:entity:customer-2',
].sort()

describe('forgetCustomer', () => {
  test('destroys the key and says so in the log', async () => {
    await store(registered)
    await store(ordered)
    const before = await box.admin.xrange(STREAM, '-', '+')
    const key = await box.admin.get(KEY)
    await forget()
    verifyEqual(
      await box.admin.get(KEY),
      'erased',
      'In the place of the key should stand the word `erased`. As long as the key is there, all can be read; if there is nothing, the next event makes a new one.',
    )
    for (const [name, text] of await allTexts()) {
      verify(
        key === null || !text.includes(key),
        `The old key stands in ${name} now. A key that somebody keeps is not destroyed.`,
      )
    }
    const after = await box.admin.xrange(STREAM, '-', '+')
    verifyEqual(
      after.slice(0, 2),
      before,
      'The entries that were in the stream should be there as they were. The history of orders has to replay; the personal data in it is unreadable without the key.',
    )
    verify(
      after.length === 3,
      'The stream should have exactly one entry more, CUSTOMER_FORGOTTEN: by it others hear that they have to clean up too.',
      { received: after.slice(2) },
    )
    const { eventId = '', ...rest } = paired(after[2]?.[1] ?? [])
    verifyEqual(
      rest,
      { eventType: 'CUSTOMER_FORGOTTEN', timestamp: MAY, payload: '{}' },
      'The last entry should be CUSTOMER_FORGOTTEN with the time of the clock, the payload {} and no `personal`.',
    )
    verify(/^[0-9a-f-]{36}$/i.test(eventId), 'The eventId of CUSTOMER_FORGOTTEN should be a UUID.', {
      received: eventId,
    })
  })

  test('cleans what was made of the events, and nothing else', async () => {
    await store(registered)
    await store(bob)
    await plantReadModels()
    await forget()
    verifyEqual(
      await box.admin.exists('projection:customer:customer-1', 'snapshot:customer-1'),
      0,
      'projection:customer:customer-1 and snapshot:customer-1 hold the name in plain text: both should be gone.',
    )
    verifyEqual(
      await box.admin.hgetall('index:email'),
      { 'bob@example.com': 'customer-2' },
      'In index:email no entry should point to customer-1 any more, also not one of a former e-mail; Bob’s stays.',
    )
    verifyEqual(
      (await box.admin.keys('*')).sort(),
      LEFT,
      'All that is Bob’s should be there as before, and no key that was not there.',
    )
  })

  test('looks through all of a large index', async () => {
    await store(registered)
    const others: Record<string, string> = {}
    // HSCAN returns more than COUNT asks for: of a small index even one call may happen to find all of hers.
    for (let i = 1; i <= 5_000; i += 1) others[`mail-${i}@example.com`] = `customer-${i + 9}`
    // customer-10, customer-11, customer-100 …: ids that begin like hers.
    const hers = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`ada-${i}@example.com`, 'customer-1']),
    )
    await box.admin.hset('index:email', { ...others, ...hers })
    await forget()
    const left = await box.admin.hgetall('index:email')
    verifyEqual(
      Object.keys(hers).filter((email) => email in left),
      [],
      'index:email held 5,200 addresses, 200 of them of customer-1, and forgetCustomer did not find them all. HSCAN returns a part and a cursor: continue with that cursor until it is 0.',
    )
    verifyEqual(
      Object.keys(left).length,
      5_000,
      'Addresses of other customers are gone from index:email. Only those whose value is `customer-1` itself are hers: customer-10 is somebody else.',
    )
  })

  test('can be called twice', async () => {
    await store(registered)
    await forget()
    await forget()
    const types = (await entries()).map(({ eventType }) => eventType)
    verifyEqual(
      types,
      ['CUSTOMER_REGISTERED', 'CUSTOMER_FORGOTTEN'],
      'forgetCustomer was called twice. A customer is forgotten once: there should be one CUSTOMER_FORGOTTEN.',
    )
  })

  test('records it once when two come at once', async () => {
    await everyInterleaving({
      name: 'forgetCustomer',
      prepare: async () => {
        await storeEvent(box.connect(), registered)
      },
      first: (redis) => forgetCustomer(redis, 'customer-1', may),
      second: (redis) => forgetCustomer(redis, 'customer-1', may),
      verify: async ({ first, second, held, after }) => {
        verify(
          first.ok && second.ok,
          'Two processes forgot the same customer at once, and one of them failed. Both should come to a good end.',
          {
            received: first.ok ? second : first,
          },
        )
        const types = (await entries()).map(({ eventType }) => eventType)
        verifyEqual(
          types,
          ['CUSTOMER_REGISTERED', 'CUSTOMER_FORGOTTEN'],
          `Two processes forgot the same customer at once (the first was held between ${after} and ${held}). There should be one CUSTOMER_FORGOTTEN: look and write in one step.`,
        )
      },
    })
  })

  test('leaves an address to the customer who has just taken it', async () => {
    await everyInterleaving({
      name: 'forgetCustomer',
      prepare: async () => {
        await storeEvent(box.connect(), registered)
        await plantReadModels()
      },
      first: (redis) => forgetCustomer(redis, 'customer-1', may),
      second: () => box.admin.hset('index:email', 'ada@example.com', 'customer-2'),
      verify: async ({ held, after }) =>
        verifyEqual(
          await box.admin.hget('index:email', 'ada@example.com'),
          'customer-2',
          `Between the ${after} and the ${held} of forgetCustomer another customer took the address ada@example.com, and forgetCustomer deleted it from index:email. Check whose address it is and delete it in one step.`,
        ),
    })
  })

  test('lets a writer finish before it or be refused after it', async () => {
    await everyInterleaving({
      name: 'forgetCustomer',
      prepare: async () => {
        await storeEvent(box.connect(), registered)
      },
      first: (redis) => forgetCustomer(redis, 'customer-1', may),
      second: (redis) => storeEvent(redis, moved),
      verify: async ({ second, held, after }) => {
        const types = (await entries()).map(({ eventType }) => eventType)
        verifyEqual(
          types,
          second.ok
            ? ['CUSTOMER_REGISTERED', 'CUSTOMER_EMAIL_CHANGED', 'CUSTOMER_FORGOTTEN']
            : ['CUSTOMER_REGISTERED', 'CUSTOMER_FORGOTTEN'],
          `storeEvent ran between the ${after} and the ${held} of forgetCustomer. Its event should come before CUSTOMER_FORGOTTEN, or be refused: the log and the key change in one step.`,
        )
      },
    })
  })

  test('can be finished after a crash', async () => {
    await everyCrash({
      name: 'forgetCustomer',
      prepare: async () => {
        const redis = box.connect()
        await storeEvent(redis, registered)
        await storeEvent(redis, bob)
        await plantReadModels()
      },
      run: (redis) => forgetCustomer(redis, 'customer-1', may),
      verify: async ({ last, survived }) => {
        const where = survived ? 'It ran to its end' : `The process died after ${last ?? 'nothing'}`
        const said = (await entries()).filter(({ eventType }) => eventType === 'CUSTOMER_FORGOTTEN').length
        const erased = (await box.admin.get(KEY)) === 'erased'
        verify(
          (said === 1) === erased,
          `${where}: the key is ${erased ? 'erased' : 'still there'}, but the log says CUSTOMER_FORGOTTEN ${said} times. Both have to happen in one step: else the others never hear of it, or hear what is not true.`,
        )
        await call('forgetCustomer', () => forgetCustomer(box.connect(), 'customer-1', may))
        verifyEqual(
          (await box.admin.keys('*')).sort(),
          LEFT,
          `${where}, and forgetCustomer was called again. It should have finished the work: no row, no snapshot of customer-1 may be left.`,
        )
        verifyEqual(
          await box.admin.hgetall('index:email'),
          { 'bob@example.com': 'customer-2' },
          `${where}, and forgetCustomer was called again. No e-mail of customer-1 may be left in index:email: whoever is forgotten half must be forgotten wholly by the second call.`,
        )
        verifyEqual(
          (await entries()).map(({ eventType }) => eventType),
          ['CUSTOMER_REGISTERED', 'CUSTOMER_FORGOTTEN'],
          `${where}, and forgetCustomer was called again. There should be one CUSTOMER_FORGOTTEN.`,
        )
      },
    })
  })
})
