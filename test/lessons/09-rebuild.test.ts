/** Long, because each sentence a learner may read is kept next to the code that judges it. */
import { isDeepStrictEqual } from 'node:util'
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  afterReply,
  attempt,
  call,
  callError,
  code,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  largestReply,
  pagingFault,
  passesOnWrongType,
  plantLongStream,
  sharedWatch,
  useSandbox,
  verify,
  verifyEqual,
  withRival,
  words,
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

/** Adds events number `from` to `to`, all ORDER_CREATED, with the IDs `1-0`, `2-0`, … as lesson 05 stores them. */
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

/** Event number n adds 1 to the count and n cents, so that a sum shows which events it includes. */
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

const otherKeys = async () =>
  (await box.admin.keys('*')).filter(
    (key) => ![LOG, MODEL, CHECKPOINT].includes(key) && !key.startsWith('eventlings:'),
  )

/** The result for 12 events of 1 to 12 cents. */
const TWELVE = { model: { count: '12', valueCents: '78' }, checkpoint: '12-0' }

/** The result for 4 events of 1 to 4 cents: races and crashes have many rounds, and each starts from scratch. */
const FOUR = { model: { count: '4', valueCents: '10' }, checkpoint: '4-0' }

/** Adds what earlier runs left: all events up to `handled` are included. */
async function plantHandled(events: number, handled: number): Promise<void> {
  await plant(1, events)
  await box.admin.hset(MODEL, { count: handled, valueCents: (handled * (handled + 1)) / 2 })
  await box.admin.set(CHECKPOINT, `${handled}-0`)
}

/** Calls `catchUp`, and after each of its replies in turn appends a fourth event and calls `second` on the same object. */
async function whileCatchingUp(
  name: 'catchUp' | 'rebuild',
  second: (orders: EventProjection) => Promise<void>,
  diagnosis: string,
  missed: { readonly state: Awaited<ReturnType<typeof found>>; readonly diagnosis: string },
): Promise<void> {
  for (let n = 1, isOver = false; !isOver; n += 1) {
    await box.admin.del(LOG, MODEL, CHECKPOINT)
    await plant(1, 3)
    let other: ReturnType<typeof attempt<void>> | undefined
    let working: Promise<void> | undefined
    const work = async () => {
      await plant(4, 4)
      other = attempt(name, () => second(orders))
      await Promise.race([other, box.roundTrips(5)]) // a call that waits for the first one can't end yet
    }
    const redis = afterReply(box.connect(), n, () => {
      working = work()
      return working
    })
    const orders = projection(redis)
    await call('catchUp', () => orders.catchUp())
    await working // `catchUp` may resolve without this reply
    const outcome = await other
    isOver = outcome === undefined
    if (outcome === undefined) continue
    await call(name, () => (outcome.ok ? outcome.value : Promise.reject(outcome.error)))
    verifyEqual(await found(), FOUR, diagnosis, [
      [(state) => isDeepStrictEqual(state, missed.state), missed.diagnosis],
    ])
  }
}

async function staysOpen(method: string): Promise<void> {
  verify(
    box.redis.status !== 'end' && box.redis.status !== 'close',
    `\`${method}\` closed the connection that was passed in. That connection belongs to the caller, who still needs it, so close only connections that you opened.`,
  )
  await call("GET on the caller's connection", () => box.redis.get('something'))
}

/** `byNumber`, until it gets the same entry for the fourth time with no other process at work: then the reading is stuck. */
async function gettingOn(work: (handler: Handler) => Promise<void>): Promise<void> {
  const times = new Map<string, number>()
  let again: string | undefined
  const handler: Handler = (one, id) => {
    const seen = (times.get(one.eventId) ?? 0) + 1
    times.set(one.eventId, seen)
    if (seen < 4) return byNumber(one, id)
    again = `${one.payload.n}-0`
    throw new Error(`The entry ${again} was passed to the handler for the fourth time`)
  }
  try {
    await work(handler)
  } finally {
    verify(
      again === undefined,
      `The handler received the entry \`${again}\` again and again, although no other process was running. The start of \`XRANGE\` is inclusive, so a page from \`${again}\` begins with \`${again}\` itself and the loop never reaches the end of the log. Add a parenthesis to start after it: \`(${again}\`.`,
    )
  }
}

