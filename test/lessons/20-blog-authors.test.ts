import { describe, test } from 'vitest'
import { editPost, PostRefusedError } from '#built/18-blog'
import {
  attempt,
  call,
  callError,
  code,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  givesUpAfter,
  lacks,
  largestReply,
  passesOnWrongType,
  sharedWatch,
  useSandbox,
  verify,
  verifyEqual,
  words,
} from '#kit'
import type { PostCard } from '#lesson/20-blog-authors'
import {
  applyCardEvent,
  catchUpPosts,
  changeAuthor,
  followPosts,
  getPostsByAuthor,
  updatePostIndex,
} from '#lesson/20-blog-authors'

const box = useSandbox()

type BlogEvent = Parameters<typeof applyCardEvent>[1]

const DAY_1 = '2026-03-01T08:00:00.000Z'
const DAY_2 = '2026-03-02T08:00:00.000Z'
const DAY_9 = '2026-03-09T08:00:00.000Z'
const MS_2 = '1772438400000'
const clock = () => new Date(DAY_9)

/** Happened on March n. */
function event(n: number, eventType: string, payload: object = {}, postId = 'post-1'): BlogEvent {
  return {
    eventId: `0b7f3a52-6f0a-4c1e-9d3b-${String(n).padStart(12, '0')}`,
    timestamp: `2026-03-0${n}T08:00:00.000Z`,
    eventType,
    entityId: postId,
    payload,
    metadata: {},
  } as BlogEvent
}

const CREATED = event(1, 'POST_CREATED', { title: 'Hello', content: 'First post', author: 'ada' })
const PUBLISHED = event(2, 'POST_PUBLISHED')
const EDITED = event(3, 'POST_EDITED', { title: 'Hello, world' })
const TO_BOB = event(4, 'POST_AUTHOR_CHANGED', { author: 'bob' })

const draft = (changes: Partial<PostCard> = {}): PostCard => ({
  postId: 'post-1',
  title: 'Hello',
  author: 'ada',
  publishedAt: null,
  ...changes,
})

/** Appends to the stream of a post; `version` is the first event's version. */
async function plant(
  version: number,
  events: readonly BlogEvent[],
  postId = 'post-1',
  admin = box.admin,
): Promise<void> {
  const pipeline = admin.pipeline()
  for (const [index, one] of events.entries()) {
    pipeline.xadd(`blog:post:${postId}`, `${version + index}-0`, 'event', JSON.stringify(one))
  }
  await pipeline.exec()
}

const list = (author: string) => box.admin.zrange(`blog:author:${author}`, '0', '-1', 'WITHSCORES')

/** Everything the index contains about post-1. */
async function index() {
  const card = await box.admin.hgetall('blog:card:post-1')
  return { card, ada: await list('ada'), bob: await list('bob') }
}

const NONE = { card: {}, ada: [], bob: [] }
const OF_ADA = {
  card: { title: 'Hello', author: 'ada', publishedAt: DAY_2, version: '2' },
  ada: ['post-1', MS_2],
  bob: [],
}
const OF_BOB = {
  card: { title: 'Hello, world', author: 'bob', publishedAt: DAY_2, version: '4' },
  ada: [],
  bob: ['post-1', MS_2],
}

async function stored() {
  return (await box.admin.xrange('blog:post:post-1', '-', '+')).map(([id, fields]) => {
    const { eventType, payload, timestamp, entityId } = JSON.parse(fields[1] ?? '{}')
    return { id, eventType, payload, timestamp, entityId }
  })
}
const types = async () => (await stored()).map(({ eventType }) => eventType)

const passesOn = (name: string, key: string, run: () => unknown) =>
  passesOnWrongType(name, key, run, "A key that can't be read or written isn't a key that doesn't exist.")

