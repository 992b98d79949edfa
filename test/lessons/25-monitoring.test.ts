import { describe, test } from 'vitest'
import {
  call,
  callAtOnce,
  code,
  everyInterleaving,
  largestReply,
  pagingFault,
  passesOnErrors,
  passesOnWrongType,
  plantLongStream,
  useSandbox,
  verify,
  verifyEqual,
  words,
} from '#kit'
import type { ConsumerInfo, GroupInfo, Limits } from '#lesson/25-monitoring'
import { findAlarms, getStreamInfo, parseGroup } from '#lesson/25-monitoring'

const box = useSandbox()

const AT_ONCE = 'it waits for nothing, and its caller uses the result right away.'

const parse = (...reply: readonly unknown[]) => callAtOnce('parseGroup', () => parseGroup(reply), AT_ONCE)

describe('parseGroup', () => {
  test('reads the reply of Redis', async () => {
    const reply = [
      'name',
      'mail',
      'consumers',
      2,
      'pending',
      3,
      'last-delivered-id',
      '5-0',
      'entries-read',
      5,
    ]
    verifyEqual(
      await parse(...reply, 'lag', 7),
      { name: 'mail', pending: 3, lag: 7, lastDeliveredId: '5-0' },
      "`parseGroup` should return the group's `name`, `pending`, `lag`, and `lastDeliveredId`, with the counts as numbers.",
    )
    verifyEqual(
      (await parse(...reply, 'lag', 0)).lag,
      0,
      "A lag of 0 is known: nothing is waiting. It should stay 0. (`||` treats 0 as missing; `??` doesn't.)",
    )
  })

  test('reports when the lag is unknown', async () => {
    const reply = ['name', 'mail', 'consumers', 1, 'pending', 0, 'last-delivered-id', '5-0']
    verifyEqual(
      (await parse(...reply, 'entries-read', 3, 'lag', null)).lag,
      null,
      'Redis replied with `nil` for the lag, so the lag is unknown, and `parseGroup` should return `null`. With 0, a group that has stopped looks healthy.',
    )
    const old = await parse(...reply)
    verify(
      old.lag === null,
      "Redis 6.2 doesn't send a lag at all, so it's unknown, too, and `parseGroup` should return `null`.",
      { expected: null, received: old.lag },
    )
  })

  test('reads the fields by name', async () => {
    verifyEqual(
      await parse('lag', 4, 'new-in-9', 'x', 'last-delivered-id', '8-1', 'pending', 2, 'name', 'mail'),
      { name: 'mail', pending: 2, lag: 4, lastDeliveredId: '8-1' },
      'The reply is a flat list of names and values, and its order and length depend on the version of Redis. Read it in pairs, by name.',
    )
    for (const name of ['pending', 'lag', 'last-delivered-id']) {
      verifyEqual(
        await parse('name', name, 'consumers', 1, 'pending', 2, 'last-delivered-id', '8-1', 'lag', 4),
        { name, pending: 2, lag: 4, lastDeliveredId: '8-1' },
        `This group is _called_ \`${name}\`, and \`parseGroup\` mistook its name for a field name (\`indexOf\` finds it first). Field names are at positions 0, 2, 4, and so on, each followed by its value, so go in steps of two.`,
      )
    }
  })
})

const S = 'orders'
const info = () => call('getStreamInfo', () => getStreamInfo(box.redis, S))

async function plant(count: number): Promise<void> {
  const pipeline = box.admin.pipeline()
  for (let n = 1; n <= count; n += 1) pipeline.xadd(S, `${n}-0`, 'event', `e${n}`, 'by', 'ada')
  await pipeline.exec()
}
const group = (name: string, start = '0') => box.admin.xgroup('CREATE', S, name, start, 'MKSTREAM')
const read = (name: string, consumer: string, count: number) =>
  box.admin.xreadgroup('GROUP', name, consumer, 'COUNT', count, 'STREAMS', S, '>')
