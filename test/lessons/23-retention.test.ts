import { describe, test } from 'vitest'
import {
  attempt,
  call,
  code,
  everyCrash,
  everyInterleaving,
  lacks,
  largestReply,
  pagingFault,
  passesOnErrors,
  plantLongStream,
  useSandbox,
  verify,
  verifyEqual,
  words,
} from '#kit'
import { findEvents, indexEvents, readHistory, retain, streamSize, trimLimit } from '#lesson/23-retention'

const box = useSandbox()

const STREAM = 'orders'
const log: Parameters<typeof retain>[1] = { stream: STREAM, checkpoints: [], snapshots: [] }
/** Event n happened at noon on March n. */
const clock = () => new Date('2026-03-20T12:00:00.000Z')
const DAY = 24 * 60 * 60 * 1_000

type Entry = Awaited<ReturnType<typeof readHistory>>[number]
type Archive = Parameters<typeof retain>[2]

const day = (n: number) => `2026-03-${String(n).padStart(2, '0')}T12:00:00.000Z`
const id = (n: number) => `${n}-0`
const ids = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => id(from + i))

function fieldsOf(n: number): Record<string, string> {
  return {
    eventId: `event-${n}`,
    eventType: n % 2 === 0 ? 'ORDER_PAID' : 'ORDER_CREATED',
    customerId: `customer-${n % 3}`,
    timestamp: day(Math.min(n, 20)),
    note: '',
  }
}

/** Adds one entry to the stream. */
const add = (at: string, fields: Readonly<Record<string, string>>, redis = box.admin) =>
  redis.xadd(STREAM, at, ...Object.entries(fields).flat())

/** Plants entries `from` to `to`, whose IDs are versions. */
async function plant(from: number, to: number, admin = box.admin): Promise<void> {
  const pipeline = admin.pipeline()
  for (let n = from; n <= to; n += 1) pipeline.xadd(STREAM, id(n), ...Object.entries(fieldsOf(n)).flat())
  await pipeline.exec()
}

/** Creates a group that has received everything up to `delivered`; the entries in `open` are still pending. */
async function group(name: string, delivered: number, open: readonly number[] = []): Promise<void> {
  await box.admin.xgroup('CREATE', STREAM, name, '0')
  if (delivered > 0) {
    await box.admin.xreadgroup('GROUP', name, `${name}-1`, 'COUNT', delivered, 'STREAMS', STREAM, '>')
  }
  const done = ids(1, delivered).filter((one) => !open.map(id).includes(one))
  if (done.length > 0) await box.admin.xack(STREAM, name, ...done)
}

function order(a: { readonly id: string }, b: { readonly id: string }): number {
  const [first = 0, second = 0] = a.id.split('-').map(Number)
  const [otherFirst = 0, otherSecond = 0] = b.id.split('-').map(Number)
  return first - otherFirst || second - otherSecond
}
const isAfter = (entry: Entry, after: string) => order(entry, { id: after }) > 0

/** An archive in memory that behaves like a folder or a bucket. */
function memoryArchive(kept: readonly number[] = []) {
  const byId = new Map<string, Entry>(kept.map((n) => [id(n), { id: id(n), fields: fieldsOf(n) }]))
  const sizes: number[] = []
  const batches: (readonly Entry[])[] = []
  const gone: string[] = []
  const archive: Archive = {
    async put(entries) {
      sizes.push(entries.length)
      batches.push(entries)
      const [first] = entries
      // The entries must still be in the stream. If they aren't and the archive fails, they're lost.
      if (first && (await box.admin.xrange(STREAM, first.id, first.id)).length === 0) gone.push(first.id)
      for (const entry of entries) if (!byId.has(entry.id)) byId.set(entry.id, structuredClone(entry))
    },
    async read(afterId, count) {
      return [...byId.values()]
        .sort(order)
        .filter((entry) => isAfter(entry, afterId))
        .slice(0, count)
    },
  }
  return {
    archive,
    sizes,
    batches,
    gone,
    ids: () => [...byId.values()].sort(order).map((entry) => entry.id),
    byId,
  }
}

const inStream = async () => (await box.admin.xrange(STREAM, '-', '+')).map(([one]) => one)

/** Returns the IDs in `all` that are neither in the stream nor in the archive. */
async function lostOf(all: readonly string[], side: { ids(): string[] }): Promise<readonly string[]> {
  const kept = new Set([...side.ids(), ...(await inStream())])
  return all.filter((one) => !kept.has(one))
}

