/** Long, because every sentence that a learner may read is here, next to the code that it judges. */
import type { Redis } from 'ioredis'
import { afterEach, describe, test } from 'vitest'
import {
  attempt,
  call,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  isBusyPolling,
  passesOnErrors,
  useSandbox,
  verify,
  verifyEqual,
  words,
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

  test('returns null for a user without a snapshot', async () => {
    verifyEqual(
      await get('nobody'),
      null,
      "There's no snapshot for this user, so `get` should return `null`. Redis returns an empty hash for a missing key, and `{}` would look like a user who exists.",
    )
  })

  test('stores the profile from user_updates', async () => {
    const applied = await apply(profile('1-0', { name: 'Ada', email: 'ada@example.com' }))
    verifyEqual(
      await get(),
      ADA,
      'After a `PROFILE_CHANGED` with a name and an email address, `get` should return both, and 0 for logins and friends, as numbers.',
    )
    verifyEqual(applied, true, '`apply` changed the snapshot, so it should return `true`.')
    verify(
      (await box.admin.type(SNAPSHOT)) === 'hash',
      'The snapshot should be a hash with the key `user_snapshot:u-1`.',
      { received: await box.admin.type(SNAPSHOT) },
    )
  })

  test("keeps what an event doesn't mention", async () => {
    await apply(profile('1-0', { name: 'Ada', email: 'ada@example.com' }))
    await apply(profile('2-0', { email: 'ada@new.example' }))
    verifyEqual(
      await get(),
      { ...ADA, email: 'ada@new.example' },
      'The second `PROFILE_CHANGED` contains an email address and no name. The name should stay as it was.',
    )
  })

  test('sets a name to the empty string', async () => {
    await apply(profile('1-0', { name: 'Ada', email: 'ada@example.com' }))
    await apply(profile('2-0', { name: '' }))
    verifyEqual(
      await get(),
      { ...ADA, name: '' },
      'The payload of the second `PROFILE_CHANGED` has the name `""`, so the name should now be the empty string. Only a name that isn\'t in the payload keeps its value, and `get` returns `null` only until a name is set.',
    )
  })

  test('keeps a position for each stream', async () => {
    await apply(login('50-0'))
    await apply(befriended('3-0'))
    verifyEqual(
      (await get())?.friends,
      1,
      "The event `3-0` of `user_friends` was skipped because `50-0` of `user_activity` is in the snapshot. You can't compare IDs of different streams, so store one position for each stream.",
    )
  })

  test('takes only the name and the email address from the payload', async () => {
    await apply(login('1-0'))
    await apply(
      profile('1-0', { name: 'Ada', email: 'ada@example.com', logins: '99', friends: '7', city: 'London' }),
    )
    const { userId, name, email, logins, friends } = (await get()) ?? {}
    verifyEqual(
      { userId, name, email, logins, friends },
      { ...ADA, logins: 1 },
      'The payload of a `PROFILE_CHANGED` also contained `logins`, `friends`, and `city`, and `apply` stored more than the name and the email address. The payload comes from outside, so take only these two fields from it.',
    )
  })

  test('subtracts a friend even below 0', async () => {
    await apply(unfriended('1-0'))
    await apply(befriended('2-0'))
    verifyEqual(
      (await get())?.friends,
      0,
      'A `FRIEND_REMOVED` and then a `FRIEND_ADDED` were applied, so the count should go from 0 to -1 and back to 0. Add and subtract exactly 1 for each event: a count that stops at 0 is too high after the next `FRIEND_ADDED`.',
    )
  })

  test('counts logins and friends', async () => {
    for (const one of [login('1-0'), login('2-0'), befriended('1-0'), befriended('2-0'), unfriended('3-0')])
      await apply(one)
    const { userId, name, email, logins, friends } = (await get()) ?? {}
    verifyEqual(
      { userId, name, email, logins, friends },
      { userId: 'u-1', name: null, email: null, logins: 2, friends: 1 },
      'There were two logins, two `FRIEND_ADDED` events, and one `FRIEND_REMOVED`, but no name yet. `name` and `email` should be `null`, `logins` the number 2, and `friends` the number 1.',
    )
  })

  test('ignores other types', async () => {
    await apply(login('1-0'))
    const applied = [
      await apply(event('user_activity', '2-0', 'USER_LOGGED_OUT')),
      await apply(event('user_friends', '1-0', 'FRIEND_ADDED_TO_LIST')),
      await apply(event('user_updates', '1-0', 'PROFILE_VIEWED', { name: 'Eve' })),
    ]
    verifyEqual(
      await get(),
      { userId: 'u-1', name: null, email: null, logins: 1, friends: 0 },
      "The snapshot changed, even though `USER_LOGGED_OUT`, `FRIEND_ADDED_TO_LIST`, and `PROFILE_VIEWED` aren't among the four types. Compare the whole name of the type.",
    )
    verifyEqual(
      applied,
      [true, true, true],
      "`apply` should return `true` for any event that's later than the last one in its stream, even if its type changes nothing. It returns `false` only if the event isn't later.",
    )
    const outcome = await attempt('SnapshotStore.apply', () =>
      new SnapshotStore(box.redis).apply(event('user_activity', '3-0', 'constructor')),
    )
    verifyEqual(
      [outcome.ok ? outcome.value : outcome.error, await get()],
      [true, { userId: 'u-1', name: null, email: null, logins: 1, friends: 0 }],
      "An event has the type `constructor`, which isn't among the four, and `apply` failed, returned `false`, or changed the snapshot. Every object has a property `constructor`, so don't look the type up in a plain object: use a `switch`, a `Map`, or `Object.hasOwn`.",
    )
  })

  test('keeps users apart', async () => {
    await apply(login('1-0'))
    await apply({ ...login('2-0'), userId: 'u-2' })
    verifyEqual(
      [(await get('u-1'))?.logins, (await get('u-2'))?.logins],
      [1, 1],
      'Two users logged in once each. Each of them should have a separate snapshot, `user_snapshot:<userId>`.',
    )
  })

  test('counts an event that arrives again only once', async () => {
    await apply(login('1-0'))
    const again = await apply(login('1-0'))
    verifyEqual(
      (await get())?.logins,
      1,
      "The login `1-0` was applied twice, as happens when a processor dies before it saves its checkpoint. It was counted twice. For each stream, store the ID of the last event in the snapshot, and skip any event that isn't later.",
    )
    verifyEqual(again, false, 'The event was already in the snapshot, so `apply` should return `false`.')
    await apply(login('9-0'))
    verifyEqual(
      [await apply(login('5-0')), (await get())?.logins],
      [false, 2],
      "The login `9-0` was in the snapshot when `5-0` was applied. An event that isn't later than the last one changes nothing, and `apply` returns `false`, even if that event was never applied. Store the ID of the last event, and compare it: a list of all IDs would grow with every event.",
    )
    await apply(profile('7-0', { name: 'Ada' }))
    await apply(profile('8-0', { name: 'Grace' }))
    await apply(profile('7-0', { name: 'Ada' }))
    verifyEqual(
      (await get())?.name,
      'Grace',
      "The event `7-0` of `user_updates` arrived again after `8-0` and restored the old name. Skip any event that isn't later than the position stored for its stream.",
    )
  })

  test('recognizes which ID is later', async () => {
    for (const id of ['9-0', '10-0', '10-2', '10-10', '11-1']) await apply(login(id))
    verifyEqual(
      (await get())?.logins,
      5,
      'The logins `9-0`, `10-0`, `10-2`, `10-10`, and `11-1` arrived in this order, but not all of them were counted. Compare the number before the dash, then the number after it, as numbers. As strings, `10-0` comes before `9-0`.',
    )
    const long = ['12-9000000000', '13-0', '1772359200000-1', '1772359200000-2']
    for (const id of long) await apply(login(id))
    verifyEqual(
      (await get())?.logins,
      9,
      `The logins ${long.map((id) => `\`${id}\``).join(', ')} arrived in this order, but not all of them were counted. Compare the number before the dash first, and the number after it only if those are equal. If you combine both into one number, it becomes too long, or a large second number outweighs the first one.`,
    )
  })

  test('is all or nothing when the process dies', async () => {
    await everyCrash({
      name: 'SnapshotStore.apply',
      run: (redis) => new SnapshotStore(redis).apply(login('1-0')),
      verify: async ({ last }) => {
        await call('SnapshotStore.apply', () => new SnapshotStore(box.connect()).apply(login('1-0')))
        verifyEqual(
          (await get('u-1', box.connect()))?.logins,
          1,
          `The process died after ${last ? `\`${last}\`` : 'the start'}, and the login was applied again. It should count once. Write the change and the position in one step.`,
        )
      },
    })
  })

  test('loses nothing when two processes write at the same time', async () => {
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
        verify(
          !(first.ok && second.ok && (first.value === false || second.value === false)),
          `Two processes applied different events to one snapshot at the same time, the second call right after the first call's ${after ? `\`${after}\`` : 'start'}, and one call returned \`false\`, so its event is lost. ${
            box.commands.some(({ name, reply }) => name === 'EXEC' && reply === null)
              ? '`EXEC` replied `(nil)` because a watched key had changed, which means that nothing was written: watch, check, and try again.'
              : '`apply` returns `false` only if the snapshot already includes the event, or a later one from the same stream.'
          }`,
          { expected: [true, true], received: [first.ok && first.value, second.ok && second.value] },
        )
        verifyEqual(
          { logins, friends },
          { logins: 2, friends: 2 },
          `Two processes changed one snapshot at the same time, and a change is lost: the second call ran right after the first call's ${after ? `\`${after}\`` : 'start'}. If you read the snapshot and write it back, you overwrite what changed in the meantime. Change only the fields of this event, in one step with the position.`,
        )
      },
    })
  })

  for (const sameConnection of [false, true]) {
    test(`counts once when two callers get the same event${sameConnection ? ' on one connection' : ''}`, async () => {
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
              ? "Two parts of one program got the login `2-0` at the same time, on one connection, and the snapshot doesn't count all three logins. A `WATCH` belongs to a connection, so the first `EXEC` also ends the other caller's `WATCH`. Watch on a `redis.duplicate()`, or use a script."
              : `There was one login. Then two callers got the login \`2-0\` at the same time: right after the first call's ${after ? `\`${after}\`` : 'start'}, the second caller applied \`2-0\` and \`3-0\`. Each of the three logins should count once. Check the position and change the snapshot in one step.`,
          )
        },
      })
    })
  }

  test('passes on an error from Redis', async () => {
    await passesOnErrors({
      name: 'SnapshotStore.apply',
      run: (redis) => new SnapshotStore(redis).apply(login('1-0')),
      works: async (applied) => applied && (await get('u-1', box.connect()))?.logins === 1,
      why: 'Otherwise, the caller saves its checkpoint, and the snapshot never includes the event.',
    })
    await passesOnErrors({
      name: 'SnapshotStore.get',
      prepare: async () => void (await apply(login('1-0'), box.connect())),
      run: (redis) => new SnapshotStore(redis).get('u-1'),
      works: (found) => found?.logins === 1,
      why: "A snapshot that can't be read isn't one that doesn't exist.",
    })
  })
})

