import { isDeepStrictEqual } from 'node:util'
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  cleanDatabase,
  code,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  lacks,
  largestReply,
  passesOnErrors,
  passesOnWrongType,
  type SentCommand,
  useSandbox,
  verify,
  verifyEqual,
  words,
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

/** Writes events `from` to `to`. Event 1 creates the post, and event n, on the second day, edits its content to `draft n`. */
async function plant(from: number, to: number, changes?: object, admin = box.admin): Promise<void> {
  const pipeline = admin.pipeline()
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

/** Adds an event of an unknown type. */
async function plantPinned(n: number): Promise<void> {
  const pinned = { eventId: `e-${n}`, timestamp: DAY_1, eventType: 'POST_PINNED', entityId: 'post-1' }
  await box.admin.xadd(STREAM, `${n}-0`, 'event', JSON.stringify({ ...pinned, payload: {}, metadata: {} }))
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

/** Returns the stored snapshot with its state decoded, or {} if there isn't one. */
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

/** Without its events, there's no telling what the post is, even if there's a snapshot. */
async function passesOnReadErrors(name: string, run: (redis: Redis) => Promise<unknown>): Promise<void> {
  for (const isThere of [false, true]) {
    if (isThere) await plantSnapshot(10, 'draft 10')
    const why = 'There may be events, but it has read none of them.'
    await passesOnWrongType(name, STREAM, () => run(box.redis), why)
  }
}

describe('readPost', () => {
  test('reads a post without a snapshot', async () => {
    await plant(1, 3)
    verifyEqual(
      await call('readPost', () => readPost(box.redis, 'post-1')),
      { post: post({ content: 'draft 3' }), version: 3 },
      'Without a snapshot, `readPost` should resolve to the post after all its events, with their number as the version.',
    )
    verifyEqual(
      await call('readPost', () => readPost(box.redis, 'post-9')),
      { post: null, version: 0 },
      "For a post that doesn't exist, `readPost` should resolve to `{ post: null, version: 0 }`.",
    )
  })

  test('continues from the snapshot', async () => {
    await plant(1, 10)
    await plantSnapshot(10, 'as the snapshot has it')
    const nothingNew = await call('readPost', () => readPost(box.redis, 'post-1'))
    verify(
      nothingNew?.post?.content !== 'draft 10',
      'The snapshot is at version 10, and `readPost` applied event 10 a second time (or all ten). Start after the version of the snapshot.',
      { received: nothingNew },
    )
    verifyEqual(
      nothingNew,
      { post: post({ content: 'as the snapshot has it' }), version: 10 },
      'There are no events after the snapshot, so `readPost` should resolve to its state and version.',
    )
    await plant(11, 12, { title: 'Hello, world' })
    verifyEqual(
      await call('readPost', () => readPost(box.redis, 'post-1')),
      { post: post({ title: 'Hello, world', content: 'as the snapshot has it' }), version: 12 },
      'There are two events after the snapshot. `readPost` should apply them to its state and resolve to version 12.',
    )
  })

  test('ignores the snapshot of another reducer', async () => {
    await plant(1, 12)
    for (const other of [2, 0]) {
      await plantSnapshot(10, 'as another program has it', other)
      await box.admin.hset(SNAPSHOT, 'version', 12)
      verifyEqual(
        await call('readPost', () => readPost(box.redis, 'post-1')),
        { post: post({ content: 'draft 12' }), version: 12 },
        `The snapshot is from another version of the reducer (${other}, and yours is 1), so its state may mean something else. Ignore it and replay all events.`,
      )
      verifyEqual(
        await snapshot(),
        { ...at(12, { content: 'as another program has it' }), reducerVersion: String(other) },
        `The snapshot is from another version of the reducer (${other}), and \`readPost\` changed or deleted it. It should only read.`,
      )
    }
  })

  test('passes on errors from Redis', async () => {
    await passesOnReadErrors('readPost', (redis) => readPost(redis, 'post-1'))
  })

  test('takes the state and its version from one snapshot', async () => {
    await everyInterleaving({
      name: 'readPost',
      prepare: async () => {
        await plant(1, 14)
        await plant(15, 15, { title: 'Hello again' })
        await plant(16, 25)
        await plantSnapshot(10, 'draft 10')
      },
      first: (redis) => readPost(redis, 'post-1'),
      second: () => {
        const state = JSON.stringify(post({ content: 'draft 20', title: 'Hello again' }))
        return box.admin.hset(SNAPSHOT, { state, version: 20, reducerVersion: 1 })
      },
      verify: ({ first, held }) => {
        verifyEqual(
          first.ok ? first.value : first.error,
          { post: post({ content: 'draft 25', title: 'Hello again' }), version: 25 },
          `Another program saved a newer snapshot just before \`readPost\` sent its ${code(held, 'last command')}, and now the title is wrong: the state came from the old snapshot and the version from the new one, so the events in between weren't applied. Read all fields of the hash with one command.`,
        )
      },
    })
  })

  test('takes the reducerVersion from the same read as the state', async () => {
    await everyInterleaving({
      name: 'readPost',
      prepare: async () => {
        await plant(1, 12)
        await plantSnapshot(10, 'draft 10')
      },
      first: (redis) => readPost(redis, 'post-1'),
      second: () => plantSnapshot(12, 'as a newer program has it', 2),
      verify: ({ first, held }) => {
        verifyEqual(
          first.ok ? first.value : first.error,
          { post: post({ content: 'draft 12' }), version: 12 },
          `A newer program (\`reducerVersion\` 2) saved its snapshot just before \`readPost\` sent its ${code(held, 'last command')}. The post should come from snapshots with \`reducerVersion\` 1 and from events only. Read all fields of the hash with one command, so that the \`reducerVersion\` belongs to the state.`,
        )
      },
    })
  })

  test('reads in pages', async () => {
    await plant(1, 2_100)
    const { version } = await call('readPost', () => readPost(box.redis, 'post-1'))
    verifyEqual(
      version,
      2_100,
      "A post has 2,100 events and no snapshot, and `readPost` stopped before the end. Read pages until one isn't full.",
    )
    verify(
      largestReply(box.commands) <= 1_000,
      '`readPost` fetched more than 1,000 entries with one command. Read in pages.',
      {
        received: words(`${largestReply(box.commands)} entries`),
      },
    )
    verify((await box.admin.exists(SNAPSHOT)) === 0, '`readPost` saved a snapshot. It should only read.')
  })
})

async function closesConnections(what: string): Promise<void> {
  verify(
    (await connectionsStillOpen()) === 0,
    `After ${what}, a connection that \`takeSnapshot\` opened is still open. Each snapshot would leave another one open, until Redis accepts no more. Close it in a \`finally\`.`,
  )
}

const take = () => call('takeSnapshot', () => takeSnapshot(box.redis, 'post-1'))

describe('takeSnapshot', () => {
  test('saves a snapshot after ten events', async () => {
    await plant(1, 9)
    const early = await take()
    verifyEqual(
      [early, await snapshot()],
      [false, {}],
      'The post has nine events, so `takeSnapshot` should save nothing and resolve to `false`.',
    )
    await plant(10, 10)
    const due = await take()
    verifyEqual(
      await snapshot(),
      at(10),
      'The post has ten events. The hash `blog:snapshot:post-1` should have the fields `state` (the post, as JSON), `version`, and `reducerVersion`, and no others.',
      [
        [
          (found) => !due && Object.keys(found).length === 0,
          'The post has ten events and no snapshot, and `takeSnapshot` saved none. A snapshot is due if there are ten or more events after the last one, so ten are enough.',
        ],
      ],
    )
    verifyEqual(due, true, '`takeSnapshot` saved a snapshot, so it should resolve to `true`.')
  })

  test('saves the next snapshot after ten more events', async () => {
    await plant(1, 19)
    await plantSnapshot(10, 'as the snapshot has it')
    const before = await snapshot()
    const early = await take()
    verifyEqual(
      [early, await snapshot()],
      [false, before],
      'There are nine events after the snapshot, so `takeSnapshot` should leave it unchanged and resolve to `false`.',
    )
    await box.admin.del(STREAM)
    await plant(1, 10)
    await plant(11, 20, { title: 'Hello, world' })
    await take()
    verifyEqual(
      await snapshot(),
      at(20, { title: 'Hello, world', content: 'as the snapshot has it' }),
      'There are ten events after the snapshot at 10. The next snapshot, at 20, should be the state from the first one with those ten events applied.',
    )
  })

  test('catches up when the tenth was missed', async () => {
    await plant(1, 14)
    await take()
    verifyEqual(
      await snapshot(),
      at(14),
      "The post has 14 events and no snapshot, because the program that wrote the tenth event died. 14 isn't a multiple of ten, but a snapshot is due, because at least ten events aren't in one yet.",
    )
    await plant(15, 20)
    const early = await take()
    verifyEqual(
      [early, (await snapshot()).version],
      [false, '14'],
      'The post has 20 events and a snapshot at 14, so there are only six events after it. Count from the snapshot, not from a multiple of ten: `takeSnapshot` should leave it unchanged and resolve to `false`.',
    )
  })

  test('checks the reducerVersion of the stored snapshot', async () => {
    await plant(1, 12)
    await plantSnapshot(12, 'as an old program has it', 0)
    await take()
    verifyEqual(
      await snapshot(),
      at(12),
      'The stored snapshot is from an older reducer (0). Ignore it, replay all events, and replace it.',
    )
    await plantSnapshot(10, 'as a newer program has it', 2)
    const before = await snapshot()
    const taken = await take()
    verifyEqual(
      [taken, await snapshot()],
      [false, before],
      'The stored snapshot is from a newer program (`reducerVersion` 2). Your program is older, so `takeSnapshot` should leave it alone and resolve to `false`.',
    )
  })

  test('passes on errors from Redis', async () => {
    await passesOnReadErrors('takeSnapshot', (redis) => takeSnapshot(redis, 'post-1'))
    await cleanDatabase()
    await plant(1, 10)
    await box.admin.set(SNAPSHOT, 'not a hash')
    const outcome = await attempt('takeSnapshot', () => takeSnapshot(box.redis, 'post-1'))
    verify(
      !outcome.ok && String(outcome.error).includes('WRONGTYPE'),
      "A snapshot was due, and its key held a string, so it couldn't be saved. `takeSnapshot` should reject with the error from Redis (`WRONGTYPE`). If it resolves, the program never learns why posts get slower.",
      { received: outcome.ok ? outcome.value : outcome.error },
    )
    await closesConnections('an error from Redis')
    await passesOnErrors({
      name: 'takeSnapshot',
      prepare: async () => {
        await plant(1, 15)
        await plantSnapshot(10, 'draft 10')
      },
      run: (redis) => takeSnapshot(redis, 'post-1'),
      works: async (saved) => saved === false && (await snapshot()).version === '10',
      why: "There are five events after the stored snapshot, so none is due, but you can't know that without reading both the snapshot and the events.",
    })
  })

  test.skipIf(lacks('own-server'))('passes on errors from writing', async () => {
    const server = await box.startServer()
    await plant(1, 10, undefined, server.admin)
    await everyInterleaving({
      name: 'takeSnapshot',
      prepare: async () => {
        await server.admin.acl('SETUSER', 'default', '+hset')
        await server.admin.del(SNAPSHOT)
      },
      first: () => takeSnapshot(server.connect(), 'post-1'),
      // A transaction whose commands are queued already gets this error from EXEC, in the reply of HSET.
      second: () => server.admin.acl('SETUSER', 'default', '-hset'),
      verify: async ({ first, held }) => {
        verify(
          !first.ok || (await server.admin.exists(SNAPSHOT)) === 1,
          `Redis refused \`HSET\` (\`NOPERM\`)${held === 'EXEC' ? ' inside the transaction' : ''}, so there's no snapshot, but \`takeSnapshot\` resolved. Let every error from the write reach the caller.${held === 'EXEC' ? ' `EXEC` itself succeeds, and the error is in one of its replies, which ioredis returns as pairs of an error and a result.' : ''}`,
          { received: first.ok && first.value },
        )
        await closesConnections('an error from Redis')
      },
    })
  })

  test('replaces the snapshot of an older program that comes meanwhile', async () => {
    await everyInterleaving({
      name: 'takeSnapshot',
      prepare: () => plant(1, 10),
      first: (redis) => takeSnapshot(redis, 'post-1'),
      second: async () => {
        const isSaved = (await box.admin.hget(SNAPSHOT, 'reducerVersion')) === '1'
        if (!isSaved) await plantSnapshot(10, 'as an old program has it', 0)
      },
      verify: async ({ first, after, held }) => {
        verifyEqual(
          [first.ok ? first.value : first.error, await snapshot()],
          [true, at(10)],
          `A program with an older reducer (0) saved its snapshot between the ${code(after, 'start')} and the ${code(held, 'end')} of \`takeSnapshot\`. A snapshot with \`reducerVersion\` 1 is still due, so \`takeSnapshot\` should save it and resolve to \`true\`.${box.commands.some(({ name, reply }) => name === 'EXEC' && reply === null) ? ' `EXEC` replied `(nil)` because the watched key had changed, so nothing was written. Compare again.' : ''}`,
        )
      },
    })
  })

  test('is correct while others write', async () => {
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
          `Another writer stored event 11 between the ${code(after, 'start')} and the ${code(held, 'end')} of \`takeSnapshot\`. The snapshot says version ${found.version}, but its state doesn't match that version. Take the state and the version from one read.`,
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
          `Another program saved a snapshot at 100 between the ${code(after, 'start')} and the ${code(held, 'end')} of \`takeSnapshot\`, which then overwrote it with its older snapshot at 90. Compare and write in one step, and compare numbers: as strings, \`100\` is less than \`90\`.`,
        )
      },
    })
  })

  test('never moves backwards on a shared connection', async () => {
    await everyInterleaving({
      name: 'takeSnapshot',
      sameConnection: true,
      prepare: async (admin) => {
        await plant(1, 90)
        await admin.copy(STREAM, 'blog:post:post-2')
      },
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
          `Two calls to \`takeSnapshot\`, for two posts, shared a connection. Then another program saved a snapshot at 100, and the older one at 90 overwrote it. ${watched ? 'A `WATCH` belongs to a connection, so the call for the other post ended it. Watch on a `redis.duplicate()`, or use a script.' : 'Compare and write in one step.'}`,
        )
      },
    })
  })

  test('keeps the snapshot of a newer program that comes meanwhile', async () => {
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
          `A newer program (\`reducerVersion\` 2) saved its snapshot between the ${code(after, 'start')} and the ${code(held, 'end')} of \`takeSnapshot\`, which then overwrote it. Compare the \`reducerVersion\` in the same step as the save.`,
        )
      },
    })
  })

  test('is complete after a crash, or unchanged', async () => {
    for (const isOld of [false, true]) {
      let before: Awaited<ReturnType<typeof snapshot>> = {}
      await everyCrash({
        name: 'takeSnapshot',
        prepare: async () => {
          await plant(1, 10)
          if (isOld) await plantSnapshot(10, 'as an old program has it', 0)
          before = await snapshot()
        },
        run: (redis) => takeSnapshot(redis, 'post-1'),
        verify: async ({ last }) => {
          const found = await snapshot()
          const isUnchanged = isDeepStrictEqual(found, before)
          verifyEqual(
            found,
            isUnchanged ? before : at(10),
            `The process died after its ${code(last, 'start')} and left half a snapshot. Write all three fields with one command.`,
            [
              [
                (found) => Object.keys(found).length === 0,
                `The process died after its ${code(last, 'start')}, and now the post has no snapshot at all, not even the old one, which another program may still use. Replace it in one step: don't delete it first.`,
              ],
            ],
          )
        },
      })
    }
  })

  test('saves one snapshot of two at the same version', async () => {
    await everyInterleaving({
      name: 'takeSnapshot',
      prepare: () => plant(1, 10),
      first: (redis) => takeSnapshot(redis, 'post-1'),
      second: (redis) => takeSnapshot(redis, 'post-1'),
      verify: async ({ first, second, held }) => {
        verifyEqual(
          [first, second].map((outcome) => outcome.ok && outcome.value).sort(),
          [false, true],
          `Two programs took a snapshot of the same ten events at once, and the first was held before its ${code(held, 'end')}. The second one to save finds a snapshot at its own version, so it should leave that snapshot alone and resolve to \`false\`. (The two results are shown sorted.)`,
        )
        await closesConnections('a snapshot that was saved, and one that was not')
      },
    })
  })
})

