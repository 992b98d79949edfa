import { isDeepStrictEqual } from 'node:util'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  code,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  lacks,
  largestReply,
  pagingFault,
  paired,
  passesOnErrors,
  passesOnWrongType,
  plantLongStream,
  sharedWatch,
  useSandbox,
  verify,
  verifyEqual,
  words,
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
  'Leave parcels with the neighbor on the second floor, ring twice, and mind the dog; if no one answers before noon, the bakery across the street keeps them until six. Not on Sundays, please, and never in the rain.'

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

const forgottenEntryFields = {
  eventId: 'e-4',
  eventType: 'CUSTOMER_FORGOTTEN',
  timestamp: MAY,
  payload: '{}',
}
const forgottenEntry = Object.entries(forgottenEntryFields).flat()

const store = (event: NewEvent) => call('storeEvent', () => storeEvent(box.redis, event))

/** The fields of the entries of Ada's stream. */
async function entries() {
  return (await box.admin.xrange(STREAM, '-', '+')).map(([, flat]) => paired(flat))
}

/** The types of the events in Ada's stream. */
const typesInLog = async () => (await entries()).map(({ eventType }) => eventType)

/** Every string stored at the key, including names of fields. */
async function stringsAt(key: string): Promise<readonly string[]> {
  switch (await box.admin.type(key)) {
    case 'string':
      return [(await box.admin.get(key)) ?? '']
    case 'hash':
      return Object.entries(await box.admin.hgetall(key)).flat()
    case 'list':
      return box.admin.lrange(key, 0, -1)
    case 'set':
      return box.admin.smembers(key)
    case 'zset':
      return box.admin.zrange(key, 0, -1)
    case 'stream':
      return (await box.admin.xrange(key, '-', '+')).flatMap(([, flat]) => flat)
    default:
      return []
  }
}

/** Every string stored in Redis, with the name of its key. */
async function allStrings(): Promise<readonly (readonly [key: string, text: string])[]> {
  const found: [string, string][] = []
  for (const key of await box.admin.keys('*')) {
    for (const text of await stringsAt(key)) found.push([key, text])
  }
  return found
}

/** Plants a history of 2,010 orders, which is longer than two pages. */
const plantOrders = () =>
  plantLongStream(box.admin, STREAM, {
    page: 1_000,
    fields: (n) => ({ eventId: `e-${n}`, eventType: 'ORDER_PLACED', timestamp: TIME, payload: '{}' }),
  })

/** Does what forgetCustomer does to the key and the log, as another process would. */
const eraseKey = () =>
  box.admin
    .multi()
    .set(KEY, 'erased')
    .xadd(STREAM, '*', ...forgottenEntry)
    .exec()

/** Whether the newest entry that Ada's stream ever had is gone. */
async function lastEntryWasDeleted(): Promise<boolean> {
  const about = (await box.admin.xinfo('STREAM', STREAM)) as readonly unknown[]
  const [newest] = await box.admin.xrevrange(STREAM, '+', '-', 'COUNT', 1)
  return about[about.indexOf('last-generated-id') + 1] !== newest?.[0]
}

/** Fails if an error from Redis, about the type of the key, becomes an error of the lesson, which means something else. */
async function isNotMistakenFor(
  other: typeof CustomerForgottenError | typeof UnreadableEventError,
  name: string,
  run: () => Promise<unknown>,
): Promise<void> {
  await box.admin.rpush(KEY, 'x')
  const outcome = await attempt(name, run)
  await box.admin.del(KEY)
  verify(
    outcome.ok || !(outcome.error instanceof other),
    `Redis refused a command because \`${KEY}\` held a list, and \`${name}\` threw \`${other.name}\`, which means something else. An error from Redis should reach the caller unchanged, and not just as the \`cause\` of another error.`,
    { expected: words('the error from Redis'), received: outcome.ok ? outcome.value : outcome.error },
  )
}

