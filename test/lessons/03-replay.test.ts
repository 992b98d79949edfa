/** Long, because every sentence that a learner may get to read stands here, beside what it judges. */
import { describe, test } from 'vitest'
import { attempt, call, useSandbox, verify, verifyEqual } from '#kit'
import type { UnknownEvent, UserState } from '#lesson/03-replay'
import { applyEvent, getEntityState } from '#lesson/03-replay'

const box = useSandbox()

type StoredEvent = Parameters<typeof applyEvent>[1]

/** Event number n of user-42, n minutes past nine. */
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

/** The event with the time of event number n. Its id stays its own, because a copy is known by its id. */
const atMinute = (n: number, one: StoredEvent): StoredEvent => ({
  ...one,
  timestamp: event(n, one.eventType).timestamp,
})

/** Made afresh for every use: an answer may spoil it. */
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

/** Puts events into the list of user-42, as lesson 02 stores them. */
async function plant(...events: readonly StoredEvent[]): Promise<void> {
  await box.admin.rpush('events:user-42', ...events.map((one) => JSON.stringify(one)))
}

async function apply(state: UserState | null, one: StoredEvent): Promise<UserState | null> {
  const [next] = await call('applyEvent', () => [applyEvent(state, one)])
  verify(
    !(next instanceof Promise),
    'applyEvent returned a promise. A reducer only computes, there is nothing to wait for in it: what it waited for could be different at the next replay.',
  )
  verify(
    next !== undefined,
    'applyEvent returned undefined. It should return the state after the event; `null` where there is no user.',
  )
  return next
}

/** Types that a careless look takes for one of the three. */
const NEARLY = [
  'toString',
  'constructor',
  'user_registered',
  'USER_REGISTERED_AGAIN',
  'SUPERUSER_DEACTIVATED',
]

