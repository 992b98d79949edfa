import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  everyCrash,
  everyInterleaving,
  largestReply,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { Blog } from '#lesson/19-blog-snapshots'
import { openBlog, readPost, takeSnapshot } from '#lesson/19-blog-snapshots'

const box = useSandbox()

const STREAM = 'blog:post:post-1'
const SNAPSHOT = 'blog:snapshot:post-1'
const clock = () => new Date('2026-03-09T08:00:00.000Z')
const DAY_1 = '2026-03-01T08:00:00.000Z'
const DAY_2 = '2026-03-02T08:00:00.000Z'
const DAY_9 = '2026-03-09T08:00:00.000Z'

/** Event 1 creates the post; event n, on the second day, edits its content to "draft n". */
async function plant(from: number, to: number, changes?: object): Promise<void> {
  const pipeline = box.admin.pipeline()
  for (let n = from; n <= to; n += 1) {
    const event = {
      eventId: `0b7f3a52-6f0a-4c1e-9d3b-${String(n).padStart(12, '0')}`,
      timestamp: n === 1 ? DAY_1 : DAY_2,
      eventType: n === 1 ? 'POST_CREATED' : 'POST_EDITED',
      entityId: 'post-1',
      payload:
        n === 1
          ? { title: 'Hello', content: 'draft 1', author: 'ada' }
          : (changes ?? { content: `draft ${n}` }),
      metadata: {},
    }
    pipeline.xadd(STREAM, `${n}-0`, 'event', JSON.stringify(event))
  }
  await pipeline.exec()
}

const post = (changes: object = {}) => ({
  title: 'Hello',
  content: 'draft 1',
  author: 'ada',
  published: false,
  createdAt: DAY_1,
  editedAt: DAY_2,
  publishedAt: null,
  ...changes,
})

async function plantSnapshot(version: number, content: string, reducerVersion = 1): Promise<void> {
  await box.admin.hset(SNAPSHOT, { state: JSON.stringify(post({ content })), version, reducerVersion })
}

/** What stands there, readable; {} when nothing does. */
async function snapshot(): Promise<Record<string, unknown>> {
  if ((await box.admin.type(SNAPSHOT)) !== 'hash') return {}
  const fields: Record<string, unknown> = await box.admin.hgetall(SNAPSHOT)
  try {
    return { ...fields, ...('state' in fields && { state: JSON.parse(String(fields.state)) }) }
  } catch {
    return fields
  }
}

const at = (version: number, changes: object = {}) => ({
  state: post({ content: `draft ${version}`, ...changes }),
  version: String(version),
  reducerVersion: '1',
})

describe('readPost', () => {
  test('reads a post without a snapshot', async () => {
    await plant(1, 3)
    verifyEqual(
      await call('readPost', () => readPost(box.redis, 'post-1')),
      { post: post({ content: 'draft 3' }), version: 3 },
      'Without a snapshot readPost should give the post after all its events, and their number as the version.',
    )
    verifyEqual(
      await call('readPost', () => readPost(box.redis, 'post-9')),
      { post: null, version: 0 },
      'For a post that never was, readPost should give `{ post: null, version: 0 }`.',
    )
  })

  test('goes on from the snapshot', async () => {
    await plant(1, 10)
    await plantSnapshot(10, 'as the snapshot has it')
    const nothingNew = await call('readPost', () => readPost(box.redis, 'post-1'))
    verify(
      nothingNew?.post?.content !== 'draft 10',
      'The snapshot stands at version 10, and readPost applied event 10 a second time (or all ten). What is in the snapshot must not be read again: begin behind its version.',
      { received: nothingNew },
    )
    verifyEqual(
      nothingNew,
      { post: post({ content: 'as the snapshot has it' }), version: 10 },
      'No event stands behind the snapshot: its state and its version are the answer.',
    )
    await plant(11, 12, { title: 'Hello, world' })
    verifyEqual(
      await call('readPost', () => readPost(box.redis, 'post-1')),
      { post: post({ title: 'Hello, world', content: 'as the snapshot has it' }), version: 12 },
      'Two events stand behind the snapshot. readPost should apply them to its state, and give 12 as the version.',
    )
  })

  test('leaves the snapshot of another reducer aside', async () => {
    await plant(1, 12)
    for (const other of [2, 0]) {
      await plantSnapshot(10, 'as another program has it', other)
      await box.admin.hset(SNAPSHOT, 'version', 12)
      verifyEqual(
        await call('readPost', () => readPost(box.redis, 'post-1')),
        { post: post({ content: 'draft 12' }), version: 12 },
        `The snapshot was made by another version of the reducer (${other}, and yours is 1). What its state means, you cannot know: replay all events.`,
      )
    }
  })

  test('reads in pages', async () => {
    await plant(1, 1_100)
    const { version } = await call('readPost', () => readPost(box.redis, 'post-1'))
    verifyEqual(
      version,
      1_100,
      'A post has 1,100 events and no snapshot yet; readPost stopped before the end. Go on until a page is not full.',
    )
    verify(
      largestReply(box.commands) <= 1_000,
      'readPost fetched more than 1,000 entries with one command. Read in pages.',
      {
        received: `${largestReply(box.commands)} entries`,
      },
    )
    verify(
      (await box.admin.exists(SNAPSHOT)) === 0,
      'readPost should only read, and there is a snapshot now.',
    )
  })
})

