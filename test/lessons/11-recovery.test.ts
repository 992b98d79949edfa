/** Long, because every sentence that a learner may read is here, next to the code that it judges. */
import { isDeepStrictEqual } from 'node:util'
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  everyCrash,
  everyInterleaving,
  everyLostReply,
  pagingFault,
  passesOnErrors,
  passesOnWrongType,
  plantLongStream,
  useSandbox,
  verify,
  verifyEqual,
  words,
} from '#kit'
import type { ClaimedEvent, RecoverOptions, StreamEvent } from '#lesson/11-recovery'
import { ConsumerBusyError, claimPending, recover, resume, retireConsumer } from '#lesson/11-recovery'

const box = useSandbox()

const STREAM = 'stream:orders'
const ME = { stream: STREAM, group: 'mail', consumer: 'mailer-1' }
/** A member of another group, on another stream. */
const PACKER = { stream: 'stream:parcels', group: 'stock', consumer: 'packer-1' }
/** Idle for an hour, and idle for a second: both far from the 60 seconds that the calls ask for. */
const DEAD = 3_600_000
const ALIVE = 1_000
const MINUTE = 60_000

type Pending = [id: string, consumer: string, idleMs: number, deliveries: number]

/** Adds the events number `from` to `to` to the stream as `<n>-0`. By default, each belongs to an order of its own. */
async function plant(
  from: number,
  to: number,
  entity: (n: number) => string = (n) => `order-${n}`,
  admin: Redis = box.admin,
): Promise<void> {
  const pipeline = admin.pipeline()
  if (from === 1) pipeline.xgroup('CREATE', STREAM, 'mail', '0', 'MKSTREAM')
  for (let n = from; n <= to; n += 1) {
    pipeline.xadd(
      STREAM,
      `${n}-0`,
      'eventId',
      `e-${n}`,
      'eventType',
      'ORDER_CREATED',
      'entityId',
      entity(n),
      'payload',
      '{}',
    )
  }
  await pipeline.exec()
}

/** Delivers the next `count` events to `consumer`, with an idle time of `idleMs` and a delivery count of `deliveries`. */
async function deliver(
  count: number,
  consumer: string,
  idleMs: number,
  deliveries = 1,
  admin: Redis = box.admin,
): Promise<void> {
  const reply = await admin.xreadgroup('GROUP', 'mail', consumer, 'COUNT', count, 'STREAMS', STREAM, '>')
  const entries = (reply as [string, [string, string[]][]][])[0]?.[1] ?? []
  const ids = entries.map(([id]) => id)
  await admin.call(
    'XCLAIM',
    ...[STREAM, 'mail', consumer, '0', ...ids],
    ...['IDLE', String(idleMs), 'RETRYCOUNT', String(deliveries), 'JUSTID'],
  )
}

async function pending(): Promise<Pending[]> {
  return (await box.admin.xpending(STREAM, 'mail', '-', '+', 1_000)) as Pending[]
}

/** The pending events as `id of consumer`. */
async function inHand(): Promise<string[]> {
  return (await pending()).map(([id, consumer]) => `${id} of ${consumer}`)
}

/** The IDs that the group would deliver next. */
async function undelivered(): Promise<string[]> {
  const reply = (await box.admin.xreadgroup('GROUP', 'mail', 'the-check', 'STREAMS', STREAM, '>')) as
    | [string, [string, string[]][]][]
    | null
  return (reply?.[0]?.[1] ?? []).map(([id]) => id)
}

/** An event of the other stream, delivered to `consumer` an hour ago. */
async function plantParcel(consumer: string, deliveries: number): Promise<void> {
  const { stream, group } = PACKER
  await box.admin.xgroup('CREATE', stream, group, '0', 'MKSTREAM')
  await box.admin.xadd(stream, '1-0', 'entityId', 'parcel-1')
  await box.admin.xreadgroup('GROUP', group, consumer, 'STREAMS', stream, '>')
  const idle = ['IDLE', String(DEAD), 'RETRYCOUNT', String(deliveries), 'JUSTID']
  await box.admin.call('XCLAIM', stream, group, consumer, '0', '1-0', ...idle)
}

/** The COUNT of a read; infinite if the read has none. */
function countOf(args: readonly string[]): number {
  const at = args.findIndex((arg) => arg.toUpperCase() === 'COUNT')
  return at < 0 ? Number.POSITIVE_INFINITY : Number(args[at + 1])
}

const ids = (events: readonly StreamEvent[]) => events.map((event) => event.id)

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => `${from + i}-0`)

const fieldsOf = (n: number, entityId = `order-${n}`) => ({
  eventId: `e-${n}`,
  eventType: 'ORDER_CREATED',
  entityId,
  payload: '{}',
})

/** The dead letters of the group, without their own IDs. */
async function deadLetters(): Promise<Record<string, unknown>[]> {
  const entries = await box.admin.xrange('dead:mail', '-', '+')
  return entries.map(([, flat]) => {
    const letter: Record<string, unknown> = {}
    for (let i = 0; i < flat.length; i += 2) letter[String(flat[i])] = flat[i + 1]
    try {
      letter.fields = JSON.parse(String(letter.fields))
    } catch {
      // Stays the string that it is.
    }
    return letter
  })
}

