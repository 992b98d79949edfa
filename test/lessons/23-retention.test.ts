import { describe, test } from 'vitest'
import {
  attempt,
  call,
  everyCrash,
  everyInterleaving,
  lacks,
  largestReply,
  pagingFault,
  plantLongStream,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import { findEvents, indexEvents, readHistory, retain, streamSize, trimLimit } from '#lesson/23-retention'

const box = useSandbox()

const STREAM = 'orders'
const log: Parameters<typeof retain>[1] = { stream: STREAM, checkpoints: [], snapshots: [] }
/** Event n happened at noon of day n of March. */
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
  }
}

/** Entries `from` to `to`; their ids are versions. */
async function plant(from: number, to: number, admin = box.admin): Promise<void> {
  const pipeline = admin.pipeline()
  for (let n = from; n <= to; n += 1) pipeline.xadd(STREAM, id(n), ...Object.entries(fieldsOf(n)).flat())
  await pipeline.exec()
}

/** A group that has been given everything up to `delivered`; `open` of these are still pending. */
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
const behind = (entry: Entry, after: string) => order(entry, { id: after }) > 0

/** An archive in memory, as a folder or a bucket would behave. */
function memoryArchive(kept: readonly number[] = []) {
  const byId = new Map<string, Entry>(kept.map((n) => [id(n), { id: id(n), fields: fieldsOf(n) }]))
  const sizes: number[] = []
  const gone: string[] = []
  const archive: Archive = {
    async put(entries) {
      sizes.push(entries.length)
      const [first] = entries
      // What is put must still be in the stream: an archive that fails would be too late otherwise.
      if (first && (await box.admin.xrange(STREAM, first.id, first.id)).length === 0) gone.push(first.id)
      for (const entry of entries) if (!byId.has(entry.id)) byId.set(entry.id, structuredClone(entry))
    },
    async read(afterId, count) {
      return [...byId.values()]
        .sort(order)
        .filter((entry) => behind(entry, afterId))
        .slice(0, count)
    },
  }
  return { archive, sizes, gone, ids: () => [...byId.values()].sort(order).map((entry) => entry.id), byId }
}

const inStream = async () => (await box.admin.xrange(STREAM, '-', '+')).map(([one]) => one)

describe('trimLimit', () => {
  const limit = (of: Parameters<typeof trimLimit>[1] = log) =>
    call('trimLimit', () => trimLimit(box.redis, of))

  test('asks the groups', async () => {
    await plant(1, 12)
    await group('mail', 10)
    verifyEqual(
      await limit(),
      '10-0',
      'One group, which was given everything up to 10-0 and has acknowledged it: the limit is its last delivered entry, 10-0.',
    )
    await group('search', 9)
    verifyEqual(
      await limit(),
      '9-0',
      'A second group has got as far as 9-0, and the slowest sets the limit. Ids are two numbers: compared as texts, 9-0 would come after 10-0.',
    )
  })

  test('waits for what is pending', async () => {
    await plant(1, 12)
    await group('mail', 10)
    await group('search', 11, [4, 7])
    verifyEqual(
      await limit(),
      '4-0',
      'The group search was given everything up to 11-0, but 4-0 and 7-0 are still pending in it. The limit is the oldest pending entry, 4-0: a trimmed entry stays pending, and nobody can do its work any more.',
    )
  })

  test('thinks of a group that starts again', async () => {
    await plant(1, 12)
    await group('mail', 10, [8])
    await box.admin.xgroup('SETID', STREAM, 'mail', '3-0')
    verifyEqual(
      await limit(),
      '3-0',
      'The group was set back to 3-0 for a replay while 8-0 is pending. Its position and its oldest pending entry both count, and the lesser is the limit.',
    )
    await group('new', 0)
    verifyEqual(
      await limit(),
      '0-0',
      'A group that was never given anything needs everything: the limit is 0-0.',
    )
  })

  test('asks checkpoints and snapshots', async () => {
    await plant(1, 12)
    await group('mail', 11)
    await box.admin.set('checkpoint:stats', '10-0')
    await box.admin.set('checkpoint:list', '6-0')
    await box.admin.hset('snapshot:orders', { state: '{}', lastEventId: '9-0' })
    verifyEqual(
      await limit({ ...log, checkpoints: ['checkpoint:stats'] }),
      '10-0',
      'The projection stats is at 10-0, the group at 11-0: the limit is 10-0.',
    )
    verifyEqual(
      await limit({ ...log, checkpoints: ['checkpoint:stats'], snapshots: ['snapshot:orders'] }),
      '9-0',
      'The snapshot was made at 9-0: whoever starts from it needs what comes behind. The limit is 9-0.',
    )
    verifyEqual(
      await limit({
        stream: STREAM,
        checkpoints: ['checkpoint:stats', 'checkpoint:list'],
        snapshots: ['snapshot:orders'],
      }),
      '6-0',
      'The slowest projection is at 6-0, and every checkpoint counts.',
    )
  })

  test('looks at both numbers of an id', async () => {
    for (const one of ['1740000000000-9', '1740000000000-10', '1740000000000-11']) {
      await box.admin.xadd(STREAM, one, 'eventType', 'ORDER_PAID')
    }
    await box.admin.set('checkpoint:stats', '1740000000000-10')
    await box.admin.set('checkpoint:list', '1740000000000-9')
    verifyEqual(
      await limit({ ...log, checkpoints: ['checkpoint:stats', 'checkpoint:list'] }),
      '1740000000000-9',
      'Checkpoints at 1740000000000-10 and 1740000000000-9, two entries of one millisecond: the lesser is the second. Ids are compared by the first number and, where that is the same, by the second, as numbers.',
    )
  })

  test('takes silence for no', async () => {
    await plant(1, 12)
    verifyEqual(
      await limit(),
      '0-0',
      'No group, no checkpoint, no snapshot: nobody has said that it is done. 0-0.',
    )
    await group('mail', 11)
    for (const one of [
      { ...log, checkpoints: ['checkpoint:new'] },
      { ...log, snapshots: ['snapshot:new'] },
    ]) {
      verifyEqual(
        await limit(one),
        '0-0',
        `The key ${one.checkpoints[0] ?? one.snapshots[0]} does not exist yet: its owner has read nothing and needs everything, so the limit is 0-0.`,
      )
    }
    verifyEqual(
      await limit({ ...log, stream: 'nothing-here' }),
      '0-0',
      'For a stream that does not exist the limit is 0-0.',
    )
  })
})

