/** Long, because every sentence that a learner may get to read stands here, beside what it judges. */
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  everyCrash,
  everyInterleaving,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { DeliveredEvent } from '#lesson/10-consumer-groups'
import { EventConsumer, GroupMissingError } from '#lesson/10-consumer-groups'

const box = useSandbox()

const STREAM = 'stream:orders'

function mailer(redis: Redis = box.redis, consumer = 'mailer-1', group = 'mail'): EventConsumer {
  return new EventConsumer(redis, { stream: STREAM, group, consumer })
}

/** Puts the orders number `from` to `to` into the stream, as `<n>-0`. */
async function plant(from: number, to: number, admin: Redis = box.admin): Promise<void> {
  const pipeline = admin.pipeline()
  for (let n = from; n <= to; n += 1) {
    pipeline.xadd(
      STREAM,
      `${n}-0`,
      ...[
        'eventId',
        `e-${n}`,
        'eventType',
        'ORDER_CREATED',
        'entityId',
        `order-${n}`,
        'payload',
        '{"cents":1100}',
      ],
    )
  }
  await pipeline.exec()
}

async function group(name = 'mail', admin: Redis = box.admin): Promise<void> {
  await admin.xgroup('CREATE', STREAM, name, '0', 'MKSTREAM')
}

/** The pending entries of the group as `[id, consumer]`. */
async function pending(name = 'mail'): Promise<[string, string][]> {
  const entries = (await box.admin.xpending(STREAM, name, '-', '+', 1_000)) as [string, string][]
  return entries.map(([id, consumer]) => [id, consumer])
}

/** What XINFO GROUPS says about one group; undefined when there is none of that name. */
async function info(name = 'mail'): Promise<Record<string, unknown> | undefined> {
  const groups = (await box.admin.exists(STREAM))
    ? ((await box.admin.call('XINFO', 'GROUPS', STREAM)) as unknown[][])
    : []
  const all = groups.map((flat) => {
    const entries: [string, unknown][] = []
    for (let i = 0; i < flat.length; i += 2) entries.push([String(flat[i]), flat[i + 1]])
    return Object.fromEntries(entries)
  })
  return all.find((one) => one.name === name)
}

/** What the group would deliver next, to somebody who has not been there before. */
async function undelivered(name = 'mail'): Promise<string[]> {
  const reply = (await box.admin.xreadgroup('GROUP', name, 'the-check', 'STREAMS', STREAM, '>')) as
    | [string, [string, string[]][]][]
    | null
  return (reply?.[0]?.[1] ?? []).map(([id]) => id)
}

const sent = (word: string) =>
  box.commands.some((command) => [command.name, ...command.args].join(' ').toUpperCase().includes(word))

