import { isDeepStrictEqual } from 'node:util'
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  largestReply,
  passesOnErrors,
  passesOnWrongType,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import {
  compareVersions,
  listRevisions,
  postAtMoment,
  postAtVersion,
  UnknownVersionError,
} from '#lesson/21-time-travel'

const box = useSandbox()

/** March n, eight o'clock. */
const day = (n: number) => `2026-03-0${n}T08:00:00.000Z`
const KEY = 'blog:post:post-1'

function event(n: number, eventType: string, payload: object = {}) {
  const eventId = `0b7f3a52-6f0a-4c1e-9d3b-${String(n).padStart(12, '0')}`
  return { eventId, timestamp: day(n), eventType, entityId: 'post-1', payload, metadata: {} }
}

/** The fourth event was stored by a server whose clock is two days behind. */
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

const atVersion = (version: number) =>
  call('postAtVersion', () => postAtVersion(box.redis, 'post-1', version))

async function atMoment(moment: string, postId = 'post-1') {
  const date = new Date(moment)
  const result = await call('postAtMoment', () => postAtMoment(box.redis, postId, date))
  verifyEqual(
    date,
    new Date(moment),
    '`postAtMoment` changed the `Date` that it received. The caller may still need it, so make a new one.',
  )
  return result
}

/** An error isn't the end of the history; after a retry, the result has to be the expected one. */
const passesOn = <T>(name: string, expected: T, run: (redis: Redis) => Promise<T>) =>
  passesOnErrors({
    name,
    prepare: () => plant(),
    run,
    works: (found) => isDeepStrictEqual(JSON.parse(JSON.stringify(found ?? null)), expected),
    why: 'Otherwise, the caller mistakes an error for the end of the history.',
  })

const needsSnapshots = (name: string, run: (redis: Redis) => Promise<unknown>) =>
  passesOnWrongType(
    name,
    'blog:snapshots:post-1',
    () => run(box.connect()),
    'If it replays all events instead, the blog gets slow, and no one finds out why.',
  )

/** Fails if there is a key that the test didn't plant, or another number of snapshots. */
async function onlyReads(name: string, snapshots = 0): Promise<void> {
  verifyEqual(
    [(await box.admin.keys('*')).sort(), await box.admin.xlen('blog:snapshots:post-1')],
    [snapshots === 0 ? [KEY] : [KEY, 'blog:snapshots:post-1'], snapshots],
    `\`${name}\` should only read, but it added or deleted a key or a snapshot. A job takes the snapshots.`,
  )
}

function inPages(name: string): void {
  verify(
    largestReply(box.commands) <= 1_000,
    `\`${name}\` fetched more than 1,000 entries with one command. Read in pages.`,
  )
}

const longHistory = (edits = 1_100) => [
  ...HISTORY.slice(0, 2),
  ...Array.from({ length: edits }, (_, n) => event(4, 'POST_EDITED', { content: `draft ${n}` })),
]

/** Published on March 5, then edited 1,100 times by the server whose clock is behind. */
const lateHistory = () => [
  ...HISTORY.slice(0, 3),
  ...Array.from({ length: 1_100 }, (_, n) => event(3, 'POST_EDITED', { content: `draft ${n}` })),
]