const STREAM = 'user_updates'
let over = false
let started: StreamProcessor[] = []

/** Stops what the test started, so that it doesn't keep running during the next one. */
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

/** Options whose handlers record what they get as `id`, and run `during` before they finish. */
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

/** Some milliseconds, or with a slow Redis, as long as one reply takes. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5))
  await box.roundTrips(1)
}

/** Polls until the condition is true. That's soon for a right answer; a wrong one takes two seconds, or more if Redis is slow. */
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

const times = (count: number) => ['0 times', 'once', 'twice'][count] ?? `${count} times`
/** `what` is what has happened, as a sentence. */
const tooFew = (handed: readonly string[], calls: number, what = '') =>
  handed.length < calls
    ? `${what} The handler has been called ${times(handed.length)}, and by now it should have been called ${times(calls)}. Call it for each event, and again for an event that failed.`.trim()
    : `${what} The handler keeps getting events that it has already handled, and never gets the next one.`.trim()

/** Polls until the handler has been called that often. */
const gets = (handed: readonly string[], calls: number, what?: string) =>
  until(
    () => handed.length >= calls,
    () => tooFew(handed, calls, what),
    () => handed,
  )

/** Polls until `sleep` has been called that often. */
const sleeps = (waits: readonly number[], calls: number) =>
  until(
    () => waits.length >= calls,
    () =>
      `\`sleep\` has been called ${times(waits.length)}, and by now it should have been called ${times(calls)}: once after each failure.`,
    () => waits,
  )

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
    'Every event in the stream has been handled, but no `XREAD … BLOCK` is waiting for the next one. A processor never ends: if a read returns nothing, it reads again, and it waits in Redis.',
  )