describe('trimLimit', () => {
  const limit = (of: Parameters<typeof trimLimit>[1] = log) =>
    call('trimLimit', () => trimLimit(box.redis, of))

  test('checks the consumer groups', async () => {
    await plant(1, 12)
    await group('mail', 10)
    verifyEqual(
      await limit(),
      '10-0',
      'The only group has received everything up to `10-0` and acknowledged it, so the limit should be its last delivered ID, `10-0`.',
    )
    await group('search', 9)
    verifyEqual(
      await limit(),
      '9-0',
      'A second group has received everything up to `9-0`, and the slowest group sets the limit. IDs are two numbers: compared as strings, `9-0` would come after `10-0`.',
    )
  })

  test('waits for pending entries', async () => {
    await plant(1, 12)
    await group('mail', 10)
    await group('search', 11, [4, 7])
    verifyEqual(
      await limit(),
      '4-0',
      'The group `search` has received everything up to `11-0`, but `4-0` and `7-0` are still pending. The limit should be the oldest pending entry, `4-0`: a trimmed entry stays pending, but it can no longer be processed.',
    )
  })

  test('includes a group that was set back', async () => {
    await plant(1, 12)
    await group('mail', 10, [8])
    await box.admin.xgroup('SETID', STREAM, 'mail', '3-0')
    verifyEqual(
      await limit(),
      '3-0',
      'The group was set back to `3-0` for a replay while `8-0` is pending. Its position and its oldest pending entry both count, and the smaller one is the limit.',
    )
    await group('new', 0)
    verifyEqual(
      await limit(),
      '0-0',
      'A group that has never received an entry still needs all of them, so the limit should be `0-0`.',
    )
  })

  test('includes checkpoints and snapshots', async () => {
    await plant(1, 12)
    await group('mail', 11)
    await box.admin.set('checkpoint:stats', '10-0')
    await box.admin.set('checkpoint:list', '6-0')
    await box.admin.hset('snapshot:orders', { state: '{}', lastEventId: '9-0' })
    verifyEqual(
      await limit({ ...log, checkpoints: ['checkpoint:stats'] }),
      '10-0',
      'The projection `stats` is at `10-0` and the group at `11-0`, so the limit should be `10-0`.',
    )
    verifyEqual(
      await limit({ ...log, checkpoints: ['checkpoint:stats'], snapshots: ['snapshot:orders'] }),
      '9-0',
      'The snapshot was made at `9-0`, and a reader that starts from it needs the events after it. The limit should be `9-0`.',
    )
    const checkpoints = ['checkpoint:stats', 'checkpoint:list']
    verifyEqual(
      await limit({ stream: STREAM, checkpoints, snapshots: ['snapshot:orders'] }),
      '6-0',
      'The slowest projection is at `6-0`. Every checkpoint counts, so the limit should be `6-0`.',
    )
    verifyEqual(
      checkpoints,
      ['checkpoint:stats', 'checkpoint:list'],
      '`trimLimit` changed the array `checkpoints`, which belongs to the caller. `sort` and `push` change an array in place, so copy it first.',
    )
  })

  test('compares both numbers of an ID', async () => {
    for (const one of ['1740000000000-9', '1740000000000-10', '1740000000000-11']) {
      await box.admin.xadd(STREAM, one, 'eventType', 'ORDER_PAID')
    }
    await box.admin.set('checkpoint:stats', '1740000000000-10')
    await box.admin.set('checkpoint:list', '1740000000000-9')
    verifyEqual(
      await limit({ ...log, checkpoints: ['checkpoint:stats', 'checkpoint:list'] }),
      '1740000000000-9',
      'The checkpoints are `1740000000000-10` and `1740000000000-9`, two entries from the same millisecond, and the second is smaller. Compare IDs as numbers: by the first and, if those are equal, by the second.',
    )
  })

  test('treats a missing position as 0-0', async () => {
    await plant(1, 12)
    verifyEqual(
      await limit(),
      '0-0',
      'There is no group, checkpoint, or snapshot, so nothing shows whether anyone still needs the entries. The limit should be `0-0`.',
    )
    await group('mail', 11)
    for (const one of [
      { ...log, checkpoints: ['checkpoint:new'] },
      { ...log, snapshots: ['snapshot:new'] },
    ]) {
      verifyEqual(
        await limit(one),
        '0-0',
        `The key \`${one.checkpoints[0] ?? one.snapshots[0]}\` doesn't exist yet. Its owner has read nothing and needs everything, so the limit should be \`0-0\`.`,
      )
    }
    await box.admin.hset('snapshot:half', { state: '{}' })
    verifyEqual(
      await limit({ ...log, snapshots: ['snapshot:half'] }),
      '0-0',
      'The hash `snapshot:half` has no field `lastEventId`. A missing field counts as `0-0`, just like a missing key.',
    )
    await box.admin.set('checkpoint:stats', '4-0')
    verifyEqual(
      await limit({ ...log, stream: 'nothing-here', checkpoints: ['checkpoint:stats'] }),
      '0-0',
      "For a stream that doesn't exist, the limit should be `0-0`.",
    )
    await box.admin.xdel(STREAM, ...ids(1, 12))
    verifyEqual(
      await limit({ ...log, checkpoints: ['checkpoint:stats'] }),
      '4-0',
      'Every entry of the stream was deleted, but the stream and its groups still exist. The limit is still the smallest of the IDs, the checkpoint `4-0`.',
    )
  })

  test('passes on errors from Redis', async () => {
    await passesOnErrors({
      name: 'trimLimit',
      async prepare() {
        await plant(1, 4)
        await group('mail', 4, [2])
        await box.admin.set('checkpoint:stats', '1-0')
        await box.admin.hset('snapshot:orders', 'lastEventId', '1-0')
      },
      run: async (redis) => [
        await trimLimit(redis, log),
        await trimLimit(redis, { ...log, checkpoints: ['checkpoint:stats'] }),
        await trimLimit(redis, { ...log, snapshots: ['snapshot:orders'] }),
      ],
      works: (found) => found.join() === '2-0,1-0,1-0',
      why: "A position that can't be read may still exist, and entries that its reader still needs could be trimmed.",
    })
  })
})

const byLength = (entries: number) => ({ keep: 'length', entries }) as const
const byAge = (days: number) => ({ keep: 'age', ms: days * DAY }) as const

