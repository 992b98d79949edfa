/** Long, because every sentence that a learner may read is next to the code that judges the answer. */
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  lacks,
  passesOnErrors,
  passesOnWrongType,
  useSandbox,
  verify,
  verifyEqual,
  words,
} from '#kit'
import type { UnknownEvent, UserState } from '#lesson/03-replay'
import { applyEvent, getEntityState } from '#lesson/03-replay'

const box = useSandbox()

type StoredEvent = Parameters<typeof applyEvent>[1]

/** Event number n of user-42, at n minutes past nine. */
function event(n: number, eventType: string, payload: StoredEvent['payload'] = {}): StoredEvent {
  return {
    eventId: `0b7f3a52-6f0a-4c1e-9d3b-${String(n).padStart(12, '0')}`,
    timestamp: `2026-03-01T09:${String(n % 60).padStart(2, '0')}:00.000Z`,
    eventType,
    entityId: 'user-42',
    payload,
    metadata: {},
  }
}

const registered = (n = 0) => event(n, 'USER_REGISTERED', { name: 'Ada', email: 'ada@old.example' })
const emailChanged = (n = 1, email = 'ada@new.example') => event(n, 'USER_EMAIL_CHANGED', { email })
const deactivated = (n = 2) => event(n, 'USER_DEACTIVATED', { reason: 'asked to' })

/** Returns the event with the time of event number n. It keeps its own ID, because the same ID would make it a copy. */
const atMinute = (n: number, one: StoredEvent): StoredEvent => ({
  ...one,
  timestamp: event(n, one.eventType).timestamp,
})

/** Returns a new object on every call, because an answer may change it. */
const active = (): UserState => ({
  userId: 'user-42',
  name: 'Ada',
  email: 'ada@old.example',
  status: 'active',
  registeredAt: '2026-03-01T09:00:00.000Z',
  deactivatedAt: null,
})

const gone = (): UserState => ({
  userId: 'user-42',
  name: 'Ada',
  email: 'ada@old.example',
  status: 'deactivated',
  registeredAt: '2026-03-01T09:00:00.000Z',
  deactivatedAt: '2026-03-01T09:02:00.000Z',
})

/** Appends events to the list of user-42, as lesson 02 stores them. */
async function plant(...events: readonly StoredEvent[]): Promise<void> {
  await box.admin.rpush('events:user-42', ...events.map((one) => JSON.stringify(one)))
}

async function apply(state: UserState | null, one: StoredEvent): Promise<UserState | null> {
  const [next] = await call('applyEvent', () => [applyEvent(state, one)])
  verify(
    !(next instanceof Promise),
    '`applyEvent` returned a promise. A reducer only computes, so it has nothing to wait for: anything it waited for could be different on the next replay.',
  )
  verify(
    next !== undefined,
    "`applyEvent` returned `undefined`. It should return the state after the event, or `null` if there's no user.",
  )
  return next
}

/** Types that careless code mistakes for one of the three. */
const NEARLY = [
  'toString',
  'constructor',
  'user_registered',
  'USER_REGISTERED_AGAIN',
  'SUPERUSER_DEACTIVATED',
  'SUPERUSER_REGISTERED',
  'ADMIN_EMAIL_CHANGED',
  'USER_REGISTERED ',
]

