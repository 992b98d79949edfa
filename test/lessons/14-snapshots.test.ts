/** Long, because every sentence that a learner may get to read stands here, beside what it judges. */
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  lacks,
  largestReply,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { Reducer, StoredEvent } from '#lesson/14-snapshots'
import { createSnapshot, getEntityStateWithSnapshot } from '#lesson/14-snapshots'

const box = useSandbox()

const STREAM = 'stream:entity:customer-1'
const SNAPSHOT = 'snapshot:customer-1'
const NOON = '2026-03-01T12:00:00.000Z'
const noon = () => new Date(NOON)

interface Points {
  readonly points: number
}
type Fact = readonly [id: string, eventType: string, points: number]

/** Counts what was earned and knows nothing else. `seen` holds the ids of the events that it was given. */
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

/** The next version of it, which has learnt that points expire. */
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

/** Fails if the reducer of `create` or `get` is not begun with null, or is not given whole events. */
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
    'The reducer should get the event with its id in the stream, its eventId, type and timestamp, and the payload as an object. The fields of an entry come as a flat list of names and values, in any order: pair them.',
  )
  verify(
    begun[0] === null,
    'The first event came to the reducer with a state, although nothing was before it. Begin with null: with `{}` a customer who never was looks like one who is there.',
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

/** What stands in Redis, the state as text: '{"points":5} at 2-0'. */
async function stored(): Promise<string> {
  const { state = 'no state', lastEventId = 'no event' } = await box.admin.hgetall(SNAPSHOT)
  return `${state.replace(/\s/g, '')} at ${lastEventId}`
}

const FIVE_AT_2 = '{"points":5} at 2-0'
const TWELVE_AT_3 = '{"points":12} at 3-0'

function ids(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i}-0`)
}

describe('createSnapshot', () => {
  test('remembers nothing of another call', async () => {
    await plant([['1-0', 'POINTS_EARNED', 1]])
    await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    if ((await stored()) !== '{"points":1} at 1-0') return // another test says what is wrong then
    await box.admin.del(STREAM, SNAPSHOT)
    await plant([...FIVE, SEVEN])
    await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    verifyEqual(
      await stored(),
      TWELVE_AT_3,
      'createSnapshot was called a second time, after the stream had been restored from a backup. The snapshot should be that of the three events that are there now.',
      [
        [
          (snapshot) => /"points":(1|13)\b/.test(snapshot), // the first call saw one point, the second 12
          'The stream was restored from a backup between two calls, and the second one mixed both. What an earlier call knew must not live on in the program: read the events (or a sound snapshot) in each call.',
        ],
      ],
    )
  })

  test('hands whole events to the reducer', () =>
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
      'After createSnapshot for "customer-1" the hash "snapshot:customer-1" should have a field `state`, and has none.',
    )
    verifyEqual(
      await stored(),
      TWELVE_AT_3,
      'The customer earned 2, 3 and 7 points, the last with the event 3-0. The snapshot should hold the state as JSON in `state`, and the id of the last event that is in it in `lastEventId`.',
    )
    verifyEqual(
      { createdAt, reducerVersion },
      { createdAt: '2026-03-01T12:00:00.000Z', reducerVersion: '1' },
      '`createdAt` should be the time of the clock that was handed in, as toISOString() writes it, and `reducerVersion` the version of the reducer.',
    )
    verifyEqual(written, true, 'createSnapshot wrote a snapshot, and should return true.')
  })

  test('counts the events of all pages', async () => {
    await plant(ids(1, 1_100).map((id) => [id, 'POINTS_EARNED', 1]))
    await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    verifyEqual(
      await stored(),
      '{"points":1100} at 1100-0',
      'There are 1,100 events with one point each. All of them belong in the snapshot, each of them once: go on behind the last event of a page until none is left.',
    )
  })

  test('counts an event that changed nothing', async () => {
    await plant([...FIVE, ['3-0', 'POINTS_EXPIRED', 4]])
    await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    verifyEqual(
      await stored(),
      '{"points":5} at 3-0',
      'The last event, 3-0, changes nothing in the state. It was read all the same, so `lastEventId` is 3-0.',
    )
  })

  test('keeps nothing of nobody', async () => {
    const none = await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    await plant([['1-0', 'POINTS_EXPIRED', 4]])
    const nothing = await call('createSnapshot', () =>
      createSnapshot(box.redis, 'customer-1', earned(), noon),
    )
    verifyEqual(
      await box.admin.exists(SNAPSHOT),
      0,
      'There are no events, or none that makes a state, and createSnapshot wrote a snapshot of it. A snapshot of `null` makes somebody of nobody.',
    )
    verifyEqual(
      [none, nothing],
      [false, false],
      'Where there is no state createSnapshot writes nothing, and returns false.',
    )
    await plantSnapshot(5, '7-0')
    await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    verifyEqual(
      await stored(),
      '{"points":5} at 7-0',
      'There is no state to keep, and createSnapshot changed or deleted the snapshot that stood there. "Write nothing" means that too: whether an old snapshot is of use is for its reader to judge.',
    )
  })

  test('closes what it opens', async () => {
    await plant(FIVE)
    const redis = box.connect({ lazyConnect: false }) // so that its duplicates connect at once, as they do at home
    await redis.ping()
    for (const [what, version] of [
      ['wrote a snapshot', 2],
      ['left a newer snapshot as it is', 1],
    ] as const) {
      await call('createSnapshot', () => createSnapshot(redis, 'customer-1', earned([], version), noon))
      verify(
        (await connectionsStillOpen()) === 0,
        `After createSnapshot ${what} a connection is still open that was not there before. One more with each snapshot, and Redis soon accepts no more of them: close what you open, in a \`finally\`.`,
      )
    }
    verifyEqual(
      await call('redis.ping', () => redis.ping()),
      'PONG',
      'createSnapshot closed the connection that was handed in. It belongs to the caller; close the one that you opened.',
    )
  })

  test('leaves the events alone', async () => {
    await plant([...FIVE, SEVEN])
    await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    verifyEqual(
      (await box.admin.xrange(STREAM, '-', '+')).map(([id]) => id),
      ['1-0', '2-0', '3-0'],
      'createSnapshot changed the stream. The snapshot is a copy that may be thrown away; the events are what it is made of, next month by another reducer.',
    )
  })

  test('takes state and position from one read', async () => {
    await everyInterleaving({
      name: 'createSnapshot',
      prepare: (admin) => plant(FIVE, admin),
      first: (redis) => createSnapshot(redis, 'customer-1', earned(), noon),
      second: (redis) => plant([SEVEN], redis),
      verify: async ({ first, held, after }) => {
        await call('createSnapshot', () => (first.ok ? first.value : Promise.reject(first.error)))
        const found = await stored()
        const when = after === undefined ? 'before its first command' : `right behind its ${after}`
        const meanwhile = `An event with 7 points was stored while createSnapshot was at work (${when}${held === undefined ? '' : `, before its ${held}`}).`
        const lost =
          held === 'EXEC' || box.commands.some(({ name, reply }) => name === 'EXEC' && reply === null)
            ? ': EXEC replied (nil), because a watched key had changed. That is how WATCH says that nothing was written; look again and try again'
            : ''
        verify(
          found !== 'nostate at no event',
          `${meanwhile} There is no snapshot now${lost}. There is a state to keep, and no snapshot that is ahead of it: it has to be written, nobody comes back for it.`,
          { expected: `${FIVE_AT_2}, or ${TWELVE_AT_3}`, received: found },
        )
        verify(
          found !== '{"points":5} at 3-0',
          `${meanwhile} The snapshot now says 5 points, and that event 3-0 is in it. The truth at 3-0 is 12. Whoever goes on from this snapshot reads behind 3-0: the 7 points are lost for good. State and position have to come from one and the same read.`,
          { expected: `${FIVE_AT_2}, or ${TWELVE_AT_3}`, received: found },
        )
        verify(
          found === FIVE_AT_2 || found === TWELVE_AT_3,
          `${meanwhile} State and position of the snapshot do not belong together: the position is behind the state, so whoever goes on from there counts the 7 points twice. Take both from one and the same read.`,
          { expected: `${FIVE_AT_2}, or ${TWELVE_AT_3}`, received: found },
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
            ? 'A snapshot with 5 points at 2-0 was there, of reducer version 1, and an event with 7 points behind it. createSnapshot with version 2 should have replaced all four fields.'
            : `The process died behind its ${last ?? 'start'}, and what stands there now is half of the old snapshot and half of the new one, or nothing. Write all four fields in one command.`,
          { expected: survived ? newer : `${older}; or ${newer}`, received: found },
        )
      },
    })
  })
})