describe('retain', () => {
  const run = (archive: Archive, policy: Parameters<typeof retain>[3], of = log, redis = box.redis) =>
    retain(redis, of, archive, policy, clock)

  test('moves old entries to the archive', async () => {
    await plant(1, 12)
    await group('mail', 12)
    const side = memoryArchive()
    const moved = await call('retain', () => run(side.archive, byLength(5)))
    verifyEqual(
      await inStream(),
      ids(8, 12),
      'Of 12 entries, all processed, exactly the newest 5 should stay in the stream: `8-0` to `12-0`.',
      [
        [
          (left) => left.length === 12 && box.commands.some(({ args }) => args.includes('~')),
          'Of 12 entries, exactly the newest 5 should stay, but all of them did. With `~`, Redis removes only whole nodes, and a node holds up to 100 entries. Trim without it.',
        ],
        [
          (left) => left.length === 4 && left[0] === '9-0',
          'Of 12 entries, the newest 5 should stay, and `8-0` is one of them. `retain` removed it: only the entries *before* the limit may go.',
        ],
      ],
    )
    verifyEqual(side.ids(), ids(1, 7), 'The other 7 should be in the archive.')
    verifyEqual(
      side.byId.get('3-0'),
      {
        id: '3-0',
        fields: {
          eventId: 'event-3',
          eventType: 'ORDER_CREATED',
          customerId: 'customer-0',
          timestamp: '2026-03-03T12:00:00.000Z',
          note: '',
        },
      },
      'An archived entry should be `{ id, fields }` with all its fields, unchanged.',
      [
        [
          (entry) => entry?.fields.note === undefined,
          "The field `note` of `3-0` is an empty string, and the archived entry doesn't have that field. Archive all fields, even empty ones.",
        ],
      ],
    )
    verifyEqual(moved, 7, '`retain` should resolve to the number of entries moved.')
    verifyEqual(
      await call('retain', () => run(side.archive, byLength(5))),
      0,
      'A second call has nothing to move, so it should resolve to 0.',
    )
    verifyEqual(
      await call('retain', () => run(side.archive, byLength(50))),
      0,
      "There are five entries and the policy keeps 50, so there's nothing to move. Expected 0.",
    )
  })

  test('uses the age of the event', async () => {
    await plant(1, 12)
    await group('mail', 12)
    const side = memoryArchive()
    verifyEqual(
      await call('retain', () => run(side.archive, byAge(12))),
      7,
      "It's March 20, so entries that are more than 12 days old may go: `1-0` to `7-0`. The IDs of this stream are versions, so an ID made from a time is greater than all of them. Use the field `timestamp` for the age, and `clock` for the current time.",
      [
        [
          (moved) => moved === 8,
          "It's March 20, and `8-0` is exactly 12 days old. An entry that is *at most* 12 days old stays, but `retain` moved it.",
        ],
      ],
    )
    verifyEqual(await inStream(), ids(8, 12), "Entries that aren't older than 12 days should stay.")
    await call('retain', () => run(side.archive, byAge(1)))
    verifyEqual(
      await inStream(),
      ['12-0'],
      'All entries are processed and older than a day. The newest should stay anyway, because the next version is based on it.',
    )
    await plant(13, 15)
    await box.admin.xdel(STREAM, '14-0', '15-0')
    await box.admin.xgroup('SETID', STREAM, 'mail', '15-0')
    await call('retain', () => run(side.archive, byAge(1)))
    verifyEqual(
      await inStream(),
      ['13-0'],
      "The group has processed everything up to `15-0`, but `14-0` and `15-0` were deleted, and all other entries are older than a day. The newest entry that's left, `13-0`, should stay.",
    )
  })

  test('stops at the first entry that is recent enough', async () => {
    for (const [n, when] of [
      [1, 2],
      [2, 15],
      [3, 3],
      [4, 18],
    ] as const) {
      const fields = { ...fieldsOf(n), timestamp: day(when) }
      await add(id(n), fields)
    }
    await group('mail', 4)
    const side = memoryArchive()
    verifyEqual(
      [await call('retain', () => run(side.archive, byAge(12))), await inStream()],
      [1, ids(2, 4)],
      "On March 20, entries more than 12 days old may go. `1-0` is from March 2, `2-0` from March 15, `3-0` from March 3 (on a machine whose clock was behind), and `4-0` from March 18. Stop at the first entry that is recent enough, `2-0`. That entry and everything after it should stay, or you would remove an entry that isn't old.",
    )
  })

  test('moves nothing that is still needed', async () => {
    await plant(1, 12)
    await group('mail', 12)
    await group('search', 11, [4])
    const side = memoryArchive()
    verifyEqual(
      await call('retain', () => run(side.archive, byLength(5))),
      3,
      'The policy would keep 5 entries, but `4-0` is still pending in the group `search`, so only `1-0` to `3-0` may go.',
    )
    verifyEqual(
      await inStream(),
      ids(4, 12),
      'Entries that are still needed should stay, whatever the policy says.',
    )
    const waiting = { ...log, checkpoints: ['checkpoint:new'] }
    verifyEqual(
      await call('retain', () => run(side.archive, byLength(1), waiting)),
      0,
      "A projection has no checkpoint yet, so it hasn't started and nothing may go.",
    )
  })

  test('archives first', async () => {
    await plant(1, 12)
    await group('mail', 12)
    const side = memoryArchive()
    await call('retain', () => run(side.archive, byLength(5)))
    verifyEqual(
      side.gone,
      [],
      'When `retain` called `archive.put`, the entries had already left the stream. If the archive fails now, or the process dies, the entries are lost. Archive first, then trim.',
    )
    const noSpace = new Error('no space left')
    const full: Archive = {
      put: async () => {
        await Promise.resolve()
        throw noSpace
      },
      read: side.archive.read,
    }
    const outcome = await attempt('retain', () => run(full, byLength(2)))
    verify(
      !outcome.ok,
      'The archive was full and `put` failed, but `retain` resolved. It should fail with the same error. Otherwise, the caller believes that the entries are in the archive.',
      { received: outcome.ok && outcome.value },
    )
    verify(
      outcome.error === noSpace,
      'The archive was full and `put` failed. `retain` should fail with that same error, not with a new one: its class and its fields tell the caller what to do.',
      { received: outcome },
    )
    verifyEqual(await inStream(), ids(8, 12), 'The archive was full, so nothing should have been trimmed.')
  })

  test('has nothing to do in an empty stream', async () => {
    await plant(1, 3)
    await group('mail', 3)
    await box.admin.xdel(STREAM, ...ids(1, 3))
    const side = memoryArchive()
    for (const policy of [byLength(2), byAge(1)]) {
      verifyEqual(
        await call('retain', () => run(side.archive, policy)),
        0,
        `The stream exists, but all of its entries were deleted. With the policy \`${policy.keep}\`, \`retain\` should resolve to 0.`,
      )
    }
    verifyEqual(side.sizes, [], "The stream is empty, so `retain` shouldn't call `put`.")
  })

  test('archives in pages', async () => {
    const { counted } = await plantLongStream(box.admin, STREAM, { page: 200, fields: fieldsOf })
    await box.admin.xgroup('CREATE', STREAM, 'mail', '$')
    const side = memoryArchive()
    const moved = await call('retain', () => run(side.archive, byLength(10)))
    const left = await inStream()
    const lost = await lostOf(counted, side)
    const trimmedAll = box.commands.some(({ name, args }) => name === 'XTRIM' && args.includes('8-0'))
    const why =
      pagingFault(box.commands) ||
      (trimmedAll
        ? ' `XTRIM` with `MINID 8-0` removes everything up to the next millisecond. Trim up to a complete ID, `7-401`.'
        : " Trim only up to the point you've archived.")
    verify(
      lost.length === 0,
      `The stream had 410 entries, all from one millisecond (\`7-1\` to \`7-410\`). \`retain\` removed ${lost.length} of them that the archive doesn't have (the first is \`${lost[0]}\`), so they're lost.${why}`,
      { received: lost },
    )
    verifyEqual(
      moved,
      400,
      `Of 410 entries, the newest 10 should stay, and the other 400 should be moved, over several pages.${pagingFault(box.commands)}`,
    )
    verifyEqual(
      [side.ids().length, left],
      [400, counted.slice(-10)],
      `All 400 old entries should be in the archive, and the newest 10 in the stream.${pagingFault(box.commands)}`,
    )
    verify(
      side.sizes.every((n) => n > 0),
      '`retain` called `put` without any entries. Pass at least one: an archive may write a file for each call.',
      { received: side.sizes },
    )
    verify(
      side.sizes.every((n) => n <= 200),
      "Each call to `put` should pass 1 to 200 entries. The archive may have room for millions of entries, but your process doesn't.",
      { received: side.sizes },
    )
    verifyEqual(
      side.batches.map((entries) => entries.length),
      side.sizes,
      '`retain` changed an array after it had passed it to `put`. The archive may still be writing it, so use a new array for each page.',
    )
  })

  test('moves entries whose ID begins with 0', async () => {
    const all = ['0-1', '0-2', '0-3']
    for (const one of all) await add(one, fieldsOf(1))
    await box.admin.xgroup('CREATE', STREAM, 'mail', '$')
    const side = memoryArchive()
    verifyEqual(
      [await call('retain', () => run(side.archive, byLength(1))), await inStream()],
      [2, ['0-3']],
      "The entries `0-1` to `0-3` are processed, and the policy keeps 1, so `0-1` and `0-2` should move to the archive. Only the limit `0-0` means that there's nothing to do. `0-3` is an ID like any other.",
    )
  })

  test('fails whenever the archive does', async () => {
    await plant(1, 300)
    await group('mail', 300)
    for (const failing of [1, 2]) {
      const side = memoryArchive()
      let calls = 0
      const unreachable = new Error('archive unreachable')
      const flaky: Archive = {
        put: async (entries) => {
          calls += 1
          if (calls === failing) throw unreachable
          await side.archive.put(entries)
        },
        read: side.archive.read,
      }
      const outcome = await attempt('retain', () => run(flaky, byLength(10)))
      verify(
        !outcome.ok && outcome.error === unreachable,
        `Call ${failing} of \`archive.put\` failed, so \`retain\` should fail with the same error. Otherwise, the caller doesn't notice that the archive has a problem.`,
        { received: outcome },
      )
      verifyEqual(
        (await lostOf(ids(1, 300), side)).slice(0, 5),
        [],
        `Call ${failing} of \`archive.put\` failed, and now these entries are neither in the stream nor in the archive. Trim only what the archive has confirmed.`,
      )
      await call('retain', () => run(side.archive, byLength(10)))
      const again = `Call ${failing} of \`archive.put\` failed, then \`retain\` was called again with an archive that works.`
      verifyEqual(
        (await lostOf(ids(1, 300), side)).slice(0, 5),
        [],
        `${again} Now these entries are neither in the stream nor in the archive. If you store how far you've archived, store it after \`put\` has succeeded, because the next call continues from there.`,
      )
      verifyEqual(
        [side.ids().length, (await inStream()).length],
        [290, 10],
        `${again} It should have moved the rest: 290 entries belong in the archive, and 10 in the stream. Whatever the failed call left behind, such as a lock, must not stop the next one.`,
      )
      await box.admin.flushdb() // whatever `retain` has stored about its progress, too
      await plant(1, 300)
      await group('mail', 300)
    }
  })

  test('checks the age on every page', async () => {
    const old = (n: number) => ({ ...fieldsOf(n), timestamp: day(1) })
    const { counted } = await plantLongStream(box.admin, STREAM, { page: 200, fields: old })
    await box.admin.xgroup('CREATE', STREAM, 'mail', '$')
    const side = memoryArchive()
    await call('retain', () => run(side.archive, byAge(12)))
    verifyEqual(
      await inStream(),
      counted.slice(-1),
      `All 410 entries (\`7-1\` to \`7-410\`, from one millisecond) are 19 days old, and the policy keeps 12 days. Only the newest, \`7-410\`, should still be in the stream.${pagingFault(box.commands)}`,
    )
  })

  test('looks for the first recent entry on every page', async () => {
    const recent = (n: number) => ({ ...fieldsOf(n), timestamp: day(n > 1_005 ? 18 : 1) })
    const { counted } = await plantLongStream(box.admin, STREAM, { page: 500, fields: recent })
    await box.admin.xgroup('CREATE', STREAM, 'mail', '$')
    const side = memoryArchive()
    await call('retain', () => run(side.archive, byAge(12)))
    verifyEqual(
      await inStream(),
      counted.slice(1_005),
      'Of 1,010 entries (`7-1` to `7-1010`), the first 1,005 are 19 days old and the last 5 are 2 days old. The policy keeps 12 days, so exactly the last 5 should still be in the stream. The first entry that is recent enough may be on any page, so keep reading until you find it.',
    )
  })

  test('loses nothing written in the meantime', async () => {
    let side = memoryArchive()
    await everyInterleaving({
      name: 'retain',
      prepare: async () => {
        side = memoryArchive()
        await plant(1, 6)
        await group('mail', 6)
      },
      first: (redis) => run(side.archive, byLength(3), log, redis),
      second: (redis) => add('7-0', fieldsOf(7), redis),
      verify: async ({ held }) => {
        verifyEqual(
          await lostOf(ids(1, 7), side),
          [],
          `\`7-0\` was written before the ${code(held, 'end')} of \`retain\`, and \`retain\` trimmed an entry that isn't in the archive. ${box.commands.some(({ args }) => args.some((arg) => /^maxlen$/i.test(arg))) ? "Trim by ID (`MINID`), up to the point you've archived. By then, a number of entries (`MAXLEN`) refers to different entries." : "Trim only up to the point you've archived, not up to one that you determine later."}`,
        )
      },
    })
  })

  test('loses nothing when a reader moves on in the meantime', async () => {
    let side = memoryArchive()
    await everyInterleaving({
      name: 'retain',
      prepare: async () => {
        side = memoryArchive()
        await plant(1, 6)
        await group('mail', 6, [3])
      },
      first: (redis) => run(side.archive, byLength(1), log, redis),
      second: (redis) => redis.xack(STREAM, 'mail', '3-0'),
      verify: async ({ held }) => {
        verifyEqual(
          await lostOf(ids(1, 6), side),
          [],
          `The pending entry \`3-0\` was acknowledged before the ${code(held, 'end')} of \`retain\`, so the limit moved from \`3-0\` to \`6-0\`, and \`retain\` trimmed entries that aren't in the archive. Determine the limit once, and use that ID to archive and to trim.`,
        )
      },
    })
  })

  test('keeps enough when two run at once', async () => {
    let side = memoryArchive()
    await everyInterleaving({
      name: 'retain',
      prepare: async () => {
        side = memoryArchive()
        await plant(1, 6)
        await group('mail', 6)
      },
      first: (redis) => run(side.archive, byLength(4), log, redis),
      second: (redis) => run(side.archive, byLength(4), log, redis),
      verify: async ({ held, first, second }) => {
        const what = `Two processes ran \`retain\` at once; the second ran before the ${code(held, 'end')} of the first.`
        verifyEqual(
          [await inStream(), side.ids()],
          [ids(3, 6), ids(1, 2)],
          `${what} The newest 4 should still be in the stream, and the other 2 in the archive. Keep the ID you trim up to, not a number of entries: if another process trims in the meantime, that number refers to different entries.`,
        )
        for (const outcome of [first, second]) {
          verify(
            outcome.ok,
            `${what} One of them failed. If the other process has already moved an entry, there's nothing left to do with it.`,
            { received: !outcome.ok && outcome.error },
          )
        }
      },
    })
  })

  test('survives a crash', async () => {
    let side = memoryArchive()
    await everyCrash({
      name: 'retain',
      prepare: async () => {
        side = memoryArchive()
        await plant(1, 6)
        await group('mail', 6)
      },
      run: (redis) => run(side.archive, byLength(3), log, redis),
      verify: async ({ last }) => {
        verifyEqual(
          await lostOf(ids(1, 6), side),
          [],
          `The process died after its ${code(last, 'start')}, and these entries are neither in the stream nor in the archive.`,
        )
      },
    })
  })

  test('passes on errors from Redis', async () => {
    await passesOnErrors({
      name: 'retain',
      async prepare() {
        await plant(1, 6)
        await group('mail', 6)
      },
      run: (redis) => run(memoryArchive().archive, byLength(3), log, redis),
      works: async () => (await inStream()).length === 3,
      why: 'Otherwise, the caller believes that the stream is as short as it should be.',
    })
  })
})

