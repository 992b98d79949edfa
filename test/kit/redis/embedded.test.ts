import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startRedis } from '../../../src/redis/index.ts'
import { until } from './decoys.ts'
import { pathWithServer, serverOfVersion } from './fake-server.ts'

async function embedded() {
  const redis = await startRedis('embedded')
  onTestFinished(() => redis.stop())
  return redis
}

describe('the embedded Redis', () => {
  test('exists on every machine, and says what it is and what it cannot do', async () => {
    const redis = await embedded()
    expect(redis).toMatchObject({
      kind: 'embedded',
      name: 'the embedded server',
      version: '7.0.15',
      notices: [],
    })
    expect(redis.description).toContain('embedded')
    expect(redis.has('real-server')).toBe(false)
  })

  test('says correctly which tasks are skipped, with and without an installed redis-server', async () => {
    const alone = await startRedis('embedded', { env: { PATH: '/nowhere' } })
    onTestFinished(() => alone.stop())
    expect(alone.limits).toContain('Tasks that need a real server are skipped.')
    expect([alone.has('own-server'), alone.has('cluster')]).toEqual([false, false])
    const beside = await startRedis('embedded', { env: await pathWithServer(serverOfVersion('7.0.15')) })
    onTestFinished(() => beside.stop())
    expect(beside.limits).toContain('Tasks that start their own servers use the redis-server on this machine')
    expect([beside.has('own-server'), beside.has('cluster')]).toEqual([true, true])
  })

  test('has the version that it reports in INFO', async () => {
    const redis = await embedded()
    const client = new Redis(redis.url)
    expect(await client.info('server')).toContain(`redis_version:${redis.version}`)
    client.disconnect()
  })

  test('does what the lessons are made of', async () => {
    const client = new Redis((await embedded()).url)
    await client.xadd('events', '*', 'type', 'OPENED')
    expect(await client.xlen('events')).toBe(1)
    expect(await client.eval('return redis.call("XLEN", KEYS[1])', 1, 'events')).toBe(1)
    expect(await client.multi().rpush('list', 'a').llen('list').exec()).toEqual([
      [null, 1],
      [null, 1],
    ])
    client.disconnect()
  })

  test('listens on loopback only', async () => {
    const { port } = new URL((await embedded()).url)
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ internal, family }) => !internal && family === 'IPv4')
    if (outside !== undefined) expect(await connects(outside.address, Number(port))).toBe(false)
    expect(await connects('127.0.0.1', Number(port))).toBe(true)
  })

  test('keeps working while this process is in an endless loop', async () => {
    const { url } = await embedded()
    const client = new Redis(url)
    await client.set('a', '1')
    const asked = client.get('a')
    const end = performance.now() + 200
    while (performance.now() < end) {
      // a learner's `while (true)`
    }
    expect(await asked).toBe('1')
    client.disconnect()
  })

  test('survives a client that breaks off in the middle of a command', async () => {
    const { url } = await embedded()
    const { port } = new URL(url)
    for (const half of ['*2\r\n$3\r\nGET', 'GET', '*1\r\n$-5\r\n']) {
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write(half, () => socket.resetAndDestroy()),
      )
      await new Promise((resolve) => socket.once('close', resolve))
    }
    const client = new Redis(url)
    expect(await client.ping()).toBe('PONG')
    client.disconnect()
  })

  test.each(['stop', 'crash'] as const)('is gone after %s, even when called twice', async (end) => {
    const redis = await embedded()
    await redis[end]()
    await redis[end]()
    const { port } = new URL(redis.url)
    await until(async () => !(await connects('127.0.0.1', Number(port))), 'the port is closed')
  })
})

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
