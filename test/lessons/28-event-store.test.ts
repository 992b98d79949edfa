import type { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import {
  attempt,
  call,
  connectionsStillOpen,
  everyCrash,
  everyInterleaving,
  everyLostReply,
  lacks,
  largestReply,
  useSandbox,
  verify,
  verifyEqual,
} from '#kit'
import * as answer from '#lesson/28-event-store'
import {
  appendConforms,
  commandsConform,
  counted,
  countedFrom,
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
const open = (redis: Redis) => new RedisEventStore(redis, { partition: PARTITION })

const subject: Subject = {
  errors: answer,
  open: (options = {}) => new RedisEventStore(box.connect(), { partition: PARTITION, ...options }),
  async stored(stream) {
    return (await box.admin.xrange(streamKey(stream), '-', '+')).map(([id, flat]) => ({
      version: Number(id.replace(/-0$/, '')),
      event: JSON.parse(fieldsOf(flat).event ?? 'null') as StoreEvent,
    }))
  },
  async logged() {
    return (await box.admin.xrange(LOG, '-', '+')).map(([, flat]) => {
      const { stream = '', version } = fieldsOf(flat)
      return { stream, version: Number(version) }
    })
  },
  async plant(stream, count) {
    const pipeline = box.admin.pipeline()
    for (const [index, event] of countedFrom(1, count).entries()) {
      const version = String(index + 1)
      const fields = ['schemaVersion', '1', 'event', JSON.stringify(event)]
      pipeline.xadd(streamKey(stream), `${version}-0`, ...fields)
      pipeline.xadd(LOG, '*', 'stream', stream, 'version', version, ...fields)
    }
    await pipeline.exec()
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

function fieldsOf(flat: readonly string[]): Readonly<Record<string, string | undefined>> {
  const fields: Record<string, string> = {}
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  return fields
}

const entries = async (key: string) =>
  (await box.admin.xrange(key, '-', '+')).map(([id, flat]) => {
    const { event, ...fields } = fieldsOf(flat)
    return [id, { ...fields, ...(event !== undefined && { event: JSON.parse(event) }) }]
  })

describe('append', () => {
  test('keys, ids and fields', async () => {
    const store = await call('new RedisEventStore', () => open(box.redis))
    const { position } = await call('append', () => store.append(S, countedFrom(1, 2), { expected: 'none' }))
    verifyEqual(
      await entries(KEY),
      [
        ['1-0', { schemaVersion: '1', event: counted(1) }],
        ['2-0', { schemaVersion: '1', event: counted(2) }],
      ],
      `Two events were appended to order-1 in the partition p7. The stream ${KEY} should hold the entries 1-0 and 2-0, with the fields schemaVersion and event.`,
    )
    const log = await entries(LOG)
    verifyEqual(
      log.map(([, fields]) => fields),
      [
        { stream: S, version: '1', schemaVersion: '1', event: counted(1) },
        { stream: S, version: '2', schemaVersion: '1', event: counted(2) },
      ],
      `Two events were appended. The log ${LOG} should hold an entry for each, with the fields stream, version, schemaVersion and event.`,
    )
    verifyEqual(
      position,
      log[1]?.[0],
      'append should return as `position` the id that its last event has in the log.',
    )
  })

  appendConforms(subject)

  test('a log that cannot be written', async () => {
    await box.admin.set(LOG, 'something else')
    const outcome = await attempt('append', () =>
      open(box.redis).append(S, [counted(1)], { expected: 'any' }),
    )
    verify(
      !outcome.ok && !(outcome.error instanceof ConcurrencyError),
      'The key of the log holds no stream, so nothing can be written. append should let the error of Redis through.',
      { received: outcome },
    )
    verifyEqual(
      await entries(KEY),
      [],
      'The key of the log holds no stream; append failed, and its event lies in order-1 all the same, where no subscription will ever hear of it. Neither a script nor MULTI takes back what it has written: whatever may fail has to be tried before the first write.',
    )
  })

  test('very high versions', async () => {
    await box.admin.xadd(KEY, '99999999999999-0', 'schemaVersion', '1', 'event', JSON.stringify(counted(1)))
    const outcome = await attempt('append', () =>
      open(box.redis).append(S, countedFrom(2, 3), { expected: 99_999_999_999_999 }),
    )
    verifyEqual(
      [(await entries(KEY)).slice(1).map(([id]) => id), outcome.ok && outcome.value.version],
      [['100000000000000-0', '100000000000001-0'], 100_000_000_000_001],
      'The stream was at version 99,999,999,999,999. The next are 100000000000000-0 and 100000000000001-0. Lua turns such a number into the text 1e+14: write it with string.format.',
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
          `The process died after ${last ?? 'nothing'}, and of three events ${stream.length} lie in the stream and ${log.length} in the log. Stream, log and all events of one append have to be one step.`,
        )
        await attempt('append', () =>
          open(box.connect()).append(S, countedFrom(1, 3), { expected: 'none', commandId: 'cmd-1' }),
        )
        verifyEqual(
          (await subject.stored(S)).map(({ event }) => event.eventId),
          ['e-1', 'e-2', 'e-3'],
          `The process died after ${last ?? 'nothing'}, and the command came again. Its events should be there once. What is remembered of a command has to be written in the one step with its events.`,
        )
      },
    })
  })

  test.skipIf(lacks('real-server'))('a large batch is one step', async () => {
    const batch = countedFrom(1, 10_000)
    const append = (redis: Redis) => open(redis).append(S, batch, { expected: 'none' })
    await call('append', () => append(box.redis), { seconds: 30 })
    // One script or one transaction needs no race, which takes its time.
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
          'While a batch of 10,000 events was appended, somebody else wrote to another stream, and that event lies in the log between two of the batch. It was written in several steps: if the process dies between two of them, a part of the batch is there for good. One append is one step, however many events it has.',
          { received: `${places.length} events of the batch in a log of ${log.length}` },
        )
      },
    })
  })

  test('when another comes in between', async () => {
    await everyInterleaving({
      name: 'append',
      prepare: () => subject.plant(S, 1),
      first: (redis) => open(redis).append(S, countedFrom(2, 3), { expected: 1 }),
      second: (redis) => open(redis).append(S, countedFrom(4, 5), { expected: 1 }),
      verify: async ({ first, second, after }) => {
        const found = (await subject.stored(S)).map(({ event }) => event.eventId).join(' ')
        verify(
          first.ok !== second.ok && (found === 'e-1 e-2 e-3' || found === 'e-1 e-4 e-5'),
          `Two writers appended to version 1${after ? `, the second behind the ${after} of the first` : ''}. Exactly one should get through, with both of its events: comparing and writing have to be one step.`,
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
      'Two stores were open, of the partitions p7 and p8, and were used by turns. What was appended by the one of p7, after the other had been opened, should lie in p7: keep the partition in the object, not beside the class.',
      { received: back },
    )
    const keysThere = (await box.admin.keys('*')).filter((key) => key !== 'eventlings:sandbox')
    for (const key of keysThere) {
      verify(
        /^es:\{p[78]\}:/.test(key),
        `The key ${key} does not begin with es:{p7}: or es:{p8}:. On a cluster a script may only touch keys of one hash slot, and the first braces of a key decide on it.`,
      )
    }
    const scripts = box.commands.filter(({ name }) => /^(EVAL|EVALSHA|FCALL)$/.test(name))
    for (const { args } of scripts) {
      const keys = args.slice(2, 2 + Number(args[1]))
      const tags = new Set(keys.map((key) => /^es:(\{p[78]\}):/.exec(key)?.[1]))
      verify(
        keys.length > 0 && tags.size === 1 && !tags.has(undefined),
        'A script of append was sent without its keys in KEYS, or with keys of two hash slots. A cluster refuses it: name every key that the script touches.',
        { received: keys },
      )
    }
    // Every key that there is now was either named to a script, or in a command of its own.
    const named = new Set(
      box.commands.flatMap(({ name, args }) =>
        /^(EVAL|EVALSHA|FCALL)$/.test(name) ? args.slice(2, 2 + Number(args[1])) : args,
      ),
    )
    for (const key of keysThere) {
      verify(
        named.has(key),
        `A script of append wrote the key ${key}, which stood neither in its KEYS nor anywhere else as a key: it was among its ARGV, or the script put it together. A cluster finds the node of a script by its KEYS, and while a slot moves such a key may be missing. Name every key that a script touches in KEYS.`,
        { received: scripts.flatMap(({ args }) => args.slice(2, 2 + Number(args[1]))) },
      )
    }
    verifyEqual(
      await box.admin.xlen('es:{p8}:stream:b'),
      1,
      'A store of the partition p8 should keep its streams under es:{p8}:stream:<stream>, and share nothing with p7.',
    )
  })
})

describe('commands that come twice', () => {
  commandsConform(subject)

  test('never forgets', async () => {
    await call('append', () =>
      open(box.redis).append(S, [counted(1)], { expected: 'any', commandId: 'cmd-1' }),
    )
    for (const key of await box.admin.keys('*')) {
      verify(
        (await box.admin.pttl(key)) < 0,
        `The key ${key} has a time to live. A command may come again after an hour or after a weekend; by then it would be forgotten, and done twice.`,
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
        received: `${name} ${args.slice(0, 6).join(' ')}`,
      })
    }
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
      'read of a missing stream should not bring it into being.',
    )
  })
})

