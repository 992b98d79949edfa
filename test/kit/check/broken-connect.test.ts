import net from 'node:net'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { setEnvironment } from '../../../src/check/kit/environment.ts'
import { allowAddress } from '../../../src/check/kit/guards/network.ts'
import { everyCrash, everyInterleaving, everyLostReply, useSandbox } from '../../../src/check/kit/index.ts'
import { closeSandbox } from '../../../src/check/kit/sandbox.ts'
import { findRedisServer } from '../../../src/redis/executables.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'
import { listening } from '../redis/decoys.ts'

let server: RunningRedis
let accepted = 0
let broken = 0
beforeAll(async () => {
  server = await startRedis(findRedisServer(process.env) === undefined ? 'embedded' : 'binary')
  setEnvironment({ url: server.url, kind: server.kind, has: [], allow: [] })
})
afterAll(async () => {
  closeSandbox()
  await server.stop()
})

/** Ends every second connection as soon as it's there. */
async function unsteady(): Promise<string> {
  const { hostname, port } = new URL(server.url)
  allowAddress(hostname, Number(port))
  const proxy = net.createServer((client) => {
    accepted += 1
    if (accepted % 2 === 0) {
      broken += 1
      client.destroy()
      return
    }
    const upstream = net.connect(Number(port), hostname)
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) socket.on('error', () => {})
  })
  const own = await listening(proxy)
  allowAddress('127.0.0.1', own)
  return `redis://127.0.0.1:${own}`
}

const box = useSandbox()
const script = (redis: Redis) => redis.eval(`return redis.call('SET', KEYS[1], '1')`, 1, 'k')

test("a connection that breaks as soon as the check opens it is not the answer's fault", async () => {
  setEnvironment({ url: await unsteady(), kind: server.kind, has: [], allow: [] })
  const before = broken
  const outcomes: unknown[] = []
  await everyCrash({ run: script, verify: ({ survived }) => void outcomes.push(survived) })
  await everyLostReply({ run: script, verify: ({ outcome }) => void outcomes.push(outcome.ok) })
  await everyInterleaving({
    first: script,
    second: script,
    verify: ({ first, second }) => void outcomes.push(first.ok && second.ok),
  })
  const [died, ...rest] = outcomes
  expect(died).toBe(false)
  expect(rest).not.toContain(false)
  expect(rest.length).toBeGreaterThan(3)
  expect(broken, 'some connections did break').toBeGreaterThan(before)
  expect(await box.admin.get('k')).toBe('1')
})