describe('postAtVersion', () => {
  const rejects = (postId: string, version: number, current: number, besides = '') =>
    callError(
      'postAtVersion',
      () => postAtVersion(box.redis, postId, version),
      UnknownVersionError,
      `\`${postId}\` is at version ${current}${besides}, and ${version} isn't one of its versions. \`postAtVersion\` should throw an \`UnknownVersionError\`, because the caller would mistake any other result for that version.`,
    )

  test('returns every version', async () => {
    await plant()
    for (const [index, post] of [null, V1, V2, V3, V4, V5].entries()) {
      verifyEqual(
        await atVersion(index),
        post,
        `\`postAtVersion(…, ${index})\` should return the post after its first ${index} events, in stream order, and \`null\` for version 0.`,
      )
    }
    verifyEqual(
      await atVersion(2),
      V2,
      '`postAtVersion(…, 2)` returned a different post when it was called again, after version 5. The first two events never change, so keep nothing from one call to the next.',
    )
    const newest = JSON.stringify(event(7, 'POST_EDITED', { title: 'Newest' }))
    await box.admin.xadd(KEY, '6-0', 'event', newest)
    const sixth = await attempt('postAtVersion', () => postAtVersion(box.redis, 'post-1', 6))
    verify(
      sixth.ok && sixth.value?.title === 'Newest',
      'A sixth event was appended after the first calls, and `postAtVersion(…, 6)` should return the post with it. Read the current version from Redis on every call, because other programs write, too.',
      { received: sixth.ok ? sixth.value : sixth.error },
    )
    const nothing = await attempt('postAtVersion', () => postAtVersion(box.redis, 'post-9', 0))
    verify(
      nothing.ok && nothing.value === null,
      "Version 0 should be `null` for every post, even for one that doesn't exist.",
      { expected: null, received: nothing.ok ? nothing.value : nothing.error },
    )
    await onlyReads('postAtVersion')
  })

  test('reads a long history', async () => {
    await plant(longHistory())
    const post = await atVersion(1_101)
    verifyEqual(
      post?.content,
      'draft 1098',
      'The post has 1,102 versions, and version 1,101 has the wrong content. `postAtVersion` read only one page, or it went too far.',
    )
    inPages('postAtVersion')
    await onlyReads('postAtVersion')
  })

  test('rejects an unknown version', async () => {
    await plant()
    for (const [postId, version, current] of [
      ['post-1', 9, 5],
      ['post-1', 6, 5],
      ['post-1', -1, 5],
      ['post-1', 1.5, 5],
      ['post-1', Number.NaN, 5],
      ['post-1', Number.POSITIVE_INFINITY, 5],
      ['post-9', 1, 0],
    ] as const) {
      const error = await rejects(postId, version, current)
      verifyEqual(
        { postId: error.postId, version: error.version, current: error.current },
        { postId, version, current },
        "The `UnknownVersionError` should have the post's ID, the requested version, and the current version.",
      )
    }
  })

  test('reports the current version, not the version of a snapshot', async () => {
    await plant()
    await snapshot(2, V2, day(2))
    for (const version of [9, -1]) {
      const error = await rejects('post-1', version, 5, ' and has a snapshot of version 2')
      verifyEqual(
        error.current,
        5,
        'The post is at version 5, and its newest snapshot is of version 2. `current` should be the version of the last event, because a snapshot can be several versions older.',
      )
    }
  })

  test('starts at the right snapshot', async () => {
    await plant()
    await snapshot(2, { ...V2, author: 'ada, from snapshot 2' }, day(2))
    await snapshot(4, { ...V4, author: 'ada, from snapshot 4' }, day(5))
    for (const [version, post, start] of [
      [1, V1, 'the first event (both snapshots are newer) and apply only that one'],
      [
        3,
        { ...V3, author: 'ada, from snapshot 2' },
        'the snapshot of version 2, and apply the third event once',
      ],
      [
        4,
        { ...V4, author: 'ada, from snapshot 4' },
        'the snapshot of exactly that version, and apply nothing',
      ],
      [5, { ...V5, author: 'ada, from snapshot 4' }, 'the latest snapshot, and apply the fifth event once'],
    ] as const) {
      const received = await atVersion(version)
      verify(
        version >= 4 ||
          (received?.author !== 'ada, from snapshot 4' && !(version === 1 && received?.editedAt)),
        `Version ${version} was requested, but the result comes from a snapshot of a later version. It includes events that hadn't happened yet.`,
        { expected: post, received },
      )
      verify(
        version !== 3 || received?.author === 'ada, from snapshot 2',
        "There is a snapshot of version 2, but `postAtVersion(…, 3)` replayed from the first event: the author in the result isn't the one in the snapshot. Start at the latest snapshot that isn't too new.",
        { received },
      )
      verifyEqual(received, post, `\`postAtVersion(…, ${version})\` should start at ${start}.`)
    }
    await onlyReads('postAtVersion', 2)
  })

  test('passes on errors', async () => {
    await passesOn('postAtVersion', V4, (redis) => postAtVersion(redis, 'post-1', 4))
    await needsSnapshots('postAtVersion', (redis) => postAtVersion(redis, 'post-1', 4))
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
      'There are 26 snapshots, and version 23 should start at the snapshot of version 20. Versions are numbers: as strings, `20-0` comes after `100-0`.',
    )
  })

  test('finds the latest of 1,100 snapshots', async () => {
    await plant(longHistory())
    const pipeline = box.admin.pipeline()
    for (let version = 2; version <= 1_101; version += 1) {
      const state = JSON.stringify({ ...V2, author: `from ${version}` })
      pipeline.xadd('blog:snapshots:post-1', `${version}-0`, 'state', state, 'until', day(4))
    }
    await pipeline.exec()
    verifyEqual(
      (await atVersion(1_102))?.author,
      'from 1101',
      'There are 1,100 snapshots, the latest of version 1,101, and version 1,102 should start there. Ask for the latest one (`XREVRANGE` with `COUNT 1`), because the first page from the front ends with an older one.',
    )
    inPages('postAtVersion')
  })
})

