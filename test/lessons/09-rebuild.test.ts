/** Long, because every sentence that a learner may get to read stands here, beside what it judges. */
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  largestReply,
  pagingFault,
  plantLongStream,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { Changes, Handler } from '#lesson/09-rebuild'
import { EventProjection, InvalidChangeError, orderStatistics } from '#lesson/09-rebuild'

const box = useSandbox()

type DomainEvent = Parameters<Handler>[0]

const LOG = 'stream:events'
const MODEL = 'stats:orders'
const CHECKPOINT = 'checkpoint:orders'

function event(n: number, eventType = 'ORDER_CREATED', payload: DomainEvent['payload'] = { n }): DomainEvent {
  return {
    eventId: `0b7f3a52-6f0a-4c1e-9d3b-${String(n).padStart(12, '0')}`,
    timestamp: '2026-03-01T09:00:00.000Z',
    eventType,
    entityId: `order-${n}`,
    payload,
    metadata: {},
  }
}

/** Events number `from` to `to`, all ORDER_CREATED, with the ids `1-0`, `2-0`, … as lesson 05 stores them. */
async function plant(from: number, to: number): Promise<void> {
  const pipeline = box.admin.pipeline()
  for (let n = from; n <= to; n += 1) pipeline.xadd(LOG, `${n}-0`, ...flat(event(n)))
  await pipeline.exec()
}

const plantOne = (id: string, one: DomainEvent) => box.admin.xadd(LOG, id, ...flat(one))

const pairs = ({ payload, metadata, ...texts }: DomainEvent) => ({
  ...texts,
  payload: JSON.stringify(payload),
  metadata: JSON.stringify(metadata),
})
const flat = (one: DomainEvent): string[] => Object.entries(pairs(one)).flat()

/** Number n counts once and is worth n cents, so that a sum tells which events are in it. */
const byNumber = ({ eventType, payload }: DomainEvent, _id: string): Changes => {
  if (eventType === 'ORDER_CREATED') return { count: 1, valueCents: Number(payload.n) }
  return eventType === 'ORDER_SHIPPED' ? { shipped: 1 } : {}
}

const projection = (redis: Redis = box.redis, handler: Handler = byNumber) =>
  new EventProjection(redis, { name: 'orders', stream: LOG, readModel: MODEL, handler })

const found = async () => ({
  model: await box.admin.hgetall(MODEL),
  checkpoint: (await box.admin.get(CHECKPOINT)) ?? '0-0',
})

/** 12 events of 1 to 12 cents. */
const TWELVE = { model: { count: '12', valueCents: '78' }, checkpoint: '12-0' }

/** 4 events of 1 to 4 cents: races and crashes have many rounds, and each begins anew. */
const FOUR = { model: { count: '4', valueCents: '10' }, checkpoint: '4-0' }

/** What earlier runs left: all events up to `handled` are in. */
async function plantHandled(events: number, handled: number): Promise<void> {
  await plant(1, events)
  await box.admin.hset(MODEL, { count: handled, valueCents: (handled * (handled + 1)) / 2 })
  await box.admin.set(CHECKPOINT, `${handled}-0`)
}

async function staysOpen(method: string): Promise<void> {
  verify(
    box.redis.status !== 'end' && box.redis.status !== 'close',
    `${method} closed the connection that was handed in. It belongs to the caller, who goes on with it; close the ones that you open.`,
  )
  await call('GET on the caller’s connection', () => box.redis.get('something'))
}

/** `byNumber`, until it gets the same entry for the fourth time with nobody else at work: then the reading does not get on. */
async function gettingOn(work: (handler: Handler) => Promise<void>): Promise<void> {
  const times = new Map<string, number>()
  let again: string | undefined
  const handler: Handler = (one, id) => {
    const seen = (times.get(one.eventId) ?? 0) + 1
    times.set(one.eventId, seen)
    if (seen < 4) return byNumber(one, id)
    again = `${one.payload.n}-0`
    throw new Error(`The entry ${again} was handed over for the fourth time`)
  }
  try {
    await work(handler)
  } finally {
    verify(
      again === undefined,
      `The entry ${again} was handed to the handler again and again, and nobody else was at work. XRANGE includes its start: a page from \`${again}\` begins with ${again} itself, so the end of the log never comes. A parenthesis, \`(${again}\`, begins behind it.`,
    )
  }
}