describe('ensureGroup', () => {
  test('is not done by the constructor', async () => {
    await call('new EventConsumer', () => mailer())
    await box.admin.ping()
    verifyEqual(
      box.commands.map(({ name }) => name),
      [],
      'The constructor of EventConsumer sent a command. Nobody can wait for it, and nobody hears of it when it fails: a constructor only keeps what it is given. The group is made by ensureGroup.',
    )
  })

  test('creates the group on a stream that holds events', async () => {
    await plant(1, 2)
    await call('ensureGroup', () => mailer().ensureGroup())
    verify(
      (await info()) !== undefined,
      'After ensureGroup there should be a group "mail" on the stream "stream:orders"; XINFO GROUPS knows of none. The names are those of the options.',
    )
  })

  test('begins at the beginning', async () => {
    await plant(1, 2)
    await call('ensureGroup', () => mailer().ensureGroup())
    verifyEqual(
      await undelivered(),
      ['1-0', '2-0'],
      'The stream held two events when the group was created, and the group will never deliver them: it begins at the end of the stream, as `$` asks for. Create it from `0`, or a new service knows nothing of all that happened before it.',
    )
  })

  test('creates the stream when there is none', async () => {
    const outcome = await attempt('ensureGroup', () => mailer().ensureGroup())
    verify(
      outcome.ok || !String(outcome.error).includes('requires the key to exist'),
      'ensureGroup failed because there is no stream yet. On the day of the first deployment there never is: MKSTREAM creates an empty one.',
      { received: !outcome.ok && outcome.error },
    )
    await call('ensureGroup', () => outcome.ok || Promise.reject(outcome.error))
    verify((await info()) !== undefined, 'On a stream that did not exist, ensureGroup created no group.')
    verifyEqual(
      await box.admin.xlen(STREAM),
      0,
      'ensureGroup wrote an entry into the stream to create it. Every group would get it as an event; MKSTREAM creates an empty stream.',
    )
  })

  test('may be called again', async () => {
    await call('ensureGroup', () => mailer().ensureGroup())
    const outcome = await attempt('ensureGroup', () => mailer(box.connect(), 'mailer-2').ensureGroup())
    verify(
      outcome.ok || !String(outcome.error).includes('BUSYGROUP'),
      'The second process that called ensureGroup got the error BUSYGROUP: the group exists already. That is what it wanted, so it is no failure.',
      { received: !outcome.ok && outcome.error },
    )
    await call('ensureGroup, when the group exists', () => outcome.ok || Promise.reject(outcome.error))
  })

  test('leaves the position of a group where it is', async () => {
    await plant(1, 3)
    await group()
    await box.admin.xreadgroup('GROUP', 'mail', 'mailer-9', 'COUNT', 2, 'STREAMS', STREAM, '>')
    await call('ensureGroup', () => mailer().ensureGroup())
    verifyEqual(
      await pending(),
      [
        ['1-0', 'mailer-9'],
        ['2-0', 'mailer-9'],
      ],
      'ensureGroup destroyed what the group had pending. A group that exists must stay as it is: two events are in the hands of mailer-9.',
    )
    verifyEqual(
      await undelivered(),
      ['3-0'],
      'ensureGroup moved the position of a group that existed. It had delivered two of three events; they would all be delivered again, and each mail sent twice.',
    )
  })

  test('does not hide other errors', async () => {
    await box.admin.set(STREAM, 'not a stream')
    const error = await callError(
      'ensureGroup',
      () => mailer().ensureGroup(),
      Error,
      'The key "stream:orders" holds a text and no stream, and ensureGroup said nothing: it swallows every error, not BUSYGROUP alone. The service would start and never get an event.',
    )
    verify(
      error.message.includes('WRONGTYPE'),
      'The key "stream:orders" holds a text and no stream. The error that ensureGroup threw should be the one of Redis (WRONGTYPE …), so that one can see what is wrong.',
      { received: error },
    )
  })

  test('holds when two processes start at once', async () => {
    await everyInterleaving({
      name: 'ensureGroup',
      first: (redis) => mailer(redis, 'mailer-1').ensureGroup(),
      second: (redis) => mailer(redis, 'mailer-2').ensureGroup(),
      verify: async ({ first, second, after }) => {
        const failed = [first, second].find((outcome) => !outcome.ok)
        verify(
          failed === undefined,
          `Two processes called ensureGroup at once and one failed${after ? ` (the other got in behind its ${after})` : ''}. Looking first and creating afterwards leaves a gap; create at once, and take BUSYGROUP for a yes.`,
          { received: failed && !failed.ok && failed.error },
        )
        verify(
          (await info()) !== undefined,
          'Two processes called ensureGroup at once; there is no group now.',
        )
      },
    })
  })
})

describe('acknowledge', () => {
  async function deliver(count: number): Promise<void> {
    await plant(1, count)
    await group()
    await group('stock')
    for (const name of ['mail', 'stock'])
      await box.admin.xreadgroup('GROUP', name, 'mailer-1', 'STREAMS', STREAM, '>')
  }

  test('takes the events off the pending list', async () => {
    await deliver(3)
    const count = await call('acknowledge', () => mailer().acknowledge(['1-0', '3-0']))
    verifyEqual(
      await pending(),
      [['2-0', 'mailer-1']],
      'Three events were pending, and 1-0 and 3-0 were acknowledged: only 2-0 should be pending now.',
    )
    verifyEqual(
      count,
      2,
      'acknowledge should return how many of the events were pending until now: here 2, both of them.',
    )
  })

  test('speaks for its own group only', async () => {
    await deliver(2)
    await call('acknowledge', () => mailer().acknowledge(['1-0', '2-0']))
    verifyEqual(
      (await pending('stock')).length,
      2,
      'acknowledge in the group "mail" changed the pending list of the group "stock". Every group keeps its own account.',
    )
    verifyEqual(
      await box.admin.xlen(STREAM),
      2,
      'acknowledge deleted entries of the stream. Acknowledged means done for this group; the event stays, other groups still need it.',
    )
  })

  test('does not ask who had them', async () => {
    await deliver(2)
    await plant(3, 3)
    await box.admin.xreadgroup('GROUP', 'mail', 'mailer-2', 'STREAMS', STREAM, '>')
    const count = await call('acknowledge', () => mailer().acknowledge(['2-0', '3-0']))
    verifyEqual(
      [await pending(), count],
      [[['1-0', 'mailer-1']], 2],
      'acknowledge was called by mailer-1 with one event of its own and one that mailer-2 has in hand, and both should be off the list, and be counted. XACK does not ask who had an event; whoever takes over the work of the dead relies on that.',
    )
  })

  test('counts only what was pending', async () => {
    await deliver(2)
    await box.admin.xack(STREAM, 'mail', '1-0')
    const count = await call('acknowledge', () => mailer().acknowledge(['1-0', '2-0', '77-0']))
    verifyEqual(
      count,
      1,
      'Of the three ids one was acknowledged before, one was pending, and one is of no entry at all: acknowledge should return 1.',
    )
  })

  test('has nothing to do for no ids', async () => {
    await deliver(1)
    const outcome = await attempt('acknowledge', () => mailer().acknowledge([]))
    verify(
      outcome.ok || !/wrong number of arguments/.test(String(outcome.error)),
      'acknowledge([]) failed: XACK without an id is an error ("wrong number of arguments"). An empty batch is quite usual; return 0.',
      { received: !outcome.ok && outcome.error },
    )
    await call('acknowledge', () => outcome.ok || Promise.reject(outcome.error))
    verifyEqual(outcome.ok && outcome.value, 0, 'acknowledge([]) should return 0.')
  })
})

