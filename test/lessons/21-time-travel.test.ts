import { describe, test } from 'vitest'
import { call, callError, largestReply, useSandbox, verify, verifyEqual } from '#kit'
import {
  compareVersions,
  listRevisions,
  postAtMoment,
  postAtVersion,
  UnknownVersionError,
} from '#lesson/21-time-travel'

const box = useSandbox()

/** The n-th of March, eight o'clock. */
const day = (n: number) => `2026-03-0${n}T08:00:00.000Z`
const KEY = 'blog:post:post-1'

function event(n: number, eventType: string, payload: object = {}) {
  const eventId = `0b7f3a52-6f0a-4c1e-9d3b-${String(n).padStart(12, '0')}`
  return { eventId, timestamp: day(n), eventType, entityId: 'post-1', payload, metadata: {} }
}

/** The fourth was stored by a server whose clock is two days late. */
const HISTORY = [
  event(1, 'POST_CREATED', { title: 'Hello', content: 'First post', author: 'ada' }),
  event(2, 'POST_EDITED', { title: 'Hello, world' }),
  event(5, 'POST_PUBLISHED'),
  event(3, 'POST_EDITED', { content: 'Fixed' }),
  event(6, 'POST_EDITED', { title: 'Hello' }),
]
const V1 = {
  title: 'Hello',
  content: 'First post',
  author: 'ada',
  published: false,
  createdAt: day(1),
  editedAt: null,
  publishedAt: null,
}
const V2 = { ...V1, title: 'Hello, world', editedAt: day(2) }
const V3 = { ...V2, published: true, publishedAt: day(5) }
const V4 = { ...V3, content: 'Fixed', editedAt: day(3) }
const V5 = { ...V4, title: 'Hello', editedAt: day(6) }

async function plant(events: readonly object[] = HISTORY): Promise<void> {
  const pipeline = box.admin.pipeline()
  for (const [index, one] of events.entries()) {
    pipeline.xadd(KEY, `${index + 1}-0`, 'event', JSON.stringify(one))
  }
  await pipeline.exec()
}

const snapshot = (version: number, post: object, until: string) =>
  box.admin.xadd('blog:snapshots:post-1', `${version}-0`, 'state', JSON.stringify(post), 'until', until)

const atVersion = (version: number, postId = 'post-1') =>
  call('postAtVersion', () => postAtVersion(box.redis, postId, version))
const atMoment = (moment: string, postId = 'post-1') =>
  call('postAtMoment', () => postAtMoment(box.redis, postId, new Date(moment)))

function inPages(name: string): void {
  verify(
    largestReply(box.commands) <= 1_000,
    `${name} fetched more than 1,000 entries with one command. Read in pages.`,
  )
}

const longHistory = (edits = 1_100) => [
  ...HISTORY.slice(0, 2),
  ...Array.from({ length: edits }, (_, n) => event(4, 'POST_EDITED', { content: `draft ${n}` })),
]

/** Published on the 5th, and then 1,100 edits by the server whose clock is late. */
const lateHistory = () => [
  ...HISTORY.slice(0, 3),
  ...Array.from({ length: 1_100 }, (_, n) => event(3, 'POST_EDITED', { content: `draft ${n}` })),
]

