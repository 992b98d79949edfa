import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  cleanSandbox,
  markSandbox,
  type RunningRedis,
  SANDBOX_MARKER,
  startRedis,
} from '../../../src/redis/index.ts'
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

test('a server of ours loses keys and scripts of the database, and has no marker', async () => {
  await client.set('a', '1')
  const sha = String(await client.script('LOAD', 'return 1'))
  await cleanSandbox(client, 'embedded')
  expect(await client.keys('*')).toEqual([])
  expect(await client.script('EXISTS', sha)).toEqual([0])
})

test('a borrowed database loses its keys, keeps its marker, and the scripts of others stay', async () => {
  await markSandbox(client)
  await client.set('a', '1')
  const sha = String(await client.script('LOAD', 'return 2'))
  await cleanSandbox(client, 'url')
  expect(await client.keys('*')).toEqual([SANDBOX_MARKER])
  expect(await client.script('EXISTS', sha)).toEqual([1])
})

test('the databases beside the sandbox are left alone', async () => {
  const beside = new Redis(`${redis.url}/1`)
  await beside.set('theirs', '1')
  await cleanSandbox(client, 'url')
  await cleanSandbox(client, 'embedded')
  expect(await beside.get('theirs')).toBe('1')
  beside.disconnect()
})

test('a server without functions (before 7.0) is cleaned all the same', async () => {
  const port = await tinyRedis({ FUNCTION: "-ERR unknown command 'FUNCTION'\r\n" })
  const old = new Redis({ port, enableReadyCheck: false })
  await expect(cleanSandbox(old, 'binary')).resolves.toBeUndefined()
  old.disconnect()
})

test('a server that does not let itself be emptied is an error', async () => {
  const port = await tinyRedis({ FLUSHDB: '-NOPERM this user has no permissions\r\n' })
  const locked = new Redis({ port, enableReadyCheck: false })
  await expect(cleanSandbox(locked, 'binary')).rejects.toThrow('NOPERM')
  locked.disconnect()
})