describe('resume', () => {
  test('returns its own pending events first, then the new ones', async () => {
    await plant(1, 5)
    await deliver(3, 'mailer-1', ALIVE)
    await deliver(1, 'mailer-2', ALIVE)
    const seen: StreamEvent[] = []
    const count = await call('resume', () =>
      resume(box.redis, ME, async (event) => {
        seen.push(event)
        if (event.id === '5-0') await plant(6, 6)
      }),
    )
    verify(
      ids(seen).includes('1-0'),
      "`mailer-1` had three pending events when it crashed, and `resume` didn't pass them to `handle`. `>` only returns events that were never delivered. To get its own pending events, a consumer reads from an ID such as `0`.",
      { received: ids(seen) },
    )
    verify(
      !ids(seen).includes('4-0'),
      '`resume` passed `4-0` to `handle`, but `4-0` is pending for `mailer-2`, which may be working on it right now. After a restart, a consumer reads only its own pending events.',
      { received: ids(seen) },
    )
    verify(
      ids(seen).includes('5-0'),
      '`resume` handled its own pending events and then stopped, even though `5-0` is new. Reading from an ID such as `0` never returns new events: continue with `>`.',
      { received: ids(seen) },
    )
    verifyEqual(
      ids(seen).filter((id) => id !== '6-0'),
      ['1-0', '2-0', '3-0', '5-0'],
      '`resume` should first handle the three events that were pending for `mailer-1`, oldest first, and then the new one, each of them once.',
    )
    verifyEqual(
      ids(seen).at(-1),
      '6-0',
      "The event `6-0` was added while `handle` was working on `5-0`, and `resume` didn't handle it. A page with fewer than 100 events isn't the end: keep reading until a page is empty.",
    )
    verifyEqual(
      seen[0]?.fields,
      fieldsOf(1),
      'The `fields` of an event should be an object that maps each field to its value. Redis sends them as a flat list: pair them up.',
    )
    verifyEqual(
      await inHand(),
      ['4-0 of mailer-2'],
      'After `resume`, only `4-0` of `mailer-2` should be pending. Acknowledge each event that `handle` has finished with, and no other event.',
    )
    verifyEqual(
      count,
      5,
      '`resume` should return the number of events that it passed to `handle`, which is 5 here.',
    )
  })

  test('uses the names of the member', async () => {
    await plantParcel('packer-1', 1)
    const outcome = await attempt('resume', () => resume(box.redis, PACKER, () => {}))
    const left = (await box.admin.xpending(PACKER.stream, PACKER.group)) as [number]
    verifyEqual(
      [outcome.ok ? outcome.value : outcome.error, left[0]],
      [1, 0],
      'One event of the stream `stream:parcels` was pending in the group `stock` for `packer-1`, and `resume` should handle and acknowledge it. Take the stream, the group, and the consumer from `member`. Received: the number returned, and how many events are still pending.',
    )
  })

  test('reads a long list to the end', async () => {
    await plant(1, 335)
    await deliver(205, 'mailer-1', ALIVE)
    const seen: string[] = []
    await call('resume', () => resume(box.redis, ME, (event) => void seen.push(event.id)), { seconds: 30 })
    const counts = box.commands.filter(({ name }) => name === 'XREADGROUP').map(({ args }) => countOf(args))
    verifyEqual(
      [seen.length, seen.at(-1), (await pending()).length, (await undelivered()).length],
      [335, '335-0', 0, 0],
      "205 events were pending and 130 were new. `resume` should handle all of them, page by page. Don't stop after the first page: only an empty page is the end. Received: how many events were handled, the last one, how many are still pending, and how many were never delivered.",
    )
    verify(
      counts.every((count) => count <= 501),
      '`resume` read without a `COUNT`, or with a very large one. After a long night, that loads the whole backlog into memory and makes all of it pending for one consumer. Read in pages, with `COUNT 100`.',
      { expected: words('pages of about 100'), received: counts },
    )
  })

  test('acknowledges after the work', async () => {
    await plant(1, 3)
    await deliver(2, 'mailer-1', ALIVE)
    const during: string[][] = []
    let atWork = 0
    let most = 0
    let done = 0
    await call('resume', () =>
      resume(box.redis, ME, async () => {
        atWork += 1
        most = Math.max(most, atWork)
        await box.roundTrips(5)
        during.push(await inHand())
        atWork -= 1
        done += 1
      }),
    )
    verify(
      most === 1,
      '`resume` called `handle` for the next event before it had finished with the previous one. Handle one event at a time: await the promise that `handle` returns, or the events of an order overtake each other.',
      { expected: words('1 at a time'), received: words(`${most} at a time`) },
    )
    verify(
      done === 3,
      '`resume` returned before the last of 3 calls to `handle` had finished. Await the promise that `handle` returns.',
      { received: done },
    )
    verify(
      during[0]?.includes('1-0 of mailer-1') && during[2]?.includes('3-0 of mailer-1'),
      "While `handle` was working on an event, the event wasn't pending anymore. If the process dies now, the event is lost. Acknowledge it after the work.",
      { received: during },
    )
    verify(
      !during[1]?.includes('1-0 of mailer-1'),
      'When `handle` got `2-0`, the event `1-0` was still pending, even though its work was done. Acknowledge each event right after its own `handle`. If you do that once for the whole page, a crash at the hundredth event repeats the other ninety-nine.',
      { received: during[1] },
    )
  })

  test('copes with events that were deleted while they were pending', async () => {
    await plant(1, 4)
    await deliver(3, 'mailer-1', ALIVE)
    await box.admin.xdel(STREAM, '2-0', '3-0')
    const seen: StreamEvent[] = []
    const outcome = await attempt('resume', () => resume(box.redis, ME, (event) => void seen.push(event)))
    verify(
      outcome.ok,
      'Two of the pending events had been deleted from the stream, and `resume` failed on them. Redis returns such an entry with `null` in place of its fields, so check for that first.',
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      ids(seen),
      ['1-0', '4-0'],
      "The events `2-0` and `3-0` were deleted from the stream while they were pending. There's nothing to handle, so skip them.",
    )
    verifyEqual(
      await inHand(),
      [],
      "The events `2-0` and `3-0` were deleted from the stream, but they're still pending and will be forever. Acknowledge them, because no consumer can do that work anymore.",
    )
    verifyEqual(
      outcome.value,
      2,
      "`resume` should return the number of events that it passed to `handle`. The two deleted events don't count.",
    )
    await plant(5, 5)
    await deliver(1, 'mailer-1', ALIVE)
    await box.admin.xdel(STREAM, '5-0')
    const count = await call('resume', () => resume(box.redis, ME, () => {}))
    verifyEqual(
      [count, await inHand()],
      [0, []],
      "Only one event was pending, and it had been deleted from the stream. `resume` should acknowledge it and return 0. Received: the number returned, and what's still pending.",
    )
  })

  test('continues after a page of deleted events', async () => {
    const { counted, leftOut } = await plantLongStream(box.admin, STREAM, {
      page: 100,
      fields: fieldsOf,
      leftOut: fieldsOf,
    })
    await box.admin.xgroup('CREATE', STREAM, 'mail', '0')
    await deliver(205, 'mailer-1', ALIVE)
    await box.admin.xdel(STREAM, ...leftOut)
    const seen: string[] = []
    await call('resume', () => resume(box.redis, ME, (event) => void seen.push(event.id)), { seconds: 30 })
    verifyEqual(
      [seen, (await pending()).length, (await undelivered()).length],
      [counted, 0, 0],
      `205 events from one millisecond were pending, and 110 of them were deleted: one in ten of the first 100, and all of the next 100. Another five were new. \`resume\` should handle the 100 that are left, and none should stay pending. Received: the IDs handled, how many are pending, and how many were never delivered.${pagingFault(box.commands)}`,
    )
  })

  test('stops at the event that fails', async () => {
    await plant(1, 4)
    await deliver(3, 'mailer-1', ALIVE)
    const seen: string[] = []
    const error = await callError(
      'resume',
      () =>
        resume(box.redis, ME, (event) => {
          seen.push(event.id)
          if (event.id === '2-0') throw new RangeError('the mail server is down')
        }),
      Error,
      "`handle` failed on `2-0`, and `resume` didn't report it. Let the error reach the caller.",
    )
    verify(error instanceof RangeError, '`resume` should reject with the same error that `handle` threw.', {
      received: error,
    })
    verifyEqual(seen, ['1-0', '2-0'], '`handle` failed on `2-0`, and `resume` should stop there.')
    verifyEqual(
      await inHand(),
      ['2-0 of mailer-1', '3-0 of mailer-1'],
      '`handle` finished `1-0` and failed on `2-0`. After that, `2-0` and `3-0` should still be pending for `mailer-1`.',
    )
    const rejected = await attempt('resume', () => resume(box.redis, ME, () => Promise.reject(undefined)))
    verify(
      !rejected.ok && (await inHand())[0] === '2-0 of mailer-1',
      '`handle` rejected without an error value (`Promise.reject()`), and `resume` treated that as success. A rejection is a failure, whatever its value.',
      { received: rejected.ok ? rejected.value : await inHand() },
    )
  })

  test('passes on any error from Redis', () =>
    passesOnErrors({
      name: 'resume',
      async prepare(admin) {
        await plant(1, 2, undefined, admin)
        await deliver(1, 'mailer-1', ALIVE, 1, admin)
      },
      run: (redis) => resume(redis, ME, () => {}),
      closes: true,
      why: "A stream that can't be read isn't a stream without events, and an event that can't be acknowledged isn't done.",
    }))
})

