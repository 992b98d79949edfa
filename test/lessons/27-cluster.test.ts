import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callAtOnce,
  callError,
  code,
  everyCrash,
  everyInterleaving,
  lacks,
  largestReply,
  type OwnCluster,
  pagingFault,
  passesOnErrors,
  useSandbox,
  verify,
  verifyEqual,
  words,
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
  callAtOnce(name, run, 'it only calculates, and its caller uses the result right away.')
const STREAM = 'es:{p3}:stream:order-15'
const LOG = 'es:{p3}:log'
/** Streams that belong to partition 3 of 8. */
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

  test('are not async', async () => {
    for (const [name, result] of [
      ['partitionOf', await attempt('partitionOf', () => ({ is: partitionOf('order-1', 8) }))],
      ['keysOf', await attempt('keysOf', () => ({ is: keysOf('order-1', 8) }))],
    ] as const) {
      verify(
        !result.ok || !((result.value.is as unknown) instanceof Promise),
        `\`${name}\` returned a promise. It waits for nothing, so it should return the result itself. Code that calls \`${name}(…)\` without an \`await\` would build its keys from a promise.`,
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
        `\`partitionOf\` was called twice for \`${id}\` and returned two different partitions. A stream's partition must depend only on its ID, because the next program has to find the stream again.`,
      )
    }
  })

  test('uses the first four bytes of SHA-256', async () => {
    const found: Record<string, readonly number[]> = {}
    const ids = [
      'order-1',
      'order-2',
      'order-3',
      'user:42',
      'ünïcode-✓',
      'order-{1}',
      'Order-1',
      ' order-1',
      'cafe\u0301',
    ]
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
        'cafe\u0301': [3, 11],
      },
      `\`partitionOf\` should take the first four bytes of the SHA-256 of the ID (UTF-8) as one big-endian number, modulo the number of partitions. ${mistakeIn(found)}Every program that shares the store has to get the same result. Each ID is shown with its partition out of 8 and out of 64.`,
    )
    verifyEqual(
      await atOnce('partitionOf', () => partitionOf('order-1', 1)),
      0,
      'If there is only one partition, `partitionOf` should return 0 for every stream.',
    )
  })

  test('stream and log share a hash tag, different partitions do not', async () => {
    const keys = []
    for (const id of orders) keys.push(await atOnce('keysOf', () => keysOf(id, 8)))
    for (const { stream, log } of keys) {
      verify(
        tagOf(stream) !== undefined && tagOf(stream) === tagOf(log),
        `\`${stream}\` and \`${log}\` don't have the same hash tag (the text in the first pair of braces). On a cluster, they're in different slots, so no script can write to both (\`CROSSSLOT\`). Put the partition in braces in both.`,
      )
    }
    verifyEqual(
      new Set(keys.map(({ stream }) => tagOf(stream))).size,
      8,
      'Forty orders in 8 partitions should have 8 different hash tags. One tag for everything puts everything in one slot, on one node, and the other nodes stay empty.',
    )
  })

  test('names the keys', async () => {
    verifyEqual(
      await atOnce('keysOf', () => keysOf('order-1', 8)),
      { partition: 1, stream: 'es:{p1}:stream:order-1', log: 'es:{p1}:log' },
      'The stream `order-1` belongs to partition 1 of 8, so `keysOf` should return these keys.',
    )
    verifyEqual(
      await atOnce('keysOf', () => keysOf('order {a}{b}', 16)),
      { partition: 8, stream: 'es:{p8}:stream:order {a}{b}', log: 'es:{p8}:log' },
      'An ID may contain braces and spaces. The partition comes before the ID, so its braces are the first ones, and only those count. Nothing needs to be escaped.',
    )
  })
})

const isOldId = (error: unknown) => error instanceof Error && error.message.includes('equal or smaller')

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest()

