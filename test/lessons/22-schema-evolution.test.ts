import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  code,
  everyCrash,
  largestReply,
  pagingFault,
  passesOnWrongType,
  plantLongStream,
  useSandbox,
  verify,
  verifyEqual,
  words,
} from '#kit'
import type { BlogEvent, Payload, Schema } from '#lesson/22-schema-evolution'
import { blogSchema, getPost, UnknownSchemaError, upcast } from '#lesson/22-schema-evolution'

const box = useSandbox()
const TIME = '2019-05-02T09:14:07.000Z'

function event(eventType: string, schemaVersion: number, payload: Payload): BlogEvent {
  return { id: '7-0', eventId: 'e-7', eventType, schemaVersion, timestamp: TIME, payload }
}

const to = (old: BlogEvent, schemaVersion: number, payload: Payload, eventType = old.eventType) => {
  return { ...old, eventType, schemaVersion, payload }
}

const BROKEN = new RangeError('no such lamp')
const COUNTED = Array.from({ length: 150 }, (_, i) => i + 1)

/** About lamps rather than posts, so that the learner's upcast can't contain any of it. */
const lamps: Schema = {
  current: { LAMP_SWITCHED: 3, LAMP_DIMMED: 2, LAMP_MOVED: 3, LAMP_COUNTED: 151, LAMP_JUMPED: 3 },
  upcasters: {
    'LAMP_SWITCHED@1': (old) => [to(old, 2, { on: old.payload.state === 'on' })],
    'LAMP_SWITCHED@2': (old) => [to(old, 3, { ...old.payload, room: 'hall' })],
    'LAMP_SWITCHED@3': (old) => [to(old, 4, {})], // for a later version
    'LAMP_JUMPED@1': (old) => [to(old, 3, { far: true })],
    'LAMP_JUMPED@4': (old) => [to(old, 1, {})], // version 4 was a mistake
    'LAMP_BROKEN@1': () => {
      throw BROKEN
    },
    'LAMP_DIMMED@1': (old) => [to(old, 2, { percent: Number(old.payload.level) * 10 })],
    'LAMP_CHANGED@1': (old) => [
      to(old, 1, { state: 'on' }, 'LAMP_SWITCHED'),
      to(old, 1, { level: old.payload.level }, 'LAMP_DIMMED'),
      to(old, 3, { on: false, room: 'attic' }, 'LAMP_SWITCHED'),
    ],
    'LAMP_TESTED@1': () => [],
    'LAMPS_SWITCHED@1': (old) => [
      { ...to(old, 1, { state: 'on' }, 'LAMP_SWITCHED'), eventId: `${old.eventId}:hall` },
      { ...to(old, 1, { state: 'off' }, 'LAMP_SWITCHED'), eventId: `${old.eventId}:attic` },
    ],
    'LAMP_MOVED@1': (old) => [to(old, 2, {})],
    'LAMP_REPLACED@1': (old) => [to(old, 3, { on: false }, 'LAMP_SWITCHED'), to(old, 1, {}, 'LAMP_SOLD')],
    ...Object.fromEntries(
      COUNTED.map((n) => [
        `LAMP_COUNTED@${n}`,
        (old: BlogEvent) => [to(old, n + 1, { steps: `${old.payload.steps} ${n}` })],
      ]),
    ),
  },
}

async function upcasted(old: BlogEvent, schema: Schema, what: string, why: string) {
  const outcome = await attempt('upcast', () => {
    const events: unknown = upcast(old, schema)
    if (events instanceof Promise) events.catch(() => {}) // reported below, whatever happens to it
    return { events }
  })
  if (!outcome.ok && isUnwritten(outcome.error)) {
    return call('upcast', () => {
      throw outcome.error
    })
  }
  verify(outcome.ok, `\`upcast\` threw an error for ${what}. ${why}`, {
    received: !outcome.ok && outcome.error,
  })
  const { events } = outcome.value
  verify(
    !(events instanceof Promise),
    '`upcast` returned a promise. Expected an array: `upcast` is synchronous, and the caller loops over its result right away.',
  )
  verify(
    Array.isArray(events),
    '`upcast` should return an array of events, because one old event may become two, or none.',
    { received: events },
  )
  return events as readonly BlogEvent[]
}

