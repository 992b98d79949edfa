/** Long, because every sentence that a learner may get to read stands here, beside what it judges. */
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
  plantLongStream,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { ClaimedEvent, RecoverOptions, StreamEvent } from '#lesson/11-recovery'
import { ConsumerBusyError, claimPending, recover, resume, retireConsumer } from '#lesson/11-recovery'

const box = useSandbox()

const STREAM = 'stream:orders'
const ME = { stream: STREAM, group: 'mail', consumer: 'mailer-1' }
/** Dead for an hour, and alive a second ago: both far from the 60 seconds that the calls ask for. */
const DEAD = 3_600_000
const ALIVE = 1_000
const MINUTE = 60_000

type Pending = [id: string, consumer: string, idleMs: number, deliveries: number]

/** Puts the events number `from` to `to` into the stream as `<n>-0`; each of an order of its own, unless told. */
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

/** Delivers the next `count` events to `consumer`, which then has had them for `idleMs` and been given them `deliveries` times. */
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

/** What the group would deliver next. */
async function undelivered(): Promise<string[]> {
  const reply = (await box.admin.xreadgroup('GROUP', 'mail', 'the-check', 'STREAMS', STREAM, '>')) as
    | [string, [string, string[]][]][]
    | null
  return (reply?.[0]?.[1] ?? []).map(([id]) => id)
}

/** The COUNT of a read; without one it brings everything. */
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

/** The dead letters of the group, without their own ids. */
async function deadLetters(): Promise<Record<string, unknown>[]> {
  const entries = await box.admin.xrange('dead:mail', '-', '+')
  return entries.map(([, flat]) => {
    const letter: Record<string, unknown> = {}
    for (let i = 0; i < flat.length; i += 2) letter[String(flat[i])] = flat[i + 1]
    try {
      letter.fields = JSON.parse(String(letter.fields))
    } catch {
      // stays the text that it is
    }
    return letter
  })
}