describe('orderStatistics', () => {
  const run = async (one: DomainEvent): Promise<Changes> => {
    const changes = await call('orderStatistics', () => [orderStatistics(one)])
    verify(
      !(changes[0] instanceof Promise),
      `\`orderStatistics\` returned a promise. It only calculates the changes, so it shouldn't be async: return them directly.`,
    )
    verify(
      typeof changes[0] === 'object' && changes[0] !== null,
      `\`orderStatistics\` should return an object with what \`${one.eventType}\` adds to each field.`,
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
    verifyEqual(changes.count, 1, '`ORDER_CREATED` should add 1 to `count`.')
    verify(
      Number.isInteger(changes.valueCents),
      '`valueCents` should be a whole number of cents. With decimals, a sum drifts: 1,000 times 49.99 comes to 49989.99999999999958433.',
      { expected: 10_996, received: changes.valueCents },
    )
    verifyEqual(
      changes,
      { count: 1, valueCents: 10_996 },
      'Three cups at 1999 cents and a lamp at 4999 cents are 10996 cents: quantity times `unitCents`, added up over all lines.',
    )
    verifyEqual(
      await run(event(2, 'ORDER_CREATED', { lines: [] })),
      { count: 1 },
      'An order without lines counts as an order and adds 0 cents.',
    )
    const voucher = { sku: 'voucher', quantity: 1, unitCents: -500 }
    verifyEqual(
      await run(event(3, 'ORDER_CREATED', { lines: [...lines, voucher, voucher] })),
      { count: 1, valueCents: 9_996 },
      'An order had two vouchers, each of which is a line with a negative price, here -500 cents. Add up all lines, whatever their sign, even if two of them are the same.',
    )
  })

  test('counts shipped orders', async () => {
    verifyEqual(
      await run(event(1, 'ORDER_SHIPPED')),
      { shipped: 1 },
      '`ORDER_SHIPPED` should add 1 to `shipped` and change nothing else.',
    )
  })

  test('adds nothing for other events', async () => {
    for (const type of ['ORDER_CANCELLED', 'ORDER_SHIPPED_BACK', 'USER_REGISTERED']) {
      verifyEqual(
        await run(event(1, type, { lines })),
        {},
        `\`${type}\` doesn't affect these numbers, so \`orderStatistics\` should return \`{}\`. Compare the full type name.`,
      )
    }
  })

  test('returns the same each time', async () => {
    const one = event(1, 'ORDER_CREATED', { lines })
    const before = JSON.stringify(one)
    await run(one)
    verifyEqual(
      await run(one),
      { count: 1, valueCents: 10_996 },
      'For the same event, the handler returned different changes the second time. A handler must not keep any state: it returns what one event adds, and every rebuild runs it again.',
    )
    verify(
      JSON.stringify(one) === before,
      'The handler changed the event that was passed in. Other code may read that event later.',
    )
  })
})

