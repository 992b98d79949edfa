import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { callEngine, findEngine } from '../../../src/redis/container-engine.ts'
import { pullImage } from '../../../src/redis/container-image.ts'
import { startRedis } from '../../../src/redis/index.ts'
import { need } from '../need.ts'
import { decoy, listening } from './decoys.ts'
import { type Container, containers, post, requiredEngine } from './engine-calls.ts'

need('container').describe('Redis in a container', () => {
  test('starts, answers, and is gone after stop', async () => {
    const redis = await startRedis('container')
    onTestFinished(() => redis.stop())
    expect(redis.description).toMatch(/^(Redis|Valkey) \d+\.\d+ in a container$/)
    expect(redis).toMatchObject({ kind: 'container', limits: undefined })
    expect(redis.has('real-server')).toBe(true)

    const client = new Redis(redis.url, { retryStrategy: () => null })
    client.on('error', () => {})
    expect(await client.info('server')).toContain(`_version:${redis.version}`)
    const ended = new Promise((resolve) => client.once('end', resolve))
    await redis.stop()
    await ended
    await redis.stop()
  })

  test('is published on loopback only', async () => {
    const redis = await startRedis('container')
    onTestFinished(() => redis.stop())
    expect(new URL(redis.url).hostname).toBe('127.0.0.1')
    const ours = (await containers(await requiredEngine())).filter((each) => publishes(each, redis.url))
    expect(ours.flatMap(({ Ports = [] }) => Ports).map(({ IP }) => IP)).toEqual(['127.0.0.1'])
  })

  test('an image of another program is refused, and nothing is left running', async () => {
    const target = await requiredEngine()
    const redis = await startRedis('container')
    onTestFinished(() => redis.stop())
    const [ours] = (await containers(target)).filter((container) => publishes(container, redis.url))
    const image = `localhost/eventlings-test-${process.pid}:ends-at-once`
    const query = new URLSearchParams({
      container: ours?.Id ?? '',
      repo: image.slice(0, image.lastIndexOf(':')),
      tag: 'ends-at-once',
      changes: 'ENTRYPOINT ["redis-server", "--version"]',
    })
    expect(await post(target, `/commit?${query}`, {})).toBe(201)
    onTestFinished(async () => {
      await callEngine(target.address, 'DELETE', `/images/${image}?force=true`, { timeout: 30_000 })
    })
    await expect(
      startRedis('container', { env: { ...process.env, EVENTLINGS_IMAGE: image } }),
    ).rejects.toThrow(
      `The image ${image} isn't a Redis image: its container started but never accepted connections.`,
    )
    const left = await containers(target, { all: 'true', filters: JSON.stringify({ ancestor: [image] }) })
    expect(left).toEqual([])
  })

  test('an image that is missing and cannot be downloaded is reported with the command to get it', async () => {
    const env = { ...process.env, EVENTLINGS_IMAGE: 'localhost/eventlings-no-such-image:1' }
    await expect(startRedis('container', { env })).rejects.toThrow(
      /^(Docker|Podman) is running, but it doesn't have the image localhost\/eventlings-no-such-image:1 and can't download it \(.+\)\. With a network, run `(docker|podman) pull localhost\/eventlings-no-such-image:1`, or name/,
    )
  })
})

