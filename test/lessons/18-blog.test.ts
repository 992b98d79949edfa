import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  connectionsStillOpen,
  everyInterleaving,
  givesUpAfter,
  lacks,
  largestReply,
  NO_PERMISSION,
  passesOnWrongType,
  sharedWatch,
  useSandbox,
  verify,
  verifyEqual,
  words,
} from '#kit'
import type { Changes, Post, Refusal } from '#lesson/18-blog'
import { applyPostEvent, createPost, editPost, getPost, PostRefusedError, publishPost } from '#lesson/18-blog'

const box = useSandbox()

type PostEvent = Parameters<typeof applyPostEvent>[1]

const KEY = 'blog:post:post-1'
const DAY_9 = '2026-03-09T08:00:00.000Z'
const clock = () => new Date(DAY_9)
const DRAFT = { title: 'Hello', content: 'First post', author: 'ada' }
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Creates an event from March `n`. */
function event(n: number, eventType: string, payload: object = {}): PostEvent {
  return {
    eventId: `0b7f3a52-6f0a-4c1e-9d3b-${String(n).padStart(12, '0')}`,
    timestamp: `2026-03-0${n}T08:00:00.000Z`,
    eventType,
    entityId: 'post-1',
    payload,
    metadata: {},
  } as PostEvent
}

const CREATED = event(1, 'POST_CREATED', DRAFT)
const PUBLISHED = event(2, 'POST_PUBLISHED')

const draft = (changes: Partial<Post> = {}): Post => ({
  title: 'Hello',
  content: 'First post',
  author: 'ada',
  published: false,
  createdAt: '2026-03-01T08:00:00.000Z',
  editedAt: null,
  publishedAt: null,
  ...changes,
})
const published = (changes: Partial<Post> = {}): Post =>
  draft({ published: true, publishedAt: '2026-03-02T08:00:00.000Z', ...changes })

const plant = (...events: readonly PostEvent[]) => plantWith(box.admin, events)

async function plantWith(admin: Redis, events: readonly PostEvent[]): Promise<void> {
  const pipeline = admin.pipeline()
  for (const [index, one] of events.entries()) {
    pipeline.xadd(KEY, `${index + 1}-0`, 'event', JSON.stringify(one))
  }
  await pipeline.exec()
}

async function stored(key = KEY): Promise<{ id: string; event: Partial<PostEvent> }[]> {
  return (await box.admin.xrange(key, '-', '+')).map(([id, fields]) => {
    try {
      return { id, event: JSON.parse(fields[fields.indexOf('event') + 1] ?? '{}') }
    } catch {
      return { id, event: {} }
    }
  })
}

const types = async () => (await stored()).map(({ event }) => event.eventType)
const last = async () => (await stored()).at(-1)

async function refused(
  name: string,
  run: () => unknown,
  reason: Refusal,
  diagnosis: string,
  events: readonly string[],
): Promise<void> {
  const error = await callError(name, run, PostRefusedError, diagnosis)
  verifyEqual(
    { reason: error.reason, postId: error.postId },
    { reason, postId: 'post-1' },
    `\`${name}\` was right to refuse, but the \`PostRefusedError\` should have the reason \`${reason}\` and the post's ID. The page needs both to tell the author what to do.`,
  )
  verifyEqual(
    await types(),
    events,
    `\`${name}\` refused the command, so it should write nothing to the stream.`,
  )
  await closesConnections(`${name} had refused a command`)
}

async function closesConnections(when: string): Promise<void> {
  verify(
    (await connectionsStillOpen()) === 0,
    `After ${when}, a connection that it opened was still open. If each call leaves one open, Redis soon accepts no more. Close your own connections in a \`finally\`.`,
  )
}

/** Without a stream, there's no telling what the post is. */
const passesOnReadErrors = (name: string, run: () => unknown) =>
  passesOnWrongType(name, KEY, run, "A post whose events can't be read isn't a post that doesn't exist.")