const noError = () => {}

/** Counts the commands that were issued after the reply to the one before. */
function roundTrips(commands: readonly SentCommand[]): number {
  let [trips, until] = [0, Number.NEGATIVE_INFINITY]
  for (const { issued, answered } of commands) {
    if (answered === undefined || issued < until) continue
    until = answered
    trips += 1
  }
  return trips
}

async function open(redis = box.redis, onError: (error: unknown, postId: string) => void = noError) {
  return call('openBlog', () => openBlog(redis, clock, onError))
}

const edit = (blog: Blog, changes: { title?: string; content?: string }) =>
  call('editPost', () => blog.editPost('post-1', changes), { background: true })
const settled = (blog: Blog) => call('settled', () => blog.settled())

describe('openBlog', () => {
  const SETTLED_EARLY =
    '`settled` resolved before all snapshots were saved. It should wait for every snapshot that was started, in whatever order they end.'

  test('takes snapshots automatically', async () => {
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
      'Each of the nine commands should resolve to the new version, as in lesson 18, and there should be no snapshot yet.',
    )
    await edit(blog, { content: 'draft 10' })
    await settled(blog)
    const days = { createdAt: DAY_9, editedAt: DAY_9, publishedAt: DAY_9 }
    verifyEqual(
      await snapshot(),
      at(10, { ...days, published: true }),
      'The tenth event was stored and `settled` resolved, so there should be a snapshot at 10. The blog should take it automatically, and `settled` should wait for it.',
    )
    await callError(
      'editPost',
      () => blog.editPost('post-1', { title: ' ' }),
      (await import('#built/18-blog')).PostRefusedError,
      'A blank title should still be refused with the `PostRefusedError` from lesson 18.',
      background,
    )
    await settled(blog)
    verifyEqual(
      told,
      [],
      '`onError` was called, even though no snapshot failed. A refused command should only reject. `onError` is just for snapshots.',
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
      "Fourteen events came from other programs and the fifteenth from this blog, but there's no snapshot at 15. Go by the number of events in the post, not by the number that this process wrote. A snapshot can be due at any version, not just 10, 20, or 30.",
    )
  })

  test("doesn't make the author wait", async () => {
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
        // An upper limit for failing answers. A passing answer needs only the first turn.
        for (let turn = 0; turn < 40 && !resolved; turn += 1) await box.admin.ping()
        return resolved ? 'resolved' : 'waits'
      },
      verify: async ({ first, second, held }) => {
        verify(
          first.ok,
          '`editPost` or `settled` rejected, even though the only problem was that Redis was slow to reply.',
          {
            received: first.ok || first.error,
          },
        )
        verify(
          second.ok && second.value !== 'waits',
          `The tenth event is stored, but \`editPost\` doesn't resolve, because it waits for the snapshot (Redis was slow to reply to its ${code(held, 'last command')}). Let the snapshot run in the background, so that the author doesn't have to wait.`,
        )
        verifyEqual(await snapshot(), at(10, { editedAt: DAY_9 }), SETTLED_EARLY)
      },
    })
  })

  test('keeps a failing snapshot away from the author', async () => {
    await plant(1, 9)
    await box.admin.set(SNAPSHOT, 'not a hash')
    const told: unknown[] = []
    const blog = await open(box.redis, (error, postId) =>
      told.push([String(error).includes('WRONGTYPE'), postId]),
    )
    const outcome = await attempt('editPost', () => blog.editPost('post-1', { content: 'draft 10' }), {
      background: true,
    })
    verifyEqual(
      outcome.ok ? outcome.value : outcome.error,
      10,
      "The snapshot can't be read or saved, because its key holds a string. That's no reason for `editPost` to fail: it should store the event and resolve to 10.",
    )
    const end = await attempt('settled', () => blog.settled())
    verify(
      end.ok,
      'The snapshot failed, and `settled` rejected. It should never reject, because errors go to `onError`, and an unhandled rejection ends the process.',
      { received: !end.ok && end.error },
    )
    verifyEqual(
      told,
      [[true, 'post-1']],
      `The snapshot failed${told.length === 0 ? ", and `onError` wasn't called" : ''}. Call \`onError\` once, with the error from Redis (\`WRONGTYPE\`) and the post's ID. Otherwise posts get slower for no visible reason.`,
    )
    const kept = await connectionsStillOpen() // a blog may keep some for all its snapshots
    await edit(blog, { content: 'draft 11' })
    await settled(blog)
    verifyEqual(
      told,
      [
        [true, 'post-1'],
        [true, 'post-1'],
      ],
      "The snapshot's key still holds a string, so the snapshot after the next edit can't be saved, either. Try again after each event, and call `onError` once for each failure.",
    )
    const left = await connectionsStillOpen()
    verify(
      left <= kept,
      `The blog's snapshots failed twice. ${kept} of the connections it opened for them ${kept === 1 ? 'was' : 'were'} still open after the first failure, and ${left} after the second. Close each one, even if the snapshot fails, because Redis accepts only so many.`,
    )
    await box.admin.del(SNAPSHOT)
    await edit(blog, { content: 'draft 12' })
    await settled(blog)
    verifyEqual(
      await snapshot(),
      at(12, { editedAt: DAY_9 }),
      "Two snapshots of the post failed. Then the problem was fixed and the post was edited again, but there's no snapshot at 12. A snapshot that failed isn't a reason to skip the next one.",
    )
  })

  test('works beside another blog', async () => {
    await plant(1, 9)
    await box.admin.set(SNAPSHOT, 'not a hash')
    const told: string[] = []
    const blog = await open(box.redis, (_error, postId) => told.push(postId))
    const other = box.connect()
    await open(other, () => told.push('the other blog'))
    await other.quit()
    await edit(blog, { content: 'draft 10' })
    await settled(blog)
    verifyEqual(
      told,
      ['post-1'],
      'A program opened two blogs, each with its own `onError`, and a snapshot of the first one failed. Its own `onError` should be called, once. Keep what `openBlog` receives in the blog that it returns, not in a module-level variable.',
    )
    await box.admin.del(SNAPSHOT)
    await edit(blog, { content: 'draft 11' })
    await settled(blog)
    verifyEqual(
      [told, await snapshot()],
      [['post-1'], at(11, { editedAt: DAY_9 })],
      'A program opened two blogs, each with its own client, and closed the client of the second. The first blog should still save its snapshots, over its own client.',
    )
  })

  test('takes a snapshot of every post, and waits for all', async () => {
    let waiting = true
    await everyInterleaving({
      name: 'settled',
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
          `Two posts got their tenth event, and Redis was slow to reply to the first one's ${code(held, 'last command')}. The second should have a snapshot too, because a snapshot in progress isn't a reason to skip another.`,
        )
        verifyEqual(first.ok ? first.value : first.error, found, SETTLED_EARLY)
      },
    })
  })

  test('takes a snapshot after creating', async () => {
    for (let n = 1; n <= 9; n += 1) await plantPinned(n)
    const blog = await open()
    const draft = { title: 'Hello', content: 'draft 1', author: 'ada' }
    await call('createPost', () => blog.createPost('post-1', draft), { background: true })
    await settled(blog)
    verifyEqual(
      await snapshot(),
      { ...at(1, { createdAt: DAY_9, editedAt: null }), version: '10' },
      "The stream had nine events of an unknown type, `POST_PINNED`, and the tenth was the post's `POST_CREATED`, but there's no snapshot at 10. All three commands store events, so a snapshot may be due after each of them.",
    )
  })

  test('takes a snapshot after publishing', async () => {
    await plant(1, 9)
    const blog = await open()
    await call('publishPost', () => blog.publishPost('post-1'), { background: true })
    await settled(blog)
    verifyEqual(
      await snapshot(),
      { ...at(9, { published: true, publishedAt: DAY_9 }), version: '10' },
      "The tenth event of the post was its `POST_PUBLISHED`, but there's no snapshot at 10. All three commands store events, so a snapshot may be due after each of them.",
    )
  })

  test('waits for all snapshots, not just the last', async () => {
    // The snapshot that starts first has to read 6,000 events, and the second has only ten.
    await plant(1, 6_000)
    await box.admin.copy(STREAM, 'blog:post:long')
    await box.admin.del(STREAM)
    await plant(1, 9)
    const blog = await open()
    const background = { background: true }
    await call('editPost', () => blog.editPost('long', { content: 'the last' }), background)
    const sentBefore = box.commands.length
    let [tripsBefore, trips] = [0, 0]
    const short = async () => {
      const version = await blog.editPost('post-1', { content: 'draft 10' })
      const sent = box.commands.slice(sentBefore)
      const firstSent = sent.find(({ args }) => args.join(' ').includes('post-1'))?.issued ?? 0
      tripsBefore = roundTrips(
        sent.filter(
          ({ args, answered = firstSent }) => answered < firstSent && args.join(' ').includes(':long'),
        ),
      )
      const stored =
        sent.find(({ args, error }) => error === undefined && args.join(' ').includes('draft 10'))
          ?.answered ?? Number.POSITIVE_INFINITY
      trips = roundTrips(
        sent.filter(({ args, issued }) => issued > stored && args.join(' ').includes(':long')),
      )
      return version
    }
    await call('editPost', short, background)
    verify(
      tripsBefore < 6,
      "A post with 6,000 events was edited, and then a short one. The second `editPost` sent its first command only after the first post's snapshot had sent many of its own. A command shouldn't wait for any snapshot, not even before it begins.",
      { received: words(`${tripsBefore} round trips for the snapshot`) },
    )
    verify(
      trips < 6, // the event may be stored by an EXEC that follows, and a connection be closed after it
      "A post with 6,000 events was edited, and then a short one. When the second event was stored, `editPost` didn't resolve until the first post's snapshot had sent many more commands. A command should resolve when its event is stored, and not wait for any snapshot, not even one that started earlier.",
      { received: words(`${trips} round trips for the snapshot`) },
    )
    await Promise.race([blog.settled(), settled(blog)])
    verifyEqual(
      (await box.admin.keys('blog:snapshot:*')).sort(),
      ['blog:snapshot:long', SNAPSHOT],
      'A post with 6,000 events was edited, and then a short one. `settled` resolved when the snapshot of the short post was saved, but the first one was still in progress. Wait for all snapshots that were started, not just the last one, even if `settled` is called twice. Otherwise, a program that ends now loses a snapshot.',
    )
  })

  test('takes a snapshot after two edits at once', async () => {
    let waiting = true
    await everyInterleaving({
      name: 'settled',
      prepare: async () => {
        waiting = true
        await plant(1, 8)
      },
      first: async (redis) => {
        const blog = openBlog(redis, clock, noError)
        const edits = [{ title: 'Hello, world' }, { content: 'draft 10' }]
        const versions = await Promise.all(edits.map((changes) => blog.editPost('post-1', changes)))
        await blog.settled()
        waiting = false
        return versions.sort()
      },
      second: async () => {
        for (let turn = 0; turn < 40 && waiting; turn += 1) await box.admin.ping()
      },
      verify: async ({ first, held }) => {
        verifyEqual(
          first.ok ? first.value : first.error,
          [10, 9],
          'The post had eight events, and one program edited it twice at the same time. Both edits should be stored, as versions 9 and 10.',
        )
        verifyEqual(
          await snapshot(),
          at(10, { title: 'Hello, world', editedAt: DAY_9 }),
          `The post had eight events, one program edited it twice at the same time, and Redis was slow to reply to the ${code(held, 'last command')}. There should be a snapshot at 10. If the check after the ninth event is still running when the tenth is stored, check again, because the running check may not have seen the tenth.`,
        )
      },
    })
  })

  test('is correct with two writers', async () => {
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
        verify(
          failed.ok,
          'Two authors edited at the same time, and one was refused. Both edits are allowed.',
          {
            received: failed.ok || failed.error,
          },
        )
        verifyEqual(
          await snapshot(),
          at(10, { title: 'Hello, world', editedAt: DAY_9 }),
          'Two programs each wrote one event, the ninth and the tenth. The program that wrote the tenth should save a snapshot at 10 with both changes in it.',
        )
      },
    })
  })
})
