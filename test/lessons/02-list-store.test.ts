/** Long, because every sentence that a learner may read is next to the code that judges the answer. */
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  afterReply,
  attempt,
  call,
  callError,
  connectionsStillOpen,
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
import type { EventPage, Follower } from '#lesson/02-list-store'
import {
  followEvents,
  InvalidEntityIdError,
  readEvents,
  readEventsByType,
  storeEvent,
} from '#lesson/02-list-store'

const box = useSandbox()

const HANDLED_TWICE =
  'An event stored while `followEvents` was starting should be handled exactly once. The first read and the wake-up call both handled it, so chain the reads, and let each begin where the last one ended.'

type StoredEvent = Parameters<typeof storeEvent>[1]

/** The nth event of a test. Its ID, timestamp, and payload distinguish it from the others. */
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

/** Pushes the events numbered `from` to `to` to a list, as an earlier run of a program might have left them. */
async function plant(key: string, from: number, to: number, entityId?: string): Promise<void> {
  const texts = Array.from({ length: to - from + 1 }, (_, i) => text(from + i, entityId))
  await box.admin.rpush(key, ...texts)
}

/** Collects the messages on the channel `events`. It sends one of its own to make sure that all earlier ones have arrived. */
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
      "`storeEvent` didn't leave exactly one event in the list `events:user-42`. Append the event there once: this list is where a reader finds out what happened to this user.",
      { expected: ['the event as JSON'], received: stored },
    )
    verify(
      typeof parsed(stored)[0] === 'object',
      "The entry in `events:user-42` isn't an event as JSON. Store the string that `encodeEvent` returns, without encoding it a second time.",
      { received: stored[0] },
    )
    verifyEqual(
      parsed(stored),
      [event(1)],
      "The entry in `events:user-42` should be the whole event as JSON, including the envelope. If you leave a field out here, it's lost for good.",
    )
    await sameEveryTime('storeEvent', () => storeEvent(box.redis, event(2)))
  })

  test('appends to the list of the type', async () => {
    await call('storeEvent', () => storeEvent(box.redis, event(1)))
    verifyEqual(
      parsed(await box.admin.lrange('events:type:USER_REGISTERED', 0, -1)),
      [event(1)],
      'The list `events:type:USER_REGISTERED` should contain the whole event too, because this is where a reader finds all registrations.',
    )
  })

  test('appends at the end', async () => {
    await call('storeEvent', () => storeEvent(box.redis, event(1)))
    await call('storeEvent', () => storeEvent(box.redis, event(2)))
    await call('storeEvent', () => storeEvent(box.redis, event(3, 'user-43')))
    verifyEqual(
      parsed(await box.admin.lrange('events:user-42', 0, -1)),
      [event(1), event(2)],
      'The list should contain the events in the order in which they were stored, oldest first. `LPUSH` puts the newest event first and reverses history, so append with `RPUSH`.',
    )
    verifyEqual(
      parsed(await box.admin.lrange('events:type:USER_REGISTERED', 0, -1)),
      [event(1), event(2), event(3, 'user-43')],
      'The list for the type should contain the events of all entities, in the order in which they were stored.',
    )
  })

  test('accepts event types of any kind', async () => {
    for (const eventType of ['UserMoved', 'user.moved', 'order sent: 20 €']) {
      const outcome = await attempt('storeEvent', () => storeEvent(box.redis, event(1, 'user-42', eventType)))
      verify(
        outcome.ok,
        `\`storeEvent\` refused the event type \`${eventType}\`. Don't check types here: whatever an event is called, it happened, so store it.`,
        { received: !outcome.ok && outcome.error },
      )
      verifyEqual(
        parsed(await box.admin.lrange(`events:type:${eventType}`, 0, -1)),
        [event(1, 'user-42', eventType)],
        `The event should be in the list \`events:type:${eventType}\`. Use the type exactly as it is, because readers of that type look there.`,
      )
    }
  })

  test('announces the event', async () => {
    const heard = await listen()
    await call('storeEvent', () => storeEvent(box.redis, event(1)))
    const messages = await heard()
    verify(
      messages.length === 1,
      `\`storeEvent\` should \`PUBLISH\` one message on the channel \`events\`. Listeners received ${messages.length}: with none, they miss the event, and with too many, they wake up for nothing.`,
      { received: messages },
    )
    verifyEqual(
      parsed(messages),
      [event(1)],
      'The message on the channel `events` should be the event as JSON, the same string as in the lists.',
    )
    const full = { ...event(2), payload: { tags: [], cents: 123_456_789_012_345, more: {} } }
    await call('storeEvent', () => storeEvent(box.redis, full))
    const strings = [
      ...(await box.admin.lrange('events:user-42', -1, -1)),
      ...(await box.admin.lrange('events:type:USER_REGISTERED', -1, -1)),
      ...(await heard()).slice(1),
    ]
    verifyEqual(
      parsed(strings),
      [full, full, full],
      "The event's payload had an empty array and a long number, but one of the two lists or the message contains something else. Store and publish the string from `encodeEvent` unchanged: if Lua decodes and encodes it again, `[]` becomes `{}` and a long number loses its last digits.",
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
          "The process died after the event was announced but before it was stored, so listeners were notified of an event that doesn't exist. Store and announce it in one transaction, writes first.",
          { received: found },
        )
        verify(
          entity === type,
          pipelined
            ? `The connection broke after \`${last}\`, and only one of the two lists had the event. A \`pipeline()\` isn't a transaction: it only saves round trips. Use \`MULTI\` and \`EXEC\`, or a script.`
            : `The process died after \`${last}\`, and only one of the two lists had the event, because \`storeEvent\` writes in separate commands. The lists will now disagree forever. Send all three commands between \`MULTI\` and \`EXEC\`, or in one script.`,
          { received: found },
        )
        verify(
          told === entity,
          'The process died after the event was stored but before it was announced, so listeners on the channel never wake up for it. Put the `PUBLISH` in the same transaction as the two writes.',
          { received: found },
        )
      },
    })
  })

  for (const key of ['events:user-42', 'events:type:USER_REGISTERED']) {
    test(`reports that ${key} is not a list`, () =>
      passesOnWrongType(
        'storeEvent',
        key,
        () => storeEvent(box.redis, event(1)),
        "The event isn't in that list.",
        'string',
      ))
  }

  test('works twice at once on one connection', async () => {
    const outcome = await attempt('storeEvent', () =>
      Promise.all([event(1), event(2)].map((one) => storeEvent(box.redis, one))),
    )
    const ends = box.commands.filter(({ name }) => /^(MULTI|EXEC)$/.test(name))
    const isMixed = ends.some(({ name, client }, i) => {
      const next = ends.slice(i + 1).find((one) => one.client === client)
      return name === 'MULTI' && next?.name === 'MULTI'
    })
    const cause = box.commands.some(({ name, reply }) => name === 'EXEC' && reply === null)
      ? ' `EXEC` replied `(nil)` to one of them, because a watched key had changed, so that call stored nothing. Appending needs no `WATCH`.'
      : isMixed
        ? ' A `MULTI` applies to every command on its connection until `EXEC`. Chain the commands to what `redis.multi()` returns, and ioredis sends them together.'
        : ''
    verifyEqual(
      [outcome.ok || outcome.error, (await box.admin.lrange('events:user-42', 0, -1)).length],
      [true, 2],
      `\`storeEvent\` was called twice at once on one connection, and the calls got in each other's way.${cause}`,
    )
  })

  test.skipIf(lacks('own-server'))('passes on any error from Redis', () =>
    passesOnRefusedWrite({
      name: 'storeEvent',
      run: (redis) => storeEvent(redis, event(1)),
      why: "The event isn't stored, and a caller can retry only if it sees the error.",
    }),
  )

  test('refuses an ID that leads to the key of another list', async () => {
    const heard = await listen()
    await refusesId('storeEvent', 'type:USER_REGISTERED', () =>
      storeEvent(box.redis, event(1, 'type:USER_REGISTERED')),
    )
    verifyEqual(
      { keys: await box.admin.keys('events*'), heard: await heard() },
      { keys: [], heard: [] },
      '`storeEvent` refused the entity ID, but only after it had written or announced something. Check the ID before you send the first command.',
    )
  })

  for (const [id, what] of [
    ['user:42', 'an ID with a colon'],
    ['', 'an empty ID'],
    ['user 42', 'an ID with a space'],
    ['{user}42', 'an ID with braces'],
    ['user[42]', 'an ID with brackets'],
    ['user^42', 'an ID with a character between Z and a'],
    ['user/42', 'an ID with a slash'],
    ['zoë', 'an ID with a letter outside A-Z and a-z'],
    ['user-42\n', 'an ID that ends in a line break'],
    ['uſer-42', 'an ID with a long s'],
    ['x'.repeat(101), 'an ID of 101 characters'],
  ] as const) {
    test(`refuses ${what}`, async () => {
      await refusesId('storeEvent', id, () => storeEvent(box.redis, event(1, id)))
    })
  }

  test('accepts every ID that follows the rule', async () => {
    for (const id of ['7', 'A.b_c-9', 'x'.repeat(100), '.', '..', '-_']) {
      const outcome = await attempt('storeEvent', () => storeEvent(box.redis, event(1, id)))
      verify(
        outcome.ok,
        `\`storeEvent\` refused the entity ID \`${id}\`, which follows the rule: 1 to 100 of the characters \`A-Z a-z 0-9 . _ -\`.`,
        { received: !outcome.ok && outcome.error },
      )
      verifyEqual(
        parsed(await box.admin.lrange(`events:${id}`, 0, -1)),
        [event(1, id)],
        `The event should be in the list \`events:${id}\`. Use the entity ID exactly as it is, because a changed one leads to another entity's list.`,
      )
    }
  })

  test("doesn't store what JSON would corrupt", async () => {
    const spoilt = { ...event(1), payload: { born: new Date(0) } } as unknown as StoredEvent
    const error = await callError(
      'storeEvent',
      () => storeEvent(box.redis, spoilt),
      Error,
      "`storeEvent` stored an event with a `Date` in its payload, which JSON turns into a string. Encode events with `encodeEvent` from lesson 01, which refuses such an event. `JSON.stringify` on its own doesn't.",
    )
    verifyEqual(
      'field' in error && error.field,
      'payload.born',
      'When `encodeEvent` refuses an event, `storeEvent` should reject with that same error. Pass it on, because its `field` says what to fix.',
    )
    verifyEqual(
      await box.admin.keys('events*'),
      [],
      '`storeEvent` refused the event, but it had already written something. Encode the event before you send the first command.',
    )
  })

  test('passes on an error from any command', () =>
    passesOnErrors({
      name: 'storeEvent',
      run: (redis) => storeEvent(redis, event(1)),
      why: "The caller has to learn about every command that failed, including `PUBLISH`, because a follower that gets no message doesn't read the event.",
    }))

  test('stores what two programs store at once', async () => {
    await everyInterleaving({
      name: 'storeEvent',
      first: (redis) => storeEvent(redis, event(1)),
      second: (redis) => storeEvent(redis, event(2)),
      verify: async ({ first, second, after }) => {
        const stored = (await box.admin.lrange('events:user-42', 0, -1)).map(
          (one) => JSON.parse(one).payload.n,
        )
        verifyEqual(
          [first.ok, second.ok],
          [stored.includes(1), stored.includes(2)],
          `Two programs called \`storeEvent\` for one entity at once${after ? `, the second one right after the first one's \`${after}\`` : ''}. A call should store its event if it resolves, and only then. Here, one call resolved without storing its event, or stored it and then rejected. If you use \`WATCH\`, \`EXEC\` replies \`(nil)\` when a key has changed, and nothing is stored. Appending needs no \`WATCH\`. (Received: whether each call resolved; expected: whether its event is there.)`,
        )
      },
    })
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
      '`readEvents` should return the events of this entity, decoded and in the order of the list, oldest first.',
    )
    await sameEveryTime('readEvents', () => readEvents(box.redis, 'user-42'))
    verify(
      page.next === null,
      '`next` should be `null`, because nothing follows these three events. Otherwise a loop that reads page by page never ends.',
      { expected: null, received: page.next },
    )
  })

  test('returns an empty page for an entity without events', async () => {
    await emptyPage('readEvents', () => readEvents(box.redis, 'nobody'), 'For an entity without events')
  })

  test('begins at the given position', async () => {
    await plant('events:user-42', 1, 5)
    const page = await call('readEvents', () => readEvents(box.redis, 'user-42', 3))
    verifyEqual(
      page.events,
      [event(4), event(5)],
      '`readEvents` from position 3 should begin with the fourth event, because positions start at 0.',
    )
    await emptyPage(
      'readEvents',
      () => readEvents(box.redis, 'user-42', 5),
      'From a position past the end of the list',
    )
  })

  test('reads in pages of 500', async () => {
    await plant('events:user-42', 1, 1_200)
    await readsPagesOf500('readEvents', (from) => readEvents(box.redis, 'user-42', from))
  })

  test('never fetches the whole list', async () => {
    await plant('events:user-42', 1, 2_500)
    await readsAll2500('readEvents', (from) => readEvents(box.redis, 'user-42', from))
  })

  test("doesn't skip an entry that it can't read", async () => {
    await plant('events:user-42', 1, 1)
    await box.admin.rpush('events:user-42', '{"eventId":"torn')
    await plant('events:user-42', 3, 3)
    await refusesTorn('readEvents', () => readEvents(box.redis, 'user-42'))
  })

  test('refuses an ID that leads to the key of another list', async () => {
    await plant('events:type:USER_REGISTERED', 1, 2)
    await refusesId('readEvents', 'type:USER_REGISTERED', () => readEvents(box.redis, 'type:USER_REGISTERED'))
  })

  test('lets errors from Redis through', () =>
    passesOnWrongType(
      'readEvents',
      'events:user-42',
      () => readEvents(box.redis, 'user-42'),
      "A list that can't be read isn't an empty page.",
      'string',
    ))

  test('passes on an error from any command', () =>
    passesOnErrors({
      name: 'readEvents',
      prepare: () => plant('events:user-42', 1, 501),
      run: (redis) => readEvents(redis, 'user-42'),
      works: ({ events, next }) => events.length === 500 && next === 500,
      why: "A list that can't be read isn't an empty page, and a page isn't the last one just because the next one can't be read.",
    }))

  test('reads an event that is there twice', async () => {
    await plant('events:user-42', 1, 2)
    await plant('events:user-42', 2, 2)
    const page = await call('readEvents', () => readEvents(box.redis, 'user-42'))
    verifyEqual(
      page.events,
      [event(1), event(2), event(2)],
      'The second event was stored twice, which can happen if a reply is lost. `readEvents` should return all three entries, because a page that leaves one out no longer matches the positions in the list.',
    )
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
      '`readEventsByType` should return the events of this type (and no other) from all entities, in the order of the list `events:type:USER_REGISTERED`.',
    )
    await emptyPage(
      'readEventsByType',
      () => readEventsByType(box.redis, 'USER_RENAMED'),
      'For a type without events',
    )
    await box.admin.rpush('events:type:user moved: €', text(5, 'user-42', 'user moved: €'))
    const outcome = await attempt('readEventsByType', () => readEventsByType(box.redis, 'user moved: €'))
    verify(
      outcome.ok && outcome.value.events.length === 1,
      "`readEventsByType` didn't return the one stored event of type `user moved: €`. Don't check or change types here: the key is `events:type:` plus the type exactly as it is.",
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

  test("doesn't skip an entry that it can't read", async () => {
    await box.admin.rpush('events:type:USER_REGISTERED', text(1), '{"eventId":"torn')
    await refusesTorn('readEventsByType', () => readEventsByType(box.redis, 'USER_REGISTERED'))
  })

  test('lets errors from Redis through', () =>
    passesOnWrongType(
      'readEventsByType',
      'events:type:USER_REGISTERED',
      () => readEventsByType(box.redis, 'USER_REGISTERED'),
      "A list that can't be read isn't an empty page.",
      'string',
    ))

  test('passes on an error from any command', () =>
    passesOnErrors({
      name: 'readEventsByType',
      prepare: () => plant('events:type:USER_REGISTERED', 1, 501),
      run: (redis) => readEventsByType(redis, 'USER_REGISTERED'),
      works: ({ events, next }) => events.length === 500 && next === 500,
      why: "A list that can't be read isn't an empty page, and a page isn't the last one just because the next one can't be read.",
    }))
})