/** Makes Redis refuse to write, starting before each of the function's commands in turn. */
async function passesOnWriteErrors(
  name: string,
  events: readonly PostEvent[],
  type: string,
  run: (redis: Redis) => Promise<unknown>,
): Promise<void> {
  const server = await box.startServer()
  let sentBefore = 0
  await everyInterleaving({
    name,
    prepare: async () => {
      sentBefore = box.commands.length
      await server.admin.acl('SETUSER', 'default', '+xadd')
      await server.admin.del(KEY)
      await plantWith(server.admin, events)
    },
    first: () => run(server.connect()),
    // In a transaction whose commands are queued already, XADD gets this error from EXEC.
    second: () => server.admin.acl('SETUSER', 'default', '-xadd'),
    verify: async ({ first, held }) => {
      const isStored = (await server.admin.xlen(KEY)) > events.length
      verify(
        !first.ok || isStored,
        `Redis refused \`XADD\` (\`NOPERM\`)${held === 'EXEC' ? ' inside the transaction' : ''}, so nothing was stored, but \`${name}\` resolved. Let every error from the write except a conflict reach the caller.${held === 'EXEC' ? ' `EXEC` itself succeeds, and the error is in one of its replies, which ioredis returns as pairs of an error and a result.' : ''}`,
        { received: first.ok && first.value },
      )
      verify(
        first.ok || isStored || NO_PERMISSION.test(String(first.error)),
        `Redis refused \`XADD\` (\`NOPERM\`), and \`${name}\` threw an error that hides the cause. Throw the error from Redis as it is.`,
        { expected: words('the error from Redis'), received: !first.ok && first.error },
      )
      const writes = box.commands
        .slice(sentBefore)
        .filter(({ args, error }) => args.join(' ').includes(type) && !error?.message.startsWith('NOSCRIPT'))
      verify(
        writes.length <= 1,
        `Redis refused \`XADD\` (\`NOPERM\`), and \`${name}\` sent it again. Only a conflict is a reason to read and decide again. Throw any other error immediately.`,
        { received: writes.map(({ name: sent }) => sent) },
      )
    },
  })
}

/** A post with 1,200 events. */
const LONG = Array.from({ length: 1_200 }, (_, n) =>
  n === 0 ? event(1, 'POST_CREATED', DRAFT) : event(4, 'POST_EDITED', { content: `draft ${n}` }),
)

async function keepsEveryEntry(name: string, run: () => Promise<unknown>): Promise<void> {
  await plant(...LONG)
  await call(name, run)
  verifyEqual(
    await box.admin.xlen(KEY),
    1_201,
    `The post had 1,200 events, and now its stream should have 1,201 entries. \`${name}\` only appends: entries are never removed.`,
  )
}

