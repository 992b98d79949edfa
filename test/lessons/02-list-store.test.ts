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
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { EventPage, Follower } from '#lesson/02-list-store'
import {
  followEvents,
  InvalidEntityIdError,
  readEvents,
  readEventsByType,
  storeEvent,
} from '#lesson/02-list-store'

const box = useSandbox()

type StoredEvent = Parameters<typeof storeEvent>[1]

/** The n-th event of a test: its id, its minute and its payload tell it from the others. */
function event(n: number, entityId = 'user-42', eventType = 'USER_REGISTERED'): StoredEvent {
  return {
    eventId: `0b7f3a52-6f0a-4c1e-9d3b-${String(n).padStart(12, '0')}`,
    timestamp: `2026-03-01T09:00:00.${String(n % 1_000).padStart(3, '0')}Z`,
    eventType,
    entityId,
    payload: { n },
    metadata: { userId: 'admin-1' },
  }
}

const text = (...args: Parameters<typeof event>) => JSON.stringify(event(...args))

function parsed(texts: readonly string[]): unknown[] {
  return texts.map((one) => {
    try {
      return JSON.parse(one)
    } catch {
      return one
    }
  })
}

/** Puts events number `from` to `to` into a list as an earlier program may have left them. */
async function plant(key: string, from: number, to: number, entityId?: string): Promise<void> {
  const texts = Array.from({ length: to - from + 1 }, (_, i) => text(from + i, entityId))
  await box.admin.rpush(key, ...texts)
}

/** Hears what is said on the channel `events`. Asks by a message of its own whether all before it has arrived. */
async function listen() {
  const heard: string[] = []
  let ended = () => {}
  const client = box.connect()
  client.on('message', (_channel: string, message: string) => {
    if (message === 'that is all') ended()
    else heard.push(message)
  })
  await client.subscribe('events')
  return async () => {
    const end = new Promise<void>((resolve) => {
      ended = resolve
    })
    await box.admin.publish('events', 'that is all')
    await end
    return heard
  }
}