describe('getEntityStateWithSnapshot', () => {
  const get = (reducer: Reducer<Points> = earned()) =>
    call('getEntityStateWithSnapshot', () => getEntityStateWithSnapshot(box.redis, 'customer-1', reducer))

  test('remembers nothing of another call', async () => {
    await plant([['1-0', 'POINTS_EARNED', 1]])
    const { state } = await get()
    if (state?.points !== 1) return // another test says what is wrong then
    await box.admin.del(STREAM, SNAPSHOT)
    await plant([...FIVE, SEVEN])
    verifyEqual(
      await get(),
      { state: { points: 12 }, lastEventId: '3-0' },
      'getEntityStateWithSnapshot was called a second time, after the stream had been restored from a backup. The answer should be that of the three events that are there now.',
      [
        [
          ({ state }) => state?.points === 1 || state?.points === 13, // the first call saw one point, the second 12
          'The stream was restored from a backup between two calls, and the second answer mixed both. What an earlier call knew must not live on in the program: ask Redis in each call.',
        ],
      ],
    )
  })

  test('hands whole events to the reducer', () =>
    givesTheReducerItsDue('getEntityStateWithSnapshot', (reducer) =>
      getEntityStateWithSnapshot(box.redis, 'customer-1', reducer),
    ))

  test('replays everything when there is no snapshot', async () => {
    await plant([...FIVE, SEVEN])
    verifyEqual(
      await get(),
      { state: { points: 12 }, lastEventId: '3-0' },
      'There is no snapshot. The state should come from all events, 2 + 3 + 7 points, and `lastEventId` is that of the last.',
    )
  })

  test('finds nobody where nobody is', async () => {
    verifyEqual(
      await get(),
      { state: null, lastEventId: null },
      'There are no events and no snapshot: both the state and the `lastEventId` should be null.',
    )
  })

  test('tells how far it has read, also where there is no state', async () => {
    await plant([['1-0', 'POINTS_EXPIRED', 4]])
    verifyEqual(
      await get(),
      { state: null, lastEventId: '1-0' },
      'There is one event, and the reducer makes no state of it. The state is null, but the event was read: `lastEventId` is null only where there are no events.',
    )
  })

  test('reads on from the snapshot', async () => {
    await plant([...FIVE, SEVEN])
    await plantSnapshot(5, '2-0')
    const seen: string[] = []
    const found = await get(earned(seen))
    verify(
      !(seen.includes('2-0') && seen.length === 2),
      'The snapshot was taken at the event 2-0, and the reducer got that event once more: its points are counted twice. XRANGE includes its start; `(2-0` leaves it out.',
      { expected: ['3-0'], received: seen },
    )
    verifyEqual(
      found,
      { state: { points: 12 }, lastEventId: '3-0' },
      'The snapshot says 5 points at 2-0, and one event with 7 points came after it. That makes 12 at 3-0.',
    )
    verifyEqual(
      seen,
      ['3-0'],
      'There is a sound snapshot at 2-0, so the reducer should be given the events behind it, and none before.',
    )
  })

  test('starts from the state of the snapshot', async () => {
    await plant([...FIVE, SEVEN])
    await plantSnapshot(100, '3-0')
    verifyEqual(
      await get(),
      { state: { points: 100 }, lastEventId: '3-0' },
      'The snapshot stands at the last event. Its state is the answer (here it holds 100 points, so that one can see where the answer comes from), and its `lastEventId` too.',
    )
  })

  test('does not fetch what is in the snapshot', async () => {
    await plant([...FIVE, SEVEN, ['4-0', 'POINTS_EARNED', 1]])
    await plantSnapshot(12, '3-0')
    await get()
    const fetched = JSON.stringify(box.commands.map(({ reply }) => reply ?? null))
    verify(
      !fetched.includes('e-1-0') && !fetched.includes('e-2-0'),
      'The snapshot stands at 3-0, and the answer fetched the events before it all the same. With 10,000 events that is what the snapshot was to save.',
    )
  })

  test('reads page by page', async () => {
    await plant(ids(1, 1_100).map((id) => [id, 'POINTS_EARNED', 1]))
    verifyEqual(
      await get(),
      { state: { points: 1_100 }, lastEventId: '1100-0' },
      'There are 1,100 events with one point each. All of them count, each of them once: go on behind the last event of a page until none is left.',
    )
    verify(
      largestReply(box.commands) <= 501,
      'One command fetched more than 501 entries. Read in pages (COUNT 500): the stream will be longer one day, and Redis serves nobody else meanwhile.',
      { received: largestReply(box.commands) },
    )
    await plantSnapshot(2, '2-0')
    verifyEqual(
      await get(),
      { state: { points: 1_100 }, lastEventId: '1100-0' },
      'The snapshot stands at event 2 of 1,100. What follows it takes three pages too.',
    )
  })

  test('lets an error of the reducer through', async () => {
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
      'The reducer threw, and getEntityStateWithSnapshot did not reject with that error. Only what is wrong with the snapshot may be passed over; with any other error swallowed, a customer with points looks like nobody.',
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
      'getEntityStateWithSnapshot changed something in Redis. It only reads; who wants a snapshot calls createSnapshot.',
    )
    await box.admin.del(SNAPSHOT)
    await get()
    verifyEqual(
      await box.admin.exists(SNAPSHOT),
      0,
      'There was no snapshot, and getEntityStateWithSnapshot wrote one. It only reads: who asks a question should not wait for a write, and who wants a snapshot calls createSnapshot.',
    )
  })

  test('takes a snapshot in one piece', async () => {
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
          `Somebody wrote a newer snapshot between the ${after ?? 'start'} and the ${held ?? 'end'}, and the answer took the state of one and the position of the other. Fetch all fields of the snapshot with one command, HGETALL or HMGET.`,
        )
      },
    })
  })

  test('gives a state and a position that belong together', async () => {
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
          'An event was stored while getEntityStateWithSnapshot was at work, and the `lastEventId` that it returned does not belong to the state. Both have to come from one read.',
          { expected: `${FIVE_AT_2}, or ${TWELVE_AT_3}`, received: found },
        )
      },
    })
  })
})