const byLength = (entries: number) => ({ keep: 'length', entries }) as const
const byAge = (days: number) => ({ keep: 'age', ms: days * DAY }) as const

describe('retain', () => {
  const run = (archive: Archive, policy: Parameters<typeof retain>[3], of = log, redis = box.redis) =>
    retain(redis, of, archive, policy, clock)

  test('moves what the policy does not keep', async () => {
    await plant(1, 12)
    await group('mail', 12)
    const side = memoryArchive()
    const moved = await call('retain', () => run(side.archive, byLength(5)))
    verifyEqual(
      await inStream(),
      ids(8, 12),
      'Of 12 entries, all handled, the newest 5 should stay in the stream, exactly: 8-0 to 12-0 (`~` would leave some more).',
    )
    verifyEqual(side.ids(), ids(1, 7), 'The 7 others should be in the archive.')
    verifyEqual(
      side.byId.get('3-0'),
      {
        id: '3-0',
        fields: {
          eventId: 'event-3',
          eventType: 'ORDER_CREATED',
          customerId: 'customer-0',
          timestamp: '2026-03-03T12:00:00.000Z',
        },
      },
      'An archived entry is `{ id, fields }` with all its fields, unchanged.',
    )
    verifyEqual(moved, 7, 'retain should resolve to the number of entries moved.')
    verifyEqual(
      await call('retain', () => run(side.archive, byLength(5))),
      0,
      'A second call has nothing to move: 0.',
    )
    verifyEqual(
      await call('retain', () => run(side.archive, byLength(50))),
      0,
      'Five entries, and 50 should stay: nothing to move.',
    )
  })

  test('goes by the age of the event', async () => {
    await plant(1, 12)
    await group('mail', 12)
    const side = memoryArchive()
    verifyEqual(
      await call('retain', () => run(side.archive, byAge(12))),
      7,
      'It is March 20, and what is more than 12 days old may go: the entries 1-0 to 7-0 (8-0 is exactly 12 days old and stays). The ids of this stream are versions: a limit made of the time is greater than all of them. The age is in the field `timestamp`.',
    )
    verifyEqual(await inStream(), ids(8, 12), 'What is not older than 12 days should stay.')
    await call('retain', () => run(side.archive, byAge(1)))
    verifyEqual(
      await inStream(),
      ['12-0'],
      'All are older than a day, and all are handled. The newest should stay all the same: the next version is counted from it.',
    )
  })

  test('stops at the first that is young enough', async () => {
    for (const [n, when] of [
      [1, 2],
      [2, 15],
      [3, 3],
      [4, 18],
    ] as const) {
      const fields = { ...fieldsOf(n), timestamp: day(when) }
      await box.admin.xadd(STREAM, id(n), ...Object.entries(fields).flat())
    }
    await group('mail', 4)
    const side = memoryArchive()
    verifyEqual(
      [await call('retain', () => run(side.archive, byAge(12))), await inStream()],
      [1, ids(2, 4)],
      'On March 20 what is more than 12 days old may go. 1-0 is of March 2, 2-0 of March 15, 3-0 of March 3 (a late clock), 4-0 of March 18: retain goes from the oldest on, up to the first that is young enough, 2-0. That one and all behind it stay, or an event would leave that is not old.',
    )
  })

  test('does not overtake anybody', async () => {
    await plant(1, 12)
    await group('mail', 12)
    await group('search', 11, [4])
    const side = memoryArchive()
    verifyEqual(
      await call('retain', () => run(side.archive, byLength(5))),
      3,
      'The policy would keep 5 entries, but 4-0 is still pending in the group search: only 1-0 to 3-0 may go.',
    )
    verifyEqual(
      await inStream(),
      ids(4, 12),
      'What somebody still needs should stay, whatever the policy says.',
    )
    const waiting = { ...log, checkpoints: ['checkpoint:new'] }
    verifyEqual(
      await call('retain', () => run(side.archive, byLength(1), waiting)),
      0,
      'A projection has not begun yet (no checkpoint): nothing may go.',
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
      'When `archive.put` was called, the entries had left the stream already. If the archive fails now, or the process dies, they are gone for good: archive, then trim.',
    )
    const full: Archive = {
      put: async () => {
        await Promise.resolve()
        throw new Error('no space left')
      },
      read: side.archive.read,
    }
    const outcome = await attempt('retain', () => run(full, byLength(2)))
    verify(
      !outcome.ok && outcome.error instanceof Error && outcome.error.message === 'no space left',
      'The archive was full and `put` failed: retain should fail with that error.',
      { received: outcome },
    )
    verifyEqual(await inStream(), ids(8, 12), 'The archive was full. Nothing should have been trimmed.')
  })

  test('goes in pages', async () => {
    const { counted } = await plantLongStream(box.admin, STREAM, { page: 200, fields: fieldsOf })
    await box.admin.xgroup('CREATE', STREAM, 'mail', '$')
    const side = memoryArchive()
    const moved = await call('retain', () => run(side.archive, byLength(10)))
    const left = await inStream()
    const kept = new Set([...side.ids(), ...left])
    const lost = counted.filter((one) => !kept.has(one))
    const trimmedAll = box.commands.some(({ name, args }) => name === 'XTRIM' && args.includes('8-0'))
    const why =
      pagingFault(box.commands) ||
      (trimmedAll
        ? ' XTRIM with MINID 8-0 removes everything up to the next millisecond: trim up to a whole ID, `7-401`.'
        : ' Trim no further than you have archived.')
    verify(
      lost.length === 0,
      `The stream held 410 entries, all from one millisecond (7-1 to 7-410). retain removed ${lost.length} of them that the archive doesn’t have, ${lost[0]} first: they’re lost.${why}`,
      { received: lost },
    )
    verifyEqual(
      moved,
      400,
      `Of 410 entries the newest 10 should stay: all 400 others are moved, over several pages.${pagingFault(box.commands)}`,
    )
    verifyEqual(
      [side.ids().length, left],
      [400, counted.slice(-10)],
      `All 400 old entries should be in the archive, and the newest 10 in the stream.${pagingFault(box.commands)}`,
    )
    verify(
      side.sizes.every((n) => n > 0),
      'put was called without any entry. It gets 1 or more: an archive may write a file for each call.',
      { received: side.sizes },
    )
    verify(
      side.sizes.every((n) => n <= 200),
      'put should get 1 to 200 entries at a time: the archive may hold millions, your memory does not.',
      { received: side.sizes },
    )
  })

  test('looks for the age on every page', async () => {
    const old = (n: number) => ({ ...fieldsOf(n), timestamp: day(1) })
    const { counted } = await plantLongStream(box.admin, STREAM, { page: 200, fields: old })
    await box.admin.xgroup('CREATE', STREAM, 'mail', '$')
    const side = memoryArchive()
    await call('retain', () => run(side.archive, byAge(12)))
    verifyEqual(
      await inStream(),
      counted.slice(-1),
      `All 410 entries (7-1 to 7-410, one millisecond) are 19 days old, and 12 days may stay. Only the newest, 7-410, should be in the stream.${pagingFault(box.commands)}`,
    )
  })

  test('does not lose what is written meanwhile', async () => {
    let side = memoryArchive()
    await everyInterleaving({
      name: 'retain',
      prepare: async () => {
        side = memoryArchive()
        await plant(1, 6)
        await group('mail', 6)
      },
      first: (redis) => run(side.archive, byLength(3), log, redis),
      second: (redis) => redis.xadd(STREAM, '7-0', ...Object.entries(fieldsOf(7)).flat()),
      verify: async ({ held }) => {
        const all = new Set([...side.ids(), ...(await inStream())])
        verifyEqual(
          ids(1, 7).filter((one) => !all.has(one)),
          [],
          `7-0 was written while retain was before its ${held ?? 'end'}, and an entry was trimmed that is not in the archive. Trim by id (MINID), up to where you have archived; a number of entries (MAXLEN) means others by then.`,
        )
      },
    })
  })

  test('keeps enough with two at once', async () => {
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
        verifyEqual(
          [await inStream(), side.ids()],
          [ids(3, 6), ids(1, 2)],
          `Two processes ran retain at once; the first was before its ${held ?? 'end'}. The newest 4 should be in the stream all the same, and the 2 others in the archive. Remember up to which id you go, not how many: a number means other entries when somebody has trimmed meanwhile.`,
        )
        for (const outcome of [first, second]) {
          verify(
            outcome.ok,
            `Two processes ran retain at once; the first was before its ${held ?? 'end'}, and one of them failed. What the other has moved already needs no more than to be left alone.`,
            { received: !outcome.ok && outcome.error },
          )
        }
      },
    })
  })

  test('survives its death', async () => {
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
        const all = new Set([...side.ids(), ...(await inStream())])
        verifyEqual(
          ids(1, 6).filter((one) => !all.has(one)),
          [],
          `The process died after its ${last ?? 'start'}, and these entries are neither in the stream nor in the archive.`,
        )
      },
    })
  })
})

