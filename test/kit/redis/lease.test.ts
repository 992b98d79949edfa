import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import {
  parsePreference,
  type RunningRedis,
  SANDBOX_MARKER,
  SandboxLostError,
  startRedis,
} from '../../../src/redis/index.ts'
import { need } from '../need.ts'
import { plainProgram } from '../plain-program.ts'
import { until } from './decoys.ts'
import { stoppableServer } from './stoppable-server.ts'

const heldRedis = await plainProgram(path.join(import.meta.dirname, 'held-redis.ts'))
let server: RunningRedis
let admin: Redis
let url: string
beforeAll(async () => {
  server = await startRedis('embedded')
  url = `${server.url}/3`
  admin = new Redis(url)
})
afterAll(async () => {
  admin.disconnect()
  await server.stop()
})
beforeEach(async () => {
  await admin.flushdb()
})

async function take(): Promise<RunningRedis> {
  const redis = await startRedis(parsePreference(url))
  onTestFinished(() => redis.stop())
  return redis
}

/** A separate program that has the database: it can be killed, or stopped like a closed laptop. */
async function takenByProgram(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [heldRedis, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })
  await new Promise((resolve) => lines.once('line', resolve))
  return child
}

/** What a program that was stopped or killed long ago leaves behind: an expired lease. */
async function ranOut(): Promise<void> {
  const [name, token] = (await admin.get(SANDBOX_MARKER))?.split(' ') ?? []
  await admin.set(SANDBOX_MARKER, `${name} ${token} 1`)
}

describe('a borrowed database', () => {
  test('is refused to the second of two programs, with the number of another database', async () => {
    await takenByProgram()
    await expect(startRedis(parsePreference(url))).rejects.toThrow(
      /^Another eventlings program is using database 3 of 127\.0\.0\.1:\d+, and the two would delete each other's data\. Wait until that program has ended, or put the number of another database at the end of the address, for example redis:\/\/127\.0\.0\.1:\d+\/15\.$/,
    )
  })

  test('is taken by one of two programs that come at the same moment', async () => {
    const both = await Promise.allSettled([take(), take()])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  need('redis-server').test('is free again immediately, even if Redis is full by then', async () => {
    const { url } = await stoppableServer()
    const client = new Redis(url)
    onTestFinished(() => client.disconnect())
    const first = await startRedis(parsePreference(url))
    await client.set('a', '1')
    await client.config('SET', 'maxmemory', '1')
    await first.stop()
    expect(await client.dbsize()).toBe(0)
    await client.config('SET', 'maxmemory', '0')
    const said: string[] = []
    const next = await startRedis(parsePreference(url), { onNotice: (sentence) => said.push(sentence) })
    await next.stop()
    expect(said.filter((sentence) => !sentence.startsWith('Waiting for'))).toEqual([])
  })

  test('is free again immediately when the program ends normally', async () => {
    await (await startRedis(parsePreference(url))).stop()
    expect(await admin.get(SANDBOX_MARKER)).toBe('eventlings')
    await take()
  })

  test('is taken while the program that has it ends', async () => {
    const first = await startRedis(parsePreference(url))
    const waited: string[] = []
    const second = startRedis(parsePreference(url), {
      onNotice(sentence) {
        if (sentence.startsWith('Waiting for')) return // on a machine that's slow to connect
        waited.push(sentence)
        void first.stop()
      },
    })
    await (await second).stop()
    expect(waited).toEqual([expect.stringContaining('Another program may be using database 3')])
  })

  test('is free again soon after the program was killed', async () => {
    const program = await takenByProgram()
    program.kill('SIGKILL')
    await take()
  })

  test('goes to the next program when its owner is stopped, and the owner notices', async () => {
    const first = await take()
    await ranOut()
    const second = await startRedis(parsePreference(url))
    await admin.set('theirs', '1')
    await expect(first.confirm?.()).rejects.toThrow(SandboxLostError)
    await first.stop()
    expect(await admin.get('theirs')).toBe('1')
    await second.confirm?.()
    await second.stop()
  })

  test('is lost to a stopped program even if the next one has come and gone', async () => {
    const first = await take()
    await ranOut()
    await (await take()).stop()
    await expect(first.confirm?.()).rejects.toThrow(SandboxLostError)
  })

  test('stays with a long-stopped program if no other came', async () => {
    const redis = await take()
    await ranOut()
    await redis.confirm?.()
    expect(await admin.get(SANDBOX_MARKER)).not.toMatch(/ 1$/)
  })

  test('stays with its program when an answer deletes the marker along with everything else', async () => {
    const redis = await take()
    await admin.flushdb()
    await redis.confirm?.()
    await expect(startRedis(parsePreference(url))).rejects.toThrow('Another eventlings program')
  })

  test('is kept by an idle program', async () => {
    await take()
    const before = await admin.get(SANDBOX_MARKER)
    await until(async () => (await admin.get(SANDBOX_MARKER)) !== before, 'the lease is kept')
  })

  test('keeps no program alive', async () => {
    const child = spawn(process.execPath, [heldRedis, url, 'return'], { stdio: 'inherit' })
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0)
  })
})
