import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { takeRecording } from '../../../src/check/host/recording-file.ts'
import { HIDDEN } from '../../../src/check/kit/recorder/recorded-text.ts'
import { shownArguments } from '../../../src/check/kit/recorder/secrets.ts'
import { withinLimits } from '../../../src/check/worker/recording-limits.ts'
import { signature } from '../../../src/check/worker/report.ts'
import { cacheFolder } from '../../../src/common/cache-folder.ts'
import { apply, type CommandStep, fold, keysOf, type Recording } from '../../../src/recording/index.ts'
import { parseRecording } from '../../../src/recording/parse.ts'
import { type Fixture, fixtureRoot, openFixture, SLUG } from './fixture-course.ts'

const CONFLICT = 'export class Conflict extends Error {}\n'
const answer = (body: string, more = '') =>
  `import type { Redis } from 'ioredis'\n${CONFLICT}${more}\nexport async function append(redis: Redis, key: string, text: string, version: number) {\n${body}\n}\n`

/** Looks, and then writes: two writers can both succeed. */
const STALE = answer(`
  if ((await redis.xlen(key)) !== version) throw new Conflict()
  await redis.multi().xadd(key, '*', 'text', text).rpush('log', text).exec()`)

const WRONG: Readonly<Record<string, string>> = {
  stale: STALE,
  'two writes': answer(`await redis.xadd(key, '*', 'text', text)\nawait redis.rpush('log', text)`),
  nothing: answer(''),
  'not awaited': answer(`void redis.xadd(key, '*', 'text', text)`),
  throws: answer(`await redis.get(key)\nthrow new Error('no')`),
  ends: answer(`await redis.xadd(key, '1-0', 'text', text)\nprocess.exit(3)`),
  refused: answer('await redis.flushall()'),
}

let fixture: Fixture
beforeAll(async () => {
  fixture = await openFixture('embedded')
})
afterAll(() => fixture.close())

test.each(Object.keys(WRONG))(
  'an answer that is recorded gets the verdict it gets otherwise: %s',
  async (name) => {
    const plain = await fixture.check(WRONG[name] ?? '')
    const recorded = await fixture.check(WRONG[name] ?? '', { record: true })
    const recording = await fixture.checker.record()
    const gist = ({ tasks, passed }: typeof plain) => [
      passed,
      tasks.map(({ task, state, test, diagnosis }) => [task, state, test, diagnosis]),
    ]
    expect(gist(recorded)).toEqual(gist(plain))
    expect(recording).toMatchObject({
      v: 1,
      lesson: SLUG,
      depth: 'changes',
      failure: { diagnosis: plain.tasks.find(({ state }) => state === 'failed')?.diagnosis },
    })
    if (recording === undefined) return
    expect(fold(recording.before, recording.steps)).toEqual(keysOf(recording.after))
    // The check trusts the signature, and doesn't compare a recording with the schema.
    for (const one of [recording, recorded.recording])
      expect(parseRecording(JSON.stringify(one), 'it')).toEqual(one)
  },
)

test('a recording says who sent what, where in the file, and which steps collided', async () => {
  const result = await fixture.check(STALE, { record: true })
  const recording = await fixture.checker.record()
  expect(recording).toMatchObject({
    task: 'race',
    test: 'one of two writers wins',
    lanes: [{ role: 'first writer' }, { role: 'second writer' }],
    collision: { kind: 'stale', key: 's', looked: 1 },
  })
  expect(result.recording).toMatchObject({ depth: 'order', task: 'race', collision: recording?.collision })
  const first = recording?.steps[0]
  expect(first).toMatchObject({ kind: 'command', args: [{ s: 'XLEN' }, { s: 's' }], place: { line: 6 } })
  expect(first?.kind === 'command' && first.place?.file).not.toContain('/') // a file elsewhere, whose folder is private
  expect(result.tasks[1]?.at?.file).toContain('/')
})

test('the last test of a task is recorded if it passed, with the round in which a command was held', async () => {
  await fixture.checker.check(SLUG, { kind: 'solution' }, { record: true })
  expect(await fixture.checker.record()).toMatchObject({ task: 'race', depth: 'changes' })
  const named = await fixture.checker.record({ task: 'append' })
  expect(named).toMatchObject({ task: 'append' })
  expect(named?.failure).toBeUndefined()
})

test('a check that came after the one to record is not recorded in its place', async () => {
  const model = await fixture.checker.check(SLUG, { kind: 'solution' }, { record: true })
  const own = await fixture.check(STALE, { record: true })
  expect(await fixture.checker.record({ of: model })).toBeUndefined()
  expect(await fixture.checker.record({ of: own })).toMatchObject({ task: 'race', depth: 'changes' })
})

test('there is nothing to record of a check that was not made for it, or of an answer that could not run', async () => {
  await fixture.check(STALE)
  expect(await fixture.checker.record()).toBeUndefined()
  await fixture.check('const', { record: true })
  expect(await fixture.checker.record()).toBeUndefined()
})

test('a test that ends differently the second time leaves the order of the first', async () => {
  const flag = join(fixture.folder, 'ran-before')
  const more = `import { existsSync, writeFileSync } from 'node:fs'`
  const twice = answer(
    `await redis.xadd(key, '1-0', 'text', text)
  if (existsSync(${JSON.stringify(flag)})) throw new Error('the second time')
  writeFileSync(${JSON.stringify(flag)}, '')
  throw new Error('the first time')`,
    more,
  )
  const result = await fixture.check(twice, { record: true, untilFirstFailure: true })
  expect(result.tasks[0]?.diagnosis).toContain('the first time')
  const recording = await fixture.checker.record()
  expect(recording).toMatchObject({
    depth: 'order',
    note: expect.stringMatching(/^The test ended differently/),
    failure: { diagnosis: expect.stringContaining('the first time') },
    before: [],
    after: [],
  })
  expect(recording?.steps).toMatchObject([{ args: [{ s: 'XADD' }, {}, {}, {}, {}], changes: [] }])
})

