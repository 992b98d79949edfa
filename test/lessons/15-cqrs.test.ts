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
  isRestless,
  lacks,
  largestReply,
  sharedWatch,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { GetUserQuery, Receipt, UserView } from '#lesson/15-cqrs'
import {
  EmailTakenError,
  handleGetUserQuery,
  handleRegisterUserCommand,
  InvalidCommandError,
  NotYetError,
  updateProjections,
} from '#lesson/15-cqrs'

const box = useSandbox()

const ONE_STEP = ' To look and to write have to be one step for Redis.'

const EVENTS = 'stream:users'
const POSITION = 'projection:users:position'
const NOON = '2026-03-01T12:00:00.000Z'
const noon = () => new Date(NOON)
const ada = { name: 'Ada', email: 'ada@example.com' }

const register = (command = ada, redis: Redis = box.redis): Promise<Receipt> =>
  call('handleRegisterUserCommand', () => handleRegisterUserCommand(redis, command, noon))
const update = (redis: Redis = box.redis) => call('updateProjections', () => updateProjections(redis))

/** The events in the stream, fields as an object, the payload decoded. */
async function events(): Promise<Record<string, unknown>[]> {
  const entries = await box.admin.xrange(EVENTS, '-', '+')
  return entries.map(([id, flat]) => {
    const pairs: [string, unknown][] = []
    for (let i = 0; i + 1 < flat.length; i += 2)
      pairs.push([String(flat[i]), flat[i] === 'payload' ? decoded(flat[i + 1]) : flat[i + 1]])
    return { id, ...Object.fromEntries(pairs) }
  })
}

function decoded(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return text
  }
}

