/** Long, because every sentence that a learner may get to read stands here, beside what it judges. */
import { describe, test } from 'vitest'
import { attempt, call, callError, verify, verifyEqual } from '#kit'
import type { DomainEvent, NewEvent } from '#lesson/01-events'
import { createEvent, decodeEvent, encodeEvent, MalformedEventError } from '#lesson/01-events'

const MORNING = '2026-03-01T09:00:00.000Z'
const morning = () => new Date(MORNING)

/** Made afresh for every use: some tests change it afterwards, as callers do. */
function ada() {
  return {
    eventType: 'USER_REGISTERED',
    entityId: 'user-42',
    payload: { name: 'Ada', email: 'ada@example.com', address: { city: 'Ghent' }, tags: ['early', 'beta'] },
    metadata: { correlationId: 'req-7', causationId: 'cmd-3', userId: 'admin-1' },
  }
}

/** An event as it may reach `encodeEvent` from code that TypeScript did not see. */
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

/** Must be refused with a MalformedEventError at `field`; tells a thing let through from one that failed in another way. */
async function refused(name: string, run: () => unknown, field: string, what: string, why: string) {
  const outcome = await attempt(name, run)
  verify(!outcome.ok, `${name} let ${what} through. ${why}`, {
    expected: `a MalformedEventError with field "${field}"`,
    received: outcome.ok && outcome.value,
  })
  const error = await callError(
    name,
    () => {
      throw outcome.error
    },
    MalformedEventError,
    `${name} failed on ${what}, but not with a MalformedEventError: a caller can only handle a mistake that has a name. ${why}`,
  )
  verifyEqual(
    error.field,
    field,
    `${name} refused ${what}, but its MalformedEventError points to the wrong place: \`field\` should be "${field}". ${why}`,
  )
  return error
}

/** Must be taken: an answer that refuses it is told why, and not only that it threw. */
async function taken<T>(name: string, run: () => T, what: string, why: string): Promise<Awaited<T>> {
  const outcome = await attempt(name, run)
  verify(outcome.ok, `${name} refused ${what}. ${why}`, { received: !outcome.ok && outcome.error })
  return outcome.value
}

