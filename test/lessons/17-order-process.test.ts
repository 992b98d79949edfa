import { describe, test } from 'vitest'
import {
  attempt,
  call,
  everyCrash,
  everyInterleaving,
  sharedWatch,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { Fact } from '#lesson/17-order-process'
import { expireOrders, forward, nextSteps, runProcess, runService } from '#lesson/17-order-process'

const box = useSandbox()

const BUS = 'bus:orders'
const PROCESS = 'process:order-1'
const clock = () => new Date('2026-03-01T09:05:00.000Z')
const tooLate = () => new Date('2026-03-01T09:15:00.000Z')
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

type Event = Parameters<typeof nextSteps>[0][number]

/** ids end in the number given; all of one request have the correlation id `request-1`. */
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

/** What another process of the manager has recorded already. */
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
  verifyEqual(await call('nextSteps', () => nextSteps(history, now)), expected, why)
}

describe('nextSteps', () => {
  test('waits for both, then confirms', async () => {
    const now = clock()
    await steps([CREATED], now, [], 'A new order waits for payment and stock: nextSteps should give [].')
    await steps([CREATED, PAID], now, [], 'Paid, but nothing known of the stock: nextSteps should wait, [].')
    await steps([CREATED, RESERVED], now, [], 'Reserved, but not paid yet: nextSteps should wait, [].')
    await steps(
      [CREATED, PAID, RESERVED],
      now,
      [confirm],
      'Paid and reserved: nextSteps should confirm the order.',
    )
    await steps(
      [CREATED, PAID, RESERVED, CONFIRMED],
      now,
      [],
      'The order is confirmed already; nextSteps should not confirm it again.',
    )
  })

  test('cancels and gives back when there is no stock', async () => {
    await steps([CREATED, REJECTED], clock(), [cancel('out of stock')], 'No stock and nothing paid: cancel.')
    await steps(
      [CREATED, PAID, REJECTED],
      clock(),
      [cancel('out of stock'), refund(7_697)],
      'Paid, then no stock: cancel, and give back the 7697 cents.',
    )
    for (const history of [
      [CREATED, PAID, RESERVED, REJECTED],
      [CREATED, REJECTED, PAID, RESERVED],
    ]) {
      await steps(
        history,
        clock(),
        [cancel('out of stock'), refund(7_697)],
        'The stock was reserved, and rejected too (a broken shelf): rule 4 asks for STOCK_REJECTED first, whatever else is there. Cancel, and give the money back.',
      )
    }
  })

  test('does not rely on an order between services', async () => {
    const why =
      'Payment and stock are two services: which of them answers first is chance. Look at what is there, not at what came last.'
    await steps([CREATED, RESERVED, PAID], clock(), [confirm], `Stock came before the payment. ${why}`)
    await steps(
      [CREATED, REJECTED, PAID],
      clock(),
      [cancel('out of stock'), refund(7_697)],
      `The stock's no came before the payment. ${why}`,
    )
    await steps([PAID, REJECTED], clock(), [], `Without ORDER_CREATED there is nothing to decide yet. ${why}`)
    await steps(
      [PAID, REJECTED, CREATED],
      clock(),
      [cancel('out of stock'), refund(7_697)],
      `ORDER_CREATED came last. ${why}`,
    )
  })

  test('gives money back that comes too late, once', async () => {
    await steps(
      [CREATED, REJECTED, CANCELLED, PAID],
      clock(),
      [refund(7_697)],
      'A payment came for an order that is cancelled: the money must go back, and the order must not be cancelled again.',
    )
    await steps(
      [CREATED, PAID, REJECTED, CANCELLED, REFUNDED],
      clock(),
      [],
      'The order is cancelled and its money is on the way back. nextSteps compensated a second time.',
    )
    await steps(
      [CREATED, PAID, REJECTED, CANCELLED, REFUNDED, event(8, 'PAYMENT_RECEIVED', { amountCents: 500 })],
      clock(),
      [refund(500)],
      'Paid 7697 and 500, asked back 7697: 500 are left to give back.',
    )
    await steps(
      [CREATED, PAID, RESERVED, CONFIRMED, event(9, 'ORDER_CANCELLED', { reason: 'customer' })],
      clock(),
      [refund(7_697)],
      'Somebody else cancelled a confirmed order. The money must go back all the same.',
    )
  })

  test('does not wait for ever', async () => {
    const before = new Date('2026-03-01T09:14:59.999Z')
    await steps([CREATED], before, [], 'One millisecond before the deadline the order should still wait.')
    await steps(
      [CREATED],
      tooLate(),
      [cancel('timeout')],
      'After exactly 15 minutes without payment and stock the order should be cancelled, reason `timeout`. The time is the argument `now`.',
    )
    await steps(
      [CREATED, PAID],
      tooLate(),
      [cancel('timeout'), refund(7_697)],
      'Paid, and no word of the stock for 15 minutes: cancel, and give the money back.',
    )
    await steps(
      [CREATED, PAID, RESERVED],
      tooLate(),
      [confirm],
      'Both came, though late: rule 4 stands before rule 5, so the order is confirmed.',
    )
    await steps([CREATED, PAID, RESERVED, CONFIRMED], tooLate(), [], 'A confirmed order has no deadline.')
    const paidLate = { ...PAID, timestamp: '2026-03-01T09:14:00.000Z' }
    for (const history of [
      [CREATED, paidLate],
      [paidLate, CREATED],
    ]) {
      await steps(
        history,
        tooLate(),
        [cancel('timeout'), refund(7_697)],
        'The order was created 15 minutes ago and paid one minute ago. The deadline is counted from the timestamp of ORDER_CREATED, wherever in the history that stands.',
      )
    }
  })
})

