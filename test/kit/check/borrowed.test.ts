import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { readAddress } from '../../../src/redis/address.ts'
import {
  parsePreference,
  type RunningRedis,
  SANDBOX_MARKER,
  SandboxLostError,
  startOwnServer,
  startRedis,
} from '../../../src/redis/index.ts'
import { plainConnection } from '../../../src/snippets/resp.ts'
import { need } from '../need.ts'
import { listening } from '../redis/decoys.ts'
import { CERTIFICATE, KEY } from '../redis/self-signed.ts'
import { type Fixture, fixtureRoot, openFixture, SLUG } from './fixture-course.ts'

vi.setConfig({ testTimeout: 180_000 }) // whole checks, even on a busy machine

let server: RunningRedis
let admin: Redis
let solution: string
beforeAll(async () => {
  server = await startRedis('embedded')
  admin = new Redis(`${server.url}/3`)
  solution = await readFile(join(fixtureRoot, 'solutions', `${SLUG}.ts`), 'utf8')
})
afterAll(async () => {
  admin.disconnect()
  await server.stop()
})

async function borrowed(): Promise<Fixture> {
  const fixture = await openFixture(parsePreference(`${server.url}/3`))
  onTestFinished(() => fixture.close())
  return fixture
}

/** The model solution, with something that its function does first. */
function begins(code: string): string {
  return solution.replace(/(expected: number\): Promise<void> \{\n)/, `$1${code}\n`)
}

test('an answer that lists all keys finds what it would find on our own server', async () => {
  const fixture = await borrowed()
  const result = await fixture.check(
    begins(`
      const [, scanned] = await redis.scan(0)
      const found = [...(await redis.keys('*')), ...scanned, ...(await redis.keysBuffer('*'))].map(String)
      const strange = found.filter((key) => key !== 's' && key !== 'log')
      if (strange.length > 0) throw new Error('There is ' + strange)
      if ((await redis.dbsize()) > 2) throw new Error('There are more keys than these two.')`),
  )
  expect(result.tasks.map(({ state, diagnosis }) => diagnosis ?? state)).toEqual(['passed', 'passed'])
  expect(await admin.keys('*')).toContain(SANDBOX_MARKER)
})

test('a library that an answer loads is gone afterward, and other libraries stay', async () => {
  const library = (name: string) =>
    `#!lua name=${name}\nredis.register_function('f_${name}', function() return 1 end)`
  await admin.call('FUNCTION', 'LOAD', library('theirs'))
  const fixture = await borrowed()
  const result = await fixture.check(
    begins(`await redis.call('FUNCTION', 'LOAD', 'REPLACE', ${JSON.stringify(library('mine'))})`),
  )
  expect(result.passed).toBe(true)
  const list = JSON.stringify(await admin.call('FUNCTION', 'LIST'))
  expect(list).toContain('theirs')
  expect(list).not.toContain('mine')
})

test('a check whose database another program takes has no verdict, and leaves that program alone', async () => {
  const fixture = await borrowed()
  const begun = join(fixture.folder, 'begun')
  const taken = join(fixture.folder, 'taken')
  const checking = fixture.check(
    `import { existsSync, writeFileSync } from 'node:fs'\n${begins(`
      writeFileSync(${JSON.stringify(begun)}, '')
      while (!existsSync(${JSON.stringify(taken)})) await redis.ping()`)}`,
  )
  const outcome = expect(checking).rejects.toThrow(SandboxLostError)
  while (!existsSync(begun)) await new Promise((resolve) => setTimeout(resolve, 10))
  await admin
    .multi()
    .flushdb()
    .set(SANDBOX_MARKER, 'eventlings another 9999999999999')
    .set('theirs', '1')
    .exec()
  await writeFile(taken, '')
  await outcome
  expect(await admin.get('theirs')).toBe('1')
  await admin.flushdb()
})

/** A proxy with TLS in front of the server; a program trusts its certificate when configured to. */
async function behindTls(url: string): Promise<{ port: number; env: Record<string, string> }> {
  const { host, port } = readAddress(url)
  const door = tls.createServer({ cert: CERTIFICATE, key: KEY }, (client) => {
    const upstream = net.connect(port, host)
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy())
    client.on('close', () => upstream.destroy())
  })
  const folder = await mkdtemp(join(tmpdir(), 'eventlings-tls-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'ca.pem')
  await writeFile(file, CERTIFICATE)
  return { port: await listening(door), env: { NODE_EXTRA_CA_CERTS: file } }
}

test('a check that loses replies also works over TLS', async () => {
  const { port, env } = await behindTls(server.url)
  const program = fileURLToPath(new URL('./check-at.ts', import.meta.url))
  const args = ['--import', 'tsx', program, `rediss://127.0.0.1:${port}/5`]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } })
  expect(JSON.parse(stdout).tasks).toMatchObject([{ state: 'passed' }, { state: 'passed' }])
})

need('redis-server').test('a check and a snippet reach a Redis at an IPv6 address', async () => {
  const own = await startOwnServer({ args: ['--save', '', '--bind', '127.0.0.1', '::1'] })
  onTestFinished(() => own.stop())
  const url = parsePreference(`redis://[::1]:${readAddress(own.url).port}/2`)
  const fixture = await openFixture(url)
  onTestFinished(() => fixture.close())
  expect(await fixture.checker.check(SLUG, { kind: 'solution' })).toMatchObject({ passed: true })
  const connection = await plainConnection(url)
  expect(await connection.send(['GET', SANDBOX_MARKER])).toMatchObject({
    text: expect.stringMatching(/^eventlings /),
  })
  connection.close()
})