describe('createEvent', () => {
  test('keeps what it was given', async () => {
    const [event] = await call('createEvent', () => [createEvent(ada(), morning)])
    verify(
      typeof event === 'object' && event !== null,
      'createEvent should return the event, an object with six fields.',
      { received: event },
    )
    verify(
      !('then' in event),
      'createEvent returned a promise. There is nothing to wait for in making an event: make it an ordinary function, so that callers need no `await`.',
    )
    for (const field of ['eventType', 'entityId', 'payload'] as const) {
      verify(
        event[field] !== undefined,
        `The event has no \`${field}\`. Readers look for exactly that name: the envelope is the same for every event.`,
        { received: event },
      )
    }
    verifyEqual(
      event.eventType,
      'USER_REGISTERED',
      'createEvent changed the event type. Keep it letter for letter: readers compare it with `===`.',
    )
    verifyEqual(event.entityId, 'user-42', 'createEvent should keep the entity id as it was given.')
    const again = [1, 2].map(() => attempt('createEvent', () => createEvent(ada(), morning)))
    verify(
      (await Promise.all(again)).every((outcome) => outcome.ok),
      'createEvent took an event of the type USER_REGISTERED, and refused the same a moment later. It remembers something from one call to the next; a regular expression with the flag `g` does that: its `test` goes on where it stopped the last time.',
    )
    for (const entityId of ['Order-B.7', ' user 42 ']) {
      const outcome = await attempt('createEvent', () => createEvent({ ...ada(), entityId }, morning))
      verifyEqual(
        outcome.ok ? outcome.value.entityId : entityId,
        entityId,
        `createEvent changed the entity id ${JSON.stringify(entityId)}. Keep it letter for letter, with its capitals and blanks: whoever asks for that id later would not find this event.`,
      )
    }
  })

  test('has an id of its own', async () => {
    const event = await call('createEvent', () => createEvent(ada(), morning))
    verify(
      typeof event.eventId === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(event.eventId),
      'The `eventId` should be a UUID, as `randomUUID()` of node:crypto makes it. An id put together from a clock or from the entity repeats as soon as two events are made in one millisecond.',
      { expected: 'something like 0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a01', received: event.eventId },
    )
    const ids = new Set(
      await call('createEvent', () =>
        Array.from({ length: 1_000 }, () => createEvent(ada(), morning).eventId),
      ),
    )
    verify(
      ids.size === 1_000,
      'Two events got the same `eventId`: each needs a fresh one, even when the same thing happens twice in the same millisecond. Otherwise nobody can tell a second event from a copy of the first.',
      { expected: '1000 different ids', received: `${ids.size} different ids` },
    )
  })

  test('takes the time from the clock that was passed in', async () => {
    const { timestamp } = await call('createEvent', () => createEvent(ada(), morning))
    verify(
      typeof timestamp === 'string',
      'The `timestamp` should be a text, `clock().toISOString()`. A Date object or a number turns into something else, or needs an explanation, once the event is stored as JSON.',
      { expected: MORNING, received: timestamp },
    )
    verifyEqual(
      timestamp,
      MORNING,
      'The `timestamp` should be the time of the clock that was passed in, as `toISOString()` writes it. Code that looks at the wall clock by itself cannot be tested, and cannot import yesterday’s events.',
    )
    const now = new Date('2026-03-01T09:07:05.042Z')
    const event = await call('createEvent', () => createEvent(ada(), () => now))
    verifyEqual(
      event.timestamp,
      '2026-03-01T09:07:05.042Z',
      'The `timestamp` is not quite the time that the clock told. Keep it to the millisecond, as `toISOString()` writes it: two events of one second would look as if they had happened at once.',
    )
    verifyEqual(
      now.toISOString(),
      '2026-03-01T09:07:05.042Z',
      'createEvent changed the Date that the clock returned. It belongs to the caller, who may use it again; only read it.',
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
      `createEvent read the clock ${readings} times for one event. Read it once: two readings are two moments, and an event has one.`,
      { expected: '1 reading', received: `${readings} readings` },
    )
  })

  test('puts the metadata beside the payload', async () => {
    const event = await call('createEvent', () => createEvent(ada(), morning))
    verifyEqual(
      event.metadata,
      { correlationId: 'req-7', causationId: 'cmd-3', userId: 'admin-1' },
      'The event should carry the metadata it was given in a field `metadata` of its own, beside the payload: it says how the event came about, not what happened.',
    )
    const { eventType, entityId, payload } = ada()
    const plain = await call('createEvent', () => createEvent({ eventType, entityId, payload }, morning))
    verifyEqual(
      plain.metadata ?? 'missing',
      {},
      'Without metadata the event should have an empty object, `metadata: {}`. A field that is sometimes missing has to be asked for by everybody who reads it.',
    )
  })

  test('adds nothing of its own', async () => {
    const event = await call('createEvent', () => createEvent(ada(), morning))
    verifyEqual(
      event.payload,
      { name: 'Ada', email: 'ada@example.com', address: { city: 'Ghent' }, tags: ['early', 'beta'] },
      'The payload should hold what the caller gave and nothing else. What follows from it (a status, a count, a full name) is worked out on reading: once it is in the log, it stays there after the rule has changed.',
    )
    verifyEqual(
      Object.keys(event).sort(),
      ['entityId', 'eventId', 'eventType', 'metadata', 'payload', 'timestamp'],
      'An event has exactly six fields: eventId, timestamp, eventType, entityId, payload and metadata. What else belongs to the fact goes into the payload.',
    )
  })

  test('copies the payload, all the way down', async () => {
    const fact = ada()
    const event = await call('createEvent', () => createEvent(fact, morning))
    verifyEqual(
      fact,
      ada(),
      'createEvent changed the object that it was given. It belongs to the caller; leave it alone.',
    )
    verify(
      !Object.isFrozen(fact.payload) && !Object.isFrozen(fact.payload.address),
      'createEvent froze the caller’s own payload. Copy it instead: the caller may go on using its object, and the event must not notice.',
    )
    fact.payload.name = 'Eve'
    verifyEqual(
      event.payload.name,
      'Ada',
      'The event’s payload is the caller’s own object: when the caller changed its `name` afterwards, the event changed too. A fact does not change; copy the payload.',
    )
    fact.payload.address.city = 'Oslo'
    fact.payload.tags.push('late')
    verifyEqual(
      event.payload,
      { name: 'Ada', email: 'ada@example.com', address: { city: 'Ghent' }, tags: ['early', 'beta'] },
      'Only the outer level of the payload was copied: a change inside the caller’s `address` or `tags` changed the event too. Copy it all the way down.',
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
      'The event’s metadata is the caller’s own object: a later change by the caller changed who did it. Copy the metadata too.',
    )
  })

  test('takes past-tense names', async () => {
    for (const eventType of ['USER_REGISTERED', 'USER_EMAIL_CHANGED', 'ORDER_LINE_2_ADDED']) {
      const fact: NewEvent = { ...ada(), eventType }
      const event = await taken(
        'createEvent',
        () => createEvent(fact, morning),
        `the event type "${eventType}"`,
        'It follows the rule: two words or more, of capital letters and digits, joined by underscores, the last one ending in ED.',
      )
      verifyEqual(
        event.eventType,
        eventType,
        `createEvent should keep the event type as it was given: "${eventType}".`,
      )
    }
  })

  test('refuses commands and other names', async () => {
    const command =
      'That is a command, a wish that may still be refused. An event says what did happen: its type is a past-tense name such as USER_REGISTERED.'
    const spelling =
      'Event types are words of capital letters and digits joined by single underscores, like USER_REGISTERED. Two spellings of one type are two types to every reader.'
    const word =
      'A type has two words or more, the thing and what happened to it: REGISTERED alone does not say who or what was.'
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
        'The first character of a type is a letter; digits may come later, as in ORDER_LINE_2_ADDED.',
      ],
      [
        'USER_REGISTERED_AGAIN',
        'The last word is what happened, and ends in ED: the past tense stands at the end.',
      ],
      ['REGISTERED', word],
      ['', spelling],
    ] as const
    for (const [eventType, why] of names) {
      const fact: NewEvent = { ...ada(), eventType }
      await refused('createEvent', () => createEvent(fact, morning), 'eventType', `"${eventType}"`, why)
    }
  })

  test('refuses an event of nobody', async () => {
    const error = await refused(
      'createEvent',
      () => createEvent({ ...ada(), entityId: '' }, morning),
      'entityId',
      'an empty entity id',
      'An event without an entity can never be found again, because readers ask by entity.',
    )
    verifyEqual(
      error.name,
      'MalformedEventError',
      'The error’s `name` should be "MalformedEventError": it is what a log prints, and "Error" says nothing.',
    )
    verify(
      error.message.includes('entityId'),
      'The error’s message should name the field: whoever reads the log sees the message, not the property.',
      { received: error.message },
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
    verify(typeof text === 'string', 'encodeEvent should return a text.', { received: text })
    const { ok, value } = parsed(text)
    verify(ok, 'What encodeEvent returned is no JSON, so nobody can read it back.', { received: text })
    verify(
      typeof value !== 'string',
      'encodeEvent encoded twice: the text is a JSON string with JSON inside. Call `JSON.stringify` once, on the whole event.',
      { received: text },
    )
    verify(
      typeof (value as DomainEvent).payload !== 'string',
      'The payload was encoded twice: it is a JSON text inside the JSON. Every reader would have to know that and parse twice; leave the payload an object.',
      { received: text },
    )
    verify(
      Object.keys((value as DomainEvent | null)?.payload ?? {}).length > 0,
      'The payload lost its fields on the way into the JSON. An array as the second argument of `JSON.stringify` names the only fields that are written, at every depth; leave it out.',
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
      'The JSON should hold the event’s six fields as they are, the metadata included.',
    )
  })

  test('lets through all that JSON carries', async () => {
    const payload = {
      nothing: null,
      no: false,
      zero: 0,
      below: -2.5,
      empty: '',
      none: [],
      blank: {},
      text: 'Zoë 😀 "quoted"\n',
      deep: [{ a: [1, [2, null]] }],
    }
    const why =
      'null, false, 0, the empty text and empty lists and objects are values that JSON carries well: they should come through as they are.'
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
          empty: '',
          none: [],
          blank: {},
          text: 'Zoë 😀 "quoted"\n',
          deep: [{ a: [1, [2, null]] }],
        },
        metadata: {},
      },
      `What was written is not what the payload held. ${why}`,
    )
  })

  test('takes one object in two places', async () => {
    const address = { city: 'Ghent', lines: ['1 Main St'] }
    const event = eventWith({ home: address, work: address })
    const why =
      'JSON carries that well: it writes the object twice. Only an object that holds itself is endless.'
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
      `What was written is not what the payload held. ${why}`,
    )
  })

  test('begins anew with each event', async () => {
    const fresh =
      'Nothing may be remembered from one call to the next: a variable outside of the function does that, such as a list of what was seen, or a path that is not taken back when an error is thrown.'
    const told = async (event: DomainEvent) => {
      const outcome = await attempt('encodeEvent', () => encodeEvent(event))
      if (outcome.ok) return 'a text'
      return outcome.error instanceof MalformedEventError ? `field "${outcome.error.field}"` : 'an error'
    }
    const good = eventWith({ name: 'Ada', address: { city: 'Ghent' } })
    const bad = () => eventWith({ address: { since: undefined } })
    const before = [await told(good), await told(bad())]
    verifyEqual(
      [await told(good), await told(bad())],
      before,
      `encodeEvent was given the same good event twice, and the same bad one twice, and said something else the second time. ${fresh}`,
    )
    const address: Record<string, unknown> = { city: 'Ghent' }
    await told(eventWith({ address }))
    address.city = Number.NaN
    verifyEqual(
      await told(eventWith({ address })),
      await told(eventWith({ address: { city: Number.NaN } })),
      `encodeEvent was given an object that it had seen before, with something else in it now, and did not look again. ${fresh}`,
    )
  })

  const LOST: readonly (readonly [name: string, value: unknown, what: string, why: string])[] = [
    [
      'undefined',
      undefined,
      '`undefined`',
      'JSON drops the field without a word, and on reading nobody knows that it was ever meant.',
    ],
    [
      'a Date',
      new Date(MORNING),
      'a Date',
      'JSON turns it into a string, so what is read back isn’t what was written. If you check values in a replacer, you never see the Date, because its `toJSON` runs first: check them before you call `JSON.stringify`.',
    ],
    [
      'a bigint',
      10n,
      'a bigint',
      'JSON has no bigint: `JSON.stringify` throws a bare TypeError, and turning it into a text or a number by itself changes what was written.',
    ],
    [
      'NaN',
      Number.NaN,
      '`NaN`',
      'JSON writes `null` instead, and a sum that went wrong looks like a value that was left out.',
    ],
    ['infinity', Number.POSITIVE_INFINITY, '`Infinity`', 'JSON writes `null` instead.'],
    ['minus infinity', Number.NEGATIVE_INFINITY, '`-Infinity`', 'JSON writes `null` instead.'],
    ['a function', () => 1, 'a function', 'JSON drops it without a word.'],
    ['a symbol', Symbol('x'), 'a symbol', 'JSON drops it without a word.'],
    ['a Map', new Map([['a', 1]]), 'a Map', 'JSON writes `{}`: all that was in it is gone.'],
    ['a Set', new Set([1]), 'a Set', 'JSON writes `{}`: all that was in it is gone.'],
  ]
  for (const [name, value, what, why] of LOST) {
    test(`refuses ${name}`, async () => {
      const event = eventWith({ name: 'Ada', since: value })
      const error = await refused('encodeEvent', () => encodeEvent(event), 'payload.since', what, why)
      verify(
        error.message.includes('payload.since'),
        'The error’s message should name the field, here payload.since: whoever reads the log sees the message, not the property.',
        { received: error.message },
      )
    })
  }

  test('looks inside objects and arrays', async () => {
    const deep = 'What JSON cannot carry is lost at any depth: look into nested objects and arrays too.'
    await refused(
      'encodeEvent',
      () => encodeEvent(eventWith({ address: { city: 'Ghent', since: new Date(MORNING) } })),
      'payload.address.since',
      'a Date inside payload.address',
      deep,
    )
    await refused(
      'encodeEvent',
      () => encodeEvent(eventWith({ stops: ['Ghent', undefined] })),
      'payload.stops.1',
      '`undefined` inside an array',
      `${deep} In an array JSON even writes \`null\` in its place.`,
    )
    await refused(
      'encodeEvent',
      () => encodeEvent(eventWith({ lines: [{ price: 1 }, { price: Number.NaN }] })),
      'payload.lines.1.price',
      '`NaN` inside an object in an array',
      deep,
    )
  })

  test('looks at the metadata too', async () => {
    await refused(
      'encodeEvent',
      () => encodeEvent(eventWith({ name: 'Ada' }, { correlationId: 'req-7', userId: undefined })),
      'metadata.userId',
      '`undefined` in the metadata',
      'The rule is the same there: JSON would drop the field, and the answer to "who did it?" with it.',
    )
    await refused(
      'encodeEvent',
      () => encodeEvent(eventWith({ name: 'Ada' }, { correlationId: new Date(MORNING) })),
      'metadata.correlationId',
      'a Date in the metadata',
      'The rule is the same there: what is read back is not what was written.',
    )
  })

  for (const [name, value, what] of LOST) {
    if (!['undefined', 'a Date', 'a bigint', 'NaN', 'a Map'].includes(name)) continue
    test(`sees ${name} that came in through createEvent`, async () => {
      const fact = { ...ada(), payload: { name: 'Ada', since: value } } as unknown as NewEvent
      await refused(
        'encodeEvent(createEvent(…))',
        () => encodeEvent(createEvent(fact, morning)),
        'payload.since',
        what,
        'createEvent lost it while copying the payload, before encodeEvent could see it: a copy by `JSON.parse(JSON.stringify(…))` does that. Refuse it in createEvent, or copy in a way that keeps it.',
      )
    })
  }

  test('leaves the event alone', async () => {
    const event = eventWith({ name: 'Ada', address: { city: 'Ghent' }, marks: [3, 1, 2] })
    await call('encodeEvent', () => encodeEvent(event))
    verifyEqual(
      event,
      eventWith({ name: 'Ada', address: { city: 'Ghent' }, marks: [3, 1, 2] }),
      'encodeEvent changed the event that it was given. Writing something down must not change it.',
    )
  })
})

