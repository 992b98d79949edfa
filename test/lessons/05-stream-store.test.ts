/** Long, because every sentence that a learner may read is next to the code that judges the answer. */
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  lacks,
  largestReply,
  pagingFault,
  paired,
  passesOnErrors,
  passesOnRefusedWrite,
  passesOnWrongType,
  plantLongStream,
  useSandbox,
  verify,
  verifyEqual,
  words,
} from '#kit'
import type { RawEntry, StoredAt } from '#lesson/05-stream-store'
import {
  fromEntry,
  getEntityStateFromStreams,
  MalformedEntryError,
  storeEventWithStreams,
  toFields,
} from '#lesson/05-stream-store'

const box = useSandbox()

type StoredEvent = Parameters<typeof toFields>[0]

const ID = '0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a01'
const ENTITY = 'stream:entity:user-42'
const TYPE = 'stream:type:USER_REGISTERED'
const ALL = 'stream:events'

function ada(eventId = ID): StoredEvent {
  return {
    eventId,
    timestamp: '2026-03-01T09:00:00.000Z',
    eventType: 'USER_REGISTERED',
    entityId: 'user-42',
    payload: {
      name: 'Zoë "Z" 😀',
      email: 'ada@example.com',
      address: { city: 'Ghent' },
      since: '2026-02-28T23:00:00.000Z',
      tags: ['a'],
      score: 0,
    },
    metadata: { userId: 'admin-1' },
  }
}

const FIELDS = {
  eventId: ID,
  timestamp: '2026-03-01T09:00:00.000Z',
  eventType: 'USER_REGISTERED',
  entityId: 'user-42',
  payload:
    '{"name":"Zoë \\"Z\\" 😀","email":"ada@example.com","address":{"city":"Ghent"},"since":"2026-02-28T23:00:00.000Z","tags":["a"],"score":0}',
  metadata: '{"userId":"admin-1"}',
}

/** Returns an entry as Redis replies with it. A change to undefined leaves that field out. */
function entry(changes: Readonly<Record<string, string | undefined>> = {}): RawEntry {
  const fields = Object.entries({ ...FIELDS, ...changes }).filter(([, value]) => value !== undefined)
  return ['1772355600123-7', fields.flat() as string[]]
}

/** Returns the fields with payload and metadata parsed, so that spacing and order in the JSON don't matter. */
function meaning(fields: Readonly<Record<string, string>>) {
  const parsed = (text: string | undefined): unknown => {
    try {
      return JSON.parse(text ?? '')
    } catch {
      return `not JSON: ${text}`
    }
  }
  return { ...fields, payload: parsed(fields.payload), metadata: parsed(fields.metadata) }
}

const MEANING = { ...FIELDS, payload: ada().payload, metadata: ada().metadata }

