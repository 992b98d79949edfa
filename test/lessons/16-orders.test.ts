import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  everyCrash,
  everyInterleaving,
  overtaken,
  sharedWatch,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { Order, OrderCommand, OrderFact, OrderStatus } from '#lesson/16-orders'
import {
  applyOrderEvent,
  cancelOrder,
  createOrder,
  decide,
  deliverOrder,
  evolve,
  getOrder,
  getOrderHistory,
  issueRefund,
  OrderRefusedError,
  processPayment,
  shipOrder,
} from '#lesson/16-orders'

const box = useSandbox()

const clock = () => new Date('2026-03-01T09:00:00.000Z')
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const KEY = 'aggregate:order:order-1'

/** 69.97 and 7.00 tax: by floats 76.967. */
const CREATED: OrderFact = {
  eventType: 'ORDER_CREATED',
  payload: {
    customerId: 'ada',
    lines: [
      { sku: 'book', quantity: 2, unitCents: 2_499 },
      { sku: 'pen', quantity: 1, unitCents: 1_999 },
    ],
    taxCents: 700,
  },
}
const PAID: OrderFact = { eventType: 'PAYMENT_RECEIVED', payload: { amountCents: 7_697 } }
const SHIPPED: OrderFact = { eventType: 'ORDER_SHIPPED', payload: { trackingNumber: 'T-1' } }
const DELIVERED: OrderFact = { eventType: 'ORDER_DELIVERED', payload: {} }
const CANCELLED: OrderFact = { eventType: 'ORDER_CANCELLED', payload: { reason: 'too late' } }
const refund = (amountCents: number): OrderFact => ({ eventType: 'REFUND_ISSUED', payload: { amountCents } })

function order(changes: Partial<Order> = {}): Order {
  return {
    customerId: 'ada',
    lines: [
      { sku: 'book', quantity: 2, unitCents: 2_499 },
      { sku: 'pen', quantity: 1, unitCents: 1_999 },
    ],
    totalCents: 7_697,
    paidCents: 0,
    refundedCents: 0,
    status: 'created',
    ...changes,
  }
}

function orderIn(status: OrderStatus): Order {
  if (status === 'created') return order()
  if (status === 'cancelled') return order({ status, paidCents: 7_697, refundedCents: 7_697 })
  return order({ status, paidCents: 7_697 })
}

function eventOf(
  n: number,
  { eventType, payload }: { readonly eventType: string; readonly payload: object },
) {
  return {
    eventId: `0b7f3a52-6f0a-4c1e-9d3b-${String(n).padStart(12, '0')}`,
    timestamp: `2026-02-0${n}T09:00:00.000Z`,
    eventType,
    entityId: 'order-1',
    payload,
    metadata: {},
  } as Parameters<typeof applyOrderEvent>[1]
}

/** Puts these facts into order-1 as another program left them. */
async function plant(...facts: readonly { readonly eventType: string; readonly payload: object }[]) {
  for (const [index, fact] of facts.entries()) {
    const text = JSON.stringify(eventOf(index + 1, fact))
    await box.admin.xadd(KEY, `${index + 1}-0`, 'event', text)
  }
}

interface Stored {
  readonly id: string
  readonly event: Partial<ReturnType<typeof eventOf>>
}

async function stored(key = KEY): Promise<Stored[]> {
  return (await box.admin.xrange(key, '-', '+')).map(([id, fields]) => {
    try {
      return { id, event: JSON.parse(fields[fields.indexOf('event') + 1] ?? '{}') }
    } catch {
      return { id, event: {} }
    }
  })
}

const types = async (key = KEY) => (await stored(key)).map(({ event }) => event.eventType)