describe('orderStatistics', () => {
  const run = async (one: DomainEvent): Promise<Changes> => {
    const changes = await call('orderStatistics', () => [orderStatistics(one)])
    verify(
      !(changes[0] instanceof Promise),
      `orderStatistics returned a promise. It only computes, so it need not be async.`,
    )
    verify(
      typeof changes[0] === 'object' && changes[0] !== null,
      `orderStatistics should return an object with what ${one.eventType} adds to each field.`,
      { received: changes[0] },
    )
    return Object.fromEntries(Object.entries(changes[0]).filter(([, by]) => by !== 0))
  }
  const lines = [
    { sku: 'cup', quantity: 3, unitCents: 1_999 },
    { sku: 'lamp', quantity: 1, unitCents: 4_999 },
  ]

  test('counts orders and money', async () => {
    const changes = await run(event(1, 'ORDER_CREATED', { lines }))
    verifyEqual(changes.count, 1, 'ORDER_CREATED should add 1 to `count`.')
    verify(
      Number.isInteger(changes.valueCents),
      '`valueCents` should be a whole number of cents. With a dot in it, a sum of many drifts: 1,000 times 49.99 is 49989.99999999999958433.',
      { expected: 10_996, received: changes.valueCents },
    )
    verifyEqual(
      changes,
      { count: 1, valueCents: 10_996 },
      'Three cups of 1999 cents and a lamp of 4999 are 10996 cents: quantity times unitCents, over all lines.',
    )
    verifyEqual(
      await run(event(2, 'ORDER_CREATED', { lines: [] })),
      { count: 1 },
      'An order without lines counts, and is worth nothing.',
    )
  })

  test('counts what was shipped', async () => {
    verifyEqual(
      await run(event(1, 'ORDER_SHIPPED')),
      { shipped: 1 },
      'ORDER_SHIPPED should add 1 to `shipped`, and nothing else.',
    )
  })

  test('adds nothing for other events', async () => {
    for (const type of ['ORDER_CANCELLED', 'ORDER_SHIPPED_BACK', 'USER_REGISTERED']) {
      verifyEqual(
        await run(event(1, type, { lines })),
        {},
        `${type} means nothing to these numbers: it should change nothing, \`{}\`. Take events by their whole name.`,
      )
    }
  })

  test('gives the same each time', async () => {
    const one = event(1, 'ORDER_CREATED', { lines })
    const before = JSON.stringify(one)
    await run(one)
    verifyEqual(
      await run(one),
      { count: 1, valueCents: 10_996 },
      'The same event brought other changes the second time. A handler remembers nothing: it says what one event adds, and is run again at every rebuild.',
    )
    verify(
      JSON.stringify(one) === before,
      'The handler changed the event that it was given. Others may read it after you.',
    )
  })
})

