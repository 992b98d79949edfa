import { describe, test } from 'vitest'
import {
  attempt,
  call,
  code,
  everyCrash,
  everyInterleaving,
  type Outcome,
  passesOnErrors,
  passesOnWrongType,
  sharedWatch,
  useSandbox,
  verify,
  verifyEqual,
  withRival,
  words,
} from '#kit'
import type { Fact } from '#lesson/17-order-process'
import { expireOrders, forward, nextSteps, runProcess, runService } from '#lesson/17-order-process'

const box = useSandbox()

const BUS = 'bus:orders'
const PROCESS = 'process:order-1'
const clock = () => new Date('2026-03-01T09:05:00.000Z')
const tooLate = () => new Date('2026-03-01T09:15:00.000Z')
const muchTooLate = () => new Date('2026-03-01T10:00:00.000Z')
const MOST = '18446744073709551615'
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

type Event = Parameters<typeof nextSteps>[0][number]

/** Creates an event whose ID ends in `n`. All events have the correlation ID `request-1`. */
function event(n: number, eventType: string, payload: Event['payload'] = {}, entityId = 'order-1'): Event {
  return {
    eventId: `0b7f3a52-6f0a-4c1e-9d3b-${String(n).padStart(12, '0')}`,
    timestamp: '2026-03-01T09:00:00.000Z',
    eventType,
    entityId,
    payload,
    metadata: { correlationId: 'request-1' },
  }
}

const CREATED = event(1, 'ORDER_CREATED', { customerId: 'ada', lines: [], taxCents: 700 })
const PAID = event(2, 'PAYMENT_RECEIVED', { amountCents: 7_697 })
const RESERVED = event(3, 'STOCK_RESERVED')
const REJECTED = event(4, 'STOCK_REJECTED', { sku: 'book' })
const CONFIRMED = event(5, 'ORDER_CONFIRMED')
const CANCELLED = event(6, 'ORDER_CANCELLED', { reason: 'out of stock' })
const REFUNDED = event(7, 'REFUND_REQUESTED', { amountCents: 7_697 })

const confirm: Fact = { eventType: 'ORDER_CONFIRMED', payload: {} }
const cancel = (reason: string): Fact => ({ eventType: 'ORDER_CANCELLED', payload: { reason } })
const refund = (amountCents: number): Fact => ({ eventType: 'REFUND_REQUESTED', payload: { amountCents } })

async function publish(...events: readonly Event[]): Promise<void> {
  for (const one of events) await box.admin.xadd(BUS, '*', 'event', JSON.stringify(one))
}

/** Writes the history that another process of the manager has already recorded. */
async function record(...events: readonly Event[]): Promise<void> {
  for (const [i, one] of events.entries()) {
    await box.admin.xadd(PROCESS, `${i + 1}-0`, 'event', JSON.stringify(one))
  }
}

async function eventsIn(key: string): Promise<Event[]> {
  return (await box.admin.xrange(key, '-', '+')).map(([, fields]) => {
    try {
      return JSON.parse(fields[fields.indexOf('event') + 1] ?? '')
    } catch {
      return event(0, `an entry without a readable field "event": ${fields.join(' ').slice(0, 80)}`)
    }
  })
}

const typesIn = async (key = BUS) => (await eventsIn(key)).map(({ eventType }) => eventType)
const count = (types: readonly string[], type: string) => types.filter((one) => one === type).length

async function pending(group: string): Promise<number> {
  const groups = (await box.admin.xinfo('GROUPS', BUS)) as unknown[][]
  const mine = groups.find((one) => one[one.indexOf('name') + 1] === group)
  return mine === undefined ? -1 : Number(mine[mine.indexOf('pending') + 1])
}

async function steps(history: readonly Event[], now: Date, expected: readonly Fact[], why: string) {
  const before = [...history]
  verifyEqual(await call('nextSteps', () => nextSteps(history, now)), expected, why)
  verify(
    history.length === before.length && history.every((one, i) => one === before[i]),
    '`nextSteps` changed the array that it received. `sort`, `reverse`, and `push` change an array in place, and the caller still uses it, so copy it first.',
    { received: history.map(({ eventType }) => eventType) },
  )
}