describe('storeEvent', () => {
  test('writes one entry, readable except for the personal data', async () => {
    const id = await store(registered)
    await store(ordered)
    const [first, second] = await entries()
    const { personal, ...open } = first ?? {}
    verifyEqual(
      { ...open, payload: JSON.parse(open.payload ?? 'null') },
      { eventId: 'e-1', eventType: 'CUSTOMER_REGISTERED', timestamp: TIME, payload: { plan: 'gold' } },
      'The first entry of `stream:entity:customer-1` should have the fields `eventId`, `eventType`, `timestamp`, and `payload` (JSON) in plain text, and `personal`. Encrypt only the personal data, because everything else must stay readable forever.',
    )
    verify(
      personal !== undefined && personal !== '',
      'The entry of an event with personal data should have a field `personal` with that data, encrypted.',
      { received: first },
    )
    verify(
      second !== undefined && !('personal' in second),
      "An event without personal data shouldn't have a field `personal`. Otherwise, a reader can't distinguish it from an event whose personal data was erased.",
      { received: second },
    )
    verify(
      id === (await box.admin.xrange(STREAM, '-', '+', 'COUNT', 1))[0]?.[0],
      '`storeEvent` should return the ID of the entry that it wrote.',
      { received: id },
    )
  })

  test('keeps a long history', async () => {
    const { counted } = await plantOrders()
    await store(registered)
    await store(ordered)
    verifyEqual(
      await box.admin.xlen(STREAM),
      counted.length + 2,
      'The stream had 2,010 entries, and after `storeEvent` appended two more, some of them are gone. The events are the only record of what happened, so leave out `MAXLEN`.',
    )
  })

  test('leaves nothing personal readable', async () => {
    await store(registered)
    for (const [key, text] of await allStrings()) {
      for (const secret of ['Lovelace', 'ada@example.com']) {
        verify(
          !text.includes(secret),
          `\`${secret}\` is in \`${key}\` in plain text. It's now in the log, in every replica, and in every backup, and destroying a key doesn't remove it. Encrypt it before you store it.`,
          { received: text },
        )
        for (const code of ['base64', 'hex'] as const) {
          const parts = [text, ...text.split(/[^A-Za-z0-9+/=_-]+/)]
          verify(
            !parts.some((part) => Buffer.from(part, code).includes(secret)),
            `\`${secret}\` is in \`${key}\`, merely encoded as ${code}. Anyone can read that without a key, so encrypt it (\`aes-256-gcm\`).`,
            { received: text },
          )
        }
      }
    }
  })

  test('makes a random key for each customer', async () => {
    await store(registered)
    await store(bob)
    const [ada, other] = await box.admin.mget(KEY, 'key:customer:customer-2')
    verify(
      ada && Buffer.from(ada, 'base64').length === 32,
      "The customer's key should be in `key:customer:customer-1`, as a string of 32 random bytes in base64. A key in your program's memory isn't enough, because other processes have to find it.",
      { received: ada },
    )
    verifyEqual(
      ada,
      Buffer.from(ada, 'base64').toString('base64'),
      "The key has 32 bytes, but it isn't base64. Base64 ends in `=` here and has `+` and `/` where `base64url` has `-` and `_`, and a program in another language may refuse to decode anything else. Use `toString('base64')`.",
    )
    verify(
      ada !== other,
      "Two customers have the same key. When one of them is forgotten, the other one's data is lost, too. Each customer needs their own key.",
    )
    await store(moved)
    verify(
      ada === (await box.admin.get(KEY)),
      "`storeEvent` created a new key for the customer's second event, which replaced the first one. Nothing that was encrypted with the first key can ever be read again.",
    )
    const lifetime = await box.admin.pttl(KEY)
    verify(
      lifetime === -1,
      `The customer's key expires in ${Math.round(lifetime / 1000)} s. After that, nothing that it encrypted can ever be read again, and no one asked for that. Only \`forgetCustomer\` destroys a key.`,
    )
    await box.admin.flushdb()
    await store(registered)
    verify(
      ada !== (await box.admin.get(KEY)),
      'In an empty database, the same customer got the same key again. So the key is derived from the ID or is part of the program, and anyone can create it again after the erasure. Use `randomBytes(32)`.',
    )
  })

  test('makes no key before there is something personal', async () => {
    await store(ordered)
    verify(
      (await box.admin.exists(KEY)) === 0,
      'An event without personal data was stored, and now its customer has a key. Create the key when the first personal data arrives. A key that protects nothing is just one more key to keep and destroy.',
    )
  })

  test('encrypts the same data differently each time', async () => {
    const twice = { ...registered, personal: { ...registered.personal, note: NOTE } }
    await store(twice)
    await store({ ...twice, eventId: 'e-5' })
    await store(twice) // again, with the same ID, as after a lost reply
    const [first = '', second = '', third = ''] = (await entries()).map(({ personal }) => personal)
    verify(
      first !== second,
      "The same data, stored twice, looks the same. Anyone can see who went back to an old address, and with GCM, an IV that's used twice reveals even more. Use a new IV for every encryption.",
    )
    // The note is long, so the middle of the string is ciphertext, whatever else is in it.
    const middle = first.slice(first.length / 2 - 20, first.length / 2 + 20)
    verify(
      !second.includes(middle),
      "The same data, stored twice, has the same ciphertext, so both were encrypted with the same IV. With GCM, an IV that's used twice with the same key reveals what the two strings have in common. Use a new IV for every encryption.",
      { received: [first, second] },
    )
    verify(
      first !== third && !third.includes(middle),
      'An event was stored twice, with the same `eventId`, and its personal data has the same ciphertext, so the IV is derived from the event. Use a new, random IV for every encryption.',
      { received: [first, third] },
    )
  })

  test('keeps one key when two writers race', async () => {
    let kept: string | null = null
    await everyInterleaving({
      name: 'storeEvent',
      first: (redis) => storeEvent(redis, registered),
      second: async (redis) => {
        const id = await storeEvent(redis, moved)
        kept = await box.admin.get(KEY)
        return id
      },
      verify: async ({ first, second, held, after }) => {
        verify(
          first.ok && second.ok,
          "Two writers stored a customer's first events at the same time, and one of them failed. Both should succeed and use the key that was stored first.",
          {
            received: first.ok ? second : first,
          },
        )
        const now = await box.admin.get(KEY)
        verify(
          now === kept,
          `Two writers raced, and the first one (held between ${code(after, 'its start')} and ${code(held, 'its end')}) replaced the key after the second one had finished. What the second one encrypted can never be read again. \`SET … NX\` never replaces an existing key.`,
        )
      },
    })
  })

  test('keeps one key when two callers share a connection', async () => {
    let kept: string | null = null
    await everyInterleaving({
      name: 'storeEvent',
      sameConnection: true,
      first: (redis) => storeEvent(redis, registered),
      second: async (redis) => {
        const id = await storeEvent(redis, moved)
        kept = await box.admin.get(KEY)
        return id
      },
      verify: async ({ first, second }) => {
        verify(
          first.ok && second.ok,
          "Two parts of one program stored a customer's first events at the same time on one connection, and one of the calls failed.",
          { received: first.ok ? second : first },
        )
        verify(
          (await box.admin.get(KEY)) === kept,
          `Two parts of one program stored a customer's first events at the same time on one connection, and the first call replaced the key after the second one had finished. What the second one encrypted can never be read again.${sharedWatch(box.commands, 'use `SET … NX`')}`,
        )
      },
    })
  })

  test('stores nothing personal of a customer who was forgotten', async () => {
    await store(registered)
    await box.admin.set(KEY, 'erased')
    const why =
      "The customer's key has been replaced with `erased`. `storeEvent` should refuse any personal data that arrives after that, for example from a program that's behind, with a `CustomerForgottenError`."
    const error = await callError(
      'storeEvent',
      () => storeEvent(box.redis, moved),
      CustomerForgottenError,
      why,
    )
    verifyEqual(
      [error.name, error.customerId, (await entries()).length, await box.admin.get(KEY)],
      ['CustomerForgottenError', 'customer-1', 1, 'erased'],
      '`storeEvent` refused the event, as it should. The error should have the name `CustomerForgottenError` and the `customerId`, the stream should still have its one entry, and the key should still be `erased`.',
    )
    const left = await connectionsStillOpen()
    verify(
      left === 0,
      '`storeEvent` threw a `CustomerForgottenError`, as it should, but left a connection open. Close your own connections in a `finally`.',
      { expected: words('no more connections than before'), received: words(`${left} more`) },
    )
    const outcome = await attempt('storeEvent', () => storeEvent(box.redis, ordered))
    verify(
      outcome.ok && (await entries()).length === 2,
      'An event without personal data should be stored even for a forgotten customer, because there may still be a refund. Refuse only events with `personal`.',
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
          `Another process forgot the customer between \`storeEvent\`'s ${code(after, 'start')} and its ${code(held, 'end')}, but \`storeEvent\` appended personal data after \`CUSTOMER_FORGOTTEN\` anyway. Check the key and append in one step: use a script, or \`WATCH\` the key on a connection of its own.`,
          { received: stored.map(({ eventType }) => eventType) },
        )
        verify(
          first.ok || !(await lastEntryWasDeleted()),
          `Another process forgot the customer between \`storeEvent\`'s ${code(after, 'start')} and its ${code(held, 'end')}. \`storeEvent\` appended an entry after \`CUSTOMER_FORGOTTEN\` and then deleted it. In between, a projection can read that entry, and if the process dies there, the entry stays. Check the key and append in one step: use a script, or \`WATCH\` the key on a connection of its own.`,
        )
        verify(
          first.ok || first.error instanceof CustomerForgottenError,
          'Another process forgot the customer while `storeEvent` was running. `storeEvent` should either store the event before that, or throw a `CustomerForgottenError`.',
          { received: first.ok ? first.value : first.error },
        )
        verify(
          first.ok === stored.some(({ eventType }) => eventType === 'CUSTOMER_EMAIL_CHANGED'),
          `Another process forgot the customer while \`storeEvent\` was running. \`storeEvent\` ${first.ok ? "resolved, but the event isn't in the stream" : 'threw a `CustomerForgottenError`, but the event is in the stream'}. It should resolve if it stored the event, and throw if it didn't.`,
          { received: stored.map(({ eventType }) => eventType) },
        )
      },
    })
  })

  test('passes on errors from Redis', async () => {
    await passesOnWrongType('storeEvent', STREAM, () => storeEvent(box.redis, ordered))
    await passesOnWrongType('storeEvent', STREAM, () => storeEvent(box.redis, registered))
    await box.admin.del(STREAM)
    await passesOnWrongType('storeEvent', KEY, () => storeEvent(box.redis, registered))
    await isNotMistakenFor(CustomerForgottenError, 'storeEvent', () => storeEvent(box.redis, registered))
  })
})