/** Makes the entry look as if it had been delivered that long ago. */
const age = (name: string, consumer: string, id: string, ms: number) =>
  box.admin.call('XCLAIM', S, name, consumer, '0', id, 'IDLE', ms, 'JUSTID')
const isAbout = (ms: number | null | undefined, least: number) =>
  typeof ms === 'number' && ms >= least && ms < least + 30_000

describe('getStreamInfo', () => {
  test('describes the stream', async () => {
    const none = await info()
    verify(none === null, "The stream doesn't exist, so `getStreamInfo` should return `null`.", {
      received: none,
    })
    await group('mail')
    const empty = await info()
    verifyEqual(
      empty && { ...empty, groups: empty.groups.length },
      { length: 0, firstEntry: null, lastEntry: null, groups: 1 },
      'An empty stream with a group exists. `getStreamInfo` should return a `length` of 0, and `null` for the first and last entries.',
    )
    await plant(5)
    const full = await info()
    verifyEqual(
      full && { ...full, groups: full.groups.length },
      {
        length: 5,
        firstEntry: { id: '1-0', fields: { event: 'e1', by: 'ada' } },
        lastEntry: { id: '5-0', fields: { event: 'e5', by: 'ada' } },
        groups: 1,
      },
      '`getStreamInfo` should return the `length`, and the first and last entries, each with `id` and `fields` (an object, not the flat list).',
    )
    await box.admin.xdel(S, '3-0', '5-0')
    const fewer = await info()
    verifyEqual(
      [fewer?.length, fewer?.lastEntry?.id],
      [3, '4-0'],
      'Two of five entries were deleted. `length` is the number of entries that are in the stream now, 3, and the last one is `4-0`.',
    )
  })

  test('hides no error', async () => {
    const why =
      'Return `null` only for a missing key. A monitor that swallows errors is silent when it matters most.'
    await passesOnWrongType('getStreamInfo', S, () => getStreamInfo(box.redis, S), why)
    await passesOnErrors({
      name: 'getStreamInfo',
      async prepare() {
        await plant(3)
        await group('mail')
        await read('mail', 'mail-1', 1)
      },
      run: (redis) => getStreamInfo(redis, S),
      works(found) {
        const [mail] = found?.groups ?? []
        return (
          found?.length === 3 && mail?.lag === 2 && mail.oldestIdle !== null && mail.consumers.length === 1
        )
      },
      closes: true,
      why,
    })
  })

  test('describes the groups', async () => {
    await plant(5)
    for (const name of ['stock', 'mail']) await group(name)
    await read('stock', 'stock-1', 2)
    await box.admin.xack(S, 'stock', '1-0', '2-0')
    const groups = (await info())?.groups ?? []
    verifyEqual(
      groups.map(({ name }) => name),
      ['mail', 'stock'],
      '`getStreamInfo` should list all groups, sorted by name.',
    )
    verifyEqual(
      groups.map(({ pending, lag, lastDeliveredId, oldestIdle }) => [
        pending,
        lag,
        lastDeliveredId,
        oldestIdle,
      ]),
      [
        [0, 5, '0-0', null],
        [0, 3, '2-0', null],
      ],
      'Nothing is pending in either group, but 5 and 3 entries are waiting to be delivered, and `lag` should show that. `oldestIdle` should be `null` when nothing is pending.',
    )
  })

  test('reports an unknown lag as unknown', async () => {
    await plant(5)
    await group('mail', '2-0')
    const [raw] = (await box.admin.xinfo('GROUPS', S)) as unknown[][]
    // Some versions can work out the lag even here, and then there is nothing unknown to report.
    if (raw?.[raw.indexOf('lag') + 1] !== null) return
    verifyEqual(
      (await info())?.groups[0]?.lag,
      null,
      'The group began in the middle of the stream, and Redis replies with `nil` for its lag. `getStreamInfo` should return `null` for it.',
    )
  })

  test('describes the consumers', async () => {
    await plant(5)
    await group('mail')
    await read('mail', 'mail-2', 1)
    await read('mail', 'mail-1', 2)
    await box.admin.xgroup('CREATECONSUMER', S, 'mail', 'mail-3')
    const before = await box.admin.xpending(S, 'mail', '-', '+', 10)
    const [mail] = (await info())?.groups ?? []
    verifyEqual(
      mail?.consumers.map(({ name, pending }) => [name, pending]),
      [
        ['mail-1', 2],
        ['mail-2', 1],
        ['mail-3', 0],
      ],
      '`getStreamInfo` should list the consumers of each group, sorted by name, each with its number of pending entries.',
    )
    verify(
      mail?.consumers.every(({ idle }) => typeof idle === 'number' && idle >= 0 && idle < 30_000),
      "A consumer's `idle` should be the number of milliseconds that `XINFO CONSUMERS` reports.",
      { received: mail?.consumers },
    )
    verifyEqual(
      mail?.consumers[2]?.oldestIdle,
      null,
      '`mail-3` has nothing pending, so its `oldestIdle` should be `null`.',
    )
    await box.admin.xgroup('CREATECONSUMER', S, 'mail', 'constructor')
    verifyEqual(
      (await info())?.groups[0]?.consumers.map(
        ({ name, oldestIdle }) => name === 'constructor' && oldestIdle,
      )[0],
      null,
      'A consumer called `constructor` has nothing pending, so its `oldestIdle` should be `null`. Every object has a property of that name, so keep the times in a `Map`.',
    )
    const waiting = [mail?.oldestIdle, mail?.consumers[0]?.oldestIdle, mail?.consumers[1]?.oldestIdle]
    verify(
      waiting.every((ms) => isAbout(ms, 0)),
      'The entries of `mail-1` and `mail-2` were delivered a moment ago and are pending, so `oldestIdle` should be a small number, for both of them and for the group. `null` means that nothing is pending.',
      { received: waiting },
    )
    const after = await box.admin.xpending(S, 'mail', '-', '+', 10)
    const counts = (entries: unknown[]) =>
      (entries as unknown[][]).map(([id, who, , times]) => [id, who, times])
    verifyEqual(
      [counts(after), await box.admin.keys('*')],
      [counts(before), [S]],
      '`getStreamInfo` should be read-only, but it changed something: entries have a different owner or were delivered again, or there are new keys. `XPENDING` reads pending entries without changing them.',
    )
  })

  test('finds a consumer of any name', async () => {
    await plant(2)
    await group('mail')
    await read('mail', '__proto__', 1)
    const [mail] = (await info())?.groups ?? []
    verify(
      isAbout(mail?.oldestIdle, 0) && isAbout(mail?.consumers[0]?.oldestIdle, 0),
      'A consumer called `__proto__` has a pending entry, which was delivered a moment ago, so `oldestIdle` should be a small number, for the consumer and for the group. An object has a special property of that name, so keep the times in a `Map`.',
      { received: mail },
    )
  })

  test('finds the oldest', async () => {
    await plant(5)
    await group('mail')
    await read('mail', 'mail-1', 3)
    await read('mail', 'mail-2', 2)
    await age('mail', 'mail-1', '1-0', 30_000)
    await age('mail', 'mail-1', '2-0', 60_000)
    await age('mail', 'mail-2', '5-0', 600_000)
    const [mail] = (await info())?.groups ?? []
    verify(
      isAbout(mail?.oldestIdle, 600_000),
      "The entry that has waited longest, ten minutes, has the highest ID, and `oldestIdle` doesn't show that time. `XPENDING` lists entries in ID order, and an entry's time starts over when it's delivered again. Check all of them.",
      { expected: words('about 600000'), received: mail?.oldestIdle },
    )
    const [one, two] = mail?.consumers ?? []
    verify(
      isAbout(one?.oldestIdle, 60_000) && isAbout(two?.oldestIdle, 600_000),
      'Each consumer should have the `oldestIdle` of its own entries: one minute for `mail-1`, ten for `mail-2`. (`idle` is something else: when the consumer itself last called.)',
      { received: mail?.consumers },
    )
    const waited = (await box.admin.xpending(S, 'mail', '-', '+', 10)) as [string, string, number][]
    const [first, second, , , last] = waited.map(([, , idle]) => idle)
    verify(
      isAbout(first, 30_000) && isAbout(second, 60_000) && isAbout(last, 600_000),
      'After `getStreamInfo`, pending entries show a shorter wait than before, so it claimed them (`XCLAIM`, `XAUTOCLAIM`), even if only for their own consumer. That makes a dead consumer look alive. `XPENDING` reads without changing anything.',
      { received: waited.map(([id, who, idle]) => `${id} ${who} ${idle} ms`) },
    )
  })

  test('finds the oldest among many', async () => {
    const { counted, leftOut } = await plantLongStream(box.admin, S, {
      page: 1_000,
      fields: (n) => ({ event: `e${n}` }),
      leftOut: (n) => ({ event: `e${n}` }),
    })
    await group('mail')
    await read('mail', 'mail-1', 2_010)
    await box.admin.xack(S, 'mail', ...counted.slice(0, 200)) // so that pages of the pending entries list don't match pages of the stream
    await box.admin.xdel(S, ...leftOut) // a deleted entry stays pending
    await age('mail', 'mail-1', '7-2010', 60_000)
    const [mail] = (await info())?.groups ?? []
    const pages = box.commands.filter(({ name }) => name === 'XPENDING').length
    verify(
      isAbout(mail?.oldestIdle, 60_000),
      `1,810 entries from the same millisecond are pending, some of them deleted, and the last one, \`7-2010\`, has waited for a minute, which \`oldestIdle\` doesn't show.${pagingFault(box.commands) || (pages === 1 ? " `getStreamInfo` only read one page of the pending entries list. Keep reading until a page isn't full." : ' Keep the longest time across all pages, and start over with each call.')}`,
      { expected: words('about 60000'), received: mail?.oldestIdle },
    )
    const most = largestReply(box.commands)
    verify(
      most <= 1_000,
      `\`getStreamInfo\` fetched ${most} entries with one command. Read in pages of at most 1,000, so that Redis can serve other clients in between.`,
    )
    const [stillPending] = (await box.admin.xpending(S, 'mail')) as [number]
    verifyEqual(
      stillPending,
      1_810,
      '`getStreamInfo` should be read-only, but fewer entries are pending than before. `XAUTOCLAIM` and `XCLAIM` drop pending entries that were deleted from the stream, even if they claim nothing. `XPENDING` changes nothing.',
    )
  })

  test('reads every page of the pending entries list', async () => {
    await plant(5_500)
    await group('mail')
    await read('mail', 'mail-1', 5_500)
    await age('mail', 'mail-1', '5500-0', 60_000)
    const [mail] = (await info())?.groups ?? []
    const pages = box.commands.filter(({ name }) => name === 'XPENDING').length // 0 if a script reads them
    const commands = pages === 1 ? 'one `XPENDING`' : `${pages} \`XPENDING\` commands`
    const sent = pages === 0 ? '' : ` \`getStreamInfo\` sent ${commands}.`
    verify(
      isAbout(mail?.oldestIdle, 60_000) && isAbout(mail?.consumers[0]?.oldestIdle, 60_000),
      `5,500 entries are pending, and the last one, \`5500-0\`, has waited for a minute, which \`oldestIdle\` doesn't show.${sent} There's no limit to how many entries may be pending, so keep reading until a page isn't full.`,
      { expected: words('about 60000'), received: [mail?.oldestIdle, mail?.consumers[0]?.oldestIdle] },
    )
  })

  test('checks the lag against the stream', async () => {
    await plant(5)
    await group('mail')
    await read('mail', 'mail-1', 5)
    // Sets the counters that a trim ahead of the group leaves on Redis 7.0, in a way that works on every version.
    await box.admin.call('XGROUP', 'SETID', S, 'mail', '5-0', 'ENTRIESREAD', '2')
    const [mail] = (await info())?.groups ?? []
    verify(
      mail?.lag !== 3,
      '`getStreamInfo` returned a lag of 3, but nothing is left to read: the last entry is `5-0`, and so is `lastDeliveredId`. The lag that Redis reports can include entries that were trimmed before the group read them. Check whether an entry comes after `lastDeliveredId`; if not, the lag is 0.',
      { expected: 0, received: mail?.lag },
    )
    verifyEqual(
      mail?.lag,
      0,
      'No entry comes after `lastDeliveredId`, so `lag` should be 0, no matter what Redis counts.',
    )
    await box.admin.xadd(S, '6-0', 'event', 'e6')
    verifyEqual(
      (await info())?.groups[0]?.lag,
      4,
      "One entry comes after `lastDeliveredId`, so `lag` should be the number in Redis's reply, 4.",
    )
    await box.admin.xdel(S, '6-0')
    verifyEqual(
      (await info())?.groups[0]?.lag,
      0,
      'The last entry, `6-0`, was deleted before the group read it, so no entry comes after `lastDeliveredId`, and `lag` should be 0. The last ID that the stream generated is still `6-0`, so look for an entry instead.',
    )
    await box.admin.xdel(S, '5-0')
    verifyEqual(
      (await info())?.groups[0]?.lag,
      0,
      "Entry `5-0` was deleted after the group had read it, so the last entry is `4-0` now, and `lastDeliveredId` is still `5-0`. No entry comes after that, so `lag` should be 0. Don't check whether the two IDs are equal: look for an entry with a greater ID.",
    )
    await box.admin.xtrim(S, 'MAXLEN', 0)
    verifyEqual(
      (await info())?.groups[0]?.lag,
      0,
      'All entries have been trimmed, so no entry comes after `lastDeliveredId`, and `lag` should be 0. It makes no difference that the stream is empty.',
    )
    for (const id of ['7-9', '7-10']) await box.admin.xadd(S, id, 'event', 'e7')
    await box.admin.call('XGROUP', 'SETID', S, 'mail', '7-9', 'ENTRIESREAD', '2')
    verify(
      (await info())?.groups[0]?.lag !== 0,
      'The group has read everything up to `7-9`, and one entry comes after it, `7-10`, but `lag` is 0. An ID is two numbers, and as a string or a decimal number, `7-10` is less than `7-9`. Let Redis compare them: `XRANGE … (7-9 +`.',
      { received: 0 },
    )
  })

  test('keeps the groups apart', async () => {
    await plant(2)
    for (const name of ['mail', 'stock']) {
      await group(name)
      await read(name, 'worker-1', 1)
    }
    await age('mail', 'worker-1', '1-0', 600_000)
    await age('stock', 'worker-1', '1-0', 60_000)
    const groups = (await info())?.groups ?? []
    const why =
      'The groups `mail` and `stock` each have a consumer called `worker-1`. Its entry has been pending for ten minutes in `mail` and for one minute in `stock`, and `getStreamInfo` mixed up the two.'
    const received = groups.map(({ name, oldestIdle, consumers }) => [
      name,
      oldestIdle,
      consumers[0]?.oldestIdle,
    ])
    for (const [at, ms] of [
      [0, 600_000],
      [1, 60_000],
    ] as const) {
      verify(isAbout(groups[at]?.oldestIdle, ms), why, { received })
      verify(isAbout(groups[at]?.consumers[0]?.oldestIdle, ms), why, { received })
    }
  })

  test('copes with a consumer that comes in between', async () => {
    await everyInterleaving({
      name: 'getStreamInfo',
      prepare: async () => {
        await plant(3)
        await group('mail')
        await read('mail', 'mail-1', 1)
      },
      first: (redis) => getStreamInfo(redis, S),
      second: (redis) => redis.xreadgroup('GROUP', 'mail', 'mail-2', 'COUNT', 1, 'STREAMS', S, '>'),
      verify: ({ first, held }) => {
        verify(
          first.ok && first.value !== null,
          `A new consumer read an entry before the ${code(held, 'end')} of \`getStreamInfo\`, which then failed. The stream may change between two commands, so \`XPENDING\` can name a consumer that an earlier \`XINFO CONSUMERS\` didn't list.`,
          { received: first.ok ? first.value : first.error },
        )
        const mail1 = first.value.groups[0]?.consumers.find(({ name }) => name === 'mail-1')
        verifyEqual(
          mail1?.pending,
          1,
          `A new consumer read an entry before the ${code(held, 'end')} of \`getStreamInfo\`. \`mail-1\` still has one pending entry of its own.`,
        )
      },
    })
  })
})