describe('evolve', () => {
  test('makes a new order', async () => {
    const made = await call('evolve', () => evolve(null, CREATED))
    verifyEqual(
      made,
      order(),
      'ORDER_CREATED should make an order of exactly the fields in the lesson: the total is the lines and the tax, 2 × 24.99 + 19.99 + 7.00, and nothing is paid or refunded yet.',
    )
  })

  test('takes the tax from the event', async () => {
    const old: OrderFact = {
      eventType: 'ORDER_CREATED',
      payload: { ...CREATED.payload, taxCents: 560 },
    } as OrderFact
    const made = await call('evolve', () => evolve(null, old))
    verifyEqual(
      made?.totalCents,
      7_557,
      'An order from the time when the tax was 8 % has `taxCents` 560, and its total should still be 75.57. evolve worked the tax out again by today’s rule, so what the customer paid years ago no longer fits.',
    )
  })

  test('follows every fact', async () => {
    const steps: readonly (readonly [Order, OrderFact, Order, string])[] = [
      [order(), PAID, orderIn('paid'), 'PAYMENT_RECEIVED adds to `paidCents` and makes the status paid.'],
      [orderIn('paid'), SHIPPED, orderIn('shipped'), 'ORDER_SHIPPED makes the status shipped.'],
      [orderIn('shipped'), DELIVERED, orderIn('delivered'), 'ORDER_DELIVERED makes the status delivered.'],
      [order(), CANCELLED, order({ status: 'cancelled' }), 'ORDER_CANCELLED makes the status cancelled.'],
      [
        order({ status: 'delivered', paidCents: 7_697, refundedCents: 1_000 }),
        refund(500),
        order({ status: 'delivered', paidCents: 7_697, refundedCents: 1_500 }),
        'REFUND_ISSUED adds to `refundedCents`, and leaves the status and `paidCents` as they are. A refund without a case of its own vanishes.',
      ],
      [
        orderIn('shipped'),
        refund(7_697),
        order({ status: 'shipped', paidCents: 7_697, refundedCents: 7_697 }),
        'All of the money went back for an order that is under way. REFUND_ISSUED still leaves the status: the parcel does not turn round, and only ORDER_CANCELLED cancels.',
      ],
    ]
    for (const [before, fact, after, why] of steps) {
      verifyEqual(await call('evolve', () => evolve(before, fact)), after, why)
    }
  })

  test('refuses nothing', async () => {
    const why =
      'evolve judged an event by the rules. What stands in the log has happened: evolve applies it, the rules belong into decide.'
    verifyEqual(
      await call('evolve', () => evolve(orderIn('paid'), PAID)),
      order({ status: 'paid', paidCents: 15_394 }),
      `A second PAYMENT_RECEIVED (an old program let it through) makes \`paidCents\` 15394. ${why}`,
    )
    verifyEqual(
      await call('evolve', () => evolve(order(), SHIPPED)),
      order({ status: 'shipped' }),
      `ORDER_SHIPPED on an unpaid order makes it shipped. ${why}`,
    )
    verifyEqual(
      await call('evolve', () => evolve(orderIn('paid'), CREATED)),
      orderIn('paid'),
      'A second ORDER_CREATED changed the order. It should stay as it is, or a repeated event would undo the payment.',
    )
    const none = await call('evolve', () => evolve(null, PAID))
    verify(none === null, 'A payment without an order makes no order: evolve should give `null`.', {
      received: none,
    })
  })

  test('changes nothing that it was given', async () => {
    const before = order()
    for (const fact of [PAID, SHIPPED, DELIVERED, CANCELLED, refund(1)]) {
      await call('evolve', () => evolve(before, fact))
      verifyEqual(
        before,
        order(),
        `evolve wrote into the order that it was given (${fact.eventType}). Somebody else may hold it: return a new one, \`{ ...order, … }\`.`,
      )
    }
  })

  test('applyOrderEvent does the same for events from the log', async () => {
    verifyEqual(
      await call('applyOrderEvent', () => applyOrderEvent(order(), eventOf(2, PAID))),
      orderIn('paid'),
      'applyOrderEvent should give what evolve gives for the same type and payload.',
    )
    const future = eventOf(3, { eventType: 'ORDER_GIFT_WRAPPED', payload: { paper: 'red' } })
    verifyEqual(
      await call('applyOrderEvent', () => applyOrderEvent(orderIn('paid'), future)),
      orderIn('paid'),
      'An event type that this program does not know (ORDER_GIFT_WRAPPED) should leave the order as it is.',
    )
    const none = await call('applyOrderEvent', () => applyOrderEvent(null, future))
    verify(none === null, 'An unknown event without an order makes no order: `null`.', { received: none })
  })
})

const prices = () =>
  new Map([
    ['book', 2_499],
    ['pen', 1_999],
    ['card', 105],
    ['stamp', 4],
    ['sample', 0],
  ])
const create = (items: readonly { readonly sku: string; readonly quantity: number }[]): OrderCommand => ({
  type: 'CreateOrder',
  customerId: 'ada',
  items,
  prices: prices(),
})
const BASKET = [
  { sku: 'book', quantity: 2 },
  { sku: 'pen', quantity: 1 },
]

const pay = (amountCents: number): OrderCommand => ({ type: 'ProcessPayment', amountCents })
const SHIP: OrderCommand = { type: 'ShipOrder', trackingNumber: 'T-1' }
const DELIVER: OrderCommand = { type: 'DeliverOrder' }
const CANCEL: OrderCommand = { type: 'CancelOrder', reason: 'too late' }
const refunded = (amountCents: number): OrderCommand => ({ type: 'IssueRefund', amountCents })

const decided = async (before: Order | null, command: OrderCommand) =>
  (await call('decide', () => decide(before, command))) as readonly OrderFact[]

