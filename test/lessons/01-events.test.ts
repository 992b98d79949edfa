/** Long, because every sentence that a learner may read is next to the code that judges the answer. */
import { describe, test } from 'vitest'
import { attempt, call, callError, verify, verifyEqual, words } from '#kit'
import type { DomainEvent, NewEvent } from '#lesson/01-events'
import { createEvent, decodeEvent, encodeEvent, MalformedEventError } from '#lesson/01-events'

const MORNING = '2026-03-01T09:00:00.000Z'
const morning = () => new Date(MORNING)

/** Returns a new object on every call, because some tests change it afterward, as callers do. */
function ada() {
  return {
    eventType: 'USER_REGISTERED',
    entityId: 'user-42',
    payload: { name: 'Ada', email: 'ada@example.com', address: { city: 'Ghent' }, tags: ['early', 'beta'] },
    metadata: { correlationId: 'req-7', causationId: 'cmd-3', userId: 'admin-1' },
  }
}

/** An event that may reach `encodeEvent` from code that TypeScript didn't check. */
function eventWith(payload: unknown, metadata: unknown = {}): DomainEvent {
  return {
    eventId: '0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a01',
    timestamp: MORNING,
    eventType: 'USER_REGISTERED',
    entityId: 'user-42',
    payload,
    metadata,
  } as DomainEvent
}

/** Verifies that a call throws a MalformedEventError for `field`. An accepted value and another error get different diagnoses. */
async function refused(name: string, run: () => unknown, field: string, what: string, why: string) {
  const outcome = await attempt(name, run)
  verify(!outcome.ok, `\`${name}\` accepted ${what}. ${why}`, {
    expected: words(`a MalformedEventError with field "${field}"`),
    received: outcome.ok && outcome.value,
  })
  const error = await callError(
    name,
    () => {
      throw outcome.error
    },
    MalformedEventError,
    `\`${name}\` failed on ${what}, but not with a \`MalformedEventError\`, which a caller can recognize and handle. ${why}`,
  )
  verifyEqual(
    error.field,
    field,
    `\`${name}\` refused ${what}, but the \`field\` of its \`MalformedEventError\` is wrong. It should be \`${field}\`. ${why}`,
  )
  return error
}

/** Verifies that a call succeeds. If it throws, the diagnosis says why it shouldn't. */
async function taken<T>(name: string, run: () => T, what: string, why: string): Promise<Awaited<T>> {
  const outcome = await attempt(name, run)
  verify(outcome.ok, `\`${name}\` refused ${what}. ${why}`, { received: !outcome.ok && outcome.error })
  return outcome.value
}

/** What a log shows of the error. */
function namesItsField(error: MalformedEventError, field: string): void {
  verify(
    error.name === 'MalformedEventError' && error.message.includes(field),
    `The error's \`name\` should be \`MalformedEventError\`, and its message should name the field, here \`${field}\`. A log shows only these two, not the \`field\` property, and \`Error\` says nothing.`,
    { received: words(`${error.name}: ${error.message}`) },
  )
}