describe('handleRegisterUserCommand', () => {
  test('stores one event', async () => {
    const { userId, token } = await register()
    const [event, ...more] = await events()
    verify(
      event !== undefined && more.length === 0,
      'After one registration there should be one event in the stream "stream:users".',
      { expected: 1, received: event === undefined ? 0 : 1 + more.length },
    )
    const { eventType, timestamp, entityId, payload } = event
    verifyEqual(
      { eventType, timestamp, entityId, payload },
      { eventType: 'USER_REGISTERED', timestamp: NOON, entityId: userId, payload: ada },
      'The event should be USER_REGISTERED, with the time of the clock that was handed in, the user’s id as entityId, and name and e-mail as JSON in `payload`.',
    )
    const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
    verify(
      uuid.test(String(event.eventId)) && uuid.test(String(userId)),
      'The eventId and the userId should be UUIDs.',
      { received: { eventId: event.eventId, userId } },
    )
    verify(
      event.eventId !== userId,
      'The event has the id of the user. A second event of hers would have the same one, and who drops doubles by the eventId would lose it: each event gets a UUID of its own.',
      { received: userId },
    )
    verifyEqual(
      token,
      event.id,
      'The token should be the id of the event in the stream: that is how far a read model must have come to know of this user.',
    )
  })

  test('leaves the read models alone', async () => {
    await register()
    verifyEqual(
      (await box.admin.keys('projection:*')).sort(),
      [],
      'The command wrote into a read model. Then two programs write it, the command and updateProjections, and a rebuild from the events brings out something else than stands there. The command stores what happened, and nothing more.',
    )
  })

  test('cleans what people type', async () => {
    await register({ name: '  Ada Lovelace ', email: ' Ada@Example.COM ' })
    verifyEqual(
      (await events())[0]?.payload,
      { name: 'Ada Lovelace', email: 'ada@example.com' },
      'White space at the ends of the name and the e-mail address is cut off, and the address is written in small letters.',
    )
  })

  test('refuses what cannot be', async () => {
    const long = 'x'.repeat(101)
    const faults = [
      [{ ...ada, name: '' }, 'name', 'an empty name'],
      [{ ...ada, name: '   ' }, 'name', 'a name of blanks'],
      [{ ...ada, name: long }, 'name', 'a name of 101 characters'],
      [{ ...ada, email: '' }, 'email', 'an empty e-mail address'],
      [{ ...ada, email: 'ada' }, 'email', 'the address "ada"'],
      [{ ...ada, email: '@example.com' }, 'email', 'the address "@example.com"'],
      [{ ...ada, email: 'ada@' }, 'email', 'the address "ada@"'],
      [{ ...ada, email: 'a@b@c' }, 'email', 'the address "a@b@c"'],
      [{ ...ada, email: 'ada lovelace@example.com' }, 'email', 'an address with a blank in it'],
    ] as const
    for (const [command, field, what] of faults) {
      const error = await callError(
        'handleRegisterUserCommand',
        () => handleRegisterUserCommand(box.redis, command, noon),
        InvalidCommandError,
        `A command with ${what} should be refused with an InvalidCommandError. A command is a wish, and may be turned down; an event may not.`,
      )
      verifyEqual(error.field, field, `The InvalidCommandError for ${what} should name the field "${field}".`)
    }
    verifyEqual(
      await box.admin.keys('*users*'),
      [],
      'A command that was refused has left something in Redis.',
    )
  })

  test('accepts what may be', async () => {
    const oddities = [
      [{ ...ada, name: 'x'.repeat(100) }, 'A name of 100 characters is not too long'],
      [{ ...ada, name: ` ${'x'.repeat(100)} ` }, 'A name is measured when the white space is cut off'],
      [{ name: 'A', email: 'ada@localhost' }, 'An address needs something, one @, something: no dot'],
      [
        { name: 'A', email: "o'hara+news@example.com" },
        'Before the @ of an address anything may stand but white space and another @',
      ],
    ] as const
    for (const [command, rule] of oddities) {
      const outcome = await attempt('handleRegisterUserCommand', () =>
        handleRegisterUserCommand(box.redis, command, noon),
      )
      await box.admin.flushdb()
      verify(
        outcome.ok || !(outcome.error instanceof InvalidCommandError),
        `${rule}. The command was refused: somebody who did nothing wrong cannot register.`,
        { received: command },
      )
      await call('handleRegisterUserCommand', () =>
        outcome.ok ? outcome.value : Promise.reject(outcome.error),
      )
    }
  })

  test('gives one e-mail address to one user', async () => {
    await register()
    const error = await callError(
      'handleRegisterUserCommand',
      () => handleRegisterUserCommand(box.connect(), { name: 'Eve', email: 'ada@example.com' }, noon),
      EmailTakenError,
      'Ada registered, and before any read model had heard of it somebody else registered with her address. Both were accepted. A read model is always a little behind; a rule that must hold is checked where the events are written.',
    )
    verifyEqual(error.email, 'ada@example.com', 'The EmailTakenError should carry the address.')
    verifyEqual((await events()).length, 1, 'The second registration was refused; there should be one event.')
    const typed = await callError(
      'handleRegisterUserCommand',
      () => handleRegisterUserCommand(box.redis, { name: 'Eve', email: ' ADA@example.com' }, noon),
      EmailTakenError,
      '"ada@example.com" is taken, and " ADA@example.com" was accepted: it is the same address. Clean it first, then look whether it is taken.',
    )
    verifyEqual(
      typed.email,
      'ada@example.com',
      'The EmailTakenError carries the address as someone typed it, " ADA@example.com". It should carry the cleaned address, because that is the one that is taken and the one to look up.',
    )
    await register({ name: 'Eve', email: 'eve@example.com' })
  })

  test('gives it to one of two who come at once', async () => {
    await everyInterleaving({
      name: 'handleRegisterUserCommand',
      first: (redis) => handleRegisterUserCommand(redis, ada, noon),
      second: (redis) => handleRegisterUserCommand(redis, { ...ada, name: 'Eve' }, noon),
      verify: async ({ first, second, after }) => {
        const accepted = [first, second].filter(({ ok }) => ok).length
        const stored = (await events()).length
        verify(
          accepted < 2 && stored < 2,
          `Two people registered with one address at the same moment, and both got in: the second came behind the first’s ${after ?? 'start'}. To look whether the address is free and to take it have to be one step.`,
          { received: { accepted, 'events in the stream': stored } },
        )
        verifyEqual(
          [accepted, stored],
          [1, 1],
          'Two people registered with one address at the same moment. One of them should get it, with one event in the stream.',
        )
      },
    })
  })

  test('gives it to one of two who come at once on one connection', async () => {
    await everyInterleaving({
      name: 'handleRegisterUserCommand',
      sameConnection: true,
      first: (redis) => handleRegisterUserCommand(redis, ada, noon),
      second: (redis) => handleRegisterUserCommand(redis, { ...ada, name: 'Eve' }, noon),
      verify: async () => {
        const stored = (await events()).length
        verify(
          stored === 1,
          `Two parts of one program registered with one address, on the same connection, and ${stored === 0 ? 'neither' : 'both'} got in.${sharedWatch(box.commands) || ONE_STEP}`,
          { received: { 'events in the stream': stored } },
        )
      },
    })
  })

  test('takes the address and stores the event together', async () => {
    await everyCrash({
      name: 'handleRegisterUserCommand',
      run: (redis) => handleRegisterUserCommand(redis, ada, noon),
      verify: async ({ last }) => {
        const before = (await events()).length
        const again = await attempt('handleRegisterUserCommand', () =>
          handleRegisterUserCommand(box.connect(), ada, noon),
        )
        const after = (await events()).length
        verify(
          after === 1 && again.ok === (before === 0),
          before === 0
            ? `The process died behind its ${last ?? 'start'}: no event was stored, but the address is taken. Nobody will ever be able to register with it. Both have to happen in one step.`
            : `The process died behind its ${last ?? 'start'}: the event was stored, and the address not taken. The next one registered with it too. Both have to happen in one step.`,
          { received: { 'events before': before, 'events after trying again': after } },
        )
      },
    })
  })
})