describe('storeEvent', () => {
  test('appends to the list of the entity', async () => {
    await call('storeEvent', () => storeEvent(box.redis, event(1)))
    const stored = await box.admin.lrange('events:user-42', 0, -1)
    verify(
      stored.length === 1,
      'After storeEvent the list `events:user-42` should hold one event. Without it nobody can ask what happened to this user.',
      { expected: ['the event as JSON'], received: stored },
    )
    verify(
      typeof parsed(stored)[0] === 'object',
      'What stands in `events:user-42` is no event as JSON. Store the text that encodeEvent makes, once.',
      { received: stored[0] },
    )
    verifyEqual(
      parsed(stored),
      [event(1)],
      'The entry in `events:user-42` should be the whole event as JSON, envelope and all: what is left out here nobody can read later.',
    )
    await sameEveryTime('storeEvent', () => storeEvent(box.redis, event(2)))
  })

  test('appends to the list of the type', async () => {
    await call('storeEvent', () => storeEvent(box.redis, event(1)))
    verifyEqual(
      parsed(await box.admin.lrange('events:type:USER_REGISTERED', 0, -1)),
      [event(1)],
      'The list `events:type:USER_REGISTERED` should hold the whole event too: it is how one asks for all registrations.',
    )
  })

  test('appends at the end', async () => {
    await call('storeEvent', () => storeEvent(box.redis, event(1)))
    await call('storeEvent', () => storeEvent(box.redis, event(2)))
    await call('storeEvent', () => storeEvent(box.redis, event(3, 'user-43')))
    verifyEqual(
      parsed(await box.admin.lrange('events:user-42', 0, -1)),
      [event(1), event(2)],
      'The list should hold the events in the order in which they were stored, the oldest first: RPUSH appends, LPUSH puts the newest in front and turns history round.',
    )
    verifyEqual(
      parsed(await box.admin.lrange('events:type:USER_REGISTERED', 0, -1)),
      [event(1), event(2), event(3, 'user-43')],
      'The list of the type should hold the events of all entities in the order in which they were stored.',
    )
  })

  test('takes event types of any kind', async () => {
    for (const eventType of ['UserMoved', 'user.moved', 'ORDER_SENT']) {
      const outcome = await attempt('storeEvent', () => storeEvent(box.redis, event(1, 'user-42', eventType)))
      verify(
        outcome.ok,
        `storeEvent refused the event type "${eventType}". Types are not checked here: what has happened is stored, whatever it is called.`,
        { received: !outcome.ok && outcome.error },
      )
      verifyEqual(
        parsed(await box.admin.lrange(`events:type:${eventType}`, 0, -1)),
        [event(1, 'user-42', eventType)],
        `The event should stand in \`events:type:${eventType}\`, the type letter for letter: whoever asks for that type looks there.`,
      )
    }
  })

  test('announces the event', async () => {
    const heard = await listen()
    await call('storeEvent', () => storeEvent(box.redis, event(1)))
    const messages = await heard()
    verify(
      messages.length === 1,
      `storeEvent should PUBLISH once on the channel \`events\`; ${messages.length} messages came. Whoever waits there would never learn of the event, or be woken for nothing.`,
      { received: messages },
    )
    verifyEqual(
      parsed(messages),
      [event(1)],
      'The message on the channel `events` should be the event as JSON, the same text as in the lists.',
    )
  })

  test('leaves all or nothing when the process dies', async () => {
    let heard = async (): Promise<string[]> => []
    let pipelined = false
    await everyCrash({
      name: 'storeEvent',
      prepare: async () => {
        heard = await listen()
      },
      run: (redis) => {
        pipelined = false
        noticePipeline(redis, () => {
          pipelined = true
        })
        return storeEvent(redis, event(1))
      },
      verify: async ({ last }) => {
        const entity = await box.admin.llen('events:user-42')
        const type = await box.admin.llen('events:type:USER_REGISTERED')
        const told = (await heard()).length
        if (entity === type && type === told) return
        const found = { 'events:user-42': entity, 'events:type:USER_REGISTERED': type, announced: told }
        verify(
          entity + type > 0,
          'The event was announced before it was written: when the process died in between, others had heard of an event that never was. Write first, in one transaction with the announcement.',
          { received: found },
        )
        verify(
          entity === type,
          pipelined
            ? `storeEvent sends its commands in a \`pipeline()\`, and that is no transaction: it only saves waiting. When the connection broke after ${last}, one list had the event and the other had not.`
            : `storeEvent writes in separate commands: when the process died after ${last}, one list had the event and the other had not, and they will disagree for ever. Send all three between MULTI and EXEC (or in one script).`,
          { received: found },
        )
        verify(
          told > 0,
          'The event was stored, but the process died before it was announced: whoever waits on the channel sleeps on. Put the PUBLISH into the same transaction as the two writes.',
          { received: found },
        )
        verify(false, 'The event was announced before both lists had it.', { received: found })
      },
    })
  })

  for (const key of ['events:user-42', 'events:type:USER_REGISTERED']) {
    test(`reports that ${key} is not a list`, async () => {
      await box.admin.hset(key, 'not', 'a list')
      const error = await callError(
        'storeEvent',
        () => storeEvent(box.redis, event(1)),
        Error,
        `The key \`${key}\` held a hash, so Redis refused to append to it, but storeEvent resolved as if the whole event were stored. EXEC resolves even when one of its commands fails: look at each reply, and throw the error that you find there.`,
      )
      verify(
        error.message.includes('WRONGTYPE'),
        `The key \`${key}\` held a hash, and storeEvent threw an error that doesn't say so. Throw the error of Redis as it is: it names the cause.`,
        { expected: 'an error whose message contains WRONGTYPE', received: error },
      )
    })
  }

  test.skipIf(lacks('own-server'))('lets any error of Redis through', async () => {
    const server = await box.startServer({ args: ['--min-replicas-to-write', '1'] })
    const error = await callError(
      'storeEvent',
      () => storeEvent(server.connect(), event(1)),
      Error,
      'Redis refused to write because it had no replica (NOREPLICAS), but storeEvent resolved as if the event were stored. Let every error of Redis through, because only a caller that sees it can try again.',
    )
    verify(
      /NOREPLICAS|EXECABORT/.test(error.message),
      'Redis refused to write because it had no replica (NOREPLICAS), and storeEvent threw an error that hides that. Throw the error of Redis as it is: it names the cause.',
      { expected: 'the error of Redis', received: error },
    )
  })

  test('refuses an id that is the key of another list', async () => {
    const heard = await listen()
    await refusesId('storeEvent', 'type:USER_REGISTERED', () =>
      storeEvent(box.redis, event(1, 'type:USER_REGISTERED')),
    )
    verifyEqual(
      { keys: await box.admin.keys('events*'), heard: await heard() },
      { keys: [], heard: [] },
      'storeEvent refused the entity id, but only after it had written or announced something. Look at the id before the first command.',
    )
  })

  for (const [id, what] of [
    ['user:42', 'an id with a colon'],
    ['', 'an empty id'],
    ['user 42', 'an id with a space'],
    ['{user}42', 'an id with braces'],
    ['user[42]', 'an id with brackets'],
    ['user^42', 'an id with a sign between Z and a'],
    ['user/42', 'an id with a slash'],
    ['zoë', 'an id with a letter outside A-Z and a-z'],
    ['user-42\n', 'an id with a line break at its end'],
    ['x'.repeat(101), 'an id of 101 characters'],
  ] as const) {
    test(`refuses ${what}`, async () => {
      await refusesId('storeEvent', id, () => storeEvent(box.redis, event(1, id)))
    })
  }

  test('takes every id that follows the rule', async () => {
    for (const id of ['7', 'A.b_c-9', 'x'.repeat(100)]) {
      const outcome = await attempt('storeEvent', () => storeEvent(box.redis, event(1, id)))
      verify(
        outcome.ok,
        `storeEvent refused the entity id "${id}", which follows the rule: 1 to 100 of the characters A-Z a-z 0-9 . _ -`,
        { received: !outcome.ok && outcome.error },
      )
    }
  })

  test('does not store what JSON would spoil', async () => {
    const spoilt = { ...event(1), payload: { born: new Date(0) } } as unknown as StoredEvent
    const error = await callError(
      'storeEvent',
      () => storeEvent(box.redis, spoilt),
      Error,
      'storeEvent stored an event with a Date in its payload, which JSON turns into a text. Make the text with encodeEvent of lesson 01, which refuses that; a bare JSON.stringify does not.',
    )
    verifyEqual(
      'field' in error && error.field,
      'payload.born',
      'An event that encodeEvent refuses should be refused by storeEvent with that same error: let it through, it says where the fault is.',
    )
    verifyEqual(
      await box.admin.keys('events*'),
      [],
      'storeEvent refused the event, but something had been written already. Encode it before the first command.',
    )
  })
})