const take = () => call('takeSnapshot', () => takeSnapshot(box.redis, 'post-1'))

describe('takeSnapshot', () => {
  test('makes one after ten events', async () => {
    await plant(1, 9)
    const early = await take()
    verifyEqual(
      [early, await snapshot()],
      [false, {}],
      'The post has nine events. takeSnapshot should leave it, and resolve to false.',
    )
    await plant(10, 10)
    const due = await take()
    verifyEqual(
      await snapshot(),
      at(10),
      'The post has ten events. The hash `blog:snapshot:post-1` should hold `state` (the post, as JSON), `version` and `reducerVersion`, and nothing else.',
    )
    verifyEqual(due, true, 'A snapshot was saved: takeSnapshot should resolve to true.')
  })

  test('makes the next one after ten more', async () => {
    await plant(1, 19)
    await plantSnapshot(10, 'as the snapshot has it')
    const before = await snapshot()
    const early = await take()
    verifyEqual(
      [early, await snapshot()],
      [false, before],
      'Nine events stand behind the snapshot. takeSnapshot should leave it as it is, and resolve to false.',
    )
    await box.admin.del(STREAM)
    await plant(1, 10)
    await plant(11, 20, { title: 'Hello, world' })
    await take()
    verifyEqual(
      await snapshot(),
      at(20, { title: 'Hello, world', content: 'as the snapshot has it' }),
      'Ten events stand behind the snapshot at 10. The next one, at 20, should be built on it: its state, and the ten events behind.',
    )
  })

  test('catches up when the tenth was missed', async () => {
    await plant(1, 14)
    await take()
    verifyEqual(
      await snapshot(),
      at(14),
      'The post has 14 events and no snapshot: whoever wrote the tenth died before it could take one. 14 is no multiple of ten, but ten events or more stand there without a snapshot, so it is due.',
    )
  })

  test('looks at who made the stored one', async () => {
    await plant(1, 12)
    await plantSnapshot(12, 'as an old program has it', 0)
    await take()
    verifyEqual(
      await snapshot(),
      at(12),
      'The stored snapshot is from an older reducer (0). It counts as none: replay all events and replace it.',
    )
    await plantSnapshot(10, 'as a newer program has it', 2)
    const before = await snapshot()
    const taken = await take()
    verifyEqual(
      [taken, await snapshot()],
      [false, before],
      'A newer program (reducerVersion 2) has made the stored snapshot. An old one that still runs must not overwrite it; it resolves to false.',
    )
  })

  test('is right while others write', async () => {
    await everyInterleaving({
      name: 'takeSnapshot',
      prepare: () => plant(1, 10),
      first: (redis) => takeSnapshot(redis, 'post-1'),
      second: () => plant(11, 11),
      verify: async ({ after, held }) => {
        const found = await snapshot()
        verifyEqual(
          found,
          found.version === '11' ? at(11) : at(10),
          `Somebody stored event 11 between the ${after ?? 'start'} and the ${held ?? 'end'} of takeSnapshot. The snapshot says version ${found.version}, and its state is not the one after so many events. Take state and version from one reading.`,
        )
      },
    })
  })

  test('never moves backwards', async () => {
    await everyInterleaving({
      name: 'takeSnapshot',
      prepare: () => plant(1, 90),
      first: (redis) => takeSnapshot(redis, 'post-1'),
      second: async () => {
        await plant(91, 100)
        await plantSnapshot(100, 'draft 100')
      },
      verify: async ({ after, held }) => {
        verifyEqual(
          await snapshot(),
          at(100),
          `A faster program saved the snapshot at 100 between the ${after ?? 'start'} and the ${held ?? 'end'} of a slow takeSnapshot, which then wrote its older one, at 90, over it. Compare and write in one step; and compare numbers, for as a text 100 is less than 90.`,
        )
      },
    })
  })

  test('never moves backwards on a connection that others use', async () => {
    await everyInterleaving({
      name: 'takeSnapshot',
      sameConnection: true,
      prepare: () => plant(1, 90),
      first: (redis) => takeSnapshot(redis, 'post-1'),
      second: async (redis) => {
        await takeSnapshot(redis, 'post-2')
        await plant(91, 100)
        await plantSnapshot(100, 'draft 100')
      },
      verify: async () => {
        const watched = box.commands.some(({ name }) => name === 'WATCH')
        verifyEqual(
          await snapshot(),
          at(100),
          `While takeSnapshot was at work for one post, it was called for another on the same connection; then a faster program saved its snapshot at 100, and the one at 90 was written over it. ${watched ? 'WATCH belongs to a connection: what is done for the other post ends it. Watch on a `redis.duplicate()`, or take a script.' : 'Compare and write in one step.'}`,
        )
      },
    })
  })

  test('leaves the one of a newer program, whenever that comes', async () => {
    await everyInterleaving({
      name: 'takeSnapshot',
      prepare: () => plant(1, 10),
      first: (redis) => takeSnapshot(redis, 'post-1'),
      second: () => plantSnapshot(4, 'as a newer program has it', 2),
      verify: async ({ after, held }) => {
        const { reducerVersion, version } = await snapshot()
        verifyEqual(
          { reducerVersion, version },
          { reducerVersion: '2', version: '4' },
          `A newer program (reducerVersion 2) saved its snapshot between the ${after ?? 'start'} and the ${held ?? 'end'} of takeSnapshot, which then wrote over it. Whose reducer is newer has to be asked in the same step as the saving.`,
        )
      },
    })
  })

  test('is there whole or not at all', async () => {
    await everyCrash({
      name: 'takeSnapshot',
      prepare: () => plant(1, 10),
      run: (redis) => takeSnapshot(redis, 'post-1'),
      verify: async ({ last }) => {
        const found = await snapshot()
        const done = 'version' in found || 'state' in found
        verifyEqual(
          found,
          done ? at(10) : {},
          `The process died after its ${last ?? 'start'}, and left half a snapshot. Write all three fields with one command.`,
        )
      },
    })
  })
})

