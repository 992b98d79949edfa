import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  largestReply,
  pagingFault,
  plantLongStream,
  useSandbox,
  verify,
  verifyEqual,
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

/** Of lamps and not of posts, so that nothing of it can stand in the learner's upcast. */
const lamps: Schema = {
  current: { LAMP_SWITCHED: 3, LAMP_DIMMED: 2, LAMP_MOVED: 3, LAMP_COUNTED: 12 },
  upcasters: {
    'LAMP_SWITCHED@1': (old) => [to(old, 2, { on: old.payload.state === 'on' })],
    'LAMP_SWITCHED@2': (old) => [to(old, 3, { ...old.payload, room: 'hall' })],
    'LAMP_DIMMED@1': (old) => [to(old, 2, { percent: Number(old.payload.level) * 10 })],
    'LAMP_CHANGED@1': (old) => [
      to(old, 1, { state: 'on' }, 'LAMP_SWITCHED'),
      to(old, 1, { level: old.payload.level }, 'LAMP_DIMMED'),
      to(old, 3, { on: false, room: 'attic' }, 'LAMP_SWITCHED'),
    ],
    'LAMP_TESTED@1': () => [],
    'LAMP_MOVED@1': (old) => [to(old, 2, {})],
    ...Object.fromEntries(
      Array.from({ length: 11 }, (_, i) => [
        `LAMP_COUNTED@${i + 1}`,
        (old: BlogEvent) => [to(old, i + 2, { steps: `${old.payload.steps} ${i + 1}` })],
      ]),
    ),
  },
}

async function upcasted(old: BlogEvent, schema: Schema, what: string, why: string) {
  const outcome = await attempt('upcast', () => {
    const events: unknown = upcast(old, schema)
    if (events instanceof Promise) events.catch(() => {}) // told below, whatever becomes of it
    return { events }
  })
  if (!outcome.ok && isUnwritten(outcome.error)) {
    return call('upcast', () => {
      throw outcome.error
    })
  }
  verify(outcome.ok, `upcast refused ${what}. ${why}`, { received: !outcome.ok && outcome.error })
  const { events } = outcome.value
  verify(
    !(events instanceof Promise),
    'upcast returned a promise. It is not async: it waits for nothing, and whoever folds events goes through its list at once.',
  )
  verify(
    Array.isArray(events),
    'upcast should return a list of events: one old event may become two, or none.',
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
    `upcast should throw an UnknownSchemaError for ${what}. ${why}`,
  )
  verifyEqual(
    [error.id, error.eventType, error.schemaVersion],
    ['7-0', ...at],
    `The UnknownSchemaError for ${what} should tell of the event at which the way ended, in \`id\`, \`eventType\` and \`schemaVersion\`: whoever is called at night has nothing else to go by.`,
  )
  verify(
    error.name === 'UnknownSchemaError' &&
      error.message.includes(at[0]) &&
      error.message.includes(`${at[1]}`),
    'The error’s `name` should be "UnknownSchemaError", and its message should contain the event type and the version.',
    { received: `${error.name}: ${error.message}` },
  )
}

