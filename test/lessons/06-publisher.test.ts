/** Long, because every sentence that a learner may get to read stands here, beside what it judges. */
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  everyCrash,
  everyInterleaving,
  everyLostReply,
  lacks,
  type Outcome,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { PublisherOptions } from '#lesson/06-publisher'
import { EventPublisher, InvalidEventError, InvalidMaxlenError, StreamKeyError } from '#lesson/06-publisher'

const box = useSandbox()

type PublishedEvent = Parameters<EventPublisher['publish']>[0]

const ALL = 'stream:events'

/** Event number n, of user-42 or, if n is even, of user-43. */
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
/** What `BATCH` leaves in the streams. */
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

/** The event ids in each stream; a key that is no stream counts as empty. */
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

function paired(flat: readonly string[]): Readonly<Record<string, string>> {
  const fields: Record<string, string> = {}
  for (let i = 0; i < flat.length; i += 2) fields[flat[i] ?? ''] = flat[i + 1] ?? ''
  return fields
}

const publish = (one: PublishedEvent, redis = box.redis, options?: PublisherOptions) =>
  call('publish', () => new EventPublisher(redis, options).publish(one))

const publishBatch = (batch: readonly PublishedEvent[], redis = box.redis, options?: PublisherOptions) =>
  call('publishBatch', () => new EventPublisher(redis, options).publishBatch(batch))

/** The ids in `stream:events` have to be those of the events, in this order. */
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
  [{ ...event(2), payload: { born: new Date(0) } }, 'payload.born', 'a Date in its payload'],
  [{ ...event(2), eventType: '' }, 'eventType', 'an empty event type'],
  [{ ...event(2), timestamp: 'yesterday' }, 'timestamp', 'a timestamp that is no time'],
  [{ ...event(2), eventId: undefined }, 'eventId', 'no event id'],
] as unknown as readonly (readonly [PublishedEvent, string, string])[]

async function refusesEvent(run: () => unknown, name: string, what: string, index: number, field: string) {
  const error = await callError(
    name,
    run,
    InvalidEventError,
    `${name} should refuse an event with ${what} with an InvalidEventError. Let encodeEvent and decodeEvent of lesson 01 look at every event first; what they refuse stays in the log for ever otherwise.`,
  )
  verifyEqual(
    { name: error.name, index: error.index, field: error.field },
    { name: 'InvalidEventError', index, field },
    'The InvalidEventError should have that name and say which event of the batch it is (`index`, from 0) and where the fault lies (`field`).',
  )
}

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
      'publish should append the event to `stream:entity:<entityId>`, `stream:type:<eventType>` and `stream:events`, once each.',
    )
    for (const stream of ['stream:entity:user-42', 'stream:type:USER_REGISTERED', ALL]) {
      const [entry] = await box.admin.xrange(stream, '-', '+')
      const fields = paired(entry?.[1] ?? [])
      verifyEqual(
        { ...fields, payload: parsed(fields.payload), metadata: parsed(fields.metadata) },
        event(1),
        `The entry in \`${stream}\` should hold the whole event in six fields, as toFields of lesson 05 makes them.`,
      )
    }
    verify(
      /^\d+-\d+$/.test(String(id)),
      'publish should resolve to the id of the event’s entry in `stream:events`.',
      { received: id },
    )
  })

  test('resolves to the id in the stream of all', async () => {
    await box.admin.xadd('stream:entity:user-42', '4102444800000-0', 'eventId', 'e-0')
    await box.admin.xadd('stream:type:USER_REGISTERED', '4102444800001-0', 'eventId', 'e-0')
    await verifyIds(
      [await publish(event(1))],
      ['e-1'],
      'publish should resolve to the id of the entry in `stream:events`; it is the id of another stream. Each stream makes its own.',
    )
  })

  test('keys of its own begin with published:', async () => {
    await publish(event(1))
    const keys = (await box.admin.keys('*')).filter((key) => !/^(stream|published):/.test(key))
    const ours = keys.filter((key) => key !== 'eventlings:sandbox')
    verifyEqual(
      ours,
      [],
      'Beside the streams the publisher left keys that do not begin with `published:`. Whoever looks at this Redis has to know whose they are.',
    )
  })

  for (const [bad, field, what] of BAD_EVENTS) {
    test(`refuses an event with ${what}`, async () => {
      await refusesEvent(() => new EventPublisher(box.redis).publish(bad), 'publish', what, 0, field)
      verifyEqual(
        await streams(),
        NOTHING,
        'publish refused the event, but something had been written already.',
      )
    })
  }

  test('leaves all or nothing when the process dies', async () => {
    await everyCrash({
      name: 'publish',
      run: (redis) => new EventPublisher(redis).publish(event(1)),
      verify: async ({ last }) => {
        const found = Object.entries(await streams()).filter(([key]) => key !== 'stream:entity:user-43')
        verify(
          new Set(found.map(([, ids]) => ids.length)).size === 1,
          `When the process died after ${last}, some streams had the event and others had not. All three belong into one step: a script, or MULTI and EXEC.`,
          { received: Object.fromEntries(found) },
        )
      },
    })
  })
})