describe('followEvents', () => {
  test('catches up before it returns', async () => {
    await plant('events:type:USER_REGISTERED', 1, 3)
    const inbox = newInbox()
    const follower = await follow(0, inbox.handle)
    verifyEqual(
      inbox.seen,
      [1, 2, 3],
      "When `followEvents` resolved, the events already in the list hadn't all been handled in order. Pub/Sub reaches only clients that are listening at that moment, so read earlier events from the list.",
    )
    await stop(follower)
  })

  test('begins at the given position', async () => {
    await plant('events:type:USER_REGISTERED', 1, 3)
    const inbox = newInbox()
    const follower = await follow(2, inbox.handle)
    verifyEqual(
      inbox.seen,
      [3],
      '`followEvents` from position 2 should begin with the third event, because the first two were handled by an earlier run.',
    )
    await stop(follower)
  })

  test('catches up with more than one page', async () => {
    await plant('events:type:USER_REGISTERED', 1, 1_200)
    const inbox = newInbox()
    const follower = await follow(0, inbox.handle)
    verify(
      inbox.seen.length === 1_200 && inbox.seen.every((n, i) => n === i + 1),
      "`followEvents` should handle all 1,200 stored events, each once and in order. Keep reading from `next` until it's `null`.",
      {
        expected: words('1 to 1200'),
        received: words(`${inbox.seen.length} events, the last is ${inbox.seen.at(-1)}`),
      },
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
      'After `followEvents`, the caller can no longer use the connection that was passed in, because a connection that has subscribed can do nothing else. Subscribe on a `redis.duplicate()`.',
      { received: !outcome.ok && outcome.error },
    )
    await stop(follower)
    const after = await attempt('a GET after stop', () => box.redis.get('anything'), { background: true })
    verify(
      after.ok,
      '`stop` closed the connection that `followEvents` was given. That one belongs to the caller, so close only the one you opened.',
      { received: !after.ok && after.error },
    )
  })

  test('handles events that arrive later', async () => {
    const inbox = newInbox()
    const follower = await follow(0, inbox.handle)
    await storedElsewhere(1)
    await until(() => inbox.seen.length > 0)
    verify(
      inbox.seen.length > 0,
      'An event stored after `followEvents` had resolved was never handled. Subscribe to the channel `events`, and continue reading the list whenever a message arrives.',
    )
    await storedElsewhere(2)
    await until(() => inbox.seen.length > 1)
    verifyEqual(
      inbox.seen,
      [1, 2],
      'After `followEvents` resolved, two events were stored. Each of them should be handled exactly once. Read the list again on every message, starting after the last event you handled.',
    )
    await stop(follower)
  })

  test("doesn't lose a message that arrives while it's busy", async () => {
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
    verify(
      inbox.seen.includes(2) || !asksForTheLength(),
      "Event 2 was stored while `handle` was working on event 1, and it was never handled, because `LLEN` already counted it. Take the position from the events you've handled, not from the length of the list.",
      { expected: [1, 2], received: inbox.seen },
    )
    // An answer that handles event 1 twice gets its diagnosis from a later test.
    verify(
      inbox.seen.includes(2) || inbox.seen.filter((n) => n === 1).length > 1,
      "Event 2 was stored and announced while `handle` was working on event 1, and it was never handled. Don't drop a message that arrives in the meantime: read the list again when the work is done.",
      { expected: [1, 2], received: inbox.seen },
    )
    await stop(follower)
  })

  test('handles only events of its type', async () => {
    const inbox = newInbox()
    const follower = await follow(0, inbox.handle)
    await storedElsewhere(1, 'USER_DEACTIVATED')
    await storedElsewhere(2)
    await until(() => inbox.seen.includes(2))
    verify(
      !inbox.seen.includes(1),
      '`followEvents` handled an event of another type. The channel `events` announces events of all types, so handle only those from the list of the followed type.',
      { expected: [2], received: inbox.seen },
    )
    verify(
      inbox.seen.includes(2),
      'An event of another type was announced, then one of the followed type, which was never handled. Keep following after a message about another type.',
      { expected: [2], received: inbox.seen },
    )
    await stop(follower)
  })

  test('treats a message as a wake-up call, not as the event', async () => {
    const inbox = newInbox()
    const follower = await follow(0, inbox.handle)
    await box.admin.publish('events', text(7))
    await box.admin.rpush('events:type:USER_REGISTERED', text(1))
    await storedElsewhere(2)
    await until(() => inbox.seen.includes(2))
    // Messages arrive in order: an answer that treats them as events has handled the first one by now.
    verify(
      !inbox.seen.includes(7),
      "`followEvents` handled the event in a message, but that event isn't in the list. A message is only a wake-up call, so read the events from the list.",
      { expected: [1, 2], received: inbox.seen },
    )
    verify(
      inbox.seen.includes(1),
      'The message about event 1 was lost, as Pub/Sub messages can be, and `followEvents` handled event 2 without event 1. Treat every message only as a wake-up call, and continue reading the list from your position.',
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
      'Several messages arrived at once, and events were handled twice, because each message started its own read from the same position. Wait for one read to finish before you start the next.',
      { expected: [1, 2, 3, 4, 5], received: inbox.seen },
    )
    verify(
      most === 1,
      '`followEvents` called `handle` while an earlier call was still running. Await each call, or a later event may finish before an earlier one.',
      { expected: words('one at a time'), received: words(`${most} at a time`) },
    )
    verifyEqual(
      inbox.seen,
      [1, 2, 3, 4, 5],
      'Every event should be handled once, in the order of the list, even if several messages arrive at once.',
    )
    await stop(follower)
  })

  test('reads to the end of the list at every message', async () => {
    const inbox = newInbox()
    const follower = await follow(0, inbox.handle)
    await plant('events:type:USER_REGISTERED', 1, 599)
    await storedElsewhere(600)
    // Keeps waiting as long as there's progress, because an answer may fetch one event at a time.
    for (let before = -1; before < inbox.seen.length && inbox.seen.length < 600; ) {
      before = inbox.seen.length
      await until(() => inbox.seen.length > before)
    }
    const received = `${inbox.seen.length} events, the last is ${inbox.seen.at(-1)}`
    verify(
      inbox.seen.length !== 1,
      "The messages about 599 events were lost, the one about event 600 arrived, and `followEvents` handled one event. A message says that there's something new, but not how much. Read to the end of the list.",
      { expected: words('1 to 600'), received },
    )
    verify(
      inbox.seen.length === 600 && inbox.seen.every((n, i) => n === i + 1),
      'The messages about 599 events were lost, and the one about event 600 arrived. At that point, all 600 events should be handled, each once and in order, which takes more than one page of 500. On every message, read until `next` is `null`.',
      { expected: words('1 to 600'), received },
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
      "Two followers in one program got in each other's way. Each follower needs its own position and its own state, so keep both inside `followEvents`, not in module-level variables.",
      [
        [
          (seen) => asksForTheLength() && Object.values(seen).some(hasTwice),
          "A follower handled the same event twice, because it takes its position from `LLEN`, and the list grew between `LLEN` and `LRANGE`. Take the position from the events you've handled.",
        ],
      ],
    )
    const positions = [await stop(one), await stop(two)]
    verify(
      positions[0] !== positions[1],
      "Two followers in one program got in each other's way. Each `stop` should resolve to the position of its own follower.",
      { expected: [3, 1], received: positions },
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
      '`handle` was called after `stop` had resolved. Close the subscription in `stop`, because once `stop` resolves, callers expect no more events.',
    )
  })

  test('resolves to the position after the last event', async () => {
    await plant('events:type:USER_REGISTERED', 1, 2)
    const inbox = newInbox()
    const follower = await follow(1, inbox.handle)
    await storedElsewhere(3)
    await until(() => inbox.seen.includes(3))
    const position = await stop(follower)
    verifyEqual(
      position,
      3,
      '`stop` should resolve to the position after the last handled event, because the next run begins there.',
      [
        [
          (n) => n === 2,
          "`stop` should resolve to the position after the last handled event, which is the `from` of the next run. Don't return how many events this run handled, because it began at position 1.",
        ],
      ],
    )
  })

  test('waits in stop for the handler that is running', async () => {
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
      "`stop` resolved while `handle` was still working on an event, so the position it returned doesn't show whether that event is done. Wait for `handle`, then count the event.",
      { expected: words('position 1, after handle had ended'), received: words(`position ${position}`) },
    )
  })

  test('handles no further event once stop is called', async () => {
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
      "`stop` was called while `handle` was working on event 2 of 5, and `followEvents` continued with the events after it. Wait for that call to `handle`, but don't start another one, because the caller doesn't want to wait for a whole page.",
    )
    verify(
      position === 2,
      "`stop` was called in the middle of a page, after two events, and didn't resolve to position 2. Increment the position after each event, not after each page, or the next run repeats events or skips some.",
      { expected: 2, received: position },
    )
  })

  test('handles nothing that a read finds after stop is called', async () => {
    const inbox = newInbox()
    let follower: Follower | undefined
    let stopping: Promise<number> | undefined
    const { redis } = withRival(withSlowGoodbye(box.redis), 'events:type:USER_REGISTERED', async () => {
      stopping ??= follower?.stop() // just before it sends its next read
    })
    follower = await call('followEvents', () => followEvents(redis, 'USER_REGISTERED', 0, inbox.handle), {
      background: true,
    })
    await storedElsewhere(1)
    await until(() => stopping !== undefined)
    const position = await call('stop', () => stopping, { background: true })
    verifyEqual(
      { handled: inbox.seen, position },
      { handled: [], position: 0 },
      '`stop` was called while `followEvents` was reading the list. The read found event 1, and `handle` was called with it anyway. Set a flag in `stop` before its first `await`, and check it right before each call to `handle`, not after it.',
    )
  })

  test('closes the connection that it opened', async () => {
    const follower = await follow(0, () => {})
    await stop(follower)
    const left = await connectionsStillOpen()
    verify(
      left === 0,
      "`stop` resolved, but a connection that `followEvents` opened is still open. It keeps the program running and counts toward Redis's limit on clients. Call `quit` or `disconnect` on it, because unsubscribing isn't enough.",
      { expected: words('no more connections than before'), received: words(`${left} more`) },
    )
  })

  test("rejects if it can't read what is already stored", async () => {
    await plant('events:type:USER_REGISTERED', 1, 1)
    await box.admin.rpush('events:type:USER_REGISTERED', '{"eventId":"torn')
    const outcome = await attempt('followEvents', () =>
      followEvents(box.redis, 'USER_REGISTERED', 0, () => {}),
    )
    verify(
      !outcome.ok,
      "The second stored entry isn't an event (it's cut off in the middle), and `followEvents` resolved as if it had caught up. If the first read fails, reject with its error, because the caller would continue without the events after it.",
      { expected: 'MalformedEventError', received: words('it resolved') },
    )
    verify(
      outcome.error instanceof Error && outcome.error.name === 'MalformedEventError',
      "The second stored entry isn't an event, and `followEvents` rejected with an error other than the one from `decodeEvent`. Pass that error on, because it says what's wrong.",
      { expected: 'MalformedEventError', received: outcome.error },
    )
    const left = await connectionsStillOpen()
    verify(
      left === 0,
      'The first read failed and `followEvents` rejected, but the connection it had opened is still open. The caller got no follower to stop, so nothing can ever close it. Close it before you throw the error.',
      { expected: words('no more connections than before'), received: words(`${left} more`) },
    )
    const next = await attempt('followEvents', () => followEvents(box.redis, 'USER_DEACTIVATED', 0, () => {}))
    verify(
      next.ok,
      "`followEvents` rejected because the first read failed, as it should, and then it also rejected for another type, whose list is fine. Keep the state of a follower inside `followEvents`, not in module-level variables, because one follower's error isn't another's.",
      { received: !next.ok && next.error },
    )
    await stop(next.value)
  })

  test('misses nothing between reading and listening', async () => {
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
        if (following) {
          await until(() => inbox.seen.includes(2))
          await redis.ping() // replies to reads that were sent before it come first
          await box.roundTrips(30)
        }
        seen = [...inbox.seen]
        await follower.stop()
        await redis.ping()
        // A message that arrives while the connection is closing may still start a read, which handles nothing.
        for (let turn = 0; turn < 200 && box.commands.some(({ pending }) => pending); turn += 1) {
          await box.roundTrips(1)
        }
      },
      second: async () => {
        await storedElsewhere(2)
        await box.roundTrips(30) // the message arrives while the read is held, so a second read would start, too
        stored = true
      },
      verify: ({ first, held }) => {
        verify(
          first.ok,
          `\`followEvents\` failed when another process stored an event just before its ${held ? `\`${held}\`` : 'end'}.`,
          { received: !first.ok && first.error },
        )
        verify(
          !following || seen.includes(2),
          `An event stored just before \`followEvents\` sent its \`${held}\` was never handled. It came too late for the read and too early for the subscription. Subscribe first, then read.`,
          { expected: [1, 2], received: seen },
        )
        if (!following) return
        verifyEqual(seen, [1, 2], HANDLED_TWICE)
      },
    })
  })

  test('reads after it has subscribed', async () => {
    const inbox = newInbox()
    let stored = false
    const redis = box.connect()
    const duplicate = redis.duplicate.bind(redis)
    // Holds SUBSCRIBE back until a read that doesn't wait for it is done.
    redis.duplicate = (...options) =>
      withRival(
        duplicate(...options),
        'events',
        async () => {
          await box.roundTrips(30)
          await storedElsewhere(1)
          stored = true
        },
        1,
      ).redis
    const follower = await call(
      'followEvents',
      () => followEvents(redis, 'USER_REGISTERED', 0, inbox.handle),
      {
        background: true,
      },
    )
    if (stored) await until(() => inbox.seen.length > 0)
    verify(
      !stored || inbox.seen.length > 0,
      "An event stored just before `followEvents` sent its `SUBSCRIBE` was never handled, because the first read didn't wait for the subscription and was done by then. Await `subscribe`, then read.",
      { expected: [1], received: inbox.seen },
    )
    await stop(follower)
  })

  test('rejects with an error from any command before it has caught up', async () => {
    let wasHidden = false
    let left = 0
    await passesOnErrors({
      name: 'followEvents',
      prepare: () => plant('events:type:USER_REGISTERED', 1, 501),
      async run(redis) {
        const follower = await followEvents(redis, 'USER_REGISTERED', 0, () => {}).catch(async (error) => {
          left = Math.max(left, await connectionsStillOpen())
          throw error
        })
        wasHidden = box.commands.some(({ error }) => error !== undefined)
        await follower.stop().catch(() => {}) // not what this test is about
      },
      works: () => !wasHidden,
      why: 'The caller believes that everything stored has been handled and that new events will be, too. Without the subscription, nothing wakes the follower up.',
    })
    verify(
      left === 0,
      'Redis refused a command before `followEvents` had resolved, and `followEvents` rejected but left its own connection open. The caller got no follower to stop, so nothing can ever close it. Close it no matter which command fails, including `SUBSCRIBE`.',
      { expected: words('no more connections than before'), received: words(`${left} more`) },
    )
  })

  test('misses nothing while a reply is on its way', async () => {
    for (let n = 1, isOver = false; !isOver; n += 1) {
      await box.admin.del('events:type:USER_REGISTERED')
      await plant('events:type:USER_REGISTERED', 1, 1)
      const inbox = newInbox()
      let answered: string | undefined
      const redis = afterReply(box.connect(), n, async (command) => {
        answered = command
        await storedElsewhere(2)
        await box.roundTrips(30) // the message arrives before the reply does
      })
      const follower = await call(
        'followEvents',
        () => followEvents(redis, 'USER_REGISTERED', 0, inbox.handle),
        { background: true },
      )
      isOver = answered === undefined
      if (answered !== undefined) {
        await until(() => inbox.seen.includes(2))
        await box.roundTrips(30)
        verify(
          inbox.seen.includes(2),
          `An event was stored and announced after Redis had run the \`${answered}\` that \`followEvents\` sent while it was starting, and before the reply arrived. The event was never handled. Attach the listener for messages before the first read, and when a message arrives during a read, read again.`,
          { expected: [1, 2], received: inbox.seen },
        )
        verifyEqual(inbox.seen, [1, 2], HANDLED_TWICE)
      }
      await stop(follower)
    }
  })

  test('begins at a position that is still to come', async () => {
    await plant('events:type:USER_REGISTERED', 1, 3)
    const inbox = newInbox()
    const follower = await follow(5, inbox.handle)
    for (const n of [4, 5, 6]) await storedElsewhere(n)
    await until(() => inbox.seen.includes(6))
    verifyEqual(
      [inbox.seen, await stop(follower)],
      [[6], 6],
      '`followEvents` from position 5 was called when the list had three events, and three more were stored. It should only handle the sixth event, at position 5, and `stop` should resolve to 6. (Received: the events that were handled, and what `stop` resolved to.)',
    )
  })
})