async function taxOf(
  items: readonly { readonly sku: string; readonly quantity: number }[],
): Promise<unknown> {
  const [fact] = await decided(null, create(items))
  return fact?.eventType === 'ORDER_CREATED' ? fact.payload.taxCents : fact
}

/** decide must refuse, for this reason. */
async function refuses(
  before: Order | null,
  command: OrderCommand,
  reason: OrderRefusedError['reason'],
  diagnosis: string,
): Promise<void> {
  const error = await callError('decide', () => decide(before, command), OrderRefusedError, diagnosis)
  verifyEqual(
    { reason: error.reason, status: error.status },
    { reason, status: before?.status ?? null },
    `decide refused ${command.type} rightly, but the error should carry the reason "${reason}" and the order’s status: the caller tells the customer what to do by them.`,
  )
}

describe('decide', () => {
  test('says what comes of each command', async () => {
    const cases: readonly (readonly [Order | null, OrderCommand, readonly OrderFact[]])[] = [
      [null, create(BASKET), [CREATED]],
      [order(), pay(7_697), [PAID]],
      [orderIn('paid'), SHIP, [SHIPPED]],
      [orderIn('shipped'), DELIVER, [DELIVERED]],
      [order(), CANCEL, [CANCELLED]],
      [orderIn('delivered'), refunded(1_000), [refund(1_000)]],
    ]
    for (const [before, command, facts] of cases) {
      const received = await decided(before, command)
      verify(
        Array.isArray(received),
        'decide should return an array of facts, at once and not as a promise.',
        {
          received,
        },
      )
      for (const { payload } of received) {
        verify(
          typeof payload !== 'object' || !('status' in payload),
          `The fact that decide made of ${command.type} has a status in its payload. The status follows from the event types; kept twice, the two can disagree for ever.`,
          { received: payload },
        )
      }
      if (command.type === 'CreateOrder') {
        const [fact] = received
        const tax = fact?.eventType === 'ORDER_CREATED' ? fact.payload.taxCents : undefined
        verifyEqual(
          tax,
          700,
          'The tax on 69.97 is 6.997, rounded to whole cents: `taxCents` 700. Money with a fraction of a cent cannot be paid, and floats do not add up.',
        )
      }
      verifyEqual(
        received,
        facts,
        `decide should make exactly this of ${command.type}: \`eventType\` and \`payload\` as in the lesson, nothing else. Ids and times are added by whoever stores the fact.`,
      )
    }
  })

  test('rounds the tax once, half a cent up', async () => {
    verifyEqual(
      await taxOf([{ sku: 'card', quantity: 1 }]),
      11,
      'The tax on 1.05 is 10.5 cents; half a cent goes up, so `taxCents` is 11.',
    )
    verifyEqual(
      await taxOf([{ sku: 'stamp', quantity: 1 }]),
      0,
      'The tax on 4 cents is 0.4 cents; less than half goes down, so `taxCents` is 0.',
    )
    verifyEqual(
      await taxOf([
        { sku: 'card', quantity: 1 },
        { sku: 'card', quantity: 1 },
        { sku: 'stamp', quantity: 1 },
      ]),
      21,
      'The tax on 1.05 + 1.05 + 0.04 = 2.14 is 21.4 cents, rounded 21. Round once, on the sum of the order: rounding each line or piece by itself gives another tax.',
    )
  })

  test('takes prices from the list only', async () => {
    const cheap = [{ sku: 'book', quantity: 1, unitCents: 1, price: 1, priceCents: 1 }]
    verifyEqual(
      await decided(null, create(cheap)),
      [
        {
          eventType: 'ORDER_CREATED',
          payload: {
            customerId: 'ada',
            lines: [{ sku: 'book', quantity: 1, unitCents: 2_499 }],
            taxCents: 250,
          },
        },
      ],
      'An item came with a price of its own, `unitCents: 1`, and it got into the event. Build each line of `sku`, `quantity` and the price in `prices`: whoever sets the price pays what they like.',
    )
  })

  test('makes one line per item', async () => {
    const twice = [
      { sku: 'pen', quantity: 1 },
      { sku: 'book', quantity: 1 },
      { sku: 'pen', quantity: 2 },
    ]
    const [fact] = await decided(null, create(twice))
    verifyEqual(
      fact?.eventType === 'ORDER_CREATED' ? fact.payload.lines : fact,
      [
        { sku: 'pen', quantity: 1, unitCents: 1_999 },
        { sku: 'book', quantity: 1, unitCents: 2_499 },
        { sku: 'pen', quantity: 2, unitCents: 1_999 },
      ],
      'Three items came in, two of them with one sku. There should be one line per item, in their order: what the customer asked for is kept as she asked for it.',
    )
  })

  test('has nothing against a price of 0', async () => {
    let lines: unknown
    try {
      const [fact] = decide(null, create([{ sku: 'sample', quantity: 1 }]))
      lines = fact?.eventType === 'ORDER_CREATED' ? fact.payload.lines : fact
    } catch (error) {
      lines = error
    }
    verifyEqual(
      lines,
      [{ sku: 'sample', quantity: 1, unitCents: 0 }],
      'The price list holds a free sample, for 0 cents. It is in the list, so the order should be accepted: 0 is a price, and `!price` takes it for none.',
    )
  })

  test('refuses items that make no order', async () => {
    const bad: readonly (readonly [readonly { sku: string; quantity: number }[], string])[] = [
      [[], 'An order without items'],
      [[{ sku: 'gold', quantity: 1 }], 'A sku that is not in the price list'],
      [[{ sku: 'pen', quantity: 0 }], 'A quantity of 0'],
      [[{ sku: 'pen', quantity: -2 }], 'A quantity of -2 (the shop would pay the customer)'],
      [[{ sku: 'pen', quantity: 1.5 }], 'A quantity of 1.5'],
      [[{ sku: 'pen', quantity: Number.NaN }], 'A quantity of NaN'],
    ]
    for (const [items, what] of bad) {
      await refuses(null, create(items), 'items', `${what} should be refused with an OrderRefusedError.`)
    }
  })

  const ALL: readonly (OrderStatus | null)[] = [null, 'created', 'paid', 'shipped', 'delivered', 'cancelled']
  const IMPOSSIBLE: readonly (readonly [OrderCommand, readonly (OrderStatus | null)[], string])[] = [
    [create(BASKET), [null], 'There is an order of this id already.'],
    [pay(7_697), ['created'], 'An order is paid once, before anything else.'],
    [SHIP, ['paid'], 'Only a paid order is shipped, and only once.'],
    [DELIVER, ['shipped'], 'Only what is under way can arrive.'],
    [CANCEL, ['created', 'paid'], 'Once it is shipped, nobody can call the parcel back.'],
    [
      refunded(1),
      ['paid', 'shipped', 'delivered'],
      'Money goes back only where some was paid; cancelling gave back the rest.',
    ],
  ]
  for (const [command, possible, why] of IMPOSSIBLE) {
    test(`allows ${command.type} in the right status only`, async () => {
      for (const status of ALL.filter((one) => !possible.includes(one))) {
        await refuses(
          status === null ? null : orderIn(status),
          command,
          'status',
          `${command.type} was accepted ${status === null ? 'though there is no order' : `for an order that is ${status}`}. ${why} Throw an OrderRefusedError.`,
        )
      }
      for (const status of possible) {
        await decided(status === null ? null : orderIn(status), command)
      }
    })
  }

  test('asks the table first', async () => {
    const cases: readonly (readonly [Order, OrderCommand, string])[] = [
      [orderIn('paid'), create([]), 'CreateOrder without items'],
      [orderIn('paid'), pay(1), 'ProcessPayment of a wrong amount'],
      [order(), refunded(0), 'IssueRefund of 0 cents'],
      [orderIn('cancelled'), refunded(-1), 'IssueRefund of -1 cents'],
    ]
    for (const [before, command, what] of cases) {
      const error = await callError(
        'decide',
        () => decide(before, command),
        OrderRefusedError,
        `${what} was accepted for an order that is ${before.status}.`,
      )
      verifyEqual(
        error.reason,
        'status',
        `${what} for an order that is ${before.status}: two rules say no. The table comes first, so the reason is "status"; another amount or other items would not help the customer.`,
      )
    }
  })

  test('takes the whole amount or nothing', async () => {
    for (const amount of [7_696, 7_698, 76.97, 0, -7_697, Number.NaN]) {
      await refuses(
        order(),
        pay(amount),
        'amount',
        `The order costs 7697 cents, and a payment of ${amount} was accepted. The amount should be \`totalCents\` exactly.`,
      )
    }
  })

  test('gives back no more than was paid', async () => {
    const partly = order({ status: 'delivered', paidCents: 7_697, refundedCents: 5_000 })
    await refuses(
      orderIn('delivered'),
      refunded(7_698),
      'amount',
      'Of 7697 cents paid, 7698 were refunded: more than was paid.',
    )
    await refuses(
      partly,
      refunded(2_698),
      'amount',
      'Of 7697 cents paid, 5000 had been refunded, and another 2698 went through: more than was paid. Count the refunds before this one.',
    )
    verifyEqual(
      await decided(partly, refunded(2_697)),
      [refund(2_697)],
      'Of 7697 cents paid, 5000 were refunded; the remaining 2697 may go back, to the last cent.',
    )
    for (const amount of [0, -100, 0.5, Number.NaN]) {
      await refuses(
        orderIn('delivered'),
        refunded(amount),
        'amount',
        `A refund of ${amount} cents was accepted. It should be a whole number of cents above 0; a negative one takes money.`,
      )
    }
  })

  test('gives the money back when a paid order is cancelled', async () => {
    verifyEqual(
      await decided(orderIn('paid'), CANCEL),
      [CANCELLED, refund(7_697)],
      'Cancelling a paid order is one decision with two facts: ORDER_CANCELLED, then REFUND_ISSUED over what was paid.',
    )
    verifyEqual(
      await decided(order({ status: 'paid', paidCents: 7_697, refundedCents: 700 }), CANCEL),
      [CANCELLED, refund(6_997)],
      'Of the payment 700 cents had been refunded before. Cancelling gives back the rest, 6997, and no more.',
    )
    verifyEqual(
      await decided(order({ status: 'paid', paidCents: 7_697, refundedCents: 7_697 }), CANCEL),
      [CANCELLED],
      'Everything had been refunded before. There is nothing left to give back, so ORDER_CANCELLED is the only fact.',
    )
  })

  test('has no side effects', async () => {
    const before = orderIn('paid')
    const command = create(BASKET)
    verifyEqual(
      await decided(null, command),
      await decided(null, create(BASKET)),
      'decide gave two answers to one question. It may look at its two arguments only: no clock, no chance.',
    )
    await decided(before, CANCEL)
    verifyEqual(
      [before, command],
      [orderIn('paid'), create(BASKET)],
      'decide wrote into what it was given. It only says what would happen; evolve makes the new state, and only after the fact is stored.',
    )
  })
})

