import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  everyInterleaving,
  largestReply,
  overtaken,
  sharedWatch,
  useSandbox,
  verify,
  verifyEqual,
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

/** Happened on the n-th of March. */
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
    `${name} refused rightly, but the PostRefusedError should carry the reason "${reason}" and the post’s id: by them the page tells the author what to do.`,
  )
  verifyEqual(await types(), events, `${name} refused, and should have left the stream as it was.`)
}

describe('applyPostEvent', () => {
  test('follows each event', async () => {
    const steps: readonly (readonly [Post | null, PostEvent, Post, string])[] = [
      [
        null,
        CREATED,
        draft(),
        'POST_CREATED makes a draft: title, content and author from the payload, `createdAt` from the event.',
      ],
      [
        draft(),
        event(3, 'POST_EDITED', { title: 'Hello, world' }),
        draft({ title: 'Hello, world', editedAt: '2026-03-03T08:00:00.000Z' }),
        'POST_EDITED with a title changes the title and `editedAt`. What is not in the payload stays.',
      ],
      [
        draft(),
        event(3, 'POST_EDITED', { content: '' }),
        draft({ content: '', editedAt: '2026-03-03T08:00:00.000Z' }),
        "POST_EDITED with `content: ''` empties the content. An empty text is a text; `||` takes it for none.",
      ],
      [
        draft(),
        PUBLISHED,
        published(),
        'POST_PUBLISHED sets `published`, and `publishedAt` to the time of the event.',
      ],
      [
        published(),
        event(3, 'POST_EDITED', { content: 'More' }),
        published({ content: 'More', editedAt: '2026-03-03T08:00:00.000Z' }),
        'An edited post stays published, since the day on which it was.',
      ],
    ]
    for (const [before, one, after, why] of steps) {
      verifyEqual(await call('applyPostEvent', () => applyPostEvent(before, one)), after, why)
    }
  })

  test('lives with what should not have happened', async () => {
    verifyEqual(
      await call('applyPostEvent', () => applyPostEvent(published(), event(5, 'POST_PUBLISHED'))),
      published(),
      'The log holds a second POST_PUBLISHED, from a program without rules. The first day counts: readers must not see an old post as news.',
    )
    verifyEqual(
      await call('applyPostEvent', () => applyPostEvent(published(), CREATED)),
      published(),
      'A second POST_CREATED should change nothing.',
      [
        [
          (post) => post?.published === false,
          'A second POST_CREATED should change nothing: it made a published post a draft again.',
        ],
      ],
    )
    verifyEqual(
      await call('applyPostEvent', () => applyPostEvent(draft(), event(4, 'POST_PINNED', { title: 'X' }))),
      draft(),
      'An event of a type that is unknown here (POST_PINNED) should leave the post as it is.',
    )
    for (const one of [event(3, 'POST_EDITED', { title: 'X' }), PUBLISHED, event(4, 'POST_PINNED')]) {
      const none = await call('applyPostEvent', () => applyPostEvent(null, one))
      verify(
        none === null,
        `${one.eventType} for a post that never was makes no post: it should give \`null\`.`,
        {
          received: none,
        },
      )
    }
  })

  test('changes nothing that it was given', async () => {
    const before = draft()
    for (const one of [event(3, 'POST_EDITED', { title: 'X', content: 'Y' }), PUBLISHED]) {
      await call('applyPostEvent', () => applyPostEvent(before, one))
      verifyEqual(
        before,
        draft(),
        `applyPostEvent wrote into the post that it was given (${one.eventType}). Somebody else may hold it: return a new one.`,
      )
    }
  })
})