/** Numbers that are easily mistaken for the right one, each with a sentence that says how they come about. */
const MISTAKES: readonly (readonly [sentence: string, number: (id: string, hash: Buffer) => number])[] = [
  [
    'Your code reads a signed number (`readInt32BE`), which is negative for half of the IDs.',
    (_, hash) => hash.readInt32BE(0),
  ],
  ['Your code reads the bytes as a little-endian number.', (_, hash) => hash.readUInt32LE(0)],
  ['Your code only takes the first two bytes.', (_, hash) => hash.readUInt16BE(0)],
  ['Your code takes the last four bytes.', (_, hash) => hash.readUInt32BE(28)],
  [
    'Your code takes all 32 bytes, which is more than a `number` can represent exactly.',
    (_, hash) => Number.parseInt(hash.toString('hex'), 16),
  ],
  ['Your code uses SHA-1.', (id) => createHash('sha1').update(id).digest().readUInt32BE(0)],
  ['Your code uses MD5.', (id) => createHash('md5').update(id).digest().readUInt32BE(0)],
  ["Your code doesn't encode the ID as UTF-8.", (id) => sha256(Buffer.from(id, 'latin1')).readUInt32BE(0)],
  [
    'Your code converts the ID to lowercase first, but `Order-1` and `order-1` are two different streams.',
    (id) => sha256(id.toLowerCase()).readUInt32BE(0),
  ],
  [
    'Your code trims the ID first, but an ID with a space is a different stream from one without it.',
    (id) => sha256(id.trim()).readUInt32BE(0),
  ],
  [
    'Your code normalizes the ID first, but two IDs with different characters are two streams, even if they look the same.',
    (id) => sha256(id.normalize()).readUInt32BE(0),
  ],
  [
    'Your code only takes what is inside the braces of an ID, not the whole ID.',
    (id) => sha256(/\{([^}]+)\}/.exec(id)?.[1] ?? id).readUInt32BE(0),
  ],
]