describe('publishBatch', () => {
  test('stores all events in their order', async () => {
    const ids = await publishBatch(BATCH)
    verifyEqual(
      await streams(),
      WHOLE,
      'publishBatch should store each event in its three streams, in the order of the batch.',
    )
    verify(Array.isArray(ids), 'publishBatch should resolve to an array of ids.', { received: ids })
    await verifyIds(
      ids,
      ['e-1', 'e-2', 'e-3'],
      'publishBatch should resolve to the ids of the entries in `stream:events`, one for each event, in the order of the batch.',
    )
  })

  test('goes by the order of the batch', async () => {
    const batch = BATCH.map((one, i) => ({ ...one, timestamp: `2026-03-01T09:0${9 - i}:00.000Z` }))
    await publishBatch(batch)
    verifyEqual(
      await eventIds(ALL),
      ['e-1', 'e-2', 'e-3'],
      'The events of a batch were put in order by their timestamps. The order of the batch is the order in which things happened; clocks differ.',
    )
    verifyEqual(
      batch.map(({ eventId }) => eventId),
      ['e-1', 'e-2', 'e-3'],
      'publishBatch changed the array that it was given. It belongs to the caller; work on a copy.',
    )
  })

  test('an empty batch', async () => {
    const outcome = await attempt('publishBatch', () => new EventPublisher(box.redis).publishBatch([]))
    verify(
      outcome.ok && Array.isArray(outcome.value) && outcome.value.length === 0,
      'An empty batch should resolve to an empty array: nothing to do is no mistake.',
      { expected: [], received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('looks at every event before it writes', async () => {
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
        `The batch was refused because of its second event (it has ${what}), but other events of it are stored. Look at all of them before the first write; a check in the loop that writes comes too late for those before it.`,
      )
    }
    await publishBatch(BATCH)
    verifyEqual(
      await streams(),
      WHOLE,
      'A batch was refused, mended and published again; now each of its events should be stored once. What was refused must not be remembered as published.',
    )
  })

  for (const [key, others] of [
    ['stream:entity:user-43', 'the first and the third event'],
    ['stream:type:USER_REGISTERED', 'some events'],
    ['stream:events', 'some events'],
  ] as const) {
    test(`refuses when ${key} is no stream`, async () => {
      await box.admin.set(key, 'a note of somebody’s')
      const outcome = await attempt('publishBatch', () => new EventPublisher(box.redis).publishBatch(BATCH))
      verifyEqual(
        await streams(),
        NOTHING,
        `\`${key}\` is no stream, and ${others} of the batch were stored all the same. Neither MULTI nor a script undoes what it did before a command failed: look at the TYPE of every key before the first write.`,
      )
      const error = await callError(
        'publishBatch',
        () => {
          if (!outcome.ok) throw outcome.error
        },
        StreamKeyError,
        `Under \`${key}\` stands a text, and no stream. publishBatch should reject with a StreamKeyError that names the key.`,
      )
      verifyEqual(
        { name: error.name, key: error.key },
        { name: 'StreamKeyError', key },
        'The StreamKeyError should have that name and carry the `key` that is no stream.',
      )
      verifyEqual(
        await box.admin.get(key),
        'a note of somebody’s',
        `What stood under \`${key}\` is somebody else’s: leave it as it is.`,
      )
      await box.admin.del(key)
      await publishBatch(BATCH)
      verifyEqual(
        await streams(),
        WHOLE,
        'The key was free again and the batch was published once more; now each of its events should be stored once. What was refused must not be remembered as published.',
      )
    })
  }

  test('looks and writes in one step', async () => {
    await everyInterleaving({
      name: 'publishBatch',
      first: (redis: Redis) => new EventPublisher(redis).publishBatch(BATCH),
      second: () => box.admin.set('stream:entity:user-43', 'a note of somebody’s', 'NX'),
      verify: async ({ first, second, held }) => {
        const taken = second.ok && second.value === 'OK'
        verifyEqual(
          await streams(),
          taken ? NOTHING : WHOLE,
          taken
            ? `Somebody took the key \`stream:entity:user-43\` just before publishBatch sent its ${held}, and part of the batch was stored. Looking at the keys and writing have to be one step: one script, or WATCH.`
            : 'The batch should be stored as a whole.',
        )
        verify(
          first.ok || !taken || first.error instanceof StreamKeyError,
          'When somebody takes a key while publishBatch is at work, it should reject with a StreamKeyError.',
          { received: !first.ok && first.error },
        )
        verify(first.ok !== taken, 'publishBatch resolved, but the batch is not stored.', {
          received: first.ok ? first.value : first.error,
        })
      },
    })
  })

  test('leaves all or nothing when the process dies', async () => {
    await everyCrash({
      name: 'publishBatch',
      run: (redis) => new EventPublisher(redis).publishBatch(BATCH),
      verify: async ({ last }) => {
        const found = await streams()
        verifyEqual(
          found,
          found['stream:events'].length === 0 ? NOTHING : WHOLE,
          `When the process died after ${last}, part of the batch was stored. A \`pipeline()\` or a loop comes apart at any command; the whole batch has to be one step.`,
        )
      },
    })
  })

  // On the embedded Redis a stream takes longer the longer it is.
  test.skipIf(lacks('real-server'))('takes 1,000 events', async () => {
    const batch = Array.from({ length: 1_000 }, (_, i) => event(i + 1))
    // A reader that asks all the time: between two steps it sees what the first has left.
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
      'publishBatch failed with a batch of 1,000 events. In Lua, `unpack` takes about 8,000 values and not more: unpack the fields of one event at a time.',
      { received: !outcome.ok && outcome.error },
    )
    const ids = await eventIds('stream:type:USER_REGISTERED')
    verify(
      ids.length === 1_000 && ids.every((id, i) => id === `e-${i + 1}`),
      'A batch of 1,000 events should be stored as a whole and in its order.',
      { received: `${ids.length} events, the last is ${ids.at(-1)}` },
    )
    const between = [...lengths].filter((length) => length > 0 && length < 1_000)
    verify(
      between.length === 0,
      `While a batch of 1,000 events was published, a reader saw ${between[0]} of them in the stream of their type: the batch is written in several steps. A process that dies between two of them leaves part of it; write all of it in one script, or between one MULTI and its EXEC.`,
      { expected: 'none or 1000', received: between.slice(0, 5) },
    )
  })

  test('does not say that it worked when it did not', async () => {
    const gone = box.connect()
    gone.disconnect()
    const outcome = await attempt('publishBatch', () => new EventPublisher(gone).publishBatch(BATCH))
    verify(
      !outcome.ok || (await eventIds(ALL)).length === 3,
      'The connection was closed, nothing could be stored, and publishBatch resolved as if all were well. Let errors of Redis and of the connection through: only whoever learns of them can publish again.',
      { received: outcome.ok && outcome.value },
    )
  })
})

/** As a caller does: when it fails, once more. */
async function insist<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch {
    return run()
  }
}