test('the next check stops a recording at once, and its file is deleted', async () => {
  await fixture.check(STALE, { record: true })
  const recording = fixture.checker.record()
  const next = await fixture.check(STALE)
  expect(await recording).toBeUndefined()
  expect(next.tasks[1]?.test).toBe('one of two writers wins')
  const files = readdirSync(join(cacheFolder(fixtureRoot), 'run'))
  expect(files.filter((name) => name.endsWith('.recording.json'))).toEqual([])
})

test('a recording that someone else wrote or changed is not taken', () => {
  const file = join(fixture.folder, 'run.recording.json')
  const secret = 'x'.repeat(64)
  const json = '{"v":1}'
  const taken = (content: string) => {
    writeFileSync(file, content)
    const recording = takeRecording({ file, secret })
    expect(existsSync(file)).toBe(false)
    return recording
  }
  expect(taken(`${signature(secret, json)}\n${json}`)).toEqual({ v: 1 })
  expect(taken(`${signature('y', json)}\n${json}`)).toBeUndefined()
  expect(taken(`${signature(secret, json)}\n{"v":2}`)).toBeUndefined()
  expect(taken(json)).toBeUndefined()
  expect(taken('')).toBeUndefined()
  expect(takeRecording({ file, secret })).toBeUndefined()
})

test('passwords are replaced', () => {
  const words = (line: string) => {
    const [name = '', ...args] = line.split(' ')
    return shownArguments(name, args)
      .map((text) => (text === HIDDEN ? '*' : text.s))
      .join(' ')
  }
  expect(words('AUTH me secret')).toBe('* *')
  expect(words('hello 3 AUTH me secret SETNAME x')).toBe('3 AUTH * * SETNAME x')
  expect(words('CONFIG SET tls-key-file-pass secret maxmemory 1')).toBe('SET tls-key-file-pass * maxmemory 1')
  expect(words('ACL SETUSER me on >secret ~*')).toBe('SETUSER me on * ~*')
  expect(words('MIGRATE host 6379 k 0 5 AUTH secret KEYS k')).toBe('host 6379 k 0 5 AUTH * KEYS k')
  expect(words('MIGRATE host 6379 k 0 5 AUTH2 me secret')).toBe('host 6379 k 0 5 AUTH2 * *')
  expect(words('SET auth secret')).toBe('auth secret')
})

describe('a recording that would be too long', () => {
  const count = 300
  const step = (n: number): CommandStep => ({
    kind: 'command',
    n,
    at: n,
    lane: 1,
    connection: 1,
    args: [{ s: 'SET' }, { s: n % 100 === 0 ? 'rare' : 'k' }, { s: String(n) }],
    issued: n,
    fate: 'answered',
    ...(n === 200 && { held: { from: 100, until: 199 } }),
    changes: [
      {
        key: n % 100 === 0 ? 'rare' : 'k',
        type: 'string',
        value: [
          { s: String(n % 100 === 0 ? n - 100 : n % 100 === 1 && n > 1 ? n - 2 : n - 1) },
          { s: String(n) },
        ],
      },
    ],
  })
  const whole: Recording = {
    v: 1,
    lesson: '01-x',
    version: 'v',
    task: 't',
    test: 't',
    engine: 'e',
    depth: 'changes',
    lanes: [],
    before: [
      { key: 'k', type: 'string', value: { s: '0' } },
      { key: 'rare', type: 'string', value: { s: '0' } },
    ],
    steps: Array.from({ length: count }, (_, index) => step(index + 1)),
    after: [],
    collision: { kind: 'stale', key: 'rare', looked: 100, changed: 150, wrote: 200 },
  }

  test('keeps its beginning, its end, and the collision, and its keys are still right', () => {
    const cut: Recording = JSON.parse(withinLimits(whole, { steps: 30, bytes: 1_000_000 }))
    expect(cut.steps.length).toBeLessThan(40)
    expect(cut.steps.map(({ n }) => n)).toEqual(cut.steps.map((_, index) => index + 1))
    expect(fold(cut.before, cut.steps)).toEqual(fold(whole.before, whole.steps))
    const values = (n = 0) => {
      const one = cut.steps[n - 1]
      return one?.kind === 'command' ? one.args[2]?.s : one?.kind
    }
    const { looked, changed, wrote } = cut.collision ?? {}
    expect([values(looked), values(changed), values(wrote)]).toEqual(['100', '150', '200'])
    const held = cut.steps.find((one) => one.kind === 'command' && one.held !== undefined)
    expect(held?.kind === 'command' && held.held?.from).toBe(looked)
    expect([values(1), values(cut.steps.length)]).toEqual(['1', '300'])
    const left = cut.steps.filter(({ kind }) => kind === 'check').length
    expect(cut.cut?.steps).toBe(count - (cut.steps.length - left))
  })

  test('fits into so many bytes, whatever it has', () => {
    const bytes = 20_000
    const json = withinLimits(whole, { steps: 2_000, bytes })
    expect(Buffer.byteLength(json)).toBeLessThanOrEqual(bytes)
    const cut: Recording = JSON.parse(json)
    let keys = keysOf(cut.before)
    for (const one of cut.steps) keys = apply(keys, one)
    expect(keys).toEqual(fold(whole.before, whole.steps))
  })
})