/** Returns the sentence for the mistake that leads to these partitions for 8 and for 64, or an empty string. */
function mistakeIn(found: Readonly<Record<string, readonly number[]>>): string {
  const fits = (partition: (id: string, partitions: number) => number) =>
    Object.entries(found).every(([id, is]) => is[0] === partition(id, 8) && is[1] === partition(id, 64))
  if (fits((id, n) => (sha256(id).readUInt32BE(0) % n) + 1))
    return 'Your code counts from 1, but partitions are numbered from 0. '
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

  test('writes to the stream and to the log of its partition', async () => {
    verifyEqual(
      await first(),
      1,
      '`append` should resolve to 1, because a stream with one event is at version 1.',
    )
    verifyEqual(
      await idsAndFields(STREAM),
      [['1-0', ['event', textOf(1)]]],
      `\`${STREAM}\` should have one entry with the ID \`1-0\` and one field, \`event\`, which holds the string that \`encodeEvent\` returns.`,
    )
    verifyEqual(
      await fieldsOf(LOG),
      [['streamId', 'order-15', 'version', '1', 'event', textOf(1)]],
      `\`${LOG}\` should have one entry for the event, too, with the fields \`streamId\`, \`version\`, and \`event\`, in this order.`,
    )
    const [[position = ''] = []] = await idsAndFields(LOG)
    verify(
      Number.parseInt(position, 10) > 1_000_000_000_000, // the clock, in ms
      `The log's entry has the ID \`${position}\`, which isn't the time. Let Redis choose it, with \`*\`: an ID of your own can be one that the log has already used.`,
      { expected: words('the time in ms, a dash, and a number'), received: position },
    )
    verifyEqual(
      (await box.admin.keys('*')).filter((key) => key !== 'eventlings:sandbox').sort(),
      [LOG, STREAM],
      '`append` should write these two keys and no others.',
    )
  })

  test('appends several events, and those of other streams to the same log', async () => {
    await first()
    const version = await call('append', () => append(box.redis, 8, 'order-15', [eventOf(2), eventOf(3)], 1))
    verifyEqual(
      version,
      3,
      '`append` should resolve to 3, because two events after version 1 bring the stream to version 3.',
    )
    const other = await attempt('append', () => append(box.redis, 8, 'order-17', [eventOf(4)], 0))
    verify(
      other.ok || !isOldId(other.error),
      "`append` tried to write the first event of `order-17`, and Redis refused its ID, because it wasn't greater than the last one. Versions only work as IDs in the stream itself. In the partition's log, several streams have a version 1, so let Redis choose the IDs there (`*`).",
      { received: !other.ok && other.error },
    )
    await call('append', () => {
      if (!other.ok) throw other.error
    })
    verifyEqual(
      (await idsAndFields(STREAM)).map(([id]) => id),
      ['1-0', '2-0', '3-0'],
      'The entries of the stream should have their versions as IDs: `1-0`, `2-0`, and `3-0`.',
    )
    verifyEqual(
      (await fieldsOf(LOG)).map((fields) => fields.slice(0, 4)),
      [
        ['streamId', 'order-15', 'version', '1'],
        ['streamId', 'order-15', 'version', '2'],
        ['streamId', 'order-15', 'version', '3'],
        ['streamId', 'order-17', 'version', '1'],
      ],
      '`order-15` and `order-17` belong to the same partition, so its log should have the events of both, in the order in which they were appended.',
    )
  })

  test('knows the version of a stream whose old events are gone', async () => {
    await box.admin.xadd(STREAM, '12-0', 'event', textOf(12))
    const outcome = await attempt('append', () => append(box.redis, 8, 'order-15', [eventOf(13)], 12))
    verifyEqual(
      outcome.ok ? outcome.value : outcome.error,
      13,
      'Only the entry `12-0` is left in this stream, so the stream is at version 12, and `append` should resolve to 13. The version is in the last ID; the number of entries says nothing about it.',
    )
  })

  test('refuses a version that is too low or too high', async () => {
    await first()
    for (const expected of [0, 2]) {
      const error = await callError(
        'append',
        () => append(box.redis, 8, 'order-15', [eventOf(2), eventOf(3)], expected),
        VersionConflictError,
        `The stream is at version 1, and \`append\` was called with version ${expected}, so it should throw a \`VersionConflictError\`.`,
      )
      verifyEqual(
        { streamId: error.streamId, expected: error.expected, actual: error.actual },
        { streamId: 'order-15', expected, actual: 1 },
        'The `VersionConflictError` should have the ID of the stream and both versions.',
      )
    }
    verifyEqual(
      [await box.admin.xlen(STREAM), await box.admin.xlen(LOG)],
      [1, 1],
      '`append` refused, but it had already written something to the stream or the log. Compare first, and then write.',
    )
  })

  test('writes nothing if one event cannot be encoded', async () => {
    const bad = { ...eventOf(2), payload: { total: Number.NaN } }
    const outcome = await attempt('append', () => append(box.redis, 8, 'order-15', [eventOf(1), bad], 0))
    verifyEqual(
      [outcome.ok, await box.admin.exists(STREAM, LOG)],
      [false, 0],
      '`encodeEvent` refuses the second event (`NaN` in its payload). `append` should let that error pass through and write neither event.',
    )
    verify(
      !outcome.ok && outcome.error instanceof Error && outcome.error.name === 'MalformedEventError',
      '`encodeEvent` refuses the second event (`NaN` in its payload) with a `MalformedEventError`. `append` should let exactly that error pass through.',
      { received: outcome },
    )
  })

  test('does not report other errors as conflicts', async () => {
    const gone = box.connect()
    gone.disconnect()
    const outcome = await attempt('append', () => append(gone, 8, 'order-15', [eventOf(1)], 0))
    verify(
      outcome.ok || !(outcome.error instanceof VersionConflictError),
      'The connection was closed, and `append` threw a `VersionConflictError`. There was no other writer, so a caller that reads and decides again, as you do after a conflict, would repeat that forever. Let all other errors pass through unchanged.',
      { received: outcome },
    )
  })

  test('passes on errors from Redis', async () => {
    await box.admin.set(STREAM, 'not a stream')
    const outcome = await attempt('append', () => append(box.redis, 8, 'order-15', [eventOf(2)], 1))
    verify(
      !outcome.ok && String(outcome.error).includes('WRONGTYPE'),
      `\`${STREAM}\` held a string, so Redis couldn't tell which version the stream is at (\`WRONGTYPE\`). \`append\` should let that error pass through: it isn't a conflict with another writer.`,
      { received: outcome.ok ? outcome.value : outcome.error },
    )
    await passesOnErrors({
      name: 'append',
      run: (redis) => append(redis, 8, 'order-15', [eventOf(1)], 0),
      works: async (version) =>
        version === 1 && (await box.admin.xlen(STREAM)) === 1 && (await box.admin.xlen(LOG)) === 1,
      never: VersionConflictError,
      why: "There was no other writer, so this isn't a conflict, and deciding again wouldn't help.",
    })
  })

  test('writes nothing if the log is not a stream', async () => {
    await box.admin.xadd(STREAM, '1-0', 'event', textOf(1))
    await box.admin.set(LOG, 'not a stream')
    const outcome = await attempt('append', () =>
      append(box.redis, 8, 'order-15', [eventOf(2), eventOf(3)], 1),
    )
    verify(
      !outcome.ok,
      `\`${LOG}\` held a string, so Redis refused to append to the log (\`WRONGTYPE\`), but \`append\` resolved. Let that error pass through, because no consumer will ever see these events.`,
      { received: outcome.ok && outcome.value },
    )
    verify(
      String(outcome.error).includes('WRONGTYPE'),
      `\`${LOG}\` held a string, so Redis refused to append to the log (\`WRONGTYPE\`), and \`append\` threw something else. Let that error pass through, so that the caller can see what went wrong.`,
      { received: outcome.error },
    )
    verifyEqual(
      [await box.admin.xlen(STREAM), await box.admin.get(LOG)],
      [1, 'not a stream'],
      `\`${LOG}\` held a string, so Redis refused to append to the log, but the stream has changed anyway. Neither a script nor a transaction rolls back, so check that the log is a stream (\`XLEN\`) before the first write.`,
    )
  })

  test('one of two writers wins, and the log agrees with the stream', async () => {
    await everyInterleaving({
      name: 'append',
      first: (redis) => append(redis, 8, 'order-15', [eventOf(1)], 0),
      second: (redis) => append(redis, 8, 'order-15', [eventOf(2)], 0),
      async verify({ first: one, second: two, held, after }) {
        const [inStream, inLog] = [await fieldsOf(STREAM), await fieldsOf(LOG)]
        verifyEqual(
          [Number(one.ok) + Number(two.ok), inStream.length, inLog.length],
          [1, 1, 1],
          `Two writers expected version 0, and the second one ran between the first one's ${code(after, 'start')} and its ${code(held, 'end')}. One should win and the other get a conflict, with one event in the stream and one in the log. (Received: writers that succeeded, entries in the stream, entries in the log.)`,
        )
        const lost = one.ok ? two : one
        verify(
          !lost.ok && lost.error instanceof VersionConflictError,
          'The writer that was too late should get a `VersionConflictError`.',
          { received: lost.ok ? lost.value : lost.error },
        )
        verifyEqual(
          inLog[0]?.at(-1),
          inStream[0]?.at(-1),
          'The stream and the log have different events for version 1, because one writer won the stream and the other won the log. Write to both in one step.',
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
          `The process died right after ${code(last, 'its start')}, with ${lengths[0]} of 2 events in the stream and ${lengths[1]} in the log. No consumer will ever see an event that is missing from the log. Write to both in one script, which is what the shared hash tag is for.`,
        )
      },
    })
  })

  test('all or nothing, however many events', async () => {
    const events = Array.from({ length: 1_000 }, (_, index) => eventOf(index + 1))
    const run = (redis: Redis) => append(redis, 8, 'order-15', events, 0)
    const lengths = async () => [await box.admin.xlen(STREAM), await box.admin.xlen(LOG)]
    const version = await call('append', () => run(box.redis))
    verifyEqual(
      [version, ...(await lengths())],
      [1_000, 1_000, 1_000],
      '`append` was called with 1,000 events, which should all be in the stream and in the log. (Received: the version it resolved to, entries in the stream, entries in the log.)',
    )
    await everyCrash({
      name: 'append',
      run,
      async verify({ last }) {
        const found = await lengths()
        verify(
          [0, 1_000].includes(found[0] ?? -1) && found[0] === found[1],
          `\`append\` was called with 1,000 events, and the process died right after ${code(last, 'its start')}, with ${found[0]} events in the stream and ${found[1]} in the log. It's all or nothing, however many events there are, so pass all of them to one script call.`,
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

  /** Runs a partition's consumer and returns the events that it passed to its handler. */
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

  test('passes on the events of one partition, in order', async () => {
    await box.admin.xadd(LOG, '5-0', 'streamId', 'order-15', 'version', '1', 'event', textOf(1))
    await box.admin.xadd(LOG, '5-1', 'streamId', 'order-{x}', 'version', '12', 'event', textOf(2))
    const { seen, handled } = await seenBy(3)
    verifyEqual(
      seen,
      [
        { position: '5-0', streamId: 'order-15', version: 1, event: eventOf(1) },
        { position: '5-1', streamId: 'order-{x}', version: 12, event: eventOf(2) },
      ],
      '`consume` should pass both events of the log to `handle`, oldest first, with the `position` (the ID), the `streamId`, the `version` (a number), and the `event` from `decodeEvent`.',
    )
    verifyEqual(handled, 2, '`consume` should resolve to the number of events that it passed to `handle`.')
    verifyEqual(
      await box.admin.hgetall(TOTALS),
      { events: '2' },
      'The command that `handle` queued on `effects` never ran. `consume` should pass a transaction to `handle` and execute it.',
    )
  })

  test('continues where it stopped, separately for each consumer and partition', async () => {
    await logged(3, 1)
    await logged(3, 2)
    await logged(5, 1)
    verifyEqual(
      (await seenBy(3)).positions,
      ['1-0', '2-0'],
      "The log had two events, and Redis had no checkpoint for the consumer `totals`, so `consume` should begin with the first event. (Don't keep the position in the program's memory: it's gone when the program ends.)",
    )
    verifyEqual(
      await box.admin.get('es:{p3}:checkpoint:totals'),
      '2-0',
      'After the event at `2-0`, the checkpoint `es:{p3}:checkpoint:totals` should be `2-0`. Its key has the hash tag of its partition, so that you can write it together with the effects.',
    )
    verify(
      (await box.admin.pttl('es:{p3}:checkpoint:totals')) < 0,
      'The checkpoint has a time to live. When it expires, the consumer starts from the beginning, and every event takes effect a second time.',
    )
    await logged(3, 3)
    const again = await seenBy(3)
    verifyEqual(
      again.positions,
      ['3-0'],
      'Another event was written, and `consume` was called again. It should only pass on that event.',
    )
    verifyEqual(
      again.handled,
      1,
      '`consume` was called again after one more event. It should resolve to 1, the number of events that this call passed on, not to the number in the log or the total so far.',
    )
    verifyEqual(
      (await seenBy(5)).positions,
      ['1-0'],
      "The consumer hadn't read partition 5 before, so it should begin with the first event there. A position in partition 3 means nothing in partition 5: use one checkpoint per partition.",
    )
    verifyEqual(
      (await seenBy(3, 'emails')).positions,
      ['1-0', '2-0', '3-0'],
      'A consumer with another name should start from the beginning, with its own checkpoint.',
    )
    verifyEqual((await seenBy(3)).handled, 0, "There's nothing new, so `consume` should resolve to 0.")
  })

  test('passes on events of streams named like a field', async () => {
    await box.admin.xadd(LOG, '5-0', 'streamId', 'version', 'version', '1', 'event', textOf(1))
    await box.admin.xadd(LOG, '5-1', 'streamId', 'event', 'version', '2', 'event', textOf(2))
    const named = await attempt('consume', async () => (await seenBy(3)).seen)
    verifyEqual(
      named.ok ? named.value : named.error,
      [
        { position: '5-0', streamId: 'version', version: 1, event: eventOf(1) },
        { position: '5-1', streamId: 'event', version: 2, event: eventOf(2) },
      ],
      'Two streams are _called_ `version` and `event`, and `consume` mistook a name for a field name (`indexOf` finds it first). The fields are at positions 0, 2, and 4, each followed by its value, so go in steps of two.',
    )
  })

  test('moves past events without effects', async () => {
    for (const n of [1, 2]) await logged(3, n)
    const handled = await call('consume', () => consume(box.redis, 3, 'totals', () => {}))
    verifyEqual(
      [handled, await box.admin.get('es:{p3}:checkpoint:totals')],
      [2, '2-0'],
      'The handler queued no effects for two events. Save the checkpoint for them, too, in a transaction, as usual. Otherwise, the next call passes on the same events again, however many there are.',
    )
  })

  /** Explains why a call stopped short, from what that call and the next one passed on. */
  function missing(positions: readonly string[], rest: readonly string[]): string {
    if (positions.length >= 110) return 'Start the next page after the last ID of this one, at `(7-100`.'
    if (pagingFault(box.commands).includes('millisecond')) return pagingFault(box.commands).trim()
    if (rest.length > 0)
      return 'The call returned before the end of the log, and only the next call read the rest. Read page after page until nothing is left.'
    if (positions.length < 100)
      return 'The others were never passed on, because as strings, `7-10` comes before `7-9`. Let Redis compare the IDs: start after the last one, with `(`.'
    return 'The others were never passed on. Start the next page after the last ID of this one, at `(7-100`, and not at the next millisecond.'
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
      `The log had 110 events, written within one millisecond (\`7-1\` to \`7-110\`). One call should pass on all of them, each once. (Received: the result, events passed on, distinct events, the last position.) ${missing(positions, rest)}`,
    )
    const longest = largestReply(box.commands)
    verify(
      longest <= 100,
      `One command fetched ${longest} entries. Read pages of at most 100, because a log can grow without limit.`,
    )
  })

  test('writes effects and checkpoint together', async () => {
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
          `The process died right after ${code(last, 'its start')}, and another process continued from the checkpoint. Each of the three events should have taken effect once, so write the effects and the checkpoint in one transaction (\`MULTI … EXEC\`).`,
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
      '`handle` threw an error on the second event, but `consume` resolved. It should let that error pass through, because an event that is skipped silently is lost.',
      { received: thrown.ok && thrown.value },
    )
    verify(
      thrown.error instanceof RangeError,
      '`handle` threw a `RangeError` on the second event, and `consume` threw something else. It should let exactly that error pass through, so that the caller can distinguish one failure from another.',
      { received: thrown.error },
    )
    await call('consume', () => consume(box.redis, 3, 'totals', count))
    verifyEqual(
      await box.admin.hgetall(TOTALS),
      { 'order-1': '1', 'order-2': '1', 'order-3': '1' },
      'After the bug was fixed, `consume` was called again. It should continue with the event that had failed: not before it, which would count an event twice, and not after it. Drop the transaction if `handle` throws, so that nothing it queued takes effect.',
    )
    await logged(3, 4)
    const outcome = await attempt('consume', () =>
      consume(box.redis, 3, 'totals', (_, effects) => {
        effects.incr('es:{p3}:tries').lpush(TOTALS, 'x').incr('es:{p3}:tries')
      }),
    )
    verify(
      !outcome.ok,
      'Redis refused one of three effects (`WRONGTYPE`), but `consume` resolved. `EXEC` resolves even then, so check each of its replies for an error.',
    )
    verify(
      String(outcome.error).includes('WRONGTYPE'),
      'Redis refused one effect (`WRONGTYPE`). `consume` should let that error pass through, so that the caller can see what went wrong.',
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
      "Redis refused one of three effects inside `EXEC`, and carried out the other two. `consume` was called again and passed on the same event again, so the effects that had worked were repeated. A transaction doesn't roll back: leave the checkpoint where `EXEC` put it.",
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
      'Redis refused to queue one of the effects, so `EXEC` discarded the whole transaction (`EXECABORT`), but `consume` resolved. Let the error pass through.',
      { received: outcome.ok && outcome.value },
    )
    await call('consume', () => consume(box.redis, 3, 'totals', count))
    verifyEqual(
      await box.admin.hgetall(TOTALS),
      { 'order-1': '1', 'order-2': '1' },
      'Redis refused to queue an effect of the first event and discarded that transaction (`EXECABORT`). After the bug was fixed, `consume` was called again. Each of the two events should have taken effect once, so the checkpoint may only move together with the effects.',
    )
  })

  test('passes on errors from Redis', async () => {
    await passesOnErrors({
      name: 'consume',
      async prepare() {
        for (const n of [1, 2]) await logged(3, n)
        await box.admin.set('es:{p3}:checkpoint:totals', '1-0')
      },
      run: (redis) => consume(redis, 3, 'totals', count),
      works: async (handled) => handled === 1 && (await box.admin.get('es:{p3}:checkpoint:totals')) === '2-0',
      why: "A checkpoint that can't be read isn't missing, and a log that can't be read isn't at its end.",
    })
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
    for (const [n, node] of cluster.nodeAdmins.entries()) {
      await node.call('FUNCTION', 'LOAD', other)
      await node.call('FUNCTION', 'LOAD', other.replaceAll('other', `only${n}`))
    }
    for (const answer of [7, 8]) {
      const code = library(answer)
      const outcome = await attempt('installLibrary', () => installLibrary(redis, code))
      verify(
        outcome.ok || !/already exists/.test(String(outcome.error)),
        'The library already existed, and a newer version was installed. `FUNCTION LOAD` refuses that without `REPLACE`.',
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
          ? "The library's function was called for each of 8 partitions. \"Not found\" means that it's missing on that partition's node, because `FUNCTION LOAD` only loads it into one node. Load it into every master."
          : 'A newer version of the library was installed, but some nodes still run the old one. Replace the library on every master.',
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
      'Every node had a library with another name, and after `installLibrary` it was gone. `FUNCTION FLUSH` deletes every library. Replace only this one, with `LOAD` and `REPLACE`.',
    )
    const libraries = await Promise.all(
      cluster.nodeAdmins.map(async (node) => {
        const list = (await node.call('FUNCTION', 'LIST')) as unknown[][]
        return list.map((library) => library[library.indexOf('library_name') + 1]).sort()
      }),
    )
    verifyEqual(
      libraries,
      [0, 1, 2].map((n) => ['es', `only${n}`, 'other']),
      "Each of the three nodes had a library that was only there. After `installLibrary`, a node has lost such a library or has one from another node. (Received: each node's libraries.) Load the new code into every master with `FUNCTION LOAD`. A copy of all libraries, such as `FUNCTION DUMP` and `RESTORE`, changes the others, too.",
    )
    const refused = await attempt('installLibrary', () =>
      installLibrary(redis, '#!lua name=es\nno Lua at all'),
    )
    verify(
      !refused.ok,
      "The library's code wasn't valid Lua, so Redis refused it, but `installLibrary` resolved. Let that error reach the caller, which otherwise only finds out when the functions are missing.",
    )
    const still = await Promise.all(
      cluster.nodeAdmins.map((node) => node.call('FUNCTION', 'LIST', 'LIBRARYNAME', 'es')),
    )
    verifyEqual(
      still.map((found) => (found as unknown[]).length),
      [1, 1, 1],
      "The library's new code wasn't valid Lua, so Redis refused it, and then the old version was gone, too. Don't delete it first: `LOAD` with `REPLACE` replaces it in one step, or leaves it as it is. (Received: libraries called `es` on each node.)",
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
          ? "Redis replied `NOSCRIPT` to `append`. `SCRIPT LOAD` only loads a script into one node, so the others don't have its digest. Send the script itself (`EVAL`), at least when a node refuses `EVALSHA`."
          : `\`append\` works on one server, but not for every stream on a cluster. A script goes to the node that has its keys, and the client only looks for them in \`KEYS\`. So name all keys there, and don't build any in the script or take any from \`ARGV\`.`,
        { received: outcome.ok ? undefined : outcome.error },
      )
    }
    verifyEqual(
      await cluster.admin.xlen('es:{p1}:stream:order-1'),
      2,
      'The two events of `order-1` should be on the cluster, in `es:{p1}:stream:order-1`.',
    )
    const sizes = await Promise.all(cluster.nodeAdmins.map((node) => node.dbsize()))
    verify(
      sizes.every((size) => size > 0),
      "Forty streams were written, but one of the nodes doesn't have a single key. Use the partitions' hash tags, which spread the streams across the nodes.",
      { received: sizes },
    )
    await callError(
      'append',
      () => append(redis, 8, 'order-1', [eventOf(3)], 1),
      VersionConflictError,
      '`order-1` is at version 2, and `append` should throw a `VersionConflictError` on a cluster, too.',
    )
  })

  test('a slot moves while append is writing', async () => {
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
      'While `append` was writing, the slot of its partition moved to another node, and a call to `append` failed. If a command or script names its keys, ioredis follows the redirections (`ASK`, `MOVED`) on its own.',
      { received: outcome.ok ? undefined : outcome.error },
    )
    const all = Array.from({ length: outcome.value }, (_, index) => `${index + 1}-0`)
    for (const id of THIRD) {
      verifyEqual(
        (await idsAndFields(`es:{p3}:stream:${id}`, cluster.admin)).map(([entry]) => entry),
        all,
        `The slot moved while \`append\` was writing to \`${id}\`. Every version from 1 to ${outcome.value} should be there once.`,
      )
    }
    verifyEqual(
      await cluster.nodeAdmins[to]?.xlen(LOG),
      outcome.value * 3,
      'The slot moved while `append` was writing events. The log on its new node should have every event of the three streams.',
    )
  })

  test('a slot moves key by key', async () => {
    const cluster = await box.startCluster()
    const redis = await cluster.connect({ maxRedirections: 10_000 }) // so that append waits, however long the move takes here
    const slot = await cluster.slotOf(LOG)
    const to = ((await cluster.nodeOf(LOG)) + 1) % 3
    for (const id of THIRD) await call('append', () => append(redis, 8, id, [eventOf(1)], 0))
    const tryAgainCounts = async () => {
      const stats = await Promise.all(cluster.nodeAdmins.map((node) => node.info('errorstats')))
      return stats.map((text) => /errorstat_TRYAGAIN:count=(\d+)/.exec(text)?.[1]).join()
    }
    const before = await tryAgainCounts()
    let settled = false
    let writing = attempt('append', () => 0)
    await cluster.moveSlot(slot, to, undefined, {
      first: THIRD.map((id) => `es:{p3}:stream:${id}`),
      async run() {
        writing = attempt('append', () => append(redis, 8, 'order-15', [eventOf(2)], 1))
        void writing.then(() => {
          settled = true
        })
        // The streams are on one node and the log is on the other, so Redis replies TRYAGAIN to a script that names both.
        while (!settled && (await tryAgainCounts()) === before) await box.roundTrips(1)
        const moved = (await cluster.nodeAdmins[to]?.call('CLUSTER', 'GETKEYSINSLOT', slot, 10)) as string[]
        verify(
          !moved.includes(LOG),
          'A slot moves key by key. While the streams of partition 3 were on the new node and its log was still on the old one, `append` started a second log on the new node, so the order of the partition is lost. Redis makes a script wait (`TRYAGAIN`) only for the keys named in `KEYS`: name the log there, too.',
          { received: moved },
        )
      },
    })
    const outcome = await writing
    verify(
      outcome.ok,
      'While a slot was moving key by key, the streams of partition 3 were already on the new node and its log was still on the old one, and a call to `append` failed. If a script names both keys in `KEYS`, Redis replies `TRYAGAIN` until the log has moved, too, and ioredis sends the script again.',
      { received: outcome.ok ? undefined : outcome.error },
    )
    const log = await cluster.nodeAdmins[to]?.xlen(LOG)
    verifyEqual(
      [outcome.value, await cluster.admin.xlen(STREAM), log],
      [2, 2, 4],
      'A slot moved key by key while `append` wrote the second event of `order-15`. The new node should have two events in the stream and four in the log of the partition (received: the version, entries in the stream, entries in the log).',
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
      // A slot moves between two partitions' turns, and the client has to find out.
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
        `\`consume\` works on one server, but not for partition ${partition} of a cluster. The keys of the log, the checkpoint, and the effects need the partition's hash tag.`,
        { received: outcome.ok ? undefined : outcome.error },
      )
      handled += outcome.value
    }
    verifyEqual(
      handled,
      120,
      'Together, the consumers of the 8 partitions should have received all 120 events.',
    )
    verify(
      ORDERS.every((id) => versions.get(id)?.join() === '1,2,3'),
      'The order within a stream is guaranteed, so each consumer should receive versions 1, 2, and 3 of each of its streams, in that order.',
    )
    verifyEqual(
      await cluster.admin.hgetall('es:{p3}:totals'),
      { events: '15' },
      'Five of the forty orders belong to partition 3, so 15 events should have taken effect in `es:{p3}:totals`.',
    )
  })

  /** Whether the nodes are older than Redis 7, which introduced functions. */
  async function isOlderThanFunctions({ nodeAdmins }: OwnCluster): Promise<boolean> {
    return (await nodeAdmins[0]?.call('FUNCTION', 'LIST').catch(() => 'unknown')) === 'unknown'
  }
})