async function refusesId(name: string, id: string, run: () => unknown): Promise<void> {
  const why = id.startsWith('type:')
    ? `Its key would be \`events:${id}\`, which is the list of a type, so this entity's events would be mixed in with everyone's.`
    : `An ID has 1 to 100 of the characters \`A-Z a-z 0-9 . _ -\` and no others, so that it can't collide with another key.${id.includes('ſ') ? ' A pattern with the flags `i` and `u` (or `v`) matches `ſ` as an `s`, and `toUpperCase` turns it into an `S`, so list `A-Z` and `a-z`.' : ''}`
  const outcome = await attempt(name, run)
  verify(
    !outcome.ok,
    `\`${name}\` accepted the entity ID \`${JSON.stringify(id)}\`. ${why} Throw an \`InvalidEntityIdError\`.`,
  )
  const error = await callError(
    name,
    () => {
      throw outcome.error
    },
    InvalidEntityIdError,
    `\`${name}\` failed on the entity ID \`${JSON.stringify(id)}\`, but not with an \`InvalidEntityIdError\`, which a caller can recognize and handle. ${why}`,
  )
  verifyEqual(
    error.entityId,
    id,
    'The `InvalidEntityIdError` should carry the refused ID as `entityId`, so that someone can find out where it came from.',
  )
  verify(
    error.name === 'InvalidEntityIdError',
    "The error's `name` should be `InvalidEntityIdError`. Logs print the name, and `Error` doesn't say what went wrong.",
    { expected: 'InvalidEntityIdError', received: error.name },
  )
}