describe('saveCheckpoint', () => {
  const save = (from: string, to: string, changes: Changes, redis = box.redis) =>
    projection(redis).saveCheckpoint(from, to, changes)
  const saved = (from: string, to: string, changes: Changes) =>
    call('saveCheckpoint', () => save(from, to, changes))

  test('getCheckpoint tells where it is', async () => {
    verifyEqual(
      await call('getCheckpoint', () => projection().getCheckpoint()),
      '0-0',
      'Without a key the checkpoint is `0-0`, the place before the first entry.',
    )
    await box.admin.set(CHECKPOINT, '1772355600123-7')
    verifyEqual(
      await call('getCheckpoint', () => projection().getCheckpoint()),
      '1772355600123-7',
      'getCheckpoint should give the whole id that stands in `checkpoint:<name>`.',
    )
  })

  test('adds the changes and moves the checkpoint', async () => {
    const first = await saved('0-0', '3-0', { count: 3, valueCents: 1_500 })
    verifyEqual(
      await found(),
      { model: { count: '3', valueCents: '1500' }, checkpoint: '3-0' },
      'After saveCheckpoint the changes should stand in the hash `stats:orders`, and `3-0` in `checkpoint:orders`.',
    )
    verifyEqual(first, true, 'saveCheckpoint should resolve to true when it has saved.')
    await saved('3-0', '5-0', { count: 2, valueCents: -500, shipped: 1 })
    verifyEqual(
      await found(),
      { model: { count: '5', valueCents: '1000', shipped: '1' }, checkpoint: '5-0' },
      'The second changes should be added to the first; they are differences, not values.',
    )
    verifyEqual(
      [await saved('5-0', '9-0', {}), (await found()).checkpoint],
      [true, '9-0'],
      'Events that change nothing move the checkpoint all the same.',
    )
    const zero = await attempt('saveCheckpoint', () => save('9-0', '10-0', { count: 1, valueCents: 0 }))
    verify(
      zero.ok && zero.value === true,
      'saveCheckpoint did not take a change by 0. That is a whole number too: a handler may name fields that do not change. (`!by` is true for 0 and for NaN; Number.isSafeInteger tells them apart.)',
      { expected: true, received: zero.ok ? zero.value : zero.error },
    )
    verifyEqual(
      (await found()).model,
      { count: '6', valueCents: '1000', shipped: '1' },
      'A change by 0 should leave its field as it is, and the others are added.',
    )
  })

  test('is all or nothing when the process dies', async () => {
    await everyCrash({
      name: 'saveCheckpoint',
      prepare: async () => {
        await box.admin.hset(MODEL, { count: 3, valueCents: 1_500 })
        await box.admin.set(CHECKPOINT, '3-0')
      },
      run: (redis) => save('3-0', '4-0', { count: 1, valueCents: 500 }, redis),
      verify: async ({ last }) => {
        const { model, checkpoint } = await found()
        const added = [model.count === '4', model.valueCents === '2000']
        const moved = checkpoint === '4-0'
        verify(
          moved || !added.includes(true),
          `The process died after its ${last}: the change is in the sums, and the checkpoint says that it is not. After a restart the event is counted again. Both belong in one step.`,
          { received: { model, checkpoint } },
        )
        verify(
          !moved || !added.includes(false),
          `The process died after its ${last}: the checkpoint has moved, and the change is not in the sums. It will never be counted. Both belong in one step.`,
          { received: { model, checkpoint } },
        )
      },
    })
  })

  for (const [at, from] of [
    ['5-0', '3-0'],
    ['5-0', '7-0'],
    ['5-0', '0-0'],
    [undefined, '3-0'],
    ['10-0', '9-0'],
  ] as const) {
    test(`refuses ${from} when the checkpoint is ${at === undefined ? 'not set' : `at ${at}`}`, async () => {
      if (at !== undefined) await box.admin.set(CHECKPOINT, at)
      await box.admin.hset(MODEL, { count: 5 })
      const result = await saved(from, '11-0', { count: 3 })
      verifyEqual(
        await found(),
        { model: { count: '5' }, checkpoint: at ?? '0-0' },
        `saveCheckpoint was told that the checkpoint had been at ${from}, but it is ${at === undefined ? 'not set' : `at ${at}`}: somebody else has moved it in the meantime. It saved all the same. Compare first, and change nothing when it is anywhere else.`,
      )
      verifyEqual(
        result,
        false,
        'saveCheckpoint should resolve to false when the checkpoint is somewhere else: the caller has to read again from there.',
      )
    })
  }

  for (const sameConnection of [false, true]) {
    test(`lets one of two win${sameConnection ? ' on one connection' : ''}`, async () => {
      let watched = false
      await everyInterleaving({
        name: 'saveCheckpoint',
        sameConnection,
        prepare: async () => {
          await box.admin.hset(MODEL, { count: 3 })
          await box.admin.set(CHECKPOINT, '3-0')
        },
        first: (redis) => save('3-0', '4-0', { count: 1 }, redis),
        second: (redis) => save('3-0', '4-0', { count: 1 }, redis),
        verify: async ({ first, second, held, after }) => {
          watched ||= box.commands.some(({ name }) => name === 'WATCH')
          const won = [first, second].filter((outcome) => outcome.ok && outcome.value).length
          verifyEqual(
            { won, ...(await found()) },
            { won: 1, model: { count: '4' }, checkpoint: '4-0' },
            sameConnection && watched
              ? 'Two saves from the same place at the same time on one connection: exactly one should win. WATCH belongs to a connection: the EXEC of the one ended the watch of the other. Watch on a `redis.duplicate()`, or take a script.'
              : `Two processes worked out the same event and saved it at the same time: the second came between the ${after ?? 'start'} and the ${held ?? 'end'} of the first. Exactly one should win, and the event be counted once. Compare and write in one step.`,
          )
        },
      })
    })
  }

  test('closes what it opens, and nothing else', async () => {
    for (const [from, to] of [
      ['0-0', '1-0'],
      ['0-0', '2-0'],
      ['1-0', '2-0'],
    ] as const) {
      await saved(from, to, { count: 1 })
    }
    const open = await connectionsStillOpen()
    verify(
      open === 0,
      'saveCheckpoint opened a connection of its own and left it open, whether it saved or not. After an hour of events the server takes no more connections. Close it in a `finally`.',
      { expected: 'no connection more than before', received: `${open} more after three calls` },
    )
    await staysOpen('saveCheckpoint')
  })

  for (const [value, shown] of [
    [Number.NaN, 'NaN'],
    [0.5, '0.5'],
    [undefined, 'undefined'],
    ['7', 'the text "7"'],
  ] as const) {
    test(`takes no ${shown}`, async () => {
      await box.admin.hset(MODEL, { count: 3 })
      await box.admin.set(CHECKPOINT, '3-0')
      const changes = { count: 1, valueCents: value, shipped: 1 } as Changes
      const error = await callError(
        'saveCheckpoint',
        () => save('3-0', '4-0', changes),
        InvalidChangeError,
        `saveCheckpoint was to add ${shown} to \`valueCents\` and did not refuse it with an InvalidChangeError. In a MULTI Redis refuses that one command and does the others: the checkpoint moves, and the sum lacks an event.`,
      )
      verify(
        error.field === 'valueCents' && Object.is(error.value, value),
        'The InvalidChangeError should carry the field and the value, so that one finds the handler that made it.',
        { expected: { field: 'valueCents', value }, received: { field: error.field, value: error.value } },
      )
      verifyEqual(
        await found(),
        { model: { count: '3' }, checkpoint: '3-0' },
        'saveCheckpoint refused a change, but had written others already. Look at all of them first.',
      )
    })
  }
})

