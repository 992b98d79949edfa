import { once } from 'node:events'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { trustedClient } from '../../../src/check/kit/connections.ts'
import type { SentCommand } from '../../../src/check/kit/context.ts'
import { setEnvironment } from '../../../src/check/kit/environment.ts'
import { everyCrash, everyInterleaving, useSandbox } from '../../../src/check/kit/index.ts'
import { inOrder, type Placed } from '../../../src/check/kit/recorder/order.ts'
import { closeSandbox } from '../../../src/check/kit/sandbox.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'
import { need } from '../need.ts'

/** One thing that a program does, and whether it waits for the reply. */
const WAYS = ['command', 'pipeline', 'transaction', 'loose transaction', 'aborted transaction'] as const
type Step = readonly [way: (typeof WAYS)[number], awaits: boolean]
const steps = fc.array(fc.tuple(fc.constantFrom(...WAYS), fc.boolean()), { minLength: 1, maxLength: 6 })

let tokens = 0
/** A key that occurs once, so that MONITOR's lines and ours can be matched. */
function token(): string {
  tokens += 1
  return `token:${tokens}`
}

async function play(redis: Redis, program: readonly Step[]): Promise<void> {
  const replies: Promise<unknown>[] = []
  for (const [way, awaits] of program) {
    const reply = take(redis, way)
    if (awaits || way.endsWith('transaction')) await reply
    else replies.push(reply)
    reply.catch(() => {}) // in a process that dies, one fails before it's awaited
  }
  await Promise.all(replies)
}

async function take(redis: Redis, way: Step[0]): Promise<unknown> {
  switch (way) {
    case 'command':
      return redis.get(token())
    case 'pipeline':
      return redis.pipeline().get(token()).incr(token()).get(token()).exec()
    case 'transaction':
      return redis.multi().get(token()).incr(token()).exec()
    case 'loose transaction':
      await redis.multi({ pipeline: false })
      await redis.get(token())
      return Promise.all([redis.incr(token()), redis.exec()])
    case 'aborted transaction': {
      const watched = token()
      await redis.watch(watched)
      await redis.incr(watched)
      return redis.multi().get(token()).exec()
    }
  }
}

need('redis-server').describe("the order of a recording, compared with MONITOR's", () => {
  let server: RunningRedis
  let monitor: Redis
  const heard: string[] = []
  beforeAll(async () => {
    server = await startRedis('binary') // the first on the PATH: Redis or Valkey, any version
    setEnvironment({ url: server.url, kind: server.kind, has: [], allow: [] })
    const options = { monitor: true, lazyConnect: true }
    monitor = trustedClient(() => new Redis(server.url, options))
    const watching = once(monitor, 'monitoring')
    await monitor.connect()
    await watching
    monitor.on('monitor', (_time: string, args: readonly string[]) =>
      heard.push(args.join(' ').toLowerCase()),
    )
  })
  afterAll(async () => {
    monitor.disconnect()
    closeSandbox()
    await server.stop()
  })
  const box = useSandbox()

  /** The place of every command in what MONITOR has reported so far. */
  async function places(): Promise<ReadonlyMap<string, number>> {
    const mark = token()
    const arrived = new Promise<void>((resolve) => {
      const look = (_time: string, args: readonly string[]) => {
        if (!args.includes(mark)) return
        monitor.off('monitor', look)
        resolve()
      }
      monitor.on('monitor', look)
    })
    await box.admin.echo(mark)
    await arrived
    return new Map(heard.map((line, index) => [line, index]))
  }

  async function compare(commands: readonly SentCommand[]): Promise<readonly Placed<SentCommand>[]> {
    const place = await places()
    const at = ({ name, args }: SentCommand) => place.get([name, ...args].join(' ').toLowerCase())
    const order = inOrder(commands)
    // MULTI and EXEC all look alike; what an aborted EXEC left out never ran.
    const executed = order.filter(({ command }) => command.args.length > 0 && at(command) !== undefined)
    for (const [index, later] of executed.entries()) {
      for (const earlier of executed.slice(0, index)) {
        if (earlier.about && later.about && earlier.command.client !== later.command.client) continue
        expect(at(earlier.command)).toBeLessThan(at(later.command) ?? 0)
      }
    }
    return order
  }

  test('is the same when several connections are at work at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 3 }), async (programs) => {
        const before = box.commands.length
        const clients = programs.map(() => box.connect())
        await Promise.all(clients.map((client, index) => play(client, programs[index] ?? [])))
        const order = await compare(box.commands.slice(before))
        if (programs.length === 1) expect(order.some(({ about }) => about)).toBe(false)
        for (const client of clients) client.disconnect()
      }),
      { numRuns: 30 },
    )
  })

  test('is the same in every round of a race, and certain', async () => {
    await fc.assert(
      fc.asyncProperty(steps, steps, fc.boolean(), async (one, two, sameConnection) => {
        await everyInterleaving({
          sameConnection,
          first: (redis) => play(redis, one),
          second: (redis) => play(redis, two),
          async verify({ held }) {
            const order = await compare(box.commands)
            expect(order.some(({ about }) => about)).toBe(false)
            expect(order.some(({ command }) => command.held === true)).toBe(held !== undefined)
          },
        })
      }),
      { numRuns: 6 },
    )
  })

  test('is the same after a crash, and ends with what was never sent', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (program) => {
        await everyCrash({
          run: (redis) => play(redis, program),
          async verify({ survived }) {
            const order = await compare(box.commands)
            expect(order.some(({ about }) => about)).toBe(false)
            expect(order.at(-1)?.command.gone).toBe(survived ? undefined : 'died')
          },
        })
      }),
      { numRuns: 6 },
    )
  })

  test('lists a blocking read where its reply came, after the command that woke it', async () => {
    for (let time = 0; time < 30; time += 1) {
      const before = box.commands.length
      const [reader, writer] = [box.connect(), box.connect()]
      const list = token()
      const read = reader.blpop(list, 0)
      await box.admin.ping()
      while (Number(/blocked_clients:(\d+)/.exec(await box.admin.info('clients'))?.[1]) === 0);
      await writer.get(token())
      await writer.rpush(list, 'one')
      await read
      await reader.get(token())
      const names = inOrder(box.commands.slice(before)).map(({ command }) => command.name)
      expect(names).toEqual(['GET', 'RPUSH', 'BLPOP', 'GET'])
      for (const client of [reader, writer]) client.disconnect()
    }
  })
})