describe('applyEvent', () => {
  test('registers a user', async () => {
    const state = await apply(null, registered())
    verify(
      typeof state === 'object' && state !== null,
      'After USER_REGISTERED there is a user: applyEvent(null, event) should return the state.',
      { expected: active(), received: state },
    )
    verifyEqual(
      state.registeredAt,
      '2026-03-01T09:00:00.000Z',
      '`registeredAt` should be the timestamp of the event. The replay may run years later: the clock of that moment has nothing to do with it.',
    )
    verifyEqual(
      state,
      active(),
      'After USER_REGISTERED the state should have userId (the entity id), name and email from the payload, status "active", registeredAt and deactivatedAt null.',
    )
  })

  test('changes the e-mail address', async () => {
    verifyEqual(
      await apply(active(), emailChanged()),
      { ...active(), email: 'ada@new.example' },
      'USER_EMAIL_CHANGED should give the state with the new address and all the rest as it was.',
    )
  })

  test('deactivates', async () => {
    verifyEqual(
      await apply(active(), deactivated()),
      gone(),
      'USER_DEACTIVATED should give the state with status "deactivated" and the event’s timestamp as deactivatedAt. The user does not vanish: she was here.',
    )
  })

  test('leaves what it is given alone', async () => {
    for (const one of [emailChanged(), deactivated()]) {
      const state = active()
      await apply(state, one)
      verifyEqual(
        state,
        active(),
        `applyEvent changed the state that it was given (on ${one.eventType}). Somebody else may hold it: a snapshot, a cache, the other branch of an "if". Return a new object, \`{ ...state, … }\`.`,
      )
    }
    const given = registered()
    await apply(null, given)
    verifyEqual(given, registered(), 'applyEvent changed the event. An event is a fact and stays as it is.')
    for (const one of [registered(), emailChanged(), deactivated()]) {
      const outcome = await attempt('applyEvent', () => applyEvent(Object.freeze(active()), deepFrozen(one)))
      verify(
        outcome.ok,
        `applyEvent tried to write into the state or the event that it was given (on ${one.eventType}; both were frozen).`,
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
        `applyEvent looked at ${used} (on ${one.eventType}). The same events would give another state at the next replay; what a reducer needs to know stands in the event.`,
      )
    }
    verify(
      box.commands.length === 0,
      'applyEvent asked Redis. A reducer computes from the state and the event alone: what stands in Redis may be different at the next replay.',
    )
  })

  test('remembers nothing between two calls', async () => {
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
      'applyEvent mixed two users: what it returns depends on an earlier call. Everything that it knows comes in as `state`; keep nothing outside of the function.',
    )
    verifyEqual(
      await apply(active(), emailChanged()),
      { ...active(), email: 'ada@new.example' },
      'applyEvent depends on an earlier call: the same state and the same event should always give the same result.',
    )
  })

  test('does not register twice', async () => {
    const again = event(9, 'USER_REGISTERED', { name: 'Eve', email: 'eve@example.com' })
    const after = await apply(gone(), again)
    verify(
      after?.status === 'deactivated',
      'A second USER_REGISTERED made a deactivated user active again. A copy that is delivered late must not undo what happened since: who is registered already stays as she is.',
      { expected: gone(), received: after },
    )
    verifyEqual(
      after,
      gone(),
      'A second USER_REGISTERED changed a user who was there already. It should change nothing at all.',
    )
    verifyEqual(
      await apply(active(), again),
      active(),
      'A second USER_REGISTERED overwrote an active user. It should change nothing at all.',
    )
  })

  test('does not make half a user', async () => {
    for (const one of [emailChanged(), deactivated()]) {
      const after = await apply(null, one)
      verify(
        after === null,
        `${one.eventType} for somebody who was never registered should leave null. Otherwise half a user comes into being, without a name.`,
        { expected: null, received: after },
      )
    }
  })

  test('deactivates once', async () => {
    verifyEqual(
      await apply(gone(), deactivated(30)),
      gone(),
      'A second USER_DEACTIVATED should change nothing: deactivatedAt stays the time of the first.',
    )
  })

  test('changes the address of a deactivated user', async () => {
    verifyEqual(
      await apply(gone(), emailChanged(3)),
      { ...gone(), email: 'ada@new.example' },
      'USER_EMAIL_CHANGED after the deactivation should change the address and nothing else. It has happened: a reducer does not judge whether it should have.',
    )
  })

  test('keeps texts letter for letter', async () => {
    const mixed = event(0, 'USER_REGISTERED', { name: ' Ada L. ', email: 'Ada.L@Old.Example' })
    verifyEqual(
      await apply(null, mixed),
      { ...active(), name: ' Ada L. ', email: 'Ada.L@Old.Example' },
      'USER_REGISTERED should take name and email as they stand in the event. Trimmed or in small letters they are other texts than those that were written down; a reducer tidies nothing up.',
    )
    verifyEqual(
      await apply(active(), emailChanged(1, 'Ada.L@New.Example')),
      { ...active(), email: 'Ada.L@New.Example' },
      'USER_EMAIL_CHANGED should take the address as it stands in the event. Trimmed or in small letters it is another text than the one that was written down; a reducer tidies nothing up.',
    )
  })

  test('takes from the payload what it knows', async () => {
    const rich = event(1, 'USER_EMAIL_CHANGED', {
      email: 'ada@new.example',
      name: 'Eve',
      status: 'deactivated',
      verifiedBy: 'link',
    })
    verifyEqual(
      await apply(active(), rich),
      { ...active(), email: 'ada@new.example' },
      'The whole payload was poured into the state. Take the fields that the event is about, by name: a newer program may write more into the payload, and it must not overwrite other fields.',
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
      'USER_REGISTERED should take name and email from the payload and no other field. The `userId` is the entity id of the event.',
    )
    const last = '2019-12-31T00:00:00.000Z'
    const richest = event(2, 'USER_DEACTIVATED', { email: 'x@example.com', at: last, deactivatedAt: last })
    verifyEqual(
      await apply(active(), richest),
      gone(),
      'USER_DEACTIVATED should take nothing from the payload: `deactivatedAt` is the timestamp of the event, and all the rest stays as it was.',
    )
  })

  test('goes past types that it does not know', async () => {
    const future = event(4, 'USER_TAGGED', { status: 'deactivated', email: 'x@example.com' })
    for (const state of [active(), null]) {
      const outcome = await attempt('applyEvent', () => applyEvent(state, future))
      verify(
        outcome.ok,
        'applyEvent threw on an event type that it does not know. A newer program may have written it: after one such event nobody could read this user any more. Return the state as it was.',
        { received: !outcome.ok && outcome.error },
      )
      verify(
        state === null ? outcome.value === null : outcome.value !== null && outcome.value !== undefined,
        'An event type that applyEvent does not know should leave the state as it was.',
        { expected: state, received: outcome.value },
      )
      verifyEqual(
        outcome.value,
        state,
        'An event type that applyEvent does not know should leave the state as it was.',
      )
    }
  })

  for (const eventType of NEARLY) {
    test(`does not take ${eventType} for one that it knows`, async () => {
      const near = event(4, eventType, { name: 'Eve', email: 'eve@example.com' })
      const why = `applyEvent took the type "${eventType}" for one of the three. A type is known when it is the same text, letter for letter; a table made with \`{}\` holds \`toString\` and \`constructor\` too.`
      for (const state of [active(), null]) {
        const outcome = await attempt('applyEvent', () => applyEvent(state, near))
        verify(outcome.ok, why, { received: !outcome.ok && outcome.error })
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
      'getEntityState returned null for an entity with three events, the first of which is USER_REGISTERED. It should apply all events of the entity, those in `events:user-42`, the last page too: that is the one whose `next` is null, and here it is the only one.',
      { expected: { ...gone(), email: 'ada@new.example' }, received: state },
    )
    verifyEqual(
      state,
      { ...gone(), email: 'ada@new.example' },
      'getEntityState should apply all events of the entity, from the first to the last, and return the state after the last one.',
    )
    await plant(emailChanged(3, 'ada@third.example'))
    const later = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verify(
      later?.deactivatedAt === '2026-03-01T09:02:00.000Z',
      'getEntityState was called a second time, with one event more in the list, and gave another user than before, or none. It remembers something from the first call: keep nothing outside of the function, no position, no ids that have been seen.',
      { expected: { ...gone(), email: 'ada@third.example' }, received: later },
    )
    verifyEqual(
      later,
      { ...gone(), email: 'ada@third.example' },
      'A USER_EMAIL_CHANGED was stored after the deactivation and after a first replay, and the next replay does not show it. Read the list at each call, to its end, whatever the state is.',
    )
  })

  test('says null for an entity that never was', async () => {
    await plant(registered())
    await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    const state = await call('getEntityState', () => getEntityState(box.redis, 'nobody'))
    verify(
      state?.userId !== 'user-42',
      'getEntityState gave the state of another user, who was asked for before. Begin each replay with null, and keep nothing between two.',
      { expected: null, received: state },
    )
    verify(
      state !== undefined,
      'For an entity without events getEntityState returned undefined. Say null: undefined is what a forgotten `return` gives too.',
    )
    verify(
      state === null,
      'For an entity without events getEntityState should return null. An empty object, or one with empty fields, looks like a user who was found.',
      { expected: null, received: state },
    )
  })

  test('says null where nobody was registered', async () => {
    await plant(emailChanged())
    const state = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verify(
      state === null,
      'For an entity whose only event is USER_EMAIL_CHANGED getEntityState should return null: nobody was registered.',
      { expected: null, received: state },
    )
  })

  test('goes by the position, not by the timestamp', async () => {
    await plant(registered(10), emailChanged(12, 'second@example.com'), emailChanged(11, 'third@example.com'))
    const state = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verifyEqual(
      state?.email,
      'third@example.com',
      'The last event of the list sets the address third@example.com, and the state doesn’t have it. Apply the events in the order of the list.',
      [
        [
          (email) => email === 'second@example.com',
          'The events were put in order by their timestamps. The order is that of the list: two machines’ clocks differ, and the one that wrote last was a minute slow.',
        ],
      ],
    )
  })

  test('applies two events of the same moment', async () => {
    await plant(
      registered(7),
      atMinute(7, emailChanged(8, 'second@example.com')),
      atMinute(7, emailChanged(9, 'third@example.com')),
    )
    const state = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verifyEqual(
      state?.email,
      'third@example.com',
      'Three events have the same timestamp, and not all of them were applied. Many things happen in one millisecond; a timestamp does not tell one event from another.',
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
      'Not all of the 1,601 events were applied. readEvents gives a page of 500 at a time: go on with `next` until it is null.',
    )
    const most = Math.max(
      ...box.commands.map(({ reply }) => (Array.isArray(reply) ? reply.flat().length : 0)),
    )
    verify(
      most <= 501,
      `getEntityState fetched ${most} entries with one command. Read page by page, with readEvents of lesson 02: Redis serves nobody else while it puts a long reply together.`,
      { expected: 'at most 501 entries in one reply', received: `${most} entries` },
    )
  })

  test('leaves no event out between two pages', async () => {
    await plant(
      ...Array.from({ length: 500 }, (_, n) => (n === 0 ? registered() : emailChanged(n))),
      atMinute(2, deactivated(500)),
      emailChanged(501),
    )
    const state = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verifyEqual(
      state,
      { ...gone(), email: 'ada@new.example' },
      'The state should be the one after all 502 events, each applied once.',
      [
        [
          (found) => found?.status === 'active',
          'The 501st event, at position 500, is USER_DEACTIVATED, and the state does not show it. The next page begins at the `next` of the one before, exactly there.',
        ],
      ],
    )
  })

  test('gives the same state at every replay', async () => {
    await plant(registered(), emailChanged(), deactivated(), registered(20))
    const first = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    const second = await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verifyEqual(
      [first, second],
      [
        { ...gone(), email: 'ada@new.example' },
        { ...gone(), email: 'ada@new.example' },
      ],
      'Two replays of the same events should give the same state, here that of a deactivated user: begin each with null, and leave nothing behind.',
    )
  })

  test('only reads', async () => {
    await plant(registered())
    const before = (await box.admin.keys('*')).sort()
    await call('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verifyEqual(
      (await box.admin.keys('*')).sort(),
      before,
      'getEntityState left something in Redis. Asking must not change anything; what is worked out from the events can be worked out again.',
    )
    verifyEqual(
      await box.admin.llen('events:user-42'),
      1,
      'getEntityState changed the list of events. It should only read.',
    )
  })

  test('does not skip what it cannot read', async () => {
    await plant(registered())
    await box.admin.rpush('events:user-42', '{"eventId":"torn')
    await plant(emailChanged())
    const outcome = await attempt('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verify(
      !outcome.ok || outcome.value !== null,
      'One entry of the list is no event (it is torn off in the middle), and getEntityState said null, as if there had never been a user. "I cannot read it" and "there is nobody" are two answers: let the MalformedEventError through.',
    )
    verify(
      !outcome.ok,
      'One entry of the list is no event (it is torn off in the middle), and getEntityState gave a state all the same. A state with a hole in its history looks like any other: let the MalformedEventError through.',
      { received: outcome.ok && outcome.value },
    )
    verify(
      outcome.error instanceof Error && outcome.error.name === 'MalformedEventError',
      'getEntityState failed on an entry that is no event, but not with the MalformedEventError that readEvents throws. Let it through: it says what is wrong.',
      { received: outcome.error },
    )
  })

  test('refuses an id that is the key of another list', async () => {
    await box.admin.rpush('events:type:USER_REGISTERED', JSON.stringify(registered()))
    const outcome = await attempt('getEntityState', () => getEntityState(box.redis, 'type:USER_REGISTERED'))
    verify(
      !outcome.ok && outcome.error instanceof Error && outcome.error.name === 'InvalidEntityIdError',
      'getEntityState took the id "type:USER_REGISTERED", whose key is the list of a type. Read with readEvents of lesson 02, and let its InvalidEntityIdError through.',
      { received: outcome.ok ? outcome.value : outcome.error },
    )
  })
})

