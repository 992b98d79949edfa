/** Long, because every sentence that a learner may read is here, next to the code that it judges. */
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  code,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  lacks,
  largestReply,
  type Outcome,
  passesOnErrors,
  passesOnRefusedWrite,
  passesOnWrongType,
  useSandbox,
  verify,
  verifyEqual,
  withRival,
  words,
} from '#kit'
import type { Reducer, StoredEvent } from '#lesson/14-snapshots'
import { createSnapshot, getEntityStateWithSnapshot } from '#lesson/14-snapshots'

const box = useSandbox()

const STREAM = 'stream:entity:customer-1'
const SNAPSHOT = 'snapshot:customer-1'
const NOON = '2026-03-01T12:00:00.250Z'
const noon = () => new Date(NOON)

interface Points {
  readonly points: number
}
type Fact = readonly [id: string, eventType: string, points: number]

/** Counts earned points and ignores every other type. `seen` collects the IDs of the events that it receives. */
function earned(seen: string[] = [], version = 1): Reducer<Points> {
  return {
    version,
    apply(state: Points | null, event: StoredEvent) {
      seen.push(event.id)
      if (event.eventType !== 'POINTS_EARNED') return state
      return { points: (state?.points ?? 0) + Number(event.payload.points) }
    },
  }
}

/** Has a state until the event 2-0. */
const ENDS: Reducer<Points> = { version: 1, apply: (_, { id }) => (id === '2-0' ? null : { points: 1 }) }

/** The next version of that reducer, which also handles expired points. */
function earnedLessExpired(seen: string[] = []): Reducer<Points> {
  const before = earned(seen, 2)
  return {
    version: 2,
    apply(state: Points | null, event: StoredEvent) {
      if (event.eventType !== 'POINTS_EXPIRED') return before.apply(state, event)
      seen.push(event.id)
      return { points: (state?.points ?? 0) - Number(event.payload.points) }
    },
  }
}

/** Fails if the reducer of `create` or `get` doesn't start with null, or doesn't receive complete events. */
async function givesTheReducerItsDue(
  name: string,
  run: (reducer: Reducer<Points>) => Promise<unknown>,
): Promise<void> {
  await plant([['1-0', 'POINTS_EARNED', 2]])
  const begun: (Points | null)[] = []
  const events: StoredEvent[] = []
  await call(name, () =>
    run({
      version: 1,
      apply: (state, event) => {
        begun.push(state)
        events.push(event)
        return { points: 0 }
      },
    }),
  )
  const { id, eventId, eventType, timestamp, payload } = events[0] ?? ({} as Partial<StoredEvent>)
  verifyEqual(
    { id, eventId, eventType, timestamp, payload },
    {
      id: '1-0',
      eventId: 'e-1-0',
      eventType: 'POINTS_EARNED',
      timestamp: '2026-03-01T09:00:00.000Z',
      payload: { points: 2 },
    },
    'The reducer should receive the event with its ID in the stream, its `eventId`, `eventType`, and `timestamp`, and the `payload` as an object. Redis returns the fields of an entry as a flat list of names and values, in any order: pair them up.',
  )
  verify(
    begun[0] === null,
    "The reducer received the first event together with a state, even though there was nothing before it. Start with `null`. If you start with `{}`, a customer who doesn't exist looks like one who does.",
    { expected: null, received: begun[0] },
  )
}

async function plant(facts: readonly Fact[], admin: Redis = box.admin): Promise<void> {
  const pipeline = admin.pipeline()
  for (const [id, eventType, points] of facts) {
    const fields = {
      eventType,
      eventId: `e-${id}`,
      entityId: 'customer-1',
      payload: `{"points":${points}}`,
      timestamp: '2026-03-01T09:00:00.000Z',
      source: 'shop',
    }
    pipeline.xadd(STREAM, id, ...Object.entries(fields).flat())
  }
  await pipeline.exec()
}

/** 2 and 3 points: 5 at 2-0. */
const FIVE: readonly Fact[] = [
  ['1-0', 'POINTS_EARNED', 2],
  ['2-0', 'POINTS_EARNED', 3],
]
/** 7 more: 12 at 3-0. */
const SEVEN: Fact = ['3-0', 'POINTS_EARNED', 7]

async function plantSnapshot(
  points: number,
  lastEventId: string,
  more: Readonly<Record<string, string>> = {},
  admin: Redis = box.admin,
): Promise<void> {
  await admin.hset(SNAPSHOT, {
    state: `{"points":${points}}`,
    lastEventId,
    createdAt: '2026-03-01T10:00:00.000Z',
    reducerVersion: '1',
    ...more,
  })
}

/** The snapshot in Redis, with the state as a string: '{"points":5} at 2-0'. */
async function stored(): Promise<string> {
  const { state = 'no state', lastEventId = 'no event' } = await box.admin.hgetall(SNAPSHOT)
  return `${state.replace(/\s/g, '')} at ${lastEventId}`
}

/** Another 7 points, with the eventId that the entry 1-0 has already. */
const SECOND_OF_E_1 = Object.entries({
  eventId: 'e-1-0',
  eventType: 'POINTS_EARNED',
  timestamp: '2026-03-01T09:00:00.000Z',
  payload: '{"points":7}',
}).flat()
const EVERY_ENTRY =
  'Each entry of the stream is an event, so all of them count. If a replay leaves some out, its result depends on where it started, because a replay from a snapshot knows nothing about the entries before it.'

/** For a second call with 12 points if the first, with other events, saw one. */
const KEEP_NOTHING =
  'The stream was restored from a backup between two calls, and the second call mixed the old history with the new one. Keep nothing in memory between calls: read the events (or a sound snapshot) in each call.'

const FIVE_AT_2 = '{"points":5} at 2-0'
const TWELVE_AT_3 = '{"points":12} at 3-0'

