import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect } from 'vitest'
import { type ParticipantPage, type Problem, paths } from '../../../../src/classroom/api.ts'
import { assertRun } from '../../../../src/classroom/http/read-run.ts'
import { isFollowable } from '../../../../src/classroom/http/recording-work.ts'
import { limits } from '../../../../src/classroom/limits.ts'
import type { Recording, Step } from '../../../../src/recording/index.ts'
import { need } from '../../need.ts'
import { call, failed, join, type Served, secret, send, serve, until } from '../class.ts'
import { recordingOf, runOf } from '../recordings.ts'
import { realRedis } from './attack.ts'

const { test } = need('redis-server')
const slug = '07-concurrency'
const bearer = { token: secret }

/** A class with one participant who shares, and whose checks fail `count` times. */
async function withChecks(count: number, elapsed: () => number) {
  const served = await serve(await realRedis(), undefined, { elapsed })
  const ada = await join(served, 'Ada', true)
  const checks = Array.from({ length: count }, (_, n) => failed(n + 1, slug, 'appendEvent', 'Both won.'))
  await send(served, ada.token, 0, checks)
  return { served, ada, checks }
}

function hurried(): () => number {
  let elapsed = 0
  return () => (elapsed += 60_000)
}

function recordedOf(served: Served, learner: string): Promise<readonly (boolean | undefined)[]> {
  return call<ParticipantPage>(served, `${paths.participant}${learner}`, bearer).then(({ body }) =>
    body.attempts.map(({ run }) => run),
  )
}

test('the last three recordings of those who share are kept, for the instructor alone', async () => {
  const { served, ada, checks } = await withChecks(5, hurried())
  for (const check of checks) {
    const body = runOf(check, recordingOf(slug, { engine: check.eventId }))
    expect((await call(served, paths.run, { token: ada.token, body })).status).toBe(200)
  }
  expect(await recordedOf(served, ada.learner)).toEqual([undefined, undefined, true, true, true])
  const address = (index: number) => `${paths.participant}${ada.learner}/runs/${checks[index]?.eventId}`
  expect((await call<Recording>(served, address(4), bearer)).body.engine).toBe(checks[4]?.eventId)
  expect((await call(served, address(0), bearer)).status).toBe(404)
  expect((await call(served, address(4))).status).toBe(401)
  expect((await call(served, address(4), { token: ada.token })).status).toBe(401)
  const { redis, keys } = served.hub.store
  const before = Number(await redis.hget(keys.used, `${ada.learner} bytes`))
  await call(served, paths.share, { token: ada.token, body: { share: false } })
  expect(await recordedOf(served, ada.learner)).toEqual(checks.map(() => undefined))
  expect((await call(served, address(4), bearer)).status).toBe(404)
  const left = Number(await redis.hget(keys.used, `${ada.learner} bytes`))
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThan(before)
  await until(
    () => served.hub.view(ada.learner)?.sharesCode,
    (shares) => shares === false,
  )
  const late = runOf(checks[4] as never, recordingOf(slug))
  expect((await call(served, paths.run, { token: ada.token, body: late })).status).toBe(403)
})

test('anything but a recording of that lesson is refused before it is stored', async () => {
  const { served, ada, checks } = await withChecks(1, hurried())
  const [check] = checks
  if (check === undefined) throw new Error('There is no check.')
  const good = recordingOf(slug)
  const packed = (text: string | Buffer) => ({
    ...runOf(check, null),
    run: gzipSync(text).toString('base64'),
  })
  const [first, ...others] = good.steps
  const bad = {
    'a bomb': packed(Buffer.alloc(40_000_000)),
    'not gzip': { ...runOf(check, good), run: Buffer.from('[[[[').toString('base64') },
    'not base64': { ...runOf(check, good), run: '<script>' },
    'not JSON': packed('{'),
    'nested without end': packed('['.repeat(1_000_000)),
    'another lesson': runOf(check, recordingOf('01-events')),
    'another form': runOf(check, { ...good, html: '<b>' }),
    'another version': runOf(check, { ...good, v: 2 }),
    'steps in the wrong order': runOf(check, { ...good, steps: [...others, first] }),
    'a lane that is missing': runOf(check, { ...good, lanes: [] }),
    'more steps than a check records': runOf(check, { ...good, steps: emptySteps(2_001) }),
    'a change of a key with 40,000 members in each step': runOf(check, { ...good, ...costly(2_000, 40_000) }),
    'a thousand changes of a large key in one step': runOf(check, { ...good, ...costly(1, 40_000, 1_000) }),
    'too large': packed(randomBytes(limits.run + 1_000)),
  }
  for (const [what, body] of Object.entries(bad)) {
    const { status, body: said } = await call<Problem>(served, paths.run, { token: ada.token, body })
    expect([400, 413], `${what}: ${said.sentence}`).toContain(status)
  }
  expect(await recordedOf(served, ada.learner)).toEqual([undefined])
  expect((await call(served, paths.run, { token: ada.token, body: runOf(check, good) })).status).toBe(200)
})