describe('createEvent', () => {
  const SAME_TYPE =
    '`createEvent` changed the event type. Keep it exactly as it is, because readers compare it with `===`.'

  test('keeps the fields of the fact', async () => {
    const [event] = await call('createEvent', () => [createEvent(ada(), morning)])
    verify(
      typeof event === 'object' && event !== null,
      '`createEvent` should return the event: an object with six fields.',
      { received: event },
    )
    verify(
      !('then' in event),
      '`createEvent` returned a promise. It has nothing to wait for, so make it an ordinary function that callers can use without `await`.',
    )
    for (const field of ['eventType', 'entityId', 'payload'] as const) {
      verify(
        event[field] !== undefined,
        `The event has no \`${field}\`. Use exactly that name, because readers expect the same envelope on every event.`,
        { received: event },
      )
    }
    verifyEqual(event.eventType, 'USER_REGISTERED', SAME_TYPE)
    verifyEqual(event.entityId, 'user-42', '`createEvent` should keep the entity ID exactly as it is.')
    const again = [1, 2].map(() => attempt('createEvent', () => createEvent(ada(), morning)))
    verify(
      (await Promise.all(again)).every((outcome) => outcome.ok),
      '`createEvent` accepted an event of type `USER_REGISTERED`, then refused the same one on a later call, so it keeps state between calls. A regular expression with the `g` flag does that: its `test` continues where the last call stopped.',
    )
    for (const entityId of ['Order-B.7', ' user 42 ']) {
      const outcome = await attempt('createEvent', () => createEvent({ ...ada(), entityId }, morning))
      verifyEqual(
        outcome.ok ? outcome.value.entityId : entityId,
        entityId,
        `\`createEvent\` changed the entity ID ${JSON.stringify(entityId)}. Keep it exactly as it is, with its capitals and spaces, or a reader who asks for that ID won't find this event.`,
      )
    }
  })

  test('has a unique ID', async () => {
    const event = await call('createEvent', () => createEvent(ada(), morning))
    verify(
      typeof event.eventId === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(event.eventId),
      'The `eventId` should be a UUID from `randomUUID()` in `node:crypto`. An ID built from a clock or from the entity repeats as soon as two events are created in one millisecond.',
      { expected: words('something like 0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a01'), received: event.eventId },
    )
    const ids = new Set(
      await call('createEvent', () =>
        Array.from({ length: 1_000 }, () => createEvent(ada(), morning).eventId),
      ),
    )
    verify(
      ids.size === 1_000,
      "Two events have the same `eventId`. Each event needs its own, even if the same thing happens twice in one millisecond. Otherwise readers can't tell a second event from a copy of the first.",
      { expected: words('1000 different IDs'), received: words(`${ids.size} different IDs`) },
    )
  })

  test('takes the time from the clock that was passed in', async () => {
    const { timestamp } = await call('createEvent', () => createEvent(ada(), morning))
    verify(
      typeof timestamp === 'string',
      "The `timestamp` should be a string, `clock().toISOString()`. In JSON, a `Date` doesn't stay a `Date`, and a number doesn't say what it counts.",
      { expected: MORNING, received: timestamp },
    )
    verifyEqual(
      timestamp,
      MORNING,
      "The `timestamp` should come from the clock that was passed in, in the format of `toISOString()`. Code that reads the system clock is hard to test, and it can't import yesterday's events.",
    )
    const now = new Date('2026-03-01T09:07:05.042Z')
    const event = await call('createEvent', () => createEvent(ada(), () => now))
    verifyEqual(
      event.timestamp,
      '2026-03-01T09:07:05.042Z',
      "The `timestamp` isn't exactly the time that the clock returned. Keep the milliseconds, as `toISOString()` does. Otherwise, two events in the same second seem to have happened at the same moment.",
    )
    verifyEqual(
      now.toISOString(),
      '2026-03-01T09:07:05.042Z',
      '`createEvent` changed the `Date` that the clock returned. That `Date` belongs to the caller, who may use it again, so only read it.',
    )
  })

  test('reads the clock once', async () => {
    let readings = 0
    const clock = () => {
      readings += 1
      return new Date(Date.UTC(2026, 2, 1, 9, 0, 0, readings))
    }
    await call('createEvent', () => createEvent(ada(), clock))
    verify(
      readings === 1,
      `\`createEvent\` read the clock ${readings} times for one event. Read it exactly once, because every reading is a different moment, and an event has only one.`,
      { expected: words('1 reading'), received: words(`${readings} readings`) },
    )
  })

  test('puts the metadata next to the payload', async () => {
    const event = await call('createEvent', () => createEvent(ada(), morning))
    verifyEqual(
      event.metadata,
      { correlationId: 'req-7', causationId: 'cmd-3', userId: 'admin-1' },
      'The event should have the metadata in its own field, `metadata`, next to the payload, because it says how the event came about, not what happened.',
    )
    const { eventType, entityId, payload } = ada()
    const plain = await call('createEvent', () => createEvent({ eventType, entityId, payload }, morning))
    verifyEqual(
      plain.metadata ?? 'missing',
      {},
      'Without metadata, the event should have an empty object, `metadata: {}`. If the field is sometimes missing, every reader has to check for it.',
    )
  })

  test('adds nothing to the fact', async () => {
    const event = await call('createEvent', () => createEvent(ada(), morning))
    verifyEqual(
      event.payload,
      { name: 'Ada', email: 'ada@example.com', address: { city: 'Ghent' }, tags: ['early', 'beta'] },
      'The payload should contain exactly what the caller passed in. Derive a status, a count, or a full name when you read: in the log, it would stay the same even if the rule for it changes.',
    )
    verifyEqual(
      Object.keys(event).sort(),
      ['entityId', 'eventId', 'eventType', 'metadata', 'payload', 'timestamp'],
      'An event should have exactly six fields: `eventId`, `timestamp`, `eventType`, `entityId`, `payload`, and `metadata`. Anything else about the fact belongs in the payload.',
    )
  })

  test('copies every level of the payload', async () => {
    const fact = ada()
    const event = await call('createEvent', () => createEvent(fact, morning))
    verifyEqual(
      fact,
      ada(),
      '`createEvent` changed the object it received. That object belongs to the caller, so only read it.',
    )
    verify(
      !Object.isFrozen(fact.payload) && !Object.isFrozen(fact.payload.address),
      "`createEvent` froze the caller's payload. Copy it instead, because the caller may still change its object, and the copy in the event won't change with it.",
    )
    fact.payload.name = 'Eve'
    verifyEqual(
      event.payload.name,
      'Ada',
      "The event's payload is the caller's own object: when the caller changed its `name` later, the event changed too. A fact doesn't change, so copy the payload.",
    )
    fact.payload.address.city = 'Oslo'
    fact.payload.tags.push('late')
    verifyEqual(
      event.payload,
      { name: 'Ada', email: 'ada@example.com', address: { city: 'Ghent' }, tags: ['early', 'beta'] },
      'Only the outer level of the payload was copied: when the caller changed its `address` and `tags`, the event changed too. Copy every level.',
    )
    const deep = { ...ada(), payload: { address: { geo: { lat: 51 } }, stops: [{ city: 'Ghent' }] } }
    const route = await call('createEvent', () => createEvent(deep, morning))
    const far =
      "The copy isn't deep enough, so the event changes whenever the caller's object does. Copy every level."
    for (const stop of deep.payload.stops) stop.city = 'Oslo'
    verifyEqual(
      route.payload.stops,
      [{ city: 'Ghent' }],
      `The caller changed an object inside the array \`stops\`, and the event changed too. ${far}`,
    )
    deep.payload.address.geo.lat = 60
    verifyEqual(
      route.payload.address,
      { geo: { lat: 51 } },
      `The caller changed \`address.geo.lat\`, three levels down, and the event changed too. ${far}`,
    )
    fact.metadata.userId = 'someone-else'
    verifyEqual(
      event.metadata,
      { correlationId: 'req-7', causationId: 'cmd-3', userId: 'admin-1' },
      "The event's metadata is the caller's own object: when the caller changed its `userId` later, the event changed too. Copy the metadata as well.",
    )
  })

  test('accepts past-tense names', async () => {
    for (const eventType of [
      'USER_REGISTERED',
      'USER_EMAIL_CHANGED',
      'ORDER_LINE_2_ADDED',
      'CARD_3DSECURED',
      'CAT_FED',
    ]) {
      const fact: NewEvent = { ...ada(), eventType }
      const event = await taken(
        'createEvent',
        () => createEvent(fact, morning),
        `the event type "${eventType}"`,
        'It follows the rule: two or more words of capital letters and digits, joined by underscores, and the last one ends in `ED`.',
      )
      verifyEqual(event.eventType, eventType, SAME_TYPE)
    }
  })

  test('refuses commands and other names', async () => {
    const command =
      "That's a command, a request that may still be refused. An event says what has happened, so its type is a past-tense name such as `USER_REGISTERED`."
    const spelling =
      'Event types are words of capital letters and digits joined by single underscores, such as `USER_REGISTERED`. To a reader, two spellings are two types.'
    const word =
      "A type has two or more words: the thing, and what happened to it. `REGISTERED` alone doesn't say who or what was registered."
    const names = [
      ['RegisterUser', command],
      ['REGISTER_USER', command],
      ['UserRegistered', spelling],
      ['user_registered', spelling],
      ['USER REGISTERED', spelling],
      ['USER__REGISTERED', spelling],
      ['USER_REGISTERED_', spelling],
      ['_USER_REGISTERED', spelling],
      ['USER-EMAIL_CHANGED', spelling],
      ['my USER_REGISTERED', spelling],
      ['USER_REGISTERED again', spelling],
      ['OLD\nUSER_REGISTERED', spelling],
      [
        '2FA_ENABLED',
        'The first character of a type is a letter. Digits may come later, as in `ORDER_LINE_2_ADDED`.',
      ],
      [
        'USER_REGISTERED_AGAIN',
        'The last word of a type says what happened, in the past tense, so it ends in `ED`.',
      ],
      ['REGISTERED', word],
      ['', spelling],
    ] as const
    for (const [eventType, why] of names) {
      const fact: NewEvent = { ...ada(), eventType }
      await refused('createEvent', () => createEvent(fact, morning), 'eventType', `"${eventType}"`, why)
    }
  })

  test('refuses an event without an entity', async () => {
    const error = await refused(
      'createEvent',
      () => createEvent({ ...ada(), entityId: '' }, morning),
      'entityId',
      'an empty entity ID',
      'Readers look events up by entity, so no reader could find this one again.',
    )
    namesItsField(error, 'entityId')
  })

  test('accepts any other entity ID', async () => {
    const why =
      'Only the empty string counts as empty, and other programs may have used any other string as an ID. Keep it exactly as it is.'
    const event = await taken(
      'createEvent',
      () => createEvent({ ...ada(), entityId: ' ' }, morning),
      'the entity ID " "',
      why,
    )
    verifyEqual(event.entityId, ' ', `\`createEvent\` changed the entity ID " ". ${why}`)
  })

  test('leaves out everything else about the fact', async () => {
    const wide = { ...ada(), version: 3, source: 'import' }
    const event = await call('createEvent', () => createEvent(wide, morning))
    verifyEqual(
      Object.keys(event).sort(),
      ['entityId', 'eventId', 'eventType', 'metadata', 'payload', 'timestamp'],
      'The fact that was passed in had two more fields, `version` and `source`, and the event should have exactly six. Name the fields that you take, because a spread (`...fact`) copies whatever is there.',
    )
  })
})