describe('postAtVersion', () => {
  test('gives every version', async () => {
    await plant()
    for (const [index, post] of [null, V1, V2, V3, V4, V5].entries()) {
      verifyEqual(
        await atVersion(index),
        post,
        `postAtVersion(…, ${index}) should give the post after its first ${index} events, in the order of the stream, and \`null\` for version 0.`,
      )
    }
    verifyEqual(
      await atVersion(2),
      V2,
      'postAtVersion(…, 2) gave another post when it was asked again, after version 5. The first two events are the same for ever; so keep nothing from one call to the next.',
    )
    verify(
      (await atVersion(0, 'post-9')) === null,
      'Version 0 of a post that never was is `null`, as of every post.',
    )
    verifyEqual(await box.admin.keys('*'), [KEY], 'postAtVersion should only read. It left keys behind.')
  })

  test('reads a long history', async () => {
    await plant(longHistory())
    const post = await atVersion(1_101)
    verifyEqual(
      post?.content,
      'draft 1098',
      'The post has 1,102 versions, and the one before the last shows another text: postAtVersion read one page only, or went too far.',
    )
    inPages('postAtVersion')
  })

  test('refuses a version that never was', async () => {
    await plant()
    for (const [postId, version, current] of [
      ['post-1', 9, 5],
      ['post-1', 6, 5],
      ['post-1', -1, 5],
      ['post-1', 1.5, 5],
      ['post-1', Number.NaN, 5],
      ['post-9', 1, 0],
    ] as const) {
      const error = await callError(
        'postAtVersion',
        () => postAtVersion(box.redis, postId, version),
        UnknownVersionError,
        `${postId} has ${current} versions, there is no version ${version}: postAtVersion should throw an UnknownVersionError. Any answer, the newest post or none, would be taken for what was asked.`,
      )
      verifyEqual(
        { postId: error.postId, version: error.version, current: error.current },
        { postId, version, current },
        'The UnknownVersionError should carry the post’s id, the version that was asked for and the current one.',
      )
    }
  })

  test('tells the current version, not that of a snapshot', async () => {
    await plant()
    await snapshot(2, V2, day(2))
    for (const version of [9, -1]) {
      const error = await callError(
        'postAtVersion',
        () => postAtVersion(box.redis, 'post-1', version),
        UnknownVersionError,
        `post-1 has 5 versions and a snapshot of version 2; there is no version ${version}. postAtVersion should throw an UnknownVersionError.`,
      )
      verifyEqual(
        error.current,
        5,
        'The post is at version 5, and its newest snapshot is of version 2. `current` should be the version of the last event: a snapshot can be well behind.',
      )
    }
  })

  test('begins at the right snapshot', async () => {
    await plant()
    await snapshot(2, { ...V2, author: 'ada, from snapshot 2' }, day(2))
    await snapshot(4, { ...V4, author: 'ada, from snapshot 4' }, day(5))
    const cases = [
      [1, { ...V1 }],
      [3, { ...V3, author: 'ada, from snapshot 2' }],
    ] as const
    for (const [version, post] of cases) {
      const received = await atVersion(version)
      verify(
        received?.author !== 'ada, from snapshot 4' && !(version === 1 && received?.editedAt),
        `Version ${version} was asked for, and the answer comes from a snapshot of a later version: it holds what had not yet happened.`,
        { expected: post, received },
      )
      if (version === 3) {
        verify(
          received?.author === 'ada, from snapshot 2',
          'There is a snapshot of version 2, and postAtVersion(…, 3) replayed from the first event. (The author in the snapshot shows it.) Begin at the latest snapshot that is not too new.',
          { received },
        )
      }
      verifyEqual(received, post, 'Behind the snapshot should come the events behind it, each once.')
    }
    verifyEqual(
      await atVersion(4),
      { ...V4, author: 'ada, from snapshot 4' },
      'A snapshot of just the version that was asked for is the answer; nothing needs to be applied to it.',
    )
    verifyEqual(
      await atVersion(5),
      { ...V5, author: 'ada, from snapshot 4' },
      'Of several snapshots that fit, postAtVersion should begin at the latest, and apply the events behind it.',
    )
  })

  test('finds an old snapshot among many', async () => {
    await plant(longHistory(130))
    const pipeline = box.admin.pipeline()
    for (let version = 5; version <= 130; version += 5) {
      const state = JSON.stringify({ ...V2, author: `from ${version}` })
      pipeline.xadd('blog:snapshots:post-1', `${version}-0`, 'state', state, 'until', day(4))
    }
    await pipeline.exec()
    verifyEqual(
      (await atVersion(23))?.author,
      'from 20',
      'There are 26 snapshots, and version 23 should begin at that of version 20. Versions are numbers: as text, 20-0 comes after 100-0.',
    )
  })
})

