import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Finding } from '../../../src/cli/doctor/finding.ts'
import { folderFindings } from '../../../src/cli/doctor/folders.ts'
import { memoryFinding, nodeFinding } from '../../../src/cli/doctor/machine.ts'
import { redisFindings, versionOnCommandLine } from '../../../src/cli/doctor/redis.ts'
import { terminalFindings } from '../../../src/cli/doctor/terminal.ts'
import { newHome, runProgram } from './program.ts'

const gigabyte = 1024 ** 3
const states = (findings: readonly Finding[]) =>
  Object.fromEntries(findings.map(({ name, state }) => [name, state]))

test.each([
  ['v20.19.0', 'ok'],
  ['v22.12.0', 'ok'],
  ['v24.1.0', 'ok'],
  ['v23.3.0', 'warn'],
  ['v20.18.0', 'fail'],
  ['v21.7.0', 'fail'],
  ['v18.20.0', 'fail'],
])('Node %s: %s', (version, state) => {
  expect(nodeFinding(version)).toMatchObject({ state })
})

test.each([
  [{ available: 8 * gigabyte, limit: 16 * gigabyte }, 'ok', '8.0 GB is free.'],
  [{ available: 8 * gigabyte, limit: gigabyte / 2 }, 'warn', 'Only 512 MB is free; a check may need 700 MB.'],
  [
    { available: gigabyte / 4, limit: 16 * gigabyte },
    'warn',
    'Only 256 MB is free; a check may need 700 MB.',
  ],
])('memory %j: %s', (memory, state, finding) => {
  expect(memoryFinding(memory)).toMatchObject({ state, finding })
})

describe('Redis', () => {
  test('a machine with nothing but Node: the embedded one, and what it lacks', async () => {
    const findings = await redisFindings({ PATH: '/nowhere', DOCKER_HOST: 'tcp://127.0.0.1:1' })
    expect(states(findings)).toEqual({
      'Container engine': 'warn',
      'redis-server': 'warn',
      'Embedded Redis': 'ok',
      Redis: 'warn',
    })
  })

  test('EVENTLINGS_REDIS with an unknown source, and with a password, which is not printed', async () => {
    const of = async (wish: string) =>
      (await redisFindings({ PATH: '/nowhere', DOCKER_HOST: 'tcp://127.0.0.1:1', EVENTLINGS_REDIS: wish }))[0]
    expect(await of('mysql')).toMatchObject({
      state: 'fail',
      finding: `"mysql" isn't a Redis source.${wanted}`,
    })
    const secret = await of('redis://:hunter2@db:6379/3')
    expect(secret).toMatchObject({ state: 'ok', finding: 'It asks for database 3 of the Redis at db:6379.' })
  })

  test.each([
    [
      'Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64',
      { product: 'Redis', version: '7.0.15' },
    ],
    ['Valkey server v=8.0.1 sha=00000000:0', { product: 'Valkey', version: '8.0.1' }],
    ['bash: no such thing', undefined],
  ])('%s', (printed, version) => {
    expect(versionOnCommandLine(printed)).toEqual(version)
  })
})

const wanted = ' Write auto, container, binary, embedded, or an address such as redis://localhost:6379/15.'

test('folders that can be created count as writable, and none is created', async () => {
  const home = await newHome()
  const at = (name: string) => path.join(home, name)
  const folders = { workspace: at('workspace'), log: at('.eventlings') }
  expect(states(folderFindings({ folder: home, ...folders }, home))).toEqual({
    'Your files': 'ok',
    'Your progress': 'ok',
    'Temporary files': 'ok',
  })
  expect(await readdir(home)).toEqual([])
})

test('the terminal and the editor', async () => {
  const home = await newHome()
  await mkdir(path.join(home, 'bin'))
  const looks = { colours: true, unicode: true }
  const of = (facts: Parameters<typeof terminalFindings>[0], env: NodeJS.ProcessEnv) =>
    states(terminalFindings(facts, env))
  expect(of({ noPrompt: undefined, columns: 80, palette: looks }, { PATH: '' })).toEqual({
    Terminal: 'ok',
    Editor: 'warn',
  })
  expect(of({ noPrompt: undefined, columns: 40, palette: looks }, {})).toMatchObject({ Terminal: 'warn' })
  expect(of({ noPrompt: 'No terminal here.', columns: undefined, palette: looks }, {})).toMatchObject({
    Terminal: 'warn',
  })
  expect(
    of({ noPrompt: undefined, columns: 80, palette: looks }, { PATH: '/nowhere', EDITOR: 'nano' }),
  ).toMatchObject({
    Editor: 'warn',
  })
  await writeFile(path.join(home, 'bin', 'ed'), '', { mode: 0o755 })
  if (process.platform !== 'win32') {
    const env = { PATH: path.join(home, 'bin'), EDITOR: 'ed -s' }
    expect(of({ noPrompt: undefined, columns: 80, palette: looks }, env)).toMatchObject({ Editor: 'ok' })
  }
})

test('as text: every finding in words, and a remedy for each one that is not ok', async () => {
  const { code, stdout } = await runProgram(['doctor'], { env: { EVENTLINGS_HOME: await newHome() } })
  expect(code).toBe(0)
  expect(stdout).toMatch(/^✓ ok {4}Node +Node v/m)
  expect(stdout).toMatch(/^! warn {2}Terminal +This isn't a terminal/m)
  expect(stdout).toMatch(/The course runs on this machine\./)
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})