describe('resume', () => {
  test('hands over what this consumer had in hand, then what is new', async () => {
    await plant(1, 5)
    await deliver(3, 'mailer-1', ALIVE)
    await deliver(1, 'mailer-2', ALIVE)
    const seen: StreamEvent[] = []
    const count = await call('resume', () => resume(box.redis, ME, (event) => void seen.push(event)))
    verify(
      ids(seen).includes('1-0'),
      'mailer-1 had three events in hand when it died, and resume did not hand them over: `>` brings only what was never delivered. An id like `0` brings one’s own pending events.',
      { received: ids(seen) },
    )
    verify(
      !ids(seen).includes('4-0'),
      'resume handed over 4-0, which mailer-2 has in hand and is perhaps working on. After a restart a consumer looks at its own pending events only.',
      { received: ids(seen) },
    )
    verify(
      ids(seen).includes('5-0'),
      'resume handed over its own pending events and then stopped; 5-0 is new and waits. An id like `0` never brings new events: go on with `>`.',
      { received: ids(seen) },
    )
    verifyEqual(
      ids(seen),
      ['1-0', '2-0', '3-0', '5-0'],
      'resume should hand over first the three events that this consumer had in hand, oldest first, then the new one; each once.',
    )
    verifyEqual(
      seen[0]?.fields,
      fieldsOf(1),
      'The `fields` of an event should be an object of its fields and values, paired from the flat list that Redis sends.',
    )
    verifyEqual(
      await inHand(),
      ['4-0 of mailer-2'],
      'What `handle` has finished with should be acknowledged, and nothing else: only 4-0 of mailer-2 should be pending now.',
    )
    verifyEqual(count, 4, 'resume should return how many events it handed over: here 4.')
  })

  test('goes on to the end of a long list', async () => {
    await plant(1, 335)
    await deliver(205, 'mailer-1', ALIVE)
    const seen: string[] = []
    await call('resume', () => resume(box.redis, ME, (event) => void seen.push(event.id)), { seconds: 30 })
    const counts = box.commands.filter(({ name }) => name === 'XREADGROUP').map(({ args }) => countOf(args))
    verifyEqual(
      [seen.length, seen.at(-1), (await pending()).length, (await undelivered()).length],
      [335, '335-0', 0, 0],
      '205 events were in hand and 130 new. resume should hand over all of them, page by page: the end is an empty page, not the first one. Received are: how many were handed over, the last of them, how many are still pending, and how many were never delivered.',
    )
    verify(
      counts.every((count) => count <= 501),
      'resume read without a COUNT, or with a very large one. After a long night that is the whole night in memory, and all of it pending under one name: read pages, COUNT 100.',
      { expected: 'pages of 100 or so', received: counts },
    )
  })

  test('goes on after a page of deleted events', async () => {
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
      `205 events from one millisecond were pending, 110 of them deleted meanwhile: one in ten of the first 100, and all of the next 100. Five were new. resume should hand over the 100 that are left, and none should stay pending (received: the IDs handed over, how many are pending, how many were never delivered).${pagingFault(box.commands)}`,
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
      'resume called `handle` for the next event while the last was still at work. One at a time: await the promise of `handle`, or the events of an order overtake each other.',
      { expected: '1 at a time', received: `${most} at a time` },
    )
    verify(
      done === 3,
      'resume came to its end before the last of 3 handlers had finished: await the promise of `handle`.',
      { received: done },
    )
    verify(
      during[0]?.includes('1-0 of mailer-1') && during[2]?.includes('3-0 of mailer-1'),
      'While `handle` was at work on an event, it was not pending any more. If the process dies again now, the event is lost. Acknowledge it after the work.',
      { received: during },
    )
  })

  test('gets over events that were deleted meanwhile', async () => {
    await plant(1, 4)
    await deliver(3, 'mailer-1', ALIVE)
    await box.admin.xdel(STREAM, '2-0', '3-0')
    const seen: StreamEvent[] = []
    const outcome = await attempt('resume', () => resume(box.redis, ME, (event) => void seen.push(event)))
    verify(
      outcome.ok,
      'Two of the pending events had been deleted from the stream, and resume failed on them: Redis sends such an entry with `null` in place of its fields.',
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      ids(seen),
      ['1-0', '4-0'],
      'The events 2-0 and 3-0 were deleted from the stream while they were pending. There is nothing to hand over: skip them.',
    )
    verifyEqual(
      await inHand(),
      [],
      'The events 2-0 and 3-0 were deleted from the stream, and stay pending for ever. Acknowledge them: nobody can do that work any more.',
    )
    verifyEqual(
      outcome.value,
      2,
      'resume should count what it handed over: the two deleted events do not count.',
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
      '`handle` failed for 2-0, and resume said nothing. Let the error through to the caller.',
    )
    verify(error instanceof RangeError, 'resume should reject with the very error that `handle` threw.', {
      received: error,
    })
    verifyEqual(seen, ['1-0', '2-0'], '`handle` failed for 2-0; resume should stop there.')
    verifyEqual(
      await inHand(),
      ['2-0 of mailer-1', '3-0 of mailer-1'],
      '`handle` was done with 1-0 and failed for 2-0. Still pending should be 2-0 and 3-0, of mailer-1.',
    )
  })
})

