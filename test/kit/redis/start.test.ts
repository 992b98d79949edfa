import { createServer } from 'node:http'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { BadPreferenceError, type RedisPreference, startRedis } from '../../../src/redis/index.ts'
import { need } from '../need.ts'
import { listening } from './decoys.ts'
import { pathWithServer, serverOfVersion } from './fake-server.ts'

/** Set explicitly, so that a container engine on this machine doesn't answer instead. */
const NO_ENGINE = { DOCKER_HOST: 'unix:///no/engine/here.sock' }
const NO_ENGINE_NOTICE =
  'No container engine responds at unix:///no/engine/here.sock (DOCKER_HOST). Continuing without it.'

async function start(env: NodeJS.ProcessEnv, preference?: RedisPreference) {
  const heard: string[] = []
  const redis = await startRedis(preference, { env, onNotice: (sentence) => heard.push(sentence) })
  onTestFinished(() => redis.stop())
  expect(redis.notices).toEqual(heard)
  const client = new Redis(redis.url)
  expect(await client.ping()).toBe('PONG')
  client.disconnect()
  return redis
}

describe('auto', () => {
  test('uses the embedded Redis if there is nothing else', async () => {
    const redis = await start({ PATH: '', ...NO_ENGINE })
    expect(redis.kind).toBe('embedded')
    expect(redis.notices).toEqual([NO_ENGINE_NOTICE])
  })

  need('redis-server').test('uses the installed redis-server if no container engine answers', async () => {
    const redis = await start({ PATH: process.env.PATH, ...NO_ENGINE })
    expect(redis.kind).toBe('binary')
  })

  need('container').test('uses a container if an engine answers and has the image', async () => {
    const redis = await start(process.env)
    expect(redis).toMatchObject({ kind: 'container', notices: [] })
  })

  test('continues with a notice when the engine has no image and cannot get it', async () => {
    const redis = await start({ PATH: '', DOCKER_HOST: await engineWithoutNetwork() })
    expect(redis.kind).toBe('embedded')
    expect(redis.notices).toEqual([
      'Downloading the image redis:8-alpine (only once) …',
      "Docker is running, but it doesn't have the image redis:8-alpine and can't download it (dial tcp: no such host). Continuing without it.",
    ])
  })

  test.skipIf(process.platform === 'win32')(
    'continues with a notice when redis-server is too old',
    async () => {
      const redis = await start({ ...(await pathWithServer(serverOfVersion('5.0.7'))), ...NO_ENGINE })
      expect(redis.kind).toBe('embedded')
      expect(redis.notices.at(-1)).toMatch(
        /redis-server is Redis 5\.0\.7, but the lessons need 7\.0 or newer\. Continuing without it\.$/,
      )
    },
  )
})

describe('EVENTLINGS_REDIS', () => {
  test('names the source if nothing else does', async () => {
    expect((await start({ PATH: process.env.PATH, EVENTLINGS_REDIS: 'embedded' })).kind).toBe('embedded')
  })

  test('is overridden by the command line', async () => {
    expect((await start({ EVENTLINGS_REDIS: 'redis://127.0.0.1:1' }, 'embedded')).kind).toBe('embedded')
  })

  test('is refused with a sentence when it makes no sense', async () => {
    await expect(startRedis(undefined, { env: { EVENTLINGS_REDIS: 'dokcer' } })).rejects.toThrow(
      BadPreferenceError,
    )
  })
})

async function engineWithoutNetwork(): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    if (url === '/_ping') response.end('OK')
    else if (url.startsWith('/images/create')) {
      response.statusCode = 500
      response.end(JSON.stringify({ message: 'Get "https://registry.example/v2/": dial tcp: no such host' }))
    } else {
      response.statusCode = 404
      response.end('{}')
    }
  })
  return `tcp://127.0.0.1:${await listening(server)}`
}
