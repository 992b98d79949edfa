import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callAtOnce,
  callError,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  givesUpAfter,
  pagingFault,
  passesOnErrors,
  sharedWatch,
  useSandbox,
  verify,
  verifyEqual,
  words,
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

/** Costs 69.97 plus 7.00 tax. With floats that would be 76.967. */
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
    timestamp: `2026-02-0${n}T09:00:00.12${n}Z`,
    eventType,
    entityId: 'order-1',
    payload,
    metadata: {},
  } as Parameters<typeof applyOrderEvent>[1]
}

/** Writes these facts to order-1, as another program would have left them. */
async function plant(...facts: readonly { readonly eventType: string; readonly payload: object }[]) {
  for (const [index, fact] of facts.entries()) {
    const text = JSON.stringify(eventOf(index + 1, fact))
    await box.admin.xadd(KEY, `${index + 1}-0`, 'event', text)
  }
}

const CLOCKS =
  'An order was created by a program whose clock is 70 years ahead, and then paid and shipped by other programs, at versions 2 and 3.'

/** An order whose first event has the latest time. */
async function plantWithClocks(): Promise<void> {
  for (const [index, fact] of [CREATED, PAID, SHIPPED].entries()) {
    const timestamp = ['2096-02-01', '2026-02-03', '2026-02-02'][index]
    const event = { ...eventOf(index + 1, fact), timestamp: `${timestamp}T09:00:00.000Z` }
    await box.admin.xadd(KEY, `${index + 1}-0`, 'event', JSON.stringify(event))
  }
}

interface Stored {
  readonly id: string
  readonly fields: readonly string[]
  readonly event: Partial<ReturnType<typeof eventOf>>
}

async function stored(key = KEY): Promise<Stored[]> {
  return (await box.admin.xrange(key, '-', '+')).map(([id, fields]) => {
    try {
      return { id, fields, event: JSON.parse(fields[fields.indexOf('event') + 1] ?? '{}') }
    } catch {
      return { id, fields, event: {} }
    }
  })
}

const types = async (key = KEY) => (await stored(key)).map(({ event }) => event.eventType)

const NOT_AN_AMOUNT: Readonly<Record<string, string>> = {
  string: "A string isn't a number, and added to a sum, it makes a longer string.",
  boolean: "A boolean isn't a number, even though `true > 0` is true.",
}

/** An amount in a sentence, where a string looks like one. */
const shown = (amount: unknown) => (typeof amount === 'string' ? `"${amount}" (a string)` : String(amount))

const AT_ONCE = 'it only calculates, and its caller uses the result right away.'
const evolved = (before: Order | null, fact: OrderFact) =>
  callAtOnce('evolve', () => evolve(before, fact), AT_ONCE)
const applied = (before: Order | null, event: Parameters<typeof applyOrderEvent>[1]) =>
  callAtOnce('applyOrderEvent', () => applyOrderEvent(before, event), AT_ONCE)