function ids(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i}-0`)
}

describe('createSnapshot', () => {
  test('keeps nothing from an earlier call', async () => {
    await plant([['1-0', 'POINTS_EARNED', 1]])
    const redis = box.connect()
    const create = () => call('createSnapshot', () => createSnapshot(redis, 'customer-1', earned(), noon))
    await create()
    if ((await stored()) !== '{"points":1} at 1-0') return // another test reports that
    await box.admin.del(STREAM, SNAPSHOT)
    await plant([...FIVE, SEVEN])
    await create()
    verifyEqual(
      await stored(),
      TWELVE_AT_3,
      'The stream was restored from a backup, and then `createSnapshot` was called a second time. The snapshot should come from the three events that are there now.',
      [[(snapshot) => /"points":(1|11|13)\b/.test(snapshot), KEEP_NOTHING]],
    )
  })

  test('passes complete events to the reducer', () =>
    givesTheReducerItsDue('createSnapshot', (reducer) =>
      createSnapshot(box.redis, 'customer-1', reducer, noon),
    ))

  test('writes the four fields', async () => {
    await plant([...FIVE, SEVEN])
    const written = await call('createSnapshot', () =>
      createSnapshot(box.redis, 'customer-1', earned(), noon),
    )
    const { state, createdAt, reducerVersion } = await box.admin.hgetall(SNAPSHOT)
    verify(
      state !== undefined,
      'After `createSnapshot` for `customer-1`, the hash `snapshot:customer-1` should have a field `state`, but it has none.',
    )
    verifyEqual(
      await stored(),
      TWELVE_AT_3,
      'The customer earned 2, 3, and 7 points, the last of them with the event `3-0`. The snapshot should contain the state as JSON in `state`, and the ID of the last event that it includes in `lastEventId`.',
    )
    verifyEqual(
      { createdAt, reducerVersion },
      { createdAt: NOON, reducerVersion: '1' },
      '`createdAt` should be the time from the `clock` that was passed in, as `toISOString()` writes it, and `reducerVersion` should be the version of the reducer.',
    )
    verifyEqual(written, true, '`createSnapshot` wrote a snapshot, so it should return `true`.')
  })

  test('counts the events of all pages', async () => {
    await plant(ids(1, 1_100).map((id) => [id, 'POINTS_EARNED', 1]))
    await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    verifyEqual(
      await stored(),
      '{"points":1100} at 1100-0',
      'There are 1,100 events with one point each. All of them belong in the snapshot, each of them once. Continue after the last event of a page until there are no more.',
    )
  })

  test('counts a page that is exactly full', async () => {
    await plant(ids(1, 500).map((id) => [id, 'POINTS_EARNED', 1]))
    await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    verifyEqual(
      await stored(),
      '{"points":500} at 500-0',
      'There are exactly 500 events with one point each. All of them belong in the snapshot, and its position is `500-0`, even if another page was read after them and was empty.',
    )
  })

  test('counts every entry, even with the eventId of another one', async () => {
    await plant(FIVE)
    await box.admin.xadd(STREAM, '3-0', ...SECOND_OF_E_1)
    await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    verifyEqual(
      await stored(),
      TWELVE_AT_3,
      `The entries \`1-0\` and \`3-0\` have the same \`eventId\`. ${EVERY_ENTRY}`,
    )
  })

  test('stores the state unchanged', async () => {
    await plant([['1-0', 'POINTS_EARNED', 2]])
    const state = { orders: [], sum: 1234567890123456, share: 0.12345678901234568 }
    await call('createSnapshot', () =>
      createSnapshot(box.redis, 'customer-1', { version: 1, apply: () => state }, noon),
    )
    verifyEqual(
      JSON.parse((await box.admin.hget(SNAPSHOT, 'state')) ?? 'null'),
      state,
      'The reducer returned a state with an empty list, a long number, and a fraction, and the snapshot contains something else. Store what `JSON.stringify(state)` returns, as it is. In Lua, `cjson` turns an empty list into an object, and shortens numbers to 14 digits.',
    )
  })

  test('counts an event that changed nothing', async () => {
    await plant([...FIVE, ['3-0', 'POINTS_EXPIRED', 4]])
    await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    verifyEqual(
      await stored(),
      '{"points":5} at 3-0',
      "The last event, `3-0`, doesn't change the state. It was still read, so `lastEventId` should be `3-0`.",
    )
  })

  test('passes on an error from reading the stream', () =>
    passesOnWrongType(
      'createSnapshot',
      STREAM,
      () => createSnapshot(box.redis, 'customer-1', earned(), noon),
      'There may be events, but it has read none of them.',
    ))

  test("writes nothing if there's no state", async () => {
    const none = await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    await plant([
      ['1-0', 'POINTS_EXPIRED', 4],
      ['2-0', 'POINTS_EXPIRED', 4],
    ])
    const nothing = await call('createSnapshot', () =>
      createSnapshot(box.redis, 'customer-1', earned(), noon),
    )
    verifyEqual(
      await box.admin.exists(SNAPSHOT),
      0,
      'There are no events, or none that lead to a state, but `createSnapshot` wrote a snapshot. A snapshot of `null` makes it look as if the customer existed.',
    )
    verifyEqual(
      [none, nothing],
      [false, false],
      "If there's no state, `createSnapshot` should write nothing and return `false`.",
    )
    const gone = await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', ENDS, noon))
    verifyEqual(
      [gone, await box.admin.exists(SNAPSHOT)],
      [false, 0],
      "The reducer returned a state for the first event and `null` for the last one, as it may if a customer was deleted. `createSnapshot` should write nothing and return `false`, because what the reducer returns is the new state, even if it's `null`.",
    )
    await plantSnapshot(5, '7-0')
    await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    verifyEqual(
      await stored(),
      '{"points":5} at 7-0',
      "There's no state to store, but `createSnapshot` changed or deleted the snapshot that was there. Write nothing in that case. The code that reads an old snapshot decides whether it can be used.",
    )
  })

  test('closes what it opens', async () => {
    await plant(FIVE)
    const redis = box.connect({ lazyConnect: false }) // so that its duplicates connect at once, as they normally do
    await redis.ping()
    for (const [what, version] of [
      ['wrote a snapshot', 2],
      ['left a newer snapshot as it is', 1],
    ] as const) {
      await call('createSnapshot', () => createSnapshot(redis, 'customer-1', earned([], version), noon))
      verify(
        (await attempt('redis.ping', () => redis.ping())).ok,
        '`createSnapshot` closed the connection that was passed in. The caller still needs it, so close only the one that you opened.',
      )
      verify(
        (await connectionsStillOpen()) === 0,
        `After \`createSnapshot\` ${what}, a connection is open that wasn't open before. If every snapshot leaves one open, Redis soon refuses new connections. Use \`finally\` to close the connection that you open.`,
      )
    }
  })

  test('leaves the events alone', async () => {
    await plant([...FIVE, SEVEN])
    await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    verifyEqual(
      (await box.admin.xrange(STREAM, '-', '+')).map(([id]) => id),
      ['1-0', '2-0', '3-0'],
      '`createSnapshot` changed the stream. A snapshot is a copy that can be thrown away. The next one is made from the events, perhaps by another reducer.',
    )
  })

  test('takes the state and the position from one read', async () => {
    await everyInterleaving({
      name: 'createSnapshot',
      prepare: (admin) => plant(FIVE, admin),
      first: (redis) => createSnapshot(redis, 'customer-1', earned(), noon),
      second: (redis) => plant([SEVEN], redis),
      verify: async ({ first, held, after }) => {
        const found = await stored()
        const when = `right after its ${code(after, 'start')}`
        const meanwhile = `An event with 7 points was stored while \`createSnapshot\` was running (${when}${held === undefined ? '' : `, before its ${code(held, 'end')}`}).`
        const lost =
          held === 'EXEC' || box.commands.some(({ name, reply }) => name === 'EXEC' && reply === null)
            ? ': `EXEC` replied `(nil)` because a watched key had changed. That means nothing was written, so check again and try again'
            : ''
        verify(
          first.ok || lost === '',
          `${meanwhile} \`createSnapshot\` threw${lost}. An event at the wrong moment isn't an error.`,
          { received: !first.ok && first.error },
        )
        await call('createSnapshot', () => (first.ok ? first.value : Promise.reject(first.error)))
        verify(
          found !== 'nostate at no event',
          `${meanwhile} Now there's no snapshot${lost}. There's a state to store, and no stored snapshot is ahead of it, so \`createSnapshot\` has to write one.`,
          { expected: words(`${FIVE_AT_2}, or ${TWELVE_AT_3}`), received: found },
        )
        verify(
          found !== '{"points":5} at 3-0',
          `${meanwhile} The snapshot now contains 5 points at \`3-0\`, but the correct number at \`3-0\` is 12. Code that continues from this snapshot reads after \`3-0\`, so the 7 points are lost for good. Take the state and the position from the same read.`,
          { expected: words(`${FIVE_AT_2}, or ${TWELVE_AT_3}`), received: found },
        )
        verify(
          found === FIVE_AT_2 || found === TWELVE_AT_3,
          `${meanwhile} The state and the position of the snapshot don't match: the position is older than the state, so code that continues from there counts the 7 points twice. Take both from the same read.`,
          { expected: words(`${FIVE_AT_2}, or ${TWELVE_AT_3}`), received: found },
        )
      },
    })
  })

  test('never leaves half a snapshot', async () => {
    const older = `${FIVE_AT_2}, made at 2026-03-01T10:00:00.000Z by reducer 1`
    const newer = `${TWELVE_AT_3}, made at ${NOON} by reducer 2`
    await everyCrash({
      name: 'createSnapshot',
      prepare: async (admin) => {
        await plant([...FIVE, SEVEN], admin)
        await plantSnapshot(5, '2-0', {}, admin)
      },
      run: (redis) => createSnapshot(redis, 'customer-1', earned([], 2), noon),
      verify: async ({ last, survived }) => {
        const { createdAt, reducerVersion } = await box.admin.hgetall(SNAPSHOT)
        const found = `${await stored()}, made at ${createdAt} by reducer ${reducerVersion}`
        verify(
          found === newer || (!survived && found === older),
          survived
            ? 'There was a snapshot with 5 points at `2-0`, made by reducer version 1, and an event with 7 points after it. `createSnapshot` with version 2 should have replaced all four fields.'
            : `The process died after ${code(last, 'the start')}. Now the snapshot is half old and half new, or it's gone. Write all four fields in one command.`,
          { expected: survived ? newer : `${older}; or ${newer}`, received: found },
        )
      },
    })
  })

  test('continues while there is no state yet', async () => {
    await plant([
      ['1-0', 'POINTS_CHECKED', 9],
      ['2-0', 'POINTS_EARNED', 5],
    ])
    await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    verifyEqual(
      await stored(),
      FIVE_AT_2,
      "The reducer returned `null` for the first event, which it doesn't know, and a state for the second one. `createSnapshot` should store that state. Only the result after the last event decides whether there's anything to store.",
    )
    await box.admin.del(STREAM, SNAPSHOT)
    await plant(ids(1, 501).map((id) => [id, 'POINTS_EARNED', 1]))
    const { apply } = earned()
    const leaves: Reducer<Points> = {
      version: 1,
      apply: (state, event) => (event.id === '500-0' ? null : apply(state, event)),
    }
    const outcome = await attempt('createSnapshot', () =>
      createSnapshot(box.redis, 'customer-1', leaves, noon),
    )
    verify(
      outcome.ok && (await stored()) === '{"points":1} at 501-0',
      'The reducer returned `null` for the event `500-0`, as it may if a customer leaves, and a state for the last one, `501-0`. `createSnapshot` should store that state. The state may be `null` at the end of a page, so only the position says where the next page begins.',
      { expected: words('{"points":1} at 501-0'), received: outcome.ok ? await stored() : outcome.error },
    )
  })
})

