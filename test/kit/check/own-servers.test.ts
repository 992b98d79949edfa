import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { createInterface } from 'node:readline'
import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openChecker } from '../../../src/check/index.ts'
import { countLeftOpen, disconnectGuests } from '../../../src/check/kit/connections.ts'
import { setEnvironment } from '../../../src/check/kit/environment.ts'
import { forgetViolations, violation } from '../../../src/check/kit/guards/violations.ts'
import { call, type OwnServer, passesOnRefusedWrite, useSandbox } from '../../../src/check/kit/index.ts'
import { asCaller, newCaller } from '../../../src/check/kit/races/callers.ts'
import { sentCommands } from '../../../src/check/kit/recorder/recording.ts'
import { closeSandbox } from '../../../src/check/kit/sandbox.ts'
import { diskProblem } from '../../../src/check/kit/servers/disk-room.ts'
import { serverTrouble } from '../../../src/check/kit/servers/servers.ts'
import { until } from '../../../src/check/kit/servers/until.ts'
import { everyTick } from '../../../src/check/kit/silence/pulse.ts'
import { orderOf } from '../../../src/check/worker/recorder.ts'
import { fateOf, stepsOf } from '../../../src/check/worker/steps-of.ts'
import { loadCourse } from '../../../src/course/index.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'
import { need } from '../need.ts'

const APPEND_ONLY = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'always']
const source = new URL('../../../src/check/kit/servers', import.meta.url).href