const stock = { group: 'stock', consumer: 'stock-1' }
const react = ({ eventType }: Event): readonly Fact[] =>
  eventType === 'ORDER_CREATED' ? [{ eventType: 'STOCK_RESERVED', payload: { shelf: 'A 3' } }] : []
const runStock = (redis = box.redis) => runService(redis, stock, react, clock)

describe('runService', () => {
  test('puts the reaction on the bus', async () => {
    await publish(CREATED, event(2, 'PAYMENT_RECEIVED', { amountCents: 1 }))
    const handled = await call('runService', () => runStock())
    const [, , made] = await eventsIn(BUS)
    verify(
      made !== undefined,
      'There were two events on the bus from before the service was first started, and no reaction was added to the bus. The group starts from 0, and reads all that is there.',
    )
    verifyEqual(
      [made.eventType, made.entityId, made.payload, made.timestamp],
      ['STOCK_RESERVED', 'order-1', { shelf: 'A 3' }, '2026-03-01T09:05:00.000Z'],
      'The reaction should be an event of lesson 01 with the type and payload of the fact, the order of the event reacted to, and the time of `clock`.',
    )
    verify(UUID.test(made.eventId), 'The new event should have a fresh UUID as `eventId`.', {
      received: made.eventId,
    })
    verifyEqual(
      made.metadata,
      { correlationId: 'request-1', causationId: '0b7f3a52-6f0a-4c1e-9d3b-000000000001' },
      'The metadata should say where the event comes from: `correlationId` handed on from the event reacted to, `causationId` its `eventId`.',
    )
    verifyEqual(
      handled,
      3,
      'runService handles until nothing is left, its own event too (it reacts to it with nothing): 3 entries.',
    )
    verifyEqual(await pending('stock'), 0, 'All three entries should be acknowledged in the group `stock`.')
  })

  test('begins a correlation where there is none', async () => {
    await publish({ ...CREATED, metadata: {} })
    await call('runService', () => runStock())
    verifyEqual(
      (await eventsIn(BUS))[1]?.metadata,
      {
        correlationId: '0b7f3a52-6f0a-4c1e-9d3b-000000000001',
        causationId: '0b7f3a52-6f0a-4c1e-9d3b-000000000001',
      },
      'The event had no `correlationId`: then its own `eventId` is the correlation of what follows.',
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
      'A second service (group `mail`) should see every event of the bus once, in its order, whatever the first has handled.',
    )
  })

  test('survives its death', async () => {
    await everyCrash({
      name: 'runService',
      prepare: () => publish(CREATED),
      run: (redis) => runStock(redis),
      verify: async ({ last, survived }) => {
        if (!survived) await call('runService', () => runStock(box.connect()))
        const types = await typesIn()
        verify(
          count(types, 'STOCK_RESERVED') <= 1,
          `The service died after its ${last ?? 'start'} and was started again with the same names: it reserved twice for one order. Reaction, mark and acknowledgement have to be one step.`,
          { received: types },
        )
        verify(
          count(types, 'STOCK_RESERVED') === 1 && (await pending('stock')) === 0,
          `The service died after its ${last ?? 'start'} and was started again with the same names, and the event it had in hand was never finished. Read your own pending entries first (from 0), then \`>\`; acknowledge together with the reaction.`,
          { received: types },
        )
      },
    })
  })

  test('reacts once to an event that is there twice', async () => {
    await publish(CREATED, CREATED)
    await call('runService', () => runStock())
    verifyEqual(
      await typesIn(),
      ['ORDER_CREATED', 'ORDER_CREATED', 'STOCK_RESERVED'],
      'One event stood on the bus twice, with the same `eventId` (its sender had lost a reply), and the service reacted twice. Remember the `eventId`, in the same step as the reaction.',
    )
    verifyEqual(
      await pending('stock'),
      0,
      'The double should be acknowledged too, or it stays pending for ever.',
    )
  })

  test('reacts once when two processes have the double in hand', async () => {
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
          for (const one of [first, second])
            await call('runService', () => (one.ok ? one.value : Promise.reject(one.error)))
          verifyEqual(
            count(await typesIn(), 'STOCK_RESERVED'),
            1,
            `One event stood on the bus twice, and two processes of one service (one group, two consumers) had one entry each in hand. Both reacted: the one was held before its ${held ?? 'end'}. To look for the mark, to set it and to write have to be one step.${sameConnection ? sharedWatch(box.commands) : ''}`,
          )
        },
      })
    }
  })

  test('reacts once when the bus is replayed', async () => {
    await publish(CREATED)
    await call('runService', () => runStock())
    await box.admin.xgroup('SETID', BUS, 'stock', '0')
    await call('runService', () => runStock())
    verifyEqual(
      await typesIn(),
      ['ORDER_CREATED', 'STOCK_RESERVED'],
      'The group was set back to the beginning (XGROUP SETID … 0), and the service reacted to old events again. The acknowledgement does not outlive a replay; a mark by `eventId` does.',
    )
  })
})

