/** Long, because each sentence a learner may read is kept next to the code that judges it. */
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  everyCrash,
  everyInterleaving,
  passesOnErrors,
  passesOnWrongType,
  useSandbox,
  verify,
  verifyEqual,
  words,
} from '#kit'
import type { DeliveredEvent } from '#lesson/10-consumer-groups'
import { EventConsumer, GroupMissingError } from '#lesson/10-consumer-groups'

const box = useSandbox()

const STREAM = 'stream:orders'

function mailer(redis: Redis = box.redis, consumer = 'mailer-1', group = 'mail'): EventConsumer {
  return new EventConsumer(redis, { stream: STREAM, group, consumer })
}

/** Adds the orders number `from` to `to` to the stream, as `<n>-0`. */
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

/** What `XINFO GROUPS` reports about one group; undefined if there's no group of that name. */
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

/** The IDs that the group would deliver next to a new consumer. */
async function undelivered(name = 'mail'): Promise<string[]> {
  const reply = (await box.admin.xreadgroup('GROUP', name, 'the-check', 'STREAMS', STREAM, '>')) as
    | [string, [string, string[]][]][]
    | null
  return (reply?.[0]?.[1] ?? []).map(([id]) => id)
}

const sent = (word: string) =>
  box.commands.some((command) => [command.name, ...command.args].join(' ').toUpperCase().includes(word))

