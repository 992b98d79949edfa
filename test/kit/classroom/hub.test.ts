import { randomUUID } from 'node:crypto'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { paths } from '../../../src/classroom/api.ts'
import { connectRedis } from '../../../src/classroom/hub/connect.ts'
import { startCluster, startOwnServer } from '../../../src/redis/index.ts'
import { need } from '../need.ts'
import { call, embedded, failed, join, newClassInfo, passed, progress, send, serve, until } from './class.ts'

const task = 'appendEvents'
const diagnosis = 'The check and the append are two commands.'

function sources(): readonly (readonly [string, () => Promise<string>])[] {
  return [
    ['embedded', embedded],
    [
      'redis-server',
      async () => {
        const server = await startOwnServer()
        onTestFinished(() => server.stop())
        return server.url
      },
    ],
    [
      'cluster',
      async () => {
        const cluster = await startCluster()
        onTestFinished(() => cluster.stop())
        return cluster.nodes[0] ?? ''
      },
    ],
  ]
}

describe.each(sources())('on %s', (name, start) => {
  const { test } = name === 'embedded' ? { test: plain } : need('redis-server')

  test('the instructor sees what a learner sends, on every hub', async () => {
    const url = await start()
    const one = await serve(url)
    const other = await serve(url, one.classInfo)
    const ada = await join(one, 'Ada')
    const events = [
      progress(1, 'LOG_OPENED', 'course', { format: 1 }),
      progress(2, 'LESSON_OPENED', '07-concurrency'),
      failed(3, '07-concurrency', task, diagnosis),
      progress(4, 'HINT_REVEALED', '07-concurrency', { task: 1, step: 2 }),
      progress(5, 'HAND_RAISED', '07-concurrency', { class: one.classInfo.id, text: 'Why?' }),
    ]
    expect(await send(one, ada.token, 0, events)).toMatchObject({
      status: 200,
      body: { kind: 'stored', n: 5, stored: 5, duplicates: 0 },
    })
    for (const { hub } of [one, other]) {
      const { participants, summary } = await until(
        () => hub.overview(),
        (seen) => seen.participants[0]?.hand !== undefined,
      )
      expect(participants).toMatchObject([
        {
          id: ada.learner,
          label: 'Ada',
          number: 1,
          lessons: { '07-concurrency': { light: 'failing', attempts: 1, hints: 1 } },
          current: { slug: '07-concurrency', task, attempts: 1 },
          checks: [{ slug: '07-concurrency', passed: false }],
          failure: { slug: '07-concurrency', task, diagnosis },
          hand: { text: 'Why?', slug: '07-concurrency' },
          sharesCode: false,
        },
      ])
      expect(summary).toMatchObject({ participants: 1, hands: 1 })
      expect(summary.diagnoses).toEqual([
        { slug: '07-concurrency', task, diagnosis, participants: [ada.learner] },
      ])
    }
    const page = await one.hub.participant(ada.learner)
    expect(page?.attempts).toMatchObject([{ passed: false, task, diagnosis }])
    expect(page?.activity.map(({ what }) => what)).toEqual(['opened', 'hint', 'hand up'])
  })

  test('a repeated event counts once, and a gap is requested', async () => {
    const served = await serve(await start())
    const { token } = await join(served, 'Ada')
    const events = [1, 2, 3, 5].map((n) => failed(n, '01-events', task, diagnosis))
    expect((await send(served, token, 5, [failed(7, '01-events', task, '')])).body).toEqual({
      kind: 'send from',
      after: 0,
    })
    await send(served, token, 0, events.slice(0, 3))
    expect((await send(served, token, 0, events)).body).toMatchObject({
      kind: 'stored',
      n: 5,
      stored: 1,
      duplicates: 3,
    })
    expect((await send(served, token, 6, [failed(7, '01-events', task, '')])).body).toEqual({
      kind: 'send from',
      after: 5,
    })
  })

  test('a later hub starts from snapshots and shows the same', async () => {
    const url = await start()
    const first = await serve(url)
    const { token, learner } = await join(first, 'Ada')
    const events = Array.from({ length: 150 }, (_, i) => failed(i + 1, '01-events', task, diagnosis))
    await send(first, token, 0, events)
    await until(
      () => first.hub.overview().participants[0],
      (row) => row?.lessons['01-events']?.attempts === 150,
    )
    await first.stop()
    const redis = await connectRedis(url)
    onTestFinished(() => redis.disconnect())
    expect(await redis.hget(`class:{${first.classInfo.id}}:snapshots`, learner)).toMatch(/^\S+ 150 \{/)
    const second = await serve(url, first.classInfo)
    await send(second, token, 150, [passed(151, '01-events')])
    const row = await until(
      () => second.hub.overview().participants[0],
      (seen) => seen?.lessons['01-events']?.light === 'passed',
    )
    expect(row?.lessons['01-events']?.attempts).toBe(151)
    expect(row?.current).toBeUndefined()
  })

  test('a Redis that comes back empty gets everything again from the learners', async () => {
    const url = await start()
    const served = await serve(url)
    const { token, learner } = await join(served, 'Ada')
    const events = [failed(1, '01-events', task, diagnosis), passed(2, '01-events')]
    await send(served, token, 0, events)
    const redis = await connectRedis(url)
    onTestFinished(() => redis.disconnect())
    if ('nodes' in redis) await Promise.all(redis.nodes('master').map((node) => node.flushall()))
    else await redis.flushall()
    await until(
      () => served.hub.overview().participants,
      (seen) => seen.length === 0,
    )
    const late = passed(3, '07-concurrency')
    expect((await send(served, token, 2, [late])).body).toEqual({ kind: 'join again' })
    const again = await call<{ learner: string; token: string }>(served, paths.join, {
      token,
      body: { name: 'Ada', share: false },
    })
    expect(again.body).toMatchObject({ learner, token })
    expect((await send(served, token, 2, [late])).body).toEqual({ kind: 'send from', after: 0 })
    await send(served, token, 0, [...events, late])
    const [row] = await until(
      () => served.hub.overview().participants,
      (seen) => seen[0]?.checks.length === 3,
    )
    expect(row?.lessons).toMatchObject({
      '01-events': { light: 'passed' },
      '07-concurrency': { light: 'passed' },
    })
  })
})

test('several progress logs of one learner are merged: each event counts once, and numbers never collide', async () => {
  const url = await embedded()
  const served = await serve(url)
  const { token, learner } = await join(served, 'Ada')
  const first = failed(1, '01-events', task, diagnosis)
  await send(served, token, 0, [first])
  // An import, or a copy of the folder: existing events, and more.
  const other = { logId: randomUUID() }
  const events = [
    { ...first, ...other },
    { ...passed(2, '07-concurrency'), ...other },
  ]
  expect((await send(served, token, 0, events)).body).toMatchObject({ kind: 'stored', stored: 2 })
  // Both continue.
  await send(served, token, 1, [passed(2, '01-events')])
  await send(served, token, 2, [{ ...failed(3, '07-concurrency', task, diagnosis), ...other }])
  const lessons = {
    '01-events': { light: 'passed', attempts: 2 },
    '07-concurrency': { light: 'failing', attempts: 2 },
  }
  const later = await serve(url, served.classInfo)
  for (const { hub } of [served, later]) {
    const row = await until(
      () => hub.overview().participants[0],
      (seen) => seen?.checks.length === 4,
    )
    expect(row?.lessons).toMatchObject(lessons)
    expect((await hub.participant(learner))?.attempts).toHaveLength(4)
  }
})

test('two of the same name get different labels', async () => {
  const served = await serve(await embedded())
  const both = [await join(served, 'Ada'), await join(served, ' ada '), await join(served, 'Bob')]
  expect(both.map(({ label }) => label)).toEqual(['Ada', 'ada (2)', 'Bob'])
})

test('a learner who leaves is forgotten', async () => {
  const url = await embedded()
  const served = await serve(url, newClassInfo())
  const { token, learner } = await join(served, 'Ada', true)
  await send(served, token, 0, [passed(1, '01-events')])
  expect((await call(served, paths.leave, { token, body: {} })).status).toBe(200)
  await until(
    () => served.hub.overview().participants,
    (seen) => seen.length === 0,
  )
  const redis = await connectRedis(url)
  onTestFinished(() => redis.disconnect())
  if ('nodes' in redis) throw new Error('no cluster was started')
  expect((await redis.keys(`*${learner}*`)).length).toBe(0)
  expect(await redis.hgetall(served.hub.store.keys.participants)).toEqual({})
  expect((await send(served, token, 0, [passed(1, '01-events')])).body).toEqual({ kind: 'join again' })
  expect((await call(served, paths.join, { token, body: { name: 'Ada', share: false } })).status).toBe(403)
})

test('pages are told that the class is full, and a minute after the last refusal, that it no longer is', async () => {
  const { hub } = await serve(await embedded())
  // What's told of a change is told with what's due from before it, so no timer is left after it.
  await new Promise<void>((resolve) => {
    const stop = hub.follow(({ announcements }) => {
      if (announcements.message === undefined) return
      stop()
      resolve()
    })
    void hub.execute({ do: 'message', text: 'Coffee' })
  })
  const told: boolean[] = []
  hub.follow(({ full = false }) => told.push(full))
  // The clock stands still meanwhile, because only the timer counts. Nothing is awaited, so Redis sees none of it.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    hub.refusedForLackOfRoom()
    vi.advanceTimersByTime(40_000)
    hub.refusedForLackOfRoom()
    vi.advanceTimersByTime(40_000)
    expect(told).toEqual([true])
    expect(hub.overview().full).toBe(true)
    vi.advanceTimersByTime(21_000)
  } finally {
    vi.useRealTimers()
  }
  expect(told).toEqual([true, false])
  expect(hub.overview().full).toBeUndefined()
})

function plain(name: string, body: () => Promise<void>): void {
  test(name, body)
}