describe('saveCheckpoint', () => {
  const save = (from: string, to: string, changes: Changes, redis = box.redis) =>
    projection(redis).saveCheckpoint(from, to, changes)
  const saved = (from: string, to: string, changes: Changes) =>
    call('saveCheckpoint', () => save(from, to, changes))

  test('getCheckpoint returns the position', async () => {
    verifyEqual(
      await call('getCheckpoint', () => projection().getCheckpoint()),
      '0-0',
      "If the key doesn't exist, `getCheckpoint` should return `0-0`, the position before the first entry.",
    )
    await box.admin.set(CHECKPOINT, '1772355600123-7')
    verifyEqual(
      await call('getCheckpoint', () => projection().getCheckpoint()),
      '1772355600123-7',
      '`getCheckpoint` should return the whole ID from `checkpoint:<name>`.',
    )
  })

  test('adds the changes and moves the checkpoint', async () => {
    const first = await saved('0-0', '3-0', { count: 3, valueCents: 1_500 })
    verifyEqual(
      await found(),
      { model: { count: '3', valueCents: '1500' }, checkpoint: '3-0' },
      'After `saveCheckpoint`, the changes should be in the hash `stats:orders`, and `3-0` in `checkpoint:orders`.',
    )
    verifyEqual(first, true, 'After saving, `saveCheckpoint` should resolve to `true`.')
    const less = await attempt('saveCheckpoint', () =>
      save('3-0', '5-0', { count: 2, valueCents: -500, shipped: 1 }),
    )
    verify(
      less.ok || !(less.error instanceof InvalidChangeError),
      "`saveCheckpoint` refused a change of -500. That's a whole number, too: a refund makes a sum smaller.",
      { expected: true, received: less.ok || less.error },
    )
    await call('saveCheckpoint', () => (less.ok ? less.value : Promise.reject(less.error)))
    verifyEqual(
      await found(),
      { model: { count: '5', valueCents: '1000', shipped: '1' }, checkpoint: '5-0' },
      'The second changes should be added to the first, because `changes` contains amounts to add, not new values.',
    )
    verifyEqual(
      [await saved('5-0', '9-0', {}), (await found()).checkpoint],
      [true, '9-0'],
      'With `{}` as its changes, `saveCheckpoint` should still move the checkpoint and return `true`.',
    )
    const zero = await attempt('saveCheckpoint', () => save('9-0', '10-0', { count: 1, valueCents: 0 }))
    verify(
      !zero.ok || zero.value !== false,
      'The checkpoint was at `9-0`, but `saveCheckpoint` from `9-0` to `10-0` returned `false`. It should only compare the checkpoint with `from`: as a string, `10-0` comes before `9-0`.',
      { expected: true, received: false },
    )
    verify(
      zero.ok && zero.value === true,
      "`saveCheckpoint` refused a change of 0. That's a whole number, too, and a handler may name fields that don't change. (`!by` is true for both 0 and `NaN`; `Number.isSafeInteger(by)` tells them apart.)",
      { expected: true, received: zero.ok ? zero.value : zero.error },
    )
    verifyEqual(
      (await found()).model,
      { count: '6', valueCents: '1000', shipped: '1' },
      'A change of 0 should leave its field as it is, and the other changes should still be added.',
    )
    await saved('10-0', '11-0', { valueCents: 1_234_567_890_123_456 })
    verifyEqual(
      (await found()).model.valueCents,
      '1234567890124456',
      'A change of 1234567890123456 was added to 1000, and the sum should be exact to the last digit. `HINCRBY` adds whole numbers; Lua shows only 14 digits of a number that it turns into a string.',
    )
  })

  test('keeps the keys for good', async () => {
    await saved('0-0', '3-0', { count: 3 })
    verifyEqual(
      [await box.admin.ttl(CHECKPOINT), await box.admin.ttl(MODEL)],
      [-1, -1],
      '`saveCheckpoint` set a key to expire. If only the checkpoint expires, every event is counted again; if only the sums do, they start from nothing in the middle of the log. Set no expiration.',
    )
  })

  test('treats a stored 0-0 like a missing checkpoint', async () => {
    await box.admin.set(CHECKPOINT, '0-0')
    verifyEqual(
      [await saved('0-0', '3-0', { count: 3 }), await found()],
      [true, { model: { count: '3' }, checkpoint: '3-0' }],
      "The checkpoint was stored as `0-0`, and `saveCheckpoint` from `0-0` didn't save. A stored `0-0` means the same as a missing key; if it's refused, `catchUp` reads the first page forever.",
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
          `The process died after its \`${last}\`. The change is in the sums, but the checkpoint says that it isn't, so after a restart the event is counted again. Do both in one step.`,
          { received: { model, checkpoint } },
        )
        verify(
          !moved || !added.includes(false),
          `The process died after its \`${last}\`. The checkpoint has moved, but the change isn't in the sums, so the event will never be counted. Do both in one step.`,
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
        `\`saveCheckpoint\` was called with \`${from}\` as \`from\`, but the checkpoint is ${at === undefined ? 'not set' : `at \`${at}\``}, because another process changed it in the meantime. \`saveCheckpoint\` saved anyway. Compare first, and change nothing if the checkpoint is anywhere else.`,
      )
      verifyEqual(
        result,
        false,
        'If the checkpoint is somewhere else, `saveCheckpoint` should resolve to `false`, so that the caller can tell that it has to read again.',
      )
    })
  }

  for (const [sameConnection, sameObject] of [
    [false, false],
    [true, false],
    [true, true],
  ] as const) {
    test(`lets one of two win${sameConnection ? ` on one ${sameObject ? 'object' : 'connection'}` : ''}`, async () => {
      let watched = false
      let orders: EventProjection | undefined
      const saveOne = (redis: Redis) => {
        if (!sameObject) return save('3-0', '4-0', { count: 1 }, redis)
        orders ??= projection(redis)
        return orders.saveCheckpoint('3-0', '4-0', { count: 1 })
      }
      await everyInterleaving({
        name: 'saveCheckpoint',
        sameConnection,
        prepare: async () => {
          orders = undefined
          await box.admin.hset(MODEL, { count: 3 })
          await box.admin.set(CHECKPOINT, '3-0')
        },
        first: saveOne,
        second: saveOne,
        verify: async ({ first, second, held, after }) => {
          watched ||= sharedWatch(box.commands) !== ''
          const won = [first, second].filter((outcome) => outcome.ok && outcome.value).length
          verifyEqual(
            { won, ...(await found()) },
            { won: 1, model: { count: '4' }, checkpoint: '4-0' },
            sameConnection && watched
              ? sameObject
                ? "Two calls on one object saved from the same checkpoint at the same time, and exactly one should win. A `WATCH` belongs to a connection, so one call's `EXEC` ended the other call's watch. Open a connection for each call that uses `WATCH`, or use a script."
                : "Two calls saved from the same checkpoint at the same time on one connection, and exactly one should win. A `WATCH` belongs to a connection, so one caller's `EXEC` ended the other caller's watch. Use `WATCH` on a `redis.duplicate()`, or use a script."
              : `Two calls saved the changes of the same event at the same time: the second one ran between the first one's ${code(after, 'start')} and ${code(held, 'end')}. Exactly one should win, and the event should be counted once. Compare and write in one step.`,
          )
        },
      })
    })
  }

  test('lets one of two win when nothing changes', async () => {
    const saveNothing = (redis: Redis) => save('3-0', '4-0', {}, redis)
    await everyInterleaving({
      name: 'saveCheckpoint',
      prepare: async () => void (await box.admin.set(CHECKPOINT, '3-0')),
      first: saveNothing,
      second: saveNothing,
      verify: async ({ first, second, held, after }) => {
        verifyEqual(
          [first, second].filter((outcome) => outcome.ok && outcome.value).length,
          1,
          `Two calls saved from \`3-0\` with \`{}\` as their changes: the second one ran between the first one's ${code(after, 'start')} and ${code(held, 'end')}. Exactly one should return \`true\`, even if nothing in the read model changes. Only the checkpoint shows that another call has saved.`,
        )
      },
    })
  })

  test('adds to the sums that are there when it saves', async () => {
    await everyInterleaving({
      name: 'saveCheckpoint',
      prepare: async () => {
        await box.admin.hset(MODEL, { count: 3 })
        await box.admin.set(CHECKPOINT, '3-0')
      },
      first: (redis) => save('4-0', '5-0', { count: 1 }, redis),
      second: (redis) => save('3-0', '4-0', { count: 1 }, redis),
      verify: async ({ first, second, held, after }) => {
        const events = 3 + [first, second].filter((outcome) => outcome.ok && outcome.value).length
        verifyEqual(
          await found(),
          { model: { count: `${events}` }, checkpoint: `${events}-0` },
          `A call saved from \`4-0\`, and between its ${code(after, 'start')} and ${code(held, 'end')}, another one saved from \`3-0\` to \`4-0\`. Each change that was saved should be in the sum once. Add to the sum in the step that compares the checkpoint, because a sum that you've read earlier may be out of date by then.`,
        )
      },
    })
  })

  test('closes what it opens and nothing else', async () => {
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
      'After three calls to `saveCheckpoint`, a connection that your code opened is still open. After an hour of events, the server accepts no more connections. Close it in a `finally`, whether the call saves or not.',
      { expected: words('no more connections than before'), received: words(`${open} more`) },
    )
    await staysOpen('saveCheckpoint')
  })

  for (const [value, shown] of [
    [Number.NaN, 'NaN'],
    [0.5, '0.5'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [undefined, 'undefined'],
    ['7', 'the string "7"'],
  ] as const) {
    test(`refuses ${shown} as a change`, async () => {
      await box.admin.hset(MODEL, { count: 3 })
      await box.admin.set(CHECKPOINT, '3-0')
      const changes = { count: 1, valueCents: value, shipped: 1 } as Changes
      const error = await callError(
        'saveCheckpoint',
        () => save('3-0', '4-0', changes),
        InvalidChangeError,
        `\`saveCheckpoint\` was called to add ${shown} to \`valueCents\` and didn't refuse it with an \`InvalidChangeError\`. In a \`MULTI\`, Redis refuses that one command and runs the others, so the checkpoint moves and the sum is missing an event.`,
      )
      verify(
        error.field === 'valueCents' && Object.is(error.value, value),
        'The `InvalidChangeError` should carry the field and the value, so that you can find the handler that returned them.',
        { expected: { field: 'valueCents', value }, received: { field: error.field, value: error.value } },
      )
      verifyEqual(
        await found(),
        { model: { count: '3' }, checkpoint: '3-0' },
        '`saveCheckpoint` refused a change, but it had already written others. Check all of them first.',
      )
    })
  }

  test('keeps two projections on one connection apart', async () => {
    const emails = new EventProjection(box.redis, {
      name: 'emails',
      stream: LOG,
      readModel: 'stats:emails',
      handler: () => ({ sent: 1 }),
    })
    const orders = projection()
    const results = [
      await call('saveCheckpoint', () => emails.saveCheckpoint('0-0', '3-0', { sent: 3 })),
      await call('saveCheckpoint', () => orders.saveCheckpoint('0-0', '2-0', { count: 2 })),
      await call('saveCheckpoint', () => emails.saveCheckpoint('3-0', '4-0', { sent: 1 })),
    ]
    verifyEqual(
      [
        results,
        await found(),
        await box.admin.hgetall('stats:emails'),
        await call('getCheckpoint', () => emails.getCheckpoint()),
      ],
      [[true, true, true], { model: { count: '2' }, checkpoint: '2-0' }, { sent: '4' }, '4-0'],
      'Two projections, `emails` and `orders`, were created with the same connection, and both saved. Each should use its own checkpoint and its own read model. A command that you define on a connection belongs to the connection and not to the object, so pass the keys with each call.',
    )
  })

  test('passes on errors from Redis', async () => {
    await passesOnWrongType('getCheckpoint', CHECKPOINT, () => projection().getCheckpoint())
    await passesOnWrongType('saveCheckpoint', CHECKPOINT, () => save('0-0', '1-0', { count: 1 }))
    await passesOnWrongType('saveCheckpoint', MODEL, () => save('0-0', '1-0', { count: 1 }))
  })
})