describe('createPost and getPost', () => {
  test('stores the first event', async () => {
    const version = await call('createPost', () => createPost(box.redis, clock, 'post-1', DRAFT))
    const all = await stored()
    verify(all.length === 1, 'After createPost the stream `blog:post:post-1` should hold one entry.', {
      received: { keys: await box.admin.keys('*'), entries: all },
    })
    const { eventId, ...rest } = all[0]?.event ?? {}
    verifyEqual(
      rest,
      { timestamp: DAY_9, eventType: 'POST_CREATED', entityId: 'post-1', payload: DRAFT, metadata: {} },
      'The entry should have a field `event` with the whole event of lesson 01: the time of the clock, and title, content and author as the payload, nothing that follows from the type.',
    )
    verify(UUID.test(String(eventId)), 'The `eventId` should be a UUID.', { received: eventId })
    verifyEqual(
      [all[0]?.id, version],
      ['1-0', 1],
      'The first entry should have the id 1-0, and createPost should resolve to the version 1.',
    )
  })

  test('stores what was written', async () => {
    const typed = { title: ' Hello ', content: 'First\n\n  post ', author: 'ada' }
    await call('createPost', () => createPost(box.redis, clock, 'post-1', typed))
    verifyEqual(
      (await last())?.event.payload,
      typed,
      'A draft came in with white space at the ends of its texts. The payload should hold title, content and author as they were written: a line of a poem may be indented.',
    )
  })

  test('reads a post of any length', async () => {
    await plant(CREATED, PUBLISHED, event(3, 'POST_EDITED', { title: 'Hello, world' }))
    verifyEqual(
      await call('getPost', () => getPost(box.redis, 'post-1')),
      published({ title: 'Hello, world', editedAt: '2026-03-03T08:00:00.000Z' }),
      'getPost should give the post after all events of `blog:post:post-1`, with the times of these events.',
    )
    const none = await call('getPost', () => getPost(box.redis, 'post-9'))
    verify(none === null, 'getPost should give `null` for a post that never was.', { received: none })
    await box.admin.del(KEY)
    const edits = Array.from({ length: 1_100 }, (_, n) => event(4, 'POST_EDITED', { content: `draft ${n}` }))
    await plant(CREATED, ...edits)
    const post = await call('getPost', () => getPost(box.redis, 'post-1'))
    verifyEqual(
      post?.content,
      'draft 1099',
      'A post was edited 1,100 times. getPost should show the text of the last edit.',
      [
        [
          (content) => content !== undefined && /^draft \d+$/.test(content),
          'A post was edited 1,100 times, and getPost shows an old text: it read one page only. Go on until a page is not full.',
        ],
      ],
    )
    verify(
      largestReply(box.commands) <= 1_000,
      'getPost fetched more than 1,000 entries with one command. Read in pages.',
      {
        received: `${largestReply(box.commands)} entries`,
      },
    )
  })

  test('refuses a second post of the same id, and one without a title', async () => {
    await refused(
      'createPost',
      () => createPost(box.redis, clock, 'post-1', { ...DRAFT, title: '  ' }),
      'no-title',
      'A post with the blank title "  " was created. It should be refused with a PostRefusedError.',
      [],
    )
    await plant(CREATED)
    await refused(
      'createPost',
      () => createPost(box.redis, clock, 'post-1', { ...DRAFT, title: 'Mine' }),
      'exists',
      'There is a post-1 already, and it was created again. It should be refused with a PostRefusedError.',
      ['POST_CREATED'],
    )
  })

  test('lets one of two authors have the id', async () => {
    await everyInterleaving({
      name: 'createPost',
      first: (redis) => createPost(redis, clock, 'post-1', DRAFT),
      second: (redis) => createPost(redis, clock, 'post-1', { ...DRAFT, title: 'Mine', author: 'bob' }),
      verify: async ({ first, second, held, after }) => {
        verifyEqual(
          await types(),
          ['POST_CREATED'],
          `Two authors made a post with one id, and the stream does not hold exactly one POST_CREATED: the second came between the ${after ?? 'start'} and the ${held ?? 'end'} of the first. Write under the id of the next version, which Redis gives away only once; and when it is taken, do not write the same event under another one: read again, decide again.`,
        )
        const loser = first.ok ? second : first
        verify(
          !loser.ok && loser.error instanceof PostRefusedError && loser.error.reason === 'exists',
          'The slower of two authors should be told with a PostRefusedError that the post "exists": after a conflict read again and decide again.',
          { received: loser.ok ? 'both succeeded' : loser.error },
        )
      },
    })
  })
})