const read = () => call('readEvents', () => readEvents(box.redis, 'customer-1'))
const personals = (events: readonly StoredEvent[]) => events.map(({ personal }) => personal)

describe('readEvents', () => {
  test('returns what was stored', async () => {
    const payload = { totalCents: 4200, note: 'søt 🍰', coupons: [], invoice: 1_234_567_890_123_456 }
    await store(registered)
    await store({ ...ordered, payload })
    await store({ ...moved, personal: { email: 'zoë@example.com', 'née "Byron"': 'ja 🍰' } })
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
          payload,
          personal: null,
        },
        {
          eventId: 'e-3',
          eventType: 'CUSTOMER_EMAIL_CHANGED',
          timestamp: TIME,
          payload: {},
          personal: { email: 'zoë@example.com', 'née "Byron"': 'ja 🍰' },
        },
      ],
      '`readEvents` should return the events as they were stored, in order, with personal data decrypted, and `personal: null` where there was none.',
      [
        [
          ([, order]) => order?.eventId === 'e-2' && !isDeepStrictEqual(order.payload, payload),
          "An event's payload, with an empty array and a number of 16 digits in it, didn't come back as it was stored. Convert it with `JSON.stringify` and `JSON.parse` only: in a script, `cjson` turns an empty array into an object and keeps 14 digits of a number.",
        ],
      ],
    )
    const ids = (await box.admin.xrange(STREAM, '-', '+')).map(([id]) => id)
    verifyEqual(
      (await read()).map(({ id }) => id),
      ids,
      'Each event should have the ID of its entry.',
    )
    verifyEqual(
      await call('readEvents', () => readEvents(box.redis, 'customer-3')),
      [],
      'For a customer without events, `readEvents` should return an empty array.',
    )
    await store({ ...ordered, customerId: 'customer-4' })
    const plain = await attempt('readEvents', () => readEvents(box.redis, 'customer-4'))
    verify(
      plain.ok,
      "`customer-4` has placed an order and has no personal data, so there's no key, and `readEvents` failed. A missing key only matters for an entry that has a field `personal`.",
      { received: !plain.ok && plain.error },
    )
  })

  test('returns null for everything that was erased', async () => {
    // This test has its own customer, in case an answer keeps a key in memory from another test.
    await store({ ...registered, customerId: 'customer-7' })
    await store({ ...ordered, customerId: 'customer-7' })
    const [before] = await call('readEvents', () => readEvents(box.redis, 'customer-7'))
    verify(before?.personal, 'Before the erasure, `readEvents` should return the personal data.', {
      received: before,
    })
    await box.admin.set('key:customer:customer-7', 'erased') // by another process
    const outcome = await attempt('readEvents', () => readEvents(box.redis, 'customer-7'))
    verify(
      outcome.ok,
      "The key has been replaced with `erased`, and `readEvents` failed. An erasure isn't an error: return the events with `personal: null`.",
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      personals(outcome.value),
      [null, null],
      'Another process erased the key, and `readEvents` still returns personal data, so it must have kept the key in memory. Read the key again on every call, or the data lives on for as long as your program runs.',
    )
    verifyEqual(
      outcome.value.map(({ eventId }) => eventId),
      ['e-1', 'e-2'],
      '`readEvents` should still return all events of a forgotten customer. Only the personal data is gone.',
    )
    const moving = { ...forgottenEntryFields, eventType: 'CUSTOMER_EMAIL_CHANGED', personal: 'x' }
    await box.admin.xadd('stream:entity:customer-7', '*', ...Object.entries(moving).flat())
    const damaged = await attempt('readEvents', () => readEvents(box.redis, 'customer-7'))
    verify(
      damaged.ok && damaged.value.at(-1)?.personal === null,
      "The customer is erased, and one entry's `personal` is damaged. `readEvents` should return `null` for it, as for the others, because no one can decrypt any of them. Check for `erased` before you look at the string.",
      { received: damaged.ok ? damaged.value.at(-1) : damaged.error },
    )
  })

  test('returns what follows CUSTOMER_FORGOTTEN', async () => {
    await store(registered)
    await box.admin.set(KEY, 'erased')
    await box.admin.xadd(STREAM, '*', ...forgottenEntry)
    await store({ ...ordered, eventId: 'e-9' })
    verifyEqual(
      (await read()).map(({ eventId }) => eventId).at(-1),
      'e-9',
      "An order follows `CUSTOMER_FORGOTTEN`, and `readEvents` left it out. Only the personal data of a forgotten customer is gone; events that aren't personal may still follow, such as a refund.",
    )
  })

  test('reads what two writers stored at the same time', async () => {
    await everyInterleaving({
      name: 'storeEvent',
      first: (redis) => storeEvent(redis, registered),
      second: (redis) => storeEvent(redis, moved),
      verify: async () => {
        const outcome = await attempt('readEvents', () => readEvents(box.connect(), 'customer-1'))
        verify(
          outcome.ok,
          "Two writers stored a customer's first events at the same time, and one of the events can't be read. Did `storeEvent` encrypt it with a key that it created but that wasn't stored? After `SET … NX`, use the key that is stored.",
          { received: !outcome.ok && outcome.error },
        )
      },
    })
  })

  test('reads while the first personal data is stored', async () => {
    // In a long history, an answer may read the key between two pages.
    for (const orders of [0, 1_000]) {
      await everyInterleaving({
        name: 'readEvents',
        prepare: async (admin) => {
          const planted = admin.pipeline()
          for (let n = 1; n <= orders; n += 1) {
            const fields = { eventId: `e-${n}`, eventType: 'ORDER_PLACED', timestamp: TIME, payload: '{}' }
            planted.xadd(STREAM, `7-${n}`, ...Object.entries(fields).flat())
          }
          await planted.exec()
        },
        first: (redis) => readEvents(redis, 'customer-1'),
        second: () => storeEvent(box.connect(), registered),
        verify: ({ first, held, after }) => {
          verify(
            first.ok,
            held === undefined
              ? `The customer has ${orders === 0 ? 'no events' : '1,000 orders, without personal data,'} and no key, and \`readEvents\` failed. A missing key only matters for an entry that has a field \`personal\`.`
              : `The customer's first ${orders === 0 ? 'event' : 'personal data'} and the key were stored between \`readEvents\`' ${code(after, 'start')} and its \`${held}\`, and \`readEvents\` then treated the key as lost. If you read the key before the entries, it may be missing only because the ${orders === 0 ? 'first event' : 'first personal data'} hadn't been stored yet. Read it after ${orders === 0 ? 'them' : 'the last page'}.`,
            { received: !first.ok && first.error },
          )
          verify(
            first.value
              .filter(({ eventType }) => eventType === 'CUSTOMER_REGISTERED')
              .every(({ personal }) => personal?.name === 'Ada Lovelace'),
            "A customer's first personal data was stored while `readEvents` was running. `readEvents` may miss that event, but if it returns the event, the personal data should be there, because nothing has been erased.",
            { received: first.value.at(-1) },
          )
        },
      })
    }
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
          `Another process forgot the customer between \`readEvents\`' ${code(after, 'start')} and its ${code(held, 'end')}, and \`readEvents\` failed. It may return the personal data or \`null\`, but an erasure isn't damage, so it shouldn't throw.`,
          { received: !first.ok && first.error },
        ),
    })
  })

  const fails = (why: string) =>
    callError('readEvents', () => readEvents(box.redis, 'customer-1'), UnreadableEventError, why)

  test('does not mistake a lost key for an erased one', async () => {
    await store(registered)
    await store(moved)
    const [[id] = ['']] = await box.admin.xrange(STREAM, '-', '+')
    await box.admin.del(KEY)
    const error = await fails(
      "The key is gone, but it wasn't replaced with `erased`. This customer wasn't forgotten: the key was lost. `readEvents` should throw an `UnreadableEventError`, so that someone notices.",
    )
    verifyEqual(
      [error.name, error.id],
      ['UnreadableEventError', id],
      "The error should have the name `UnreadableEventError`, and its `id` should be the ID of the first entry that can't be read.",
    )
  })

  test('notices what was damaged', async () => {
    await store(registered)
    await store(ordered)
    await store(moved)
    const [, , last] = await entries()
    const text = last?.personal ?? ''
    const middle = Math.floor(text.length / 2)
    // Swaps a character for one far away in base64's alphabet: at the end of a group, a smaller change might not change a byte.
    const other = /[g-z0-9+/_-]/.test(text[middle] ?? '') ? 'A' : '8'
    const damaged = `${text.slice(0, middle)}${other}${text.slice(middle + 1)}`
    let id = await box.admin.xadd(STREAM, '*', ...Object.entries({ ...last, personal: damaged }).flat())
    const error = await fails(
      'One character of the encrypted string was changed. `readEvents` should throw an `UnreadableEventError`, and never return data that no one wrote. GCM detects the change with its tag.',
    )
    verifyEqual(error.id, id, 'The error should have the ID of the damaged entry.')
    for (const rest of [text.slice(0, 8), '']) {
      await box.admin.xdel(STREAM, String(id))
      id = await box.admin.xadd(STREAM, '*', ...Object.entries({ ...last, personal: rest }).flat())
      await fails(
        `Only ${rest === '' ? 'an empty string is' : '8 characters are'} left of an encrypted string. The entry has a field \`personal\`, and it doesn't decrypt, so \`readEvents\` should throw an \`UnreadableEventError\`. ${rest === '' ? "An empty string is falsy, but it isn't missing: compare with `undefined`." : 'Put everything that can fail into the `try`: `setAuthTag`, for example, throws if the tag is too short.'}`,
      )
    }
    await box.admin.xdel(STREAM, String(id))
    await box.admin.set(KEY, 'x')
    await fails(
      "The stored key isn't 32 bytes long anymore, so it can't decrypt anything, and `readEvents` should throw an `UnreadableEventError`. `createDecipheriv` throws if a key has the wrong length, so call it in the `try`, too.",
    )
    await store(bob)
    await box.admin.rename('key:customer:customer-2', KEY)
    await fails(
      "The key was replaced with another customer's, so nothing decrypts. `readEvents` should throw an `UnreadableEventError`.",
    )
  })

  test('returns nothing that no one wrote', async () => {
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
        "One character of the encrypted string was changed, and `readEvents` returned data that no one wrote. A cipher that only hides data (`ctr`, `cbc`) doesn't notice. Use `aes-256-gcm`, store its tag, and let `decipher.final()` check it.",
      )
      verify(
        outcome.ok || outcome.error instanceof UnreadableEventError,
        'One character of the encrypted string was changed. No matter what fails because of that (the base64, the cipher, or the JSON), `readEvents` should throw an `UnreadableEventError`.',
        { received: !outcome.ok && outcome.error },
      )
    }
  })

  test('reads a long history to the end', async () => {
    const { counted } = await plantOrders()
    verifyEqual(
      (await read()).map(({ id }) => id),
      counted,
      `The stream has 2,010 entries from the same millisecond (\`7-1\` to \`7-2010\`), and \`readEvents\` didn't return each of them once, in order.${pagingFault(box.commands) || ' A page has at most 1,000 entries: start the next page after the last ID of the one before.'}`,
    )
    const most = largestReply(box.commands)
    verify(
      most <= 1_001,
      `\`readEvents\` fetched ${most} entries with one command. Redis can't serve other clients while it builds such a reply. Read pages of at most 1,000 entries, with \`COUNT\`.`,
      { expected: words('at most 1,000 entries in one reply'), received: words(`${most} entries`) },
    )
  })

  test('passes on errors from Redis', async () => {
    await store(registered)
    const key = (await box.admin.get(KEY)) ?? ''
    await passesOnWrongType('readEvents', KEY, () => readEvents(box.redis, 'customer-1'))
    await isNotMistakenFor(UnreadableEventError, 'readEvents', () => readEvents(box.redis, 'customer-1'))
    await box.admin.set(KEY, key)
    await passesOnWrongType('readEvents', STREAM, () => readEvents(box.redis, 'customer-1'))
  })
})