describe('postAtMoment', () => {
  test('gives the post of the moment', async () => {
    const instant = '2026-03-02T08:00:00.250Z'
    const second = { post: { ...V2, editedAt: instant }, version: 2 }
    const [created, edited, published] = HISTORY
    await plant([{ ...created }, { ...edited, timestamp: instant }, { ...published }])
    verifyEqual(
      await atMoment('2026-03-03T12:00:00.000Z'),
      second,
      'On the 3rd the first two events had happened: postAtMoment should give that post, and the version 2.',
    )
    verifyEqual(
      await atMoment(instant),
      second,
      'An event of the very millisecond that was asked for belongs to it, and postAtMoment left it out. Only what is later ends the journey; and compare with milliseconds.',
    )
    verifyEqual(
      await atMoment('2026-03-02T08:00:00.249Z'),
      { post: V1, version: 1 },
      'One millisecond earlier the event had not happened, and postAtMoment has it in. Compare the whole time, down to the millisecond.',
    )
    verifyEqual(
      await atMoment('2026-04-01T00:00:00.000Z'),
      { post: { ...V3, editedAt: instant }, version: 3 },
      'For a moment after the last event postAtMoment should give the post as it is now.',
    )
    for (const [moment, postId] of [
      ['2026-02-01T00:00:00.000Z', 'post-1'],
      [day(9), 'post-9'],
    ] as const) {
      verifyEqual(
        await atMoment(moment, postId),
        { post: null, version: 0 },
        'Before the first event, and for a post that never was, postAtMoment should give `{ post: null, version: 0 }`.',
      )
    }
    verifyEqual(await box.admin.keys('*'), [KEY], 'postAtMoment should only read. It left keys behind.')
  })

  test('refuses no moment at all', async () => {
    await plant()
    const noMoment = (postId: string) => () => postAtMoment(box.redis, postId, new Date('yesterday'))
    await callError(
      'postAtMoment',
      noMoment('post-1'),
      RangeError,
      'new Date("yesterday") is an Invalid Date; every comparison with it is false. postAtMoment should throw a RangeError and not answer anything.',
    )
    await callError(
      'postAtMoment',
      noMoment('post-9'),
      RangeError,
      'For an Invalid Date postAtMoment should throw a RangeError, also where it finds no event and no snapshot to compare it with. Look at the date first: otherwise the mistake is seen on some posts only.',
    )
  })

  test('lives with late clocks', async () => {
    await plant()
    const { post, version } = await atMoment(day(4))
    verify(
      !(post?.content === 'Fixed' && !post.published),
      'postAtMoment picked events by their timestamps, and made a post that never was: "Fixed" was written into a post that was published already. Take a piece of the stream from its beginning, never a selection.',
      { expected: { post: V2, version: 2 }, received: { post, version } },
    )
    verify(
      post?.published !== true,
      'On the 4th the post was public, says postAtMoment. That had not happened until the 5th: the late timestamp of the event behind it does not bring it forward. Stop at the first event that is later than the moment.',
      { expected: { post: V2, version: 2 }, received: { post, version } },
    )
    verifyEqual({ post, version }, { post: V2, version: 2 }, 'On the 4th the post had two events.')
    verifyEqual(
      await atMoment(day(5)),
      { post: V4, version: 4 },
      'On the 5th the post was published, and the event behind it, whose clock is late, counts from then on too.',
    )
  })

  test('stops for good at the first later event', async () => {
    await plant(lateHistory())
    const received = await atMoment(day(4))
    verify(
      !received.post?.content.startsWith('draft'),
      'The third event is later than the moment, and postAtMoment went on behind it: there are 1,100 more with early times. It left the loop over one page, it seems, and then read the next one. Return, or leave both loops.',
      { expected: { post: V2, version: 2 }, received },
    )
    verifyEqual(received, { post: V2, version: 2 }, 'On the 4th the post had two events.')
    const last = await atMoment(day(5))
    verifyEqual(
      [last.version, last.post?.content],
      [1_103, 'draft 1099'],
      'On the 5th the post had all its 1,103 events: postAtMoment should read page after page, until there are no more.',
    )
    inPages('postAtMoment')
  })

  test('uses no snapshot from after the moment', async () => {
    await plant()
    await snapshot(2, { ...V2, author: 'ada, from snapshot 2' }, day(2))
    await snapshot(4, { ...V4, author: 'ada, from snapshot 4' }, day(5))
    const early = await atMoment(day(4))
    verify(
      early.post?.author !== 'ada, from snapshot 4',
      'postAtMoment used the snapshot of version 4 for the 4th, but it holds an event of the 5th (`until`). The time of its last event says nothing: that clock was late.',
      { expected: { version: 2 }, received: early },
    )
    verifyEqual(
      early.post,
      { ...V2, author: 'ada, from snapshot 2' },
      'For the 4th, postAtMoment should begin at the snapshot of version 2, whose events had all happened by then. (The author in the snapshot shows it.)',
    )
    verifyEqual(
      early.version,
      2,
      'The post is that of version 2, and postAtMoment says another version. The events in the snapshot count, too: begin with its version, not with 0.',
    )
    verifyEqual(
      await atMoment(day(1)),
      { post: V1, version: 1 },
      'Both snapshots are from after the 1st. Without one that fits, begin at the first event.',
    )
    verifyEqual(
      await atMoment(day(6)),
      { post: { ...V5, author: 'ada, from snapshot 4' }, version: 5 },
      'Of two snapshots that fit, postAtMoment should begin at the latest, and apply the events behind it.',
    )
    verifyEqual(
      await atMoment(day(5)),
      { post: { ...V4, author: 'ada, from snapshot 4' }, version: 4 },
      'A snapshot whose `until` is the very moment fits, and so do the events in it.',
    )
  })

  test('finds the one snapshot that fits behind 1,100 that do not', async () => {
    await plant(longHistory())
    const pipeline = box.admin.pipeline()
    for (let version = 2; version <= 1_102; version += 1) {
      const state = JSON.stringify({ ...V2, author: `from ${version}` })
      pipeline.xadd(
        'blog:snapshots:post-1',
        `${version}-0`,
        'state',
        state,
        'until',
        day(version === 2 ? 2 : 4),
      )
    }
    await pipeline.exec()
    const author = (await atMoment(day(3))).post?.author
    verify(
      author === 'from 2' || author === 'ada',
      'postAtMoment used a snapshot whose `until` is the 4th, for the 3rd. Only `until` says whether one fits: times in its state may be those of late clocks.',
      { expected: 'from 2', received: author },
    )
    verifyEqual(
      author,
      'from 2',
      'There are 1,101 snapshots, and only the oldest, of version 2, is not too new for the 3rd. postAtMoment did not begin at it. Go back page after page, until one fits or there are no more.',
    )
    inPages('postAtMoment')
  })

  test('reads a long history', async () => {
    await plant(longHistory())
    const { post, version } = await atMoment(day(5))
    verifyEqual(
      [version, post?.content],
      [1_102, 'draft 1099'],
      'The post has 1,102 events, all from before the moment, and postAtMoment stopped earlier: it read one page only. Go on until an event is later, or a page is not full.',
    )
    inPages('postAtMoment')
  })

  test('finds the snapshot that fits behind a thousand that do not', async () => {
    await plant(longHistory())
    await snapshot(2, { ...V2, author: 'from 2' }, day(2))
    const pipeline = box.admin.pipeline()
    for (let version = 3; version <= 1_102; version += 1) {
      const state = JSON.stringify({ ...V2, author: `from ${version}` })
      pipeline.xadd('blog:snapshots:post-1', `${version}-0`, 'state', state, 'until', day(4))
    }
    await pipeline.exec()
    verifyEqual(
      await atMoment(day(3)),
      { post: { ...V2, author: 'from 2' }, version: 2 },
      'The newest 1,100 snapshots are from after the moment, the one of version 2 fits, and postAtMoment did not begin there. Go back page after page, until one fits or there are no more.',
    )
    inPages('postAtMoment')
  })

  test('keeps the latest time of the snapshot in mind', async () => {
    const late = event(3, 'POST_EDITED', { content: 'More' })
    await plant([...HISTORY.slice(0, 4), late])
    await snapshot(4, V4, day(5))
    verifyEqual(
      await atMoment(day(5)),
      { post: { ...V4, content: 'More', editedAt: day(3) }, version: 5 },
      'Behind the snapshot lies another event with a late clock. It counts from the 5th on, like the one before it.',
    )
  })
})

