import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { expect, onTestFinished } from 'vitest'
import { need } from '../need.ts'
import { descendants } from '../processes.ts'
import { slowProxy } from '../redis/slow-proxy.ts'
import { type StoppableServer, stoppableServer } from '../redis/stoppable-server.ts'
import { fixtureRoot, openFixture, SLUG, spelledOut } from './fixture-course.ts'

const { describe } = need('redis-server')
const right = await readFile(join(fixtureRoot, 'solutions', `${SLUG}.ts`), 'utf8')
const wrong = right.replace("redis.call('RPUSH', KEYS[2], ARGV[1])", '')

interface Disturbed {
  readonly server: StoppableServer
  readonly said: readonly string[]
  check(answer: string): ReturnType<Awaited<ReturnType<typeof openFixture>>['check']>
}

/** A check on a server to which something happens at the answer's first EVAL, or at each of its replies. */
async function disturbed(
  what: {
    readonly delay?: number
    readonly args?: readonly string[]
    atFirst?(server: StoppableServer): Promise<void> | undefined
    onNotice?(server: StoppableServer, sentence: string): void
  } = {},
): Promise<Disturbed> {
  const server = await stoppableServer(what.args)
  let isFirst = true
  const port = await slowProxy(server.port, {
    delay: what.delay ?? 0,
    async onCommand(name, bytes) {
      // The check has its own scripts; the answer's is the one that appends.
      if (name !== 'EVAL' || !bytes.includes('XLEN') || !isFirst) return
      isFirst = false
      await what.atFirst?.(server)
    },
  })
  const said: string[] = []
  const fixture = await openFixture(`redis://127.0.0.1:${port}/0`, (sentence) => {
    said.push(sentence)
    what.onNotice?.(server, sentence)
  })
  onTestFinished(async () => {
    server.wake()
    await fixture.close()
  })
  return { server, said, check: (answer) => fixture.check(answer) }
}

const wakeWhenTold = (server: StoppableServer, sentence: string) => {
  if (sentence.includes("isn't answering")) server.wake()
}
const pause = async (server: StoppableServer) => server.pause()
const FULL = ['CONFIG', 'SET', 'maxmemory', '100000']
const TOLD = ["Redis isn't answering. Waiting for it …", 'Redis is answering again.']

function isWorker(pid: number): boolean {
  const ps = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
  return ps.stdout.includes('--max-old-space-size')
}

/** What another client does to the server. */
async function configure(server: StoppableServer, ...words: string[]): Promise<void> {
  const client = new Redis(server.port, { enableReadyCheck: false })
  await client.call(words[0] ?? '', ...words.slice(1))
  client.disconnect()
}

describe("nothing the server does is the learner's fault", () => {
  const { test } = need('redis-server')

  test('it falls silent in the middle of a command, then resumes', async () => {
    const { check, said } = await disturbed({ atFirst: pause, onNotice: wakeWhenTold })
    const result = await check(right)
    expect([result.passed, spelledOut(result)]).toEqual([true, ''])
    expect(said).toEqual(TOLD)
  })

  test('it falls silent before the first test', async () => {
    const { check, said, server } = await disturbed({ onNotice: wakeWhenTold })
    server.pause()
    expect((await check(right)).passed).toBe(true)
    expect(said).toEqual(TOLD)
  })

  test("it is busy with another client's script before the first test", async () => {
    let ended: Promise<void> | undefined
    const { check, server } = await disturbed({
      args: ['--busy-reply-threshold', '50'],
      onNotice(server, sentence) {
        if (sentence.includes("isn't answering")) ended = configure(server, 'SCRIPT', 'KILL')
      },
    })
    const other = new Redis(server.port, { enableReadyCheck: false })
    const script = other.eval('while true do end', 0).catch((error: Error) => error.message)
    const asking = new Redis(server.port, { enableReadyCheck: false })
    while (!(await asking.ping().catch(String)).includes('BUSY')) {}
    expect((await check(right)).passed).toBe(true)
    await ended
    expect(await script).toContain('Script killed')
    for (const client of [other, asking]) client.disconnect()
  })

  test('a test that failed while it was silent runs again', async () => {
    const impatient = `${right.replace('export async function append', 'async function eventually')}
export async function append(redis: Redis, key: string, value: string, expected: number): Promise<void> {
  const late = new Promise<never>((_, no) => setTimeout(no, 400, new Error('too late')).unref())
  await Promise.race([eventually(redis, key, value, expected), late])
}`
    const { check, said } = await disturbed({ atFirst: pause, onNotice: wakeWhenTold })
    const result = await check(impatient)
    expect([result.passed, spelledOut(result)]).toEqual([true, ''])
    expect(said.at(-1)).toBe('Redis stopped answering in the middle of a test, so the check starts over.')
  })

  test('it is slow: the verdicts are the same', async () => {
    const { check } = await disturbed({ delay: 40 })
    expect((await check(right)).passed).toBe(true)
    expect(spelledOut(await check(wrong))).toContain('left the event in one place of two')
  })

  test('its memory is full, or it becomes a replica, so there is no verdict', async () => {
    const full = await disturbed({ atFirst: (server) => configure(server, ...FULL) })
    await expect(full.check(right)).rejects.toThrow('refused a write because its memory is full')
    const replica = await disturbed({ atFirst: (server) => configure(server, 'REPLICAOF', '127.0.0.1', '1') })
    await expect(replica.check(right)).rejects.toMatchObject({
      name: 'RedisTroubleError',
      message: expect.stringContaining('a read-only replica now'),
    })
  })

  test('the process of the check is killed from outside, so there is no verdict', async () => {
    const { check } = await disturbed({
      async atFirst() {
        for (const pid of descendants(process.pid).filter(isWorker)) process.kill(pid, 'SIGKILL')
      },
    })
    await expect(check(wrong)).rejects.toMatchObject({
      name: 'BrokenCheckError',
      message: expect.stringContaining('its process was killed from outside (`SIGKILL`)'),
    })
  })

  test('it evicts keys, so there is no verdict', async () => {
    const { check } = await disturbed({
      args: ['--maxmemory-policy', 'allkeys-random'],
      atFirst: (server) => configure(server, ...FULL),
    })
    await expect(check(right)).rejects.toThrow('Redis evicted keys during the check')
  })

  test('it is killed, or restarted without its data, so there is no verdict', async () => {
    const killed = await disturbed({ atFirst: async (server) => server.kill() })
    await expect(killed.check(right)).rejects.toMatchObject({ name: 'RedisGoneError' })
    const restarted = await disturbed({ atFirst: (server) => server.restartEmpty() })
    await expect(restarted.check(wrong)).rejects.toMatchObject({
      name: 'RedisGoneError',
      message: expect.stringContaining('was restarted in the middle of the check'),
    })
  })
})