describe('readHistory', () => {
  const numbers = (entries: readonly Entry[]) => entries.map((entry) => entry.id)
  const read = (archive: Archive, after: string, count: number, redis = box.redis) =>
    readHistory(redis, STREAM, archive, after, count)

  test('continues from the archive to the stream', async () => {
    await plant(8, 12)
    const side = memoryArchive([1, 2, 3, 4, 5, 6, 7])
    const page = (after: string, count: number) => call('readHistory', () => read(side.archive, after, count))
    verifyEqual(
      numbers(await page('0-0', 100)),
      ids(1, 12),
      'Starting at `0-0`, `readHistory` should return `1-0` to `7-0` from the archive, then `8-0` to `12-0`.',
    )
    verifyEqual(
      numbers(await page('0-0', 3)),
      ids(1, 3),
      '`readHistory` should return at most `count` entries, oldest first.',
      [
        [
          (found) => found[0] === '8-0',
          'Three entries after `0-0` were requested, and `readHistory` returned those from the stream, although older ones are in the archive. Even if the stream has enough entries, read the archive too: its entries come first.',
        ],
      ],
    )
    verifyEqual(
      numbers(await page('5-0', 4)),
      ids(6, 9),
      "Expected the four entries after `5-0` (without `5-0`): two from the archive and two from the stream. A page that's too short would mean that there are no more entries.",
    )
    verifyEqual(
      numbers(await page('9-0', 4)),
      ids(10, 12),
      'After `9-0`, there are three entries, all in the stream.',
    )
    verifyEqual(
      numbers(await page('8-0', 3)),
      ids(9, 11),
      "Expected the three entries after `8-0`, which is in the stream itself. It isn't part of the result, and it doesn't count as one of the three.",
    )
    verifyEqual(
      numbers(await page('12-0', 4)),
      [],
      "There's nothing after the last entry, so `readHistory` should return an empty array.",
    )
    const [, last] = await page('6-0', 2)
    verifyEqual(
      last,
      {
        id: '8-0',
        fields: {
          eventId: 'event-8',
          eventType: 'ORDER_PAID',
          customerId: 'customer-2',
          timestamp: '2026-03-08T12:00:00.000Z',
          note: '',
        },
      },
      'An entry should be `{ id, fields }`, wherever it comes from.',
    )
  })

  test('keeps the order within a millisecond', async () => {
    const entry = (one: string) => ({ id: one, fields: fieldsOf(1) })
    const all = ['1740000000000-2', '1740000000000-9', '1740000000000-10', '1740000000000-11']
    for (const one of all.slice(1)) {
      await add(one, fieldsOf(1))
    }
    const side = memoryArchive()
    await side.archive.put(all.slice(0, 3).map(entry))
    verifyEqual(
      numbers(await call('readHistory', () => read(side.archive, '0-0', 100))),
      all,
      'There are four entries from one millisecond, two of them in both the archive and the stream. Each should appear once, in the order of the second number (9 before 10).',
    )
  })

  test('returns no entry twice', async () => {
    await plant(5, 12)
    const side = memoryArchive([1, 2, 3, 4, 5, 6, 7])
    verifyEqual(
      numbers(await call('readHistory', () => read(side.archive, '0-0', 100))),
      ids(1, 12),
      'A process archived everything up to `7-0` and died before it trimmed, so `5-0` to `7-0` are in both places. Each entry should appear once, in stream order.',
    )
    verifyEqual(
      numbers(await call('readHistory', () => read(side.archive, '4-0', 5))),
      ids(5, 9),
      'Expected the five entries after `4-0`, three of which are in both places: `5-0` to `9-0`.',
    )
    const found = await side.archive.read('0-0', 100)
    const archive: Archive = { ...side.archive, read: async () => found }
    await call('readHistory', () => read(archive, '0-0', 100))
    verifyEqual(
      numbers(found),
      ids(1, 7),
      '`readHistory` changed the array that `archive.read` returned. It may belong to the archive, which may keep it for the next reader, so copy it first.',
    )
  })

  test('leaves no gap while others archive', async () => {
    let side = memoryArchive()
    for (const after of [0, 3]) {
      await everyInterleaving({
        name: 'readHistory',
        prepare: async () => {
          side = memoryArchive([1, 2])
          await plant(3, 8)
        },
        first: (redis) => read(side.archive, id(after), 100, redis),
        second: async (redis) => {
          await side.archive.put([3, 4, 5].map((n) => ({ id: id(n), fields: fieldsOf(n) })))
          await redis.xtrim(STREAM, 'MINID', '6-0')
        },
        verify: ({ first, held }) => {
          verifyEqual(
            first.ok ? numbers(first.value) : first.error,
            ids(after + 1, 8),
            `\`3-0\` to \`5-0\` moved to the archive before the ${code(held, 'end')} of \`readHistory\`, and \`readHistory\` returned a history with a gap. ${after === 0 ? "When it read the archive, they weren't there yet, and when it read the stream, they were gone." : '`3-0`, where it should continue, was still in the stream at the start, so the archive may have seemed unnecessary.'} Read the stream first, then the archive, and combine the two by ID.`,
          )
        },
      })
    }
  })

  test('reads a page, not everything', async () => {
    await plant(101, 150)
    const side = memoryArchive([99, 100])
    const page = await call('readHistory', () => read(side.archive, '98-0', 4))
    verifyEqual(numbers(page), ids(99, 102), 'Expected the four entries after `98-0`, two from each place.')
    const most = largestReply(box.commands)
    verify(
      most <= 4,
      'Four entries were requested, but `readHistory` fetched more than that from Redis with one command. Use `XRANGE` with `COUNT`.',
      { received: most },
    )
  })

  test('passes on errors', async () => {
    await plant(3, 4)
    const side = memoryArchive([1, 2])
    const trouble = new Error('archive unreachable')
    const broken: Archive = { ...side.archive, read: () => Promise.reject(trouble) }
    const outcome = await attempt('readHistory', () => read(broken, '0-0', 10))
    verify(
      !outcome.ok && outcome.error === trouble,
      '`archive.read` failed, so `readHistory` should fail with the same error. A history without its beginning looks like a shorter history.',
      { received: outcome.ok ? numbers(outcome.value) : outcome.error },
    )
    await passesOnErrors({
      name: 'readHistory',
      prepare: () => plant(3, 4),
      run: (redis) => read(side.archive, '0-0', 10, redis),
      works: (found) => found.length === 4,
      why: "A history that can't be read to its end isn't a shorter history.",
    })
  })
})

