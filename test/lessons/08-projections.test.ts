/** Long, because each sentence a learner may read is kept next to the code that judges it. */
import { isDeepStrictEqual } from 'node:util'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  connectionsStillOpen,
  deliverTwice,
  everyCrash,
  everyInterleaving,
  lacks,
  passesOnErrors,
  passesOnRefusedWrite,
  passesOnWrongType,
  useSandbox,
  verify,
  verifyEqual,
  withRival,
  words,
} from '#kit'
import { getUserProjection, updateUserProjection } from '#lesson/08-projections'

const box = useSandbox()

type StoredEvent = Parameters<typeof updateUserProjection>[1]

const KEY = 'projection:user:user-42'
const MORNING = '2026-03-01T09:00:00.000Z'

function stored(
  version: number,
  eventType: string,
  payload: StoredEvent['event']['payload'] = {},
): StoredEvent {
  return {
    version,
    event: {
      eventId: `0b7f3a52-6f0a-4c1e-9d3b-${String(version).padStart(12, '0')}`,
      timestamp: version === 1 ? MORNING : `2026-03-02T10:00:00.${String(version).padStart(3, '0')}Z`,
      eventType,
      entityId: 'user-42',
      payload,
      metadata: {},
    },
  }
}

const registered = (version = 1) =>
  stored(version, 'USER_REGISTERED', { name: 'Ada', email: 'ada@old.example', phone: '0470-1' })
const emailChanged = (version: number, email = `ada-${version}@new.example`) =>
  stored(version, 'USER_EMAIL_CHANGED', { email })
const phoneChanged = (version: number, phone: string | null) =>
  stored(version, 'USER_PHONE_CHANGED', { phone })
const deactivated = (version: number) => stored(version, 'USER_DEACTIVATED', { reason: 'on request' })

/** The row after the registration. */
const ROW = {
  userId: 'user-42',
  name: 'Ada',
  email: 'ada@old.example',
  phone: '0470-1',
  active: '1',
  emailChanges: '0',
  registeredAt: MORNING,
  version: '1',
} as const

const plant = (changes: Record<string, string> = {}) => box.admin.hset(KEY, { ...ROW, ...changes })
const row = () => box.admin.hgetall(KEY)
const update = (event: StoredEvent, redis = box.redis) => updateUserProjection(redis, event)
const updated = (event: StoredEvent) => call('updateUserProjection', () => update(event))

async function leavesTheRow(event: StoredEvent, diagnosis: string): Promise<void> {
  const before = await row()
  const outcome = await updated(event)
  verifyEqual(await row(), before, diagnosis, [
    [
      (now) =>
        before.version !== now.version && isDeepStrictEqual({ ...now, version: before.version }, before),
      `\`${event.event.eventType}\`, version ${event.version}, shouldn't change this row, but it set \`version\`. "Nothing" means that you write nothing, not even the version.`,
    ],
  ])
  verifyEqual(
    outcome,
    'skipped',
    `For an event that changes nothing, \`updateUserProjection\` should return \`'skipped'\`. This one was \`${event.event.eventType}\`, version ${event.version}.`,
  )
}

