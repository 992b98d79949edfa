import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findEngine } from '../../../src/redis/container-engine.ts'
import { type EnginePlace, enginePlaces, noEngineAnswers } from '../../../src/redis/engine-places.ts'
import { startRedis } from '../../../src/redis/index.ts'
import { need } from '../need.ts'
import { requiredEngine } from './engine-calls.ts'

/** A home folder with these files; `write` adds one. */
async function newHome() {
  const home = await mkdtemp(path.join(tmpdir(), 'engine-'))
  onTestFinished(() => rm(home, { recursive: true, force: true }))
  const write = async (name: string, text: string) => {
    const file = path.join(home, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text)
    return file
  }
  return { home, write, env: { HOME: home } }
}

const idOf = (context: string) => createHash('sha256').update(context).digest('hex')

/** What `docker context create NAME --docker host=…` writes. */
function contextFile(name: string, host: string): [name: string, text: string] {
  const meta = { Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } }
  return [`.docker/contexts/meta/${idOf(name)}/meta.json`, JSON.stringify(meta)]
}

const named = (places: readonly EnginePlace[]) => places.filter(({ namedBy }) => namedBy !== undefined)

/** An engine that answers only the quick question. */
async function listenAt(socket: string): Promise<void> {
  await mkdir(path.dirname(socket), { recursive: true })
  const server = createServer((_, response) => response.end('OK'))
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  onTestFinished(() => void server.close())
}

describe('where a container engine may listen', () => {
  test('at the current Docker context', async () => {
    const { write, env } = await newHome()
    await write('.docker/config.json', '{"currentContext":"rancher-desktop"}')
    await write(...contextFile('rancher-desktop', 'unix:///home/kim/.rd/docker.sock'))
    expect(named(enginePlaces(env))).toEqual([
      { dockerHost: 'unix:///home/kim/.rd/docker.sock', namedBy: 'the Docker context "rancher-desktop"' },
    ])
  })

  test('DOCKER_CONTEXT wins over the current context, and DOCKER_HOST over both', async () => {
    const { write, env } = await newHome()
    await write('.docker/config.json', '{"currentContext":"one"}')
    await write(...contextFile('one', 'unix:///one.sock'))
    await write(...contextFile('two', 'unix:///two.sock'))
    expect(named(enginePlaces({ ...env, DOCKER_CONTEXT: 'two' }))[0]?.dockerHost).toBe('unix:///two.sock')
    expect(named(enginePlaces({ ...env, DOCKER_CONTEXT: 'default' }))).toEqual([])
    expect(enginePlaces({ ...env, DOCKER_CONTEXT: 'two', DOCKER_HOST: 'unix:///three.sock' })).toEqual([
      { dockerHost: 'unix:///three.sock', namedBy: 'DOCKER_HOST' },
    ])
  })

  test('DOCKER_CONFIG names another folder, and a context has its own certificates', async () => {
    const { home, write } = await newHome()
    await write(...contextFile('lab', 'tcp://lab.example:2376'))
    const key = await write(`.docker/contexts/tls/${idOf('lab')}/docker/key.pem`, '')
    const env = { HOME: '/nowhere', DOCKER_CONFIG: path.join(home, '.docker'), DOCKER_CONTEXT: 'lab' }
    expect(named(enginePlaces(env))[0]).toMatchObject({ certificates: path.dirname(key) })
  })

  test('where the testcontainers settings point', async () => {
    const { write, env } = await newHome()
    await write(
      '.testcontainers.properties',
      '# mine\ndocker.host=unix\\:///told.sock\ntc.host = tcp://127.0.0.1:1\n',
    )
    expect(named(enginePlaces(env)).map(({ dockerHost }) => dockerHost)).toEqual([
      'tcp://127.0.0.1:1',
      'unix:///told.sock',
    ])
  })

  test.each([
    '.rd/docker.sock',
    '.orbstack/run/docker.sock',
    '.colima/second/docker.sock',
    '.config/colima/default/docker.sock',
    '.local/share/containers/podman/machine/podman.sock',
  ])('at ~/%s', async (socket) => {
    const { home, write, env } = await newHome()
    await write(socket, '')
    expect(enginePlaces(env)).toContainEqual({ dockerHost: `unix://${path.join(home, socket)}` })
  })

  test.each(['{"currentContext":', '[]', '{"currentContext":7}', '{"currentContext":"gone"}'])(
    'a config.json that names no context: %s',
    async (text) => {
      const { write, env } = await newHome()
      await write('.docker/config.json', text)
      expect(named(enginePlaces(env))).toEqual([])
    },
  )
})

describe('an engine that only a context names', () => {
  test('is queried', async () => {
    const { home, write, env } = await newHome()
    const socket = path.join(home, 'd.sock')
    await listenAt(socket)
    await write('.docker/config.json', '{"currentContext":"mine"}')
    await write(...contextFile('mine', `unix://${socket}`))
    expect(await findEngine(env)).toMatchObject({
      address: { socketPath: socket },
      product: 'Docker',
      place: { namedBy: 'the Docker context "mine"' },
    })
  })

  need('container').test('runs Redis', async () => {
    const { place } = await requiredEngine()
    const { write, env } = await newHome()
    await write(...contextFile('mine', place.dockerHost))
    const image = process.env.EVENTLINGS_IMAGE
    const redis = await startRedis('container', {
      env: { ...env, DOCKER_CONTEXT: 'mine', ...(image && { EVENTLINGS_IMAGE: image }) },
    })
    onTestFinished(() => redis.stop())
    expect(redis.description).toMatch(/in a container$/)
  })
})

describe('when no engine answers', () => {
  test('the sentence names the setting that says where one should be', async () => {
    const { write, env } = await newHome()
    await write(...contextFile('rd', 'unix:///no/docker.sock'))
    await write(...contextFile('far', 'ssh://me@far'))
    expect(noEngineAnswers(env)).toBe('No container engine is running: neither Docker nor Podman responds.')
    expect(noEngineAnswers({ ...env, DOCKER_CONTEXT: 'rd' })).toBe(
      'No container engine responds at unix:///no/docker.sock (the Docker context "rd").',
    )
    expect(noEngineAnswers({ ...env, DOCKER_CONTEXT: 'far' })).toBe(
      'The container engine at ssh://me@far (the Docker context "far") can\'t be used, because eventlings doesn\'t speak SSH.',
    )
    expect(noEngineAnswers({ ...env, DOCKER_CONTEXT: 'nope' })).toContain(
      'DOCKER_CONTEXT names "nope", which isn\'t a Docker context here.',
    )
  })
})