describe('evolve', () => {
  test('makes a new order', async () => {
    const made = await evolved(null, CREATED)
    verifyEqual(
      made,
      order(),
      '`evolve` should return an order with exactly the fields in the lesson. The total is the lines plus the tax, 2 × 24.99 + 19.99 + 7.00, and nothing is paid or refunded yet.',
    )
  })

  test('takes the tax from the event', async () => {
    const [book, pen] = order().lines
    const payload = { customerId: 'ada', lines: [pen, book], taxCents: 0 }
    const free = await evolved(null, { eventType: 'ORDER_CREATED', payload } as OrderFact)
    verifyEqual(
      free,
      order({ lines: [pen, book] as Order['lines'], totalCents: 6_997 }),
      "This order is tax-free: its `taxCents` is 0, so its total is 69.97. 0 is a tax like any other, and the lines stay in the event's order.",
    )
    const old: OrderFact = {
      eventType: 'ORDER_CREATED',
      payload: { ...CREATED.payload, taxCents: 560 },
    } as OrderFact
    const made = await evolved(null, old)
    verifyEqual(
      made?.totalCents,
      7_557,
      "This order is from a time when the tax was 8%. Its `taxCents` is 560, so its total should still be 75.57. `evolve` calculated the tax again with today's rate, so the total no longer matches what the customer paid.",
    )
  })

  test('adds up every line', async () => {
    const lines = [...order().lines, { sku: 'book', quantity: 1, unitCents: 2_499 }]
    const twice = { ...CREATED, payload: { ...CREATED.payload, lines } } as OrderFact
    verifyEqual(
      await evolved(null, twice),
      order({ lines, totalCents: 10_196 }),
      'Two of the three lines have the same `sku`. The total is the sum of all lines plus the tax, 2 × 24.99 + 19.99 + 24.99 + 7.00, so it should be 10196.',
    )
  })

  test('follows every fact', async () => {
    const allRefunded =
      'All of the money was refunded. `REFUND_ISSUED` should still leave the status as it is, because only `ORDER_CANCELLED` cancels an order.'
    const steps: readonly (readonly [Order, OrderFact, Order, string])[] = [
      [
        order(),
        PAID,
        orderIn('paid'),
        '`PAYMENT_RECEIVED` should add to `paidCents` and set the status to `paid`.',
      ],
      [orderIn('paid'), SHIPPED, orderIn('shipped'), '`ORDER_SHIPPED` should set the status to `shipped`.'],
      [
        orderIn('shipped'),
        DELIVERED,
        orderIn('delivered'),
        '`ORDER_DELIVERED` should set the status to `delivered`.',
      ],
      [
        order(),
        CANCELLED,
        order({ status: 'cancelled' }),
        '`ORDER_CANCELLED` should set the status to `cancelled`.',
      ],
      [
        order({ status: 'delivered', paidCents: 7_697, refundedCents: 1_000 }),
        refund(500),
        order({ status: 'delivered', paidCents: 7_697, refundedCents: 1_500 }),
        '`REFUND_ISSUED` should add to `refundedCents` and leave the status and `paidCents` as they are. Without its own case, a refund is lost.',
      ],
      [
        orderIn('shipped'),
        refund(7_697),
        order({ status: 'shipped', paidCents: 7_697, refundedCents: 7_697 }),
        allRefunded,
      ],
      [
        orderIn('paid'),
        refund(7_697),
        order({ status: 'paid', paidCents: 7_697, refundedCents: 7_697 }),
        allRefunded,
      ],
    ]
    for (const [before, fact, after, why] of steps) {
      verifyEqual(await evolved(before, fact), after, why)
    }
  })

  test('refuses nothing', async () => {
    const why =
      'Events in the log have already happened, so `evolve` should apply them. The rules belong in `decide`.'
    verifyEqual(
      await evolved(orderIn('paid'), PAID),
      order({ status: 'paid', paidCents: 15_394 }),
      `After a second \`PAYMENT_RECEIVED\`, which an old program let through, \`paidCents\` should be 15394. ${why}`,
    )
    verifyEqual(
      await evolved(order(), SHIPPED),
      order({ status: 'shipped' }),
      `After \`ORDER_SHIPPED\`, even an unpaid order should have the status \`shipped\`. ${why}`,
    )
    verifyEqual(
      await evolved(order(), refund(500)),
      order({ refundedCents: 500 }),
      `After a refund of 500 cents for an order that wasn't paid, \`refundedCents\` should be 500. ${why}`,
    )
    verifyEqual(
      await evolved(orderIn('paid'), CREATED),
      orderIn('paid'),
      'A second `ORDER_CREATED` changed the order. The order should stay as it is, or a repeated event would undo the payment.',
    )
    const other = { ...CREATED, payload: { ...CREATED.payload, customerId: 'bob', taxCents: 0 } } as OrderFact
    verifyEqual(
      await evolved(order(), other),
      order(),
      "A second `ORDER_CREATED` with another customer and tax changed an order that had no other events. If there's already an order, it should stay as it is, whatever its status.",
    )
    const none = await evolved(null, PAID)
    verify(
      none === null,
      "There's no order, and a payment doesn't create one. `evolve` should return `null`.",
      {
        received: none,
      },
    )
  })

  test('follows every fact from every status', async () => {
    const ALL: readonly OrderStatus[] = ['created', 'paid', 'shipped', 'delivered', 'cancelled']
    const part: OrderFact = { eventType: 'PAYMENT_RECEIVED', payload: { amountCents: 1_000 } }
    const steps: readonly (readonly [OrderFact, Partial<Order>, string])[] = [
      [part, { status: 'paid', paidCents: 5_000 }, 'add 1000 to `paidCents` and set the status to `paid`'],
      [SHIPPED, { status: 'shipped' }, 'set the status to `shipped` and change nothing else'],
      [DELIVERED, { status: 'delivered' }, 'set the status to `delivered` and change nothing else'],
      [CANCELLED, { status: 'cancelled' }, 'set the status to `cancelled` and change nothing else'],
      [refund(500), { refundedCents: 800 }, 'add 500 to `refundedCents` and change nothing else'],
    ]
    for (const status of ALL) {
      for (const [fact, changes, what] of steps) {
        const before = order({ status, paidCents: 4_000, refundedCents: 300 })
        verifyEqual(
          await evolved(before, fact),
          { ...before, ...changes },
          `An order with the status \`${status}\` costs 7697 cents, of which 4000 were paid and 300 refunded. After \`${fact.eventType}\`, \`evolve\` should ${what}, because the previous status and the amounts don't matter.`,
        )
      }
      const before = order({ status, paidCents: 4_000, refundedCents: 300 })
      verifyEqual(
        await evolved(before, CREATED),
        before,
        `A second \`ORDER_CREATED\` changed an order with the status \`${status}\`. If there's already an order, it should stay as it is, whatever its status.`,
      )
    }
  })

  test('leaves its arguments unchanged', async () => {
    const before = order()
    for (const fact of [PAID, SHIPPED, DELIVERED, CANCELLED, refund(1)]) {
      await evolved(before, fact)
      verifyEqual(
        before,
        order(),
        `\`evolve\` changed its argument \`order\` (\`${fact.eventType}\`). Other code may still use that object, so return a new one, \`{ ...order, … }\`.`,
      )
    }
  })

  test('applyOrderEvent does the same for events from the log', async () => {
    verifyEqual(
      await applied(order(), eventOf(2, PAID)),
      orderIn('paid'),
      '`applyOrderEvent` should return the same order that `evolve` returns for this type and payload.',
    )
    for (const eventType of ['ORDER_GIFT_WRAPPED', 'ORDER_SHIPPED_BACK']) {
      verifyEqual(
        await applied(orderIn('paid'), eventOf(3, { eventType, payload: { trackingNumber: 'T-1' } })),
        orderIn('paid'),
        `An event of an unknown type (\`${eventType}\`) should leave the order as it is. Compare the whole name of the type.`,
      )
    }
    verifyEqual(
      await applied(orderIn('paid'), eventOf(3, { eventType: 'toString', payload: {} })),
      orderIn('paid'),
      'An event of the type `toString` should leave the order as it is. A lookup table made with `{}` has a `toString` too, which `in` and `[…]` find, so use `Object.hasOwn` or a `Map`.',
    )
    const future = eventOf(3, { eventType: 'ORDER_GIFT_WRAPPED', payload: { paper: 'red' } })
    const none = await applied(null, future)
    verify(
      none === null,
      "There's no order, and an event of an unknown type doesn't create one. `applyOrderEvent` should return `null`.",
      { received: none },
    )
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

/** The facts of a command that `decide` has to accept; `why` is the diagnosis if it doesn't. */
async function decided(
  before: Order | null,
  command: OrderCommand,
  why = `\`decide\` refused \`${command.type}\` ${before === null ? 'for a new order' : `for an order with the status \`${before.status}\``}, although no rule forbids it.`,
): Promise<readonly OrderFact[]> {
  const run = () => {
    try {
      return decide(before, command)
    } catch (error) {
      if (error instanceof OrderRefusedError) return error
      throw error
    }
  }
  const received = await callAtOnce('decide', run, AT_ONCE)
  verify(!(received instanceof OrderRefusedError), why, { received })
  return received
}

async function taxOf(
  items: readonly { readonly sku: string; readonly quantity: number }[],
): Promise<unknown> {
  const [fact] = await decided(null, create(items))
  return fact?.eventType === 'ORDER_CREATED' ? fact.payload.taxCents : fact
}

/** Verifies that `decide` refuses the command for this reason. */
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
    `\`decide\` was right to refuse \`${command.type}\`, but the error should have the reason \`${reason}\` and the order's status. The caller needs both to tell the customer what to do.`,
  )
}

describe('decide', () => {
  test('returns the facts of each command', async () => {
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
        `For \`${command.type}\`, \`decide\` should return an array of facts, even if there is only one.`,
        { received },
      )
      for (const { payload } of received) {
        verify(
          typeof payload !== 'object' || !('status' in payload),
          `For \`${command.type}\`, \`decide\` returned a fact with a status in its payload. The status follows from the event types, and a second copy could only disagree.`,
          { received: payload },
        )
      }
      if (command.type === 'CreateOrder') {
        const [fact] = received
        const tax = fact?.eventType === 'ORDER_CREATED' ? fact.payload.taxCents : undefined
        verifyEqual(
          tax,
          700,
          "The tax on 69.97 is 6.997. That's 7.00 when rounded to whole cents, so `taxCents` should be 700. You can't pay a fraction of a cent, and floats don't add up exactly.",
        )
      }
      verifyEqual(
        received,
        facts,
        `For \`${command.type}\`, \`decide\` should return facts with exactly the \`eventType\` and \`payload\` in the lesson. The code that stores a fact adds the ID and the time.`,
      )
    }
  })

  test('rounds the tax once, half a cent up', async () => {
    verifyEqual(
      await taxOf([{ sku: 'card', quantity: 1 }]),
      11,
      'The tax on 1.05 is 10.5 cents. Half a cent is rounded up, so `taxCents` should be 11.',
    )
    verifyEqual(
      await taxOf([{ sku: 'stamp', quantity: 1 }]),
      0,
      'The tax on 4 cents is 0.4 cents. Less than half a cent is rounded down, so `taxCents` should be 0.',
    )
    for (const [cards, stamps, sum, exact, rounded] of [
      [1, 10, '1.45', '14.5', 15],
      [15, 35, '17.15', '171.5', 172],
    ] as const) {
      verifyEqual(
        await taxOf([
          { sku: 'card', quantity: cards },
          { sku: 'stamp', quantity: stamps },
        ]),
        rounded,
        `The tax on ${sum} is exactly ${exact} cents. Half a cent is rounded up, so \`taxCents\` should be ${rounded}. In euros, floats can end up just below the half: stick with whole cents, and divide only once.`,
      )
    }
    verifyEqual(
      await taxOf([
        { sku: 'card', quantity: 1 },
        { sku: 'card', quantity: 1 },
        { sku: 'stamp', quantity: 1 },
      ]),
      21,
      'The tax on 1.05 + 1.05 + 0.04 = 2.14 is 21.4 cents, which rounds to 21. Round once, on the sum for the whole order, because rounding each line or unit separately results in a different tax.',
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
      'An item came with its own price, `unitCents: 1`, and `decide` put that price in the event. Build each line from `sku`, `quantity`, and the price in `prices`, or customers can set their own prices.',
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
      'There were three items, two of them with the same `sku`. `decide` should return one line per item and keep them in order, so that the lines match what the customer chose.',
    )
  })

  test('accepts a price of 0', async () => {
    const free = create([{ sku: 'sample', quantity: 1 }])
    const why =
      'The price list has a free sample for 0 cents. It is in the list, so `decide` should accept the order. 0 is a price, but `!price` treats it as missing.'
    const [fact] = await decided(null, free, why)
    verifyEqual(
      fact?.eventType === 'ORDER_CREATED' ? fact.payload.lines : fact,
      [{ sku: 'sample', quantity: 1, unitCents: 0 }],
      'A free sample was ordered. Its line should have the price from the list, `unitCents: 0`.',
    )
  })

  test('adds no rules of its own', async () => {
    const free = order({ totalCents: 0 })
    const cases: readonly (readonly [Order, OrderCommand, OrderFact, string])[] = [
      [
        free,
        pay(0),
        { eventType: 'PAYMENT_RECEIVED', payload: { amountCents: 0 } },
        'a payment of 0 for an order that costs 0',
      ],
      [
        orderIn('paid'),
        { type: 'ShipOrder', trackingNumber: '' },
        { eventType: 'ORDER_SHIPPED', payload: { trackingNumber: '' } },
        'an empty tracking number',
      ],
      [
        order(),
        { type: 'CancelOrder', reason: '' },
        { eventType: 'ORDER_CANCELLED', payload: { reason: '' } },
        'an empty reason for canceling',
      ],
    ]
    const thousand = [{ sku: 'stamp', quantity: 1_000 }]
    const many = 'No rule in the lesson limits the quantity, so `decide` should accept 1,000 stamps.'
    const [created] = await decided(null, create(thousand), many)
    verifyEqual(
      created?.eventType === 'ORDER_CREATED' ? created.payload.lines : created,
      [{ sku: 'stamp', quantity: 1_000, unitCents: 4 }],
      many,
    )
    const huge = 3_000_000_000
    const unlimited = `No rule in the lesson limits a quantity or an amount, so \`decide\` should accept ${huge} stamps at 4 cents and then refund all 13200000000 cents. Operators such as \`| 0\` and \`>> 0\` cut a number to 32 bits.`
    const [stamps] = await decided(null, create([{ sku: 'stamp', quantity: huge }]), unlimited)
    const total = 13_200_000_000
    const paid = order({ totalCents: total, paidCents: total, status: 'paid' })
    verifyEqual(
      [
        stamps?.eventType === 'ORDER_CREATED' && stamps.payload.taxCents,
        await decided(paid, { type: 'IssueRefund', amountCents: total }, unlimited),
      ],
      [1_200_000_000, [refund(total)]],
      unlimited,
    )
    for (const [before, command, fact, what] of cases) {
      const why = `No rule in the lesson forbids ${what}, so \`decide\` should return \`${fact.eventType}\` with the value as it is.`
      verifyEqual(await decided(before, command, why), [fact], why)
    }
  })

  test('refuses invalid items', async () => {
    const bad: readonly (readonly [readonly { sku: string; quantity: number }[], string])[] = [
      [[], 'An order without items'],
      [[{ sku: 'gold', quantity: 1 }], "A `sku` that isn't in the price list"],
      [
        [{ sku: 'constructor', quantity: 1 }],
        "The `sku` `constructor`, which isn't in the price list (although every object has a property of that name),",
      ],
      [[{ sku: 'pen', quantity: 0 }], 'A quantity of 0'],
      [[{ sku: 'pen', quantity: -2 }], 'A quantity of -2 (the shop would pay the customer)'],
      [[{ sku: 'pen', quantity: 1.5 }], 'A quantity of 1.5'],
      [[{ sku: 'pen', quantity: Number.NaN }], 'A quantity of `NaN`'],
      [[{ sku: 'pen', quantity: '2' as unknown as number }], 'The string `"2"` as the quantity'],
      [[{ sku: 'pen', quantity: Number.POSITIVE_INFINITY }], 'A quantity of `Infinity`'],
      [[{ sku: 'pen', quantity: true as unknown as number }], "The quantity `true`, which isn't a number,"],
    ]
    for (const [items, what] of bad) {
      await refuses(null, create(items), 'items', `${what} should be refused with an \`OrderRefusedError\`.`)
    }
  })

  const ALL: readonly (OrderStatus | null)[] = [null, 'created', 'paid', 'shipped', 'delivered', 'cancelled']
  const IMPOSSIBLE: readonly (readonly [OrderCommand, readonly (OrderStatus | null)[], string])[] = [
    [create(BASKET), [null], 'The order already exists.'],
    [pay(7_697), ['created'], 'An order is paid once, before anything else happens.'],
    [SHIP, ['paid'], 'Only a paid order is shipped, and only once.'],
    [DELIVER, ['shipped'], 'Only a shipped order can be delivered.'],
    [CANCEL, ['created', 'paid'], "Once a package has been shipped, the shop can't get it back."],
    [
      refunded(1),
      ['paid', 'shipped', 'delivered'],
      'Only a paid order can be refunded, and canceling has already refunded the rest.',
    ],
  ]
  for (const [command, possible, why] of IMPOSSIBLE) {
    test(`allows ${command.type} in the right status only`, async () => {
      for (const status of ALL.filter((one) => !possible.includes(one))) {
        await refuses(
          status === null ? null : orderIn(status),
          command,
          'status',
          `\`decide\` accepted \`${command.type}\` ${status === null ? "although there's no order" : `for an order with the status \`${status}\``}. ${why} Throw an \`OrderRefusedError\`.`,
        )
      }
      for (const status of possible) {
        await decided(status === null ? null : orderIn(status), command)
      }
    })
  }

  test('checks the table first', async () => {
    const cases: readonly (readonly [Order, OrderCommand, string])[] = [
      [orderIn('paid'), create([]), '`CreateOrder` without items'],
      [orderIn('paid'), pay(1), '`ProcessPayment` with the wrong amount'],
      [order(), refunded(0), '`IssueRefund` of 0 cents'],
      [orderIn('cancelled'), refunded(-1), '`IssueRefund` of -1 cents'],
    ]
    for (const [before, command, what] of cases) {
      const error = await callError(
        'decide',
        () => decide(before, command),
        OrderRefusedError,
        `\`decide\` accepted ${what} for an order with the status \`${before.status}\`. Throw an \`OrderRefusedError\`.`,
      )
      verifyEqual(
        error.reason,
        'status',
        `${what} for an order with the status \`${before.status}\` breaks two rules. The table comes first, so the reason should be \`status\`. A different amount or different items wouldn't help the customer.`,
      )
    }
  })

  test('accepts only the exact amount', async () => {
    for (const amount of [7_696, 7_698, 76.97, 0, -7_697, Number.NaN, '7697' as unknown as number]) {
      await refuses(
        order(),
        pay(amount),
        'amount',
        `The order costs 7697 cents, but \`decide\` accepted a payment of ${shown(amount)}. The amount has to be exactly \`totalCents\`.`,
      )
    }
  })

  test('refunds no more than was paid', async () => {
    const partly = order({ status: 'delivered', paidCents: 7_697, refundedCents: 5_000 })
    await refuses(
      orderIn('delivered'),
      refunded(7_698),
      'amount',
      'The customer paid 7697 cents, but `decide` refunded 7698, which is more than was paid.',
    )
    await refuses(
      partly,
      refunded(2_698),
      'amount',
      'The customer paid 7697 cents, and 5000 were already refunded, but `decide` refunded another 2698, which is more than was paid. Subtract the earlier refunds.',
    )
    const lastCent =
      'The customer paid 7697 cents, and 5000 were already refunded. `decide` should allow a refund of the remaining 2697, down to the last cent.'
    verifyEqual(await decided(partly, refunded(2_697), lastCent), [refund(2_697)], lastCent)
    const twice = order({ status: 'delivered', paidCents: 15_394 })
    const more =
      'An old program took two payments for this order, 15394 cents in all. `decide` should allow a refund of 7698, although the order costs only 7697. The maximum is `paidCents` minus `refundedCents`.'
    verifyEqual(await decided(twice, refunded(7_698), more), [refund(7_698)], more)
    for (const amount of [0, -100, 0.5, Number.NaN, '100' as unknown as number, true as unknown as number]) {
      await refuses(
        orderIn('delivered'),
        refunded(amount),
        'amount',
        `\`decide\` accepted a refund of ${shown(amount)} cents. It has to be a whole number of cents above 0. ${NOT_AN_AMOUNT[typeof amount] ?? 'A negative refund would take money from the customer.'}`,
      )
    }
  })

  test('refunds the money when a paid order is canceled', async () => {
    verifyEqual(
      await decided(orderIn('paid'), CANCEL),
      [CANCELLED, refund(7_697)],
      'Canceling a paid order is one decision with two facts: `ORDER_CANCELLED`, then `REFUND_ISSUED` for the amount paid.',
    )
    verifyEqual(
      await decided(order({ status: 'paid', paidCents: 7_697, refundedCents: 700 }), CANCEL),
      [CANCELLED, refund(6_997)],
      'Of the payment, 700 cents were already refunded. Canceling should refund only the remaining 6997.',
    )
    verifyEqual(
      await decided(order({ status: 'paid', paidCents: 7_697, refundedCents: 7_697 }), CANCEL),
      [CANCELLED],
      'The whole payment was already refunded. Nothing is left to refund, so `ORDER_CANCELLED` should be the only fact.',
    )
    verifyEqual(
      await decided(order({ status: 'paid', paidCents: 7_697, refundedCents: 8_000 }), CANCEL),
      [CANCELLED],
      'An old program refunded 8000 cents for this order, more than the 7697 that were paid. Nothing is left to refund, so `ORDER_CANCELLED` should be the only fact.',
    )
    verifyEqual(
      await decided(order({ status: 'paid', paidCents: 15_394, refundedCents: 1_000 }), CANCEL),
      [CANCELLED, refund(14_394)],
      "An old program took two payments for this order, 15394 cents in all, and refunded 1000. Canceling should refund the other 14394. What's left is `paidCents` minus `refundedCents`, whatever the order costs.",
    )
  })

  test('changes none of its arguments', async () => {
    const before = orderIn('paid')
    const command = create(BASKET)
    await decided(null, command)
    await decided(before, CANCEL)
    verifyEqual(
      [before, command],
      [orderIn('paid'), create(BASKET)],
      '`decide` changed its arguments. It should only return facts. `evolve` creates the new state, and only after the facts are stored.',
    )
  })
})