describe('catchUp', () => {
  const caughtUp = (handler?: Handler) => call('catchUp', () => projection(box.redis, handler).catchUp())

  test('handles what is in the log', async () => {
    await plant(1, 12)
    await gettingOn(caughtUp)
    verifyEqual(
      await found(),
      TWELVE,
      'The log holds 12 events worth 1 to 12 cents. After catchUp the sums should be 12 and 78, and the checkpoint at the last entry.',
    )
    await caughtUp()
    verifyEqual(await found(), TWELVE, 'A second catchUp with nothing new in the log should change nothing.')
  })

  test('begins behind the checkpoint', async () => {
    await plantHandled(12, 5)
    await caughtUp()
    verifyEqual(
      await found(),
      TWELVE,
      'Events 1 to 5 were handled earlier, the checkpoint says so. catchUp should begin with event 6: the start of XRANGE is inclusive unless a parenthesis stands before it.',
    )
  })

  test('is done when nothing is there', async () => {
    await caughtUp()
    verifyEqual(await found(), { model: {}, checkpoint: '0-0' }, 'Without a log there is nothing to handle.')
  })

  test('tells the handler what and where', async () => {
    await plantOne('7-0', event(1))
    await plantOne('7-1', event(2))
    await plantOne('10-0', event(3, 'ORDER_SHIPPED', { by: 'post' }))
    const seen = new Map<string, unknown>()
    const note: Handler = (one, id) => {
      seen.set(id, one)
      return {}
    }
    await caughtUp(note)
    verify(
      !seen.has(undefined as unknown as string),
      'A handler was called without the id of the entry. It needs to know where in the log it is.',
    )
    verifyEqual(
      [...seen],
      [
        ['7-0', event(1)],
        ['7-1', event(2)],
        ['10-0', event(3, 'ORDER_SHIPPED', { by: 'post' })],
      ],
      'The handler should be called with each event and the id of its entry, in the order of the log. The entries were 7-0, 7-1 and 10-0.',
    )
    await plantOne('10-1', event(4))
    await caughtUp(note)
    verifyEqual(
      [...seen.keys()].slice(3),
      ['10-1'],
      'The checkpoint was at 10-0, and 10-1 came in the same millisecond. The next catchUp should hand over that one: behind `10-0` begins with `(10-0`, not with the next millisecond.',
    )
  })

  test('passes over what it does not know', async () => {
    await plantOne('0-1', event(1, 'USER_REGISTERED'))
    await caughtUp()
    verifyEqual(
      await found(),
      { model: {}, checkpoint: '0-1' },
      'No event of the log means anything to the handler. Nothing changes, and the checkpoint should move past them all the same: else they are read again for ever, and when a page holds nothing else, what stands behind it is never reached.',
    )
    await plant(1, 2)
    await plantOne('3-0', event(3, 'USER_REGISTERED'))
    await plantOne('4-0', event(4, 'ORDER_SHIPPED'))
    await plantOne('5-0', event(5, 'PAYMENT_RECEIVED'))
    await caughtUp()
    verifyEqual(
      await found(),
      { model: { count: '2', valueCents: '3', shipped: '1' }, checkpoint: '5-0' },
      'Events that mean nothing to the handler should change nothing, and the checkpoint should move past them: else they are read again for ever.',
    )
  })

  test('reads 520 events in pages', async () => {
    await plant(1, 520)
    // Saving after every event is slow, and allowed.
    await call('catchUp', () => projection().catchUp(), { seconds: 40 })
    const most = largestReply(box.commands)
    verifyEqual(
      await found(),
      { model: { count: '520', valueCents: '135460' }, checkpoint: '520-0' },
      'A log of 520 events should be handled to its end, each event once. A COUNT brings one page: go on behind it.',
    )
    verify(
      most <= 501,
      `catchUp fetched ${most} entries with one command. Redis serves nobody else while it puts that reply together: read pages with COUNT 500.`,
      { expected: 'at most 501', received: most },
    )
  })

  test('goes on after a page that means nothing', async () => {
    const fields = (n: number, eventType: string) => pairs({ ...event(n), eventType })
    await plantLongStream(box.admin, LOG, {
      page: 500,
      fields: (n) => fields(n, 'ORDER_CREATED'),
      leftOut: (n) => fields(n, 'USER_REGISTERED'),
    })
    // Saving after every event is slow, and allowed.
    await call('catchUp', () => projection().catchUp(), { seconds: 40 })
    verifyEqual(
      await found(),
      { model: { count: '460', valueCents: '122555' }, checkpoint: '7-1010' },
      `A log of 1,010 events from one millisecond (7-1 to 7-1010) should be handled to its end, each event once; one in ten of the first 500 and all of the next 500 mean nothing to the handler. A COUNT brings one page: go on after it.${pagingFault(box.commands)}`,
    )
  })

  test('is right after a crash', async () => {
    await everyCrash({
      name: 'catchUp',
      prepare: () => plant(1, 3),
      run: (redis) => projection(redis).catchUp(),
      verify: async ({ last }) => {
        await call('catchUp', () => projection(box.connect()).catchUp())
        verifyEqual(
          await found(),
          { model: { count: '3', valueCents: '6' }, checkpoint: '3-0' },
          `catchUp died after its ${last}, and was run again. Every event should be in the sums once.`,
        )
      },
    })
  })

  test('is right when two run', async () => {
    await everyInterleaving({
      name: 'catchUp',
      prepare: () => plant(1, 2),
      first: (redis) => projection(redis).catchUp(),
      second: async (redis) => {
        await projection(redis).catchUp()
        await plant(3, 3)
      },
      verify: async ({ first, second, held, after }) => {
        for (const outcome of [first, second]) {
          verify(
            outcome.ok,
            'Two processes caught up at the same time, and one of them failed. Nothing is wrong: when saveCheckpoint says false, begin again from the checkpoint.',
            { received: !outcome.ok && outcome.error },
          )
        }
        await call('catchUp', () => projection(box.connect()).catchUp())
        verifyEqual(
          await found(),
          { model: { count: '3', valueCents: '6' }, checkpoint: '3-0' },
          `Two processes caught up at the same time: the second came between the ${after ?? 'start'} and the ${held ?? 'end'} of the first. Every event should be in the sums once. When saveCheckpoint says false, nothing was saved: read the checkpoint again and go on from there.`,
        )
      },
    })
  })

  test('goes on when somebody else has moved the checkpoint', async () => {
    await everyInterleaving({
      name: 'catchUp',
      prepare: () => plant(1, 4),
      first: (redis) => projection(redis).catchUp(),
      second: async () => {
        if (!['0-0', '1-0'].includes((await found()).checkpoint)) return
        await box.admin.multi().set(CHECKPOINT, '2-0').hset(MODEL, { count: 2, valueCents: 3 }).exec()
      },
      verify: async ({ first }) => {
        verify(first.ok, 'Somebody else moved the checkpoint while catchUp was at work, and it failed.', {
          received: !first.ok && first.error,
        })
        verifyEqual(
          await found(),
          FOUR,
          'While catchUp was at work, another process handled events 1 and 2 and moved the checkpoint. catchUp should read the checkpoint again and go on from there to the end of the log, not give up.',
        )
      },
    })
  })

  test('keeps sums and checkpoint together when a handler throws', async () => {
    await plant(1, 6)
    const trouble = new Error('no price for order-4')
    let mended = false
    const orders = projection(box.redis, (one, id) => {
      if (one.payload.n === 4 && !mended) throw trouble
      return byNumber(one, id)
    })
    const outcome = await attempt('catchUp', () => orders.catchUp())
    verify(
      !outcome.ok && outcome.error === trouble,
      'A handler threw, and catchUp did not reject with that error. Whoever goes on without the event has a sum with a hole, and nobody knows.',
      { received: outcome.ok ? 'catchUp resolved' : outcome.error },
    )
    mended = true
    await call('catchUp', () => orders.catchUp())
    verifyEqual(
      await found(),
      { model: { count: '6', valueCents: '21' }, checkpoint: '6-0' },
      'A handler threw at event 4; it was mended, and catchUp of the same projection was run again. Every event should be in the sums once: what was worked out for the failed run must not be saved with the next.',
    )
  })

  test('stops at a change that is no number', async () => {
    await plant(1, 6)
    const error = await callError(
      'catchUp',
      () =>
        projection(box.redis, (one, id) =>
          one.payload.n === 4 ? { count: 1, valueCents: Number.NaN } : byNumber(one, id),
        ).catchUp(),
      InvalidChangeError,
      'A handler returned NaN for one event, and catchUp did not reject with the InvalidChangeError of saveCheckpoint.',
    )
    verifyEqual(error.field, 'valueCents', 'The InvalidChangeError should name the field.')
    await caughtUp()
    verifyEqual(
      await found(),
      { model: { count: '6', valueCents: '21' }, checkpoint: '6-0' },
      'A handler returned NaN at event 4; it was mended, and catchUp was run again. Every event should be in the sums once.',
    )
  })

  test('stops at an entry that is no event', async () => {
    await plant(1, 2)
    await box.admin.xadd(LOG, '3-0', 'eventType', 'ORDER_CREATED')
    await plant(4, 4)
    const error = await callError(
      'catchUp',
      () => projection().catchUp(),
      Error,
      'One entry of the log is no event, and catchUp went on. A sum with a hole is a wrong sum: let the error of fromEntry through.',
    )
    verifyEqual(
      error.name,
      'MalformedEntryError',
      'An entry that is no event should stop catchUp with the MalformedEntryError of fromEntry: it says which entry it is.',
    )
  })
})

