import { once } from 'node:events'
import { delimiter } from 'node:path'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { trustedClient } from '../../../src/check/kit/connections.ts'
import { setEnvironment } from '../../../src/check/kit/environment.ts'
import {
  attempt,
  everyCrash,
  everyInterleaving,
  everyLostReply,
  useSandbox,
} from '../../../src/check/kit/index.ts'
import type { Gate } from '../../../src/check/kit/races/gate.ts'
import { keyReader } from '../../../src/check/kit/recorder/key-reader.ts'
import { recordChanges } from '../../../src/check/kit/recorder/record-changes.ts'
import { beginTest, sendThrough } from '../../../src/check/kit/recorder/recording.ts'
import { closeSandbox, warmUp } from '../../../src/check/kit/sandbox.ts'
import { timeOfTest } from '../../../src/check/kit/test-clock.ts'
import { stepsOf } from '../../../src/check/worker/steps-of.ts'
import { apply, type CommandStep, fold, keysOf, type Step, undo } from '../../../src/recording/index.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'
import { lacks } from '../need.ts'

const KEYS = ['a', 'b', 'c'] as const
const key = fc.constantFrom(...KEYS)
const value = fc.constantFrom('1', 'two', 'ü')
const id = fc.integer({ min: 1, max: 9 }).map((n) => `${n}-0`)