describe('claimPending', () => {
  const two = async (admin: Redis) => {
    await plant(1, 2, undefined, admin)
    await deliver(2, 'mailer-2', DEAD, 1, admin)
  }

  test('takes over the events of a dead consumer', async () => {
    await plant(1, 4)
    await deliver(3, 'mailer-2', DEAD)
    const events = await call('claimPending', () => claimPending(box.redis, ME, MINUTE, 10))
    verifyEqual(
      ids(events),
      ['1-0', '2-0', '3-0'],
      'Three events have been pending for `mailer-2` for an hour. With a minimum idle time of one minute, `claimPending` should return those three, oldest first, and not the new `4-0`.',
    )
    verifyEqual(
      await inHand(),
      ['1-0 of mailer-1', '2-0 of mailer-1', '3-0 of mailer-1'],
      'The events that `claimPending` returned should now be pending for `mailer-1`, the consumer that claimed them. Otherwise the next consumer claims them too.',
    )
    verifyEqual(
      events[0]?.fields,
      fieldsOf(1),
      'The `fields` of a claimed event should be an object that maps each field to its value.',
    )
    verifyEqual(
      events.map((event) => event.deliveries),
      [2, 2, 2],
      '`deliveries` should include this delivery: the first one was to `mailer-2`, and this one is to `mailer-1`.',
    )
  })

  test('finds idle events after busy ones', async () => {
    const { counted } = await plantLongStream(box.admin, STREAM, { page: 80, fields: fieldsOf })
    await box.admin.xgroup('CREATE', STREAM, 'mail', '0')
    await deliver(150, 'mailer-2', ALIVE)
    await deliver(20, 'mailer-3', DEAD)
    const events = await call('claimPending', () => claimPending(box.redis, ME, MINUTE, 10))
    verify(
      events.length > 0,
      "A busy consumer has 150 pending events, followed by 20 that belong to a dead consumer. `claimPending` found none of those 20, because it only looks at the first entries of the list, which aren't idle. Let Redis filter by idle time, and follow the cursor (or the pages) to the end of the list.",
    )
    verify(
      !ids(events).includes(String(counted[0])),
      "`claimPending` claimed events of a consumer that's alive.",
      { received: ids(events) },
    )
    verifyEqual(
      ids(events),
      counted.slice(150, 160),
      `150 busy events come first, then 20 idle ones, all from one millisecond. With a limit of 10, \`claimPending\` should return the first ten of those 20.${pagingFault(box.commands)}`,
    )
    verifyEqual(
      [...new Set(events.map((event) => event.deliveries))],
      [2],
      "Each of these events is being delivered for the second time. Their delivery counts aren't on the first page of `XPENDING`, because 150 other entries come first. Ask for the count of each ID that you claimed.",
    )
    const mine = (await pending()).filter(([, consumer]) => consumer === 'mailer-1')
    verifyEqual(
      mine.length,
      10,
      '`claimPending` should claim only the events that it returns. Any other event it claims looks busy, but no consumer is working on it.',
    )
  })

  test('returns the delivery count of each event', async () => {
    await plant(1, 3)
    await deliver(1, 'mailer-2', DEAD, 4)
    await deliver(1, 'mailer-1', ALIVE, 2)
    await deliver(1, 'mailer-3', DEAD, 7)
    const events = await call('claimPending', () => claimPending(box.redis, ME, MINUTE, 10))
    verifyEqual(
      events.map((event) => [event.id, event.deliveries]),
      [
        ['1-0', 5],
        ['3-0', 8],
      ],
      'Before this claim, `1-0` had been delivered 4 times, and `3-0` had been delivered 7 times. `deliveries` should include this delivery. (`2-0`, which comes between them, was delivered a second ago and has a count of its own.)',
    )
  })

  test('claims no more than the limit', async () => {
    await plant(1, 135)
    await deliver(5, 'mailer-3', DEAD)
    await deliver(100, 'mailer-1', ALIVE)
    await deliver(20, 'mailer-3', DEAD)
    const events = await call('claimPending', () => claimPending(box.redis, ME, MINUTE, 10))
    verify(
      events.length <= 10,
      `Five idle events, then 100 busy ones, then 20 more idle ones: \`claimPending\` with a limit of 10 returned ${events.length}. The events from earlier pages count too, so ask each time for the limit minus the number you already have.`,
      { received: ids(events) },
    )
    verifyEqual(
      ids(events),
      [...range(1, 5), ...range(106, 110)],
      'Five idle events, then 100 busy ones, then 20 more idle ones. With a limit of 10, `claimPending` should return the first ten idle events.',
    )
    verifyEqual(
      (await pending()).filter(([, consumer]) => consumer === 'mailer-1').length,
      110,
      '`claimPending` should claim only the events that it returns: ten, in addition to the 100 that `mailer-1` had. Any other event it claims looks busy, but no consumer is working on it.',
    )
    verifyEqual(
      [...new Set(events.map((event) => event.deliveries))],
      [2],
      "Each of these events is being delivered for the second time. Between the first five and the others, `mailer-1` has 100 pending events that it's still working on, so one page of its `XPENDING` rows may not contain every event that you claimed. Ask for the count of each ID.",
    )
  })

  test('claims idle events of its own consumer, too', async () => {
    await plant(1, 3)
    await deliver(2, 'mailer-1', DEAD)
    await deliver(1, 'mailer-2', DEAD)
    const events = await call('claimPending', () => claimPending(box.redis, ME, MINUTE, 10))
    verifyEqual(
      events.map((event) => [event.id, event.deliveries]),
      [
        ['1-0', 2],
        ['2-0', 2],
        ['3-0', 2],
      ],
      "Two events have been pending for `mailer-1` itself for an hour, because it failed to handle them or was restarted under the same name. `claimPending` should return them just like `mailer-2`'s event. Otherwise they're never tried again.",
    )
  })

  test('leaves the events of a live consumer alone', async () => {
    await plant(1, 3)
    await deliver(2, 'mailer-2', ALIVE)
    await deliver(1, 'mailer-3', DEAD)
    await call('claimPending', () => claimPending(box.redis, ME, MINUTE, 10))
    verifyEqual(
      await inHand(),
      ['1-0 of mailer-2', '2-0 of mailer-2', '3-0 of mailer-1'],
      "`claimPending` claimed events that it didn't return, and their consumer is alive.",
    )
    const all = await call('claimPending', () => claimPending(box.redis, ME, 0, 10))
    verifyEqual(
      ids(all),
      ['1-0', '2-0', '3-0'],
      'With a minimum idle time of 0, every pending event has been idle long enough. `claimPending` should return all three: 0 is a number of milliseconds like any other.',
    )
  })

  test('uses the names of the member', async () => {
    await plantParcel('packer-2', 1)
    const outcome = await attempt('claimPending', () => claimPending(box.redis, PACKER, MINUTE, 10))
    verifyEqual(
      outcome.ok ? outcome.value : outcome.error,
      [{ id: '1-0', fields: { entityId: 'parcel-1' }, deliveries: 2 }],
      'One event of the stream `stream:parcels` has been pending in the group `stock` for an hour, and `claimPending` should return it. Take the stream, the group, and the consumer from `member`.',
    )
  })

  test('copes with events that were deleted while they were pending', async () => {
    const { counted } = await plantLongStream(box.admin, STREAM, { page: 8, fields: fieldsOf })
    await box.admin.xgroup('CREATE', STREAM, 'mail', '0')
    await deliver(25, 'mailer-2', DEAD)
    await box.admin.xdel(STREAM, ...counted.slice(3, 23))
    const outcome = await attempt('claimPending', () => claimPending(box.redis, ME, MINUTE, 5))
    verify(
      outcome.ok,
      'Some of the idle events had been deleted from the stream, and `claimPending` failed on them.',
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      ids(outcome.value),
      [...counted.slice(0, 3), ...counted.slice(23, 25)],
      `The events \`7-4\` to \`7-23\` were deleted from the stream while they were pending. With a limit of 5, \`claimPending\` should skip them and return the five events that still exist.${pagingFault(box.commands)}`,
      [
        [
          (found) =>
            isDeepStrictEqual([...found].sort(), [...counted.slice(0, 3), ...counted.slice(23, 25)].sort()),
          '`claimPending` returned the right five events, but not oldest first: `7-3` is older than `7-24`. An ID is two whole numbers, not a decimal, and Redis already returns entries in the right order.',
        ],
      ],
    )
    verifyEqual(
      (await pending()).length,
      5,
      "Twenty events that were deleted from the stream are still pending. No consumer can do that work anymore, so they shouldn't be in the pending entries list.",
    )
  })

  test('returns an empty array if nothing is idle', async () => {
    await plant(1, 2)
    await deliver(2, 'mailer-2', ALIVE)
    const events = await call('claimPending', () => claimPending(box.redis, ME, MINUTE, 10))
    verifyEqual(events, [], 'Nothing was idle, so `claimPending` should return an empty array.')
  })

  test('never returns an event to two callers', async () => {
    const other = { ...ME, consumer: 'mailer-3' }
    await everyInterleaving({
      name: 'claimPending',
      prepare: async (admin) => {
        await plant(1, 3, undefined, admin)
        await deliver(3, 'mailer-2', DEAD, 1, admin)
      },
      first: (redis) => claimPending(redis, ME, MINUTE, 10),
      second: (redis) => claimPending(redis, other, MINUTE, 10),
      verify: ({ first, second, after }) => {
        verify(
          first.ok && second.ok,
          'Two consumers claimed at the same time, and one of the calls failed.',
          {
            received: [first, second].find((outcome) => !outcome.ok),
          },
        )
        const both = ids(first.value).filter((id) => ids(second.value).includes(id))
        verify(
          both.length === 0,
          `Two consumers claimed at the same time, and both got ${both.map((id) => `\`${id}\``).join(', ')}${after ? `: the second call ran right after the \`${after}\` of the first` : ''}. Pass the minimum idle time to the claim itself (\`XCLAIM\` and \`XAUTOCLAIM\` accept it). A claim with an idle time of 0 takes an event no matter which consumer just got it.`,
          { received: { first: ids(first.value), second: ids(second.value) } },
        )
      },
    })
  })

  test('copes with an event that is acknowledged meanwhile', async () => {
    await everyInterleaving({
      name: 'claimPending',
      prepare: async (admin) => {
        await plant(1, 3, undefined, admin)
        await deliver(3, 'mailer-2', DEAD, 1, admin)
      },
      first: (redis) => claimPending(redis, ME, MINUTE, 10),
      second: (redis) => redis.xack(STREAM, 'mail', '2-0'),
      verify: ({ first, held }) => {
        verify(
          first.ok,
          `\`mailer-2\` was only slow: it acknowledged \`2-0\` just before \`claimPending\` sent its \`${held}\`, and \`claimPending\` failed. Any event can leave the pending entries list between two commands, so \`XPENDING\` may return no row for it.`,
          { received: !first.ok && first.error },
        )
        verifyEqual(
          ids(first.value).filter((id) => id !== '2-0'),
          ['1-0', '3-0'],
          '`mailer-2` acknowledged `2-0` while `claimPending` was running. The other two events are still idle, so `claimPending` should return them.',
        )
      },
    })
  })

  test('passes on any error from Redis', () =>
    passesOnErrors({
      name: 'claimPending',
      prepare: two,
      run: (redis) => claimPending(redis, ME, MINUTE, 10),
      closes: true,
      why: "A list that can't be read isn't an empty list, and a delivery count that can't be read isn't 1.",
    }))
})