const TWICE =
  'Remember in the same step as the write, in Redis, that this eventId has been published, and answer the second time with the first id.'

describe('no event twice', () => {
  test('the same event, published again', async () => {
    // Two streams are in the next century, so that an id tells which stream it is of.
    await box.admin.xadd('stream:entity:user-42', '4102444800000-0', 'eventId', 'e-0')
    await box.admin.xadd('stream:type:USER_REGISTERED', '4102444800001-0', 'eventId', 'e-0')
    const publisher = new EventPublisher(box.redis)
    const first = await call('publish', () => publisher.publish(event(1)))
    await call('publish', () => publisher.publish(event(2)))
    const again = await call('publish', () => publisher.publish(event(1)))
    verifyEqual(
      await eventIds(ALL),
      ['e-1', 'e-2'],
      `The event e-1 was published twice, as after a lost reply, and \`stream:events\` should hold it once. ${TWICE}`,
    )
    verifyEqual(
      await eventIds('stream:entity:user-42'),
      ['e-0', 'e-1'],
      'The stream of the entity should hold e-1 once.',
    )
    verifyEqual(
      again,
      first,
      'The second time publish should resolve to the id that the event got the first time, in `stream:events`: the caller, who never saw the first answer, needs it.',
    )
    const elsewhere = await publish(event(1), box.connect())
    verifyEqual(
      { ids: await eventIds(ALL), id: elsewhere },
      { ids: ['e-1', 'e-2'], id: first },
      'Another publisher, as after a restart, published e-1 again and got another id, or stored it once more. What a publisher remembers in its own memory is gone when it restarts.',
    )
  })

  test('another event with the same content', async () => {
    await publish(event(1))
    await publish({ ...event(1), eventId: 'e-9' })
    verifyEqual(
      await eventIds(ALL),
      ['e-1', 'e-9'],
      'Two events with the same content are two events: the same thing may happen twice. Only the `eventId` tells whether it is the same event.',
    )
  })

  test('the same event id with another content', async () => {
    const first = await publish(event(1))
    for (const changes of [
      { eventType: 'USER_DEACTIVATED' },
      { entityId: 'user-43' },
      { payload: { n: 9 } },
    ]) {
      const again = await publish({ ...event(1), ...changes })
      verifyEqual(
        { ids: await eventIds(ALL), id: again },
        { ids: ['e-1'], id: first },
        `The event e-1 was published, and then one with the same eventId and another ${Object.keys(changes)[0]}. An event is known by its \`eventId\` alone: the second is known, nothing is stored, and the answer is the first id.`,
      )
    }
  })

  test('remembered for a day at least', async () => {
    await publish(event(1))
    let longest = 0
    for (const key of await box.admin.keys('published:*')) {
      const seconds = await box.admin.ttl(key)
      longest = Math.max(longest, seconds === -1 ? Number.POSITIVE_INFINITY : seconds)
    }
    // The memory may be elsewhere (in the streams themselves); what is under `published:` should not all be gone soon.
    verify(
      longest === 0 || longest > 86_000,
      'What the publisher remembers is forgotten in less than a day. An import that failed in the evening is started again in the morning, and every event of it would be stored a second time.',
      { expected: 'at least 86400 seconds', received: `${longest} seconds` },
    )
  })

  test('in a batch', async () => {
    const first = await publish(event(2))
    const ids = await publishBatch([event(1), event(2), event(3), event(1)])
    verifyEqual(
      await eventIds(ALL),
      ['e-2', 'e-1', 'e-3'],
      'e-2 was published before, and e-1 stands twice in the batch: each of the three should be stored once, the new ones in the order of the batch.',
    )
    await verifyIds(
      ids,
      ['e-1', 'e-2', 'e-3', 'e-1'],
      'The result should have one id for each event of the batch: for one that is known, the id that it has already.',
    )
    verifyEqual(ids[1], first, 'For e-2 the result should have the id that it got the first time.')
  })

  test('when a reply is lost', async () => {
    await everyLostReply({
      name: 'publish',
      run: (redis) => insist(() => new EventPublisher(redis).publish(event(1))),
      verify: async ({ outcome, lost }) => {
        verify(
          outcome.ok,
          `The reply to ${lost} was lost, and publish failed twice, although the connection came back.`,
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
          'After a lost reply publish should resolve to the id of the event in `stream:events` as ever.',
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
          `The reply to ${lost} was lost, and publishBatch failed twice, although the connection came back.`,
          {
            received: !outcome.ok && outcome.error,
          },
        )
        verifyEqual(await streams(), WHOLE, afterLostReply(lost, await streams()))
        await verifyIds(
          outcome.value,
          ['e-1', 'e-2', 'e-3'],
          'After a lost reply publishBatch should resolve to the ids of the events in `stream:events` as ever.',
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
          `The process died after ${last}, started again and published the same batch: each event should be stored once, none missing. A mark that is set before the event, in a step of its own, says "published" of an event that is nowhere; one that is set after it comes too late.`,
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
          'Two programs published the same event at the same moment, and one of them failed. Both should get the id of the event.',
          { received: failure(first) ?? failure(second) },
        )
        verifyEqual(
          await eventIds(ALL),
          ['e-1'],
          `Two programs published the same event at the same moment (one came before the other’s ${held}), and \`stream:events\` should hold it once. To ask whether it is known and then to write in another step is a race: both ask, both write.`,
        )
        verifyEqual(
          first.value,
          second.value,
          'Two programs published the same event at the same moment: both should get the same id.',
        )
      },
    })
  })
})