describe('readEvents', () => {
  test('reads the events of one entity, oldest first', async () => {
    await plant('events:user-42', 1, 3)
    await plant('events:user-43', 4, 4, 'user-43')
    const page = await call('readEvents', () => readEvents(box.redis, 'user-42'))
    isPage('readEvents', page)
    verifyEqual(
      page.events,
      [event(1), event(2), event(3)],
      'readEvents should return the events of this entity, decoded and in the order of the list, the oldest first.',
    )
    await sameEveryTime('readEvents', () => readEvents(box.redis, 'user-42'))
    verify(
      page.next === null,
      'There is nothing after these three events, so `next` should be null. Otherwise whoever reads page by page never ends.',
      { expected: null, received: page.next },
    )
  })

  test('knows nothing of an entity without events', async () => {
    await emptyPage('readEvents', () => readEvents(box.redis, 'nobody'), 'For an entity without events')
  })

  test('reads in pages of 500', async () => {
    await plant('events:user-42', 1, 1_200)
    await readsPagesOf500('readEvents', (from) => readEvents(box.redis, 'user-42', from))
  })

  test('begins where it is told to', async () => {
    await plant('events:user-42', 1, 5)
    const page = await call('readEvents', () => readEvents(box.redis, 'user-42', 3))
    verifyEqual(
      page.events,
      [event(4), event(5)],
      'readEvents from position 3 should begin with the fourth event: positions count from 0.',
    )
    await emptyPage(
      'readEvents',
      () => readEvents(box.redis, 'user-42', 5),
      'From a position at which nothing stands yet',
    )
  })

  test('never fetches the whole list', async () => {
    await plant('events:user-42', 1, 2_500)
    await readsAll2500('readEvents', (from) => readEvents(box.redis, 'user-42', from))
  })

  test('does not skip what it cannot read', async () => {
    await plant('events:user-42', 1, 1)
    await box.admin.rpush('events:user-42', '{"eventId":"torn')
    await plant('events:user-42', 3, 3)
    await refusesTorn('readEvents', () => readEvents(box.redis, 'user-42'))
  })

  test('refuses an id that is the key of another list', async () => {
    await plant('events:type:USER_REGISTERED', 1, 2)
    await refusesId('readEvents', 'type:USER_REGISTERED', () => readEvents(box.redis, 'type:USER_REGISTERED'))
  })
})