const STORED = {
  eventId: '0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a01',
  timestamp: '2026-03-01T09:00:00.000Z',
  eventType: 'USER_EMAIL_CHANGED',
  entityId: 'user-42',
  payload: { email: 'ada@new.example', verified: false },
  metadata: { correlationId: 'req-9' },
}

function textWith(changes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ ...STORED, ...changes })
}

describe('decodeEvent', () => {
  test('reads an event back', async () => {
    const text =
      '{"eventId":"0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a01","timestamp":"2026-03-01T09:00:00.000Z","eventType":"USER_EMAIL_CHANGED","entityId":"user-42","payload":{"email":"ada@new.example","verified":false},"metadata":{"correlationId":"req-9"}}'
    const [event] = await call('decodeEvent', () => [decodeEvent(text)])
    verify(
      typeof event === 'object' && event !== null && !('then' in event),
      'decodeEvent should return the event itself: an object, and no promise.',
      { received: event },
    )
    verifyEqual(
      event,
      STORED,
      'decodeEvent should return the event that the text holds, every field as it was written; the timestamp stays a text.',
    )
  })

  test('refuses what is no JSON', async () => {
    for (const text of ['', 'USER_REGISTERED', '{"eventId":"0b7f']) {
      await refused(
        'decodeEvent',
        () => decodeEvent(text),
        'event',
        `the text ${JSON.stringify(text)}, which is no JSON`,
        'A torn or foreign text should be reported as a malformed event; a bare SyntaxError does not even say that it was an event.',
      )
    }
  })

  test('refuses JSON that is no object', async () => {
    for (const text of ['null', '[]', '42', '"USER_REGISTERED"']) {
      await refused(
        'decodeEvent',
        () => decodeEvent(text),
        'event',
        `the text ${text}, which is JSON but no object`,
        'An event is a JSON object. null and arrays are "object" to `typeof` too, so ask for them by name.',
      )
    }
  })

  for (const field of ['eventId', 'timestamp', 'eventType', 'entityId', 'payload'] as const) {
    test(`misses ${field}`, async () => {
      await refused(
        'decodeEvent',
        () => decodeEvent(textWith({ [field]: undefined })),
        field,
        `an event without \`${field}\``,
        `The type promises that \`${field}\` is there; a text from outside promises nothing, so look before you return it.`,
      )
    })
  }

  test('looks at what the fields hold', async () => {
    const texts = 'Its type says it is a text: check `typeof`, a cast with `as` checks nothing.'
    const empty = 'An empty text is as good as none: such an event could not be found or told from another.'
    const object = 'The payload is an object with fields. null and arrays are "object" to `typeof` too.'
    const time =
      'A timestamp that is no time breaks whoever sorts or shows it later; `Date.parse` gives NaN for it.'
    const metadata = 'Metadata, when there is any, is an object.'
    const falsy =
      'Only metadata that is missing becomes `{}`: `||` takes an empty text, 0 and false for missing too, `??` does not.'
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

  test('says in the message which field it is', async () => {
    const error = await refused(
      'decodeEvent',
      () => decodeEvent(textWith({ entityId: undefined })),
      'entityId',
      'an event without `entityId`',
      'It is missing.',
    )
    verify(
      error.message.includes('entityId') && error.name === 'MalformedEventError',
      'The error’s `name` should be "MalformedEventError" and its message should name the field: that is all that a log shows of it.',
      { received: `${error.name}: ${error.message}` },
    )
  })

  test('reads events that were written before there was metadata', async () => {
    const why =
      'Events that were written before there was any stay readable: missing metadata becomes `metadata: {}`, so that readers need not ask whether the field is there.'
    const event = await taken(
      'decodeEvent',
      () => decodeEvent(textWith({ metadata: undefined })),
      'an event without metadata',
      why,
    )
    verifyEqual(event.metadata ?? 'missing', {}, `The event came back without \`metadata: {}\`. ${why}`)
  })

  test('does not mind a field that it does not know', async () => {
    const why =
      'A field that decodeEvent does not know is no fault: a newer program may have written it. The six fields should come back as ever.'
    const event = await taken(
      'decodeEvent',
      () => decodeEvent(textWith({ schemaVersion: 2 })),
      'an event with one field more, `schemaVersion`',
      why,
    )
    verifyEqual(event.eventId, '0b7f3a52-6f0a-4c1e-9d3b-2f8e6f1c5a01', why)
  })

  const LENIENT = [
    [
      'eventType',
      'UserMoved',
      'What is in the log has happened, whatever it was called: the rule about names is for createEvent.',
    ],
    [
      'eventId',
      'import-1',
      'Any text with something in it will do: other programs make their ids in other ways.',
    ],
    [
      'timestamp',
      '2019-05-02T09:14:07Z',
      'Any time that `Date.parse` understands will do, and it stays as it was written.',
    ],
    [
      'timestamp',
      '1970-01-01T00:00:00.000Z',
      'That is the time 0, and a time like any other: `Date.parse` gives 0 for it, which is falsy. Ask for NaN with `Number.isNaN`.',
    ],
    ['payload', {}, 'An event may say all with its type: an object without fields is an object.'],
    [
      'metadata',
      { userId: 7, correlationId: null },
      'What is inside the metadata is not checked on reading: other programs put in what they need.',
    ],
  ] as const
  for (const [field, value, why] of LENIENT) {
    test(`is not too strict about ${field} ${JSON.stringify(value)}`, async () => {
      const text = textWith({ [field]: value })
      const event = await taken(
        'decodeEvent',
        () => decodeEvent(text),
        `the ${field} ${JSON.stringify(value)}`,
        why,
      )
      verifyEqual(event[field], value, `decodeEvent changed the ${field}. ${why}`)
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