describe('ensureGroup', () => {
  test("isn't done by the constructor", async () => {
    await call('new EventConsumer', () => mailer())
    await box.admin.ping()
    verifyEqual(
      box.commands.map(({ name }) => name),
      [],
      'The constructor of `EventConsumer` sent a command. No caller can wait for that command or handle its error, so a constructor should only store its arguments. Create the group in `ensureGroup`.',
    )
  })

  test('creates the group on a stream with events', async () => {
    await plant(1, 2)
    const one = mailer()
    await call('ensureGroup', () => one.ensureGroup())
    verify(
      (await info()) !== undefined,
      "After `ensureGroup`, there should be a group `mail` on the stream `stream:orders`, but `XINFO GROUPS` doesn't list it. Use the names from the options.",
    )
    for (const again of [one, mailer()]) {
      await box.admin.del(STREAM)
      await plant(1, 2)
      await call('ensureGroup', () => again.ensureGroup())
      verify(
        (await info()) !== undefined,
        `The stream was deleted together with its group, and ${again === one ? 'the same `EventConsumer` called `ensureGroup` again' : 'another `EventConsumer` called `ensureGroup`'}, but there's no group. Only Redis knows whether the group exists, so send the command every time.`,
      )
    }
  })

  test('starts at the beginning', async () => {
    await plant(1, 2)
    await call('ensureGroup', () => mailer().ensureGroup())
    verifyEqual(
      await undelivered(),
      ['1-0', '2-0'],
      'The stream had two events when the group was created, and the group will never deliver them: it starts at the end of the stream, which is what `$` means. Create it at `0`; otherwise, a new service misses everything that happened before.',
    )
  })

  test("creates the stream if it doesn't exist", async () => {
    const outcome = await attempt('ensureGroup', () => mailer().ensureGroup())
    verify(
      outcome.ok || !String(outcome.error).includes('requires the key to exist'),
      "`ensureGroup` failed because the stream doesn't exist yet, which is normal on the day of the first deployment. Use `MKSTREAM`, which creates an empty stream.",
      { received: !outcome.ok && outcome.error },
    )
    await call('ensureGroup', () => outcome.ok || Promise.reject(outcome.error))
    verify(
      (await info()) !== undefined,
      "The stream didn't exist, and `ensureGroup` didn't create the group.",
    )
    verifyEqual(
      await box.admin.xlen(STREAM),
      0,
      '`ensureGroup` wrote an entry to the stream to create it. Every group would get that entry as an event. Use `MKSTREAM`, which creates an empty stream.',
    )
    await plant(1, 1)
    verifyEqual(
      await undelivered(),
      ['1-0'],
      "After `ensureGroup` had created the stream and its group, the check added an entry with the ID `1-0`, and the group wouldn't deliver it. If you create a stream by adding an entry and deleting it, the stream remembers that entry's ID and refuses lower ones. Use `MKSTREAM`.",
    )
  })

  test('may be called again', async () => {
    await call('ensureGroup', () => mailer().ensureGroup())
    const outcome = await attempt('ensureGroup', () => mailer(box.connect(), 'mailer-2').ensureGroup())
    verify(
      outcome.ok || !String(outcome.error).includes('BUSYGROUP'),
      "The second process that called `ensureGroup` got the error `BUSYGROUP`, because the group already exists. That's what the process wanted, so don't treat it as a failure.",
      { received: !outcome.ok && outcome.error },
    )
    await call('ensureGroup, when the group exists', () => outcome.ok || Promise.reject(outcome.error))
  })

  test("leaves a group's position as it is", async () => {
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
      "`ensureGroup` destroyed the group's pending entries. Leave an existing group as it is: `mailer-9` is still working on two events.",
    )
    verifyEqual(
      await undelivered(),
      ['3-0'],
      '`ensureGroup` moved the position of an existing group. The group had delivered two of three events, so `3-0` should come next. If the position moves back, emails are sent twice; if it moves forward, events are never delivered.',
    )
  })

  test("doesn't hide other errors", async () => {
    const why =
      'Only `BUSYGROUP` means that the group exists. After any other error, the service would start and never get an event.'
    await passesOnWrongType('ensureGroup', STREAM, () => mailer().ensureGroup(), why)
    await passesOnErrors({
      name: 'ensureGroup',
      run: (redis) => mailer(redis).ensureGroup(),
      closes: true,
      why,
    })
  })

  test("doesn't take every error with BUSY for an existing group", async () => {
    const redis = box.connect()
    const busy = new Error(
      'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
    )
    let refused = 0
    redis.sendCommand = (command) => {
      refused += 1
      command.reject(busy)
      return command.promise
    }
    const outcome = await attempt('ensureGroup', () => mailer(redis).ensureGroup())
    verify(
      refused === 0 || (!outcome.ok && outcome.error === busy),
      "Redis was busy with another client's script and replied with an error that begins with `BUSY`, and `ensureGroup` didn't reject with that error. There's no group yet. Only the word `BUSYGROUP` means that it exists.",
      { expected: busy, received: outcome.ok ? 'it resolved' : outcome.error },
    )
  })

  test('works when two processes start at once', async () => {
    await everyInterleaving({
      name: 'ensureGroup',
      first: (redis) => mailer(redis, 'mailer-1').ensureGroup(),
      second: (redis) => mailer(redis, 'mailer-2').ensureGroup(),
      verify: async ({ first, second, after }) => {
        const failed = [first, second].find((outcome) => !outcome.ok)
        verify(
          failed === undefined,
          `Two processes called \`ensureGroup\` at once, and one of them failed${after ? ` (the other one ran right after its \`${after}\`)` : ''}. Checking first and creating later leaves a gap, so create the group right away and accept \`BUSYGROUP\`.`,
          { received: failed && !failed.ok && failed.error },
        )
        verify(
          (await info()) !== undefined,
          "Two processes called `ensureGroup` at once, and now there's no group.",
        )
      },
    })
  })
})