need('redis-server').describe("servers of a suite's own", () => {
  let sandbox: RunningRedis
  beforeAll(async () => {
    sandbox = await startRedis('binary')
    setEnvironment({ url: sandbox.url, kind: sandbox.kind, has: ['own-server', 'cluster'], allow: [] })
  })
  afterAll(async () => {
    closeSandbox()
    await sandbox.stop()
  })
  const box = useSandbox()
  let earlier: OwnServer

  test('a server killed in mid-write still has everything it acknowledged', async () => {
    const server = await box.startServer({ args: APPEND_ONLY })
    earlier = server
    const redis = server.connect()
    let acknowledged = 0
    const error = await call('write', async () => {
      for (;;) {
        const answer = await redis.rpush('events', 'x').catch((why: Error) => why)
        if (answer instanceof Error) return answer
        acknowledged = answer
        if (acknowledged === 300) void server.crash()
      }
    })
    expect(error.message).toMatch(/max retries .+ 4/) // ioredis's own 20 take too long on a starved machine
    await server.restart()
    // Commands in flight may have been written but not answered.
    expect((await server.admin.llen('events')) - acknowledged).toBeOneOf([0, 1])
    const sent = box.commands.filter(({ name }) => name === 'RPUSH')
    expect(sent.length).toBeGreaterThanOrEqual(300)
    // Not `lost`, which says that the server executed it: it may have died before.
    expect(sent.map(fateOf).slice(-2)).toEqual(['answered', 'cut'])
  })

  test('nothing connects to one that was killed, even if its port is taken', async () => {
    const server = await box.startServer()
    const redis = server.connect()
    expect(await redis.ping()).toBe('PONG')
    await server.crash()
    let connections = 0
    const taker = net.createServer((socket) => {
      connections += 1
      socket.destroy()
    })
    taker.listen(Number(new URL(server.url).port), '127.0.0.1')
    await once(taker, 'listening')
    await expect(redis.rpush('events', 'x')).rejects.toThrow(/max retries/)
    expect(connections).toBe(0)
    taker.close()
    await server.restart()
    expect(await redis.ping()).toBe('PONG')
  })

  test("it is gone after its test, and the learner's code can no longer get there", async () => {
    expect(existsSync(earlier.folder)).toBe(false)
    await expect(once(net.connect(Number(new URL(earlier.url).port)), 'connect')).rejects.toThrow(
      'a connection of its own',
    )
    expect(violation()?.sentence).toContain('a connection of its own')
    await box.startServer().then(async ({ url }) => {
      const own = new Redis(url)
      expect(await own.ping()).toBe('PONG')
      own.disconnect()
    })
    forgetViolations()
  })

  test('when one refuses to write, that error has to reach the caller', async () => {
    const add = (redis: Redis) => redis.xadd('s', '*', 'f', 'v')
    const passesOn = (run: (redis: Redis) => Promise<unknown>) =>
      passesOnRefusedWrite({
        name: 'write',
        prepare: add,
        run,
        why: 'The caller has to know.',
        never: RangeError,
      })
    await passesOn(async (redis) => {
      expect(await redis.xlen('s')).toBe(1)
      await add(redis)
    })
    await passesOn((redis) =>
      add(redis).catch((cause: unknown) => Promise.reject(new Error('not written', { cause }))),
    )
    const refused = 'Redis refused to write because it had no replica (`NOREPLICAS`), and `write`'
    const expected = 'Expected it to reject with the error from Redis. The caller has to know.'
    await expect(passesOn((redis) => add(redis).catch(() => []))).rejects.toThrow(
      `${refused} returned \`[]\`. ${expected}`,
    )
    const inAnother = (redis: Redis) =>
      add(redis).catch((cause: unknown) => Promise.reject(new RangeError('conflict', { cause })))
    await expect(passesOn(inAnother)).rejects.toThrow(
      `${refused} rejected with a different error (\`RangeError\`). ${expected}`,
    )
    const unread = (redis: Redis) => redis.pipeline().xadd('s', '*', 'f', 'v').exec()
    await expect(passesOn(unread)).rejects.toThrow('so check each reply')
  })

  test('a second server starts on the data of the first', async () => {
    const first = await box.startServer({ args: APPEND_ONLY })
    await first.admin.set('a', '1')
    await first.crash()
    const second = await box.startServer({ args: APPEND_ONLY, folder: first.folder })
    expect(await second.admin.get('a')).toBe('1')
  })

  test('commands to a cluster are recorded, its internal ones are not, and FLUSHALL never gets there', async () => {
    const cluster = await box.startCluster()
    const redis = await cluster.connect()
    await call('write', async () => {
      for (const key of ['a', 'b', 'c', 'd']) await redis.set(key, key)
    })
    expect(box.commands.map(({ name, args, reply }) => [name, args[0], reply])).toEqual(
      ['a', 'b', 'c', 'd'].map((key) => ['SET', key, 'OK']),
    )
    await expect(redis.flushall()).rejects.toThrow('Your code sent `FLUSHALL`')
    expect(await cluster.admin.get('a')).toBe('a')
    expect(countLeftOpen()).toBe(0)
    forgetViolations()
  })

  test('a slot moves while it is being written to', async () => {
    const cluster = await box.startCluster()
    expect(await cluster.admin.get('a')).toBeNull() // emptied after the last test
    const redis = await cluster.connect()
    const from = await cluster.nodeOf('log')
    const to = (from + 1) % 3
    for (let i = 0; i < 10; i += 1) await redis.rpush('log', i)
    let moving = true
    const writing = call('write', async () => {
      let written = 10
      while (moving) written = await redis.rpush('log', written)
      return written
    })
    await cluster.moveSlot(await cluster.slotOf('log'), to, async () => {
      const length = await cluster.admin.llen('log')
      while ((await cluster.admin.llen('log')) < length + 10) await cluster.admin.ping()
    })
    moving = false
    const written = await writing
    expect(await cluster.nodeOf('log')).toBe(to)
    expect(await cluster.nodeAdmins[to]?.llen('log')).toBe(written)
    expect((await cluster.admin.lrange('log', 0, -1)).map(Number)).toEqual(
      Array.from({ length: written }, (_, i) => i),
    )
    expect(box.commands.every((command) => command.error === undefined)).toBe(true)
  })

  test('a slot moves in two parts', async () => {
    const cluster = await box.startCluster()
    for (const key of ['{s}a', '{s}b', '{s}c']) await cluster.admin.set(key, key)
    const slot = await cluster.slotOf('{s}a')
    const from = await cluster.nodeOf('{s}a')
    const to = (from + 1) % 3
    const keysOn = async (node: number) => {
      const keys = await cluster.nodeAdmins[node]?.call('CLUSTER', 'GETKEYSINSLOT', slot, 10)
      return (keys as string[]).sort()
    }
    const seen: string[][] = []
    await cluster.moveSlot(slot, to, undefined, {
      first: ['{s}a', '{s}c'],
      run: async () => {
        seen.push(await keysOn(from), await keysOn(to))
      },
    })
    expect(seen).toEqual([['{s}b'], ['{s}a', '{s}c']])
    expect([await keysOn(from), await keysOn(to)]).toEqual([[], ['{s}a', '{s}b', '{s}c']])
    expect(await cluster.nodeOf('{s}a')).toBe(to)
  })

  test('an ASKING is in the lane of the command that was redirected', async () => {
    const cluster = await box.startCluster()
    const redis = await cluster.connect()
    await cluster.admin.set('{s}a', 'there')
    const to = ((await cluster.nodeOf('{s}a')) + 1) % 3
    let other = 'a'
    while ((await cluster.nodeOf(other)) !== to) other += 'a'
    const [first, second] = [newCaller('first'), newCaller('second')]
    await asCaller(second, () => redis.get(other)) // so that the connection to that node is the other caller's
    await cluster.moveSlot(await cluster.slotOf('{s}a'), to, undefined, {
      first: ['{s}a'],
      run: async () => expect(await asCaller(first, () => redis.get('{s}a'))).toBe('there'),
    })
    const { steps, lanes } = stepsOf(orderOf(sentCommands(), [], []).log)
    expect(lanes.map(({ role }) => role)).toEqual(['first reader', 'second reader'])
    expect(
      steps.map((step) => step.kind === 'command' && [step.lane, ...step.args.map(({ s }) => s)]),
    ).toEqual([
      [2, 'GET', other],
      [1, 'ASKING'],
      [1, 'GET', '{s}a'],
    ])
  })

  test("a cluster client that the learner's code makes itself is closed and counted", async () => {
    const { nodes } = await box.startCluster()
    const own = new Cluster([...nodes])
    await own.set('a', '1')
    disconnectGuests(true)
    expect(countLeftOpen()).toBe(1)
    expect(own.status).not.toBe('ready')
  })

  test('they end with a suite that is killed', async () => {
    const script = `import { askServers } from '${source}/servers.ts'
const { urls, folder } = await askServers({ what: 'server', args: [] })
console.log(JSON.stringify({ port: Number(new URL(urls[0]).port), folder }))
setInterval(() => {}, 1000)`
    const suite = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface({ input: suite.stdout }), 'line')) as [string]
    const { folder } = JSON.parse(line) as { folder: string }
    expect(existsSync(folder)).toBe(true)
    suite.kill('SIGKILL')
    while (existsSync(folder)) await new Promise((resolve) => setTimeout(resolve, 20))
  })
})