type Run = (redis: Parameters<typeof cancelOrder>[0]) => Promise<unknown>
/** Two commands, and what may be stored in the end. */
type Race = readonly [first: string, second: string, possible: readonly (readonly string[])[]]

describe('the commands', () => {
  test('store what was decided', async () => {
    const id = await call('createOrder', () => createOrder(box.redis, clock, prices(), 'ada', BASKET))
    const key = `aggregate:order:${id}`
    const all = await stored(key)
    verify(
      all.length === 1,
      'After createOrder the stream `aggregate:order:<the id that it resolved to>` should hold one entry.',
      { received: { id, keys: await box.admin.keys('*') } },
    )
    const { eventId, ...rest } = all[0]?.event ?? {}
    verifyEqual(
      { id: all[0]?.id, ...rest },
      { id: '1-0', timestamp: '2026-03-01T09:00:00.000Z', entityId: id, metadata: {}, ...CREATED },
      'The first entry should have the id 1-0 and a field `event` with the whole event of lesson 01: the fact, the order’s id as `entityId`, the time of the clock.',
    )
    verify(UUID.test(String(eventId)), 'An event’s `eventId` should be a UUID.', { received: eventId })
    const versions = [
      await call('processPayment', () => processPayment(box.redis, clock, id, 7_697)),
      await call('shipOrder', () => shipOrder(box.redis, clock, id, 'T-1')),
      await call('deliverOrder', () => deliverOrder(box.redis, clock, id)),
      await call('issueRefund', () => issueRefund(box.redis, clock, id, 500)),
    ]
    const events = (await stored(key))
      .slice(1)
      .map(({ id: at, event }) => [at, event.eventType, event.payload])
    verifyEqual(
      events,
      [
        ['2-0', 'PAYMENT_RECEIVED', { amountCents: 7_697 }],
        ['3-0', 'ORDER_SHIPPED', { trackingNumber: 'T-1' }],
        ['4-0', 'ORDER_DELIVERED', {}],
        ['5-0', 'REFUND_ISSUED', { amountCents: 500 }],
      ],
      'Paying, shipping, delivering and refunding should append their events to the stream of the order, version after version.',
    )
    verifyEqual(versions, [2, 3, 4, 5], 'Each command should resolve to the new version of the order.')
  })

  test('make ids that never meet', async () => {
    const ids = new Set<string>()
    for (let n = 0; n < 10; n += 1) {
      ids.add(await call('createOrder', () => createOrder(box.redis, clock, prices(), 'ada', BASKET)))
    }
    verify(
      ids.size === 10,
      'Ten orders made within one millisecond of the clock got fewer than ten ids. An id from the clock puts two customers into one stream: take a UUID.',
      { expected: 10, received: ids.size },
    )
    verify(
      [...ids].every((id) => UUID.test(id)),
      'An order’s id should be a UUID. An id of another make can meet that of another order, and then two customers share one stream.',
      { received: [...ids] },
    )
  })

  test('write nothing when the order refuses', async () => {
    await plant(CREATED)
    const error = await callError(
      'shipOrder',
      () => shipOrder(box.redis, clock, 'order-1', 'T-1'),
      OrderRefusedError,
      'shipOrder on an unpaid order should reject with the OrderRefusedError of decide.',
    )
    verifyEqual(error.status, 'created', 'The error should carry the status of the order as it is in Redis.')
    await callError(
      'deliverOrder',
      () => deliverOrder(box.redis, clock, 'order-2'),
      OrderRefusedError,
      'deliverOrder for an order that never was should reject with an OrderRefusedError.',
    )
    await callError(
      'createOrder',
      () => createOrder(box.redis, clock, prices(), 'ada', []),
      OrderRefusedError,
      'createOrder without items should reject with an OrderRefusedError.',
    )
    verifyEqual(
      [await box.admin.keys('*'), await types()],
      [[KEY], ['ORDER_CREATED']],
      'A refused command should leave Redis as it was.',
    )
  })

  test('decide on all that was stored before', async () => {
    await plant(CREATED, PAID, { eventType: 'ORDER_GIFT_WRAPPED', payload: { paper: 'red' } })
    const version = await call('cancelOrder', () => cancelOrder(box.redis, clock, 'order-1', 'too late'))
    const added = (await stored()).slice(3).map(({ id, event }) => [id, event.eventType, event.payload])
    verifyEqual(
      added,
      [
        ['4-0', 'ORDER_CANCELLED', { reason: 'too late' }],
        ['5-0', 'REFUND_ISSUED', { amountCents: 7_697 }],
      ],
      'Another program paid the order and gift-wrapped it (an event type that is unknown here, at version 3). Cancelling should append both its facts behind that.',
    )
    verifyEqual(version, 5, 'cancelOrder should resolve to the version after the last of its events.')
  })

  test('pay an order once', async () => {
    await everyInterleaving({
      name: 'processPayment',
      prepare: () => plant(CREATED),
      first: (redis) => processPayment(redis, clock, 'order-1', 7_697),
      second: (redis) => processPayment(redis, clock, 'order-1', 7_697),
      verify: async ({ first, second, held, after }) => {
        verifyEqual(
          await types(),
          ['ORDER_CREATED', 'PAYMENT_RECEIVED'],
          `Two payments of one order at the same time, and the stream is not "created, paid" (the second came between the ${after ?? 'start'} and the ${held ?? 'end'} of the first). Append only if the order is still at the version that decide saw.`,
        )
        const lost = first.ok ? second : first
        verify(
          !lost.ok && lost.error instanceof OrderRefusedError && lost.error.status === 'paid',
          'The slower of two payments should be refused by the rules, with the status paid: after a conflict, read again and decide again.',
          { received: lost.ok ? 'both succeeded' : lost.error },
        )
      },
    })
  })

  test('pay an order once on one connection', async () => {
    let watch = ''
    await everyInterleaving({
      name: 'processPayment',
      sameConnection: true,
      prepare: () => plant(CREATED),
      first: (redis) => processPayment(redis, clock, 'order-1', 7_697),
      second: (redis) => processPayment(redis, clock, 'order-1', 7_697),
      verify: async ({ first, second }) => {
        watch ||= sharedWatch(box.commands)
        const lost = first.ok ? second : first
        verify(
          (await types()).length === 2 && !lost.ok && lost.error instanceof OrderRefusedError,
          `Two payments of one order went over one connection, and the slower was not refused by the rules.${watch || ' To compare the version and to append have to be one step for Redis.'}`,
          { received: { events: await types(), slower: lost.ok ? 'accepted' : lost.error } },
        )
      },
    })
  })

  test('decide anew after a conflict', async () => {
    await everyInterleaving({
      name: 'cancelOrder',
      prepare: () => plant(CREATED),
      first: (redis) => cancelOrder(redis, clock, 'order-1', 'too late'),
      second: (redis) => processPayment(redis, clock, 'order-1', 7_697),
      verify: async ({ first, second }) => {
        const all = await types()
        const refusedPayment = ['ORDER_CREATED', 'ORDER_CANCELLED']
        const paidFirst = ['ORDER_CREATED', 'PAYMENT_RECEIVED', 'ORDER_CANCELLED', 'REFUND_ISSUED']
        verifyEqual(
          all,
          second.ok ? paidFirst : refusedPayment,
          'An order was cancelled while its payment came in. Either the payment is refused, or the cancelling gives it back; here the shop kept the money of a cancelled order. After a conflict decide again, on the history as it is now.',
        )
        verify(
          first.ok,
          'cancelOrder met a payment and gave up. A created and a paid order can both be cancelled: read again, decide again.',
          { received: first.ok || first.error },
        )
      },
    })
  })

  test('keep to the rules when two different ones meet', async () => {
    const commands: Readonly<Record<string, Run>> = {
      cancelOrder: (redis) => cancelOrder(redis, clock, 'order-1', 'too late'),
      issueRefund: (redis) => issueRefund(redis, clock, 'order-1', 500),
      shipOrder: (redis) => shipOrder(redis, clock, 'order-1', 'T-1'),
    }
    const cancelled = ['ORDER_CANCELLED', 'REFUND_ISSUED 7697']
    const shipped = 'ORDER_SHIPPED'
    const refunded = 'REFUND_ISSUED 500'
    const races: readonly Race[] = [
      ['cancelOrder', 'issueRefund', [cancelled, [refunded, 'ORDER_CANCELLED', 'REFUND_ISSUED 7197']]],
      ['cancelOrder', 'shipOrder', [cancelled, [shipped]]],
      [
        'issueRefund',
        'shipOrder',
        [
          [refunded, shipped],
          [shipped, refunded],
        ],
      ],
    ]
    const bothWays = races.flatMap<Race>(([one, other, possible]) => [
      [one, other, possible],
      [other, one, possible],
    ])
    for (const [one, other, possible] of bothWays) {
      const [first, second] = [commands[one], commands[other]]
      if (first === undefined || second === undefined) continue
      await everyInterleaving({
        name: one,
        prepare: () => plant(CREATED, PAID),
        first,
        second,
        verify: async ({ after, held }) => {
          const facts = (await stored()).slice(2).map(({ event: { eventType, payload } }) => ({
            eventType,
            cents: (payload as { readonly amountCents?: number } | undefined)?.amountCents,
          }))
          const met = `A paid order got ${one} and ${other} at the same time (the second came between the ${after ?? 'start'} and the ${held ?? 'end'} of the first)`
          const back = facts.reduce((sum, { cents = 0 }) => sum + Math.max(cents, 0), 0)
          verify(
            back <= 7_697,
            `${met}, and more money went back than had come in: a fact of a decision that lost the race was stored. Append all facts of a decision only if the order is still at the version that decide saw. MULTI without WATCH does not ensure that: if its first XADD is refused, the second is carried out all the same.`,
            { expected: '7697 cents at most', received: `${back} cents` },
          )
          const found = facts.map(({ eventType, cents }) =>
            cents === undefined ? String(eventType) : `${eventType} ${cents}`,
          )
          verify(
            possible.some((way) => way.join() === found.join()),
            `${met}, and its events make no sense. The one that is stored later has to be decided on all that is stored by then.`,
            { expected: possible.map((way) => way.join(', ')).join(' or '), received: found.join(', ') },
          )
        },
      })
    }
  })

  test('store the facts of one decision together', async () => {
    await everyCrash({
      name: 'cancelOrder',
      prepare: () => plant(CREATED, PAID),
      run: (redis) => cancelOrder(redis, clock, 'order-1', 'too late'),
      verify: async ({ last }) => {
        const added = (await types()).slice(2)
        verify(
          added.length === 0 || added.length === 2,
          `The process died after its ${last ?? 'start'}, and the order is cancelled but the money was not given back: one of the two facts is missing, and no command can add it any more. Append both in one step.`,
          { received: added },
        )
      },
    })
  })

  test('store none of the facts after a conflict', async () => {
    await everyInterleaving({
      name: 'cancelOrder',
      prepare: () => plant(CREATED, PAID),
      first: (redis) => cancelOrder(redis, clock, 'order-1', 'too late'),
      second: (redis) => shipOrder(redis, clock, 'order-1', 'T-1'),
      verify: async ({ first, second }) => {
        const cancelled = ['ORDER_CANCELLED', 'REFUND_ISSUED']
        verifyEqual(
          (await types()).slice(2),
          second.ok ? ['ORDER_SHIPPED'] : cancelled,
          'A paid order was shipped while it was being canceled. Either the shipment is refused and both facts of the cancellation are stored, or the cancellation is refused and neither of them is.',
          [
            [
              (added) => JSON.stringify(added) === '["ORDER_SHIPPED","REFUND_ISSUED"]',
              'A paid order was shipped while it was being canceled, and the stream now holds REFUND_ISSUED without ORDER_CANCELLED, so the customer gets both the goods and the money. All facts of one decision are appended, or none: an XADD that fails doesn’t stop the next one, not even in MULTI.',
            ],
          ],
        )
        const lost = first.ok ? second : first
        verify(
          !lost.ok && lost.error instanceof OrderRefusedError && lost.error.reason === 'status',
          'A paid order can be canceled or shipped, but not both: the slower command should be refused by the rules, with the reason status.',
          { received: lost.ok ? 'both succeeded' : lost.error },
        )
      },
    })
  })

  test('give up after five attempts', async () => {
    await plant(CREATED)
    const wrapped = (n: number) => eventOf(n, { eventType: 'ORDER_GIFT_WRAPPED', payload: { paper: 'red' } })
    const { redis, times } = overtaken(box.connect(), 'PAYMENT_RECEIVED', async () => {
      const next = (await box.admin.xlen(KEY)) + 1
      await box.admin.xadd(KEY, `${next}-0`, 'event', JSON.stringify({ ...wrapped(2), eventId: `e-${next}` }))
    })
    const outcome = await attempt('processPayment', () => processPayment(redis, clock, 'order-1', 7_697))
    if (times() === 0) return // by a connection of which nobody here knows
    verify(
      times() <= 5,
      'Somebody else was faster each time, and processPayment went on and on. Five attempts are enough: a loop without an end keeps the customer waiting, and Redis busy.',
      { expected: '5 attempts at most', received: times() },
    )
    verify(
      !outcome.ok,
      'Somebody else was faster in all five attempts. No payment was stored, and processPayment resolved as if it had been: it should reject.',
      { received: outcome.ok ? outcome.value : undefined },
    )
  })
})