describe('postAtMoment', () => {
  const BY_MARCH_4 = 'By March 4, the post had two events, so `postAtMoment` should return version 2.'

  /** The last edit of a long history is `draft 1099`. */
  async function readsAll(events: number): Promise<void> {
    const { post, version } = await atMoment(day(5))
    verifyEqual(
      [version, post?.content],
      [events, 'draft 1099'],
      `The post has ${events} events, none of them later than the moment, but \`postAtMoment\` stopped too early. Read page after page until an event is later or a page isn't full.`,
    )
  }

  test('returns the post as of a moment', async () => {
    const instant = '2026-03-02T08:00:00.250Z'
    const second = { post: { ...V2, editedAt: instant }, version: 2 }
    const [created, edited, published] = HISTORY
    await plant([{ ...created }, { ...edited, timestamp: instant }, { ...published }])
    verifyEqual(
      await atMoment('2026-03-03T12:00:00.000Z'),
      second,
      'By March 3, the first two events had happened. `postAtMoment` should return the post after those two, and version 2.',
    )
    verifyEqual(
      await atMoment(instant),
      second,
      '`postAtMoment` left out an event in exactly the requested millisecond. Stop only at a later event, and compare times down to the millisecond.',
    )
    verifyEqual(
      await atMoment('2026-03-02T08:00:00.249Z'),
      { post: V1, version: 1 },
      '`postAtMoment` included an event that happened one millisecond after the requested moment. Compare the whole time, down to the millisecond.',
    )
    verifyEqual(
      await atMoment('2026-04-01T00:00:00.000Z'),
      { post: { ...V3, editedAt: instant }, version: 3 },
      'For a moment after the last event, `postAtMoment` should return the post as it is now.',
    )
    for (const [moment, postId] of [
      ['2026-02-01T00:00:00.000Z', 'post-1'],
      [day(9), 'post-9'],
    ] as const) {
      verifyEqual(
        await atMoment(moment, postId),
        { post: null, version: 0 },
        "Before the first event, and for a post that doesn't exist, `postAtMoment` should return `{ post: null, version: 0 }`.",
      )
    }
    await onlyReads('postAtMoment')
  })

  test('passes on errors', async () => {
    const expected = { post: V4, version: 4 }
    await passesOn('postAtMoment', expected, (redis) => postAtMoment(redis, 'post-1', new Date(day(5))))
    await needsSnapshots('postAtMoment', (redis) => postAtMoment(redis, 'post-1', new Date(day(5))))
  })

  test('rejects an invalid date', async () => {
    await plant()
    const noMoment = (postId: string) => () => postAtMoment(box.redis, postId, new Date('yesterday'))
    await callError(
      'postAtMoment',
      noMoment('post-1'),
      RangeError,
      '`new Date("yesterday")` is an invalid date, and every comparison with it is false. `postAtMoment` should throw a `RangeError`.',
    )
    await callError(
      'postAtMoment',
      noMoment('post-9'),
      RangeError,
      'For an invalid date, `postAtMoment` should throw a `RangeError`, even for a post without events. Check the date first. Otherwise the bug shows up only with some posts.',
    )
  })

  test('copes with clocks that are behind', async () => {
    await plant()
    verifyEqual(await atMoment(day(4)), { post: V2, version: 2 }, BY_MARCH_4, [
      [
        ({ post }) => post?.content === 'Fixed' && !post.published,
        "`postAtMoment` selected events by timestamp and built a post that doesn't exist in any version: `Fixed` was written when the post was already published. Apply the events from the start of the stream up to one point, without skipping any.",
      ],
      [
        ({ post }) => post?.published === true,
        "`postAtMoment` returned a published post for March 4, but it wasn't published until March 5. The next event has an earlier timestamp, but that doesn't make the publication any earlier. Stop at the first event that's later than the moment.",
      ],
    ])
    verifyEqual(
      await atMoment(day(5)),
      { post: V4, version: 4 },
      'The post was published on March 5. The event after it comes from a server whose clock is behind, so it counts from March 5 too.',
    )
  })

  test('counts events of every type', async () => {
    await plant([...HISTORY, event(7, 'POST_PINNED', { until: day(9) })])
    verifyEqual(
      await atMoment(day(8)),
      { post: V5, version: 6 },
      "The sixth event has a type that this program doesn't know. It changes nothing in the post, but it counts as a version like any other, so the version is 6.",
    )
  })

  test('stops completely at the first later event', async () => {
    await plant(lateHistory())
    verifyEqual(await atMoment(day(4)), { post: V2, version: 2 }, BY_MARCH_4, [
      [
        ({ post }) => post?.content.startsWith('draft') === true,
        'The third event is later than the moment, but `postAtMoment` applied some of the 1,100 events after it, which have earlier times. It probably left the loop over one page and then read the next page. Return, or leave both loops.',
      ],
    ])
    await readsAll(1_103)
    inPages('postAtMoment')
  })

  test('uses no snapshot from after the moment', async () => {
    await plant()
    await snapshot(2, { ...V2, author: 'ada, from snapshot 2' }, day(2))
    await snapshot(4, { ...V4, author: 'ada, from snapshot 4' }, day(5))
    const early = await atMoment(day(4))
    verify(
      early.post?.author !== 'ada, from snapshot 4',
      "For March 4, `postAtMoment` used the snapshot of version 4, which includes an event of March 5 (see its `until`). The time of its last event doesn't help, because that server's clock was behind.",
      { expected: { version: 2 }, received: early },
    )
    verifyEqual(
      early.post,
      { ...V2, author: 'ada, from snapshot 2' },
      'For March 4, `postAtMoment` should start at the snapshot of version 2, because all its events had happened by then. (Each snapshot has an author of its own, so the result shows which one it started at.)',
    )
    verifyEqual(
      early.version,
      2,
      '`postAtMoment` returned the right post but the wrong version. The events in the snapshot count too, so start counting at its version, not at 0.',
    )
    verifyEqual(
      await atMoment(day(1)),
      { post: V1, version: 1 },
      'Both snapshots are from after March 1. If no snapshot fits, start at the first event.',
    )
    verifyEqual(
      await atMoment(day(6)),
      { post: { ...V5, author: 'ada, from snapshot 4' }, version: 5 },
      'If two snapshots fit, `postAtMoment` should start at the later one and apply the events after it.',
    )
    verifyEqual(
      await atMoment(day(5)),
      { post: { ...V4, author: 'ada, from snapshot 4' }, version: 4 },
      'A snapshot whose `until` is exactly the requested moment fits, so all its events should be included.',
    )
    await onlyReads('postAtMoment', 2)
  })

  test('finds the only snapshot that fits among 1,101', async () => {
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
    verifyEqual(
      await atMoment(day(3)),
      { post: { ...V2, author: 'from 2' }, version: 2 },
      "There are 1,101 snapshots, and only the oldest, of version 2, isn't too new for March 3. `postAtMoment` didn't start there. Go back page after page until one fits or there are no more.",
      [
        [
          ({ post }) => post?.author !== 'from 2' && post?.author !== 'ada',
          'For March 3, `postAtMoment` used a snapshot whose `until` is March 4. Only `until` says whether a snapshot fits; the times in its state may come from clocks that are behind.',
        ],
      ],
    )
    inPages('postAtMoment')
  })

  test('reads a long history', async () => {
    await plant(longHistory())
    await readsAll(1_102)
    inPages('postAtMoment')
    await onlyReads('postAtMoment')
  })

  test('applies an event from a slow clock after the snapshot', async () => {
    const late = event(3, 'POST_EDITED', { content: 'More' })
    await plant([...HISTORY.slice(0, 4), late])
    await snapshot(4, V4, day(5))
    verifyEqual(
      await atMoment(day(5)),
      { post: { ...V4, content: 'More', editedAt: day(3) }, version: 5 },
      'After the snapshot comes another event from a server whose clock is behind. It counts from March 5, like the one before it.',
    )
  })
})