const list = (postId = 'post-1') => call('listRevisions', () => listRevisions(box.redis, postId))

describe('listRevisions', () => {
  test('lists events of every type', async () => {
    await plant([
      ...HISTORY.slice(0, 2),
      event(3, 'POST_PINNED', { until: day(4) }),
      event(4, 'POST_PUBLISHED'),
    ])
    const revisions = await call('listRevisions', () => listRevisions(box.redis, 'post-1'))
    verifyEqual(
      revisions.map(({ version, eventType }) => `${version} ${eventType}`),
      ['1 POST_CREATED', '2 POST_EDITED', '3 POST_PINNED', '4 POST_PUBLISHED'],
      'The third event is of a type that this program does not know. It is a version like the others and belongs into the list: one revision for each event, whatever its type.',
    )
  })

  test('lists what happened', async () => {
    await plant(HISTORY.slice(0, 3))
    const revisions = await list()
    verifyEqual(
      revisions,
      [
        { version: 1, eventType: 'POST_CREATED', timestamp: day(1), at: day(1) },
        { version: 2, eventType: 'POST_EDITED', timestamp: day(2), at: day(2) },
        { version: 3, eventType: 'POST_PUBLISHED', timestamp: day(5), at: day(5) },
      ],
      'listRevisions should give one revision for each event, the oldest first, with `version`, `eventType`, `timestamp` and `at`.',
    )
    verifyEqual(
      (await list()).length,
      3,
      'Asked a second time, listRevisions should give the same three revisions. What it gathers belongs into a variable inside the function, which is new for each call.',
    )
    verifyEqual(await list('post-9'), [], 'A post that never was has no revisions: an empty list.')
  })

  test('lists events of every type', async () => {
    await plant([...HISTORY.slice(0, 2), event(4, 'POST_LIKED', { by: 'bob' })])
    verifyEqual(
      (await list()).map(({ eventType }) => eventType),
      ['POST_CREATED', 'POST_EDITED', 'POST_LIKED'],
      'The third event is a POST_LIKED. It changes nothing in the post, but it happened and has a version: each event is a revision, whatever its type.',
    )
  })

  test('says from when each counts', async () => {
    await plant([...HISTORY.slice(0, 4), event(4, 'POST_EDITED', { content: 'More' }), ...HISTORY.slice(4)])
    const revisions = await list()
    verifyEqual(
      revisions.map(({ version, timestamp }) => [version, timestamp]),
      [
        [1, day(1)],
        [2, day(2)],
        [3, day(5)],
        [4, day(3)],
        [5, day(4)],
        [6, day(6)],
      ],
      'The list should follow the stream, and `timestamp` should say what the event says, also when its clock was late.',
    )
    verifyEqual(
      revisions.map(({ at }) => at),
      [day(1), day(2), day(5), day(5), day(5), day(6)],
      'The time in the list runs backwards. `at` should be the moment from which the event counts: the latest timestamp of all events up to and with it, not only of its own or of the one before.',
    )
  })

  test('lists a long history', async () => {
    await plant(lateHistory())
    const revisions = await list()
    verifyEqual(
      [revisions.length, revisions.at(-1)?.version],
      [1_103, 1_103],
      'The post has 1,103 events, and the list should have as many revisions. Fewer: only some pages were read. More: a page began with the last entry of the one before.',
    )
    const early = revisions.find(({ version, at }) => version > 2 && at !== day(5))
    verify(
      early === undefined,
      `Version 3 is of the 5th, and all behind it have late clocks: they count from the 5th on. But version ${early?.version} counts from an earlier time. It seems that the latest timestamp is forgotten from one page to the next.`,
      { expected: day(5), received: early?.at },
    )
    inPages('listRevisions')
  })
})

