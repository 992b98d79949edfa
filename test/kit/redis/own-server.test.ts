import { existsSync } from 'node:fs'
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import {
  type OwnServerOptions,
  RedisUnavailableError,
  startCluster,
  startOwnServer,
} from '../../../src/redis/index.ts'
import { need } from '../need.ts'

const APPEND_ONLY = ['--appendonly', 'yes', '--appendfsync', 'always']

async function ownServer(options: OwnServerOptions) {
  const server = await startOwnServer(options)
  onTestFinished(() => server.stop())
  return server
}

async function once<T>(url: string, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url)
  try {
    return await ask(client)
  } finally {
    client.disconnect()
  }
}

need('redis-server').describe('a server of our own', () => {
  test('has its data again after a crash, with an append-only file', async () => {
    const server = await ownServer({ args: APPEND_ONLY })
    await once(server.url, (client) => client.rpush('events', 'a', 'b'))
    await server.crash()
    await server.restart()
    expect(await once(server.url, (client) => client.lrange('events', 0, -1))).toEqual(['a', 'b'])
  })

  test('has lost it after a crash, without persistence', async () => {
    const server = await ownServer({ args: ['--save', ''] })
    await once(server.url, (client) => client.set('a', '1'))
    await server.restart()
    expect(await once(server.url, (client) => client.get('a'))).toBeNull()
  })

  test('removes its own folder, but not a given one', async () => {
    const given = await mkdtemp(join(tmpdir(), 'eventlings-given-'))
    onTestFinished(() => rm(given, { recursive: true }))
    const theirs = await ownServer({ folder: given, args: APPEND_ONLY })
    const own = await ownServer({})
    await theirs.stop()
    await own.stop()
    expect(await readdir(given)).not.toEqual([])
    expect(existsSync(own.folder)).toBe(false)
  })

  test("starts on a copy of another server's data", async () => {
    const first = await ownServer({ args: APPEND_ONLY })
    await once(first.url, (client) => client.set('a', '1'))
    const copy = await mkdtemp(join(tmpdir(), 'eventlings-copy-'))
    onTestFinished(() => rm(copy, { recursive: true }))
    await cp(first.folder, copy, { recursive: true })
    const second = await ownServer({ folder: copy, args: APPEND_ONLY })
    expect(await once(second.url, (client) => client.get('a'))).toBe('1')
  })

  test('explains that it cannot start on broken data', async () => {
    const server = await ownServer({ args: ['--save', '60 1'] })
    await server.crash()
    await writeFile(join(server.folder, 'dump.rdb'), 'no such thing as a snapshot')
    await expect(server.restart()).rejects.toThrow(/^The server didn't start again: .+ Its data is in .+\.$/)
    await expect(server.restart()).rejects.toBeInstanceOf(RedisUnavailableError)
  })

  test('explains that a flag is unknown', async () => {
    await expect(startOwnServer({ args: ['--no-such-flag', 'x'] })).rejects.toThrow(
      /^redis-server didn't start: .+/,
    )
  })
})

need('redis-server').describe('a cluster of our own', () => {
  test('serves every slot from three nodes', async () => {
    const cluster = await startCluster()
    onTestFinished(() => cluster.stop())
    expect(new Set(cluster.nodes).size).toBe(3)
    const client = new Cluster([...cluster.nodes])
    const keys = Array.from({ length: 50 }, (_, index) => `stream:${index}`)
    await Promise.all(keys.map((key) => client.set(key, key)))
    expect(await Promise.all(keys.map((key) => client.get(key)))).toEqual(keys)
    client.disconnect()
    const sizes = await Promise.all(cluster.nodes.map((url) => once(url, (node) => node.dbsize())))
    expect(sizes.every((size) => size > 0)).toBe(true)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(keys.length)
  })
})

test('without redis-server both are refused with installation instructions', async () => {
  const env = { PATH: '' }
  await expect(startOwnServer({ env })).rejects.toThrow('Install Redis')
  await expect(startCluster({ env })).rejects.toThrow('Install Redis')
})
