/** Long, because each sentence a learner may read is kept next to the code that judges it. */
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  everyLostReply,
  lacks,
  type Outcome,
  paired,
  passesOnErrors,
  passesOnRefusedWrite,
  useSandbox,
  verify,
  verifyEqual,
  words,
} from '#kit'
import type { PublisherOptions } from '#lesson/06-publisher'
import { EventPublisher, InvalidEventError, InvalidMaxlenError, StreamKeyError } from '#lesson/06-publisher'

const box = useSandbox()

type PublishedEvent = Parameters<EventPublisher['publish']>[0]

const ALL = 'stream:events'

/** Event number n, from user-42 or, if n is even, from user-43. */
function event(n: number): PublishedEvent {
  return {
    eventId: `e-${n}`,
    timestamp: '2026-03-01T09:00:00.000Z',
    eventType: 'USER_REGISTERED',
    entityId: n % 2 === 0 ? 'user-43' : 'user-42',
    payload: { n, name: 'Zoë', tags: [] },
    metadata: { userId: 'admin-1' },
  }
}

const BATCH = [event(1), event(2), event(3)]
/** What the streams contain after `BATCH` was published. */
const WHOLE = {
  'stream:entity:user-42': ['e-1', 'e-3'],
  'stream:entity:user-43': ['e-2'],
  'stream:type:USER_REGISTERED': ['e-1', 'e-2', 'e-3'],
  'stream:events': ['e-1', 'e-2', 'e-3'],
}
const NOTHING = {
  'stream:entity:user-42': [],
  'stream:entity:user-43': [],
  'stream:type:USER_REGISTERED': [],
  'stream:events': [],
}

/** The event IDs in a stream; a key that isn't a stream counts as empty. */
async function streams(): Promise<Record<keyof typeof WHOLE, string[]>> {
  return {
    'stream:entity:user-42': await eventIds('stream:entity:user-42'),
    'stream:entity:user-43': await eventIds('stream:entity:user-43'),
    'stream:type:USER_REGISTERED': await eventIds('stream:type:USER_REGISTERED'),
    'stream:events': await eventIds('stream:events'),
  }
}

async function eventIds(stream: string): Promise<string[]> {
  if ((await box.admin.type(stream)) !== 'stream') return []
  return (await box.admin.xrange(stream, '-', '+')).map(([, flat]) => paired(flat).eventId ?? 'no eventId')
}

const publish = (one: PublishedEvent, redis = box.redis, options?: PublisherOptions) =>
  call('publish', () => new EventPublisher(redis, options).publish(one))

const publishBatch = (batch: readonly PublishedEvent[], redis = box.redis, options?: PublisherOptions) =>
  call('publishBatch', () => new EventPublisher(redis, options).publishBatch(batch))

/** Checks that the IDs in `stream:events` belong to the expected events, in this order. */
async function verifyIds(
  ids: readonly string[],
  expected: readonly string[],
  diagnosis: string,
): Promise<void> {
  const found: (string | undefined)[] = []
  for (const id of ids) {
    const [entry] = /^\d+-\d+$/.test(String(id)) ? await box.admin.xrange(ALL, id, id) : []
    found.push(entry && paired(entry[1]).eventId)
  }
  verifyEqual(found, expected, diagnosis)
}

const BAD_EVENTS = [
  [{ ...event(2), payload: { born: new Date(0) } }, 'payload.born', 'a `Date` in its payload'],
  [{ ...event(2), eventType: '' }, 'eventType', 'an empty event type'],
  [{ ...event(2), timestamp: 'yesterday' }, 'timestamp', 'an invalid timestamp'],
  [{ ...event(2), eventId: undefined }, 'eventId', 'no event ID'],
] as unknown as readonly (readonly [PublishedEvent, string, string])[]

async function refusesEvent(run: () => unknown, name: string, what: string, index: number, field: string) {
  const error = await callError(
    name,
    run,
    InvalidEventError,
    `\`${name}\` accepted an event with ${what}. Expected an \`InvalidEventError\`. Check every event with \`encodeEvent\` and \`decodeEvent\` from lesson 01 before you write: once it's stored, an invalid event stays in the log forever.`,
  )
  verifyEqual(
    { name: error.name, index: error.index, field: error.field },
    { name: 'InvalidEventError', index, field },
    "The error's `name` should be `InvalidEventError`. Its `index` should say which event of the batch is invalid (starting at 0), and its `field` should say which field of that event.",
  )
}

const NOT_STORED =
  "The call resolved, but the event isn't in `stream:events`. Ask Redis each time whether an event has been published; what your program remembers from earlier calls is wrong once Redis has been emptied."