const compare = (from: number, to: number) =>
  call('compareVersions', () => compareVersions(box.redis, 'post-1', from, to))

describe('compareVersions', () => {
  test('says what is different', async () => {
    await plant()
    const differences = await compare(1, 2)
    verifyEqual(
      differences.map(({ field }) => field).sort(),
      ['editedAt', 'title'],
      'Between versions 1 and 2 the title was edited: `title` and `editedAt` differ, and no other field of the post. All seven fields are to be compared, those that nobody typed as well.',
    )
    verifyEqual(
      differences.map(({ field }) => field),
      ['title', 'editedAt'],
      'compareVersions found the fields that differ, but in another order. They should come as the text lists them, so that every comparison reads alike.',
    )
    verifyEqual(
      differences,
      [
        { field: 'title', before: 'Hello', after: 'Hello, world' },
        { field: 'editedAt', before: null, after: day(2) },
      ],
      'compareVersions should give each field that differs with its value before, in version `from`, and after, in version `to`.',
    )
    verifyEqual(
      await compare(2, 3),
      [
        { field: 'published', before: false, after: true },
        { field: 'publishedAt', before: null, after: day(5) },
      ],
      'Version 3 was published, version 2 was not: `published` was false before, and false is a value. Only what is not there counts as `null`; `||` takes both for the same, `??` does not.',
    )
    verifyEqual(
      await compare(3, 2),
      [
        { field: 'published', before: true, after: false },
        { field: 'publishedAt', before: day(5), after: null },
      ],
      'Backwards works too: `before` belongs to `from`, `after` to `to`.',
    )
    verifyEqual(await compare(4, 4), [], 'A version does not differ from itself.')
    verifyEqual(await compare(0, 0), [], 'Version 0 does not differ from itself: no post, twice.')
  })

  test('compares states, not what was done', async () => {
    await plant()
    verifyEqual(
      await compare(1, 5),
      [
        { field: 'content', before: 'First post', after: 'Fixed' },
        { field: 'published', before: false, after: true },
        { field: 'editedAt', before: null, after: day(6) },
        { field: 'publishedAt', before: null, after: day(5) },
      ],
      'Between versions 1 and 5 the title was changed there and back: it is no difference. Compare the two posts, not the events between them.',
    )
  })

  test('compares with nothing', async () => {
    await plant()
    verifyEqual(
      await compare(0, 1),
      [
        { field: 'title', before: null, after: 'Hello' },
        { field: 'content', before: null, after: 'First post' },
        { field: 'author', before: null, after: 'ada' },
        { field: 'published', before: null, after: false },
        { field: 'createdAt', before: null, after: day(1) },
      ],
      'Version 0 is no post: each of its fields counts as `null`. (`editedAt` is `null` in both, so it is no difference.)',
    )
    verifyEqual(
      await compare(1, 0),
      [
        { field: 'title', before: 'Hello', after: null },
        { field: 'content', before: 'First post', after: null },
        { field: 'author', before: 'ada', after: null },
        { field: 'published', before: false, after: null },
        { field: 'createdAt', before: day(1), after: null },
      ],
      'Back to version 0, where there is no post, each field that had a value is a difference: `after` is `null`. Go through the fields of Post, not through those of one of the two posts.',
    )
  })

  test('keeps to its own order', async () => {
    await plant()
    await snapshot(2, Object.fromEntries(Object.entries(V2).reverse()), day(2))
    verifyEqual(
      (await compare(0, 2)).map(({ field }) => field),
      ['title', 'content', 'author', 'published', 'createdAt', 'editedAt'],
      'The snapshot of version 2 holds the fields of the post in another order, which means the same. The differences should come in the order of the text: go through a list of your own, not through the keys of what was read.',
    )
  })

  test('refuses a version that never was', async () => {
    await plant()
    for (const [from, to] of [
      [1, 9],
      [9, 1],
      [9, 9],
    ] as const) {
      const error = await callError(
        'compareVersions',
        () => compareVersions(box.redis, 'post-1', from, to),
        UnknownVersionError,
        `There is no version 9: compareVersions(…, ${from}, ${to}) should throw an UnknownVersionError, as postAtVersion does. Any answer would be taken for a comparison.`,
      )
      verifyEqual(
        [error.version, error.current],
        [9, 5],
        'The error should name the version that is not there.',
      )
    }
  })
})