describe('upcast', () => {
  test('leaves an event of today alone', async () => {
    const why = 'An event of the current version should come back as it is, alone in a list.'
    const events = await upcasted(
      event('LAMP_SWITCHED', 3, { on: true, room: 'attic' }),
      lamps,
      'an event of today',
      why,
    )
    verifyEqual(events, [event('LAMP_SWITCHED', 3, { on: true, room: 'attic' })], why)
  })

  test('goes all the steps', async () => {
    const last = await upcasted(
      event('LAMP_SWITCHED', 2, { on: true }),
      lamps,
      'an event that is one version behind',
      '',
    )
    verifyEqual(
      last,
      [event('LAMP_SWITCHED', 3, { on: true, room: 'hall' })],
      'An event that is one version behind needs the one step that is left, and no other.',
    )
    const why =
      'An event that is two versions behind should go through two steps, one after the other: 1 to 2, then 2 to 3.'
    const events = await upcasted(
      event('LAMP_SWITCHED', 1, { state: 'on' }),
      lamps,
      'an event that is two versions behind',
      why,
    )
    verifyEqual(events, [event('LAMP_SWITCHED', 3, { on: true, room: 'hall' })], why)
    const long = 'A chain may have any number of steps, here 11; each is gone once and in order.'
    const counted = await upcasted(
      event('LAMP_COUNTED', 1, { steps: '0' }),
      lamps,
      'a chain of 11 steps',
      long,
    )
    verifyEqual(counted, [event('LAMP_COUNTED', 12, { steps: '0 1 2 3 4 5 6 7 8 9 10 11' })], long)
  })

  test('goes on with each event of a split', async () => {
    const why =
      'LAMP_CHANGED became three events, of other types and some of them old. Each has to go on from its own type and version until it is current, and their order stays.'
    const events = await upcasted(
      event('LAMP_CHANGED', 1, { level: 4 }),
      lamps,
      'a type that was split and exists no more',
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
    const none =
      'An upcaster that returns an empty list says: this means nothing today. Then there is no event.'
    verifyEqual(
      await upcasted(event('LAMP_TESTED', 1, {}), lamps, 'an event that became none', none),
      [],
      none,
    )
  })

  test('stops at what it does not know', async () => {
    const wrong = 'Passed on or left out, it makes a state that is wrong, and nobody is told.'
    await refused(
      'an event from the future, version 4 where 3 is the newest',
      event('LAMP_SWITCHED', 4, {}),
      ['LAMP_SWITCHED', 4],
      wrong,
    )
    await refused('an unknown event type', event('LAMP_EATEN', 1, {}), ['LAMP_EATEN', 1], wrong)
    await refused(
      'an event whose chain has a hole: a step from 2 to 3 is missing',
      event('LAMP_MOVED', 1, {}),
      ['LAMP_MOVED', 2],
      wrong,
    )
  })

  test('leaves its argument alone', async () => {
    const old = event('LAMP_SWITCHED', 1, { state: 'on' })
    await upcasted(old, lamps, 'an old event', '')
    verifyEqual(
      old,
      event('LAMP_SWITCHED', 1, { state: 'on' }),
      'upcast changed the event that was passed in. Somebody else may hold it too (a log, an archive, a test), and would take the new for the old.',
    )
  })
})

async function blog(old: BlogEvent, what: string) {
  const schema = await call('blogSchema', () => blogSchema())
  return upcasted(old, schema, what, 'A step of blogSchema is missing, or leads astray.')
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
      [4, today, 'Version 4 is today’s: nothing is to be done.'],
      [
        3,
        { title: 'Hello', body: 'First', tags: ['a'], author: 'Ada Lovelace' },
        'From 3 to 4 `author` is split into `authorFirstName` and `authorLastName`, and is no longer there itself; all else stays.',
      ],
      [
        2,
        { title: 'Hello', content: 'First', tags: ['a'], author: 'Ada Lovelace' },
        'From 2 to 3 `content` is renamed: its text stands in `body`, `content` is gone, and the tags that the event has stay.',
      ],
    ] as const
    for (const [version, payload, why] of versions) {
      const events = await blog(event('POST_CREATED', version, payload), `POST_CREATED, version ${version}`)
      verifyEqual(events, created(today), `POST_CREATED, version ${version}, came out wrong. ${why}`)
    }
    const first = event('POST_CREATED', 1, { title: 'Hello', content: 'First', author: 'Ada Lovelace' })
    verifyEqual(
      await blog(first, 'POST_CREATED, version 1'),
      created({ ...today, tags: [] }),
      'POST_CREATED, version 1, came out wrong. It goes three steps: `tags: []`, then `body`, then the two names. `id`, `eventId` and `timestamp` stay.',
    )
    verify(
      !('content' in ((await blog(first, 'POST_CREATED, version 1'))[0]?.payload ?? {})),
      'A field that was renamed should be gone under its old name: no `content: undefined` either.',
    )
  })

  test('keeps what it need not change', async () => {
    const events = await blog(
      event('POST_CREATED', 1, { title: '', content: '', author: 'Ada Lovelace', lang: 'en' }),
      'a post with an empty text',
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
      'An empty text is a text, and a field that is not in the table (`lang`) was put there by somebody: both should survive the upcast.',
    )
  })

  test('splits names at the last space', async () => {
    const names = [
      ['Plato', 'Plato', '', 'Without a space all is the first name, and the last name is an empty text.'],
      ['Ada King Lovelace', 'Ada King', 'Lovelace', 'The split is at the last space; nothing may get lost.'],
    ] as const
    for (const [author, firstName, lastName, why] of names) {
      const [post] = await blog(event('POST_CREATED', 3, { author }), `the author "${author}"`)
      verifyEqual(
        [post?.payload.authorFirstName, post?.payload.authorLastName],
        [firstName, lastName],
        `The author "${author}" was split in the wrong place. ${why}`,
      )
    }
  })

  test('splits an edit in two', async () => {
    const title = { ...event('POST_TITLE_CHANGED', 1, { title: 'New' }), eventId: 'e-7:title' }
    const body = { ...event('POST_BODY_CHANGED', 1, { body: 'Text' }), eventId: 'e-7:body' }
    const both = await blog(event('POST_EDITED', 2, { title: 'New', body: 'Text' }), 'POST_EDITED, version 2')
    verifyEqual(
      short(both),
      short([title, body]),
      'An edit of both becomes POST_TITLE_CHANGED, then POST_BODY_CHANGED, both of version 1, each with its one field.',
    )
    verify(
      both[0]?.eventId !== both[1]?.eventId,
      'Both parts of an edit have the same `eventId`. Whoever drops doubles by it would drop the second part.',
      { received: both.map((part) => part.eventId) },
    )
    const why =
      'The parts of an edit keep `id` and `timestamp`; their `eventId` is the old one with `:title` or `:body` behind it, the same at every read.'
    verifyEqual(both, [title, body], why)
    verifyEqual(
      await blog(event('POST_EDITED', 1, { title: 'New', content: 'Text' }), 'POST_EDITED, version 1'),
      [title, body],
      'POST_EDITED, version 1, goes two steps: `content` becomes `body`, then the event is split.',
    )
  })

  test('tells what is missing from what is empty', async () => {
    const one = (eventType: string, payload: Payload) => [{ eventType, schemaVersion: 1, payload }]
    const edits = [
      [
        1,
        { content: 'Text' },
        one('POST_BODY_CHANGED', { body: 'Text' }),
        'Only the text was edited: there should be no event about a title.',
      ],
      [
        1,
        { title: 'New' },
        one('POST_TITLE_CHANGED', { title: 'New' }),
        'Only the title was edited: there should be no event about a body, which would empty the post.',
      ],
      [
        2,
        { body: '' },
        one('POST_BODY_CHANGED', { body: '' }),
        'Somebody emptied the text: `""` is there, it is not missing. Ask for `undefined`, not for truth.',
      ],
      [1, {}, [], 'An edit of nothing becomes no event.'],
    ] as const
    for (const [version, payload, expected, why] of edits) {
      const events = await blog(
        event('POST_EDITED', version, payload),
        `POST_EDITED ${JSON.stringify(payload)}`,
      )
      verifyEqual(
        short(events),
        expected,
        `POST_EDITED, version ${version}, with ${JSON.stringify(payload)} came out wrong. ${why}`,
      )
      verifyEqual(
        events.map((part) => part.eventId),
        expected.map((part) => (part.eventType === 'POST_TITLE_CHANGED' ? 'e-7:title' : 'e-7:body')),
        'A part of an edit has `:title` or `:body` behind its `eventId` also where it is the only one. By one rule for all, whoever has the id of a part knows what it is, and no part is taken for the whole.',
      )
    }
  })

  test('knows the events of today, and no others', async () => {
    for (const eventType of ['POST_TITLE_CHANGED', 'POST_BODY_CHANGED', 'POST_PUBLISHED']) {
      const why = `${eventType}, version 1, is one of today’s events.`
      verifyEqual(
        await blog(event(eventType, 1, {}), `${eventType}, version 1`),
        [event(eventType, 1, {})],
        why,
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
        `${eventType}, version ${version}, is in no row of the table. With blogSchema upcast should throw an UnknownSchemaError.`,
      )
    }
  })

  test('changes nothing in the old event', async () => {
    for (const [eventType, version, payload] of [
      ['POST_CREATED', 1, { title: 'Hello', content: 'First', author: 'Ada Lovelace' }],
      ['POST_CREATED', 2, { title: 'Hello', content: 'First', author: 'Ada Lovelace', tags: ['a'] }],
      ['POST_CREATED', 3, { title: 'Hello', body: 'First', author: 'Ada Lovelace', tags: ['a'] }],
      ['POST_EDITED', 1, { title: 'New', content: 'Text' }],
      ['POST_EDITED', 2, { title: 'New', body: 'Text' }],
    ] as const) {
      const old = event(eventType, version, structuredClone(payload))
      await blog(old, `${eventType}, version ${version}`)
      verifyEqual(
        old,
        event(eventType, version, payload),
        `An upcaster changed the old event, ${eventType}, version ${version}. An upcaster makes a new payload: whoever holds the old event would find a mixture of two versions.`,
      )
    }
  })
})

