import { createServer as createHttpServer } from 'node:http'
import { createServer as createTlsServer } from 'node:tls'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../../src/common/free-port.ts'
import {
  parsePreference,
  RedisUnavailableError,
  type RunningRedis,
  SANDBOX_MARKER,
  startOwnServer,
  startRedis,
} from '../../../src/redis/index.ts'
import { need } from '../need.ts'
import { bulk, decoy, listening, tinyRedis } from './decoys.ts'
import { CERTIFICATE, KEY } from './self-signed.ts'
import { slowProxy } from './slow-proxy.ts'

async function refusal(
  url: string,
  onNotice: (sentence: string) => void = () => {},
): Promise<RedisUnavailableError> {
  try {
    await startRedis(parsePreference(url), { onNotice })
  } catch (error) {
    if (error instanceof RedisUnavailableError) return error
    throw error
  }
  throw new Error(`${url} was accepted.`)
}

/** Someone else's Redis, on any machine. */
async function lent(): Promise<{ port: string; client: (database: number) => Redis }> {
  const redis = await startRedis('embedded')
  onTestFinished(() => redis.stop())
  const { port } = new URL(redis.url)
  return {
    port,
    client(database) {
      const client = new Redis(`${redis.url}/${database}`)
      onTestFinished(() => client.disconnect())
      return client
    },
  }
}