/** Puts registrations into the stream, as `<n>-0`: somebody else's, so no address is taken by them. */
async function plant(from: number, to: number, admin: Redis = box.admin): Promise<void> {
  const pipeline = admin.pipeline()
  for (let n = from; n <= to; n += 1) {
    const fields = {
      payload: `{"email":"user${n}@example.com","name":"User ${n}"}`,
      entityId: `u-${n}`,
      eventType: 'USER_REGISTERED',
      eventId: `e-${n}`,
      timestamp: '2026-03-01T09:00:00.000Z',
    }
    pipeline.xadd(EVENTS, `${n}-0`, ...Object.entries(fields).flat())
  }
  await pipeline.exec()
}

const row = (n: number) => box.admin.hgetall(`projection:user:u-${n}`)
const registered = () => box.admin.hget('projection:stats', 'registered')
const rowOf = (n: number) => ({
  name: `User ${n}`,
  email: `user${n}@example.com`,
  registeredAt: '2026-03-01T09:00:00.000Z',
})

describe('updateProjections', () => {
  test('makes a row for each user', async () => {
    await plant(1, 2)
    const count = await update()
    verifyEqual(
      [await row(1), await row(2)],
      [rowOf(1), rowOf(2)],
      'Two users registered. The hashes "projection:user:u-1" and "projection:user:u-2" should hold `name`, `email` and `registeredAt` (the timestamp of the event).',
    )
    verifyEqual(
      await registered(),
      '2',
      'Two users registered: the field `registered` of the hash "projection:stats" should be 2.',
    )
    verifyEqual(
      await box.admin.get(POSITION),
      '2-0',
      '"projection:users:position" should hold the id of the last event that is in the read models.',
    )
    verifyEqual(count, 2, 'updateProjections should return how many events it put in.')
  })

  test('goes on where it was', async () => {
    await plant(1, 2)
    await update()
    await box.admin.hset('projection:user:u-1', 'name', 'not touched again')
    await plant(3, 3)
    const [count, none] = [await update(box.connect()), await update(box.connect())]
    verifyEqual(
      [await registered(), (await row(1)).name, (await row(3)).name, count, none],
      ['3', 'not touched again', 'User 3', 1, 0],
      'updateProjections ran over events 1 and 2, then one more event came and it ran twice again. It should have put in event 3 alone: each event counts once.',
    )
  })

  test('steps over events that it does not know', async () => {
    await plant(1, 1)
    await box.admin.xadd(
      EVENTS,
      '2-0',
      'eventType',
      'USER_TAGGED',
      'entityId',
      'u-1',
      'payload',
      '{}',
      'eventId',
      'e-2',
      'timestamp',
      NOON,
    )
    await box.admin.xadd(
      EVENTS,
      '3-0',
      'eventType',
      'USER_TAGGED',
      'entityId',
      'u-9',
      'payload',
      '{}',
      'eventId',
      'e-3',
      'timestamp',
      NOON,
    )
    const count = await update()
    verifyEqual(
      [
        await row(1),
        await box.admin.exists('projection:user:u-9'),
        await registered(),
        await box.admin.get(POSITION),
        count,
      ],
      [rowOf(1), 0, '1', '3-0', 3],
      'Two events of an unknown type came after a registration. They change no row and no number; but the position moves on behind them, otherwise a query that waits for them waits for ever.',
    )
  })

  test('gets past a long run of events that it does not know', async () => {
    const LONG_RUN = lacks('real-server') ? 120 : 250
    await box.admin.eval(
      `for n = 1, ARGV[1] do redis.call('XADD', KEYS[1], n .. '-0', 'eventType', 'USER_TAGGED', 'entityId', 'u-1',
        'payload', '{}', 'eventId', 'e-' .. n, 'timestamp', ARGV[2]) end`,
      1,
      EVENTS,
      LONG_RUN,
      NOON,
    )
    const why =
      'Move the position past every event, even in a page without a single registration: otherwise each run reads the same page, and the projection is stuck there forever.'
    const before = await update()
    verifyEqual(
      [await box.admin.get(POSITION), before],
      [`${LONG_RUN}-0`, LONG_RUN],
      `There are ${LONG_RUN} events of an unknown type and no others, and updateProjections didn't put in all of them. ${why}`,
    )
    await plant(LONG_RUN + 1, LONG_RUN + 1)
    const count = await update()
    verifyEqual(
      [await registered(), await box.admin.get(POSITION), count],
      ['1', `${LONG_RUN + 1}-0`, 1],
      `One user registered after ${LONG_RUN} events of an unknown type, but updateProjections didn't get that far. ${why}`,
    )
  })

  test('reads page by page', async () => {
    await plant(1, 120)
    await update()
    verifyEqual(
      [await registered(), await box.admin.get(POSITION)],
      ['120', '120-0'],
      '120 users registered. All of them should be in the read models after one updateProjections.',
    )
    const largest = largestReply(box.commands)
    verify(
      largest <= 100,
      'One command fetched more than 100 events. A projection that was away for long, or is rebuilt, would load everything at once: read in pages.',
      { received: largest },
    )
  })

  test('counts once, whenever it dies', async () => {
    await everyCrash({
      name: 'updateProjections',
      prepare: (admin) => plant(1, 2, admin),
      run: (redis) => updateProjections(redis),
      verify: async ({ last }) => {
        await update(box.connect())
        verifyEqual(
          [await registered(), await row(1), await row(2)],
          ['2', rowOf(1), rowOf(2)],
          `updateProjections died behind its ${last ?? 'start'} and was started again. Two users registered, and the read models say something else: what an event changes and the position have to be written in one step.`,
        )
      },
    })
  })

  test('counts once, when two run at once', async () => {
    await everyInterleaving({
      name: 'updateProjections',
      prepare: (admin) => plant(1, 2, admin),
      first: (redis) => updateProjections(redis),
      second: (redis) => updateProjections(redis),
      verify: async ({ first, second, after }) => {
        for (const one of [first, second])
          await call('updateProjections', () => (one.ok ? one.value : Promise.reject(one.error)))
        verifyEqual(
          [await registered(), await box.admin.get(POSITION)],
          ['2', '2-0'],
          `Two processes ran updateProjections at once; the second came in behind the first’s ${after ?? 'start'}. Two users registered, and they are counted otherwise. Ask in the very step that writes whether the event is in already.`,
        )
        const counts = [first, second].map((one) => (one.ok ? Number(one.value) : 0))
        verify(
          counts[0] !== undefined && counts[1] !== undefined && counts[0] + counts[1] === 2,
          `Two processes ran updateProjections at once; the second came in behind the first’s ${after ?? 'start'}. Two events were put in, and the two calls claim another number: count those that this call has put in, not those that it found in already.`,
          { expected: '2 together', received: counts },
        )
      },
    })
  })

  test('counts once, when two run at once on one connection', async () => {
    await everyInterleaving({
      name: 'updateProjections',
      sameConnection: true,
      prepare: (admin) => plant(1, 2, admin),
      first: (redis) => updateProjections(redis),
      second: (redis) => updateProjections(redis),
      verify: async () =>
        verifyEqual(
          [await registered(), await box.admin.get(POSITION)],
          ['2', '2-0'],
          `Two parts of one program ran updateProjections at once, on the same connection. Two users registered, and they are counted otherwise.${sharedWatch(box.commands) || ONE_STEP}`,
        ),
    })
  })
})