describe('applyPostEvent', () => {
  test('follows each event', async () => {
    const steps: (readonly [Post | null, PostEvent, Post, string])[] = [
      [
        null,
        CREATED,
        draft(),
        '`POST_CREATED` should create a draft with the title, content, and author from the payload, and `createdAt` from the event.',
      ],
      [
        draft(),
        event(3, 'POST_EDITED', { title: 'Hello, world' }),
        draft({ title: 'Hello, world', editedAt: '2026-03-03T08:00:00.000Z' }),
        "`POST_EDITED` with a title should change the title and `editedAt`. Fields that aren't in the payload stay as they are.",
      ],
      [
        draft(),
        event(3, 'POST_EDITED', { content: '' }),
        draft({ content: '', editedAt: '2026-03-03T08:00:00.000Z' }),
        "`POST_EDITED` with `content: ''` should empty the content. An empty string is a value, but `||` treats it as missing.",
      ],
      [
        draft(),
        PUBLISHED,
        published(),
        '`POST_PUBLISHED` should set `published`, and set `publishedAt` to the timestamp of the event.',
      ],
      [
        published(),
        event(3, 'POST_EDITED', { content: 'More' }),
        published({ content: 'More', editedAt: '2026-03-03T08:00:00.000Z' }),
        'The content of a published post was edited. The content and `editedAt` should change, and the post should stay published with the same `publishedAt`.',
      ],
    ]
    const spaced = { title: ' Hello ', content: 'First\n\n  post ' }
    const asWritten =
      'The event has whitespace at the ends of its strings. The post should have the strings exactly as they are in the event.'
    steps.push(
      [null, event(1, 'POST_CREATED', { ...DRAFT, ...spaced }), draft(spaced), asWritten],
      [
        draft(),
        event(3, 'POST_EDITED', spaced),
        draft({ ...spaced, editedAt: '2026-03-03T08:00:00.000Z' }),
        asWritten,
      ],
      [
        draft({ editedAt: '2026-03-05T08:00:00.000Z' }),
        event(3, 'POST_EDITED', { title: 'X' }),
        draft({ title: 'X', editedAt: '2026-03-03T08:00:00.000Z' }),
        'An edit has an earlier timestamp than the edit before it, because a clock was behind. `editedAt` should be the timestamp of the last edit, and the order of the events says which edit that is.',
      ],
    )
    const timestamp = '2026-03-03T09:00:00+01:00'
    const asStored = `An event has the timestamp \`${timestamp}\`. The post should have it exactly as it is in the event, so don't parse it and write it in another form.`
    steps.push(
      [null, { ...CREATED, timestamp }, draft({ createdAt: timestamp }), asStored],
      [
        draft(),
        { ...event(3, 'POST_EDITED', { title: 'X' }), timestamp },
        draft({ title: 'X', editedAt: timestamp }),
        asStored,
      ],
      [draft(), { ...PUBLISHED, timestamp }, published({ publishedAt: timestamp }), asStored],
    )
    for (const [before, one, after, why] of steps) {
      verifyEqual(await call('applyPostEvent', () => applyPostEvent(before, one)), after, why)
    }
  })

  test('accepts events that break the rules', async () => {
    verifyEqual(
      await call('applyPostEvent', () => applyPostEvent(published(), event(5, 'POST_PUBLISHED'))),
      published(),
      'The log has a second `POST_PUBLISHED`, from a program without rules. The first date counts, or readers would see an old post as news.',
    )
    verifyEqual(
      await call('applyPostEvent', () => applyPostEvent(published(), CREATED)),
      published(),
      'A second `POST_CREATED` should change nothing.',
      [
        [
          (post) => post?.published === false,
          'A second `POST_CREATED` turned a published post back into a draft. It should change nothing.',
        ],
      ],
    )
    for (const type of ['POST_PINNED', 'COMMENT_ADDED', 'toString']) {
      verifyEqual(
        await call('applyPostEvent', () => applyPostEvent(draft(), event(4, type, { title: 'X' }))),
        draft(),
        `An event of an unknown type (\`${type}\`) should leave the post as it is.`,
      )
    }
    for (const one of [event(3, 'POST_EDITED', { title: 'X' }), PUBLISHED, event(4, 'POST_PINNED')]) {
      const none = await call('applyPostEvent', () => applyPostEvent(null, one))
      verify(
        none === null,
        `There's no post, and \`${one.eventType}\` doesn't create one. \`applyPostEvent\` should return \`null\`.`,
        {
          received: none,
        },
      )
    }
  })

  test('keeps an emptied post public', async () => {
    verifyEqual(
      await call('applyPostEvent', () =>
        applyPostEvent(published(), event(3, 'POST_EDITED', { content: '' })),
      ),
      published({ content: '', editedAt: '2026-03-03T08:00:00.000Z' }),
      'An old program emptied a published post. `POST_EDITED` should set the content and `editedAt`, and the rest should stay as it is. Only commands have rules.',
    )
  })

  test('leaves its arguments unchanged', async () => {
    const before = draft()
    for (const one of [event(3, 'POST_EDITED', { title: 'X', content: 'Y' }), PUBLISHED]) {
      await call('applyPostEvent', () => applyPostEvent(before, one))
      verifyEqual(
        before,
        draft(),
        `\`applyPostEvent\` changed its argument \`post\` (\`${one.eventType}\`). Other code may still use that object, so return a new one.`,
      )
    }
  })
})