describe('getEntityStateWithSnapshot', () => {
  const get = (reducer: Reducer<Points> = earned()) =>
    call('getEntityStateWithSnapshot', () => getEntityStateWithSnapshot(box.redis, 'customer-1', reducer))

  test('keeps nothing from an earlier call', async () => {
    await plant([['1-0', 'POINTS_EARNED', 1]])
    const { state } = await get()
    if (state?.points !== 1) return // another test reports that
    await box.admin.del(STREAM, SNAPSHOT)
    await plant([...FIVE, SEVEN])
    verifyEqual(
      await get(),
      { state: { points: 12 }, lastEventId: '3-0' },
      'The stream was restored from a backup, and then `getEntityStateWithSnapshot` was called a second time. The state should come from the three events that are there now.',
      [[({ state }) => [1, 11, 13].includes(state?.points ?? 0), KEEP_NOTHING]],
    )
  })

  test("replays everything if there's no snapshot", async () => {
    await plant([...FIVE, SEVEN])
    verifyEqual(
      await get(),
      { state: { points: 12 }, lastEventId: '3-0' },
      "There's no snapshot. The state should come from all events, which makes 2 + 3 + 7 points, and `lastEventId` should be the ID of the last one.",
    )
  })

  test('passes complete events to the reducer', () =>
    givesTheReducerItsDue('getEntityStateWithSnapshot', (reducer) =>
      getEntityStateWithSnapshot(box.redis, 'customer-1', reducer),
    ))

  test("returns null for an entity that doesn't exist", async () => {
    verifyEqual(
      await get(),
      { state: null, lastEventId: null },
      'There are no events and no snapshot, so both the state and `lastEventId` should be `null`.',
    )
  })

  test('returns the last ID that it read, even without a state', async () => {
    await plant([['1-0', 'POINTS_EXPIRED', 4]])
    verifyEqual(
      await get(),
      { state: null, lastEventId: '1-0' },
      "There's one event, and the reducer derives no state from it. The state is `null`, but the event was read. `lastEventId` is `null` only if there are no events.",
    )
  })

  test('continues from the snapshot', async () => {
    await plant([...FIVE, SEVEN])
    await plantSnapshot(5, '2-0')
    const seen: string[] = []
    const found = await get(earned(seen))
    verify(
      !(seen.includes('2-0') && seen.length === 2),
      'The snapshot was taken at the event `2-0`, and the reducer received that event again, so its points are counted twice. `XRANGE` includes its start. `(2-0` leaves it out.',
      { expected: ['3-0'], received: seen },
    )
    verifyEqual(
      found,
      { state: { points: 12 }, lastEventId: '3-0' },
      'The snapshot contains 5 points at `2-0`, and one event with 7 points came after it. That makes 12 at `3-0`.',
    )
    verifyEqual(
      seen,
      ['3-0'],
      "There's a sound snapshot at `2-0`, so the reducer should receive only the events after it.",
    )
  })

  test('starts from the state of the snapshot', async () => {
    await plant([...FIVE, SEVEN])
    await plantSnapshot(100, '3-0')
    verifyEqual(
      await get(),
      { state: { points: 100 }, lastEventId: '3-0' },
      'The snapshot is at the last event, so `getEntityStateWithSnapshot` should return its state and its `lastEventId`. (Here it contains 100 points, to show where the answer comes from.)',
    )
  })

  test('fetches no events from before the snapshot', async () => {
    await plant([...FIVE, SEVEN, ['4-0', 'POINTS_EARNED', 1]])
    await plantSnapshot(12, '3-0')
    await get()
    const fetched = JSON.stringify(box.commands.map(({ reply }) => reply ?? null))
    verify(
      !fetched.includes('e-1-0') && !fetched.includes('e-2-0'),
      "The snapshot is at `3-0`, but the events before it were fetched anyway. With 10,000 events, that's exactly the work that the snapshot should save.",
    )
  })

  test('reads page by page', async () => {
    await plant(ids(1, 1_100).map((id) => [id, 'POINTS_EARNED', 1]))
    for (const start of ["and there's no snapshot", 'and a snapshot at event 2']) {
      if (start.includes('event 2')) await plantSnapshot(2, '2-0')
      verifyEqual(
        await get(),
        { state: { points: 1_100 }, lastEventId: '1100-0' },
        `There are 1,100 events with one point each, ${start}. All of them count, each of them once. Continue after the last event of a page until there are no more.`,
      )
      verify(
        largestReply(box.commands) <= 501,
        'One command fetched more than 501 entries. Read in pages (`COUNT 500`), because the stream will grow, and all other clients wait while Redis builds a long reply.',
        { received: largestReply(box.commands) },
      )
    }
  })

  test('counts every entry, even with the eventId of another one', async () => {
    await plant(FIVE)
    await box.admin.xadd(STREAM, '3-0', ...SECOND_OF_E_1)
    verifyEqual(
      await get(),
      { state: { points: 12 }, lastEventId: '3-0' },
      `The entries \`1-0\` and \`3-0\` have the same \`eventId\`. ${EVERY_ENTRY}`,
    )
  })

  test('passes on an error from reading the stream', () =>
    passesOnWrongType(
      'getEntityStateWithSnapshot',
      STREAM,
      () => getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
      "Otherwise, a customer whose events can't be read looks like one who doesn't exist.",
    ))

  test('passes on an error from the reducer', async () => {
    await plant(FIVE)
    const failure = new RangeError('no such points')
    const failing: Reducer<Points> = {
      version: 1,
      apply: () => {
        throw failure
      },
    }
    const outcome = await attempt('getEntityStateWithSnapshot', () =>
      getEntityStateWithSnapshot(box.redis, 'customer-1', failing),
    )
    verify(
      !outcome.ok && outcome.error === failure,
      "The reducer threw, and `getEntityStateWithSnapshot` didn't reject with that error. Ignore only what's wrong with a snapshot. If you swallow other errors, a customer with points looks like one who doesn't exist.",
      { received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('only reads', async () => {
    await plant([...FIVE, SEVEN])
    await plantSnapshot(5, '2-0')
    await get()
    verifyEqual(
      [(await box.admin.keys('*')).filter((key) => key.includes('customer')).sort(), await stored()],
      [[SNAPSHOT, STREAM], FIVE_AT_2],
      '`getEntityStateWithSnapshot` changed something in Redis, but it should only read. Writing a snapshot is up to `createSnapshot`.',
    )
    await box.admin.del(SNAPSHOT)
    await get()
    verifyEqual(
      await box.admin.exists(SNAPSHOT),
      0,
      "There was no snapshot, and `getEntityStateWithSnapshot` wrote one. It should only read, because a query shouldn't wait for a write. Writing a snapshot is up to `createSnapshot`.",
    )
  })

  test('reads a snapshot in one piece', async () => {
    await everyInterleaving({
      name: 'getEntityStateWithSnapshot',
      prepare: async (admin) => {
        await plant([...FIVE, SEVEN], admin)
        await plantSnapshot(5, '2-0', {}, admin)
      },
      first: (redis) => getEntityStateWithSnapshot(redis, 'customer-1', earned()),
      second: (redis) => plantSnapshot(12, '3-0', {}, redis),
      verify: async ({ first, after, held }) => {
        const { state, lastEventId } = await call('getEntityStateWithSnapshot', () =>
          first.ok ? first.value : Promise.reject(first.error),
        )
        verifyEqual(
          `${JSON.stringify(state)} at ${lastEventId}`,
          TWELVE_AT_3,
          `A newer snapshot was written between the ${code(after, 'start')} and the ${code(held, 'end')}, and the result combines the state of one with the position of the other. Fetch all fields of the snapshot with one command, \`HGETALL\` or \`HMGET\`.`,
        )
      },
    })
  })

  test('returns a state and a position that belong together', async () => {
    await everyInterleaving({
      name: 'getEntityStateWithSnapshot',
      prepare: async (admin) => {
        await plant(FIVE, admin)
        await plantSnapshot(2, '1-0', {}, admin)
      },
      first: (redis) => getEntityStateWithSnapshot(redis, 'customer-1', earned()),
      second: (redis) => plant([SEVEN], redis),
      verify: async ({ first }) => {
        const { state, lastEventId } = await call('getEntityStateWithSnapshot', () =>
          first.ok ? first.value : Promise.reject(first.error),
        )
        const found = `${JSON.stringify(state)} at ${lastEventId}`
        verify(
          found === FIVE_AT_2 || found === TWELVE_AT_3,
          "An event was stored while `getEntityStateWithSnapshot` was running, and the `lastEventId` that it returned doesn't match the state. Take both from the same read.",
          { expected: words(`${FIVE_AT_2}, or ${TWELVE_AT_3}`), received: found },
        )
      },
    })
  })

  test('passes on an error from any command', () =>
    passesOnErrors({
      name: 'getEntityStateWithSnapshot',
      async prepare() {
        await plant([...FIVE, SEVEN])
        await plantSnapshot(5, '2-0')
      },
      run: (redis) => getEntityStateWithSnapshot(redis, 'customer-1', earned()),
      works: ({ state, lastEventId }) => state?.points === 12 && lastEventId === '3-0',
      why: "A stream that can't be read isn't a stream without events. If a snapshot can't be read, you may also replay everything.",
    }))

  test('passes on an error from the second page', () =>
    passesOnErrors({
      name: 'getEntityStateWithSnapshot',
      prepare: () => plant(ids(1, 501).map((id) => [id, 'POINTS_EARNED', 1])),
      run: (redis) => getEntityStateWithSnapshot(redis, 'customer-1', earned()),
      works: ({ state }) => state?.points === 501,
      why: 'A state computed from the first page alone looks complete, but all later events are missing.',
    }))
})

describe('never backwards', () => {
  /** A call that loses a race must not throw. */
  async function bothSucceed(...outcomes: readonly Outcome<boolean>[]): Promise<void> {
    const refused = box.commands.some(({ name, reply }) => name === 'EXEC' && reply === null)
    for (const outcome of outcomes) {
      verify(
        outcome.ok || !refused,
        'Two calls to `createSnapshot` ran at the same time, `EXEC` replied `(nil)` to one of them because a watched key had changed, and that call threw. It should check again: either its snapshot is still the better one, or it returns `false`.',
        { received: !outcome.ok && outcome.error },
      )
      await call('createSnapshot', () => (outcome.ok ? outcome.value : Promise.reject(outcome.error)))
    }
  }

  function holdsAgainstTheFaster(mine: string, theirs: string, why = ''): void {
    test(`keeps a newer snapshot by another process, ${mine} after ${theirs}`, async () => {
      await everyInterleaving({
        name: 'createSnapshot',
        prepare: (admin) => plant([[mine, 'POINTS_EARNED', 5]], admin),
        first: (redis) => createSnapshot(redis, 'customer-1', earned(), noon),
        second: async (redis) => {
          await plant([[theirs, 'POINTS_EARNED', 7]], redis)
          return createSnapshot(redis, 'customer-1', earned(), noon)
        },
        verify: async ({ first, second, after }) => {
          await bothSucceed(first, second)
          verifyEqual(
            await stored(),
            `{"points":12} at ${theirs}`,
            `A slow process overwrote a newer snapshot with an older one. After its ${code(after, 'start')}, an event was stored, and another process wrote a snapshot at \`${theirs}\`. Then the slow process wrote its own, at \`${mine}\`. Compare the positions and write in one step.${why}`,
          )
        },
      })
    })
  }

  test('replaces the snapshot of an older reducer', async () => {
    await plant([...FIVE, ['3-0', 'POINTS_EXPIRED', 4]])
    await plantSnapshot(5, '3-0')
    const written = await call('createSnapshot', () =>
      createSnapshot(box.redis, 'customer-1', earnedLessExpired(), noon),
    )
    verifyEqual(
      [await stored(), await box.admin.hget(SNAPSHOT, 'reducerVersion'), written],
      ['{"points":1} at 3-0', '2', true],
      'The stored snapshot is from reducer version 1, and this program has version 2. It should replay all events with its own reducer, replace the snapshot, and return `true`.',
    )
  })

  holdsAgainstTheFaster('2-0', '3-0')

  const IN_ORDER: readonly (readonly [older: string, later: string, why: string])[] = [
    ['9-0', '10-0', "As strings, `10-0` is less than `9-0`. As positions, it's later."],
    [
      '1772359200000-2',
      '1772359200000-10',
      'Within a millisecond, the number after the dash decides, and 10 is more than 2.',
    ],
    ['9-99', '10-1', 'The number before the dash decides first, so `10-1` is later than `9-99`.'],
  ]
  for (const [older, later, why] of IN_ORDER) {
    test(`knows that ${later} is later than ${older}`, async () => {
      await plant([
        [older, 'POINTS_EARNED', 5],
        [later, 'POINTS_EARNED', 7],
      ])
      await plantSnapshot(5, older)
      await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
      verifyEqual(
        await stored(),
        `{"points":12} at ${later}`,
        `The stored snapshot was at \`${older}\`. The new one is at \`${later}\` and should have replaced it. ${why}`,
      )
    })
  }
  for (const [older, later, why] of IN_ORDER) holdsAgainstTheFaster(older, later, ` ${why}`)
  holdsAgainstTheFaster(
    '9-9007199254740991',
    '10-0',
    ' The number before the dash decides first, however large the number after it is. If you combine both into one number, no factor is large enough.',
  )

  test('keeps a newer snapshot when both share one connection', async () => {
    let watched = false
    await everyInterleaving({
      name: 'createSnapshot',
      sameConnection: true,
      prepare: (admin) => plant(FIVE, admin),
      first: (redis) => createSnapshot(redis, 'customer-1', earned(), noon),
      second: async (redis) => {
        await plant([SEVEN])
        return createSnapshot(redis, 'customer-1', earned(), noon)
      },
      verify: async ({ first, second, after }) => {
        await bothSucceed(first, second)
        watched ||= box.commands.some(({ name }) => name === 'WATCH')
        verifyEqual(
          await stored(),
          TWELVE_AT_3,
          `Two parts of a program share one connection, and an older snapshot replaced a newer one, which was written after the first call's ${code(after, 'start')}. ${
            watched
              ? "A `WATCH` belongs to a connection, so the first `EXEC` also ended the other call's `WATCH`. Watch on a `redis.duplicate()`, or use a script."
              : 'Compare the positions and write in one step.'
          }`,
        )
      },
    })
  })

  test('tries again as often as it takes', async () => {
    await plant(FIVE)
    const rival = withRival(box.connect(), NOON, () => plantSnapshot(2, '1-0'))
    const outcome = await attempt('createSnapshot', () =>
      createSnapshot(rival.redis, 'customer-1', earned(), noon),
    )
    verify(
      outcome.ok && outcome.value === true && (await stored()) === FIVE_AT_2,
      `Another process changed the key ${rival.times() === 1 ? 'once,' : `${rival.times()} times, each time`} just before \`createSnapshot\` wrote, and \`createSnapshot\` gave up. No stored snapshot was ever ahead of the new one, so keep trying until the new one is written.`,
      { expected: true, received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('prefers the newer reducer, even at an older position', async () => {
    await everyInterleaving({
      name: 'createSnapshot',
      prepare: (admin) => plant(FIVE, admin),
      first: (redis) => createSnapshot(redis, 'customer-1', earnedLessExpired(), noon),
      second: async (redis) => {
        await plant([SEVEN], redis)
        return createSnapshot(redis, 'customer-1', earned(), noon)
      },
      verify: async ({ first, second, after }) => {
        await bothSucceed(first, second)
        verifyEqual(
          await box.admin.hget(SNAPSHOT, 'reducerVersion'),
          '2',
          `A program with reducer version 2 took a snapshot at \`2-0\`. After its ${code(after, 'start')}, a program with version 1 took another one at \`3-0\`. The snapshot of version 2 should stay, because a reader with version 2 can't use the other one. Compare positions only if the versions are equal.`,
        )
      },
    })
  })

  test('never goes back to an older reducer', async () => {
    await plant([...FIVE, SEVEN])
    await plantSnapshot(4, '2-0', { reducerVersion: '10' })
    const written = await call('createSnapshot', () =>
      createSnapshot(box.redis, 'customer-1', earned([], 9), noon),
    )
    verifyEqual(
      [await stored(), await box.admin.hget(SNAPSHOT, 'reducerVersion'), written],
      ['{"points":4} at 2-0', '10', false],
      "There was a snapshot made by reducer version 10, and a program that still has version 9 wanted to write one. During a deployment, both programs are running, and each would keep overwriting the other one's snapshot. So the higher version stays (10 is more than 9), and `createSnapshot` returns `false`.",
    )
    for (const lastEventId of ['99-0', 'yesterday']) {
      await plantSnapshot(4, lastEventId, { reducerVersion: '10' })
      const overwritten = await call('createSnapshot', () =>
        createSnapshot(box.redis, 'customer-1', earned([], 9), noon),
      )
      verifyEqual(
        [await stored(), overwritten],
        [`{"points":4} at ${lastEventId}`, false],
        `There was a snapshot made by reducer version 10, whose \`lastEventId\`, \`${lastEventId}\`, isn't in the stream. A program with version 9 overwrote it, or returned \`true\`. If the stored version is higher, \`createSnapshot\` leaves the snapshot as it is, whatever its other fields contain: they're up to the newer program.`,
      )
    }
  })

  test('replaces a snapshot that is ahead of the stream', async () => {
    await plant(FIVE)
    await plantSnapshot(99, '99-0')
    await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    verifyEqual(
      await stored(),
      FIVE_AT_2,
      "According to the stored snapshot, it was taken at `99-0`, but the stream has no such event (it may have been restored from a backup). That snapshot isn't ahead. It's wrong, so `createSnapshot` should replace it.",
    )
  })

  for (const [what, snapshot] of [
    ["its event isn't in the stream", { lastEventId: '2-5' }],
    ["its `reducerVersion` isn't a number", { lastEventId: '3-0', reducerVersion: 'one' }],
  ] as const) {
    test(`replaces a later snapshot if ${what}`, async () => {
      await everyInterleaving({
        name: 'createSnapshot',
        prepare: (admin) => plant(FIVE, admin),
        first: (redis) => createSnapshot(redis, 'customer-1', earned(), noon),
        second: async (redis) => {
          await plant([SEVEN], redis)
          await plantSnapshot(99, snapshot.lastEventId, snapshot, redis)
        },
        verify: async ({ first, after, held }) => {
          if (held === undefined) return // the other snapshot came last
          await call('createSnapshot', () => (first.ok ? first.value : Promise.reject(first.error)))
          const found = await stored()
          verify(
            found !== `{"points":99} at ${snapshot.lastEventId}`,
            `After the ${code(after, 'start')} of \`createSnapshot\`, the event \`3-0\` was stored, and so was a snapshot at \`${snapshot.lastEventId}\`. That snapshot is later, but ${what}, so \`createSnapshot\` should replace it. Leave a later snapshot only if its version equals yours and exactly its event is in the stream.`,
            { expected: words(`${FIVE_AT_2}, or ${TWELVE_AT_3}`), received: found },
          )
        },
      })
    })
  }

  test.skipIf(lacks('own-server'))('passes on any error from Redis', async () => {
    await passesOnRefusedWrite({
      name: 'createSnapshot',
      prepare: (admin) => plant(FIVE, admin),
      run: (redis) => createSnapshot(redis, 'customer-1', earned(), noon),
      why: '`true` means that the snapshot was written, and `false` means that a better one is there.',
    })
    const server = await box.startServer()
    await plant(FIVE, server.admin)
    await everyInterleaving({
      name: 'createSnapshot',
      prepare: async () => {
        await server.admin.acl('SETUSER', 'default', '+hset')
        await server.admin.del(SNAPSHOT)
      },
      first: () => createSnapshot(server.connect(), 'customer-1', earned(), noon),
      // A transaction whose commands are queued already gets this error from EXEC, in the reply of HSET.
      second: () => server.admin.acl('SETUSER', 'default', '-hset'),
      verify: async ({ first, held }) => {
        verify(
          !first.ok || (await server.admin.exists(SNAPSHOT)) === 1,
          `Redis refused \`HSET\` (\`NOPERM\`)${held === 'EXEC' ? ' inside the transaction' : ''}, so there's no snapshot, but \`createSnapshot\` resolved. Let every error from the write reach the caller.${held === 'EXEC' ? ' `EXEC` itself succeeds, and the error is in one of its replies, which ioredis returns as pairs of an error and a result.' : ''}`,
          { received: first.ok && first.value },
        )
      },
    })
  })

  test('replaces a string in place of the snapshot', async () => {
    await plant(FIVE)
    await box.admin.set(SNAPSHOT, 'not a hash')
    const outcome = await attempt('createSnapshot', () =>
      createSnapshot(box.redis, 'customer-1', earned(), noon),
    )
    verify(
      outcome.ok && (await box.admin.type(SNAPSHOT)) === 'hash' && (await stored()) === FIVE_AT_2,
      'The key `snapshot:customer-1` held a string instead of a hash. `createSnapshot` should replace it, or every later snapshot fails. `HSET` rejects a key of another type, so delete the key in the same step as the write.',
      { expected: FIVE_AT_2, received: outcome.ok ? await box.admin.type(SNAPSHOT) : outcome.error },
    )
    await everyInterleaving({
      name: 'createSnapshot',
      async prepare(admin) {
        await plant(FIVE, admin)
        await admin.set(SNAPSHOT, 'not a hash')
      },
      first: (redis) => createSnapshot(redis, 'customer-1', earned(), noon),
      second: async (redis) => {
        await plant([SEVEN], redis)
        return createSnapshot(redis, 'customer-1', earned(), noon)
      },
      verify: async ({ first, second, after }) => {
        await bothSucceed(first, second)
        verifyEqual(
          await stored(),
          TWELVE_AT_3,
          `The key held a string, and two processes replaced it. After the first one's ${code(after, 'start')}, the second one wrote a snapshot at \`3-0\`, and then the first one deleted or overwrote that. Delete the key in the same step as the write.`,
        )
      },
    })
  })

  test('replaces a damaged snapshot', async () => {
    const damages: readonly Readonly<Record<string, string | null>>[] = [
      { state: '{"poi' },
      { lastEventId: 'yesterday' },
      { reducerVersion: 'one' },
      { reducerVersion: '9x' },
      { lastEventId: '99999999999999999999-0' },
      { lastEventId: null },
      { reducerVersion: null },
    ]
    for (const damage of damages) {
      await box.admin.del(STREAM, SNAPSHOT)
      await plant(FIVE)
      await plantSnapshot(4, '2-0')
      for (const [field, text] of Object.entries(damage)) {
        await (text === null ? box.admin.hdel(SNAPSHOT, field) : box.admin.hset(SNAPSHOT, field, text))
      }
      const outcome = await attempt('createSnapshot', () =>
        createSnapshot(box.redis, 'customer-1', earned(), noon),
      )
      verify(
        outcome.ok && (await stored()) === FIVE_AT_2,
        `There was a damaged snapshot (${JSON.stringify(damage)}; \`null\` means that the field is missing). \`createSnapshot\` should replace it with a sound one. Otherwise, it stays damaged forever.`,
        { expected: FIVE_AT_2, received: outcome.ok ? await stored() : outcome.error },
      )
    }
  })

  test('passes on an error from any command', async () => {
    let left = 0
    await passesOnErrors({
      name: 'createSnapshot',
      async prepare() {
        await plant([...FIVE, SEVEN])
        await plantSnapshot(5, '2-0')
      },
      async run(redis) {
        try {
          return await createSnapshot(redis, 'customer-1', earned(), noon)
        } catch (error) {
          left = Math.max(left, await connectionsStillOpen())
          throw error
        }
      },
      works: async (written) => written && (await stored()) === TWELVE_AT_3,
      why: "`true` means that the snapshot was written, and `false` means that a better one is there, or that there's nothing to write.",
    })
    verify(
      left === 0,
      'Redis refused a command, and `createSnapshot` rejected but left its own connection open. Close it in a `finally`, which runs even after an error.',
      { expected: words('no more connections than before'), received: words(`${left} more`) },
    )
  })

  test('keeps the snapshot of a newer reducer by another process', async () => {
    await everyInterleaving({
      name: 'createSnapshot',
      prepare: (admin) => plant(FIVE, admin),
      first: (redis) => createSnapshot(redis, 'customer-1', earned(), noon),
      second: (redis) => plantSnapshot(4, '2-0', { reducerVersion: '2' }, redis),
      verify: async ({ first, after }) => {
        await bothSucceed(first)
        const watched = box.commands.some(({ name }) => name === 'WATCH')
        verifyEqual(
          await box.admin.hget(SNAPSHOT, 'reducerVersion'),
          '2',
          `A program with reducer version 1 took a snapshot. After its ${code(after, 'start')}, a program with version 2 wrote one at the same event, and then the first program's snapshot replaced it. Compare the versions and write in one step.${watched ? " With `WATCH`, watch the snapshot's key: the stream doesn't change when another process writes a snapshot." : ''}`,
        )
      },
    })
  })

  test('replaces a snapshot at the same event', async () => {
    await plant(FIVE)
    await plantSnapshot(5, '2-0')
    const written = await call('createSnapshot', () =>
      createSnapshot(box.redis, 'customer-1', earned(), noon),
    )
    verifyEqual(
      [await box.admin.hget(SNAPSHOT, 'createdAt'), written],
      [NOON, true],
      'There was a snapshot at `2-0`, which is the last event, and nothing about it looked wrong. `createSnapshot` should overwrite it and return `true`, because a damaged state may look like a sound one.',
    )
  })
})

describe('only a copy', () => {
  async function replaysAll(what: string): Promise<void> {
    const outcome = await attempt('getEntityStateWithSnapshot', () =>
      getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
    )
    const { error } = { error: undefined, ...outcome }
    if (String(error).includes('Not written yet')) {
      await call('getEntityStateWithSnapshot', () => Promise.reject(error))
    }
    verifyEqual(
      outcome.ok ? outcome.value : error,
      { state: { points: 12 }, lastEventId: '3-0' },
      `${what} A snapshot is only a copy: if anything is wrong with it, ignore it and replay all events. They're still there, and a full replay returns the right state, just more slowly.`,
    )
  }

  test('ignores the snapshot of another reducer', async () => {
    await plant([...FIVE, SEVEN, ['4-0', 'POINTS_EXPIRED', 4]])
    await plantSnapshot(12, '4-0')
    verifyEqual(
      await call('getEntityStateWithSnapshot', () =>
        getEntityStateWithSnapshot(box.redis, 'customer-1', earnedLessExpired()),
      ),
      { state: { points: 8 }, lastEventId: '4-0' },
      "The snapshot was taken by version 1 of the reducer, which didn't know that points expire. Version 2 does, so it can't continue from that snapshot: replay all events.",
    )
    await plantSnapshot(8, '4-0', { reducerVersion: '2' })
    verifyEqual(
      await call('getEntityStateWithSnapshot', () =>
        getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
      ),
      { state: { points: 12 }, lastEventId: '4-0' },
      "The snapshot was taken by version 2 of the reducer, and this program still has version 1. It can't interpret a newer state, so it has to replay all events.",
    )
  })

  test('survives a string in place of the snapshot', async () => {
    await plant([...FIVE, SEVEN])
    await box.admin.set(SNAPSHOT, 'not a hash')
    await replaysAll('The key `snapshot:customer-1` holds a string instead of a hash.')
  })

  const DAMAGES: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['its `state` is cut off', { state: '{"poi' }],
    ['its `state` is empty', { state: '' }],
    ['its `state` is `null`', { state: 'null' }],
    ["its `state` is a number, which isn't an object", { state: '5' }],
    ["its `state` is a string, which isn't an object", { state: '"five"' }],
    ["its `lastEventId` isn't an ID", { lastEventId: 'yesterday' }],
    ['its `lastEventId` is empty', { lastEventId: '' }],
    ['its `lastEventId` has a number of more than 64 bits', { lastEventId: '99999999999999999999-0' }],
    ['its `lastEventId` has no dash', { state: '{"points":100}', lastEventId: '2' }],
    ['its `lastEventId` has a letter before it', { state: '{"points":100}', lastEventId: 'x2-0' }],
    ["its `reducerVersion` isn't a number", { reducerVersion: 'one' }],
    [
      "its `reducerVersion` isn't a number, but begins with one",
      { state: '{"points":100}', reducerVersion: '1x' },
    ],
  ]
  for (const [what, damage] of DAMAGES) {
    test(`survives a snapshot when ${what}`, () =>
      survives(what, () => plantSnapshot(5, '2-0', damage), 'damaged'))
  }
  for (const field of ['state', 'lastEventId', 'reducerVersion']) {
    test(`survives a snapshot without ${field}`, () =>
      survives(`it has no \`${field}\``, async () => {
        await plantSnapshot(5, '2-0')
        await box.admin.hdel(SNAPSHOT, field)
      }))
  }

  async function survives(what: string, damage: () => Promise<void>, kind = 'incomplete'): Promise<void> {
    await plant([...FIVE, SEVEN])
    await damage()
    const before = await box.admin.hgetall(SNAPSHOT)
    await replaysAll(`The snapshot is ${kind} (${what}).`)
    verifyEqual(
      await box.admin.hgetall(SNAPSHOT),
      before,
      `The snapshot is ${kind} (${what}), and \`getEntityStateWithSnapshot\` deleted or repaired it. It should only read: it may not have permission to write, or another process may have just replaced that snapshot. Repairs are up to \`createSnapshot\`.`,
    )
  }

  for (const state of ['{}', '{"points":0}']) {
    test(`accepts the state ${state}`, async () => {
      await plant([...FIVE, SEVEN])
      await plantSnapshot(0, '3-0', { state })
      const found = await call('getEntityStateWithSnapshot', () =>
        getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
      )
      verifyEqual(
        found,
        { state: JSON.parse(state), lastEventId: '3-0' },
        `The snapshot's state is \`${state}\`. That's an object, so the snapshot is sound. What's inside the object is up to the reducer, and 0 points is a state too.`,
      )
    })
  }

  test('accepts an ID with long numbers', async () => {
    const long = '9007199254740993-18446744073709551615' // more than 2^53, and the largest number of 64 bits
    await plant([...FIVE, [long, 'POINTS_EARNED', 7], ['9007199254740994-0', 'POINTS_EARNED', 1]])
    await plantSnapshot(100, long)
    verifyEqual(
      await call('getEntityStateWithSnapshot', () =>
        getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
      ),
      { state: { points: 101 }, lastEventId: '9007199254740994-0' },
      `The snapshot was taken at the event \`${long}\`, which is in the stream, so it's sound. Each number in an ID has up to 64 bits, which is more than a JavaScript number can represent exactly. Leave the ID as a string, or use \`BigInt\`.`,
    )
  })

  test('accepts a damaged createdAt', async () => {
    await plant([...FIVE, SEVEN])
    await plantSnapshot(100, '3-0', { createdAt: 'noon' })
    const { state } = await call('getEntityStateWithSnapshot', () =>
      getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
    )
    verifyEqual(
      state,
      { points: 100 },
      "`createdAt` is for people. It doesn't affect whether the snapshot is sound.",
    )
    await box.admin.hdel(SNAPSHOT, 'createdAt')
    const without = await call('getEntityStateWithSnapshot', () =>
      getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
    )
    verifyEqual(
      without.state,
      { points: 100 },
      "The snapshot has no `createdAt`, and it wasn't used. That field is for people, so a snapshot without it is sound, too.",
    )
  })

  test("ignores a snapshot whose event isn't in the stream", async () => {
    await plantSnapshot(5, '2-0')
    verifyEqual(
      await call('getEntityStateWithSnapshot', () =>
        getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
      ),
      { state: null, lastEventId: null },
      "The stream of this customer is gone, and the snapshot was left behind. `getEntityStateWithSnapshot` restored the customer from a copy. The stream is the source of truth, so ignore a snapshot whose event isn't in it.",
    )
    await plant(FIVE)
    await plantSnapshot(99, '99-0')
    verifyEqual(
      await call('getEntityStateWithSnapshot', () =>
        getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
      ),
      { state: { points: 5 }, lastEventId: '2-0' },
      'According to the snapshot, it was taken at `99-0`, but the stream ends at `2-0`. It belongs to another history, so the state should come from the events.',
    )
    await plantSnapshot(99, '1-5')
    verifyEqual(
      await call('getEntityStateWithSnapshot', () =>
        getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
      ),
      { state: { points: 5 }, lastEventId: '2-0' },
      'According to the snapshot, it was taken at `1-5`. The stream contains `1-0` and `2-0`, but no `1-5`, so the snapshot belongs to another history. Request exactly that event, with its ID as both start and end. An event before or after it proves nothing.',
    )
  })
})