/** Comes after one call with the ID user-42 that passed. */
async function sameEveryTime(name: string, run: () => unknown): Promise<void> {
  for (let again = 0; again < 2; again += 1) {
    const outcome = await attempt(name, run)
    verify(
      outcome.ok || !(outcome.error instanceof InvalidEntityIdError),
      `\`${name}\` accepted the entity ID \`user-42\`, then refused the same ID on a later call, so it keeps state between calls. A regular expression with the \`g\` flag does that: its \`test\` continues where the last call stopped.`,
      { received: !outcome.ok && outcome.error },
    )
  }
}

/** If there's nothing to return, the result is an empty page, not an error. */
async function emptyPage(name: string, run: () => Promise<EventPage>, where: string): Promise<void> {
  const diagnosis = `${where}, \`${name}\` should return an empty page, \`{ events: [], next: null }\`. Having nothing to return isn't an error.`
  const outcome = await attempt(name, run)
  verify(outcome.ok, diagnosis, { received: !outcome.ok && outcome.error })
  verifyEqual(outcome.value, { events: [], next: null }, diagnosis)
}

async function refusesTorn(name: string, run: () => unknown): Promise<void> {
  const error = await callError(
    name,
    run,
    Error,
    `\`${name}\` ignored an entry in the list that isn't an event (it's cut off in the middle). A history with a hole silently leads to a wrong state, so pass on the \`MalformedEventError\` from \`decodeEvent\`.`,
  )
  verify(
    error.name === 'MalformedEventError',
    `\`${name}\` found an entry that isn't an event, and it failed with an error named \`${error.name}\`. Read entries with \`decodeEvent\` from lesson 01 and pass on its \`MalformedEventError\`, which says what's wrong.`,
    { expected: 'MalformedEventError', received: words(`${error.name}: ${error.message}`) },
  )
}