const LIMITS: Limits = { lag: 100, entryIdle: 30_000, consumerIdle: 60_000 }
const worker = (name: string, pending: number, idle: number, oldestIdle: number | null): ConsumerInfo => ({
  name,
  pending,
  idle,
  oldestIdle,
})
function mail(lag: number | null, ...consumers: readonly ConsumerInfo[]): GroupInfo {
  const pending = consumers.map((one) => one.pending).reduce((sum, n) => sum + n, 0)
  const ages = consumers.flatMap(({ oldestIdle }) => (oldestIdle === null ? [] : [oldestIdle]))
  const oldestIdle = ages.length === 0 ? null : Math.max(...ages)
  return { name: 'mail', pending, lag, lastDeliveredId: '5-0', oldestIdle, consumers }
}
const alarms = (...groups: readonly GroupInfo[]) =>
  callAtOnce(
    'findAlarms',
    () => findAlarms({ length: 5, firstEntry: null, lastEntry: null, groups }, LIMITS),
    AT_ONCE,
  )

describe('findAlarms', () => {
  test('is quiet when all is well', async () => {
    verifyEqual(
      await alarms(mail(100, worker('a', 3, 20, 29_999), worker('b', 0, 59_999, null))),
      [],
      'The lag is exactly at its limit, and all consumers are calling and acknowledging in time, so `findAlarms` should return an empty array.',
    )
    verifyEqual(
      await alarms(mail(0, worker('a', 0, 20, null), worker('old', 0, 9_000_000, null))),
      [],
      "The consumer `old` hasn't called for hours, but it has nothing pending. It was shut down cleanly or renamed, so don't raise an alarm. After too many false alarms, people ignore the real ones.",
    )
    verifyEqual(
      await alarms(mail(0, worker('old', 0, 9_000_000, null)), mail(0)),
      [],
      "No consumer is alive, but there's nothing to do (lag 0, nothing pending), so don't raise an alarm.",
    )
  })

  test('distinguishes a slow consumer from a dead one', async () => {
    verifyEqual(
      await alarms(mail(0, worker('a', 2, 500, 45_000))),
      [{ kind: 'slow-consumer', group: 'mail', consumer: 'a', oldestIdle: 45_000 }],
      "Consumer `a` called half a second ago and has had an entry pending for 45 s. It's slow, not dead. If another consumer claims the entry now, the work is done twice.",
    )
    verifyEqual(
      await alarms(mail(0, worker('a', 2, 75_000, 75_000), worker('b', 0, 30, null))),
      [{ kind: 'dead-consumer', group: 'mail', consumer: 'a', pending: 2 }],
      "Consumer `a` hasn't called for 75 s and has 2 pending entries. It's dead (and not also slow), and another consumer has to claim them.",
    )
    verifyEqual(
      await alarms(mail(0, worker('a', 1, 90_000, 10))),
      [{ kind: 'dead-consumer', group: 'mail', consumer: 'a', pending: 1 }],
      "Consumer `a` hasn't called for 90 s, and its entry has been pending for only 10 ms (another program may have claimed it for `a`). It's dead all the same: `entryIdle` matters only for a consumer that's alive.",
    )
    verifyEqual(
      await alarms(mail(0, worker('a', 1, 60_000, 10), worker('b', 1, 10, 30_000))),
      [
        { kind: 'dead-consumer', group: 'mail', consumer: 'a', pending: 1 },
        { kind: 'slow-consumer', group: 'mail', consumer: 'b', oldestIdle: 30_000 },
      ],
      "Consumer `a` called exactly `consumerIdle` ms ago, so it isn't alive anymore, and it has an entry pending, no matter for how long: it's dead. Consumer `b` is alive, and its entry has been pending for exactly `entryIdle` ms: it's slow. Keep the order of the consumers.",
      [
        [
          (all) => all.length === 1 && all[0]?.kind === 'dead-consumer',
          'Consumer `b` has had an entry pending for exactly `entryIdle`, 30,000 ms, and `findAlarms` reported nothing for it. `entryIdle` *or more* is slow.',
        ],
        [
          (all) => all.length === 1 && all[0]?.kind === 'slow-consumer',
          'Consumer `a` has a pending entry and called exactly `consumerIdle`, 60,000 ms, ago, and `findAlarms` reported nothing for it. A consumer is alive only *below* `consumerIdle`.',
        ],
      ],
    )
  })

  test('measures a consumer by its own limit', async () => {
    verifyEqual(
      await alarms(mail(101, worker('a', 1, 59_999, 10))),
      [{ kind: 'behind', group: 'mail', lag: 101 }],
      "Consumer `a` called 59,999 ms ago. The limit for consumers (`consumerIdle`) is 60,000 here, so it's alive and gets no alarm; `entryIdle`, 30,000, is the limit for entries. The group has a live consumer, but its lag is 101 where 100 is allowed, so it's behind.",
    )
  })

  test('watches the lag', async () => {
    verifyEqual(
      await alarms(mail(101, worker('a', 0, 20, null))),
      [{ kind: 'behind', group: 'mail', lag: 101 }],
      "Nothing is pending, but 101 entries are waiting to be delivered and 100 are allowed, so the group is behind. A pending count of 0 doesn't mean that everything is done.",
    )
    verifyEqual(
      await alarms(mail(1, worker('old', 0, 9_000_000, null))),
      [{ kind: 'no-consumer', group: 'mail', lag: 1 }],
      "One entry is waiting, and no consumer has called for hours, so it will wait forever. That's `no-consumer` no matter how small the lag is.",
    )
    verifyEqual(
      await alarms(mail(7, worker('a', 2, 75_000, 75_000))),
      [
        { kind: 'dead-consumer', group: 'mail', consumer: 'a', pending: 2 },
        { kind: 'no-consumer', group: 'mail', lag: 7 },
      ],
      "The only consumer is dead with 2 pending entries, and 7 more are waiting without a consumer. These are two alarms, because claiming the 2 doesn't help the 7.",
    )
    verifyEqual(
      await alarms(mail(500)),
      [{ kind: 'no-consumer', group: 'mail', lag: 500 }],
      "A group with a lag of 500 and without any consumer isn't just behind: nothing is working on it. That's `no-consumer`.",
    )
  })

  test('does not mistake unknown for 0', async () => {
    verifyEqual(
      await alarms(mail(null, worker('a', 0, 20, null))),
      [{ kind: 'lag-unknown', group: 'mail' }],
      "The lag is `null`, which means unknown, and `findAlarms` should report `lag-unknown` for it. Unknown isn't 0, so someone has to check.",
    )
    verifyEqual(
      await alarms(mail(null)),
      [{ kind: 'no-consumer', group: 'mail', lag: null }],
      "The lag is unknown, and the group has no consumer. That's `no-consumer`, with a `lag` of `null`.",
    )
    verifyEqual(
      await alarms(mail(null, worker('old', 0, 9_000_000, null))),
      [{ kind: 'no-consumer', group: 'mail', lag: null }],
      "The lag is unknown, and the only consumer hasn't called for hours. That's `no-consumer`: an unknown lag isn't 0, so something may be waiting, and no one is there to read it.",
    )
    verifyEqual(
      await alarms(mail(null, worker('old', 0, 9_000_000, null), worker('a', 0, 20, null))),
      [{ kind: 'lag-unknown', group: 'mail' }],
      "The lag is unknown, and one of the two consumers is alive. That's `lag-unknown`: a single live consumer is enough.",
    )
  })

  test('reports everything, group by group', async () => {
    const stock = { ...mail(200, worker('s', 0, 10, null)), name: 'stock' }
    verifyEqual(
      await alarms(stock, mail(300, worker('b', 1, 10, 40_000), worker('a', 4, 99_000, 99_000))),
      [
        { kind: 'behind', group: 'stock', lag: 200 },
        { kind: 'slow-consumer', group: 'mail', consumer: 'b', oldestIdle: 40_000 },
        { kind: 'dead-consumer', group: 'mail', consumer: 'a', pending: 4 },
        { kind: 'behind', group: 'mail', lag: 300 },
      ],
      'For each group, list the alarms of its consumers first, then its own. Keep the order of the groups.',
      [
        [
          (all) => all.some((one) => one.kind === 'slow-consumer' && one.oldestIdle !== 40_000),
          "Consumer `b`'s oldest entry has been pending for 40 s, and that is what its alarm should say. 99 s is how long an entry of consumer `a` has been pending.",
        ],
        [
          (all) => all.some((one) => one.kind === 'dead-consumer' && one.pending !== 4),
          'Consumer `a` has 4 pending entries, and that is what its alarm should say. 5 is the total for the whole group.',
        ],
      ],
    )
    verifyEqual(
      await alarms(stock, mail(5, worker('old', 0, 9_000_000, null))),
      [
        { kind: 'behind', group: 'stock', lag: 200 },
        { kind: 'no-consumer', group: 'mail', lag: 5 },
      ],
      'The group `stock` has a live consumer, and the group `mail` has none. Judge each group by its own consumers only: a live consumer in `stock` reads nothing for `mail`.',
    )
    const strict = (one: GroupInfo, limits: Partial<Limits>) =>
      callAtOnce(
        'findAlarms',
        () =>
          findAlarms(
            { length: 5, firstEntry: null, lastEntry: null, groups: [one] },
            { ...LIMITS, ...limits },
          ),
        AT_ONCE,
      )
    verifyEqual(
      await strict(mail(0, worker('a', 0, 20, null), worker('b', 1, 20, 0)), { entryIdle: 0 }),
      [{ kind: 'slow-consumer', group: 'mail', consumer: 'b', oldestIdle: 0 }],
      "`limits.entryIdle` is 0, so one pending entry makes a live consumer slow, even if it was delivered just now (an `oldestIdle` of 0). Consumer `a` has nothing pending (`null`), so it isn't slow. Compare with `null`: 0 is a time like any other.",
      [
        [
          (all) => all.length > 1,
          "Consumer `a` has nothing pending (`oldestIdle` is `null`), but `findAlarms` reported it as slow, because `limits.entryIdle` is 0. Nothing pending isn't a wait of 0 ms: compare with `null` first.",
        ],
        [
          (all) => all.length === 0,
          'Consumer `b` has an entry that was delivered just now (`oldestIdle` is 0), and `limits.entryIdle` is 0, but `findAlarms` reported nothing. `entryIdle` *or more* is slow, and 0 is a time like any other: compare with `null` instead of testing for truthiness.',
        ],
      ],
    )
    verifyEqual(
      await strict(mail(1, worker('a', 0, 20, null)), { lag: 0 }),
      [{ kind: 'behind', group: 'mail', lag: 1 }],
      '`limits.lag` is 0, and one entry is waiting, so the group is behind. A limit of 0 is a limit: not a single entry may wait.',
    )
    verifyEqual(
      await strict(mail(1, worker('a', 0, 0, null)), { consumerIdle: 0 }),
      [{ kind: 'no-consumer', group: 'mail', lag: 1 }],
      "`limits.consumerIdle` is 0, and an `idle` of 0 isn't below 0, so consumer `a` isn't alive, and one entry is waiting. A limit of 0 is a limit.",
    )
  })
})