describe('createPost and getPost', () => {
  test('stores the first event', async () => {
    const version = await call('createPost', () => createPost(box.redis, clock, 'post-1', DRAFT))
    const all = await stored()
    verify(all.length === 1, 'After `createPost`, the stream `blog:post:post-1` should have one entry.', {
      received: { keys: await box.admin.keys('*'), entries: all },
    })
    const { eventId, ...rest } = all[0]?.event ?? {}
    verifyEqual(
      rest,
      { timestamp: DAY_9, eventType: 'POST_CREATED', entityId: 'post-1', payload: DRAFT, metadata: {} },
      'The entry should have a field `event` with a complete event from lesson 01: the current time from `clock`, and only the title, content, and author in the payload.',
    )
    verify(UUID.test(String(eventId)), 'The `eventId` should be a UUID.', { received: eventId })
    verifyEqual(
      [all[0]?.id, version],
      ['1-0', 1],
      'The first entry should have the ID `1-0`, and `createPost` should resolve to version 1.',
    )
  })

  test('stores strings unchanged', async () => {
    const typed = { title: ' Hello ', content: 'First\n\n  post ', author: 'ada ' }
    await call('createPost', () => createPost(box.redis, clock, 'post-1', typed))
    verifyEqual(
      (await last())?.event.payload,
      typed,
      'A draft has whitespace at the ends of its strings. The payload should have the title, content, and author exactly as they were written, because a line of a poem may be indented.',
    )
  })

  test('needs only a title', async () => {
    for (const [id, typed, why] of [
      [
        'post-1',
        { ...DRAFT, content: '' },
        "A draft needs only a title: it's published later, and that's when it needs content.",
      ],
      ['post-2', { ...DRAFT, author: '' }, 'No rule mentions the author.'],
    ] as const) {
      const outcome = await attempt('createPost', () => createPost(box.redis, clock, id, typed))
      verifyEqual(
        outcome.ok ? outcome.value : outcome.error,
        1,
        `\`createPost\` refused \`${JSON.stringify(typed)}\`, which breaks no rule. ${why}`,
      )
    }
  })

  test('accepts any post ID', async () => {
    const id = `it's "2":{A}\\n`
    const outcome = await attempt('createPost', async () => {
      const version = await createPost(box.redis, clock, id, DRAFT)
      return [version, (await stored(`blog:post:${id}`)).length, (await getPost(box.redis, id))?.title]
    })
    verifyEqual(
      outcome.ok ? outcome.value : outcome.error,
      [1, 1, 'Hello'],
      'A post ID has quotes, a capital letter, braces, a colon, and a backslash. Post IDs need no validation, so use them as they are. In a script, pass the key in `KEYS`, not as part of the source.',
    )
  })

  test('creates a post after an event of another type', async () => {
    await plant(event(1, 'POST_PINNED'))
    const outcome = await attempt('createPost', () => createPost(box.redis, clock, 'post-1', DRAFT))
    verifyEqual(
      outcome.ok ? [outcome.value, (await last())?.id] : outcome.error,
      [2, '2-0'],
      "The stream had one event of an unknown type, `POST_PINNED`, so the post didn't exist yet. `createPost` should store `POST_CREATED` as `2-0` and resolve to 2. Whether a post exists depends on `applyPostEvent`, not on the length of the stream.",
    )
  })

  test('reads a post', async () => {
    await plant(CREATED, PUBLISHED, event(3, 'POST_EDITED', { title: 'Hello, world' }))
    verifyEqual(
      await call('getPost', () => getPost(box.redis, 'post-1')),
      published({ title: 'Hello, world', editedAt: '2026-03-03T08:00:00.000Z' }),
      '`getPost` should resolve to the post after all events in `blog:post:post-1`, and its times should come from the timestamps of those events. If you cache posts, cache them per connection.',
    )
    const none = await call('getPost', () => getPost(box.redis, 'post-9'))
    verify(none === null, "`getPost` should resolve to `null` for a post that doesn't exist.", {
      received: none,
    })
  })

  test('reads a post of any length', async () => {
    const edits = Array.from({ length: 1_100 }, (_, n) => event(4, 'POST_EDITED', { content: `draft ${n}` }))
    await plant(CREATED, ...edits)
    const post = await call('getPost', () => getPost(box.redis, 'post-1'))
    verifyEqual(
      post?.content,
      'draft 1099',
      "A post was edited 1,100 times. `getPost` should return the content of the last edit. Read pages until one isn't full.",
    )
    verify(
      largestReply(box.commands) <= 1_000,
      '`getPost` fetched more than 1,000 entries with one command. Read in pages.',
      {
        received: words(`${largestReply(box.commands)} entries`),
      },
    )
  })

  test('refuses a taken ID and a blank title', async () => {
    await refused(
      'createPost',
      () => createPost(box.redis, clock, 'post-1', { ...DRAFT, title: '  ' }),
      'no-title',
      '`createPost` accepted the blank title `"  "`. It should refuse with a `PostRefusedError`.',
      [],
    )
    await plant(CREATED)
    await refused(
      'createPost',
      () => createPost(box.redis, clock, 'post-1', { ...DRAFT, title: 'Mine' }),
      'exists',
      '`post-1` already exists, but `createPost` created it again. It should refuse with a `PostRefusedError`.',
      ['POST_CREATED'],
    )
  })

  test('passes on errors from reading', async () => {
    await passesOnReadErrors('getPost', () => getPost(box.redis, 'post-1'))
    await passesOnReadErrors('createPost', () => createPost(box.redis, clock, 'post-1', DRAFT))
    await everyInterleaving({
      name: 'getPost',
      prepare: () => plant(CREATED),
      first: (redis) => getPost(redis, 'post-1'),
      second: () => box.admin.set(KEY, 'not a stream'),
      verify: ({ first, after }) => {
        verify(
          !first.ok || first.value?.title === 'Hello',
          `After the ${after ? `\`${after}\`` : 'start'} of \`getPost\`, its next read got an error from Redis (\`WRONGTYPE\`). \`getPost\` should reject with that error, whichever of its commands gets it.`,
          { received: first.ok && first.value },
        )
      },
    })
  })

  test.skipIf(lacks('own-server'))('passes on errors from writing', async () => {
    await passesOnWriteErrors('createPost', [], 'POST_CREATED', (redis) =>
      createPost(redis, clock, 'post-1', DRAFT),
    )
  })

  test('gives an ID to one of two authors', async () => {
    await everyInterleaving({
      name: 'createPost',
      first: (redis) => createPost(redis, clock, 'post-1', DRAFT),
      second: (redis) => createPost(redis, clock, 'post-1', { ...DRAFT, title: 'Mine', author: 'bob' }),
      verify: async ({ first, second, held, after }) => {
        verifyEqual(
          await types(),
          ['POST_CREATED'],
          `Two authors created a post with the same ID, and the stream doesn't have exactly one \`POST_CREATED\` (the second ran between the ${after ? `\`${after}\`` : 'start'} and the ${held ? `\`${held}\`` : 'end'} of the first). Use the next version as the entry's ID, because Redis accepts each ID only once. If it's taken, don't write the same event under another ID. Read and decide again.`,
        )
        const loser = first.ok ? second : first
        verify(
          !loser.ok && loser.error instanceof PostRefusedError && loser.error.reason === 'exists',
          'The slower of two authors should get a `PostRefusedError` with the reason `exists`. After a conflict, read and decide again.',
          { received: loser.ok ? 'both succeeded' : loser.error },
        )
      },
    })
  })

  test('reads again before it refuses', async () => {
    await everyInterleaving({
      name: 'createPost',
      first: (redis) => createPost(redis, clock, 'post-1', DRAFT),
      second: () => pin(),
      verify: async ({ first }) => {
        verify(
          first.ok && (await types()).includes('POST_CREATED'),
          "While `createPost` was running, another program stored `POST_PINNED`, so the next ID was taken, but the post still didn't exist. After a conflict, read and decide again: a conflict alone doesn't mean that the post exists.",
          { received: first.ok ? await types() : first.error },
        )
        await resolvesToItsVersion('createPost', first.value, 'POST_CREATED')
      },
    })
  })
})