describe('StreamProcessor', () => {
  const IN_ORDER =
    'The handler should get each event once, in the order of the stream, even if events are added while it is running.'

  test('starts at the beginning of the stream', async () => {
    await plant(1, 3)
    const { handed, options } = script()
    await start(options)
    await until(
      () => handed.length >= 3,
      () =>
        handed.length === 0
          ? 'Three events were in the stream when the processor started, and the handler got none of them. `$` means "whatever is added from now on," so it skips everything older. Without a checkpoint, start at 0.'
          : tooFew(handed, 3),
      () => handed,
    )
    verifyEqual(handed, ['1-0', '2-0', '3-0'], IN_ORDER)
  })

  test('passes complete events', async () => {
    await plant(1, 1)
    const events: StreamEvent[] = []
    const { handed, options } = script((one) => void events.push(one))
    await start(options)
    await gets(handed, 1)
    const { stream, id, userId, eventType, payload } = events[0] ?? ({} as Partial<StreamEvent>)
    verifyEqual(
      { stream, id, userId, eventType, payload },
      { stream: STREAM, id: '1-0', userId: 'u-1', eventType: 'PROFILE_CHANGED', payload: { name: 'Ada 1' } },
      'The handler should get the name of the stream, the ID, the user, the type, and the payload as an object. Redis returns the fields of an entry as a flat list, in any order.',
    )
  })

  test('continues with new events', async () => {
    await plant(1, 1)
    const { handed, options } = script()
    await start(options)
    await gets(handed, 1)
    await waiting()
    await plant(2, 2)
    await gets(handed, 2)
    await until(
      isWaiting,
      "The handler got the first event that was added, but no `XREAD … BLOCK` is waiting for the next one. One read isn't enough: it needs a loop.",
      () => handed,
    )
    await plant(3, 3)
    await gets(handed, 3)
  })

  test('misses nothing while a handler is running', async () => {
    const { handed, options } = script(async ({ id }) => {
      if (id === '1-0') await plant(2, 4)
    })
    await start(options)
    await waiting()
    await plant(1, 1)
    await until(
      () => handed.length >= 4,
      'While the handler was working on event `1-0`, three more were added, and the handler never got them. A read from `$` sees only what is added while it waits. Read from the ID of the last event that was handled.',
      () => handed,
    )
    verifyEqual(handed, ['1-0', '2-0', '3-0', '4-0'], IN_ORDER)
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
    await gets(handed, 1)
    await box.roundTrips(20)
    verifyEqual(
      handed,
      ['1-0'],
      'The handler was still working on event `1-0` when it got the next one. Wait for the promise that it returns. Otherwise the events overlap, and an error in the handler goes unnoticed.',
    )
    verify(
      (await checkpoint()) !== '1-0',
      'The checkpoint was `1-0` while the handler was still working on that event. If the process dies now, the event is lost. Save the checkpoint after the handlers have finished.',
    )
    release()
    await until(
      () => atSecond !== 'not asked',
      () => tooFew(handed, 2),
      () => handed,
    )
    verifyEqual(
      atSecond,
      '1-0',
      'When the handler got event `2-0`, `checkpoint:snapshots` should already have contained `1-0` for `user_updates`. Save the checkpoint after each event.',
    )
  })

  test('starts at its checkpoint', async () => {
    await plant(1, 4)
    await box.admin.hset('checkpoint:snapshots', STREAM, '2-0')
    const { handed, options } = script()
    await start(options)
    await gets(handed, 2)
    await waiting()
    verifyEqual(
      handed,
      ['3-0', '4-0'],
      'According to the hash `checkpoint:snapshots`, `2-0` was the last event handled. The processor should continue after it.',
    )
    verifyEqual(
      await checkpoint(),
      '4-0',
      'After the last event, the checkpoint of its stream should be `4-0`.',
    )
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
      '`user_updates` has two events and two handlers, and `user_friends` has two events and one handler. Every handler should get every event of its stream.',
      () => log,
    )
    await waiting()
    verifyEqual(
      log.filter((line) => line.includes('user_updates')),
      ['1-0', '2-0'].flatMap((id) =>
        ['A', 'B'].flatMap((name) => [`${name} user_updates ${id}`, `${name} user_updates ${id} done`]),
      ),
      'The two handlers of `user_updates` should be called in the order of the list, once for each event, and the second only after the first has finished.',
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
      'Each stream should have a checkpoint of its own in `checkpoint:snapshots`, in a field named after the stream.',
    )
  })

  test('calls a handler as often as the list contains it', async () => {
    await plant(1, 2)
    const { handed, options } = script()
    const [handler = () => {}] = options.handlers[STREAM] ?? []
    await start({ ...options, handlers: { [STREAM]: [handler, handler] } })
    await gets(handed, 2)
    await waiting()
    verifyEqual(
      handed,
      ['1-0', '1-0', '2-0', '2-0'],
      'The list for `user_updates` contains the same handler twice, so it should be called twice for each event. Call the handlers in the list one after the other, even if two of them are the same function.',
    )
  })

  test('uses its own name and its own streams', async () => {
    await plant(1, 1, 'orders')
    await plant(1, 1, 'user_friends')
    const { handed, options } = script()
    const [handler = () => {}] = options.handlers[STREAM] ?? []
    await start({ ...options, name: 'mailer', handlers: { orders: [handler] } })
    await until(
      () => handed.length > 0,
      "The processor was created with a handler for the stream `orders`, which has one event, and the handler didn't get it. Read the streams that are in `handlers`, whatever their names are.",
    )
    await waiting()
    verifyEqual(
      [await box.admin.exists('checkpoint:snapshots'), await box.admin.hgetall('checkpoint:mailer')],
      [0, { orders: '1-0' }],
      'The processor was created with the name `mailer` and a handler for `orders`, and it handled `1-0`. The hash `checkpoint:mailer` should contain that ID, and no field for a stream without handlers. The key is `checkpoint:<name>`, and `checkpoint:snapshots` belongs to another processor. (Received: whether `checkpoint:snapshots` exists, and what `checkpoint:mailer` contains.)',
    )
  })

  test('saves the checkpoint before it continues', async () => {
    await plant(1, 3)
    const unsaved: string[] = []
    const { handed, options } = script(({ id }) => {
      if (box.commands.some(({ pending, args }) => pending && args.includes('checkpoint:snapshots')))
        unsaved.push(id)
    })
    await start(options)
    await gets(handed, 3)
    verifyEqual(
      unsaved,
      [],
      "The handler got an event while a command for `checkpoint:snapshots` was still waiting for its reply. Wait until the previous event's ID is saved, with `await`. Otherwise an error from that command goes unnoticed, and the processor runs ahead of its checkpoint. Received: the events that came too early.",
    )
  })

  test('waits on a connection of its own', async () => {
    await box.redis.ping() // so that the client that is passed in is number 1
    await start(script().options)
    await waiting()
    const shared = box.commands.some(
      ({ name, args, client }) => name === 'XREAD' && blocks(args) && client === 1,
    )
    verify(
      !shared,
      'The waiting read was sent on the connection that was passed in. Now every other command on it waits too, for up to a minute, even a simple `GET`. Read on a `redis.duplicate()`.',
    )
  })

  test('reads again if nothing arrived', async () => {
    const { handed, errors, options } = script(undefined, { blockMs: 20 })
    await start(options)
    await waiting()
    verify(
      waitsOf(box.commands).every((ms) => ms <= 20),
      'With `blockMs: 20`, no read may wait longer than 20 milliseconds, and `BLOCK 0` waits forever. Received: how long the reads may wait.',
      { expected: words('at most 20'), received: waitsOf(box.commands) },
    )
    const empty = () =>
      box.commands.filter(({ name, args, reply }) => name === 'XREAD' && blocks(args) && reply === null)
    await until(
      () => empty().length >= 2 || errors.length > 0,
      "A read ended after `blockMs` milliseconds without an event, and the processor didn't read again.",
    )
    verify(
      errors.length === 0,
      "A read ended after `blockMs` milliseconds without an event, and the processor failed on the reply, which is `null` in that case. That isn't an error: read again.",
      { received: errors[0] },
    )
    await plant(1, 1)
    await gets(handed, 1)
  })

  test('waits for five seconds by default', async () => {
    const { blockMs: _, ...options } = script().options
    await start(options)
    await waiting()
    verify(
      waitsOf(box.commands).every((ms) => ms <= 5_000),
      'Without `blockMs`, a read should wait for at most 5,000 milliseconds. A read that waits forever (`BLOCK 0`) never notices that its connection has died silently.',
      { expected: words('at most 5000'), received: waitsOf(box.commands) },
    )
  })

  test("doesn't poll in a busy loop", async () => {
    await start(script().options)
    await waiting()
    const before = box.commands.length
    await box.roundTrips(200)
    const sent = box.commands.slice(before)
    verify(
      !isBusyPolling(sent),
      'Nothing happened, but the processor sent one read after another. A loop without `BLOCK` keeps Redis and a CPU core busy for nothing. Let the read wait for `blockMs` milliseconds.',
      {
        expected: words('next to no commands'),
        received: words(`${sent.length} commands, while another client sent 200`),
      },
    )
  })

  test('reads in pages', async () => {
    await plant(1, 120)
    const { handed, options } = script()
    await start(options)
    await gets(handed, 120)
    const largest = Math.max(
      ...box.commands.map(({ name, reply }) => (name === 'XREAD' ? entriesOf(reply) : 0)),
    )
    verify(
      largest <= 100,
      'One read returned more than 100 entries of a stream. A processor that was down for a day would load the whole day into memory. Read with `COUNT`.',
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
      () => tooFew(applied, 2),
      () => errors[0] ?? applied,
    )
    await waiting()
    await add('user_friends', 'FRIEND_ADDED', { friendId: 'u-2' })
    await add('user_activity', 'USER_LOGGED_IN')
    await until(
      () => applied.length >= 4,
      () => tooFew(applied, 4),
      () => errors[0] ?? applied,
    )
    verifyEqual(
      await call('SnapshotStore.get', () => snapshots.get('u-1')),
      { userId: 'u-1', name: 'Ada', email: 'ada@example.com', logins: 2, friends: 1 },
      'A profile, two logins, and a friend were appended with `EventStore`, and a `StreamProcessor` passed them to `SnapshotStore.apply`. The snapshot should contain all of them.',
    )
  })
})