const list = (postId = 'post-1') => call('listRevisions', () => listRevisions(box.redis, postId))

describe('listRevisions', () => {
  test('lists what happened', async () => {
    await plant(HISTORY.slice(0, 3))
    verifyEqual(
      await list(),
      [
        { version: 1, eventType: 'POST_CREATED', timestamp: day(1), at: day(1) },
        { version: 2, eventType: 'POST_EDITED', timestamp: day(2), at: day(2) },
        { version: 3, eventType: 'POST_PUBLISHED', timestamp: day(5), at: day(5) },
      ],
      '`listRevisions` should return one revision for each event, oldest first, with `version`, `eventType`, `timestamp`, and `at`.',
    )
    verifyEqual(
      (await list()).length,
      3,
      'Called a second time, `listRevisions` should return the same three revisions. Collect them in a variable inside the function, so that each call starts with an empty list.',
    )
    verifyEqual(
      await list('post-9'),
      [],
      "A post that doesn't exist has no revisions, so `listRevisions` should return an empty array.",
    )
  })

  test('lists events of every type', async () => {
    await plant([
      ...HISTORY.slice(0, 2),
      event(3, 'POST_PINNED', { until: day(4) }),
      event(4, 'POST_PUBLISHED'),
      event(5, 'POST_LIKED', { by: 'bob' }),
    ])
    verifyEqual(
      (await list()).map(({ version, eventType }) => `${version} ${eventType}`),
      ['1 POST_CREATED', '2 POST_EDITED', '3 POST_PINNED', '4 POST_PUBLISHED', '5 POST_LIKED'],
      "The third event and the fifth have types that this program doesn't know. They change nothing in the post, but they happened, and each counts as a version like any other. There should be one revision for each event, whatever its type.",
    )
  })

  test('lists the moment each event counts from', async () => {
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
      "The list should be in stream order, and `timestamp` should be the event's own, even if the clock was behind.",
    )
    verifyEqual(
      revisions.map(({ at }) => at),
      [day(1), day(2), day(5), day(5), day(5), day(6)],
      'At least one time in `at` is wrong. `at` is the moment an event counts from: the latest timestamp so far, including its own. It never runs backward.',
    )
  })

  test('passes on errors', async () => {
    const expected = HISTORY.map(({ eventType, timestamp }, index) => {
      return { version: index + 1, eventType, timestamp, at: index === 3 ? day(5) : timestamp }
    })
    await passesOn('listRevisions', expected, async (redis) => [...(await listRevisions(redis, 'post-1'))])
  })

  test('lists a long history', async () => {
    await plant(lateHistory())
    const revisions = await list()
    verifyEqual(
      [revisions.length, revisions.at(-1)?.version],
      [1_103, 1_103],
      'The post has 1,103 events, so the list should have 1,103 revisions. If there are fewer, `listRevisions` read only some of the pages; if there are more, a page began with the last entry of the one before.',
    )
    const early = revisions.find(({ version, at }) => version > 2 && at !== day(5))
    verify(
      early === undefined,
      `The timestamp of version 3 is March 5, and the events after it come from a clock that's behind, so they count from March 5. But version ${early?.version} counts from an earlier time. The latest timestamp was probably forgotten from one page to the next.`,
      { expected: day(5), received: early?.at },
    )
    inPages('listRevisions')
    await onlyReads('listRevisions')
  })
})