describe('encodeEvent', () => {
  test('writes the event as JSON', async () => {
    const event = eventWith(
      { name: 'Ada', address: { city: 'Ghent' } },
      { correlationId: 'req-7', userId: 'admin-1' },
    )
    const text = await call('encodeEvent', () => encodeEvent(event))
    verify(typeof text === 'string', '`encodeEvent` should return a string.', { received: text })
    const { ok, value } = parsed(text)
    verify(ok, "`encodeEvent` returned a string that isn't JSON, so no program can read it back.", {
      received: text,
    })
    verify(
      typeof value !== 'string',
      "The event was encoded twice: it's a JSON string with JSON inside. Call `JSON.stringify` once, on the whole event.",
      { received: text },
    )
    verify(
      typeof (value as DomainEvent).payload !== 'string',
      "The payload was encoded twice: it's a string with JSON inside. Leave it as an object, or every reader has to know this and parse it a second time.",
      { received: text },
    )
    verify(
      Object.keys((value as DomainEvent | null)?.payload ?? {}).length > 0,
      'The payload has no fields in the JSON. If you pass an array to `JSON.stringify` as its second argument, it writes only the fields named there, at every depth. Leave that argument out.',
      { received: text },
    )
    verifyEqual(
      value,
      {
        eventId: '0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a01',
        timestamp: '2026-03-01T09:00:00.000Z',
        eventType: 'USER_REGISTERED',
        entityId: 'user-42',
        payload: { name: 'Ada', address: { city: 'Ghent' } },
        metadata: { correlationId: 'req-7', userId: 'admin-1' },
      },
      "The JSON should contain the event's six fields as they are, including the metadata.",
    )
  })

  test('accepts every value that JSON can represent', async () => {
    const payload = {
      nothing: null,
      no: false,
      zero: 0,
      below: -2.5,
      huge: 1e21,
      empty: '',
      none: [],
      blank: {},
      text: 'Zoë 😀 "quoted"\n',
      deep: [{ a: [1, [2, null]] }],
    }
    const why =
      'JSON can represent `null`, `false`, every finite number, empty strings, empty arrays, and empty objects, so they should pass unchanged.'
    const text = await taken(
      'encodeEvent',
      () => encodeEvent(eventWith(payload)),
      'a payload of plain values',
      why,
    )
    verifyEqual(
      parsed(text).value,
      {
        eventId: '0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a01',
        timestamp: '2026-03-01T09:00:00.000Z',
        eventType: 'USER_REGISTERED',
        entityId: 'user-42',
        payload: {
          nothing: null,
          no: false,
          zero: 0,
          below: -2.5,
          huge: 1e21,
          empty: '',
          none: [],
          blank: {},
          text: 'Zoë 😀 "quoted"\n',
          deep: [{ a: [1, [2, null]] }],
        },
        metadata: {},
      },
      `The JSON differs from the payload. ${why}`,
    )
  })

  test('accepts the name of an old event', async () => {
    const why =
      'An event from an old log may be written to a new one. The naming rule is for new events, so only `createEvent` checks it.'
    const text = await taken(
      'encodeEvent',
      () => encodeEvent({ ...eventWith({}), eventType: 'UserMoved' }),
      'an event of the type "UserMoved"',
      why,
    )
    verifyEqual(
      (parsed(text).value as DomainEvent).eventType,
      'UserMoved',
      `\`encodeEvent\` changed the event type. ${why}`,
    )
  })

  test('accepts one object in two places', async () => {
    const address = { city: 'Ghent', lines: ['1 Main St'] }
    const event = eventWith({ home: address, work: address })
    const why =
      "JSON writes such an object twice, which is fine. Only an object that contains itself can't be encoded."
    const text = await taken(
      'encodeEvent',
      () => encodeEvent(event),
      'a payload with one object in two places',
      why,
    )
    verifyEqual(
      (parsed(text).value as DomainEvent).payload,
      {
        home: { city: 'Ghent', lines: ['1 Main St'] },
        work: { city: 'Ghent', lines: ['1 Main St'] },
      },
      `The JSON differs from the payload. ${why}`,
    )
  })

  test('starts from scratch with each event', async () => {
    const fresh =
      "Don't keep state between calls in a variable outside the function, such as a set of the objects seen so far, or a path that isn't reset when an error is thrown."
    const told = async (event: DomainEvent) => {
      const outcome = await attempt('encodeEvent', () => encodeEvent(event))
      if (outcome.ok) return 'a string'
      return outcome.error instanceof MalformedEventError ? `field "${outcome.error.field}"` : 'an error'
    }
    const good = eventWith({ name: 'Ada', address: { city: 'Ghent' } })
    const bad = () => eventWith({ address: { since: undefined } })
    const before = [await told(good), await told(bad())]
    verifyEqual(
      [await told(good), await told(bad())],
      before,
      `\`encodeEvent\` received the same valid event twice, and the same invalid one twice, but the results differ. ${fresh}`,
    )
    const address: Record<string, unknown> = { city: 'Ghent' }
    await told(eventWith({ address }))
    address.city = Number.NaN
    verifyEqual(
      await told(eventWith({ address })),
      await told(eventWith({ address: { city: Number.NaN } })),
      `\`encodeEvent\` received an object that it had seen before, with a different value inside, and didn't check it again. ${fresh}`,
    )
  })

  const LOST: readonly (readonly [name: string, value: unknown, what: string, why: string])[] = [
    [
      'undefined',
      undefined,
      '`undefined`',
      'JSON drops the field silently, and no reader can tell that it was ever there.',
    ],
    [
      'a Date',
      new Date(MORNING),
      'a `Date`',
      'JSON turns it into a string, so readers get back something other than what was written. A replacer never sees the `Date`, because its `toJSON` runs first. Check all values before you call `JSON.stringify`.',
    ],
    [
      'a bigint',
      10n,
      'a bigint',
      "JSON has no bigint: `JSON.stringify` throws a `TypeError`. Don't convert it to a string or a number either, because then readers get back something other than what was written.",
    ],
    [
      'NaN',
      Number.NaN,
      '`NaN`',
      'JSON writes `null` instead, so a failed calculation looks like a missing value.',
    ],
    ['infinity', Number.POSITIVE_INFINITY, '`Infinity`', 'JSON writes `null` instead.'],
    ['minus infinity', Number.NEGATIVE_INFINITY, '`-Infinity`', 'JSON writes `null` instead.'],
    ['a function', () => 1, 'a function', 'JSON drops it silently.'],
    ['a symbol', Symbol('x'), 'a symbol', 'JSON drops it silently.'],
    ['a Map', new Map([['a', 1]]), 'a `Map`', 'JSON writes `{}`, so everything in it is lost.'],
    ['a Set', new Set([1]), 'a `Set`', 'JSON writes `{}`, so everything in it is lost.'],
  ]
  for (const [name, value, what, why] of LOST) {
    test(`refuses ${name}`, async () => {
      const event = eventWith({ name: 'Ada', since: value })
      const error = await refused('encodeEvent', () => encodeEvent(event), 'payload.since', what, why)
      namesItsField(error, 'payload.since')
    })
  }

  test('looks inside objects and arrays', async () => {
    const deep = 'JSON loses such values at any depth, so check nested objects and arrays too.'
    await refused(
      'encodeEvent',
      () => encodeEvent(eventWith({ address: { city: 'Ghent', since: new Date(MORNING) } })),
      'payload.address.since',
      'a `Date` inside `payload.address`',
      deep,
    )
    await refused(
      'encodeEvent',
      () => encodeEvent(eventWith({ stops: ['Ghent', undefined] })),
      'payload.stops.1',
      '`undefined` inside an array',
      `${deep} In an array, JSON even writes \`null\` instead.`,
    )
    await refused(
      'encodeEvent',
      () => encodeEvent(eventWith({ lines: [{ price: 1 }, { price: Number.NaN }] })),
      'payload.lines.1.price',
      '`NaN` inside an object in an array',
      deep,
    )
    const depths = Array.from({ length: 20 })
    await refused(
      'encodeEvent',
      () => encodeEvent(eventWith({ next: depths.reduce<unknown>((next) => ({ next }), Number.NaN) })),
      `payload.next${'.next'.repeat(depths.length)}`,
      '`NaN` inside 20 nested objects',
      deep,
    )
  })

  test('checks the metadata too', async () => {
    await refused(
      'encodeEvent',
      () => encodeEvent(eventWith({ name: 'Ada' }, { correlationId: 'req-7', userId: undefined })),
      'metadata.userId',
      '`undefined` in the metadata',
      'The same rule applies there: JSON would drop the field, and with it the answer to "who did it?"',
    )
    await refused(
      'encodeEvent',
      () => encodeEvent(eventWith({ name: 'Ada' }, { correlationId: new Date(MORNING) })),
      'metadata.correlationId',
      'a `Date` in the metadata',
      'The same rule applies there: readers would get back a string instead of the `Date`.',
    )
  })

  for (const [name, value, what] of LOST) {
    if (!['undefined', 'a Date', 'a bigint', 'NaN', 'a Map'].includes(name)) continue
    test(`notices ${name} that passed through createEvent`, async () => {
      const fact = { ...ada(), payload: { name: 'Ada', since: value } } as unknown as NewEvent
      await refused(
        'encodeEvent(createEvent(…))',
        () => encodeEvent(createEvent(fact, morning)),
        'payload.since',
        what,
        '`createEvent` lost it while copying the payload, before `encodeEvent` could see it. `JSON.parse(JSON.stringify(…))` does that. Refuse it in `createEvent`, or copy in a way that keeps it.',
      )
    })
  }

  test('leaves the event alone', async () => {
    const event = eventWith({ name: 'Ada', address: { city: 'Ghent' }, marks: [3, 1, 2] })
    await call('encodeEvent', () => encodeEvent(event))
    verifyEqual(
      event,
      eventWith({ name: 'Ada', address: { city: 'Ghent' }, marks: [3, 1, 2] }),
      '`encodeEvent` changed the event it received. Only read the event, because the caller still uses it.',
    )
  })
})

