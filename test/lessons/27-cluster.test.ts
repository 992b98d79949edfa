import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callAtOnce,
  callError,
  everyCrash,
  everyInterleaving,
  lacks,
  largestReply,
  type OwnCluster,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { Handle, LoggedEvent } from '#lesson/27-cluster'
import {
  append,
  consume,
  installLibrary,
  keysOf,
  partitionOf,
  VersionConflictError,
} from '#lesson/27-cluster'

const box = useSandbox()

const atOnce = <T>(name: string, run: () => T) =>
  callAtOnce(name, run, 'it only reckons, and whoever needs the answer uses it at once.')
const STREAM = 'es:{p3}:stream:order-15'
const LOG = 'es:{p3}:log'
/** Streams of partition 3 of 8. */
const THIRD = ['order-15', 'order-17', 'order-21']

const eventOf = (number: number) => ({
  eventId: `e-${number}`,
  timestamp: '2026-03-01T09:00:00.000Z',
  eventType: 'ORDER_CREATED',
  entityId: 'order-1',
  payload: {},
  metadata: {},
})
const textOf = (number: number) =>
  `{"eventId":"e-${number}","timestamp":"2026-03-01T09:00:00.000Z","eventType":"ORDER_CREATED","entityId":"order-1","payload":{},"metadata":{}}`

const idsAndFields = (key: string, admin: Pick<Redis, 'xrange'> = box.admin) => admin.xrange(key, '-', '+')
const fieldsOf = async (key: string) => (await idsAndFields(key)).map(([, fields]) => fields)

describe('partitionOf and keysOf', () => {
  const tagOf = (key: string) => /\{([^}]+)\}/.exec(key)?.[1]
  const orders = Array.from({ length: 40 }, (_, index) => `order-${index + 1}`)

  test('answer at once', async () => {
    for (const [name, result] of [
      ['partitionOf', await attempt('partitionOf', () => ({ is: partitionOf('order-1', 8) }))],
      ['keysOf', await attempt('keysOf', () => ({ is: keysOf('order-1', 8) }))],
    ] as const) {
      verify(
        !result.ok || !((result.value.is as unknown) instanceof Promise),
        `${name} gave a promise. It asks nobody and works with what it has, so it should give its result itself: who writes \`${name}(…)\` without an await gets keys that read "undefined".`,
      )
    }
  })

  test('a stream stays in its partition', async () => {
    for (const id of orders) {
      const [first, second] = [
        await atOnce('partitionOf', () => partitionOf(id, 8)),
        await atOnce('partitionOf', () => partitionOf(id, 8)),
      ]
      verifyEqual(
        second,
        first,
        `partitionOf was asked twice for ${id} and gave two answers. Where a stream lies may depend on its id alone: the next program has to find it again.`,
      )
    }
  })

  test('by the first four bytes of SHA-256', async () => {
    const found: Record<string, readonly number[]> = {}
    const ids = ['order-1', 'order-2', 'order-3', 'user:42', 'ünïcode-✓', 'order-{1}', 'Order-1', ' order-1']
    for (const id of ids) {
      found[id] = [
        await atOnce('partitionOf', () => partitionOf(id, 8)),
        await atOnce('partitionOf', () => partitionOf(id, 64)),
      ]
    }
    verifyEqual(
      found,
      {
        'order-1': [1, 33],
        'order-2': [6, 6],
        'order-3': [7, 15],
        'user:42': [3, 59],
        'ünïcode-✓': [5, 53],
        'order-{1}': [5, 61],
        'Order-1': [2, 2],
        ' order-1': [0, 56],
      },
      `partitionOf should take the first four bytes of the SHA-256 of the id (UTF-8) as one big-endian number, modulo the number of partitions. ${mistakeIn(found)}Every program that shares the store has to reckon alike; here are the partitions of 8 and of 64.`,
    )
    verifyEqual(
      await atOnce('partitionOf', () => partitionOf('order-1', 1)),
      0,
      'With one partition there is only partition 0.',
    )
  })

  test('stream and log share a hash tag, different partitions do not', async () => {
    const keys = []
    for (const id of orders) keys.push(await atOnce('keysOf', () => keysOf(id, 8)))
    for (const { stream, log } of keys) {
      verify(
        tagOf(stream) !== undefined && tagOf(stream) === tagOf(log),
        `${stream} and ${log} do not have the same hash tag (the text in the first pair of braces). On a cluster they lie in different slots then, and no script may write both: CROSSSLOT.`,
      )
    }
    verifyEqual(
      new Set(keys.map(({ stream }) => tagOf(stream))).size,
      8,
      'Forty orders in 8 partitions should have 8 different hash tags. One tag for everything puts everything into one slot, on one node, and the other nodes stay empty.',
    )
  })

  test('names the keys', async () => {
    verifyEqual(
      await atOnce('keysOf', () => keysOf('order-1', 8)),
      { partition: 1, stream: 'es:{p1}:stream:order-1', log: 'es:{p1}:log' },
      'The stream order-1 lies in partition 1 of 8, so its keys should be these.',
    )
    verifyEqual(
      await atOnce('keysOf', () => keysOf('order {a}{b}', 16)),
      { partition: 8, stream: 'es:{p8}:stream:order {a}{b}', log: 'es:{p8}:log' },
      'An id may hold braces and spaces. The partition comes before it, so its tag is the first and the only one that counts; nothing needs to be escaped.',
    )
  })
})