describe('claimPending', () => {
  test('takes over the events of a dead consumer', async () => {
    await plant(1, 4)
    await deliver(3, 'mailer-2', DEAD)
    const events = await call('claimPending', () => claimPending(box.redis, ME, MINUTE, 10))
    verifyEqual(
      ids(events),
      ['1-0', '2-0', '3-0'],
      'mailer-2 has had three events for an hour. claimPending with a minute should return them, oldest first, and not the new 4-0.',
    )
    verifyEqual(
      await inHand(),
      ['1-0 of mailer-1', '2-0 of mailer-1', '3-0 of mailer-1'],
      'What claimPending returned should now be pending under the name of the one who asked, mailer-1. Otherwise the next one claims it too.',
    )
    verifyEqual(
      events[0]?.fields,
      fieldsOf(1),
      'The `fields` of a claimed event should be its fields and values.',
    )
    verifyEqual(
      events.map((event) => event.deliveries),
      [2, 2, 2],
      '`deliveries` should say how often an event has been delivered, this time included: once to mailer-2, now to mailer-1.',
    )
  })

  test('finds the idle events behind those at work', async () => {
    await plant(1, 170)
    await deliver(150, 'mailer-2', ALIVE)
    await deliver(20, 'mailer-3', DEAD)
    const events = await call('claimPending', () => claimPending(box.redis, ME, MINUTE, 10))
    verify(
      events.length > 0,
      'A busy consumer has 150 events, and behind them 20 of a dead one wait. claimPending saw none of the 20: it looks at the first entries of the pending list only, and these are not idle. Let Redis do the filtering, and follow the cursor (or the pages) to the end of the list.',
    )
    verify(
      !events.some((event) => event.id === '1-0'),
      'claimPending took events away from a consumer that is alive.',
      { received: ids(events) },
    )
    verifyEqual(
      ids(events),
      range(151, 160),
      'Behind 150 events at work, 20 idle ones wait. claimPending with the limit 10 should return the first ten of these 20.',
    )
    verifyEqual(
      [...new Set(events.map((event) => event.deliveries))],
      [2],
      'Each of these events is delivered for the second time. Behind 150 others their counters are not on the first page of XPENDING: ask for each id that was claimed.',
    )
    const mine = (await pending()).filter(([, consumer]) => consumer === 'mailer-1')
    verifyEqual(
      mine.length,
      10,
      'claimPending should take over as many events as it returns. What it takes and does not return nobody works on, and it looks alive.',
    )
    const rest = await call('claimPending', () => claimPending(box.redis, ME, MINUTE, 50))
    verifyEqual(
      ids(rest),
      range(161, 170),
      'The second call, with the limit 50, should return the ten that are left.',
    )
  })

  test('takes no more than the limit', async () => {
    await plant(1, 135)
    await deliver(5, 'mailer-3', DEAD)
    await deliver(100, 'mailer-2', ALIVE)
    await deliver(20, 'mailer-3', DEAD)
    const events = await call('claimPending', () => claimPending(box.redis, ME, MINUTE, 10))
    verify(
      events.length <= 10,
      `Five idle events, then 100 at work, then 20 more idle ones: claimPending with the limit 10 returned ${events.length}. What the first pages brought counts too: ask each time for the limit less what you have.`,
      { received: ids(events) },
    )
    verifyEqual(
      ids(events),
      [...range(1, 5), ...range(106, 110)],
      'Five idle events, then 100 at work, then 20 more idle ones. claimPending with the limit 10 should return the first ten of the idle ones.',
    )
    verifyEqual(
      (await pending()).filter(([, consumer]) => consumer === 'mailer-1').length,
      10,
      'claimPending should take over as many events as it returns. What it takes and does not return nobody works on, and it looks alive.',
    )
  })

  test('takes its own too', async () => {
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
      'mailer-1 itself has had two events for an hour: it failed with them, or was restarted under its old name. claimPending should return them like those of mailer-2, or nobody ever tries them again.',
    )
  })

  test('leaves alone what a live consumer has in hand', async () => {
    await plant(1, 3)
    await deliver(2, 'mailer-2', ALIVE)
    await deliver(1, 'mailer-3', DEAD)
    const events = await call('claimPending', () => claimPending(box.redis, ME, MINUTE, 10))
    verifyEqual(
      ids(events),
      ['3-0'],
      'mailer-2 got its events a second ago and is at work on them; only those that are idle for a minute may be claimed. Otherwise two work on the same event.',
    )
    verifyEqual(
      await inHand(),
      ['1-0 of mailer-2', '2-0 of mailer-2', '3-0 of mailer-1'],
      'claimPending took events over that it did not return, from a consumer that is alive.',
    )
  })

  test('counts the deliveries of each event', async () => {
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
      '1-0 had been delivered 4 times and 3-0 7 times before this claim; `deliveries` counts this one too. (Between them lies 2-0, which is in hand since a second and has a counter of its own.)',
    )
  })

  test('gets over events that were deleted meanwhile', async () => {
    await plant(1, 25)
    await deliver(25, 'mailer-2', DEAD)
    await box.admin.xdel(STREAM, ...range(2, 21))
    const outcome = await attempt('claimPending', () => claimPending(box.redis, ME, MINUTE, 5))
    verify(
      outcome.ok,
      'Some of the idle events had been deleted from the stream, and claimPending failed on them.',
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      ids(outcome.value),
      ['1-0', '22-0', '23-0', '24-0', '25-0'],
      'The events 2-0 to 21-0 were deleted from the stream while they were pending. claimPending with the limit 5 should pass over them and return the five events that are there.',
    )
    verifyEqual(
      (await pending()).length,
      5,
      'Twenty events were deleted from the stream and are still pending. Nobody can do that work any more: they should be off the list.',
    )
  })

  test('returns nothing where nothing is idle', async () => {
    await plant(1, 2)
    await deliver(2, 'mailer-2', ALIVE)
    const events = await call('claimPending', () => claimPending(box.redis, ME, MINUTE, 10))
    verifyEqual(events, [], 'Nothing was idle; claimPending should return an empty array.')
  })

  test('gives no event to two who claim at once', async () => {
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
        verify(first.ok && second.ok, 'Two consumers claimed at once, and one of them failed.', {
          received: [first, second].find((outcome) => !outcome.ok),
        })
        const both = ids(first.value).filter((id) => ids(second.value).includes(id))
        verify(
          both.length === 0,
          `Two consumers claimed at once, and both got ${both.join(', ')}${after ? `: the second came in behind the ${after} of the first` : ''}. Tell Redis the idle time with the claim itself (XCLAIM and XAUTOCLAIM take it); an idle time of 0 takes from whoever has it.`,
          { received: { first: ids(first.value), second: ids(second.value) } },
        )
        verifyEqual(
          [...ids(first.value), ...ids(second.value)].sort(),
          ['1-0', '2-0', '3-0'],
          'Two consumers claimed at once; together they should have got the three idle events.',
        )
      },
    })
  })
})