async function plantRow(n: number): Promise<void> {
  await box.admin.hset(`projection:user:u-${n}`, rowOf(n))
}

describe('handleGetUserQuery', () => {
  const get = (query: GetUserQuery) => call('handleGetUserQuery', () => handleGetUserQuery(box.redis, query))

  test('answers from the read model', async () => {
    await plantRow(1)
    verifyEqual(
      await get({ userId: 'u-1' }),
      { userId: 'u-1', ...rowOf(1) },
      'The hash "projection:user:u-1" holds name, email and registeredAt. The query should return them, with the userId.',
    )
  })

  test('finds nobody where nobody is', async () => {
    verifyEqual(
      await get({ userId: 'u-7' }),
      null,
      'The read model knows no user u-7: the query should return null.',
    )
  })

  test('does not ask the events', async () => {
    await plant(1, 1)
    verifyEqual(
      await get({ userId: 'u-1' }),
      null,
      'The user is in the events and not yet in the read model, and the query found her: it replayed the events. That costs more with every event, and is what the read model is for. Without a token, answer with what the read model knows.',
    )
    verify(
      !box.commands.some(({ args }) => args.includes(EVENTS)),
      'The query asked the stream "stream:users". It should ask the read model alone.',
    )
  })
})

/** Some milliseconds, and with a slow Redis as long as one reply takes. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5))
  await box.roundTrips(1)
}

/** Looks until it is so, two seconds at most, or more if Redis is slow. */
async function until(so: () => boolean, ticks = 400): Promise<boolean> {
  for (let i = 0; i < ticks && !so(); i += 1) await turn()
  return so()
}