describe('unknown events', () => {
  /** Replays user-42 and returns the state and the reports, reduced to the three fields that are asked for. */
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
      'getEntityState failed on a history with event types that it does not know. One event of a newer program would make the user unreadable: go on, and report it.',
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
      'The history holds a USER_TAGGED, which this program does not know, and `report` was not called. Passed over in silence, a misspelt type loses its events and nobody notices.',
    )
    verifyEqual(
      (await replay()).reports,
      reports,
      'The same history was replayed twice, and the second time something else was reported. Begin each replay anew: the position at 0, and no memory of what has been reported.',
    )
    verifyEqual(
      reports,
      [{ position: 1, eventType: 'USER_TAGGED', eventId: '0b7f3a52-6f0a-4c1e-9d3b-000000000001' }],
      '`report` should be called once, with the position (counted from 0), the eventType and the eventId of the unknown event: with these one can find it.',
    )
    verifyEqual(
      state,
      { ...active(), email: 'ada@new.example' },
      'An unknown event should not change the state nor end the replay: the events after it count as ever.',
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
      'Every unknown event should be reported, in the order of the list, also the second of one type and one that comes before the registration: whoever mends the log needs them all.',
    )
  })

  test('are reported whatever they are called', async () => {
    await plant(registered(0), ...NEARLY.map((eventType, i) => event(i + 1, eventType)))
    const { reports } = await replay()
    verifyEqual(
      reports.map(({ eventType }) => eventType),
      NEARLY,
      'Some event types look like known ones and are none, and they were not reported. A type is known when it is the same text, letter for letter; `in` and `[…]` on an object find `toString` and `constructor` too: ask a Set, or `Object.hasOwn`.',
    )
  })

  test('are those of an unknown type only', async () => {
    await plant(emailChanged(0), registered(1), registered(2), deactivated(3), deactivated(4))
    const { reports } = await replay()
    verifyEqual(
      reports,
      [],
      'All events are of known types, and an event was reported. Report only those whose type the program does not know.',
      [
        [
          (found) => found.every(({ position }) => position % 2 === 0), // 0, 2 and 4 change nothing
          'An event of a known type was reported, because it changed nothing. That is another matter: a second USER_REGISTERED is known and has no effect.',
        ],
      ],
    )
  })

  test('keep their position over the pages', async () => {
    const events = Array.from({ length: 1_200 }, (_, n) =>
      n === 0 ? registered() : event(n, n === 700 || n === 1_100 ? 'USER_TAGGED' : 'USER_DEACTIVATED'),
    )
    await plant(...events)
    const { reports } = await replay()
    verifyEqual(
      reports.map(({ position }) => position),
      [700, 1_100],
      'The position of an unknown event should be its place in the whole list, not in the page that was just read.',
    )
  })

  test('are no user', async () => {
    await plant(event(0, 'USER_TAGGED', { tag: 'vip' }))
    const { state, reports } = await replay()
    verify(
      state === null && reports.length === 1,
      'An entity with an unknown event only should be null, and the event reported.',
      { expected: { state: null, reports: 1 }, received: { state, reports: reports.length } },
    )
  })

  test('need no report', async () => {
    await plant(registered(), event(1, 'USER_TAGGED'))
    const outcome = await attempt('getEntityState', () => getEntityState(box.redis, 'user-42'))
    verify(outcome.ok, '`report` may be left out; getEntityState failed without it on an unknown event.', {
      received: !outcome.ok && outcome.error,
    })
    verifyEqual(outcome.value, active(), 'Without `report` the state should be the same as with it.')
  })
})

function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFrozen(inner)
    Object.freeze(value)
  }
  return value
}

/** Runs a function and tells whether it looked at the clock or at chance. `new Date(text)` is neither. */
function watched<T>(run: () => T): { value: T; used: string | undefined } {
  let used: string | undefined
  const RealDate = Date
  const realRandom = Math.random
  globalThis.Date = new Proxy(RealDate, {
    apply: () => {
      used = 'the clock (Date())'
      return RealDate()
    },
    construct: (target, args: [], newTarget) => {
      if (args.length === 0) used = 'the clock (new Date())'
      return Reflect.construct(target, args, newTarget)
    },
    get: (target, key) => {
      if (key === 'now') used = 'the clock (Date.now())'
      return Reflect.get(target, key)
    },
  })
  Math.random = () => {
    used = 'chance (Math.random())'
    return realRandom()
  }
  try {
    return { value: run(), used }
  } finally {
    globalThis.Date = RealDate
    Math.random = realRandom
  }
}
