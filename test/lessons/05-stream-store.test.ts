/** Long, because every sentence that a learner may get to read stands here, beside what it judges. */
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  everyCrash,
  everyInterleaving,
  lacks,
  largestReply,
  pagingFault,
  plantLongStream,
  useSandbox,
  verify,
  verifyEqual,
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
    '{"name":"Zoë \\"Z\\" 😀","email":"ada@example.com","address":{"city":"Ghent"},"tags":["a"],"score":0}',
  metadata: '{"userId":"admin-1"}',
}

/** An entry as Redis replies it; `changes` with undefined leave a field out. */
function entry(changes: Readonly<Record<string, string | undefined>> = {}): RawEntry {
  const fields = Object.entries({ ...FIELDS, ...changes }).filter(([, value]) => value !== undefined)
  return ['1772355600123-7', fields.flat() as string[]]
}

function paired(flat: readonly string[]): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {}
  for (let i = 0; i < flat.length; i += 2) fields[flat[i] ?? ''] = flat[i + 1] ?? ''
  return fields
}

/** The fields with payload and metadata as what they stand for: how the JSON is spaced and ordered is free. */
function meaning(fields: Readonly<Record<string, string>>) {
  const parsed = (text: string | undefined): unknown => {
    try {
      return JSON.parse(text ?? '')
    } catch {
      return `no JSON: ${text}`
    }
  }
  return { ...fields, payload: parsed(fields.payload), metadata: parsed(fields.metadata) }
}

const MEANING = { ...FIELDS, payload: ada().payload, metadata: ada().metadata }