describe('readEventsByType', () => {
  test('reads the events of one type, of all entities', async () => {
    await plant('events:type:USER_REGISTERED', 3, 3, 'user-9')
    await plant('events:type:USER_REGISTERED', 1, 2)
    await box.admin.rpush('events:type:USER_DEACTIVATED', text(4, 'user-42', 'USER_DEACTIVATED'))
    const page = await call('readEventsByType', () => readEventsByType(box.redis, 'USER_REGISTERED'))
    isPage('readEventsByType', page)
    verifyEqual(
      page,
      { events: [event(3, 'user-9'), event(1), event(2)], next: null },
      'readEventsByType should return the events of this type and no other, of all entities, in the order in which they stand in `events:type:USER_REGISTERED`.',
    )
    await emptyPage(
      'readEventsByType',
      () => readEventsByType(box.redis, 'USER_RENAMED'),
      'For a type of which nothing happened yet',
    )
    await box.admin.rpush('events:type:user.moved', text(5, 'user-42', 'user.moved'))
    const outcome = await attempt('readEventsByType', () => readEventsByType(box.redis, 'user.moved'))
    verify(
      outcome.ok && outcome.value.events.length === 1,
      'readEventsByType found nothing of the type "user.moved", though one such event is stored. Types are not checked here, and not changed: the key is `events:type:` and the type, letter for letter.',
      { received: outcome.ok ? outcome.value : outcome.error },
    )
  })

  test('reads in pages of 500', async () => {
    await plant('events:type:USER_REGISTERED', 1, 1_200)
    await readsPagesOf500('readEventsByType', (from) => readEventsByType(box.redis, 'USER_REGISTERED', from))
  })

  test('never fetches the whole list', async () => {
    await plant('events:type:USER_REGISTERED', 1, 2_500)
    await readsAll2500('readEventsByType', (from) => readEventsByType(box.redis, 'USER_REGISTERED', from))
  })

  test('does not skip what it cannot read', async () => {
    await box.admin.rpush('events:type:USER_REGISTERED', text(1), '{"eventId":"torn')
    await refusesTorn('readEventsByType', () => readEventsByType(box.redis, 'USER_REGISTERED'))
  })
})