describe('applyCardEvent and changeAuthor', () => {
  test('follows each event', async () => {
    const published = draft({ publishedAt: DAY_2 })
    const steps: readonly (readonly [PostCard | null, BlogEvent, PostCard | null, string])[] = [
      [null, CREATED, draft(), '`POST_CREATED` should create the card of a draft.'],
      [
        draft(),
        EDITED,
        draft({ title: 'Hello, world' }),
        '`POST_EDITED` with a title should change the title.',
      ],
      [
        published,
        event(4, 'POST_CREATED', { title: 'Other', content: 'text', author: 'bob' }),
        published,
        'A second `POST_CREATED` changed an existing card. The card should stay as it is. Otherwise a repeated event turns a published post back into a draft by its first author.',
      ],
      [
        draft(),
        event(3, 'POST_EDITED', { content: 'More' }),
        draft(),
        "`POST_EDITED` without a title should leave the card's title as it is.",
      ],
      [
        draft(),
        event(3, 'POST_EDITED', { title: '' }),
        draft({ title: '' }),
        '`POST_EDITED` with the title `""` does have a title, so the card\'s title should be empty afterward. Only an edit without a title leaves the card alone.',
      ],
      [draft(), PUBLISHED, published, '`POST_PUBLISHED` should set `publishedAt` to the time of the event.'],
      [
        published,
        event(5, 'POST_PUBLISHED'),
        published,
        'A second `POST_PUBLISHED` changed `publishedAt`. Only the first publication counts.',
      ],
      [
        published,
        event(1, 'POST_PUBLISHED'),
        published,
        'A second `POST_PUBLISHED` changed `publishedAt`, because its timestamp is earlier. A clock can be slow, so go by the order of the events: only the first publication counts.',
      ],
      [
        published,
        TO_BOB,
        draft({ publishedAt: DAY_2, author: 'bob' }),
        '`POST_AUTHOR_CHANGED` should change the author and nothing else. `publishedAt`, for example, stays the same.',
      ],
      [
        published,
        event(5, 'POST_PINNED', { author: 'x' }),
        published,
        'Other event types should leave the card as it is.',
      ],
      [null, TO_BOB, null, "Without a `POST_CREATED`, there's no card, so the result should be `null`."],
    ]
    for (const [before, one, after, why] of steps) {
      verifyEqual(await call('applyCardEvent', () => applyCardEvent(before, one)), after, why)
    }
    verifyEqual(
      published,
      draft({ publishedAt: DAY_2 }),
      '`applyCardEvent` modified its input card. Return a new card instead.',
    )
  })

  test('changes the author of a post', async () => {
    await plant(1, [CREATED, PUBLISHED])
    const outcome = await attempt('changeAuthor', () => changeAuthor(box.redis, clock, 'post-1', 'bob'))
    verify(
      outcome.ok || !(outcome.error instanceof PostRefusedError),
      "The post exists, but `changeAuthor` threw a `PostRefusedError`. The post has a stream and isn't in the index yet. An index can be out of date, so decide based on the stream.",
      { received: !outcome.ok && outcome.error },
    )
    const version = await call('changeAuthor', () =>
      outcome.ok ? outcome.value : Promise.reject(outcome.error),
    )
    verifyEqual(
      [version, (await stored()).at(-1)],
      [
        3,
        {
          id: '3-0',
          eventType: 'POST_AUTHOR_CHANGED',
          payload: { author: 'bob' },
          timestamp: DAY_9,
          entityId: 'post-1',
        },
      ],
      '`changeAuthor` should append `POST_AUTHOR_CHANGED` with `{ author }` as `3-0`, and resolve to the new version, 3.',
    )
    const again = await call('changeAuthor', () => changeAuthor(box.redis, clock, 'post-1', 'bob'))
    verifyEqual(
      [again, await types()],
      [3, ['POST_CREATED', 'POST_PUBLISHED', 'POST_AUTHOR_CHANGED']],
      "The post already belongs to `bob`. Nothing happened, so `changeAuthor` should store no event and resolve to the current version. (`getPost` from lesson 18 can't tell whose post it is, because it ignores `POST_AUTHOR_CHANGED`.)",
    )
    for (const [n, author] of ['Bob', 'Bob '].entries()) {
      const renamed = await call('changeAuthor', () => changeAuthor(box.redis, clock, 'post-1', author))
      verifyEqual(
        [renamed, (await stored()).at(-1)?.payload],
        [4 + n, { author }],
        `The post belongs to \`${n === 0 ? 'bob' : 'Bob'}\`, and its new author is \`${author}\`. That's another author, so \`changeAuthor\` should store the name exactly as it is. Authors need no validation.`,
      )
    }
    const error = await callError(
      'changeAuthor',
      () => changeAuthor(box.redis, clock, 'post-9', 'bob'),
      PostRefusedError,
      "`post-9` doesn't exist, so its author can't change. Throw the `PostRefusedError` from lesson 18.",
    )
    verifyEqual(
      [error.reason, error.postId],
      ['not-found', 'post-9'],
      "The `PostRefusedError` should have the reason `not-found` and the post's ID.",
    )
    const pinned = [event(1, 'POST_PINNED', {}, 'post-8')]
    await plant(1, pinned, 'post-8')
    const unwritten = await attempt('changeAuthor', () => changeAuthor(box.redis, clock, 'post-8', 'bob'))
    verify(
      !unwritten.ok && unwritten.error instanceof PostRefusedError,
      "`post-8` has one event, `POST_PINNED`, and was never created, so it doesn't exist. `changeAuthor` should throw a `PostRefusedError`. Whether a post exists depends on `applyCardEvent`, not on the length of the stream.",
      { received: unwritten.ok ? unwritten.value : unwritten.error },
    )
  })

  test('decides based on the current author', async () => {
    await plant(1, [CREATED, PUBLISHED, TO_BOB])
    const version = await call('changeAuthor', () => changeAuthor(box.redis, clock, 'post-1', 'ada'))
    verifyEqual(
      [version, (await stored()).at(-1)?.payload],
      [4, { author: 'ada' }],
      "The post belonged to `ada`, then to `bob`, and now goes back to `ada`. That's a new event, the fourth: `changeAuthor` should compare with the current author. (The reducer from lesson 18 ignores `POST_AUTHOR_CHANGED`, so `getPost` still returns `ada`.)",
    )
  })

  test('decides based on the stream when the index is out of date', async () => {
    await plant(1, [CREATED, PUBLISHED, EDITED, TO_BOB])
    await box.admin.hset('blog:card:post-1', OF_ADA.card)
    await box.admin.zadd('blog:author:ada', MS_2, 'post-1')
    const same = await call('changeAuthor', () => changeAuthor(box.redis, clock, 'post-1', 'bob'))
    const back = await call('changeAuthor', () => changeAuthor(box.redis, clock, 'post-1', 'ada'))
    verifyEqual(
      [same, back, (await stored()).at(-1)],
      [
        4,
        5,
        {
          id: '5-0',
          eventType: 'POST_AUTHOR_CHANGED',
          payload: { author: 'ada' },
          timestamp: DAY_9,
          entityId: 'post-1',
        },
      ],
      'The post has belonged to `bob` since version 4, while its card is still at version 2 and names `ada`. For `bob`, `changeAuthor` should store nothing and resolve to 4. Changing the author back to `ada` is a new event, the fifth. The index may be out of date, so only the stream says whose post it is.',
    )
  })

  test('does not lose to an edit', async () => {
    await everyInterleaving({
      name: 'changeAuthor',
      prepare: () => plant(1, [CREATED]),
      first: (redis) => changeAuthor(redis, clock, 'post-1', 'bob'),
      second: (redis) => editPost(redis, clock, 'post-1', { title: 'Hello, world' }),
      verify: async ({ first }) => {
        verify(
          first.ok,
          'Another writer edited the post while its author was being changed, and `changeAuthor` failed. If the version is taken, read again and decide again.',
          { received: first.ok || first.error },
        )
        verifyEqual(
          (await types()).sort(),
          ['POST_AUTHOR_CHANGED', 'POST_CREATED', 'POST_EDITED'],
          'An edit and a change of author ran at the same time. Both should be in the stream, once each.',
        )
      },
    })
  })

  test('tries again, but not forever', () =>
    givesUpAfter({
      name: 'changeAuthor',
      attempts: 10,
      throwsConflict: true,
      mark: 'POST_AUTHOR_CHANGED',
      prepare: async () => {
        await box.admin.del('blog:post:post-1')
        await plant(1, [CREATED])
      },
      run: (redis) => changeAuthor(redis, clock, 'post-1', 'bob'),
      rival: async () => plant((await types()).length + 1, [EDITED]),
      isStored: async () => (await types()).includes('POST_AUTHOR_CHANGED'),
      never: PostRefusedError,
    }))

  test('passes on errors from reading', () =>
    passesOn('changeAuthor', 'blog:post:post-1', () => changeAuthor(box.redis, clock, 'post-1', 'bob')))

  test.skipIf(lacks('own-server'))('passes on errors from writing', async () => {
    const server = await box.startServer()
    let sentBefore = 0
    await everyInterleaving({
      name: 'changeAuthor',
      prepare: async () => {
        sentBefore = box.commands.length
        await server.admin.acl('SETUSER', 'default', '+xadd')
        await server.admin.del('blog:post:post-1')
        await plant(1, [CREATED], 'post-1', server.admin)
      },
      first: () => changeAuthor(server.connect(), clock, 'post-1', 'bob'),
      // In a transaction whose commands are queued already, XADD gets this error from EXEC.
      second: () => server.admin.acl('SETUSER', 'default', '-xadd'),
      verify: async ({ first, held }) => {
        verify(
          !first.ok || (await server.admin.xlen('blog:post:post-1')) === 2,
          `Redis refused \`XADD\` (\`NOPERM\`)${held === 'EXEC' ? ' inside the transaction' : ''}, so nothing was stored, but \`changeAuthor\` resolved. Let every error from the write except a conflict reach the caller.${held === 'EXEC' ? ' `EXEC` itself succeeds, and the error is in one of its replies, which ioredis returns as pairs of an error and a result.' : ''}`,
          { received: first.ok && first.value },
        )
        const writes = box.commands
          .slice(sentBefore)
          .filter(({ args }) => args.join(' ').includes('POST_AUTHOR_CHANGED'))
          .filter(({ error }) => !error?.message.startsWith('NOSCRIPT'))
        verify(
          writes.length <= 1,
          'Redis refused `XADD` (`NOPERM`), and `changeAuthor` sent it again. Only a conflict is a reason to read and decide again. Throw any other error immediately.',
          { received: writes.map(({ name }) => name) },
        )
      },
    })
  })

  test('changes the author once when two callers do it', async () => {
    for (const sameConnection of [false, true]) {
      await everyInterleaving({
        name: 'changeAuthor',
        sameConnection,
        prepare: () => plant(1, [CREATED]),
        first: (redis) => changeAuthor(redis, clock, 'post-1', 'bob'),
        second: (redis) => changeAuthor(redis, clock, 'post-1', 'bob'),
        verify: async ({ first, second }) => {
          verifyEqual(
            await types(),
            ['POST_CREATED', 'POST_AUTHOR_CHANGED'],
            `Two callers changed the author to \`bob\` at the same time, and the change wasn't stored exactly once. The caller whose version was taken should read again and decide again. By then the post already belongs to \`bob\`, so there's nothing left to store.${sameConnection ? sharedWatch(box.commands) : ''}`,
          )
          verifyEqual(
            [first.ok ? first.value : first.error, second.ok ? second.value : second.error],
            [2, 2],
            `Two callers changed the author to \`bob\` at the same time. Both should get version 2: one stored the change, and the other found nothing to do.${sameConnection ? sharedWatch(box.commands) : ''}`,
          )
        },
      })
    }
  })
})