/** Another program stores an event that no rule depends on. */
async function pin(): Promise<void> {
  const next = (await box.admin.xlen(KEY)) + 1
  const pinned = { ...event(2, 'POST_PINNED'), eventId: `e-${next}` }
  await box.admin.xadd(KEY, `${next}-0`, 'event', JSON.stringify(pinned))
}

/** Other events may follow, but the command resolves to the version of its own event. */
async function resolvesToItsVersion(name: string, version: number, type: string): Promise<void> {
  const entry = (await stored()).find(({ event }) => event.eventType === type)
  verifyEqual(
    `${version}-0`,
    entry?.id,
    `Another program stored an event while \`${name}\` was running. \`${name}\` should resolve to the version of its own \`${type}\`. If you read the version (or the length) again after the write, you count the other program's event as well.`,
  )
}

async function edited(changes: Changes): Promise<number> {
  const outcome = await attempt('editPost', () => editPost(box.redis, clock, 'post-1', changes))
  verify(
    outcome.ok || !(outcome.error instanceof PostRefusedError),
    `\`editPost\` refused \`${JSON.stringify(changes)}\`, which breaks no rule. A missing field isn't changed, so it isn't blank, either.`,
    { received: !outcome.ok && outcome.error },
  )
  return call('editPost', () => (outcome.ok ? outcome.value : Promise.reject(outcome.error)))
}