describe('readHistory', () => {
  const numbers = (entries: readonly Entry[]) => entries.map((entry) => entry.id)
  const read = (archive: Archive, after: string, count: number, redis = box.redis) =>
    readHistory(redis, STREAM, archive, after, count)

  test('goes on from the archive into the stream', async () => {
    await plant(8, 12)
    const side = memoryArchive([1, 2, 3, 4, 5, 6, 7])
    const page = (after: string, count: number) => call('readHistory', () => read(side.archive, after, count))
    verifyEqual(
      numbers(await page('0-0', 100)),
      ids(1, 12),
      'From 0-0 on: 1-0 to 7-0 from the archive, then 8-0 to 12-0.',
    )
    verifyEqual(numbers(await page('0-0', 3)), ids(1, 3), 'At most `count` entries, the oldest first.')
    verifyEqual(
      numbers(await page('5-0', 4)),
      ids(6, 9),
      'Four entries behind 5-0 (without it): two of them are in the archive, two in the stream. A page that is too short means the end.',
    )
    verifyEqual(numbers(await page('9-0', 4)), ids(10, 12), 'Behind 9-0 there are three, all in the stream.')
    verifyEqual(numbers(await page('12-0', 4)), [], 'Behind the last there is nothing: an empty array.')
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
        },
      },
      'An entry is `{ id, fields }`, wherever it comes from.',
    )
  })

  test('keeps the order within a millisecond', async () => {
    const entry = (one: string) => ({ id: one, fields: fieldsOf(1) })
    const all = ['1740000000000-2', '1740000000000-9', '1740000000000-10', '1740000000000-11']
    for (const one of all.slice(1)) {
      await box.admin.xadd(STREAM, one, ...Object.entries(fieldsOf(1)).flat())
    }
    const side = memoryArchive()
    await side.archive.put(all.slice(0, 3).map(entry))
    verifyEqual(
      numbers(await call('readHistory', () => read(side.archive, '0-0', 100))),
      all,
      'Four entries of one millisecond, two of which are in the archive and in the stream. They should come in the order of the second number (9 before 10), each once.',
    )
  })

  test('gives none twice', async () => {
    await plant(5, 12)
    const side = memoryArchive([1, 2, 3, 4, 5, 6, 7])
    verifyEqual(
      numbers(await call('readHistory', () => read(side.archive, '0-0', 100))),
      ids(1, 12),
      'A process archived up to 7-0 and died before it trimmed: 5-0 to 7-0 are in both. Each should come once, in the order of the stream.',
    )
    verifyEqual(
      numbers(await call('readHistory', () => read(side.archive, '4-0', 5))),
      ids(5, 9),
      'Five entries behind 4-0, of which three are in both: 5-0 to 9-0.',
    )
  })

  test('leaves no gap while others archive', async () => {
    let side = memoryArchive()
    await everyInterleaving({
      name: 'readHistory',
      prepare: async () => {
        side = memoryArchive([1, 2])
        await plant(3, 8)
      },
      first: (redis) => read(side.archive, '0-0', 100, redis),
      second: async (redis) => {
        await side.archive.put([3, 4, 5].map((n) => ({ id: id(n), fields: fieldsOf(n) })))
        await redis.xtrim(STREAM, 'MINID', '6-0')
      },
      verify: ({ first, held }) => {
        verifyEqual(
          first.ok ? numbers(first.value) : first.error,
          ids(1, 8),
          `3-0 to 5-0 moved into the archive while readHistory was before its ${held ?? 'end'}, and the reader saw a history with a gap. They were not in the archive yet, and not in the stream any more: read the stream first, then the archive, and put both together by id.`,
        )
      },
    })
  })

  test('reads a page, not everything', async () => {
    await plant(101, 150)
    const side = memoryArchive([99, 100])
    const page = await call('readHistory', () => read(side.archive, '98-0', 4))
    verifyEqual(numbers(page), ids(99, 102), 'Four entries behind 98-0, two from each side.')
    const most = largestReply(box.commands)
    verify(
      most <= 10,
      'Four entries were asked for, and readHistory fetched more than ten from Redis in one command. Give XRANGE a COUNT.',
      { received: most },
    )
  })
})