describe('recover', () => {
  const run = (handle: RecoverOptions['handle'], redis: Redis = box.redis) =>
    recover(redis, ME, { minIdleMs: MINUTE, maxDeliveries: 3, handle })

  test('handles the events of a dead consumer', async () => {
    await plant(1, 4)
    await deliver(3, 'mailer-2', DEAD)
    await deliver(1, 'mailer-3', ALIVE)
    const seen: ClaimedEvent[] = []
    const during: string[][] = []
    let atWork = 0
    let most = 0
    const report = await call('recover', () =>
      run(async (event) => {
        atWork += 1
        most = Math.max(most, atWork)
        seen.push(event)
        await box.roundTrips(5)
        during.push(await inHand())
        atWork -= 1
      }),
    )
    verifyEqual(
      seen,
      [1, 2, 3].map((n) => ({ id: `${n}-0`, fields: fieldsOf(n), deliveries: 2 })),
      'Three events have been pending for a dead consumer for an hour. `recover` should pass them to `handle`, oldest first, with their fields and deliveries. It should leave out the event that `mailer-3` got a second ago.',
    )
    verify(
      seen.every((event, i) => during[i]?.includes(`${event.id} of mailer-1`)),
      "While `handle` was working on an event, that event wasn't pending for `mailer-1`. Claim it first, and acknowledge it after the work.",
      { received: during },
    )
    verify(
      most === 1,
      '`recover` called `handle` for the next event before it had finished with the previous one. Go through the events one at a time: await the promise that `handle` returns before you continue.',
      { expected: words('1 at a time'), received: words(`${most} at a time`) },
    )
    verifyEqual(
      await inHand(),
      ['4-0 of mailer-3'],
      'The work on three events is done, so they should be acknowledged. Only `4-0` of `mailer-3` should be pending.',
    )
    verify(
      !during[1]?.includes('1-0 of mailer-1'),
      'When `handle` got `2-0`, the event `1-0` was still pending, even though its work was done. Acknowledge each event right after its own `handle`, not all at the end; otherwise, a crash at the hundredth event repeats the other ninety-nine.',
      { received: during[1] },
    )
    verifyEqual(
      report,
      { handled: 3, failed: 0, held: 0, dead: 0 },
      '`recover` should report how many events were handled, how many failed, how many were held back, and how many were moved to the dead-letter stream.',
    )
  })

  test('continues with other entities after a failure', async () => {
    await plant(1, 4, (n) => (n === 1 || n === 3 ? 'order-7' : `order-${n}`))
    await deliver(4, 'mailer-2', DEAD)
    const failing = ['1-0', '2-0']
    const seen: string[] = []
    const outcome = await attempt('recover', () =>
      run(async (event) => {
        await box.admin.ping()
        seen.push(event.id)
        if (failing.includes(event.id)) throw new RangeError('the address bounces')
      }),
    )
    verify(
      outcome.ok,
      "An event failed, and `recover` gave up on all four. One bad event shouldn't stop the others: count it as failed, leave it pending, and continue.",
      { received: !outcome.ok && outcome.error },
    )
    verify(
      !seen.includes('3-0'),
      "The event `1-0` of `order-7` failed, and `3-0`, a later event of the same order, was handled anyway. That way an order's events are handled out of order: hold back the later ones until the first one is done.",
      { received: seen },
    )
    verifyEqual(
      seen,
      ['1-0', '2-0', '4-0'],
      '`1-0` failed and holds back `3-0` of the same order. The others, `2-0` and `4-0`, should be passed to `handle` as usual.',
    )
    verifyEqual(
      await inHand(),
      ['1-0 of mailer-1', '2-0 of mailer-1', '3-0 of mailer-1'],
      "The events `1-0` and `2-0` failed, and `3-0` was held back. All of them should stay pending, because their work isn't done.",
    )
    verifyEqual(
      outcome.value,
      { handled: 1, failed: 2, held: 1, dead: 0 },
      '`recover` should report 1 handled, 2 failed, 1 held back, and 0 dead.',
    )
    verifyEqual(
      [await deadLetters(), await box.admin.smembers('parked:mail')],
      [[], []],
      'Two events failed, but they have attempts left, so nothing should be in the dead-letter stream yet, and no entity should be parked. Received: both.',
    )
    const again = ['IDLE', DEAD, 'RETRYCOUNT', 1, 'JUSTID'] as const
    await box.admin.xclaim(STREAM, 'mail', 'mailer-1', 0, ...range(1, 3), ...again)
    const later = await call('recover', () => run((event) => void seen.push(event.id)))
    verifyEqual(
      later,
      { handled: 3, failed: 0, held: 0, dead: 0 },
      'Two events failed in one call, and a third one was held back. In a later call, nothing fails, and `recover` should handle all three: only failures of the same call hold an event back.',
    )
  })

  test('handles up to 100 events in one call', async () => {
    await plant(1, 102)
    await deliver(102, 'mailer-2', DEAD)
    const report = await call('recover', () => run(() => {}), { seconds: 30 })
    verifyEqual(
      [report.handled, await inHand()],
      [100, ['101-0 of mailer-2', '102-0 of mailer-2']],
      "A dead consumer left 102 events pending. `recover` should claim and handle 100 of them in one call, and leave the other two for the next. Received: the number of events handled, and what's pending afterward.",
    )
  })

  test('tries an event as often as allowed', async () => {
    await plant(1, 1)
    await deliver(1, 'mailer-2', DEAD, 2)
    const seen: number[] = []
    await call('recover', () => run((event) => void seen.push(event.deliveries)))
    verifyEqual(
      seen,
      [3],
      'The event had been delivered twice before. With `maxDeliveries: 3`, `recover` should still pass it to `handle` on its third delivery.',
    )
  })

  test('moves an event that was delivered too often', async () => {
    await plant(1, 2)
    await deliver(1, 'mailer-2', DEAD, 3)
    await deliver(1, 'mailer-2', DEAD, 1)
    const seen: string[] = []
    const report = await call('recover', () => run((event) => void seen.push(event.id)))
    verifyEqual(
      seen,
      ['2-0'],
      "`1-0` has been delivered 3 times without the work being finished. This is the fourth delivery, and `maxDeliveries` is 3. Don't pass the event to `handle` again, because it may be what crashes the process.",
    )
    verifyEqual(
      await deadLetters(),
      [{ sourceId: '1-0', reason: 'too many deliveries', deliveries: '4', fields: fieldsOf(1) }],
      'The stream `dead:mail` should contain one entry for `1-0` with the fields `sourceId`, `reason`, `deliveries`, and `fields` (as JSON), which is all that someone needs to investigate it.',
    )
    verifyEqual(
      await box.admin.smembers('parked:mail'),
      ['order-1'],
      "The set `parked:mail` should contain the entity of the dead event, so that later events of the same entity aren't handled without that one.",
    )
    verifyEqual(
      await inHand(),
      [],
      'An event that was moved to the dead-letter stream should be acknowledged, so that no consumer claims it again.',
    )
    verifyEqual(
      report,
      { handled: 1, failed: 0, held: 0, dead: 1 },
      '`recover` should report 1 handled and 1 dead.',
    )
    verifyEqual(
      await box.admin.xlen(STREAM),
      2,
      '`recover` deleted an entry from the stream. The stream has to keep what happened.',
    )
  })

  test("parks the later events of a dead event's entity", async () => {
    await plant(1, 3, () => 'order-7')
    await deliver(1, 'mailer-2', DEAD, 3)
    await deliver(2, 'mailer-2', DEAD, 1)
    const seen: string[] = []
    const handle = (event: ClaimedEvent) => void seen.push(event.id)
    const report = await call('recover', () => run(handle))
    verifyEqual(
      seen,
      [],
      '`1-0` of `order-7` went to the dead-letter stream, and a later event of the same order was handled anyway, as if the first one had succeeded.',
    )
    verifyEqual(
      (await deadLetters()).map((letter) => [letter.sourceId, letter.reason]),
      [
        ['1-0', 'too many deliveries'],
        ['2-0', 'parked'],
        ['3-0', 'parked'],
      ],
      'The later events of a parked entity should follow the first one into `dead:mail`, in order, with the reason `parked`.',
    )
    verifyEqual(report, { handled: 0, failed: 0, held: 0, dead: 3 }, '`recover` should report 3 dead.')

    await plant(4, 5, (n) => (n === 4 ? 'order-7' : 'order-8'))
    await deliver(2, 'mailer-2', DEAD, 1)
    await call('recover', () => run(handle))
    verifyEqual(
      seen,
      ['5-0'],
      "An earlier call parked `order-7`. `4-0` belongs to that order and shouldn't be handled. `5-0` belongs to another order and should be.",
    )
    verifyEqual(
      (await deadLetters()).map((letter) => letter.sourceId),
      ['1-0', '2-0', '3-0', '4-0'],
      'An earlier call parked this entity, so its new event should go to the dead-letter stream too.',
    )
  })

  test('applies the four rules in order', async () => {
    await plant(1, 3, (n) => (n === 1 ? 'order-6' : 'order-7'))
    await box.admin.sadd('parked:mail', 'order-6')
    await deliver(1, 'mailer-2', DEAD, 5)
    await deliver(1, 'mailer-2', DEAD, 1)
    await deliver(1, 'mailer-2', DEAD, 3)
    const seen: string[] = []
    const outcome = await attempt('recover', () =>
      run((event) => {
        seen.push(event.id)
        throw new RangeError('the address bounces')
      }),
    )
    verify(
      outcome.ok,
      '`handle` is a plain function here and threw right away, without a promise, and `recover` gave up on all events. Put `await handle(event)` inside the `try`, where it catches both thrown errors and rejected promises.',
      { received: !outcome.ok && outcome.error },
    )
    const report = outcome.value
    const letters = await deadLetters()
    verifyEqual(
      letters.filter((letter) => letter.sourceId === '1-0').map((letter) => letter.reason),
      ['parked'],
      'The event `1-0` belongs to `order-6`, which is parked, and `1-0` has also been delivered too many times. The first rule wins: `1-0` should be in the dead-letter stream once, with the reason `parked`. That tells people to fix an earlier event of the order first.',
    )
    verifyEqual(
      letters.filter((letter) => letter.sourceId === '3-0').map((letter) => letter.reason),
      ['too many deliveries'],
      '`2-0` of `order-7` failed in this call, and `3-0` of the same order has been delivered too many times. The delivery limit is checked before "an earlier event failed", so `3-0` should go to the dead-letter stream. If you hold it back, it comes back with every call for as long as `2-0` fails.',
    )
    verifyEqual(
      [seen, await inHand(), report],
      [['2-0'], ['2-0 of mailer-1'], { handled: 0, failed: 1, held: 0, dead: 2 }],
      '`1-0` belongs to a parked order, `2-0` failed, and `3-0` was delivered too many times. Only `2-0` should be handled and stay pending, and `recover` should report 1 failed and 2 dead.',
    )
  })

  test('takes an entity by any name', async () => {
    await plant(1, 2, (n) => (n === 1 ? 'constructor' : 'toString'))
    await deliver(2, 'mailer-2', DEAD)
    verifyEqual(
      await call('recover', () => run(() => {})),
      { handled: 2, failed: 0, held: 0, dead: 0 },
      'The entities are called `constructor` and `toString`. Nothing has failed, but not every event was handled. Every object has properties with these names, so keep entities, failed or parked, in a `Set`.',
    )
  })

  test('takes a limit of 0 as it is', async () => {
    await plant(1, 1)
    await deliver(1, 'mailer-2', DEAD)
    const options = { minIdleMs: MINUTE, maxDeliveries: 0, handle: () => {} }
    verifyEqual(
      await call('recover', () => recover(box.redis, ME, options)),
      { handled: 0, failed: 0, held: 0, dead: 1 },
      'With `maxDeliveries: 0`, every event has been delivered too often. 0 is a number like any other, but `||` treats it as missing.',
    )
  })

  test('keeps the dead letters of each group apart', async () => {
    await plantParcel('packer-2', 3)
    const options = { minIdleMs: MINUTE, maxDeliveries: 3, handle: () => {} }
    await call('recover', () => recover(box.redis, PACKER, options))
    verifyEqual(
      [await box.admin.xlen('dead:stock'), await box.admin.smembers('parked:stock')],
      [1, ['parcel-1']],
      'An event in the group `stock` was delivered too often. Its dead letter belongs in `dead:stock`, and its entity in `parked:stock`. Build both keys from `member.group`. Received: the number of dead letters, and the set.',
    )
  })

  test('moves all or nothing when the process dies', async () => {
    await everyCrash({
      name: 'recover',
      prepare: async (admin) => {
        await plant(1, 1, undefined, admin)
        await deliver(1, 'mailer-2', DEAD, 3, admin)
      },
      run: (redis) => run(() => {}, redis),
      verify: async ({ last }) => {
        const found = {
          pending: (await pending()).length,
          dead: (await deadLetters()).length,
          parked: await box.admin.scard('parked:mail'),
        }
        verify(
          found.pending + found.dead > 0,
          `The process died after \`${last}\`, and the event is lost: it's acknowledged, but there's no dead letter for it. Move it in one step, with \`MULTI\` or a script.`,
          { received: found },
        )
        verify(
          found.pending + found.dead === 1,
          `The process died after \`${last}\`, and the event is both pending and in the dead-letter stream, so the next consumer moves it a second time. Move it in one step, with \`MULTI\` or a script.`,
          { received: found },
        )
        verify(
          found.dead === found.parked,
          `The process died after \`${last}\`, and only one of the two was written: the dead letter or the parked entity. A later event is then handled too early, or is parked for no reason. Write both in one step.`,
          { received: found },
        )
      },
    })
  })

  test('moves an event only once, even if a reply is lost', async () => {
    await everyLostReply({
      name: 'recover',
      prepare: async (admin) => {
        await plant(1, 1, undefined, admin)
        await deliver(1, 'mailer-2', DEAD, 3, admin)
      },
      run: (redis) => run(() => {}, redis),
      verify: async ({ lost }) => {
        const found = { pending: (await pending()).length, dead: (await deadLetters()).length }
        verify(
          found.dead <= 1,
          `The reply to \`${lost}\` was lost, so ioredis sent the command again, and now the event is in the dead-letter stream twice. Use a script, and write the dead letter only if \`XPENDING\` shows that the event is still pending.`,
          { received: found },
        )
        verify(
          found.dead + found.pending === 1,
          `The reply to \`${lost}\` was lost, and now the event is neither pending nor in the dead-letter stream, or it's both.`,
          { received: found },
        )
      },
    })
  })

  test('moves all or nothing when the event is acknowledged meanwhile', async () => {
    await everyInterleaving({
      name: 'recover',
      prepare: async (admin) => {
        await plant(1, 1, undefined, admin)
        await deliver(1, 'mailer-2', DEAD, 3, admin)
      },
      first: (redis) => run(() => {}, redis),
      second: (redis) => redis.xack(STREAM, 'mail', '1-0'),
      verify: async ({ after }) => {
        const letters = (await deadLetters()).length
        const parked = await box.admin.sismember('parked:mail', 'order-1')
        verify(
          letters > 0 === (parked === 1),
          `\`1-0\` had been delivered too often, and \`mailer-2\` acknowledged it${after ? ` right after the \`${after}\` of \`recover\`` : ' at the start of `recover`'}. Now there ${letters > 0 ? 'is a dead letter' : "isn't a dead letter"}, and its entity ${parked === 1 ? 'is parked' : "isn't parked"}. Check in the script whether the event is still pending, and do that before the first write: either write the dead letter and park the entity, or do neither.`,
          { received: { letters, parked } },
        )
      },
    })
  })

  test('counts anything that is thrown as a failure', async () => {
    await plant(1, 3)
    await deliver(3, 'mailer-2', DEAD)
    const thrown = new Map([
      ['1-0', '550 no such mailbox'],
      ['2-0', undefined],
    ])
    const rejects = ({ id }: { readonly id: string }) =>
      thrown.has(id) ? Promise.reject(thrown.get(id)) : Promise.resolve()
    const outcome = await attempt('recover', () => run(rejects))
    verifyEqual(
      outcome.ok ? [outcome.value, await inHand()] : outcome.error,
      [{ handled: 1, failed: 2, held: 0, dead: 0 }, ['1-0 of mailer-1', '2-0 of mailer-1']],
      '`handle` rejected for `1-0` with a string instead of an `Error`, and for `2-0` without any value (`Promise.reject()`). A rejection is a failure, whatever its value: both events stay pending, and `recover` should continue with `3-0`.',
    )
  })

  test('adds to the letters that are already there', async () => {
    await box.admin.xadd(
      'dead:mail',
      '*',
      'sourceId',
      '9-0',
      'reason',
      'parked',
      'deliveries',
      '1',
      'fields',
      '{}',
    )
    await plant(1, 1)
    await deliver(1, 'mailer-2', DEAD, 3)
    const outcome = await attempt('recover', () => run(() => {}))
    verifyEqual(
      outcome.ok ? (await deadLetters()).map(({ sourceId }) => sourceId) : outcome.error,
      ['9-0', '1-0'],
      "The dead-letter stream already had an entry, for a later event. `recover` should add the entry for `1-0` after it. If you choose an entry's ID yourself, Redis may refuse it; with `*`, it never does.",
    )
  })

  test('passes on any error from Redis', () =>
    passesOnErrors({
      name: 'recover',
      async prepare(admin) {
        await plant(1, 2, undefined, admin)
        await deliver(1, 'mailer-2', DEAD, 3, admin)
        await deliver(1, 'mailer-2', DEAD, 1, admin)
      },
      run: (redis) => run(() => {}, redis),
      closes: true,
      why: 'Only an error from `handle` means that an event failed.',
    }))

  test("keeps an event whose letter can't be written", async () => {
    await plant(1, 1)
    await deliver(1, 'mailer-2', DEAD, 3)
    const why = 'In a script, `redis.call` passes an error on, and `redis.pcall` only returns it.'
    await passesOnWrongType('recover', 'dead:mail', () => run(() => {}), why)
    verifyEqual(
      await inHand(),
      ['1-0 of mailer-1'],
      "The dead letter for `1-0` couldn't be written, because the key `dead:mail` held a list, and the event is lost: it's already acknowledged. When a command in a script fails, the ones before it aren't undone, so acknowledge last. In a transaction, even the ones after it run, so use a script.",
    )
  })
})

describe('retireConsumer', () => {
  async function consumers(): Promise<string[]> {
    const rows = (await box.admin.call('XINFO', 'CONSUMERS', STREAM, 'mail')) as unknown[][]
    return rows.map((row) => String(row[1])).sort()
  }

  test('removes a consumer that has no pending events', async () => {
    await plant(1, 2)
    await deliver(1, 'mailer-1', ALIVE)
    await deliver(1, 'mailer-12', ALIVE)
    await box.admin.xack(STREAM, 'mail', '1-0')
    const outcome = await attempt('retireConsumer', () => retireConsumer(box.redis, ME))
    verify(
      outcome.ok || !(outcome.error instanceof ConsumerBusyError),
      '`retireConsumer` refused to remove `mailer-1`, which has no pending events. The one pending event belongs to `mailer-12`: count the events of this consumer, not those of the whole group.',
      { received: !outcome.ok && outcome.error },
    )
    await call('retireConsumer', () => outcome.ok || Promise.reject(outcome.error))
    verifyEqual(
      await consumers(),
      ['mailer-12'],
      '`mailer-1` has no pending events, so `retireConsumer` should remove it from the group (`XGROUP DELCONSUMER`) and keep `mailer-12`.',
    )
    verifyEqual(
      await inHand(),
      ['2-0 of mailer-12'],
      'The pending event of `mailer-12` should stay as it is.',
    )
  })

  test('removes a consumer when the whole group has no pending events', async () => {
    await plant(1, 1)
    await deliver(1, 'mailer-1', ALIVE)
    await box.admin.xack(STREAM, 'mail', '1-0')
    const outcome = await attempt('retireConsumer', () => retireConsumer(box.redis, ME))
    verify(
      outcome.ok,
      'Nothing is pending in the whole group, and `retireConsumer` failed. In that case the summary of `XPENDING` has no list of consumers: its fourth element is `null` (`false` in Lua).',
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      await consumers(),
      [],
      'Nothing is pending in the whole group, so `mailer-1` should be removed.',
    )
  })

  test('keeps a consumer that has pending events', async () => {
    await plant(1, 23)
    await deliver(20, 'mailer-1', DEAD)
    await deliver(3, 'mailer-2', ALIVE)
    const outcome = await attempt('retireConsumer', () => retireConsumer(box.redis, ME))
    verify(
      (await pending()).length === 23,
      "`mailer-1` had 20 pending events, and after `retireConsumer` they're gone, because `DELCONSUMER` also drops the consumer's pending entries. The group counts them as delivered, so no consumer will ever get them. Check first, and refuse.",
      { received: await inHand() },
    )
    const error = await callError(
      'retireConsumer',
      () => (outcome.ok ? undefined : Promise.reject(outcome.error)),
      ConsumerBusyError,
      '`mailer-1` has 20 pending events. `retireConsumer` should throw a `ConsumerBusyError`, so that another consumer can claim them first.',
    )
    verifyEqual(
      [error.consumer, error.pending],
      ['mailer-1', 20],
      'The `ConsumerBusyError` should contain the name of the consumer and the number of its own pending events, not those of the whole group.',
    )
    verifyEqual(
      await consumers(),
      ['mailer-1', 'mailer-2'],
      'A consumer with pending events should stay in the group.',
    )
  })

  test('counts more than a page', async () => {
    await plant(1, 270)
    await deliver(150, 'mailer-2', ALIVE)
    await deliver(120, 'mailer-1', DEAD)
    const outcome = await attempt('retireConsumer', () => retireConsumer(box.redis, ME))
    const left = (await pending()).filter(([, consumer]) => consumer === 'mailer-1').length
    verify(
      !outcome.ok && left === 120,
      'In the pending entries list, 150 events of `mailer-2` come before 120 of `mailer-1`, and `retireConsumer` removed `mailer-1` as if it had none. One page of `XPENDING` only shows the beginning of the list: use its summary, or pass the name of the consumer.',
      { expected: words('120 pending events of mailer-1'), received: words(`${left} of them`) },
    )
    verify(
      outcome.error instanceof ConsumerBusyError && outcome.error.pending === 120,
      '`mailer-1` has 120 pending events, and the `ConsumerBusyError` contains another number. The detailed form of `XPENDING` returns at most as many rows as its `COUNT`, so use the summary, or read page by page.',
      { expected: 120, received: outcome.error },
    )
  })

  test("accepts a consumer that doesn't exist", async () => {
    await plant(1, 1)
    await deliver(1, 'mailer-2', ALIVE)
    await call('retireConsumer', () => retireConsumer(box.redis, ME))
    verifyEqual(await consumers(), ['mailer-2'], "`mailer-1` isn't in the group, so nothing should change.")
  })

  test('checks and removes in one step', async () => {
    await everyInterleaving({
      name: 'retireConsumer',
      prepare: async (admin) => {
        await plant(1, 3, undefined, admin)
        await admin.xgroup('CREATECONSUMER', STREAM, 'mail', 'mailer-1')
      },
      first: (redis) => retireConsumer(redis, ME),
      second: (redis) => redis.xreadgroup('GROUP', 'mail', 'mailer-1', 'COUNT', 3, 'STREAMS', STREAM, '>'),
      verify: async ({ after }) => {
        verify(
          (await pending()).length === 3,
          `\`mailer-1\` received three events right after \`retireConsumer\` had checked${after ? ` (\`${after}\`)` : ''}, and was removed together with them. They count as delivered, but they aren't pending anywhere. Check and remove in one step, in a script.`,
          { received: await inHand() },
        )
      },
    })
  })

  test('passes on any error from Redis', async () => {
    const why =
      "A list that can't be read isn't an empty list. In a script, `redis.call` passes the error on, and `redis.pcall` doesn't."
    await passesOnWrongType('retireConsumer', STREAM, () => retireConsumer(box.redis, ME), why)
    await passesOnErrors({
      name: 'retireConsumer',
      prepare: (admin) => plant(1, 1, undefined, admin),
      run: (redis) => retireConsumer(redis, ME),
      closes: true,
      why,
    })
  })
})
