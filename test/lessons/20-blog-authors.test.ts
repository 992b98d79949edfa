import { describe, test } from 'vitest'
import { editPost, PostRefusedError } from '#built/18-blog'
import {
  attempt,
  call,
  callError,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  largestReply,
  sharedWatch,
  useSandbox,
  verify,
  verifyEqual,
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

/** Happened on the n-th of March. */
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

/** Appends to the stream of a post; `version` is that of the first. */
async function plant(version: number, events: readonly BlogEvent[], postId = 'post-1'): Promise<void> {
  const pipeline = box.admin.pipeline()
  for (const [index, one] of events.entries()) {
    pipeline.xadd(`blog:post:${postId}`, `${version + index}-0`, 'event', JSON.stringify(one))
  }
  await pipeline.exec()
}

const list = (author: string) => box.admin.zrange(`blog:author:${author}`, '0', '-1', 'WITHSCORES')

/** All that the index says about post-1. */
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

describe('applyCardEvent and changeAuthor', () => {
  test('follows each event', async () => {
    const published = draft({ publishedAt: DAY_2 })
    const steps: readonly (readonly [PostCard | null, BlogEvent, PostCard | null, string])[] = [
      [null, CREATED, draft(), 'POST_CREATED makes the card of a draft.'],
      [draft(), EDITED, draft({ title: 'Hello, world' }), 'POST_EDITED with a title changes the title.'],
      [
        published,
        event(4, 'POST_CREATED', { title: 'Other', content: 'text', author: 'bob' }),
        published,
        'A second POST_CREATED changed a card that is there. It stays as it is: otherwise a repeated event makes a published post a draft of its first author.',
      ],
      [draft(), event(3, 'POST_EDITED', { content: 'More' }), draft(), 'An edit without a title leaves it.'],
      [
        draft(),
        event(3, 'POST_EDITED', { title: '' }),
        draft({ title: '' }),
        'POST_EDITED with the title `""` has a title: it is empty, and so is that of the card from then on. Only a missing one leaves the card alone.',
      ],
      [draft(), PUBLISHED, published, 'POST_PUBLISHED sets `publishedAt` to the time of the event.'],
      [published, event(5, 'POST_PUBLISHED'), published, 'At a second POST_PUBLISHED the first day counts.'],
      [
        published,
        TO_BOB,
        draft({ publishedAt: DAY_2, author: 'bob' }),
        'POST_AUTHOR_CHANGED changes the author and nothing else: the post is as old as before.',
      ],
      [
        published,
        event(5, 'POST_PINNED', { author: 'x' }),
        published,
        'Other types leave the card as it is.',
      ],
      [null, TO_BOB, null, 'Without a POST_CREATED there is no card: `null`.'],
    ]
    for (const [before, one, after, why] of steps) {
      verifyEqual(await call('applyCardEvent', () => applyCardEvent(before, one)), after, why)
    }
    verifyEqual(
      published,
      draft({ publishedAt: DAY_2 }),
      'applyCardEvent wrote into the card that it was given. Return a new one.',
    )
  })

  test('hands a post over', async () => {
    await plant(1, [CREATED, PUBLISHED])
    const outcome = await attempt('changeAuthor', () => changeAuthor(box.redis, clock, 'post-1', 'bob'))
    verify(
      outcome.ok || !(outcome.error instanceof PostRefusedError),
      'The post stands in its stream, and changeAuthor refused it. The index has not heard of it yet; it is a view, and may be late. Decide on the stream.',
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
      'changeAuthor should append POST_AUTHOR_CHANGED with `{ author }` as 3-0, and resolve to the new version 3.',
    )
    const again = await call('changeAuthor', () => changeAuthor(box.redis, clock, 'post-1', 'bob'))
    verifyEqual(
      [again, await types()],
      [3, ['POST_CREATED', 'POST_PUBLISHED', 'POST_AUTHOR_CHANGED']],
      'The post is bob’s already. Nothing happened, so no event should be stored; changeAuthor resolves to the version as it is. (`getPost` of lesson 18 does not tell whose it is: it passes over POST_AUTHOR_CHANGED.)',
    )
    const error = await callError(
      'changeAuthor',
      () => changeAuthor(box.redis, clock, 'post-9', 'bob'),
      PostRefusedError,
      'post-9 never was. It cannot be handed over: refuse with the PostRefusedError of lesson 18.',
    )
    verifyEqual(
      [error.reason, error.postId],
      ['not-found', 'post-9'],
      'The PostRefusedError should carry the reason "not-found" and the post’s id.',
    )
  })

  test('decides on the author as he is', async () => {
    await plant(1, [CREATED, PUBLISHED, TO_BOB])
    const version = await call('changeAuthor', () => changeAuthor(box.redis, clock, 'post-1', 'ada'))
    verifyEqual(
      [version, (await stored()).at(-1)?.payload],
      [4, { author: 'ada' }],
      'The post was ada’s, is bob’s, and goes back to ada: that is an event, the fourth. changeAuthor should ask who has the post now. (The reducer of lesson 18 does not know POST_AUTHOR_CHANGED, so `getPost` still says ada.)',
    )
  })

  test('decides on the stream when the index is behind', async () => {
    await plant(1, [CREATED, PUBLISHED, EDITED, TO_BOB])
    await box.admin.hset('blog:card:post-1', OF_ADA.card)
    await box.admin.zadd('blog:author:ada', MS_2, 'post-1')
    const same = await call('changeAuthor', () => changeAuthor(box.redis, clock, 'post-1', 'bob'))
    verifyEqual(
      [same, (await stored()).length],
      [4, 4],
      'The post has been bob’s since version 4, while its card is still at version 2 and says ada. changeAuthor should store nothing, and resolve to 4: the index may be behind, so only the stream says whose post it is.',
    )
    const back = await call('changeAuthor', () => changeAuthor(box.redis, clock, 'post-1', 'ada'))
    verifyEqual(
      [back, (await stored()).at(-1)?.payload],
      [5, { author: 'ada' }],
      'The post has been bob’s since version 4, while its card is still at version 2 and says ada. Handing it back to ada is an event, the fifth: the index may be behind, so only the stream says whose post it is.',
    )
  })

  test('tries again, but not for ever', async () => {
    await plant(1, [CREATED])
    let version = 1
    let tries = 0
    // Whenever a decision is about to be written, somebody else is quicker.
    const quicker = (most: number) => () => {
      tries += 1
      if (tries <= most) {
        version += 1
        box.redis.xadd('blog:post:post-1', `${version}-0`, 'event', JSON.stringify(EDITED)).catch(() => {})
      }
      return clock()
    }
    const fifth = await attempt('changeAuthor', () => changeAuthor(box.redis, quicker(4), 'post-1', 'bob'))
    verify(
      fifth.ok,
      'Four times somebody else was quicker and took the version. changeAuthor gave up, though it may read and decide anew up to ten times.',
      { received: fifth.ok || fifth.error },
    )
    version = (await stored()).length
    tries = 0
    const last = await attempt('changeAuthor', () => changeAuthor(box.redis, quicker(30), 'post-1', 'cyd'))
    verify(
      tries <= 11,
      'Each time somebody else was quicker, and changeAuthor went on after its tenth attempt. Ten at most: then throw the error, so that the caller hears of it and nothing hangs.',
      { received: `${tries} attempts` },
    )
    const written = (await stored()).some(({ payload }) => payload.author === 'cyd')
    verify(
      !last.ok || written,
      'Each time somebody else was quicker; changeAuthor gave up, and resolved as if the post were cyd’s. Nothing was stored, so it should throw.',
      { received: last.ok && last.value },
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
          'Somebody edited the post while it was handed over, and changeAuthor failed. When the version is taken, read again and decide again.',
          { received: first.ok || first.error },
        )
        verifyEqual(
          (await types()).sort(),
          ['POST_AUTHOR_CHANGED', 'POST_CREATED', 'POST_EDITED'],
          'An edit and a change of author at the same time: both should be in the stream, each once.',
        )
      },
    })
  })

  test('hands a post over once, when two do it', async () => {
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
            `Two people handed the post over to bob at the same time, and it was not stored just once. Whose version was taken has to read again and decide again: it is bob’s by then, and there is nothing left to store.${sameConnection ? sharedWatch(box.commands) : ''}`,
          )
          verifyEqual(
            [first.ok ? first.value : first.error, second.ok ? second.value : second.error],
            [2, 2],
            `Two people handed the post over to bob at the same time. Both should hear that the post is at version 2: one stored it, the other found nothing to do.${sameConnection ? sharedWatch(box.commands) : ''}`,
          )
        },
      })
    }
  })
})