describe('the index', () => {
  const index = (redis = box.redis) => call('indexEvents', () => indexEvents(redis, STREAM))
  const find = (question: Parameters<typeof findEvents>[2]) =>
    call('findEvents', () => findEvents(box.redis, STREAM, question))

  test('answers by type, customer and time', async () => {
    await plant(1, 12)
    verifyEqual(
      await index(),
      12,
      'indexEvents should resolve to the number of events that were new to it: 12.',
    )
    verifyEqual(
      await find({ eventType: 'ORDER_PAID' }),
      ['2-0', '4-0', '6-0', '8-0', '10-0', '12-0'],
      'All events of the type ORDER_PAID, as ids, in the order of the stream (8-0 before 10-0: ids are numbers).',
    )
    verifyEqual(await find({ customerId: 'customer-1' }), ['1-0', '4-0', '7-0', '10-0'], 'All of customer-1.')
    verifyEqual(
      await find({ eventType: 'ORDER_PAID', customerId: 'customer-1' }),
      ['4-0', '10-0'],
      'ORDER_PAID of customer-1: both have to fit.',
    )
    verifyEqual(
      await find({ from: new Date(day(3)), to: new Date(day(6)) }),
      ['3-0', '4-0', '5-0'],
      'From March 3, noon (inclusive) to March 6, noon (exclusive), by the field `timestamp`.',
    )
    verifyEqual(
      await find({ eventType: 'ORDER_CREATED', from: new Date(day(4)) }),
      ['5-0', '7-0', '9-0', '11-0'],
      'ORDER_CREATED from March 4 on: type and time together.',
    )
    verifyEqual(await find({}), ids(1, 12), 'A question without conditions fits all.')
    verifyEqual(await find({ customerId: 'nobody' }), [], 'Nobody: an empty array.')
  })

  test('answers in the order of the stream within a millisecond', async () => {
    const all = ['1740000000000-2', '1740000000000-9', '1740000000000-10']
    for (const one of all) await box.admin.xadd(STREAM, one, ...Object.entries(fieldsOf(1)).flat())
    await index()
    verifyEqual(
      await find({ customerId: 'customer-1' }),
      all,
      'Three entries of one millisecond. The order of the stream goes by the second number where the first is the same: 2, 9, 10.',
    )
  })

  test('goes on where it stopped', async () => {
    await plant(1, 5)
    await index()
    verifyEqual(
      await box.admin.get('index:orders:position'),
      '5-0',
      '`index:orders:position` should hold the id of the last event indexed: retention counts it among the checkpoints.',
    )
    await box.admin.xtrim(STREAM, 'MINID', '5-0')
    await plant(6, 7)
    verifyEqual(await index(), 2, 'Two events are new since the last call.')
    verifyEqual(await index(), 0, 'Now none is new.')
    verifyEqual(
      await find({ customerId: 'customer-1' }),
      ['1-0', '4-0', '7-0'],
      '1-0 and 4-0 have left the stream for the archive; the index should still know them.',
    )
  })

  test('takes late clocks as they are', async () => {
    await box.admin.xadd(STREAM, '1-0', ...Object.entries({ ...fieldsOf(1), timestamp: day(9) }).flat())
    await box.admin.xadd(STREAM, '2-0', ...Object.entries({ ...fieldsOf(2), timestamp: day(2) }).flat())
    await box.admin.xadd(STREAM, '3-0', 'eventType', 'SHOP_OPENED', 'timestamp', day(3))
    await index()
    verifyEqual(
      await find({ from: new Date(day(1)) }),
      ['1-0', '2-0', '3-0'],
      'The answer should stand in the order of the stream, also when clocks disagree; and an event without `customerId` is found by type and time.',
    )
    verifyEqual(await find({ to: new Date(day(3)) }), ['2-0'], 'Before March 3 by its own clock: only 2-0.')
    verifyEqual(
      await find({ customerId: 'undefined' }),
      [],
      'An event without customer belongs to no customer.',
    )
  })

  test('indexes in pages', async () => {
    await plantLongStream(box.admin, STREAM, { page: 100, fields: fieldsOf })
    const indexed = await index()
    verifyEqual(
      indexed,
      210,
      `All 210 events, which were written within one millisecond (7-1 to 7-210), should be indexed in one call, page by page.${pagingFault(box.commands)}`,
    )
    const most = largestReply(box.commands)
    verify(
      most <= 100,
      'indexEvents fetched more than 100 entries in one command; a stream may hold millions.',
      {
        received: most,
      },
    )
  })

  test('misses none when it dies', async () => {
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
            `indexEvents died after its ${last ?? 'start'} and was called again, and an event cannot be found. The position must not be ahead of the index: both in one step.`,
          )
        }
      },
    })
  })
})