const compare = (from: number, to: number) =>
  call('compareVersions', () => compareVersions(box.redis, 'post-1', from, to))

describe('compareVersions', () => {
  test('returns the differences', async () => {
    await plant()
    const differences = await compare(1, 2)
    verifyEqual(
      differences.map(({ field }) => field).sort(),
      ['editedAt', 'title'],
      'The title was edited between versions 1 and 2. Expected `title` and `editedAt`, and no other field. Compare all seven fields, including those that no user can edit.',
    )
    verifyEqual(
      differences.map(({ field }) => field),
      ['title', 'editedAt'],
      '`compareVersions` returned the right fields in the wrong order. Use the order of the lesson, so that all comparisons look alike.',
    )
    verifyEqual(
      differences,
      [
        { field: 'title', before: 'Hello', after: 'Hello, world' },
        { field: 'editedAt', before: null, after: day(2) },
      ],
      'For each field that differs, `compareVersions` should return its value in version `from` as `before` and its value in version `to` as `after`.',
    )
    verifyEqual(
      await compare(2, 3),
      [
        { field: 'published', before: false, after: true },
        { field: 'publishedAt', before: null, after: day(5) },
      ],
      "Version 3 was published and version 2 wasn't, so `before` should be `false`. Only a missing value counts as `null`: `||` treats `false` as missing, `??` doesn't.",
    )
    verifyEqual(
      await compare(3, 2),
      [
        { field: 'published', before: true, after: false },
        { field: 'publishedAt', before: day(5), after: null },
      ],
      '`compareVersions` should work backward too: `before` is the value in `from`, and `after` is the value in `to`.',
    )
    verifyEqual(
      [await compare(4, 4), await compare(0, 0)],
      [[], []],
      "A version doesn't differ from itself, not even version 0, where there's no post yet. `compareVersions` should return an empty array.",
    )
  })

  test('compares states, not events', async () => {
    await plant()
    verifyEqual(
      await compare(1, 5),
      [
        { field: 'content', before: 'First post', after: 'Fixed' },
        { field: 'published', before: false, after: true },
        { field: 'editedAt', before: null, after: day(6) },
        { field: 'publishedAt', before: null, after: day(5) },
      ],
      "Between versions 1 and 5, the title was changed and changed back, so it isn't a difference. Compare the two posts, not the events between them.",
    )
  })

  test('compares with version 0', async () => {
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
      "At version 0, there's no post yet, so each of its fields counts as `null`. (`editedAt` is `null` in both, so it isn't a difference.)",
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
      "At version 0, there's no post yet, so each field that had a value is a difference, and its `after` is `null`. Go through the fields of `Post`, not the keys of one of the two posts.",
    )
  })

  test('returns the fields in a fixed order', async () => {
    await plant()
    await snapshot(2, Object.fromEntries(Object.entries(V2).reverse()), day(2))
    verifyEqual(
      (await compare(0, 2)).map(({ field }) => field),
      ['title', 'content', 'author', 'published', 'createdAt', 'editedAt'],
      "The snapshot of version 2 has the post's fields in another order, which makes no difference. Return the differences in the order of the lesson: go through your own list of fields, not the keys of the posts you read.",
    )
  })

  test('passes on errors', async () => {
    const expected = [
      { field: 'title' as const, before: 'Hello', after: 'Hello, world' },
      { field: 'editedAt' as const, before: null, after: day(2) },
    ]
    await passesOn('compareVersions', expected, async (redis) => [
      ...(await compareVersions(redis, 'post-1', 1, 2)),
    ])
    await needsSnapshots('compareVersions', (redis) => compareVersions(redis, 'post-1', 1, 2))
  })

  test('rejects an unknown version', async () => {
    await plant()
    for (const [from, to, unknown] of [
      [1, 9, 9],
      [9, 1, 9],
      [9, 9, 9],
      [1, -1, -1],
      [-1, 1, -1],
      [0, 6, 6],
    ] as const) {
      const error = await callError(
        'compareVersions',
        () => compareVersions(box.redis, 'post-1', from, to),
        UnknownVersionError,
        `Version ${unknown} doesn't exist, so \`compareVersions(…, ${from}, ${to})\` should throw an \`UnknownVersionError\`, as \`postAtVersion\` does. The caller would mistake any other result for a valid comparison.`,
      )
      verifyEqual(
        [error.version, error.current],
        [unknown, 5],
        "The error should have the version that doesn't exist and the current one.",
      )
    }
  })
})
