import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import { type Overview, type ParticipantPage, type Problem, paths } from '../../../src/classroom/api.ts'
import { limits } from '../../../src/classroom/limits.ts'
import { call, embedded, failed, join, passed, progress, secret, send, serve, until } from './class.ts'

const bearer = { token: secret }

/** With headers that fetch doesn't allow. */
function raw(origin: string, path: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin)
    const asked = request({ hostname, port, path, headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.once('error', reject).end()
  })
}

describe('who may do what', () => {
  test('neither the join code nor a token opens instructor pages', async () => {
    const served = await serve(await embedded())
    const { token, learner } = await join(served, 'Ada')
    for (const path of [paths.overview, paths.stream, `${paths.participant}${learner}`, paths.export]) {
      expect((await call(served, path)).status, path).toBe(401)
      expect((await call(served, path, { token })).status, path).toBe(401)
    }
    expect((await call(served, paths.command, { token, body: { do: 'resume' } })).status).toBe(401)
  })

  test('no one writes as someone else, nor with a made-up token', async () => {
    const served = await serve(await embedded())
    const [ada, eve] = [await join(served, 'Ada'), await join(served, 'Eve')]
    const forged = eve.token.replace(eve.learner, ada.learner)
    expect((await send(served, forged, 0, [passed(1, '01-events')])).status).toBe(401)
    expect((await call(served, paths.leave, { token: forged, body: {} })).status).toBe(401)
    // A field that names another is not even read: the token decides.
    await send(served, eve.token, 0, [{ ...passed(1, '01-events'), metadata: { learner: ada.learner } }])
    const rows = await until(
      () => served.hub.overview().participants,
      (seen) => seen.some(({ checks }) => checks.length > 0),
    )
    expect(rows.map(({ label, checks }) => [label, checks.length])).toEqual([
      ['Ada', 0],
      ['Eve', 1],
    ])
    // Joining under her name makes another participant.
    expect((await join(served, 'Ada')).learner).not.toBe(ada.learner)
  })

  test('a login sets a cookie that scripts cannot read and other sites do not send', async () => {
    const served = await serve(await embedded())
    const response = await fetch(`${served.origin}${paths.login}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: served.origin },
      body: JSON.stringify({ secret }),
    })
    const cookie = response.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/HttpOnly/i)
    expect(cookie).toMatch(/SameSite=Strict/i)
    const headers = { cookie: cookie.split(';')[0] ?? '' }
    expect((await call<Overview>(served, paths.overview, { headers })).body.kind).toBe('overview')
  })

  test('a page of another site can neither read nor command', async () => {
    const served = await serve(await embedded())
    const body = { do: 'message', text: 'x' }
    const command = (headers: Record<string, string>) =>
      call(served, paths.command, { ...bearer, body, headers })
    expect((await command({ origin: 'http://evil.example' })).status).toBe(403)
    expect((await command({ 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await command({ origin: 'null' })).status).toBe(403)
    // A form can send without a preflight, but not JSON.
    expect((await command({ 'content-type': 'text/plain' })).status).toBe(400)
    expect((await command({ origin: served.origin })).status).toBe(200)
    // DNS rebinding: the request arrives here under another name.
    expect(await raw(served.origin, paths.overview, { host: 'evil.example' })).toBe(421)
    expect(await raw(served.origin, paths.overview, { host: 'localhost' })).toBe(401)
  })
})

describe('guessing', () => {
  /** Counts the answers that are held back, instead of waiting. */
  async function slowed() {
    let elapsed = 0
    const pauses: number[] = []
    const pause = async (ms: number) => void pauses.push(ms)
    const served = await serve(await embedded(), undefined, { elapsed: () => elapsed, pause })
    return { served, pauses, pass: (ms: number) => (elapsed += ms) }
  }

  test('wrong codes take longer and longer, and the right one never has to wait', async () => {
    const { served, pauses, pass } = await slowed()
    const attempt = (code: string) =>
      call<Problem>(served, paths.join, { body: { code, name: 'Eve', share: false } })
    for (let n = 0; n < limits.wrongCodes.burst; n += 1) {
      expect((await attempt('AAAAAA')).body.sentence).toBe(
        "That isn't the join code. Ask your instructor for it.",
      )
    }
    expect(pauses).toEqual([])
    const held = await attempt('AAAAAA')
    expect(held).toMatchObject({ status: 401 })
    expect(held.body.sentence).toMatch(/^That isn't the join code\. .+ After several wrong ones/)
    expect(pauses).toEqual([limits.wrongCodeTakes])
    expect((await attempt(served.classInfo.joinCode)).status).toBe(200)
    expect(pauses).toHaveLength(1)
    pass(3_000)
    await attempt('AAAAAA')
    expect(pauses).toHaveLength(1)
  })

  test('so do wrong secrets, by login and by cookie, with an account of their own', async () => {
    const { served, pauses } = await slowed()
    const guesses = [
      () => call(served, paths.login, { body: { secret: 'x' } }),
      () => call(served, paths.overview, { token: 'x' }),
      () => call(served, paths.overview, { headers: { cookie: `class-${served.classInfo.id}=x` } }),
    ]
    for (let n = 0; n < 12; n += 1) expect((await guesses[n % 3]?.())?.status).toBe(401)
    expect(pauses).toHaveLength(4)
    // Learners with wrong codes and old tokens behind the same address are another account.
    await call(served, paths.view, { token: `${randomUUID()}.x` })
    expect(pauses).toHaveLength(4)
    expect((await call(served, paths.login, { body: { secret } })).status).toBe(200)
    expect((await call(served, paths.overview, bearer)).status).toBe(200)
    expect(pauses).toHaveLength(4)
  })

  test('learners do not wait because of guessers', async () => {
    const { served, pauses } = await slowed()
    const { token } = await join(served, 'Ada')
    for (let n = 0; n < 10; n += 1) await call(served, paths.view, { token: `${randomUUID()}.x` })
    const held = pauses.length
    expect((await send(served, token, 0, [passed(1, '01-events')])).status).toBe(200)
    expect(pauses).toHaveLength(held)
  })
})

describe('too much', () => {
  test('is refused with a sentence, and the hub keeps working', async () => {
    const served = await serve(await embedded())
    const { token } = await join(served, 'Ada', true)
    const events = (count: number, more: object = {}) =>
      Array.from({ length: count }, (_, n) => ({ ...failed(n + 1, '01-events', 'a', 'x'), ...more }))
    const big = failed(1, '01-events', 'a', 'x'.repeat(limits.event))
    const attacks: readonly (readonly [string, number, () => Promise<{ status: number }>])[] = [
      ['a batch', 400, () => send(served, token, 0, events(limits.batch + 1))],
      ['an event', 400, () => send(served, token, 0, [big])],
      ['a name', 413, () => call(served, paths.join, { body: { name: 'x'.repeat(1e4), share: false } })],
      ['code', 400, () => code('x'.repeat(limits.code + 1))],
      ['a request', 413, () => send(served, token, 0, events(150, { metadata: { x: 'x'.repeat(10_000) } }))],
    ]
    const code = (text: string) =>
      call(served, paths.code, { token, body: { eventId: randomUUID(), slug: '01-events', code: text } })
    for (const [name, status, attack] of attacks) {
      // A request that is far too long is cut off while it is being sent; whether the answer is read is chance.
      const reply = await attack().catch(() => ({ status: 413 }))
      expect(reply.status, name).toBe(status)
    }
    const reply = await until(
      // The first may meet the connection that was cut off.
      () => send(served, token, 0, events(3)).catch(() => undefined),
      (seen) => seen !== undefined,
    )
    expect(reply?.body).toMatchObject({ kind: 'stored', n: 3 })
  })

  test('so is anything invalid: falling numbers, other logs, paths for lessons, not JSON', async () => {
    const served = await serve(await embedded())
    const { token } = await join(served, 'Ada')
    const one = (more: object) => [{ ...passed(1, '01-events'), ...more }]
    const bad: readonly (readonly [number, readonly object[]])[] = [
      [0, [passed(2, '01-events'), passed(1, '01-events')]],
      [0, [passed(1, '01-events'), { ...passed(2, '01-events'), logId: randomUUID() }]],
      [5, one({})],
      [0, one({ n: 1.5 })],
      [0, one({ n: 2 ** 60 })],
      [0, one({ entityId: '../../etc/passwd' })],
      [0, one({ entityId: '__proto__' })],
      [0, one({ eventId: 'x' })],
      [0, one({ timestamp: 'yesterday' })],
      [0, one({ payload: [] })],
      [0, [null as unknown as object]],
    ]
    for (const [after, events] of bad) {
      const reply = await send(served, token, after, events as Parameters<typeof send>[3])
      expect(reply.status, JSON.stringify(events).slice(0, 80)).toBe(400)
    }
    const garbage = await fetch(`${served.origin}${paths.events}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{"logId":',
    })
    expect(garbage.status).toBe(400)
  })

  test('a client that asks too often is told when to retry', async () => {
    // Time stands still, or a slow machine would never exceed the limit.
    const served = await serve(await embedded(), undefined, { elapsed: () => 0 })
    const { token } = await join(served, 'Ada')
    const replies = await Promise.all(
      Array.from({ length: limits.requests.burst + 60 }, () =>
        fetch(`${served.origin}${paths.view}`, { headers: { authorization: `Bearer ${token}` } }),
      ),
    )
    const slowed = replies.find(({ status }) => status === 429)
    expect(Number(slowed?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    // Others aren't slowed down with it.
    const bob = await join(served, 'Bob')
    expect((await call(served, paths.view, { token: bob.token })).status).toBe(200)
  })
})

test('names, messages, diagnoses and code come out unchanged, as JSON data, never as markup', async () => {
  const served = await serve(await embedded())
  const markup = '<img src=x onerror=alert(1)>'
  const { token, learner } = await join(served, markup, true)
  const check = failed(1, '01-events', markup, `${markup}</script>`)
  const hand = progress(2, 'HAND_RAISED', '01-events', { class: served.classInfo.id, text: markup })
  await send(served, token, 0, [check, hand])
  await call(served, paths.code, {
    token,
    body: { eventId: check.eventId, slug: '01-events', code: markup },
  })
  await until(
    () => served.hub.overview().participants[0],
    (row) => row?.hand !== undefined,
  )
  const response = await fetch(`${served.origin}${paths.participant}${learner}`, {
    headers: { authorization: `Bearer ${secret}` },
  })
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  const page = (await response.json()) as ParticipantPage
  expect(page.row).toMatchObject({ label: markup, hand: { text: markup } })
  expect(page.attempts).toMatchObject([{ task: markup, diagnosis: `${markup}</script>`, code: markup }])
})

test('no path leads out, and an invalid ID finds no one', async () => {
  const served = await serve(await embedded())
  for (const path of ['../../package.json', '..%2f..%2fpackage.json', '%00', '*', randomUUID()]) {
    const { status } = await call(served, `${paths.participant}${path}`, bearer)
    expect(status, path).toBe(404)
  }
  expect(await raw(served.origin, '/../../../../etc/passwd', { host: 'localhost' })).toBe(404)
})

test('code is stored only for learners who share it, and deleted when they stop', async () => {
  const served = await serve(await embedded())
  const { token, learner } = await join(served, 'Ada')
  const check = failed(1, '01-events', 'a', 'x')
  await send(served, token, 0, [check])
  const body = { eventId: check.eventId, slug: '01-events', code: 'const a = 1' }
  const codeNow = async () => {
    const page = await until(
      () => served.hub.participant(learner),
      (seen) => (seen?.attempts.length ?? 0) > 0,
    )
    return page?.attempts[0]?.code
  }
  await call(served, paths.code, { token, body })
  expect(await codeNow()).toBeUndefined()
  await call(served, paths.share, { token, body: { share: true } })
  await call(served, paths.code, { token, body })
  expect(await codeNow()).toBe('const a = 1')
  await call(served, paths.share, { token, body: { share: false } })
  expect(await codeNow()).toBeUndefined()
})

test('a closed class accepts nothing, and a reopened one does', async () => {
  const served = await serve(await embedded())
  const { token } = await join(served, 'Ada')
  await call(served, paths.command, { ...bearer, body: { do: 'close' } })
  await until(
    () => served.hub.isClosed,
    (closed) => closed,
  )
  expect((await send(served, token, 0, [passed(1, '01-events')])).status).toBe(410)
  expect(
    (await call(served, paths.join, { body: { code: served.classInfo.joinCode, name: 'Bob', share: false } }))
      .status,
  ).toBe(410)
  await call(served, paths.command, { ...bearer, body: { do: 'reopen' } })
  await until(
    () => served.hub.isClosed,
    (closed) => !closed,
  )
  expect((await send(served, token, 0, [passed(1, '01-events')])).status).toBe(200)
})