const isUnwritten = (error: unknown) => error instanceof Error && error.message.startsWith('Not written yet')
const short = (events: readonly BlogEvent[]) =>
  events.map(({ eventType, schemaVersion, payload }) => ({ eventType, schemaVersion, payload }))

async function refused(what: string, old: BlogEvent, at: readonly [string, number], why: string) {
  const error = await callError(
    'upcast',
    () => upcast(old, lamps),
    UnknownSchemaError,
    `\`upcast\` should throw an \`UnknownSchemaError\` for ${what}. ${why}`,
  )
  verifyEqual(
    [error.id, error.eventType, error.schemaVersion],
    ['7-0', ...at],
    `The \`UnknownSchemaError\` for ${what} should describe the event that has no upcaster, in \`id\`, \`eventType\`, and \`schemaVersion\`. Someone will need those to find the cause.`,
  )
  verify(
    error.name === 'UnknownSchemaError' &&
      error.message.includes(at[0]) &&
      error.message.includes(`${at[1]}`),
    "The error's `name` should be `UnknownSchemaError`, and its message should contain the event type and the version.",
    { received: words(`${error.name}: ${error.message}`) },
  )
}

describe('upcast', () => {
  test('returns a current event unchanged', async () => {
    const why =
      "If an event has the current version, `upcast` should return an array with just that event, unchanged, even if there's already an upcaster for that version."
    const events = await upcasted(
      event('LAMP_SWITCHED', 3, { on: true, room: 'attic' }),
      lamps,
      'a current event',
      why,
    )
    verifyEqual(events, [event('LAMP_SWITCHED', 3, { on: true, room: 'attic' })], why)
    const since = new Date(TIME)
    const [dated] = await upcasted(event('LAMP_DIMMED', 2, { since }), lamps, 'a current event', why)
    verify(
      dated?.payload.since instanceof Date,
      "A current event had a `Date` in its payload, and the event that `upcast` returned doesn't have it anymore. A copy through JSON turns it into a string, so return the event itself.",
      { expected: since, received: dated?.payload.since },
    )
  })

  test('takes every step', async () => {
    const last = await upcasted(
      event('LAMP_SWITCHED', 2, { on: true }),
      lamps,
      "an event that's one version behind",
      '',
    )
    verifyEqual(
      last,
      [event('LAMP_SWITCHED', 3, { on: true, room: 'hall' })],
      "An event that's one version behind needs only the one step that's left.",
    )
    const why =
      "An event that's two versions behind should go through two steps, one after the other: 1 to 2, then 2 to 3."
    const events = await upcasted(
      event('LAMP_SWITCHED', 1, { state: 'on' }),
      lamps,
      "an event that's two versions behind",
      why,
    )
    verifyEqual(events, [event('LAMP_SWITCHED', 3, { on: true, room: 'hall' })], why)
    const long = 'A chain can have any number of steps, in this case 150. Each should run once, in order.'
    const counted = await upcasted(
      event('LAMP_COUNTED', 1, { steps: '0' }),
      lamps,
      'a chain of 150 steps',
      long,
    )
    verifyEqual(counted, [event('LAMP_COUNTED', 151, { steps: `0 ${COUNTED.join(' ')}` })], long)
    const jump =
      'The upcaster of `LAMP_JUMPED`, version 1, returned version 3. Continue with the version that each returned event has, instead of counting versions.'
    verifyEqual(
      await upcasted(event('LAMP_JUMPED', 1, {}), lamps, 'an event whose step leads to version 3', jump),
      [event('LAMP_JUMPED', 3, { far: true })],
      jump,
    )
    const back =
      "The upcaster of `LAMP_JUMPED`, version 4, returned an older event of that type, version 1. Apply that version's upcaster next: there's no need for the versions to increase along the way."
    verifyEqual(
      await upcasted(event('LAMP_JUMPED', 4, {}), lamps, 'an event whose step leads back to version 1', back),
      [event('LAMP_JUMPED', 3, { far: true })],
      back,
    )
  })

  test('uses only the schema that it receives', async () => {
    const other: Schema = {
      current: { LAMP_SWITCHED: 2 },
      upcasters: { 'LAMP_SWITCHED@1': (old) => [to(old, 2, { other: true })] },
    }
    const why =
      '`upcast` was called with one schema, and then with another one that has a different step for the same type. Use the steps and versions of the schema that the call received.'
    for (const [schema, version, payload] of [
      [lamps, 3, { on: true, room: 'hall' }],
      [other, 2, { other: true }],
      [lamps, 3, { on: true, room: 'hall' }],
    ] as const) {
      const old = event('LAMP_SWITCHED', 1, { state: 'on' })
      verifyEqual(
        await upcasted(old, schema, 'another schema', why),
        [event('LAMP_SWITCHED', version, payload)],
        why,
      )
    }
  })

  test('continues with each event of a split', async () => {
    const why =
      "`LAMP_CHANGED` no longer exists, but it has an upcaster, which turns it into three events, some of other types and some of old versions. Continue with each one from its own type and version until it's current, and keep their order."
    const events = await upcasted(
      event('LAMP_CHANGED', 1, { level: 4 }),
      lamps,
      'a type that was split and no longer exists',
      why,
    )
    verifyEqual(
      short(events),
      [
        { eventType: 'LAMP_SWITCHED', schemaVersion: 3, payload: { on: true, room: 'hall' } },
        { eventType: 'LAMP_DIMMED', schemaVersion: 2, payload: { percent: 40 } },
        { eventType: 'LAMP_SWITCHED', schemaVersion: 3, payload: { on: false, room: 'attic' } },
      ],
      why,
    )
    const twins =
      '`LAMPS_SWITCHED` became two events of the same type and version. Each of them goes through the same steps.'
    const both = await upcasted(event('LAMPS_SWITCHED', 1, {}), lamps, 'a split into two of a kind', twins)
    verifyEqual(
      short(both),
      [true, false].map((on) => ({
        eventType: 'LAMP_SWITCHED',
        schemaVersion: 3,
        payload: { on, room: 'hall' },
      })),
      twins,
    )
    verifyEqual(
      both.map(({ eventId }) => eventId),
      ['e-7:hall', 'e-7:attic'],
      "The upcaster gave each of the two parts of `LAMPS_SWITCHED` its own `eventId`, and `upcast` didn't keep them. Return what the upcasters return, with every field.",
    )
    const none =
      'If an upcaster returns an empty array, the event no longer means anything, so `upcast` should return an empty array too.'
    verifyEqual(
      await upcasted(event('LAMP_TESTED', 1, {}), lamps, 'an event whose upcaster returns no events', none),
      [],
      none,
    )
  })

  test('passes on the error of an upcaster', async () => {
    const outcome = await attempt('upcast', () => upcast(event('LAMP_BROKEN', 1, {}), lamps))
    verify(
      !outcome.ok && outcome.error === BROKEN,
      'An upcaster has a bug and threw a `RangeError`. `upcast` should throw that error unchanged. Otherwise, the event is lost, or the error says that an upcaster is missing.',
      { received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('stops at an unknown event', async () => {
    const wrong = 'If you return it or leave it out, the state will be wrong without anyone noticing.'
    await refused(
      'an event from the future (version 4, when 3 is the newest)',
      event('LAMP_SWITCHED', 4, {}),
      ['LAMP_SWITCHED', 4],
      wrong,
    )
    await refused(
      'version 0, which never existed',
      event('LAMP_SWITCHED', 0, {}),
      ['LAMP_SWITCHED', 0],
      wrong,
    )
    await refused('an unknown event type', event('LAMP_EATEN', 1, {}), ['LAMP_EATEN', 1], wrong)
    await refused(
      'an event whose chain is missing the step from 2 to 3',
      event('LAMP_MOVED', 1, {}),
      ['LAMP_MOVED', 2],
      wrong,
    )
    await refused(
      'a split whose second part, `LAMP_SOLD`, is of an unknown type',
      event('LAMP_REPLACED', 1, {}),
      ['LAMP_SOLD', 1],
      wrong,
    )
  })

  test('leaves its argument unchanged', async () => {
    const old = event('LAMP_SWITCHED', 1, { state: 'on' })
    await upcasted(old, lamps, 'an old event', '')
    verifyEqual(
      old,
      event('LAMP_SWITCHED', 1, { state: 'on' }),
      '`upcast` changed its input event. Return new events instead: other code (a log, an archive, a test) may still use the old one.',
    )
    const always = [event('LAMP_SWITCHED', 1, { state: 'on' }), event('LAMP_DIMMED', 1, { level: 4 })]
    const upcasters = { 'LAMP_RESET@1': () => always, ...lamps.upcasters }
    await upcasted(event('LAMP_RESET', 1, {}), { ...lamps, upcasters }, 'a split', '')
    verifyEqual(
      always,
      [event('LAMP_SWITCHED', 1, { state: 'on' }), event('LAMP_DIMMED', 1, { level: 4 })],
      '`upcast` changed the array that an upcaster had returned. That upcaster may return the same array every time, so put your results in an array of your own.',
    )
  })
})

async function blog(old: BlogEvent, what: string) {
  const schema = await call('blogSchema', () => blogSchema())
  return upcasted(old, schema, what, 'A step in `blogSchema` is missing or leads to the wrong version.')
}

const created = (payload: Payload) => [event('POST_CREATED', 4, payload)]

describe('blogSchema', () => {
  test('brings a post of every version to version 4', async () => {
    const today = {
      title: 'Hello',
      body: 'First',
      tags: ['a'],
      authorFirstName: 'Ada',
      authorLastName: 'Lovelace',
    }
    const versions = [
      [
        3,
        { title: 'Hello', body: 'First', tags: ['a'], author: 'Ada Lovelace' },
        'From 3 to 4, `author` is split into `authorFirstName` and `authorLastName` and then removed. Everything else stays.',
      ],
      [
        2,
        { title: 'Hello', content: 'First', tags: ['a'], author: 'Ada Lovelace' },
        'From 2 to 3, `content` is renamed to `body`, so `content` is gone. The existing tags stay.',
      ],
    ] as const
    for (const [version, payload, why] of versions) {
      const events = await blog(
        event('POST_CREATED', version, payload),
        `\`POST_CREATED\`, version ${version}`,
      )
      verifyEqual(
        events,
        created(today),
        `\`POST_CREATED\`, version ${version}, was upcast incorrectly. ${why}`,
      )
    }
    const first = event('POST_CREATED', 1, { title: 'Hello', content: 'First', author: 'Ada Lovelace' })
    verifyEqual(
      await blog(first, '`POST_CREATED`, version 1'),
      created({ ...today, tags: [] }),
      '`POST_CREATED`, version 1, was upcast incorrectly. It takes three steps: `tags: []`, then `body`, then the two names. `id`, `eventId`, and `timestamp` stay the same.',
    )
    verify(
      !('content' in ((await blog(first, '`POST_CREATED`, version 1'))[0]?.payload ?? {})),
      'After a rename, the field should no longer exist under its old name, not even as `content: undefined`.',
    )
  })

  test("keeps what doesn't change", async () => {
    const events = await blog(
      event('POST_CREATED', 1, { title: '', content: '', author: 'Ada Lovelace', lang: 'en' }),
      'a post with an empty string',
    )
    verifyEqual(
      events,
      created({
        title: '',
        body: '',
        tags: [],
        authorFirstName: 'Ada',
        authorLastName: 'Lovelace',
        lang: 'en',
      }),
      "An empty string is a value, and a field that isn't in the table (`lang`) may still matter to someone. Both should survive the upcast.",
    )
  })

  test('splits names at the last space', async () => {
    const names = [
      [
        'Plato',
        'Plato',
        '',
        'Without a space, the whole string is the first name, and the last name is an empty string.',
      ],
      ['Ada King Lovelace', 'Ada King', 'Lovelace', "Split at the last space, and don't lose any part."],
      [
        'Ada  Lovelace',
        'Ada ',
        'Lovelace',
        'Only the last space is removed. Anything before it, even another space, belongs to the first name.',
      ],
      [' Plato', '', 'Plato', 'The only space is also the last one, even at the beginning.'],
      ['Plato ', 'Plato', '', 'The only space is also the last one, even at the end.'],
      ['Ada King\tLovelace', 'Ada', 'King\tLovelace', "A tab isn't a space."],
    ] as const
    for (const [author, firstName, lastName, why] of names) {
      const [post] = await blog(event('POST_CREATED', 3, { author }), `the author ${JSON.stringify(author)}`)
      verifyEqual(
        [post?.payload.authorFirstName, post?.payload.authorLastName],
        [firstName, lastName],
        `The author ${JSON.stringify(author)} was split in the wrong place. ${why}`,
      )
    }
  })

  test('splits an edit in two', async () => {
    const title = { ...event('POST_TITLE_CHANGED', 1, { title: 'New' }), eventId: 'e-7:title' }
    const body = { ...event('POST_BODY_CHANGED', 1, { body: 'Text' }), eventId: 'e-7:body' }
    const both = await blog(
      event('POST_EDITED', 2, { title: 'New', body: 'Text' }),
      '`POST_EDITED`, version 2',
    )
    verifyEqual(
      short(both),
      short([title, body]),
      'An edit of both fields should become `POST_TITLE_CHANGED`, then `POST_BODY_CHANGED`, both of version 1, each with just its own field.',
    )
    verify(
      both[0]?.eventId !== both[1]?.eventId,
      'Both parts of an edit have the same `eventId`. A consumer that drops duplicates by `eventId` would drop the second part.',
      { received: both.map((part) => part.eventId) },
    )
    const why =
      'The parts of an edit should keep `id` and `timestamp`. Their `eventId` should be the old one plus `:title` or `:body`, the same on every read.'
    verifyEqual(both, [title, body], why)
    verifyEqual(
      await blog(event('POST_EDITED', 1, { title: 'New', content: 'Text' }), '`POST_EDITED`, version 1'),
      [title, body],
      '`POST_EDITED`, version 1, should take two steps: `content` becomes `body`, then the event is split.',
    )
  })

  test('distinguishes missing from empty', async () => {
    const one = (eventType: string, payload: Payload) => [{ eventType, schemaVersion: 1, payload }]
    const edits = [
      [
        1,
        { content: 'Text' },
        one('POST_BODY_CHANGED', { body: 'Text' }),
        'Only the text was edited, so there should be no event about the title.',
      ],
      [
        1,
        { title: 'New' },
        one('POST_TITLE_CHANGED', { title: 'New' }),
        'Only the title was edited, so there should be no event about the body. Such an event would clear the text of the post.',
      ],
      [
        2,
        { body: '' },
        one('POST_BODY_CHANGED', { body: '' }),
        'The author cleared the text: `""` is present, not missing. Compare with `undefined` instead of testing for truthiness.',
      ],
      [
        2,
        { title: 'New', lang: 'en' },
        one('POST_TITLE_CHANGED', { title: 'New' }),
        "The edit also contains a field that isn't in the table (`lang`). The payload of a part contains only that part's field.",
      ],
      [1, {}, [], 'The edit contains neither field, so the upcaster should return an empty array.'],
    ] as const
    for (const [version, payload, expected, why] of edits) {
      const events = await blog(
        event('POST_EDITED', version, payload),
        `\`POST_EDITED\` ${JSON.stringify(payload)}`,
      )
      verifyEqual(
        short(events),
        expected,
        `\`POST_EDITED\`, version ${version}, with ${JSON.stringify(payload)} was upcast incorrectly. ${why}`,
      )
      verifyEqual(
        events.map((part) => part.eventId),
        expected.map((part) => (part.eventType === 'POST_TITLE_CHANGED' ? 'e-7:title' : 'e-7:body')),
        "The `eventId` of a part should end in `:title` or `:body` even if it's the only part. With one rule for all parts, the ID always shows which part it is, and no part can be mistaken for the whole event.",
      )
    }
  })

  test('recognizes current events and no others', async () => {
    for (const [eventType, version] of [
      ['POST_CREATED', 4],
      ['POST_TITLE_CHANGED', 1],
      ['POST_BODY_CHANGED', 1],
      ['POST_PUBLISHED', 1],
    ] as const) {
      const current = event(eventType, version, { title: 'Hello' })
      verifyEqual(
        await blog(current, `\`${eventType}\`, version ${version}`),
        [current],
        `\`${eventType}\`, version ${version}, is a current event, so it should stay as it is.`,
      )
    }
    for (const [eventType, version] of [
      ['POST_CREATED', 5],
      ['POST_EDITED', 3],
      ['POST_PUBLISHED', 2],
      ['POST_PINNED', 1],
    ] as const) {
      await callError(
        'upcast',
        () => upcast(event(eventType, version, {}), blogSchema()),
        UnknownSchemaError,
        `\`${eventType}\`, version ${version}, isn't in the table. With \`blogSchema\`, \`upcast\` should throw an \`UnknownSchemaError\`.`,
      )
    }
  })

  test('leaves the old event unchanged', async () => {
    for (const [eventType, version, payload] of [
      ['POST_CREATED', 1, { title: 'Hello', content: 'First', author: 'Ada Lovelace' }],
      ['POST_CREATED', 2, { title: 'Hello', content: 'First', author: 'Ada Lovelace', tags: ['a'] }],
      ['POST_CREATED', 3, { title: 'Hello', body: 'First', author: 'Ada Lovelace', tags: ['a'] }],
      ['POST_EDITED', 1, { title: 'New', content: 'Text' }],
      ['POST_EDITED', 2, { title: 'New', body: 'Text' }],
    ] as const) {
      const old = event(eventType, version, structuredClone(payload))
      await blog(old, `\`${eventType}\`, version ${version}`)
      verifyEqual(
        old,
        event(eventType, version, payload),
        `An upcaster changed the old event, \`${eventType}\`, version ${version}. Create a new payload instead: code that still uses the old event would find a mix of two versions.`,
      )
    }
  })
})

const STREAM = 'stream:entity:post-1'

async function plant(
  id: string,
  eventType: string,
  version: number | undefined,
  payload: string,
  timestamp = TIME,
) {
  const fields = { payload, timestamp, eventId: `e-${id}`, eventType }
  const stamp = version === undefined ? [] : ['schemaVersion', String(version)]
  await box.admin.xadd(STREAM, id, ...Object.entries(fields).flat(), ...stamp)
}

async function post() {
  const outcome = await attempt('getPost', () => getPost(box.redis, 'post-1'))
  if (!outcome.ok && outcome.error instanceof UnknownSchemaError) {
    const { eventType, schemaVersion } = outcome.error
    verify(
      false,
      `\`getPost\` couldn't read \`${eventType}\`, version ${schemaVersion}, which should be in \`blogSchema\` (Task 2). Is \`schemaVersion\` a number (Redis returns strings, and \`"2"\` isn't 2)? Is it 1 if the field is missing?`,
      { received: outcome.error },
    )
  }
  if (!outcome.ok) {
    return call('getPost', () => {
      throw outcome.error
    })
  }
  verify(
    typeof outcome.value === 'object' && outcome.value !== null,
    "The post's stream contains its `POST_CREATED`, but `getPost` didn't return a post. `null` is only for a post that doesn't exist.",
    { received: outcome.value },
  )
  return outcome.value as unknown as Payload
}

const pick = (all: Payload) => [
  all.title,
  all.body,
  all.tags,
  all.authorFirstName,
  all.authorLastName,
  all.published,
]

const CURRENT =
  '{"title":"Hello","body":"First","tags":["a"],"authorFirstName":"Ada","authorLastName":"Lovelace"}'

async function mixedHistory() {
  await plant(
    '1-0',
    'POST_CREATED',
    undefined,
    '{ "title":"Hello",  "content":"First", "author":"Ada Lovelace" }',
  )
  await plant('2-0', 'POST_EDITED', undefined, '{"content":"Second"}')
  await plant('3-0', 'POST_EDITED', 2, '{"title":"Hello again","body":"Third"}')
  await plant('4-0', 'POST_PUBLISHED', 1, '{}')
  await plant('5-0', 'POST_TITLE_CHANGED', 1, '{"title":"Good bye"}')
}

describe('getPost', () => {
  test('reads a current post', async () => {
    await plant('1-0', 'POST_CREATED', 4, CURRENT)
    await plant('2-0', 'POST_BODY_CHANGED', 1, '{"body":"Second"}')
    verifyEqual(
      pick(await post()),
      ['Hello', 'Second', ['a'], 'Ada', 'Lovelace', false],
      "The post should have the title, body, tags, and both names from `POST_CREATED`, then the body from `POST_BODY_CHANGED`, and it shouldn't be published.",
    )
    verify(
      (await call('getPost', () => getPost(box.redis, 'post-2'))) === null,
      "For a post that doesn't exist, `getPost` should return `null`.",
    )
  })

  test('leaves the log unchanged', async () => {
    await mixedHistory()
    const before = await box.admin.xrange(STREAM, '-', '+')
    await post()
    verifyEqual(
      await box.admin.xrange(STREAM, '-', '+'),
      before,
      "`getPost` changed the stream. Upcast when you read: the log should stay the same, byte for byte. Otherwise you can't check later what really happened.",
    )
    verifyEqual(
      await box.admin.keys('*'),
      [STREAM],
      '`getPost` should only read, but it left another key in Redis.',
    )
    await everyCrash({
      name: 'getPost',
      prepare: mixedHistory,
      run: (redis) => getPost(redis, 'post-1'),
      verify: async ({ last }) =>
        verifyEqual(
          await box.admin.keys('*'),
          [STREAM],
          `\`getPost\` should only read, but right after ${code(last, 'its start')}, Redis has another key. If the process dies before \`getPost\` removes that key, it stays.`,
        ),
    })
  })

  test('reads each post from its own stream', async () => {
    await plant('1-0', 'POST_CREATED', 4, CURRENT)
    await post()
    const other = CURRENT.replace('Hello', 'Other')
    await box.admin.xadd(
      'stream:entity:post-2',
      '1-0',
      ...['eventId', 'f-1', 'eventType', 'POST_CREATED', 'schemaVersion', '4', 'timestamp', TIME],
      ...['payload', other],
    )
    const second = (await call('getPost', () => getPost(box.redis, 'post-2'))) as unknown as Payload | null
    verifyEqual(
      second?.title,
      'Other',
      '`getPost` was called for `post-1` and then for `post-2`, and returned the wrong post for `post-2`. Both streams have an entry `1-0`: entry IDs are unique only within a stream.',
    )
    await plant('2-0', 'POST_TITLE_CHANGED', 1, '{"title":"Newest"}')
    verifyEqual(
      (await post()).title,
      'Newest',
      "After `getPost` had read `post-1` once, another event was appended, and the next call didn't apply it. Read the stream on every call.",
    )
  })

  test('reads a history of many versions', async () => {
    await mixedHistory()
    verifyEqual(
      pick(await post()),
      ['Good bye', 'Third', [], 'Ada', 'Lovelace', true],
      'The history has events of versions 1 and 2 as well as current ones. Upcast each event and apply it to the post, in stream order.',
    )
    await plant('6-0', 'POST_EDITED', undefined, '{"content":"Fourth"}')
    verifyEqual(
      (await post()).body,
      'Fourth',
      'The last entry is a `POST_EDITED` without `schemaVersion`, with `content` for the new text. A missing version means 1, for every type of event.',
    )
    await plant('7-0', 'POST_EDITED', 2, '{"title":"","body":""}')
    verifyEqual(
      [(await post()).title, (await post()).body],
      ['', ''],
      'The last edit cleared the title and the body. An empty string is a value, so the post should have it.',
    )
    verifyEqual(
      (await post()).published,
      true,
      'The post was published, and then its title and its body were edited. An edit changes only what its name says, so the post is still published.',
    )
    await box.admin.del(STREAM)
    await plant('1-0', 'POST_CREATED', undefined, '{"title":"A","content":"B","author":"C","published":true}')
    verifyEqual(
      pick(await post()),
      ['A', 'B', [], 'C', '', false],
      '`POST_CREATED` should set `published` to `false`, even if its payload has a field of that name.',
      [
        [
          ([title]) => title !== 'A',
          'The stream was deleted and begins again with another `POST_CREATED`, but `getPost` still returned a post with the old title. Read the stream on every call, from its beginning.',
        ],
      ],
    )
  })

  test('applies events in stream order, whatever their timestamps', async () => {
    await plant('1-0', 'POST_CREATED', 4, CURRENT)
    await plant('2-0', 'POST_TITLE_CHANGED', 1, '{"title":"Second"}')
    await plant('3-0', 'POST_TITLE_CHANGED', 1, '{"title":"Third"}', '2019-05-01T09:14:07.000Z')
    verifyEqual(
      (await post()).title,
      'Third',
      'The last event in the stream has an earlier `timestamp` than the others, because a clock was behind. Apply the events in the order of the stream, which is the order in which they were written.',
    )
  })

  test('stops at an event from the future', async () => {
    await mixedHistory()
    await plant('6-0', 'POST_CREATED', 5, '{"title":"?"}')
    await plant('7-0', 'POST_TITLE_CHANGED', 1, '{"title":"After it"}')
    const error = await callError(
      'getPost',
      () => getPost(box.redis, 'post-1'),
      UnknownSchemaError,
      'The stream contains `POST_CREATED`, version 5, which is newer than this program. `getPost` should throw the `UnknownSchemaError`. A post computed without that event may be wrong, but it looks right.',
    )
    verifyEqual(
      [error.id, error.eventType, error.schemaVersion],
      ['6-0', 'POST_CREATED', 5],
      'The error should have the ID of the entry, the event type, and the version, so that someone can look into it.',
    )
  })

  test("stops at an event it can't upcast, whatever its type", async () => {
    for (const [eventType, version] of [
      ['POST_PUBLISHED', 2],
      ['POST_TITLE_CHANGED', 2],
      ['POST_BODY_CHANGED', 3],
      ['POST_EDITED', 3],
      ['POST_PINNED', 1],
    ] as const) {
      await box.admin.del(STREAM)
      await mixedHistory()
      await plant('6-0', eventType, version, '{"title":"?","body":"?","content":"?"}')
      await callError(
        'getPost',
        () => getPost(box.redis, 'post-1'),
        UnknownSchemaError,
        `The stream ends with \`${eventType}\`, version ${version}, which isn't in the schema. \`getPost\` should throw the \`UnknownSchemaError\`, even if the program seems to need nothing from that event.`,
      )
    }
  })

  test('passes on errors from Redis', () =>
    passesOnWrongType(
      'getPost',
      STREAM,
      () => getPost(box.redis, 'post-1'),
      "A post that can't be read isn't a post that doesn't exist.",
    ))

  test('reads a history that ends with a full page', async () => {
    await plant('1-0', 'POST_CREATED', 4, CURRENT)
    await Promise.all(
      Array.from({ length: 999 }, (_, i) =>
        plant(`${i + 2}-0`, 'POST_TITLE_CHANGED', 1, `{"title":"Title ${i + 2}"}`),
      ),
    )
    verifyEqual(
      ((await call('getPost', () => getPost(box.redis, 'post-1'))) as unknown as Payload | null)?.title,
      'Title 1000',
      'The stream has exactly 1,000 entries, so the last page may be full, and the one after it empty. `getPost` should return the post in its state after all of them.',
    )
  })

  test('reads a long history to the end', async () => {
    await plant('1-0', 'POST_CREATED', 1, '{"title":"0","content":"First","author":"Ada Lovelace"}')
    const edit = (payload: Payload) => ({
      eventType: 'POST_EDITED',
      timestamp: TIME,
      payload: JSON.stringify(payload),
    })
    await plantLongStream(box.admin, STREAM, {
      page: 1_000,
      fields: (n) => ({ eventId: `e-${n}`, ...edit({ title: `Title ${n}` }) }),
      leftOut: (n) => ({ eventId: `e-${n}`, ...edit({}) }), // upcast to no event at all
    })
    const found = await post()
    verify(
      found.title === 'Title 2010',
      `The stream has 2,011 entries, 2,010 of them from one millisecond (\`7-1\` to \`7-2010\`), and \`getPost\` didn't read all of them.${pagingFault(box.commands) || " A page has at most 1,000 entries: continue after its last ID until a page isn't full."}`,
      { expected: 'Title 2010', received: found.title },
    )
    const most = largestReply(box.commands)
    verify(
      most <= 1_000,
      `\`getPost\` fetched ${most} entries with one command. While Redis builds such a reply, it can't serve any other client. Read pages of at most 1,000, with \`COUNT\`.`,
      { expected: words('at most 1,000 entries in one reply'), received: words(`${most} entries`) },
    )
  })
})