describe('applyEvent', () => {
  test('registers a user', async () => {
    const state = await apply(null, registered())
    verify(
      typeof state === 'object' && state !== null,
      '`applyEvent(null, event)` should return the state of the new user after `USER_REGISTERED`.',
      { expected: active(), received: state },
    )
    verifyEqual(
      state.registeredAt,
      '2026-03-01T09:00:00.000Z',
      "`registeredAt` should be the timestamp of the event. The replay may run years later, so don't use the time of the replay.",
    )
    verifyEqual(
      state,
      active(),
      "After `USER_REGISTERED`, the state should have `userId` (the entity ID), `name` and `email` from the payload, `status: 'active'`, `registeredAt`, and `deactivatedAt: null`.",
    )
  })

  test('changes the email address', async () => {
    verifyEqual(
      await apply(active(), emailChanged()),
      { ...active(), email: 'ada@new.example' },
      'After `USER_EMAIL_CHANGED`, the state should have the new address, with everything else as it was.',
    )
  })

  test('deactivates', async () => {
    verifyEqual(
      await apply(active(), deactivated()),
      gone(),
      "After `USER_DEACTIVATED`, the state should have the status `deactivated` and the event's timestamp as `deactivatedAt`. Don't remove the state: a deactivated user is still a user.",
    )
  })

  test('leaves its arguments alone', async () => {
    for (const one of [emailChanged(), deactivated()]) {
      const state = active()
      await apply(state, one)
      verifyEqual(
        state,
        active(),
        `\`applyEvent\` changed the state it received (on \`${one.eventType}\`). Other code, such as a cache or a snapshot, may still use that object. Return a new object: \`{ ...state, … }\`.`,
      )
    }
    const given = registered()
    await apply(null, given)
    verifyEqual(given, registered(), '`applyEvent` changed the event. An event is a fact, so only read it.')
    for (const one of [registered(), emailChanged(), deactivated()]) {
      const outcome = await attempt('applyEvent', () => applyEvent(Object.freeze(active()), deepFrozen(one)))
      verify(
        outcome.ok,
        `\`applyEvent\` failed on \`${one.eventType}\` when the state and the event were frozen. Don't write to either of them: return a new object.`,
        { received: !outcome.ok && outcome.error },
      )
    }
  })

  test('depends on nothing but its arguments', async () => {
    for (const [state, one] of [
      [null, registered()],
      [active(), emailChanged()],
      [active(), deactivated()],
    ] as const) {
      const { used } = await call('applyEvent', () => watched(() => applyEvent(state, one)))
      verify(
        used === undefined,
        `\`applyEvent\` used ${used} (on \`${one.eventType}\`). The same events would then produce a different state on the next replay. Take everything you need from the event.`,
      )
    }
    verify(
      box.commands.length === 0,
      '`applyEvent` sent a command to Redis. Compute only from the state and the event, because the data in Redis may be different on the next replay.',
    )
  })

  test('keeps no state between two calls', async () => {
    const other = {
      ...event(5, 'USER_REGISTERED', { name: 'Bo', email: 'bo@b.example' }),
      entityId: 'user-7',
    }
    await apply(active(), deactivated())
    verifyEqual(
      await apply(null, other),
      {
        userId: 'user-7',
        name: 'Bo',
        email: 'bo@b.example',
        status: 'active',
        registeredAt: '2026-03-01T09:05:00.000Z',
        deactivatedAt: null,
      },
      '`applyEvent` mixed up two users: its result depends on an earlier call. Use only the `state` it receives, and keep nothing outside the function.',
    )
    verifyEqual(
      await apply(active(), emailChanged()),
      { ...active(), email: 'ada@new.example' },
      'The result of `applyEvent` depends on an earlier call. For the same state and the same event, always return the same result.',
    )
  })

  test("doesn't register twice", async () => {
    const again = event(9, 'USER_REGISTERED', { name: 'Eve', email: 'eve@example.com' })
    const after = await apply(gone(), again)
    verify(
      after?.status === 'deactivated',
      "A second `USER_REGISTERED` made a deactivated user active again. A late copy must not undo what has happened since, so if there's a user already, change nothing.",
      { expected: gone(), received: after },
    )
    verifyEqual(
      after,
      gone(),
      'A second `USER_REGISTERED` changed a deactivated user. It should change nothing at all.',
    )
    verifyEqual(
      await apply(active(), again),
      active(),
      'A second `USER_REGISTERED` overwrote an active user. It should change nothing at all.',
    )
  })

  test("doesn't create half a user", async () => {
    for (const one of [emailChanged(), deactivated()]) {
      const after = await apply(null, one)
      verify(
        after === null,
        `For \`${one.eventType}\` on a user who was never registered, \`applyEvent\` should return \`null\`. Otherwise you create half a user, without a name.`,
        { expected: null, received: after },
      )
    }
  })

  test('deactivates once', async () => {
    verifyEqual(
      await apply(gone(), deactivated(30)),
      gone(),
      'A second `USER_DEACTIVATED` should change nothing. `deactivatedAt` keeps the time of the first one.',
    )
  })

  test('takes the empty string as an address', async () => {
    verifyEqual(
      await apply(active(), emailChanged(1, '')),
      { ...active(), email: '' },
      "`USER_EMAIL_CHANGED` with an empty string as the address should set the address to the empty string. A reducer doesn't judge what was stored: replay what happened.",
    )
  })

  test('changes the address of a deactivated user', async () => {
    verifyEqual(
      await apply(gone(), emailChanged(3)),
      { ...gone(), email: 'ada@new.example' },
      "`USER_EMAIL_CHANGED` after the deactivation should change the address and nothing else. It did happen, and a reducer doesn't judge whether it should have.",
    )
  })

  test('keeps strings exactly as they are', async () => {
    const mixed = event(0, 'USER_REGISTERED', { name: ' Ada L. ', email: 'Ada.L@Old.Example' })
    verifyEqual(
      await apply(null, mixed),
      { ...active(), name: ' Ada L. ', email: 'Ada.L@Old.Example' },
      "On `USER_REGISTERED`, `applyEvent` changed the name or the email. Take both exactly as they are in the event, because a reducer doesn't clean up data: no trimming, no lowercasing.",
    )
    verifyEqual(
      await apply(active(), emailChanged(1, 'Ada.L@New.Example')),
      { ...active(), email: 'Ada.L@New.Example' },
      "On `USER_EMAIL_CHANGED`, `applyEvent` changed the address. Take it exactly as it is in the event, because a reducer doesn't clean up data: no trimming, no lowercasing.",
    )
  })

  test('goes by the order of the events, not their timestamps', async () => {
    const before = '2026-02-28T23:59:00.000Z'
    verifyEqual(
      await apply(active(), { ...emailChanged(), timestamp: before }),
      { ...active(), email: 'ada@new.example' },
      "`USER_EMAIL_CHANGED` has an earlier timestamp than the registration, because its writer's clock was behind. It should still change the address: the order of the list counts, not the timestamps.",
    )
    verifyEqual(
      await apply(active(), { ...deactivated(), timestamp: before }),
      { ...gone(), deactivatedAt: before },
      "`USER_DEACTIVATED` has an earlier timestamp than the registration, because its writer's clock was behind. It should still deactivate the user: the order of the list counts, not the timestamps.",
    )
  })

  test('takes only known fields from the payload', async () => {
    const rich = event(1, 'USER_EMAIL_CHANGED', {
      email: 'ada@new.example',
      name: 'Eve',
      status: 'deactivated',
      verifiedBy: 'link',
    })
    verifyEqual(
      await apply(active(), rich),
      { ...active(), email: 'ada@new.example' },
      '`applyEvent` copied more from the payload than the address. Take only the fields that the event is about, by name, because a newer program may add others, which must not overwrite the state.',
    )
    const richer = event(0, 'USER_REGISTERED', {
      name: 'Ada',
      email: 'ada@old.example',
      newsletter: true,
      userId: 'eve',
      status: 'deactivated',
    })
    verifyEqual(
      await apply(null, richer),
      active(),
      'On `USER_REGISTERED`, take only `name` and `email` from the payload. The `userId` is the entity ID of the event.',
    )
    const last = '2019-12-31T00:00:00.000Z'
    const richest = event(2, 'USER_DEACTIVATED', { email: 'x@example.com', at: last, deactivatedAt: last })
    verifyEqual(
      await apply(active(), richest),
      gone(),
      'On `USER_DEACTIVATED`, take nothing from the payload. `deactivatedAt` is the timestamp of the event, and everything else stays as it was.',
    )
  })

  test('accepts unknown types', async () => {
    const future = event(4, 'USER_TAGGED', { status: 'deactivated', email: 'x@example.com' })
    for (const state of [active(), null]) {
      const outcome = await attempt('applyEvent', () => applyEvent(state, future))
      verify(
        outcome.ok,
        '`applyEvent` threw on an unknown event type, which a newer program may have written. One such event would make the user unreadable, so return the state as it was.',
        { received: !outcome.ok && outcome.error },
      )
      verify(
        state === null ? outcome.value === null : outcome.value !== null && outcome.value !== undefined,
        'For an unknown event type, `applyEvent` should return the state as it was.',
        { expected: state, received: outcome.value },
      )
      verifyEqual(
        outcome.value,
        state,
        'For an unknown event type, `applyEvent` should return the state as it was.',
      )
    }
  })

  for (const eventType of ['', ...NEARLY]) {
    const shown = eventType.endsWith(' ') ? `${eventType.trim()} with a space` : eventType
    test(`doesn't mistake ${shown || 'the empty string'} for a known type`, async () => {
      const near = event(4, eventType, { name: 'Eve', email: 'eve@example.com' })
      const why = `\`applyEvent\` treated the type \`"${eventType}"\` as one of the three known types. A type is known only if it's exactly the same string${eventType in {} ? ', and a lookup table made with `{}` has `toString` and `constructor` too' : ', so compare the whole name as it is'}.`
      for (const state of [active(), null]) {
        const outcome = await attempt('applyEvent', () => applyEvent(state, near))
        verify(
          outcome.ok,
          `\`applyEvent\` threw on an event with the type \`"${eventType}"\`. It should never throw, whatever the type: an unknown one changes nothing.`,
          { received: !outcome.ok && outcome.error },
        )
        verify((outcome.value === null) === (state === null), why, {
          expected: state,
          received: outcome.value,
        })
        verifyEqual(outcome.value, state, why)
      }
    })
  }
})