type Run = (redis: Parameters<typeof cancelOrder>[0]) => Promise<unknown>

/** Two commands, and the events that may be stored in the end. */
type Race = readonly [first: string, second: string, possible: readonly (readonly string[])[]]

describe('the commands', () => {
  test('store the facts', async () => {
    const id = await call('createOrder', () => createOrder(box.redis, clock, prices(), 'ada', BASKET))
    const key = `aggregate:order:${id}`
    const all = await stored(key)
    verify(
      all.length === 1,
      'After `createOrder`, the stream `aggregate:order:<the ID that it resolved to>` should have one entry.',
      { received: { id, keys: await box.admin.keys('*') } },
    )
    verifyEqual(
      all[0]?.fields.filter((_, index) => index % 2 === 0),
      ['event'],
      'Each entry should have exactly one field, `event`. Other programs read these streams with the store from lesson 07.',
    )
    const { eventId, ...rest } = all[0]?.event ?? {}
    verifyEqual(
      { id: all[0]?.id, ...rest },
      { id: '1-0', timestamp: '2026-03-01T09:00:00.000Z', entityId: id, metadata: {}, ...CREATED },
      "The first entry should have the ID `1-0` and a field `event` with a complete event from lesson 01: the fact, the order's ID as the `entityId`, and the current time from `clock`.",
    )
    verify(UUID.test(String(eventId)), 'The `eventId` of an event should be a UUID.', { received: eventId })
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
      '`processPayment`, `shipOrder`, `deliverOrder`, and `issueRefund` should each append an event to the stream of the order, as versions 2 to 5.',
    )
    verifyEqual(versions, [2, 3, 4, 5], 'Each command should resolve to the new version of the order.')
    verifyEqual(
      await box.admin.keys('*'),
      [key],
      "Five commands stored something besides the order's stream. Only events should be in Redis, because a second copy of a status, or a list of orders, can disagree with them.",
    )
  })

  test('keep every event', async () => {
    await plant(CREATED)
    await call('processPayment', () => processPayment(box.redis, clock, 'order-1', 7_697))
    const trims = box.commands.some(({ args }) =>
      args.some((arg) => /^(MAXLEN|MINID)$|['"](MAXLEN|MINID)['"]/i.test(arg.replace(/--.*/g, ''))),
    )
    verify(
      !trims,
      '`processPayment` trims the stream of the order (`MAXLEN` or `MINID`), which drops events sooner or later. Without its first event, the order no longer exists.',
    )
    verify(
      (await box.admin.ttl(KEY)) === -1,
      '`processPayment` set the stream of the order to expire. Its events are the only record of the order, so set no expiration.',
    )
  })

  test('close the connections they open', async () => {
    await plant(CREATED)
    await call('processPayment', () => processPayment(box.redis, clock, 'order-1', 7_697))
    await call('shipOrder', () => shipOrder(box.redis, clock, 'order-1', 'T-1'))
    const left = await connectionsStillOpen()
    verify(
      left === 0,
      `After \`processPayment\` and \`shipOrder\`, ${left} of their connections are still open. A busy shop would soon reach Redis's limit on clients. Close any connection you open.`,
    )
  })

  test('generate IDs that never collide', async () => {
    const ids = new Set<string>()
    for (let n = 0; n < 10; n += 1) {
      ids.add(await call('createOrder', () => createOrder(box.redis, clock, prices(), 'ada', BASKET)))
    }
    verify(
      ids.size === 10,
      'Ten orders created in the same millisecond got fewer than ten IDs. An ID from the clock puts two customers in one stream, so use a UUID.',
      { expected: 10, received: ids.size },
    )
    verify(
      [...ids].every((id) => UUID.test(id)),
      'The ID of an order should be a UUID. Other IDs can collide, and then two customers share one stream.',
      { received: [...ids] },
    )
  })

  test('use the prices of each call', async () => {
    const dearer = new Map([['book', 3_000]])
    const books = [{ sku: 'book', quantity: 1 }]
    for (const list of [prices(), dearer]) {
      const id = await call('createOrder', () => createOrder(box.redis, clock, list, 'bob', books))
      verifyEqual(
        (await stored(`aggregate:order:${id}`)).map(({ event }) => event.payload),
        [
          list === dearer
            ? { customerId: 'bob', lines: [{ ...books[0], unitCents: 3_000 }], taxCents: 300 }
            : { customerId: 'bob', lines: [{ ...books[0], unitCents: 2_499 }], taxCents: 250 },
        ],
        'Two orders were created with two price lists. Each should have the prices of the list that was passed with it, because prices change.',
      )
    }
  })

  test('write nothing when the command is refused', async () => {
    await plant(CREATED)
    const error = await callError(
      'shipOrder',
      () => shipOrder(box.redis, clock, 'order-1', 'T-1'),
      OrderRefusedError,
      '`shipOrder` for an unpaid order should reject with the `OrderRefusedError` from `decide`.',
    )
    verifyEqual(error.status, 'created', 'The error should have the status of the order in Redis.')
    await callError(
      'deliverOrder',
      () => deliverOrder(box.redis, clock, 'order-2'),
      OrderRefusedError,
      "`deliverOrder` for an order that doesn't exist should reject with an `OrderRefusedError`.",
    )
    await callError(
      'createOrder',
      () => createOrder(box.redis, clock, prices(), 'ada', []),
      OrderRefusedError,
      '`createOrder` without items should reject with an `OrderRefusedError`.',
    )
    verifyEqual(
      [await box.admin.keys('*'), await types()],
      [[KEY], ['ORDER_CREATED']],
      'A refused command should write nothing to Redis.',
    )
    const left = await connectionsStillOpen()
    verify(
      left === 0,
      `After three refused commands, ${left} of their connections are still open. Close your own connections in a \`finally\`, which runs even if \`decide\` throws.`,
    )
  })

  test('pass their arguments to decide as they are', async () => {
    const items = [
      { sku: 'pen', quantity: 1 },
      { sku: 'book', quantity: 1 },
      { sku: 'pen', quantity: 2 },
    ]
    const id = await call('createOrder', () => createOrder(box.redis, clock, prices(), 'ada', items))
    const [created] = await stored(`aggregate:order:${id}`)
    verifyEqual(
      created?.event.payload,
      {
        customerId: 'ada',
        lines: [
          { sku: 'pen', quantity: 1, unitCents: 1_999 },
          { sku: 'book', quantity: 1, unitCents: 2_499 },
          { sku: 'pen', quantity: 2, unitCents: 1_999 },
        ],
        taxCents: 850,
      },
      'An order was created with three items, two of them with the same `sku`. `createOrder` should pass the items to `decide` as they are, which makes one line per item.',
    )
    await plant(CREATED, PAID)
    await call('shipOrder', () => shipOrder(box.redis, clock, 'order-1', ' t-1 '))
    const shipped = (await stored()).at(-1)?.event.payload
    await box.admin.del(KEY)
    await plant(CREATED)
    await call('cancelOrder', () => cancelOrder(box.redis, clock, 'order-1', ' Too late '))
    verifyEqual(
      [shipped, (await stored()).at(-1)?.event.payload],
      [{ trackingNumber: ' t-1 ' }, { reason: ' Too late ' }],
      'A tracking number and a reason were passed with spaces around them. The events should have them as they are, because no rule in the lesson changes them.',
    )
  })

  test('leave every refusal to decide', async () => {
    await plant(CREATED, PAID, SHIPPED)
    const cases: readonly (readonly [string, string, Run, OrderRefusedError['reason']])[] = [
      ['shipOrder', 'again', (redis) => shipOrder(redis, clock, 'order-1', 'T-1'), 'status'],
      ['processPayment', 'again', (redis) => processPayment(redis, clock, 'order-1', 7_697), 'status'],
      [
        'processPayment',
        'with an amount of 0.5',
        (redis) => processPayment(redis, clock, 'order-1', 0.5),
        'status',
      ],
      ['issueRefund', 'with an amount of 0', (redis) => issueRefund(redis, clock, 'order-1', 0), 'amount'],
      [
        'issueRefund',
        'with an amount of 0.5',
        (redis) => issueRefund(redis, clock, 'order-1', 0.5),
        'amount',
      ],
      ['cancelOrder', '', (redis) => cancelOrder(redis, clock, 'order-1', 'too late'), 'status'],
    ]
    for (const [name, how, run, reason] of cases) {
      const called = `The order was paid and shipped, and then \`${name}\` was called${how && ` ${how}`}.`
      const error = await callError(
        name,
        () => run(box.redis),
        OrderRefusedError,
        `${called} It should reject with the \`OrderRefusedError\` that \`decide\` throws.`,
      )
      verifyEqual(
        { reason: error.reason, status: error.status },
        { reason, status: 'shipped' },
        `${called} It should reject with the same error that \`decide\` throws for a shipped order. Read the order, and leave every check to \`decide\`.`,
      )
    }
  })

  test('use all events that are already stored', async () => {
    const wrapped = { eventType: 'ORDER_GIFT_WRAPPED', payload: { paper: 'red' } }
    await plant(CREATED, wrapped, PAID, wrapped)
    await box.admin.xdel(KEY, '2-0')
    const outcome = await attempt('cancelOrder', () => cancelOrder(box.redis, clock, 'order-1', 'too late'))
    const conflict =
      !outcome.ok && outcome.error instanceof Error && outcome.error.name === 'ConcurrencyError'
    const version = await call('cancelOrder', () => {
      if (outcome.ok || conflict) return outcome.ok && outcome.value
      throw outcome.error
    })
    const added = (await stored()).slice(3).map(({ id, event }) => [id, event.eventType, event.payload])
    verifyEqual(
      added,
      [
        ['5-0', 'ORDER_CANCELLED', { reason: 'too late' }],
        ['6-0', 'REFUND_ISSUED', { amountCents: 7_697 }],
      ],
      'Another program stored a payment at version 3 and an event of an unknown type, `ORDER_GIFT_WRAPPED`, at version 4, and the entry for version 2 was deleted. `cancelOrder` should append both of its facts after those events, as versions 5 and 6. The version is in the last ID; the number of entries can be lower.',
    )
    const ids = (await stored()).slice(3).map(({ event }) => event.eventId)
    verify(
      new Set(ids).size === 2,
      '`cancelOrder` stored two events with the same `eventId`. Each event needs its own, because a consumer that has seen the first one would skip the second as a duplicate.',
      { received: ids },
    )
    verifyEqual(version, 6, '`cancelOrder` should resolve to the version of the order after its last event.')
  })

  test('go by the version, not by the time', async () => {
    await plantWithClocks()
    const outcome = await attempt('deliverOrder', () => deliverOrder(box.redis, clock, 'order-1'))
    verifyEqual(
      outcome.ok ? outcome.value : outcome.error,
      4,
      `${CLOCKS} \`deliverOrder\` should resolve to version 4. Apply the events in the order of their versions, because clocks differ.`,
    )
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
          `Two payments for one order arrived at the same time, and the stream doesn't have exactly one (the second ran between the ${after ? `\`${after}\`` : 'start'} and the ${held ? `\`${held}\`` : 'end'} of the first). Append only if the order is still at the version that the decision was based on.`,
        )
        const lost = first.ok ? second : first
        verify(
          !lost.ok && lost.error instanceof OrderRefusedError && lost.error.status === 'paid',
          first.ok && second.ok
            ? 'Only one of two payments was stored, but both calls of `processPayment` resolved. The slower one should reject with the `OrderRefusedError` that `decide` throws, with the status `paid`.'
            : 'The slower of two payments should be refused by `decide`, with the status `paid`. After a conflict, read the history and decide again.',
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
          `Two payments for one order used the same connection, and \`decide\` didn't refuse the slower one.${watch || ' Compare the version and append in one step.'}`,
          { received: { events: await types(), slower: lost.ok ? 'accepted' : lost.error } },
        )
      },
    })
  })

  test('decide again after a conflict', async () => {
    await everyInterleaving({
      name: 'cancelOrder',
      prepare: () => plant(CREATED),
      first: (redis) => cancelOrder(redis, clock, 'order-1', 'too late'),
      second: (redis) => processPayment(redis, clock, 'order-1', 7_697),
      verify: async ({ first, second }) => {
        const all = await types()
        const refusedPayment = ['ORDER_CREATED', 'ORDER_CANCELLED']
        const paidFirst = ['ORDER_CREATED', 'PAYMENT_RECEIVED', 'ORDER_CANCELLED', 'REFUND_ISSUED']
        verify(
          first.ok,
          '`cancelOrder` gave up when a payment came in. An order can be canceled whether or not it is paid, so read the history and decide again.',
          { received: first.ok || first.error },
        )
        verifyEqual(
          all,
          second.ok ? paidFirst : refusedPayment,
          'An order was canceled while its payment was coming in, and the shop kept the money. Either the payment has to be refused, or the cancellation has to refund it. After a conflict, read the history and decide again.',
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
        const added = (await types()).slice(2)
        verify(
          added.join() !== 'ORDER_SHIPPED,REFUND_ISSUED',
          "A paid order was shipped while it was being canceled, and the stream now has `REFUND_ISSUED` without `ORDER_CANCELLED`, so the customer gets both the goods and the money. Append all facts of one decision or none. An `XADD` that fails doesn't stop the next one, not even in `MULTI`.",
          { received: added },
        )
        const lost = first.ok ? second : first
        verify(
          !lost.ok && lost.error instanceof OrderRefusedError && lost.error.reason === 'status',
          'A paid order can be canceled or shipped, but not both. `decide` should refuse the slower command, with the reason `status`.',
          { received: lost.ok ? 'both succeeded' : lost.error },
        )
      },
    })
  })

  test('follow the rules when two of them race', async () => {
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
        verify: async ({ first, second, after, held }) => {
          const facts = (await stored()).slice(2).map(({ event: { eventType, payload } }) => ({
            eventType,
            cents: (payload as { readonly amountCents?: number } | undefined)?.amountCents,
          }))
          const met = `\`${one}\` and \`${other}\` ran at the same time for a paid order (the second ran between the ${after ? `\`${after}\`` : 'start'} and the ${held ? `\`${held}\`` : 'end'} of the first)`
          const back = facts.reduce((sum, { cents = 0 }) => sum + Math.max(cents, 0), 0)
          const whole = facts.some(({ eventType }) => eventType === 'ORDER_CANCELLED')
          verify(
            back <= 7_697,
            `${met}, and more money was refunded than was paid, because a fact was stored even though its decision had lost the race. Append the facts only if the order is still at the version that the decision was based on. ${whole ? 'After a conflict, read the history and decide again, because the amount to refund may have changed.' : "`MULTI` without `WATCH` doesn't ensure that: if its first `XADD` fails, the second still runs."}`,
            { expected: words('7697 cents at most'), received: words(`${back} cents`) },
          )
          for (const [name, outcome] of [
            [one, first],
            [other, second],
          ] as const) {
            verify(
              outcome.ok || outcome.error instanceof OrderRefusedError,
              `${met}, and \`${name}\` gave up after one conflict. Read the history and decide again, up to five attempts in each call.`,
              { received: !outcome.ok && outcome.error },
            )
          }
          const found = facts.map(({ eventType, cents }) =>
            cents === undefined ? String(eventType) : `${eventType} ${cents}`,
          )
          verify(
            possible.some((way) => way.join() === found.join()),
            `${met}, and the stored events contradict each other. Decide the slower command again, based on all events stored so far.`,
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
          `The process died after its ${last ? `\`${last}\`` : 'start'}, and only one of two facts was stored: the order is canceled, but the money wasn't refunded, and no command can add the refund anymore. Append both facts in one step.`,
          { received: added },
        )
      },
    })
  })

  test('give up after five attempts', () =>
    givesUpAfter({
      name: 'processPayment',
      attempts: 5,
      mark: 'PAYMENT_RECEIVED',
      prepare: async () => {
        await box.admin.del(KEY)
        await plant(CREATED)
      },
      run: (redis) => processPayment(redis, clock, 'order-1', 7_697),
      rival: async () => {
        const next = (await box.admin.xlen(KEY)) + 1
        const event = eventOf(next, { eventType: 'ORDER_GIFT_WRAPPED', payload: { paper: 'red' } })
        await box.admin.xadd(KEY, `${next}-0`, 'event', JSON.stringify(event))
      },
      isStored: async () => (await types()).includes('PAYMENT_RECEIVED'),
    }))

  test('pass on any error from Redis', async () => {
    const why =
      "Not everything was stored, and that isn't a conflict, a refusal by `decide`, or a missing order."
    await passesOnErrors({
      name: 'cancelOrder',
      prepare: () => plant(CREATED, PAID),
      run: (redis) => cancelOrder(redis, clock, 'order-1', 'too late'),
      closes: true,
      why,
    })
    await passesOnErrors({
      name: 'createOrder',
      run: (redis) => createOrder(redis, clock, prices(), 'ada', BASKET),
      closes: true,
      why,
    })
  })
})