const update = () => call('updatePostIndex', () => updatePostIndex(box.redis, 'post-1'))

describe('updatePostIndex', () => {
  test('follows a post from draft to list', async () => {
    const none = await update()
    verifyEqual([none, await index()], [0, NONE], 'The post never was: 0, and nothing in the index.')
    await plant(1, [CREATED])
    const first = await update()
    verifyEqual(
      await index(),
      { card: { title: 'Hello', author: 'ada', version: '1' }, ada: [], bob: [] },
      'A draft has a card (title, author, version, and no publishedAt), and stands in no list: it is not published.',
    )
    await plant(2, [PUBLISHED])
    const second = await update()
    verifyEqual(
      await index(),
      OF_ADA,
      'The post was published. Its card should say when, and it should stand in `blog:author:ada` with that time, in milliseconds, as the score.',
    )
    verifyEqual(
      [first, second],
      [1, 2],
      'updatePostIndex should resolve to the version that the index is at now.',
    )
    verifyEqual(
      [await update(), await index()],
      [2, OF_ADA],
      'Nothing new was stored. updatePostIndex should leave the index as it is, and resolve to the version at which it is: 0 is for a post that never was.',
    )
    const keys = (await box.admin.keys('*')).sort()
    verifyEqual(
      keys,
      ['blog:author:ada', 'blog:card:post-1', 'blog:post:post-1'],
      'The index is cards and lists, and nothing else: updatePostIndex left another key behind, or removed one.',
    )
    verifyEqual(
      await Promise.all(keys.map((key) => box.admin.ttl(key))),
      [-1, -1, -1],
      'updatePostIndex gave a key a time to live. When it is over, a card or a list is gone, although nothing happened to the post.',
    )
  })

  test('keeps the milliseconds', async () => {
    await plant(1, [CREATED, { ...PUBLISHED, timestamp: '2026-03-02T08:00:00.250Z' }])
    await update()
    verifyEqual(
      await list('ada'),
      ['post-1', '1772438400250'],
      'The post was published a quarter of a second after eight, and the score says something else. It should be that time in milliseconds, with nothing cut off.',
    )
  })

  test('leaves an edited post where it stands', async () => {
    await plant(1, [CREATED, PUBLISHED])
    await update()
    await plant(3, [EDITED])
    await update()
    verifyEqual(
      await index(),
      { ...OF_ADA, card: { ...OF_ADA.card, title: 'Hello, world', version: '3' } },
      'A published post was edited. The card should have the new title; in the list it stays at the day of its publication, an edit is no news.',
    )
  })

  test('moves a post to its new author', async () => {
    await plant(1, [CREATED, PUBLISHED, EDITED])
    await update()
    await plant(4, [TO_BOB])
    await update()
    const found = await index()
    verify(
      found.ada.length === 0,
      'The post was handed over from ada to bob, and still stands in ada’s list. The event names only the new author; the old one is on the card.',
      { received: found },
    )
    verifyEqual(
      found,
      OF_BOB,
      'The post was handed over from ada to bob: it should be in bob’s list, at its old place in time, and the card should name him.',
    )
    for (let again = 0; again < 2; again += 1) await update()
    verifyEqual(
      await index(),
      OF_BOB,
      'Told three times of the same event, the index should be as after once.',
    )
  })

  test('puts a draft that was handed over in the list of its new author', async () => {
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
        'A draft of ada’s was handed over to bob and then published. It should be in bob’s list alone: the list to put a post in is that of its author after all events, not that of the author on the card before them.',
      )
    }
  })

  test('catches up with many events', async () => {
    const edits = Array.from({ length: 1_098 }, (_, n) => event(3, 'POST_EDITED', { title: `Title ${n}` }))
    await plant(1, [CREATED, PUBLISHED, ...edits])
    const version = await update()
    verifyEqual(
      [version, (await index()).card.title],
      [1_100, 'Title 1097'],
      'A post has 1,100 events that the index has not seen, and after updatePostIndex it is not at the last one. Go on until a page is not full.',
    )
    verify(
      largestReply(box.commands) <= 1_000,
      'updatePostIndex fetched more than 1,000 entries with one command. Read in pages.',
      {
        received: `${largestReply(box.commands)} entries`,
      },
    )
  })

  test('begins at the checkpoint', async () => {
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
      'The card is at version 3, and one event stands behind it, which hands the post over to bob. Only that one should be applied, to what the card says.',
      [
        [
          ({ card }) => card.title !== undefined && card.title !== 'As the card has it',
          'The card is at version 3, and one event stands behind it. Only that one should be applied, to what the card says: who replays the post from its first event makes every edit dearer than the one before.',
        ],
      ],
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
          `The process died after its ${last ?? 'start'}: the card and the two lists do not say the same. Change all of them in one step, and the version with them.`,
        )
      },
    })
  })

  test('never goes backwards', async () => {
    for (const sameConnection of [false, true]) {
      await everyInterleaving({
        name: 'updatePostIndex',
        sameConnection,
        prepare: () => plant(1, [CREATED, PUBLISHED]),
        first: (redis) => updatePostIndex(redis, 'post-1'),
        second: async (redis) => {
          await plant(3, [EDITED, TO_BOB])
          return updatePostIndex(redis, 'post-1')
        },
        verify: async ({ first, second, after, held }) => {
          const failed = first.ok ? second : first
          verify(
            failed.ok,
            'The index of one post was brought up to date twice at the same time, and one of the two threw.',
            { received: failed.ok || failed.error },
          )
          verifyEqual(
            await index(),
            OF_BOB,
            `${sameConnection ? 'Two parts of one program, with one client,' : 'Two processes'} work on one post. When both are done, its index should be at version 4: bob’s, and in no other list.${sameConnection ? sharedWatch(box.commands) : ''}`,
            [
              [
                ({ card, ada }) => card.version === '2' || ada.length > 0,
                `${sameConnection ? 'Two parts of one program, with one client,' : 'Two processes'} work on one post. The slow one had read up to version 2; between its ${after ?? 'start'} and its ${held ?? 'end'} the fast one brought the index to version 4 (bob’s). Then the slow one wrote what it knew. Write only if the card’s version is still the one that you saw; otherwise read again.${sameConnection ? sharedWatch(box.commands) : ''}`,
              ],
            ],
          )
        },
      })
    }
  })

  test('leaves no connection open', async () => {
    for (const [what, prepare] of [
      ['of a post that never was', async () => {}],
      ['that found something new', () => plant(1, [CREATED])],
      ['that found nothing new', async () => {}],
      ['that failed', () => box.admin.set('blog:card:post-1', 'no hash')],
    ] as const) {
      await prepare()
      await attempt('updatePostIndex', () => updatePostIndex(box.redis, 'post-1'))
      verify(
        (await connectionsStillOpen()) === 0,
        `After an updatePostIndex ${what}, a connection that it opened is still open. With each news one more is left, until Redis accepts none: disconnect the duplicate in a \`finally\`.`,
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
      'The post is at version 10. updatePostIndex should bring the card there, and resolve to 10.',
      [
        [
          ([, stored]) => stored === '9',
          'The card was at version 9, and the tenth event did not get into the index. Versions are numbers: compared as texts, "9" is greater than "10".',
        ],
      ],
    )
  })

  test('looks again when the card has moved', async () => {
    await everyInterleaving({
      name: 'updatePostIndex',
      prepare: () => plant(1, [CREATED, PUBLISHED, EDITED, TO_BOB]),
      first: (redis) => updatePostIndex(redis, 'post-1'),
      second: async () => {
        // A process that read before events 3 and 4 were stored, and is only now writing.
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
          `Between the ${after ?? 'start'} and the ${held ?? 'end'} of your updatePostIndex a slower process brought the card to version 2. The post is at version 4, and updatePostIndex left the card at 2. That another one wrote does not mean that it wrote all: begin again with the card.`,
          { expected: OF_BOB, received: found },
        )
        verifyEqual(
          found,
          OF_BOB,
          'The post is at version 4 and belongs to bob. Card and lists should say so, whatever a slower process wrote in the meantime.',
          [
            [
              ({ ada }) => ada.length > 0,
              `Between the ${after ?? 'start'} and the ${held ?? 'end'} of your updatePostIndex a slower process put the post into ada’s list, at version 2. At version 4 it is bob’s, and should be in his list alone. Being newer is not enough: the list to take it out of comes from a card that has changed since you read it.`,
            ],
          ],
        )
      },
    })
  })
})