function isPage(name: string, page: EventPage): void {
  verify(
    typeof page === 'object' && page !== null && Array.isArray(page.events) && 'next' in page,
    `\`${name}\` should return a page: an object with \`events\` (an array) and \`next\` (a number or \`null\`).`,
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
    `The first page of 1,200 events should contain 500 of them, and \`next\` should be 500, the position of the event after them. \`LRANGE\` includes both ends: 0 to 499 is 500 entries.`,
  )
  const second = await call(name, () => read(500))
  verifyEqual(
    shape(second),
    { events: 500, first: 501, next: 1_000 },
    `The page from position 500 should contain 500 events, starting with the 501st. \`next\` is a position in the list, so it should be 1000.`,
  )
  const third = await call(name, () => read(1_000))
  verifyEqual(
    shape(third),
    { events: 200, first: 1_001, next: null },
    `The page from position 1000 should contain the last 200 events, and \`next\` should be \`null\`, because nothing follows.`,
  )
  const one = await call(name, () => read(699))
  verifyEqual(
    shape(one),
    { events: 500, first: 700, next: 1_199 },
    `From position 699 of 1,200 events, the page should contain 500, and \`next\` should be 1199. There's one event after the page, and if \`next\` is \`null\`, no reader ever gets it.`,
  )
  const none = await call(name, () => read(700))
  verify(
    none.events.length === 500 && (none.next === null || none.next === 1_200),
    `From position 700 of 1,200 events, the page should contain the last 500. Nothing follows, so \`next\` should be \`null\`, or 1200, where the page is empty.`,
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
    `\`${name}\` fetched ${most} entries with one command. While Redis builds such a reply, it can't serve any other client, and for a list with a million entries, that can take seconds. Fetch one page: \`LRANGE key from from+499\`.`,
    { expected: words('at most 501 entries in one reply'), received: words(`${most} entries`) },
  )
  verify(
    seen.length === 2_500 && seen.every((n, i) => n === i + 1),
    `Reading 2,500 events page by page, each page starting at the \`next\` of the last one, should return each event once and in order, until \`next\` is \`null\`.`,
    { expected: words('1 to 2500'), received: words(`${seen.length} events, the last is ${seen.at(-1)}`) },
  )
}