describe('the views', () => {
  test('getOrder returns the current order', async () => {
    await plant(CREATED, PAID, SHIPPED, refund(500))
    verifyEqual(
      await call('getOrder', () => getOrder(box.redis, 'order-1')),
      order({ status: 'shipped', paidCents: 7_697, refundedCents: 500 }),
      '`getOrder` should resolve to the order after all of its events.',
    )
    for (const [n, fact] of [
      [5, DELIVERED],
      [6, refund(200)],
    ] as const) {
      await box.admin.xadd(KEY, `${n}-0`, 'event', JSON.stringify(eventOf(n, fact)))
      verifyEqual(
        await call('getOrder', () => getOrder(box.redis, 'order-1')),
        order({ status: 'delivered', paidCents: 7_697, refundedCents: n === 5 ? 500 : 700 }),
        `\`${fact.eventType}\` was stored, and \`getOrder\` was called again. It should resolve to the order as it is now. A delivered order can still change, so don't keep a result between two calls.`,
      )
    }
    const none = await call('getOrder', () => getOrder(box.redis, 'order-9'))
    verify(none === null, "`getOrder` should resolve to `null` for an order that doesn't exist.", {
      received: none,
    })
  })

  test('both go by the version, not by the time', async () => {
    await plantWithClocks()
    const found = await call('getOrder', () => getOrder(box.redis, 'order-1'))
    const history = await call('getOrderHistory', () => getOrderHistory(box.redis, 'order-1'))
    verifyEqual(
      [found?.status, history.map(({ version, status }) => [version, status])],
      [
        'shipped',
        [
          [1, 'created'],
          [2, 'paid'],
          [3, 'shipped'],
        ],
      ],
      `${CLOCKS} \`getOrder\` and \`getOrderHistory\` should use all events in the order of their versions, because clocks differ. (Received: the status of the order, and the version and status of each entry.)`,
    )
  })

  test('getOrder sees a deleted entry', async () => {
    await plant(CREATED, PAID, refund(500), refund(200))
    const refunded = async () => (await call('getOrder', () => getOrder(box.redis, 'order-1')))?.refundedCents
    const first = await refunded()
    await box.admin.xdel(KEY, '3-0')
    await box.admin.xadd(KEY, '5-0', 'event', JSON.stringify(eventOf(5, refund(30))))
    const second = await refunded()
    await box.admin.xdel(KEY, '4-0')
    verifyEqual(
      [first, second, await refunded()],
      [700, 230, 30],
      'Two refunds were stored, of 500 and 200 cents, and `getOrder` was called. Then another program deleted the first one and added one of 30 cents, and `getOrder` was called again; then the same program deleted the one of 200 cents, and `getOrder` was called once more. (Received: `refundedCents` each time.) Read the events in each call, because neither their number nor the last ID shows whether they have changed.',
    )
  })

  test('getOrderHistory returns one entry per event', async () => {
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
        { version: 1, timestamp: '2026-02-01T09:00:00.121Z', eventType: 'ORDER_CREATED', status: 'created' },
        { version: 2, timestamp: '2026-02-02T09:00:00.122Z', eventType: 'PAYMENT_RECEIVED', status: 'paid' },
        {
          version: 3,
          timestamp: '2026-02-03T09:00:00.123Z',
          eventType: 'ORDER_GIFT_WRAPPED',
          status: 'paid',
        },
        {
          version: 4,
          timestamp: '2026-02-04T09:00:00.124Z',
          eventType: 'ORDER_CANCELLED',
          status: 'cancelled',
        },
        {
          version: 5,
          timestamp: '2026-02-05T09:00:00.125Z',
          eventType: 'REFUND_ISSUED',
          status: 'cancelled',
        },
      ],
      '`getOrderHistory` should resolve to one entry per event, oldest first, with the version, the time, and the type as stored, and the status of the order after it. Events of unknown types are part of the history too.',
    )
    await box.admin.xdel(KEY, '3-0')
    verifyEqual(
      (await call('getOrderHistory', () => getOrderHistory(box.redis, 'order-1'))).map(
        ({ version }) => version,
      ),
      [1, 2, 4, 5],
      'The entry for version 3 was deleted. The others should keep the versions that they were stored with: the number before the dash in the ID.',
    )
    const early = JSON.stringify({
      ...eventOf(1, CREATED),
      eventType: 'ORDER_IMPORTED',
      entityId: 'order-2',
      timestamp: '2026-02-01T10:00:00+01:00',
    })
    await box.admin.xadd('aggregate:order:order-2', '1-0', 'event', early)
    verifyEqual(
      await call('getOrderHistory', () => getOrderHistory(box.redis, 'order-2')),
      [{ version: 1, timestamp: '2026-02-01T10:00:00+01:00', eventType: 'ORDER_IMPORTED', status: null }],
      "This order's only event is of an unknown type, `ORDER_IMPORTED`, so there's no order yet. `getOrderHistory` should resolve to one entry with the status `null`, and with the time exactly as it's stored.",
    )
    for (const [index, fact] of [CREATED, PAID, CREATED].entries()) {
      const text = JSON.stringify({ ...eventOf(index + 1, fact), entityId: 'order-3' })
      await box.admin.xadd('aggregate:order:order-3', `${index + 1}-0`, 'event', text)
    }
    verifyEqual(
      (await call('getOrderHistory', () => getOrderHistory(box.redis, 'order-3'))).map(
        ({ status }) => status,
      ),
      ['created', 'paid', 'paid'],
      'An old program stored `ORDER_CREATED` a second time, after the payment. Each entry should have the status of the order after the event. A second `ORDER_CREATED` leaves the order as it is, so the status should still be `paid`.',
    )
    verifyEqual(
      await call('getOrderHistory', () => getOrderHistory(box.redis, 'order-9')),
      [],
      "For an order that doesn't exist, `getOrderHistory` should resolve to an empty array.",
    )
  })

  test('both read an order to its end', async () => {
    const cents = Array.from({ length: 1_200 }, () => refund(1))
    const facts = [CREATED, PAID, ...cents]
    const pipeline = box.admin.pipeline()
    for (const [index, fact] of facts.entries()) {
      const eventId = `0b7f3a52-6f0a-4c1e-9d3b-${String(index).padStart(12, '0')}`
      pipeline.xadd(KEY, `${index + 1}-0`, 'event', JSON.stringify({ ...eventOf(3, fact), eventId }))
    }
    await pipeline.exec()
    const whole = await call('getOrder', () => getOrder(box.redis, 'order-1'))
    verifyEqual(
      whole?.refundedCents,
      1_200,
      `An order has 1202 events, and the last 1200 are refunds of 1 cent. \`getOrder\` should count them all, with version 10 after version 9.${pagingFault(box.commands)}`,
    )
    const history = await call('getOrderHistory', () => getOrderHistory(box.redis, 'order-1'))
    verifyEqual(
      history.map(({ version }) => version),
      facts.map((_, index) => index + 1),
      'An order has 1202 events. `getOrderHistory` should resolve to one entry for each, from version 1 to 1202.',
    )
    const version = await call('issueRefund', () => issueRefund(box.redis, clock, 'order-1', 6_497))
    verifyEqual(version, 1_203, 'The order was at version 1202, so `issueRefund` should resolve to 1203.')
  })

  test('reading writes nothing', async () => {
    await plant(CREATED)
    await call('getOrder', () => getOrder(box.redis, 'order-1'))
    await call('getOrderHistory', () => getOrderHistory(box.redis, 'order-1'))
    verifyEqual(
      [await box.admin.keys('*'), (await types()).length],
      [[KEY], 1],
      '`getOrder` and `getOrderHistory` should only read. Redis should have the same keys and events as before.',
    )
  })

  test('both pass on any error from Redis', async () => {
    const views = { getOrder, getOrderHistory }
    for (const [name, view] of Object.entries(views)) {
      await passesOnErrors<unknown>({
        name,
        prepare: () => plant(CREATED, PAID),
        run: (redis) => view(redis, 'order-1'),
        closes: true,
        why: "An order that can't be read isn't one that doesn't exist.",
      })
    }
  })
})
