/** This file is long because it has every sentence that a learner may read, next to the code that it's about. */
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  code,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  everyRefusal,
  isBusyPolling,
  lacks,
  largestReply,
  passesOnWrongType,
  sharedWatch,
  useSandbox,
  verify,
  verifyEqual,
  words,
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

const ONE_STEP = ' Check and write in one step.'

const EVENTS = 'stream:users'
const POSITION = 'projection:users:position'
const NOON = '2026-03-01T12:00:00.250Z'
const noon = () => new Date(NOON)
const ada = { name: 'Ada', email: 'ada@example.com' }

const register = (command = ada, redis: Redis = box.redis): Promise<Receipt> =>
  call('handleRegisterUserCommand', () => handleRegisterUserCommand(redis, command, noon))
const update = (redis: Redis = box.redis) => call('updateProjections', () => updateProjections(redis))

/** Returns the events in the stream, each as an object with its payload decoded. */
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
      'After one registration, there should be one event in the stream `stream:users`.',
      { expected: 1, received: event === undefined ? 0 : 1 + more.length },
    )
    const { eventType, timestamp, entityId, payload } = event
    verifyEqual(
      { eventType, timestamp, entityId, payload },
      { eventType: 'USER_REGISTERED', timestamp: NOON, entityId: userId, payload: ada },
      "The event should be `USER_REGISTERED`, with the current time from `clock`, the user's ID as the `entityId`, and the name and email address as JSON in `payload`.",
    )
    const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
    verify(
      uuid.test(String(event.eventId)) && uuid.test(String(userId)),
      'The `eventId` and the `userId` should be UUIDs.',
      { received: { eventId: event.eventId, userId } },
    )
    verify(
      event.eventId !== userId,
      "The `eventId` is the same as the user's ID. The user's next event would have the same ID, and a consumer that drops duplicates by `eventId` would lose it. Generate a separate UUID for each event.",
      { received: userId },
    )
    verifyEqual(
      token,
      event.id,
      'The token should be the ID of the event in the stream. A read model has to reach that position to include this user.',
    )
  })

  test('keeps every event and every address', async () => {
    await box.admin.xadd(EVENTS, '4102444800000-5', ...registeredAs('u-1', 'Eve'))
    const outcome = await attempt('handleRegisterUserCommand', () =>
      handleRegisterUserCommand(box.redis, ada, noon),
    )
    verify(
      outcome.ok,
      'The last entry of `stream:users` has an ID from the future, because a clock was wrong, and the registration failed. Let Redis generate the whole ID, with `*`: it continues from the last one.',
      { received: outcome.ok || outcome.error },
    )
    const trims = box.commands.some(({ args }) =>
      args.some((arg) => /^(MAXLEN|MINID)$|['"](MAXLEN|MINID)['"]/i.test(arg.replace(/--.*/g, ''))),
    )
    verify(
      !trims,
      'The command trims a stream (`MAXLEN` or `MINID`), which drops events sooner or later. The read models are built from `stream:users`, so it has to keep every event.',
    )
    for (const key of (await box.admin.keys('*')).filter((one) => !one.startsWith('eventlings:'))) {
      verify(
        (await box.admin.ttl(key)) === -1,
        `The command set the key \`${key}\` to expire. The events and the taken addresses have to stay, so set no expiration.`,
      )
    }
  })

  test('leaves the read models alone', async () => {
    await register()
    verifyEqual(
      (await box.admin.keys('projection:*')).sort(),
      [],
      'The command wrote to a read model. Now both the command and `updateProjections` write to it, and a rebuild from the events would produce something different. The command should only store the event.',
    )
  })

  test('cleans the name and the address', async () => {
    await register({ name: '  Ada Lovelace ', email: ' Ada@Example.COM ' })
    verifyEqual(
      (await events())[0]?.payload,
      { name: 'Ada Lovelace', email: 'ada@example.com' },
      'Trim the whitespace from both ends of the name and the email address, and convert the address to lowercase.',
    )
    await register({ name: '\tAda  Lovelace\n', email: '\tada@lovelace.example\n' })
    verifyEqual(
      (await events())[1]?.payload,
      { name: 'Ada  Lovelace', email: 'ada@lovelace.example' },
      'A name and an email address began with a tab and ended with a line break, and the name had two spaces inside. Trim all kinds of whitespace from both ends, and leave the inside of a name as it is.',
    )
  })

  test('refuses invalid commands', async () => {
    const long = 'x'.repeat(101)
    const invalid = [
      [{ ...ada, name: '' }, 'name', 'an empty name'],
      [{ ...ada, name: '   ' }, 'name', 'a name of spaces'],
      [{ ...ada, name: long }, 'name', 'a name of 101 characters'],
      [{ ...ada, email: '' }, 'email', 'an empty email address'],
      [{ ...ada, email: 'ada' }, 'email', 'the address `ada`'],
      [{ ...ada, email: '@example.com' }, 'email', 'the address `@example.com`'],
      [{ ...ada, email: 'ada@' }, 'email', 'the address `ada@`'],
      [{ ...ada, email: 'a@b@c' }, 'email', 'the address `a@b@c`'],
      [{ ...ada, email: 'ada lovelace@example.com' }, 'email', 'an address with a space in it'],
      [{ ...ada, email: 'ada@example.com\nbcc' }, 'email', 'an address with a line break in it'],
      [{ ...ada, email: 'ada\t@example.com' }, 'email', 'an address with a tab in it'],
      [{ ...ada, email: 'ada\u00a0l@example.com' }, 'email', 'an address with a non-breaking space in it'],
    ] as const
    for (const [command, field, what] of invalid) {
      const error = await callError(
        'handleRegisterUserCommand',
        () => handleRegisterUserCommand(box.redis, command, noon),
        InvalidCommandError,
        `A command with ${what} should be refused with an \`InvalidCommandError\`. You can refuse a command, but not an event, because it has already happened.`,
      )
      verifyEqual(
        error.field,
        field,
        `The \`InvalidCommandError\` for ${what} should name the field \`${field}\`.`,
      )
    }
    verifyEqual(
      await box.admin.keys('*users*'),
      [],
      'A refused command wrote something to Redis. Validate the command before you write.',
    )
  })

  test('accepts unusual but valid commands', async () => {
    const oddities = [
      [{ ...ada, name: 'x'.repeat(100) }, "A name of 100 characters isn't too long"],
      [
        { ...ada, name: ` ${'x'.repeat(100)} ` },
        'The length of a name is checked after the whitespace is trimmed',
      ],
      [
        { name: 'A', email: 'ada@localhost' },
        'An address needs one `@` with something before and after it, but no dot',
      ],
      [
        { name: 'A', email: "o'hara+news@example.com" },
        'Before its `@`, an address can have anything except whitespace and another `@`',
      ],
    ] as const
    for (const [command, rule] of oddities) {
      const outcome = await attempt('handleRegisterUserCommand', () =>
        handleRegisterUserCommand(box.redis, command, noon),
      )
      await box.admin.flushdb()
      verify(
        outcome.ok || !(outcome.error instanceof InvalidCommandError),
        `${rule}, but the command was refused. That keeps out users who did nothing wrong.`,
        { received: command },
      )
      await call('handleRegisterUserCommand', () =>
        outcome.ok ? outcome.value : Promise.reject(outcome.error),
      )
    }
  })

  test('accepts each email address once', async () => {
    await register()
    const error = await callError(
      'handleRegisterUserCommand',
      () => handleRegisterUserCommand(box.connect(), { name: 'Eve', email: 'ada@example.com' }, noon),
      EmailTakenError,
      'Ada registered, and another user registered with the same address before any read model was up to date. Both were accepted. A read model is always a little behind, so if a rule must never be broken, check it where the events are written.',
    )
    verifyEqual(error.email, 'ada@example.com', 'The `EmailTakenError` should have the address in `email`.')
    verifyEqual(
      (await events()).length,
      1,
      'The second registration was refused, so there should be one event.',
    )
    const typed = await callError(
      'handleRegisterUserCommand',
      () => handleRegisterUserCommand(box.redis, { name: 'Eve', email: ' ADA@example.com' }, noon),
      EmailTakenError,
      "`ada@example.com` is taken, but ` ADA@example.com` was accepted, although it's the same address. Clean the address before you check whether it's taken.",
    )
    verifyEqual(
      typed.email,
      'ada@example.com',
      "The `EmailTakenError` has the address as the user typed it, ` ADA@example.com`. It should have the cleaned address, because that's the one that's taken.",
    )
    await register({ name: 'Eve', email: 'eve@example.com' })
    const touching = box.commands.find(({ args }) => args.some((arg) => arg.startsWith('projection:')))
    const key = touching?.args.find((arg) => arg.startsWith('projection:'))
    verify(
      touching === undefined,
      `The command sent \`${touching?.name}\` with the key \`${key}\`, which belongs to the read side. The command should neither read nor write these keys, so keep what it needs on the write side.`,
    )
  })

  test('accepts one of two concurrent registrations', async () => {
    await everyInterleaving({
      name: 'handleRegisterUserCommand',
      first: (redis) => handleRegisterUserCommand(redis, ada, noon),
      second: (redis) => handleRegisterUserCommand(redis, { ...ada, name: 'Eve' }, noon),
      verify: async ({ first, second, after }) => {
        const accepted = [first, second].filter(({ ok }) => ok).length
        const stored = (await events()).length
        verify(
          accepted < 2 && stored < 2,
          `Two users registered with the same address at the same moment, and both were accepted, because the second ran after the first one's ${code(after, 'start')}. Check whether the address is free and take it in one step.`,
          { received: { accepted, 'events in the stream': stored } },
        )
        verifyEqual(
          [accepted, stored],
          [1, 1],
          'Two users registered with the same address at the same moment. Exactly one should be accepted, with one event in the stream.',
        )
      },
    })
  })

  test('accepts two addresses at the same moment', async () => {
    const eve = { name: 'Eve', email: 'eve@example.com' }
    await everyInterleaving({
      name: 'handleRegisterUserCommand',
      first: (redis) => handleRegisterUserCommand(redis, ada, noon),
      second: (redis) => handleRegisterUserCommand(redis, eve, noon),
      verify: async ({ first, second, after }) => {
        const met = `Ada and Eve registered at the same moment with different addresses (Eve after Ada's ${code(after, 'start')})`
        for (const one of [first, second]) {
          verify(
            one.ok,
            `${met}, and one of them was refused, although both addresses were free. If another registration gets in between, check again whether the address is free.`,
            { received: one.ok || one.error },
          )
        }
        const stored = (await events()).map(({ entityId, id }) => [entityId, id])
        for (const one of [first, second]) {
          if (!one.ok) continue
          verifyEqual(
            one.value.token,
            stored.find(([userId]) => userId === one.value.userId)?.[1],
            `${met}, and a token isn't the ID of that user's own entry. Use the ID that \`XADD\` returned, because the last entry of the stream may be another user's.`,
          )
        }
      },
    })
  })

  test('accepts one of two concurrent registrations on one connection', async () => {
    await everyInterleaving({
      name: 'handleRegisterUserCommand',
      sameConnection: true,
      first: (redis) => handleRegisterUserCommand(redis, ada, noon),
      second: (redis) => handleRegisterUserCommand(redis, { ...ada, name: 'Eve' }, noon),
      verify: async () => {
        const stored = (await events()).length
        verify(
          stored === 1,
          `Two parts of one program registered with the same address over the same connection, and ${stored === 0 ? 'neither was' : 'both were'} accepted.${sharedWatch(box.commands) || ONE_STEP}`,
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
            ? `The process died after its ${code(last, 'start')}. The address is taken, but no event was stored, so the user can never register. Take the address and store the event in one step.`
            : `The process died after its ${code(last, 'start')}. The event was stored, but the address isn't taken, so a second user registered with it too. Take the address and store the event in one step.`,
          { received: { 'events before': before, 'events after trying again': after } },
        )
      },
    })
  })

  test('stores nothing for a taken address, even for a moment', async () => {
    await everyCrash({
      name: 'handleRegisterUserCommand',
      prepare: async () => {
        await register(ada, box.connect())
      },
      run: (redis) => handleRegisterUserCommand(redis, { ...ada, name: 'Eve' }, noon),
      verify: async ({ last }) => {
        const names = (await events()).map(({ payload }) => (payload as { name?: string }).name)
        verifyEqual(
          names,
          ['Ada'],
          `A second user registered with a taken address, and the process died after its ${code(last, 'start')}. Now \`stream:users\` has two registrations with that address. Don't store an event that you may have to delete again: check the address in the step that writes, before it writes.`,
        )
      },
    })
  })

  test('passes on errors from Redis', async () => {
    await passesOnWrongType('handleRegisterUserCommand', EVENTS, () =>
      handleRegisterUserCommand(box.redis, ada, noon),
    )
    await register({ name: 'Eve', email: 'eve@example.com' })
    await attempt('handleRegisterUserCommand', () =>
      handleRegisterUserCommand(box.redis, { name: 'Eve', email: 'eve@example.com' }, noon),
    )
    await nothingOpen('A registration was refused with an `EmailTakenError`', 'registration')
  })
})