const isOldId = (error: unknown) => error instanceof Error && error.message.includes('equal or smaller')

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest()

/** Numbers that are easily taken for the one asked for, and what somebody has done who got them. */
const MISTAKES: readonly (readonly [sentence: string, number: (id: string, hash: Buffer) => number])[] = [
  [
    'Yours has a sign (readInt32BE), so that half of the ids give a negative number.',
    (_, hash) => hash.readInt32BE(0),
  ],
  ['Yours begins at the wrong end: it is little-endian.', (_, hash) => hash.readUInt32LE(0)],
  ['Yours takes the first two bytes only.', (_, hash) => hash.readUInt16BE(0)],
  ['Yours takes the last four bytes.', (_, hash) => hash.readUInt32BE(28)],
  [
    'Yours takes all 32 bytes, and so large a number cannot be held exactly by a `number`.',
    (_, hash) => Number.parseInt(hash.toString('hex'), 16),
  ],
  ['Yours takes the SHA-1.', (id) => createHash('sha1').update(id).digest().readUInt32BE(0)],
  ['Yours takes the MD5.', (id) => createHash('md5').update(id).digest().readUInt32BE(0)],
  ['Yours does not take the id as UTF-8.', (id) => sha256(Buffer.from(id, 'latin1')).readUInt32BE(0)],
  [
    'Yours makes capital letters small before; Order-1 and order-1 are two streams.',
    (id) => sha256(id.toLowerCase()).readUInt32BE(0),
  ],
  [
    'Yours cuts spaces off the id before; with a space and without it are two streams.',
    (id) => sha256(id.trim()).readUInt32BE(0),
  ],
  [
    'Yours takes what is in the braces of an id only, and not the whole id.',
    (id) => sha256(/\{([^}]+)\}/.exec(id)?.[1] ?? id).readUInt32BE(0),
  ],
]

/** Which of them somebody has made whose partitions of 8 and of 64 are these; empty if it is none. */
function mistakeIn(found: Readonly<Record<string, readonly number[]>>): string {
  const fits = (partition: (id: string, partitions: number) => number) =>
    Object.entries(found).every(([id, is]) => is[0] === partition(id, 8) && is[1] === partition(id, 64))
  if (fits((id, n) => (sha256(id).readUInt32BE(0) % n) + 1)) return 'Yours counts from 1; they count from 0. '
  for (const [sentence, number] of MISTAKES) {
    const rest = (id: string, n: number) => number(id, sha256(id)) % n
    const like = [
      rest,
      (id: string, n: number) => Math.abs(rest(id, n)),
      (id: string, n: number) => (rest(id, n) + n) % n,
    ]
    if (like.some(fits)) return `${sentence} `
  }
  return ''
}

