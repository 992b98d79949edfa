/** Long, because every sentence that a learner may get to read stands here, beside what it judges. */
import type { Redis } from 'ioredis'
import { afterEach, describe, test } from 'vitest'
import {
  call,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  isRestless,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import type { Handler, ProcessorOptions, StreamEvent } from '#lesson/13-live-processor'
import { EventStore, SnapshotStore, StreamProcessor } from '#lesson/13-live-processor'

const box = useSandbox()

const SNAPSHOT = 'user_snapshot:u-1'
const MINUTE = 60_000

function event(
  stream: string,
  id: string,
  eventType: string,
  payload: StreamEvent['payload'] = {},
): StreamEvent {
  return { stream, id, userId: 'u-1', eventType, payload }
}
const profile = (id: string, payload: StreamEvent['payload']) =>
  event('user_updates', id, 'PROFILE_CHANGED', payload)
const login = (id: string) => event('user_activity', id, 'USER_LOGGED_IN')
const befriended = (id: string) => event('user_friends', id, 'FRIEND_ADDED', { friendId: 'u-2' })
const unfriended = (id: string) => event('user_friends', id, 'FRIEND_REMOVED', { friendId: 'u-2' })

const ADA = { userId: 'u-1', name: 'Ada', email: 'ada@example.com', logins: 0, friends: 0 }

describe('SnapshotStore', () => {
  const apply = (one: StreamEvent, redis: Redis = box.redis) =>
    call('SnapshotStore.apply', () => new SnapshotStore(redis).apply(one))
  const get = (userId = 'u-1', redis: Redis = box.redis) =>
    call('SnapshotStore.get', () => new SnapshotStore(redis).get(userId))

  test('finds nobody where nobody is', async () => {
    verifyEqual(
      await get('nobody'),
      null,
      'There is no snapshot of this user: `get` should return null. Redis gives an empty hash for a missing key, and `{}` would look like a user who was found.',
    )
  })

  test('takes the profile from user_updates', async () => {
    const applied = await apply(profile('1-0', { name: 'Ada', email: 'ada@example.com' }))
    verifyEqual(
      await get(),
      ADA,
      'After PROFILE_CHANGED with a name and an e-mail address `get` should return both, and 0 logins and friends as numbers.',
    )
    verifyEqual(applied, true, 'apply changed the snapshot, and should return true.')
    verify(
      (await box.admin.type(SNAPSHOT)) === 'hash',
      'The snapshot should be a hash with the key "user_snapshot:u-1".',
      { received: await box.admin.type(SNAPSHOT) },
    )
  })

  test('keeps what an event does not mention', async () => {
    await apply(profile('1-0', { name: 'Ada', email: 'ada@example.com' }))
    await apply(profile('2-0', { email: 'ada@new.example' }))
    verifyEqual(
      await get(),
      { ...ADA, email: 'ada@new.example' },
      'The second PROFILE_CHANGED holds an e-mail address and no name. The name stays as it was.',
    )
  })

  test('counts logins and friends', async () => {
    for (const one of [login('1-0'), login('2-0'), befriended('1-0'), befriended('2-0'), unfriended('3-0')])
      await apply(one)
    const { userId, name, email, logins, friends } = (await get()) ?? {}
    verifyEqual(
      { userId, name, email, logins, friends },
      { userId: 'u-1', name: null, email: null, logins: 2, friends: 1 },
      'There were two logins, two FRIEND_ADDED and one FRIEND_REMOVED, and nothing yet about a name: name and e-mail are null, the others are numbers.',
    )
  })

  test('passes over other types', async () => {
    await apply(login('1-0'))
    const applied = [
      await apply(event('user_activity', '2-0', 'USER_LOGGED_OUT')),
      await apply(event('user_friends', '1-0', 'FRIEND_ADDED_TO_LIST')),
      await apply(event('user_updates', '1-0', 'PROFILE_VIEWED', { name: 'Eve' })),
    ]
    verifyEqual(
      await get(),
      { userId: 'u-1', name: null, email: null, logins: 1, friends: 0 },
      'USER_LOGGED_OUT, FRIEND_ADDED_TO_LIST and PROFILE_VIEWED are none of the four types, and the snapshot changed. Take events by their whole name.',
    )
    verifyEqual(
      applied,
      [true, true, true],
      'An event that is later than the last one of its stream should return true, also if its type changes nothing: only what is not later returns false.',
    )
  })

  test('keeps users apart', async () => {
    await apply(login('1-0'))
    await apply({ ...login('2-0'), userId: 'u-2' })
    verifyEqual(
      [(await get('u-1'))?.logins, (await get('u-2'))?.logins],
      [1, 1],
      'Two users logged in once each; each has a snapshot of their own, "user_snapshot:<userId>".',
    )
  })

  test('counts an event that comes again once', async () => {
    await apply(login('1-0'))
    const again = await apply(login('1-0'))
    verifyEqual(
      (await get())?.logins,
      1,
      'The login 1-0 was handed over twice, as happens when a processor dies before its checkpoint is saved. It was counted twice. Keep in the snapshot, for each stream, the id of the last event that is in it, and leave out what is not later.',
    )
    verifyEqual(again, false, 'The event was in the snapshot already: apply should return false.')
    await apply(profile('7-0', { name: 'Ada' }))
    await apply(profile('8-0', { name: 'Grace' }))
    await apply(profile('7-0', { name: 'Ada' }))
    verifyEqual(
      (await get())?.name,
      'Grace',
      'The event 7-0 of user_updates came again after 8-0, and brought the old name back. What is not later than the position of its stream stays out.',
    )
  })

  test('keeps a position for each stream', async () => {
    await apply(login('50-0'))
    await apply(befriended('3-0'))
    verifyEqual(
      (await get())?.friends,
      1,
      'The event 3-0 of user_friends was left out, because 50-0 of user_activity is in the snapshot. Ids of two streams say nothing about each other: keep one position per stream.',
    )
  })

  test('knows which id is later', async () => {
    for (const id of ['9-0', '10-0', '10-2', '10-10', '11-1']) await apply(login(id))
    verifyEqual(
      (await get())?.logins,
      5,
      'The logins 9-0, 10-0, 10-2, 10-10 and 11-1 came in this order, and not all were counted. Compare the number before the dash, then the one behind it, as numbers: as texts "10-0" comes before "9-0".',
    )
  })

  test('loses nothing when two write at once', async () => {
    await everyInterleaving({
      name: 'SnapshotStore.apply',
      async prepare() {
        const store = new SnapshotStore(box.connect())
        for (const one of [login('1-0'), befriended('1-0')])
          await call('SnapshotStore.apply', () => store.apply(one))
      },
      first: (redis) => new SnapshotStore(redis).apply(login('2-0')),
      second: (redis) => new SnapshotStore(redis).apply(befriended('2-0')),
      verify: async ({ first, second, after }) => {
        for (const one of [first, second])
          await call('SnapshotStore.apply', () => (one.ok ? one.value : Promise.reject(one.error)))
        const { logins, friends } = (await get('u-1', box.connect())) ?? {}
        verifyEqual(
          { logins, friends },
          { logins: 2, friends: 2 },
          `Two processes changed one snapshot at once, one with a login and one with a friend, and a change is lost: the second came in behind the first’s ${after ?? 'start'}. Who reads, changes and writes back, writes back what was true before. Change only your own fields, in one step with the position.`,
        )
      },
    })
  })

  for (const sameConnection of [false, true]) {
    test(`counts once when two get the same event${sameConnection ? ' on one connection' : ''}`, async () => {
      let watched = false
      await everyInterleaving({
        name: 'SnapshotStore.apply',
        sameConnection,
        async prepare() {
          await call('SnapshotStore.apply', () => new SnapshotStore(box.connect()).apply(login('1-0')))
        },
        first: (redis) => new SnapshotStore(redis).apply(login('2-0')),
        second: async (redis) => {
          const store = new SnapshotStore(redis)
          await store.apply(login('2-0'))
          await store.apply(login('3-0'))
        },
        verify: async ({ after }) => {
          watched ||= box.commands.some(({ name }) => name === 'WATCH')
          verifyEqual(
            (await get('u-1', box.connect()))?.logins,
            3,
            sameConnection && watched
              ? 'Two parts of one program got the login 2-0 at once, on one connection, and the snapshot does not hold the three logins that there were. WATCH belongs to a connection: the EXEC of the one ends the watch of the other. Watch on a `redis.duplicate()`, or take a script.'
              : `There was one login; then two processes got the login 2-0 at once, and the second went on to 3-0 before the first wrote (it came in behind the first’s ${after ?? 'start'}). Each of the three logins should count once. Looking at the position and changing the snapshot have to be one step.`,
          )
        },
      })
    })
  }

  test('is never half done', async () => {
    await everyCrash({
      name: 'SnapshotStore.apply',
      run: (redis) => new SnapshotStore(redis).apply(login('1-0')),
      verify: async ({ last }) => {
        await call('SnapshotStore.apply', () => new SnapshotStore(box.connect()).apply(login('1-0')))
        verifyEqual(
          (await get('u-1', box.connect()))?.logins,
          1,
          `The process died behind its ${last ?? 'start'}, and the login was handed over again. It should count once: the change and the position belong into one step.`,
        )
      },
    })
  })
})

const STREAM = 'user_updates'
let over = false
let started: StreamProcessor[] = []

/** A processor that has been given up must not go on in the background of the next test. */
afterEach(async () => {
  over = true
  for (const one of started) void Promise.resolve(one.stop()).catch(() => {})
  started = []
  await box.roundTrips(3)
})

interface Script {
  readonly handed: string[]
  readonly waits: number[]
  readonly errors: unknown[]
  readonly options: ProcessorOptions
}

/** Options whose handlers note what they get as `id`, and run `during` before they finish. */
function script(
  during: (one: StreamEvent) => void | Promise<void> = () => {},
  more: Partial<ProcessorOptions> = {},
): Script {
  over = false
  const handed: string[] = []
  const waits: number[] = []
  const errors: unknown[] = []
  const handler: Handler = async (one) => {
    handed.push(one.id)
    await during(one)
  }
  const options: ProcessorOptions = {
    name: 'snapshots',
    handlers: { [STREAM]: [handler] },
    onError: (error) => errors.push(error),
    async sleep(ms) {
      waits.push(ms)
      if (over || waits.length > 30) await new Promise(() => {})
      await turn()
    },
    blockMs: MINUTE,
    ...more,
  }
  return { handed, waits, errors, options }
}

async function start(options: ProcessorOptions, redis: Redis = box.redis): Promise<StreamProcessor> {
  const processor = await call('new StreamProcessor', () => new StreamProcessor(redis, options))
  started.push(processor)
  await call('StreamProcessor.start', () => processor.start(), { background: true })
  return processor
}

/** Some milliseconds, and with a slow Redis as long as one reply takes. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5))
  await box.roundTrips(1)
}

/** Looks until it is so; a right answer is soon there, and only a wrong one costs two seconds, or more if Redis is slow. */
async function until(
  so: () => boolean,
  diagnosis: string | (() => string),
  received?: () => unknown,
): Promise<void> {
  for (let i = 0; i < 400 && !so(); i += 1) await turn()
  verify(
    so(),
    typeof diagnosis === 'string' ? diagnosis : diagnosis(),
    received === undefined ? {} : { received: received() },
  )
}

async function plant(from: number, to: number, stream = STREAM, admin: Redis = box.admin): Promise<void> {
  const pipeline = admin.pipeline()
  for (let n = from; n <= to; n += 1)
    pipeline.xadd(
      stream,
      `${n}-0`,
      'eventType',
      'PROFILE_CHANGED',
      'payload',
      `{"name":"Ada ${n}"}`,
      'userId',
      'u-1',
    )
  await pipeline.exec()
}

const checkpoint = (stream = STREAM) => box.admin.hget('checkpoint:snapshots', stream)
const isWaiting = () =>
  box.commands.some(({ name, args, pending }) => pending && name === 'XREAD' && blocks(args))
const blocks = (args: readonly string[]) => args.some((arg) => arg.toUpperCase() === 'BLOCK')
const waiting = () =>
  until(
    isWaiting,
    'All events have been handled, and no `XREAD … BLOCK` is waiting for the next one. A processor never ends: when a read brings nothing it reads again, and it lets Redis do the waiting.',
  )

describe('StreamProcessor', () => {
  test('begins at the beginning', async () => {
    await plant(1, 3)
    const { handed, options } = script()
    await start(options)
    await until(
      () => handed.length >= 3,
      () =>
        handed.length === 0
          ? 'Three events were in the stream when the processor started, and the handler got none of them. `$` means "what is added from now on": all that happened before is skipped. Without a checkpoint, begin at 0.'
          : `Three events were in the stream when the processor started, and the handler got ${handed.length} of them.`,
      () => handed,
    )
    verifyEqual(
      handed,
      ['1-0', '2-0', '3-0'],
      'The handler should get each event once, in the order of the stream.',
    )
  })

  test('hands over whole events', async () => {
    await plant(1, 1)
    const events: StreamEvent[] = []
    await start(script((one) => void events.push(one)).options)
    await until(() => events.length > 0, 'One event was in the stream; the handler did not get it.')
    const { stream, id, userId, eventType, payload } = events[0] ?? ({} as Partial<StreamEvent>)
    verifyEqual(
      { stream, id, userId, eventType, payload },
      { stream: STREAM, id: '1-0', userId: 'u-1', eventType: 'PROFILE_CHANGED', payload: { name: 'Ada 1' } },
      'The handler should get the name of the stream, the id, the user, the type, and the payload as an object. The fields of an entry come as a flat list, in any order.',
    )
  })

  test('goes on with what comes', async () => {
    await plant(1, 1)
    const { handed, options } = script()
    await start(options)
    await until(() => handed.length === 1, 'The event that was there at the start was not handed over.')
    await waiting()
    await plant(2, 2)
    await until(
      () => handed.length >= 2,
      'An event was added while the processor was waiting, and the handler did not get it.',
    )
    await waiting()
    await plant(3, 3)
    await until(
      () => handed.length >= 3,
      'The handler got the first event that was added, and not the next one: the processor has stopped reading. One read is not enough, it needs a loop.',
      () => handed,
    )
  })

  test('misses nothing while it works', async () => {
    const { handed, options } = script(async ({ id }) => {
      if (id === '1-0') await plant(2, 4)
    })
    await start(options)
    await waiting()
    await plant(1, 1)
    await until(
      () => handed.length >= 4,
      'While the handler worked on event 1-0, three more were added, and they were never handed over. A read from `$` sees only what is added while it waits; read from the id of the last event that was handled.',
      () => handed,
    )
    verifyEqual(
      handed,
      ['1-0', '2-0', '3-0', '4-0'],
      'Events that are added while a handler works should come afterwards, each once and in order.',
    )
  })

  test('waits for the handler', async () => {
    await plant(1, 2)
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    let atSecond: string | null = 'not asked'
    const { handed, options } = script(async ({ id }) => {
      if (id === '1-0') await gate
      else atSecond = await checkpoint()
    })
    await start(options)
    await until(() => handed.length > 0, 'Two events were in the stream; the handler did not get the first.')
    await box.roundTrips(20)
    verifyEqual(
      handed,
      ['1-0'],
      'The handler was still at work on event 1-0 when it got the next one. It returns a promise: wait for it. Otherwise the order is lost, and an error in it goes nowhere.',
    )
    verify(
      (await checkpoint()) !== '1-0',
      'The checkpoint said 1-0 while the handler was still at work on that event. If the process dies now, the event is lost: save the checkpoint when the handlers have finished.',
    )
    release()
    await until(
      () => atSecond !== 'not asked',
      'The handler finished with event 1-0, and did not get 2-0.',
      () => handed,
    )
    verifyEqual(
      atSecond,
      '1-0',
      'When event 2-0 was handed over, `checkpoint:snapshots` should have held 1-0 for user_updates: it is saved after each event.',
    )
  })

  test('begins at its checkpoint', async () => {
    await plant(1, 4)
    await box.admin.hset('checkpoint:snapshots', STREAM, '2-0')
    const { handed, options } = script()
    await start(options)
    await until(
      () => handed.length >= 2,
      'The hash `checkpoint:snapshots` says that 2-0 has been handled, of four events. The handler should get the other two.',
      () => handed,
    )
    await waiting()
    verifyEqual(
      handed,
      ['3-0', '4-0'],
      'The hash `checkpoint:snapshots` says that 2-0 has been handled. The processor should go on behind it.',
    )
    verifyEqual(await checkpoint(), '4-0', 'After the last event the checkpoint of its stream should be 4-0.')
  })

  test('serves several streams and handlers', async () => {
    await plant(1, 2, 'user_updates')
    await plant(5, 6, 'user_friends')
    const log: string[] = []
    const note =
      (name: string): Handler =>
      async ({ stream, id }) => {
        log.push(`${name} ${stream} ${id}`)
        await turn()
        log.push(`${name} ${stream} ${id} done`)
      }
    const { options } = script()
    await start({
      ...options,
      handlers: { user_updates: [note('A'), note('B')], user_activity: [], user_friends: [note('C')] },
    })
    await until(
      () => log.length >= 12,
      'user_updates has two events and two handlers, user_friends two events and one handler. Every handler should get every event of its stream.',
      () => log,
    )
    await waiting()
    verifyEqual(
      log.filter((line) => line.includes('user_updates')),
      ['1-0', '2-0'].flatMap((id) =>
        ['A', 'B'].flatMap((name) => [`${name} user_updates ${id}`, `${name} user_updates ${id} done`]),
      ),
      'The two handlers of user_updates should be called one after the other, in the order of the list, each once per event; the second when the first has finished.',
    )
    verifyEqual(
      [
        log.filter((line) => line.startsWith('C')),
        await checkpoint('user_updates'),
        await checkpoint('user_friends'),
      ],
      [
        ['C user_friends 5-0', 'C user_friends 5-0 done', 'C user_friends 6-0', 'C user_friends 6-0 done'],
        '2-0',
        '6-0',
      ],
      'Each stream has handlers and a checkpoint of its own, under its name in `checkpoint:snapshots`.',
    )
  })

  test('waits on a connection of its own', async () => {
    await box.redis.ping() // so that the client that is handed in is number 1
    await start(script().options)
    await waiting()
    const shared = box.commands.some(
      ({ name, args, client }) => name === 'XREAD' && blocks(args) && client === 1,
    )
    verify(
      !shared,
      'The read that waits was sent on the connection that was handed in. Everybody else who uses it now waits too, for up to a minute: one blocked read, and a GET takes as long. Read on a `redis.duplicate()`.',
    )
  })

  test('reads again when nothing came', async () => {
    const { handed, errors, options } = script(undefined, { blockMs: 20 })
    await start(options)
    await until(
      () => waitsOf(box.commands).length > 0,
      'The processor was started with nothing in the stream, and no `XREAD … BLOCK` was sent. Let Redis do the waiting.',
    )
    verify(
      waitsOf(box.commands).every((ms) => ms <= 20),
      'With `blockMs: 20` no read may wait longer than 20 milliseconds; BLOCK 0 waits for ever. Received is how long the reads were to wait.',
      { expected: 'at most 20', received: waitsOf(box.commands) },
    )
    const empty = () =>
      box.commands.filter(({ name, args, reply }) => name === 'XREAD' && blocks(args) && reply === null)
    await until(
      () => empty().length >= 2 || errors.length > 0,
      'A read ended after `blockMs` milliseconds without an event, and the processor did not read again.',
    )
    verify(
      errors.length === 0,
      'A read ended after `blockMs` milliseconds without an event: Redis replies null then, and the processor stumbled over it. That is no failure; read again.',
      { received: errors[0] },
    )
    await plant(1, 1)
    await until(
      () => handed.length > 0,
      'Some reads brought nothing, then an event was added, and the handler did not get it.',
    )
  })

  test('waits five seconds unless told', async () => {
    const { blockMs: _, ...options } = script().options
    await start(options)
    await waiting()
    verify(
      waitsOf(box.commands).every((ms) => ms <= 5_000),
      'Without `blockMs` a read should wait for 5,000 milliseconds at most. Waiting for ever (BLOCK 0) is deaf on a connection that has died without saying so.',
      { expected: 'at most 5000', received: waitsOf(box.commands) },
    )
  })

  test('does not turn in circles', async () => {
    await start(script().options)
    await waiting()
    const before = box.commands.length
    await box.roundTrips(200)
    const sent = box.commands.slice(before)
    verify(
      !isRestless(sent),
      'Nothing happened, and the processor asked again and again: a loop without BLOCK keeps Redis and a processor core busy for nothing. Let the read wait for `blockMs` milliseconds.',
      { expected: 'next to no commands', received: `${sent.length} commands, while another client sent 200` },
    )
  })

  test('reads in pages', async () => {
    await plant(1, 120)
    const { handed, options } = script()
    await start(options)
    await until(
      () => handed.length >= 120,
      'There were 120 events in the stream, and they were not all handed over.',
      () => handed.length,
    )
    const largest = Math.max(
      ...box.commands.map(({ name, reply }) => (name === 'XREAD' ? entriesOf(reply) : 0)),
    )
    verify(
      largest <= 100,
      'One read brought more than 100 entries of a stream. A processor that was away for a day would load the whole day into memory: read with COUNT.',
      { received: largest },
    )
  })

  test('builds the snapshot of a user from three streams', async () => {
    const { options, errors } = script()
    const snapshots = new SnapshotStore(box.redis)
    const applied: string[] = []
    const keep: Handler = async (one) => {
      await snapshots.apply(one)
      applied.push(one.eventType)
    }
    const store = new EventStore(box.connect())
    const add = (
      stream: 'user_updates' | 'user_activity' | 'user_friends',
      eventType: string,
      payload = {},
    ) => call('EventStore.append', () => store.append(stream, { userId: 'u-1', eventType, payload }))
    await add('user_updates', 'PROFILE_CHANGED', { name: 'Ada', email: 'ada@example.com' })
    await add('user_activity', 'USER_LOGGED_IN')
    await start({
      ...options,
      handlers: { user_updates: [keep], user_activity: [keep], user_friends: [keep] },
    })
    await until(
      () => applied.length >= 2,
      'A PROFILE_CHANGED and a USER_LOGGED_IN were stored before the start, and SnapshotStore.apply did not get both.',
      () => errors[0] ?? applied,
    )
    await waiting()
    await add('user_friends', 'FRIEND_ADDED', { friendId: 'u-2' })
    await add('user_activity', 'USER_LOGGED_IN')
    await until(
      () => applied.length >= 4,
      'A FRIEND_ADDED and a USER_LOGGED_IN were stored while the processor ran, and SnapshotStore.apply did not get both.',
      () => errors[0] ?? applied,
    )
    verifyEqual(
      await call('SnapshotStore.get', () => snapshots.get('u-1')),
      { userId: 'u-1', name: 'Ada', email: 'ada@example.com', logins: 2, friends: 1 },
      'A profile, two logins and a friend were appended with EventStore; a StreamProcessor gave them to SnapshotStore.apply. The snapshot should hold all of them.',
    )
  })
})

function entriesOf(reply: unknown): number {
  if (!Array.isArray(reply)) return 0
  return Math.max(0, ...reply.map((stream) => (Array.isArray(stream?.[1]) ? stream[1].length : 0)))
}

describe('errors', () => {
  const mail = new Error('the mail server is away')
  /** Fails with event `id`, so many times. */
  function failing(id: string, times: number, more: Partial<ProcessorOptions> = {}): Script {
    let left = times
    return script((one) => {
      if (one.id !== id || left === 0) return
      left -= 1
      throw mail
    }, more)
  }

  test('tries a failed event again', async () => {
    await plant(1, 3)
    const { handed, waits, options } = failing('2-0', 1)
    await start(options)
    await until(
      () => handed.includes('3-0') || waits.length > 25,
      () =>
        handed.length <= 2
          ? 'The handler failed with event 2-0, and that was the end of the processor: nothing more was handed over. One error at night, and in the morning the snapshots are eight hours old. Wait a little and try again.'
          : 'The handler failed once with event 2-0. The processor should try it again, and go on when it succeeds.',
      () => handed,
    )
    verifyEqual(
      handed,
      ['1-0', '2-0', '2-0', '3-0'],
      'The handler failed with event 2-0. The same event should come again before the next one: what is skipped is lost, and what is handled out of order may be wrong.',
    )
    verifyEqual(
      waits,
      [100],
      'The handler failed once. Before trying again the processor should have called `sleep(100)`, once: whatever was in the way is not gone a microsecond later.',
    )
  })

  test('keeps its checkpoint before the failed event', async () => {
    await plant(1, 3)
    let seen: string | null = 'not asked'
    const { waits, options } = failing('2-0', 2, {
      async sleep() {
        waits.push(0)
        seen = await checkpoint()
        if (waits.length > 1) await new Promise(() => {})
      },
    })
    await start(options)
    await until(
      () => waits.length > 1,
      'The handler failed twice, and `sleep` was not called twice.',
      () => waits.length,
    )
    verifyEqual(
      seen,
      '1-0',
      'Event 2-0 could not be handled, and the checkpoint should still say 1-0. If the process dies now, 2-0 has to come again.',
    )
  })

  test('says what went wrong', async () => {
    await plant(1, 1)
    const { errors, handed, options } = failing('1-0', 2)
    await start(options)
    await until(
      () => handed.length >= 3,
      'The handler failed twice with event 1-0, and should have got it a third time.',
      () => handed,
    )
    verify(
      errors.length === 2 && errors.every((error) => error === mail),
      'The handler failed twice. `onError` should have been called twice, with the very error that the handler threw: a processor that fails in silence is found out by its users.',
      { expected: [mail, mail], received: errors },
    )
  })

  test('waits longer each time', async () => {
    await plant(1, 1)
    const { waits, handed, options } = failing('1-0', 8)
    await start(options)
    await until(
      () => handed.length >= 9,
      'The handler failed eight times with event 1-0, and should have got it a ninth time.',
      () => handed.length,
    )
    verifyEqual(
      waits,
      [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000],
      'The handler failed eight times in a row. The wait doubles from 100 ms each time, up to 5,000 ms: something that is down does not get up faster when everybody asks ten times a second.',
    )
  })

  test('begins anew after a success', async () => {
    await plant(1, 2)
    let calls = 0
    const { waits, handed, options } = script(() => {
      calls += 1
      if ([1, 2, 4].includes(calls)) throw mail // 1-0 twice, then 2-0 once
    })
    await start(options)
    await until(
      () => handed.length >= 5,
      'Event 1-0 failed twice and event 2-0 once; both should have been handled in the end.',
      () => handed,
    )
    verifyEqual(
      waits,
      [100, 200, 100],
      'Event 1-0 failed twice, then it was handled. The failure of event 2-0 is a new one: its first wait is 100 ms again.',
    )
  })

  test('outlives an error of Redis', async () => {
    await box.admin.set(STREAM, 'no stream')
    const waits: number[] = []
    const { handed, errors, options } = script(undefined, {
      async sleep(ms) {
        waits.push(ms)
        if (waits.length === 3) {
          await box.admin.del(STREAM)
          await plant(1, 2)
        }
        if (over || waits.length > 6) await new Promise(() => {})
        await turn()
      },
    })
    await start(options)
    await until(
      () => handed.length >= 2 || waits.length > 6,
      'Redis answered the read with an error (WRONGTYPE: the key held a text for a while), and the processor never read again. A processor outlives errors of Redis too: report, wait, read again.',
      () => handed,
    )
    verifyEqual(
      [waits, handed, errors.length],
      [[100, 200, 400], ['1-0', '2-0'], 3],
      'Redis answered three reads with an error, then all was well. The processor should have told `onError` three times, waited 100, 200 and 400 ms, and handled the two events.',
    )
  })
})

describe('stop', () => {
  /** Calls stop and says when it has resolved. A stop that rejects has resolved too, with an error to show. */
  function stopping(processor: StreamProcessor): { done(): boolean; finish(): Promise<void> } {
    let done = false
    const running = Promise.resolve()
      .then(() => processor.stop())
      .finally(() => {
        done = true
      })
    running.catch(() => {})
    return { done: () => done, finish: () => call('StreamProcessor.stop', () => running) }
  }

  test('does not wait for the read', async () => {
    const { options } = script()
    const processor = await start(options)
    await waiting()
    const open = box.commands.filter(({ name, args, pending }) => pending && name === 'XREAD' && blocks(args))
    const end = stopping(processor)
    await until(
      end.done,
      'stop() was still not finished after two seconds, because a read was waiting (BLOCK, up to a minute). A flag is looked at when the read returns, and `quit` stands in line behind it. Cut the connection that the read waits on: `disconnect()`.',
    )
    await end.finish()
    await box.roundTrips(5)
    verify(
      !isWaiting(),
      'stop() has returned, and the processor’s read is still waiting in Redis. It would take the next event and hand it over, after the stop.',
    )
    const unblocked = box.commands.some(({ name }) => name === 'CLIENT')
    const waited = open.some(({ args, reply }) => reply === null && !unblocked && blockOf(args) > 200)
    verify(
      !waited,
      'stop() waited until the read had run out of time by itself. That is longer than the 200 ms which a processor has: cut the connection instead.',
    )
  })

  test('hands nothing over afterwards', async () => {
    await plant(1, 1)
    const { handed, errors, options } = script()
    const processor = await start(options)
    await until(() => handed.length === 1, 'One event was in the stream; the handler did not get it.')
    await waiting()
    const end = stopping(processor)
    await until(end.done, 'stop() was not finished after two seconds.')
    await end.finish()
    await plant(2, 2)
    await box.roundTrips(20)
    verifyEqual(handed, ['1-0'], 'An event was added after stop() had returned, and the handler got it.')
    verifyEqual(
      errors.length,
      0,
      'Somebody called stop(), and the processor reported an error: the connection that stop() cut itself. That is no failure; who reads the log would look for one.',
    )
  })

  test('lets the handler finish', async () => {
    await plant(1, 2)
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { handed, options } = script(() => gate)
    const second: string[] = []
    const first = options.handlers[STREAM] ?? []
    const processor = await start({
      ...options,
      handlers: { [STREAM]: [...first, ({ id }) => void second.push(id)] },
    })
    await until(
      () => handed.length === 1,
      'Two events were in the stream; the handler did not get the first.',
    )
    const end = stopping(processor)
    await box.roundTrips(20)
    verify(
      !end.done(),
      'stop() returned while the handler was still at work on event 1-0. Whoever ends the process now cuts it off in the middle: stop() waits for the event that is being handled.',
    )
    release()
    await until(end.done, 'The handler finished, and stop() did not return.')
    await end.finish()
    await box.roundTrips(5)
    verifyEqual(
      [handed, second, await checkpoint()],
      [['1-0'], ['1-0'], '1-0'],
      'stop() was called while the first of two handlers was at work on event 1-0. Received are what each of them got, and the checkpoint. That event should be finished and its checkpoint saved, and event 2-0 left for next time.',
    )
  })

  test('does not wait for the sleep', async () => {
    await plant(1, 1)
    let asleep = false
    let calls = 0
    let wake: () => void = () => {}
    const { options } = script(
      () => {
        calls += 1
        throw new Error('the mail server is away')
      },
      {
        sleep: () =>
          new Promise((resolve) => {
            asleep = true
            wake = resolve
          }),
      },
    )
    const processor = await start(options)
    await until(() => asleep, 'The handler failed, and `sleep` was not called.')
    const end = stopping(processor)
    await until(
      end.done,
      'stop() waited for `sleep`, which may take five seconds after an error. Let the wait end as soon as one of the two happens: the sleep is over, or somebody calls stop().',
    )
    await end.finish()
    wake()
    await box.roundTrips(10)
    verifyEqual(calls, 1, 'After stop() had returned, the sleep ended and the event was handed over again.')
  })

  test('goes on where it stopped', async () => {
    await plant(1, 5)
    let processor: StreamProcessor | undefined
    let end: ReturnType<typeof stopping> | undefined
    const { handed, options } = script(({ id }) => {
      if (id === '3-0' && processor !== undefined) end ??= stopping(processor)
    })
    processor = await start(options)
    await until(
      () => end?.done() === true,
      'stop() was called in the middle of five events, and did not return.',
      () => handed,
    )
    await end?.finish()
    await start(options, box.connect())
    await until(
      () => handed.length >= 5,
      'After a stop, a new processor of the same name should go on with the rest of the five events.',
      () => handed,
    )
    await waiting()
    verifyEqual(
      handed,
      ['1-0', '2-0', '3-0', '4-0', '5-0'],
      'A processor was stopped while it handled event 3-0 of five, and a new one of the same name started. Each event should have been handed over once.',
    )
  })

  test('closes its own connection, and not the caller’s', async () => {
    const processor = await start(script().options)
    await waiting()
    const end = stopping(processor)
    await until(end.done, 'stop() was not finished after two seconds.')
    await end.finish()
    const more = await connectionsStillOpen()
    verify(
      more === 0,
      'stop() has returned, and the connection that the processor opened is still there. Every deployment would leave one behind, and no process ends with a connection open: `disconnect()` it.',
      { expected: 'no connection more than before the start', received: `${more} more` },
    )
    verify(
      box.redis.status !== 'end' && box.redis.status !== 'close',
      'stop() closed the connection that was handed in. It belongs to the caller; close the one that you opened.',
    )
    await call('GET on the caller’s connection', () => box.redis.get('something'))
  })
})

/** How long the reads were to wait, in milliseconds. */
function waitsOf(commands: typeof box.commands): number[] {
  return commands
    .filter(({ name, args }) => name === 'XREAD' && blocks(args))
    .map(({ args }) => blockOf(args))
}

function blockOf(args: readonly string[]): number {
  const at = args.findIndex((arg) => arg.toUpperCase() === 'BLOCK')
  const ms = Number(args[at + 1])
  return ms === 0 ? Number.POSITIVE_INFINITY : ms
}