interface Asked {
  settled(): boolean
  /** The answer. Nobody has ended the patience: when it is a NotYetError, the sentence says why it should not be one. */
  result(gaveUp?: string): Promise<UserView | null>
  /** Rejects with the error as the answer threw it. */
  readonly running: Promise<UserView | null>
  giveUp(): void
}

const THERE_ALREADY =
  'The signal was aborted before the call, but the read model had come to the token: there is nothing to wait for, so the query should answer.'
const OF_ITS_OWN =
  'The query gave up with a NotYetError, and nobody had told it to. It waits for a fact, not for a time of its own: until the read model is there, or the signal is aborted.'

async function answer(run: () => Promise<UserView | null>, gaveUp = OF_ITS_OWN): Promise<UserView | null> {
  const outcome = await attempt('handleGetUserQuery', run)
  verify(outcome.ok || !(outcome.error instanceof NotYetError), gaveUp, {
    received: !outcome.ok && outcome.error,
  })
  return call('handleGetUserQuery', () => (outcome.ok ? outcome.value : Promise.reject(outcome.error)))
}

/** A query that has begun and may take its time; nothing but the test ends its patience. */
function ask(query: GetUserQuery, redis: Redis = box.redis): Asked {
  const patience = new AbortController()
  let settled = false
  const running = Promise.resolve()
    .then(() => handleGetUserQuery(redis, query, patience.signal))
    .finally(() => {
      settled = true
    })
  running.catch(() => {})
  return {
    settled: () => settled,
    result: (gaveUp) => answer(() => running, gaveUp),
    running,
    giveUp: () => patience.abort(),
  }
}