describe('the views', () => {
  test('getOrder gives the order as it is', async () => {
    await plant(CREATED, PAID, SHIPPED, refund(500))
    verifyEqual(
      await call('getOrder', () => getOrder(box.redis, 'order-1')),
      order({ status: 'shipped', paidCents: 7_697, refundedCents: 500 }),
      'getOrder should give the order after all of its events.',
    )
    const none = await call('getOrder', () => getOrder(box.redis, 'order-9'))
    verify(none === null, 'getOrder should give `null` for an order that never was.', { received: none })
  })

  test('getOrderHistory tells how it came to be', async () => {
    await plant(
      CREATED,
      PAID,
      { eventType: 'ORDER_GIFT_WRAPPED', payload: { paper: 'red' } },
      CANCELLED,
      refund(7_697),
    )
    verifyEqual(
      await call('getOrderHistory', () => getOrderHistory(box.redis, 'order-1')),
      [
        { version: 1, timestamp: '2026-02-01T09:00:00.000Z', eventType: 'ORDER_CREATED', status: 'created' },
        { version: 2, timestamp: '2026-02-02T09:00:00.000Z', eventType: 'PAYMENT_RECEIVED', status: 'paid' },
        {
          version: 3,
          timestamp: '2026-02-03T09:00:00.000Z',
          eventType: 'ORDER_GIFT_WRAPPED',
          status: 'paid',
        },
        {
          version: 4,
          timestamp: '2026-02-04T09:00:00.000Z',
          eventType: 'ORDER_CANCELLED',
          status: 'cancelled',
        },
        {
          version: 5,
          timestamp: '2026-02-05T09:00:00.000Z',
          eventType: 'REFUND_ISSUED',
          status: 'cancelled',
        },
      ],
      'getOrderHistory should give one entry per event, oldest first: its version, time and type, and the status of the order after it. Events of an unknown type belong to the history too.',
    )
    verifyEqual(
      await call('getOrderHistory', () => getOrderHistory(box.redis, 'order-9')),
      [],
      'An order that never was has no history: an empty array.',
    )
  })

  test('both read an order to its end', async () => {
    const cents = Array.from({ length: 30 }, () => refund(10))
    const facts = [CREATED, PAID, ...cents]
    for (const [index, fact] of facts.entries()) {
      const event = {
        ...eventOf(3, fact),
        eventId: `0b7f3a52-6f0a-4c1e-9d3b-${String(index).padStart(12, '0')}`,
      }
      await box.admin.xadd(KEY, `${index + 1}-0`, 'event', JSON.stringify(event))
    }
    const whole = await call('getOrder', () => getOrder(box.redis, 'order-1'))
    verifyEqual(
      whole?.refundedCents,
      300,
      'An order has 32 events, the last 30 of them refunds of 10 cents. getOrder should count them all, version 10 behind version 9.',
    )
    const history = await call('getOrderHistory', () => getOrderHistory(box.redis, 'order-1'))
    verifyEqual(
      history.map(({ version }) => version),
      facts.map((_, index) => index + 1),
      'An order has 32 events. getOrderHistory should give one entry for each, from version 1 to 32.',
    )
    const version = await call('issueRefund', () => issueRefund(box.redis, clock, 'order-1', 7_397))
    verifyEqual(version, 33, 'The order was at version 32; the refund of the rest makes it 33.')
  })

  test('reading writes nothing', async () => {
    await plant(CREATED)
    await call('getOrder', () => getOrder(box.redis, 'order-1'))
    await call('getOrderHistory', () => getOrderHistory(box.redis, 'order-1'))
    verifyEqual(
      [await box.admin.keys('*'), (await types()).length],
      [[KEY], 1],
      'getOrder and getOrderHistory only look: Redis should hold the same as before.',
    )
  })
})