describe('looking for a container engine', () => {
  test("costs next to nothing where there isn't one", async () => {
    const times: number[] = []
    for (let round = 0; round < 5; round++) {
      const started = performance.now()
      expect(await findEngine({ DOCKER_HOST: 'unix:///no/engine.sock' })).toBeUndefined()
      times.push(performance.now() - started)
    }
    expect(Math.min(...times)).toBeLessThan(20) // the best of five: the machine may be busy with other tests
  })

  test('does not wait for a silent one', async () => {
    const port = await decoy(() => {})
    expect(await findEngine({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).toBeUndefined()
  })

  test('does not mistake a web server for one', async () => {
    const port = await engine(() => undefined)
    expect(await findEngine({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).toBeUndefined()
  })

  test.each([
    ['Docker', {}],
    ['Podman', { 'libpod-api-version': '4.3.1' }],
  ])('tells %s', async (product, headers) => {
    const port = await engine(({ url }, response) => {
      if (url === '/_ping') response.writeHead(200, headers).end('OK')
    })
    expect(await findEngine({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })).toMatchObject({ product })
  })

  test.each(['ssh://me@elsewhere', 'nonsense', 'tcp://'])('skips DOCKER_HOST=%s', async (dockerHost) => {
    expect(await findEngine({ DOCKER_HOST: dockerHost })).toBeUndefined()
  })
})

describe('downloading an image', () => {
  async function found(answer: Answer) {
    let downloaded = false
    const port = await engine((request, response) => {
      const { url = '' } = request
      if (url === '/_ping') response.end('OK')
      else if (url.startsWith('/images/create')) {
        downloaded = true
        answer(request, response)
      } else response.writeHead(downloaded ? 200 : 404).end('{}')
    })
    const result = await findEngine({ DOCKER_HOST: `tcp://127.0.0.1:${port}` })
    if (result === undefined) throw new Error('The decoy does not answer.')
    return result
  }

  test('reports its progress', async () => {
    let now = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now)
    onTestFinished(() => {
      vi.restoreAllMocks()
    })
    const lines = [1_000_000, 8_000_000, 16_000_000].map((current) =>
      JSON.stringify({ status: 'Downloading', id: 'a', progressDetail: { current, total: 16_500_000 } }),
    )
    const heard: string[] = []
    const target = await found((_, response) => {
      const next = () => {
        now += 1_500
        const line = lines.shift()
        if (line === undefined) response.end('{"status":"Done"}\n')
        else response.write(`${line}\n`, () => setTimeout(next, 50))
      }
      next()
    })
    await pullImage(target, 'redis:8-alpine', (sentence) => heard.push(sentence))
    expect(heard[0]).toBe('Downloading the image redis:8-alpine (only once) …')
    expect(heard[1]).toMatch(/^Downloading redis:8-alpine: (8|16)\.0 of 16\.5 MB\.$/)
  })

  test('sends the name and the tag separately', async () => {
    const asked: string[] = []
    const target = await found(({ url = '' }, response) => {
      asked.push(url)
      response.end()
    })
    await pullImage(target, 'host.example:5000/team/redis', () => {})
    await pullImage(target, 'valkey/valkey:8-alpine', () => {})
    expect(asked).toEqual([
      '/images/create?fromImage=host.example%3A5000%2Fteam%2Fredis&tag=latest',
      '/images/create?fromImage=valkey%2Fvalkey&tag=8-alpine',
    ])
  })

  test('that breaks off halfway says why', async () => {
    const target = await found((_, response) => {
      response.end('{"status":"Pulling"}\n{"error":"toomanyrequests: slow down"}\n')
    })
    await expect(pullImage(target, 'redis:8-alpine', () => {})).rejects.toThrow(
      /^Docker is running, but it doesn't have the image redis:8-alpine and can't download it \(toomanyrequests: slow down\)\. With a network, run `docker pull redis:8-alpine`/,
    )
  })

  test('that falls silent is abandoned', async () => {
    const target = await found((_, response) => {
      response.write('{"status":"Pulling"}\n')
    })
    await expect(pullImage(target, 'redis:8-alpine', () => {}, { silence: 100 })).rejects.toThrow(
      "can't download it (no answer for 0.1 seconds)",
    )
  })
})

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Requests without an answer here get a 404. */
function engine(answer: Answer): Promise<number> {
  return listening(
    createServer((request, response) => {
      answer(request, response)
      if (!response.headersSent && !response.writableEnded && request.url === '/_ping') {
        response.writeHead(404).end()
      }
    }),
  )
}

function publishes({ Ports = [] }: Pick<Container, 'Ports'>, url: string): boolean {
  return Ports.some(({ PublicPort }) => PublicPort === Number(new URL(url).port))
}