describe('append', () => {
  const first = () => call('append', () => append(box.redis, 8, 'order-15', [eventOf(1)], 0))

  test('writes into the stream and into the log of its partition', async () => {
    verifyEqual(await first(), 1, 'The first event of a stream brings it to version 1.')
    verifyEqual(
      await idsAndFields(STREAM),
      [['1-0', ['event', textOf(1)]]],
      `${STREAM} should hold the event: one entry with the id 1-0 and one field, event, as encodeEvent makes it.`,
    )
    verifyEqual(
      await fieldsOf(LOG),
      [['streamId', 'order-15', 'version', '1', 'event', textOf(1)]],
      `${LOG} should hold the event too: one entry with the fields streamId, version and event, in this order.`,
    )
    verifyEqual(
      (await box.admin.keys('*')).filter((key) => key !== 'eventlings:sandbox').sort(),
      [LOG, STREAM],
      'append should write these two keys and no other.',
    )
  })

  test('appends several events, and those of other streams to the same log', async () => {
    await first()
    const version = await call('append', () => append(box.redis, 8, 'order-15', [eventOf(2), eventOf(3)], 1))
    verifyEqual(version, 3, 'Two events after version 1 bring the stream to version 3.')
    const other = await attempt('append', () => append(box.redis, 8, 'order-17', [eventOf(4)], 0))
    verify(
      other.ok || !isOldId(other.error),
      'order-17 got its first event, and Redis refused an id: it was not greater than the last one. Versions are ids in a stream of its own only. In the log of the partition several streams meet, each with a version 1, so Redis has to choose the ids there (`*`).',
      { received: !other.ok && other.error },
    )
    await call('append', () => {
      if (!other.ok) throw other.error
    })
    verifyEqual(
      (await idsAndFields(STREAM)).map(([id]) => id),
      ['1-0', '2-0', '3-0'],
      'The entries of the stream should have the ids 1-0, 2-0 and 3-0: the versions.',
    )
    verifyEqual(
      (await fieldsOf(LOG)).map((fields) => fields.slice(0, 4)),
      [
        ['streamId', 'order-15', 'version', '1'],
        ['streamId', 'order-15', 'version', '2'],
        ['streamId', 'order-15', 'version', '3'],
        ['streamId', 'order-17', 'version', '1'],
      ],
      'order-15 and order-17 lie in one partition, so its log should hold the events of both, in the order in which they were appended.',
    )
  })

  test('knows the version of a stream whose old events are gone', async () => {
    await box.admin.xadd(STREAM, '12-0', 'event', textOf(12))
    const outcome = await attempt('append', () => append(box.redis, 8, 'order-15', [eventOf(13)], 12))
    verifyEqual(
      outcome.ok ? outcome.value : outcome.error,
      13,
      'Of this stream only the entry 12-0 is left. It is at version 12: the version stands in the last id, the number of entries says nothing.',
    )
  })

  test('refuses a version that is no longer, or not yet, true', async () => {
    await first()
    for (const expected of [0, 2]) {
      const error = await callError(
        'append',
        () => append(box.redis, 8, 'order-15', [eventOf(2), eventOf(3)], expected),
        VersionConflictError,
        `The stream is at version 1, and append expected ${expected}: it should throw a VersionConflictError.`,
      )
      verifyEqual(
        { streamId: error.streamId, expected: error.expected, actual: error.actual },
        { streamId: 'order-15', expected, actual: 1 },
        'The VersionConflictError should carry the id of the stream and both versions.',
      )
    }
    verifyEqual(
      [await box.admin.xlen(STREAM), await box.admin.xlen(LOG)],
      [1, 1],
      'append refused, but had written something into the stream or the log. It should compare first and write afterwards.',
    )
  })

  test('writes nothing if one event cannot be encoded', async () => {
    const bad = { ...eventOf(2), payload: { total: Number.NaN } }
    const outcome = await attempt('append', () => append(box.redis, 8, 'order-15', [eventOf(1), bad], 0))
    verifyEqual(
      [outcome.ok, await box.admin.exists(STREAM, LOG)],
      [false, 0],
      'encodeEvent refuses the second event (NaN in its payload). append should pass that error on and write none of the two.',
    )
    verify(
      !outcome.ok && outcome.error instanceof Error && outcome.error.name === 'MalformedEventError',
      'encodeEvent refuses the second event (NaN in its payload) with a MalformedEventError. append should let that very error through.',
      { received: outcome },
    )
  })

  test('takes no other error for a conflict', async () => {
    const gone = box.connect()
    gone.disconnect()
    const outcome = await attempt('append', () => append(gone, 8, 'order-15', [eventOf(1)], 0))
    verify(
      outcome.ok || !(outcome.error instanceof VersionConflictError),
      'The connection was closed, and append threw a VersionConflictError. Nobody was faster: whoever reads again and decides anew, as one does after a conflict, will do so for ever. Let all other errors through as they are.',
      { received: outcome },
    )
  })

  test('writes nothing if the log is not a stream', async () => {
    await box.admin.xadd(STREAM, '1-0', 'event', textOf(1))
    await box.admin.set(LOG, 'not a stream')
    const outcome = await attempt('append', () =>
      append(box.redis, 8, 'order-15', [eventOf(2), eventOf(3)], 1),
    )
    verify(
      !outcome.ok,
      `${LOG} held a string, so Redis refused to append to the log (WRONGTYPE), but append resolved. Let that error through: no consumer will ever see these events.`,
      { received: outcome.ok && outcome.value },
    )
    verify(
      String(outcome.error).includes('WRONGTYPE'),
      `${LOG} held a string, so Redis refused to append to the log (WRONGTYPE), and append threw something else. Let that error through, so that the caller can see what is wrong.`,
      { received: outcome.error },
    )
    verifyEqual(
      [await box.admin.xlen(STREAM), await box.admin.get(LOG)],
      [1, 'not a stream'],
      `${LOG} held a string, so Redis refused to append to the log, but the stream has changed all the same. Neither a script nor a transaction rolls back: check that the log is a stream (XLEN) before the first write.`,
    )
  })

  test('one of two writers wins, and the log says the same as the stream', async () => {
    await everyInterleaving({
      name: 'append',
      first: (redis) => append(redis, 8, 'order-15', [eventOf(1)], 0),
      second: (redis) => append(redis, 8, 'order-15', [eventOf(2)], 0),
      async verify({ first: one, second: two, held, after }) {
        const [inStream, inLog] = [await fieldsOf(STREAM), await fieldsOf(LOG)]
        verifyEqual(
          [Number(one.ok) + Number(two.ok), inStream.length, inLog.length],
          [1, 1, 1],
          `Two writers expected version 0, and between ${after} and ${held} of the one the other got in. One should win and one get a conflict, with one event in the stream and one in the log (received: writers that succeeded, entries in the stream, entries in the log).`,
        )
        const lost = one.ok ? two : one
        verify(
          !lost.ok && lost.error instanceof VersionConflictError,
          'The writer that came too late should get a VersionConflictError.',
          { received: lost.ok ? lost.value : lost.error },
        )
        verifyEqual(
          inLog[0]?.at(-1),
          inStream[0]?.at(-1),
          'Stream and log hold different events for version 1: one writer won the stream, the other one the log.',
        )
      },
    })
  })

  test('all in both places, or nothing', async () => {
    await everyCrash({
      name: 'append',
      run: (redis) => append(redis, 8, 'order-15', [eventOf(1), eventOf(2)], 0),
      async verify({ last }) {
        const lengths = [await box.admin.xlen(STREAM), await box.admin.xlen(LOG)]
        verify(
          lengths[0] === lengths[1] && (lengths[0] === 0 || lengths[0] === 2),
          `The process died right after ${last}, and left ${lengths[0]} of 2 events in the stream and ${lengths[1]} in the log. What the log lacks no consumer will ever see. Write both in one script: that is what the common hash tag is for.`,
        )
      },
    })
  })
})