describe('never backwards', () => {
  function holdsAgainstTheFaster(mine: string, theirs: string, why = ''): void {
    test(`holds when somebody else is faster, ${mine} after ${theirs}`, async () => {
      await everyInterleaving({
        name: 'createSnapshot',
        prepare: (admin) => plant([[mine, 'POINTS_EARNED', 5]], admin),
        first: (redis) => createSnapshot(redis, 'customer-1', earned(), noon),
        second: async (redis) => {
          await plant([[theirs, 'POINTS_EARNED', 7]], redis)
          return createSnapshot(redis, 'customer-1', earned(), noon)
        },
        verify: async ({ first, second, after }) => {
          for (const outcome of [first, second])
            await call('createSnapshot', () => (outcome.ok ? outcome.value : Promise.reject(outcome.error)))
          verifyEqual(
            await stored(),
            `{"points":12} at ${theirs}`,
            `A slow process overwrote a newer snapshot with an older one: behind its ${after ?? 'start'}, an event was stored and somebody else made a snapshot at ${theirs}; then the slow one went on with its own, at ${mine}. Compare the positions and write in one step.${why}`,
          )
        },
      })
    })
  }

  holdsAgainstTheFaster('2-0', '3-0')

  const IN_ORDER: readonly (readonly [older: string, later: string, why: string])[] = [
    ['9-0', '10-0', 'As texts "10-0" is less than "9-0"; as positions it is later.'],
    ['5-2', '5-10', 'In the same millisecond the number behind the dash decides, and 10 is more than 2.'],
    ['9-7', '10-1', 'The number before the dash decides first: 10-1 is later than 9-7.'],
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
        `The stored snapshot was at ${older}, the new one is at ${later} and should have replaced it. ${why}`,
      )
    })
  }
  for (const [older, later, why] of IN_ORDER) holdsAgainstTheFaster(older, later, ` ${why}`)

  test('holds when both share one connection', async () => {
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
        for (const outcome of [first, second])
          await call('createSnapshot', () => (outcome.ok ? outcome.value : Promise.reject(outcome.error)))
        watched ||= box.commands.some(({ name }) => name === 'WATCH')
        verifyEqual(
          await stored(),
          TWELVE_AT_3,
          `Two parts of a program share one connection, and a newer snapshot was overwritten with an older one, written behind its ${after ?? 'start'}. ${
            watched
              ? 'WATCH belongs to a connection: the EXEC of one ended the watch of the other. Watch on a `redis.duplicate()` of your own, or take a script.'
              : 'Compare the positions and write in one step.'
          }`,
        )
      },
    })
  })

  test('prefers the newer reducer, wherever the older one stands', async () => {
    await everyInterleaving({
      name: 'createSnapshot',
      prepare: (admin) => plant(FIVE, admin),
      first: (redis) => createSnapshot(redis, 'customer-1', earnedLessExpired(), noon),
      second: async (redis) => {
        await plant([SEVEN], redis)
        return createSnapshot(redis, 'customer-1', earned(), noon)
      },
      verify: async ({ first, second, after }) => {
        for (const outcome of [first, second])
          await call('createSnapshot', () => (outcome.ok ? outcome.value : Promise.reject(outcome.error)))
        verifyEqual(
          await box.admin.hget(SNAPSHOT, 'reducerVersion'),
          '2',
          `A program with reducer version 2 made a snapshot at 2-0; behind its ${after ?? 'start'}, one with version 1 made another at 3-0. That of version 2 should stand there in the end: positions are compared only where the versions are equal, since no reader of version 2 uses the other, however late it is.`,
        )
      },
    })
  })

  test('does not go back to an older reducer', async () => {
    await plant([...FIVE, SEVEN])
    await plantSnapshot(4, '2-0', { reducerVersion: '10' })
    const written = await call('createSnapshot', () =>
      createSnapshot(box.redis, 'customer-1', earned([], 9), noon),
    )
    verifyEqual(
      [await stored(), await box.admin.hget(SNAPSHOT, 'reducerVersion'), written],
      ['{"points":4} at 2-0', '10', false],
      'A snapshot of reducer version 10 stood there, and a program that still has version 9 asked for one. While a deployment is under way both run, and would overwrite each other for ever: the higher version stays (10 is more than 9), and createSnapshot returns false.',
    )
  })

  test.skipIf(lacks('own-server'))('lets any error of Redis through', async () => {
    const server = await box.startServer()
    await plant(FIVE, server.admin)
    await server.admin.config('SET', 'min-replicas-to-write', 1)
    const error = await callError(
      'createSnapshot',
      () => createSnapshot(server.connect(), 'customer-1', earned(), noon),
      Error,
      'Redis refused to write because it had no replica (NOREPLICAS), but createSnapshot resolved. Let every error of its write through: true means that the snapshot is there, and false that a better one is.',
    )
    verify(
      /NOREPLICAS|EXECABORT/.test(error.message),
      'Redis refused to write because it had no replica (NOREPLICAS), and createSnapshot threw an error that hides that. Throw the error of Redis as it is: it names the cause.',
      { expected: 'the error of Redis', received: error },
    )
  })

  test('replaces the snapshot of an older reducer', async () => {
    await plant([...FIVE, ['3-0', 'POINTS_EXPIRED', 4]])
    await plantSnapshot(5, '3-0')
    const written = await call('createSnapshot', () =>
      createSnapshot(box.redis, 'customer-1', earnedLessExpired(), noon),
    )
    verifyEqual(
      [await stored(), await box.admin.hget(SNAPSHOT, 'reducerVersion'), written],
      ['{"points":1} at 3-0', '2', true],
      'The stored snapshot comes from reducer version 1, this program has version 2. It should replay all events with its own reducer, replace the snapshot, and return true.',
    )
  })

  test('replaces a snapshot that is ahead of the stream', async () => {
    await plant(FIVE)
    await plantSnapshot(99, '99-0')
    await call('createSnapshot', () => createSnapshot(box.redis, 'customer-1', earned(), noon))
    verifyEqual(
      await stored(),
      FIVE_AT_2,
      'The stored snapshot says that it was taken at 99-0, and no such event is in the stream (it was restored from a backup, say). It is not ahead, it is wrong: createSnapshot should replace it.',
    )
  })

  test('replaces a string in the place of the snapshot', async () => {
    await plant(FIVE)
    await box.admin.set(SNAPSHOT, 'not a hash')
    const outcome = await attempt('createSnapshot', () =>
      createSnapshot(box.redis, 'customer-1', earned(), noon),
    )
    verify(
      outcome.ok && (await box.admin.type(SNAPSHOT)) === 'hash' && (await stored()) === FIVE_AT_2,
      'The key `snapshot:customer-1` held a string instead of a hash, and createSnapshot should replace it, because every later snapshot would fail otherwise. HSET refuses a key of another type: delete it in the same step as the write.',
      { expected: FIVE_AT_2, received: outcome.ok ? await box.admin.type(SNAPSHOT) : outcome.error },
    )
  })

  test('replaces a damaged snapshot', async () => {
    const damages: readonly Readonly<Record<string, string | null>>[] = [
      { state: '{"poi' },
      { lastEventId: 'yesterday' },
      { reducerVersion: 'one' },
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
        `A damaged snapshot stood there (${JSON.stringify(damage)}; null: the field is missing). createSnapshot should replace it with a sound one; otherwise it stays damaged for ever.`,
        { expected: FIVE_AT_2, received: outcome.ok ? await stored() : outcome.error },
      )
    }
  })
})