/** Whether the answer may take a position from the length of a list, which is older or newer than what it read. */
function asksForTheLength(): boolean {
  return box.commands.some(({ name }) => name === 'LLEN')
}

function hasTwice(seen: readonly number[]): boolean {
  return new Set(seen).size < seen.length
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
    "`followEvents` should resolve to an object with a `stop` function. Without it, a caller can't end the follower.",
    { received: follower },
  )
  return follower
}

async function stop(follower: Follower): Promise<number> {
  return call('stop', () => follower.stop(), { background: true })
}

/** Stores an event as another process would, and as storeEvent should: in both lists and on the channel, in one step. */
async function storedElsewhere(n: number, eventType = 'USER_REGISTERED'): Promise<void> {
  const one = text(n, 'user-42', eventType)
  await box.admin
    .multi()
    .rpush('events:user-42', one)
    .rpush(`events:type:${eventType}`, one)
    .publish('events', one)
    .exec()
}

/** Waits until the condition is true. Gives up after two seconds, or later if Redis is slow; then the test says what's missing. */
async function until(condition: () => boolean): Promise<void> {
  for (let tick = 0; tick < 400 && !condition(); tick += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    await box.roundTrips(1)
  }
}

/** Its duplicates send UNSUBSCRIBE and QUIT only after a read that was sent later has been answered. */
function withSlowGoodbye(redis: Redis): Redis {
  const duplicate = redis.duplicate.bind(redis)
  redis.duplicate = (...options) => {
    const own = duplicate(...options)
    const send = own.sendCommand.bind(own)
    own.sendCommand = (command) => {
      if (!/^(p?unsubscribe|quit)$/i.test(command.name)) return send(command)
      void box.roundTrips(30).then(() => send(command))
      return command.promise
    }
    return own
  }
  return redis
}

/** Only for the wording of a diagnosis: a pipeline and separate commands leave the same traces in Redis. */
function noticePipeline(redis: Redis, notice: () => void): void {
  const pipeline = redis.pipeline
  redis.pipeline = (...args) => {
    notice()
    return pipeline.apply(redis, args)
  }
}