describe('toFields, fromEntry', () => {
  test('returns a flat list of strings', async () => {
    const flat = await call('toFields', () => toFields(ada()))
    verify(
      Array.isArray(flat) && flat.every((one) => typeof one === 'string'),
      '`toFields` should return a flat array of strings as `XADD` expects it: name, value, name, value. No objects, no pairs, no promise.',
      { received: flat },
    )
    const fields = paired(flat)
    verifyEqual(
      { length: flat.length, names: Object.keys(fields).sort() },
      { length: 12, names: ['entityId', 'eventId', 'eventType', 'metadata', 'payload', 'timestamp'] },
      '`toFields` should return six names, each followed by its value: `eventId`, `timestamp`, `eventType`, `entityId`, `payload`, and `metadata`.',
    )
    const { payload } = meaning(fields)
    verify(
      typeof payload !== 'string' || payload.startsWith('not JSON'),
      'The payload was encoded twice: if you parse the field once, you get another string. Call `JSON.stringify` on the payload once.',
      { received: fields.payload },
    )
    verifyEqual(
      meaning(fields),
      MEANING,
      'Each field should have the value from the event: the four strings as they are, and payload and metadata as JSON.',
    )
  })

  test('always includes metadata', async () => {
    const flat = await call('toFields', () => toFields({ ...ada(), metadata: {} }))
    verifyEqual(
      paired(flat).metadata,
      '{}',
      "`toFields` should include the field `metadata` even if there's nothing in it, with the value `{}`.",
    )
  })

  test('refuses what JSON would corrupt', async () => {
    for (const [value, what] of [
      [new Date(0), 'a `Date`'],
      [undefined, '`undefined`'],
      [Number.NaN, '`NaN`'],
      [1n, 'a bigint'],
    ] as const) {
      const spoilt = { ...ada(), payload: { born: value } } as unknown as StoredEvent
      const error = await callError(
        'toFields',
        () => toFields(spoilt),
        Error,
        `\`toFields\` accepted a payload with ${what}, which JSON silently changes or drops. Call \`encodeEvent\` from lesson 01 first, because it refuses such events.`,
      )
      verify(
        error.name === 'MalformedEventError' && 'field' in error && error.field === 'payload.born',
        `For a payload with ${what}, \`toFields\` should throw the \`MalformedEventError\` from \`encodeEvent\`, because its \`field\` says what to fix.`,
        { expected: words('MalformedEventError, field "payload.born"'), received: error },
      )
    }
  })

  test('refuses metadata that JSON would corrupt', async () => {
    const spoilt = { ...ada(), metadata: { userId: new Date(0) } } as unknown as StoredEvent
    const error = await callError(
      'toFields',
      () => toFields(spoilt),
      Error,
      '`toFields` accepted metadata with a `Date`, which JSON silently changes to a string. Call `encodeEvent` from lesson 01 with the whole event, because it checks the payload and the metadata.',
    )
    verify(
      error.name === 'MalformedEventError' && 'field' in error && error.field === 'metadata.userId',
      'For metadata with a `Date`, `toFields` should throw the `MalformedEventError` from `encodeEvent`, because its `field` says what to fix.',
      { expected: words('MalformedEventError, field "metadata.userId"'), received: error },
    )
  })

  test('reads an entry', async () => {
    const event = await call('fromEntry', () => fromEntry(entry()))
    isTheEvent(
      event,
      '`fromEntry` should return the event in the entry, with payload and metadata as objects again, and every value in them as it is.',
    )
    verifyEqual(
      Object.keys(event).includes('payload') && typeof event.timestamp,
      'string',
      'The timestamp should stay a string.',
    )
  })

  test('keeps all metadata', async () => {
    const metadata = { userId: 'admin-1', tenant: { id: 't-1' }, retries: 0 }
    verifyEqual(
      (await call('fromEntry', () => fromEntry(entry({ metadata: JSON.stringify(metadata) })))).metadata,
      metadata,
      'The metadata of an entry has two fields that another program added, `tenant` and `retries`, and `fromEntry` dropped or changed something. Return everything in the metadata, whatever its fields are called.',
    )
  })

  test('leaves the entry as it is', async () => {
    const given = entry()
    await call('fromEntry', () => fromEntry(given))
    verifyEqual(
      given,
      entry(),
      '`fromEntry` changed the entry that was passed in, and its caller may read that entry again. Copy what you need instead of calling `shift` or `splice` on its array.',
    )
  })

  test('accepts any order and unknown fields', async () => {
    const [id, flat] = entry({ traceId: 't-1' })
    const turned = Array.from({ length: flat.length / 2 }, (_, i) => flat.slice(i * 2, i * 2 + 2))
      .reverse()
      .flat()
    const outcome = await attempt('fromEntry', () => fromEntry([id, turned]))
    const why =
      'The fields of an entry may be in any order, and a newer program may have added one (here `traceId`), so look fields up by their names.'
    verify(outcome.ok, `\`fromEntry\` refused an entry. ${why}`, { received: !outcome.ok && outcome.error })
    isTheEvent(outcome.value, why)
  })

  test('reads entries without metadata', async () => {
    const outcome = await attempt('fromEntry', () => fromEntry(entry({ metadata: undefined })))
    verify(
      outcome.ok,
      '`fromEntry` refused an entry without metadata. Events from before metadata was introduced must stay readable, with `metadata: {}`.',
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(outcome.value.metadata ?? 'missing', {}, 'Missing metadata should become `metadata: {}`.')
  })

  test('keeps the payload apart from the other fields', async () => {
    const order = {
      ...ada(),
      payload: { eventId: 'o-7', entityId: 'shop-3', timestamp: 'noon', metadata: [] },
    }
    const flat = await call('toFields', () => toFields(order))
    verifyEqual(
      paired(flat),
      { ...FIELDS, payload: JSON.stringify(order.payload) },
      'The payload has fields of its own named `eventId`, `entityId`, `timestamp`, and `metadata`, and `toFields` mixed them up with those of the event. The whole payload belongs in the field `payload`, as JSON.',
    )
    const outcome = await attempt('fromEntry', () =>
      fromEntry(entry({ payload: JSON.stringify(order.payload) })),
    )
    verifyEqual(
      outcome.ok ? outcome.value : outcome.error,
      order,
      'The payload has fields of its own named `eventId`, `entityId`, `timestamp`, and `metadata`, and `fromEntry` mixed them up with those of the event. Leave what was in the payload in `payload`.',
    )
  })

  for (const [field, value, why] of [
    ['entityId', '42', 'Fields are strings. Parse only payload and metadata.'],
    ['entityId', ' user 42 ', 'Spaces are part of the string.'],
    ['entityId', ' ', "A string of spaces isn't empty."],
    [
      'eventId',
      'import-1',
      "Any string that isn't empty will do, because other programs create their IDs in other ways.",
    ],
    [
      'eventId',
      'payload',
      'A value can look like a field name, so look for names only at positions 0, 2, 4, and so on.',
    ],
    ['eventType', 'UserMoved', "What's in the log has happened, whatever it was called."],
    ['timestamp', '2019-05-02T09:14:07Z', 'Any time that `Date.parse` can parse will do.'],
    [
      'timestamp',
      '1970-01-01T00:00:00.000Z',
      "That's time 0, which is valid but falsy. Check for `NaN` instead.",
    ],
  ] as const) {
    test(`keeps the ${field} ${value === ' ' ? 'of spaces' : value}`, async () => {
      const outcome = await attempt('fromEntry', () => fromEntry(entry({ [field]: value })))
      verify(
        outcome.ok,
        `\`fromEntry\` refused an entry whose \`${field}\` is \`${JSON.stringify(value)}\`. ${why}`,
        {
          received: !outcome.ok && outcome.error,
        },
      )
      verifyEqual(
        outcome.value[field],
        value,
        `\`fromEntry\` changed the \`${field}\`, which was \`${JSON.stringify(value)}\`. Return that string as it is. ${why}`,
      )
    })
  }

  const bare = 'A bare `SyntaxError` names neither the entry nor the field.'
  const far = 'Without a check, an error occurs much later, and it names neither the entry nor the field.'
  const FAULTS = [
    [
      'payload',
      undefined,
      'has no field `payload`. `JSON.parse(undefined)` throws a `SyntaxError`, which names neither the entry nor the field.',
    ],
    ['payload', '{"name":"Ad', `has a payload that's cut off. ${bare}`],
    [
      'payload',
      '"{}"',
      "has a payload that was encoded twice: it's the JSON of a string, not of an object. If you don't check for that, all of its fields are `undefined`, without any error.",
    ],
    ['payload', 'null', `has the payload \`null\`, which isn't an object. ${far}`],
    ['payload', '[1]', `has an array as its payload, which isn't an object. ${far}`],
    ['eventId', undefined, 'has no field `eventId`, so no reader could tell this event from its copy.'],
    ['eventType', undefined, 'has no field `eventType`, so a reducer would silently skip it.'],
    ['entityId', '', "has an empty `entityId`, so it doesn't say to whom this happened."],
    ['eventId', '', 'has an empty `eventId`, so no reader could tell this event from its copy.'],
    ['eventType', '', 'has an empty `eventType`, so a reducer would silently skip it.'],
    ['timestamp', '', "has an empty `timestamp`, which isn't a time."],
    ['payload', '42', `has a number as its payload, which isn't an object. ${far}`],
    [
      'timestamp',
      undefined,
      "has no field `timestamp`. `new Date(undefined)` doesn't throw: it returns an invalid date.",
    ],
    ['timestamp', 'yesterday', 'has the timestamp `yesterday`, for which `Date.parse` returns `NaN`.'],
    ['metadata', '{"userId', `has metadata that isn't JSON. ${bare}`],
    ['metadata', '"admin-1"', "has the JSON of a string as its metadata, which isn't an object."],
    ['metadata', '7', "has the JSON of a number as its metadata, which isn't an object."],
    [
      'metadata',
      '0',
      "has the JSON of a number as its metadata, which isn't an object. 0 is falsy, but it isn't missing.",
    ],
    [
      'metadata',
      'false',
      "has the JSON of a boolean as its metadata, which isn't an object. `false` is falsy, but it isn't missing.",
    ],
    [
      'metadata',
      '""',
      "has the JSON of an empty string as its metadata, which isn't an object. It's falsy, but it isn't missing.",
    ],
    ['metadata', '["admin-1"]', "has an array as its metadata, which isn't an object."],
    [
      'metadata',
      '',
      "has an empty string as its metadata, which isn't JSON. Only a missing field becomes `{}`.",
    ],
  ] as const
  for (const [field, value, what] of FAULTS) {
    test(`refuses ${field} ${value}`, async () => {
      const error = await callError(
        'fromEntry',
        () => fromEntry(entry({ [field]: value })),
        MalformedEntryError,
        `The entry ${what} Throw a \`MalformedEntryError\` with the ID of the entry and the field \`${field}\`.`,
      )
      verifyEqual(
        { name: error.name, id: error.id, field: error.field },
        { name: 'MalformedEntryError', id: '1772355600123-7', field },
        "The `MalformedEntryError` should have that `name` and say which entry (`id`) and which field (`field`) is malformed. Otherwise you can't find it in a stream of a million entries.",
      )
    })
  }
})

function isTheEvent(event: StoredEvent, diagnosis: string): void {
  const { eventId, timestamp, eventType, entityId, payload, metadata } = event ?? {}
  verifyEqual({ eventId, timestamp, eventType, entityId, payload, metadata }, ada(), diagnosis)
}

async function stored(stream: string): Promise<RawEntry[]> {
  return box.admin.xrange(stream, '-', '+')
}

describe('storeEventWithStreams', () => {
  for (const [stream, what] of [
    [ENTITY, 'learns what happened to this user'],
    [TYPE, 'learns who registered'],
    [ALL, 'learns what happened in the whole system, in one order'],
  ] as const) {
    test(`appends to ${stream}`, async () => {
      await store(ada())
      const entries = await stored(stream)
      verify(
        entries.length === 1,
        `After \`storeEventWithStreams\`, the stream \`${stream}\` should hold one entry, because this is where a reader ${what}.`,
        { expected: words('1 entry'), received: entries },
      )
      verifyEqual(
        meaning(paired(entries[0]?.[1] ?? [])),
        MEANING,
        `The entry in \`${stream}\` should be the whole event, as \`toFields\` returns it, with the event's own \`eventId\`.`,
      )
    })
  }

  test('returns where the event is', async () => {
    // The three streams are at different IDs, two of them in the next century.
    await box.admin.xadd(TYPE, '4102444800000-0', ...Object.entries(FIELDS).flat())
    await box.admin.xadd(ALL, '4102444800005-3', ...Object.entries(FIELDS).flat())
    const second = ada('0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a02')
    const outcome = await attempt('storeEventWithStreams', () => storeEventWithStreams(box.redis, second))
    verify(
      outcome.ok,
      '`storeEventWithStreams` failed because a stream already has an ID from the future. Let Redis create the ID in each stream, with `*`: it continues from the last one, whatever the clock says.',
      { received: !outcome.ok && outcome.error },
    )
    const at = outcome.value
    isStoredAt(at)
    verifyEqual(
      at.eventId,
      second.eventId,
      "`eventId` should be the event's own ID, not an ID from a stream.",
    )
    for (const [name, stream] of [
      ['entity', ENTITY],
      ['type', TYPE],
      ['all', ALL],
    ] as const) {
      const found = await box.admin.xrange(stream, at[name], at[name])
      verifyEqual(
        found.map(([, flat]) => paired(flat).eventId),
        [second.eventId],
        `\`${name}\` should be the ID of the entry in \`${stream}\`, but this event isn't at that ID there. Each stream has IDs of its own, and an ID means nothing in another stream, so return the reply to each \`XADD\`.`,
      )
    }
  })

  for (const stream of [ENTITY, TYPE, ALL]) {
    test(`continues ${stream} from the future`, async () => {
      await box.admin.xadd(stream, '4102444800005-3', ...Object.entries(FIELDS).flat())
      const second = ada('0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a02')
      const outcome = await attempt('storeEventWithStreams', () => storeEventWithStreams(box.redis, second))
      verify(
        outcome.ok,
        `\`storeEventWithStreams\` failed because \`${stream}\` already has an ID from the future, later than the last ID of the other two streams. An ID that works in one stream may be too small in another. Let Redis create the ID in each stream, with \`*\`.`,
        { received: !outcome.ok && outcome.error },
      )
    })
  }

  test('keeps every value of the payload', async () => {
    const payload = { lines: [], options: {}, cents: 1_234_567_890_123_456, name: 'Zoe\u0308' }
    await store({ ...ada(), payload })
    for (const stream of [ENTITY, TYPE, ALL]) {
      const [only] = await stored(stream)
      verifyEqual(
        meaning(paired(only?.[1] ?? [])).payload,
        payload,
        `The payload in \`${stream}\` isn't the one in the event: an empty array should stay an empty array, a number should keep all its digits, and a string all its characters. Store the JSON from \`toFields\` as it is. If something else decodes and encodes it, such as \`cjson\` in a script, values can change.`,
      )
    }
  })

  test('appends at the end', async () => {
    for (const n of [1, 2, 3]) await store({ ...ada(`e-${n}`), payload: { n } })
    for (const stream of [ENTITY, TYPE, ALL]) {
      verifyEqual(
        (await stored(stream)).map(([, flat]) => paired(flat).eventId),
        ['e-1', 'e-2', 'e-3'],
        `\`${stream}\` should hold the events in the order in which they were stored.`,
      )
    }
  })

  test('drops nothing', async () => {
    const LONG_LOG = lacks('real-server') ? 0 : 1_300
    for (const stream of [ENTITY, TYPE, ALL]) await box.admin.eval(PLANT, 1, stream, 1, LONG_LOG, 1, 0)
    await store(ada())
    const trims = box.commands.some(({ args }) =>
      args.some((arg) => /^(MAXLEN|MINID)$|['"](MAXLEN|MINID)['"]/i.test(arg.replace(/--.*/g, ''))),
    )
    for (const stream of [ENTITY, TYPE, ALL]) {
      verify(
        (await box.admin.xlen(stream)) === LONG_LOG + 1 && !trims,
        `\`storeEventWithStreams\` trims a stream (\`MAXLEN\` or \`MINID\`), which drops events sooner or later. The streams are the only record: \`${ENTITY}\` needs every event to rebuild the user, and a slow reader hasn't seen all of \`${ALL}\` yet.`,
        {
          expected: words(`${LONG_LOG + 1} entries`),
          received: words(`${await box.admin.xlen(stream)} entries`),
        },
      )
      verify(
        (await box.admin.ttl(stream)) === -1,
        `\`storeEventWithStreams\` set \`${stream}\` to expire, which deletes all of its events at once. The streams are the only record, so set no expiration.`,
      )
    }
  })

  test('keeps entities and types apart', async () => {
    await store(ada('e-1'))
    await store({ ...ada('e-2'), entityId: 'type:USER_REGISTERED' })
    await store({ ...ada('e-3'), entityId: 'user-43', eventType: 'USER_DEACTIVATED' })
    const keys = await box.admin.keys('stream:*')
    verifyEqual(
      keys.sort(),
      [
        'stream:entity:type:USER_REGISTERED',
        'stream:entity:user-42',
        'stream:entity:user-43',
        'stream:events',
        'stream:type:USER_DEACTIVATED',
        'stream:type:USER_REGISTERED',
      ],
      'Every event belongs in three streams: `stream:entity:<entityId>`, `stream:type:<eventType>`, and `stream:events`. Use every entity ID as it is.',
    )
  })

  test('leaves all or nothing when the process dies', async () => {
    await everyCrash({
      name: 'storeEventWithStreams',
      run: (redis) => storeEventWithStreams(redis, ada()),
      verify: async ({ last }) => {
        const found = {
          [ENTITY]: await box.admin.xlen(ENTITY),
          [TYPE]: await box.admin.xlen(TYPE),
          [ALL]: await box.admin.xlen(ALL),
        }
        verify(
          new Set(Object.values(found)).size === 1,
          `The process died after \`${last}\`, and only some of the three streams have the event. No later event will fix that. Put the three \`XADD\`s between \`MULTI\` and \`EXEC\` or in one script, because a \`pipeline()\` only saves round trips.`,
          { received: found },
        )
      },
    })
  })

  const NOT_IN_ALL = 'Otherwise, the caller believes that the event is in all three streams.'
  for (const stream of [ENTITY, TYPE, ALL]) {
    test(`reports that ${stream} is not a stream`, () =>
      passesOnWrongType(
        'storeEventWithStreams',
        stream,
        () => storeEventWithStreams(box.redis, ada()),
        NOT_IN_ALL,
      ))
  }

  test.skipIf(lacks('own-server'))('passes on any error from Redis', async () => {
    await passesOnRefusedWrite({
      name: 'storeEventWithStreams',
      run: (redis) => storeEventWithStreams(redis, ada()),
      why: "The event isn't stored, and a caller can retry only if it sees the error.",
    })
    const left = await connectionsStillOpen()
    verify(
      left === 0,
      'Redis refused to write because it had no replica, and `storeEventWithStreams` left a connection open. When a whole transaction is refused, `exec()` rejects, so close your own connections in a `finally`.',
      { expected: words('no more connections than before'), received: words(`${left} more`) },
    )
  })

  test('passes on an error of any one command', () =>
    passesOnErrors({
      name: 'storeEventWithStreams',
      run: (redis) => storeEventWithStreams(redis, ada()),
      closes: true,
      why: NOT_IN_ALL,
      async works() {
        for (const stream of [ENTITY, TYPE, ALL]) {
          const copies = await box.admin.xlen(stream)
          verify(
            copies < 2,
            `Redis refused one command, and \`storeEventWithStreams\` tried again, so the event is in \`${stream}\` more than once: Redis had run the other commands of the first attempt. Don't try again. Reject with the error, and leave it to the caller to find out what's stored.`,
            { expected: words('1 entry'), received: words(`${copies} entries`) },
          )
        }
        return false
      },
    }))

  test('writes nothing if it refuses the event', async () => {
    const spoilt = { ...ada(), payload: { born: new Date(0) } } as unknown as StoredEvent
    const error = await callError(
      'storeEventWithStreams',
      () => storeEventWithStreams(box.redis, spoilt),
      Error,
      '`storeEventWithStreams` stored an event with a `Date` in its payload. Get the fields from `toFields`, which refuses such an event.',
    )
    verifyEqual(
      error.name,
      'MalformedEventError',
      'When `toFields` refuses an event, `storeEventWithStreams` should reject with that same error.',
    )
    verifyEqual(
      await box.admin.keys('stream:*'),
      [],
      '`storeEventWithStreams` refused the event, but it had already written something. Call `toFields` before you send the first command.',
    )
    verifyEqual(
      await call('GET on the same connection', () => box.redis.get('something')),
      null,
      '`storeEventWithStreams` refused the event after it had sent `MULTI`, so Redis now queues every command on this connection. Call `toFields` before you send the first command.',
    )
  })

  test('stores the next event after an error', async () => {
    await box.admin.rpush(ALL, 'x')
    await attempt('storeEventWithStreams', () => storeEventWithStreams(box.redis, ada()))
    await box.admin.del(ALL)
    const second = ada('0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a02')
    const outcome = await attempt('storeEventWithStreams', () => storeEventWithStreams(box.redis, second))
    verify(
      outcome.ok,
      "Redis had refused an event because a key held a list. The list was deleted, and then `storeEventWithStreams` was called with another event and failed. One call's error shouldn't reach another call: if calls wait for each other, they should continue after an error, too.",
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      (await stored(ALL)).map(([, flat]) => paired(flat).eventId),
      [second.eventId],
      'Redis had refused an event because a key held a list. The list was deleted, and then `storeEventWithStreams` was called with another event. `stream:events` should hold that event, and only that one.',
    )
  })

  for (const [who, sameConnection] of [
    ['programs', false],
    ['parts of one program', true],
  ] as const) {
    test(`lets two ${who} store at the same moment`, async () => {
      const other = ada('0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a02')
      const met = `Two ${who} each stored an event at the same moment${sameConnection ? ' over the same connection' : ''}`
      await everyInterleaving({
        name: 'storeEventWithStreams',
        sameConnection,
        first: (redis: Redis) => storeEventWithStreams(redis, ada()),
        second: (redis: Redis) => storeEventWithStreams(redis, other),
        verify: async ({ first, second, held }) => {
          const failed = [first, second].find((outcome) => !outcome.ok)
          const instead = box.commands.some(({ name }) => name === 'WATCH')
            ? 'An append has nothing to compare, so leave out `WATCH`, or try again if a watched key has changed.'
            : 'Let Redis create the IDs, with `*`.'
          verify(
            failed === undefined,
            `${met}, and one of them failed. ${sameConnection ? 'Send everything from `MULTI` to `EXEC` at once, so that no other command on this connection ends up in between.' : `The second event was stored just before the first caller's \`${held}\`, and both should succeed. ${instead}`}`,
            { received: failed?.ok === false && failed.error },
          )
          for (const [name, stream] of [
            ['entity', ENTITY],
            ['type', TYPE],
            ['all', ALL],
          ] as const) {
            const entries = (await stored(stream)).map(([id, flat]) => [paired(flat).eventId, id] as const)
            const found = new Map(entries)
            verifyEqual(
              entries.map(([eventId]) => eventId).sort(),
              [ID, other.eventId],
              `${met}. \`${stream}\` should hold both events, once each.`,
            )
            verifyEqual(
              [first, second].map((outcome) => outcome.ok && outcome.value[name]),
              [found.get(ID), found.get(other.eventId)],
              `${met}, and \`${name}\` isn't the ID of the caller's own entry in \`${stream}\`. Return the reply to each \`XADD\`, because the last entry may be another event.`,
            )
          }
        },
      })
    })
  }

  test('keeps the error of one event away from another', async () => {
    await box.admin.rpush(ENTITY, 'x')
    const other = { ...ada('0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a02'), entityId: 'user-43' }
    const [, outcome] = await Promise.all([
      attempt('storeEventWithStreams', () => storeEventWithStreams(box.redis, ada())),
      attempt('storeEventWithStreams', () => storeEventWithStreams(box.redis, other)),
    ])
    const why =
      "Two parts of one program each stored an event at the same moment over the same connection. The first one's `stream:entity:user-42` held a list, but all three keys of the second one, for `user-43`, were fine."
    verify(
      outcome.ok,
      `${why} The second call rejected, too, although its event could be stored. Use a transaction for each event, and check only its own replies.`,
      { received: !outcome.ok && outcome.error },
    )
    const found = await box.admin.xrange('stream:entity:user-43', outcome.value.entity, outcome.value.entity)
    verifyEqual(
      found.map(([, flat]) => paired(flat).eventId),
      [other.eventId],
      `${why} \`entity\` should be the ID of the second event in \`stream:entity:user-43\`, but it isn't there.`,
    )
  })
})

async function store(event: StoredEvent): Promise<StoredAt> {
  const outcome = await attempt('storeEventWithStreams', () => storeEventWithStreams(box.redis, event))
  verify(
    outcome.ok || !String(outcome.error).includes('EXECABORT'),
    'Redis refused one of the commands between `MULTI` and `EXEC`, so it ran none of them. `XADD` takes a flat list of names and values, but an object becomes a single string, `[object Object]`.',
    { received: !outcome.ok && outcome.error },
  )
  return call('storeEventWithStreams', () => {
    if (outcome.ok) return outcome.value
    throw outcome.error
  })
}

function isStoredAt(at: StoredAt): void {
  const names = ['eventId', 'entity', 'type', 'all'] as const
  verify(
    typeof at === 'object' && at !== null && names.every((name) => typeof at[name] === 'string'),
    '`storeEventWithStreams` should resolve to an object with four strings: `eventId`, `entity`, `type`, and `all`.',
    { expected: { eventId: ID, entity: '…-0', type: '…-0', all: '…-0' }, received: at },
  )
}

/** Adds events `from` to `to` of user-42: a registration, then changes of the address to `<n>@example.com`, and one deactivation. */
const PLANT = `
local deactivated = tonumber(ARGV[4])
for n = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local kind = n == 1 and 'USER_REGISTERED' or n == deactivated and 'USER_DEACTIVATED' or 'USER_EMAIL_CHANGED'
  local payload = '{"name":"Ada","email":"' .. n .. '@example.com"}'
  redis.call('XADD', KEYS[1], ARGV[3] .. '-' .. n, 'eventId', 'e-' .. n, 'timestamp', '2026-03-01T09:00:00.000Z',
    'eventType', kind, 'entityId', 'user-42', 'payload', payload, 'metadata', '{}')
end`

async function plant(from: number, to: number, ms = 1_772_355_600_123, deactivated = 0): Promise<void> {
  await box.admin.eval(PLANT, 1, ENTITY, from, to, ms, deactivated)
}

/** Large streams take long to create on the embedded Redis, so the second page is a short one there. */
const LONG = lacks('real-server')
  ? { inOneMillisecond: 560, deactivated: 530, all: 620 }
  : { inOneMillisecond: 1_200, deactivated: 1_100, all: 2_620 }

/** The state of user-42 with the email address of event `n`. */
function user(n: number) {
  return {
    userId: 'user-42',
    name: 'Ada',
    email: `${n}@example.com`,
    status: 'active',
    registeredAt: '2026-03-01T09:00:00.000Z',
    deactivatedAt: null,
  }
}

describe('getEntityStateFromStreams', () => {
  test('replays the stream of the entity', async () => {
    await plant(1, 3)
    verifyEqual(
      await state(),
      user(3),
      '`getEntityStateFromStreams` should apply every entry of `stream:entity:user-42` in order, with `applyEvent` from lesson 03.',
    )
    await plant(4, 4)
    verifyEqual(
      await state(),
      user(4),
      "`getEntityStateFromStreams` was called a second time, after one more entry, and its result doesn't include that entry. Start from scratch on every call: don't keep a state or a position outside the function.",
    )
    await box.admin.del(ENTITY)
    await plant(1, 2)
    verifyEqual(
      await state(),
      user(2),
      "The entity's stream was deleted and restored from a backup with only two entries. Then `getEntityStateFromStreams` was called again, and its result isn't the state after those two. Start from scratch on every call: don't keep a state or a position outside the function.",
    )
  })

  test('follows the order of the stream', async () => {
    await plant(1, 2)
    const fields = { ...FIELDS, eventType: 'USER_EMAIL_CHANGED', payload: '{"email":"last@example.com"}' }
    const slow = { ...fields, timestamp: '2026-03-01T08:59:00.000Z' }
    await box.admin.xadd(ENTITY, '1772355600124-0', ...Object.entries(slow).flat())
    verifyEqual(
      (await state())?.email,
      'last@example.com',
      'The entries were sorted by their timestamps. Keep the order of the stream, because clocks differ: the one on the machine that wrote last was a minute behind.',
    )
  })

  test('follows the IDs as numbers', async () => {
    await plant(1, 10)
    verifyEqual(
      await state(),
      user(10),
      "The stream ends with the entries `1772355600123-9` and `1772355600123-10`, and the state isn't the one after the second of them. Keep the order of the reply: compared as strings or as decimal numbers, `-10` comes before `-9`.",
    )
  })

  test('continues after the deactivation', async () => {
    await plant(1, 3, 1_772_355_600_123, 2)
    const expected = { ...user(3), status: 'deactivated', deactivatedAt: '2026-03-01T09:00:00.000Z' }
    verifyEqual(
      await state(),
      expected,
      'The entity was deactivated, and its address changed afterward. `getEntityStateFromStreams` should apply every entry, whatever the state is.',
    )
  })

  test('leaves a second registration to applyEvent', async () => {
    await plant(1, 3)
    const again = { ...FIELDS, payload: '{"name":"Eve","email":"eve@example.com"}' }
    await box.admin.xadd(ENTITY, '1772355600124-0', ...Object.entries(again).flat())
    verifyEqual(
      await state(),
      user(3),
      "The entity's last entry is a second `USER_REGISTERED`, which `applyEvent` from lesson 03 ignores. Pass `applyEvent` the state so far and each event, whatever its type, and let it decide what changes.",
    )
  })

  test('continues after an event that changes nothing', async () => {
    const fields = { ...FIELDS, eventType: 'USER_INVITED', payload: '{"by":"user-1"}' }
    await box.admin.xadd(ENTITY, '5-0', ...Object.entries(fields).flat())
    await plant(1, 2)
    verifyEqual(
      await state(),
      user(2),
      "The entity's first event, `USER_INVITED`, changes nothing, so the state is still `null` after it. `getEntityStateFromStreams` should continue to the last entry: the user registered later.",
    )
  })

  test('returns null for an entity without events', async () => {
    verifyEqual(
      await state(),
      null,
      "An entity without a stream doesn't exist, so return `null`. `{}` would look like a user who was found.",
    )
  })

  test('reads all pages', async () => {
    await plant(1, LONG.inOneMillisecond, 1_772_355_600_123, LONG.deactivated)
    await plant(LONG.inOneMillisecond + 1, LONG.all, 1_772_355_600_124)
    const expected = { ...user(LONG.all), status: 'deactivated', deactivatedAt: '2026-03-01T09:00:00.000Z' }
    const received = await state()
    verify(
      ![100, 250, 500, 501, 1_000].some((n) => received?.email === `${n}@example.com`),
      `Only the first page was read: the entity has more events than fit on it, and the state is the one after the first few hundred. Continue after the last ID until a page isn't full.`,
      { expected, received },
    )
    verify(
      received?.email !== '2500@example.com',
      "The last page, which isn't full, was read but not applied, so the newest events are missing. Apply a page first, then check whether it was the last one.",
      { expected, received },
    )
    verifyEqual(
      received,
      expected,
      `More of the entity's events happened in one millisecond than fit on a page, and the state isn't the one after all of its events. Continue after the *whole* ID of the last entry. With only its first part (\`parseInt\` stops at the dash), you skip the rest of the millisecond.`,
    )
    const most = largestReply(box.commands)
    verify(
      most <= 501,
      `\`getEntityStateFromStreams\` fetched more than 501 entries with one command. While Redis builds such a reply, it can't serve any other client. Fetch pages of 500, with \`COUNT\`.`,
      { expected: words('at most 501 entries in one reply'), received: words(`${most} entries`) },
    )
  })

  test.skipIf(lacks('real-server'))('stops at the end of a full page', async () => {
    await plant(1, 500)
    verifyEqual(
      await state(),
      user(500),
      'The state should be the one after all 500 events of the entity. They fill exactly one page, and nothing follows.',
    )
  })

  test.skipIf(lacks('real-server'))('reads any number of pages', async () => {
    await plant(1, 10_100)
    verifyEqual(
      await state(),
      user(10_100),
      `The entity has 10,100 events, and the state isn't the one after all of them. Keep reading until there are no more entries, however many pages that takes.${pagingFault(box.commands)}`,
    )
  })

  test('continues after a page that changes little', async () => {
    const fields = (n: number) => {
      const eventType = n === 1 ? 'USER_REGISTERED' : 'USER_EMAIL_CHANGED'
      const payload = JSON.stringify({ name: 'Ada', email: `${n}@example.com` })
      return { ...FIELDS, eventId: `e-${n}`, eventType, payload, metadata: '{}' }
    }
    await plantLongStream(box.admin, ENTITY, {
      page: 500,
      fields,
      leftOut: (n) => ({ ...fields(n), eventType: 'USER_LOGGED_IN' }),
    })
    verifyEqual(
      await state(),
      user(1_010),
      `The stream holds 1,010 entries, some of them of a type that changes nothing (\`USER_LOGGED_IN\`), and the state isn't the one after all of them.${pagingFault(box.commands)}`,
    )
  })

  test("refuses an entry that isn't an event", async () => {
    await plant(1, 2)
    const fields = { ...FIELDS, eventType: 'USER_EMAIL_CHANGED', payload: '{"email":"torn@exam' }
    await box.admin.xadd(ENTITY, '1772355600124-0', ...Object.entries(fields).flat())
    const error = await callError(
      'getEntityStateFromStreams',
      () => getEntityStateFromStreams(box.redis, 'user-42'),
      MalformedEntryError,
      '`getEntityStateFromStreams` read an entry whose payload is cut off. It should reject with the `MalformedEntryError` from `fromEntry`, because a history with a hole silently leads to a wrong state.',
    )
    verifyEqual(
      { id: error.id, field: error.field },
      { id: '1772355600124-0', field: 'payload' },
      'The `MalformedEntryError` should say which entry of the stream (`id`) and which field is malformed.',
    )
  })

  test("refuses an entry that isn't an event, whatever its type", async () => {
    await plant(1, 2)
    const fields = { ...FIELDS, eventType: 'USER_TAGGED', payload: '{"tag":"v' }
    await box.admin.xadd(ENTITY, '1772355600124-0', ...Object.entries(fields).flat())
    await callError(
      'getEntityStateFromStreams',
      () => getEntityStateFromStreams(box.redis, 'user-42'),
      MalformedEntryError,
      "`getEntityStateFromStreams` read an entry whose payload is cut off. Its type, `USER_TAGGED`, changes nothing, but it should still reject with the `MalformedEntryError` from `fromEntry`, because the entry isn't an event. Call `fromEntry` for every entry.",
    )
  })

  test('changes nothing', async () => {
    await plant(1, 3)
    const before = await everything()
    await state()
    verifyEqual(
      await everything(),
      before,
      '`getEntityStateFromStreams` changed something in Redis. It should only read.',
    )
  })

  test('passes on any error from Redis', () =>
    passesOnErrors({
      name: 'getEntityStateFromStreams',
      prepare: () => plant(1, 3),
      run: (redis) => getEntityStateFromStreams(redis, 'user-42'),
      closes: true,
      why: "A stream that can't be read isn't a stream without events.",
    }))

  test.skipIf(lacks('real-server'))('passes on an error from the second page', () =>
    passesOnErrors({
      name: 'getEntityStateFromStreams',
      prepare: () => plant(1, 502),
      run: (redis) => getEntityStateFromStreams(redis, 'user-42'),
      why: 'A state derived from only one page looks like any other, but the events after it are missing.',
    }),
  )
})

async function state() {
  return call('getEntityStateFromStreams', () => getEntityStateFromStreams(box.redis, 'user-42'))
}

async function everything() {
  return { keys: (await box.admin.keys('*')).sort(), entries: await stored(ENTITY) }
}