const update = () => call('updatePostIndex', () => updatePostIndex(box.redis, 'post-1'))

const AT_4 =
  'The post is at version 4 and belongs to `bob`. The card should be at that version, and the post should be in his list and in no other, whatever another update of the same post does at the same time.'

describe('updatePostIndex', () => {
  test('follows a post from draft to list', async () => {
    const none = await update()
    verifyEqual(
      [none, await index()],
      [0, NONE],
      "The post doesn't exist. `updatePostIndex` should resolve to 0 and write nothing to the index.",
    )
    await plant(1, [CREATED])
    const first = await update()
    verifyEqual(
      await index(),
      { card: { title: 'Hello', author: 'ada', version: '1' }, ada: [], bob: [] },
      "A draft should have a card (`title`, `author`, `version`, and no `publishedAt`) but no place in a list, because it isn't published.",
    )
    await plant(2, [PUBLISHED])
    const second = await update()
    verifyEqual(
      await index(),
      OF_ADA,
      'The post was published. Its card should have `publishedAt`, and it should be in `blog:author:ada` with that time in milliseconds as its score.',
    )
    verifyEqual(
      [first, second],
      [1, 2],
      "`updatePostIndex` should resolve to the new version of the post's card.",
    )
    verifyEqual(
      [await update(), await index()],
      [2, OF_ADA],
      "Nothing new was stored. `updatePostIndex` should leave the index as it is and resolve to its current version. Resolve to 0 only for a post that doesn't exist.",
    )
    const keys = (await box.admin.keys('*')).sort()
    verifyEqual(
      keys,
      ['blog:author:ada', 'blog:card:post-1', 'blog:post:post-1'],
      'The index consists of cards and lists and nothing else, but `updatePostIndex` left another key behind or removed one.',
    )
    verifyEqual(
      await Promise.all(keys.map((key) => box.admin.ttl(key))),
      [-1, -1, -1],
      '`updatePostIndex` set an expiration on a key. When the key expires, a card or a list disappears, even though nothing happened to the post.',
    )
  })

  test('keeps the milliseconds', async () => {
    await plant(1, [CREATED, { ...PUBLISHED, timestamp: '2026-03-02T08:00:00.250Z' }])
    await update()
    verifyEqual(
      await list('ada'),
      ['post-1', '1772438400250'],
      'The post was published at 08:00:00.250, but its score is a different time. The score should be that time in milliseconds, including the 250.',
    )
  })

  test('leaves an edited post in its place', async () => {
    await plant(1, [CREATED, PUBLISHED])
    await update()
    await plant(3, [EDITED])
    await update()
    verifyEqual(
      await index(),
      { ...OF_ADA, card: { ...OF_ADA.card, title: 'Hello, world', version: '3' } },
      "A published post was edited. Its card should have the new title, but its score should still be the day of its publication: an edit isn't a publication.",
    )
  })

  test('moves a post to its new author', async () => {
    await plant(1, [CREATED, PUBLISHED, EDITED])
    await update()
    await plant(4, [TO_BOB])
    for (const after of ['one update', 'two updates']) {
      await update()
      const found = await index()
      verify(
        found.ada.length === 0,
        "The post's author changed from `ada` to `bob`, but the post is still in `ada`'s list. The event names only the new author; the card has the old one.",
        { received: found },
      )
      verifyEqual(
        found,
        OF_BOB,
        `The post's author changed from \`ada\` to \`bob\`. After ${after}, the post should be in \`bob\`'s list with its old score, and its card should name \`bob\`.`,
      )
    }
  })

  test('puts a draft in the list of its new author', async () => {
    const handedOver = event(2, 'POST_AUTHOR_CHANGED', { author: 'bob' })
    const published = event(3, 'POST_PUBLISHED')
    for (const updates of [
      [[CREATED], [handedOver, published]],
      [[CREATED], [handedOver], [published]],
    ]) {
      await box.admin.del('blog:post:post-1', 'blog:card:post-1', 'blog:author:ada', 'blog:author:bob')
      let version = 1
      for (const events of updates) {
        await plant(version, events)
        version += events.length
        await update()
      }
      const { card, ada, bob } = await index()
      verifyEqual(
        [card.author, ada, bob],
        ['bob', [], ['post-1', '1772524800000']],
        "A draft's author changed from `ada` to `bob`, and then it was published. It should be in `bob`'s list alone. Add the post to a list only after applying all the events, and use the author it has then, not the author on the card before them.",
      )
    }
  })

  test('catches up with many events', async () => {
    const edits = Array.from({ length: 2_098 }, (_, n) => event(3, 'POST_EDITED', { title: `Title ${n}` }))
    await plant(1, [CREATED, PUBLISHED, ...edits])
    const version = await update()
    verifyEqual(
      [version, (await index()).card.title],
      [2_100, 'Title 2097'],
      "A post has 2,100 events that the index hasn't seen, and after `updatePostIndex` the index isn't at the last one. Keep reading until a page isn't full.",
    )
    verify(
      largestReply(box.commands) <= 1_000,
      '`updatePostIndex` fetched more than 1,000 entries with one command. Read in pages.',
      {
        received: words(`${largestReply(box.commands)} entries`),
      },
    )
  })

  test('starts at the checkpoint', async () => {
    await plant(1, [CREATED, PUBLISHED, EDITED])
    await box.admin.hset('blog:card:post-1', {
      title: 'As the card has it',
      author: 'ada',
      publishedAt: DAY_2,
      version: 3,
    })
    await box.admin.zadd('blog:author:ada', MS_2, 'post-1')
    await plant(4, [TO_BOB])
    await update()
    verifyEqual(
      await index(),
      { ...OF_BOB, card: { ...OF_BOB.card, title: 'As the card has it' } },
      'The card is at version 3, and one event comes after it, which changes the author to `bob`. `updatePostIndex` should apply only that event, starting from the card. If you replay the post from its first event, every edit takes longer than the one before.',
    )
  })

  test('is all or nothing', async () => {
    await everyCrash({
      name: 'updatePostIndex',
      prepare: async () => {
        await box.admin.hset('blog:card:post-1', OF_ADA.card)
        await box.admin.zadd('blog:author:ada', MS_2, 'post-1')
        await plant(1, [CREATED, PUBLISHED, EDITED, TO_BOB])
      },
      run: (redis) => updatePostIndex(redis, 'post-1'),
      verify: async ({ last }) => {
        const found = await index()
        verifyEqual(
          found,
          found.card.version === '2' && found.ada.length === 2 ? OF_ADA : OF_BOB,
          `The process died after its ${code(last, 'start')}, and now the card and the two lists don't match. Change all of them, and the version, in one step.`,
        )
      },
    })
  })

  test('passes on errors from reading and writing', async () => {
    await passesOn('updatePostIndex', 'blog:post:post-1', () => updatePostIndex(box.redis, 'post-1'))
    await plant(1, [CREATED])
    await update()
    await plant(2, [PUBLISHED])
    await passesOn('updatePostIndex', 'blog:author:ada', () => updatePostIndex(box.redis, 'post-1'))
    await box.admin.hset('blog:card:post-1', OF_ADA.card)
    await plant(3, [EDITED, TO_BOB])
    await passesOn('updatePostIndex', 'blog:author:bob', () => updatePostIndex(box.redis, 'post-1'))
  })

  test('never goes backwards', async () => {
    let isFirstSaved = false
    for (const sameConnection of [false, true]) {
      await everyInterleaving({
        name: 'updatePostIndex',
        sameConnection,
        prepare: () => plant(1, [CREATED, PUBLISHED]),
        first: (redis) => updatePostIndex(redis, 'post-1'),
        second: async (redis) => {
          isFirstSaved = (await index()).card.version !== undefined
          await plant(3, [EDITED, TO_BOB])
          return updatePostIndex(redis, 'post-1')
        },
        verify: async ({ first, second, after, held, waited }) => {
          const failed = first.ok ? second : first
          verify(failed.ok, "Two updates of one post's index ran at the same time, and one of them threw.", {
            received: failed.ok || failed.error,
          })
          verifyEqual(await index(), OF_BOB, `${AT_4}${sameConnection ? sharedWatch(box.commands) : ''}`, [
            [
              ({ card, ada }) => card.version === '2' || ada.length > 0,
              `${sameConnection ? 'Two parts of one program, sharing one client,' : 'Two processes'} updated the index of one post. The slower one had read up to version 2. Between its ${code(after, 'start')} and its ${code(held, 'end')}, the faster one brought the index to version 4, in which the post is \`bob\`'s, and then the slower one wrote its old data. Write only if the card is still at the version you read; otherwise, read again.${sameConnection ? sharedWatch(box.commands) : ''}`,
            ],
          ])
          verify(
            isFirstSaved || waited || (first.ok && first.value === 4),
            `${sameConnection ? 'Two parts of one program' : 'Two processes'} updated the index of one post, and the faster one brought the card to version 4. The slower one should resolve to 4, too: that's the card's version, even if it had only read up to version 2.`,
            { expected: 4, received: first.ok ? first.value : first.error },
          )
        },
      })
    }
  })

  test('leaves no connection open', async () => {
    for (const [what, prepare] of [
      ["for a post that doesn't exist", async () => {}],
      ['that found something new', () => plant(1, [CREATED])],
      ['that found nothing new', async () => {}],
      ['that failed', () => box.admin.set('blog:card:post-1', 'no hash')],
    ] as const) {
      await prepare()
      await attempt('updatePostIndex', () => updatePostIndex(box.redis, 'post-1'))
      verify(
        (await connectionsStillOpen()) === 0,
        `After a call to \`updatePostIndex\` ${what}, a connection that it opened is still open. Each notification would leave another one open, until Redis accepts no more. Disconnect the duplicate in a \`finally\`.`,
      )
    }
  })

  test('counts versions as numbers', async () => {
    const edits = Array.from({ length: 7 }, (_, n) => event(3, 'POST_EDITED', { title: `Title ${n}` }))
    await plant(1, [CREATED, PUBLISHED, ...edits])
    await update()
    await plant(10, [TO_BOB])
    const version = await update()
    verifyEqual(
      [version, (await index()).card.version],
      [10, '10'],
      'The card was at version 9, and then a tenth event was stored. `updatePostIndex` should bring the card to version 10 and resolve to 10. Versions are numbers: if you compare them as strings, `9` is greater than `10`.',
    )
  })

  test('starts over when the card has changed', async () => {
    await everyInterleaving({
      name: 'updatePostIndex',
      prepare: () => plant(1, [CREATED, PUBLISHED, EDITED, TO_BOB]),
      first: (redis) => updatePostIndex(redis, 'post-1'),
      second: async () => {
        // A process that read before events 3 and 4 were stored, and is writing only now.
        if ((await box.admin.exists('blog:card:post-1')) === 1) return
        await box.admin
          .multi()
          .hset('blog:card:post-1', OF_ADA.card)
          .zadd('blog:author:ada', MS_2, 'post-1')
          .exec()
      },
      verify: async ({ after, held }) => {
        const found = await index()
        verify(
          found.card.version !== '2',
          `Between the ${code(after, 'start')} and the ${code(held, 'end')} of your \`updatePostIndex\`, a slower process brought the card to version 2. The post is at version 4, and \`updatePostIndex\` left the card at 2. Another process's write may not include all events, so read the card again and start over.`,
          { expected: OF_BOB, received: found },
        )
        verifyEqual(found, OF_BOB, AT_4, [
          [
            ({ ada }) => ada.length > 0,
            `Between the ${code(after, 'start')} and the ${code(held, 'end')} of your \`updatePostIndex\`, a slower process added the post to \`ada\`'s list, at version 2. At version 4 the post should be in \`bob\`'s list alone. It isn't enough that your version is newer: you took the old list from a card that has changed since you read it.`,
          ],
        ])
      },
    })
  })

  test('skips no event that it has not read', async () => {
    const toBob = event(3, 'POST_AUTHOR_CHANGED', { author: 'bob' })
    const edited = event(4, 'POST_EDITED', { title: 'Hello, world' })
    for (const isIndexed of [false, true]) {
      await everyInterleaving({
        name: 'updatePostIndex',
        prepare: async () => {
          await plant(1, [CREATED, PUBLISHED])
          await box.admin.hset('blog:card:post-1', OF_ADA.card)
          await box.admin.zadd('blog:author:ada', MS_2, 'post-1')
          if (!isIndexed) await plant(3, [toBob])
        },
        first: (redis) => updatePostIndex(redis, 'post-1'),
        second: async (redis) => {
          if ((await box.admin.xlen('blog:post:post-1')) === 4) return
          if (isIndexed) {
            await plant(3, [toBob])
            await updatePostIndex(redis, 'post-1')
          }
          await plant(4, [edited])
        },
        verify: async ({ after, held }) => {
          await call('updatePostIndex', () => updatePostIndex(box.connect(), 'post-1'))
          verifyEqual(
            await index(),
            OF_BOB,
            `Between the ${code(after, 'start')} and the ${code(held, 'end')} of \`updatePostIndex\`, ${isIndexed ? "another process brought the card to version 3, in which the post is `bob`'s, and then event 4 was stored" : 'event 4 was stored'}. Even after another update, the index isn't what all four events add up to. ${isIndexed ? 'Read the card, including its version, with one command, so that its fields belong together' : "The card's version is the number of the last event you applied, and a second read may already count an event that you haven't"}.`,
          )
        },
      })
    }
  })

  test('moves past an event that changes nothing on the card', async () => {
    await plant(1, [CREATED, PUBLISHED])
    await update()
    await plant(3, [event(5, 'POST_PINNED')])
    const version = await update()
    verifyEqual(
      [version, await index()],
      [3, { ...OF_ADA, card: { ...OF_ADA.card, version: '3' } }],
      'The last event, `POST_PINNED`, changes nothing on the card, but the card should still move to version 3, and `updatePostIndex` should resolve to 3. Otherwise every update reads that event again.',
    )
  })

  test('leaves out a post that was never created', async () => {
    await plant(1, [event(1, 'POST_PINNED', {}, 'post-8')], 'post-8')
    verifyEqual(
      [await call('updatePostIndex', () => updatePostIndex(box.redis, 'post-8')), await box.admin.keys('*')],
      [0, ['blog:post:post-8']],
      "`post-8` has one event, `POST_PINNED`, and was never created, so it doesn't exist. `updatePostIndex` should resolve to 0 and write nothing.",
    )
  })
})