describe('recover', () => {
  const run = (handle: RecoverOptions['handle'], redis: Redis = box.redis) =>
    recover(redis, ME, { minIdleMs: MINUTE, maxDeliveries: 3, handle })

  test('hands over what the dead left behind', async () => {
    await plant(1, 4)
    await deliver(3, 'mailer-2', DEAD)
    await deliver(1, 'mailer-3', ALIVE)
    const seen: ClaimedEvent[] = []
    const during: string[][] = []
    const report = await call('recover', () =>
      run(async (event) => {
        seen.push(event)
        during.push(await inHand())
      }),
    )
    verifyEqual(
      seen,
      [1, 2, 3].map((n) => ({ id: `${n}-0`, fields: fieldsOf(n), deliveries: 2 })),
      'recover should hand over the three events that a dead consumer has had for an hour, oldest first, with their fields and deliveries; and not the one that mailer-3 got a second ago.',
    )
    verify(
      seen.every((event, i) => during[i]?.includes(`${event.id} of mailer-1`)),
      'While `handle` was at work on an event, it was not pending under mailer-1. Claim it first, acknowledge it after the work.',
      { received: during },
    )
    verifyEqual(
      await inHand(),
      ['4-0 of mailer-3'],
      'The work on three events is done; they should be acknowledged. 4-0 belongs to mailer-3.',
    )
    verifyEqual(
      report,
      { handled: 3, failed: 0, held: 0, dead: 0 },
      'recover should report how many events it handled, how many failed, were held back, and went to the dead letters.',
    )
  })

  test('goes on with other entities when one fails', async () => {
    await plant(1, 4, (n) => (n === 1 || n === 3 ? 'order-7' : `order-${n}`))
    await deliver(4, 'mailer-2', DEAD)
    const seen: string[] = []
    const outcome = await attempt('recover', () =>
      run(async (event) => {
        await box.admin.ping()
        seen.push(event.id)
        if (event.id === '1-0') throw new RangeError('the address bounces')
      }),
    )
    verify(
      outcome.ok,
      'One event failed, and recover gave up altogether. One bad event must not hold up everybody else’s: count it as failed, leave it pending, and go on.',
      { received: !outcome.ok && outcome.error },
    )
    verify(
      !seen.includes('3-0'),
      'The event 1-0 of order-7 failed, and 3-0, a later event of the same order, was handed over all the same. The order’s events would be done in the wrong sequence: hold back the later ones until the first is done.',
      { received: seen },
    )
    verifyEqual(
      seen,
      ['1-0', '2-0', '4-0'],
      '1-0 failed and holds back 3-0 of the same order. The others, 2-0 and 4-0, should be handed over as ever.',
    )
    verifyEqual(
      await inHand(),
      ['1-0 of mailer-1', '3-0 of mailer-1'],
      'The event that failed and the one that was held back should both stay pending: their work is not done.',
    )
    verifyEqual(
      outcome.value,
      { handled: 2, failed: 1, held: 1, dead: 0 },
      'recover should report 2 handled, 1 failed, 1 held back, 0 dead.',
    )
    verifyEqual(
      await deadLetters(),
      [],
      'An event that failed and has tries left belongs to no dead letters yet.',
    )
  })

  test('takes up to 100 at once', async () => {
    await plant(1, 102)
    await deliver(102, 'mailer-2', DEAD)
    const report = await call('recover', () => run(() => {}), { seconds: 30 })
    verifyEqual(
      [report.handled, await inHand()],
      [100, ['101-0 of mailer-2', '102-0 of mailer-2']],
      'A dead consumer left 102 events behind. recover should take over and handle 100 of them in one call, and leave the others to the next. Received are the number handled, and what is pending afterwards.',
    )
  })

  test('tries an event as often as it may', async () => {
    await plant(1, 1)
    await deliver(1, 'mailer-2', DEAD, 2)
    const seen: number[] = []
    await call('recover', () => run((event) => void seen.push(event.deliveries)))
    verifyEqual(
      seen,
      [3],
      'With maxDeliveries 3 an event is handed over when it is delivered for the third time. It had been delivered twice before.',
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
      '1-0 has been delivered 3 times, and each time the work was not finished; this is the fourth, and maxDeliveries is 3. Do not hand it over again: it may be the very event that kills the process.',
    )
    verifyEqual(
      await deadLetters(),
      [{ sourceId: '1-0', reason: 'too many deliveries', deliveries: '4', fields: fieldsOf(1) }],
      'The stream `dead:mail` should hold one entry about 1-0, with the fields sourceId, reason, deliveries and fields (as JSON): all that somebody needs to look into it.',
    )
    verifyEqual(
      await box.admin.smembers('parked:mail'),
      ['order-1'],
      'The set `parked:mail` should hold the entity of the dead event: its later events must not go ahead without it.',
    )
    verifyEqual(
      await inHand(),
      [],
      'A dead letter should be acknowledged, so that it is off the pending list and nobody claims it again.',
    )
    verifyEqual(
      report,
      { handled: 1, failed: 0, held: 0, dead: 1 },
      'recover should report 1 handled and 1 dead.',
    )
    verifyEqual(
      await box.admin.xlen(STREAM),
      2,
      'recover deleted an entry of the stream. The log keeps what happened.',
    )
  })

  test('parks the later events of a dead one', async () => {
    await plant(1, 3, () => 'order-7')
    await deliver(1, 'mailer-2', DEAD, 3)
    await deliver(2, 'mailer-2', DEAD, 1)
    const seen: string[] = []
    const handle = (event: ClaimedEvent) => void seen.push(event.id)
    const report = await call('recover', () => run(handle))
    verifyEqual(
      seen,
      [],
      '1-0 of order-7 went to the dead letters, and a later event of the same order was handed over all the same, as if the first had been done.',
    )
    verifyEqual(
      (await deadLetters()).map((letter) => [letter.sourceId, letter.reason]),
      [
        ['1-0', 'too many deliveries'],
        ['2-0', 'parked'],
        ['3-0', 'parked'],
      ],
      'The later events of a parked entity should follow it into `dead:mail`, in their order, with the reason "parked".',
    )
    verifyEqual(report, { handled: 0, failed: 0, held: 0, dead: 3 }, 'recover should report 3 dead.')

    await plant(4, 5, (n) => (n === 4 ? 'order-7' : 'order-8'))
    await deliver(2, 'mailer-2', DEAD, 1)
    await call('recover', () => run(handle))
    verifyEqual(
      seen,
      ['5-0'],
      'order-7 was parked by an earlier call. 4-0 is of that order and should not be handed over; 5-0 is of another and should.',
    )
    verifyEqual(
      (await deadLetters()).map((letter) => letter.sourceId),
      ['1-0', '2-0', '3-0', '4-0'],
      'An event of an entity that was parked by an earlier call should go to the dead letters too.',
    )
  })

  test('looks at the four cases in their order', async () => {
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
      '`handle` is a plain function here and threw at once, without a promise, and recover gave up altogether. Call it inside the `try`: `await handle(event)` catches both.',
      { received: !outcome.ok && outcome.error },
    )
    const report = outcome.value
    const letters = await deadLetters()
    verifyEqual(
      letters.filter((letter) => letter.sourceId === '1-0').map((letter) => letter.reason),
      ['parked'],
      'The event 1-0 is of order-6, which is parked, and has been delivered too often as well. The first case holds: it should be among the dead letters once, with the reason "parked". Whoever looks at it has to know that an earlier event of the order is the one to put right.',
    )
    verifyEqual(
      letters.filter((letter) => letter.sourceId === '3-0').map((letter) => letter.reason),
      ['too many deliveries'],
      '2-0 of order-7 failed in this call, and 3-0 of the same order has been delivered too often. "Too many deliveries" is looked at before "an earlier event failed": 3-0 should go to the dead letters. Held back, it would come again with every call for as long as 2-0 fails.',
    )
    verifyEqual(
      [seen, await inHand(), report],
      [['2-0'], ['2-0 of mailer-1'], { handled: 0, failed: 1, held: 0, dead: 2 }],
      '1-0 is of a parked order, 2-0 failed, 3-0 was delivered too often. Only 2-0 should be handed over and stay pending; recover should report 1 failed and 2 dead.',
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
          `The process died after ${last}, and the event is lost: it is acknowledged, and no dead letter tells of it. Move it in one step, by MULTI or a script.`,
          { received: found },
        )
        verify(
          found.pending + found.dead === 1,
          `The process died after ${last}, and the event is both pending and among the dead letters: the next one moves it a second time. Move it in one step, by MULTI or a script.`,
          { received: found },
        )
        verify(
          found.dead === found.parked,
          `The process died after ${last}, and a dead letter and the parked entity do not go together: a later event goes ahead, or waits for nothing. Write both in one step.`,
          { received: found },
        )
      },
    })
  })

  test('moves an event once, even if a reply is lost', async () => {
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
          `The reply to ${lost} was lost, ioredis sent it again, and now the event is among the dead letters twice. XACK replies 1 only to the one who took it off the list: write the letter in a script, and only then.`,
          { received: found },
        )
        verify(
          found.dead + found.pending === 1,
          `The reply to ${lost} was lost, and the event is neither pending nor among the dead letters, or both.`,
          { received: found },
        )
      },
    })
  })
})