describe('publish', () => {
  test('stores the event in its three streams', async () => {
    const id = await publish(event(1))
    verifyEqual(
      await streams(),
      {
        'stream:entity:user-42': ['e-1'],
        'stream:entity:user-43': [],
        'stream:type:USER_REGISTERED': ['e-1'],
        'stream:events': ['e-1'],
      },
      '`publish` should append the event once to each of its three streams: `stream:entity:<entityId>`, `stream:type:<eventType>`, and `stream:events`.',
    )
    for (const stream of ['stream:entity:user-42', 'stream:type:USER_REGISTERED', ALL]) {
      const [entry] = await box.admin.xrange(stream, '-', '+')
      const fields = paired(entry?.[1] ?? [])
      verifyEqual(
        { ...fields, payload: parsed(fields.payload), metadata: parsed(fields.metadata) },
        event(1),
        `The entry in \`${stream}\` should contain the whole event in the six fields that \`toFields\` from lesson 05 returns.`,
      )
    }
    verify(
      /^\d+-\d+$/.test(String(id)),
      "`publish` should resolve to the ID of the event's entry in `stream:events`.",
      { received: id },
    )
  })

  test('resolves to the ID in stream:events', async () => {
    await box.admin.xadd('stream:entity:user-42', '4102444800000-0', 'eventId', 'e-0')
    await box.admin.xadd('stream:type:USER_REGISTERED', '4102444800001-0', 'eventId', 'e-0')
    const id = await publish(event(1))
    verifyEqual(await eventIds(ALL), ['e-1'], NOT_STORED)
    await verifyIds(
      [id],
      ['e-1'],
      '`publish` resolved to an ID from another stream. Expected the ID of the entry in `stream:events`. Each stream generates its own IDs.',
    )
  })

  test('starts its own keys with published:', async () => {
    await publish(event(1))
    const keys = (await box.admin.keys('*')).filter((key) => !/^(stream|published):/.test(key))
    const ours = keys.filter((key) => key !== 'eventlings:sandbox')
    verifyEqual(
      ours,
      [],
      "Besides the streams, the publisher left keys that don't begin with `published:`. Use that prefix, so that anyone who looks at this Redis can tell where the keys come from.",
    )
  })

  for (const [bad, field, what] of BAD_EVENTS) {
    test(`refuses an event with ${what.replaceAll('`', '')}`, async () => {
      await refusesEvent(() => new EventPublisher(box.redis).publish(bad), 'publish', what, 0, field)
      verifyEqual(
        await streams(),
        NOTHING,
        '`publish` refused the event, but it had already written something.',
      )
    })
  }

  test('writes all or nothing when the process dies', async () => {
    await everyCrash({
      name: 'publish',
      run: (redis) => new EventPublisher(redis).publish(event(1)),
      verify: async ({ last }) => {
        const found = Object.entries(await streams()).filter(([key]) => key !== 'stream:entity:user-43')
        verify(
          new Set(found.map(([, ids]) => ids.length)).size === 1,
          `When the process died after \`${last}\`, some streams had the event and others didn't. Write to all three in one step: use a script, or \`MULTI\` and \`EXEC\`.`,
          { received: Object.fromEntries(found) },
        )
      },
    })
  })
})