describe('read your own write', () => {
  test('answers at once when the read model is there', async () => {
    const { userId, token } = await register()
    await update()
    verifyEqual(
      await answer(
        () => handleGetUserQuery(box.redis, { userId, token }),
        `The position of the read model is ${token}, and so is the token: it has come so far, and the query waited on and threw a NotYetError. It should answer.`,
      ),
      { userId, ...ada, registeredAt: NOON },
      'Ada registered, the projections were brought up to date, then she asked with her token. She should get her own row.',
    )
    const { token: later } = await register({ name: 'Eve', email: 'eve@example.com' })
    await update()
    const far = `The read model is at ${later}, further than the token ${token}: the query should answer.`
    const found = await answer(() => handleGetUserQuery(box.redis, { userId, token }), far)
    verifyEqual(found?.name, 'Ada', far)
  })

  test('waits for the token', async () => {
    const { userId, token } = await register()
    const asked = ask({ userId, token })
    const early = await until(asked.settled, 50)
    verify(
      !early,
      'The read model had not yet come to the token, and the query answered all the same. A fixed wait is too short on a bad day; the token says what to wait for: until "projection:users:position" has come so far.',
      { received: early ? await asked.result() : undefined },
    )
    await update(box.connect())
    verify(
      await until(asked.settled),
      'The query waited for the token, the projections came up to date, and two seconds later it had not noticed.',
    )
    verifyEqual(
      await asked.result(),
      { userId, ...ada, registeredAt: NOON },
      'The query waited until the read model was there, and should then return the user.',
    )
  })

  test('waits for its own token', async () => {
    await plant(10, 10)
    await box.admin.set(POSITION, '9-0')
    const asked = ask({ userId: 'u-10', token: '10-0' })
    verify(
      !(await until(asked.settled, 20)),
      'The read model was at 9-0, the token was 10-0, and the query did not wait. An id is two numbers; compared as texts "9-0" is later than "10-0".',
    )
    await update(box.connect())
    verify(
      await until(asked.settled),
      'The read model moved from 9-0 to 10-0, and the query that waited for 10-0 did not answer. As numbers 10-0 is not before 10-0.',
    )
    verifyEqual((await asked.result())?.name, 'User 10', 'The query for u-10 should return that user.')
    await box.admin.set(POSITION, '10-12')
    const past = ask({ userId: 'u-10', token: '10-9' })
    verify(
      await until(past.settled),
      'The read model was at 10-12, the token was 10-9, and the query went on waiting. Behind the dash stands a number too: 12 is more than 9.',
    )
    await past.result()
    const next = ask({ userId: 'u-10', token: '9-13' })
    verify(
      await until(next.settled),
      'The read model was at 10-12, the token was 9-13, and the query went on waiting. The number behind the dash decides only when those before it are equal.',
    )
    await next.result()
    for (const [token, why] of [
      ['11-0', 'The number before the dash is greater.'],
      ['10-13', 'Before the dash they are equal, so the number behind it decides.'],
    ] as const) {
      const behind = ask({ userId: 'u-10', token })
      verify(
        !(await until(behind.settled, 20)),
        `The read model was at 10-12, the token was ${token}, and the query did not wait. ${why}`,
      )
      behind.giveUp()
      await until(behind.settled)
    }
  })

  test('goes on waiting when another event comes first', async () => {
    await plant(1, 1)
    const asked = ask({ userId: 'u-2', token: '2-0' })
    await until(() => false, 10)
    await update(box.connect())
    verify(
      !(await until(asked.settled, 30)),
      'The query waited for 2-0; the read model moved to 1-0, and the query answered. Look at the position after each move, and wait on if it is not far enough.',
    )
    await plant(2, 2)
    await update(box.connect())
    await until(asked.settled)
    verify(
      asked.settled(),
      'The read model moved to 1-0, then to 2-0; the query that waited for 2-0 did not notice the second move.',
    )
    verifyEqual((await asked.result())?.name, 'User 2', 'The query for u-2 should return that user.')
  })

  test('gives up when it is told to', async () => {
    await plant(1, 1)
    await update()
    const asked = ask({ userId: 'u-9', token: '9-0' })
    await until(asked.settled, 20)
    asked.giveUp()
    verify(
      await until(asked.settled),
      'The signal was aborted, and the query went on waiting. Somebody sits in front of a white page; when the time is over, say so with a NotYetError.',
    )
    const error = await callError(
      'handleGetUserQuery',
      () => asked.running,
      NotYetError,
      'The signal was aborted before the read model had come to the token. The query should throw a NotYetError: `null` would say that there is no such user.',
    )
    verifyEqual(
      [error.token, error.position],
      ['9-0', '1-0'],
      'The NotYetError should carry the token, and the position of the read model.',
    )
  })

  test('says how far the read model has come by then', async () => {
    await plant(1, 1)
    const asked = ask({ userId: 'u-9', token: '9-0' })
    await until(asked.settled, 10)
    const before = box.commands.length
    const its = new Set(box.commands.map(({ client }) => client))
    await update(box.connect())
    // Until it has looked again; one that need not ask, because it was told in the message, gets two seconds.
    const saw = ({ client, reply }: { client: number; reply?: unknown }) =>
      its.has(client) && (JSON.stringify(reply) ?? '').includes('1-0')
    await until(() => box.commands.slice(before).some(saw))
    await until(asked.settled, 40)
    asked.giveUp()
    await until(asked.settled)
    const error = await callError(
      'handleGetUserQuery',
      () => asked.running,
      NotYetError,
      'The signal was aborted before the read model had come to the token. The query should throw a NotYetError.',
    )
    verifyEqual(
      error.position,
      '1-0',
      'The read model moved to 1-0 while the query waited for 9-0; then the signal was aborted. The NotYetError should tell the position as it is when the query gives up, not as it was at its beginning.',
    )
  })

  test('closes what it opened', async () => {
    await plant(1, 1)
    const given = ask({ userId: 'u-9', token: '9-0' })
    await until(given.settled, 20)
    given.giveUp()
    await until(given.settled)
    await nothingOpen('A query was given up')
    const asked = ask({ userId: 'u-1', token: '1-0' })
    await until(asked.settled, 20)
    await update()
    await until(asked.settled)
    await nothingOpen('A query has waited and answered')
  })

  test('does not wait when the time is over already', async () => {
    const error = await callError(
      'handleGetUserQuery',
      () => handleGetUserQuery(box.redis, { userId: 'u-9', token: '9-0' }, AbortSignal.abort()),
      NotYetError,
      'The signal was aborted before the call, and the read model was not there: the query should throw a NotYetError at once.',
    )
    verifyEqual(error.position, null, 'No event is in the read model yet: the position is null.')
    await plant(9, 9)
    await update()
    verifyEqual(
      (
        await answer(
          () => handleGetUserQuery(box.redis, { userId: 'u-9', token: '9-0' }, AbortSignal.abort()),
          THERE_ALREADY,
        )
      )?.name,
      'User 9',
      THERE_ALREADY,
    )
  })

  test('misses no move', async () => {
    let moving = false
    let moved = false
    let end: End = 'answered'
    await everyInterleaving({
      name: 'handleGetUserQuery',
      async prepare(admin) {
        moving = false
        moved = false
        end = 'answered'
        await plant(1, 1, admin)
      },
      async first(redis) {
        const asked = ask({ userId: 'u-1', token: '1-0' }, redis)
        end = await endOf(
          asked,
          () => moving,
          () => moved,
        )
        return asked.running
      },
      async second(redis) {
        moving = true
        await updateProjections(redis)
        moved = true
      },
      verify: ({ first, held, after }) => {
        if (held === undefined || end === 'in vain') return // it waited, and nothing came
        verify(
          first.ok && first.value?.name === 'User 1' && end === 'answered',
          `The read model moved to the token right behind the query’s ${after ?? 'start'}, before its ${held}, and the query never noticed: it looked, and then began to listen. Begin to listen, and then look.`,
          { received: first.ok ? first.value : first.error },
        )
      },
    })
  })

  test('leaves the connection free', async () => {
    await box.redis.ping() // so that the client that is handed in is number 1
    const asked = ask({ userId: 'u-1', token: '1-0' })
    await until(asked.settled, 20)
    const blocked = box.commands.some(
      ({ name, args, client }) =>
        client === 1 &&
        (name === 'SUBSCRIBE' ||
          args.some((arg) => arg.toUpperCase() === 'BLOCK') ||
          /^(BL|BR|BZ)/.test(name)),
    )
    verify(
      !blocked,
      'The query waits on the connection that was handed in, and everybody else who uses it waits too. Wait on a `redis.duplicate()`, and close it afterwards.',
    )
    const before = box.commands.length
    await box.roundTrips(200)
    const sent = box.commands.slice(before)
    verify(
      !isRestless(sent),
      'While it waited the query asked again and again, as fast as it could. Let updateProjections tell that it has moved, or leave some time between two questions.',
      { received: `${sent.length} commands, while another client sent 200` },
    )
    asked.giveUp()
    await until(asked.settled)
  })
})

type End = 'answered' | 'given up' | 'in vain'

/** Ends a wait for which nothing can come any more: long after the move, or when the query is idle and nobody moves (in vain). */
async function endOf(asked: Asked, moving: () => boolean, moved: () => boolean): Promise<End> {
  let quiet = 0
  let sent = box.commands.length
  while (!asked.settled() && quiet < (moved() ? 200 : 60) && (moving() || box.commands.length < 15)) {
    await turn()
    quiet = moved() === moving() && box.commands.length === sent ? quiet + 1 : 0
    sent = box.commands.length
  }
  const answered = asked.settled()
  asked.giveUp()
  if (!moving()) return 'in vain'
  return answered ? 'answered' : 'given up'
}

async function nothingOpen(when: string): Promise<void> {
  verify(
    (await connectionsStillOpen()) === 0,
    `${when}, and a connection that it opened is still open. One stays behind with each such query, until Redis accepts no more: disconnect it in a \`finally\`, however the wait ends.`,
  )
}