describe('catchUp', () => {
  const caughtUp = (handler?: Handler) => call('catchUp', () => projection(box.redis, handler).catchUp())

  test('handles the whole log', async () => {
    await plant(1, 12)
    await gettingOn(caughtUp)
    verifyEqual(
      await found(),
      TWELVE,
      'The log has 12 events worth 1 to 12 cents. After `catchUp`, `count` should be 12, `valueCents` should be 78, and the checkpoint should be at the last entry.',
    )
    await caughtUp()
    verifyEqual(
      await found(),
      TWELVE,
      'A second `catchUp` without new events in the log should change nothing.',
    )
  })

  test('starts after the checkpoint', async () => {
    await plantHandled(12, 5)
    await caughtUp()
    verifyEqual(
      await found(),
      TWELVE,
      "The checkpoint says that events 1 to 5 were handled earlier, so `catchUp` should start with event 6. The start of `XRANGE` is inclusive unless there's a parenthesis in front of it.",
      [
        [
          ({ checkpoint }) => checkpoint === '5-0',
          'The checkpoint was at `5-0` and the log ends at `12-0`, but `catchUp` handled none of events 6 to 12. Read the checkpoint and what comes after it from Redis. If you compare IDs, compare their two numbers, because as a string, `5-0` comes after `12-0`.',
        ],
      ],
    )
  })

  test('does nothing when there is no log', async () => {
    await caughtUp()
    verifyEqual(
      await found(),
      { model: {}, checkpoint: '0-0' },
      "There's no log, so `catchUp` should change nothing.",
    )
  })

  test('reaches the end of a log with deleted entries', async () => {
    await plant(1, 5)
    await box.admin.xdel(LOG, '1-0', '3-0', '5-0')
    await caughtUp()
    verifyEqual(
      await found(),
      { model: { count: '2', valueCents: '6' }, checkpoint: '4-0' },
      'Entries `1-0`, `3-0`, and `5-0` were deleted from the log, so `catchUp` should handle the other two, and the checkpoint should be at `4-0`, the last entry that is still there.',
    )
    await box.admin.del(LOG, MODEL, CHECKPOINT)
    await plantHandled(4, 2)
    await box.admin.xdel(LOG, '2-0')
    await caughtUp()
    verifyEqual(
      await found(),
      FOUR,
      'The checkpoint was at `2-0`, and that entry was then deleted from the log. `catchUp` should handle events 3 and 4. If a page begins at the checkpoint itself, its first entry may already be the next one, so start after the checkpoint: `(2-0`.',
    )
  })

  test('passes the event and its ID to the handler', async () => {
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
      "A handler was called without the ID of the entry. It needs the ID to find out the event's position in the log.",
    )
    verifyEqual(
      [...seen],
      [
        ['7-0', event(1)],
        ['7-1', event(2)],
        ['10-0', event(3, 'ORDER_SHIPPED', { by: 'post' })],
      ],
      'The handler should be called with each event and the ID of its entry, in the order of the log. The entries were `7-0`, `7-1`, and `10-0`.',
    )
    await plantOne('10-1', event(4))
    await caughtUp(note)
    verifyEqual(
      [...seen.keys()].slice(3),
      ['10-1'],
      'The checkpoint was at `10-0`, and `10-1` was added in the same millisecond. The next `catchUp` should handle that entry: to start after `10-0`, use `(10-0`, not the next millisecond.',
    )
  })

  test('skips events that change nothing', async () => {
    await plantOne('0-1', event(1, 'USER_REGISTERED'))
    await caughtUp()
    verifyEqual(
      await found(),
      { model: {}, checkpoint: '0-1' },
      "The handler returns no changes for any event in the log. So the read model stays empty, but the checkpoint should move past them anyway. Otherwise, they're read again every time, and after a whole page of them, the next events are never reached.",
    )
    await plant(1, 2)
    await plantOne('3-0', event(3, 'USER_REGISTERED'))
    await plantOne('4-0', event(4, 'ORDER_SHIPPED'))
    await plantOne('5-0', event(5, 'PAYMENT_RECEIVED'))
    await caughtUp()
    verifyEqual(
      await found(),
      { model: { count: '2', valueCents: '3', shipped: '1' }, checkpoint: '5-0' },
      "Events for which the handler returns no changes should change nothing, but the checkpoint should move past them. Otherwise, they're read again every time.",
    )
  })

  test('adds up a field with any name', async () => {
    await plant(1, 2)
    const outcome = await attempt('catchUp', () => projection(box.redis, () => ({ toString: 1 })).catchUp())
    verifyEqual(
      [outcome.ok || outcome.error, await found()],
      [true, { model: { toString: '2' }, checkpoint: '2-0' }],
      'The handler adds 1 to a field named `toString` for each of two events. An object made with `{}` already has a `toString`, so a sum kept in one starts with a function instead of 0. Keep the sums in a `Map`.',
    )
    await box.admin.del(CHECKPOINT, MODEL)
    await caughtUp(() => ({ count: 1, ['__proto__']: 1 }))
    verifyEqual(
      (await box.admin.hkeys(MODEL)).sort(),
      ['__proto__', 'count'],
      'The handler adds 1 to `count` and 1 to a field named `__proto__`, and that field is missing in the read model. In an object made with `{}`, an assignment to `__proto__` creates no field. Keep the sums in a `Map`.',
    )
  })

  test("leaves the handler's object as it is", async () => {
    await plant(1, 4)
    const one = { count: 1 }
    await caughtUp(() => one)
    verifyEqual(
      [one, (await found()).model],
      [{ count: 1 }, { count: '4' }],
      'The handler returns the same object, `{ count: 1 }`, for each of four events, and `catchUp` should count four. `Changes` is read-only, so keep the sums in a `Map` of your own instead of adding to an object that the handler returned.',
    )
  })

  test('reads 520 events in pages', async () => {
    await plant(1, 520)
    // Saving after every event is slow, but allowed.
    await call('catchUp', () => projection().catchUp(), { seconds: 40 })
    const most = largestReply(box.commands)
    verifyEqual(
      await found(),
      { model: { count: '520', valueCents: '135460' }, checkpoint: '520-0' },
      '`catchUp` should handle all 520 events in the log, each once. With `COUNT`, a command returns one page, so continue after the last ID of each page.',
    )
    verify(
      most <= 501,
      `\`catchUp\` fetched ${most} entries with one command. While Redis builds that reply, it can't serve any other client, so read pages with \`COUNT 500\`.`,
      { expected: words('at most 501'), received: most },
    )
  })

  test('continues after a page that changes nothing', async () => {
    const fields = (n: number, eventType: string) => pairs({ ...event(n), eventType })
    await plantLongStream(box.admin, LOG, {
      page: 500,
      fields: (n) => fields(n, 'ORDER_CREATED'),
      leftOut: (n) => fields(n, 'USER_REGISTERED'),
    })
    // Saving after every event is slow, but allowed.
    await call('catchUp', () => projection().catchUp(), { seconds: 40 })
    verifyEqual(
      await found(),
      { model: { count: '460', valueCents: '122555' }, checkpoint: '7-1010' },
      `\`catchUp\` should handle all 1,010 events of a log from one millisecond (\`7-1\` to \`7-1010\`), each once. For one in ten of the first 500 and all of the next 500, the handler returns no changes. With \`COUNT\`, a command returns one page, so continue after it.${pagingFault(box.commands)}`,
    )
  })

  test('is right after a crash', async () => {
    await everyCrash({
      name: 'catchUp',
      prepare: () => plant(1, 3),
      run: (redis) => projection(redis).catchUp(),
      verify: async ({ last }) => {
        verifyEqual(
          await otherKeys(),
          [],
          `\`catchUp\` died after its \`${last}\` and left another key behind. If that's a lock, the next call waits for a process that's gone. Write only the read model and the checkpoint: the comparison in \`saveCheckpoint\` keeps two processes apart.`,
        )
        await call('catchUp', () => projection(box.connect()).catchUp())
        verifyEqual(
          await found(),
          { model: { count: '3', valueCents: '6' }, checkpoint: '3-0' },
          `\`catchUp\` died after its \`${last}\` and was run again. Every event should be in the sums once.`,
        )
      },
    })
  })

  test('is right when two processes run it', async () => {
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
            "Two processes caught up at the same time, and one of them failed. Losing this race isn't an error: when `saveCheckpoint` returns `false`, start over from the checkpoint.",
            { received: !outcome.ok && outcome.error },
          )
        }
        await call('catchUp', () => projection(box.connect()).catchUp())
        verifyEqual(
          await found(),
          { model: { count: '3', valueCents: '6' }, checkpoint: '3-0' },
          `Two processes caught up at the same time, and the second one ran between the first one's ${code(after, 'start')} and ${code(held, 'end')}. Every event should be in the sums once. When \`saveCheckpoint\` returns \`false\`, nothing was saved: read the checkpoint again and continue from there.`,
        )
      },
    })
  })

  test('continues when another process has moved the checkpoint', async () => {
    await everyInterleaving({
      name: 'catchUp',
      prepare: () => plant(1, 4),
      first: (redis) => projection(redis).catchUp(),
      second: async () => {
        if (!['0-0', '1-0'].includes((await found()).checkpoint)) return
        await box.admin.multi().set(CHECKPOINT, '2-0').hset(MODEL, { count: 2, valueCents: 3 }).exec()
      },
      verify: async ({ first }) => {
        verify(
          first.ok,
          'Another process moved the checkpoint while `catchUp` was running, and `catchUp` failed. Read the checkpoint again and continue from there.',
          {
            received: !first.ok && first.error,
          },
        )
        verifyEqual(
          await found(),
          FOUR,
          'While `catchUp` was running, another process handled events 1 and 2 and moved the checkpoint. `catchUp` should read the checkpoint again and continue from there to the end of the log instead of giving up.',
        )
      },
    })
  })

  test('is right however often another process is faster', async () => {
    await plant(1, 24)
    let handled = 0
    const rival = withRival(box.connect(), CHECKPOINT, async () => {
      if ((await found()).checkpoint !== `${handled}-0`) return
      handled += 1
      const sums = { count: handled, valueCents: (handled * (handled + 1)) / 2 }
      await box.admin.multi().set(CHECKPOINT, `${handled}-0`).hset(MODEL, sums).exec()
    })
    const outcome = await attempt('catchUp', () => projection(rival.redis).catchUp())
    verify(
      outcome.ok,
      "Another process handled one event after the other, so the checkpoint kept moving while `catchUp` was running, and `catchUp` gave up. Don't limit the number of attempts, because `saveCheckpoint` returns `false` only if another process has made progress.",
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      await found(),
      { model: { count: '24', valueCents: '300' }, checkpoint: '24-0' },
      'Another process handled one event after the other while `catchUp` was running, and the numbers are wrong. Every event should be in the sums once. When `saveCheckpoint` returns `false`, read the checkpoint again, however often that happens.',
    )
  })

  test('keeps sums and checkpoint together when a handler throws', async () => {
    await plant(1, 6)
    const trouble = new Error('no price for order-4')
    let fixed = false
    const orders = projection(box.redis, (one, id) => {
      if (one.payload.n === 4 && !fixed) throw trouble
      return byNumber(one, id)
    })
    const outcome = await attempt('catchUp', () => orders.catchUp())
    verify(
      !outcome.ok && outcome.error === trouble,
      "A handler threw an error, and `catchUp` didn't reject with that error. If you continue without the event, the sum has a hole that no one notices.",
      { received: outcome.ok ? 'catchUp resolved' : outcome.error },
    )
    fixed = true
    await call('catchUp', () => orders.catchUp())
    verifyEqual(
      await found(),
      { model: { count: '6', valueCents: '21' }, checkpoint: '6-0' },
      'A handler threw an error at event 4, the handler was fixed, and `catchUp` of the same projection was run again. Every event should be in the sums once, so changes from the failed run must not be saved with the next one.',
      [
        [
          ({ model }) => model.count === '5' && model.valueCents === '17',
          "A handler threw an error at event 4, the handler was fixed, and `catchUp` was run again, but event 4 isn't in the sums. The checkpoint had moved past it. Leave the checkpoint before an event whose handler failed, so that the next run handles that event.",
        ],
      ],
    )
  })

  test("stops at a change that isn't a number", async () => {
    await plant(1, 6)
    const error = await callError(
      'catchUp',
      () =>
        projection(box.redis, (one, id) =>
          one.payload.n === 4 ? { count: 1, valueCents: Number.NaN } : byNumber(one, id),
        ).catchUp(),
      InvalidChangeError,
      "A handler returned `NaN` for one event, and `catchUp` didn't reject with the `InvalidChangeError` from `saveCheckpoint`.",
    )
    verifyEqual(error.field, 'valueCents', 'The `InvalidChangeError` should name the field.')
    await caughtUp()
    verifyEqual(
      await found(),
      { model: { count: '6', valueCents: '21' }, checkpoint: '6-0' },
      'A handler returned `NaN` at event 4, the handler was fixed, and `catchUp` was run again. Every event should be in the sums once.',
    )
  })

  test("stops at an entry that isn't an event", async () => {
    await plant(1, 2)
    await box.admin.xadd(LOG, '3-0', 'eventType', 'ORDER_CREATED')
    await plant(4, 4)
    const error = await callError(
      'catchUp',
      () => projection().catchUp(),
      Error,
      "One entry in the log isn't an event, but `catchUp` continued. A sum that's missing an event is wrong, so let the error from `fromEntry` through.",
    )
    verifyEqual(
      error.name,
      'MalformedEntryError',
      "An entry that isn't an event should stop `catchUp` with the `MalformedEntryError` from `fromEntry`, which says which entry it is.",
    )
  })

  test('is right when one object gets two calls', () =>
    whileCatchingUp(
      'catchUp',
      (orders) => orders.catchUp(),
      "While a `catchUp` was running, `catchUp` was called again on the same object. After both had finished, the numbers were wrong. Every event should be in the sums once. When `saveCheckpoint` returns `false`, read again from the current checkpoint, and keep a call's page and sums in local variables.",
      {
        state: { model: { count: '3', valueCents: '6' }, checkpoint: '3-0' },
        diagnosis:
          "While a `catchUp` was running, a fourth event was appended, and then `catchUp` was called again on the same object. After both had finished, that event wasn't in the sums. The first call may have read the end of the log already, so the second one has to read it again: don't skip it, and don't return the promise of the first.",
      },
    ))

  test('reads the checkpoint on every call', async () => {
    await plant(1, 4)
    const orders = projection()
    await call('catchUp', () => orders.catchUp())
    await box.admin.del(CHECKPOINT, MODEL)
    await call('catchUp', () => orders.catchUp())
    verifyEqual(
      await found(),
      FOUR,
      "A `catchUp` had finished, then the rebuild of another process deleted the read model and the checkpoint and died. When `catchUp` was called again on the same object, it didn't start at the first event. Read the checkpoint from Redis on every call instead of keeping it in the object.",
    )
  })

  test('passes on errors from Redis', async () => {
    await passesOnWrongType('catchUp', LOG, () => projection().catchUp())
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
      'There are 12 orders in the log, but after the rebuild the count is 24: the events were handled again and added to the old sums. Delete the read model together with the checkpoint.',
      { expected: TWELVE.model, received: model },
    )
    verifyEqual(
      { model, checkpoint },
      TWELVE,
      'After a rebuild, the sums should contain every event in the log once, and the checkpoint should be at the last entry.',
    )
  })

  test('starts without a read model and a checkpoint', async () => {
    await plant(1, 12)
    await rebuilt()
    verifyEqual(
      await found(),
      TWELVE,
      'When neither the read model nor the checkpoint exists, a rebuild should create both.',
    )
    await box.admin.del(CHECKPOINT)
    await rebuilt()
    verifyEqual(
      await found(),
      TWELVE,
      "Only the checkpoint had been deleted, and `rebuild` added all events to the old sums. Always delete the read model, even if there's no checkpoint.",
    )
  })

  test('uses the current handler', async () => {
    await plantHandled(12, 12)
    await box.admin.hset(MODEL, { refunds: 3 })
    await rebuilt(() => ({ orders: 1 }))
    verifyEqual(
      await found(),
      { model: { orders: '12' }, checkpoint: '12-0' },
      'After a rebuild, the read model should only contain what the current handler returns. Here, a field from an older version is still there: delete the hash instead of setting its fields to 0.',
    )
  })

  test('empties the read model if the log is empty', async () => {
    await box.admin.hset(MODEL, { count: 3 })
    await box.admin.set(CHECKPOINT, '3-0')
    await rebuilt()
    verifyEqual(
      await found(),
      { model: {}, checkpoint: '0-0' },
      'The log was empty, for example because it was restored without its events, and the old sums survived a rebuild. They should be the sums of all events in the log, so nothing should be left.',
    )
  })

  test('passes on errors', async () => {
    await plantHandled(4, 4)
    const trouble = new Error('no price for order-3')
    const outcome = await attempt('rebuild', () =>
      projection(box.redis, (one, id) => {
        if (one.payload.n === 3) throw trouble
        return byNumber(one, id)
      }).rebuild(),
    )
    verify(
      !outcome.ok && outcome.error === trouble,
      "A handler threw an error during a rebuild, and `rebuild` didn't reject with that error. The caller would mistake partial sums for complete ones.",
      { received: outcome.ok ? 'rebuild resolved' : outcome.error },
    )
    await passesOnWrongType('rebuild', LOG, () => projection().rebuild())
  })

  for (const [next, goOn] of [
    ['catchUp', (redis: Redis) => projection(redis).catchUp()],
    ['rebuild', (redis: Redis) => projection(redis).rebuild()],
  ] as const) {
    test(`can be interrupted, and ${next} completes it`, async () => {
      await everyCrash({
        name: 'rebuild',
        prepare: () => plantHandled(4, 4),
        run: (redis) => projection(redis).rebuild(),
        verify: async ({ last, sent }) => {
          const died = `A rebuild died after its ${code(sent === 0 ? undefined : last, 'start')}`
          verifyEqual(
            await otherKeys(),
            [],
            `${died} and left another key behind. Write only the read model and the checkpoint. You don't need a lock, because the comparison in \`saveCheckpoint\` keeps two processes apart.`,
          )
          await call(next, () => goOn(box.connect()))
          const { model, checkpoint } = await found()
          verifyEqual(
            { model, checkpoint },
            FOUR,
            `${died}, and then \`${next}\` ran, but the numbers are wrong. Delete the read model and the checkpoint in one step, and update them in one step.`,
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
        prepare: async () => {
          await plantHandled(4, 2)
          await box.admin.hset(MODEL, { refunds: 3 })
        },
        first,
        second,
        verify: async ({ first: one, second: two, held, after }) => {
          for (const outcome of [one, two]) {
            verify(
              outcome.ok,
              'A rebuild ran in the middle of another call, and one of the two failed. Neither should fail: if the checkpoint has moved, start over from there.',
              { received: !outcome.ok && outcome.error },
            )
          }
          verifyEqual(
            await found(),
            FOUR,
            `Two calls ran at the same time, one of them a rebuild, and the numbers are wrong: the other call ran between the ${code(after, 'start')} and the ${code(held, 'end')} of ${who}. Save changes only if the checkpoint is still exactly where it was when the events were read.`,
            [
              [
                ({ model }) => model.refunds === '3',
                `Two calls ran at the same time, one of them a rebuild, and a field from before the rebuild is still there: the other call ran between the ${code(after, 'start')} and the ${code(held, 'end')} of ${who}. A rebuild should delete the read model and the checkpoint even if another process has just changed them.`,
              ],
            ],
          )
        },
      })
    })
  }

  test('keeps an event that another process handles in the meantime', async () => {
    await everyInterleaving({
      name: 'rebuild',
      prepare: () => plantHandled(3, 3),
      first: (redis) => projection(redis).rebuild(),
      second: async (redis) => {
        await plant(4, 4)
        await projection(redis).catchUp()
      },
      verify: async ({ first, second, held, after }) => {
        for (const outcome of [first, second]) {
          verify(outcome.ok, 'A `catchUp` ran in the middle of a rebuild, and one of the two failed.', {
            received: !outcome.ok && outcome.error,
          })
        }
        verifyEqual(
          await found(),
          FOUR,
          `Between the ${code(after, 'start')} and the ${code(held, 'end')} of a rebuild, a fourth event was appended, and another process caught up with it. After both had finished, the sums and the checkpoint didn't include that event. Save the sums of a rebuild only if the checkpoint is still where it was when the events were read, as \`saveCheckpoint\` does.`,
        )
      },
    })
  })

  test('is not lost when it dies', async () => {
    // An older version of the code wrote these sums, so they show whether the rebuild was completed.
    const old = { model: { count: '8', valueCents: '20' }, checkpoint: '4-0' }
    let hasBegun = false
    await everyCrash({
      name: 'rebuild',
      prepare: async () => {
        hasBegun = false
        await plant(1, 4)
        await box.admin.hset(MODEL, old.model)
        await box.admin.set(CHECKPOINT, old.checkpoint)
      },
      run: (redis) =>
        projection(redis, (one, id) => {
          hasBegun = true
          return byNumber(one, id)
        }).rebuild(),
      verify: async ({ last }) => {
        if (!hasBegun) return // The old sums may still be there: only another rebuild can delete them.
        await call('catchUp', () => projection(box.connect()).catchUp())
        const { model, checkpoint } = await found()
        verifyEqual(
          { model, checkpoint },
          FOUR,
          `A rebuild had already called the handler when it died after its \`${last}\`, and then \`catchUp\` ran, but the numbers aren't those of the current handler, so the rebuild is lost. Delete the read model and the checkpoint before you handle the first event. Then any \`catchUp\` completes the rebuild.`,
        )
      },
    })
  })

  test('is not lost when a handler throws', async () => {
    await plantHandled(4, 4)
    await box.admin.hset(MODEL, { refunds: 3 })
    let fixed = false
    const orders = projection(box.redis, (one, id) => {
      if (one.payload.n === 3 && !fixed) throw new Error('no price for order-3')
      return byNumber(one, id)
    })
    await attempt('rebuild', () => orders.rebuild())
    fixed = true
    await call('catchUp', () => orders.catchUp())
    verifyEqual(
      await found(),
      FOUR,
      "A handler threw an error during a rebuild, the handler was fixed, and `catchUp` was called, but the numbers aren't those of a complete rebuild. An error interrupts a rebuild like a crash: leave the read model and the checkpoint as they are at that point, so that `catchUp` can complete it.",
    )
  })

  test('is right while the same object is catching up', async () => {
    await whileCatchingUp(
      'rebuild',
      (orders) => orders.rebuild(),
      'While a `catchUp` was running, `rebuild` was called on the same object. After both had finished, the numbers were wrong. Save changes only if the checkpoint is still exactly where it was when the events were read, and if it has moved, read the page again, because a rebuild moves it back.',
      {
        state: { model: {}, checkpoint: '0-0' },
        diagnosis:
          "While a `catchUp` was running, `rebuild` was called on the same object. After both had finished, the read model was empty. The `catchUp` may have read the end of the log before `rebuild` deleted anything, so `rebuild` has to read the log itself: waiting for a call that was already running isn't enough.",
      },
    )
    for (const handled of [0, 2]) {
      for (let n = 1, isOver = false; !isOver; n += 1) {
        await box.admin.del(LOG, MODEL, CHECKPOINT)
        await plantHandled(4, handled)
        let deleting: Promise<unknown> | undefined
        const redis = afterReply(box.connect(), n, async () => {
          deleting = box.admin.del(MODEL, CHECKPOINT)
          await deleting
        })
        await call('catchUp', () => projection(redis).catchUp())
        await deleting
        isOver = deleting === undefined
        await call('catchUp', () => projection(box.connect()).catchUp())
        verifyEqual(
          await found(),
          FOUR,
          'While a `catchUp` was running, another process started a rebuild: it deleted the read model and the checkpoint, and then it died. After this `catchUp` and another one, the numbers were wrong. Save changes only if the checkpoint is still exactly where it was when the events were read, and if it has moved, read the page again, because a rebuild moves it back.',
        )
      }
    }
  })

  test('leaves other keys alone', async () => {
    await plantHandled(12, 12)
    await box.admin.set('checkpoint:emails', '8-0')
    await box.admin.hset('stats:emails', { sent: 8 })
    await box.admin.set('checkpoint:orders-by-day', '8-0')
    await box.admin.hset('stats:orders-by-day', { monday: 8 })
    await rebuilt()
    verifyEqual(
      [
        await box.admin.get('checkpoint:emails'),
        await box.admin.hgetall('stats:emails'),
        await box.admin.xlen(LOG),
        (await box.admin.keys('*:*')).filter((key) => !key.startsWith('eventlings:')).sort(),
      ],
      [
        '8-0',
        { sent: '8' },
        12,
        [
          'checkpoint:emails',
          'checkpoint:orders',
          'checkpoint:orders-by-day',
          'stats:emails',
          'stats:orders',
          'stats:orders-by-day',
          'stream:events',
        ],
      ],
      'A rebuild should touch only its own read model and its own checkpoint, and leave no other keys behind.',
    )
    await staysOpen('rebuild')
  })
})