const noError = () => {}

async function open(redis = box.redis, onError: (error: unknown, postId: string) => void = noError) {
  return call('openBlog', () => openBlog(redis, clock, onError))
}

const edit = (blog: Blog, changes: { title?: string; content?: string }) =>
  call('editPost', () => blog.editPost('post-1', changes), { background: true })
const settled = (blog: Blog) => call('settled', () => blog.settled())

describe('openBlog', () => {
  test('takes the snapshots by itself', async () => {
    const told: unknown[] = []
    const blog = await open(box.redis, (error) => told.push(error))
    const background = { background: true }
    const draft = { title: 'Hello', content: 'draft 1', author: 'ada' }
    const versions = [await call('createPost', () => blog.createPost('post-1', draft), background)]
    for (let n = 2; n <= 8; n += 1) versions.push(await edit(blog, { content: `draft ${n}` }))
    versions.push(await call('publishPost', () => blog.publishPost('post-1'), background))
    await settled(blog)
    verifyEqual(
      [versions, await snapshot()],
      [[1, 2, 3, 4, 5, 6, 7, 8, 9], {}],
      'Nine commands: each should resolve to the new version, as in lesson 18, and there should be no snapshot yet.',
    )
    await edit(blog, { content: 'draft 10' })
    await settled(blog)
    const days = { createdAt: DAY_9, editedAt: DAY_9, publishedAt: DAY_9 }
    verifyEqual(
      await snapshot(),
      at(10, { ...days, published: true }),
      'The tenth event was stored and the blog is settled: the snapshot at 10 should be there. Nobody but the blog takes care of it, and `settled` should wait for it.',
    )
    await callError(
      'editPost',
      () => blog.editPost('post-1', { title: ' ' }),
      (await import('#built/18-blog')).PostRefusedError,
      'A blank title should still be refused with the PostRefusedError of lesson 18.',
      background,
    )
    await settled(blog)
    verifyEqual(
      told,
      [],
      'No snapshot failed, and `onError` was called. A command that is refused tells its caller, and nobody else: `onError` is for the snapshots.',
    )
  })

  test('counts the events of all writers', async () => {
    await plant(1, 14)
    const blog = await open()
    await edit(blog, { content: 'draft 15' })
    await settled(blog)
    verifyEqual(
      await snapshot(),
      at(15, { editedAt: DAY_9 }),
      'Fourteen events came from other programs, the fifteenth from this blog, and there is no snapshot. Whether one is due, the post’s events tell, not how many this process has written, and not only at 10, 20, 30.',
    )
  })

  test('does not let the author wait', async () => {
    let resolved = false
    await everyInterleaving({
      name: 'openBlog',
      prepare: async () => {
        resolved = false
        await plant(1, 9)
      },
      first: async (redis) => {
        const blog = openBlog(redis, clock, noError)
        await blog.editPost('post-1', { content: 'draft 10' })
        resolved = true
        await blog.settled()
      },
      second: async () => {
        if ((await box.admin.xlen(STREAM)) < 10) return 'not stored yet'
        // An upper limit for who fails; who passes is there in the first turn.
        for (let turn = 0; turn < 40 && !resolved; turn += 1) await box.admin.ping()
        return resolved ? 'resolved' : 'waits'
      },
      verify: async ({ first, second, held }) => {
        verify(
          first.ok,
          'editPost or settled threw, and nothing had gone wrong but that Redis was slow to answer.',
          {
            received: first.ok || first.error,
          },
        )
        verify(
          second.ok && second.value !== 'waits',
          `The tenth event is stored, and editPost still does not resolve: it waits for the snapshot (Redis was slow to answer its ${held}). The author has nothing to do with it; let it go on without her.`,
        )
        verifyEqual(
          await snapshot(),
          at(10, { editedAt: DAY_9 }),
          '`settled` resolved, and the snapshot at 10 was not there yet. It should wait for all that has been begun.',
        )
      },
    })
  })

  test('keeps a failing snapshot away from the author', async () => {
    await plant(1, 9)
    await box.admin.set(SNAPSHOT, 'no hash')
    const told: unknown[] = []
    const blog = await open(box.redis, (error, postId) => told.push([error instanceof Error, postId]))
    const version = await edit(blog, { content: 'draft 10' })
    verifyEqual(
      version,
      10,
      'No snapshot can be saved (a text lies at its key), but the event was stored: editPost should resolve to 10.',
    )
    const end = await attempt('settled', () => blog.settled())
    verify(
      end.ok,
      'The snapshot failed, and `settled` rejected. It waits, and never rejects: the error belongs to `onError`, and a promise that nobody awaits must not be rejected, or it ends the process.',
      { received: !end.ok && end.error },
    )
    verifyEqual(
      told,
      [[true, 'post-1']],
      `The snapshot failed${told.length === 0 ? ', and nobody was told' : ''}. \`onError\` should be called once, with the error and the post’s id; otherwise the posts grow slow and no one knows why.`,
    )
  })

  test('sees to every post, and waits for all', async () => {
    let waiting = true
    await everyInterleaving({
      name: 'openBlog',
      prepare: async (admin) => {
        waiting = true
        await plant(1, 9)
        await admin.copy(STREAM, 'blog:post:post-2')
      },
      first: async (redis) => {
        const blog = openBlog(redis, clock, noError)
        await blog.editPost('post-1', { content: 'draft 10' })
        await blog.editPost('post-2', { content: 'draft 10' })
        await blog.settled()
        waiting = false
        const keys = await box.admin.keys('blog:snapshot:*')
        return keys.sort()
      },
      second: async () => {
        for (let turn = 0; turn < 40 && waiting; turn += 1) await box.admin.ping()
      },
      verify: async ({ first, held }) => {
        const found = (await box.admin.keys('blog:snapshot:*')).sort()
        verifyEqual(
          found,
          [SNAPSHOT, 'blog:snapshot:post-2'],
          `Two posts got their tenth event, and Redis was slow to answer the ${held ?? 'last command'} of the one. The other should have a snapshot all the same: one that is under way is no reason to leave out the next.`,
        )
        verifyEqual(
          first.ok ? first.value : first.error,
          found,
          `Two posts got their tenth event, and Redis was slow to answer a ${held ?? 'command'}. \`settled\` resolved when one of the two snapshots was not there yet: it should wait for all that have been begun, in whatever order they end.`,
        )
      },
    })
  })

  test('sees to a post that is published', async () => {
    await plant(1, 9)
    const blog = await open()
    await call('publishPost', () => blog.publishPost('post-1'), { background: true })
    await settled(blog)
    verifyEqual(
      await snapshot(),
      { ...at(9, { published: true, publishedAt: DAY_9 }), version: '10' },
      'The tenth event of the post was its POST_PUBLISHED, and there is no snapshot at 10. All three commands store events, so a snapshot may be due after each of them.',
    )
  })

  test('waits for all that was begun, not only for the last', async () => {
    // The snapshot that is begun first has 6,000 events to read, the other one ten.
    await plant(1, 6_000)
    await box.admin.copy(STREAM, 'blog:post:long')
    await box.admin.del(STREAM)
    await plant(1, 9)
    const blog = await open()
    const background = { background: true }
    await call('editPost', () => blog.editPost('long', { content: 'the last' }), background)
    await edit(blog, { content: 'draft 10' })
    await settled(blog)
    verifyEqual(
      (await box.admin.keys('blog:snapshot:*')).sort(),
      ['blog:snapshot:long', SNAPSHOT],
      'A post of 6,000 events was edited, and then a short one. `settled` resolved as soon as the snapshot of the short one was saved, while the one begun before it was not there yet. A program that ends now loses it: wait for all that have been begun, not only for the last.',
    )
  })

  test('is right with two writers', async () => {
    const write = async (blog: Blog, changes: object) => {
      await blog.editPost('post-1', changes)
      await blog.settled()
    }
    await everyInterleaving({
      name: 'editPost',
      prepare: () => plant(1, 8),
      first: (redis) => write(openBlog(redis, clock, noError), { title: 'Hello, world' }),
      second: (redis) => write(openBlog(redis, clock, noError), { content: 'draft 10' }),
      verify: async ({ first, second }) => {
        const failed = first.ok ? second : first
        verify(failed.ok, 'Two authors edited at the same time, and one was turned away.', {
          received: failed.ok || failed.error,
        })
        verifyEqual(
          await snapshot(),
          at(10, { title: 'Hello, world', editedAt: DAY_9 }),
          'Two programs each wrote one event, the ninth and the tenth. Whoever was the tenth should have seen to a snapshot at 10 with both changes in it.',
        )
      },
    })
  })
})
