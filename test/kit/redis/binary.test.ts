import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { freePort } from '../../../src/common/free-port.ts'
import { startBinary } from '../../../src/redis/binary.ts'
import { RedisUnavailableError, startRedis } from '../../../src/redis/index.ts'
import { need } from '../need.ts'
import { decoy } from './decoys.ts'
import { pathWithServer, serverOfVersion } from './fake-server.ts'

need('redis-server').describe('the installed redis-server', () => {
  test('runs without persistence in its own folder, which is deleted with it', async () => {
    const redis = await startRedis('binary')
    onTestFinished(() => redis.stop())
    expect(redis).toMatchObject({ kind: 'binary', limits: undefined, notices: [] })
    expect(redis.description).toMatch(/^(Redis|Valkey) \d+\.\d+ \((redis|valkey)-server on this machine\)$/)
    expect(redis.has('real-server') && redis.has('cluster')).toBe(true)

    const client = new Redis(redis.url)
    expect(await client.config('GET', 'save')).toEqual(['save', ''])
    expect(await client.config('GET', 'appendonly')).toEqual(['appendonly', 'no'])
    expect(await client.config('GET', 'bind')).toEqual(['bind', '127.0.0.1'])
    expect(await client.info('server')).toContain(`_version:${redis.version}`)
    const [, folder = ''] = (await client.config('GET', 'dir')) as string[]
    client.disconnect()
    expect(existsSync(folder)).toBe(true)
    await redis.stop()
    expect(existsSync(folder)).toBe(false)
  })

  test('uses another port when the free one is taken in between', async () => {
    const taken = await decoy(() => {})
    const ports = [taken, taken, await freePort()]
    const redis = await startBinary(process.env, async () => ports.shift() ?? 0)
    onTestFinished(() => redis.stop())
    expect(ports).toEqual([])
    expect(redis.url).not.toContain(`${taken}`)
  })

  test('gives up with a sentence when every port is taken', async () => {
    const taken = await decoy(() => {})
    await expect(startBinary(process.env, async () => taken)).rejects.toThrow(
      /redis-server tried 5 free ports, but each was already in use by then\. Try again, or use `--redis embedded`\./,
    )
  })

  test('is killed by crash', async () => {
    const redis = await startRedis('binary')
    const client = new Redis(redis.url, { retryStrategy: () => null })
    client.on('error', () => {})
    await client.ping()
    const ended = new Promise((resolve) => client.once('end', resolve))
    await redis.crash()
    await ended
    await redis.stop()
  })
})

describe.skipIf(process.platform === 'win32')('an unusable redis-server', () => {
  test.each(['5.0.14', '6.0.16'])('as old as %s is refused and ended', async (version) => {
    const env = await pathWithServer(serverOfVersion(version))
    await expect(startRedis('binary', { env })).rejects.toThrow(
      new RegExp(
        `redis-server is Redis ${version}, but the lessons need 7\\.0 or newer\\. Install a newer Redis`,
      ),
    )
  })

  test('too old to write its version first is refused', async () => {
    const env = await pathWithServer(
      `console.log('The server is now ready to accept connections on port 1'); setInterval(() => {}, 1000)`,
    )
    await expect(startRedis('binary', { env })).rejects.toThrow('too old to report its version')
  })

  test('that exits immediately is reported with its own last words', async () => {
    const env = await pathWithServer(
      `console.log('1:M 21 Nov 2026 08:33:24.116 # Out of luck'); process.exit(1)`,
    )
    await expect(startRedis('binary', { env })).rejects.toThrow(
      /^redis-server didn't start: Out of luck\. Run `.*redis-server` on its own to see more, or use `--redis embedded`\.$/,
    )
  })

  test('leaves no folder behind', async () => {
    const temporary = await mkdtemp(join(tmpdir(), 'eventlings-empty-'))
    onTestFinished(() => rm(temporary, { recursive: true }))
    vi.stubEnv('TMPDIR', temporary)
    onTestFinished(() => {
      vi.unstubAllEnvs()
    })
    const env = await pathWithServer('process.exit(1)')
    await expect(startRedis('binary', { env })).rejects.toThrow('It exited immediately without a message.')
    expect(readdirSync(temporary).filter((name) => name.startsWith('eventlings-redis-'))).toEqual([])
  })
})

test('without one on the PATH, binary is refused with how to install it', async () => {
  const refusal = startRedis('binary', { env: { PATH: '' } })
  await expect(refusal).rejects.toBeInstanceOf(RedisUnavailableError)
  await expect(refusal).rejects.toMatchObject({
    kind: 'binary',
    problem: 'Neither redis-server nor valkey-server is on the PATH.',
    remedy: expect.stringContaining('apt install redis-server'),
  })
})