describe('the index', () => {
  const index = (redis = box.redis) => call('indexEvents', () => indexEvents(redis, STREAM))
  const find = (question: Parameters<typeof findEvents>[2]) =>
    call('findEvents', () => findEvents(box.redis, STREAM, question))

  test('answers by type, customer, and time', async () => {
    await plant(1, 12)
    verifyEqual(await index(), 12, '`indexEvents` should resolve to the number of new events, 12.')
    const keys = await box.admin.keys('*')
    verify(
      keys.some((key) => key !== STREAM && key !== 'index:orders:position'),
      "`indexEvents` has run, and Redis has no key that could contain an index, only the stream and perhaps the position. Store the index in Redis: variables are gone when the program ends, and the stream doesn't keep its old events.",
      { received: keys },
    )
    verifyEqual(
      await find({ eventType: 'ORDER_PAID' }),
      ['2-0', '4-0', '6-0', '8-0', '10-0', '12-0'],
      'Expected the IDs of all events of the type `ORDER_PAID`, in stream order (`8-0` before `10-0`, because IDs are numbers).',
    )
    verifyEqual(
      await find({ customerId: 'customer-1' }),
      ['1-0', '4-0', '7-0', '10-0'],
      'Expected all events of `customer-1`.',
    )
    verifyEqual(
      await find({ eventType: 'ORDER_PAID', customerId: 'customer-1' }),
      ['4-0', '10-0'],
      'Expected the `ORDER_PAID` events of `customer-1`. Both conditions have to match.',
    )
    verifyEqual(
      await find({ from: new Date(day(3)), to: new Date(day(6)) }),
      ['3-0', '4-0', '5-0'],
      'Expected the events from noon on March 3 (inclusive) to noon on March 6 (exclusive), going by the field `timestamp`.',
    )
    verifyEqual(
      await find({ eventType: 'ORDER_CREATED', from: new Date(day(4)) }),
      ['5-0', '7-0', '9-0', '11-0'],
      'Expected the `ORDER_CREATED` events from noon on March 4 or later. Both the type and the time have to match.',
    )
    verifyEqual(
      await find({ from: new Date(day(3)), to: new Date(day(3)) }),
      [],
      '`from` is inclusive and `to` is exclusive, so nothing falls between noon on March 3 and that same moment.',
    )
    verifyEqual(
      await find({ to: new Date(0) }),
      [],
      '`to` is January 1, 1970, and no event is older than that. `getTime()` of that date is 0, which is a bound like any other: compare with `undefined` instead of testing for truthiness.',
    )
    verifyEqual(await find({}), ids(1, 12), 'A question without conditions should match all events.')
    verifyEqual(
      await find({ customerId: 'nobody' }),
      [],
      'This customer has no events, so `findEvents` should return an empty array.',
    )
    for (const field of ['customerId', 'eventType']) {
      verifyEqual(
        await find({ [field]: '' }),
        [],
        `No event has an empty string as its \`${field}\`, so \`findEvents\` should return an empty array. An empty string is a condition too: compare with \`undefined\` instead of testing for truthiness.`,
      )
    }
    verifyEqual(
      await find({ customerId: 'ORDER_PAID' }),
      [],
      "No customer is called `ORDER_PAID`; that's an event type. Keep the index of the types and the index of the customers apart.",
    )
  })

  test('keeps stream order within a millisecond', async () => {
    const all = ['1740000000000-2', '1740000000000-9', '1740000000000-10']
    for (const one of all) await add(one, fieldsOf(1))
    await index()
    verifyEqual(
      await find({ customerId: 'customer-1' }),
      all,
      'The three events are from one millisecond. If the first number is the same, the second one determines the stream order: 2, 9, 10.',
    )
  })

  test('resumes where it stopped', async () => {
    await plant(1, 5)
    await index()
    verifyEqual(
      await box.admin.get('index:orders:position'),
      '5-0',
      "`index:orders:position` should have the ID of the last event indexed. Retention uses it as a checkpoint. (Don't keep the position in the program's memory: it's gone when the program ends.)",
    )
    await box.admin.xtrim(STREAM, 'MINID', '5-0')
    await plant(6, 7)
    verifyEqual(
      await index(),
      2,
      'Two events have been added since the last call, so `indexEvents` should resolve to 2.',
    )
    verifyEqual(await index(), 0, 'There are no new events now, so `indexEvents` should resolve to 0.')
    verifyEqual(
      await find({ customerId: 'customer-1' }),
      ['1-0', '4-0', '7-0'],
      '`1-0` and `4-0` have moved from the stream to the archive, but `findEvents` should still return their IDs.',
    )
  })

  test('copes with clocks that are behind', async () => {
    await add('1-0', { ...fieldsOf(1), timestamp: day(9) })
    await add('2-0', { ...fieldsOf(2), timestamp: day(2) })
    await box.admin.xadd(STREAM, '3-0', 'eventType', 'SHOP_OPENED', 'timestamp', day(3))
    await index()
    verifyEqual(
      await find({ from: new Date(day(1)) }),
      ['1-0', '2-0', '3-0'],
      'The result should be in stream order even if clocks disagree, and it should include an event without `customerId`.',
    )
    verifyEqual(
      await find({ to: new Date(day(3)) }),
      ['2-0'],
      'Going by `timestamp`, only `2-0` is from before noon on March 3.',
    )
    verifyEqual(
      await find({ customerId: 'undefined' }),
      [],
      "An event without `customerId` doesn't belong to any customer, not even to one called `undefined`.",
    )
    await add('4-0', { ...fieldsOf(4), customerId: '' })
    await index()
    verifyEqual(
      await find({ customerId: '' }),
      ['4-0'],
      'The `customerId` of `4-0` is an empty string, and `3-0` has no `customerId` at all. Only `4-0` belongs to the customer with the empty ID, so index every `customerId` that is present.',
    )
  })

  test('sets no bound that the question does not have', async () => {
    await add('1-0', { ...fieldsOf(1), timestamp: '2199-03-01T12:00:00.000Z' })
    await index()
    for (const question of [{}, { from: new Date(day(1)) }]) {
      verifyEqual(
        await find(question),
        ['1-0'],
        "A machine with a wrong clock wrote an event whose `timestamp` is in 2199. The question has no `to`, so there's no upper bound, not even the current time.",
      )
    }
  })

  test('indexes in pages', async () => {
    await plantLongStream(box.admin, STREAM, { page: 100, fields: fieldsOf })
    const indexed = await index()
    verifyEqual(
      indexed,
      210,
      `All 210 events, which were written within one millisecond (\`7-1\` to \`7-210\`), should be indexed in one call, page by page.${pagingFault(box.commands)}`,
    )
    const most = largestReply(box.commands)
    verify(
      most <= 100,
      '`indexEvents` fetched more than 100 entries with one command. Read in pages: a stream may have millions of entries.',
      {
        received: most,
      },
    )
  })

  test('finds more than a page', async () => {
    const { counted } = await plantLongStream(box.admin, STREAM, { page: 60, fields: () => fieldsOf(4) })
    await index()
    verifyEqual(
      (await find({ eventType: 'ORDER_PAID', customerId: 'customer-1' })).length,
      counted.length,
      'All 130 events are `ORDER_PAID` events of `customer-1`, and `findEvents` should return every ID, however many match.',
    )
  })

  test('compares times to the millisecond', async () => {
    for (const [n, time] of [
      [1, '250'],
      [2, '500'],
      [3, '750'],
    ] as const) {
      const fields = { ...fieldsOf(1), timestamp: `2026-03-01T12:00:00.${time}Z` }
      await add(id(n), fields)
    }
    await index()
    const from = new Date('2026-03-01T12:00:00.500Z')
    const why = 'Three events are from one second, at 250, 500, and 750 milliseconds.'
    verifyEqual(
      await find({ from }),
      ['2-0', '3-0'],
      `${why} Starting at 500 milliseconds, \`findEvents\` should find the last two.`,
    )
    verifyEqual(
      await find({ to: from }),
      ['1-0'],
      `${why} Before 500 milliseconds, there's only the first one.`,
    )
  })

  test('answers two questions at once', async () => {
    await everyInterleaving({
      name: 'findEvents',
      async prepare() {
        await plant(1, 6)
        await indexEvents(box.connect(), STREAM)
      },
      first: (redis) => findEvents(redis, STREAM, { eventType: 'ORDER_PAID', customerId: 'customer-1' }),
      second: (redis) => findEvents(redis, STREAM, { eventType: 'ORDER_CREATED', customerId: 'customer-2' }),
      verify: ({ first, second, held }) =>
        verifyEqual(
          [first, second].map((outcome) => (outcome.ok ? outcome.value : outcome.error)),
          [['4-0'], ['5-0']],
          `Two programs called \`findEvents\` at once, the second one before the ${code(held, 'end')} of the first one, and one of them got a wrong result. If you store an intersection in a key (\`ZINTERSTORE\`), two calls share that key: let Redis reply with the result instead, or intersect in your program.`,
        ),
    })
  })

  test('misses nothing written in the meantime', async () => {
    await everyInterleaving({
      name: 'indexEvents',
      prepare: () => plant(1, 2),
      first: (redis) => indexEvents(redis, STREAM),
      second: () => plant(3, 3),
      verify: async ({ held }) => {
        await call('indexEvents', () => indexEvents(box.connect(), STREAM))
        verifyEqual(
          await call('findEvents', () => findEvents(box.connect(), STREAM, {})),
          ids(1, 3),
          `\`3-0\` was written before the ${code(held, 'end')} of \`indexEvents\`. Another call to \`indexEvents\` followed, and \`findEvents\` still can't find \`3-0\`. The position should be the ID of the last entry that you've read and indexed, not the last one that's in the stream by then.`,
        )
      },
    })
  })

  test('misses nothing after a crash', async () => {
    await everyCrash({
      name: 'indexEvents',
      prepare: () => plant(1, 2),
      run: (redis) => indexEvents(redis, STREAM),
      verify: async ({ last, survived }) => {
        if (!survived) await call('indexEvents', () => indexEvents(box.connect(), STREAM))
        for (const [question, expected] of [
          [{ eventType: 'ORDER_PAID' }, ['2-0']],
          [{ customerId: 'customer-1' }, ['1-0']],
          [{ to: new Date(day(3)) }, ['1-0', '2-0']],
        ] as const) {
          verifyEqual(
            await call('findEvents', () => findEvents(box.connect(), STREAM, question)),
            expected,
            `\`indexEvents\` died after its ${code(last, 'start')} and was called again, and now \`findEvents\` can't find an event. The position must not be ahead of the index, so change both in one step.`,
          )
        }
      },
    })
  })

  test('keeps the streams apart', async () => {
    await plant(1, 2)
    await index()
    const inReturns = (question: Parameters<typeof findEvents>[2]) =>
      call('findEvents', () => findEvents(box.redis, 'returns', question))
    verifyEqual(
      await inReturns({}),
      [],
      'The events of the stream `orders` were indexed, and `findEvents` also found them in the stream `returns`. Keep one index for each stream.',
    )
    const fields = { eventType: 'GOODS_RETURNED', customerId: 'customer-9', timestamp: day(1) }
    for (const one of ids(1, 2)) await box.admin.xadd('returns', one, ...Object.entries(fields).flat())
    await call('indexEvents', () => indexEvents(box.redis, 'returns'))
    for (const question of [{ eventType: 'ORDER_PAID' }, { customerId: 'customer-1' }]) {
      verifyEqual(
        await inReturns(question),
        [],
        `The streams \`orders\` and \`returns\` both have the IDs \`1-0\` and \`2-0\`, and only events of \`orders\` match \`${JSON.stringify(question)}\`. \`findEvents\` found one in \`returns\`. Keep the index of each type and each customer separately for each stream.`,
      )
    }
  })

  test('passes on errors from Redis', async () => {
    const question = { eventType: 'ORDER_CREATED', customerId: 'customer-1', from: new Date(day(1)) }
    const found = (redis = box.connect()) => findEvents(redis, STREAM, question)
    await passesOnErrors({
      name: 'indexEvents',
      prepare: () => plant(1, 2),
      run: (redis) => indexEvents(redis, STREAM),
      works: async () => (await found()).includes('1-0'),
      why: 'Otherwise, the caller believes that the index is complete.',
    })
    await passesOnErrors({
      name: 'findEvents',
      async prepare() {
        await plant(1, 2)
        await indexEvents(box.connect(), STREAM)
      },
      run: found,
      works: (one) => one.includes('1-0'),
      why: "An index that can't be read isn't an index without events.",
    })
  })
})

