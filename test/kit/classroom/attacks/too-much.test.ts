import { expect } from 'vitest'
import { type ClassView, type Overview, type Problem, paths } from '../../../../src/classroom/api.ts'
import { limits } from '../../../../src/classroom/limits.ts'
import { readExport } from '../../../../src/classroom/read-export.ts'
import { need } from '../../need.ts'
import { call, failed, join, progress, secret, send, serve, until } from '../class.ts'
import { fatChecks, realRedis } from './attack.ts'

/** A clock that's a minute further whenever someone looks: a sender who is in no hurry. */
function patient(): () => number {
  let elapsed = 0
  return () => (elapsed += 60_000)
}

need('redis-server').describe('a participant who sends too much', () => {
  const { test } = need('redis-server')

  test('has no more stored, kept, or sent to a page than a page shows', async () => {
    const served = await serve(await realRedis())
    const everyone = await Promise.all(Array.from({ length: 20 }, (_, n) => join(served, `Learner ${n}`)))
    for (const { token } of everyone) {
      expect((await send(served, token, 0, fatChecks(20))).body).toMatchObject({ kind: 'stored', n: 20 })
    }
    const { participants } = await until(
      async () => (await call<Overview>(served, paths.overview, { token: secret })).body,
      (seen) => seen.participants.every(({ checks }) => checks.length === 20),
    )
    for (const row of participants) {
      expect(row.failure?.diagnosis).toHaveLength(limits.shownDiagnosis)
      expect(JSON.stringify(row).length).toBeLessThan(4_000)
    }
    const { redis, keys } = served.hub.store
    const used = await redis.hgetall(keys.used)
    expect(used['class events']).toBe('400')
    expect(Number(used['class bytes'])).toBeLessThan(400 * (limits.diagnosis + 1_000))
  })

  test('takes neither their page, nor the report, nor the export with them', async () => {
    const served = await serve(await realRedis(), undefined, { elapsed: patient() })
    const [eve, ada] = [await join(served, 'Eve'), await join(served, 'Ada')]
    const checks = fatChecks(1_200)
    for (let n = 0; n < checks.length; n += 40) await send(served, eve.token, n, checks.slice(n, n + 40))
    await send(served, ada.token, 0, [failed(1, '01-events', 'createEvent', 'Mine.')])
    const address = `${paths.participant}${eve.learner}`
    const page = await until(
      async () =>
        (await call<{ earlier: number; attempts: unknown[] }>(served, address, { token: secret })).body,
      ({ earlier }) => earlier === checks.length - limits.attempts,
    )
    expect(page.attempts).toHaveLength(limits.attempts)
    const attempts: number[] = []
    for await (const part of readExport(served.origin, secret)) {
      if (part.kind === 'participant') attempts.push(part.attempts.length)
    }
    expect(attempts).toEqual([1_200, 1])
  })

  test('is told when their budget is used up, and the others continue', async () => {
    const served = await serve(await realRedis())
    const [eve, ada] = [await join(served, 'Eve'), await join(served, 'Ada')]
    const { redis, keys } = served.hub.store
    await redis.hset(keys.used, `${eve.learner} events`, limits.ofParticipant.events - 2)
    const log = [1, 2, 3].map((n) => failed(n, '01-events', 'a', 'x'))
    expect((await send(served, eve.token, 0, log.slice(0, 2))).body).toMatchObject({ left: { events: 0 } })
    const full = await send(served, eve.token, 2, log.slice(2))
    expect(served.hub.overview().full).toBeUndefined()
    expect(full).toMatchObject({
      status: 507,
      body: { sentence: expect.stringMatching(/^You've reached the limit/) },
    })
    const { body } = await call<ClassView>(served, paths.view, { token: eve.token })
    expect(body.left).toMatchObject({ events: 0 })
    // What was acknowledged before may be sent again.
    expect((await send(served, eve.token, 0, log.slice(0, 2))).body).toMatchObject({
      stored: 0,
      duplicates: 2,
    })
    expect((await send(served, ada.token, 0, [failed(1, '01-events', 'a', 'x')])).status).toBe(200)
    await redis.hset(keys.used, 'class events', limits.ofClass.events)
    expect((await send(served, ada.token, 1, [failed(2, '01-events', 'a', 'x')])).body).toMatchObject({
      sentence: expect.stringMatching(/^The class is full\./),
    })
    expect(served.hub.overview().full).toBe(true)
    // Removing a participant makes room.
    await served.hub.store.forget(eve.learner)
    expect((await redis.hkeys(keys.used)).some((field) => field.startsWith(eve.learner))).toBe(false)
  })

  test("can't join a class of 5,000, which still stores what the others send", async () => {
    const served = await serve(await realRedis())
    const { token } = await join(served, 'Ada')
    const { redis, keys } = served.hub.store
    const others = Array.from({ length: limits.participants - 1 }, (_, n) => [`learner ${n}`, '{}'])
    await redis.hset(keys.participants, ...others.flat())
    const late = await call<Problem>(served, paths.join, {
      body: { code: served.classInfo.joinCode, name: 'Eve', share: false },
    })
    expect(late).toMatchObject({
      status: 507,
      body: { sentence: 'The class is full, so no one else can join it. Ask your instructor what to do.' },
    })
    expect((await send(served, token, 0, [failed(1, '01-events', 'a', 'x')])).status).toBe(200)
    expect(served.hub.overview().full).toBeUndefined()
  })

  test('fills the Redis, which refuses the next event and loses none', async () => {
    const served = await serve(await realRedis('--maxmemory', '6mb'), undefined, { elapsed: patient() })
    const { token, learner } = await join(served, 'Eve')
    const checks = fatChecks(4_000)
    let acknowledged = 0
    let refusal: { status: number; body: unknown } | undefined
    while (refusal === undefined) {
      const reply = await send(served, token, acknowledged, checks.slice(acknowledged, acknowledged + 40))
      if (reply.status === 200) acknowledged = Number(reply.body.n)
      else refusal = reply
    }
    expect(refusal).toMatchObject({
      status: 507,
      body: { sentence: expect.stringMatching(/no memory left/) },
    })
    const { redis, keys } = served.hub.store
    expect(await redis.xlen(keys.learner(learner, checks[0]?.logId ?? ''))).toBe(acknowledged)
    if ('nodes' in redis) throw new Error('no cluster was started')
    await redis.config('SET', 'maxmemory', '1mb')
    const late = await call<Problem>(served, paths.join, {
      body: { code: served.classInfo.joinCode, name: 'Ada', share: false },
    })
    expect(late).toMatchObject({ status: 507, body: { sentence: expect.stringMatching(/no memory left/) } })
    // With more memory it goes on where it was.
    await redis.config('SET', 'maxmemory', '50mb')
    const next = checks.slice(acknowledged, acknowledged + 40)
    expect((await send(served, token, acknowledged, next)).body).toMatchObject({ n: acknowledged + 40 })
  })

  test('writes nothing to the log of the class by joining, sharing, and leaving again and again', async () => {
    const served = await serve(await realRedis(), undefined, { elapsed: () => 0 })
    const { token } = await join(served, 'Eve')
    const { redis, keys } = served.hub.store
    const before = await redis.xlen(keys.log)
    const again = (name: string) => call(served, paths.join, { token, body: { name, share: false } })
    for (let n = 0; n < 20; n += 1) expect((await again('Eve')).status).toBe(200)
    expect(await redis.xlen(keys.log)).toBe(before)
    const statuses: number[] = []
    for (let n = 0; n < 10; n += 1) statuses.push((await again(`Eve ${n}`)).status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(limits.changes.burst)
    for (let n = 0; n < 5; n += 1) await call(served, paths.leave, { token, body: {} })
    expect(await redis.xlen(keys.log)).toBe(before + limits.changes.burst + 1)
  })

  test('has to slow down with bytes, too', async () => {
    const served = await serve(await realRedis(), undefined, { elapsed: () => 0 })
    const { token } = await join(served, 'Eve')
    const statuses: number[] = []
    const checks = fatChecks(400)
    for (let n = 0; n < checks.length; n += 40) {
      statuses.push((await send(served, token, n, checks.slice(n, n + 40))).status)
    }
    expect(statuses.indexOf(429)).toBe(Math.floor(limits.bytes.burst / (40 * 19_500)))
    expect(new Set(statuses)).toEqual(new Set([200, 429]))
  })

  test('with a text that never ends shows a hand of a few words', async () => {
    const served = await serve(await realRedis())
    const { token } = await join(served, 'Eve')
    const hand = { class: served.classInfo.id, text: 'Ha'.repeat(7_500) }
    await send(served, token, 0, [
      progress(1, 'HAND_RAISED', '01-events', hand),
      failed(2, '01-events', 'T'.repeat(8_000), 'x'),
    ])
    const [row] = await until(
      () => served.hub.overview().participants,
      (rows) => rows[0]?.failure !== undefined,
    )
    expect(row?.hand?.text.length).toBe(limits.text)
    expect(row?.failure?.task).toHaveLength(limits.task)
    expect(row?.current?.task).toHaveLength(limits.task)
  })
})