describe('consume', () => {
  const TOTALS = 'es:{p3}:totals'
  const count: Handle = ({ streamId }, effects) => {
    effects.hincrby(TOTALS, streamId, 1)
  }
  const logged = (partition: number, n: number) =>
    box.admin.xadd(
      `es:{p${partition}}:log`,
      `${n}-0`,
      'streamId',
      `order-${n}`,
      'version',
      '1',
      'event',
      textOf(n),
    )

  /** Runs the consumer of a partition and gives what it handed over. */
  async function seenBy(partition: number, consumer = 'totals') {
    const seen: LoggedEvent[] = []
    const handled = await call('consume', () =>
      consume(box.redis, partition, consumer, (event, effects) => {
        seen.push(event)
        effects.hincrby(`es:{p${partition}}:totals`, 'events', 1)
      }),
    )
    return { seen, positions: seen.map(({ position }) => position), handled }
  }

  test('hands over the events of one partition, in order', async () => {
    await box.admin.xadd(LOG, '5-0', 'streamId', 'order-15', 'version', '1', 'event', textOf(1))
    await box.admin.xadd(LOG, '5-1', 'streamId', 'order-{x}', 'version', '12', 'event', textOf(2))
    const { seen, handled } = await seenBy(3)
    verifyEqual(
      seen,
      [
        { position: '5-0', streamId: 'order-15', version: 1, event: eventOf(1) },
        { position: '5-1', streamId: 'order-{x}', version: 12, event: eventOf(2) },
      ],
      'consume should hand over both events of the log, oldest first: position (the id), streamId, version (a number) and the event, read by decodeEvent.',
    )
    verifyEqual(handled, 2, 'consume should resolve to the number of events that it handed over.')
    verifyEqual(
      await box.admin.hgetall(TOTALS),
      { events: '2' },
      'What `handle` queued on `effects` did not happen. consume should hand over a transaction and execute it.',
    )
  })

  test('goes on where it stopped, each consumer and each partition by itself', async () => {
    await logged(3, 1)
    await logged(3, 2)
    await logged(5, 1)
    verifyEqual(
      (await seenBy(3)).positions,
      ['1-0', '2-0'],
      'Two events were in the log, and Redis held no checkpoint of the consumer totals. consume should begin with the first event. (A position that is kept in the memory of the program is gone with it, and wrong for the next database.)',
    )
    verifyEqual(
      await box.admin.get('es:{p3}:checkpoint:totals'),
      '2-0',
      'After the event at 2-0 the checkpoint es:{p3}:checkpoint:totals should hold 2-0. It has the hash tag of its partition, so that it can be written together with the effects.',
    )
    verify(
      (await box.admin.pttl('es:{p3}:checkpoint:totals')) < 0,
      'The checkpoint has a time to live. When it has passed, the consumer begins at the beginning, and every event takes effect a second time.',
    )
    await logged(3, 3)
    const again = await seenBy(3)
    verifyEqual(
      again.positions,
      ['3-0'],
      'consume was called again after one more event: it should hand over that one alone.',
    )
    verifyEqual(
      again.handled,
      1,
      'consume was called again after one more event. It should resolve to 1, the number of events that this call handed over, and not to how many the log holds or to how many there have ever been.',
    )
    verifyEqual(
      (await seenBy(5)).positions,
      ['1-0'],
      'The consumer of partition 5 had not begun. Positions of partition 3 mean nothing to it: one checkpoint per partition.',
    )
    verifyEqual(
      (await seenBy(3, 'mails')).positions,
      ['1-0', '2-0', '3-0'],
      'A consumer of another name begins at the beginning, with a checkpoint of its own.',
    )
    verifyEqual((await seenBy(3)).handled, 0, 'Nothing is new, so consume should resolve to 0.')
  })

  /** Why a call stopped short, told from what it and the next one handed over. */
  function missing(positions: readonly string[], rest: readonly string[]): string {
    if (positions.length >= 110) return 'The next page begins behind the last id of this one: `(7-100`.'
    if (rest.length > 0)
      return 'The call came back before the end of the log, and only the next one went on: read page after page until none is left.'
    if (positions.length < 100)
      return 'The others were never handed over: as texts 7-10 comes before 7-9. Let Redis compare ids, by `(` and the last one.'
    return 'The others were never handed over: the next page begins behind the last id of this one, `(7-100`, and not at the next millisecond.'
  }

  test('reads a long log in pages', async () => {
    const pipeline = box.admin.pipeline()
    for (let n = 1; n <= 110; n += 1)
      pipeline.xadd(LOG, `7-${n}`, 'streamId', 's', 'version', `${n}`, 'event', textOf(n)) // all in one millisecond
    await pipeline.exec()
    const { positions, handled } = await seenBy(3)
    const rest = positions.length === 110 ? [] : (await seenBy(3)).positions
    verifyEqual(
      [handled, positions.length, new Set(positions).size, positions.at(-1)],
      [110, 110, 110, '7-110'],
      `The log held 110 events, written within one millisecond (7-1 to 7-110). All should be handed over in one call, each once (received: the result, events handed over, different ones, the last position). ${missing(positions, rest)}`,
    )
    const longest = largestReply(box.commands)
    verify(
      longest <= 101,
      `One command fetched ${longest} entries. Read pages of at most 100: a log has no end.`,
    )
  })

  test('effect and checkpoint happen together', async () => {
    await everyCrash({
      name: 'consume',
      async prepare() {
        for (const n of [1, 2, 3]) await logged(3, n)
      },
      run: (redis) => consume(redis, 3, 'totals', count),
      async verify({ last }) {
        await call('consume', () => consume(box.connect(), 3, 'totals', count))
        verifyEqual(
          await box.admin.hgetall(TOTALS),
          { 'order-1': '1', 'order-2': '1', 'order-3': '1' },
          `The process died right after ${last}, and another one went on from the checkpoint. Each of the three events should have taken effect once: write effects and checkpoint in one transaction (MULTI … EXEC).`,
        )
      },
    })
  })

  test('stops at an event that cannot be handled', async () => {
    for (const n of [1, 2, 3]) await logged(3, n)
    const failing: Handle = (event, effects) => {
      count(event, effects)
      if (event.position === '2-0') throw new RangeError('no stock') // with something queued already
    }
    const thrown = await attempt('consume', () => consume(box.redis, 3, 'totals', failing))
    verify(
      !thrown.ok,
      '`handle` threw at the second event, and consume said nothing. It should let that error through: an event that is skipped in silence is lost.',
      { received: thrown.ok && thrown.value },
    )
    verify(
      thrown.error instanceof RangeError,
      '`handle` threw a RangeError at the second event, and consume threw something else. It should let that very error through, so that the caller can tell one failure from another.',
      { received: thrown.error },
    )
    await call('consume', () => consume(box.redis, 3, 'totals', count))
    verifyEqual(
      await box.admin.hgetall(TOTALS),
      { 'order-1': '1', 'order-2': '1', 'order-3': '1' },
      'After the repair consume was called again. It should go on with the event that had failed: not before it, which would count twice, and not after it. And what `handle` had queued before it threw should not have happened: drop that transaction.',
    )
    await logged(3, 4)
    const outcome = await attempt('consume', () =>
      consume(box.redis, 3, 'totals', (_, effects) => {
        effects.incr('es:{p3}:tries').lpush(TOTALS, 'x').incr('es:{p3}:tries')
      }),
    )
    verify(
      !outcome.ok,
      'Redis refused one effect of three (WRONGTYPE), and consume said nothing. EXEC resolves all the same: look at each of its replies for an error.',
    )
    verify(
      String(outcome.error).includes('WRONGTYPE'),
      'Redis refused one effect (WRONGTYPE). consume should let that error through, so that one can see what is wrong.',
      { received: outcome.error },
    )
    await attempt('consume', () =>
      consume(box.redis, 3, 'totals', (_, effects) => {
        effects.incr('es:{p3}:tries')
      }),
    )
    verifyEqual(
      await box.admin.get('es:{p3}:tries'),
      '2',
      'Redis refused one effect of three inside EXEC, and carried out the other two. After that, consume was called again and handed the event over again, so the effects that had worked were repeated. A transaction does not roll back: leave the checkpoint where EXEC put it.',
    )
  })

  test('tries an event again if its transaction was discarded', async () => {
    for (const n of [1, 2]) await logged(3, n)
    const outcome = await attempt('consume', () =>
      consume(box.redis, 3, 'totals', (event, effects) => {
        count(event, effects)
        if (event.position === '1-0') effects.call('HINCRBY', TOTALS) // too few arguments
      }),
    )
    verify(
      !outcome.ok,
      'Redis refused to queue one of the effects, so EXEC discarded the whole transaction (EXECABORT), but consume resolved. Let the error through.',
      { received: outcome.ok && outcome.value },
    )
    await call('consume', () => consume(box.redis, 3, 'totals', count))
    verifyEqual(
      await box.admin.hgetall(TOTALS),
      { 'order-1': '1', 'order-2': '1' },
      'Redis refused to queue an effect of the first event and discarded that transaction (EXECABORT). After the repair consume was called again, and each of the two events should have taken effect once: the checkpoint may only move together with the effects.',
    )
  })
})