const manage = (redis = box.redis, consumer = 'manager-1') => runProcess(redis, consumer, clock)

async function exactlyOnce(what: string, hint = ''): Promise<void> {
  const types = await typesIn()
  const found = [count(types, 'ORDER_CANCELLED'), count(types, 'REFUND_REQUESTED')]
  verify(
    found.every((n) => n <= 1),
    `${what}, and the bus holds ORDER_CANCELLED ${found[0]} times and REFUND_REQUESTED ${found[1]} times: compensated twice. Write event, decisions and acknowledgement in one step, and only if the process is where you read it.${hint}`,
    { received: types },
  )
  verifyEqual(
    found,
    [1, 1],
    `${what}, and the order is not both cancelled and refunded. What was decided should be written in one step with the event that led to it.${hint}`,
  )
}

async function nothingInHand(what: string): Promise<void> {
  verifyEqual(
    await pending('order-process'),
    0,
    `${what}, and an event that a consumer had read is still not acknowledged. First comes what this very consumer, the one that was handed in, had in hand (XREADGROUP from 0), then what is new (\`>\`); whatever is finished is acknowledged.`,
  )
}

describe('the process manager', () => {
  test('waits while there is time', async () => {
    await publish(CREATED, PAID)
    await call('runProcess', () => manage())
    verifyEqual(
      await typesIn(),
      ['ORDER_CREATED', 'PAYMENT_RECEIVED'],
      'Created and paid, no word of the stock, and by `clock` 5 minutes have passed: the manager should wait, and put nothing on the bus. The time is that of `clock`, not that of the machine.',
    )
  })

  test('cancels and asks for the refund', async () => {
    await publish(CREATED, PAID, REJECTED)
    const handled = await call('runProcess', () => manage())
    const made = (await eventsIn(BUS)).slice(3)
    verify(
      made.length <= 2,
      'Created, paid, no stock: the manager put ORDER_CANCELLED and REFUND_REQUESTED on the bus, and when these came round to it, it decided once more. What it has decided must stand in the history of the order, so that it knows.',
      { received: made.map(({ eventType }) => eventType) },
    )
    verifyEqual(
      made.map(({ eventType, payload, entityId }) => ({ eventType, payload, entityId })),
      [
        { eventType: 'ORDER_CANCELLED', payload: { reason: 'out of stock' }, entityId: 'order-1' },
        { eventType: 'REFUND_REQUESTED', payload: { amountCents: 7_697 }, entityId: 'order-1' },
      ],
      'Created, paid, no stock: the manager should put ORDER_CANCELLED and then REFUND_REQUESTED on the bus.',
    )
    verifyEqual(
      made.map(({ metadata }) => metadata),
      [
        { correlationId: 'request-1', causationId: '0b7f3a52-6f0a-4c1e-9d3b-000000000004' },
        { correlationId: 'request-1', causationId: '0b7f3a52-6f0a-4c1e-9d3b-000000000004' },
      ],
      'Both decisions were caused by STOCK_REJECTED: `causationId` is its `eventId`, `correlationId` is handed on.',
    )
    verifyEqual(
      [handled, await pending('order-process')],
      [5, 0],
      'runProcess should handle and acknowledge all 5 entries in the group `order-process`: three events, and its own two that come round to it.',
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
      'What the process knows should stand in `process:order-1`: every event that it took in and every one that it decided, each once, as `<n>-0` with the field `event`. State kept elsewhere is out of step with the log after a crash.',
    )
  })

  test('takes in events of every type', async () => {
    await publish(CREATED, event(8, 'ORDER_GIFT_WRAPPED', { paper: 'red' }), event(9, 'ORDER_SHIPPED'), PAID)
    await call('runProcess', () => manage())
    verifyEqual(
      await typesIn(PROCESS),
      ['ORDER_CREATED', 'ORDER_GIFT_WRAPPED', 'ORDER_SHIPPED', 'PAYMENT_RECEIVED'],
      'Two events of types that play no part in the rules stood on the bus, and are not in `process:order-1`. All events are taken in: the rules of tomorrow may ask for them, and the history is the only memory.',
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
      [await typesIn('process:order-2'), await call('expireOrders', () => expireOrders(box.redis, tooLate))],
      [['ORDER_CREATED'], 1],
      'One order was paid and had no stock, another was only created. What happened to the one is no matter of the other: it still waits, and is the one that expireOrders cancels 15 minutes later.',
    )
  })

  test('goes on where another process stopped', async () => {
    await record(CREATED, PAID)
    await publish(REJECTED)
    await call('runProcess', () => manage())
    verifyEqual(
      await typesIn(),
      ['STOCK_REJECTED', 'ORDER_CANCELLED', 'REFUND_REQUESTED'],
      'Another process of the manager had recorded ORDER_CREATED and PAYMENT_RECEIVED in `process:order-1`. This one should read them there; state in memory or outside the log knows nothing of them.',
    )
  })

  test('takes a double for nothing', async () => {
    await publish(CREATED, PAID, PAID, REJECTED, PAID, REJECTED)
    await call('runProcess', () => manage())
    const refunds = (await eventsIn(BUS)).filter(({ eventType }) => eventType === 'REFUND_REQUESTED')
    verifyEqual(
      refunds.map(({ payload }) => payload),
      [{ amountCents: 7_697 }],
      'One PAYMENT_RECEIVED stood on the bus three times, with one `eventId`. It is one payment: 7697 cents go back, once.',
    )
    await box.admin.xgroup('SETID', BUS, 'order-process', '0')
    await call('runProcess', () => manage())
    await exactlyOnce('The whole bus was replayed (XGROUP SETID … 0)')
  })

  test('takes two payments for two', async () => {
    const again = event(8, 'PAYMENT_RECEIVED', { amountCents: 7_697 })
    await publish(CREATED, PAID, again, REJECTED)
    await call('runProcess', () => manage())
    const refunds = (await eventsIn(BUS)).filter(({ eventType }) => eventType === 'REFUND_REQUESTED')
    verifyEqual(
      refunds.map(({ payload }) => payload),
      [{ amountCents: 15_394 }],
      'The customer paid twice: two PAYMENT_RECEIVED with an `eventId` each. Events are told apart by their `eventId`; two of one type are not one event. All 15394 cents go back.',
    )
  })

  test('survives its death', async () => {
    await everyCrash({
      name: 'runProcess',
      prepare: async () => {
        await record(CREATED, PAID)
        await publish(REJECTED)
      },
      run: (redis) => manage(redis),
      verify: async ({ last, survived }) => {
        if (!survived) await call('runProcess', () => manage(box.connect()))
        const what = `The manager died after its ${last ?? 'start'} and was started again`
        await nothingInHand(what)
        await exactlyOnce(what)
      },
    })
  })

  test('is right with two of them', async () => {
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
              `Two managers had a payment and a stock's no of one order in hand at once, and one gave up. Whoever finds the process changed reads and decides again.${sameConnection ? sharedWatch(box.commands) : ''}`,
              { received: outcome.ok || outcome.error },
            )
          }
          const what = `One manager had the payment in hand, the other the stock's no, and the one was held before its ${held ?? 'end'}`
          await nothingInHand(what)
          await exactlyOnce(what, sameConnection ? sharedWatch(box.commands) : '')
        },
      })
  })

  test('expireOrders cancels what waited too long', async () => {
    await publish(CREATED, PAID)
    await call('runProcess', () => manage())
    verifyEqual(
      await call('expireOrders', () => expireOrders(box.redis, clock)),
      0,
      'After 5 minutes no order has waited too long: expireOrders should resolve to 0.',
    )
    verifyEqual(
      await call('expireOrders', () => expireOrders(box.redis, tooLate)),
      1,
      '15 minutes after the timestamp of ORDER_CREATED the order should be cancelled: expireOrders resolves to 1. The time is that of `clock`, and it does not matter when the manager read the event.',
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
      'The timeout should put ORDER_CANCELLED and REFUND_REQUESTED on the bus, at the time of `clock`, caused by ORDER_CREATED.',
    )
    verifyEqual(
      await typesIn(PROCESS),
      ['ORDER_CREATED', 'PAYMENT_RECEIVED', 'ORDER_CANCELLED', 'REFUND_REQUESTED'],
      'What the timeout decided belongs into `process:order-1` too, or the process does not know that it is over.',
    )
    await call('runProcess', () => manage())
    verifyEqual(
      await call('expireOrders', () => expireOrders(box.redis, tooLate)),
      0,
      'The order is cancelled; a second call has nothing to do.',
    )
    await exactlyOnce('The timeout came, then the manager and the timeout ran again')
  })

  test('expireOrders does not read what is over', async () => {
    const ids = Array.from({ length: 5 }, (_, n) => `done-${n}`)
    for (const [n, id] of ids.entries()) {
      for (const [i, one] of [CREATED, PAID, RESERVED].entries())
        await publish({ ...one, entityId: id, eventId: event(100 + n * 10 + i, '').eventId })
    }
    for (const [i, one] of [CREATED, REJECTED].entries())
      await publish({ ...one, entityId: 'rejected-1', eventId: event(200 + i, '').eventId })
    await publish({ ...CREATED, entityId: 'late-1', eventId: event(210, '').eventId })
    ids.push('rejected-1', 'late-1')
    await call('runProcess', () => manage())
    await call('expireOrders', () => expireOrders(box.redis, tooLate))
    await call('runProcess', () => manage())
    await call('expireOrders', () => expireOrders(box.redis, tooLate)) // it may tidy up
    const before = box.commands.length
    await call('expireOrders', () => expireOrders(box.redis, tooLate))
    const looked = box.commands
      .slice(before)
      .filter(({ args, reply }) => ids.some((id) => JSON.stringify([args, reply ?? null]).includes(id)))
    verify(
      looked.length === 0,
      'Five orders were confirmed, one was cancelled because it was out of stock, and one because it had waited too long. expireOrders was called twice, and the third call still looked at orders that are over. In a year there are a million of them: keep an index of those that wait, and take an order out when it is confirmed or cancelled.',
      { received: looked.map(({ name, args }) => [name, ...args.slice(0, 3)].join(' ').slice(0, 80)) },
    )
  })

  test('expireOrders cancels all that waited too long', async () => {
    const created = Array.from({ length: 105 }, (_, n) => ({
      ...CREATED,
      entityId: `late-${n + 1}`,
      eventId: event(300 + n, '').eventId,
    }))
    await publish(...created)
    await call('runProcess', () => manage())
    const expired = await call('expireOrders', () => expireOrders(box.redis, tooLate))
    const cancelled = count(await typesIn(), 'ORDER_CANCELLED')
    verifyEqual(
      [expired, cancelled],
      [105, 105],
      'The deadline of 105 orders was past, and one call of expireOrders should have cancelled all of them (received: the result, and how many were cancelled). If you read the index in pages, go on until no order is left whose deadline is past.',
    )
  })

  test('expireOrders twice at the same moment', async () => {
    await everyInterleaving({
      name: 'expireOrders',
      prepare: async () => {
        await publish(CREATED, PAID)
        await call('runProcess', () => manage(box.connect()))
      },
      first: (redis) => expireOrders(redis, tooLate),
      second: (redis) => expireOrders(redis, tooLate),
      verify: async ({ first, second, held }) => {
        const what = `Two processes called expireOrders at once, and the first was held before its ${held ?? 'end'}`
        verifyEqual(
          [first, second].reduce((sum, outcome) => sum + (outcome.ok ? outcome.value : 0), 0),
          1,
          `${what}. One order had waited too long: one of the two calls should cancel it and resolve to 1, and the other should resolve to 0 (received: their sum).`,
        )
        await exactlyOnce(what)
      },
    })
  })

  test('forgets no deadline when it dies', async () => {
    await everyCrash({
      name: 'runProcess',
      prepare: () => publish(CREATED),
      run: (redis) => manage(redis),
      verify: async ({ last, survived }) => {
        if (!survived) await call('runProcess', () => manage(box.connect()))
        verifyEqual(
          await call('expireOrders', () => expireOrders(box.connect(), tooLate)),
          1,
          `The manager died after its ${last ?? 'start'} while it took in ORDER_CREATED, and was started again. 15 minutes later expireOrders did not find the order: it waits for ever. What expireOrders looks at is written in the same step as the event.`,
        )
      },
    })
  })

  test('expireOrders and a stock reply at the same moment', async () => {
    await everyInterleaving({
      name: 'expireOrders',
      prepare: async () => {
        await publish(CREATED, PAID)
        await call('runProcess', () => manage(box.connect()))
        await publish(REJECTED)
      },
      first: (redis) => expireOrders(redis, tooLate),
      second: (redis) => manage(redis),
      verify: async ({ held }) =>
        exactlyOnce(`The stock's no came while the timeout was before its ${held ?? 'end'}`),
    })
  })

  test('expireOrders and a payment at the same moment', async () => {
    await everyInterleaving({
      name: 'expireOrders',
      prepare: async () => {
        await publish(CREATED)
        await call('runProcess', () => manage(box.connect()))
        await publish(PAID)
      },
      first: (redis) => expireOrders(redis, tooLate),
      second: (redis) => manage(redis),
      verify: async ({ first, held }) => {
        const what = `A payment was taken in while the timeout was before its ${held ?? 'end'}`
        verify(
          first.ok && first.value === 1 && count(await typesIn(), 'ORDER_CANCELLED') === 1,
          `${what}. The order was waiting still and its deadline past: expireOrders should find the process changed, read it again, cancel the order, and resolve to 1.`,
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
        await publish(CREATED, PAID)
        await call('runProcess', () => manage(box.connect()))
        await publish(RESERVED)
      },
      first: (redis) => expireOrders(redis, tooLate),
      second: (redis) => manage(redis),
      verify: async ({ first, held }) => {
        const types = await typesIn()
        const [confirmed, cancelled] = [count(types, 'ORDER_CONFIRMED'), count(types, 'ORDER_CANCELLED')]
        verify(
          confirmed + cancelled === 1 && first.ok && first.value === cancelled,
          `The stock was reserved while the timeout was before its ${held ?? 'end'}. The order is either confirmed or cancelled, once; and expireOrders resolves to the number of orders that it has cancelled, which may be 0.`,
          { received: { expireOrders: first.ok ? first.value : first.error, bus: types } },
        )
      },
    })
  })
})

