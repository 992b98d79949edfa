import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  everyInterleaving,
  largestReply,
  sharedWatch,
  useSandbox,
  verify,
  verifyEqual,
  withRival,
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

async function plant(...events: readonly PostEvent[]): Promise<void> {
  const pipeline = box.admin.pipeline()
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
    `\`${name}\` was right to refuse, but the PostRefusedError should have the reason \`${reason}\` and the post's ID. The page needs both to tell the author what to do.`,
  )
  verifyEqual(
    await types(),
    events,
    `\`${name}\` refused the command, so it should write nothing to the stream.`,
  )
}

describe('applyPostEvent', () => {
  test('follows each event', async () => {
    const steps: readonly (readonly [Post | null, PostEvent, Post, string])[] = [
      [
        null,
        CREATED,
        draft(),
        'POST_CREATED should create a draft with the title, content, and author from the payload, and `createdAt` from the event.',
      ],
      [
        draft(),
        event(3, 'POST_EDITED', { title: 'Hello, world' }),
        draft({ title: 'Hello, world', editedAt: '2026-03-03T08:00:00.000Z' }),
        "POST_EDITED with a title should change the title and `editedAt`. Fields that aren't in the payload stay as they are.",
      ],
      [
        draft(),
        event(3, 'POST_EDITED', { content: '' }),
        draft({ content: '', editedAt: '2026-03-03T08:00:00.000Z' }),
        "POST_EDITED with `content: ''` should empty the content. An empty string is a value, but `||` treats it as missing.",
      ],
      [
        draft(),
        PUBLISHED,
        published(),
        'POST_PUBLISHED should set `published`, and set `publishedAt` to the timestamp of the event.',
      ],
      [
        published(),
        event(3, 'POST_EDITED', { content: 'More' }),
        published({ content: 'More', editedAt: '2026-03-03T08:00:00.000Z' }),
        'An edited post should stay published, and `publishedAt` should stay the same.',
      ],
    ]
    for (const [before, one, after, why] of steps) {
      verifyEqual(await call('applyPostEvent', () => applyPostEvent(before, one)), after, why)
    }
  })

  test('accepts events that break the rules', async () => {
    verifyEqual(
      await call('applyPostEvent', () => applyPostEvent(published(), event(5, 'POST_PUBLISHED'))),
      published(),
      'The log has a second POST_PUBLISHED, from a program without rules. The first date counts, or readers would see an old post as news.',
    )
    verifyEqual(
      await call('applyPostEvent', () => applyPostEvent(published(), CREATED)),
      published(),
      'A second POST_CREATED should change nothing.',
      [
        [
          (post) => post?.published === false,
          'A second POST_CREATED turned a published post back into a draft. It should change nothing.',
        ],
      ],
    )
    verifyEqual(
      await call('applyPostEvent', () => applyPostEvent(draft(), event(4, 'POST_PINNED', { title: 'X' }))),
      draft(),
      'An event of an unknown type (POST_PINNED) should leave the post as it is.',
    )
    for (const one of [event(3, 'POST_EDITED', { title: 'X' }), PUBLISHED, event(4, 'POST_PINNED')]) {
      const none = await call('applyPostEvent', () => applyPostEvent(null, one))
      verify(
        none === null,
        `There's no post, and ${one.eventType} doesn't create one. \`applyPostEvent\` should return \`null\`.`,
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
      'An old program emptied a published post. POST_EDITED should set the content and `editedAt`, and the rest should stay as it is. Only commands have rules.',
    )
  })

  test('leaves its arguments unchanged', async () => {
    const before = draft()
    for (const one of [event(3, 'POST_EDITED', { title: 'X', content: 'Y' }), PUBLISHED]) {
      await call('applyPostEvent', () => applyPostEvent(before, one))
      verifyEqual(
        before,
        draft(),
        `\`applyPostEvent\` changed its argument \`post\` (${one.eventType}). Other code may still use that object, so return a new one.`,
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
      'The first entry should have the ID 1-0, and `createPost` should resolve to version 1.',
    )
  })

  test('stores strings unchanged', async () => {
    const typed = { title: ' Hello ', content: 'First\n\n  post ', author: 'ada' }
    await call('createPost', () => createPost(box.redis, clock, 'post-1', typed))
    verifyEqual(
      (await last())?.event.payload,
      typed,
      'A draft has white space at the ends of its strings. The payload should have the title, content, and author exactly as they were written, because a line of a poem may be indented.',
    )
  })

  test('creates a post after an event of another type', async () => {
    await plant(event(1, 'POST_PINNED'))
    const outcome = await attempt('createPost', () => createPost(box.redis, clock, 'post-1', DRAFT))
    verifyEqual(
      outcome.ok ? [outcome.value, (await last())?.id] : outcome.error,
      [2, '2-0'],
      'The stream had one event of an unknown type, POST_PINNED, so the post did not exist yet. `createPost` should store POST_CREATED as 2-0 and resolve to 2. Whether a post exists depends on `applyPostEvent`, not on the length of the stream.',
    )
  })

  test('reads a post of any length', async () => {
    await plant(CREATED, PUBLISHED, event(3, 'POST_EDITED', { title: 'Hello, world' }))
    verifyEqual(
      await call('getPost', () => getPost(box.redis, 'post-1')),
      published({ title: 'Hello, world', editedAt: '2026-03-03T08:00:00.000Z' }),
      '`getPost` should resolve to the post after all events in `blog:post:post-1`, and its times should come from the timestamps of those events.',
    )
    const none = await call('getPost', () => getPost(box.redis, 'post-9'))
    verify(none === null, "`getPost` should resolve to `null` for a post that doesn't exist.", {
      received: none,
    })
    await box.admin.del(KEY)
    const edits = Array.from({ length: 1_100 }, (_, n) => event(4, 'POST_EDITED', { content: `draft ${n}` }))
    await plant(CREATED, ...edits)
    const post = await call('getPost', () => getPost(box.redis, 'post-1'))
    verifyEqual(
      post?.content,
      'draft 1099',
      'A post was edited 1,100 times. `getPost` should return the content of the last edit.',
      [
        [
          (content) => content !== undefined && /^draft \d+$/.test(content),
          "A post was edited 1,100 times, and `getPost` returned old content, because it read only part of the stream. Read pages until one isn't full.",
        ],
      ],
    )
    verify(
      largestReply(box.commands) <= 1_000,
      '`getPost` fetched more than 1,000 entries with one command. Read in pages.',
      {
        received: `${largestReply(box.commands)} entries`,
      },
    )
  })

  test('refuses a taken ID and a blank title', async () => {
    await refused(
      'createPost',
      () => createPost(box.redis, clock, 'post-1', { ...DRAFT, title: '  ' }),
      'no-title',
      '`createPost` accepted the blank title "  ". It should refuse with a PostRefusedError.',
      [],
    )
    await plant(CREATED)
    await refused(
      'createPost',
      () => createPost(box.redis, clock, 'post-1', { ...DRAFT, title: 'Mine' }),
      'exists',
      'post-1 already exists, but `createPost` created it again. It should refuse with a PostRefusedError.',
      ['POST_CREATED'],
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
          `Two authors created a post with the same ID, and the stream doesn't have exactly one POST_CREATED (the second ran between the ${after ?? 'start'} and the ${held ?? 'end'} of the first). Use the next version as the entry's ID, because Redis accepts each ID only once. If it's taken, don't write the same event under another ID. Read and decide again.`,
        )
        const loser = first.ok ? second : first
        verify(
          !loser.ok && loser.error instanceof PostRefusedError && loser.error.reason === 'exists',
          'The slower of two authors should get a PostRefusedError with the reason `exists`. After a conflict, read and decide again.',
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
          "While `createPost` was running, another program stored POST_PINNED, so the next ID was taken, but the post still didn't exist. After a conflict, read and decide again: a conflict alone doesn't mean that the post exists.",
          { received: first.ok ? await types() : first.error },
        )
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

const edited = (changes: Changes) => call('editPost', () => editPost(box.redis, clock, 'post-1', changes))

describe('editPost', () => {
  test('stores only what changed', async () => {
    await plant(CREATED, PUBLISHED)
    const version = await edited({ title: 'Hello, world', content: 'First post' })
    const entry = await last()
    verifyEqual(
      [entry?.id, entry?.event.eventType, entry?.event.timestamp],
      ['3-0', 'POST_EDITED', DAY_9],
      '`editPost` should append a POST_EDITED as version 3, with the current time from `clock`.',
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

  test('stores nothing when nothing changes', async () => {
    await plant(CREATED, PUBLISHED)
    for (const changes of [{}, { title: 'Hello' }, { title: 'Hello', content: 'First post' }]) {
      const version = await edited(changes)
      verifyEqual(
        await types(),
        ['POST_CREATED', 'POST_PUBLISHED'],
        `The author pressed "save" without a change (${JSON.stringify(changes)}), and \`editPost\` stored an event. Nothing happened, so it should store nothing.`,
      )
      verifyEqual(version, 2, 'Without a change, `editPost` should resolve to the current version.')
    }
  })

  test('follows the rules', async () => {
    await refused(
      'editPost',
      () => editPost(box.redis, clock, 'post-1', { title: 'X' }),
      'not-found',
      "`editPost` edited a post that doesn't exist. It should refuse with a PostRefusedError.",
      [],
    )
    await plant(CREATED, PUBLISHED)
    const both = ['POST_CREATED', 'POST_PUBLISHED']
    await refused(
      'editPost',
      () => editPost(box.redis, clock, 'post-1', { title: ' ' }),
      'no-title',
      '`editPost` accepted the blank title " ". It should refuse it, just like `createPost`, because a rule applies to every command that could break it.',
      both,
    )
    await refused(
      'editPost',
      () => editPost(box.redis, clock, 'post-1', { content: '\n' }),
      'no-content',
      "`editPost` emptied a published post. A post can't be published empty, so it can't become empty afterward, either.",
      both,
    )
  })

  test('gives up after ten attempts', async () => {
    await plant(CREATED)
    const { redis, times } = withRival(box.connect(), 'POST_EDITED', pin)
    const outcome = await attempt('editPost', () => editPost(redis, clock, 'post-1', { title: 'Hello!' }))
    if (times() === 0) return // over a connection that the test doesn't see
    verify(
      times() <= 10,
      'Another writer was faster each time, and `editPost` kept trying. Ten attempts are enough. An endless loop keeps the author waiting and Redis busy.',
      { expected: '10 attempts at most', received: times() },
    )
    verify(
      !outcome.ok,
      'Another writer was faster in all ten attempts. No edit was stored, but `editPost` resolved. It should reject.',
      { received: outcome.ok ? outcome.value : undefined },
    )
    verify(
      !(outcome.error instanceof PostRefusedError),
      'Another writer was faster in all ten attempts, and `editPost` threw a PostRefusedError. No rule was broken, so it should throw the error from the last conflict. The author can simply try again.',
      { received: outcome.error },
    )
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
          'Two editors set the same title at the same time. After the first edit nothing differs anymore, so the slower call should store nothing and resolve to version 2 (received: the events and both results). After a conflict, compare `changes` with the post again.',
        )
      },
    })
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
          payloads.sort(),
          ['{"content":"More"}', '{"title":"Hello, world"}'],
          'One editor changed the title and another the content at the same time. The stream should have both changes, each once.',
        )
      },
    })
  })
})

describe('publishPost', () => {
  test('publishes', async () => {
    await plant(CREATED)
    const version = await call('publishPost', () => publishPost(box.redis, clock, 'post-1'))
    const entry = await last()
    verifyEqual(
      [entry?.id, entry?.event.eventType, entry?.event.payload, entry?.event.timestamp],
      ['2-0', 'POST_PUBLISHED', {}, DAY_9],
      "`publishPost` should append a POST_PUBLISHED as version 2, with an empty payload and the current time from `clock`. The event's own timestamp says when the post was published.",
    )
    verifyEqual(version, 2, '`publishPost` should resolve to the new version.')
  })

  test('follows the rules', async () => {
    await refused(
      'publishPost',
      () => publishPost(box.redis, clock, 'post-1'),
      'not-found',
      "`publishPost` published a post that doesn't exist. It should refuse with a PostRefusedError.",
      [],
    )
    await plant(CREATED, event(2, 'POST_EDITED', { content: ' ' }))
    await refused(
      'publishPost',
      () => publishPost(box.redis, clock, 'post-1'),
      'no-content',
      '`publishPost` published a post with blank content (" "). It should refuse with a PostRefusedError.',
      ['POST_CREATED', 'POST_EDITED'],
    )
    await box.admin.del(KEY)
    await plant(CREATED, PUBLISHED, event(3, 'POST_EDITED', { title: 'X' }))
    await refused(
      'publishPost',
      () => publishPost(box.redis, clock, 'post-1'),
      'already-published',
      '`publishPost` published a post a second time, so every follower of the blog would be notified again. It should refuse with a PostRefusedError, even after an edit.',
      ['POST_CREATED', 'POST_PUBLISHED', 'POST_EDITED'],
    )
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
          `A double-click called \`publishPost\` twice, and the post wasn't published exactly once (the second call ran between the ${after ?? 'start'} and the ${held ?? 'end'} of the first). If the ID of the next version is taken, don't write the same event under another ID. Read and decide again.`,
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
          `A double-click called \`publishPost\` twice over one connection, and the slower call wasn't refused with a PostRefusedError.${watch}`,
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
          `A draft was published between the ${after ?? 'start'} and the ${held ?? 'end'} of an \`editPost\` that empties it. Exactly one of the two commands should be refused: a draft may be emptied, but a public post may not, so \`editPost\` has to decide again after a conflict.`,
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
        const all = await types()
        verify(
          all.length === 2 && first.ok !== second.ok,
          `A post was emptied between the ${after ?? 'start'} and the ${held ?? 'end'} of \`publishPost\`. Exactly one of the two commands should be refused. An empty post should never be public, so read and decide again after a conflict.`,
          { received: all },
        )
        const loser = first.ok ? second : first
        verify(
          !loser.ok && loser.error instanceof PostRefusedError && loser.error.reason === 'no-content',
          'The slower of the two, `publishPost` or `editPost`, should be refused with the reason `no-content`.',
          { received: loser.ok || loser.error },
        )
      },
    })
  })
})