describe('toFields, fromEntry', () => {
  test('makes a flat list of texts', async () => {
    const flat = await call('toFields', () => toFields(ada()))
    verify(
      Array.isArray(flat) && flat.every((one) => typeof one === 'string'),
      'toFields should return a list of texts, name, value, name, value, as XADD takes it: no objects, no pairs, no promise.',
      { received: flat },
    )
    const fields = paired(flat)
    verifyEqual(
      { length: flat.length, names: Object.keys(fields).sort() },
      { length: 12, names: ['entityId', 'eventId', 'eventType', 'metadata', 'payload', 'timestamp'] },
      'toFields should return six names, each followed by its value: eventId, timestamp, eventType, entityId, payload and metadata.',
    )
    const { payload } = meaning(fields)
    verify(
      typeof payload !== 'string' || payload.startsWith('no JSON'),
      'The payload was encoded twice: parsed once, the field still is a text. Call `JSON.stringify` on the payload once.',
      { received: fields.payload },
    )
    verifyEqual(
      meaning(fields),
      MEANING,
      'Each field should hold what the event holds: the four texts as they are, payload and metadata as JSON.',
    )
  })

  test('has metadata always', async () => {
    const flat = await call('toFields', () => toFields({ ...ada(), metadata: {} }))
    verifyEqual(
      paired(flat).metadata,
      '{}',
      'An event with empty metadata should have the field `metadata` all the same: `{}`.',
    )
  })

  test('refuses what JSON would spoil', async () => {
    for (const [value, what] of [
      [new Date(0), 'a Date'],
      [undefined, 'undefined'],
      [Number.NaN, 'NaN'],
    ] as const) {
      const spoilt = { ...ada(), payload: { born: value } } as unknown as StoredEvent
      const error = await callError(
        'toFields',
        () => toFields(spoilt),
        Error,
        `toFields let a payload with ${what} through, which JSON changes or drops without a word. Let encodeEvent of lesson 01 look at the event first.`,
      )
      verify(
        error.name === 'MalformedEventError' && 'field' in error && error.field === 'payload.born',
        `A payload with ${what} should be refused with the MalformedEventError of encodeEvent: it says where the fault is.`,
        { expected: 'MalformedEventError, field "payload.born"', received: error },
      )
    }
  })

  test('reads an entry', async () => {
    const event = await call('fromEntry', () => fromEntry(entry()))
    isTheEvent(
      event,
      'fromEntry should return the event that the entry holds, payload and metadata as objects again.',
    )
    verifyEqual(
      Object.keys(event).includes('payload') && typeof event.timestamp,
      'string',
      'The timestamp should stay the text that it is.',
    )
  })

  test('minds neither order nor unknown fields', async () => {
    const [id, flat] = entry({ traceId: 't-1' })
    const turned = Array.from({ length: flat.length / 2 }, (_, i) => flat.slice(i * 2, i * 2 + 2))
      .reverse()
      .flat()
    const outcome = await attempt('fromEntry', () => fromEntry([id, turned]))
    const why =
      'The fields of an entry may come in any order, and a newer program may have added one (here `traceId`): look fields up by their names.'
    verify(outcome.ok, `fromEntry refused an entry. ${why}`, { received: !outcome.ok && outcome.error })
    isTheEvent(outcome.value, why)
  })

  test('reads entries without metadata', async () => {
    const outcome = await attempt('fromEntry', () => fromEntry(entry({ metadata: undefined })))
    verify(
      outcome.ok,
      'fromEntry refused an entry without metadata. Events that were written before there was any stay readable: `metadata: {}`.',
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(outcome.value.metadata ?? 'missing', {}, 'Missing metadata should become `metadata: {}`.')
  })

  for (const [field, value, why] of [
    ['entityId', '42', 'Fields are texts; parse payload and metadata, and nothing else.'],
    [
      'eventId',
      'import-1',
      'Any text with something in it will do: other programs make their ids in other ways.',
    ],
    ['eventType', 'UserMoved', 'What is in the log has happened, whatever it was called.'],
    ['timestamp', '2019-05-02T09:14:07Z', 'Any time that `Date.parse` understands will do.'],
    ['timestamp', '1970-01-01T00:00:00.000Z', 'That is the time 0; ask for NaN, 0 is falsy too.'],
  ] as const) {
    test(`keeps the ${field} ${value}`, async () => {
      const outcome = await attempt('fromEntry', () => fromEntry(entry({ [field]: value })))
      verify(outcome.ok, `fromEntry refused an entry with the ${field} "${value}". ${why}`, {
        received: !outcome.ok && outcome.error,
      })
      verifyEqual(
        outcome.value[field],
        value,
        `fromEntry changed the ${field} "${value}". It comes back as the text that it is. ${why}`,
      )
    })
  }

  const FAULTS = [
    [
      'payload',
      undefined,
      'has no field `payload`. `JSON.parse(undefined)` throws a SyntaxError that names neither',
    ],
    ['payload', '{"name":"Ad', 'has a payload that is torn off. A bare SyntaxError names neither'],
    [
      'payload',
      '"{}"',
      'has a payload that was encoded twice: the JSON of a text, no object. Taken as it is, every field of it is undefined; it names neither',
    ],
    ['payload', 'null', 'has `null` for a payload, which is no object. An error far from here names neither'],
    ['payload', '[1]', 'has a list for a payload, which is no object. An error far from here names neither'],
    [
      'eventId',
      undefined,
      'has no field `eventId`. An event without one can never be told from its copy; nobody knows',
    ],
    [
      'eventType',
      undefined,
      'has no field `eventType`. A reducer would pass over it without a word; nobody knows',
    ],
    ['entityId', '', 'has an empty `entityId`. It happened to nobody; nobody knows'],
    ['eventId', '', 'has an empty `eventId`. It can never be told from its copy; nobody knows'],
    ['eventType', '', 'has an empty `eventType`. A reducer would pass over it without a word; nobody knows'],
    ['timestamp', '', 'has an empty `timestamp`. It is no time; nobody knows'],
    ['payload', '42', 'has a number for a payload, which is no object. It names neither'],
    [
      'timestamp',
      undefined,
      'has no field `timestamp`. `new Date(undefined)` is an invalid date and no error; nobody knows',
    ],
    [
      'timestamp',
      'yesterday',
      'has the timestamp "yesterday", of which `Date.parse` makes NaN. Nobody knows',
    ],
    ['metadata', '{"userId', 'has metadata that is no JSON. A bare SyntaxError names neither'],
    ['metadata', '"admin-1"', 'has the JSON of a text for metadata. It names neither'],
    ['metadata', '7', 'has the JSON of a number for metadata. It names neither'],
    ['metadata', '["admin-1"]', 'has a list for metadata. It names neither'],
    [
      'metadata',
      '',
      'has an empty text for metadata, and that is no JSON: only a field that is missing becomes `{}`. It names neither',
    ],
  ] as const
  for (const [field, value, what] of FAULTS) {
    test(`refuses ${field} ${value}`, async () => {
      const error = await callError(
        'fromEntry',
        () => fromEntry(entry({ [field]: value })),
        MalformedEntryError,
        `The entry ${what} the entry nor the field. Throw a MalformedEntryError with the id of the entry and the field "${field}".`,
      )
      verifyEqual(
        { name: error.name, id: error.id, field: error.field },
        { name: 'MalformedEntryError', id: '1772355600123-7', field },
        'The MalformedEntryError should have that name and say which entry it is (`id`) and where the fault lies (`field`): in a stream of a million nobody finds it otherwise.',
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
    [ENTITY, 'what happened to this user'],
    [TYPE, 'who registered'],
    [ALL, 'what happened in the whole system, in one order'],
  ] as const) {
    test(`appends to ${stream}`, async () => {
      await store(ada())
      const entries = await stored(stream)
      verify(
        entries.length === 1,
        `After storeEventWithStreams the stream \`${stream}\` should hold one entry: it is how one asks ${what}.`,
        { expected: '1 entry', received: entries },
      )
      verifyEqual(
        meaning(paired(entries[0]?.[1] ?? [])),
        MEANING,
        `The entry in \`${stream}\` should be the whole event, as toFields makes it, with the event’s own eventId.`,
      )
    })
  }

  test('says where the event stands', async () => {
    // The three streams are at different ids, one of them in the next century.
    await box.admin.xadd(TYPE, '4102444800000-0', ...Object.entries(FIELDS).flat())
    await box.admin.xadd(ALL, '4102444800005-3', ...Object.entries(FIELDS).flat())
    const second = ada('0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a02')
    const outcome = await attempt('storeEventWithStreams', () => storeEventWithStreams(box.redis, second))
    verify(
      outcome.ok,
      'storeEventWithStreams failed where a stream already holds an id from the future. Let Redis make the id of each stream, with `*`: it goes on from the last one, whatever the clock says.',
      { received: !outcome.ok && outcome.error },
    )
    const at = outcome.value
    isStoredAt(at)
    verifyEqual(at.eventId, second.eventId, '`eventId` should be the event’s own id, and no id of a stream.')
    for (const [name, stream] of [
      ['entity', ENTITY],
      ['type', TYPE],
      ['all', ALL],
    ] as const) {
      const found = await box.admin.xrange(stream, at[name], at[name])
      verifyEqual(
        found.map(([, flat]) => paired(flat).eventId),
        [second.eventId],
        `\`${name}\` should be the id of the entry in \`${stream}\`, but at that id the stream does not hold this event. Each stream makes an id of its own, and an id means nothing in another stream: return what each XADD replied.`,
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
    const trims = box.commands.some(
      ({ name, args }) => /^X(ADD|TRIM)$/i.test(name) && args.some((arg) => /^(MAXLEN|MINID)$/i.test(arg)),
    )
    for (const stream of [ENTITY, TYPE, ALL]) {
      verify(
        (await box.admin.xlen(stream)) === LONG_LOG + 1 && !trims,
        `storeEventWithStreams trims a stream (MAXLEN or MINID), and nobody asked for that. The streams are the truth: what is dropped from \`${ENTITY}\` is half of a user, and from \`${ALL}\` what a slow reader has not seen yet.`,
        { expected: `${LONG_LOG + 1} entries`, received: `${await box.admin.xlen(stream)} entries` },
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
      'Every event belongs into three streams: `stream:entity:<entityId>`, `stream:type:<eventType>` and `stream:events`. Every id is taken as it is.',
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
          `When the process died after ${last}, some streams had the event and others had not, and no later event will mend that. Put the three XADDs between MULTI and EXEC, or into one script; a \`pipeline()\` only saves waiting.`,
          { received: found },
        )
      },
    })
  })

  for (const stream of [ENTITY, TYPE, ALL]) {
    test(`reports that ${stream} is not a stream`, async () => {
      await box.admin.set(stream, 'not a stream')
      const error = await callError(
        'storeEventWithStreams',
        () => storeEventWithStreams(box.redis, ada()),
        Error,
        `The key \`${stream}\` held a string, so Redis refused to append to it, but storeEventWithStreams resolved as if the event were in all three streams. EXEC resolves even when one of its commands fails: look at each reply, and throw the error that you find there.`,
      )
      verify(
        error.message.includes('WRONGTYPE'),
        `The key \`${stream}\` held a string, and storeEventWithStreams threw an error that doesn't say so. Throw the error of Redis as it is: it names the cause.`,
        { expected: 'an error whose message contains WRONGTYPE', received: error },
      )
    })
  }

  test.skipIf(lacks('own-server'))('lets any error of Redis through', async () => {
    const server = await box.startServer({ args: ['--min-replicas-to-write', '1'] })
    const error = await callError(
      'storeEventWithStreams',
      () => storeEventWithStreams(server.connect(), ada()),
      Error,
      'Redis refused to write because it had no replica (NOREPLICAS), but storeEventWithStreams resolved as if the event were stored. Let every error of Redis through, because only a caller that sees it can try again.',
    )
    verify(
      /NOREPLICAS|EXECABORT/.test(error.message),
      'Redis refused to write because it had no replica (NOREPLICAS), and storeEventWithStreams threw an error that hides that. Throw the error of Redis as it is: it names the cause.',
      { expected: 'the error of Redis', received: error },
    )
  })

  test('writes nothing of an event that it refuses', async () => {
    const spoilt = { ...ada(), payload: { born: new Date(0) } } as unknown as StoredEvent
    const error = await callError(
      'storeEventWithStreams',
      () => storeEventWithStreams(box.redis, spoilt),
      Error,
      'storeEventWithStreams stored an event with a Date in its payload. Make the fields with toFields, which refuses it.',
    )
    verifyEqual(
      error.name,
      'MalformedEventError',
      'An event that toFields refuses should be refused with that same error.',
    )
    verifyEqual(
      await box.admin.keys('stream:*'),
      [],
      'storeEventWithStreams refused the event, but had written something already. Make the fields before the first command.',
    )
  })

  test('lets two programs store at the same moment', async () => {
    const other = ada('0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a02')
    await everyInterleaving({
      name: 'storeEventWithStreams',
      first: (redis: Redis) => storeEventWithStreams(redis, ada()),
      second: (redis: Redis) => storeEventWithStreams(redis, other),
      verify: async ({ first, second, held }) => {
        const failed = [first, second].find((outcome) => !outcome.ok)
        verify(
          failed === undefined,
          `Two programs stored an event each at the same moment, and one of them failed (the other came before its ${held}). Nothing is wrong with two events at once: let Redis make the ids, with \`*\`.`,
          { received: failed?.ok === false && failed.error },
        )
        for (const stream of [ENTITY, TYPE, ALL]) {
          verifyEqual(
            (await stored(stream)).map(([, flat]) => paired(flat).eventId).sort(),
            [ID, other.eventId],
            `Two programs stored an event each at the same moment; \`${stream}\` should hold both, once each.`,
          )
        }
      },
    })
  })
})

async function store(event: StoredEvent): Promise<StoredAt> {
  const outcome = await attempt('storeEventWithStreams', () => storeEventWithStreams(box.redis, event))
  verify(
    outcome.ok || !String(outcome.error).includes('EXECABORT'),
    'Redis refused one of the commands between MULTI and EXEC, and therefore did none of them. XADD takes a flat list of names and values; an object becomes the one text "[object Object]".',
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
    'storeEventWithStreams should resolve to an object with four texts: eventId, entity, type and all.',
    { expected: { eventId: ID, entity: '…-0', type: '…-0', all: '…-0' }, received: at },
  )
}

/** Events `from` to `to` of user-42: the registration, then changes of the address to `<n>@example.com`; one deactivation. */
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

/** Large streams take long to make on the embedded Redis: there the second page is a short one. */
const LONG = lacks('real-server')
  ? { inOneMillisecond: 560, deactivated: 530, all: 620 }
  : { inOneMillisecond: 1_200, deactivated: 1_100, all: 2_620 }

/** Of user-42 with the e-mail address of event `n`. */
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
      'getEntityStateFromStreams should apply every entry of `stream:entity:user-42` in order, with applyEvent of lesson 03.',
    )
    await plant(4, 4)
    verifyEqual(
      await state(),
      user(4),
      'getEntityStateFromStreams was called a second time, with one entry more in the stream, and did not give the state after it. It remembers something from the first call: keep nothing outside of the function, neither a state nor a position.',
    )
  })

  test('goes by the order of the stream', async () => {
    await plant(1, 2)
    const fields = { ...FIELDS, eventType: 'USER_EMAIL_CHANGED', payload: '{"email":"last@example.com"}' }
    const slow = { ...fields, timestamp: '2026-03-01T08:59:00.000Z' }
    await box.admin.xadd(ENTITY, '1772355600124-0', ...Object.entries(slow).flat())
    verifyEqual(
      (await state())?.email,
      'last@example.com',
      'The entries were put in order by their timestamps. The order is that of the stream: two machines’ clocks differ, and the one that wrote last was a minute slow.',
    )
  })

  test('null for an entity that never was', async () => {
    verifyEqual(
      await state(),
      null,
      'An entity without a stream never was: return null. `{}` would look like somebody who was found.',
    )
  })

  test('reads all pages', async () => {
    await plant(1, LONG.inOneMillisecond, 1_772_355_600_123, LONG.deactivated)
    await plant(LONG.inOneMillisecond + 1, LONG.all, 1_772_355_600_124)
    const expected = { ...user(LONG.all), status: 'deactivated', deactivatedAt: '2026-03-01T09:00:00.000Z' }
    const received = await state()
    verify(
      ![100, 250, 500, 501, 1_000].some((n) => received?.email === `${n}@example.com`),
      `Only the first page was read: the entity has more events than fit in it, and the state is that after the first few hundred. Go on behind the last id until a page is not full.`,
      { expected, received },
    )
    verify(
      received?.email !== '2500@example.com',
      'The last page, the one that is not full, was read and not applied: its events are the newest. Apply a page first, and then ask whether it was the last.',
      { expected, received },
    )
    verifyEqual(
      received,
      expected,
      `Most of the entity’s events came in one millisecond, more than fit in a page, and the state is not that after all of them. Go on behind the *whole* id of the last entry: its first part alone (\`parseInt\` stops at the dash) leaves out the rest of a millisecond.`,
    )
    const most = largestReply(box.commands)
    verify(
      most <= 501,
      `getEntityStateFromStreams fetched more than 500 entries with one command. Redis serves nobody else while it puts such a reply together: fetch pages of 500, with COUNT.`,
      { expected: 'at most 501 entries in one reply', received: `${most} entries` },
    )
  })

  test.skipIf(lacks('real-server'))('stops at the end of a full page', async () => {
    await plant(1, 500)
    verifyEqual(
      await state(),
      user(500),
      'An entity with exactly 500 events has one page, and then nothing follows.',
    )
  })

  test('goes on after a page that changes little', async () => {
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
      `The stream holds 1,010 entries, some of them of a type that changes nothing (USER_LOGGED_IN), and the state is not that after all of them.${pagingFault(box.commands)}`,
    )
  })

  test('refuses an entry that is no event', async () => {
    await plant(1, 2)
    const fields = { ...FIELDS, eventType: 'USER_EMAIL_CHANGED', payload: '{"email":"torn@exam' }
    await box.admin.xadd(ENTITY, '1772355600124-0', ...Object.entries(fields).flat())
    const error = await callError(
      'getEntityStateFromStreams',
      () => getEntityStateFromStreams(box.redis, 'user-42'),
      MalformedEntryError,
      'getEntityStateFromStreams met an entry with a torn payload and should have failed with the MalformedEntryError of fromEntry. A history with a hole gives a wrong state without a word.',
    )
    verifyEqual(
      { id: error.id, field: error.field },
      { id: '1772355600124-0', field: 'payload' },
      'The MalformedEntryError should say which entry of the stream it is, and which field.',
    )
  })

  test('changes nothing', async () => {
    await plant(1, 3)
    const before = await everything()
    await state()
    verifyEqual(
      await everything(),
      before,
      'getEntityStateFromStreams should only read; something in Redis has changed.',
    )
  })
})

async function state() {
  return call('getEntityStateFromStreams', () => getEntityStateFromStreams(box.redis, 'user-42'))
}

async function everything() {
  return { keys: (await box.admin.keys('*')).sort(), entries: await stored(ENTITY) }
}