const analytics = { group: 'analytics', consumer: 'forwarder-1' }
const KEYS = {
  created: '0b7f3a52-6f0a-4c1e-9d3b-000000000001',
  paid: '0b7f3a52-6f0a-4c1e-9d3b-000000000002',
  reserved: '0b7f3a52-6f0a-4c1e-9d3b-000000000003',
}

/** A system outside that notes what it gets, and refuses while `down`. */
function outside() {
  const got: { type: string; key: string }[] = []
  const state = { got, down: false }
  const send = async (one: Event, options: { readonly idempotencyKey: string }) => {
    await Promise.resolve()
    if (state.down && got.length > 0) throw new Error('503 analytics is down')
    got.push({ type: one.eventType, key: options?.idempotencyKey })
  }
  return { state, got, send }
}

describe('forward', () => {
  test('sends every event with its key', async () => {
    await publish(CREATED, PAID)
    const { got, send } = outside()
    const handled = await call('forward', () => forward(box.redis, analytics, send))
    verifyEqual(
      got,
      [
        { type: 'ORDER_CREATED', key: KEYS.created },
        { type: 'PAYMENT_RECEIVED', key: KEYS.paid },
      ],
      'forward should call `send(event, { idempotencyKey })` for every event of the bus, in its order, with the `eventId` as the key: it is the same on every try.',
    )
    verifyEqual([handled, await pending('analytics')], [2, 0], 'forward should acknowledge what was sent.')
    await call('forward', () => forward(box.redis, analytics, send))
    verifyEqual(got.length, 2, 'A second call had nothing new to send, and sent again.')
  })

  test('stops when the other side fails, and tries again', async () => {
    await publish(CREATED, PAID, RESERVED)
    const { state, got, send } = outside()
    state.down = true
    const outcome = await attempt('forward', () => forward(box.redis, analytics, send))
    verify(
      !outcome.ok && outcome.error instanceof Error && outcome.error.message === '503 analytics is down',
      'send failed with an Error, and forward should reject with that very Error: otherwise nobody knows that events are waiting.',
      { received: outcome },
    )
    state.down = false
    await call('forward', () => forward(box.redis, analytics, send))
    verifyEqual(
      got.map(({ key }) => key),
      [KEYS.created, KEYS.paid, KEYS.reserved],
      'The second event could not be sent. The next call should begin with it, and then go on in the order of the bus; nothing is skipped, nothing that was sent is sent again.',
    )
    verifyEqual(await pending('analytics'), 0, 'After the second call nothing should be pending.')
  })

  test('loses nothing when it dies', async () => {
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
          `The forwarder died after its ${last ?? 'start'} (${before} sent) and was started again, and an event never arrived. Send first, then mark and acknowledge: at least once.`,
        )
        verify(
          keys.length <= 3,
          `The forwarder died after its ${last ?? 'start'} and was started again: only the one event that was in hand may arrive twice.`,
          { received: keys },
        )
      },
    })
  })

  test('sends no mail on a replay', async () => {
    await publish(CREATED, PAID, PAID)
    const { got, send } = outside()
    await call('forward', () => forward(box.redis, analytics, send))
    verifyEqual(
      got.map(({ key }) => key),
      [KEYS.created, KEYS.paid],
      'An event stood on the bus twice, with one `eventId`, and was sent twice, though the first was finished.',
    )
    await box.admin.xgroup('SETID', BUS, 'analytics', '0')
    await call('forward', () => forward(box.connect(), analytics, send))
    verifyEqual(
      got.length,
      2,
      'The group was set back to the beginning, and all old mails were sent once more. Remember in Redis, by `eventId`, what has been sent.',
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
      'What was sent to analytics has not been sent to mail: the marks belong to the group.',
    )
  })
})