describe('followEvents', () => {
  test('catches up before it returns', async () => {
    await plant('events:type:USER_REGISTERED', 1, 3)
    const inbox = newInbox()
    const follower = await follow(0, inbox.handle)
    verifyEqual(
      inbox.seen,
      [1, 2, 3],
      'When followEvents returned, not all events that were stored before had been handled, in their order. Pub/Sub tells only those who listen at that moment: what happened before must be read from the list.',
    )
    await stop(follower)
  })

  test('begins where it is told to', async () => {
    await plant('events:type:USER_REGISTERED', 1, 3)
    const inbox = newInbox()
    const follower = await follow(2, inbox.handle)
    verifyEqual(
      inbox.seen,
      [3],
      'followEvents from position 2 should begin with the third event: the first two were handled by an earlier run.',
    )
    await stop(follower)
  })

  test('catches up with more than one page', async () => {
    await plant('events:type:USER_REGISTERED', 1, 1_200)
    const inbox = newInbox()
    const follower = await follow(0, inbox.handle)
    verify(
      inbox.seen.length === 1_200 && inbox.seen.every((n, i) => n === i + 1),
      'Of 1,200 stored events followEvents should hand over all, each once and in order. Go on with `next` until it is null.',
      { expected: '1 to 1200', received: `${inbox.seen.length} events, the last is ${inbox.seen.at(-1)}` },
    )
    await stop(follower)
  })

  test('leaves the connection to its owner', async () => {
    const inbox = newInbox()
    const follower = await follow(0, inbox.handle)
    const outcome = await attempt('a GET after followEvents', () => box.redis.get('anything'), {
      background: true,
    })
    verify(
      outcome.ok,
      'After followEvents the connection that was handed in can no longer be used: it has subscribed, and a subscribed connection can do nothing else. Subscribe on a `redis.duplicate()`.',
      { received: !outcome.ok && outcome.error },
    )
    await stop(follower)
    const after = await attempt('a GET after stop', () => box.redis.get('anything'), { background: true })
    verify(
      after.ok,
      'stop closed the connection that was handed in. That one belongs to the caller; close the one that you opened.',
      { received: !after.ok && after.error },
    )
  })

  test('handles what comes later', async () => {
    const inbox = newInbox()
    const follower = await follow(0, inbox.handle)
    await storedElsewhere(1)
    await until(() => inbox.seen.length > 0)
    verify(
      inbox.seen.length > 0,
      'An event that was stored after followEvents had returned was never handled. Subscribe to the channel `events`, and read on in the list whenever a message comes.',
    )
    await storedElsewhere(2)
    await until(() => inbox.seen.length > 1)
    verifyEqual(
      inbox.seen,
      [1, 2],
      'Every later event should be handled once: also the second that comes, and none twice.',
    )
    await stop(follower)
  })

  test('forgets no message that comes while it is at work', async () => {
    const inbox = newInbox()
    let finish = () => {}
    const follower = await follow(0, async (one) => {
      inbox.handle(one)
      if (inbox.seen.length > 1) return
      await new Promise<void>((resolve) => {
        finish = resolve
      })
    })
    await storedElsewhere(1)
    await until(() => inbox.seen.length > 0)
    await storedElsewhere(2)
    await box.roundTrips(30)
    finish()
    await until(() => inbox.seen.length > 1)
    // Whoever hands event 1 over twice is told so further down.
    verify(
      inbox.seen.includes(2) || inbox.seen.filter((n) => n === 1).length > 1,
      'Event 2 was stored and announced while `handle` was at work on event 1, and it was not handled afterwards. A message that comes meanwhile must not be thrown away: read once more when the work is done.',
      { expected: [1, 2], received: inbox.seen },
    )
    await stop(follower)
  })

  test('hands over its own type only', async () => {
    const inbox = newInbox()
    const follower = await follow(0, inbox.handle)
    await storedElsewhere(1, 'USER_DEACTIVATED')
    await storedElsewhere(2)
    await until(() => inbox.seen.includes(2))
    verify(
      !inbox.seen.includes(1),
      'followEvents should hand over events of the type that it follows and no others: the channel `events` tells of all types.',
      { expected: [2], received: inbox.seen },
    )
    verify(
      inbox.seen.includes(2),
      'After a message about an event of another type, an event of the followed type was not handled any more.',
      { expected: [2], received: inbox.seen },
    )
    await stop(follower)
  })

  test('takes a message as a wake-up, not as the event', async () => {
    const inbox = newInbox()
    const follower = await follow(0, inbox.handle)
    await box.admin.publish('events', text(7))
    await box.admin.rpush('events:type:USER_REGISTERED', text(1))
    await storedElsewhere(2)
    await until(() => inbox.seen.includes(2))
    // Messages come in order: whoever took the second for an event has taken the first for one by now.
    verify(
      !inbox.seen.includes(7),
      'followEvents handed over what a message said, though no such event is in the list. A message is a wake-up; what has happened stands in the list.',
      { expected: [1, 2], received: inbox.seen },
    )
    verify(
      inbox.seen.includes(1),
      'The message for event 1 got lost, as Pub/Sub messages do, and followEvents handed over event 2 without it. Take every message as a wake-up only: read on in the list from your position.',
      { expected: [1, 2], received: inbox.seen },
    )
    await stop(follower)
  })

  test('handles one event at a time, each once', async () => {
    await plant('events:type:USER_REGISTERED', 1, 2)
    let running = 0
    let most = 0
    const inbox = newInbox()
    const follower = await follow(0, async (one) => {
      running += 1
      most = Math.max(most, running)
      await box.admin.ping()
      running -= 1
      inbox.handle(one)
    })
    const several = box.admin.multi()
    for (const n of [3, 4, 5])
      several.rpush('events:type:USER_REGISTERED', text(n)).publish('events', text(n))
    await several.exec()
    await until(() => inbox.seen.includes(5) && running === 0)
    await box.roundTrips(30)
    verify(
      inbox.seen.length <= 5,
      'When several messages came at once, events were handed over twice: each message started a read of its own from the same position. Let one read end before the next begins.',
      { expected: [1, 2, 3, 4, 5], received: inbox.seen },
    )
    verify(
      most === 1,
      'followEvents called `handle` while an earlier call was still at work. Await each: otherwise a later event can be handled before an earlier one is done.',
      { expected: 'one at a time', received: `${most} at a time` },
    )
    verifyEqual(
      inbox.seen,
      [1, 2, 3, 4, 5],
      'Every event should be handled once, in the order of the list, also when several come at once.',
    )
    await stop(follower)
  })

  test('reads to the end of the list at every message', async () => {
    const inbox = newInbox()
    const follower = await follow(0, inbox.handle)
    await plant('events:type:USER_REGISTERED', 1, 599)
    await storedElsewhere(600)
    // As long as something goes on, also one at a time: an answer may fetch each event by itself.
    for (let before = -1; before < inbox.seen.length && inbox.seen.length < 600; ) {
      before = inbox.seen.length
      await until(() => inbox.seen.length > before)
    }
    const received = `${inbox.seen.length} events, the last is ${inbox.seen.at(-1)}`
    verify(
      inbox.seen.length !== 1,
      'The messages of 599 events got lost, the one of event 600 came, and followEvents handed over one event. A message says that there is something, not how much: read on to the end of the list.',
      { expected: '1 to 600', received },
    )
    verify(
      inbox.seen.length === 600 && inbox.seen.every((n, i) => n === i + 1),
      'The messages of 599 events got lost, and the one of event 600 came. All of them should be handed over then, each once and in order; one page of 500 is not all. Go on with `next` until it is null, at a message too.',
      { expected: '1 to 600', received },
    )
    await stop(follower)
  })

  test('follows two types at once', async () => {
    await plant('events:type:USER_REGISTERED', 1, 2)
    const registered = newInbox()
    const left = newInbox()
    const one = await follow(0, registered.handle)
    const two = await follow(0, left.handle, 'USER_DEACTIVATED')
    await storedElsewhere(3)
    await storedElsewhere(4, 'USER_DEACTIVATED')
    await until(() => registered.seen.includes(3) && left.seen.includes(4))
    await box.roundTrips(30)
    verifyEqual(
      { USER_REGISTERED: registered.seen, USER_DEACTIVATED: left.seen },
      { USER_REGISTERED: [1, 2, 3], USER_DEACTIVATED: [4] },
      'Two followers in one program got into each other’s way. The position, and all else that a follower remembers, is its own: keep it inside of followEvents, not in a variable of the module.',
    )
    verifyEqual(
      [await stop(one), await stop(two)],
      [3, 1],
      'Two followers in one program got into each other’s way: each should give its own position at the end.',
    )
  })

  test('is quiet after stop', async () => {
    const inbox = newInbox()
    const follower = await follow(0, inbox.handle)
    await stop(follower)
    await storedElsewhere(1)
    await box.roundTrips(30)
    verifyEqual(
      inbox.seen,
      [],
      '`handle` was called after stop had resolved. stop should close the subscription: whoever has stopped counts on it.',
    )
  })

  test('goes on where it stopped', async () => {
    await plant('events:type:USER_REGISTERED', 1, 2)
    const inbox = newInbox()
    const follower = await follow(1, inbox.handle)
    await storedElsewhere(3)
    await until(() => inbox.seen.includes(3))
    const position = await stop(follower)
    verify(
      position === 3,
      'stop should resolve to the position after the last event that was handled, the `from` of the next run. A count of what this run handled is something else: it began at position 1.',
      { expected: 3, received: position },
    )
    await storedElsewhere(4)
    const again = await follow(position, inbox.handle)
    verifyEqual(
      inbox.seen,
      [2, 3, 4],
      'Event 4 came while nobody was listening. The next followEvents, from the position that stop had given, should hand it over, and nothing a second time.',
    )
    await stop(again)
  })

  test('waits in stop for the handler that is at work', async () => {
    let finish = () => {}
    let started = 0
    const follower = await follow(0, async () => {
      started += 1
      await new Promise<void>((resolve) => {
        finish = resolve
      })
    })
    await storedElsewhere(1)
    await until(() => started > 0)
    let stopped = false
    const stopping = follower.stop().then((position) => {
      stopped = true
      return position
    })
    stopping.catch(() => {})
    await box.roundTrips(30)
    const early = stopped
    finish()
    const position = await call('stop', () => stopping, { background: true })
    verify(
      !early && position === 1,
      'stop resolved while `handle` was still at work on an event, so the position that it gave cannot tell whether that event is done. Wait for it, then count it.',
      { expected: 'position 1, after handle had ended', received: `position ${position}` },
    )
  })

  test('begins with no other event once stop was called', async () => {
    const inbox = newInbox()
    let finish = () => {}
    const follower = await follow(0, async (one) => {
      inbox.handle(one)
      if (inbox.seen.length !== 2) return
      await new Promise<void>((resolve) => {
        finish = resolve
      })
    })
    await plant('events:type:USER_REGISTERED', 1, 4)
    await storedElsewhere(5)
    await until(() => inbox.seen.includes(2))
    const stopping = follower.stop()
    stopping.catch(() => {})
    await box.roundTrips(30)
    finish()
    const position = await call('stop', () => stopping, { background: true })
    verifyEqual(
      inbox.seen,
      [1, 2],
      'stop was called while `handle` was at work on event 2 of 5, and followEvents went on with the events after it. It should wait for that one and begin no other: whoever stops does not want to wait for a whole page.',
    )
    verify(
      position === 2,
      'stop was called in the middle of a page, after two events, and did not give position 2. Raise the position after each event, not after each page: from any other position the next run handles events again, or leaves some out.',
      { expected: 2, received: position },
    )
  })

  test('closes the connection that it opened', async () => {
    const follower = await follow(0, () => {})
    await stop(follower)
    const left = await connectionsStillOpen()
    verify(
      left === 0,
      'stop has resolved, and a connection that followEvents opened is still there. It keeps the program from ending, and Redis accepts so many of them and no more: `quit` it, or `disconnect`; to unsubscribe is not enough.',
      { expected: 'no connection more than before', received: `${left} more` },
    )
  })

  test('overlooks nothing between reading and listening', async () => {
    let stored = false
    let following = false
    let seen: readonly number[] = []
    await everyInterleaving({
      name: 'followEvents',
      prepare: async (admin) => {
        stored = false
        following = false
        await admin.rpush('events:type:USER_REGISTERED', text(1))
      },
      first: async (redis) => {
        const inbox = newInbox()
        const follower = await followEvents(redis, 'USER_REGISTERED', 0, inbox.handle)
        following = stored
        if (following) await until(() => inbox.seen.includes(2))
        seen = [...inbox.seen]
        await follower.stop()
        await redis.ping()
      },
      second: async () => {
        await storedElsewhere(2)
        stored = true
      },
      verify: ({ first, held }) => {
        verify(
          first.ok,
          `followEvents failed when another process stored an event just before its ${held ?? 'end'}.`,
          { received: !first.ok && first.error },
        )
        verify(
          !following || seen.includes(2),
          `An event that was stored just before followEvents sent its ${held} was never handled: it came too late for the read and too early for the subscription. Subscribe first, then read.`,
          { expected: [1, 2], received: seen },
        )
        if (!following) return
        verifyEqual(
          seen,
          [1, 2],
          'An event that came while followEvents was starting was not handled exactly once: the read of the start and the wake-up by the message both handed it over.',
        )
      },
    })
  })
})