const STREAM = 'stream:entity:post-1'

async function plant(id: string, eventType: string, version: number | undefined, payload: string) {
  const fields = { payload, timestamp: TIME, eventId: `e-${id}`, eventType }
  const stamp = version === undefined ? [] : ['schemaVersion', String(version)]
  await box.admin.xadd(STREAM, id, ...Object.entries(fields).flat(), ...stamp)
}

async function post() {
  const outcome = await attempt('getPost', () => getPost(box.redis, 'post-1'))
  if (!outcome.ok && outcome.error instanceof UnknownSchemaError) {
    const { eventType, schemaVersion } = outcome.error
    verify(
      false,
      `getPost could not read ${eventType}, version ${schemaVersion}, which blogSchema has to know (task 2). Is schemaVersion a number (Redis hands out text: "2" is not 2), and 1 where the field is missing?`,
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
    'The stream of the post holds its POST_CREATED, and getPost did not return a post. `null` is for a post that never was.',
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
  test('reads a post of today', async () => {
    const payload =
      '{"title":"Hello","body":"First","tags":["a"],"authorFirstName":"Ada","authorLastName":"Lovelace"}'
    await plant('1-0', 'POST_CREATED', 4, payload)
    await plant('2-0', 'POST_BODY_CHANGED', 1, '{"body":"Second"}')
    verifyEqual(
      pick(await post()),
      ['Hello', 'Second', ['a'], 'Ada', 'Lovelace', false],
      'The post should have title, body, tags and both names of POST_CREATED, then the body of POST_BODY_CHANGED, and not be published.',
    )
    verify(
      (await call('getPost', () => getPost(box.redis, 'post-2'))) === null,
      'Of a post that never was, getPost should return null.',
    )
  })

  test('reads a history of many versions', async () => {
    await mixedHistory()
    verifyEqual(
      pick(await post()),
      ['Good bye', 'Third', [], 'Ada', 'Lovelace', true],
      'The history holds events of versions 1 and 2 beside today’s. Every one of them, upcast, should have its effect on the post, in the order of the stream.',
    )
  })

  test('leaves the log as it is', async () => {
    await mixedHistory()
    const before = await box.admin.xrange(STREAM, '-', '+')
    await post()
    verifyEqual(
      await box.admin.xrange(STREAM, '-', '+'),
      before,
      'After getPost the stream was another one. Upcasting happens on reading: what is in the log stays, byte for byte, or nobody can ever check what really happened.',
    )
    verifyEqual(
      await box.admin.keys('*'),
      [STREAM],
      'getPost only reads: there should be no other key in Redis after it.',
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
      'The stream holds POST_CREATED, version 5, which this program cannot know. getPost should throw the UnknownSchemaError: a post worked out without it may be wrong, and looks right.',
    )
    verifyEqual(
      [error.id, error.eventType, error.schemaVersion],
      ['6-0', 'POST_CREATED', 5],
      'The error should name the entry, the event type and the version, so that somebody can go and look.',
    )
  })

  test('reads a long history to its end', async () => {
    await plant('1-0', 'POST_CREATED', 1, '{"title":"0","content":"First","author":"Ada Lovelace"}')
    const edit = (payload: Payload) => ({ eventType: 'POST_EDITED', payload: JSON.stringify(payload) })
    await plantLongStream(box.admin, STREAM, {
      page: 1_000,
      fields: (n) => ({ eventId: `e-${n}`, ...edit({ title: `Title ${n}` }) }),
      leftOut: (n) => ({ eventId: `e-${n}`, ...edit({}) }), // upcast to no event at all
    })
    const found = await post()
    verify(
      found.title === 'Title 2010',
      `The stream holds 2,011 entries, 2,010 of them from one millisecond (7-1 to 7-2010), and getPost did not get to the last.${pagingFault(box.commands) || ' A page has at most 1,000: go on after its last ID until a page isn’t full.'}`,
      { expected: 'Title 2010', received: found.title },
    )
    const most = largestReply(box.commands)
    verify(
      most <= 1_001,
      `getPost fetched ${most} entries with one command. Redis serves nobody else while it puts such a reply together: read pages of at most 1,000, with COUNT.`,
      { expected: 'at most 1,000 entries in one reply', received: `${most} entries` },
    )
  })
})