/** What the server did, and nothing changed. */
function emptySteps(count: number): readonly Step[] {
  return Array.from({ length: count }, (_, n) => ({
    ...{ kind: 'server', cause: 'killed', n: n + 1, at: n, changes: [] },
  }))
}

/** A set that's large, and grows with every change: little to send, and much to follow. */
function costly(steps: number, members: number, changes = 1): Partial<Recording> {
  const change = (n: number) => ({ key: 's', type: 'set' as const, add: [{ s: `m${n}` }], gone: [] })
  return {
    lanes: [],
    before: [{ key: 's', type: 'set', members: Array.from({ length: members }, (_, n) => ({ s: `${n}` })) }],
    steps: emptySteps(steps).map((step, n) => ({
      ...step,
      changes: Array.from({ length: changes }, (_, index) => change(n * changes + index)),
    })),
  }
}

test('the costliest recordings that checks make are followed', () => {
  const large = { ...recordingOf(slug), ...costly(2_000, 200) }
  // What comes in goes out again, as in a stream that's trimmed.
  const steps = large.steps.map((step, n) => ({
    ...step,
    changes: [{ key: 's', type: 'set' as const, add: [{ s: `m${n}` }], gone: [{ s: `m${n - 1}` }] }],
  }))
  expect(isFollowable({ ...large, steps })).toBe(true)
  expect(isFollowable(large)).toBe(false)
  for (const other of [null, 1, 'x', [], { steps: 1 }, { steps: [null, { changes: 1 }], before: [1] }]) {
    expect(isFollowable(other), 'its form is for the schema').toBe(true)
  }
})

test('the largest recordings that checks make are read', async () => {
  const good = recordingOf(slug)
  const command = good.steps.find(({ kind }) => kind === 'command')
  const fields = ['eventId', 'entityId', 'eventType', 'payload', 'metadata', 'timestamp', 'version']
  const args = ['XADD', 's', '*', ...fields.flatMap((field) => [field, '"[{\\'])].map((text) => ({ s: text }))
  const steps = Array.from({ length: 1_500 }, (_, index) => ({ ...command, n: index + 1, args }))
  const text = JSON.stringify({ ...good, steps, collision: undefined })
  expect(text.length).toBeGreaterThan(limits.runText / 2)
  await expect(assertRun(gzipSync(text), slug)).resolves.toBeUndefined()
})

test('recordings are paced, and count as bytes of their learner', async () => {
  const { served, ada, checks } = await withChecks(8, () => 0)
  const statuses: number[] = []
  for (const check of checks) {
    const body = runOf(check, recordingOf(slug))
    statuses.push((await call(served, paths.run, { token: ada.token, body })).status)
  }
  expect(statuses).toEqual(checks.map((_, n) => (n < limits.runsOfOne.burst ? 200 : 429)))
  const { store } = served.hub
  const used = () => store.redis.hget(store.keys.used, `${ada.learner} bytes`)
  await store.redis.hset(store.keys.used, `${ada.learner} bytes`, limits.ofParticipant.bytes)
  expect(await store.keepRun(ada.learner, 'another', 'x'.repeat(10_000))).toBe(false)
  expect(await used()).toBe(String(limits.ofParticipant.bytes))
  expect(await store.redis.hlen(store.keys.runs(ada.learner))).toBe(limits.runs)
})