async function refusesId(name: string, id: string, run: () => unknown): Promise<void> {
  const why = id.startsWith('type:')
    ? `Its key would be \`events:${id}\`, and that is the list of a type: one entity’s events mixed into everybody’s.`
    : 'An id has 1 to 100 of the characters A-Z a-z 0-9 . _ - and nothing else, so that no id can ever meet another key.'
  const outcome = await attempt(name, run)
  verify(
    !outcome.ok,
    `${name} took the entity id ${JSON.stringify(id)}. ${why} Throw an InvalidEntityIdError.`,
  )
  const error = await callError(
    name,
    () => {
      throw outcome.error
    },
    InvalidEntityIdError,
    `${name} did not take the entity id ${JSON.stringify(id)}, but failed with another error than InvalidEntityIdError: a caller can only handle a mistake that has a name. ${why}`,
  )
  verifyEqual(
    error.entityId,
    id,
    'The InvalidEntityIdError should carry the id that it refuses, as `entityId`: without it nobody finds where it came from.',
  )
  verify(
    error.name === 'InvalidEntityIdError',
    'The error’s `name` should be "InvalidEntityIdError": it is what a log prints, and "Error" says nothing.',
    { expected: 'InvalidEntityIdError', received: error.name },
  )
}

/** After one call with the id user-42 that went well. */
async function sameEveryTime(name: string, run: () => unknown): Promise<void> {
  for (let again = 0; again < 2; again += 1) {
    const outcome = await attempt(name, run)
    verify(
      outcome.ok || !(outcome.error instanceof InvalidEntityIdError),
      `${name} took the entity id "user-42", and refused the same id a moment later. It remembers something from one call to the next; a regular expression with the flag \`g\` does that: its \`test\` goes on where it stopped the last time.`,
      { received: !outcome.ok && outcome.error },
    )
  }
}