const STORED = {
  eventId: '0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a01',
  timestamp: '2026-03-01T09:00:00.000Z',
  eventType: 'USER_EMAIL_CHANGED',
  entityId: 'user-42',
  payload: { email: 'ada@new.example', verified: false, since: '2026-02-28T23:00:00.000Z' },
  metadata: { correlationId: 'req-9' },
}

function textWith(changes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...STORED, ...changes })
}

describe('decodeEvent', () => {
  test('reads an event back', async () => {
    const text =
      '{"eventId":"0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a01","timestamp":"2026-03-01T09:00:00.000Z","eventType":"USER_EMAIL_CHANGED","entityId":"user-42","payload":{"email":"ada@new.example","verified":false,"since":"2026-02-28T23:00:00.000Z"},"metadata":{"correlationId":"req-9"}}'
    const [event] = await call('decodeEvent', () => [decodeEvent(text)])
    verify(
      typeof event === 'object' && event !== null && !('then' in event),
      '`decodeEvent` should return the event itself: an object, not a promise.',
      { received: event },
    )
    verifyEqual(
      event,
      STORED,
      '`decodeEvent` should return the event from the string, with every field as it was written. Times stay strings.',
    )
  })

  test("refuses a string that isn't JSON", async () => {
    for (const text of ['', 'USER_REGISTERED', '{"eventId":"0b7f']) {
      await refused(
        'decodeEvent',
        () => decodeEvent(text),
        'event',
        `the string ${JSON.stringify(text)}, which isn't JSON`,
        "A caller can tell from a `MalformedEventError` that the string should have been an event, and a `SyntaxError` doesn't say so.",
      )
    }
  })

  test("refuses JSON that isn't an object", async () => {
    for (const text of ['null', '[]', '42', '"USER_REGISTERED"']) {
      await refused(
        'decodeEvent',
        () => decodeEvent(text),
        'event',
        `the string \`${text}\`, which is JSON but not an object`,
        'An event is a JSON object. For `null` and arrays, `typeof` returns `"object"` too, so check for them separately.',
      )
    }
  })

  for (const field of ['eventId', 'timestamp', 'eventType', 'entityId', 'payload'] as const) {
    test(`reports a missing ${field}`, async () => {
      await refused(
        'decodeEvent',
        () => decodeEvent(textWith({ [field]: undefined })),
        field,
        `an event without \`${field}\``,
        `The type promises that \`${field}\` is there, but a string from outside promises nothing. Check it before you return the event.`,
      )
    })
  }

  test('checks the values of the fields', async () => {
    const texts =
      '`DomainEvent` declares this field as a string. Check that with `typeof`, because a cast with `as` checks nothing.'
    const empty =
      "An empty string is as bad as a missing field: readers can't look up such an event or tell it apart from others."
    const object =
      'The payload is an object with fields. For `null` and arrays, `typeof` returns `"object"` too.'
    const time =
      "A timestamp that isn't a time breaks any code that sorts or displays it later. `Date.parse` returns `NaN` for it."
    const metadata = "Metadata is an object if it's there at all."
    const falsy =
      "Only missing metadata becomes `{}`. `||` treats an empty string, 0, and `false` as missing too, but `??` doesn't."
    const faults = [
      ['eventId', 7, texts],
      ['eventType', null, texts],
      ['entityId', 42, texts],
      ['timestamp', 1_772_355_600_000, texts],
      ['payload', 'ada@new.example', object],
      ['payload', null, object],
      ['payload', [1, 2], object],
      ['eventId', '', empty],
      ['eventType', '', empty],
      ['entityId', '', empty],
      ['timestamp', '', time],
      ['timestamp', 'yesterday', time],
      ['timestamp', '2026-13-45T09:00:00.000Z', time],
      ['metadata', 'req-9', metadata],
      ['metadata', ['req-9'], metadata],
      ['metadata', 7, metadata],
      ['metadata', true, metadata],
      ['metadata', '', `${metadata} ${falsy}`],
      ['metadata', 0, `${metadata} ${falsy}`],
      ['metadata', false, `${metadata} ${falsy}`],
    ] as const
    for (const [field, value, why] of faults) {
      await refused(
        'decodeEvent',
        () => decodeEvent(textWith({ [field]: value })),
        field,
        `${field} ${JSON.stringify(value)}`,
        why,
      )
    }
  })

  test('names the field in the message', async () => {
    const error = await refused(
      'decodeEvent',
      () => decodeEvent(textWith({ entityId: undefined })),
      'entityId',
      'an event without `entityId`',
      'The field is missing.',
    )
    namesItsField(error, 'entityId')
  })

  test('reads events from before there was metadata', async () => {
    const why =
      "Events from before metadata was introduced must stay readable. Missing metadata becomes `metadata: {}`, so readers don't need to check whether the field is there."
    const event = await taken(
      'decodeEvent',
      () => decodeEvent(textWith({ metadata: undefined })),
      'an event without metadata',
      why,
    )
    verifyEqual(
      event.metadata ?? 'missing',
      {},
      `\`decodeEvent\` returned the event without \`metadata: {}\`. ${why}`,
    )
    const outcome = await attempt('decodeEvent', () => decodeEvent(textWith({ metadata: null })))
    verifyEqual(
      outcome.ok ? outcome.value.metadata : {},
      {},
      `\`decodeEvent\` returned an event with \`metadata: null\`. Refuse it, or treat it as missing. ${why}`,
    )
  })

  test('accepts space around the JSON', async () => {
    const why =
      'Another program, or a text editor, may have added a line break. JSON allows it, and `JSON.parse` does too.'
    const event = await taken(
      'decodeEvent',
      () => decodeEvent(`\n  ${textWith({})}\n`),
      'a string with spaces and line breaks around the JSON',
      why,
    )
    verifyEqual(event.eventId, '0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a01', why)
  })

  test('accepts an unknown field', async () => {
    const why =
      "An unknown field isn't an error, because a newer program may have written it. Return the six known fields as usual."
    const event = await taken(
      'decodeEvent',
      () => decodeEvent(textWith({ schemaVersion: 2 })),
      'an event with an additional field, `schemaVersion`',
      why,
    )
    verifyEqual(event.eventId, '0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a01', why)
  })

  const LENIENT = [
    [
      'eventType',
      'UserMoved',
      "What's in the log has happened, whatever it was called, so the naming rule is for `createEvent` only.",
    ],
    [
      'eventId',
      'import-1',
      "Any string that isn't empty will do, because other programs create their IDs in other ways.",
    ],
    [
      'entityId',
      ' ',
      'Only the empty string counts as empty. Other programs may have used any other string as an ID.',
    ],
    [
      'timestamp',
      '2019-05-02T09:14:07Z',
      'Any time that `Date.parse` can parse will do, and it stays as it was written.',
    ],
    [
      'timestamp',
      '1970-01-01T00:00:00.000Z',
      "That's time 0, a time like any other. `Date.parse` returns 0 for it, which is falsy. Check for `NaN` with `Number.isNaN`.",
    ],
    [
      'payload',
      {},
      'The event type alone may say everything, and an object without fields is still an object.',
    ],
    [
      'metadata',
      { userId: 7, correlationId: null },
      "Don't check what's inside the metadata, because other programs put in whatever they need.",
    ],
  ] as const
  for (const [field, value, why] of LENIENT) {
    test(`isn't too strict about ${field} ${JSON.stringify(value)}`, async () => {
      const text = textWith({ [field]: value })
      const event = await taken(
        'decodeEvent',
        () => decodeEvent(text),
        `the ${field} ${JSON.stringify(value)}`,
        why,
      )
      verifyEqual(event[field], value, `\`decodeEvent\` changed the ${field}. ${why}`)
    })
  }
})

function parsed(text: string): { ok: boolean; value: unknown } {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false, value: undefined }
  }
}