function entriesOf(reply: unknown): number {
  if (!Array.isArray(reply)) return 0
  return Math.max(0, ...reply.map((stream) => (Array.isArray(stream?.[1]) ? stream[1].length : 0)))
}

describe('errors', () => {
  const mail = new Error('the mail server is down')
  /** Fails on event `id`, so many times. */
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
          ? 'The handler failed on event `2-0`, and that ended the processor: the handler got no more events. After one error at night, the snapshots are eight hours old in the morning. Wait a little and try again.'
          : tooFew(handed, 4, 'The handler failed once on event `2-0`.'),
      () => handed,
    )
    verifyEqual(
      handed,
      ['1-0', '2-0', '2-0', '3-0'],
      "The handler failed on event `2-0`. It should get the same event again before the next one. If you skip it, it's lost, and if you handle it later, the events are out of order.",
    )
    verifyEqual(
      waits,
      [100],
      'The handler failed once. Before the processor tries again, it should call `sleep(100)` once. A failure rarely goes away within a microsecond.',
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
    await sleeps(waits, 2)
    verifyEqual(
      seen,
      '1-0',
      "Event `2-0` couldn't be handled, so the checkpoint should still be `1-0`. If the process dies now, `2-0` has to be read again.",
    )
  })

  test('reports the error', async () => {
    await plant(1, 1)
    const { errors, handed, options } = failing('1-0', 2)
    await start(options)
    await gets(handed, 3, 'The handler failed twice on event `1-0`.')
    verify(
      errors.length === 2 && errors.every((error) => error === mail),
      'The handler failed twice. `onError` should be called twice, with the same errors that the handler threw. If a processor fails silently, its users are the first to find out.',
      { expected: [mail, mail], received: errors },
    )
  })

  test('waits longer each time', async () => {
    await plant(1, 1)
    const { waits, handed, options } = failing('1-0', 8)
    await start(options)
    await gets(handed, 9, 'The handler failed eight times on event `1-0`.')
    verifyEqual(
      waits,
      [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000],
      "The handler failed eight times in a row. The wait should start at 100 ms and double each time, up to 5,000 ms. A server that's down doesn't recover faster if every client retries ten times a second.",
      [
        [
          (all) => all.every((ms) => ms === 100),
          'The handler failed eight times in a row, and the processor waited 100 ms each time. Double the wait after each failure, and start over at 100 only when an event has been handled. A successful read in between proves nothing: it returns the same event again.',
        ],
      ],
    )
  })

  test('starts over at 100 ms after a success', async () => {
    await plant(1, 2)
    let calls = 0
    const { waits, handed, options } = script(() => {
      calls += 1
      if ([1, 2, 4].includes(calls)) throw mail // 1-0 twice, then 2-0 once
    })
    await start(options)
    await gets(handed, 5, 'The handler failed twice on event `1-0`, and then once on `2-0`.')
    verifyEqual(
      waits,
      [100, 200, 100],
      'Event `1-0` failed twice, and then it was handled. The failure of event `2-0` starts a new series, so its first wait is 100 ms again.',
    )
  })

  test('notices a failure without an error', async () => {
    await plant(1, 2)
    let left = 1
    const { handed, errors, options } = script(({ id }) => {
      if (id !== '1-0' || left === 0) return
      left -= 1
      return Promise.reject(undefined)
    })
    await start(options)
    await until(
      () => handed.includes('2-0'),
      () => tooFew(handed, 3, 'The handler rejected once on event `1-0`.'),
      () => handed,
    )
    verifyEqual(
      [handed, errors],
      [['1-0', '1-0', '2-0'], [undefined]],
      "On event `1-0`, the handler's promise was rejected with `undefined` (`Promise.reject()`). That's a failure like any other: call `onError(undefined)`, and try the event again. An error can be any value, so the value can't tell you whether there was one.",
    )
  })

  test('keeps doubling while only one of two handlers succeeds', async () => {
    await plant(1, 1)
    const { waits, handed, options } = script()
    let left = 3
    const failing: Handler = () => {
      if (left === 0) return
      left -= 1
      throw mail
    }
    await start({ ...options, handlers: { [STREAM]: [...(options.handlers[STREAM] ?? []), failing] } })
    await sleeps(waits, 3)
    await waiting()
    verifyEqual(
      waits,
      [100, 200, 400],
      `Event \`1-0\` has two handlers, and the second one failed three times in a row, while the first one was called ${times(handed.length)} and succeeded. A series of failures ends only when the event has been handled, by all of its handlers.`,
    )
  })

  test('counts finished handlers for each event alone', async () => {
    await plant(1, 1)
    const seen: string[] = []
    const named =
      (name: string): Handler =>
      ({ stream }) =>
        void seen.push(`${name} of ${stream}`)
    let left = 1
    const failing: Handler = () => {
      if (left === 0) return
      left -= 1
      throw mail
    }
    const { waits, options } = script(undefined, {
      handlers: { user_friends: [named('first'), named('second')], [STREAM]: [named('first'), failing] },
      async sleep(ms) {
        waits.push(ms)
        if (over || waits.length > 6) await new Promise(() => {})
        await plant(1, 1, 'user_friends')
        await turn()
      },
    })
    await start(options)
    await until(
      () => seen.includes('second of user_friends'),
      'A handler of `user_updates` failed once, and then an event was added to `user_friends`. The second handler of `user_friends` was never called.',
      () => seen,
    )
    verifyEqual(
      seen.filter((one) => one.endsWith('user_friends')),
      ['first of user_friends', 'second of user_friends'],
      'The second handler of `user_updates` failed once, and then an event was added to `user_friends`. Both handlers of `user_friends` should get it once. If you retry an event without calling the handlers that already succeeded, remember which event they succeeded for, because the next event may come from another stream.',
    )
  })

  test('survives an error from its checkpoint', async () => {
    await plant(1, 1)
    await box.admin.set('checkpoint:snapshots', 'not a hash')
    let isBroken = false
    let atThird: string | null = 'not asked'
    async function during({ id }: StreamEvent): Promise<void> {
      if (id === '3-0') atThird = await checkpoint()
      if (id !== '2-0' || waits.length > 2) return
      isBroken = true
      await box.admin.set('checkpoint:snapshots', 'not a hash')
    }
    const { waits, handed, errors, options } = script(during, {
      async sleep(ms) {
        waits.push(ms)
        if (waits.length === 2) await box.admin.del('checkpoint:snapshots')
        if (isBroken) {
          isBroken = false
          await box.admin.del('checkpoint:snapshots')
          await box.admin.hset('checkpoint:snapshots', STREAM, '1-0')
        }
        if (over || waits.length > 6) await new Promise(() => {})
        await turn()
      },
    })
    const processor = new StreamProcessor(box.redis, options)
    started.push(processor)
    const outcome = await attempt('StreamProcessor.start', () => processor.start(), { background: true })
    verify(
      outcome.ok,
      'Redis replied to the first command for `checkpoint:snapshots` with an error (`WRONGTYPE`, because the key was a string for a while), and `start` rejected. The processor has to survive that too: read the checkpoint where you also catch the errors of the other commands, call `onError`, wait, and try again.',
      { received: !outcome.ok && outcome.error },
    )
    await until(
      () => handed.length > 0 && waits.length >= 2,
      'Redis replied to the commands for `checkpoint:snapshots` with an error (`WRONGTYPE`, because the key was a string for a while), and the processor never tried again. Report the error, wait, and try again.',
      () => ({ handed, waits }),
    )
    await waiting()
    verifyEqual(
      [waits, errors.length, await checkpoint()],
      [[100, 200], 2, '1-0'],
      'Redis replied to two commands for `checkpoint:snapshots` with an error, and then they worked again. The processor should have called `onError` twice, waited 100 and 200 ms, and saved `1-0` as its checkpoint.',
    )
    await plant(2, 3)
    await until(
      () => atThird !== 'not asked',
      'Redis replied with an error (`WRONGTYPE`) when the processor saved the checkpoint `2-0`, and the handler never got event `3-0`. Report the error, wait, and try again.',
      () => handed,
    )
    verifyEqual(
      atThird,
      '2-0',
      "Redis replied with an error (`WRONGTYPE`) when the processor saved the checkpoint `2-0`, and the handler got event `3-0` before that checkpoint was saved. An event is handled only when its ID is saved. Until then, keep retrying it, and don't pass any later event.",
    )
  })

  test('survives an error from Redis', async () => {
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
      'Redis replied to the read with an error (`WRONGTYPE`, because the key was a string for a while), and the processor never read again. It has to survive Redis errors too: report the error, wait, and read again.',
      () => handed,
    )
    verifyEqual(
      [waits, handed, errors.length],
      [[100, 200, 400], ['1-0', '2-0'], 3],
      'Redis replied to three reads with an error, and then the reads worked again. The processor should have called `onError` three times, waited 100, 200, and 400 ms, and handled the two events.',
    )
  })

  test('counts a failed read and a failed handler as one series', async () => {
    await box.admin.set(STREAM, 'no stream')
    const waits: number[] = []
    const { handed, options } = failing('1-0', 1, {
      async sleep(ms) {
        waits.push(ms)
        if (waits.length === 1) {
          await box.admin.del(STREAM)
          await plant(1, 1)
        }
        if (over || waits.length > 6) await new Promise(() => {})
        await turn()
      },
    })
    await start(options)
    await gets(
      handed,
      2,
      'Redis replied to a read with an error, and then the handler failed once on event `1-0`.',
    )
    verifyEqual(
      waits,
      [100, 200],
      'Redis replied to a read with an error, and then the handler failed on event `1-0`. No event was handled in between, so both failures belong to one series: use one wait for all of them, and start over at 100 only when an event has been handled.',
    )
  })
})