/** Writes registrations to the stream as `<n>-0`, without taking their addresses. */
async function plant(from: number, to: number, admin: Redis = box.admin): Promise<void> {
  const pipeline = admin.pipeline()
  for (let n = from; n <= to; n += 1) {
    const fields = {
      payload: `{"email":"user${n}@example.com","name":"User ${n}","plan":"free"}`,
      entityId: `u-${n}`,
      eventType: 'USER_REGISTERED',
      eventId: `e-${n}`,
      timestamp: '2026-03-01T09:00:00Z',
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
  registeredAt: '2026-03-01T09:00:00Z',
})

/** The fields of a registration, for an entry with a particular ID. */
function registeredAs(userId: string, name: string): string[] {
  const payload = JSON.stringify({ name, email: `${name.toLowerCase()}@example.com` })
  return Object.entries({
    eventId: `e-${userId}-${name}`,
    eventType: 'USER_REGISTERED',
    timestamp: NOON,
    entityId: userId,
    payload,
  }).flat()
}

describe('updateProjections', () => {
  test('writes a row for each user', async () => {
    await plant(1, 2)
    const count = await update()
    verifyEqual(
      [await row(1), await row(2)],
      [rowOf(1), rowOf(2)],
      'Two users registered. The hashes `projection:user:u-1` and `projection:user:u-2` should have `name`, `email`, and `registeredAt` (the timestamp of the event, unchanged), and nothing else, whatever else is in the payload and however the fields of an entry are ordered.',
    )
    verifyEqual(
      await registered(),
      '2',
      'Two users registered, so the field `registered` of the hash `projection:stats` should be 2.',
    )
    verifyEqual(
      await box.admin.get(POSITION),
      '2-0',
      '`projection:users:position` should have the ID of the last event applied to the read models.',
    )
    verifyEqual(count, 2, '`updateProjections` should return the number of events it applied.')
    for (const key of ['projection:user:u-1', 'projection:stats', POSITION]) {
      verify(
        (await box.admin.ttl(key)) === -1,
        `\`updateProjections\` set the key \`${key}\` to expire. Nothing would ever write it again, because its events are already applied, so set no expiration.`,
      )
    }
  })

  test('continues where it stopped', async () => {
    await plant(1, 2)
    await update()
    await box.admin.hset('projection:user:u-1', 'name', 'not touched again')
    await plant(3, 3)
    const [count, none] = [await update(box.connect()), await update(box.connect())]
    verifyEqual(
      [await registered(), (await row(1)).name, (await row(3)).name, count, none],
      ['3', 'not touched again', 'User 3', 1, 0],
      '`updateProjections` had applied events 1 and 2. Then event 3 arrived, and `updateProjections` ran two more times. It should have applied only event 3, and only once.',
    )
  })

  test('adds 1 for each registration', async () => {
    await plant(1, 1)
    await update()
    await box.admin.xadd(EVENTS, '9-9000000000', ...registeredAs('u-1', 'Ada'))
    await box.admin.xadd(EVENTS, '10-0', ...registeredAs('u-2', 'Eve'))
    const count = await update()
    verifyEqual(
      [count, await box.admin.get(POSITION)],
      [2, '10-0'],
      'The position was `1-0`, and the events `9-9000000000` and `10-0` came after it. Both should be applied, in this order: the number before the dash decides, however large the number after it is.',
    )
    verifyEqual(
      [await registered(), (await row(1)).name],
      ['3', 'Ada'],
      'Three `USER_REGISTERED` events were applied, two of them for `u-1`. Each one adds 1 to `registered`, whether or not the user had a row before, and the later one sets the name. A count that depends on the rows is wrong after a rebuild that keeps them.',
    )
  })

  test('skips events of unknown types', async () => {
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
      'USER_REGISTERED_AGAIN',
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
      "Two events of an unknown type came after a registration. They shouldn't change a row or the statistics, but the position has to move past them, or a query that waits for them waits forever.",
      [
        [
          ([, , , position, applied]) => position === '3-0' && applied === 1,
          'Two events of an unknown type came after a registration, and `updateProjections` returned 1. They change nothing, but they count as applied, because the position moved past them: return 3.',
        ],
      ],
    )
  })

  test('gets past a long run of events of unknown types', async () => {
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
      'Move the position past every event, even in a page without a single registration. Otherwise each run reads the same page, and the projection is stuck there forever.'
    const before = await update()
    verifyEqual(
      [await box.admin.get(POSITION), before],
      [`${LONG_RUN}-0`, LONG_RUN],
      `The stream has ${LONG_RUN} events, all of an unknown type, and \`updateProjections\` didn't apply all of them. ${why}`,
    )
    await plant(LONG_RUN + 1, LONG_RUN + 1)
    const count = await update()
    verifyEqual(
      [await registered(), await box.admin.get(POSITION), count],
      ['1', `${LONG_RUN + 1}-0`, 1],
      `One user registered after ${LONG_RUN} events of an unknown type, but \`updateProjections\` didn't get that far. ${why}`,
    )
  })

  test('reads page by page', async () => {
    await plant(1, 120)
    await update()
    verifyEqual(
      [await registered(), await box.admin.get(POSITION)],
      ['120', '120-0'],
      '120 users registered. One call to `updateProjections` should apply all of them to the read models.',
    )
    const largest = largestReply(box.commands)
    verify(
      largest <= 100,
      "One command fetched more than 100 events. Read in pages. Otherwise, a projection that's far behind or being rebuilt loads everything at once.",
      { received: largest },
    )
  })

  test('counts once, even after a crash', async () => {
    await everyCrash({
      name: 'updateProjections',
      prepare: (admin) => plant(1, 2, admin),
      run: (redis) => updateProjections(redis),
      verify: async ({ last }) => {
        await update(box.connect())
        verifyEqual(
          [await registered(), await row(1), await row(2)],
          ['2', rowOf(1), rowOf(2)],
          `\`updateProjections\` died after its ${code(last, 'start')} and was restarted. Two users registered, but the read models don't match the events. Write the changes from an event and the position in one step.`,
        )
      },
    })
  })

  test('counts once when two calls run at once', async () => {
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
          `Two processes ran \`updateProjections\` at once, the second after the first one's ${code(after, 'start')}. Two users registered, but the count or the position is wrong. In the same step that writes, check whether the event was already applied.`,
        )
        const counts = [first, second].map((one) => (one.ok ? Number(one.value) : 0))
        verify(
          counts[0] !== undefined && counts[1] !== undefined && counts[0] + counts[1] === 2,
          `Two processes ran \`updateProjections\` at once, the second after the first one's ${code(after, 'start')}. Two events were applied, so the numbers that the two calls returned should add up to 2. Count only the events that this call applied.`,
          { expected: words('2 together'), received: counts },
        )
      },
    })
  })

  test('counts once when two calls run at once on one connection', async () => {
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
          `Two parts of one program ran \`updateProjections\` at once over the same connection. Two users registered, but the count or the position is wrong.${sharedWatch(box.commands) || ONE_STEP}`,
        ),
    })
  })

  test('gets to the end of the stream although another call moves the position', async () => {
    await everyInterleaving({
      name: 'updateProjections',
      prepare: (admin) => plant(1, 2, admin),
      first: (redis) => updateProjections(redis),
      async second() {
        if ((await box.admin.get(POSITION)) !== null) return
        await box.admin
          .multi()
          .set(POSITION, '1-0')
          .hset('projection:user:u-1', rowOf(1))
          .hset('projection:stats', 'registered', 1)
          .exec()
      },
      verify: async ({ first, after }) => {
        verifyEqual(
          [first.ok || first.error, await registered(), (await row(2)).name, await box.admin.get(POSITION)],
          [true, '2', 'User 2', '2-0'],
          `After this call's ${code(after, 'start')}, another call applied event 1, and then its process died. This call should still apply event 2. If the position has moved, read it again and continue from there to the end of the stream.`,
        )
      },
    })
  })

  test('leaves out no event after an error', async () => {
    await everyRefusal({
      name: 'updateProjections',
      prepare: (admin) => plant(1, 3, admin),
      run: (redis) => updateProjections(redis),
      verify: async ({ refused, isReported }) => {
        if (!/^(EVAL|EVALSHA|FCALL)$/.test(refused ?? '') || !isReported) return
        await update(box.connect())
        const users = await registered()
        verify(
          users === '3' || (await box.admin.get(POSITION)) !== '3-0',
          `Redis refused one ${refused} with an error, and an event after the refused one moved the position past it. \`updateProjections\` ran again, but it never applied the refused event. Wait for the reply to each script before you send the next.`,
          { expected: words('3 registered'), received: words(`${users} registered`) },
        )
      },
    })
  })

  test('passes on errors from Redis', async () => {
    await passesOnWrongType('updateProjections', EVENTS, () => updateProjections(box.redis))
    await plant(1, 1)
    for (const key of [POSITION, 'projection:stats', 'projection:user:u-1']) {
      await passesOnWrongType('updateProjections', key, () => updateProjections(box.redis))
      await box.admin.del(POSITION)
    }
  })

  test('applies every event of a millisecond', async () => {
    await box.admin.xadd(EVENTS, '5-1', ...registeredAs('u-1', 'Ada'))
    await update()
    await box.admin.xadd(EVENTS, '5-2', ...registeredAs('u-2', 'Eve'))
    await box.admin.xadd(EVENTS, '6-0', ...registeredAs('u-3', 'Joe'))
    const count = await update()
    verifyEqual(
      [count, await registered()],
      [2, '3'],
      'The position was `5-1`, and the events `5-2` and `6-0` came after it. Both should be applied. Events of one millisecond have the same number before the dash, so start right after the position, at `(5-1`.',
    )
    for (const n of [9, 10]) await box.admin.xadd(EVENTS, `7-${n}`, ...registeredAs(`u-${n}`, 'Zoe'))
    const more = await update()
    verifyEqual(
      [more, await registered()],
      [2, '5'],
      'The events `7-9` and `7-10` were added, in this order. Both should be applied. The number after the dash is a whole number: as the decimals `7.9` and `7.10`, or as strings, the second one would come first.',
    )
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
      'The hash `projection:user:u-1` has `name`, `email`, and `registeredAt`. The query should return them with the `userId`.',
    )
  })

  test('returns null for an unknown user', async () => {
    verifyEqual(
      await get({ userId: 'u-7' }),
      null,
      "The read model doesn't have the user `u-7`, so the query should return `null`.",
    )
  })

  test("doesn't read the events", async () => {
    await plant(1, 1)
    verifyEqual(
      await get({ userId: 'u-1' }),
      null,
      'The user is in the events but not yet in the read model, and the query still found the user: it replayed the events. Replaying gets slower with every event, and the read model is there to avoid it. Without a token, answer only from the read model.',
    )
    verify(
      !box.commands.some(({ args }) => args.includes(EVENTS)),
      'The query read the stream `stream:users`. It should read only from the read model.',
    )
  })

  test('answers without a token, whatever the signal', async () => {
    await plantRow(1)
    const outcome = await attempt('handleGetUserQuery', () =>
      handleGetUserQuery(box.redis, { userId: 'u-1' }, AbortSignal.abort()),
    )
    verify(
      outcome.ok && outcome.value?.userId === 'u-1',
      "A query without a token had a signal that was already aborted, and it gave up. Without a token, there's nothing to wait for, so it should answer.",
      { received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('passes on an error from Redis', async () => {
    await passesOnWrongType('handleGetUserQuery', 'projection:user:u-1', () =>
      handleGetUserQuery(box.redis, { userId: 'u-1' }),
    )
  })
})

/** Waits for some milliseconds, or longer if a reply from a slow Redis takes longer. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5))
  await box.roundTrips(1)
}

/** Checks until `so` returns true, for at most two seconds, or longer if Redis is slow. */
async function until(so: () => boolean, ticks = 400): Promise<boolean> {
  for (let i = 0; i < ticks && !so(); i += 1) await turn()
  return so()
}

interface Asked {
  settled(): boolean
  /** Resolves to the answer. The signal wasn't aborted, so a NotYetError fails with the sentence `gaveUp`. */
  result(gaveUp?: string): Promise<UserView | null>
  /** Rejects with the error that the answer threw. */
  readonly running: Promise<UserView | null>
  giveUp(): void
}

const THERE_ALREADY =
  "The signal was aborted before the call, but the read model had already reached the token. There's nothing to wait for, so the query should answer."
const OF_ITS_OWN =
  "The query threw a `NotYetError`, although its signal wasn't aborted. It should wait until the read model reaches the token or the signal is aborted, and have no time limit of its own."

async function answer(run: () => Promise<UserView | null>, gaveUp = OF_ITS_OWN): Promise<UserView | null> {
  const outcome = await attempt('handleGetUserQuery', run)
  verify(outcome.ok || !(outcome.error instanceof NotYetError), gaveUp, {
    received: !outcome.ok && outcome.error,
  })
  return call('handleGetUserQuery', () => (outcome.ok ? outcome.value : Promise.reject(outcome.error)))
}

/** Starts a query that can wait as long as it likes. Only the test aborts its signal. */
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
  test('answers right away when the read model is up to date', async () => {
    const { userId, token } = await register()
    await update()
    verifyEqual(
      await answer(
        () => handleGetUserQuery(box.redis, { userId, token }),
        `The position of the read model and the token are both \`${token}\`, but the query kept waiting and threw a \`NotYetError\`. It should answer.`,
      ),
      { userId, ...ada, registeredAt: NOON },
      "Ada registered, the read models were updated, and then a query used Ada's token. The query should return Ada's row.",
    )
    const { token: later } = await register({ name: 'Eve', email: 'eve@example.com' })
    await update()
    const far = `The read model is at \`${later}\`, which is later than the token \`${token}\`, so the query should answer.`
    const found = await answer(() => handleGetUserQuery(box.redis, { userId, token }), far)
    verifyEqual(found?.name, 'Ada', far)
  })

  test('waits for the token', async () => {
    const { userId, token } = await register()
    const asked = ask({ userId, token })
    const early = await until(asked.settled, 50)
    verify(
      !early,
      "The read model hadn't reached the token yet, but the query answered. A fixed wait is too short on a bad day. Wait until `projection:users:position` has reached the token.",
      { received: early ? await asked.result() : undefined },
    )
    await update(box.connect())
    verify(
      await until(asked.settled),
      "The query waited for the token, and the read models were updated, but two seconds later the query still hadn't answered.",
    )
    verifyEqual(
      await asked.result(),
      { userId, ...ada, registeredAt: NOON },
      'The query waited until the read model reached the token. Then it should return the user.',
    )
  })

  test('waits for its own token', async () => {
    await plant(10, 10)
    await plantRow(2)
    await box.admin.set(POSITION, '1-0')
    const other = ask({ userId: 'u-2', token: '2-0' })
    const answered = await until(other.settled, 20)
    verify(
      !answered,
      'The read model was at `1-0`, and the query with the token `2-0` answered. It should wait until `projection:users:position` has reached its token, even if another event was applied, and even if the user already has a row.',
      { received: answered ? await other.result() : undefined },
    )
    other.giveUp()
    await until(other.settled)
    await box.admin.set(POSITION, '9-0')
    const asked = ask({ userId: 'u-10', token: '10-0' })
    const early = await until(asked.settled, 20)
    verify(
      !early,
      `The read model was at \`9-0\` and the token was \`10-0\`, but the query didn't wait. An ID is two numbers. Compared as strings, \`9-0\` is later than \`10-0\`.`,
      { received: early ? await asked.result() : undefined },
    )
    await update(box.connect())
    verify(
      await until(asked.settled),
      "The read model moved from `9-0` to `10-0`, but the query that waited for `10-0` didn't answer. It should answer when the position is equal to the token.",
    )
    verifyEqual((await asked.result())?.name, 'User 10', 'The query for `u-10` should return that user.')
    await box.admin.set(POSITION, '10-12')
    const past = ask({ userId: 'u-10', token: '10-9' })
    verify(
      await until(past.settled),
      'The read model was at `10-12` and the token was `10-9`, but the query kept waiting. The part after the dash is a number too, and 12 is greater than 9.',
    )
    await past.result()
    const next = ask({ userId: 'u-10', token: '9-13' })
    verify(
      await until(next.settled),
      'The read model was at `10-12` and the token was `9-13`, but the query kept waiting. The number after the dash matters only if the numbers before it are equal.',
    )
    await next.result()
    for (const [token, why] of [
      ['11-0', "The token's number before the dash is greater."],
      ['10-13', 'The numbers before the dash are equal, so the number after it decides.'],
    ] as const) {
      const behind = ask({ userId: 'u-10', token })
      const early = await until(behind.settled, 20)
      verify(
        !early,
        `The read model was at \`10-12\`, and the query didn't wait for the token \`${token}\`. ${why}`,
        { received: early ? await behind.result() : undefined },
      )
      behind.giveUp()
      await until(behind.settled)
    }
    for (const [position, token] of [
      ['9-9000000000', '10-0'],
      ['1772359200000-1', '1772359200000-2'],
    ] as const) {
      await box.admin.set(POSITION, position)
      await callError(
        'handleGetUserQuery',
        () => handleGetUserQuery(box.redis, { userId: 'u-10', token }, AbortSignal.abort()),
        NotYetError,
        `The read model was at \`${position}\`, the token was \`${token}\`, and the signal was aborted, so the query should throw a \`NotYetError\`. Compare the numbers before the dash first, and the numbers after it only if those are equal. If you combine both into one number, a large second number counts too much, or the last digits are lost.`,
      )
    }
  })

  test("doesn't wait for a row", async () => {
    await box.admin.set(POSITION, '5-0')
    const asked = ask({ userId: 'nobody', token: '5-0' })
    const why =
      "The read model had reached the token, and it has no row for this user, but the query didn't answer. It waits for a position, not for a row, so the answer is `null`."
    verify(await until(asked.settled), why)
    verifyEqual(
      await asked.result(why),
      null,
      'The read model had reached the token, and it has no row for this user. The query should return `null`.',
    )
  })

  test('passes on an error from Redis', async () => {
    await box.admin.hset(POSITION, 'not', 'a string')
    const asked = ask({ userId: 'u-1', token: '1-0' })
    const failed = await until(asked.settled)
    asked.giveUp()
    const outcome = await attempt('handleGetUserQuery', () => asked.running)
    verify(
      failed && !outcome.ok && !(outcome.error instanceof NotYetError),
      "Redis replied to the read of the position with an error (`WRONGTYPE`, because the key wasn't a string), and the query hid that error. Let it reach the caller: a caller that gets a `NotYetError`, or nothing for two seconds, thinks that the read model is behind.",
      { received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('passes on an error while it waits', async () => {
    await plant(1, 1)
    await update()
    let refusedWhileWaiting = false
    await everyRefusal({
      name: 'handleGetUserQuery',
      run: async (redis) => {
        const before = box.commands.length
        const asked = ask({ userId: 'u-9', token: '9-0' }, redis)
        await until(asked.settled, 20)
        const sent = box.commands.slice(before)
        refusedWhileWaiting = sent.some(({ error }) => error?.message.includes('NOPERM'))
        asked.giveUp()
        return await asked.running
      },
      verify({ outcome, refused, isReported }) {
        if (!refusedWhileWaiting) return
        verify(
          isReported,
          `Redis refused \`${refused}\` with an error (\`NOPERM\`) while the query waited, and the query hid that error. Let it reach the caller: a caller that gets a \`NotYetError\` thinks that the read model is behind.`,
          { expected: words('the error from Redis'), received: outcome.ok ? outcome.value : outcome.error },
        )
      },
    })
  })

  test('keeps waiting when another event comes first', async () => {
    await plant(1, 1)
    const asked = ask({ userId: 'u-2', token: '2-0' })
    await until(() => false, 10)
    await update(box.connect())
    const early = await until(asked.settled, 30)
    verify(
      !early,
      "The query waited for `2-0`, but it answered when the read model moved to `1-0`. Check the position after each move, and keep waiting if it isn't far enough.",
      { received: early ? await asked.result() : undefined },
    )
    await plant(2, 2)
    await update(box.connect())
    await until(asked.settled)
    verify(
      asked.settled(),
      'The read model moved to `1-0` and then to `2-0`, but the query that waited for `2-0` missed the second move.',
    )
    verifyEqual((await asked.result())?.name, 'User 2', 'The query for `u-2` should return that user.')
  })

  test('answers two queries that wait at once', async () => {
    await plant(1, 1)
    const both = [box.redis, box.connect()].map((redis) => ask({ userId: 'u-1', token: '1-0' }, redis))
    await until(() => both.some(({ settled }) => settled()), 20)
    await update(box.connect())
    const answered = await until(() => both.every(({ settled }) => settled()))
    for (const { giveUp } of both) giveUp()
    verify(
      answered,
      "Two queries waited for `1-0`, and `updateProjections` moved the read model there, but they didn't both answer. Each move has to wake every query that waits: an entry that's popped from a list wakes only one of them.",
    )
    for (const one of both)
      verifyEqual((await one.result())?.name, 'User 1', 'Both queries should return `u-1`.')
  })

  test('answers when the position moves past the token', async () => {
    await plant(1, 3)
    const asked = ask({ userId: 'u-1', token: '1-0' })
    await until(asked.settled, 20)
    await update(box.connect())
    const answered = await until(asked.settled)
    asked.giveUp()
    verify(
      answered,
      "The query waited for `1-0`, and one call to `updateProjections` moved the read model to `3-0`, but the query didn't answer. It should answer when the position is at the token or later.",
    )
    verifyEqual((await asked.result())?.name, 'User 1', 'The query for `u-1` should return that user.')
  })

  test('answers even if updateProjections dies', async () => {
    let waiting: Asked | undefined
    await everyCrash({
      name: 'updateProjections',
      prepare: async (admin) => {
        await plant(1, 1, admin)
        waiting = ask({ userId: 'u-1', token: '1-0' }, box.connect())
        await until(waiting.settled, 20)
      },
      run: (redis) => updateProjections(redis),
      verify: async ({ last }) => {
        await update(box.connect())
        const asked = waiting
        if (asked === undefined) return
        const answered = await until(asked.settled)
        asked.giveUp()
        await attempt('handleGetUserQuery', () => asked.running)
        verify(
          answered,
          `A query waited for \`1-0\`, and \`updateProjections\` died after its ${code(last, 'start')} and was restarted. The read model reached the token, but two seconds later, the query was still waiting. Publish the move in the step that makes it, or have the query check the position again from time to time.`,
        )
      },
    })
  })

  test('gives up when the signal is aborted', async () => {
    await plant(1, 1)
    await update()
    const asked = ask({ userId: 'u-9', token: '9-0' })
    await until(asked.settled, 20)
    asked.giveUp()
    verify(
      await until(asked.settled),
      'The signal was aborted, but the query kept waiting, and the user is looking at an empty page. When the time is up, throw a `NotYetError`.',
    )
    const error = await callError(
      'handleGetUserQuery',
      () => asked.running,
      NotYetError,
      "The signal was aborted before the read model reached the token. The query should throw a `NotYetError`, because `null` would mean that the user doesn't exist.",
    )
    verifyEqual(
      [error.token, error.position],
      ['9-0', '1-0'],
      'The `NotYetError` should have the token and the position of the read model.',
    )
    const before = box.commands.length
    await until(() => box.commands.length > before + 1, 40)
    verify(
      box.commands.length <= before + 1,
      'The query threw a `NotYetError`, but it kept checking the position in the background. Such a loop runs until the position gets there, which may never happen. End it when the signal is aborted.',
      { received: words(`${box.commands.length - before} more commands`) },
    )
  })

  test('reports the latest position of the read model', async () => {
    await plant(1, 1)
    const asked = ask({ userId: 'u-9', token: '9-0' })
    await until(asked.settled, 10)
    const before = box.commands.length
    const its = new Set(box.commands.map(({ client }) => client))
    await update(box.connect())
    // Waits until the query has checked again. A query that doesn't have to, because the message has the position, gets two seconds.
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
      'The signal was aborted before the read model reached the token. The query should throw a `NotYetError`.',
    )
    verifyEqual(
      error.position,
      '1-0',
      'The read model moved to `1-0` while the query waited for `9-0`, and then the signal was aborted. The `NotYetError` should have the position from when the query gave up, not from when it started.',
    )
  })

  test('closes its connections', async () => {
    await plant(1, 1)
    const given = ask({ userId: 'u-9', token: '9-0' })
    await until(given.settled, 20)
    given.giveUp()
    await until(given.settled)
    await nothingOpen('A query gave up')
    const asked = ask({ userId: 'u-1', token: '1-0' })
    await until(asked.settled, 20)
    await update()
    await until(asked.settled)
    await nothingOpen('A query waited and answered')
  })

  test("doesn't wait if the signal is already aborted", async () => {
    const error = await callError(
      'handleGetUserQuery',
      () => handleGetUserQuery(box.redis, { userId: 'u-9', token: '9-0' }, AbortSignal.abort()),
      NotYetError,
      "The signal was aborted before the call, and the read model hadn't reached the token. The query should throw a `NotYetError` right away.",
    )
    verifyEqual(
      error.position,
      null,
      'No event was applied to the read model yet, so the position in the `NotYetError` should be `null`.',
    )
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

  test('gives up after two seconds by default', () =>
    hurried(async () => {
      const query = { userId: 'u-9', token: '9-0' }
      let settled = false
      const running = attempt('handleGetUserQuery', () => handleGetUserQuery(box.redis, query), {
        seconds: 20,
      }).finally(() => {
        settled = true
      })
      running.catch(() => {}) // awaited below
      const gaveUp = await until(() => settled, 600)
      await plant(9, 9)
      await update() // ends a query that would wait forever
      await running
      verify(
        gaveUp,
        'The query had a token but no signal, and it was still waiting after three seconds. By default, the signal is `AbortSignal.timeout(2_000)`, or a user waits forever for a read model that has stopped.',
      )
    }))

  test('has no time limit of its own', () =>
    hurried(async () => {
      const asked = ask({ userId: 'u-9', token: '9-0' })
      await until(asked.settled, 20)
      const { now } = Date
      Date.now = () => now() + 3_000
      await until(asked.settled, 20)
      Date.now = now
      await plant(9, 9)
      await update()
      await until(asked.settled)
      verifyEqual((await asked.result())?.name, 'User 9', 'The query for `u-9` should return that user.')
    }))

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
        if (held === undefined || end === 'in vain') return // the query waited, and nothing came
        verify(
          !first.ok || first.value?.name === 'User 1',
          `The read model reached the token right after the query's ${code(after, 'start')}, before its ${code(held, 'end')}, and the query answered without the user. Read the row only after you've seen that the position has reached the token.`,
          { received: first.ok && first.value },
        )
        verify(
          first.ok && end === 'answered',
          `The read model reached the token right after the query's ${code(after, 'start')}, before its ${code(held, 'end')}, and the query missed it, because it checked before it subscribed. Subscribe first, and then check.`,
          { received: first.ok ? first.value : first.error },
        )
      },
    })
  })

  test('leaves the connection free', async () => {
    await box.redis.ping() // makes the client that the query receives number 1
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
      "The query blocks the connection that was passed in, so all other code that uses it waits too. Wait on a `redis.duplicate()`, and close it when you're done.",
    )
    const before = box.commands.length
    await box.roundTrips(200)
    const sent = box.commands.slice(before)
    verify(
      !isBusyPolling(sent),
      'While the query waited, it polled as fast as it could. Publish a message in `updateProjections`, or pause between checks.',
      { received: words(`${sent.length} commands, while another client sent 200`) },
    )
    asked.giveUp()
    await until(asked.settled)
  })
})

/** Makes `AbortSignal.timeout(2_000)` take 20 ms, which saves the learner two seconds. */
async function hurried(run: () => Promise<void>): Promise<void> {
  const { timeout } = AbortSignal
  AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms === 2_000 ? 20 : ms)
  try {
    await run()
  } finally {
    AbortSignal.timeout = timeout
  }
}

type End = 'answered' | 'given up' | 'in vain'

/** Ends a wait that can't succeed anymore: long after the move, or if the query is idle and no move comes (`in vain`). */
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

async function nothingOpen(when: string, call = 'query'): Promise<void> {
  verify(
    (await connectionsStillOpen()) === 0,
    `${when}, but a connection that it opened is still open. Each such ${call} leaves another one open, until Redis accepts no more. Disconnect it in a \`finally\`, so that it closes no matter how the ${call} ends.`,
  )
}