/** A published post in the index, without a stream. */
async function plantCard(postId: string, author: string, day: number, score: number): Promise<void> {
  const publishedAt = `2026-03-0${day}T08:00:00.000Z`
  await box.admin.hset(`blog:card:${postId}`, { title: `On ${postId}`, author, publishedAt, version: 2 })
  await box.admin.zadd(`blog:author:${author}`, score, postId)
}

describe('getPostsByAuthor', () => {
  test('queries the index alone', async () => {
    await plantCard('post-1', 'ada', 2, Number(MS_2))
    await plant(1, [CREATED, PUBLISHED, EDITED, TO_BOB])
    await call('getPostsByAuthor', () => getPostsByAuthor(box.redis, 'ada'))
    const sent = box.commands.find(({ args }) => args.some((arg) => arg.startsWith('blog:post:')))
    verify(
      sent === undefined,
      'In the index, `post-1` belongs to `ada`; its stream has newer events. `getPostsByAuthor` read the stream of a post. It should use only the cards and lists: a page is cheap to read because `updatePostIndex` has done the work.',
      { received: sent?.name },
    )
  })

  test('shows the newest first', async () => {
    await plantCard('tea', 'ada', 3, 1772524800000)
    await plantCard('bread', 'ada', 1, 1772352000000)
    await plantCard('wine', 'ada', 5, 1772697600000)
    await plantCard('oil', 'bob', 2, 1772438400000)
    const posts = await call('getPostsByAuthor', () => getPostsByAuthor(box.redis, 'ada'))
    const none = await call('getPostsByAuthor', () => getPostsByAuthor(box.redis, 'cyd'))
    verifyEqual(
      { ada: posts?.map(({ postId }) => postId), cyd: none },
      { ada: ['wine', 'tea', 'bread'], cyd: [] },
      "The author `ada` published `bread` on March 1, `tea` on March 3, and `wine` on March 5; `oil` belongs to `bob`. `getPostsByAuthor` should return `ada`'s three posts, newest publication first. For `cyd`, who has no posts, it should return an empty array.",
    )
    verifyEqual(
      posts[0],
      { postId: 'wine', title: 'On wine', author: 'ada', publishedAt: '2026-03-05T08:00:00.000Z' },
      '`getPostsByAuthor` should return each post as a `PostCard`: `postId`, `title`, `author`, and `publishedAt`.',
    )
  })

  test('leaves out a post without a card', async () => {
    await plantCard('tea', 'ada', 3, 1772524800000)
    await plantCard('wine', 'ada', 5, 1772697600000)
    await plantCard('rum', 'ada', 6, 1772784000000)
    await box.admin.del('blog:card:rum')
    const outcome = await attempt('getPostsByAuthor', () => getPostsByAuthor(box.redis, 'ada', { limit: 2 }))
    verifyEqual(
      outcome.ok ? outcome.value?.map(({ postId, title }) => [postId, title]) : outcome.error,
      [['wine', 'On wine']],
      "The list of `ada` has `rum`, `wine`, and `tea`, but `rum` has no card. `HGETALL` returns `{}` for a key that doesn't exist, and `{}` isn't a card. Of the newest two, `rum` and `wine`, only `wine` should be returned, under its own ID, so the page has one fewer card.",
    )
    verifyEqual(
      (await box.admin.zrange('blog:author:ada', '0', '-1')).length,
      3,
      'The list of `ada` had `rum`, `wine`, and `tea`, and `rum` had no card. After `getPostsByAuthor`, the list has fewer posts. `getPostsByAuthor` should only read, because another process may be writing the missing card right now.',
    )
  })

  test('shows a post whose title is empty', async () => {
    await plantCard('tea', 'ada', 3, 1772524800000)
    await box.admin.hset('blog:card:tea', 'title', '')
    verifyEqual(
      await call('getPostsByAuthor', () => getPostsByAuthor(box.redis, 'ada')),
      [{ postId: 'tea', title: '', author: 'ada', publishedAt: '2026-03-03T08:00:00.000Z' }],
      "The card of `tea` has an empty title, and `getPostsByAuthor` should return it as it is. An empty field isn't a missing card.",
    )
  })

  test('passes on errors from reading', async () => {
    await passesOn('getPostsByAuthor', 'blog:author:ada', () => getPostsByAuthor(box.redis, 'ada'))
    await plantCard('tea', 'ada', 3, 1772524800000)
    await plantCard('wine', 'ada', 5, 1772697600000)
    await passesOn('getPostsByAuthor', 'blog:card:tea', () => getPostsByAuthor(box.redis, 'ada'))
  })

  test('orders posts of the same time by their IDs', async () => {
    for (const postId of ['tea', 'bread', 'wine']) await plantCard(postId, 'ada', 2, Number(MS_2))
    const posts = await call('getPostsByAuthor', () => getPostsByAuthor(box.redis, 'ada'))
    verifyEqual(
      posts.map(({ postId }) => postId),
      ['wine', 'tea', 'bread'],
      'Three posts were published in the same millisecond. The greater ID should come first, which is the order of `ZREVRANGE`. Without a fixed order, pages could overlap.',
    )
  })

  test('returns one page', async () => {
    const pipeline = box.admin.pipeline()
    for (let n = 1; n <= 130; n += 1) {
      const card = { title: `Post ${n}`, author: 'ada', publishedAt: DAY_1, version: '2' }
      pipeline.hset(`blog:card:p${n}`, card)
      pipeline.zadd('blog:author:ada', n, `p${n}`)
    }
    await pipeline.exec()
    const ids = async (page?: { offset?: number; limit?: number }) =>
      (await call('getPostsByAuthor', () => getPostsByAuthor(box.redis, 'ada', page))).map((c) => c.postId)
    verifyEqual(
      await ids({ offset: 2, limit: 3 }),
      ['p128', 'p127', 'p126'],
      'Of 130 posts, `{ offset: 2, limit: 3 }` should return the third, fourth, and fifth newest.',
    )
    verifyEqual((await ids()).length, 20, 'Without a page, `getPostsByAuthor` should return the newest 20.')
    verifyEqual(
      [(await ids({ offset: 100 })).length, await ids({ limit: 2 })],
      [20, ['p130', 'p129']],
      'Of 130 posts, `{ offset: 100 }` should return 20, and `{ limit: 2 }` the newest two. Each field of the page has its own default: 0 for `offset`, and 20 for `limit`.',
    )
    verifyEqual(
      await ids({ offset: 128 }),
      ['p2', 'p1'],
      'The last page should have the posts that are left.',
    )
    const greedy = box.commands.find(({ reply }) => Array.isArray(reply) && reply.length > 60)
    verify(
      greedy === undefined,
      '`getPostsByAuthor` fetched the whole list for a single page. Fetch only the part you need from the sorted set, by rank.',
      { received: greedy?.name },
    )
    verifyEqual(
      (await ids({ limit: 125 })).length,
      125,
      'Of 130 posts, `{ limit: 125 }` should return 125. The caller sets the limit.',
    )
  })

  test('never shows a post of another author', async () => {
    await everyInterleaving({
      name: 'getPostsByAuthor',
      prepare: async () => {
        await plantCard('tea', 'ada', 3, 1772524800000)
        await plantCard('wine', 'ada', 5, 1772697600000)
      },
      first: (redis) => getPostsByAuthor(redis, 'ada'),
      second: async () => {
        const handOver = box.admin.multi().hset('blog:card:wine', 'author', 'bob', 'version', '3')
        await handOver.zrem('blog:author:ada', 'wine').zadd('blog:author:bob', 1772697600000, 'wine').exec()
      },
      verify: ({ first, after, held }) => {
        verify(
          first.ok,
          "A post's author changed while the list was being read, and `getPostsByAuthor` threw.",
          {
            received: first.ok || first.error,
          },
        )
        const shown = first.value.map(({ postId, author }) => `${postId} of ${author}`)
        verify(
          shown.includes('tea of ada') && shown.every((one) => one.endsWith('of ada')),
          `The post \`wine\` went from \`ada\` to \`bob\` between the ${code(after, 'start')} and the ${code(held, 'end')} of \`getPostsByAuthor\` for \`ada\`. Expected \`tea\`, and no post whose card names \`bob\`.`,
          { received: shown },
        )
      },
    })
  })
})