describe('publishBatch', () => {
  test('stores all events in order', async () => {
    const ids = await publishBatch(BATCH)
    verifyEqual(
      await streams(),
      WHOLE,
      '`publishBatch` should store each event in its three streams, in the order of the batch.',
    )
    verify(Array.isArray(ids), '`publishBatch` should resolve to an array of IDs.', { received: ids })
    await verifyIds(
      ids,
      ['e-1', 'e-2', 'e-3'],
      '`publishBatch` should resolve to the IDs of the entries in `stream:events`, one for each event, in the order of the batch.',
    )
  })

  test('keeps the order of the batch', async () => {
    const batch = BATCH.map((one, i) => ({ ...one, timestamp: `2026-03-01T09:0${9 - i}:00.000Z` }))
    await publishBatch(batch)
    verifyEqual(
      await eventIds(ALL),
      ['e-1', 'e-2', 'e-3'],
      "The events of a batch were sorted by their timestamps. Keep the order of the batch: that's the order in which things happened, and clocks differ.",
      [[(ids) => ids.length === 0, NOT_STORED]],
    )
    verifyEqual(
      batch.map(({ eventId }) => eventId),
      ['e-1', 'e-2', 'e-3'],
      '`publishBatch` changed the array that was passed in. That array belongs to the caller, so work on a copy.',
    )
  })

  test('accepts an empty batch', async () => {
    const outcome = await attempt('publishBatch', () => new EventPublisher(box.redis).publishBatch([]))
    verify(
      outcome.ok && Array.isArray(outcome.value) && outcome.value.length === 0,
      "`publishBatch([])` should resolve to an empty array, because having nothing to do isn't an error.",
      { expected: [], received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('checks every event before it writes', async () => {
    for (const [bad, field, what] of BAD_EVENTS) {
      await refusesEvent(
        () => new EventPublisher(box.redis).publishBatch([event(1), bad, event(3), bad]),
        'publishBatch',
        what,
        1,
        field,
      )
      verifyEqual(
        await streams(),
        NOTHING,
        `The batch was refused because of its second event (it has ${what}), but other events of the batch are stored. Check all events before the first write; a check in the loop that writes comes too late for the events before the invalid one.`,
      )
    }
    const [[withDate], [withoutType, field, what]] = [BAD_EVENTS[0], BAD_EVENTS[1]] as [
      (typeof BAD_EVENTS)[number],
      (typeof BAD_EVENTS)[number],
    ]
    const error = await callError(
      'publishBatch',
      () => new EventPublisher(box.redis).publishBatch([event(1), withoutType, withDate]),
      InvalidEventError,
      `\`publishBatch\` accepted a batch in which one event has ${what}, and the next has a \`Date\` in its payload.`,
    )
    verifyEqual(
      { index: error.index, field: error.field },
      { index: 1, field },
      `Event 1 of the batch has ${what}, and event 2 has a \`Date\` in its payload. The error should name the first invalid event, no matter whether \`encodeEvent\` or \`decodeEvent\` refuses it, so finish both checks of one event before you go on to the next.`,
    )
    const copy = { ...event(1), payload: { born: new Date(0) } } as unknown as PublishedEvent
    const ofCopy = await callError(
      'publishBatch',
      () => new EventPublisher(box.redis).publishBatch([event(1), copy]),
      InvalidEventError,
      'Two events of a batch had the same `eventId`, and the second one had a `Date` in its payload. `publishBatch` should reject with an `InvalidEventError`: check every event of the batch, even if another one has the same `eventId`.',
    )
    const afterCopies = await callError(
      'publishBatch',
      () => new EventPublisher(box.redis).publishBatch([event(1), event(1), withDate]),
      InvalidEventError,
      '`publishBatch` accepted a batch in which the last event has a `Date` in its payload.',
    )
    verifyEqual(
      [ofCopy.index, afterCopies.index],
      [1, 2],
      'Two batches had an event twice, and the last event of each was invalid. The `index` should be its position in the batch that was passed in, so check all events before you leave any of them out.',
    )
    await publishBatch(BATCH)
    verifyEqual(
      await streams(),
      WHOLE,
      "A batch was refused, fixed, and published again. Now each of its events should be stored once, so don't record a refused event as published.",
    )
    const afterKnown = await callError(
      'publishBatch',
      () => new EventPublisher(box.redis).publishBatch([event(1), { ...withDate, eventId: 'e-4' }]),
      InvalidEventError,
      '`publishBatch` accepted a batch in which the second event has a `Date` in its payload.',
    )
    verifyEqual(
      afterKnown.index,
      1,
      'The first event of a batch had been published before, and the second one was invalid. The `index` should be its position in the batch that was passed in, so check all events before you leave out the known ones.',
    )
  })

  for (const [key, others] of [
    ['stream:entity:user-43', 'the first and the third event'],
    ['stream:type:USER_REGISTERED', 'some events'],
    ['stream:events', 'some events'],
  ] as const) {
    test(`refuses the batch when ${key} isn't a stream`, async () => {
      await box.admin.set(key, "another program's value")
      const outcome = await attempt('publishBatch', () => new EventPublisher(box.redis).publishBatch(BATCH))
      verifyEqual(
        await streams(),
        NOTHING,
        `\`${key}\` isn't a stream, and ${others} of the batch were stored anyway. Neither \`MULTI\` nor a script rolls back what it did before a command failed, so check the \`TYPE\` of every key before the first write.`,
      )
      const error = await callError(
        'publishBatch',
        () => {
          if (!outcome.ok) throw outcome.error
        },
        StreamKeyError,
        `\`${key}\` holds a string instead of a stream. \`publishBatch\` should reject with a \`StreamKeyError\` that names the key.`,
      )
      verifyEqual(
        { name: error.name, key: error.key },
        { name: 'StreamKeyError', key },
        "The error's `name` should be `StreamKeyError`, and its `key` should be the key that isn't a stream.",
      )
      verifyEqual(
        await box.admin.get(key),
        "another program's value",
        `\`${key}\` belongs to another program, and its value has changed. Leave such a key as it is.`,
      )
      const publisher = new EventPublisher(box.redis)
      const alone = await callError(
        'publish',
        () => publisher.publish(event(2)),
        StreamKeyError,
        `\`${key}\` holds a string instead of a stream. \`publish\` should reject with a \`StreamKeyError\` that names the key, as \`publishBatch\` does.`,
      )
      verifyEqual(
        { key: alone.key, streams: await streams() },
        { key, streams: NOTHING },
        `\`${key}\` isn't a stream. \`publish\` should name it in the error and leave all three streams without the event.`,
      )
      await box.admin.del(key)
      await publishBatch(BATCH)
      verifyEqual(
        await streams(),
        WHOLE,
        "The key was free again, and the batch was published once more. Now each of its events should be stored once, so don't record a refused event as published.",
      )
      const again = await attempt('publish', () => publisher.publish(event(2)))
      verify(
        again.ok,
        'The key was free again, but the publisher that had refused `e-2` because of that key refused `e-2` again. Ask Redis in every call, and keep neither results nor promises from earlier calls.',
        { received: !again.ok && again.error },
      )
    })
  }

  test('works after Redis has forgotten the script', async () => {
    const publisher = new EventPublisher(box.redis)
    await call('publishBatch', () => publisher.publishBatch([event(1)]))
    await box.forgetScripts()
    const outcome = await attempt('publishBatch', () => publisher.publishBatch([event(3)]))
    verify(
      outcome.ok,
      'A publisher had published an event, then Redis forgot all scripts, as it does when it restarts, and the next `publishBatch` failed. `EVALSHA` only names a script, so send the script itself with `eval`, or use `redis.defineCommand`, which sends it again after a `NOSCRIPT`.',
      { received: !outcome.ok && outcome.error },
    )
  })

  test('names the whole key', async () => {
    const entityId = 'Zoë: 43 {x}'
    await box.admin.set(`stream:entity:${entityId}`, "another program's value")
    const error = await callError(
      'publishBatch',
      () => new EventPublisher(box.redis).publishBatch([event(1), { ...event(2), entityId }]),
      StreamKeyError,
      `\`stream:entity:${entityId}\` holds a string instead of a stream. \`publishBatch\` should reject with a \`StreamKeyError\`.`,
    )
    verifyEqual(
      error.key,
      `stream:entity:${entityId}`,
      "The `key` of the `StreamKeyError` should be the whole key, exactly as it is in Redis. An entity's ID may contain spaces and colons, so don't cut the key out of a message.",
    )
  })

  test('closes what it opens', async () => {
    const redis = box.connect({ lazyConnect: false }) // so that its duplicates connect at once, as they do outside of the check
    const publisher = new EventPublisher(redis)
    const [bad] = BAD_EVENTS[0] as (typeof BAD_EVENTS)[number]
    await box.admin.set('stream:entity:user-43', "another program's value")
    for (const [what, one] of [
      ['an event was published', event(1)],
      ['a `StreamKeyError`', event(2)],
      ['an `InvalidEventError`', bad],
    ] as const) {
      await attempt('publish', () => publisher.publish(one))
      verifyEqual(
        await connectionsStillOpen(),
        0,
        `After ${what}, a connection is still open that wasn't there before. If every call leaves one open, Redis soon accepts no more connections. Close every connection you open, in a \`finally\`.`,
      )
    }
    const outcome = await attempt('a GET after publish', () => redis.get('anything'))
    verify(
      outcome.ok && outcome.value === null,
      'After `publish`, the connection that was passed in can no longer be used. It belongs to the caller, so close only what you opened.',
      { received: outcome.ok ? outcome.value : outcome.error },
    )
    const message = await attempt('redis.publish', () => redis.publish('news', 'hello'))
    verify(
      message.ok && typeof message.value === 'number', // the number of subscribers, which may be someone else's
      "After `publish`, `redis.publish('news', 'hello')` on the connection that was passed in no longer works as Redis's `PUBLISH`. The connection belongs to the caller, and `redis.defineCommand('publish', …)` replaces ioredis's own method, so give your command a name of its own.",
      { expected: words('the number of subscribers'), received: message.ok ? message.value : message.error },
    )
  })

  for (const key of ['stream:entity:user-43', 'stream:events'] as const) {
    test(`checks and writes in one step: ${key}`, async () => {
      await everyInterleaving({
        name: 'publishBatch',
        first: (redis: Redis) => new EventPublisher(redis).publishBatch(BATCH),
        second: () => box.admin.set(key, "another program's value", 'NX'),
        verify: async ({ first, second, held }) => {
          const taken = second.ok && second.value === 'OK'
          verifyEqual(
            await streams(),
            taken ? NOTHING : WHOLE,
            taken
              ? `Another client used the key \`${key}\` for something else just before \`publishBatch\` sent its \`${held}\`, and part of the batch was stored. Checking the keys and writing have to be one step: use one script, or \`WATCH\`.`
              : `Another client tried to use the key \`${key}\` for something else and couldn't, so the batch should be stored as a whole.`,
          )
          verify(
            first.ok || !taken || first.error instanceof StreamKeyError,
            'When another client uses a key for something else while `publishBatch` is running, `publishBatch` should reject with a `StreamKeyError`.',
            { received: !first.ok && first.error },
          )
          verify(
            first.ok !== taken,
            "`publishBatch` should resolve if the batch is stored and reject if it isn't. Here, it did the opposite.",
            {
              received: first.ok ? first.value : first.error,
            },
          )
        },
      })
    })
  }

  test('writes all or nothing when the process dies', async () => {
    await everyCrash({
      name: 'publishBatch',
      run: (redis) => new EventPublisher(redis).publishBatch(BATCH),
      verify: async ({ last }) => {
        const found = await streams()
        verifyEqual(
          found,
          found['stream:events'].length === 0 ? NOTHING : WHOLE,
          `When the process died after \`${last}\`, part of the batch was stored. A \`pipeline()\` or a loop can stop after any command, so write the whole batch in one step.`,
        )
      },
    })
  })

  // On the embedded Redis, the longer a stream is, the longer each command takes.
  test.skipIf(lacks('real-server'))('publishes 1,000 events', async () => {
    const batch = Array.from({ length: 1_000 }, (_, i) => event(i + 1))
    // A reader that polls all the time: between two steps, it sees what the first one has written.
    const lengths = new Set<number>()
    let asking = true
    const reader = (async () => {
      while (asking) lengths.add(await box.admin.xlen('stream:type:USER_REGISTERED'))
    })()
    const outcome = await attempt('publishBatch', () => new EventPublisher(box.redis).publishBatch(batch))
    asking = false
    await reader
    verify(
      outcome.ok,
      '`publishBatch` failed with a batch of 1,000 events. In Lua, `unpack` can return at most about 8,000 values, so unpack the fields of one event at a time.',
      { received: !outcome.ok && outcome.error },
    )
    const ids = await eventIds('stream:type:USER_REGISTERED')
    verify(
      ids.length === 1_000 && ids.every((id, i) => id === `e-${i + 1}`),
      'A batch of 1,000 events should be stored as a whole and in order.',
      { received: words(`${ids.length} events, the last one is ${ids.at(-1)}`) },
    )
    const between = [...lengths].filter((length) => length > 0 && length < 1_000)
    verify(
      between.length === 0,
      `While a batch of 1,000 events was being published, a reader saw ${between[0]} of them in the stream of their type, so the batch is written in several steps. If the process dies between two steps, only part of the batch is stored: write all of it in one script, or between one \`MULTI\` and its \`EXEC\`.`,
      { expected: words('none or 1000'), received: between.slice(0, 5) },
    )
    await box.admin.set('stream:entity:user-99', "another program's value")
    const more = Array.from({ length: 999 }, (_, i) => event(i + 1_001))
    const refused = await attempt('publishBatch', () =>
      new EventPublisher(box.redis).publishBatch([...more, { ...event(2_000), entityId: 'user-99' }]),
    )
    verifyEqual(
      [
        !refused.ok && refused.error instanceof StreamKeyError,
        await box.admin.xlen('stream:type:USER_REGISTERED'),
      ],
      [true, 1_000],
      "In another batch of 1,000 events, the last event's key, `stream:entity:user-99`, held a string instead of a stream. Either `publishBatch` didn't reject with a `StreamKeyError`, or it stored the events before that one. Check every key before the first write, however many there are.",
    )
  })

  test("doesn't report success after a failure", async () => {
    const gone = box.connect()
    gone.disconnect()
    const outcome = await attempt('publishBatch', () => new EventPublisher(gone).publishBatch(BATCH))
    verify(
      !outcome.ok || (await eventIds(ALL)).length === 3,
      'The connection was closed and nothing could be stored, but `publishBatch` resolved as if it had worked. Let errors from Redis and from the connection reach the caller, which can only publish again if it learns of the failure.',
      { received: outcome.ok && outcome.value },
    )
  })

  test.skipIf(lacks('own-server'))('passes on any other error from Redis', async () => {
    const why =
      "No key holds anything but a stream, so this isn't a `StreamKeyError`, and nothing is published."
    const run = (redis: Redis) => new EventPublisher(redis).publishBatch(BATCH)
    await passesOnRefusedWrite({ name: 'publishBatch', run, why, never: StreamKeyError })
    const runOne = (redis: Redis) => new EventPublisher(redis).publish(event(1))
    await passesOnRefusedWrite({ name: 'publish', run: runOne, why, never: StreamKeyError })
  })

  test('passes on an error from any command', async () => {
    const why =
      "No key holds anything but a stream, so this isn't a `StreamKeyError`, and the batch isn't stored."
    let left = 0
    await passesOnErrors({
      name: 'publish',
      run: (redis) => new EventPublisher(redis).publish(event(1)),
      works: async () => (await eventIds(ALL)).length === 1,
      never: StreamKeyError,
      why,
    })
    await passesOnErrors({
      name: 'publishBatch',
      async run(redis) {
        try {
          return await new EventPublisher(redis, { maxlen: 100 }).publishBatch(BATCH)
        } catch (error) {
          left = Math.max(left, await connectionsStillOpen())
          throw error
        }
      },
      works: async (stored) => stored.length === 3 && (await eventIds(ALL)).length === 3,
      never: StreamKeyError,
      why,
    })
    verifyEqual(
      left,
      0,
      'Redis refused a command, and `publishBatch` rejected but left its own connection open. Close every connection you open in a `finally`, which runs even after an error.',
    )
  })

  test('checks the keys in every call', async () => {
    const key = 'stream:entity:user-42'
    const publisher = new EventPublisher(box.redis)
    await call('publishBatch', () => publisher.publishBatch(BATCH))
    await box.admin.del(key)
    await box.admin.set(key, "another program's value")
    const outcome = await attempt('publishBatch', () =>
      publisher.publishBatch([event(4), event(5), event(6)]),
    )
    verifyEqual(
      [!outcome.ok && outcome.error instanceof StreamKeyError, await eventIds(ALL)],
      [true, WHOLE[ALL]],
      `A publisher had published a batch, then \`${key}\` was deleted and another client stored a string there, and the next batch wasn't refused with a \`StreamKeyError\`, or part of it was stored. A key that held a stream a moment ago may hold something else now, so check the \`TYPE\` of every key in every call.`,
    )
  })

  test('answers each of several calls', async () => {
    await box.admin.set('stream:entity:user-43', "another program's value")
    const publisher = new EventPublisher(box.redis)
    const outcomes = await Promise.all(BATCH.map((one) => attempt('publish', () => publisher.publish(one))))
    verifyEqual(
      [outcomes.map(({ ok }) => ok), (await eventIds(ALL)).sort()],
      [
        [true, false, true],
        ['e-1', 'e-3'],
      ],
      '`publish` was called for `e-1`, `e-2`, and `e-3` at the same time, and only `e-2` has a key that holds a string. Its call should reject, and the other two events should be stored. Calls are independent of each other, so if you collect events and publish them together, a problem with one of them must not affect the others.',
    )
  })
})

/** Does what a caller does: when a call fails, it tries once more. */
async function insist<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch {
    return run()
  }
}

const TWICE =
  'Record in Redis, in the same step as the write, that this `eventId` has been published, and resolve to the first ID when the event arrives again.'

/** Runs with a clock that is almost a day ahead, whichever way the code reads it. */
async function almostADayLater<T>(run: () => Promise<T>): Promise<T> {
  const { Date: real } = globalThis
  const ahead = 86_400_000 - 60_000
  globalThis.Date = class extends real {
    constructor(...args: readonly unknown[]) {
      super(...((args.length === 0 ? [real.now() + ahead] : args) as [number]))
    }
    static override now = () => real.now() + ahead
  } as DateConstructor
  try {
    return await run()
  } finally {
    globalThis.Date = real
  }
}

describe('no event twice', () => {
  test('counted from its publication, not from the timestamp', async () => {
    for (const one of [
      { ...event(1), timestamp: new Date().toISOString() },
      { ...event(2), timestamp: '2001-03-01T09:00:00.000Z' },
    ]) {
      await publish(one)
      await publish(one)
    }
    const found = await eventIds(ALL)
    verify(
      found.join(' ') !== 'e-1 e-2 e-2',
      'Two events were published twice. The one with a timestamp of today was stored once, and the one from 2001 twice: it was forgotten immediately. An import may contain events of any age, so remember each event for a day after its publication, not after its timestamp.',
      { received: found },
    )
  })

  test('the same event, published again', async () => {
    // Two streams have IDs in the next century, so that an ID shows which stream it comes from.
    await box.admin.xadd('stream:entity:user-42', '4102444800000-0', 'eventId', 'e-0')
    await box.admin.xadd('stream:type:USER_REGISTERED', '4102444800001-0', 'eventId', 'e-0')
    const publisher = new EventPublisher(box.redis)
    const first = await call('publish', () => publisher.publish(event(1)))
    await call('publish', () => publisher.publish(event(2)))
    const again = await call('publish', () => publisher.publish(event(1)))
    verifyEqual(
      await eventIds(ALL),
      ['e-1', 'e-2'],
      `The event \`e-1\` was published twice, as a caller would do after a lost reply, but \`stream:events\` should contain it once. ${TWICE}`,
    )
    verifyEqual(
      await eventIds('stream:entity:user-42'),
      ['e-0', 'e-1'],
      '`stream:entity:user-42` should contain `e-1` once.',
    )
    verifyEqual(
      again,
      first,
      'The second time, `publish` should resolve to the ID in `stream:events` that the event got the first time. The caller needs that ID, because it never received the first reply.',
    )
    const elsewhere = await publish(event(1), box.connect())
    verifyEqual(
      { ids: await eventIds(ALL), id: elsewhere },
      { ids: ['e-1', 'e-2'], id: first },
      "A new publisher (as after a restart) published `e-1` again and got a different ID, or stored the event a second time. If a publisher keeps its marks in its own memory, they're gone when it restarts.",
    )
  })

  test('another event with the same content', async () => {
    await publish(event(1))
    await publish({ ...event(1), eventId: 'e-9' })
    await publish({ ...event(1), eventId: 'E-9' })
    verifyEqual(
      await eventIds(ALL),
      ['e-1', 'e-9', 'E-9'],
      'Two events with the same content are two events, because the same thing can happen twice. Only the `eventId`, compared exactly, shows whether two events are the same.',
    )
  })

  test('the same event ID with different content', async () => {
    const first = await publish(event(1))
    for (const changes of [
      { eventType: 'USER_DEACTIVATED' },
      { entityId: 'user-43' },
      { payload: { n: 9 } },
      { timestamp: '2026-03-02T09:00:00.000Z' },
    ]) {
      const again = await attempt('publish', () =>
        new EventPublisher(box.redis).publish({ ...event(1), ...changes }),
      )
      verifyEqual(
        { ids: await eventIds(ALL), id: again.ok ? again.value : again.error },
        { ids: ['e-1'], id: first },
        `The event \`e-1\` was published, and then an event with the same \`eventId\` and a different \`${Object.keys(changes)[0]}\`. An event is identified by its \`eventId\` alone, so the second one is already known: store nothing and resolve to the first ID.`,
      )
    }
  })

  test('remembered for at least a day', async () => {
    await publish(event(1))
    let longest = 0
    for (const key of await box.admin.keys('published:*')) {
      const seconds = await box.admin.ttl(key)
      longest = Math.max(longest, seconds === -1 ? Number.POSITIVE_INFINITY : seconds)
    }
    // The memory may be elsewhere, in the streams themselves, for example; what is under `published:` shouldn't all be gone soon.
    verify(
      longest === 0 || longest > 86_000,
      'The publisher forgets an event in less than a day. If an import fails in the evening and is started again in the morning, all of its events are stored a second time.',
      { expected: words('at least 86400 seconds'), received: words(`${longest} seconds`) },
    )
    // As if almost a day had passed.
    for (const key of await box.admin.keys('published:*')) {
      if ((await box.admin.ttl(key)) > 0) await box.admin.expire(key, 100)
    }
    await publish(event(2))
    const seconds = await Promise.all((await box.admin.keys('published:*')).map((key) => box.admin.ttl(key)))
    verify(
      seconds.length === 0 || seconds.some((one) => one === -1 || one > 86_000),
      'An event was published when an earlier one was about to be forgotten, and all keys that begin with `published:` expire together, in less than a day. Remember each event for a day after its own publication.',
      { expected: words('at least 86400 seconds'), received: words(`${Math.max(0, ...seconds)} seconds`) },
    )
  })

  test('remembered for at least a day, in a batch too', async () => {
    await publishBatch(BATCH)
    // As if a day had passed.
    for (const key of await box.admin.keys('published:*')) {
      const seconds = await box.admin.ttl(key)
      if (seconds >= 0 && seconds < 86_000) await box.admin.del(key)
    }
    await publishBatch(BATCH)
    verifyEqual(
      await streams(),
      WHOLE,
      'A batch was published, every key that expires in less than a day was deleted, as if that day had passed, and the batch was published again. Each event should be stored once, so remember every event of a batch for at least a day.',
    )
  })

  test('remembered past midnight', async () => {
    const first = await publish(event(1))
    const again = await almostADayLater(() => publish(event(1)))
    verifyEqual(
      { ids: await eventIds(ALL), id: again },
      { ids: ['e-1'], id: first },
      "An event was published, the program's clock was moved forward by almost a day, and the event was published again. It was stored a second time. Remember each event for at least a day after its publication, even if a new day has begun: if you keep separate marks for each day, look at the previous day's too.",
    )
  })

  test('remembered after it was trimmed', async () => {
    const first = await publish(event(1))
    await publish(event(3))
    await box.admin.xtrim(ALL, 'MAXLEN', 1)
    const again = await publish(event(1))
    verifyEqual(
      { ids: await eventIds('stream:entity:user-42'), id: again },
      { ids: ['e-1', 'e-3'], id: first },
      "Two events were published, `stream:events` was trimmed to the newer one, and the older one was published again. It's still in the streams of its entity and its type, so store nothing and resolve to the ID that it got the first time. Don't look it up in `stream:events`, which may be trimmed.",
    )
  })

  test.skipIf(lacks('real-server'))('remembered however many follow', async () => {
    const events = Array.from({ length: 1_100 }, (_, i) => event(i + 1))
    await publishBatch(events.slice(0, 100))
    await publishBatch(events.slice(100))
    await publish(event(1))
    verifyEqual(
      await box.admin.xlen('stream:type:USER_REGISTERED'),
      1_100,
      'A batch of 100 events and one of 1,000 were published, and then the first event once more. It was stored again, even though it had been published only moments before. Remember each event for at least a day, however many come after it.',
    )
  })

  test('in a batch', async () => {
    const first = await publish(event(2))
    const ids = await publishBatch([event(1), event(2), event(3), event(1)])
    verifyEqual(
      await eventIds(ALL),
      ['e-2', 'e-1', 'e-3'],
      '`e-2` was published before, and `e-1` appears twice in the batch. Each of the three events should be stored once, the new ones in the order of the batch.',
    )
    await verifyIds(
      ids,
      ['e-1', 'e-2', 'e-3', 'e-1'],
      "The result should have one ID for each event of the batch. For a known event, that's the ID it already has.",
    )
    verifyEqual(ids[1], first, 'For `e-2`, the result should have the ID that it got the first time.')
  })

  test('when a reply is lost', async () => {
    await everyLostReply({
      name: 'publish',
      run: (redis) => insist(() => new EventPublisher(redis).publish(event(1))),
      verify: async ({ outcome, lost }) => {
        verify(
          outcome.ok,
          `The reply to \`${lost}\` was lost, and \`publish\` failed twice, even though the connection came back.`,
          {
            received: !outcome.ok && outcome.error,
          },
        )
        verifyEqual(
          await streams(),
          {
            'stream:entity:user-42': ['e-1'],
            'stream:entity:user-43': [],
            'stream:type:USER_REGISTERED': ['e-1'],
            'stream:events': ['e-1'],
          },
          afterLostReply(lost, await streams()),
        )
        await verifyIds(
          [outcome.value],
          ['e-1'],
          'After a lost reply, `publish` should still resolve to the ID of the event in `stream:events`.',
        )
      },
    })
  })

  test('when a reply to a batch is lost', async () => {
    await everyLostReply({
      name: 'publishBatch',
      run: (redis) => insist(() => new EventPublisher(redis).publishBatch(BATCH)),
      verify: async ({ outcome, lost }) => {
        verify(
          outcome.ok,
          `The reply to \`${lost}\` was lost, and \`publishBatch\` failed twice, even though the connection came back.`,
          {
            received: !outcome.ok && outcome.error,
          },
        )
        verifyEqual(await streams(), WHOLE, afterLostReply(lost, await streams()))
        await verifyIds(
          outcome.value,
          ['e-1', 'e-2', 'e-3'],
          'After a lost reply, `publishBatch` should still resolve to the IDs of the events in `stream:events`.',
        )
      },
    })
  })

  test('when the process dies and starts again', async () => {
    await everyCrash({
      name: 'publishBatch',
      run: (redis) => new EventPublisher(redis).publishBatch(BATCH),
      verify: async ({ last }) => {
        await publishBatch(BATCH, box.connect())
        verifyEqual(
          await streams(),
          WHOLE,
          `The process died after \`${last}\`, started again, and published the same batch. Each event should be stored once, and none should be missing. If you set the mark before the event, in a separate step, an event that isn't stored counts as published. If you set it after the event, a retry stores the event twice.`,
        )
      },
    })
  })

  test('when two programs publish the same event', async () => {
    await everyInterleaving({
      name: 'publish',
      first: (redis: Redis) => new EventPublisher(redis).publish(event(1)),
      second: (redis: Redis) => new EventPublisher(redis).publish(event(1)),
      verify: async ({ first, second, held }) => {
        verify(
          first.ok && second.ok,
          'Two programs published the same event at the same moment, and one of them failed. Both should get the ID of the event.',
          { received: failure(first) ?? failure(second) },
        )
        verifyEqual(
          await eventIds(ALL),
          ['e-1'],
          `Two programs published the same event at the same moment (one ran just before the other's \`${held}\`), and \`stream:events\` should contain it once. If you check the mark and write in separate steps, both programs find no mark and both write.`,
        )
        verifyEqual(
          first.value,
          second.value,
          'Two programs published the same event at the same moment, so both should get the same ID.',
        )
      },
    })
  })

  test('an ID like any other', async () => {
    const batch = ['constructor', '__proto__', 'e-1'].map((eventId) => ({ ...event(1), eventId }))
    const ids = await publishBatch(batch)
    const again = await publishBatch(batch)
    const diagnosis =
      'A batch had events with the IDs `constructor`, `__proto__`, and `e-1`, and it was published twice. Each event should be stored once, and both calls should resolve to the same IDs. If you use an `eventId` as the name of a property, remember that every object has a property `constructor`: use a `Map` or a `Set`.'
    const expected = batch.map(({ eventId }) => eventId)
    verifyEqual(await eventIds(ALL), expected, diagnosis)
    await verifyIds(ids, expected, diagnosis)
    verifyEqual(again, ids, diagnosis)
    // Whatever the keys are called, someone may use the same name as the ID of an event.
    const names = (await box.admin.keys('published:*')).map((key) => key.slice('published:'.length))
    for (const eventId of names.filter((name) => name !== '' && !ids.includes(name)).slice(0, 20)) {
      if (batch.some((one) => one.eventId === eventId)) continue
      const outcome = await attempt('publish', () =>
        new EventPublisher(box.redis).publish({ ...event(1), eventId }),
      )
      verify(
        outcome.ok && (await eventIds(ALL)).includes(eventId),
        `An event with the ID \`${eventId}\` was published for the first time, but it wasn't stored. There's a key \`published:${eventId}\` that isn't the mark of this event. An \`eventId\` can be any string, so make sure that no mark can have the same key as something else you store.`,
        { received: outcome.ok ? outcome.value : outcome.error },
      )
    }
  })

  test('whose mark is unreadable', async () => {
    await publish(event(1))
    for (const key of await box.admin.keys('published:*')) {
      const type = await box.admin.type(key)
      if (type === 'stream') continue // marks in a stream: then this key has to be one, too
      await box.admin.del(key)
      await (type === 'list' ? box.admin.set(key, 'x') : box.admin.rpush(key, 'x'))
    }
    const outcome = await attempt('publish', () => new EventPublisher(box.redis).publish(event(1)))
    verify(
      outcome.ok || !(outcome.error instanceof StreamKeyError),
      'The keys that begin with `published:` held values of another type, and `publish` rejected with a `StreamKeyError`, although every key that has to be a stream was one. A `StreamKeyError` is only for a key that should be a stream but holds something else. Let the error from Redis (`WRONGTYPE`) reach the caller as it is.',
      { received: !outcome.ok && outcome.error },
    )
  })
})

function afterLostReply(lost: string | undefined, found: Readonly<Record<string, string[]>>): string {
  const all = found[ALL] ?? []
  const wanted = new Set(Object.values(found).flat())
  const missing = all.length === 0 ? 'e-1' : [...wanted].find((id) => !all.includes(id))
  if (missing !== undefined) {
    return `The reply to \`${lost}\` was lost, the command was sent again, and now \`${missing}\` is missing from \`stream:events\`. If you set the mark before the event, in a separate step, an event that isn't stored counts as published. ${TWICE}`
  }
  for (const [stream, ids] of Object.entries(found)) {
    const twice = ids.find((id, i) => ids.indexOf(id) < i)
    if (twice === undefined) continue
    const watched = box.commands.some(({ name }) => name.toUpperCase() === 'WATCH')
    return `\`${twice}\` was published, the reply to \`${lost}\` was lost, the command was sent again, and now the event is stored twice in \`${stream}\`. ${watched ? 'ioredis sends a transaction again on a new connection, where no key is watched, so it runs a second time. Open your connection with `retryStrategy: () => null`, so that it closes instead of reconnecting, or use a script. ' : ''}${TWICE}`
  }
  return `The reply to \`${lost}\` was lost, and now the streams don't contain each event exactly once. ${TWICE}`
}

function failure(outcome: Outcome<unknown>): unknown {
  return outcome.ok ? undefined : outcome.error
}

async function plant(count: number): Promise<void> {
  const pipeline = box.admin.pipeline()
  for (let n = 1; n <= count; n += 1) {
    for (const stream of [ALL, 'stream:entity:user-42', 'stream:type:USER_REGISTERED']) {
      pipeline.xadd(stream, `${n}-0`, 'eventId', `old-${n}`)
    }
  }
  await pipeline.exec()
}

describe('maxlen', () => {
  test('trims stream:events and no other stream', async () => {
    await plant(150)
    for (let n = 1; n <= 11; n += 2) await publish(event(n), box.redis, { maxlen: 5 })
    const left = await eventIds(ALL)
    verify(
      left.length < 150,
      "With `maxlen` 5, `stream:events` had 156 entries and didn't get shorter. A stream isn't trimmed unless you send `MAXLEN` or `XTRIM`.",
      { received: words(`${left.length} entries`) },
    )
    verifyEqual(
      left.slice(-5),
      ['e-3', 'e-5', 'e-7', 'e-9', 'e-11'],
      'With `maxlen` 5, the newest five entries of `stream:events` should stay.',
    )
    for (const stream of ['stream:entity:user-42', 'stream:type:USER_REGISTERED']) {
      verifyEqual(
        await box.admin.xlen(stream),
        156,
        `\`${stream}\` was trimmed. It's the source of truth: a dropped entry is missing from every later replay. Only \`stream:events\` has a \`maxlen\`.`,
      )
    }
  })

  test('trims when a batch is published', async () => {
    await plant(150)
    await publishBatch(BATCH, box.redis, { maxlen: 5 })
    const left = await eventIds(ALL)
    verify(
      left.length < 150,
      'With `maxlen` 5, a batch was published, and `stream:events` still has all of its 153 entries. `publishBatch` should trim, as `publish` does.',
      { received: words(`${left.length} entries`) },
    )
    verifyEqual(
      left.slice(-5),
      ['old-149', 'old-150', 'e-1', 'e-2', 'e-3'],
      'With `maxlen` 5, the newest five entries of `stream:events` should stay.',
    )
  })

  test('lets no stream expire', async () => {
    await publish(event(1))
    await publishBatch([event(3), event(5)], box.redis, { maxlen: 5 })
    const keys = ['stream:entity:user-42', 'stream:type:USER_REGISTERED', ALL]
    verifyEqual(
      await Promise.all(keys.map((key) => box.admin.ttl(key))),
      [-1, -1, -1],
      'A stream expires, so all of its events will be deleted at once. The streams of entities and types are never trimmed, and `stream:events` only with `MAXLEN`. Set an expiration only for marks, under keys that begin with `published:`.',
    )
  })

  test('trims each time', async () => {
    const publisher = new EventPublisher(box.redis, { maxlen: 5 })
    await call('publish', () => publisher.publish(event(1)))
    for (const n of [3, 5]) {
      const entries = box.admin.pipeline()
      for (let old = 1; old <= 150; old += 1) entries.xadd(ALL, '*', 'eventId', `old-${n}-${old}`)
      await entries.exec()
      const before = await box.admin.xlen(ALL)
      await call('publish', () => publisher.publish(event(n)))
      const left = await box.admin.xlen(ALL)
      verify(
        left <= before,
        `A publisher with \`maxlen\` 5 published another event when \`stream:events\` had ${before} entries, and none of them was dropped. Each publish should trim the stream, not just the first one or every tenth, because other programs may append to it too.`,
        { expected: words(`fewer than ${before + 1} entries`), received: words(`${left} entries`) },
      )
    }
  })

  test('keeps the oldest entry within maxlen', async () => {
    await plant(200)
    await publish(event(1), box.redis, { maxlen: 102 })
    const left = await box.admin.xlen(ALL)
    verify(
      left >= 102,
      "With `maxlen` 102, fewer than 102 of 201 entries are left in `stream:events`. Pass the number to `MAXLEN ~` unchanged: if it's even one lower, Redis may drop a block that contains an entry you have to keep.",
      { expected: words('at least 102 entries'), received: words(`${left} entries`) },
    )
  })

  test('trims in whole blocks', async () => {
    const batch = Array.from({ length: 30 }, (_, i) => event(i + 1))
    await publishBatch(batch, box.redis, { maxlen: 10 })
    const left = await box.admin.xlen(ALL)
    verify(
      left > 10,
      `After 30 events with \`maxlen\` 10, \`stream:events\` has ${left} entries, so it's trimmed exactly. That makes Redis cut a block open on every append, and a slow reader misses entries sooner than necessary. Use \`MAXLEN ~\`.`,
      { expected: words('more than 10 entries'), received: words(`${left} entries`) },
    )
  })

  test('keeps everything without maxlen', async () => {
    for (const options of [undefined, {}, { maxlen: undefined }, { maxlen: 1 }, { maxlen: 5_000_000_000 }]) {
      const shown = options === undefined ? 'a call without options' : `the options ${show(options)}`
      const outcome = await attempt(
        'EventPublisher',
        () => new EventPublisher(box.redis, options as PublisherOptions),
      )
      verify(
        outcome.ok,
        `\`EventPublisher\` refused ${shown}. \`maxlen\` may be left out, \`undefined\`, or any whole number, 1 or greater.`,
        { received: !outcome.ok && outcome.error },
      )
    }
    // Large streams take a long time to create on the embedded Redis.
    const old = lacks('real-server') ? 150 : 1_300
    await plant(old)
    await publish(event(1))
    await publish(event(3), box.redis, {})
    await publish(event(5), box.redis, { maxlen: undefined } as unknown as PublisherOptions)
    verifyEqual(
      await box.admin.xlen(ALL),
      old + 3,
      "Without `maxlen`, `stream:events` lost entries. Don't trim unless the caller asks for it, because the stream will one day reach a limit that the caller doesn't know about.",
    )
  })

  test('belongs to one publisher', async () => {
    await plant(150)
    const keeps = new EventPublisher(box.redis)
    const trims = new EventPublisher(box.redis, { maxlen: 5 })
    await call('publish', () => keeps.publish(event(1)))
    const kept = await box.admin.xlen(ALL)
    await call('publish', () => trims.publish(event(3)))
    const left = await box.admin.xlen(ALL)
    verifyEqual(
      [kept, left < 151],
      [151, true],
      "Two publishers shared a connection, one without `maxlen` and one with `maxlen` 5. The first one trimmed, or the second one didn't. Each publisher has a `maxlen` of its own, so keep it in the instance and pass it to a script as an argument. On one connection, `defineCommand` replaces an earlier command with the same name.",
    )
  })

  for (const maxlen of [0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY, null, '5'] as number[]) {
    const shown = typeof maxlen === 'string' ? `the string \`'${maxlen}'\`` : `\`${maxlen}\``
    test(`refuses ${shown.replaceAll('`', '')}`, async () => {
      const error = await callError(
        'EventPublisher',
        () => new EventPublisher(box.redis, { maxlen }),
        InvalidMaxlenError,
        maxlen === 0
          ? '`EventPublisher` accepted `0` as `maxlen`. `if (maxlen)` treats 0 as missing, so the stream never stops growing; used as a number, 0 would empty the stream. Throw an `InvalidMaxlenError` in the constructor.'
          : `\`EventPublisher\` accepted ${shown} as \`maxlen\`. A length is a whole number, 1 or greater, so throw an \`InvalidMaxlenError\` in the constructor, before anything is published.`,
      )
      verify(
        error.name === 'InvalidMaxlenError' && Object.is(error.maxlen, maxlen),
        "The error's `name` should be `InvalidMaxlenError`, and its `maxlen` should be the refused value.",
        { expected: maxlen, received: error.maxlen },
      )
    })
  }
})

/** Shows `{ maxlen: undefined }` too. */
function show(options: { readonly maxlen?: number | undefined }): string {
  return 'maxlen' in options ? `{ maxlen: ${options.maxlen} }` : '{}'
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return text
  }
}