const edited = (changes: Changes) => call('editPost', () => editPost(box.redis, clock, 'post-1', changes))

describe('editPost', () => {
  test('stores what has changed', async () => {
    await plant(CREATED, PUBLISHED)
    const version = await edited({ title: 'Hello, world', content: 'First post' })
    const entry = await last()
    verifyEqual(
      [entry?.id, entry?.event.eventType, entry?.event.timestamp],
      ['3-0', 'POST_EDITED', DAY_9],
      'editPost should append a POST_EDITED as version 3, with the time of the clock.',
    )
    verifyEqual(
      entry?.event.payload,
      { title: 'Hello, world' },
      'Title and content came in, but only the title is new: the payload should hold what has changed and nothing else. Whoever reads the history wants to see what was done.',
    )
    verifyEqual(version, 3, 'editPost should resolve to the new version.')
    await edited({ title: undefined, content: 'More' })
    verifyEqual(
      (await last())?.event.payload,
      { content: 'More' },
      '`title: undefined` means that the title was not touched. The payload should hold the content only.',
    )
  })

  test('does not mind an empty draft', async () => {
    await plant(CREATED)
    const outcome = await attempt('editPost', () => editPost(box.redis, clock, 'post-1', { content: '' }))
    verify(
      outcome.ok || !(outcome.error instanceof PostRefusedError),
      'The author emptied her draft, and editPost refused. Only a published post must have content: a draft may be emptied.',
      { received: !outcome.ok && outcome.error },
    )
    await call('editPost', () => (outcome.ok ? outcome.value : Promise.reject(outcome.error)))
    verifyEqual(
      (await last())?.event.payload,
      { content: '' },
      "A draft may be emptied: `content: ''` is a change. An empty text is not the same as none given.",
    )
  })

  test('stores nothing when nothing changes', async () => {
    await plant(CREATED, PUBLISHED)
    for (const changes of [{}, { title: 'Hello' }, { title: 'Hello', content: 'First post' }]) {
      const version = await edited(changes)
      verifyEqual(
        await types(),
        ['POST_CREATED', 'POST_PUBLISHED'],
        `Somebody pressed "save" without a change (${JSON.stringify(changes)}), and an event was stored. Nothing happened, so there is no fact.`,
      )
      verifyEqual(version, 2, 'Without a change editPost should resolve to the version as it is.')
    }
  })

  test('follows the rules', async () => {
    await refused(
      'editPost',
      () => editPost(box.redis, clock, 'post-1', { title: 'X' }),
      'not-found',
      'editPost edited a post that never was. Nobody can change nothing: it should be refused with a PostRefusedError.',
      [],
    )
    await plant(CREATED, PUBLISHED)
    const both = ['POST_CREATED', 'POST_PUBLISHED']
    await refused(
      'editPost',
      () => editPost(box.redis, clock, 'post-1', { title: ' ' }),
      'no-title',
      'The title became blank (" "). editPost should refuse that as createPost does: a rule holds whichever way one comes.',
      both,
    )
    await refused(
      'editPost',
      () => editPost(box.redis, clock, 'post-1', { content: '\n' }),
      'no-content',
      'A published post was emptied. What must not be published empty must not become empty afterwards either.',
      both,
    )
  })

  test('gives up after ten attempts', async () => {
    await plant(CREATED)
    const { redis, times } = overtaken(box.connect(), 'POST_EDITED', async () => {
      const next = (await box.admin.xlen(KEY)) + 1
      const pinned = { ...event(2, 'POST_PINNED'), eventId: `e-${next}` }
      await box.admin.xadd(KEY, `${next}-0`, 'event', JSON.stringify(pinned))
    })
    const outcome = await attempt('editPost', () => editPost(redis, clock, 'post-1', { title: 'Hello!' }))
    if (times() === 0) return // by a connection of which nobody here knows
    verify(
      times() <= 10,
      'Somebody else was faster each time, and editPost went on and on. Ten attempts are enough: a loop without an end keeps the author waiting, and Redis busy.',
      { expected: '10 attempts at most', received: times() },
    )
    verify(
      !outcome.ok,
      'Somebody else was faster in all ten attempts. Nothing of the edit was stored, and editPost resolved as if it had been: it should reject.',
      { received: outcome.ok ? outcome.value : undefined },
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
          'One editor changed the title, another the content, at the same time, and one of them was turned away. Both may: when the version is taken, read again and decide again.',
          { received: failure.ok || failure.error },
        )
        const payloads = (await stored()).slice(1).map(({ event }) => JSON.stringify(event.payload))
        verifyEqual(
          payloads.sort(),
          ['{"content":"More"}', '{"title":"Hello, world"}'],
          'One editor changed the title, another the content, at the same time. Both changes should be in the stream, each once.',
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
      'publishPost should append a POST_PUBLISHED as version 2, with an empty payload and the time of the clock: when it was published, the event’s own timestamp says.',
    )
    verifyEqual(version, 2, 'publishPost should resolve to the new version.')
  })

  test('follows the rules', async () => {
    await refused(
      'publishPost',
      () => publishPost(box.redis, clock, 'post-1'),
      'not-found',
      'publishPost published a post that never was. It should be refused with a PostRefusedError.',
      [],
    )
    await plant(CREATED, event(2, 'POST_EDITED', { content: ' ' }))
    await refused(
      'publishPost',
      () => publishPost(box.redis, clock, 'post-1'),
      'no-content',
      'The content is blank (" "), and the post was published. It should be refused with a PostRefusedError.',
      ['POST_CREATED', 'POST_EDITED'],
    )
    await box.admin.del(KEY)
    await plant(CREATED, PUBLISHED, event(3, 'POST_EDITED', { title: 'X' }))
    await refused(
      'publishPost',
      () => publishPost(box.redis, clock, 'post-1'),
      'already-published',
      'The post was published a second time. It should be refused with a PostRefusedError: everybody who follows the blog would be told again. (Also after an edit: it stays published.)',
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
          `A double click: two calls of publishPost, and the post was not published exactly once. The second came between the ${after ?? 'start'} and the ${held ?? 'end'} of the first. When the id of the next version is taken, do not write the same event under another one: read again, decide again.`,
        )
        const loser = first.ok ? second : first
        verify(
          !loser.ok && loser.error instanceof PostRefusedError && loser.error.reason === 'already-published',
          'The slower click should be refused with the reason "already-published": after a conflict read again and decide again.',
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
        watch ||= sharedWatch(box.commands, 'write under an id of your own')
        const loser = first.ok ? second : first
        verify(
          (await types()).length === 2 && !loser.ok && loser.error instanceof PostRefusedError,
          `A double click: both calls of publishPost went over one connection, and the slower was not refused by the rules.${watch}`,
          { received: { events: await types(), slower: loser.ok ? 'accepted' : loser.error } },
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
          `The post was published, and emptied at the same moment (between the ${after ?? 'start'} and the ${held ?? 'end'} of publishPost). One of the two should have been refused; now an empty post is public. After a conflict decide again, on the post as it is now.`,
          { received: all },
        )
        const loser = first.ok ? second : first
        verify(
          !loser.ok && loser.error instanceof PostRefusedError && loser.error.reason === 'no-content',
          'Whoever of the two is slower, publisher or editor, should be refused with the reason "no-content".',
          { received: loser.ok || loser.error },
        )
      },
    })
  })
})
