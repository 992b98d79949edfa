import { expect } from 'vitest'
import { type Joined, type Overview, type Problem, paths } from '../../../../src/classroom/api.ts'
import { Guesses } from '../../../../src/classroom/http/guesses.ts'
import type { Refusal } from '../../../../src/classroom/http/refusal.ts'
import { limits } from '../../../../src/classroom/limits.ts'
import { need } from '../../need.ts'
import { call, join, passed, secret, send, serve, until } from '../class.ts'
import { from, realRedis } from './attack.ts'

const { test } = need('redis-server')
const bearer = { token: secret }

test('anyone who has the code gets in while sixteen addresses guess, from the same address, too', async () => {
  const held: (() => void)[] = []
  const pause = () => new Promise<void>((resolve) => held.push(resolve))
  const served = await serve(await realRedis(), undefined, { pause })
  const wrong = JSON.stringify({ code: 'AAAAAA', name: 'Eve', share: false })
  const guesses = Array.from({ length: 16 }, (_, n) => `127.0.0.${n + 1}`).flatMap((address) =>
    Array.from({ length: 10 }, () => from(address, served.origin, paths.join, wrong)),
  )
  await until(
    () => held.length,
    (count) => count >= 16,
  )
  // None of the slowed ones has its answer yet.
  const right = JSON.stringify({ code: served.classInfo.joinCode, name: 'Ada', share: false })
  for (const address of ['127.0.0.1', '127.0.0.99']) {
    expect((await from(address, served.origin, paths.join, right)).status).toBe(200)
  }
  const { status } = await from('127.0.0.1', served.origin, paths.login, JSON.stringify({ secret }))
  expect(status).toBe(200)
  const isDone = Promise.all(guesses)
  const letGo = setInterval(() => {
    for (const resolve of held.splice(0)) resolve()
  }, 10)
  const answers = await isDone
  clearInterval(letGo)
  expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([401]))
})

test('so many wrong codes that they would pile up are sent away', async () => {
  const held: (() => void)[] = []
  const pause = () => new Promise<void>((resolve) => held.push(resolve))
  const guesses = new Guesses({ pause, elapsed: () => 0 })
  const guess = () => guesses.wrong('192.0.2.1', 'Wrong.').catch(({ status }: Refusal) => status)
  for (let n = 0; n < limits.wrongCodes.burst; n += 1) await guess()
  const waiting = Array.from({ length: limits.wrongCodesWaiting }, guess)
  expect(await guess()).toBe(429)
  for (const resolve of held.splice(0)) resolve()
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([401]))
})

test('a megabyte of brackets is not even read', async () => {
  const served = await serve(await realRedis())
  const { token } = await join(served, 'Eve')
  const brackets = '['.repeat(1_000_000)
  const junk = Array.from({ length: 8 }, () =>
    // A connection that's closed early may lose its answer.
    from('127.0.0.1', served.origin, paths.join, brackets).catch(() => ({ status: 413, text: '' })),
  )
  expect((await Promise.all(junk)).map(({ status }) => status)).toEqual(Array(8).fill(413))
  const authorization = { authorization: `Bearer ${token}` }
  for (const path of [paths.share, paths.leave, paths.code]) {
    const { status } = await from('127.0.0.1', served.origin, path, brackets, authorization)
    expect(status, path).toBe(413)
  }
  const deep = { ...passed(1, '01-events'), payload: 'DEEP' }
  const body = { logId: deep.logId, after: 0, events: [deep], now: new Date().toISOString() }
  for (const [levels, refused] of [
    [60_000, 413],
    [10_000, 400],
  ] as const) {
    const nested = `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
    const text = JSON.stringify(body).replace('"DEEP"', nested)
    const { status, text: said } = await from('127.0.0.1', served.origin, paths.events, text, authorization)
    expect(status).toBe(refused)
    expect(said).not.toContain('Redis')
  }
  expect((await send(served, token, 0, [passed(1, '01-events')])).status).toBe(200)
})

test('joins are paced even with the right code; the instructor changes the code and removes everyone who has joined since', async () => {
  let elapsed = 0
  const served = await serve(await realRedis(), undefined, { elapsed: () => elapsed })
  const ada = await join(served, 'Ada')
  const code = served.classInfo.joinCode
  const enter = (name: string, typed = code) =>
    call<Pick<Joined, 'token'> & Pick<Problem, 'sentence'>>(served, paths.join, {
      body: { code: typed, name, share: false },
    })
  const { now } = (await call<Overview>(served, paths.overview, bearer)).body
  const since = new Date(Date.parse(now) + 1).toISOString()
  await until(
    () => new Date().toISOString(),
    (time) => time > since,
  )
  const crowd = await Promise.all(
    Array.from({ length: limits.joins.burst + 20 }, (_, n) => enter(`Eve ${n}`)),
  )
  const inside = crowd.filter(({ status }) => status === 200)
  expect(inside).toHaveLength(limits.joins.burst - 1)
  const late = crowd.find(({ status }) => status === 429)
  expect(late?.body.sentence).toMatch(/^Many people are joining right now\. Try again in \d+ seconds?\.$/)

  const command = (body: object) => call<Problem>(served, paths.command, { ...bearer, body })
  await command({ do: 'new code' })
  const renewed = await until(
    () => served.hub.classInfo.joinCode,
    (joinCode) => joinCode !== code,
  )
  elapsed += 60_000
  expect((await enter('Mallory')).status).toBe(401)
  expect((await enter('Bob', renewed)).status).toBe(200)
  expect((await command({ do: 'remove since', since })).status).toBe(200)
  const left = await until(
    () => served.hub.overview().participants,
    (rows) => rows.length === 1,
  )
  expect(left.map(({ label }) => label)).toEqual(['Ada'])
  const token = inside[0]?.body.token ?? ''
  expect((await send(served, token, 0, [passed(1, '01-events')])).body).toEqual({ kind: 'join again' })
  expect((await call(served, paths.join, { token, body: { name: 'Eve', share: false } })).status).toBe(403)
  expect((await send(served, ada.token, 0, [passed(1, '01-events')])).status).toBe(200)
  // That was too many: all of them come back.
  await command({ do: 'undo' })
  await until(
    () => served.hub.overview().participants.length,
    (count) => count === limits.joins.burst + 1,
  )
  expect((await send(served, token, 0, [passed(1, '01-events')])).body).toMatchObject({ kind: 'stored' })
})