describe('catchUpPosts and followPosts', () => {
  test('finds a post', async () => {
    const id = 'news:blog:post:1'
    const created = { title: 'News', content: 'text', author: 'Ada' }
    await plant(1, [event(1, 'POST_CREATED', created, id), event(2, 'POST_PUBLISHED', {}, id)], id)
    await call('catchUpPosts', () => catchUpPosts(box.redis))
    verifyEqual(
      { Ada: await list('Ada'), ada: await list('ada') },
      { Ada: [id, MS_2], ada: [] },
      `The post \`${id}\` was published, so it should be in the list of its author, \`Ada\`, after \`catchUpPosts\`. The ID may contain colons: it's everything after \`blog:post:\` in the key.`,
      [
        [
          ({ ada }) => ada.length > 0,
          "The author of a post is `Ada`, and the post is in the list of `ada`. Use the author's name in the key as it is, because `ada` may be someone else.",
        ],
      ],
    )
  })

  test('catches up on missed posts', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `news:${n + 1}`)
    for (const postId of ids) {
      const created = { title: postId, content: 'text', author: 'ada' }
      const events = [event(1, 'POST_CREATED', created, postId), event(2, 'POST_PUBLISHED', {}, postId)]
      await plant(1, events, postId)
    }
    await plant(1, [CREATED, PUBLISHED, EDITED, TO_BOB])
    await box.admin.hset('blog:card:post-1', OF_ADA.card)
    await box.admin.zadd('blog:author:ada', MS_2, 'post-1')
    await call('catchUpPosts', () => catchUpPosts(box.redis))
    const hers = await box.admin.zrange('blog:author:ada', '0', '-1')
    const missing = ids.filter((id) => !hers.includes(id))
    verify(
      missing.length === 0,
      "Forty of `ada`'s posts (`news:1` to `news:40`) were published while the index wasn't being updated. All of them should be in her list. `SCAN` returns them in batches, so continue until its cursor is 0 again.",
      { expected: [], received: missing },
    )
    verifyEqual(
      await index().then(({ card, bob }) => ({ card, bob })),
      { card: OF_BOB.card, bob: OF_BOB.bob },
      "`post-1` was edited, and its author changed to `bob`, while the index wasn't being updated. `catchUpPosts` should apply the new events, even though the post already has a card.",
    )
    const keys = box.commands.find(({ name }) => name.toUpperCase() === 'KEYS')
    verify(
      keys === undefined,
      '`catchUpPosts` fetched all keys with `KEYS`, which blocks all other clients until Redis has gone through the whole database. Use `SCAN`.',
    )
    await call('catchUpPosts', () => catchUpPosts(box.redis))
    verifyEqual(
      await list('ada'),
      [...ids].sort().flatMap((id) => [id, MS_2]),
      '`catchUpPosts` was called twice. The list of `ada` should have her forty posts and no others, each with the time of its publication. The second call found nothing new, so it should have changed nothing.',
    )
  })

  test('goes to the end of the SCAN', async () => {
    await box.admin.mset(Array.from({ length: 2_500 }, (_, n) => [`shop:item:${n}`, 'x']).flat())
    await plant(1, [CREATED, PUBLISHED])
    await call('catchUpPosts', () => catchUpPosts(box.redis))
    const scans = box.commands.filter(({ name }) => name.toUpperCase() === 'SCAN')
    const cursors = scans.map(({ reply }) => (Array.isArray(reply) ? String(reply[0]) : ''))
    verify(
      scans.length === 0 || cursors.includes('0'),
      "There's one post among 2,500 other keys, and `catchUpPosts` ended before the cursor of `SCAN` was 0 again. A batch from `SCAN` may contain no posts and still not be the last: only a cursor of 0 means that there are no more.",
      { expected: '0', received: cursors.at(-1) },
    )
    verifyEqual(
      await index(),
      OF_ADA,
      "There's one post among 2,500 other keys. `catchUpPosts` should find it and bring its index up to date.",
    )
  })

  test('keeps the index live', async () => {
    const news = (postId: string) => [
      event(1, 'POST_CREATED', { title: 'News', content: 'text', author: 'cyd' }, postId),
      event(2, 'POST_PUBLISHED', {}, postId),
    ]
    await plant(1, [CREATED, PUBLISHED])
    await plant(1, news('missed'), 'missed')
    const seen: unknown[] = []
    const told: unknown[] = []
    async function* source() {
      await plant(3, [EDITED, TO_BOB])
      yield 'post-1'
      seen.push(await index(), await list('cyd'))
      await plant(1, news('broken'), 'broken')
      await box.admin.set('blog:card:broken', 'no hash')
      yield 'broken'
      await plant(1, news('next'), 'next')
      yield 'next'
      await box.admin.del('blog:card:broken')
      yield 'broken'
      await plant(5, [event(5, 'POST_EDITED', { title: 'Once more' })])
      yield 'post-1'
      await plant(6, [event(6, 'POST_AUTHOR_CHANGED', { author: 'ada' })])
      yield 'post-1'
    }
    await call('followPosts', () =>
      followPosts(box.redis, source(), (error, postId) => told.push([error instanceof Error, postId])),
    )
    verifyEqual(
      seen[0],
      OF_BOB,
      '`news` yielded `post-1`, whose author had changed to `bob`. By the time `followPosts` requested the next ID, the index should have been up to date. Await each update before you request the next ID.',
    )
    verifyEqual(
      seen[1],
      ['missed', MS_2],
      "The post `missed` was published before `followPosts` began, and `news` never yielded it. `followPosts` should first catch up, because `news` covers only what happens while it's running.",
    )
    verifyEqual(
      told,
      [[true, 'broken']],
      "The index of the post `broken` can't be updated (its card's key holds a string). `followPosts` should call `onError` once, with the error and the post's ID.",
    )
    verifyEqual(
      (await list('cyd')).filter((id) => id === 'next'),
      ['next'],
      "After the update of `broken` failed, `news` yielded the post `next`, which isn't in its author's list. One failure must not end `followPosts`.",
    )
    verifyEqual(
      [await list('cyd'), await list('ada')],
      [
        ['broken', MS_2, 'missed', MS_2, 'next', MS_2],
        ['post-1', MS_2],
      ],
      '`news` yielded `broken` again after its card was fixed, and `post-1` twice in a row: after an edit, and after its author had changed back to `ada`. The index should be up to date for both, even though one had failed and the other was updated before.',
    )
  })

  test("fails when it can't catch up", async () => {
    await plant(1, [CREATED, PUBLISHED])
    await box.admin.set('blog:card:post-1', 'no hash')
    const caught = await attempt('catchUpPosts', () => catchUpPosts(box.redis))
    verify(
      !caught.ok,
      "The index of `post-1` can't be updated (its card's key holds a string), but `catchUpPosts` resolved as if all were well. Let the error through, and await each update.",
    )
    let asked = false
    const told: unknown[] = []
    // biome-ignore lint/correctness/useYield: the source ends without an ID
    async function* source(): AsyncGenerator<string> {
      asked = true
    }
    const followed = await attempt('followPosts', () =>
      followPosts(box.redis, source(), (error) => told.push(error)),
    )
    verify(
      !followed.ok && told.length === 0,
      "Catching up failed (a card's key holds a string). `followPosts` should catch up first and reject with that error, even if `news` yields nothing. If it follows `news` anyway, the index is incomplete without anyone noticing. `onError` is only for the IDs from `news`.",
      { received: { rejected: !followed.ok, onError: told.length, askedForNews: asked } },
    )
    verifyEqual(
      String(followed.error),
      String(caught.error),
      "`followPosts` couldn't catch up. It should reject with the same error as `catchUpPosts`.",
    )
  })

  test('rejects when the news fail', async () => {
    const failure = new Error('the subscription broke')
    const told: unknown[] = []
    async function* source() {
      yield 'post-1'
      throw failure
    }
    const outcome = await attempt('followPosts', () =>
      followPosts(box.redis, source(), (error) => told.push(error)),
    )
    verify(
      !outcome.ok && outcome.error === failure && told.length === 0,
      '`news` yielded one ID and then threw an error, because its subscription broke. `followPosts` should reject with that error. If it resolves, or only calls `onError`, the program believes that the index is still being updated.',
      { received: { rejectedWith: outcome.ok ? undefined : outcome.error, onError: told } },
    )
  })

  test.skipIf(lacks('own-server'))('passes on errors from SCAN', async () => {
    const server = await box.startServer()
    await server.admin.acl('SETUSER', 'default', '-scan')
    const outcome = await attempt('catchUpPosts', () => catchUpPosts(server.connect()))
    verify(
      !outcome.ok && String(outcome.error).includes('NOPERM'),
      'Redis refused `SCAN` (`NOPERM`), so `catchUpPosts` found no posts. It should reject with that error. If it resolves, the index is incomplete without anyone noticing.',
      { received: outcome.ok ? outcome.value : outcome.error },
    )
  })
})