/** Collects what it is handed. */
function collector() {
  const seen: DeliveredEvent[] = []
  return { seen, handle: (event: DeliveredEvent) => void seen.push(event) }
}

const ids = (events: readonly DeliveredEvent[]) => events.map((event) => event.id)

describe('consume', () => {
  test('hands over the new events, oldest first', async () => {
    await plant(1, 3)
    await group()
    const { seen, handle } = collector()
    const count = await call('consume', () => mailer().consume(handle))
    verify(
      seen.length > 0,
      'Three new events stood in the stream, and `handle` was not called. New is what the id `>` asks XREADGROUP for; with `0` you get your own pending list, which is empty at first.',
    )
    verifyEqual(
      ids(seen),
      ['1-0', '2-0', '3-0'],
      'consume should hand over the three events in the order of the stream, each once, with its stream id as `id`.',
    )
    verifyEqual(
      seen[0]?.fields,
      { eventId: 'e-1', eventType: 'ORDER_CREATED', entityId: 'order-1', payload: '{"cents":1100}' },
      'The `fields` of an event should be an object of its fields and values. Redis sends them as one flat list, name, value, name, value: pair them.',
    )
    verifyEqual(
      (await info())?.['last-delivered-id'],
      '3-0',
      'consume handed over three events, and the group "mail" knows nothing of it: its next member will get them again. Read them as a member of the group, with XREADGROUP.',
    )
    verifyEqual(count, 3, 'consume should return how many events it handed over: here 3.')
  })

  test('waits for one event before it hands over the next', async () => {
    await plant(1, 3)
    await group()
    let atWork = 0
    let most = 0
    let done = 0
    await call('consume', () =>
      mailer().consume(async () => {
        atWork += 1
        most = Math.max(most, atWork)
        await box.admin.ping()
        await box.admin.ping()
        atWork -= 1
        done += 1
      }),
    )
    verify(
      done === 3,
      'consume came to its end before the last of 3 handlers had finished: await the promise of `handle`.',
    )
    verifyEqual(
      most,
      1,
      'consume called `handle` for the next event while the last was still at work. Hand over one at a time, or the events of an order overtake each other even within one process.',
    )
  })

  test('acknowledges what is done', async () => {
    await plant(1, 3)
    await group()
    await call('consume', () => mailer().consume(() => {}))
    verifyEqual(
      await pending(),
      [],
      'consume handed over all three events and `handle` was content, but events are still pending. Unacknowledged work is given out again by whoever looks after the dead.',
    )
    verifyEqual(
      await box.admin.xlen(STREAM),
      3,
      'consume deleted entries of the stream. Other groups still need them, and the stream is the source of truth.',
    )
  })

  test('has an event in hand while it is at work', async () => {
    await plant(1, 2)
    await group()
    const meanwhile: [string, string][][] = []
    await call('consume', () =>
      mailer().consume(async () => {
        meanwhile.push(await pending())
      }),
    )
    const during = meanwhile[0] ?? []
    verify(
      during.some(([id]) => id === '1-0'),
      sent('NOACK')
        ? 'While `handle` was at work on 1-0, the event was not pending: NOACK acknowledges as it delivers. If the process dies now, the event is lost, and nobody will ever know.'
        : 'While `handle` was at work on 1-0, the event was acknowledged already. If the process dies now, the work is not done and nobody will ever do it. Acknowledge after `handle` has finished.',
      { received: during },
    )
    const others = during.filter(([, name]) => name !== 'mailer-1')
    verifyEqual(
      others,
      [],
      'The events should be pending under the name in the options, "mailer-1". With one name for all processes nobody can tell whose event it is, and who is dead.',
    )
    verify(
      !meanwhile[1]?.some(([id]) => id === '1-0'),
      'When `handle` got 2-0, the event 1-0 was still pending, although its work was done. Acknowledge each event right after its own `handle`, not all at the end: a crash at the hundredth would repeat the other ninety-nine.',
      { received: meanwhile[1] },
    )
  })

  test('stops at the event that fails', async () => {
    await plant(1, 4)
    await group()
    const seen: string[] = []
    const error = await callError(
      'consume',
      () =>
        mailer().consume(async (event) => {
          await box.admin.ping()
          seen.push(event.id)
          if (event.id === '2-0') throw new RangeError('the mail server is down')
        }),
      Error,
      '`handle` failed for 2-0, and consume said nothing. Let the error through: the caller has to know that events are left over.',
    )
    verifyEqual(
      seen,
      ['1-0', '2-0'],
      '`handle` failed for 2-0. consume should stop there: a later event must not go ahead of an earlier one that failed.',
    )
    const open = (await pending()).map(([id]) => id)
    verify(
      open[0] === '2-0',
      '`handle` was done with 1-0 and failed for 2-0 of four events. 2-0 should be pending, and 1-0 no more: what is not done is not acknowledged.',
      { received: open },
    )
    // Whoever reads one event at a time has not been given 3-0 and 4-0 yet.
    verifyEqual(
      [...open, ...(await undelivered())],
      ['2-0', '3-0', '4-0'],
      '`handle` was done with 1-0 and failed for 2-0 of four events. What was delivered together with 2-0 should be pending with it: what is not done is not acknowledged. Received is what is pending or not delivered yet.',
    )
    verify(
      error instanceof RangeError,
      'consume should reject with the very error that `handle` threw, so that the caller sees what went wrong.',
      { received: error },
    )
  })

  test('takes no more than it was asked to', async () => {
    await plant(1, 125)
    await group()
    const { seen, handle } = collector()
    const count = await call('consume', () => mailer().consume(handle, 10))
    verifyEqual(
      [count, seen.length, (await info())?.['last-delivered-id']],
      [10, 10, '10-0'],
      'consume(handle, 10) on a stream of 125 events should take 10 and leave the others to whoever comes next (COUNT). Received are: the number returned, the number handed over, and the id up to which the group has delivered.',
    )
    const more = await call('consume', () => mailer().consume(handle))
    verifyEqual(
      [more, (await info())?.['last-delivered-id']],
      [100, '110-0'],
      'Without a number consume should take up to 100 events: not all that there are, and not some other number. Ten of the 125 had been delivered before; received are the number returned, and the id up to which the group has delivered now.',
    )
  })

  test('does not wait when nothing is new', async () => {
    await plant(1, 1)
    await group()
    const { seen, handle } = collector()
    await call('consume', () => mailer().consume(handle))
    const outcome = await attempt('consume', () => mailer().consume(handle))
    verify(
      outcome.ok,
      'When nothing is new, XREADGROUP replies `null`, and consume stumbled over it. Return 0.',
      { received: !outcome.ok && outcome.error },
    )
    verify(
      !sent('BLOCK'),
      'consume asked Redis to BLOCK. On a connection that others use, everybody waits with it. Return 0 when nothing is new; waiting is the subject of lesson 13.',
    )
    verifyEqual(outcome.value, 0, 'When nothing is new, consume should return 0.')
    verifyEqual(ids(seen), ['1-0'], 'When nothing was new, consume called `handle` all the same.')
  })

  test('leaves alone what was delivered before', async () => {
    await plant(1, 3)
    await group()
    await box.admin.xreadgroup('GROUP', 'mail', 'mailer-1', 'COUNT', 2, 'STREAMS', STREAM, '>')
    const { seen, handle } = collector()
    await call('consume', () => mailer().consume(handle))
    verifyEqual(
      ids(seen),
      ['3-0'],
      'Two events had been delivered before and were pending; consume is for new ones, here 3-0 alone. What to do with the others is lesson 11.',
    )
    verifyEqual(
      (await pending()).map(([id]) => id),
      ['1-0', '2-0'],
      'consume acknowledged events that it had not handed over: 1-0 and 2-0 were delivered before, and nobody has done their work.',
    )
    const count = await call('consume', () => mailer(box.redis, 'mailer-2').consume(handle))
    verifyEqual(
      [count, ids(seen), await pending()],
      [
        0,
        ['3-0'],
        [
          ['1-0', 'mailer-1'],
          ['2-0', 'mailer-1'],
        ],
      ],
      'Nothing was new, and consume of mailer-2 took up what mailer-1 has in hand. Perhaps mailer-1 is at work on it this very moment, and every mail is sent twice. Whose events may be taken over, and when, is lesson 11.',
    )
  })

  test('shares the events among the consumers of a group', async () => {
    await plant(1, 6)
    await group()
    const one = collector()
    const two = collector()
    const other = box.connect()
    for (let turn = 0; turn < 2; turn += 1) {
      await call('consume', () => mailer(box.redis, 'mailer-1').consume(one.handle, 2))
      await call('consume', () => mailer(other, 'mailer-2').consume(two.handle, 2))
    }
    verifyEqual(
      { 'mailer-1': ids(one.seen), 'mailer-2': ids(two.seen) },
      { 'mailer-1': ['1-0', '2-0', '5-0', '6-0'], 'mailer-2': ['3-0', '4-0'] },
      'Two consumers of one group took turns, two events each time. Each event should go to one of them only; otherwise a mail is sent twice.',
    )
  })

  test('gives every event to every group', async () => {
    await plant(1, 2)
    await group()
    await group('stock')
    const mail = collector()
    const stock = collector()
    await call('consume', () => mailer().consume(mail.handle))
    await call('consume', () => mailer(box.connect(), 'keeper-1', 'stock').consume(stock.handle))
    verifyEqual(
      { mail: ids(mail.seen), stock: ids(stock.seen) },
      { mail: ['1-0', '2-0'], stock: ['1-0', '2-0'] },
      'Both groups should get both events: mail and stock are different kinds of work, and neither takes events away from the other.',
    )
  })

  test('says that there is no group', async () => {
    await plant(1, 1)
    const error = await callError(
      'consume',
      () => mailer().consume(() => {}),
      GroupMissingError,
      'There is no group "mail" yet, and consume did not throw a GroupMissingError. Redis says NOGROUP; make a named error of it that tells which group on which stream.',
    )
    verifyEqual(
      [error.stream, error.group],
      [STREAM, 'mail'],
      'The GroupMissingError should carry the stream and the group that it missed.',
    )
  })

  test('calls nothing else a missing group', async () => {
    await plant(1, 1)
    await group()
    const failure = new Error('NOGROUP No such consumer group: the statistics that `handle` reads')
    const outcome = await attempt('consume', () => mailer().consume(() => Promise.reject(failure)))
    verify(
      !outcome.ok && outcome.error === failure,
      '`handle` failed with an error of its own that begins with NOGROUP (it reads another group), and consume did not reject with that same error. Put the `try` around the read alone, so that it judges only what Redis says to the read.',
      { received: outcome.ok ? outcome.value : outcome.error },
    )
    await box.admin.del(STREAM)
    await box.admin.set(STREAM, 'not a stream')
    const error = await callError(
      'consume',
      () => mailer().consume(() => {}),
      Error,
      'The key "stream:orders" holds a text and no stream, and consume said nothing.',
    )
    verify(
      error.message.includes('WRONGTYPE'),
      'The key "stream:orders" holds a text and no stream, and consume did not throw the error of Redis (WRONGTYPE …). Only NOGROUP means that the group is missing; with any other error renamed, somebody creates a group and wonders why it does not help.',
      { received: error },
    )
  })

  test('loses nothing when the process dies', async () => {
    let done: string[] = []
    await everyCrash({
      name: 'consume',
      prepare: async (admin) => {
        done = []
        await plant(1, 3, admin)
        await group('mail', admin)
      },
      run: (redis) =>
        mailer(redis).consume((event) => {
          done.push(event.id)
        }),
      verify: async ({ last }) => {
        const kept = [...done, ...(await pending()).map(([id]) => id), ...(await undelivered())]
        const lost = ['1-0', '2-0', '3-0'].filter((id) => !kept.includes(id))
        verify(
          lost.length === 0,
          `The process died after ${last}, and the event ${lost[0]} is lost: nobody has handled it, it is not pending, and it will not be delivered again. Acknowledge an event after its work, never before.`,
          { received: { handled: done, lost } },
        )
      },
    })
  })
})
