import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keyReader } from '../../../src/check/kit/recorder/key-reader.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'

let server: RunningRedis
let client: Redis
let other: Redis
beforeAll(async () => {
  server = await startRedis()
  client = new Redis(server.url)
  other = new Redis(server.url)
})
afterAll(async () => {
  client.disconnect()
  other.disconnect()
  await server.stop()
})

test("a key that goes away between its type and its content isn't there", async () => {
  const keys = ['string', 'hash', 'set', 'zset', 'list', 'stream', 'empty']
  await other.set('string', 'token')
  await other.hset('hash', 'field', 'value')
  await other.sadd('set', 'member')
  await other.zadd('zset', 1, 'member')
  await other.rpush('list', 'item')
  await other.xadd('stream', '1-0', 'field', 'value')
  await other.set('empty', '')
  const reader = keyReader(client, () => 0)
  expect([...(await reader.read(keys)).keys()]).toEqual(keys)

  const pipeline = client.pipeline.bind(client)
  let asked = 0
  client.pipeline = (...args) => {
    const made = pipeline(...args)
    const exec = made.exec.bind(made)
    made.exec = async () => {
      asked += 1
      if (asked === 2) await other.del(...keys.slice(0, -1))
      return await exec()
    }
    return made
  }
  expect([...(await reader.read(keys))]).toEqual([
    ['empty', { key: 'empty', type: 'string', value: { s: '' } }],
  ])
})