describe('editPost', () => {
  test('stores only what changed', async () => {
    await plant(CREATED, PUBLISHED)
    const version = await edited({ title: 'Hello, world', content: 'First post' })
    const entry = await last()
    verifyEqual(
      [entry?.id, entry?.event.eventType, entry?.event.timestamp],
      ['3-0', 'POST_EDITED', DAY_9],
      '`editPost` should append a `POST_EDITED` as version 3, with the current time from `clock`.',
    )
    verifyEqual(
      entry?.event.payload,
      { title: 'Hello, world' },
      '`editPost` received a title and content, but only the title is new. The payload should have only what changed, so that the history shows what was done.',
    )
    verifyEqual(version, 3, '`editPost` should resolve to the new version.')
    await edited({ title: undefined, content: 'More' })
    verifyEqual(
      (await last())?.event.payload,
      { content: 'More' },
      "`title: undefined` means that the title wasn't changed. The payload should have only the content.",
    )
  })

  test('accepts an empty draft', async () => {
    await plant(CREATED)
    const outcome = await attempt('editPost', () => editPost(box.redis, clock, 'post-1', { content: '' }))
    verify(
      outcome.ok || !(outcome.error instanceof PostRefusedError),
      'The author emptied a draft, and `editPost` refused. Only a published post needs content, so a draft can be emptied.',
      { received: !outcome.ok && outcome.error },
    )
    await call('editPost', () => (outcome.ok ? outcome.value : Promise.reject(outcome.error)))
    verifyEqual(
      (await last())?.event.payload,
      { content: '' },
      "A draft can be emptied, so `content: ''` is a change. An empty string isn't the same as a missing one.",
    )
  })

  test('stores strings unchanged', async () => {
    await plant(CREATED)
    for (const changes of [{ title: ' Hello' }, { content: '' }, { content: ' ' }, { content: '\n more ' }]) {
      await edited(changes)
      verifyEqual(
        (await last())?.event.payload,
        changes,
        "An edit changed only whitespace. That's a change, too, and the payload should have the string exactly as it was written, because a line of a poem may be indented.",
      )
    }
  })

  test('keeps every entry', async () => {
    await keepsEveryEntry('editPost', () => editPost(box.redis, clock, 'post-1', { title: 'Hello, world' }))
  })

  test('passes on errors from reading', async () => {
    await passesOnReadErrors('editPost', () => editPost(box.redis, clock, 'post-1', { title: 'X' }))
  })

  test.skipIf(lacks('own-server'))('passes on errors from writing', async () => {
    await passesOnWriteErrors('editPost', [CREATED], 'POST_EDITED', (redis) =>
      editPost(redis, clock, 'post-1', { title: 'Hello, world' }),
    )
  })

  test('stores nothing when nothing changes', async () => {
    await plant(CREATED, PUBLISHED)
    for (const changes of [{}, { title: 'Hello' }, { title: 'Hello', content: 'First post' }]) {
      const version = await edited(changes)
      verifyEqual(
        await types(),
        ['POST_CREATED', 'POST_PUBLISHED'],
        `The author pressed "save" without a change (\`${JSON.stringify(changes)}\`), and \`editPost\` stored an event. Nothing happened, so it should store nothing.`,
      )
      verifyEqual(version, 2, 'Without a change, `editPost` should resolve to the current version.')
      await closesConnections('`editPost` had nothing to store')
    }
  })

  test('follows the rules', async () => {
    await refused(
      'editPost',
      () => editPost(box.redis, clock, 'post-1', { title: 'X' }),
      'not-found',
      "`editPost` edited a post that doesn't exist. It should refuse with a `PostRefusedError`.",
      [],
    )
    await refused(
      'editPost',
      () => editPost(box.redis, clock, 'post-1', {}),
      'not-found',
      "`editPost` received no changes for a post that doesn't exist, and it resolved. It should refuse with a `PostRefusedError`, because there's no post to leave unchanged.",
      [],
    )
    await plant(CREATED, PUBLISHED)
    const both = ['POST_CREATED', 'POST_PUBLISHED']
    await refused(
      'editPost',
      () => editPost(box.redis, clock, 'post-1', { title: ' ' }),
      'no-title',
      '`editPost` accepted the blank title `" "`. It should refuse it, just like `createPost`, because a rule applies to every command that could break it.',
      both,
    )
    await refused(
      'editPost',
      () => editPost(box.redis, clock, 'post-1', { content: '\n' }),
      'no-content',
      "`editPost` emptied a published post: its content became a line break, and a string that has only whitespace is blank. A post can't be published empty, so it can't become empty afterward, either.",
      both,
    )
  })

  test('keeps the work of two editors', async () => {
    await everyInterleaving({
      name: 'editPost',
      prepare: () => plant(CREATED),
      first: (redis) => editPost(redis, clock, 'post-1', { title: 'Hello, world' }),
      second: (redis) => editPost(redis, clock, 'post-1', { content: 'More' }),
      verify: async ({ first, second }) => {
        const failure = first.ok ? second : first
        verify(
          failure.ok,
          'One editor changed the title and another the content at the same time, and one of them was refused. Both changes are allowed, so if the ID is taken, read and decide again.',
          { received: failure.ok || failure.error },
        )
        const payloads = (await stored()).slice(1).map(({ event }) => JSON.stringify(event.payload))
        verifyEqual(
          payloads.toSorted(),
          ['{"content":"More"}', '{"title":"Hello, world"}'],
          'One editor changed the title and another the content at the same time. The stream should have both changes, each once.',
        )
        verifyEqual(
          [first.ok && first.value, second.ok && second.value],
          payloads[0]?.includes('title') ? [2, 3] : [3, 2],
          "Two editors changed something at the same time. Each call should resolve to the version of its own event. If you read the version (or the length) again after the write, you count the other editor's event as well.",
        )
      },
    })
  })

  test('stores a change once that two editors make', async () => {
    await everyInterleaving({
      name: 'editPost',
      prepare: () => plant(CREATED),
      first: (redis) => editPost(redis, clock, 'post-1', { title: 'Hello, world' }),
      second: (redis) => editPost(redis, clock, 'post-1', { title: 'Hello, world' }),
      verify: async ({ first, second }) => {
        verifyEqual(
          [await types(), first.ok && first.value, second.ok && second.value],
          [['POST_CREATED', 'POST_EDITED'], 2, 2],
          'Two editors set the same title at the same time. After the first edit, nothing differs anymore, so the slower call should store nothing and resolve to version 2 (received: the events and both results). After a conflict, compare `changes` with the post again.',
        )
      },
    })
  })

  test('gives up after ten attempts', () =>
    givesUpAfter({
      name: 'editPost',
      attempts: 10,
      throwsConflict: true,
      mark: 'POST_EDITED',
      prepare: async () => {
        await box.admin.del(KEY)
        await plant(CREATED)
      },
      run: (redis) => editPost(redis, clock, 'post-1', { title: 'Hello!' }),
      rival: pin,
      isStored: async () => (await types()).includes('POST_EDITED'),
      never: PostRefusedError,
    }))
})