/** Stops this whole process, as Ctrl-Z does. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

describe('a borrowed Redis', () => {
  test("isn't blamed for a reply that came while this program stood still", async () => {
    const { port } = await lent()
    const stoodAt: string[] = []
    const proxy = await slowProxy(Number(port), {
      onCommand(name) {
        if (stoodAt.length > 0) return
        stoodAt.push(name)
        standStill(5_500) // longer than the limit for everything
      },
    })
    const redis = await startRedis(parsePreference(`redis://127.0.0.1:${proxy}/3`))
    await redis.stop()
    expect(stoodAt).toHaveLength(1)
  })

  test('is accepted when the database is empty, and marked', async () => {
    const { port, client } = await lent()
    const redis = await startRedis(parsePreference(`redis://127.0.0.1:${port}/3`))
    expect(redis).toMatchObject({
      kind: 'url',
      url: `redis://127.0.0.1:${port}/3`,
      name: 'Redis 7.0.15',
      version: '7.0.15',
      description: `Redis 7.0 at 127.0.0.1:${port}, database 3`,
    })
    expect(redis.has('real-server')).toBe(false)
    expect(await client(3).keys('*')).toEqual([SANDBOX_MARKER])
    await redis.stop()
    expect(await client(3).get(SANDBOX_MARKER)).toBe('eventlings')
  })

  test('is accepted again with the data that our last visit left', async () => {
    const { port, client } = await lent()
    await (await startRedis(parsePreference(`redis://127.0.0.1:${port}/3`))).stop()
    await client(3).rpush('events:1', 'left over')
    await expect(startRedis(parsePreference(`redis://127.0.0.1:${port}/3`))).resolves.toMatchObject({
      kind: 'url',
    })
  })

  test("is refused and stays untouched when the database has someone else's data", async () => {
    const { port, client } = await lent()
    const theirs = client(0)
    await theirs.set('customers', '17')
    const { message } = await refusal(`redis://127.0.0.1:${port}`)
    expect(message).toBe(
      `Database 0 of 127.0.0.1:${port} has a key and isn't an eventlings sandbox, so it was left alone: checks empty their database. Put the number of an empty database at the end of the address, for example redis://127.0.0.1:${port}/15.`,
    )
    expect(await theirs.keys('*')).toEqual(['customers'])
  })

  test("accepts someone else's data in another database", async () => {
    const { port, client } = await lent()
    await client(0).set('customers', '17')
    await startRedis(parsePreference(`redis://127.0.0.1:${port}/1`))
    expect(await client(0).keys('*')).toEqual(['customers'])
  })

  test('keeps running after stop, and is not ours to crash', async () => {
    const { port, client } = await lent()
    const redis: RunningRedis = await startRedis(parsePreference(`redis://127.0.0.1:${port}/2`))
    await expect(redis.crash()).rejects.toThrow(`The Redis at 127.0.0.1:${port} isn't ours to crash.`)
    await redis.stop()
    expect(await client(2).ping()).toBe('PONG')
  })
})

describe('a bad address', () => {
  test('nothing listens', async () => {
    const port = await freePort()
    expect((await refusal(`redis://127.0.0.1:${port}`)).message).toBe(
      `Nothing is listening at 127.0.0.1:${port}. Start the Redis there or correct the address, or choose another source with \`--redis\`.`,
    )
  })

  test('the host does not exist', async () => {
    expect((await refusal('redis://no-such-host.invalid')).problem).toBe(
      `The host "no-such-host.invalid" can't be found.`,
    )
  })

  test('it is a web server', async () => {
    const port = await listening(createHttpServer())
    expect((await refusal(`redis://127.0.0.1:${port}`)).problem).toBe(
      `The server at 127.0.0.1:${port} doesn't reply like Redis.`,
    )
  })

  test('it is a server that speaks first', async () => {
    const port = await decoy((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'))
    expect((await refusal(`redis://127.0.0.1:${port}`)).problem).toContain("doesn't reply like Redis")
  })

  test('it closes the connection', async () => {
    const port = await decoy((socket) => socket.end())
    expect((await refusal(`redis://127.0.0.1:${port}`)).message).toMatch(
      /closes the connection without a reply, .* If it uses TLS, write rediss:/,
    )
  })

  test('it stays silent, which is reported at once and ends within seconds', async () => {
    const port = await decoy(() => {})
    const started = performance.now()
    const said: string[] = []
    const { problem } = await refusal(`redis://127.0.0.1:${port}`, (sentence) => said.push(sentence))
    expect([...said, problem]).toEqual([
      `Waiting for 127.0.0.1:${port} to answer …`,
      `127.0.0.1:${port} doesn't answer.`,
    ])
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  test.each([
    ['redis_version:6.2.14', /The Redis at .* is 6\.2\.14, but the lessons need 7\.0 or newer\./],
    ['redis_version:7.0.0\r\nredis_mode:cluster', /is a node of a cluster, which has only part of the keys/],
    ['redis_version:7.0.0\r\nredis_mode:sentinel', /is a Sentinel, which keeps no data/],
    ['something:else', /doesn't report a Redis version/],
  ])('its INFO says %j', async (info, sentence) => {
    const port = await tinyRedis({ INFO: bulk(`# Server\r\n${info}\r\n`) })
    expect((await refusal(`redis://127.0.0.1:${port}`)).message).toMatch(sentence)
  })

  test('its certificate is not trusted', async () => {
    const port = await listening(createTlsServer({ cert: CERTIFICATE, key: KEY }))
    expect((await refusal(`rediss://127.0.0.1:${port}`)).message).toMatch(
      /^The TLS certificate of 127\.0\.0\.1:\d+ isn't trusted \(self-signed certificate[^)]*\)\. .*NODE_EXTRA_CA_CERTS/,
    )
  })

  test('it does not use TLS', async () => {
    const port = await listening(createHttpServer())
    expect((await refusal(`rediss://127.0.0.1:${port}`)).message).toMatch(
      /doesn't use TLS\. Write redis:\/\/ instead/,
    )
  })
})

need('redis-server').describe('a real Redis with a password', () => {
  async function locked() {
    const server = await startOwnServer({
      args: ['--requirepass', 's:cret', '--databases', '4', '--save', ''],
    })
    onTestFinished(() => server.stop())
    return new URL(server.url).port
  }

  test('needs it, rejects a wrong one, and accepts the right one', async () => {
    const port = await locked()
    expect((await refusal(`redis://127.0.0.1:${port}/1`)).message).toBe(
      `The Redis at 127.0.0.1:${port} needs a password. Add it to the address: redis://:PASSWORD@127.0.0.1:${port}/1.`,
    )
    const wrong = await refusal(`redis://:hunter2@127.0.0.1:${port}/1`)
    expect(wrong.problem).toContain("doesn't accept the password in the address")
    expect(wrong.message).not.toContain('hunter2')
    const redis = await startRedis(parsePreference(`redis://:s%3Acret@127.0.0.1:${port}/1`))
    expect(redis.description).not.toContain('cret')
  })

  test('has a limited number of databases', async () => {
    const port = await locked()
    expect((await refusal(`redis://:s%3Acret@127.0.0.1:${port}/9`)).problem).toContain('has no database 9')
  })

  test('reports a password that it does not use', async () => {
    const server = await startOwnServer({ args: ['--save', ''] })
    onTestFinished(() => server.stop())
    expect((await refusal(server.url.replace('://', '://:hunter2@'))).problem).toMatch(
      /^The address has a password, but the Redis at 127\.0\.0\.1:\d+ doesn't use one\.$/,
    )
  })
})