describe.skipIf(lacks('real-server'))('streamSize', () => {
  test('measures the whole stream', async () => {
    await plant(1, 200)
    const note = 'x'.repeat(2_000)
    for (let n = 201; n <= 400; n += 1) await box.admin.xadd(STREAM, id(n), 'note', note)
    const size = await call('streamSize', () => streamSize(box.redis, STREAM))
    const bytes = await box.admin.memory('USAGE', STREAM, 'SAMPLES', 0)
    verifyEqual(size?.entries, 400, '`entries` should be the number of entries in the stream, 400.')
    verifyEqual(
      size?.bytes,
      bytes,
      "The stream has 200 small entries, then 200 large ones, and `bytes` isn't the size of the whole stream. Without `SAMPLES 0`, `MEMORY USAGE` measures a few nodes at the beginning and assumes that the others are similar.",
    )
    verifyEqual(
      await call('streamSize', () => streamSize(box.redis, 'nothing-here')),
      { entries: 0, bytes: 0 },
      "A stream that doesn't exist has no entries and takes no memory. Expected 0 and 0.",
    )
    await box.admin.xdel(STREAM, ...ids(1, 400))
    verifyEqual(
      await call('streamSize', () => streamSize(box.redis, STREAM)),
      { entries: 0, bytes: await box.admin.memory('USAGE', STREAM, 'SAMPLES', 0) },
      "All entries were deleted, but the stream still exists and takes some memory. Only a stream that doesn't exist has 0 bytes.",
    )
    await passesOnErrors({
      name: 'streamSize',
      prepare: () => plant(1, 3),
      run: (redis) => streamSize(redis, STREAM),
      works: ({ entries, bytes }) => entries === 3 && bytes > 0,
      why: "A stream that can't be measured isn't an empty stream.",
    })
  })

  test('shows how much memory retention frees', async () => {
    await plant(1, 1_000)
    await group('mail', 1_000)
    const side = memoryArchive()
    const before = await call('streamSize', () => streamSize(box.redis, STREAM))
    await call('retain', () => retain(box.redis, log, side.archive, byLength(100), clock))
    const after = await call('streamSize', () => streamSize(box.redis, STREAM))
    verifyEqual(
      [before.entries, after.entries],
      [1_000, 100],
      'The stream should have 1,000 entries before retention and 100 after it.',
    )
    verify(
      after.bytes > 0 && after.bytes < before.bytes / 4,
      'With a tenth of the entries, the stream should take less than a quarter of the memory.',
      { received: words(`${before.bytes} bytes before, ${after.bytes} after`) },
    )
  })
})