/** A published post in the index, without a stream. */
async function plantCard(postId: string, author: string, day: number, score: number): Promise<void> {
  const publishedAt = `2026-03-0${day}T08:00:00.000Z`
  await box.admin.hset(`blog:card:${postId}`, { title: `On ${postId}`, author, publishedAt, version: 2 })
  await box.admin.zadd(`blog:author:${author}`, score, postId)
}

describe('getPostsByAuthor', () => {
  test('asks the index alone', async () => {
    await plantCard('post-1', 'ada', 2, Number(MS_2))
    await plant(1, [CREATED, PUBLISHED, EDITED, TO_BOB])
    await call('getPostsByAuthor', () => getPostsByAuthor(box.redis, 'ada'))
    const sent = box.commands.find(({ args }) => args.some((arg) => arg.startsWith('blog:post:')))
    verify(
      sent === undefined,
      'The index says that post-1 is ada’s; its stream has moved on. getPostsByAuthor went to the posts themselves. It should answer from cards and lists alone: a page is cheap to read because others keep them.',
      { received: sent?.name },
    )
  })

  test('shows the newest first', async () => {
    await plantCard('tea', 'ada', 3, 1772524800000)
    await plantCard('bread', 'ada', 1, 1772352000000)
    await plantCard('wine', 'ada', 5, 1772697600000)
    await plantCard('oil', 'bob', 2, 1772438400000)
    const posts = await call('getPostsByAuthor', () => getPostsByAuthor(box.redis, 'ada'))
    verifyEqual(
      posts?.map(({ postId }) => postId),
      ['wine', 'tea', 'bread'],
      'Ada published bread on the first of March, tea on the third, wine on the fifth; oil is bob’s. getPostsByAuthor should give ada’s three, the newest publication first.',
    )
    verifyEqual(
      posts[0],
      { postId: 'wine', title: 'On wine', author: 'ada', publishedAt: '2026-03-05T08:00:00.000Z' },
      'Each post should be given as a PostCard: postId, title, author, publishedAt.',
    )
    const none = await call('getPostsByAuthor', () => getPostsByAuthor(box.redis, 'cyd'))
    verifyEqual(none, [], 'For an author without posts it should give an empty list.')
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
      'Ada’s list has rum, wine and tea, and for rum there is no card: `HGETALL` gives `{}` for what is not there, and `{}` is no card. Of the newest two, rum and wine, only wine should be shown, under its own id; the page is one shorter.',
    )
  })

  test('puts posts of the same time in the order of their ids', async () => {
    for (const postId of ['tea', 'bread', 'wine']) await plantCard(postId, 'ada', 2, Number(MS_2))
    const posts = await call('getPostsByAuthor', () => getPostsByAuthor(box.redis, 'ada'))
    verifyEqual(
      posts.map(({ postId }) => postId),
      ['wine', 'tea', 'bread'],
      'Three posts were published in the same millisecond. The greater id should come first, as ZREVRANGE has it: otherwise pages overlap.',
    )
  })

  test('gives one page', async () => {
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
      'Of 130 posts, `{ offset: 2, limit: 3 }` should give the third to the fifth newest.',
    )
    verifyEqual((await ids()).length, 20, 'Without a page it should give the newest 20.')
    verifyEqual(await ids({ offset: 128 }), ['p2', 'p1'], 'The last page has what is left.')
    const greedy = box.commands.find(({ reply }) => Array.isArray(reply) && reply.length > 60)
    verify(
      greedy === undefined,
      'getPostsByAuthor fetched the whole list to give a page of it. The sorted set can give a part by rank.',
      { received: greedy?.name },
    )
  })

  test('never shows a post of somebody else', async () => {
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
        verify(first.ok, 'A post was handed over while the list was read, and getPostsByAuthor threw.', {
          received: first.ok || first.error,
        })
        const shown = first.value.map(({ postId, author }) => `${postId} of ${author}`)
        verify(
          shown.includes('tea of ada') && shown.every((one) => one.endsWith('of ada')),
          `Wine was handed over to bob between the ${after ?? 'start'} and the ${held ?? 'end'} of getPostsByAuthor for ada. Her list should have tea, and no post that its own card says is bob’s.`,
          { received: shown },
        )
      },
    })
  })
})