describe('nextSteps', () => {
  test('waits for both, then confirms', async () => {
    const now = clock()
    await steps(
      [CREATED],
      now,
      [],
      'The only event is `ORDER_CREATED`. `nextSteps` should return `[]`, because the order is still waiting for payment and stock.',
    )
    await steps(
      [CREATED, PAID],
      now,
      [],
      "The order is paid, but the stock service hasn't answered yet. `nextSteps` should return `[]` and wait.",
    )
    await steps(
      [CREATED, RESERVED],
      now,
      [],
      "The stock is reserved, but the order isn't paid yet. `nextSteps` should return `[]` and wait.",
    )
    await steps(
      [CREATED, PAID, RESERVED],
      now,
      [confirm],
      'The order is paid and the stock is reserved. `nextSteps` should confirm the order.',
    )
    await steps(
      [CREATED, PAID, RESERVED, CONFIRMED],
      now,
      [],
      'The order is already confirmed. `nextSteps` should return `[]` and not confirm it again.',
    )
  })

  test('cancels and refunds when there is no stock', async () => {
    await steps(
      [CREATED, REJECTED],
      clock(),
      [cancel('out of stock')],
      'There is no stock, and nothing was paid. `nextSteps` should cancel the order.',
    )
    await steps(
      [CREATED, PAID, REJECTED],
      clock(),
      [cancel('out of stock'), refund(7_697)],
      'The order was paid, and then there was no stock. `nextSteps` should cancel it and refund the 7,697 cents.',
    )
    for (const history of [
      [CREATED, PAID, RESERVED, REJECTED],
      [CREATED, REJECTED, PAID, RESERVED],
    ]) {
      await steps(
        history,
        clock(),
        [cancel('out of stock'), refund(7_697)],
        'The stock was reserved and also rejected (a shelf broke). Rule 4 comes before rule 5, so `STOCK_REJECTED` decides: cancel the order and refund the money.',
      )
    }
    await steps(
      [CREATED, PAID, RESERVED, CONFIRMED, REJECTED],
      clock(),
      [],
      'The order was confirmed, and `STOCK_REJECTED` came after that. Rule 3 comes before rule 4, so `nextSteps` should return `[]`.',
    )
  })

  test("doesn't rely on the order of two services", async () => {
    const why =
      'Payment and stock are two services, so either of them may answer first. Check which events are there, not which came last.'
    await steps(
      [CREATED, RESERVED, PAID],
      clock(),
      [confirm],
      `\`STOCK_RESERVED\` came before the payment. ${why}`,
    )
    await steps(
      [CREATED, REJECTED, PAID],
      clock(),
      [cancel('out of stock'), refund(7_697)],
      `\`STOCK_REJECTED\` came before the payment. ${why}`,
    )
    await steps(
      [PAID, REJECTED],
      clock(),
      [],
      `Without \`ORDER_CREATED\`, there's nothing to decide yet. ${why}`,
    )
    for (const history of [
      [CANCELLED, PAID],
      [PAID, RESERVED],
      [CONFIRMED, PAID],
    ]) {
      const types = history.map(({ eventType }) => `\`${eventType}\``).join(' and ')
      await steps(
        history,
        tooLate(),
        [],
        `The history has only ${types}. Rule 1 comes first: without \`ORDER_CREATED\`, \`nextSteps\` should return \`[]\`.`,
      )
    }
    await steps(
      [PAID, REJECTED, CREATED],
      clock(),
      [cancel('out of stock'), refund(7_697)],
      `\`ORDER_CREATED\` came last. ${why}`,
    )
  })

  test('refunds a late payment once', async () => {
    await steps(
      [CREATED, REJECTED, CANCELLED, PAID],
      clock(),
      [refund(7_697)],
      'A payment came after the order was canceled. `nextSteps` should refund the money without canceling the order again.',
    )
    await steps(
      [CREATED, PAID, REJECTED, event(8, 'PAYMENT_RECEIVED', { amountCents: 500 })],
      clock(),
      [cancel('out of stock'), refund(8_197)],
      'The customer paid 7,697 and 500 cents. `nextSteps` should request one refund of the whole amount due, 8,197 cents.',
    )
    await steps(
      [CREATED, PAID, REJECTED, CANCELLED, REFUNDED],
      clock(),
      [],
      'The order is canceled and its refund is already requested, but `nextSteps` compensated a second time. It should return `[]`.',
    )
    await steps(
      [CREATED, PAID, REJECTED, CANCELLED, REFUNDED, event(8, 'PAYMENT_RECEIVED', { amountCents: 500 })],
      clock(),
      [refund(500)],
      'The customer paid 7,697 and 500 cents, and a refund of 7,697 is requested. That leaves 500 to refund.',
    )
    await steps(
      [CREATED, PAID, REJECTED, CANCELLED, event(8, 'REFUND_REQUESTED', { amountCents: 8_000 })],
      clock(),
      [],
      'The customer paid 7,697 cents, and a refund of 8,000 is requested. No refund is due, so `nextSteps` should return `[]`. A refund of -303 would take money from the customer.',
    )
    const issued = event(8, 'REFUND_ISSUED', { amountCents: 7_697 })
    await steps(
      [
        CREATED,
        PAID,
        REJECTED,
        CANCELLED,
        REFUNDED,
        issued,
        event(9, 'PAYMENT_RECEIVED', { amountCents: 500 }),
      ],
      clock(),
      [refund(500)],
      'The customer paid 7,697 and 500 cents. A refund of 7,697 was requested, and the payment service issued it. That leaves 500 to refund: `REFUND_ISSUED` is the answer to `REFUND_REQUESTED`, so only one of the two counts.',
    )
    await steps(
      [CREATED, PAID, CANCELLED, event(8, 'REFUND_ISSUED', { amountCents: 500 })],
      clock(),
      [refund(7_697)],
      "The customer paid 7,697 cents, no refund was requested, and there's a `REFUND_ISSUED` of 500. `nextSteps` should request 7,697: the amount due is what was paid minus what was requested, and events of other types don't matter.",
    )
    await steps(
      [CREATED, CANCELLED, event(8, 'PAYMENT_RECEIVED', { amountCents: 6_000_000_000 })],
      clock(),
      [refund(6_000_000_000)],
      'The customer paid 6,000,000,000 cents. `nextSteps` should request all of it. Operators such as `| 0` cut a number to 32 bits.',
    )
    await steps(
      [CREATED, PAID, RESERVED, CONFIRMED, event(9, 'ORDER_CANCELLED', { reason: 'customer' })],
      clock(),
      [refund(7_697)],
      'The customer canceled a confirmed order. `nextSteps` should still refund the money.',
    )
  })

  test('stops waiting at the deadline', async () => {
    const before = new Date('2026-03-01T09:14:59.999Z')
    await steps(
      [CREATED],
      before,
      [],
      'One millisecond before the deadline, the order should still wait: `nextSteps` should return `[]`.',
    )
    await steps(
      [CREATED],
      tooLate(),
      [cancel('timeout')],
      'After exactly 15 minutes with no answer from payment or stock, `nextSteps` should cancel the order with the reason `timeout`. The current time is the argument `now`.',
    )
    await steps(
      [CREATED, PAID],
      tooLate(),
      [cancel('timeout'), refund(7_697)],
      "The order was paid, but the stock service hasn't answered for 15 minutes. `nextSteps` should cancel the order and refund the money.",
    )
    await steps(
      [CREATED, PAID, RESERVED],
      tooLate(),
      [confirm],
      'Payment and stock both answered, although late. Rule 5 comes before rule 6, so `nextSteps` should confirm the order.',
    )
    await steps(
      [CREATED, PAID, RESERVED, CONFIRMED],
      tooLate(),
      [],
      'A confirmed order has no deadline, so `nextSteps` should return `[]`.',
    )
    await steps(
      [{ ...CREATED, timestamp: '2026-03-01T10:00:00+01:00' }],
      tooLate(),
      [cancel('timeout')],
      'The order was created 15 minutes ago, by a program whose timestamps have a time zone, `2026-03-01T10:00:00+01:00`. Compare times, not strings: `Date.parse` returns milliseconds.',
    )
    const paidLate = { ...PAID, timestamp: '2026-03-01T09:14:00.000Z' }
    for (const history of [
      [CREATED, paidLate],
      [paidLate, CREATED],
    ]) {
      await steps(
        history,
        tooLate(),
        [cancel('timeout'), refund(7_697)],
        'The order was created 15 minutes ago and paid one minute ago. Count the deadline from the timestamp of `ORDER_CREATED`, wherever that event is in the history.',
      )
    }
  })
})

const stock = { group: 'stock', consumer: 'stock-1' }
const react = ({ eventType }: Event): readonly Fact[] =>
  eventType === 'ORDER_CREATED' ? [{ eventType: 'STOCK_RESERVED', payload: { shelf: 'A 3' } }] : []
const runStock = (redis = box.redis) => runService(redis, stock, react, clock)

/** Fails with the error of the call to `runService` that rejected, if one did. */
async function bothResolve(...outcomes: readonly Outcome<number>[]): Promise<void> {
  for (const one of outcomes) await call('runService', () => (one.ok ? one.value : Promise.reject(one.error)))
}

/** Fails if the code waits for new entries. Pending entries are never waited for. */
function returnsWithoutWaiting(name: string): void {
  const waits = box.commands.find(
    ({ args }) => args.some((arg) => /^BLOCK$/i.test(arg)) && args.at(-1) === '>',
  )
  verify(
    waits === undefined,
    `\`${name}\` read new entries with \`BLOCK\`, so it waits for more when there are none. It should resolve when nothing is left. Read without \`BLOCK\`.`,
    { received: waits && [waits.name, ...waits.args].join(' ') },
  )
}

/** Puts the event on the bus with the last possible ID; fails unless the error about the next entry reaches the caller. */
async function passesOnFullBus(name: string, last: Event, run: () => Promise<number>): Promise<void> {
  await box.admin.del(BUS)
  await box.admin.xadd(BUS, `${MOST}-${MOST}`, 'event', JSON.stringify(last))
  const outcome = await attempt(name, run)
  verify(
    !outcome.ok,
    `Redis refused an \`XADD\` to \`bus:orders\` with an error (the last entry has the largest possible ID), and \`${name}\` resolved. Expected it to reject with that error. In a script, use \`redis.call\`: \`redis.pcall\` returns an error as a value.`,
    { received: outcome },
  )
  await box.admin.del(BUS)
}