describe('updateUserProjection', () => {
  test('creates a row from a registration', async () => {
    const outcome = await updated(registered())
    verifyEqual(
      await row(),
      ROW,
      'After `USER_REGISTERED`, the hash `projection:user:user-42` should have the eight fields of the table, as strings.',
    )
    verifyEqual(
      outcome,
      'applied',
      "For an event that changed the row, `updateUserProjection` should return `'applied'`.",
    )
    verify(
      (await box.admin.ttl(KEY)) === -1,
      "The row expires after a while. The registration never comes a second time, so once the row is gone, every later event of this user is skipped, and the user is missing from the pages. Don't let a row expire.",
    )
  })

  test('checks Redis and not its own memory', async () => {
    await updated(registered())
    await box.admin.del(KEY)
    const outcome = await updated(registered())
    verifyEqual(
      await row(),
      ROW,
      "The row was deleted and its registration arrived again, as in a rebuild, but the row wasn't created again. The function keeps what it has done in a variable, which is wrong in another process and after Redis has been emptied. Check the row instead.",
    )
    verifyEqual(
      outcome,
      'applied',
      "For an event that changed the row, `updateUserProjection` should return `'applied'`.",
    )
  })

  test('creates a row at the version of the registration', async () => {
    await updated(registered(3))
    verifyEqual(
      await row(),
      { ...ROW, registeredAt: '2026-03-02T10:00:00.003Z', version: '3' },
      "There was no row, and a `USER_REGISTERED` with version 3 arrived. It should create the row and set `version` to 3, because a user's stream may begin with other events.",
    )
  })

  test('copies strings unchanged', async () => {
    const fields = { name: ' Ada  Lovelace ', email: 'Ada@Old.Example', phone: ' 0470 / 1 ' }
    await updated(stored(1, 'USER_REGISTERED', fields))
    verifyEqual(
      await row(),
      { ...ROW, ...fields },
      "The strings in the row should be the same as in the payload, including spaces and capital letters. A projection copies what the event says and doesn't clean it up.",
    )
  })

  test('copies any character', async () => {
    const name = `Zoë O'Brien "Bo" \\ ]] \n😀`
    const email = `o'brien\\"b"@new.example`
    for (const [event, expected] of [
      [stored(1, 'USER_REGISTERED', { name, email, phone: "'" }), { ...ROW, name, email, phone: "'" }],
      [
        stored(2, 'USER_EMAIL_CHANGED', { email: `${email}'` }),
        { ...ROW, name, email: `${email}'`, phone: "'", emailChanges: '1', version: '2' },
      ],
    ] as const) {
      const outcome = await attempt('updateUserProjection', () => update(event))
      verifyEqual(
        outcome.ok ? await row() : outcome.error,
        expected,
        `\`${event.event.eventType}\` had strings with quotes, backslashes, a line break, or an emoji, and the row should have the same strings. Pass every value to Redis as an argument of its own. If you insert it into the text of a script, a quote ends the string there.`,
      )
    }
  })

  test('leaves the event as it is', async () => {
    for (const event of [
      stored(1, 'USER_REGISTERED', { name: 'Ada', email: 'ada@old.example' }),
      emailChanged(2),
      phoneChanged(3, null),
      deactivated(4),
    ]) {
      const before = structuredClone(event)
      await updated(event)
      verifyEqual(
        event,
        before,
        `\`updateUserProjection\` changed the \`${event.event.eventType}\` that was passed in. An event has happened, and the caller may pass it to other projections, too, so only read it.`,
      )
    }
  })

  test("doesn't reformat the timestamp", async () => {
    const event = registered()
    await updated({ ...event, event: { ...event.event, timestamp: '2026-03-01T09:00:00Z' } })
    verifyEqual(
      (await row()).registeredAt,
      '2026-03-01T09:00:00Z',
      'The timestamp of `USER_REGISTERED` was parsed as a date and written in a different format. `registeredAt` should be an exact copy of it: a projection copies what the event says, so that a search for that string finds the row.',
    )
  })

  for (const [payload, what] of [
    [{ name: 'Ada', email: 'ada@old.example' }, 'is missing'],
    [{ name: 'Ada', email: 'ada@old.example', phone: null }, 'is null'],
  ] as const) {
    test(`accepts a registration whose phone ${what}`, async () => {
      await updated(stored(1, 'USER_REGISTERED', payload))
      const { phone, ...rest } = await row()
      const { phone: _, ...expected } = ROW
      verify(
        phone === undefined,
        `The registration had no phone (\`phone\` ${what} in the payload), but the row has a field \`phone\`. Redis stores \`undefined\` and \`null\` as the empty string, so leave the field out.`,
        { received: phone },
      )
      verifyEqual(
        rest,
        expected,
        'A registration without a phone should create the row with its other seven fields.',
      )
    })
  }

  test('treats the empty string as a string', async () => {
    const why =
      'The empty string is a string like any other, so store what the event says. Compare with `undefined` and `null` explicitly, because `!value` and `||` treat the empty string as missing.'
    const empty = stored(1, 'USER_REGISTERED', { name: '', email: '', phone: '' })
    for (const [event, expected] of [
      [empty, { ...ROW, name: '', email: '', phone: '' }],
      [
        stored(2, 'USER_PHONE_CHANGED', { phone: '' }),
        { ...ROW, name: '', email: '', phone: '', version: '2' },
      ],
    ] as const) {
      const what = `\`${event.event.eventType}\` with the payload \`${JSON.stringify(event.event.payload)}\``
      const outcome = await attempt('updateUserProjection', () => update(event))
      verify(
        outcome.ok || !(outcome.error instanceof Error && outcome.error.name === 'MalformedEventError'),
        `\`updateUserProjection\` refused ${what}. ${why}`,
        { received: !outcome.ok && outcome.error },
      )
      await call('updateUserProjection', () => (outcome.ok ? outcome.value : Promise.reject(outcome.error)))
      verifyEqual(await row(), expected, `After ${what}, the row doesn't match the event. ${why}`)
    }
  })

  test.skipIf(lacks('own-server'))('lets any error from Redis through', () =>
    passesOnRefusedWrite({
      name: 'updateUserProjection',
      run: (redis) => update(registered(), redis),
      why: 'Otherwise, the caller considers the event done, even though the row never shows it.',
    }),
  )

  test('lets an error about the row through', async () => {
    const why = 'Otherwise, the caller considers the event done.'
    for (const event of [emailChanged(2), phoneChanged(2, null), deactivated(2)]) {
      await passesOnWrongType('updateUserProjection', KEY, () => update(event), why)
    }
  })

  test('closes what it opens', async () => {
    const redis = box.connect({ lazyConnect: false }) // so that its duplicates connect at once, as they do outside of the check
    for (const [what, event] of [
      ['an event that was applied', registered()],
      ['an event that was skipped', registered()],
      ['a malformed event', stored(2, 'USER_EMAIL_CHANGED', {})],
    ] as const) {
      await attempt('updateUserProjection', () => update(event, redis))
      verifyEqual(
        await connectionsStillOpen(),
        0,
        `After ${what}, a connection is still open that wasn't there before. If every event leaves one open, Redis soon accepts no more connections. Close every connection you open, in a \`finally\`.`,
      )
    }
    const outcome = await attempt('GET after `updateUserProjection`', () => redis.get('anything'))
    verify(
      outcome.ok && outcome.value === null,
      'After `updateUserProjection`, the connection that was passed in can no longer be used. It belongs to the caller, so close only what you opened.',
      { received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test("leaves out what the table doesn't name", async () => {
    await updated(
      stored(1, 'USER_REGISTERED', {
        name: 'Ada',
        email: 'ada@old.example',
        phone: '0470-1',
        password: 'hash',
        active: '0',
        registeredAt: '2020-01-01T00:00:00.000Z',
      }),
    )
    verifyEqual(
      await row(),
      ROW,
      'The payload had more fields than the table (a password hash, for one), and they ended up in the row. Copy fields by name, because a spread copies whatever the payload contains.',
      [
        [
          ({ registeredAt, ...others }) => registeredAt !== MORNING && Object.keys(others).length === 7,
          'The payload of `USER_REGISTERED` had a field `registeredAt`, and it ended up in the row. `registeredAt` should be the timestamp of the event; the table lists the only payload fields to use.',
        ],
      ],
    )
    const more = { name: 'Eve', email: 'eve@else.example', phone: '0470-9', active: '1', emailChanges: '7' }
    for (const [eventType, changes] of [
      ['USER_EMAIL_CHANGED', { email: more.email, emailChanges: '1' }],
      ['USER_PHONE_CHANGED', { phone: more.phone }],
      ['USER_DEACTIVATED', { active: '0' }],
    ] as const) {
      await plant()
      await updated(stored(2, eventType, more))
      verifyEqual(
        await row(),
        { ...ROW, ...changes, version: '2' },
        `The payload of \`${eventType}\` had more fields than the table lists for this type, such as \`name\`, and the row shouldn't show them. For each type, copy only the fields that the table lists for it.`,
      )
    }
  })

  test('applies a change of email', async () => {
    await plant()
    const outcome = await updated(emailChanged(2))
    verifyEqual(
      await row(),
      { ...ROW, email: 'ada-2@new.example', emailChanges: '1', version: '2' },
      '`USER_EMAIL_CHANGED` should set `email`, increase `emailChanges` by one, set `version`, and leave the rest unchanged.',
    )
    verifyEqual(
      outcome,
      'applied',
      "For an event that changed the row, `updateUserProjection` should return `'applied'`.",
    )
    await updated(emailChanged(3))
    verifyEqual(
      (await row()).emailChanges,
      '2',
      'After two `USER_EMAIL_CHANGED` events, `emailChanges` should be 2: add one to the current value.',
    )
    await updated(emailChanged(4, 'ada-3@new.example'))
    verifyEqual(
      await row(),
      { ...ROW, email: 'ada-3@new.example', emailChanges: '3', version: '4' },
      "`USER_EMAIL_CHANGED` came with the address that was already in the row, and the row ignored the event. It's up to the command to decide whether that's a change; a projection counts every event of this type and sets `version`.",
    )
    verify(
      (await box.admin.ttl(KEY)) === -1,
      "After `USER_EMAIL_CHANGED`, the row expires after a while. Once it's gone, every later event of this user is skipped, and the user is missing from the pages. Don't let a row expire.",
    )
  })

  test('applies a change of phone', async () => {
    await plant()
    await updated(phoneChanged(2, '0470-2'))
    verifyEqual(
      await row(),
      { ...ROW, phone: '0470-2', version: '2' },
      '`USER_PHONE_CHANGED` should set `phone` and `version`, and leave the rest unchanged.',
    )
    await updated(phoneChanged(3, null))
    const { phone: _, ...expected } = { ...ROW, version: '3' }
    verifyEqual(
      await row(),
      expected,
      "`USER_PHONE_CHANGED` with `null` means that there's no phone anymore, so remove the field. If you store `null` as a value, it becomes an empty string.",
    )
    const outcome = await updated(phoneChanged(4, null))
    verifyEqual(
      [await row(), outcome],
      [{ ...expected, version: '4' }, 'applied'],
      "`USER_PHONE_CHANGED` with `null` arrived for a row without a phone. It's a new event like any other, so set `version` and return `'applied'`.",
    )
  })

  test('applies a deactivation', async () => {
    for (const event of [deactivated(2), stored(2, 'USER_DEACTIVATED')]) {
      await plant()
      await updated(event)
      verifyEqual(
        await row(),
        { ...ROW, active: '0', version: '2' },
        "`USER_DEACTIVATED` should set `active` to `0`, set `version`, and leave the rest unchanged. Its payload isn't used and may be empty.",
      )
    }
    await updated(emailChanged(3))
    verifyEqual(
      await row(),
      { ...ROW, active: '0', email: 'ada-3@new.example', emailChanges: '1', version: '3' },
      'A user was deactivated, and then the address changed. Apply that event, too, and leave `active` as it is. Whether the change was allowed was decided before the event was stored.',
      [
        [
          ({ active, email, emailChanges, version }) =>
            active === '0' && email === 'ada-3@new.example' && emailChanges !== '1' && version === '3',
          'A user was deactivated (event 2), and then the address changed for the first time (event 3), so `emailChanges` should be 1. Count the `USER_EMAIL_CHANGED` events that you apply, because the version also includes events of other types.',
        ],
      ],
    )
    const outcome = await updated(deactivated(4))
    verifyEqual(
      [await row(), outcome],
      [{ ...ROW, active: '0', email: 'ada-3@new.example', emailChanges: '1', version: '4' }, 'applied'],
      "`USER_DEACTIVATED` arrived for a row that's already inactive. It's a new event like any other, so set `version` and return `'applied'`.",
    )
  })

  for (const event of [emailChanged(1), emailChanged(2), phoneChanged(2, '0470-2'), deactivated(2)]) {
    test(`doesn't create half a row from ${event.event.eventType} ${event.version}`, async () => {
      const outcome = await updated(event)
      verifyEqual(
        await row(),
        {},
        `There was no row for this user, and \`${event.event.eventType}\` created half a row, without a name or a registration date. Only a registration may create a row.`,
      )
      verifyEqual(
        outcome,
        'skipped',
        "For an event that changes nothing, `updateUserProjection` should return `'skipped'`.",
      )
    })
  }

  test("doesn't create a row to remove a phone", async () => {
    await leavesTheRow(
      phoneChanged(2, null),
      'There was no row for this user, and `USER_PHONE_CHANGED` with `null` created one. Only a registration may create a row.',
    )
  })

  test('registers a user once', async () => {
    await plant({ email: 'ada@new.example', active: '0', emailChanges: '1', version: '3' })
    await leavesTheRow(
      registered(4),
      'A second `USER_REGISTERED` for an existing user should change nothing, as in lesson 03. Here, it overwrote the row, so a deactivated user may be active again.',
    )
  })

  for (const eventType of [
    'USER_EMAIL_CHANGE_REQUESTED',
    'USER_EMAIL_CHANGED_BACK',
    'USER_DEACTIVATED_BY_MISTAKE',
    'USER_PHONE_CHANGE_REFUSED',
    'USERS_EXPORTED',
    'ORDER_CREATED',
  ]) {
    test(`ignores ${eventType}`, async () => {
      const payload = { name: 'Eve', email: 'eve@else.example', phone: '0470-9' }
      await plant()
      await leavesTheRow(
        stored(2, eventType, payload),
        `\`${eventType}\` isn't one of the four types, but it changed the row. Compare the full type name, because many types begin or end alike.`,
      )
    })
  }

  test('ignores the other fields of a payload', async () => {
    const others = {
      userId: 'user-7',
      name: 7,
      phone: false,
      active: '0',
      version: '99',
      email: 'ada@x.example',
    }
    await updated(stored(1, 'USER_REGISTERED', { ...others, name: 'Ada', phone: '0470-1' }))
    const ignored =
      'The payload had other fields than the ones in the table, such as `userId: "user-7"` and, after the registration, `name: 7`. Ignore them, whatever they contain: the row takes `userId` from `entityId`, and only the fields in the table are checked.'
    const expected = { ...ROW, email: 'ada@x.example' }
    verifyEqual(await row(), expected, ignored)
    const outcome = await attempt('updateUserProjection', () =>
      update(stored(2, 'USER_EMAIL_CHANGED', others)),
    )
    verify(outcome.ok, ignored, { received: !outcome.ok && outcome.error })
    verifyEqual(await row(), { ...expected, emailChanges: '1', version: '2' }, ignored)
  })

  test('ignores a type named like a property of every object', async () => {
    for (const eventType of ['constructor', 'toString']) {
      for (const there of [true, false]) {
        if (there) await plant()
        else await box.admin.del(KEY)
        const before = await row()
        const outcome = await attempt('updateUserProjection', () => update(stored(2, eventType)))
        verifyEqual(
          [outcome.ok ? outcome.value : outcome.error, await row()],
          ['skipped', before],
          `An event has the type \`${eventType}\`, which isn't one of the four, and it wasn't skipped. Every object has a property \`${eventType}\`, so don't look the type up in a plain object: use a \`switch\`, a \`Map\`, or \`Object.hasOwn\`.`,
        )
      }
    }
  })

  test('takes only USER_REGISTERED for a registration', async () => {
    for (const eventType of [
      'USER_REGISTRATION_REFUSED',
      'USER_REGISTERED_ELSEWHERE',
      'SUPER_USER_REGISTERED',
    ]) {
      await updated(stored(1, eventType, { name: 'Eve', email: 'eve@else.example' }))
      verifyEqual(
        await row(),
        {},
        `\`${eventType}\` isn't one of the four types, but it created a row. Compare the full type name, because many types begin or end alike.`,
      )
    }
  })

  const MALFORMED = [
    [stored(1, 'USER_REGISTERED', { email: 'ada@old.example' }), 'name'],
    [stored(1, 'USER_REGISTERED', { name: 'Ada' }), 'email'],
    [stored(1, 'USER_REGISTERED', { name: 'Ada', email: 'ada@old.example', phone: 470 }), 'phone'],
    [stored(2, 'USER_EMAIL_CHANGED', {}), 'email'],
    [stored(2, 'USER_EMAIL_CHANGED', { email: null }), 'email'],
    [stored(2, 'USER_EMAIL_CHANGED', { email: 7 }), 'email'],
    [stored(2, 'USER_EMAIL_CHANGED', { email: ['ada@new.example'] }), 'email'],
    [stored(2, 'USER_PHONE_CHANGED', {}), 'phone'],
  ] as const
  for (const [event, field] of MALFORMED) {
    test(`refuses ${event.event.eventType} with ${JSON.stringify(event.event.payload)}`, async () => {
      if (event.version > 1) await plant()
      const before = await row()
      const what = `\`${event.event.eventType}\` with the payload \`${JSON.stringify(event.event.payload)}\``
      const error = await callError(
        'updateUserProjection',
        () => update(event),
        Error,
        `\`updateUserProjection\` accepted ${what}. Expected a \`MalformedEventError\`, because \`${field}\` is missing or isn't a string; Redis would store it as an empty string or as some other value that no one intended.`,
      )
      verify(
        error.name === 'MalformedEventError' && 'field' in error && error.field === `payload.${field}`,
        `\`updateUserProjection\` refused ${what}, but not with a \`MalformedEventError\` whose \`field\` is \`payload.${field}\`.`,
        { expected: words(`MalformedEventError, field payload.${field}`), received: error },
      )
      verifyEqual(
        await row(),
        before,
        `\`updateUserProjection\` refused ${what}, but it had already written part of it. Check the payload first.`,
      )
    })
  }

  test('writes nothing for a malformed event that would change nothing', async () => {
    for (const [event, field] of MALFORMED) {
      for (const there of event.version > 1 ? [false, true] : [true]) {
        await box.admin.del(KEY)
        if (there) await plant({ version: '9' })
        const what = `\`${event.event.eventType}\` with the payload \`${JSON.stringify(event.event.payload)}\`, ${there ? 'when the row was already at version 9' : 'when there was no row'}`
        const before = await row()
        const outcome = await attempt('updateUserProjection', () => update(event))
        verifyEqual(
          await row(),
          before,
          `\`updateUserProjection\` received ${what}, and it wrote something. The event is malformed and would change nothing anyway, so reject it or skip it.`,
        )
        verify(
          outcome.ok
            ? outcome.value === 'skipped'
            : outcome.error instanceof Error &&
                'field' in outcome.error &&
                outcome.error.field === `payload.${field}`,
          `\`updateUserProjection\` received ${what}. Either return \`'skipped'\`, or reject with a \`MalformedEventError\` whose \`field\` is \`payload.${field}\`.`,
          { received: outcome.ok ? outcome.value : outcome.error },
        )
      }
    }
  })

  test('keeps users apart', async () => {
    await updated(registered())
    const other = registered()
    await updated({ ...other, event: { ...other.event, entityId: 'user-43' } })
    await updated(emailChanged(2))
    verifyEqual(
      (await box.admin.keys('projection:*')).sort(),
      ['projection:user:user-42', 'projection:user:user-43'],
      'Two users should have two rows, and there should be no other keys.',
    )
    verifyEqual(
      (await box.admin.hgetall('projection:user:user-43')).email,
      'ada@old.example',
      "An event for one user changed another user's row. Use the `entityId` of each event in the key.",
    )
  })
})

const HISTORY = [
  registered(),
  emailChanged(2),
  phoneChanged(3, null),
  emailChanged(4),
  phoneChanged(5, '0470-5'),
  deactivated(6),
]
const AFTER_HISTORY = {
  ...ROW,
  email: 'ada-4@new.example',
  phone: '0470-5',
  active: '0',
  emailChanges: '2',
  version: '6',
}

describe('old events', () => {
  test("don't count twice", async () => {
    await plant()
    await updated(emailChanged(2))
    await leavesTheRow(
      emailChanged(2),
      "The same event was delivered twice, and it was applied twice. Store the version of the last event in the row, and skip any event that isn't newer.",
    )
  })

  test("don't overwrite newer ones", async () => {
    await plant({ email: 'ada@new.example', emailChanges: '2', version: '3' })
    await leavesTheRow(
      emailChanged(2, 'ada@old.example'),
      "The row was at version 3, event 2 was delivered again, and now the old address is back. An event whose version isn't greater than the row's has been applied before, so skip it.",
    )
  })

  test('may arrive again several at a time', async () => {
    for (const event of [...deliverTwice(HISTORY), ...HISTORY.slice(2)]) await updated(event)
    verifyEqual(
      await row(),
      AFTER_HISTORY,
      'A history of six events was delivered twice, and part of it a third time. The row should be the same as after the first time.',
    )
  })

  test('are compared as numbers, not as strings', async () => {
    await plant({ version: '9' })
    await updated(emailChanged(10))
    verifyEqual(
      (await row()).version,
      '10',
      'Event 10 came after version 9 and was skipped: compared as strings, `"10"` is less than `"9"`. Compare numbers.',
    )
    await leavesTheRow(
      emailChanged(9),
      'Event 9 was delivered again at version 10 and was applied: compared as strings, `"9"` is greater than `"10"`. Compare numbers.',
    )
  })

  test('may skip versions', async () => {
    await plant()
    await updated(stored(2, 'USER_TAGGED', { tag: 'vip' }))
    const outcome = await updated(emailChanged(3))
    if (outcome === 'applied') {
      verifyEqual(
        (await row()).version,
        '3',
        "Event 3 was applied, but the row isn't at version 3. Use the version of the event: if you count events instead, you get a different number, because not every event changes the row.",
      )
    }
    verifyEqual(
      await row(),
      { ...ROW, email: 'ada-3@new.example', emailChanges: '1', version: '3' },
      "Event 2 doesn't affect this row, so the row is still at version 1 when event 3 arrives. Apply event 3 anyway: an event only has to be newer than the row.",
    )
  })

  test('may have large versions', async () => {
    await plant({ version: '2000000000' })
    await updated(emailChanged(1_999_999_999))
    await updated(emailChanged(3_000_000_000))
    verifyEqual(
      await row(),
      { ...ROW, email: 'ada-3000000000@new.example', emailChanges: '1', version: '3000000000' },
      'The row was at version 2000000000. Event 1999999999 is older than the row, and event 3000000000 is newer, so only the second one should be applied. Compare whole numbers, and not just their last 32 bits.',
    )
  })

  const STEPS = [
    ['a registration', undefined, registered(), ROW],
    [
      'a change of email',
      {},
      emailChanged(2),
      { ...ROW, email: 'ada-2@new.example', emailChanges: '1', version: '2' },
    ],
    [
      'a removed phone',
      {},
      phoneChanged(2, null),
      Object.fromEntries(Object.entries({ ...ROW, version: '2' }).filter(([field]) => field !== 'phone')),
    ],
  ] as const

  for (const [what, before, event, after] of STEPS) {
    test(`are applied as a whole or not at all when the process dies: ${what}`, async () => {
      await everyCrash({
        name: 'updateUserProjection',
        prepare: async () => {
          if (before !== undefined) await plant()
        },
        run: (redis) => update(event, redis),
        verify: async ({ last }) => {
          const found = await row()
          const untouched = JSON.stringify(sorted(found)) === JSON.stringify(sorted(before ? ROW : {}))
          if (untouched) return
          verifyEqual(
            found,
            after,
            `The process died after its \`${last}\`, and the row is neither as it was before ${what} nor as it should be afterward. When the event arrives again, it's counted twice or treated as old. Write all of it in one step.`,
          )
        },
      })
    })
  }

  for (const sameConnection of [false, true]) {
    test(`do no harm when delivered at the same time${sameConnection ? ', on one connection' : ''}`, async () => {
      let watched = false
      await everyInterleaving({
        name: 'updateUserProjection',
        sameConnection,
        prepare: async () => void (await plant()),
        first: (redis) => update(emailChanged(2), redis),
        second: async (redis) => {
          const outcome = await update(emailChanged(2), redis)
          await update(emailChanged(3), redis)
          return outcome
        },
        verify: async ({ first, second, held, after }) => {
          watched ||= box.commands.some(({ name }) => name === 'WATCH')
          for (const outcome of [first, second]) {
            verify(
              outcome.ok,
              "Two programs delivered events of one user at the same time, and one of the calls failed. There's nothing wrong with the event: check the row again, and apply the event or skip it.",
              { received: !outcome.ok && outcome.error },
            )
          }
          verifyEqual(
            await row(),
            { ...ROW, email: 'ada-3@new.example', emailChanges: '2', version: '3' },
            sameConnection && watched
              ? "Event 2 was delivered twice at the same time on one connection, and the row is wrong. A `WATCH` belongs to a connection, so one caller's `EXEC` ended the other caller's watch. Use `WATCH` on a `redis.duplicate()`, or use a script."
              : `Event 2 was delivered twice at the same time, and the row is wrong, because the second call ran between the first one's ${after ? `\`${after}\`` : 'start'} and ${held ? `\`${held}\`` : 'end'}. Check the version and write in one step.`,
          )
          verifyEqual(
            [first, second].map((outcome) => outcome.ok && outcome.value).sort(),
            ['applied', 'skipped'],
            `Event 2 was delivered twice at the same time and applied once, but the calls didn't return \`'applied'\` once and \`'skipped'\` once. The second call ran between the first one's ${after ? `\`${after}\`` : 'start'} and ${held ? `\`${held}\`` : 'end'}. Return the result of the step that compares the version and writes, because a version that's read separately may have changed by then.`,
          )
        },
      })
    })
  }

  test("aren't all that changes the row", async () => {
    await plant()
    // Twenty commands: five attempts of a WATCH, a read, and two writes. A rebuild after the write would undo it.
    const rebuild = async () => (await row()).version === '1' && plant()
    const rival = withRival(box.redis, KEY, rebuild, 20)
    const outcome = await attempt('updateUserProjection', () => update(emailChanged(2), rival.redis))
    verifyEqual(
      [outcome.ok ? outcome.value : outcome.error, (await row()).version],
      ['applied', '2'],
      "While event 2 was being applied, another program rebuilt the row several times. The row was still at version 1, so event 2 was new, but it wasn't applied. `EXEC` replies `(nil)` whenever a watched key was written, even if the version is the same. That doesn't mean the event is old, so read the row again and retry as often as it takes.",
    )
  })

  test('count from the row as it is when they are applied', async () => {
    let rebuilt = false
    await everyInterleaving({
      name: 'updateUserProjection',
      prepare: async () => void (await plant()),
      first: (redis) => update(emailChanged(2), redis),
      // Another program has counted again, and found five changes. A rebuild after the write would undo it.
      second: async () => {
        rebuilt = (await row()).version === '1'
        if (rebuilt) await plant({ emailChanges: '5' })
      },
      verify: async ({ held, after }) =>
        verifyEqual(
          await row(),
          {
            ...ROW,
            email: 'ada-2@new.example',
            emailChanges: rebuilt ? '6' : '1',
            version: '2',
          },
          `Another program rebuilt the row between the ${after ? `\`${after}\`` : 'start'} and the ${held ? `\`${held}\`` : 'end'} of \`updateUserProjection\`, and counted five email changes instead of none. Event 2 should have made that six. The version alone doesn't show that the row has changed, so don't write what you computed from an earlier read: count in the step that writes.`,
        ),
    })
  })

  for (const [what, before, event, next, expected] of [
    [
      'registrations',
      undefined,
      registered(),
      emailChanged(2),
      { ...ROW, email: 'ada-2@new.example', emailChanges: '1', version: '2' },
    ],
    [
      'deactivations',
      {},
      deactivated(2),
      emailChanged(3),
      { ...ROW, active: '0', email: 'ada-3@new.example', emailChanges: '1', version: '3' },
    ],
    [
      'removed phones',
      {},
      phoneChanged(2, null),
      phoneChanged(3, '0470-3'),
      { ...ROW, phone: '0470-3', version: '3' },
    ],
  ] as const) {
    test(`do no harm when delivered at the same time: ${what}`, async () => {
      await everyInterleaving({
        name: 'updateUserProjection',
        prepare: async () => {
          if (before !== undefined) await plant(before)
        },
        first: (redis) => update(event, redis),
        second: async (redis) => {
          await update(event, redis)
          await update(next, redis)
        },
        verify: async ({ first, second, held, after }) => {
          const { eventType } = event.event
          for (const outcome of [first, second]) {
            verify(
              outcome.ok,
              `Two programs delivered \`${eventType}\` at the same time, and one of the calls failed. There's nothing wrong with the event: check the row again, and apply the event or skip it.`,
              { received: !outcome.ok && outcome.error },
            )
          }
          verifyEqual(
            await row(),
            expected,
            `\`${eventType}\` was delivered twice at the same time, and then the next event. The row is wrong, because the other calls ran between the first one's ${after ? `\`${after}\`` : 'start'} and ${held ? `\`${held}\`` : 'end'}. Check the row and write in one step, whatever the type of the event.`,
          )
        },
      })
    })
  }

  for (const event of [registered(), emailChanged(2), phoneChanged(2, null), deactivated(2)]) {
    test(`let an error from Redis through: ${event.event.eventType}`, () =>
      passesOnErrors({
        name: 'updateUserProjection',
        prepare: async () => void (event.version > 1 && (await plant())),
        run: (redis) => update(event, redis),
        works: async (outcome) => outcome === 'applied' && (await row()).version === String(event.version),
        why: 'Otherwise, the caller considers the event done, and the row never shows it.',
      }))
  }

  for (const event of [emailChanged(2), phoneChanged(2, null), deactivated(2)]) {
    test(`leave no half a row when the row is deleted: ${event.event.eventType}`, async () => {
      await everyInterleaving({
        name: 'updateUserProjection',
        prepare: async () => void (await plant()),
        first: (redis) => update(event, redis),
        second: async () => void (await box.admin.del(KEY)),
        verify: async ({ held, after }) =>
          verifyEqual(
            await row(),
            {},
            `Another program deleted the row to rebuild it, between the ${after ? `\`${after}\`` : 'start'} and the ${held ? `\`${held}\`` : 'end'} of \`updateUserProjection\`, and \`${event.event.eventType}\` created half a row. Check whether there's a row in the step that writes, because what you've read earlier may no longer be true.`,
          ),
      })
    })
  }
})

function sorted(fields: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))
}