describe('catchUpPosts and followPosts', () => {
  test('finds a post', async () => {
    const created = { title: 'News', content: 'text', author: 'ada' }
    const events = [event(1, 'POST_CREATED', created, 'news:1'), event(2, 'POST_PUBLISHED', {}, 'news:1')]
    await plant(1, events, 'news:1')
    await call('catchUpPosts', () => catchUpPosts(box.redis))
    verifyEqual(
      await list('ada'),
      ['news:1', MS_2],
      'The post news:1 was published, and should be in ada’s list after catchUpPosts. Its id has a colon: it is all of the key behind `blog:post:`.',
    )
  })

  test('brings in what was missed', async () => {
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
      'Forty posts of ada (news:1 to news:40) were published while nobody kept the index. All of them should be in her list. SCAN gives them in portions: go on until its cursor is 0 again.',
      { expected: [], received: missing },
    )
    verifyEqual(
      await index().then(({ card, bob }) => ({ card, bob })),
      { card: OF_BOB.card, bob: OF_BOB.bob },
      'post-1 was edited and handed over to bob while nobody kept the index. catchUpPosts should bring it up to its last event, although it has a card already.',
    )
    verifyEqual(
      hers.filter((id) => !ids.includes(id)),
      [],
      'After catchUpPosts a post stands in ada’s list that is not hers.',
    )
    const keys = box.commands.find(({ name }) => name.toUpperCase() === 'KEYS')
    verify(
      keys === undefined,
      'catchUpPosts asked for all keys with KEYS: Redis serves nobody else until it has gone through all of them. Use SCAN.',
    )
    const before = await box.admin.zrange('blog:author:ada', '0', '-1', 'WITHSCORES')
    await call('catchUpPosts', () => catchUpPosts(box.redis))
    verifyEqual(
      await box.admin.zrange('blog:author:ada', '0', '-1', 'WITHSCORES'),
      before,
      'A second catchUpPosts finds nothing new, and should change nothing.',
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
      'One post stands among 2,500 other keys, and catchUpPosts ended before the cursor of SCAN was 0 again. A portion of SCAN may hold no post and still not be the last: only a cursor of 0 is the end.',
      { expected: '0', received: cursors.at(-1) },
    )
    verifyEqual(
      await index(),
      OF_ADA,
      'One post stands among 2,500 other keys. catchUpPosts should bring its index up to date.',
      [
        [
          ({ card }) => card.version === undefined,
          'One post stands among 2,500 other keys, and catchUpPosts did not find it.',
        ],
      ],
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
      await plant(5, [event(5, 'POST_AUTHOR_CHANGED', { author: 'ada' })])
      yield 'post-1'
    }
    await call('followPosts', () =>
      followPosts(box.redis, source(), (error, postId) => told.push([error instanceof Error, postId])),
    )
    verifyEqual(
      seen[0],
      OF_BOB,
      'The news named post-1, which had been handed over to bob. When followPosts asked for the next news, the index should have had it: live means at once.',
    )
    verifyEqual(
      seen[1],
      ['missed', MS_2],
      'The post "missed" was published before followPosts began, and no news came of it. followPosts should first catch up: news tell only what happens while one listens.',
    )
    verifyEqual(
      told,
      [[true, 'broken']],
      'The index of the post "broken" cannot be updated (a text lies at its card’s key). `onError` should be called once, with the error and the post’s id.',
    )
    verifyEqual(
      (await list('cyd')).filter((id) => id === 'next'),
      ['next'],
      'After the post "broken" failed, the news of the post "next" came, and it is not in the list of its author. One failure must not end the following.',
    )
    verifyEqual(
      [await list('cyd'), await list('ada')],
      [
        ['broken', MS_2, 'missed', MS_2, 'next', MS_2],
        ['post-1', MS_2],
      ],
      'News came again of "broken", which had been mended, and of post-1, which had been given back to ada. The index should have both: that a post was named before, or failed before, says nothing of today.',
    )
  })

  test('fails when it cannot catch up', async () => {
    await plant(1, [CREATED, PUBLISHED])
    await box.admin.set('blog:card:post-1', 'no hash')
    const caught = await attempt('catchUpPosts', () => catchUpPosts(box.redis))
    verify(
      !caught.ok,
      'The index of post-1 cannot be updated (a text lies at its card’s key), and catchUpPosts resolved as if all were well. Let the error through, and wait for each update.',
    )
    let asked = false
    const told: unknown[] = []
    // biome-ignore lint/correctness/useYield: there are no news
    async function* source(): AsyncGenerator<string> {
      asked = true
    }
    const followed = await attempt('followPosts', () =>
      followPosts(box.redis, source(), (error) => told.push(error)),
    )
    verify(
      !followed.ok && told.length === 0,
      'Catching up failed (a text lies at the key of a card). followPosts should wait for that, also when no news come, reject with its error, and not begin to follow: its index would be incomplete, and nobody would know. `onError` is for the news.',
      { received: { rejected: !followed.ok, onError: told.length, askedForNews: asked } },
    )
    verifyEqual(
      String(followed.error),
      String(caught.error),
      'followPosts could not catch up, and should reject with the very error of catchUpPosts.',
    )
  })
})