const TOO_LARGE =
  'The stream holds 1,010 events, and more than 1,000 were fetched at once. Long streams are read in pages, or everybody else waits and the memory fills.'

describe('subscribe', () => {
  subscribingConforms(subject)

  test('does not hold up others', async () => {
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
      'subscribe waits on the connection that the store was given. Everybody who shares it waits too, for as long as no event comes. Wait on a `redis.duplicate()`.',
    )
    verifyEqual(
      await redis.ping(),
      'PONG',
      'After the subscription had ended, the connection that the store was given should be open and usable.',
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
      `The log held 1,010 events, and one command of subscribe fetched ${most} of them. A log is as long as the history: read it in pages, with COUNT, while you catch up.`,
    )
  })

  test('closes what it opened', async () => {
    await subject.plant(S, 2)
    const redis = box.redis
    const fails = () => {
      throw new RangeError('handler failed')
    }
    await attempt('subscribe', () => open(redis).subscribe(fails, { signal: new AbortController().signal }), {
      background: true,
    })
    verifyEqual(
      await connectionsStillOpen(),
      0,
      'The handler threw, subscribe ended, and a connection that it had opened is still there. Whoever begins anew after each error soon has as many as the server allows. Close it in a `finally`, however the subscription ends.',
    )
    const stop = new AbortController()
    await attempt('subscribe', () => open(redis).subscribe(() => stop.abort(), { signal: stop.signal }), {
      background: true,
    })
    verifyEqual(
      await connectionsStillOpen(),
      0,
      'The signal aborted, subscribe ended, and a connection that it had opened is still there. Close it: it is nobody else’s.',
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
      `The snapshot of the model last should be the hash es:{p7}:snapshot:last:${S} with the fields modelVersion, version and state (as JSON).`,
    )
    verify(
      (await box.admin.pttl(`es:{p7}:snapshot:last:${S}`)) < 0,
      'The snapshot has a time to live. Nothing of the store expires: when the events that it covers have been archived, nobody can make it again.',
    )
    for (const broken of [{ state: '{"sum":' }, { version: 'two' }, { version: '' }, { modelVersion: '' }]) {
      await box.admin.hset(`es:{p7}:snapshot:last:${S}`, {
        modelVersion: '3',
        version: '1',
        state: '"x"',
        ...broken,
      })
      verifyEqual(
        await call('load', () => store.load(S, model)),
        { state: ' e-1 e-2', version: 2 },
        `The snapshot is damaged (${JSON.stringify(broken)}, state "x" otherwise). Nothing of it is to be believed, neither its state nor its version: replay the events from the first.`,
      )
      verifyEqual(
        await call('saveSnapshot', () => store.saveSnapshot(S, model, loaded)),
        true,
        `A damaged snapshot was there (${JSON.stringify(broken)}). saveSnapshot should put a sound one in its place.`,
      )
    }
  })

  test('a slow one between two steps', async () => {
    const model = { name: 'count', version: 1, initial: 0, evolve: (state: number) => state + 1 }
    await everyInterleaving({
      name: 'saveSnapshot',
      first: (redis) => open(redis).saveSnapshot(S, model, { state: 2, version: 2 }),
      second: (redis) => open(redis).saveSnapshot(S, model, { state: 3, version: 3 }),
      verify: async ({ after }) => {
        verifyEqual(
          await box.admin.hget(`es:{p7}:snapshot:count:${S}`, 'version'),
          '3',
          `A snapshot of version 3 was saved while another process was saving one of version 2${after ? `, behind its ${after}` : ''}, and the older one took its place. Looking and writing have to be one step: a script, or WATCH on a connection of its own.`,
        )
      },
    })
  })

  test('reads no more than it lacks', async () => {
    await subject.plant(S, 40)
    const model = { name: 'count', version: 1, initial: 0, evolve: (state: number) => state + 1 }
    const store = open(box.redis)
    await call('saveSnapshot', () => store.saveSnapshot(S, model, { state: 39, version: 39 }))
    await call('load', () => store.load(S, model))
    const longest = largestReply(box.commands)
    verify(
      longest < 10,
      `A snapshot was there at version 39 of 40, and load fetched ${longest} events at once. Read behind the snapshot: to fetch all and drop most saves nothing.`,
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
          `An event was appended while a state was loaded${after ? `, behind the ${after}` : ''}, and the state does not hold as many events as its version says. Take both from one read.`,
          { received: first },
        )
        verifyEqual(
          await call('load', () => open(box.connect()).load(S, model)),
          { state: 3, version: 3 },
          'An event was appended while a snapshot was made. What load returns after that should hold all three events, each of them once.',
        )
      },
    })
  })
})