describe('runService', () => {
  test('puts the reaction on the bus', async () => {
    await publish(CREATED, event(2, 'PAYMENT_RECEIVED', { amountCents: 1 }))
    const handled = await call('runService', () => runStock())
    const [, , made] = await eventsIn(BUS)
    verify(
      made !== undefined,
      'Two events were on the bus before the service first started, and `runService` added no reaction to them. Create the group at `0`, so that it includes what is already there, and read new entries with `>`.',
    )
    verifyEqual(
      [made.eventType, made.entityId, made.payload, made.timestamp],
      ['STOCK_RESERVED', 'order-1', { shelf: 'A 3' }, '2026-03-01T09:05:00.000Z'],
      'The reaction should be an event like the ones in lesson 01, with the type and payload of the fact, the `entityId` of the event that caused it, and the current time from `clock`.',
    )
    verify(UUID.test(made.eventId), 'The new event should have a new UUID as its `eventId`.', {
      received: made.eventId,
    })
    verifyEqual(
      made.metadata,
      { correlationId: 'request-1', causationId: '0b7f3a52-6f0a-4c1e-9d3b-000000000001' },
      'The metadata should show where the event comes from. Copy the `correlationId` of the event that caused it, and use the `eventId` of that event as the `causationId`.',
    )
    verifyEqual(
      handled,
      3,
      '`runService` should handle entries until nothing is left and resolve to 3: two events, and its own new one, which gets no reaction.',
    )
    verifyEqual(await pending('stock'), 0, 'All three entries should be acknowledged in the group `stock`.')
    returnsWithoutWaiting('runService')
    const trims = box.commands.find(({ args }) =>
      args.some((arg) => /^(MAXLEN|MINID)$|['"](MAXLEN|MINID)['"]/i.test(arg.replace(/--.*/g, ''))),
    )
    verify(
      trims === undefined,
      "`runService` trims a stream as it writes. Another service may not have read the oldest entries of the bus yet, so don't remove any.",
    )
  })

  test('copies nothing else from the metadata', async () => {
    const metadata = { correlationId: 'request-1', causationId: 'click-1', userId: 'ada' }
    await publish({ ...CREATED, metadata })
    await call('runService', () => runStock())
    verifyEqual(
      (await eventsIn(BUS))[1]?.metadata,
      { correlationId: 'request-1', causationId: '0b7f3a52-6f0a-4c1e-9d3b-000000000001' },
      'The event had a `userId` and a `causationId` of its own. The metadata of the reaction should be exactly `{ correlationId, causationId }`, because the event caused the reaction, not the user.',
    )
  })

  test('writes the payload as it is', async () => {
    await publish(CREATED)
    const payload = { sku: 'book', shelves: [], kilograms: 0.1 + 0.2 }
    const reacts: typeof react = ({ eventType }) =>
      eventType === 'ORDER_CREATED' ? [{ eventType: 'STOCK_REJECTED', payload }] : []
    await call('runService', () => runService(box.redis, stock, reacts, clock))
    verifyEqual(
      (await eventsIn(BUS))[1]?.payload,
      payload,
      "The payload of the event should be the payload of the fact. Pass a script the finished JSON: Lua's `cjson` turns an empty list into an object and rounds numbers.",
    )
  })

  test('reads the clock for each event', async () => {
    await publish(...[21, 22, 23].map((n) => event(n, 'ORDER_CREATED')))
    let now = clock()
    const slow: typeof react = (one) => {
      now = new Date(now.getTime() + 60_000)
      return react(one)
    }
    await call('runService', () => runService(box.redis, stock, slow, () => now))
    const times = (await eventsIn(BUS)).slice(3).map(({ timestamp }) => timestamp)
    verifyEqual(
      new Set(times).size,
      3,
      '`react` took a minute for each of three events, but their reactions have the same timestamp. A call to `runService` may take a long time, so read `clock` again for each event.',
    )
  })

  test('starts a correlation if the event has none', async () => {
    await publish({ ...CREATED, metadata: {} })
    await call('runService', () => runStock())
    verifyEqual(
      (await eventsIn(BUS))[1]?.metadata,
      {
        correlationId: '0b7f3a52-6f0a-4c1e-9d3b-000000000001',
        causationId: '0b7f3a52-6f0a-4c1e-9d3b-000000000001',
      },
      'The event had no `correlationId`, so its own `eventId` should be the `correlationId` of the events it causes.',
    )
  })

  test('has a group of its own', async () => {
    await publish(CREATED)
    await call('runService', () => runStock())
    const other = { group: 'mail', consumer: 'mail-1' }
    const seen: string[] = []
    const watch = ({ eventType }: Event) => {
      seen.push(eventType)
      return []
    }
    await call('runService', () => runService(box.connect(), other, watch, clock))
    verifyEqual(
      seen,
      ['ORDER_CREATED', 'STOCK_RESERVED'],
      'A second service (group `mail`) should see every event on the bus once, in order, no matter what the first service has handled.',
    )
    const payment = { group: 'payment', consumer: 'payment-1' }
    const pay = ({ eventType }: Event): readonly Fact[] =>
      eventType === 'ORDER_CREATED'
        ? [{ eventType: 'PAYMENT_RECEIVED', payload: { amountCents: 7_697 } }]
        : []
    await call('runService', () => runService(box.connect(), payment, pay, clock))
    verifyEqual(
      await typesIn(),
      ['ORDER_CREATED', 'STOCK_RESERVED', 'PAYMENT_RECEIVED'],
      'The services `stock`, `mail`, and `payment` handled the same events, one after the other, and `payment` reacts to `ORDER_CREATED`, too. Its reaction should be on the bus. An event that one group has handled is new to the others, so keep separate marks for each group.',
    )
  })

  test('creates its group again', async () => {
    const redis = box.connect()
    await publish(CREATED)
    await call('runService', () => runStock(redis))
    await box.admin.del(BUS)
    await publish(event(8, 'ORDER_CREATED'))
    const outcome = await attempt('runService', () => runStock(redis))
    verifyEqual(
      [outcome.ok ? outcome.value : outcome.error, await typesIn()],
      [2, ['ORDER_CREATED', 'STOCK_RESERVED']],
      "Another program deleted the bus between two calls and put an event on it, so the group was gone, too. `runService` should create the group if it doesn't exist, in every call, and handle two entries: the event and its own reaction. (Received: what `runService` returned, and the events on the bus.)",
    )
  })

  test('survives a crash', async () => {
    await everyCrash({
      name: 'runService',
      prepare: () => publish(CREATED),
      run: (redis) => runStock(redis),
      verify: async ({ last, survived }) => {
        if (!survived) await call('runService', () => runStock(box.connect()))
        const types = await typesIn()
        verify(
          count(types, 'STOCK_RESERVED') <= 1,
          `The service died after its ${code(last, 'start')}, was restarted with the same names, and the stock was reserved twice for one order. Write the reaction, the mark, and the \`XACK\` in one step.`,
          { received: types },
        )
        verify(
          count(types, 'STOCK_RESERVED') === 1 && (await pending('stock')) === 0,
          `The service died after its ${code(last, 'start')} and was restarted with the same names, but its pending event was never finished. Read your own pending entries first (from \`0\`), then \`>\`, and acknowledge in the same step as the reaction.`,
          { received: types },
        )
      },
    })
  })

  test('reacts once to an event that is on the bus twice', async () => {
    await publish(CREATED, CREATED)
    const handled = await call('runService', () => runStock())
    verifyEqual(
      await typesIn(),
      ['ORDER_CREATED', 'ORDER_CREATED', 'STOCK_RESERVED'],
      'One event was on the bus twice with the same `eventId`, because its sender missed a reply and sent it again, and the service reacted twice. Store the `eventId` in the same step as the reaction.',
    )
    verifyEqual(
      await pending('stock'),
      0,
      'The duplicate should be acknowledged, too. Otherwise, it stays pending forever.',
    )
    verifyEqual(
      handled,
      3,
      'The bus had an event, its duplicate, and then the reaction. `runService` should resolve to 3, because a duplicate counts as handled.',
    )
  })

  test('reacts once when two processes have the same event pending', async () => {
    for (const sameConnection of [false, true]) {
      await everyInterleaving({
        name: 'runService',
        sameConnection,
        prepare: async (admin) => {
          await publish(CREATED, CREATED)
          await admin.xgroup('CREATE', BUS, 'stock', '0')
          await admin.xreadgroup('GROUP', 'stock', 'stock-1', 'COUNT', 1, 'STREAMS', BUS, '>')
          await admin.xreadgroup('GROUP', 'stock', 'stock-2', 'COUNT', 1, 'STREAMS', BUS, '>')
        },
        first: (redis) => runStock(redis),
        second: (redis) => runService(redis, { group: 'stock', consumer: 'stock-2' }, react, clock),
        verify: async ({ first, second, held }) => {
          await bothResolve(first, second)
          verifyEqual(
            count(await typesIn(), 'STOCK_RESERVED'),
            1,
            `One event was on the bus twice, and two consumers of one group each had one of its entries pending. Both reacted, because the first was held before its ${code(held, 'end')} while the second ran. Check the mark, set it, and write the reaction in one step.${sameConnection ? sharedWatch(box.commands) : ''}`,
          )
        },
      })
    }
  })

  test('starts twice at the same moment', async () => {
    await everyInterleaving({
      name: 'runService',
      prepare: () => publish(CREATED),
      first: (redis) => runStock(redis),
      second: (redis) => runService(redis, { group: 'stock', consumer: 'stock-2' }, react, clock),
      verify: async ({ first, second, held }) => {
        const failed = [first, second].find((one) => !one.ok && String(one.error).includes('BUSYGROUP'))
        verify(
          failed === undefined,
          `Two consumers of a new group started at the same time, and the second created the group before the first one's ${code(held, 'end')}. The first one failed with \`BUSYGROUP\`, although the group that it needs exists. Ignore that error, and no other.`,
          { received: failed?.ok === false && failed.error },
        )
        await bothResolve(first, second)
        verifyEqual(
          count(await typesIn(), 'STOCK_RESERVED'),
          1,
          'Two consumers of a new group started at the same time, and one event was on the bus. There should be one reaction.',
        )
      },
    })
  })

  test('reacts once when the bus is replayed', async () => {
    await publish(CREATED)
    await call('runService', () => runStock())
    for (const key of await box.admin.keys('*')) {
      verify(
        (await box.admin.ttl(key)) < 0,
        `\`runService\` finished, and its key \`${key}\` will expire someday. If the bus is replayed after that, the service reacts to old events again. Marks have to stay as long as the events do.`,
      )
    }
    await box.admin.xgroup('SETID', BUS, 'stock', '0')
    await call('runService', () => runStock())
    verifyEqual(
      await typesIn(),
      ['ORDER_CREATED', 'STOCK_RESERVED'],
      "The group was set back to the beginning (`XGROUP SETID … 0`), and the service reacted to old events again. An `XACK` doesn't survive a replay, but a mark for each `eventId` does.",
    )
  })

  test('handles its own pending entries, then new ones', async () => {
    const orders = [1, 2, 3, 4, 5].map((n) => ({ ...event(20 + n, 'ORDER_CREATED'), entityId: `order-${n}` }))
    await publish(...orders)
    await box.admin.xgroup('CREATE', BUS, 'stock', '0')
    const reads = (consumer: string, n: number) =>
      box.admin.xreadgroup('GROUP', 'stock', consumer, 'COUNT', n, 'STREAMS', BUS, '>')
    await reads('stock-1', 2)
    await reads('stock-2', 1)
    const seen: string[] = []
    const watch = ({ entityId }: Event) => {
      seen.push(entityId)
      return []
    }
    const handled = await call('runService', () => runService(box.redis, stock, watch, clock))
    verify(
      !seen.includes('order-3'),
      'Another consumer of the group, `stock-2`, had an entry pending, and `runService` handled it for `stock-1`. Leave the pending entries of others alone: that consumer may be working on it right now.',
      { received: seen },
    )
    verifyEqual(
      seen,
      ['order-1', 'order-2', 'order-4', 'order-5'],
      'Two entries were pending for this consumer from an earlier run, and two were new. `runService` should handle all of its pending entries first, and then all new ones, in bus order.',
    )
    verifyEqual(
      [handled, await pending('stock')],
      [4, 1],
      '`runService` should resolve to 4, and only the entry of the other consumer should still be pending (received: the result, and how many are pending).',
    )
  })

  test('handles all of its pending entries', async () => {
    const orders = Array.from({ length: 120 }, (_, n) => event(100 + n, 'ORDER_CREATED'))
    await publish(...orders)
    await box.admin.xgroup('CREATE', BUS, 'stock', '0')
    await box.admin.xreadgroup('GROUP', 'stock', 'stock-1', 'COUNT', 120, 'STREAMS', BUS, '>')
    await call('runService', () => runStock())
    const types = await typesIn()
    verifyEqual(
      [count(types, 'STOCK_RESERVED'), await pending('stock')],
      [120, 0],
      'This consumer had 120 pending entries, and `runService` left some of them unhandled (received: the reactions, and how many are pending). Each `XACK` shortens the list of pending entries, so read it from `0` until it is empty. Then continue with `>`.',
    )
  })

  test('passes on errors', async () => {
    await publish(CREATED)
    const trouble = new Error('no shelf for order-1')
    const outcome = await attempt('runService', () =>
      runService(
        box.redis,
        stock,
        () => {
          throw trouble
        },
        clock,
      ),
    )
    verify(
      !outcome.ok && outcome.error === trouble,
      "`react` threw an error, and `runService` didn't reject with that error. The event would be lost, and no one would know.",
      { received: outcome.ok ? 'it resolved' : outcome.error },
    )
    await call('runService', () => runStock())
    verifyEqual(
      await typesIn(),
      ['ORDER_CREATED', 'STOCK_RESERVED'],
      "`react` threw an error, the bug was fixed, and `runService` was called again with the same member, but the bus doesn't contain the reaction exactly once. An event is done only when its reaction has been written.",
    )
    await passesOnWrongType('runService', BUS, () => runStock())
    await passesOnErrors({
      name: 'runService',
      prepare: () => publish(CREATED),
      run: (redis) => runStock(redis),
      works: async () =>
        (await typesIn()).join() === 'ORDER_CREATED,STOCK_RESERVED' && (await pending('stock')) === 0,
      closes: true,
      why: "An event is done only when its reaction, its mark, and its acknowledgment have been written. If one of them hasn't, the caller has to know.",
    })
    await passesOnFullBus('runService', event(21, 'ORDER_CREATED'), () => runStock(box.connect()))
  })
})

const manage = (redis = box.redis, consumer = 'manager-1') => runProcess(redis, consumer, clock)

/** A client that disconnects when it reads the same part of a history a tenth time; `again` is that history's key. */
function impatient() {
  const redis = box.connect()
  const send = redis.sendCommand.bind(redis)
  const times = new Map<string, number>()
  let again = ''
  redis.sendCommand = (command, ...rest) => {
    const key = command.args.map(String).find((arg) => /^process:\S+$/.test(arg))
    if (key !== undefined && /^x(rev)?(range|read)$/i.test(command.name)) {
      const read = command.args.join(' ')
      times.set(read, (times.get(read) ?? 0) + 1)
      if (times.get(read) === 10) {
        again = key
        redis.disconnect()
      }
    }
    return send(command, ...rest)
  }
  return { redis, again: () => again }
}

/** Publishes the events, and lets another process of the manager handle them. */
async function publishAndManage(...events: readonly Event[]): Promise<void> {
  await publish(...events)
  await call('runProcess', () => manage(box.connect()))
}

/** Returns the payload of each `REFUND_REQUESTED` on the bus. */
async function refundsRequested() {
  const refunds = (await eventsIn(BUS)).filter(({ eventType }) => eventType === 'REFUND_REQUESTED')
  return refunds.map(({ payload }) => payload)
}

/** The hints belong to an order that was compensated twice, and to one that wasn't compensated completely. */
async function exactlyOnce(what: string, hints: { twice?: string; missing?: string } = {}): Promise<void> {
  const types = await typesIn()
  const found = [count(types, 'ORDER_CANCELLED'), count(types, 'REFUND_REQUESTED')]
  verify(
    found.every((n) => n <= 1),
    `${what}. The bus has \`ORDER_CANCELLED\` ${found[0]} times and \`REFUND_REQUESTED\` ${found[1]} times, so the order was compensated twice. Write the event, the decisions, and the \`XACK\` in one step, and only if the history hasn't grown since you read it.${hints.twice ?? ''}`,
    { received: types },
  )
  verifyEqual(
    found,
    [1, 1],
    `${what}. The order should be both canceled and refunded, but it isn't. Write the decisions in one step with the event that led to them.${hints.missing ?? ''}`,
  )
}

async function nothingPending(what: string): Promise<void> {
  verifyEqual(
    await pending('order-process'),
    0,
    `${what}. An event that a consumer had read still isn't acknowledged. First read the pending entries of the consumer whose name was passed in (\`XREADGROUP\` from \`0\`), then new ones (\`>\`), and acknowledge each finished entry.`,
  )
}

describe('the process manager', () => {
  test('waits while there is time', async () => {
    await publish(CREATED, PAID)
    await call('runProcess', () => manage())
    verifyEqual(
      await typesIn(),
      ['ORDER_CREATED', 'PAYMENT_RECEIVED'],
      "The order was created and paid, the stock service hasn't answered, and according to `clock`, 5 minutes have passed. `runProcess` should wait and put nothing on the bus. Take the time from `clock`, not from the machine.",
    )
  })

  test('keeps everything it needs', async () => {
    await publish(CREATED, PAID)
    await call('runProcess', () => manage())
    returnsWithoutWaiting('runProcess')
    for (const key of await box.admin.keys('*')) {
      verify(
        (await box.admin.ttl(key)) < 0,
        `\`runProcess\` finished with an open order, and its key \`${key}\` will expire someday. The history is the manager's only memory, and nothing else can find an order that has waited too long, so don't set an expiration.`,
      )
    }
  })

  test('cancels and asks for the refund', async () => {
    await publish(CREATED, PAID, REJECTED)
    const handled = await call('runProcess', () => manage())
    const made = (await eventsIn(BUS)).slice(3)
    verify(
      made.length <= 2,
      'The order was paid, but there was no stock. `runProcess` put `ORDER_CANCELLED` and `REFUND_REQUESTED` on the bus, and when it read them back, it decided again. Record its decisions in the history of the order, too.',
      { received: made.map(({ eventType }) => eventType) },
    )
    verifyEqual(
      made.map(({ eventType, payload, entityId }) => ({ eventType, payload, entityId })),
      [
        { eventType: 'ORDER_CANCELLED', payload: { reason: 'out of stock' }, entityId: 'order-1' },
        { eventType: 'REFUND_REQUESTED', payload: { amountCents: 7_697 }, entityId: 'order-1' },
      ],
      'The order was paid, but there was no stock. `runProcess` should put `ORDER_CANCELLED` and then `REFUND_REQUESTED` on the bus.',
    )
    verifyEqual(
      made.map(({ metadata }) => metadata),
      [
        { correlationId: 'request-1', causationId: '0b7f3a52-6f0a-4c1e-9d3b-000000000004' },
        { correlationId: 'request-1', causationId: '0b7f3a52-6f0a-4c1e-9d3b-000000000004' },
      ],
      '`STOCK_REJECTED` caused both decisions. Use its `eventId` as their `causationId`, and copy its `correlationId`.',
    )
    verifyEqual(
      [handled, await pending('order-process')],
      [5, 0],
      '`runProcess` should handle and acknowledge all 5 entries in the group `order-process`: three events, and its own two decisions, which it reads back from the bus.',
    )
  })

  test('keeps its state as events', async () => {
    await publish(CREATED, PAID, REJECTED)
    await call('runProcess', () => manage())
    const ids = (await box.admin.xrange(PROCESS, '-', '+')).map(([id]) => id)
    verifyEqual(
      [await typesIn(PROCESS), ids],
      [
        ['ORDER_CREATED', 'PAYMENT_RECEIVED', 'STOCK_REJECTED', 'ORDER_CANCELLED', 'REFUND_REQUESTED'],
        ['1-0', '2-0', '3-0', '4-0', '5-0'],
      ],
      '`process:order-1` should have every event that the manager received or published, each once, with the ID `<n>-0` and the field `event`. State kept anywhere else may disagree with the log after a crash.',
    )
    verifyEqual(
      await eventsIn(PROCESS),
      [CREATED, PAID, REJECTED, ...(await eventsIn(BUS)).slice(3)],
      "`process:order-1` should have the same events as the bus. Pass a script the finished JSON: Lua's `cjson` turns an empty list into an object and rounds numbers.",
    )
  })

  test('records events of every type', async () => {
    await publish(CREATED, event(8, 'ORDER_GIFT_WRAPPED', { paper: 'red' }), event(9, 'ORDER_SHIPPED'), PAID)
    await call('runProcess', () => manage())
    verifyEqual(
      await typesIn(PROCESS),
      ['ORDER_CREATED', 'ORDER_GIFT_WRAPPED', 'ORDER_SHIPPED', 'PAYMENT_RECEIVED'],
      'Two events on the bus have types that no rule uses, and they are missing from `process:order-1`. Record events of every type: the history is the only memory, and a future rule may need them.',
    )
  })

  test('keeps the orders apart', async () => {
    await publish(
      CREATED,
      { ...CREATED, eventId: event(11, '').eventId, entityId: 'order-2' },
      PAID,
      REJECTED,
    )
    await call('runProcess', () => manage())
    verifyEqual(
      [
        await typesIn('process:order-2'),
        await call('expireOrders', () => expireOrders(box.redis, muchTooLate)),
      ],
      [['ORDER_CREATED'], 1],
      "One order was paid, but there was no stock for it, and a second one was only created. The events of the first order shouldn't affect the second, which still waits until `expireOrders` cancels it after its deadline.",
    )
  })

  test('continues where another process stopped', async () => {
    await record(CREATED, PAID)
    await publish(REJECTED)
    await call('runProcess', () => manage())
    verifyEqual(
      await typesIn(),
      ['STOCK_REJECTED', 'ORDER_CANCELLED', 'REFUND_REQUESTED'],
      "Another manager had recorded `ORDER_CREATED` and `PAYMENT_RECEIVED` in `process:order-1`. This one should read them from there, because state in memory or outside the log doesn't include them.",
    )
  })

  test('ignores a duplicate', async () => {
    await publish(CREATED, PAID, PAID, REJECTED, PAID, REJECTED)
    await call('runProcess', () => manage())
    verifyEqual(
      await refundsRequested(),
      [{ amountCents: 7_697 }],
      "One `PAYMENT_RECEIVED` event was on the bus three times with the same `eventId`. It's one payment, so `runProcess` should request one refund of 7,697 cents.",
    )
    await box.admin.xgroup('SETID', BUS, 'order-process', '0')
    await call('runProcess', () => manage())
    await exactlyOnce('The whole bus was replayed (`XGROUP SETID … 0`)')
  })

  test("doesn't record what another manager has recorded", async () => {
    await record(CREATED, PAID)
    await publish(PAID, REJECTED)
    await call('runProcess', () => manage())
    verifyEqual(
      await typesIn(PROCESS),
      ['ORDER_CREATED', 'PAYMENT_RECEIVED', 'STOCK_REJECTED', 'ORDER_CANCELLED', 'REFUND_REQUESTED'],
      'Another manager had recorded `PAYMENT_RECEIVED` in `process:order-1`, and its entry on the bus was delivered to this one. Compare the `eventId` with the history, because the manager has no other memory.',
    )
  })

  test('counts two payments as two', async () => {
    const again = event(8, 'PAYMENT_RECEIVED', { amountCents: 7_697 })
    await publish(CREATED, PAID, again, REJECTED)
    await call('runProcess', () => manage())
    verifyEqual(
      await refundsRequested(),
      [{ amountCents: 15_394 }],
      'The customer paid twice: two `PAYMENT_RECEIVED` events, each with its own `eventId`. Compare events by `eventId`, because two events of the same type are still different events. `runProcess` should request a refund of all 15,394 cents.',
    )
  })

  test('reads a long history to its end', async () => {
    await record(CREATED, PAID)
    const pipeline = box.admin.pipeline()
    for (let n = 3; n <= 1_200; n += 1) {
      pipeline.xadd(PROCESS, `${n}-0`, 'event', JSON.stringify(event(1_000 + n, 'ORDER_VIEWED')))
    }
    pipeline.xadd(PROCESS, '1201-0', 'event', JSON.stringify(RESERVED))
    await pipeline.exec()
    await publish(event(8, 'ORDER_VIEWED'))
    // A manager that compares the length with that of one page starts over forever.
    const tooLong = (error: unknown) => ({ ok: false, error }) as const
    const outcome = await attempt('runProcess', () => manage(), { seconds: 3 }).catch(tooLong)
    verifyEqual(
      outcome.ok ? (await typesIn(PROCESS)).slice(1_200) : outcome.error,
      ['STOCK_RESERVED', 'ORDER_VIEWED', 'ORDER_CONFIRMED'],
      'The history of an order has 1,201 events, and the last is `STOCK_RESERVED`. `runProcess` should read it to the end, record the next event as `1202-0`, and confirm the order.',
    )
  })

  test('reads the clock for each event', async () => {
    await publish(CREATED, ...[21, 22, 23].map((n) => event(n, 'ORDER_VIEWED')))
    let calls = 0
    const moves = () => {
      calls += 1
      return calls === 1 ? clock() : tooLate()
    }
    await call('runProcess', () => runProcess(box.redis, 'manager-1', moves))
    verifyEqual(
      (await typesIn()).slice(4),
      ['ORDER_CANCELLED'],
      'Four events of an order were on the bus, and while `runProcess` handled them, the deadline passed: `clock` returned 5 minutes after `ORDER_CREATED` the first time, and then 15. A call may take a long time, so `runProcess` should pass `nextSteps` the current time for each event, and cancel the order.',
    )
  })

  test('survives a crash', async () => {
    await everyCrash({
      name: 'runProcess',
      prepare: async () => {
        await record(CREATED, PAID)
        await publish(REJECTED)
      },
      run: (redis) => manage(redis),
      verify: async ({ last, survived }) => {
        const [[first = ''] = []] = await box.admin.xrange(BUS, '-', '+', 'COUNT', 1)
        const isPending =
          (await pending('order-process')) > 0 &&
          (await box.admin.xpending(BUS, 'order-process', first, first, 1)).length > 0
        verify(
          !isPending || !(await typesIn(PROCESS)).includes('STOCK_REJECTED'),
          `The manager died after its ${code(last, 'start')}. \`STOCK_REJECTED\` is in \`process:order-1\`, but its entry on the bus isn't acknowledged. Send the \`XACK\` in the step that records the event.`,
        )
        if (!survived) await call('runProcess', () => manage(box.connect()))
        const what = `The manager died after its ${code(last, 'start')} and was restarted`
        await nothingPending(what)
        await exactlyOnce(what)
      },
    })
  })

  test('works with two managers at once', async () => {
    for (const sameConnection of [false, true])
      await everyInterleaving({
        name: 'runProcess',
        sameConnection,
        prepare: async (admin) => {
          await record(CREATED)
          await publish(PAID, REJECTED)
          await admin.xgroup('CREATE', BUS, 'order-process', '0')
          await admin.xreadgroup('GROUP', 'order-process', 'manager-1', 'COUNT', 1, 'STREAMS', BUS, '>')
          await admin.xreadgroup('GROUP', 'order-process', 'manager-2', 'COUNT', 1, 'STREAMS', BUS, '>')
        },
        first: (redis) => manage(redis, 'manager-1'),
        second: (redis) => manage(redis, 'manager-2'),
        verify: async ({ first, second, held }) => {
          for (const outcome of [first, second]) {
            verify(
              outcome.ok,
              `Two managers had \`PAYMENT_RECEIVED\` and \`STOCK_REJECTED\` of one order pending at the same time, and one of them gave up. If the history has changed, read it and decide again.${sameConnection ? sharedWatch(box.commands) : ''}`,
              { received: outcome.ok || outcome.error },
            )
          }
          const what = `One manager had \`PAYMENT_RECEIVED\` pending, the other had \`STOCK_REJECTED\`, and the first was held before its ${code(held, 'end')}`
          await nothingPending(what)
          const watch = sameConnection ? sharedWatch(box.commands) : ''
          await exactlyOnce(what, { twice: watch, missing: watch })
        },
      })
  })

  test('decides again when the history has grown', async () => {
    const asAnother =
      "if redis.call('XLEN', KEYS[1]) == 1 then redis.call('XADD', KEYS[1], '2-0', 'event', ARGV[1]) end"
    await everyInterleaving({
      name: 'runProcess',
      prepare: async () => {
        await record(CREATED)
        await publish(REJECTED)
      },
      first: (redis) => manage(redis),
      second: (redis) => redis.eval(asAnother, 1, PROCESS, JSON.stringify(PAID)),
      verify: async ({ held }) => {
        const history = await typesIn(PROCESS)
        const paid = history[1] === 'PAYMENT_RECEIVED'
        verifyEqual(
          history.slice(paid ? 2 : 1),
          paid
            ? ['STOCK_REJECTED', 'ORDER_CANCELLED', 'REFUND_REQUESTED']
            : ['STOCK_REJECTED', 'ORDER_CANCELLED'],
          `Another manager recorded \`PAYMENT_RECEIVED\` in \`process:order-1\` while \`runProcess\` was held before its ${code(held, 'end')}, so the order should be canceled and refunded. Compare the length of the history in the step that writes, and if it has grown, read it and decide again.`,
        )
      },
    })
  })

  test('expireOrders cancels an order that waited too long', async () => {
    await publish(CREATED, PAID)
    await call('runProcess', () => manage())
    verifyEqual(
      await call('expireOrders', () => expireOrders(box.redis, clock)),
      0,
      'After 5 minutes, no order has waited too long, so `expireOrders` should resolve to 0.',
    )
    verifyEqual(
      await call('expireOrders', () => expireOrders(box.redis, tooLate)),
      1,
      "Fifteen minutes after the timestamp of `ORDER_CREATED`, `expireOrders` should cancel the order and resolve to 1. Take the current time from `clock`. It doesn't matter when the manager read the event.",
    )
    const made = (await eventsIn(BUS)).slice(2)
    verifyEqual(
      made.map(({ eventType, payload, timestamp, metadata }) => ({
        eventType,
        payload,
        timestamp,
        metadata,
      })),
      [
        {
          eventType: 'ORDER_CANCELLED',
          payload: { reason: 'timeout' },
          timestamp: '2026-03-01T09:15:00.000Z',
          metadata: { correlationId: 'request-1', causationId: '0b7f3a52-6f0a-4c1e-9d3b-000000000001' },
        },
        {
          eventType: 'REFUND_REQUESTED',
          payload: { amountCents: 7_697 },
          timestamp: '2026-03-01T09:15:00.000Z',
          metadata: { correlationId: 'request-1', causationId: '0b7f3a52-6f0a-4c1e-9d3b-000000000001' },
        },
      ],
      '`expireOrders` should put `ORDER_CANCELLED` and `REFUND_REQUESTED` on the bus, with the current time from `clock` and `ORDER_CREATED` as their cause.',
    )
    verifyEqual(
      await typesIn(PROCESS),
      ['ORDER_CREATED', 'PAYMENT_RECEIVED', 'ORDER_CANCELLED', 'REFUND_REQUESTED'],
      'The decisions of `expireOrders` belong in `process:order-1`, too. Without them, the history still shows an open order.',
    )
    await call('runProcess', () => manage())
    verifyEqual(
      await call('expireOrders', () => expireOrders(box.redis, tooLate)),
      0,
      'The order is already canceled, so a second call to `expireOrders` should resolve to 0.',
    )
    await exactlyOnce('`expireOrders` canceled the order, and then `runProcess` and `expireOrders` ran again')
  })

  test('expireOrders finds an order whose payment came first', async () => {
    await publish({ ...PAID, metadata: { ...PAID.metadata, causationId: CREATED.eventId } }, CREATED)
    await call('runProcess', () => manage())
    verifyEqual(
      await call('expireOrders', () => expireOrders(box.redis, tooLate)),
      1,
      '`PAYMENT_RECEIVED` was on the bus before `ORDER_CREATED`. The order is open from the moment `runProcess` records `ORDER_CREATED`, so after 15 minutes, `expireOrders` should cancel it.',
    )
    verifyEqual(
      (await eventsIn(BUS)).slice(2).map(({ metadata }) => metadata.causationId),
      [CREATED.eventId, CREATED.eventId],
      '`PAYMENT_RECEIVED` was on the bus before `ORDER_CREATED`. The cause of both decisions should still be `ORDER_CREATED`, wherever it is in the history.',
    )
  })

  test("expireOrders doesn't read finished orders", async () => {
    const ids = Array.from({ length: 5 }, (_, n) => `done-${n}`)
    for (const [n, id] of ids.entries()) {
      for (const [i, one] of [CREATED, PAID, RESERVED].entries())
        await publish({ ...one, entityId: id, eventId: event(100 + n * 10 + i, '').eventId })
    }
    for (const [i, one] of [CREATED, REJECTED].entries())
      await publish({ ...one, entityId: 'rejected-1', eventId: event(200 + i, '').eventId })
    await publish({ ...CREATED, entityId: 'late-1', eventId: event(210, '').eventId })
    for (const [i, one] of [CREATED, event(0, 'ORDER_CANCELLED', { reason: 'customer' })].entries())
      await publish({ ...one, entityId: 'gone-1', eventId: event(220 + i, '').eventId })
    for (const [i, one] of [event(0, 'ORDER_CANCELLED', { reason: 'customer' }), CREATED].entries())
      await publish({ ...one, entityId: 'gone-2', eventId: event(230 + i, '').eventId })
    ids.push('rejected-1', 'late-1', 'gone-1', 'gone-2')
    await call('runProcess', () => manage())
    const { redis, again } = impatient()
    const outcome = await attempt('expireOrders', () => expireOrders(redis, tooLate))
    verify(
      outcome.ok || again() === '',
      `\`expireOrders\` read \`${again()}\` ten times in one call, although no other process was running, so the check stopped it. An order for which \`nextSteps\` returns \`[]\` stays as it is, so don't look at it again, and remove it from the index if it's confirmed or canceled.`,
      { received: !outcome.ok && outcome.error },
    )
    await call('expireOrders', () => (outcome.ok ? outcome.value : Promise.reject(outcome.error)))
    await call('runProcess', () => manage())
    await call('expireOrders', () => expireOrders(box.redis, tooLate)) // it may tidy up
    const before = box.commands.length
    await call('expireOrders', () => expireOrders(box.redis, tooLate))
    const looked = box.commands
      .slice(before)
      .filter(({ args, reply }) => ids.some((id) => JSON.stringify([args, reply ?? null]).includes(id)))
    verify(
      looked.length === 0,
      'Nine orders were confirmed or canceled (two of them by the customer, one before its `ORDER_CREATED` arrived), and the third call to `expireOrders` still looked at finished orders. In a year, there will be a million of them. Keep an index of the open orders, and remove an order when it is confirmed or canceled.',
      { received: looked.map(({ name, args }) => [name, ...args.slice(0, 3)].join(' ').slice(0, 80)) },
    )
  })

  test('expireOrders cancels every order that waited too long', async () => {
    const LONG = 'x'.repeat(65) // so that Redis stores a small index like a large one, which HSCAN and the like read in pages
    const created = Array.from({ length: 105 }, (_, n) => ({
      ...CREATED,
      entityId: `late-${n + 1}-${LONG}`,
      eventId: event(300 + n, '').eventId,
    }))
    await publish(...created)
    await call('runProcess', () => manage())
    const expired = await call('expireOrders', () => expireOrders(box.redis, tooLate))
    const cancelled = count(await typesIn(), 'ORDER_CANCELLED')
    verifyEqual(
      [expired, cancelled],
      [105, 105],
      'There were 105 orders past their deadline, and one call to `expireOrders` should cancel all of them (received: the result, and how many were canceled). If you read the index in pages, continue until no order is past its deadline.',
    )
  })

  test('keeps trying when another manager is faster each time', async () => {
    await record(CREATED, PAID)
    await publish(REJECTED)
    const { redis, times } = withRival(box.connect(), 'ORDER_CANCELLED', async () => {
      const next = (await box.admin.xlen(PROCESS)) + 1
      await box.admin.xadd(PROCESS, `${next}-0`, 'event', JSON.stringify(event(600 + next, 'ORDER_NOTED')))
    })
    const outcome = await attempt('runProcess', () => manage(redis))
    verify(
      outcome.ok,
      `Another manager recorded an event ${times()} times in a row, each time just before \`runProcess\` wrote its decision, and then \`runProcess\` gave up. Each conflict means that another manager got through, so keep reading and deciding again.`,
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      [count(await typesIn(), 'ORDER_CANCELLED'), count(await typesIn(PROCESS), 'ORDER_CANCELLED')],
      [1, 1],
      `Another manager recorded an event ${times()} times, each time just before \`runProcess\` wrote its decision. In the end, \`ORDER_CANCELLED\` should be once on the bus and once in \`process:order-1\` (received: how often it's on each).`,
    )
  })

  test('two calls of expireOrders at the same moment', async () => {
    await everyInterleaving({
      name: 'expireOrders',
      prepare: () => publishAndManage(CREATED, PAID),
      first: (redis) => expireOrders(redis, tooLate),
      second: (redis) => expireOrders(redis, tooLate),
      verify: async ({ first, second, held }) => {
        const what = `Two processes called \`expireOrders\` at the same time, and the first was held before its ${code(held, 'end')}`
        verifyEqual(
          [first, second].reduce((sum, outcome) => sum + (outcome.ok ? outcome.value : 0), 0),
          1,
          `${what}. One order had waited too long, so one of the two calls should cancel it and resolve to 1, and the other should resolve to 0 (received: their sum).`,
        )
        await exactlyOnce(what)
      },
    })
  })

  test('loses no deadline in a crash', async () => {
    await everyCrash({
      name: 'runProcess',
      prepare: () => publish(CREATED),
      run: (redis) => manage(redis),
      verify: async ({ last, survived }) => {
        if (!survived) await call('runProcess', () => manage(box.connect()))
        verifyEqual(
          await call('expireOrders', () => expireOrders(box.connect(), tooLate)),
          1,
          `The manager died after its ${code(last, 'start')} while it was recording \`ORDER_CREATED\`, and was restarted. Fifteen minutes later, \`expireOrders\` didn't find the order, which now waits forever. Write the index for \`expireOrders\` in the same step as the event.`,
        )
      },
    })
  })

  test('expireOrders survives a crash', async () => {
    await everyCrash({
      name: 'expireOrders',
      prepare: () => publishAndManage(CREATED, PAID),
      run: (redis) => expireOrders(redis, tooLate),
      verify: async ({ last, survived }) => {
        if (!survived) await call('expireOrders', () => expireOrders(box.connect(), tooLate))
        await exactlyOnce(
          `\`expireOrders\` died after its ${code(last, 'start')}, and another process called it again`,
          { missing: ' An order stays in the index until the step that cancels or confirms it.' },
        )
      },
    })
  })

  test('expireOrders and a stock reply at the same moment', async () => {
    await everyInterleaving({
      name: 'expireOrders',
      prepare: async () => {
        await publishAndManage(CREATED, PAID)
        await publish(REJECTED)
      },
      first: (redis) => expireOrders(redis, tooLate),
      second: (redis) => manage(redis),
      verify: async ({ held }) =>
        exactlyOnce(
          `\`STOCK_REJECTED\` was handled while \`expireOrders\` was held before its ${code(held, 'end')}`,
        ),
    })
  })

  test('expireOrders and a payment at the same moment', async () => {
    await everyInterleaving({
      name: 'expireOrders',
      prepare: async () => {
        await publishAndManage(CREATED)
        await publish(PAID)
      },
      first: (redis) => expireOrders(redis, tooLate),
      second: (redis) => manage(redis),
      verify: async ({ first, held }) => {
        const what = `\`PAYMENT_RECEIVED\` was recorded while \`expireOrders\` was held before its ${code(held, 'end')}`
        verify(
          first.ok && first.value === 1 && count(await typesIn(), 'ORDER_CANCELLED') === 1,
          `${what}. The order was still open and past its deadline. \`expireOrders\` should notice that the history changed, read it again, cancel the order, and resolve to 1.`,
          { received: { expireOrders: first.ok ? first.value : first.error, bus: await typesIn() } },
        )
        await exactlyOnce(what)
      },
    })
  })

  test('expireOrders and the last reply at the same moment', async () => {
    await everyInterleaving({
      name: 'expireOrders',
      prepare: async () => {
        await publishAndManage(CREATED, PAID)
        await publish(RESERVED)
      },
      first: (redis) => expireOrders(redis, tooLate),
      second: (redis) => manage(redis),
      verify: async ({ first, held }) => {
        const types = await typesIn()
        const [confirmed, cancelled] = [count(types, 'ORDER_CONFIRMED'), count(types, 'ORDER_CANCELLED')]
        verify(
          confirmed + cancelled === 1 && first.ok && first.value === cancelled,
          `\`STOCK_RESERVED\` was handled while \`expireOrders\` was held before its ${code(held, 'end')}. The order should be either confirmed or canceled, once, and \`expireOrders\` should resolve to the number of orders it canceled, which may be 0.`,
          { received: { expireOrders: first.ok ? first.value : first.error, bus: types } },
        )
      },
    })
  })

  test('passes on errors from Redis', async () => {
    await publish(CREATED)
    await call('runProcess', () => manage())
    await passesOnWrongType('expireOrders', PROCESS, () => expireOrders(box.redis, tooLate))
    await publish(PAID)
    await passesOnWrongType('runProcess', PROCESS, () => manage())
    await passesOnWrongType('runProcess', BUS, () => manage())
    const decided = 'PAYMENT_RECEIVED,STOCK_REJECTED,ORDER_CANCELLED,REFUND_REQUESTED'
    await passesOnErrors({
      name: 'runProcess',
      prepare: async () => {
        await record(CREATED)
        await publish(PAID, REJECTED)
      },
      run: (redis) => manage(redis),
      works: async () =>
        (await typesIn()).join() === decided &&
        (await typesIn(PROCESS)).join() === `ORDER_CREATED,${decided}` &&
        (await pending('order-process')) === 0,
      closes: true,
      why: "An event is done only when it's recorded, the decisions have been written, and its entry is acknowledged. If something is missing, the caller has to know.",
    })
    await passesOnErrors({
      name: 'expireOrders',
      prepare: () => publishAndManage(CREATED, PAID),
      run: (redis) => expireOrders(redis, tooLate),
      works: async (expired) =>
        expired === 1 &&
        (await typesIn()).slice(2).join() === 'ORDER_CANCELLED,REFUND_REQUESTED' &&
        (await typesIn(PROCESS)).slice(2).join() === 'ORDER_CANCELLED,REFUND_REQUESTED',
      closes: true,
      why: "An order is canceled only when the decisions are in its history and on the bus. If they aren't, the caller has to know.",
    })
    await box.admin.del(PROCESS)
    await record(CREATED)
    await passesOnFullBus('runProcess', REJECTED, () => manage(box.connect()))
  })
})

const analytics = { group: 'analytics', consumer: 'forwarder-1' }
const KEYS = {
  created: '0b7f3a52-6f0a-4c1e-9d3b-000000000001',
  paid: '0b7f3a52-6f0a-4c1e-9d3b-000000000002',
  reserved: '0b7f3a52-6f0a-4c1e-9d3b-000000000003',
}

/** Creates an external system that records what it receives. While `down`, it refuses payments. */
function outside() {
  const got: { type: string; key: string }[] = []
  const state = { down: false, refused: 0 }
  const send = async (one: Event, options: { readonly idempotencyKey: string }) => {
    await Promise.resolve()
    if (state.down && one.eventType === 'PAYMENT_RECEIVED') {
      state.refused += 1
      throw new Error('503 analytics is down')
    }
    got.push({ type: one.eventType, key: options?.idempotencyKey })
  }
  return { state, got, send }
}

describe('forward', () => {
  test('sends every event with its key', async () => {
    await publish(CREATED, PAID)
    const { got, send } = outside()
    let active = 0
    let mostActive = 0
    const slow: typeof send = async (one, options) => {
      active += 1
      mostActive = Math.max(mostActive, active)
      await box.roundTrips(10) // a call that's made too early has arrived by then
      active -= 1
      return send(one, options)
    }
    const handled = await call('forward', () => forward(box.redis, analytics, slow))
    verify(
      mostActive <= 1,
      '`forward` called `send` for the next event before its previous call had resolved. Handle the entries one at a time, so that events arrive in bus order and none is sent after one that failed.',
      { expected: words('one call at a time'), received: words(`${mostActive} calls`) },
    )
    verifyEqual(
      got,
      [
        { type: 'ORDER_CREATED', key: KEYS.created },
        { type: 'PAYMENT_RECEIVED', key: KEYS.paid },
      ],
      '`forward` should call `send(event, { idempotencyKey })` for every event on the bus, in order, with the `eventId` as the key, because it is the same on every attempt.',
    )
    verifyEqual(
      [handled, await pending('analytics')],
      [2, 0],
      '`forward` should acknowledge the events it sent and resolve to 2 (received: the result, and how many are pending).',
    )
    returnsWithoutWaiting('forward')
    await call('forward', () => forward(box.redis, analytics, send))
    verifyEqual(
      got.length,
      2,
      'A second call to `forward` had nothing new to send, but it sent events again.',
    )
  })

  test('stops when send fails, and tries again', async () => {
    await publish(CREATED, PAID, RESERVED)
    const { state, got, send } = outside()
    state.down = true
    const outcome = await attempt('forward', () => forward(box.redis, analytics, send))
    verify(
      !outcome.ok && outcome.error instanceof Error && outcome.error.message === '503 analytics is down',
      '`send` rejected with an error, and `forward` should reject with the same error. Otherwise, the caller has no way to notice that events are waiting.',
      { received: outcome },
    )
    verifyEqual(
      state.refused,
      1,
      '`send` rejected, and `forward` called it again for the same event. `forward` should reject right away: the caller decides when to try again.',
    )
    state.down = false
    await call('forward', () => forward(box.redis, analytics, send))
    verifyEqual(
      got.map(({ key }) => key),
      [KEYS.created, KEYS.paid, KEYS.reserved],
      "The second event couldn't be sent. The next call should begin with it and continue in the order of the bus, without skipping an event or sending one again.",
    )
    verifyEqual(
      await pending('analytics'),
      0,
      'After the second call to `forward`, nothing should be pending.',
    )
    await publish(event(21, 'PAYMENT_RECEIVED'), event(22, 'STOCK_RESERVED'))
    state.down = true
    for (let calls = 1; calls <= 6; calls += 1) {
      const failed = await attempt('forward', () => forward(box.redis, analytics, send))
      verify(
        !failed.ok && failed.error instanceof Error && failed.error.message === '503 analytics is down',
        `\`send\` rejected for one event${calls === 1 ? '' : ` in ${calls} calls in a row`}, and \`forward\` should reject with the same error right away. An event is done only when \`send\` has resolved.`,
        { received: failed },
      )
    }
  })

  test('loses nothing in a crash', async () => {
    let side = outside()
    await everyCrash({
      name: 'forward',
      prepare: async () => {
        side = outside()
        await publish(CREATED, PAID)
      },
      run: (redis) => forward(redis, analytics, side.send),
      verify: async ({ last, survived }) => {
        const before = side.got.length
        if (!survived) await call('forward', () => forward(box.connect(), analytics, side.send))
        const keys = side.got.map(({ key }) => key)
        verifyEqual(
          [...new Set(keys)].sort(),
          [KEYS.created, KEYS.paid],
          `The forwarder died after its ${code(last, 'start')} (${before} sent) and was restarted, and an event never arrived. Send first, then mark and acknowledge. That's at-least-once delivery.`,
        )
        verify(
          keys.length <= 3,
          `The forwarder died after its ${code(last, 'start')} and was restarted. Only the event that it was sending may arrive twice.`,
          { received: keys },
        )
      },
    })
  })

  test('loses nothing if it dies while it sends', async () => {
    await publish(CREATED, PAID)
    const dying = box.connect()
    const dies = async () => {
      dying.disconnect()
      throw new Error('The process is gone')
    }
    await attempt('forward', () => forward(dying, analytics, dies), { background: true })
    const { got, send } = outside()
    await call('forward', () => forward(box.connect(), analytics, send))
    verifyEqual(
      got.map(({ key }) => key),
      [KEYS.created, KEYS.paid],
      'The forwarder died while it was sending the first event, before `send` resolved. After a restart with the same names, it should send that event again and then the next one. Mark and acknowledge an event only when `send` has resolved.',
    )
  })

  test('sends nothing again on a replay', async () => {
    await publish(CREATED, PAID, PAID)
    const { got, send } = outside()
    verifyEqual(
      await call('forward', () => forward(box.redis, analytics, send)),
      3,
      'Three entries were on the bus, one of them a duplicate. `forward` should resolve to 3, because a duplicate counts as handled.',
    )
    verifyEqual(
      got.map(({ key }) => key),
      [KEYS.created, KEYS.paid],
      'An event was on the bus twice with the same `eventId`, and it was sent twice, although the first entry was already done.',
    )
    await box.admin.xgroup('SETID', BUS, 'analytics', '0')
    const other = { ...analytics, consumer: 'forwarder-2' }
    await call('forward', () => forward(box.connect(), other, send))
    verifyEqual(
      got.length,
      2,
      'The group was reset to the beginning, and `forward`, called for another consumer of the group, sent old events again. Store the `eventId` of each sent event in Redis, for the whole group.',
    )
  })

  test('keeps the groups apart', async () => {
    await publish(CREATED)
    const first = outside()
    const second = outside()
    await call('forward', () => forward(box.redis, analytics, first.send))
    await call('forward', () => forward(box.redis, { group: 'mail', consumer: 'mail-1' }, second.send))
    verifyEqual(
      second.got.map(({ key }) => key),
      [KEYS.created],
      'An event that the group `analytics` has sent is still new to the group `mail`. Keep separate marks for each group.',
    )
  })

  test('passes on errors from Redis', async () => {
    await passesOnWrongType('forward', BUS, () => forward(box.redis, analytics, outside().send))
    let side = outside()
    await passesOnErrors({
      name: 'forward',
      prepare: async () => {
        side = outside()
        await publish(CREATED, PAID)
      },
      run: (redis) => forward(redis, analytics, side.send),
      works: async () =>
        side.got.map(({ key }) => key).join() === [KEYS.created, KEYS.paid].join() &&
        (await pending('analytics')) === 0,
      closes: true,
      why: "An event is done only when it's sent, marked, and acknowledged. If it isn't, the caller has to know.",
    })
  })
})