/** Where nothing stands there is an empty page, and no error. */
async function emptyPage(name: string, run: () => Promise<EventPage>, where: string): Promise<void> {
  const diagnosis = `${where} ${name} should return an empty page, \`{ events: [], next: null }\`. That nothing has happened yet is an answer, and no error.`
  const outcome = await attempt(name, run)
  verify(outcome.ok, diagnosis, { received: !outcome.ok && outcome.error })
  verifyEqual(outcome.value, { events: [], next: null }, diagnosis)
}

async function refusesTorn(name: string, run: () => unknown): Promise<void> {
  const error = await callError(
    name,
    run,
    Error,
    `${name} went on although one entry of the list is no event (it is torn off in the middle). A history with a hole gives a wrong state without a word: let the MalformedEventError of decodeEvent through.`,
  )
  verify(
    error.name === 'MalformedEventError',
    `${name} met an entry that is no event and failed with a ${error.name}. Read entries with decodeEvent of lesson 01 and let its MalformedEventError through: it says what is wrong.`,
    { expected: 'MalformedEventError', received: `${error.name}: ${error.message}` },
  )
}

function isPage(name: string, page: EventPage): void {
  verify(
    typeof page === 'object' && page !== null && Array.isArray(page.events) && 'next' in page,
    `${name} should return a page: an object with \`events\`, an array, and \`next\`, a number or null.`,
    { expected: { events: [], next: null }, received: page },
  )
}