describe('acknowledge', () => {
  async function deliver(count: number, admin: Redis = box.admin): Promise<void> {
    await plant(1, count, admin)
    await group('mail', admin)
    await group('stock', admin)
    for (const name of ['mail', 'stock'])
      await admin.xreadgroup('GROUP', name, 'mailer-1', 'STREAMS', STREAM, '>')
  }

  test('removes the events from the pending entries list', async () => {
    await deliver(3)
    const count = await call('acknowledge', () => mailer().acknowledge(['1-0', '3-0']))
    verifyEqual(
      await pending(),
      [['2-0', 'mailer-1']],
      'Three events were pending, and `1-0` and `3-0` were acknowledged. Only `2-0` should still be pending.',
    )
    verifyEqual(
      count,
      2,
      '`acknowledge` should return how many of the events were pending before the call: here 2, both of them.',
    )
  })

  test('affects only its own group', async () => {
    await deliver(2)
    await call('acknowledge', () => mailer().acknowledge(['1-0', '2-0']))
    verifyEqual(
      (await pending('stock')).length,
      2,
      '`acknowledge` in the group `mail` changed the pending entries list of the group `stock`. Every group has its own list.',
    )
    verifyEqual(
      await box.admin.xlen(STREAM),
      2,
      '`acknowledge` deleted entries from the stream. Acknowledging an event only means that this group is done with it. The event stays, because other groups still need it.',
    )
  })

  test('acknowledges events of other consumers, too', async () => {
    await deliver(2)
    await plant(3, 3)
    await box.admin.xreadgroup('GROUP', 'mail', 'mailer-2', 'STREAMS', STREAM, '>')
    const count = await call('acknowledge', () => mailer().acknowledge(['2-0', '3-0']))
    verifyEqual(
      [await pending(), count],
      [[['1-0', 'mailer-1']], 2],
      "`mailer-1` acknowledged one of its own events and one that was delivered to `mailer-2`. Both should be off the list and counted. For `XACK`, it doesn't matter which consumer had an event, and recovery relies on that.",
    )
  })

  test('counts only pending events', async () => {
    await deliver(2)
    await box.admin.xack(STREAM, 'mail', '1-0')
    const count = await call('acknowledge', () => mailer().acknowledge(['1-0', '2-0', '77-0']))
    verifyEqual(
      count,
      1,
      "Of the three IDs, one had already been acknowledged, one was pending, and one doesn't exist in the stream. `acknowledge` should return 1.",
    )
  })

  test('does nothing for an empty array', async () => {
    await deliver(1)
    const outcome = await attempt('acknowledge', () => mailer().acknowledge([]))
    verify(
      outcome.ok || !/wrong number of arguments/.test(String(outcome.error)),
      '`acknowledge([])` failed, because `XACK` without an ID is an error ("wrong number of arguments"). Empty batches are common, so return 0.',
      { received: !outcome.ok && outcome.error },
    )
    await call('acknowledge', () => outcome.ok || Promise.reject(outcome.error))
    verifyEqual(outcome.ok && outcome.value, 0, '`acknowledge([])` should return 0.')
  })

  test('takes a thousand IDs', async () => {
    await deliver(1_000)
    await box.admin.xack(STREAM, 'mail', '1-0')
    const all = Array.from({ length: 1_000 }, (_, i) => `${i + 1}-0`)
    const count = await call('acknowledge', () => mailer().acknowledge(all))
    verifyEqual(
      [count, (await pending()).length],
      [999, 0],
      'Of 1,000 IDs, all but the first were pending, and `acknowledge` should return 999. If you send the IDs in several commands, add up their replies. Received: the number returned, and how many events are still pending.',
    )
    verifyEqual(
      all.length,
      1_000,
      '`acknowledge` changed the array it received. That array belongs to the caller, who may need the IDs again.',
    )
  })

  test('counts each event for one caller', async () => {
    await everyInterleaving({
      name: 'acknowledge',
      prepare: (admin) => deliver(2, admin),
      first: (redis) => mailer(redis).acknowledge(['1-0', '2-0']),
      second: (redis) => mailer(redis, 'mailer-2').acknowledge(['1-0', '2-0']),
      verify: ({ first, second, after }) => {
        const counts = [first, second].map((outcome) => (outcome.ok ? outcome.value : outcome.error))
        verifyEqual(
          counts.reduce<number>((sum, count) => sum + Number(count), 0),
          2,
          `Two callers acknowledged the same two events at once${after ? ` (one ran right after the other's \`${after}\`)` : ''}, and the two results should add up to 2. \`XACK\` itself replies with the number of events that it removed from the list, so there's no need to look first.`,
        )
      },
    })
  })

  test('passes on any error from Redis', () =>
    passesOnErrors({
      name: 'acknowledge',
      prepare: (admin) => deliver(2, admin),
      run: (redis) => mailer(redis).acknowledge(['1-0', '2-0']),
      closes: true,
      why: "A failed acknowledgment doesn't mean that another process has already acknowledged the event.",
    }))
})

/** Collects the events passed to its `handle`. */
function collector() {
  const seen: DeliveredEvent[] = []
  return { seen, handle: (event: DeliveredEvent) => void seen.push(event) }
}

const ids = (events: readonly DeliveredEvent[]) => events.map((event) => event.id)

describe('consume', () => {
  test('passes the new events, oldest first', async () => {
    await plant(9, 9)
    // IDs within one millisecond that sort differently as strings, with other fields, one of them empty.
    for (const id of ['10-9', '10-10']) await box.admin.xadd(STREAM, id, 'entityId', ' 010', 'note', '')
    await group()
    const { seen, handle } = collector()
    const count = await call('consume', () => mailer().consume(handle))
    verify(
      seen.length > 0,
      "There were three new events in the stream, but `handle` wasn't called. Pass the ID `>` to `XREADGROUP` to get new events; with `0`, you get your own pending entries, and at first there aren't any.",
    )
    verifyEqual(
      ids(seen),
      ['9-0', '10-9', '10-10'],
      "`consume` should pass the three events in the order of the stream, each once, with the ID in the stream as `id`. `XREADGROUP` returns them in that order, so there's nothing to sort.",
    )
    verifyEqual(
      seen[0]?.fields,
      { eventId: 'e-9', eventType: 'ORDER_CREATED', entityId: 'order-9', payload: '{"cents":1100}' },
      'The `fields` of an event should be an object of field names and values. Redis sends them as a flat list (name, value, name, value), so pair them.',
    )
    verifyEqual(
      seen[1]?.fields,
      { entityId: ' 010', note: '' },
      'The second event has two fields, `entityId` and `note`, and the value of `note` is the empty string. `fields` should contain exactly the fields of its own entry, whatever their names and values.',
    )
    verifyEqual(
      (await info())?.['last-delivered-id'],
      '10-10',
      "`consume` passed three events to `handle`, but the group `mail` hasn't delivered them, so its next consumer will get them again. Read as a consumer of the group, with `XREADGROUP`.",
    )
    verifyEqual(count, 3, '`consume` should return how many events it passed to `handle`: here 3.')
  })

  test('waits for one event before it passes the next', async () => {
    await plant(1, 3)
    await group()
    let atWork = 0
    let most = 0
    await call('consume', () =>
      mailer().consume(async () => {
        atWork += 1
        most = Math.max(most, atWork)
        await box.admin.ping()
        await box.admin.ping()
        atWork -= 1
      }),
    )
    verifyEqual(
      most,
      1,
      "`consume` called `handle` for the next event while it was still working on the previous one. Pass one event at a time; otherwise, an order's events overtake each other even within one process.",
    )
  })

  test('acknowledges finished events', async () => {
    await plant(1, 3)
    await group()
    await call('consume', () => mailer().consume(() => {}))
    verifyEqual(
      await pending(),
      [],
      '`consume` passed all three events to `handle`, which succeeded, but events are still pending. Unacknowledged events are delivered again when another consumer claims them.',
    )
    verifyEqual(
      await box.admin.xlen(STREAM),
      3,
      '`consume` deleted entries from the stream. Other groups still need them, and the stream is the source of truth.',
    )
    await plant(4, 5)
    const outcome = await attempt('consume', () =>
      mailer().consume(async ({ id }) => void (await box.admin.xack(STREAM, 'mail', id))),
    )
    verifyEqual(
      [outcome.ok ? outcome.value : outcome.error, await pending()],
      [2, []],
      "While `handle` was working on each of the two events, another process acknowledged it, as can happen after a claim. `XACK` then replies with 0, which isn't an error, because the work is done. `consume` should pass both events to `handle` and return 2. Received: the number returned, and what's still pending.",
    )
  })

  test('keeps an event pending while it is being handled', async () => {
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
        ? "While `handle` was working on `1-0`, the event wasn't pending: `NOACK` acknowledges an event when it's delivered. If the process dies now, the event is lost without a trace."
        : 'While `handle` was working on `1-0`, the event was already acknowledged. If the process dies now, the work is never done. Acknowledge the event after `handle` has finished.',
      { received: during },
    )
    const others = during.filter(([, name]) => name !== 'mailer-1')
    verifyEqual(
      others,
      [],
      "The events should be pending under the name in the options, `mailer-1`. If all processes use one name, you can't tell which events belonged to a process that died.",
    )
    verify(
      !meanwhile[1]?.some(([id]) => id === '1-0'),
      'When `handle` got `2-0`, the event `1-0` was still pending, even though its work was done. Acknowledge each event right after its own `handle`, not all at the end; otherwise, a crash at the hundredth event repeats the other ninety-nine.',
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
      "`handle` failed for `2-0`, and `consume` didn't fail. Let the error through, so that the caller knows that some events are left.",
    )
    verifyEqual(
      seen,
      ['1-0', '2-0'],
      '`handle` failed for `2-0`. `consume` should stop there, because a later event must not get ahead of an earlier one that failed.',
    )
    const open = (await pending()).map(([id]) => id)
    verify(
      open[0] === '2-0',
      "Of four events, `handle` finished `1-0` and failed for `2-0`. Now `2-0` should be pending and `1-0` shouldn't: acknowledge an event only when it's done.",
      { received: open },
    )
    // An answer that reads one event at a time hasn't received 3-0 and 4-0 yet.
    verifyEqual(
      [...open, ...(await undelivered())],
      ['2-0', '3-0', '4-0'],
      "Of four events, `handle` finished `1-0` and failed for `2-0`. The events that were delivered together with `2-0` should be pending, too: acknowledge an event only when it's done. The list shows the events that are pending or not yet delivered.",
    )
    verify(
      error instanceof RangeError,
      '`consume` should reject with the very error that `handle` threw, so that the caller sees what went wrong.',
      { received: error },
    )
  })

  test('reads no more events than count', async () => {
    await plant(1, 225)
    await group()
    const { seen, handle } = collector()
    const count = await call('consume', () => mailer().consume(handle, 10))
    verifyEqual(
      [count, seen.length, (await info())?.['last-delivered-id']],
      [10, 10, '10-0'],
      '`consume(handle, 10)` on a stream of 225 events should read 10 and leave the others for the next call: pass the number as `COUNT`. The values are the number returned, the number of events passed to `handle`, and the last ID that the group has delivered.',
    )
    const more = await call('consume', () => mailer().consume(handle))
    verifyEqual(
      [more, (await info())?.['last-delivered-id']],
      [100, '110-0'],
      'Without a `count`, `consume` should read up to 100 events. Ten of the 225 had been delivered before, so 215 were left, and it should read 100 of them. The values are the number returned and the last ID that the group has delivered.',
    )
    await attempt('consume', () => mailer().consume(() => Promise.reject(new Error('no email')), 110))
    const last = (await info())?.['last-delivered-id']
    verify(
      last === '220-0' || last === '111-0', // if it reads one event at a time
      'There were 115 new events, and `consume(handle, 110)` should read 110 of them. 100 is only the default, not the maximum.',
      { expected: words('220-0 as the last ID that the group has delivered'), received: last },
    )
  })

  test("doesn't wait for new events", async () => {
    await plant(1, 1)
    await group()
    const { seen, handle } = collector()
    await call('consume', () => mailer().consume(handle))
    const outcome = await attempt('consume', () => mailer().consume(handle))
    verify(
      outcome.ok,
      '`consume` failed when there were no new events, because `XREADGROUP` then replies `null`. Return 0.',
      { received: !outcome.ok && outcome.error },
    )
    verify(
      !sent('BLOCK'),
      '`consume` sent a read with `BLOCK`. On a shared connection, every other command then has to wait as well. Return 0 if there are no new events; lesson 13 is about waiting.',
    )
    verifyEqual(outcome.value, 0, 'If there are no new events, `consume` should return 0.')
    verifyEqual(ids(seen), ['1-0'], 'There were no new events, but `consume` still called `handle`.')
  })

  test('leaves events alone that were delivered before', async () => {
    await plant(1, 3)
    await group()
    await box.admin.xreadgroup('GROUP', 'mail', 'mailer-1', 'COUNT', 2, 'STREAMS', STREAM, '>')
    const { seen, handle } = collector()
    await call('consume', () => mailer().consume(handle))
    verifyEqual(
      ids(seen),
      ['3-0'],
      'Two events had been delivered before and were pending. `consume` should only pass new events, which means `3-0`; lesson 11 deals with the others.',
    )
    verifyEqual(
      (await pending()).map(([id]) => id),
      ['1-0', '2-0'],
      "`consume` acknowledged events that it hadn't passed to `handle`: `1-0` and `2-0` were delivered before, and their work isn't done.",
    )
    // Idle for an hour, so that code that claims what looks abandoned would take them.
    await box.admin.xclaim(STREAM, 'mail', 'mailer-1', 0, '1-0', '2-0', 'IDLE', 3_600_000)
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
      "There were no new events, but `mailer-2`'s `consume` took events that were delivered to `mailer-1`. If `mailer-1` is working on them right now, every email is sent twice. Lesson 11 shows which events you may claim, and when.",
    )
  })

  test('shares the events among the consumers of a group', async () => {
    await plant(1, 6)
    await group()
    const one = collector()
    const two = collector()
    const consumers = [mailer(box.redis, 'mailer-1'), mailer(box.connect(), 'mailer-2')] as const
    for (let turn = 0; turn < 2; turn += 1) {
      await call('consume', () => consumers[0].consume(one.handle, 2))
      await call('consume', () => consumers[1].consume(two.handle, 2))
    }
    verifyEqual(
      { 'mailer-1': ids(one.seen), 'mailer-2': ids(two.seen) },
      { 'mailer-1': ['1-0', '2-0', '5-0', '6-0'], 'mailer-2': ['3-0', '4-0'] },
      'Two consumers of one group took turns, reading two events each time. Each event should go to only one of them; otherwise, an email is sent twice.',
    )
  })

  test('delivers every event to every group', async () => {
    await plant(1, 2)
    await group()
    await group('stock')
    const mail = collector()
    const stock = collector()
    const consumers = [mailer(), mailer(box.connect(), 'keeper-1', 'stock')] as const
    await call('consume', () => consumers[0].consume(mail.handle))
    await call('consume', () => consumers[1].consume(stock.handle))
    verifyEqual(
      { mail: ids(mail.seen), stock: ids(stock.seen) },
      { mail: ['1-0', '2-0'], stock: ['1-0', '2-0'] },
      'Both groups should get both events: `mail` and `stock` are different kinds of work, and neither takes events away from the other. Each `EventConsumer` should use its own options.',
    )
  })

  test('keeps two calls apart', async () => {
    await plant(1, 4)
    await group()
    const consumer = mailer()
    const inner = collector()
    const outer: string[] = []
    const counts: number[] = []
    const count = await call('consume', () =>
      consumer.consume(async ({ id }) => {
        outer.push(id)
        if (outer.length === 1) counts.push(await consumer.consume(inner.handle, 2))
      }, 2),
    )
    // An answer that reads one event at a time gets 1-0 and 4-0 in the outer call.
    verifyEqual(
      [outer.length, inner.seen.length, [...outer, ...ids(inner.seen)].sort(), count, counts],
      [2, 2, ['1-0', '2-0', '3-0', '4-0'], 2, [2]],
      'While a call was handling its first event, the same `EventConsumer` was called again, and each call should handle two of the four events. Keep the events of a call in local variables, because all calls share the fields of the object. Received: how many events each call handled, all their IDs, and what each call returned.',
    )
  })

  test('throws if the group is missing', async () => {
    for (const what of ['stream', 'group']) {
      if (what === 'group') await plant(1, 1)
      const error = await callError(
        'consume',
        () => mailer().consume(() => {}),
        GroupMissingError,
        `The ${what} \`${what === 'group' ? 'mail' : STREAM}\` doesn't exist yet, and \`consume\` didn't throw a \`GroupMissingError\`. Turn the \`NOGROUP\` error from Redis into one that names the group and the stream. Without a stream, there's no group either.`,
      )
      verifyEqual(
        [error.stream, error.group],
        [STREAM, 'mail'],
        'The `GroupMissingError` should carry the missing group and its stream.',
      )
    }
  })

  test('throws if the group goes missing meanwhile', async () => {
    let handled = 0
    let handledBefore = 0
    await everyInterleaving({
      name: 'consume',
      prepare: async () => {
        handled = 0
        await plant(1, 1)
        await group()
      },
      first: (redis) =>
        mailer(redis).consume(() => {
          handled += 1
        }),
      second: (redis) => {
        handledBefore = handled
        return redis.xgroup('DESTROY', STREAM, 'mail')
      },
      verify: ({ first, held, after }) => {
        if (held === undefined || handledBefore > 0) return
        verify(
          first.ok || first.error instanceof GroupMissingError,
          `The group was destroyed ${after ? `between the \`${after}\` and the` : 'before the first'} \`${held}\` in \`consume\`, and \`consume\` didn't throw a \`GroupMissingError\`. A group can disappear between any two commands, even if your code has just checked, so turn the \`NOGROUP\` error of each read into a \`GroupMissingError\`.`,
          { expected: 'GroupMissingError', received: first.ok || first.error },
        )
      },
    })
  })

  test("doesn't call other errors a missing group", async () => {
    await plant(1, 1)
    await group()
    const failure = new Error('NOGROUP No such consumer group: the statistics that `handle` reads')
    const outcome = await attempt('consume', () => mailer().consume(() => Promise.reject(failure)))
    verify(
      !outcome.ok && outcome.error === failure,
      "`handle` failed with an error of its own that begins with `NOGROUP` (it reads another group), and `consume` didn't reject with that same error. Put the `try` around the read alone, so that it only catches errors from the read.",
      { received: outcome.ok ? outcome.value : outcome.error },
    )
    await passesOnWrongType(
      'consume',
      STREAM,
      () => mailer().consume(() => {}),
      "Only `NOGROUP` means that the group is missing. After any other error, creating a group wouldn't help.",
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
          `The process died after \`${last}\`, and the event \`${lost[0]}\` is lost: it hasn't been handled, it isn't pending, and it won't be delivered again. Acknowledge an event after its work, never before.`,
          { received: { handled: done, lost } },
        )
      },
    })
  })

  test('a rejection without a value is a failure, too', async () => {
    await plant(1, 2)
    await group()
    const outcome = await attempt('consume', () => mailer().consume(() => Promise.reject(undefined), 1))
    const open = (await pending()).map(([id]) => id)
    verify(
      !outcome.ok && open[0] === '1-0',
      '`handle` rejected without an error value (`Promise.reject()`), and `consume` treated that as success. A rejection is a failure, whatever its value: let it through, and leave the event pending.',
      { received: { consume: outcome.ok ? outcome.value : 'rejected', pending: open } },
    )
    const bounced = await attempt('consume', () => mailer().consume(() => Promise.reject('550'), 1))
    verifyEqual(
      [outcome.error, !bounced.ok && bounced.error],
      [undefined, '550'],
      "`handle` rejected with `undefined`, and then with the string `'550'`. `consume` should reject with that same value each time, even though it isn't an `Error`.",
    )
  })

  test('passes on any error from Redis', async () => {
    let ahead = false
    await passesOnErrors({
      name: 'consume',
      async prepare(admin) {
        await plant(1, 2, admin)
        await group('mail', admin)
      },
      run: (redis) =>
        mailer(redis).consume(async ({ id }) => {
          ahead ||= id === '2-0' && (await pending()).some(([open]) => open === '1-0')
        }),
      closes: true,
      why: "A stream that can't be read isn't a stream without new events, and an event that can't be acknowledged will be delivered again.",
    })
    verify(
      !ahead,
      'Redis refused to acknowledge `1-0`, and `consume` passed `2-0` to `handle` anyway. Wait for the reply to `XACK` before you pass the next event. Otherwise, `1-0` is delivered again after `2-0` is done.',
    )
  })
})
