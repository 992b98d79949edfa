import { getEventListeners } from 'node:events'
import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  callError,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  everyLostReply,
  lacks,
  largestReply,
  NO_PERMISSION,
  type Outcome,
  paired,
  passesOnErrors,
  useSandbox,
  verify,
  verifyEqual,
  words,
} from '#kit'
import * as answer from '#lesson/28-event-store'
import {
  appendConforms,
  commandsConform,
  counted,
  countedFrom,
  crowdConforms,
  FULL,
  readingConforms,
  SMALL,
  type StoreEvent,
  type Subject,
  snapshotsConform,
  subscribingConforms,
} from '../conformance/index.ts'

const { RedisEventStore, ConcurrencyError } = answer
const box = useSandbox()
const S = 'order-1'
const PARTITION = 'p7'
const KEY = `es:{p7}:stream:${S}`
const LOG = 'es:{p7}:log'

const streamKey = (stream: string) => `es:{p7}:stream:${stream}`
/** KEYS: the stream, and the log; ARGV: the stream's name, its version, and the events after it. */
const PLANT = `for at = 3, #ARGV do
  local version = ARGV[2] + at - 2
  redis.call('XADD', KEYS[1], version .. '-0', 'schemaVersion', '1', 'event', ARGV[at])
  redis.call('XADD', KEYS[2], '*', 'stream', ARGV[1], 'version', version, 'schemaVersion', '1', 'event', ARGV[at])
end`
/** Maximum number of events that one script plants: the embedded server answers no one else until a script is done. */
const PLANTED_AT_ONCE = 100
const open = (redis: Redis) => new RedisEventStore(redis, { partition: PARTITION })

const subject: Subject = {
  errors: answer,
  open: (options = {}) => new RedisEventStore(box.connect(), { partition: PARTITION, ...options }),
  async stored(stream) {
    return (await box.admin.xrange(streamKey(stream), '-', '+')).map(([id, flat]) => ({
      version: Number(id.replace(/-0$/, '')),
      event: JSON.parse(paired(flat).event ?? 'null') as StoreEvent,
    }))
  },
  async logged() {
    return (await box.admin.xrange(LOG, '-', '+')).map(([, flat]) => {
      const { stream = '', version } = paired(flat)
      return { stream, version: Number(version) }
    })
  },
  async plant(stream, count) {
    const events = countedFrom(1, count).map((event) => JSON.stringify(event))
    for (let from = 0; from < count; from += PLANTED_AT_ONCE) {
      const some = events.slice(from, from + PLANTED_AT_ONCE)
      await box.admin.eval(PLANT, 2, streamKey(stream), LOG, stream, from, ...some)
    }
  },
  async trim(stream, keep) {
    await box.admin.xtrim(streamKey(stream), 'MAXLEN', keep)
  },
  async resend({ name, prepare, run, verify }) {
    await everyLostReply({
      name,
      prepare,
      run: (redis) => run(open(redis)),
      verify: ({ outcome, lost }) => verify(outcome, lost),
    })
  },
  sizes: lacks('real-server') ? SMALL : FULL,
}

const entries = async (key: string) =>
  (await box.admin.xrange(key, '-', '+')).map(([id, flat]) => {
    const { event, ...fields } = paired(flat)
    return [id, { ...fields, ...(event !== undefined && { event: JSON.parse(event) }) }]
  })

const diedAfter = (last: string | undefined) =>
  last === undefined ? 'before its first command' : `after \`${last}\``

/** What can't be read isn't missing, and what can't be written isn't there. */
function passesOn(name: string, outcome: Outcome<unknown>, error: RegExp, situation: string): void {
  verify(
    !outcome.ok && error.test(String(outcome.error)),
    `${situation} \`${name}\` should reject with the error from Redis. Otherwise, the caller mistakes the failure for a success.`,
    { received: outcome.ok ? outcome.value : outcome.error },
  )
}

/**
 * Makes round trips until `isSo` returns true, for at least ten seconds. It also makes at least a thousand: if Ctrl-Z
 * stopped the check in the meantime, the seconds passed without it.
 */
async function roundTripsUntil(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000
  for (let trip = 0; !isSo() && (trip < 1_000 || performance.now() < deadline); trip += 1)
    await box.roundTrips(1)
}