describe('stop', () => {
  /** Calls stop and shows whether it has resolved. A stop that rejects counts as resolved, too, with an error to show. */
  function stopping(processor: StreamProcessor): { done(): boolean; finish(what?: string): Promise<void> } {
    let done = false
    const running = Promise.resolve()
      .then(() => processor.stop())
      .finally(() => {
        done = true
      })
    running.catch(() => {})
    return {
      done: () => done,
      /** `what` is what has happened, as a sentence. */
      async finish(what = '') {
        await until(() => done, `${what} \`stop\` hadn't finished after two seconds.`.trim())
        await call('StreamProcessor.stop', () => running)
      },
    }
  }

  test("doesn't wait for the read", async () => {
    const { options } = script()
    const processor = await start(options)
    await waiting()
    const open = box.commands.filter(({ name, args, pending }) => pending && name === 'XREAD' && blocks(args))
    const end = stopping(processor)
    await until(
      end.done,
      "`stop` still hadn't finished after two seconds, because a read was waiting (`BLOCK`, up to a minute). A flag is only checked when the read returns, and Redis doesn't get to `quit` until then. Cut the connection that the read waits on: `disconnect()`.",
    )
    await end.finish()
    await box.roundTrips(5)
    verify(
      !isWaiting(),
      "`stop` has returned, but the processor's read is still waiting in Redis. It would receive the next event and handle it after the stop.",
    )
    const unblocked = box.commands.some(({ name }) => name === 'CLIENT')
    const waited = open.some(({ args, reply }) => reply === null && !unblocked && blockOf(args) > 200)
    verify(
      !waited,
      '`stop` waited until the read timed out. That can take longer than the 200 ms that `stop` has, so cut the connection instead.',
    )
  })

  test('handles nothing after the stop', async () => {
    await plant(1, 1)
    const { handed, errors, options } = script()
    const processor = await start(options)
    await gets(handed, 1)
    await waiting()
    const end = stopping(processor)
    await end.finish()
    await plant(2, 2)
    await box.roundTrips(20)
    verifyEqual(handed, ['1-0'], 'An event was added after `stop` had returned, and the handler got it.')
    verifyEqual(
      errors.length,
      0,
      "`stop` was called, and the processor reported an error, caused by the connection that `stop` cut. Don't report that error, because it isn't a failure, and people who read the log would take it for one.",
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
    await gets(handed, 1)
    const end = stopping(processor)
    await box.roundTrips(20)
    verify(
      !end.done(),
      "`stop` returned while the handler was still working on event `1-0`. If the process ends now, the handler is cut off in the middle. `stop` has to wait for the event that's being handled.",
    )
    release()
    await end.finish('The handler that was running has returned.')
    await box.roundTrips(5)
    verifyEqual(
      [handed, second, await checkpoint()],
      [['1-0'], ['1-0'], '1-0'],
      '`stop` was called while the first of two handlers was working on event `1-0`. Finish that event and save its checkpoint, and leave event `2-0` for the next run. Received: what each handler got, and the checkpoint.',
    )
  })

  test('finishes both of two stops', async () => {
    await plant(1, 1)
    let release: () => void = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { handed, options } = script(() => gate)
    const processor = await start(options)
    await gets(handed, 1)
    const ends = [stopping(processor), stopping(processor)] as const
    await box.roundTrips(20)
    verify(
      ends.every((end) => !end.done()),
      '`stop` was called twice, and one of the calls returned while the handler was still working on event `1-0`. Both calls have to wait until the handler has returned, because each caller may end the process when its call returns.',
    )
    release()
    for (const end of ends)
      await end.finish('`stop` was called twice, and the handler that was running has returned.')
  })

  test("doesn't wait for the sleep", async () => {
    await plant(1, 1)
    let asleep = false
    let calls = 0
    let callsBefore = 0
    let wake: () => void = () => {}
    const { options } = script(
      () => {
        calls += 1
        if (calls <= 20) throw new Error('the mail server is down') // a loop that never sleeps again has to end
      },
      {
        sleep: () =>
          new Promise((resolve) => {
            if (!asleep) callsBefore = calls
            asleep = true
            wake = resolve
          }),
      },
    )
    const processor = await start(options)
    await until(() => asleep, "The handler failed, and `sleep` wasn't called.")
    const end = stopping(processor)
    await until(
      end.done,
      '`stop` waited for `sleep`, which may take five seconds after an error. End the wait as soon as one of two things happens: the sleep is over, or `stop` is called.',
    )
    await end.finish()
    verifyEqual(
      calls,
      callsBefore,
      '`stop` was called while the processor was in `sleep`, and the handler got the event again before `stop` returned. When the wait has ended, check whether the processor has been stopped before you try the event again.',
    )
    wake()
    await box.roundTrips(10)
    verifyEqual(
      calls,
      callsBefore,
      'After `stop` had returned, the sleep ended and the handler got the event again.',
    )
  })

  test('continues where it stopped', async () => {
    await plant(1, 5)
    let processor: StreamProcessor | undefined
    let end: ReturnType<typeof stopping> | undefined
    const { handed, options } = script(({ id }) => {
      if (id === '3-0' && processor !== undefined) end ??= stopping(processor)
    })
    processor = await start(options)
    await gets(handed, 3)
    await end?.finish('`stop` was called in the middle of five events.')
    await start(options, box.connect())
    await gets(
      handed,
      5,
      'After a stop in the middle of five events, a new processor with the same name was started.',
    )
    await waiting()
    verifyEqual(
      handed,
      ['1-0', '2-0', '3-0', '4-0', '5-0'],
      'A processor was stopped while it handled event `3-0` of five, and a new one with the same name was started. Each event should be handled once.',
    )
  })

  test("closes its own connection, but not the caller's", async () => {
    const processor = await start(script().options)
    await waiting()
    const end = stopping(processor)
    await end.finish()
    const more = await connectionsStillOpen()
    verify(
      more === 0,
      '`stop` has returned, but the connection that the processor opened is still open. A process with an open connection never ends on its own. Call `disconnect()` on it.',
      { expected: words('no more connections than before the start'), received: words(`${more} more`) },
    )
    // Not its status, which changes only when the socket has closed.
    const still = await attempt("GET on the caller's connection", () => box.redis.get('something'))
    verify(
      still.ok,
      '`stop` closed the connection that was passed in. The caller still needs it, so close only the one that you opened.',
      { received: !still.ok && still.error },
    )
  })

  test('closes every connection that it opened', async () => {
    await box.admin.set(STREAM, 'no stream')
    const { waits, options } = script()
    const processor = await start(options)
    await sleeps(waits, 2)
    await stopping(processor).finish('Two reads had failed.')
    const more = await connectionsStillOpen()
    verify(
      more === 0,
      'Two reads had failed before `stop` was called, and a connection that the processor opened is still open. Keep one connection for all reads, because ioredis reconnects on its own, or close the old one before you open another.',
      { expected: words('no more connections than before the start'), received: words(`${more} more`) },
    )
  })
})

/** How long the reads may wait, in milliseconds. */
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