describe('rebuild', () => {
  const rebuilt = (handler?: Handler) => call('rebuild', () => projection(box.redis, handler).rebuild())

  test('counts every event once', async () => {
    await plantHandled(12, 12)
    await gettingOn(rebuilt)
    const { model, checkpoint } = await found()
    verify(
      model.count !== '24',
      'There are 12 orders in the log, and after the rebuild the count is 24: the events were handled again and added to the old sums. The read model has to go together with the checkpoint.',
      { expected: TWELVE.model, received: model },
    )
    verifyEqual(
      { model, checkpoint },
      TWELVE,
      'After a rebuild the sums should hold every event of the log once, and the checkpoint stand at the last entry.',
    )
  })

  test('begins where nothing is', async () => {
    await plant(1, 12)
    await rebuilt()
    verifyEqual(await found(), TWELVE, 'A rebuild without a read model and a checkpoint should make both.')
    await box.admin.del(CHECKPOINT)
    await rebuilt()
    verifyEqual(
      await found(),
      TWELVE,
      'Somebody had deleted the checkpoint alone, and rebuild added all events to the old sums. Clear the read model in any case, wherever the checkpoint is.',
    )
  })

  test('makes what the handler says now', async () => {
    await plantHandled(12, 12)
    await box.admin.hset(MODEL, { refunds: 3 })
    await rebuilt(() => ({ orders: 1 }))
    verifyEqual(
      await found(),
      { model: { orders: '12' }, checkpoint: '12-0' },
      'After a rebuild the read model should hold only what the handler of today makes. Here a field of an older version is still there: delete the hash, do not set fields to 0.',
    )
  })

  for (const [next, goOn] of [
    ['catchUp', (redis: Redis) => projection(redis).catchUp()],
    ['rebuild', (redis: Redis) => projection(redis).rebuild()],
  ] as const) {
    test(`can be broken off, and ${next} completes it`, async () => {
      await everyCrash({
        name: 'rebuild',
        prepare: () => plantHandled(4, 4),
        run: (redis) => projection(redis).rebuild(),
        verify: async ({ last, sent }) => {
          await call(next, () => goOn(box.connect()))
          const { model, checkpoint } = await found()
          verifyEqual(
            { model, checkpoint },
            FOUR,
            `A rebuild died after its ${sent === 0 ? 'start' : last}, then ${next} ran. The numbers are wrong: the read model and the checkpoint have to be cleared in one step, and be moved in one step.`,
          )
        },
      })
    })
  }

  for (const [who, first, second] of [
    [
      'a catchUp',
      (redis: Redis) => projection(redis).catchUp(),
      (redis: Redis) => projection(redis).rebuild(),
    ],
    [
      'a rebuild',
      (redis: Redis) => projection(redis).rebuild(),
      (redis: Redis) => projection(redis).catchUp(),
    ],
    [
      'another rebuild',
      (redis: Redis) => projection(redis).rebuild(),
      (redis: Redis) => projection(redis).rebuild(),
    ],
  ] as const) {
    test(`is right in the middle of ${who}`, async () => {
      await everyInterleaving({
        name: 'rebuild',
        prepare: () => plantHandled(4, 2),
        first,
        second,
        verify: async ({ first: one, second: two, held, after }) => {
          for (const outcome of [one, two]) {
            verify(
              outcome.ok,
              'A rebuild ran in the middle of other work, and one of the two failed. Neither needs to: whoever finds the checkpoint moved begins again from there.',
              { received: !outcome.ok && outcome.error },
            )
          }
          verifyEqual(
            await found(),
            FOUR,
            `Two ran at the same time, one of them a rebuild: it came in between the ${after ?? 'start'} and the ${held ?? 'end'} of ${who}. Whoever has worked out changes may save them only if the checkpoint is still exactly where it was when the events were read.`,
          )
        },
      })
    })
  }

  test('leaves others alone', async () => {
    await plantHandled(12, 12)
    await box.admin.set('checkpoint:mails', '8-0')
    await box.admin.hset('stats:mails', { sent: 8 })
    await rebuilt()
    verifyEqual(
      [
        await box.admin.get('checkpoint:mails'),
        await box.admin.hgetall('stats:mails'),
        await box.admin.xlen(LOG),
        (await box.admin.keys('*:*')).filter((key) => !key.startsWith('eventlings:')).sort(),
      ],
      [
        '8-0',
        { sent: '8' },
        12,
        ['checkpoint:mails', 'checkpoint:orders', 'stats:mails', 'stats:orders', 'stream:events'],
      ],
      'A rebuild should touch its own read model and its own checkpoint only, and leave no other keys behind.',
    )
    await staysOpen('rebuild')
  })
})