describe('getUserProjection', () => {
  const get = (userId = 'user-42') => call('getUserProjection', () => getUserProjection(box.redis, userId))

  test('returns null for an unknown user', async () => {
    const found = await get('user-99')
    verify(
      found === null,
      'For a user without a row, `getUserProjection` should return `null`. `HGETALL` of a missing hash returns `{}`, which is truthy in an `if`.',
      { expected: null, received: found },
    )
  })

  test('returns the row with its types', async () => {
    await plant({ emailChanges: '12', version: '13' })
    const found = await get()
    verify(found !== null, "There's a row for this user, but `getUserProjection` returned `null`.")
    verify(
      found.registeredAt instanceof Date && found.registeredAt.getTime() === 1_772_355_600_000,
      '`registeredAt` should be a `Date` for the timestamp in the row.',
      { expected: new Date(MORNING), received: found.registeredAt },
    )
    await plant({ registeredAt: '2026-03-01T11:00:00.250+02:00' })
    verifyEqual(
      (await get())?.registeredAt,
      new Date('2026-03-01T09:00:00.250Z'),
      'The row has `2026-03-01T11:00:00.250+02:00`, which is 9:00 in UTC, and 250 ms. `registeredAt` should be exactly that time, so pass the whole string to `new Date`.',
    )
    verify(
      found.emailChanges === 12 && found.version === 13,
      '`emailChanges` and `version` should be numbers. As strings, `"12" + 1` is `"121"`.',
      { expected: [12, 13], received: [found.emailChanges, found.version] },
    )
    verify(found.active === true, '`active` should be a boolean, and `1` means true.', {
      expected: true,
      received: found.active,
    })
    verifyEqual(
      Object.keys(found).sort(),
      ['active', 'email', 'emailChanges', 'name', 'phone', 'registeredAt', 'userId', 'version'],
      'The object should have exactly the eight fields of `UserProjection`.',
    )
    verifyEqual(
      [found.userId, found.name, found.email, found.phone],
      ['user-42', 'Ada', 'ada@old.example', '0470-1'],
      '`userId`, `name`, `email`, and `phone` should be the strings from the row.',
    )
  })

  test("knows who isn't active", async () => {
    await plant({ active: '0', emailChanges: '0' })
    const found = await get()
    verify(
      found?.active === false,
      'A deactivated user came back as active, because the string `"0"` is truthy in JavaScript. Compare with `"1"`.',
      { expected: false, received: found?.active },
    )
    verify(found.emailChanges === 0, 'If `emailChanges` is `0`, it should become the number 0.', {
      expected: 0,
      received: found.emailChanges,
    })
  })

  test('returns strings unchanged', async () => {
    const fields = { name: ' Ada  Lovelace ', email: 'Ada@Old.Example', phone: ' 0470 / 1 ' }
    await plant(fields)
    const found = await get()
    verifyEqual(
      found && { name: found.name, email: found.email, phone: found.phone },
      fields,
      "`getUserProjection` should return the strings from the row as they are, including spaces and capital letters. A reader who needs them in another form can change them, but can't change them back.",
    )
  })

  test('reads the row in every call', async () => {
    await plant()
    const first = await get()
    await box.admin.hset(KEY, { name: 'Ada Lovelace' })
    const second = await get()
    verifyEqual(
      [first?.name, second?.name],
      ['Ada', 'Ada Lovelace'],
      'The row was rebuilt with another name and the same version, and `getUserProjection` was called again. It should return the row as it is now, so read it in every call and keep no result: a rebuild that fixes a bug changes rows without changing their versions.',
    )
  })

  test('uses the ID as it is', async () => {
    await plant()
    for (const userId of ['user-42 ', 'User-42', 'user-42\n']) {
      const outcome = await attempt('getUserProjection', () => getUserProjection(box.redis, userId))
      // An answer may also refuse it, because lesson 02 doesn't allow such an ID.
      verify(
        !outcome.ok || outcome.value === null,
        `There's a row for \`user-42\` and none for \`${JSON.stringify(userId)}\`, and \`getUserProjection\` returned a row for the second one. It should return \`null\`. IDs are compared as they are, including spaces and capital letters.`,
        { expected: null, received: outcome.ok && outcome.value },
      )
    }
  })

  test('keeps empty strings', async () => {
    await plant({ name: '', email: '', phone: '' })
    const found = await get()
    verifyEqual(
      found && [found.name, found.email, found.phone],
      ['', '', ''],
      "The row has the empty string as its name, email, and phone, and `getUserProjection` should return them as they are. `||` and `!` treat the empty string as missing; `??` doesn't.",
    )
  })

  test('lets an error from Redis through', () =>
    passesOnWrongType(
      'getUserProjection',
      KEY,
      () => getUserProjection(box.redis, 'user-42'),
      "A row that can't be read isn't a user who doesn't exist.",
    ))

  test('reads the row in one piece', async () => {
    await everyInterleaving({
      name: 'getUserProjection',
      prepare: async () => void (await plant()),
      first: (redis) => getUserProjection(redis, 'user-42'),
      second: async () =>
        void (await box.admin.hset(KEY, { email: 'ada@new.example', emailChanges: 1, version: 2 })),
      verify: ({ first, held }) => {
        const found = first.ok ? (first.value as Awaited<ReturnType<typeof getUserProjection>>) : null
        const seen = found && [found.email, found.emailChanges, found.version].join(' ')
        verify(
          seen === 'ada@old.example 0 1' || seen === 'ada@new.example 1 2',
          `Event 2 was applied just before \`getUserProjection\` sent its ${held ? `\`${held}\`` : 'last command'}, and the result is a mixture of the row before it and the row after it. Read all fields with one command, such as \`HGETALL\`.`,
          { received: first.ok ? first.value : first.error },
        )
      },
    })
  })

  test('notices when the row disappears', async () => {
    await everyInterleaving({
      name: 'getUserProjection',
      prepare: async () => void (await plant()),
      first: (redis) => getUserProjection(redis, 'user-42'),
      second: async () => void (await box.admin.del(KEY)),
      verify: ({ first, held }) => {
        const found = first.ok ? (first.value as Awaited<ReturnType<typeof getUserProjection>>) : undefined
        verify(
          found === null || found?.email === ROW.email,
          `The row was deleted just before \`getUserProjection\` sent its ${held ? `\`${held}\`` : 'last command'}, and the result is neither the row nor \`null\`. The reply that has the fields also shows whether there's a row, so don't check that with a separate command.`,
          { expected: null, received: first.ok ? first.value : first.error },
        )
      },
    })
  })

  test('returns null if there is no phone', async () => {
    await plant()
    await box.admin.hdel(KEY, 'phone')
    const found = await get()
    verify(
      found?.phone === null,
      'For a row without a phone, `getUserProjection` should return `phone: null`, as the type says, not `undefined` or an empty string.',
      { expected: null, received: found?.phone },
    )
  })

  test('only reads', async () => {
    await plant()
    await get()
    await get('user-99')
    verifyEqual(
      [await row(), await box.admin.exists('projection:user:user-99')],
      [ROW, 0],
      '`getUserProjection` should change nothing in Redis.',
    )
  })

  test('passes on an error from Redis', () =>
    passesOnErrors({
      name: 'getUserProjection',
      prepare: async () => void (await plant()),
      run: (redis) => getUserProjection(redis, 'user-42'),
      works: (found) => found?.email === ROW.email && found.version === 1,
      why: "A row that can't be read isn't a user who doesn't exist.",
    }))
})