test("if a server can't start, the answer gets no verdict", async () => {
  const redis = await startRedis('embedded')
  vi.stubEnv('TMPDIR', '/nowhere')
  const checker = await openChecker({ course: await loadCourse(), redis })
  await expect(checker.check('24-durability', { kind: 'solution' })).rejects.toMatchObject({
    name: 'RedisTroubleError',
    exitCode: 3,
    message: expect.stringMatching(
      /^The check couldn't use a server of its own \(\/nowhere\/\S+: it doesn't exist\), so your answer wasn't judged/,
    ),
  })
  await checker.close()
  vi.unstubAllEnvs()
  await redis.stop()
})

test("what a server never does is trouble with the servers, and stops the answer's clock", async () => {
  const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
  const looks = [false, false, true]
  await until(async () => looks.shift() === true, 'no third look', 2)
  expect(await serverTrouble()).toBeUndefined()
  let clock = 0
  const stop = everyTick((ms) => {
    clock += ms
  })
  const never = until(() => nextTurn().then(() => false), "a replica didn't get its primary's data", 2)
  await expect(never).rejects.toThrow("a replica didn't get its primary's data")
  stop()
  expect(clock).toBe(0)
  expect(await serverTrouble()).toBe("a replica didn't get its primary's data")
})

test('a disk without room for their data is reported', async () => {
  const disk = (bavail: number) => async () => ({ bavail, bsize: 4096 })
  expect(await diskProblem(disk(1024))).toBeUndefined()
  expect(await diskProblem(disk(10))).toBe(`the disk with ${tmpdir()} has only 40 kB left`)
})

test('tasks that need one are skipped with a reason on a machine without redis-server', async () => {
  const redis = await startRedis('embedded', { env: { ...process.env, PATH: '' } })
  const checker = await openChecker({ course: await loadCourse(), redis })
  const { passed, tasks } = await checker.check('24-durability', { kind: 'solution' })
  await checker.close()
  await redis.stop()
  expect(tasks.map(({ state, reason }) => [state, reason])).toEqual([
    ['passed', undefined],
    ['skipped', 'needs redis-server on this machine, to start its own server and kill it'],
    ['skipped', 'needs redis-server on this machine, to start its own server and kill it'],
    ['passed', undefined],
  ])
  expect(passed).toBe(true)
})