describe('getEntityState', () => {
  test('replays the events of an entity', async () => {
    await plant(registered(), emailChanged(), deactivated())
    await box.admin.rpush(
      'events:user-7',
      JSON.stringify({ ...emailChanged(5, 'x@x.example'), entityId: 'user-7' }),
    )
    const state = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verify(
      state !== null,
      "`getEntityState` returned `null` for an entity with three events, even though the first one is `USER_REGISTERED`. Apply every event in `events:user-42`, including those on the last page. That's the page whose `next` is `null`, and here it's the only one.",
      { expected: { ...gone(), email: 'ada@new.example' }, received: state },
    )
    verifyEqual(
      state,
      { ...gone(), email: 'ada@new.example' },
      '`getEntityState` should apply all events of the entity, from the first to the last, and return the state after the last one.',
    )
    await plant(emailChanged(3, 'ada@third.example'))
    const later = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verify(
      later?.deactivatedAt === '2026-03-01T09:02:00.000Z',
      "`getEntityState` was called a second time, after one more event, and returned a different user or no user at all. Start from scratch on every call: don't keep a position or a set of known IDs outside the function.",
      { expected: { ...gone(), email: 'ada@third.example' }, received: later },
    )
    verifyEqual(
      later,
      { ...gone(), email: 'ada@third.example' },
      "A `USER_EMAIL_CHANGED` was stored after the deactivation and after a first replay, but the next replay doesn't show it. Read the list to its end on every call, whatever the state is.",
    )
  })

  test('returns null for an entity without events', async () => {
    await plant(registered())
    await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    const state = await call('getEntityState', () => getEntityState(box.redis, 'nobody'))
    verify(
      state?.userId !== 'user-42',
      '`getEntityState` returned the state of another user, the one from an earlier call. Start each replay with `null`, and keep nothing between calls.',
      { expected: null, received: state },
    )
    verify(
      state !== undefined,
      '`getEntityState` returned `undefined` for an entity without events. Return `null`, because `undefined` could also come from a forgotten `return`.',
    )
    verify(
      state === null,
      '`getEntityState` should return `null` for an entity without events. An empty object, or one with empty fields, looks like a user who was found.',
      { expected: null, received: state },
    )
  })

  test('returns null if there was no registration', async () => {
    await plant(emailChanged())
    const state = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verify(
      state === null,
      '`getEntityState` should return `null` for an entity whose only event is `USER_EMAIL_CHANGED`, because no user was registered.',
      { expected: null, received: state },
    )
  })

  test('follows the position, not the timestamp', async () => {
    await plant(registered(10), emailChanged(12, 'second@example.com'), emailChanged(11, 'third@example.com'))
    const state = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verifyEqual(
      state?.email,
      'third@example.com',
      'The last event in the list sets the address to `third@example.com`, but the state has another one. Apply the events in the order of the list.',
      [
        [
          (email) => email === 'second@example.com',
          'The events were sorted by their timestamps. Keep the order of the list, because clocks differ: the one on the machine that wrote last was a minute behind.',
        ],
      ],
    )
  })

  test('applies events with the same timestamp', async () => {
    await plant(
      registered(7),
      atMinute(7, emailChanged(8, 'second@example.com')),
      atMinute(7, emailChanged(9, 'third@example.com')),
    )
    const state = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verifyEqual(
      state?.email,
      'third@example.com',
      "Three events have the same timestamp, and not all of them were applied. Many things can happen in one millisecond, so don't use a timestamp to identify an event.",
    )
  })

  test('reads all pages', async () => {
    await plant(registered())
    for (let from = 1; from < 1_300; from += 400) {
      await plant(
        ...Array.from({ length: 400 }, (_, i) => emailChanged(from + i, `ada+${from + i}@example.com`)),
      )
    }
    const state = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verifyEqual(
      state?.email,
      'ada+1600@example.com',
      "Not all of the 1,601 events were applied. `readEvents` returns a page of 500 at a time, so keep reading from `next` until it's `null`.",
    )
    const most = Math.max(
      ...box.commands.map(({ reply }) => (Array.isArray(reply) ? reply.flat().length : 0)),
    )
    verify(
      most <= 501,
      `\`getEntityState\` fetched ${most} entries with one command. While Redis builds such a reply, it can't serve any other client. Read page by page, with \`readEvents\` from lesson 02.`,
      { expected: words('at most 501 entries in one reply'), received: words(`${most} entries`) },
    )
  })

  test('skips no event between two pages', async () => {
    await plant(
      ...Array.from({ length: 500 }, (_, n) => (n === 0 ? registered() : emailChanged(n))),
      atMinute(2, deactivated(500)),
      emailChanged(501),
    )
    const state = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verifyEqual(
      state,
      { ...gone(), email: 'ada@new.example' },
      'There are 502 events, and the one at position 500 is `USER_DEACTIVATED`. The state should be the one after all of them, each applied once. Start the next page exactly at the `next` of the one before.',
    )
  })

  test('continues after a page without a user', async () => {
    await plant(...Array.from({ length: 500 }, (_, i) => emailChanged(i + 1)), registered())
    verifyEqual(
      await call('getEntityState', () => getEntityState(box.redis, 'user-42')),
      active(),
      "The first 500 events, a whole page, change the address of a user who isn't registered yet, and `USER_REGISTERED` comes after them. `getEntityState` should keep reading until `next` is `null`, even if there's no user yet.",
    )
  })

  test('returns the same state at every replay', async () => {
    await plant(registered(), emailChanged(), deactivated(), registered(20))
    const first = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    const second = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verifyEqual(
      [first, second],
      [
        { ...gone(), email: 'ada@new.example' },
        { ...gone(), email: 'ada@new.example' },
      ],
      'Two replays of the same events should return the same state, in this case a deactivated user. Start each replay with `null`, and keep nothing between calls.',
    )
  })

  test('only reads', async () => {
    await plant(registered())
    const before = (await box.admin.keys('*')).sort()
    await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verifyEqual(
      (await box.admin.keys('*')).sort(),
      before,
      '`getEntityState` stored or removed something in Redis. It should only read, because the state can always be derived again from the events.',
    )
    verifyEqual(
      await box.admin.llen('events:user-42'),
      1,
      '`getEntityState` changed the list of events. It should only read.',
    )
  })

  test("doesn't skip an entry that it can't read", async () => {
    await plant(registered())
    await box.admin.rpush('events:user-42', '{"eventId":"torn')
    await plant(emailChanged())
    const outcome = await attempt('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verify(
      !outcome.ok || outcome.value !== null,
      "One entry in the list isn't an event (it's cut off in the middle), and `getEntityState` returned `null`, as if the user didn't exist. Pass on the `MalformedEventError`, which says that the history is unreadable.",
    )
    verify(
      !outcome.ok,
      "One entry in the list isn't an event (it's cut off in the middle), and `getEntityState` returned a state anyway. A state with a hole in its history looks like any other, so pass on the `MalformedEventError`.",
      { received: outcome.ok && outcome.value },
    )
    verify(
      outcome.error instanceof Error && outcome.error.name === 'MalformedEventError',
      "`getEntityState` failed on an entry that isn't an event, but not with the `MalformedEventError` from `readEvents`. Pass that error on, because it says what's wrong.",
      { received: outcome.error },
    )
  })

  test("doesn't end at a page that it can't read", async () => {
    await plant(registered(), ...Array.from({ length: 499 }, (_, n) => emailChanged(n + 1)))
    await box.admin.rpush('events:user-42', '{"eventId":"torn')
    const outcome = await attempt('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verify(
      !outcome.ok && outcome.error instanceof Error && outcome.error.name === 'MalformedEventError',
      "The first 500 entries in the list are events, and the next one isn't (it's cut off in the middle). `getEntityState` didn't reject with the `MalformedEventError` from `readEvents`. Pass it on, whichever page it comes from: a state that leaves out the end of the history looks like any other.",
      { expected: words('a MalformedEventError'), received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('passes on an error from Redis', () =>
    passesOnWrongType(
      'getEntityState',
      'events:user-42',
      () => getEntityState(box.redis, 'user-42'),
      "A history that can't be read isn't an entity without events.",
      'string',
    ))

  test('refuses an ID that leads to the key of another list', async () => {
    await box.admin.rpush('events:type:USER_REGISTERED', JSON.stringify(registered()))
    const outcome = await attempt('getEntityState', () => getEntityState(box.redis, 'type:USER_REGISTERED'))
    verify(
      !outcome.ok && outcome.error instanceof Error && outcome.error.name === 'InvalidEntityIdError',
      "`getEntityState` didn't reject the ID `type:USER_REGISTERED` with an `InvalidEntityIdError`. With this ID, it would read the list of a type. Read with `readEvents` from lesson 02, and pass on its error.",
      { received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('passes on an error from any page', () =>
    passesOnErrors({
      name: 'getEntityState',
      prepare: () => plant(registered(), ...Array.from({ length: 500 }, (_, n) => emailChanged(n + 1))),
      run: (redis) => getEntityState(redis, 'user-42'),
      why: "A history that can't be read to its end isn't a shorter history, so the state would be wrong, and nothing would show it.",
    }))

  test.skipIf(lacks('real-server'))('reads any number of pages', async () => {
    await plant(registered())
    const change = JSON.stringify(emailChanged(1, 'ada@second.example'))
    await box.admin.rpush('events:user-42', ...Array.from({ length: 10_098 }, () => change))
    await plant(emailChanged(2, 'ada@last.example'))
    const state = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verifyEqual(
      state?.email,
      'ada@last.example',
      "The list holds 10,100 events, and the last one wasn't applied. Keep reading until `next` is `null`, however many pages that takes.",
    )
  })

  test('keeps two calls apart', async () => {
    const other = {
      ...event(5, 'USER_REGISTERED', { name: 'Bo', email: 'bo@b.example' }),
      entityId: 'user-7',
    }
    await plant(registered())
    await box.admin.rpush('events:user-7', JSON.stringify(other))
    const states = await call('getEntityState', () =>
      Promise.all(['user-42', 'user-7'].map((id) => getEntityState(box.redis, id))),
    )
    verifyEqual(
      states.map((state) => state?.userId),
      ['user-42', 'user-7'],
      'Two calls to `getEntityState` ran at the same time, for `user-42` and `user-7`, and one of them returned the state of the wrong user. Keep the state in a local variable, because a variable outside the function is shared by both calls.',
    )
  })
})

describe('unknown events', () => {
  /** Replays user-42 and returns the state and the reports, reduced to the three required fields. */
  async function replay() {
    const reports: UnknownEvent[] = []
    const outcome = await attempt('getEntityState', () =>
      getEntityState(box.redis, 'user-42', ({ position, eventType, eventId }) => {
        reports.push({ position, eventType, eventId })
      }),
    )
    if (outcome.ok) return { state: outcome.value, reports }
    verify(
      outcome.error instanceof Error && outcome.error.message.startsWith('Not written yet'),
      '`getEntityState` failed on a history with unknown event types. One event from a newer program would make the user unreadable. Continue the replay, and report the event.',
      { received: outcome.error },
    )
    return call('getEntityState', () => {
      throw outcome.error
    })
  }

  test('are reported', async () => {
    await plant(registered(), event(1, 'USER_TAGGED', { tag: 'vip' }), emailChanged(2))
    const { state, reports } = await replay()
    verify(
      reports.length > 0,
      "The history has an event of an unknown type, `USER_TAGGED`, but `report` wasn't called. If you skip such events silently, those with a misspelled type are lost without a trace.",
    )
    verifyEqual(
      (await replay()).reports,
      reports,
      "The same history was replayed twice, and the two calls reported different events. Start each replay from scratch: set the position to 0, and don't remember what has already been reported.",
    )
    verifyEqual(
      reports,
      [{ position: 1, eventType: 'USER_TAGGED', eventId: '0b7f3a52-6f0a-4c1e-9d3b-000000000001' }],
      '`report` should be called once, with the `position` (starting at 0), the `eventType`, and the `eventId` of the unknown event. You need them to find it.',
    )
    verifyEqual(
      state,
      { ...active(), email: 'ada@new.example' },
      'An unknown event should neither change the state nor end the replay. Apply the events after it as usual.',
    )
  })

  test('are reported each time', async () => {
    await plant(
      event(0, 'USER_EMIAL_CHANGED', { email: 'x@example.com' }),
      registered(1),
      event(2, 'USER_EMIAL_CHANGED', { email: 'y@example.com' }),
    )
    const { reports } = await replay()
    verifyEqual(
      reports,
      [
        { position: 0, eventType: 'USER_EMIAL_CHANGED', eventId: '0b7f3a52-6f0a-4c1e-9d3b-000000000000' },
        { position: 2, eventType: 'USER_EMIAL_CHANGED', eventId: '0b7f3a52-6f0a-4c1e-9d3b-000000000002' },
      ],
      'Every unknown event should be reported, in the order of the list, including the second one of the same type and one that comes before the registration. Someone who repairs the log needs all of them.',
    )
  })

  test('are reported whatever their type', async () => {
    await plant(registered(0), ...NEARLY.map((eventType, i) => event(i + 1, eventType)))
    const { reports } = await replay()
    verifyEqual(
      reports.map(({ eventType }) => eventType),
      NEARLY,
      "Some unknown event types look like known ones, and they weren't reported. A type is known only if it's exactly the same string, so compare the whole name, without trimming it or changing its case.",
      [
        [
          (types) => {
            const missing = NEARLY.filter((type) => !types.includes(type))
            return missing.length > 0 && missing.every((type) => type in {})
          },
          "Events with the types `toString` and `constructor` are unknown, and they weren't reported. `in` and `[…]` on an object find these two names in every object, so use a `Set` or `Object.hasOwn`.",
        ],
      ],
    )
  })

  test("don't include events of a known type", async () => {
    await plant(emailChanged(0), registered(1), registered(2), deactivated(3), deactivated(4))
    const { reports } = await replay()
    verifyEqual(
      reports,
      [],
      'All events have known types, but an event was reported. Report only events with an unknown type.',
      [
        [
          (found) => found.every(({ position }) => position % 2 === 0), // 0, 2 and 4 change nothing
          'An event of a known type was reported because it changed nothing. Check the type instead: a second `USER_REGISTERED` has no effect, but its type is known.',
        ],
      ],
    )
  })

  test('have a position that counts across pages', async () => {
    const events = Array.from({ length: 1_200 }, (_, n) =>
      n === 0 ? registered() : event(n, n === 700 || n === 1_100 ? 'USER_TAGGED' : 'USER_DEACTIVATED'),
    )
    await plant(...events)
    const { reports } = await replay()
    verifyEqual(
      reports.map(({ position }) => position),
      [700, 1_100],
      'The position of an unknown event should be its position in the whole list, not on the current page.',
    )
  })

  test('have the right position in two calls at once', async () => {
    const other = { ...event(5, 'USER_TAGGED'), entityId: 'user-7' }
    await plant(registered(), event(1, 'USER_TAGGED'))
    await box.admin.rpush('events:user-7', JSON.stringify(other), JSON.stringify(other))
    const positions = (id: string) => {
      const found: number[] = []
      return getEntityState(box.redis, id, ({ position }) => void found.push(position)).then(() => found[0])
    }
    verifyEqual(
      await call('getEntityState', () => Promise.all(['user-42', 'user-7'].map(positions))),
      [1, 0],
      'Two calls to `getEntityState` ran at the same time, for `user-42` and `user-7`, and one of them reported a wrong position for its first unknown event. Count in a local variable, because a variable outside the function is shared by both calls.',
    )
  })

  test("don't create a user", async () => {
    await plant(event(0, 'USER_TAGGED', { tag: 'vip' }))
    const { state, reports } = await replay()
    verify(
      state === null && reports.length === 1,
      'For an entity whose only event is unknown, `getEntityState` should return `null` and report the event.',
      { expected: { state: null, reports: 1 }, received: { state, reports: reports.length } },
    )
  })

  test("don't require a report function", async () => {
    await plant(registered(), event(1, 'USER_TAGGED'))
    const outcome = await attempt('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verify(
      outcome.ok,
      "`getEntityState` was called without `report`, which is optional, and failed on an unknown event. Check whether there's a `report` before you call it.",
      {
        received: !outcome.ok && outcome.error,
      },
    )
    verifyEqual(outcome.value, active(), 'Without `report`, the state should be the same as with it.')
  })
})

function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFrozen(inner)
    Object.freeze(value)
  }
  return value
}

/** Runs a function and reports whether it used the clock or randomness. `new Date(text)` is neither. */
function watched<T>(run: () => T): { value: T; used: string | undefined } {
  let used: string | undefined
  const RealDate = Date
  const realRandom = Math.random
  globalThis.Date = new Proxy(RealDate, {
    apply: () => {
      used = 'the clock (`Date()`)'
      return RealDate()
    },
    construct: (target, args: [], newTarget) => {
      if (args.length === 0) used = 'the clock (`new Date()`)'
      return Reflect.construct(target, args, newTarget)
    },
    get: (target, key) => {
      if (key === 'now') used = 'the clock (`Date.now()`)'
      return Reflect.get(target, key)
    },
  })
  Math.random = () => {
    used = 'randomness (Math.random())'
    return realRandom()
  }
  try {
    return { value: run(), used }
  } finally {
    globalThis.Date = RealDate
    Math.random = realRandom
  }
}