describe('publishPost', () => {
  test('publishes', async () => {
    await plant(CREATED)
    const version = await call('publishPost', () => publishPost(box.redis, clock, 'post-1'))
    const entry = await last()
    verifyEqual(
      [entry?.id, entry?.event.eventType, entry?.event.payload, entry?.event.timestamp],
      ['2-0', 'POST_PUBLISHED', {}, DAY_9],
      "`publishPost` should append a `POST_PUBLISHED` as version 2, with an empty payload and the current time from `clock`. The event's own timestamp says when the post was published.",
    )
    verifyEqual(version, 2, '`publishPost` should resolve to the new version.')
  })

  test('follows the rules', async () => {
    await refused(
      'publishPost',
      () => publishPost(box.redis, clock, 'post-1'),
      'not-found',
      "`publishPost` published a post that doesn't exist. It should refuse with a `PostRefusedError`.",
      [],
    )
    await plant(CREATED, event(2, 'POST_EDITED', { content: ' ' }))
    await refused(
      'publishPost',
      () => publishPost(box.redis, clock, 'post-1'),
      'no-content',
      '`publishPost` published a post with blank content (`" "`). It should refuse with a `PostRefusedError`.',
      ['POST_CREATED', 'POST_EDITED'],
    )
  })

  test('publishes a post once', async () => {
    await plant(CREATED, PUBLISHED, event(3, 'POST_EDITED', { title: 'X' }))
    await refused(
      'publishPost',
      () => publishPost(box.redis, clock, 'post-1'),
      'already-published',
      '`publishPost` published a post a second time, so every follower of the blog would be notified again. It should refuse with a `PostRefusedError`, even after an edit.',
      ['POST_CREATED', 'POST_PUBLISHED', 'POST_EDITED'],
    )
  })

  test('keeps every entry', async () => {
    await keepsEveryEntry('publishPost', () => publishPost(box.redis, clock, 'post-1'))
  })

  test('passes on errors from reading', async () => {
    await passesOnReadErrors('publishPost', () => publishPost(box.redis, clock, 'post-1'))
  })

  test.skipIf(lacks('own-server'))('passes on errors from writing', async () => {
    await passesOnWriteErrors('publishPost', [CREATED], 'POST_PUBLISHED', (redis) =>
      publishPost(redis, clock, 'post-1'),
    )
  })

  test('decides again after any event', async () => {
    await everyInterleaving({
      name: 'publishPost',
      prepare: () => plant(CREATED),
      first: (redis) => publishPost(redis, clock, 'post-1'),
      second: () => pin(),
      verify: async ({ first }) => {
        verify(
          first.ok,
          'While `publishPost` was running, another program stored `POST_PINNED`, and `publishPost` threw. The post can still be published, so after a conflict, read and decide again.',
          { received: !first.ok && first.error },
        )
        await resolvesToItsVersion('publishPost', first.value, 'POST_PUBLISHED')
      },
    })
  })

  test('survives a double click', async () => {
    await everyInterleaving({
      name: 'publishPost',
      prepare: () => plant(CREATED),
      first: (redis) => publishPost(redis, clock, 'post-1'),
      second: (redis) => publishPost(redis, clock, 'post-1'),
      verify: async ({ first, second, held, after }) => {
        verifyEqual(
          await types(),
          ['POST_CREATED', 'POST_PUBLISHED'],
          `A double-click called \`publishPost\` twice, and the post wasn't published exactly once (the second call ran between the ${after ? `\`${after}\`` : 'start'} and the ${held ? `\`${held}\`` : 'end'} of the first). If the ID of the next version is taken, don't write the same event under another ID. Read and decide again.`,
        )
        const loser = first.ok ? second : first
        verify(
          !loser.ok && loser.error instanceof PostRefusedError && loser.error.reason === 'already-published',
          'The slower click should be refused with the reason `already-published`. After a conflict, read and decide again.',
          { received: loser.ok ? 'both succeeded' : loser.error },
        )
      },
    })
  })

  test('survives a double click on one connection', async () => {
    let watch = ''
    await everyInterleaving({
      name: 'publishPost',
      sameConnection: true,
      prepare: () => plant(CREATED),
      first: (redis) => publishPost(redis, clock, 'post-1'),
      second: (redis) => publishPost(redis, clock, 'post-1'),
      verify: async ({ first, second }) => {
        watch ||= sharedWatch(box.commands, 'choose the ID of the entry yourself')
        const loser = first.ok ? second : first
        verify(
          (await types()).length === 2 && !loser.ok && loser.error instanceof PostRefusedError,
          `A double-click called \`publishPost\` twice over one connection, and the slower call wasn't refused with a \`PostRefusedError\`.${watch}`,
          { received: { events: await types(), slower: loser.ok ? 'accepted' : loser.error } },
        )
      },
    })
  })

  test('never empties a public post', async () => {
    await everyInterleaving({
      name: 'editPost',
      prepare: () => plant(CREATED),
      first: (redis) => editPost(redis, clock, 'post-1', { content: '' }),
      second: (redis) => publishPost(redis, clock, 'post-1'),
      verify: async ({ first, second, held, after }) => {
        const all = await types()
        verify(
          all.length === 2 && first.ok !== second.ok,
          `A draft was published between the ${after ? `\`${after}\`` : 'start'} and the ${held ? `\`${held}\`` : 'end'} of an \`editPost\` that empties it. Exactly one of the two commands should be refused: a draft may be emptied, but a public post may not, so \`editPost\` has to decide again after a conflict.`,
          { received: all },
        )
      },
    })
  })

  test('never shows an empty post', async () => {
    await everyInterleaving({
      name: 'publishPost',
      prepare: () => plant(CREATED),
      first: (redis) => publishPost(redis, clock, 'post-1'),
      second: (redis) => editPost(redis, clock, 'post-1', { content: '' }),
      verify: async ({ first, second, held, after }) => {
        const events = await types()
        const loser = first.ok ? second : first
        verify(
          events.length === 2 &&
            first.ok !== second.ok &&
            !loser.ok &&
            loser.error instanceof PostRefusedError &&
            loser.error.reason === 'no-content',
          `A post was emptied between the ${after ? `\`${after}\`` : 'start'} and the ${held ? `\`${held}\`` : 'end'} of \`publishPost\`. Exactly one of the two commands should be refused, with the reason \`no-content\`. An empty post should never be public, so read and decide again after a conflict.`,
          { received: { events, slower: loser.ok ? 'accepted' : loser.error } },
        )
      },
    })
  })
})