describe('only a copy', () => {
  const sound = { state: { points: 12 }, lastEventId: '3-0' }

  test('does not use the snapshot of another reducer', async () => {
    await plant([...FIVE, SEVEN, ['4-0', 'POINTS_EXPIRED', 4]])
    await plantSnapshot(12, '4-0')
    verifyEqual(
      await call('getEntityStateWithSnapshot', () =>
        getEntityStateWithSnapshot(box.redis, 'customer-1', earnedLessExpired()),
      ),
      { state: { points: 8 }, lastEventId: '4-0' },
      'The snapshot was made by version 1 of the reducer, which did not know that points expire. Version 2 does; it cannot go on from there, and has to replay all events.',
    )
    await plantSnapshot(8, '4-0', { reducerVersion: '2' })
    verifyEqual(
      await call('getEntityStateWithSnapshot', () =>
        getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
      ),
      { state: { points: 12 }, lastEventId: '4-0' },
      'The snapshot was made by version 2 of the reducer, and this program still has version 1. It cannot know what a newer state means, and has to replay all events.',
    )
  })

  test('survives a string in the place of the snapshot', async () => {
    await plant([...FIVE, SEVEN])
    await box.admin.set(SNAPSHOT, 'not a hash')
    const outcome = await attempt('getEntityStateWithSnapshot', () =>
      getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
    )
    verify(
      outcome.ok || String(outcome.error).includes('Not written yet'),
      'The key `snapshot:customer-1` holds a string instead of a hash, and getEntityStateWithSnapshot threw. A snapshot is only a copy: whatever is wrong with it, replay all events.',
      { received: !outcome.ok && outcome.error },
    )
    verifyEqual(
      await call('getEntityStateWithSnapshot', () =>
        outcome.ok ? outcome.value : Promise.reject(outcome.error),
      ),
      sound,
      'The key `snapshot:customer-1` holds a string instead of a hash. The answer should come from all events.',
    )
  })

  const DAMAGES: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['its `state` is torn', { state: '{"poi' }],
    ['its `state` is empty', { state: '' }],
    ['its `state` is null', { state: 'null' }],
    ['its `state` is a number and no object', { state: '5' }],
    ['its `state` is a text and no object', { state: '"five"' }],
    ['its `lastEventId` is no id', { lastEventId: 'yesterday' }],
    ['its `lastEventId` is empty', { lastEventId: '' }],
    ['its `lastEventId` has a number of more than 64 bits', { lastEventId: '99999999999999999999-0' }],
    ['its `lastEventId` has no dash', { state: '{"points":100}', lastEventId: '2' }],
    ['its `lastEventId` has a letter before it', { state: '{"points":100}', lastEventId: 'x2-0' }],
    ['its `reducerVersion` is no number', { reducerVersion: 'one' }],
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
    const outcome = await attempt('getEntityStateWithSnapshot', () =>
      getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
    )
    verify(
      outcome.ok || String(outcome.error).includes('Not written yet'),
      `The snapshot is ${kind} (${what}), and getEntityStateWithSnapshot threw. All events are still there: a full replay gives the right answer, only slower.`,
      { received: !outcome.ok && outcome.error },
    )
    const found = await call('getEntityStateWithSnapshot', () =>
      outcome.ok ? outcome.value : Promise.reject(outcome.error),
    )
    verifyEqual(
      found,
      sound,
      `The snapshot is ${kind} (${what}). It should be left aside, and the answer come from all events.`,
    )
    verifyEqual(
      await box.admin.hgetall(SNAPSHOT),
      before,
      `The snapshot is ${kind} (${what}), and getEntityStateWithSnapshot deleted or mended it. It only reads: perhaps it may not write at all, and somebody else has just replaced what it has read. Mending is for createSnapshot.`,
    )
  }

  for (const state of ['{}', '{"points":0}']) {
    test(`believes the state ${state}`, async () => {
      await plant([...FIVE, SEVEN])
      await plantSnapshot(0, '3-0', { state })
      const found = await call('getEntityStateWithSnapshot', () =>
        getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
      )
      verifyEqual(
        found,
        { state: JSON.parse(state), lastEventId: '3-0' },
        `The snapshot's state is ${state}. That is an object, and the snapshot is sound: what an object holds is the reducer's business, and 0 points are a state too.`,
      )
    })
  }

  test('does not mind a damaged createdAt', async () => {
    await plant([...FIVE, SEVEN])
    await plantSnapshot(100, '3-0', { createdAt: 'noon' })
    const { state } = await call('getEntityStateWithSnapshot', () =>
      getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
    )
    verifyEqual(
      state,
      { points: 100 },
      '`createdAt` is for people: whether the snapshot is sound does not depend on it.',
    )
  })

  test('does not believe a snapshot whose event is not in the stream', async () => {
    await plantSnapshot(5, '2-0')
    verifyEqual(
      await call('getEntityStateWithSnapshot', () =>
        getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
      ),
      { state: null, lastEventId: null },
      'The stream of this customer is gone, and the snapshot was left behind. The answer brought somebody back from a copy: the stream is the truth, a snapshot whose event is not in it counts for nothing.',
    )
    await plant(FIVE)
    await plantSnapshot(99, '99-0')
    verifyEqual(
      await call('getEntityStateWithSnapshot', () =>
        getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
      ),
      { state: { points: 5 }, lastEventId: '2-0' },
      'The snapshot says that it was taken at 99-0, and the stream ends at 2-0. Such a snapshot is of another history; the answer should come from the events.',
    )
    await plantSnapshot(99, '1-5')
    verifyEqual(
      await call('getEntityStateWithSnapshot', () =>
        getEntityStateWithSnapshot(box.redis, 'customer-1', earned()),
      ),
      { state: { points: 5 }, lastEventId: '2-0' },
      'The snapshot says that it was taken at 1-5. The stream holds 1-0 and 2-0, but no 1-5: such a snapshot is of another history too. Ask for that one event, from its id to its id; an event before or behind it proves nothing.',
    )
  })
})