function afterLostReply(lost: string | undefined, found: Readonly<Record<string, string[]>>): string {
  const all = found[ALL] ?? []
  const wanted = new Set(Object.values(found).flat())
  const missing = all.length === 0 ? 'e-1' : [...wanted].find((id) => !all.includes(id))
  if (missing !== undefined) {
    return `The reply to ${lost} was lost, the command was sent again, and now ${missing} is missing in \`stream:events\`. A mark that is set before the event, in a step of its own, says "published" of an event that is nowhere. ${TWICE}`
  }
  for (const [stream, ids] of Object.entries(found)) {
    const twice = ids.find((id, i) => ids.indexOf(id) < i)
    if (twice === undefined) continue
    const watched = box.commands.some(({ name }) => name.toUpperCase() === 'WATCH')
    return `${twice} was published, the reply to ${lost} was lost, the command was sent again, and now it is stored twice in \`${stream}\`. ${watched ? 'ioredis sends a transaction again on a new connection, and there nobody watches any more: it is carried out a second time. Open your connection with `retryStrategy: () => null`, so that it ends instead, or take a script. ' : ''}${TWICE}`
  }
  return `The reply to ${lost} was lost, and now the streams do not hold each event once. ${TWICE}`
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
  test('trims the stream of all, and no other', async () => {
    await plant(150)
    for (let n = 1; n <= 11; n += 2) await publish(event(n), box.redis, { maxlen: 5 })
    const left = await eventIds(ALL)
    verify(
      left.length < 150,
      'With `maxlen` 5 the stream `stream:events` of 156 entries did not get shorter: nothing trims by itself.',
      { received: `${left.length} entries` },
    )
    verifyEqual(
      left.slice(-5),
      ['e-3', 'e-5', 'e-7', 'e-9', 'e-11'],
      'With `maxlen` 5 the newest five entries of `stream:events` should stay.',
    )
    for (const stream of ['stream:entity:user-42', 'stream:type:USER_REGISTERED']) {
      verifyEqual(
        await box.admin.xlen(stream),
        156,
        `\`${stream}\` was trimmed. It is the source of truth: what is dropped there has never happened to whoever replays it. Only \`stream:events\` has a \`maxlen\`.`,
      )
    }
  })

  test('trims as a batch is published', async () => {
    await plant(150)
    await publishBatch(BATCH, box.redis, { maxlen: 5 })
    const left = await eventIds(ALL)
    verify(
      left.length < 150,
      'With `maxlen` 5 a batch was published, and `stream:events` of 153 entries did not get shorter. publishBatch trims as publish does.',
      { received: `${left.length} entries` },
    )
    verifyEqual(
      left.slice(-5),
      ['old-149', 'old-150', 'e-1', 'e-2', 'e-3'],
      'With `maxlen` 5 the newest five entries of `stream:events` should stay.',
    )
  })

  test('keeps the last one that was asked for', async () => {
    await plant(200)
    await publish(event(1), box.redis, { maxlen: 102 })
    const left = await box.admin.xlen(ALL)
    verify(
      left >= 102,
      'With `maxlen` 102 fewer than 102 of 201 entries are left in `stream:events`. Give `MAXLEN ~` the number as it is: one less, and Redis may drop a block of which one entry was wanted.',
      { expected: 'at least 102 entries', received: `${left} entries` },
    )
  })

  test('trims in whole blocks', async () => {
    const batch = Array.from({ length: 30 }, (_, i) => event(i + 1))
    await publishBatch(batch, box.redis, { maxlen: 10 })
    const left = await box.admin.xlen(ALL)
    verify(
      left > 10,
      `After 30 events with \`maxlen\` 10 there are ${left} entries in \`stream:events\`: it is trimmed exactly. A reader that is a moment late misses what others would still have, and Redis cuts a block open at every append. Write \`MAXLEN ~\`.`,
      { expected: 'more than 10 entries', received: `${left} entries` },
    )
  })

  test('keeps everything without it', async () => {
    for (const options of [undefined, {}, { maxlen: undefined }, { maxlen: 1 }, { maxlen: 1_000 }]) {
      const shown = options === undefined ? 'no options' : `the options ${show(options)}`
      const outcome = await attempt(
        'EventPublisher',
        () => new EventPublisher(box.redis, options as PublisherOptions),
      )
      verify(
        outcome.ok,
        `EventPublisher refused ${shown}. \`maxlen\` may be left out or undefined, and every whole number from 1 is a length.`,
        { received: !outcome.ok && outcome.error },
      )
    }
    // Large streams take long to make on the embedded Redis.
    const old = lacks('real-server') ? 150 : 1_300
    await plant(old)
    await publish(event(1))
    await publish(event(3), box.redis, {})
    await publish(event(5), box.redis, { maxlen: undefined } as unknown as PublisherOptions)
    verifyEqual(
      await box.admin.xlen(ALL),
      old + 3,
      'Without `maxlen`, `stream:events` lost entries. Whoever does not ask for trimming keeps everything; a limit that nobody named is reached one day.',
    )
  })

  for (const maxlen of [0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    test(`refuses ${maxlen}`, async () => {
      const error = await callError(
        'EventPublisher',
        () => new EventPublisher(box.redis, { maxlen }),
        InvalidMaxlenError,
        maxlen === 0
          ? 'EventPublisher took 0 for a `maxlen`. In `if (maxlen)` 0 counts as "not given", and the stream never ends; as a number it would empty the stream. It is a mistake: throw an InvalidMaxlenError in the constructor.'
          : `EventPublisher took ${maxlen} for a \`maxlen\`. A length is a whole number from 1: throw an InvalidMaxlenError in the constructor, before anything is published.`,
      )
      verify(
        error.name === 'InvalidMaxlenError' && Object.is(error.maxlen, maxlen),
        'The InvalidMaxlenError should have that name and carry the `maxlen` that it refuses.',
        { expected: maxlen, received: error.maxlen },
      )
    })
  }
})

/** `{ maxlen: undefined }` too. */
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