describe.skipIf(lacks('real-server'))('streamSize', () => {
  test('measures to the end', async () => {
    await plant(1, 200)
    const note = 'x'.repeat(2_000)
    for (let n = 201; n <= 400; n += 1) await box.admin.xadd(STREAM, id(n), 'note', note)
    const size = await call('streamSize', () => streamSize(box.redis, STREAM))
    const bytes = await box.admin.memory('USAGE', STREAM, 'SAMPLES', 0)
    verifyEqual(size?.entries, 400, '`entries` should be the number of entries in the stream, 400.')
    verifyEqual(
      size?.bytes,
      bytes,
      'The stream has 200 small entries, then 200 large ones, and `bytes` is not what it takes. Without `SAMPLES 0` MEMORY USAGE looks at a few nodes at the beginning and takes the rest to be like them.',
    )
    verifyEqual(
      await call('streamSize', () => streamSize(box.redis, 'nothing-here')),
      { entries: 0, bytes: 0 },
      'A stream that does not exist holds nothing and takes nothing: 0 and 0.',
    )
  })

  test('shows what retention gives back', async () => {
    await plant(1, 1_000)
    await group('mail', 1_000)
    const side = memoryArchive()
    const before = await call('streamSize', () => streamSize(box.redis, STREAM))
    await call('retain', () => retain(box.redis, log, side.archive, byLength(100), clock))
    const after = await call('streamSize', () => streamSize(box.redis, STREAM))
    verifyEqual(
      [before.entries, after.entries],
      [1_000, 100],
      'Before and after retention: 1000 and 100 entries.',
    )
    verify(
      after.bytes > 0 && after.bytes < before.bytes / 4,
      'With a tenth of the entries the stream should take less than a quarter of the memory.',
      { received: `${before.bytes} bytes before, ${after.bytes} after` },
    )
  })
})