describe('retireConsumer', () => {
  async function consumers(): Promise<string[]> {
    const rows = (await box.admin.call('XINFO', 'CONSUMERS', STREAM, 'mail')) as unknown[][]
    return rows.map((row) => String(row[1])).sort()
  }

  test('removes a consumer that has nothing in hand', async () => {
    await plant(1, 2)
    await deliver(1, 'mailer-1', ALIVE)
    await deliver(1, 'mailer-2', ALIVE)
    await box.admin.xack(STREAM, 'mail', '1-0')
    const outcome = await attempt('retireConsumer', () => retireConsumer(box.redis, ME))
    verify(
      outcome.ok || !(outcome.error instanceof ConsumerBusyError),
      'retireConsumer refused to remove mailer-1, which has nothing in hand. The one pending event is mailer-2’s: count those of this consumer, not those of the group.',
      { received: !outcome.ok && outcome.error },
    )
    await call('retireConsumer', () => outcome.ok || Promise.reject(outcome.error))
    verifyEqual(
      await consumers(),
      ['mailer-2'],
      'mailer-1 has nothing in hand; after retireConsumer the group should know it no more (XGROUP DELCONSUMER). mailer-2 stays.',
    )
    verifyEqual(await inHand(), ['2-0 of mailer-2'], 'What mailer-2 has in hand should stay as it is.')
  })

  test('removes a consumer when nobody has anything in hand', async () => {
    await plant(1, 1)
    await deliver(1, 'mailer-1', ALIVE)
    await box.admin.xack(STREAM, 'mail', '1-0')
    const outcome = await attempt('retireConsumer', () => retireConsumer(box.redis, ME))
    verify(
      outcome.ok,
      'Nothing is pending in the whole group, and retireConsumer failed. The summary of XPENDING has no list of consumers then: its fourth part is null (false in Lua).',
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(await consumers(), [], 'Nothing is pending in the whole group: mailer-1 should be removed.')
  })

  test('does not remove a consumer that has events in hand', async () => {
    await plant(1, 23)
    await deliver(20, 'mailer-1', DEAD)
    await deliver(3, 'mailer-2', ALIVE)
    const outcome = await attempt('retireConsumer', () => retireConsumer(box.redis, ME))
    verify(
      (await pending()).length === 23,
      'mailer-1 had 20 events pending, and after retireConsumer they are gone: DELCONSUMER drops a consumer’s pending list. The group holds them for delivered, so nobody will ever get them. Look first, and refuse.',
      { received: await inHand() },
    )
    const error = await callError(
      'retireConsumer',
      () => (outcome.ok ? undefined : Promise.reject(outcome.error)),
      ConsumerBusyError,
      'mailer-1 has 20 events pending; retireConsumer should throw a ConsumerBusyError, so that somebody claims them first.',
    )
    verifyEqual(
      [error.consumer, error.pending],
      ['mailer-1', 20],
      'The ConsumerBusyError should carry the name of the consumer and how many events it has pending: its own, not those of the group.',
    )
    verifyEqual(await consumers(), ['mailer-1', 'mailer-2'], 'A consumer with events in hand should stay.')
  })

  test('does not mind a consumer that never was', async () => {
    await plant(1, 1)
    await deliver(1, 'mailer-2', ALIVE)
    await call('retireConsumer', () => retireConsumer(box.redis, ME))
    verifyEqual(
      await consumers(),
      ['mailer-2'],
      'Nobody called mailer-1 was there; nothing should have changed.',
    )
  })

  test('looks and removes in one step', async () => {
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
          `mailer-1 was handed three events right after retireConsumer had looked${after ? ` (${after})` : ''}, and was removed with them: they are delivered, and pending nowhere. Look and remove in one step, in a script.`,
          { received: await inHand() },
        )
      },
    })
  })
})