/** One command, whatever its keys hold: Redis refuses some of them. */
const command = fc.oneof(
  fc.tuple(fc.constant('XADD'), key, id, fc.constant('f'), value),
  fc.tuple(fc.constant('XDEL'), key, id),
  fc.tuple(fc.constant('XTRIM'), key, fc.constant('MAXLEN'), fc.constant('1')),
  fc.tuple(
    fc.constant('XGROUP'),
    fc.constant('CREATE'),
    key,
    fc.constant('g'),
    fc.constant('0'),
    fc.constant('MKSTREAM'),
  ),
  fc.tuple(
    fc.constant('XREADGROUP'),
    fc.constant('GROUP'),
    fc.constant('g'),
    value,
    fc.constant('STREAMS'),
    key,
    fc.constant('>'),
  ),
  fc.tuple(fc.constant('XACK'), key, fc.constant('g'), id),
  fc.tuple(fc.constant('HSET'), key, value, value),
  fc.tuple(fc.constant('HDEL'), key, value),
  fc.tuple(fc.constant('SADD'), key, value),
  fc.tuple(fc.constant('SPOP'), key),
  fc.tuple(fc.constant('ZADD'), key, fc.constantFrom('1', '1.5', '-inf'), value),
  fc.tuple(fc.constant('RPUSH'), key, value),
  fc.tuple(fc.constant('LPOP'), key),
  fc.tuple(fc.constant('LINSERT'), key, fc.constant('BEFORE'), value, value),
  fc.tuple(fc.constant('SET'), key, value),
  fc.tuple(fc.constant('SET'), key, value, fc.constant('PX'), fc.constant('60000')),
  fc.tuple(fc.constant('EXPIRE'), key, fc.constant('100')),
  fc.tuple(fc.constant('DEL'), key),
  fc.tuple(fc.constant('RENAME'), key, key),
  fc.tuple(
    fc.constant('EVAL'),
    fc.constant("return redis.call('SET', 'undeclared', ARGV[1])"),
    fc.constant('0'),
    value,
  ),
  fc.tuple(fc.constant('GET'), key),
)
type Words = readonly string[]
/** What one connection sends: commands, each awaited or not, pipelines, and transactions. */
const program = fc.array(
  fc.record({
    way: fc.constantFrom('await', 'go on', 'pipeline', 'transaction'),
    commands: fc.array(command as fc.Arbitrary<Words>, { minLength: 1, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 5 },
)
type Program = readonly { readonly way: string; readonly commands: readonly Words[] }[]

async function play(redis: Redis, parts: Program): Promise<void> {
  const replies: Promise<unknown>[] = []
  for (const { way, commands } of parts) {
    if (way === 'pipeline' || way === 'transaction') {
      const batch = way === 'pipeline' ? redis.pipeline() : redis.multi()
      for (const [name = '', ...args] of commands) batch.call(name, ...args)
      replies.push(batch.exec().catch(() => {}))
      continue
    }
    for (const [name = '', ...args] of commands) {
      const reply = redis.call(name, ...args).catch(() => {})
      if (way === 'await') await reply
      else replies.push(reply)
    }
  }
  await Promise.all(replies)
}

const folders = (process.env.EVENTLINGS_ENGINES ?? '').split(delimiter).filter((folder) => folder !== '')
const engines: readonly {
  readonly name: string
  readonly folder?: string
  readonly kind: 'binary' | 'embedded'
}[] = [
  ...(lacks('redis-server') === undefined
    ? [{ name: 'the redis-server on the PATH', kind: 'binary' as const }]
    : []),
  ...folders.map((folder) => ({ name: folder, folder, kind: 'binary' as const })),
  { name: 'the embedded server', kind: 'embedded' },
]

/** All of them are running before the first test, which keeps this process from reaching any other server. */
const servers = new Map<string, RunningRedis>()
for (const { name, folder, kind } of engines) {
  const path = process.env.PATH
  if (folder !== undefined) process.env.PATH = `${folder}${delimiter}${path}`
  servers.set(name, await startRedis(kind))
  process.env.PATH = path
}

describe.each(engines)('while changes are recorded on $name', ({ name, kind }) => {
  const server = servers.get(name) as RunningRedis
  let gate: Gate
  let monitor: Redis | undefined
  const heard: { readonly source: string; readonly line: string }[] = []
  beforeAll(async () => {
    setEnvironment({ url: server.url, kind: server.kind, has: [], allow: [] })
    await warmUp() // which allows connections to this server
    gate = recordChanges()
    if (kind === 'embedded') return
    monitor = trustedClient(() => new Redis(server.url, { monitor: true, lazyConnect: true }))
    const watching = once(monitor, 'monitoring')
    await monitor.connect()
    await watching
    monitor.on('monitor', (_time: string, args: readonly string[], source: string) =>
      heard.push({ source, line: line(args) }),
    )
  })
  afterAll(async () => {
    monitor?.disconnect()
    closeSandbox()
    await server.stop()
  })
  const box = useSandbox()
  beforeEach(() => beginTest())

  /** What's recorded so far, with the keys read once more, by hand. */
  async function recorded() {
    const { log, before, after } = gate.recorded(false)
    const reader = keyReader(box.admin, timeOfTest)
    const now = await reader.read((await reader.names()) ?? [])
    return { ...stepsOf(log), before, after: keysOf(after), now: keysOf([...now.values()]) }
  }

  const sent = (steps: readonly Step[]) => steps.filter((step) => step.kind === 'command')

  /** Every step back and forth, and the keys at the end. */
  function expectExact({ steps, before, after, now }: Awaited<ReturnType<typeof recorded>>): void {
    expect(fold(before, steps)).toEqual(now)
    expect(after).toEqual(now)
    let keys = keysOf(before)
    for (const step of steps) {
      const next = apply(keys, step)
      expect(undo(next, step)).toEqual(keys)
      keys = next
    }
  }

  /** MONITOR lists what was queued where EXEC executed it. */
  function asExecuted(steps: readonly CommandStep[]): readonly CommandStep[] {
    const exec = (step: CommandStep) =>
      step.group?.kind === 'multi'
        ? (steps.findLast(({ group }) => group?.id === step.group?.id)?.n ?? step.n)
        : step.n
    return [...steps].sort((a, b) => exec(a) - exec(b) || a.n - b.n)
  }

  async function expectMonitorsOrder(
    steps: readonly CommandStep[],
    clients: readonly Redis[],
    from: number,
  ): Promise<void> {
    if (monitor === undefined) return
    const mark = `mark:${heard.length}`
    await box.admin.echo(mark)
    while (!heard.some((one) => one.line === line(['echo', mark]))) await once(monitor, 'monitor')
    const sources = clients.map(({ stream }) => `${stream.localAddress}:${stream.localPort}`)
    const ours = asExecuted(steps)
      .filter(({ fate }) => fate === 'answered')
      .map(({ args }) => line(args.map(({ s }) => s)))
    const all = new Set(ours)
    // What an aborted EXEC left out never ran; scripts list what they called as well.
    const theirs = heard
      .slice(from)
      .filter(({ source, line }) => sources.includes(source) && all.has(line) && !/^(multi|exec)/.test(line))
      .map(({ line }) => line)
    const ran = new Set(theirs)
    expect(ours.filter((one) => ran.has(one))).toEqual(theirs)
  }

  test('the order is the one in which Redis executed them, and the changes lead to what it holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(program, { minLength: 1, maxLength: 3 }), async (programs) => {
        await box.admin.flushdb()
        beginTest()
        const from = heard.length
        await box.admin.set('planted', '1')
        const clients = programs.map(() => box.connect())
        await Promise.all(clients.map((client, index) => play(client, programs[index] ?? [])))
        const run = await recorded()
        expectExact(run)
        await expectMonitorsOrder(sent(run.steps), clients, from)
        for (const client of clients) client.disconnect()
      }),
      { numRuns: 15 },
    )
  })

  test('a race is recorded with both callers, the hold, and what each wrote', async () => {
    const append = async (redis: Redis) => {
      const length = await redis.xlen('s')
      await redis.xadd('s', '*', 'n', length)
      return length
    }
    let round = 0
    await everyInterleaving({
      prepare: async (admin) => void (await admin.xadd('s', '1-0', 'n', 0)),
      first: append,
      second: append,
      async verify({ held }) {
        round += 1
        if (held !== 'XADD') return
        const run = await recorded()
        expectExact(run)
        expect(run.lanes).toEqual([
          { id: 1, role: 'first writer', connections: [1], end: 'returned', result: { s: '1' } },
          { id: 2, role: 'second writer', connections: [2], end: 'returned', result: { s: '1' } },
        ])
        expect(sent(run.steps).map(({ lane, args }) => [lane, args[0]?.s])).toEqual([
          [1, 'XLEN'],
          [2, 'XLEN'],
          [2, 'XADD'],
          [1, 'XADD'],
        ])
        expect(sent(run.steps).map(({ held }) => held)).toEqual([
          undefined,
          undefined,
          undefined,
          { from: 1, until: 3 },
        ])
      },
    })
    expect(round).toBe(3)
    // Of a test that passed, the last round in which a command was held is the one to show.
    const { log } = gate.recorded(true)
    expect(sent(stepsOf(log).steps).some(({ held }) => held !== undefined)).toBe(true)
  })

  test('a process that dies leaves the commands that it never sent', async () => {
    await everyCrash({
      run: (redis) => redis.pipeline().rpush('one', '1').rpush('two', '1').exec(),
      async verify({ sent: count, survived }) {
        const run = await recorded()
        expectExact(run)
        expect(sent(run.steps).map(({ fate }) => fate)).toEqual(
          survived
            ? ['answered', 'answered']
            : [...Array(count).fill('answered'), 'unsent', 'unsent'].slice(0, 2),
        )
        expect(run.lanes[0]?.end).toBe(survived ? 'returned' : count < 2 ? 'died' : 'returned')
      },
    })
  })

  test('a lost reply is two steps, and each has what it changed', async () => {
    await everyLostReply({
      run: (redis) => redis.incr('n'),
      async verify({ lost }) {
        const run = await recorded()
        expectExact(run)
        const commands = sent(run.steps)
        expect(commands.map(({ fate, repeats }) => [fate, repeats])).toEqual(
          lost === undefined
            ? [['answered', undefined]]
            : [
                ['lost', undefined],
                ['answered', 1],
              ],
        )
        expect(commands.every(({ changes }) => changes.length === 1)).toBe(true)
      },
    })
  })

  test.each([
    ['a pipeline', (redis: Redis) => redis.pipeline().incr('a').incr('b').incr('c').exec()],
    ['a transaction', (redis: Redis) => redis.multi().incr('a').incr('b').exec()],
  ])('%s whose reply is lost ends as it does without a gate', async (_, run) => {
    const ends = async () => {
      const rounds: unknown[] = []
      await everyLostReply({
        run,
        verify: async ({ outcome, lost }) => {
          const numbers = await box.admin.mget('a', 'b', 'c')
          const replies = outcome.ok
            ? outcome.value?.map(([error, reply]) => error?.message ?? reply)
            : 'failed'
          rounds.push([lost, numbers, replies])
        },
      })
      return rounds
    }
    const gated = await ends()
    sendThrough(undefined)
    const free = await ends()
    sendThrough(gate)
    expect(gated).toEqual(free)
    expect(gated.length).toBeGreaterThan(3)
  })

  test('what waits for a write is parked, and the write names it', async () => {
    const [reader, writer] = [box.connect(), box.connect()]
    await box.admin.xgroup('CREATE', 's', 'g', '$', 'MKSTREAM')
    const read = reader.xreadgroup('GROUP', 'g', 'c', 'BLOCK', 0, 'STREAMS', 's', '>')
    await writer.get('other')
    await writer.xadd('s', '1-0', 'f', 'v')
    await read
    const again = reader.xreadgroup('GROUP', 'g', 'c', 'BLOCK', 0, 'STREAMS', 's', '>')
    await writer.get('other')
    await box.admin.xadd('s', '2-0', 'f', 'v')
    await again
    await writer.get('other')
    const run = await recorded()
    expectExact(run)
    const [first, get, add, second, , test] = run.steps
    expect(run.steps.map(({ kind }) => kind)).toEqual([
      'command',
      'command',
      'command',
      'command',
      'command',
      'check',
      'command',
    ])
    expect(first).toMatchObject({
      fate: 'parked',
      changes: [],
      reply: { s: '[["s", [["1-0", ["f", "v"]]]]]' },
    })
    expect(get).toMatchObject({ fate: 'answered' })
    expect(add).toMatchObject({
      woke: [1],
      changes: [{ type: 'stream', groups: [{ after: { cursor: '1-0' } }] }],
    })
    expect(second).toMatchObject({ fate: 'parked' })
    expect(test).toMatchObject({ what: 'the test sends XADD s 2-0 f v', woke: [4] })
  })

  test('a message names the step that published it', async () => {
    const [listener, speaker] = [box.connect(), box.connect()]
    const heard = once(listener, 'message')
    await listener.subscribe('news')
    await attempt('publish', () => speaker.publish('news', 'hello'))
    await heard
    const { steps } = await recorded()
    expect(steps).toMatchObject([
      { args: [{ s: 'SUBSCRIBE' }, { s: 'news' }] },
      { args: [{ s: 'PUBLISH' }, { s: 'news' }, { s: 'hello' }] },
      { kind: 'message', channel: 'news', text: { s: 'hello' }, from: 2 },
    ])
  })

  test('a message that the test itself published comes after the step that did', async () => {
    const [listener, reader] = [box.connect(), box.connect()]
    const heard = once(listener, 'message')
    await listener.subscribe('news')
    await reader.get('k')
    await box.admin.multi().set('k', '1').publish('news', 'hello').exec()
    await heard
    await reader.get('k')
    const { steps } = await recorded()
    expect(steps.map((step) => (step.kind === 'command' ? step.args[0]?.s : step.kind))).toEqual([
      'SUBSCRIBE',
      'GET',
      'check',
      'message',
      'GET',
    ])
    const times = steps.map(({ at }) => at)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  test('a key that expires is a step of the server', async () => {
    const redis = box.connect()
    await redis.set('short', '1', 'PX', 300)
    while ((await box.admin.exists('short')) === 1);
    await redis.set('other', '1')
    const run = await recorded()
    expectExact(run)
    expect(run.steps.some((step) => step.kind === 'server' && step.cause === 'expired')).toBe(true)
  })

  test('the changes of a transaction are at its EXEC, and each part has its own reply', async () => {
    const redis = box.connect()
    await redis.multi().set('k', '1').incr('k').exec()
    const run = await recorded()
    expectExact(run)
    expect(
      sent(run.steps).map(({ reply, changes, group }) => [reply?.s, changes.length, group?.part]),
    ).toEqual([
      ['OK', 0, 1],
      ['OK', 0, 2],
      ['(integer) 2', 0, 3],
      ['[OK, (integer) 2]', 1, 4],
    ])
  })

  test('a command that is never answered keeps no other waiting', async () => {
    const [slow, quick] = [box.connect(), box.connect()]
    await slow.get('k')
    await quick.get('k')
    slow.stream.pause() // so that its replies are never read
    void slow.set('k', 'late').catch(() => {})
    await quick.get('k')
    const { steps } = await recorded()
    expect(sent(steps).map(({ fate }) => fate)).toEqual(['answered', 'answered', 'open', 'answered'])
  })
})

function line(args: readonly string[]): string {
  return args.join(' ').toLowerCase()
}
