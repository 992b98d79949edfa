import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  cleanSandbox,
  type RunningRedis,
  SANDBOX_MARKER,
  SandboxLostError,
  startRedis,
} from '../../../src/redis/index.ts'
import { askLease } from '../../../src/redis/sandbox.ts'
import { tinyRedis } from './decoys.ts'

let redis: RunningRedis
let client: Redis

beforeAll(async () => {
  redis = await startRedis('embedded')
  client = new Redis(redis.url)
})
afterAll(async () => {
  client.disconnect()
  await redis.stop()
})

const LIBRARY = "#!lua name=mine\nredis.register_function('one', function() return 1 end)"

test('our own server loses keys, scripts and functions, and has no marker', async () => {
  await client.set('a', '1')
  const sha = String(await client.script('LOAD', 'return 1'))
  await client.call('FUNCTION', 'LOAD', LIBRARY)
  await cleanSandbox(client, { kind: 'embedded' })
  expect(await client.keys('*')).toEqual([])
  expect(await client.script('EXISTS', sha)).toEqual([0])
  expect(await client.call('FUNCTION', 'LIST')).toEqual([])
})

test("a borrowed database loses its keys and keeps its marker; scripts and functions may be someone else's and stay", async () => {
  expect(await askLease(client, 'take', 'me')).toEqual({ kind: 'ours' })
  await client.set('a', '1')
  const sha = String(await client.script('LOAD', 'return 2'))
  await client.call('FUNCTION', 'LOAD', LIBRARY)
  await cleanSandbox(client, { kind: 'url', lease: 'me' })
  expect(await client.keys('*')).toEqual([SANDBOX_MARKER])
  expect(await client.script('EXISTS', sha)).toEqual([1])
  expect(await client.call('FUNCTION', 'LIST')).toHaveLength(1)
})

test('a borrowed database that another program has is not emptied', async () => {
  await askLease(client, 'release', 'me')
  await askLease(client, 'take', 'someone else')
  await client.set('theirs', '1')
  const cleaning = cleanSandbox(client, { kind: 'url', lease: 'me' })
  await expect(cleaning).rejects.toThrow(SandboxLostError)
  expect(await client.get('theirs')).toBe('1')
  await client.flushdb()
})

test('other databases are left alone', async () => {
  const beside = new Redis(`${redis.url}/1`)
  await beside.set('theirs', '1')
  await cleanSandbox(client, { kind: 'embedded' })
  await cleanSandbox(client, { kind: 'url', lease: 'me' })
  expect(await beside.get('theirs')).toBe('1')
  beside.disconnect()
})

test('a server that refuses to be emptied is an error', async () => {
  const port = await tinyRedis({ FLUSHDB: '-NOPERM this user has no permissions\r\n' })
  const locked = new Redis({ port, enableReadyCheck: false })
  await expect(cleanSandbox(locked, { kind: 'binary' })).rejects.toThrow('NOPERM')
  locked.disconnect()
})