describe('append', () => {
  test('keys, IDs, and fields', async () => {
    const store = await call('new RedisEventStore', () => open(box.redis))
    const events = countedFrom(1, 2)
    const { position } = await call('append', () => store.append(S, events, { expected: 'none' }))
    verifyEqual(
      events,
      countedFrom(1, 2),
      '`append` changed the array or the events that it received. The caller may still need them, for example to send the command again.',
    )
    verifyEqual(
      await entries(KEY),
      [
        ['1-0', { schemaVersion: '1', event: counted(1) }],
        ['2-0', { schemaVersion: '1', event: counted(2) }],
      ],
      `Two events were appended to \`order-1\` in partition \`p7\`. The stream \`${KEY}\` should have the entries \`1-0\` and \`2-0\`, with the fields \`schemaVersion\` and \`event\`.`,
    )
    const log = await entries(LOG)
    verifyEqual(
      log.map(([, fields]) => fields),
      [
        { stream: S, version: '1', schemaVersion: '1', event: counted(1) },
        { stream: S, version: '2', schemaVersion: '1', event: counted(2) },
      ],
      `Two events were appended. The log \`${LOG}\` should have an entry for each, with the fields \`stream\`, \`version\`, \`schemaVersion\`, and \`event\`.`,
    )
    verifyEqual(
      position,
      log[1]?.[0],
      '`append` should return the ID of its last event in the log as `position`.',
    )
    // A limit that isn't reached yet will drop events later, so look at the commands.
    const limit = box.commands
      .flatMap(({ args }) => args)
      .map((arg) => /^(MAXLEN|MINID)$|(?<=['"])(MAXLEN|MINID)(?=['"])/i.exec(arg.replace(/--.*/g, ''))?.[0])
      .find((found) => found !== undefined)
    verify(
      limit === undefined,
      `\`append\` sent a command or a script with \`${limit}\`, so one day Redis will drop old events, even if a subscription still needs them. Append without any limit, even a very high one.`,
      { expected: words('no limit'), received: limit },
    )
  })

  test('a log that is ahead of the clock', async () => {
    const ahead = `${Date.now() + 3_600_000}-0`
    const event = JSON.stringify(counted(1))
    await box.admin.xadd(
      LOG,
      ahead,
      'stream',
      'order-2',
      'version',
      '1',
      'schemaVersion',
      '1',
      'event',
      event,
    )
    const outcome = await attempt('append', () =>
      open(box.redis).append(S, [counted(1)], { expected: 'none' }),
    )
    verifyEqual(
      [outcome.ok || outcome.error, (await subject.logged()).map(({ stream }) => stream)],
      [true, ['order-2', S]],
      "The last entry of the log has an ID that's an hour ahead, as can happen after a clock is set back. `append` should still add its event to the log, after that entry. Let Redis choose the ID (`*`), because it always chooses one that's greater than the last.",
    )
  })

  appendConforms(subject)

  test('the schema version of each event', async () => {
    const same = (payload: StoreEvent['payload']) => payload
    const store = new RedisEventStore(box.redis, {
      partition: PARTITION,
      upcasters: { COUNTER_RAISED: [same, same] },
    })
    const cleared = { ...counted(2), eventType: 'COUNTER_CLEARED' }
    await call('append', () => store.append(S, [counted(1), cleared, counted(3)], { expected: 'none' }))
    for (const key of [KEY, LOG]) {
      verifyEqual(
        (await box.admin.xrange(key, '-', '+')).map(([, flat]) => paired(flat).schemaVersion),
        ['3', '1', '3'],
        `A store with two upcasters for \`COUNTER_RAISED\` and none for \`COUNTER_CLEARED\` appended an event of the first type, one of the second, and another of the first. In \`${key}\`, their \`schemaVersion\` should be 3, 1, and 3. It's 1 plus the number of upcasters for the event's own type.`,
      )
    }
  })

  test('a stream without events', async () => {
    await box.admin.xgroup('CREATE', KEY, 'mailer', '$', 'MKSTREAM')
    await callError(
      'append',
      () => open(box.redis).append(S, [counted(1)], { expected: 'exists' }),
      ConcurrencyError,
      `The stream \`${KEY}\` was created together with a consumer group (\`XGROUP CREATE … MKSTREAM\`) and has never had an event. So its version is 0, and \`append\` should refuse \`'exists'\`. The existence of the key proves nothing: compare the version.`,
    )
    const outcome = await attempt('append', () =>
      open(box.redis).append(S, [counted(1)], { expected: 'none' }),
    )
    verify(
      outcome.ok,
      `The stream \`${KEY}\` was created together with a consumer group (\`XGROUP CREATE … MKSTREAM\`) and has never had an event. So its version is 0, and \`append\` should accept \`'none'\`, but it failed. The existence of the key proves nothing: compare the version.`,
      { received: !outcome.ok && outcome.error },
    )
  })

  test('after the scripts are gone', async () => {
    const store = open(box.redis)
    await call('append', () => store.append(S, [counted(1)], { expected: 'none' }))
    await box.forgetScripts()
    const outcome = await attempt('append', () => store.append(S, [counted(2)], { expected: 1 }))
    verify(
      outcome.ok,
      'Between two appends, the server forgot all scripts, as it does when it restarts (here with `SCRIPT FLUSH`), and the second call to `append` failed. If Redis replies to `EVALSHA` with `NOSCRIPT`, send the whole script with `EVAL`, or let `defineCommand` do that.',
      { received: !outcome.ok && outcome.error },
    )
  })

  test('a log that is not a stream', async () => {
    const others: readonly (readonly [type: string, plant: () => Promise<unknown>])[] = [
      ['a string', () => box.admin.set(LOG, 'something else')],
      ['a list', () => box.admin.rpush(LOG, 'something else')],
      ['a hash', () => box.admin.hset(LOG, 'something', 'else')],
    ]
    for (const [type, plant] of others) {
      await box.admin.del(LOG)
      await plant()
      const outcome = await attempt('append', () =>
        open(box.redis).append(S, [counted(1)], { expected: 'any' }),
      )
      verify(
        !outcome.ok && !(outcome.error instanceof ConcurrencyError),
        `The log's key held ${type}, which isn't a stream, so nothing can be written to it. \`append\` should let the Redis error pass through.`,
        { received: outcome },
      )
      verifyEqual(
        await entries(KEY),
        [],
        `The log's key held ${type}, which isn't a stream, so \`append\` failed, but its event is in \`order-1\` anyway, where no subscription will ever see it. Neither a script nor \`MULTI\` rolls back what it has written, so before the first write, do everything that can fail.`,
      )
    }
  })

  test('very high versions', async () => {
    await box.admin.xadd(KEY, '99999999999999-0', 'schemaVersion', '1', 'event', JSON.stringify(counted(1)))
    const outcome = await attempt('append', () =>
      open(box.redis).append(S, countedFrom(2, 3), { expected: 99_999_999_999_999 }),
    )
    verifyEqual(
      [(await entries(KEY)).slice(1).map(([id]) => id), outcome.ok && outcome.value.version],
      [['100000000000000-0', '100000000000001-0'], 100_000_000_000_001],
      'The stream was at version 99,999,999,999,999, so the next IDs are `100000000000000-0` and `100000000000001-0`. Lua turns such a number into the string `1e+14`, so format it with `string.format`.',
    )
  })

  test('when the process dies', async () => {
    await everyCrash({
      name: 'append',
      run: (redis) => open(redis).append(S, countedFrom(1, 3), { expected: 'none', commandId: 'cmd-1' }),
      verify: async ({ last }) => {
        const [stream, log] = [await subject.stored(S), await subject.logged()]
        verify(
          stream.length === log.length && (stream.length === 0 || stream.length === 3),
          `The process died ${diedAfter(last)}, with ${stream.length} of 3 events in the stream and ${log.length} in the log. Write all events of an append, to the stream and to the log, in one step.`,
        )
        await attempt('append', () =>
          open(box.connect()).append(S, countedFrom(1, 3), { expected: 'none', commandId: 'cmd-1' }),
        )
        verifyEqual(
          (await subject.stored(S)).map(({ event }) => event.eventId),
          ['e-1', 'e-2', 'e-3'],
          `The process died ${diedAfter(last)}, and the command arrived again. Its events should be stored exactly once. Store a command's result in the same step as its events.`,
        )
      },
    })
  })

  test.skipIf(lacks('real-server'))('a large batch is one step', async () => {
    const batch = countedFrom(1, 10_000)
    const append = (redis: Redis) => open(redis).append(S, batch, { expected: 'none' })
    await call('append', () => append(box.redis), { seconds: 30 })
    // A single script or transaction doesn't need the race below, which is slow.
    const steps = box.commands.filter(({ name }) => /^(EVAL|EVALSHA|FCALL|EXEC)$/.test(name))
    if (steps.length < 2) return
    await everyInterleaving({
      name: 'append',
      first: append,
      second: (redis) => open(redis).append('order-2', [counted(1)], { expected: 'any' }),
      verify: async () => {
        const log = await subject.logged()
        const places = log.flatMap(({ stream }, index) => (stream === S ? [index] : []))
        verify(
          (places.at(-1) ?? 0) - (places[0] ?? 0) === batch.length - 1,
          'While a batch of 10,000 events was appended, another client wrote to another stream, and its event is in the log between two events of the batch. So the batch was written in several steps, and if the process dies between two steps, only part of the batch is stored. Write an append in one step, no matter how many events it has.',
          { received: words(`${places.length} events of the batch in a log of ${log.length}`) },
        )
      },
    })
  })

  test('when another writer comes in between', async () => {
    await everyInterleaving({
      name: 'append',
      prepare: () => subject.plant(S, 1),
      first: (redis) => open(redis).append(S, countedFrom(2, 3), { expected: 1 }),
      second: (redis) => open(redis).append(S, countedFrom(4, 5), { expected: 1 }),
      verify: async ({ first, second, after }) => {
        const found = (await subject.stored(S)).map(({ event }) => event.eventId).join(' ')
        verify(
          first.ok !== second.ok && (found === 'e-1 e-2 e-3' || found === 'e-1 e-4 e-5'),
          `Two writers appended with \`expected: 1\`${after ? `, the second one right after the first one's \`${after}\`` : ''}. Exactly one should succeed, with both of its events. Compare and write in one step.`,
          { received: { stream: found, first: first.ok, second: second.ok } },
        )
      },
    })
  })

  test('one hash slot', async () => {
    const store = open(box.redis)
    for (const name of ['{a}', 'b', '}{']) {
      await call('append', () =>
        store.append(name, [counted(1)], { expected: 'any', commandId: `c-${name}` }),
      )
    }
    const other = new RedisEventStore(box.redis, { partition: 'p8' })
    await call('append', () => other.append('b', [counted(1)], { expected: 'none', commandId: 'c-b' }))
    const back = await attempt('append', () => store.append('b', [counted(2)], { expected: 1 }))
    verify(
      back.ok && (await box.admin.xlen(streamKey('b'))) === 2,
      'Two stores were open, one for partition `p7` and one for `p8`. An event that the `p7` store appended after the other one was opened should be in `p7`. Keep the partition in the object, not in a variable outside the class.',
      { received: back },
    )
    const keysThere = (await box.admin.keys('*')).filter((key) => key !== 'eventlings:sandbox')
    for (const key of keysThere) {
      verify(
        /^es:\{p[78]\}:/.test(key),
        `The key \`${key}\` doesn't begin with \`es:{p7}:\` or \`es:{p8}:\`. On a cluster, a script may only touch keys in one hash slot, which is determined by the first braces of a key.`,
      )
    }
    const scripts = box.commands.filter(({ name }) => /^(EVAL|EVALSHA|FCALL)$/.test(name))
    for (const { args } of scripts) {
      const keys = args.slice(2, 2 + Number(args[1]))
      const tags = new Set(keys.map((key) => /^es:(\{p[78]\}):/.exec(key)?.[1]))
      verify(
        keys.length > 0 && tags.size === 1 && !tags.has(undefined),
        '`append` sent a script without its keys in `KEYS`, or with keys in two hash slots, which a cluster refuses. In `KEYS`, list every key that the script touches, all with the braces of one partition.',
        { received: keys },
      )
    }
    // Every existing key was either named in a script's KEYS, or was an argument of another command.
    const named = new Set(
      box.commands.flatMap(({ name, args }) =>
        /^(EVAL|EVALSHA|FCALL)$/.test(name) ? args.slice(2, 2 + Number(args[1])) : args,
      ),
    )
    for (const key of keysThere) {
      verify(
        named.has(key),
        `A script that \`append\` sent wrote the key \`${key}\`, which wasn't in its \`KEYS\`: it was in \`ARGV\`, or the script built it. A cluster finds a script's node by its \`KEYS\`, and while a slot moves, such a key may be missing. In \`KEYS\`, list every key that the script touches.`,
        { received: scripts.flatMap(({ args }) => args.slice(2, 2 + Number(args[1]))) },
      )
    }
    verifyEqual(
      await box.admin.xlen('es:{p8}:stream:b'),
      1,
      'A store for partition `p8` should keep its streams under `es:{p8}:stream:<stream>` and share nothing with `p7`.',
    )
  })

  test.skipIf(lacks('own-server'))('a write that is refused', async () => {
    const server = await box.startServer()
    await everyInterleaving({
      name: 'append',
      prepare: async () => {
        await server.admin.acl('SETUSER', 'default', '+xadd')
        await server.admin.del(KEY, LOG)
      },
      first: () => open(server.connect()).append(S, countedFrom(1, 2), { expected: 'any' }),
      second: () => server.admin.acl('SETUSER', 'default', '-xadd'),
      verify: async ({ first, held }) => {
        const written = [await server.admin.xlen(KEY), await server.admin.xlen(LOG)]
        if (written[0] === 2 && written[1] === 2) return
        passesOn(
          'append',
          first,
          NO_PERMISSION,
          `Redis refused \`XADD\` (\`NOPERM\`), so nothing was written.${held === 'EXEC' ? ' `EXEC` itself succeeds, and the error is in one of its replies.' : ''}`,
        )
        verifyEqual(
          written,
          [0, 0],
          'Redis refused `XADD` (`NOPERM`), so neither the stream nor the log should have an entry.',
        )
      },
    })
  })
})

describe('commands that come twice', () => {
  commandsConform(subject)

  test('the same command from two programs', async () => {
    const append = (redis: Redis) =>
      open(redis).append(S, countedFrom(1, 2), { expected: 'none', commandId: 'cmd-1' })
    await everyInterleaving({
      name: 'append',
      first: append,
      second: append,
      verify: async ({ first, second, after }) => {
        const situation = `Two programs sent the same command, with expected \`'none'\`${after ? `, the second one right after the first one's \`${after}\`` : ''}.`
        verifyEqual(
          (await subject.stored(S)).map(({ event }) => event.eventId),
          ['e-1', 'e-2'],
          `${situation} Its events should be stored exactly once. Look for the command ID and write in one step.`,
        )
        verify(
          first.ok && second.ok && first.value.position === second.value.position,
          `${situation} Both calls should get the same result. If the command is still unknown when you look for it, it may be done by the time you compare versions, so do both in one step.`,
          { received: { first, second } },
        )
      },
    })
  })

  crowdConforms(subject)

  test('never forgets', async () => {
    await call('append', () =>
      open(box.redis).append(S, [counted(1)], { expected: 'any', commandId: 'cmd-1' }),
    )
    for (const key of await box.admin.keys('*')) {
      verify(
        (await box.admin.pttl(key)) < 0,
        `The key \`${key}\` has a time to live. A command may arrive again after an hour or a weekend. If its key has expired by then, the command is carried out twice.`,
      )
    }
  })

  test('keeps results away from events and snapshots', async () => {
    for (const commandId of ['cmd-1', 'sum:order-2', 'log']) {
      await call('append', () => open(box.redis).append(S, [counted(1)], { expected: 'any', commandId }))
    }
    for (const key of await box.admin.keys('es:*')) {
      verify(
        key === KEY || !/^es:\{p7\}:(stream|snapshot):/.test(key),
        `After three commands, there's a key \`${key}\`, which is the key of ${key.includes(':stream:') ? 'another stream' : 'a snapshot'}. A stream may have any name, and so may a command. Keep the results of commands under a prefix of their own.`,
      )
    }
  })
})

describe('read', () => {
  readingConforms(subject)

  test('in pages', async () => {
    const pipeline = box.admin.pipeline()
    for (let n = 1; n <= 1_010; n += 1) {
      pipeline.xadd(KEY, `${n}-0`, 'schemaVersion', '1', 'event', JSON.stringify(counted(n)))
    }
    await pipeline.exec()
    const store = open(box.redis)
    await call('read', async () => {
      for await (const page of store.read(S))
        verify(page.length <= 1_000, TOO_LARGE, { received: page.length })
    })
    for (const { name, args, reply } of box.commands) {
      verify(!Array.isArray(reply) || reply.length <= 1_000, TOO_LARGE, {
        received: words(`${name} ${args.slice(0, 6).join(' ')}`),
      })
    }
    await box.admin.xtrim(KEY, 'MAXLEN', 1_000)
    await call('read', async () => {
      for await (const page of store.read(S)) {
        verify(
          page.length > 0,
          'The stream has exactly 1,000 events, and `read` yielded an empty page. Every page has 1 to 1,000 events. After a full page, the next command may return nothing: end the loop then, without yielding a page.',
        )
      }
    })
  })

  test('writes nothing', async () => {
    await subject.plant(S, 3)
    await box.admin.xtrim(KEY, 'MAXLEN', 0)
    await call('read', async () => {
      for await (const _ of open(box.redis).read('order-2'));
    })
    verifyEqual(
      await box.admin.exists(streamKey('order-2')),
      0,
      '`read` should never write, but it created the stream that it was supposed to read.',
    )
  })

  test('an event that cannot be decoded', async () => {
    await plantUnreadable()
    const read = await attempt('read', async () => {
      for await (const _ of open(box.redis).read(S));
    })
    const model = { name: 'count', version: 1, initial: 0, evolve: (state: number) => state + 1 }
    for (const [name, outcome] of [
      ['read', read],
      ['load', await attempt('load', () => open(box.redis).load(S, model))],
    ] as const) {
      verify(
        isMalformed(outcome),
        `Version 3 of 4 isn't an event (its JSON is cut off). \`${name}\` should let the \`MalformedEventError\` from \`decodeEvent\` pass through: no event may be missing.`,
        { received: outcome.ok ? 'no error' : outcome.error },
      )
    }
  })

  test('passes on errors', async () => {
    await box.admin.set(KEY, 'not a stream')
    const outcome = await attempt('read', async () => {
      for await (const _ of open(box.redis).read(S));
    })
    passesOn(
      'read',
      outcome,
      /WRONGTYPE/,
      `The key \`${KEY}\` held a string, so Redis replied with an error.`,
    )
    const model = { name: 'count', version: 1, initial: 0, evolve: (state: number) => state + 1 }
    const loaded = await attempt('load', () => open(box.redis).load(S, model))
    passesOn('load', loaded, /WRONGTYPE/, `The key \`${KEY}\` held a string, so Redis replied with an error.`)
  })

  test.skipIf(lacks('real-server'))('passes on the error of any page', async () => {
    await passesOnErrors({
      name: 'read',
      prepare: () => subject.plant(S, 1_010),
      async run(redis) {
        let count = 0
        for await (const page of open(redis).read(S)) {
          count += page.length
          // The caller is busy with this page until the reply with the next one is there, if it was requested already.
          do await box.roundTrips(1)
          while (box.commands.some(({ pending }) => pending))
        }
        return count
      },
      works: (count) => count === 1_010,
      why: "A stream that can't be read to its end isn't a shorter one.",
    })
  })
})

/** Plants events 1, 2, and 4, and something in the place of event 3 that isn't an event. */
async function plantUnreadable(): Promise<void> {
  await subject.plant(S, 2)
  for (const [version, event] of [
    ['3', '{"eventId":'],
    ['4', JSON.stringify(counted(4))],
  ] as const) {
    const fields = ['schemaVersion', '1', 'event', event]
    await box.admin.xadd(KEY, `${version}-0`, ...fields)
    await box.admin.xadd(LOG, '*', 'stream', S, 'version', version, ...fields)
  }
}

const isMalformed = (outcome: Outcome<unknown>) =>
  !outcome.ok && outcome.error instanceof Error && outcome.error.name === 'MalformedEventError'

const TOO_LARGE =
  'The stream has 1,010 events, and one command fetched more than 1,000 of them. Read long streams in pages. Otherwise, every other client waits, and memory fills up.'

describe('subscribe', () => {
  subscribingConforms(subject)

  test('does not make other callers wait', async () => {
    const redis = box.redis
    await redis.ping()
    const client = box.commands[0]?.client
    const stop = new AbortController()
    const seen: number[] = []
    const store = open(redis)
    let arrived = () => {}
    const first = new Promise<void>((resolve) => {
      arrived = resolve
    })
    await subject.plant(S, 1)
    const running = attempt(
      'subscribe',
      () =>
        store.subscribe(
          ({ version }) => {
            seen.push(version)
            arrived()
          },
          { signal: stop.signal },
        ),
      { background: true, seconds: 20 },
    )
    await Promise.race([first, running])
    const blocking = box.commands.find(
      (sent) =>
        sent.client === client &&
        /^(XREAD|XREADGROUP|B.POP)$/.test(sent.name) &&
        sent.args.some((arg) => /^block$/i.test(arg)),
    )
    stop.abort()
    await running
    verify(
      blocking === undefined &&
        !box.commands.some((sent) => sent.client === client && /SUBSCRIBE$/.test(sent.name)),
      '`subscribe` waits on the connection that was passed to the store. Every other caller on that connection has to wait, too, until an event arrives. Wait on a `redis.duplicate()`.',
    )
    verifyEqual(
      await redis.ping(),
      'PONG',
      'After the subscription has ended, the connection that was passed to the store should still be open and usable.',
    )
  })

  test('ends immediately, whatever it waits for', async () => {
    const stop = new AbortController()
    let isDone = false
    const running = attempt('subscribe', () => open(box.redis).subscribe(() => {}, { signal: stop.signal }), {
      background: true,
      seconds: 20,
    }).finally(() => {
      isDone = true
    })
    running.catch(() => {})
    const waiting = () =>
      box.commands.filter(
        ({ name, args, pending }) =>
          pending &&
          /^(XREAD|XREADGROUP|B.POP)$/.test(name) &&
          (/^B/.test(name) || args.some((arg) => /^block$/i.test(arg))),
      )
    for (let turn = 0; turn < 200 && waiting().length === 0; turn += 1) await box.roundTrips(1)
    const reads = waiting()
    stop.abort()
    await roundTripsUntil(() => isDone) // its limit is only reached if `subscribe` never resolves
    const outcome = isDone ? await running : undefined
    const unblocked = box.commands.some(({ name }) => name === 'CLIENT')
    verify(
      outcome?.ok === true && (unblocked || !reads.some(({ reply }) => reply === null)),
      'The signal aborted while `subscribe` was waiting for an event, and `subscribe` kept waiting. A program that wants to shut down has to wait just as long. Close the connection that the read is waiting on: `reader.disconnect()`.',
      { received: outcome === undefined || outcome.ok ? 'it was still waiting' : outcome.error },
    )
  })

  test('stops even before it is connected', async () => {
    const early = new AbortController()
    let isDone = false
    const running = attempt(
      'subscribe',
      () => open(box.redis).subscribe(() => {}, { signal: early.signal }),
      { background: true },
    ).finally(() => {
      isDone = true
    })
    early.abort()
    // A read that waits for new events takes much longer than that.
    for (let trips = 0; trips < 200 && !isDone; trips += 1) await box.roundTrips(1)
    const stopped = isDone ? await running : undefined
    running.catch(() => {})
    verify(
      stopped?.ok === true,
      "The signal aborted right after `subscribe` was called, before it could open a connection, and the log was empty. `subscribe` should resolve immediately, but it didn't. Add the listener before the first `await`, or check `signal.aborted` again after it.",
      { received: stopped },
    )
  })

  test.skipIf(lacks('real-server'))('reads again after a read that found nothing', async () => {
    const stop = new AbortController()
    const seen: number[] = []
    const handler = ({ version }: { readonly version: number }) => {
      seen.push(version)
      stop.abort()
    }
    let isOver = false
    const running = attempt('subscribe', () => open(box.redis).subscribe(handler, { signal: stop.signal }), {
      background: true,
      seconds: 20,
    }).finally(() => {
      isOver = true
    })
    running.catch(() => {})
    const waits = () =>
      box.commands.some(({ name, args, pending }) => {
        const block = args.findIndex((arg) => /^block$/i.test(arg))
        return pending && name === 'XREAD' && block >= 0 && args[block + 1] !== '0' // 0 waits forever
      })
    let unblocked = 0
    for (let turn = 0; turn < 200 && unblocked === 0 && !isOver; turn += 1) {
      await box.roundTrips(1)
      const blocked = waits()
        ? String(await box.admin.client('LIST')).match(/^id=\d+(?=.* flags=b )/gm)
        : null
      for (const one of blocked ?? [])
        unblocked += Number(await box.admin.client('UNBLOCK', Number(one.slice(3)), 'TIMEOUT'))
    }
    await subject.plant(S, 1)
    await roundTripsUntil(() => isOver || seen.length > 0) // its limit is only reached if the event never comes
    stop.abort()
    const outcome = await running
    verify(
      outcome.ok && seen.length === 1,
      'A read that `subscribe` sent ended without an event, because its `BLOCK` timed out, and the handler never received an event that was written after that. When the time is up, Redis replies `(nil)`, so read again from the same position.',
      { received: outcome.ok ? `${seen.length} events` : outcome.error },
    )
  })

  test('in pages', async () => {
    await subject.plant(S, 1_010)
    const stop = new AbortController()
    await attempt(
      'subscribe',
      () =>
        open(box.redis).subscribe(
          ({ version }) => {
            if (version === 1_010) stop.abort()
          },
          { signal: stop.signal },
        ),
      { background: true },
    )
    const most = largestReply(box.commands)
    verify(
      most <= 1_000,
      `The log had 1,010 events, and one command from \`subscribe\` fetched ${most} of them. A log is as long as the history, so read it in pages, with \`COUNT\`, while you catch up.`,
    )
  })

  test('an event that cannot be decoded', async () => {
    await plantUnreadable()
    const stop = new AbortController()
    const seen: number[] = []
    const handler = ({ version }: { readonly version: number }) => {
      seen.push(version)
      if (version === 4) stop.abort() // so that a subscription that continues anyway doesn't wait forever
    }
    const outcome = await attempt(
      'subscribe',
      () => open(box.redis).subscribe(handler, { signal: stop.signal }),
      { background: true },
    )
    verify(
      isMalformed(outcome) && seen.every((version) => version < 3),
      "Event 3 in the log isn't an event (its JSON is cut off). `subscribe` should reject with the `MalformedEventError` from `decodeEvent`, and not skip an event that it can't read.",
      { received: outcome.ok ? { seen } : outcome.error },
    )
  })

  test('closes what it opened', async () => {
    await subject.plant(S, 2)
    const redis = box.redis
    const fails = () => {
      throw new RangeError('handler failed')
    }
    const { signal } = new AbortController()
    await attempt('subscribe', () => open(redis).subscribe(fails, { signal }), { background: true })
    verifyEqual(
      getEventListeners(signal, 'abort').length,
      0,
      'The handler threw, `subscribe` ended, and its listener is still on the signal. A program that subscribes again with the same signal after each error adds another one each time. Remove it in a `finally`.',
    )
    verifyEqual(
      await connectionsStillOpen(),
      0,
      "The handler threw, `subscribe` ended, and a connection that it had opened is still open. A program that subscribes again after each error soon runs out of connections. Close it in a `finally`, so that it's closed no matter how the subscription ends.",
    )
    const stop = new AbortController()
    await attempt('subscribe', () => open(redis).subscribe(() => stop.abort(), { signal: stop.signal }), {
      background: true,
    })
    verifyEqual(
      await connectionsStillOpen(),
      0,
      'The signal aborted, `subscribe` ended, and a connection that it had opened is still open. Nothing else uses it, so close it.',
    )
    await box.admin.del(LOG)
    const event = JSON.stringify(counted(1))
    await box.admin.xadd(LOG, '*', 'stream', S, 'version', '1', 'schemaVersion', '2', 'event', event)
    await attempt('subscribe', () => open(redis).subscribe(() => {}, { signal }), { background: true })
    verifyEqual(
      [await connectionsStillOpen(), getEventListeners(signal, 'abort').length],
      [0, 0],
      '`subscribe` reached an event of a newer schema version and ended, and a connection that it had opened, or a listener on the signal, is still there (expected neither). Close and remove them in a `finally` that also covers upcasting.',
    )
  })

  test('passes on errors', async () => {
    await box.admin.set(LOG, 'not a stream')
    const { signal } = new AbortController()
    const outcome = await attempt('subscribe', () => open(box.redis).subscribe(() => {}, { signal }), {
      background: true,
      seconds: 20,
    })
    passesOn(
      'subscribe',
      outcome,
      /WRONGTYPE/,
      "The log's key held a string, so Redis replied with an error.",
    )
    verifyEqual(
      [await connectionsStillOpen(), getEventListeners(signal, 'abort').length],
      [0, 0],
      '`subscribe` got an error from Redis and ended, and a connection that it had opened, or a listener on the signal, is still there (expected neither). Close and remove them in a `finally`.',
    )
  })
})

describe('snapshots', () => {
  snapshotsConform(subject)

  test('keys and fields', async () => {
    await subject.plant(S, 2)
    const store = open(box.redis)
    const model = {
      name: 'last',
      version: 3,
      initial: '',
      evolve: (state: string, event: StoreEvent) => `${state} ${event.eventId}`,
    }
    const loaded = await call('load', () => store.load(S, model))
    await call('saveSnapshot', () => store.saveSnapshot(S, model, loaded))
    verifyEqual(
      await box.admin.hgetall(`es:{p7}:snapshot:last:${S}`),
      { modelVersion: '3', version: '2', state: '" e-1 e-2"' },
      `The snapshot of the model named \`last\` should be the hash \`es:{p7}:snapshot:last:${S}\` with the fields \`modelVersion\`, \`version\`, and \`state\` (as JSON).`,
    )
    verify(
      (await box.admin.pttl(`es:{p7}:snapshot:last:${S}`)) < 0,
      "The snapshot has a time to live. Nothing in the store expires, because once the events that a snapshot covers are archived, the snapshot can't be recreated.",
    )
    const damages: readonly Readonly<Record<string, string | null>>[] = [
      { state: '{"sum":' },
      { state: null },
      { version: 'two' },
      { version: '1x' },
      { version: '' },
      { version: null },
      { modelVersion: '' },
      { modelVersion: null },
    ]
    for (const broken of damages) {
      const [[name = '', value = null] = []] = Object.entries(broken)
      const fields = { modelVersion: '3', version: '1', state: '"x"' }
      await box.admin.hset(`es:{p7}:snapshot:last:${S}`, {
        ...fields,
        ...(value !== null && { [name]: value }),
      })
      if (value === null) await box.admin.hdel(`es:{p7}:snapshot:last:${S}`, name)
      const outcome = await attempt('load', () => store.load(S, model))
      verifyEqual(
        outcome.ok ? outcome.value : outcome.error,
        { state: ' e-1 e-2', version: 2 },
        `A snapshot of version 1 with the state \`"x"\` was damaged: it now has \`${JSON.stringify(broken)}\` (\`null\` means that the field is missing). You can trust neither its state nor its version, so replay the events from the beginning.`,
      )
      verifyEqual(
        await call('saveSnapshot', () => store.saveSnapshot(S, model, loaded)),
        true,
        `There was a damaged snapshot (\`${JSON.stringify(broken)}\`). \`saveSnapshot\` should replace it with a good one.`,
      )
    }
  })

  test('a damaged snapshot of a newer model', async () => {
    await subject.plant(S, 2)
    const store = open(box.redis)
    const model = { name: 'last', version: 3, initial: 0, evolve: (state: number) => state + 1 }
    const key = `es:{p7}:snapshot:last:${S}`
    for (const broken of [{ version: 'two' }, { state: '{"sum":' }]) {
      await box.admin.hset(key, { modelVersion: '4', version: '9', state: '7', ...broken })
      const before = await box.admin.hgetall(key)
      verifyEqual(
        await call('load', () => store.load(S, model)),
        { state: 2, version: 2 },
        `A snapshot of model version 4 was damaged (\`${JSON.stringify(broken)}\`), and a program with model version 3 is loading. It should ignore that snapshot and replay the events.`,
      )
      const saved = await call('saveSnapshot', () => store.saveSnapshot(S, model, { state: 2, version: 2 }))
      const mayReplace = 'version' in broken && saved
      verifyEqual(
        [saved, await box.admin.hgetall(key)],
        mayReplace ? [true, { modelVersion: '3', version: '2', state: '2' }] : [false, before],
        `A snapshot of model version 4 was damaged (\`${JSON.stringify(broken)}\`), and a program with model version 3 saved its own. ${'version' in broken ? 'You may keep the stored one, or replace all of its fields; the result of `saveSnapshot` should say which.' : 'The stored one should stay, because its model version is higher. The newer program will replace it.'}`,
      )
    }
  })

  test('after the scripts are gone', async () => {
    const store = open(box.redis)
    const model = { name: 'count', version: 1, initial: 0, evolve: (state: number) => state + 1 }
    await call('saveSnapshot', () => store.saveSnapshot(S, model, { state: 1, version: 1 }))
    await box.forgetScripts()
    const outcome = await attempt('saveSnapshot', () =>
      store.saveSnapshot(S, model, { state: 2, version: 2 }),
    )
    verify(
      outcome.ok || !String(outcome.error).includes('NOSCRIPT'),
      'Between two calls to `saveSnapshot`, the server forgot all scripts, as it does when it restarts (here with `SCRIPT FLUSH`), and the second call failed. If Redis replies to `EVALSHA` with `NOSCRIPT`, send the whole script with `EVAL`, or let `defineCommand` do that.',
      { received: !outcome.ok && outcome.error },
    )
    await call('saveSnapshot', () => (outcome.ok ? outcome.value : Promise.reject(outcome.error)))
  })

  test('an older snapshot between two steps', async () => {
    const model = { name: 'count', version: 1, initial: 0, evolve: (state: number) => state + 1 }
    await everyInterleaving({
      name: 'saveSnapshot',
      first: (redis) => open(redis).saveSnapshot(S, model, { state: 3, version: 3 }),
      second: (redis) => open(redis).saveSnapshot(S, model, { state: 2, version: 2 }),
      verify: async ({ first, after }) => {
        verifyEqual(
          [
            first.ok ? first.value : first.error,
            await box.admin.hget(`es:{p7}:snapshot:count:${S}`, 'version'),
          ],
          [true, '3'],
          `A snapshot of version 2 was saved while another process was saving one of version 3${after ? `, right after its \`${after}\`` : ''}. The newer one should be stored, and its \`saveSnapshot\` should resolve to \`true\`. If \`EXEC\` replies \`(nil)\`, another process saved one, but not always a newer one, so compare again. (Received: the result, and the version that's stored.)`,
        )
      },
    })
  })

  test('a slow writer between two steps', async () => {
    const model = { name: 'count', version: 1, initial: 0, evolve: (state: number) => state + 1 }
    await everyInterleaving({
      name: 'saveSnapshot',
      first: (redis) => open(redis).saveSnapshot(S, model, { state: 2, version: 2 }),
      second: (redis) => open(redis).saveSnapshot(S, model, { state: 3, version: 3 }),
      verify: async ({ after }) => {
        verifyEqual(
          await box.admin.hget(`es:{p7}:snapshot:count:${S}`, 'version'),
          '3',
          `A snapshot of version 3 was saved while another process was saving one of version 2${after ? `, right after its \`${after}\`` : ''}, and the older one replaced the newer one. Compare and write in one step: use a script, or \`WATCH\` on a connection of its own.`,
        )
      },
    })
  })

  test('reads only the events after the snapshot', async () => {
    await subject.plant(S, 40)
    const model = { name: 'count', version: 1, initial: 0, evolve: (state: number) => state + 1 }
    const store = open(box.redis)
    await call('saveSnapshot', () => store.saveSnapshot(S, model, { state: 39, version: 39 }))
    await call('load', () => store.load(S, model))
    const longest = largestReply(box.commands)
    verify(
      longest < 10,
      `There was a snapshot at version 39 of 40, and \`load\` fetched ${longest} events with one command. Only read the events after the snapshot. Fetching all of them and dropping most saves nothing.`,
    )
  })

  test('state and version belong together', async () => {
    const model = { name: 'count', version: 1, initial: 0, evolve: (state: number) => state + 1 }
    await everyInterleaving({
      name: 'load',
      prepare: () => subject.plant(S, 2),
      first: async (redis) => {
        const store = open(redis)
        const loaded = await store.load(S, model)
        await store.saveSnapshot(S, model, loaded)
        return loaded
      },
      second: (redis) => open(redis).append(S, [counted(3)], { expected: 'any' }),
      verify: async ({ first, after }) => {
        verify(
          first.ok && first.value.state === first.value.version,
          `An event was appended while \`load\` was running${after ? `, right after its \`${after}\`` : ''}, and the state doesn't include as many events as its version says. Take both from one read.`,
          { received: first },
        )
        verifyEqual(
          await call('load', () => open(box.connect()).load(S, model)),
          { state: 3, version: 3 },
          'An event was appended while a snapshot was being made. After that, `load` should return a state with all three events, each of them once.',
        )
      },
    })
  })

  test('a snapshot that is replaced while it is loaded', async () => {
    const model = { name: 'count', version: 1, initial: 0, evolve: (state: number) => state + 1 }
    await everyInterleaving({
      name: 'load',
      prepare: async (admin) => {
        await subject.plant(S, 3)
        await admin.hset(`es:{p7}:snapshot:count:${S}`, { modelVersion: '1', version: '2', state: '2' })
      },
      first: (redis) => open(redis).load(S, model),
      second: (redis) => open(redis).saveSnapshot(S, model, { state: 3, version: 3 }),
      verify: ({ first, after }) => {
        verifyEqual(
          first.ok ? first.value : first.error,
          { state: 3, version: 3 },
          `There was a snapshot at version 2 of 3, and another process saved one at version 3 while \`load\` was running${after ? `, right after its \`${after}\`` : ''}. The state should count each of the three events once, and the version should be 3. Take all fields of a snapshot from one read.`,
        )
      },
    })
  })

  test('a key that is not a hash', async () => {
    await subject.plant(S, 2)
    const key = `es:{p7}:snapshot:last:${S}`
    await box.admin.set(key, 'something else')
    const store = open(box.redis)
    const model = { name: 'last', version: 3, initial: 0, evolve: (state: number) => state + 1 }
    const loaded = await attempt('load', () => store.load(S, model))
    if (loaded.ok) {
      verifyEqual(
        loaded.value,
        { state: 2, version: 2 },
        "The snapshot's key held a string, and `load` ignored it, which is fine. It should then return the state after all events.",
      )
    } else passesOn('load', loaded, /WRONGTYPE/, "The snapshot's key held a string.")
    const saved = await attempt('saveSnapshot', () => store.saveSnapshot(S, model, { state: 2, version: 2 }))
    const isStored = (await box.admin.type(key)) === 'hash'
    if (!isStored)
      passesOn('saveSnapshot', saved, /WRONGTYPE/, "The snapshot's key held a string, and it still does.")
  })

  test.skipIf(lacks('own-server'))('a snapshot that may not be read or written', async () => {
    const server = await box.startServer()
    await server.admin.acl('SETUSER', 'default', '-@hash')
    const store = open(server.connect())
    const model = { name: 'last', version: 3, initial: 0, evolve: (state: number) => state + 1 }
    passesOn(
      'load',
      await attempt('load', () => store.load(S, model)),
      NO_PERMISSION,
      "Redis refused to read the snapshot (`NOPERM`). That isn't a damaged snapshot, and the events that it covers may be gone.",
    )
    passesOn(
      'saveSnapshot',
      await attempt('saveSnapshot', () => store.saveSnapshot(S, model, { state: 2, version: 2 })),
      NO_PERMISSION,
      'Redis refused to write the snapshot (`NOPERM`), so nothing was stored.',
    )
  })
})