const customer = () => call('getCustomer', () => getCustomer(box.redis, 'customer-1'))

describe('getCustomer', () => {
  test('replays the events', async () => {
    verifyEqual(
      await customer(),
      null,
      "A customer without events doesn't exist, so `getCustomer` should return `null`.",
    )
    await store(registered)
    await store(ordered)
    await store(moved)
    await store(ordered)
    const afterTwoOrders = {
      plan: 'gold',
      name: 'Ada Lovelace',
      email: 'countess@example.com',
      orders: 2,
      totalCents: 8400,
      forgotten: false,
    }
    verifyEqual(
      await customer(),
      afterTwoOrders,
      'The customer registered, placed two orders for 4,200 cents each, and changed their email address in between. `getCustomer` should return what those events add up to.',
    )
    await store({ ...ordered, eventType: 'ORDER_REFUNDED' })
    const refunded = await attempt('getCustomer', () => getCustomer(box.redis, 'customer-1'))
    verifyEqual(
      refunded.ok ? refunded.value : refunded.error,
      afterTwoOrders,
      "`ORDER_REFUNDED`, which isn't one of the lesson's four types, was stored after the other events. `getCustomer` should ignore it and return the same customer as before.",
    )
    await store({ ...moved, personal: { email: '' } })
    verifyEqual(
      (await customer())?.email,
      '',
      "The customer's last `CUSTOMER_EMAIL_CHANGED` set the email address to an empty string, so `email` should be `''`. An empty string is falsy, but it isn't missing: use `??` instead of `||`.",
    )
  })

  /** Returns the customer, and fails if `getCustomer` rejects. */
  async function replayed(whose: string) {
    const outcome = await attempt('getCustomer', () => getCustomer(box.redis, 'customer-1'))
    verify(
      outcome.ok,
      `\`getCustomer\` failed for ${whose}. \`personal\` may be \`null\` in every event, and the rest of the history must still replay.`,
      { received: !outcome.ok && outcome.error },
    )
    return outcome.value
  }

  test('replays the rest when the personal data is gone', async () => {
    await store(registered)
    await store(moved)
    await store(ordered)
    await box.admin.set(KEY, 'erased')
    verifyEqual(
      await replayed('a customer whose key has been erased'),
      { plan: 'gold', name: null, email: null, orders: 1, totalCents: 4200, forgotten: false },
      "The key has been erased, so all personal data is `null`. `name` and `email` should be `null`, too, not `undefined` and not the last known values. `forgotten` is still `false`, because there's no `CUSTOMER_FORGOTTEN` yet.",
    )
    await box.admin.xadd(STREAM, '*', ...forgottenEntry)
    await box.admin.xadd(
      STREAM,
      '*',
      ...['eventId', 'e-6', 'eventType', 'ORDER_PLACED', 'timestamp', TIME, 'payload', '{"totalCents":4200}'],
    )
    verifyEqual(
      await replayed('a forgotten customer'),
      { plan: 'gold', name: null, email: null, orders: 2, totalCents: 8400, forgotten: true },
      'For a forgotten customer, `name` and `email` should be `null`, and `forgotten` should be `true`. The plan, the orders (even one that came later), and the cents stay, because the books must still balance.',
    )
  })

  test("doesn't mistake a lost key for an erasure", async () => {
    await store(registered)
    await store(ordered)
    await box.admin.del(KEY)
    const outcome = await attempt('getCustomer', () => getCustomer(box.redis, 'customer-1'))
    verify(
      !outcome.ok && outcome.error instanceof UnreadableEventError,
      "The customer's key is gone, but it wasn't replaced with `erased`, and `getCustomer` didn't throw an `UnreadableEventError`. Someone may have restored the wrong backup, which isn't an erasure, so let the error from `readEvents` reach the caller.",
      { received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('passes on errors from Redis', async () => {
    await passesOnWrongType('getCustomer', STREAM, () => getCustomer(box.redis, 'customer-1'))
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
  // customer-10: an ID that begins with hers.
  await box.admin.hset('projection:customer:customer-10', { name: 'Cy', email: 'cy@example.com' })
  await box.admin.hset('snapshot:customer-10', { state: '{"name":"Cy"}', lastEventId: '1-0' })
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
  'projection:customer:customer-10',
  'projection:customer:customer-2',
  'snapshot:customer-10',
  'snapshot:customer-2',
  STREAM,
  KEY,
  'stream:entity:customer-2',
].sort()

/** What to add to a diagnosis if a watched key had changed. */
const discarded = () =>
  box.commands.some(({ name, reply }) => name === 'EXEC' && reply === null)
    ? ' `EXEC` replied `(nil)` because a watched key had changed, so nothing in that transaction was done. Start again.'
    : ''

describe('forgetCustomer', () => {
  test('destroys the key and records it in the log', async () => {
    await store(registered)
    await store(ordered)
    const before = await box.admin.xrange(STREAM, '-', '+')
    const key = await box.admin.get(KEY)
    await forget()
    verifyEqual(
      await box.admin.get(KEY),
      'erased',
      'The key should have been replaced with the word `erased`. While the key exists, everything can be read. With no key at all, the next event creates a new one.',
    )
    const lifetime = await box.admin.pttl(KEY)
    verify(
      lifetime === -1,
      `The word \`erased\` expires in ${Math.round(lifetime / 1000)} s. After that, there's no key, so the next event with personal data creates a new one, and the customer is back.`,
    )
    for (const [name, text] of await allStrings()) {
      verify(
        key === null || !text.includes(key),
        `The old key is now in \`${name}\`. A key that still exists anywhere isn't destroyed.`,
      )
    }
    const after = await box.admin.xrange(STREAM, '-', '+')
    verifyEqual(
      after.slice(0, 2),
      before,
      'The entries that were in the stream should be unchanged. You still need the order history, and the personal data is unreadable without the key anyway.',
    )
    verify(
      after.length === 3,
      "The stream should have exactly one new entry, `CUSTOMER_FORGOTTEN`. That's how other services learn that they have to clean up, too.",
      { received: after.slice(2) },
    )
    const { eventId = '', ...rest } = paired(after[2]?.[1] ?? [])
    verifyEqual(
      rest,
      { eventType: 'CUSTOMER_FORGOTTEN', timestamp: MAY, payload: '{}' },
      'The last entry should be `CUSTOMER_FORGOTTEN`, with the current time from `clock`, the payload `{}`, and no `personal`.',
    )
    verify(/^[0-9a-f-]{36}$/i.test(eventId), 'The `eventId` of `CUSTOMER_FORGOTTEN` should be a UUID.', {
      received: eventId,
    })
    await store({ ...ordered, customerId: 'customer-3' })
    await call('forgetCustomer', () => forgetCustomer(box.redis, 'customer-3', may))
    verifyEqual(
      [await box.admin.get('key:customer:customer-3'), await box.admin.xlen('stream:entity:customer-3')],
      ['erased', 2],
      '`customer-3` had only placed an order, so there was no key yet. After the erasure, the key should be `erased` anyway, and `CUSTOMER_FORGOTTEN` should follow the order. Otherwise, the next event with personal data creates a new key. Received: the key, and the number of entries.',
    )
  })

  test('cleans everything made from the events, and nothing else', async () => {
    await store(registered)
    await store(bob)
    await plantReadModels()
    await forget()
    verifyEqual(
      await box.admin.exists('projection:customer:customer-1', 'snapshot:customer-1'),
      0,
      '`projection:customer:customer-1` and `snapshot:customer-1` have the name in plain text, so both should be gone.',
    )
    verifyEqual(
      await box.admin.hgetall('index:email'),
      { 'bob@example.com': 'customer-2' },
      "No entry in `index:email` should point to `customer-1` anymore, not even one for a former email. Bob's entry stays.",
    )
    verifyEqual(
      (await box.admin.keys('*')).sort(),
      LEFT,
      'All keys of other customers, such as `customer-2` and `customer-10`, should still exist, and there should be no new keys.',
    )
  })

  test('searches all of a large index', async () => {
    await store(registered)
    const others: Record<string, string> = {}
    // HSCAN can return more than COUNT asks for, so in a small index a single call might find all of her addresses.
    for (let i = 1; i <= 5_000; i += 1) others[`mail-${i}@example.com`] = `customer-${i + 9}`
    // customer-10, customer-11, customer-100 …: IDs that begin like hers.
    // While a loop deletes what it finds, the embedded Redis skips as many addresses at the start of the next page. So there,
    // two of hers are far apart: one comes first, the other one last.
    const count = lacks('real-server') ? 2 : 200
    const [first = '', ...rest] = Array.from({ length: count }, (_, i) => `ada-${i}@example.com`)
    const hers = [first, ...rest]
    await box.admin.hset('index:email', first, 'customer-1', ...Object.entries(others).flat())
    await box.admin.hset('index:email', ...rest.flatMap((email) => [email, 'customer-1']))
    await forget()
    const left = await box.admin.hgetall('index:email')
    verifyEqual(
      hers.filter((email) => email in left),
      [],
      `\`index:email\` had ${5_000 + count} addresses, ${count} of which pointed to \`customer-1\`, and \`forgetCustomer\` didn't find them all. \`HSCAN\` returns part of the hash and a cursor: continue with that cursor until it's 0.`,
    )
    verifyEqual(
      Object.keys(left).length,
      5_000,
      'Addresses of other customers are gone from `index:email`. Delete only those whose value is exactly `customer-1`, because `customer-10` is a different customer.',
    )
  })

  test('can be called twice', async () => {
    await store(registered)
    await forget()
    await forget()
    const types = await typesInLog()
    verifyEqual(
      types,
      ['CUSTOMER_REGISTERED', 'CUSTOMER_FORGOTTEN'],
      '`forgetCustomer` was called twice. A customer is only forgotten once, so there should be one `CUSTOMER_FORGOTTEN`.',
    )
    const [, last] = await entries()
    await box.admin.xadd(STREAM, '*', ...Object.entries({ ...last, eventType: 'ORDER_REFUNDED' }).flat())
    await forget()
    verifyEqual(
      await typesInLog(),
      ['CUSTOMER_REGISTERED', 'CUSTOMER_FORGOTTEN', 'ORDER_REFUNDED'],
      'A refund was stored after `CUSTOMER_FORGOTTEN`, and then `forgetCustomer` was called again. A customer is only forgotten once, no matter what the last entry is: the key shows whether it has happened.',
    )
  })

  test('records it once when two processes race', async () => {
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
          'Two processes forgot the same customer at the same time, and one of them failed. Both should succeed.',
          {
            received: first.ok ? second : first,
          },
        )
        const types = await typesInLog()
        verifyEqual(
          types,
          ['CUSTOMER_REGISTERED', 'CUSTOMER_FORGOTTEN'],
          `Two processes forgot the same customer at the same time (the first was held between ${code(after, 'its start')} and ${code(held, 'its end')}). There should be one \`CUSTOMER_FORGOTTEN\`. Check the key and write in one step.`,
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
      verify: async ({ first, held, after }) => {
        verify(
          first.ok,
          `Another customer took the address \`ada@example.com\` while \`forgetCustomer\` was running, and \`forgetCustomer\` failed. It should still remove the other addresses.`,
          { received: !first.ok && first.error },
        )
        verifyEqual(
          await box.admin.hget('index:email', 'ada@example.com'),
          'customer-2',
          `Between \`forgetCustomer\`'s ${code(after, 'start')} and its ${code(held, 'end')}, another customer took the address \`ada@example.com\`, and \`forgetCustomer\` deleted it from \`index:email\`. Check whose address it is and delete it in one step.`,
        )
        verify(
          !Object.values(await box.admin.hgetall('index:email')).includes('customer-1'),
          `Another customer took the address \`ada@example.com\` while \`forgetCustomer\` was running, and after that, other addresses still point to \`customer-1\`.${discarded()}`,
          { received: await box.admin.hgetall('index:email') },
        )
      },
    })
  })

  test('forgets a customer whose first personal data is just arriving', async () => {
    await everyInterleaving({
      name: 'forgetCustomer',
      prepare: async () => {
        await storeEvent(box.connect(), ordered)
      },
      first: (redis) => forgetCustomer(redis, 'customer-1', may),
      second: (redis) => storeEvent(redis, registered),
      verify: async ({ first, after }) => {
        verify(
          first.ok,
          "A customer's first personal data was stored while `forgetCustomer` was running, and `forgetCustomer` failed. It should erase the new key, too.",
          { received: !first.ok && first.error },
        )
        verifyEqual(
          await box.admin.get(KEY),
          'erased',
          `A customer's first personal data was stored right after the ${code(after, 'start')} of \`forgetCustomer\`. When \`forgetCustomer\` resolved, that key was still there instead of \`erased\`.${discarded()}`,
        )
      },
    })
  })

  test('lets a concurrent writer finish first or be refused', async () => {
    await everyInterleaving({
      name: 'forgetCustomer',
      prepare: async () => {
        await storeEvent(box.connect(), registered)
      },
      first: (redis) => forgetCustomer(redis, 'customer-1', may),
      second: (redis) => storeEvent(redis, moved),
      verify: async ({ second, held, after }) => {
        const types = await typesInLog()
        verifyEqual(
          types,
          second.ok
            ? ['CUSTOMER_REGISTERED', 'CUSTOMER_EMAIL_CHANGED', 'CUSTOMER_FORGOTTEN']
            : ['CUSTOMER_REGISTERED', 'CUSTOMER_FORGOTTEN'],
          `\`storeEvent\` ran between \`forgetCustomer\`'s ${code(after, 'start')} and its ${code(held, 'end')}. The event should come before \`CUSTOMER_FORGOTTEN\`, or be refused. Change the log and the key in one step.`,
        )
      },
    })
  })

  test('leaves nothing of an address that has just arrived', async () => {
    await everyInterleaving({
      name: 'forgetCustomer',
      prepare: async () => {
        await storeEvent(box.connect(), registered)
        await plantReadModels()
      },
      first: (redis) => forgetCustomer(redis, 'customer-1', may),
      second: async (redis) => {
        const stored = await attempt('storeEvent', () => storeEvent(redis, moved))
        if (!stored.ok) return
        const email = 'countess-2@example.com'
        await box.admin
          .multi()
          .hset('index:email', email, 'customer-1')
          .hset('projection:customer:customer-1', { email })
          .hset('snapshot:customer-1', { state: JSON.stringify({ email }) })
          .exec()
      },
      verify: async ({ held, after }) => {
        const index = await box.admin.hgetall('index:email')
        verifyEqual(
          [
            Object.keys(index).filter((email) => index[email] === 'customer-1'),
            await box.admin.exists('projection:customer:customer-1', 'snapshot:customer-1'),
          ],
          [[], 0],
          `Between \`forgetCustomer\`'s ${code(after, 'start')} and its ${code(held, 'end')}, the customer changed their email address, and another process updated the index, the row, and the snapshot. After \`forgetCustomer\`, some of that is still there. Erase the key first and clean up afterward, because once the key is erased, nothing personal can arrive anymore. Received: the addresses, and the number of keys.`,
        )
      },
    })
  })

  test('forgets a customer with a long history', async () => {
    const { counted } = await plantOrders()
    await forget()
    verifyEqual(
      await box.admin.xlen(STREAM),
      counted.length + 1,
      'The stream had 2,010 entries, and after `forgetCustomer`, some of them are gone. It should only append `CUSTOMER_FORGOTTEN`, because the other events are still needed, so leave out `MAXLEN`.',
    )
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
        const where = survived
          ? '`forgetCustomer` ran to the end'
          : `The process died after ${code(last, 'nothing')}`
        const said = (await typesInLog()).filter((type) => type === 'CUSTOMER_FORGOTTEN').length
        const erased = (await box.admin.get(KEY)) === 'erased'
        verify(
          (said === 1) === erased,
          `${where}. The key is ${erased ? 'erased' : 'still there'}, but the number of \`CUSTOMER_FORGOTTEN\` events in the log is ${said}. Change both in one step. Otherwise, other services never learn of the erasure, or learn of one that didn't happen.`,
        )
        await call('forgetCustomer', () => forgetCustomer(box.connect(), 'customer-1', may))
        const again = `${where}, and \`forgetCustomer\` was called again.`
        verifyEqual(
          (await box.admin.keys('*')).sort(),
          LEFT,
          `${again} It should have finished the work, so that no row or snapshot of \`customer-1\` is left.`,
        )
        verifyEqual(
          await box.admin.hgetall('index:email'),
          { 'bob@example.com': 'customer-2' },
          `${again} No email of \`customer-1\` should be left in \`index:email\`. If the first call did only half the work, the second call has to finish it.`,
        )
        verifyEqual(
          await typesInLog(),
          ['CUSTOMER_REGISTERED', 'CUSTOMER_FORGOTTEN'],
          `${again} There should be one \`CUSTOMER_FORGOTTEN\`.`,
        )
      },
    })
  })
  test('passes on errors from Redis', async () => {
    await store(registered)
    await passesOnWrongType('forgetCustomer', 'index:email', () =>
      forgetCustomer(box.redis, 'customer-1', may),
    )
    await box.admin.del(KEY, 'index:email')
    await passesOnWrongType('forgetCustomer', STREAM, () => forgetCustomer(box.redis, 'customer-1', may))
    await passesOnErrors({
      name: 'forgetCustomer',
      async prepare() {
        await storeEvent(box.connect(), registered)
        await plantReadModels()
      },
      run: (redis) => forgetCustomer(redis, 'customer-1', may),
      why: "Any row, snapshot, or address that's left can still be read, and the caller has to know that.",
      closes: true,
    })
  })
})