describe.skipIf(lacks('cluster'))('on three nodes', () => {
  const ORDERS = Array.from({ length: 40 }, (_, index) => `order-${index + 1}`)
  const library = (answer: number) =>
    `#!lua name=es\nredis.register_function('es_answer', function(keys) return ${answer} + redis.call('EXISTS', keys[1]) end)`

  test('a library is on every master', async () => {
    const cluster = await box.startCluster()
    if (await isOlderThanFunctions(cluster)) return
    const redis = await cluster.connect()
    const other = "#!lua name=other\nredis.register_function('other_answer', function() return 1 end)"
    for (const node of cluster.nodeAdmins) await node.call('FUNCTION', 'LOAD', other)
    for (const answer of [7, 8]) {
      const code = library(answer)
      const outcome = await attempt('installLibrary', () => installLibrary(redis, code))
      verify(
        outcome.ok || !/already exists/.test(String(outcome.error)),
        'The library was there, and was installed again in a newer version. FUNCTION LOAD refuses that unless it is told REPLACE.',
        { received: !outcome.ok && outcome.error },
      )
      await call('installLibrary', () => (outcome.ok ? undefined : Promise.reject(outcome.error)))
      const found: unknown[] = []
      for (let partition = 0; partition < 8; partition += 1) {
        found.push(
          await cluster.admin
            .call('FCALL', 'es_answer', 1, `es:{p${partition}}:log`)
            .catch((error: Error) => error.message),
        )
      }
      verifyEqual(
        found,
        Array.from({ length: 8 }, () => answer),
        answer === 7
          ? 'The function of the library was called for each of 8 partitions. Where it is "not found" it is missing on the node of that partition: FUNCTION LOAD loads it into one node only. Load it into every master.'
          : 'The library was installed again in a newer version, and not everywhere is that the one which answers. Replace what is there, on every master.',
      )
    }
    const others = await Promise.all(
      cluster.nodeAdmins.map((node) =>
        node.call('FCALL', 'other_answer', 0).catch((error: Error) => error.message),
      ),
    )
    verifyEqual(
      others,
      [1, 1, 1],
      'Every node had a library of another name, and after installLibrary it is gone. FUNCTION FLUSH throws out what others have installed: replace the one library, by LOAD with REPLACE.',
    )
    const refused = await attempt('installLibrary', () =>
      installLibrary(redis, '#!lua name=es\nno Lua at all'),
    )
    verify(
      !refused.ok,
      'The code of the library was no Lua, Redis refused it, and installLibrary said nothing. Let the error through: else one learns of it when the functions are missed.',
    )
  })

  test('events find their nodes', async () => {
    const cluster = await box.startCluster()
    const redis = await cluster.connect()
    for (const id of ORDERS) {
      const outcome = await attempt('append', () => append(redis, 8, id, [eventOf(1), eventOf(2)], 0))
      if (!outcome.ok && isOldId(outcome.error)) {
        await call('append', () => {
          throw outcome.error
        })
      }
      verify(
        outcome.ok,
        /NOSCRIPT/.test(String(!outcome.ok && outcome.error))
          ? 'append was told NOSCRIPT: a script that is loaded (SCRIPT LOAD) is in the one node that was asked, and the others do not know its digest. Send the script itself (EVAL), or send it when EVALSHA is refused.'
          : `append works on one server, but not for every stream on a cluster. A command or script goes to the node that has its keys, and knows them by KEYS alone: name all keys there, and build none in the script or from ARGV.`,
        { received: outcome.ok ? undefined : outcome.error },
      )
    }
    verifyEqual(
      await cluster.admin.xlen('es:{p1}:stream:order-1'),
      2,
      'The two events of order-1 should be on the cluster, in es:{p1}:stream:order-1.',
    )
    const sizes = await Promise.all(cluster.nodeAdmins.map((node) => node.dbsize()))
    verify(
      sizes.every((size) => size > 0),
      'Forty streams were written, and there is a node without a single key. Partitions spread them over the nodes.',
      { received: sizes },
    )
    await callError(
      'append',
      () => append(redis, 8, 'order-1', [eventOf(3)], 1),
      VersionConflictError,
      'order-1 is at version 2: append should throw a VersionConflictError on a cluster as well.',
    )
  })

  test('a slot moves while events are written', async () => {
    const cluster = await box.startCluster()
    const redis = await cluster.connect()
    const slot = await cluster.slotOf(LOG)
    const to = ((await cluster.nodeOf(LOG)) + 1) % 3
    for (const id of THIRD) await call('append', () => append(redis, 8, id, [eventOf(1)], 0))
    let moving = true
    const writing = attempt(
      'append',
      async () => {
        let version = 1
        while (moving) {
          for (const id of THIRD) await append(redis, 8, id, [eventOf(version + 1)], version)
          version += 1
        }
        return version
      },
      { seconds: 30 },
    )
    writing.catch(() => {})
    let failed = false
    void writing.then(({ ok }) => {
      failed = !ok
    })
    await cluster.moveSlot(slot, to, async () => {
      const before = await cluster.admin.xlen(LOG)
      while (!failed && (await cluster.admin.xlen(LOG)) < before + 30) await cluster.admin.ping()
    })
    moving = false
    const outcome = await writing
    verify(
      outcome.ok,
      'While append wrote, the slot of its partition moved to another node, and an append failed. ioredis follows the redirections (ASK, MOVED) by itself for a command or script that names its keys.',
      { received: outcome.ok ? undefined : outcome.error },
    )
    const all = Array.from({ length: outcome.value }, (_, index) => `${index + 1}-0`)
    for (const id of THIRD) {
      verifyEqual(
        (await idsAndFields(`es:{p3}:stream:${id}`, cluster.admin)).map(([entry]) => entry),
        all,
        `The slot moved while ${id} was written. Every version from 1 to ${outcome.value} should be there once.`,
      )
    }
    verifyEqual(
      await cluster.nodeAdmins[to]?.xlen(LOG),
      outcome.value * 3,
      'The slot moved while events were written. The log on its new node should hold every event of the three streams.',
    )
  })

  test('a slot moves key by key', async () => {
    const cluster = await box.startCluster()
    const redis = await cluster.connect({ maxRedirections: 10_000 }) // however long the move takes here
    const slot = await cluster.slotOf(LOG)
    const to = ((await cluster.nodeOf(LOG)) + 1) % 3
    for (const id of THIRD) await call('append', () => append(redis, 8, id, [eventOf(1)], 0))
    const toldToWait = async () => {
      const stats = await Promise.all(cluster.nodeAdmins.map((node) => node.info('errorstats')))
      return stats.map((text) => /errorstat_TRYAGAIN:count=(\d+)/.exec(text)?.[1]).join()
    }
    const before = await toldToWait()
    let settled = false
    let writing = attempt('append', () => 0)
    await cluster.moveSlot(slot, to, undefined, {
      first: THIRD.map((id) => `es:{p3}:stream:${id}`),
      async run() {
        writing = attempt('append', () => append(redis, 8, 'order-15', [eventOf(2)], 1))
        void writing.then(() => {
          settled = true
        })
        // The streams are on one node and the log on the other: Redis says TRYAGAIN to whatever names both.
        while (!settled && (await toldToWait()) === before) await box.roundTrips(1)
        const moved = (await cluster.nodeAdmins[to]?.call('CLUSTER', 'GETKEYSINSLOT', slot, 10)) as string[]
        verify(
          !moved.includes(LOG),
          'A slot moves key by key. While the streams of partition 3 were on the new node and its log was still on the old one, append started a second log on the new node, so the order of the partition is lost. Redis makes a script wait (TRYAGAIN) only for the keys named in KEYS: name the log there, too.',
          { received: moved },
        )
      },
    })
    const outcome = await writing
    verify(
      outcome.ok,
      'A slot moved key by key, and an append failed while the streams of partition 3 were on the new node and its log was still on the old one. For a script that names both keys in KEYS, Redis replies TRYAGAIN, and ioredis sends it again until the log has moved, too.',
      { received: outcome.ok ? undefined : outcome.error },
    )
    const log = await cluster.nodeAdmins[to]?.xlen(LOG)
    verifyEqual(
      [outcome.value, await cluster.admin.xlen(STREAM), log],
      [2, 2, 4],
      'A slot moved key by key while append wrote the second event of order-15. The new node should have two events in the stream and four in the log of the partition (received: the version, entries in the stream, entries in the log).',
    )
  })

  test('a consumer per partition sees every stream in order', async () => {
    const cluster = await box.startCluster()
    const redis = await cluster.connect()
    for (const version of [0, 1, 2]) {
      for (const id of ORDERS) {
        await call('append', () => append(redis, 8, id, [eventOf(version + 1)], version))
      }
    }
    const versions = new Map<string, number[]>()
    let handled = 0
    for (let partition = 0; partition < 8; partition += 1) {
      // Between two partitions a slot moves, and the client has to find out.
      if (partition === 3)
        await cluster.moveSlot(await cluster.slotOf(LOG), ((await cluster.nodeOf(LOG)) + 1) % 3)
      const outcome = await attempt('consume', () =>
        consume(redis, partition, 'totals', ({ streamId, version }, effects) => {
          versions.set(streamId, [...(versions.get(streamId) ?? []), version])
          effects.hincrby(`es:{p${partition}}:totals`, 'events', 1)
        }),
      )
      verify(
        outcome.ok,
        `consume works on one server, but not for partition ${partition} of a cluster. Log, checkpoint and effects have to carry the hash tag of the partition.`,
        { received: outcome.ok ? undefined : outcome.error },
      )
      handled += outcome.value
    }
    verifyEqual(
      handled,
      120,
      'The consumers of the 8 partitions together should have been handed all 120 events.',
    )
    verify(
      ORDERS.every((id) => versions.get(id)?.join() === '1,2,3'),
      'Within one stream the order is promised: each consumer should see versions 1, 2, 3 of each of its streams.',
    )
    verifyEqual(
      await cluster.admin.hgetall('es:{p3}:totals'),
      { events: '15' },
      'Partition 3 has five of the forty orders, so 15 events should have taken effect in es:{p3}:totals.',
    )
  })

  /** Functions came with Redis 7. */
  async function isOlderThanFunctions({ nodeAdmins }: OwnCluster): Promise<boolean> {
    return (await nodeAdmins[0]?.call('FUNCTION', 'LIST').catch(() => 'unknown')) === 'unknown'
  }
})