/** On a list of events 1 to 1,200. */
async function readsPagesOf500(name: string, read: (from?: number) => Promise<EventPage>): Promise<void> {
  const shape = (page: EventPage) => ({
    events: page.events.length,
    first: page.events[0]?.payload.n,
    next: page.next,
  })
  const first = await call(name, () => read())
  isPage(name, first)
  verifyEqual(
    shape(first),
    { events: 500, first: 1, next: 500 },
    `The first page of 1,200 events should hold 500, and \`next\` should be 500, the position of the event after them. LRANGE counts both ends: 0 to 499 are 500 entries.`,
  )
  const second = await call(name, () => read(500))
  verifyEqual(
    shape(second),
    { events: 500, first: 501, next: 1_000 },
    `The page from position 500 should begin with the 501st event and hold 500; \`next\` is a position in the list, so it is 1000.`,
  )
  const third = await call(name, () => read(1_000))
  verifyEqual(
    shape(third),
    { events: 200, first: 1_001, next: null },
    `The page from position 1000 should hold the last 200 events, and \`next\` should be null: nothing follows.`,
  )
  const one = await call(name, () => read(699))
  verifyEqual(
    shape(one),
    { events: 500, first: 700, next: 1_199 },
    `From position 699 of 1,200 events the page should hold 500, and \`next\` should be 1199: one event is left behind the page, and with \`next\` null nobody would ever read it.`,
  )
  const none = await call(name, () => read(700))
  verify(
    none.events.length === 500 && (none.next === null || none.next === 1_200),
    `From position 700 of 1,200 events the page should hold the last 500. Nothing follows, so \`next\` is null, or 1200, where an empty page stands.`,
    { expected: { events: 500, next: null }, received: { events: none.events.length, next: none.next } },
  )
}

/** On a list of events 1 to 2,500. */
async function readsAll2500(name: string, read: (from?: number) => Promise<EventPage>): Promise<void> {
  const seen: unknown[] = []
  let from: number | null = 0
  for (let pages = 0; from !== null && pages < 10; pages += 1) {
    const position: number = from
    const page: EventPage = await call(name, () => read(position))
    isPage(name, page)
    seen.push(...page.events.map(({ payload }) => payload.n))
    from = page.next
  }
  const most = Math.max(...box.commands.map(({ reply }) => (Array.isArray(reply) ? reply.flat().length : 0)))
  verify(
    most <= 501,
    `${name} fetched ${most} entries with one command. While Redis puts such a reply together, nobody else is served; on a list of a million that is seconds. Fetch one page: \`LRANGE key from from+499\`.`,
    { expected: 'at most 501 entries in one reply', received: `${most} entries` },
  )
  verify(
    seen.length === 2_500 && seen.every((n, i) => n === i + 1),
    `Reading 2,500 events page by page, from each page’s \`next\` on, should bring each of them once and in order, and then \`next\` null.`,
    { expected: '1 to 2500', received: `${seen.length} events, the last is ${seen.at(-1)}` },
  )
}

function newInbox() {
  const seen: number[] = []
  return {
    seen,
    handle: (one: StoredEvent) => {
      seen.push(Number(one.payload.n))
    },
  }
}

async function follow(
  from: number,
  handle: Parameters<typeof followEvents>[3],
  eventType = 'USER_REGISTERED',
): Promise<Follower> {
  const follower = await call('followEvents', () => followEvents(box.redis, eventType, from, handle), {
    background: true,
  })
  verify(
    typeof follower?.stop === 'function',
    'followEvents should resolve to an object with a function `stop`: without it nobody can end it.',
    { received: follower },
  )
  return follower
}

async function stop(follower: Follower): Promise<number> {
  return call('stop', () => follower.stop(), { background: true })
}

/** Another process stores an event, as storeEvent should: in the lists and on the channel, at once. */
async function storedElsewhere(n: number, eventType = 'USER_REGISTERED'): Promise<void> {
  const one = text(n, 'user-42', eventType)
  await box.admin
    .multi()
    .rpush('events:user-42', one)
    .rpush(`events:type:${eventType}`, one)
    .publish('events', one)
    .exec()
}

/** Waits for what must come; gives up after two seconds, or later if Redis is slow, and the test says what is missing. */
async function until(condition: () => boolean): Promise<void> {
  for (let tick = 0; tick < 400 && !condition(); tick += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    await box.roundTrips(1)
  }
}

/** For the wording only: a pipeline and separate commands leave the same traces in Redis. */
function noticePipeline(redis: Redis, notice: () => void): void {
  const pipeline = redis.pipeline
  redis.pipeline = (...args) => {
    notice()
    return pipeline.apply(redis, args)
  }
}
