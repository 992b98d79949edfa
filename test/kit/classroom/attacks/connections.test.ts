import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { type Overview, type Problem, paths } from '../../../../src/classroom/api.ts'
import { streamChanges } from '../../../../src/classroom/http/stream.ts'
import type { Hub } from '../../../../src/classroom/hub/hub.ts'
import { limits } from '../../../../src/classroom/limits.ts'
import { listen } from '../../../../src/http/index.ts'
import { call, embedded, join, passed, type Served, secret, send, serve, until } from '../class.ts'
import { from } from './attack.ts'

const bearer = { token: secret }

/** Asks for a page that never ends, and doesn't read a byte of it. */
function unread(origin: string, path: string): Socket {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  onTestFinished(() => void socket.destroy())
  socket.pause()
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${secret}\r\n\r\n`)
  return socket
}

test('pages that read nothing keep no one out for long, and the class continues meanwhile', async () => {
  const served = await serve(await embedded())
  const sockets = Array.from({ length: limits.streams }, () => unread(served.origin, paths.stream))
  const headers = { authorization: `Bearer ${secret}` }
  const status = async () => {
    const stop = new AbortController()
    const reply = await fetch(`${served.origin}${paths.stream}`, { headers, signal: stop.signal })
    const said = reply.status === 429 ? ((await reply.json()) as Problem).sentence : ''
    stop.abort()
    return { status: reply.status, said }
  }
  const full = await until(status, (seen) => seen.status === 429)
  expect(full.said).toBe('Too many pages are following the class. Close some.')
  const { token } = await join(served, 'Ada')
  expect((await send(served, token, 0, [passed(1, '01-events')])).status).toBe(200)
  expect((await call(served, paths.command, { ...bearer, body: { do: 'resume' } })).status).toBe(200)
  for (const socket of sockets) socket.destroy()
  await until(status, (seen) => seen.status === 200)
})

test('a page that goes away in the middle of a message leaves nothing behind', async () => {
  let following = 0
  const hub = {
    overview: () => ({ kind: 'overview', text: 'x'.repeat(20_000_000) }),
    follow: () => {
      following += 1
      return () => {
        following -= 1
      }
    },
  } as unknown as Hub
  let ends = 0
  const ended = () => {
    ends += 1
  }
  const app = new Hono().get('/', (context) => streamChanges(context, hub, { isWanted: () => true, ended }))
  const { port, close } = await listen(app, { host: '127.0.0.1', port: 0 })
  onTestFinished(close)
  const socket = unread(`http://127.0.0.1:${port}`, '/')
  await until(
    () => following,
    (count) => count === 1,
  )
  socket.destroy()
  await until(
    () => [following, ends],
    ([left, over]) => left === 0 && over === 1,
  )
})

test('headers that claim another address or another form change nothing', async () => {
  const pauses: number[] = []
  const pause = async (ms: number) => void pauses.push(ms)
  const served = await serve(await embedded(), undefined, { pause, elapsed: () => 0 })
  const wrong = JSON.stringify({ code: 'AAAAAA', name: 'Eve', share: false })
  for (let n = 0; n < limits.wrongCodes.burst + 3; n += 1) {
    const claims = {
      'x-forwarded-for': `192.0.2.${n}`,
      'x-real-ip': `192.0.2.${n}`,
      forwarded: `for=192.0.2.${n}`,
    }
    expect((await from('127.0.0.1', served.origin, paths.join, wrong, claims)).status).toBe(401)
  }
  expect(pauses).toHaveLength(3)
  const ask = (headers: Record<string, string>, body: string) =>
    from('127.0.0.1', served.origin, paths.join, body, headers)
  // Nothing is unpacked.
  const bomb = gzipSync(Buffer.alloc(400_000)).toString('latin1')
  const packed = await ask({ 'content-encoding': 'gzip' }, bomb.slice(0, 500))
  expect(packed).toMatchObject({ status: 400, text: expect.stringContaining("isn't valid") })
  const over = await ask({ 'x-http-method-override': 'GET', 'x-original-url': paths.overview }, wrong)
  expect(over.status).toBe(401)
  expect((await ask({ origin: 'null' }, wrong)).status).toBe(403)
})

test('huge, negative, and endless numbers are refused or kept small, and prototypes stay as they are', async () => {
  const served = await serve(await embedded(), undefined, { elapsed: () => 0 })
  const { token } = await join(served, 'Ada')
  const authorization = { authorization: `Bearer ${token}` }
  const body = (n: string, payload: string, timestamp = '2026-05-02T09:00:00.000Z') => {
    const event = { ...passed(1, '01-events'), timestamp, payload: 'PAYLOAD', n: 'N' }
    const all = { logId: event.logId, after: 0, events: [event], now: new Date().toISOString() }
    return JSON.stringify(all).replace('"PAYLOAD"', payload).replace('"N"', n)
  }
  const check = (ms: string, more = '') =>
    `{"target":"workspace","redis":"x","tasks":[],"skipped":0,"ms":${ms}${more}}`
  for (const n of [
    '-1',
    '0',
    '1e999',
    '-1e999',
    '1.5',
    '9007199254740993',
    '"1"',
    'null',
    '{"__proto__":1}',
  ]) {
    const { status } = await from(
      '127.0.0.1',
      served.origin,
      paths.events,
      body(n, check('1')),
      authorization,
    )
    expect(status, n).toBe(400)
  }
  for (const time of ['0000-00-00T00:00:00Z', '+275760-09-13T00:00:00Z', '9999-99-99T99:99:99Z']) {
    const text = body('1', check('1'), time)
    expect((await from('127.0.0.1', served.origin, paths.events, text, authorization)).status, time).toBe(400)
  }
  const proto = ',"__proto__":{"share":true,"target":"x"},"constructor":{"prototype":{"x":1}}'
  const accepted = [
    body('1', check('1e308')),
    body('2', check('1e999')),
    body('3', check('-5')),
    body('4', check('1', proto)),
    body('5', check('1'), '0001-01-01T00:00:00.000Z'),
    body('6', check('1'), '9999-12-31T23:59:59.999Z'),
    body('9007199254740991', check('1')),
  ]
  for (const text of accepted) {
    const reply = await from('127.0.0.1', served.origin, paths.events, text, authorization)
    expect(reply, reply.text).toMatchObject({ status: 200 })
  }
  const [row] = await until(
    () => served.hub.overview().participants,
    (rows) => (rows[0]?.checks.length ?? 0) >= 5,
  )
  const now = new Date().toISOString()
  for (const { at } of row?.checks ?? []) expect(at <= now).toBe(true)
  expect(row?.sharesCode).toBe(false)
  expect(({} as Record<string, unknown>).x).toBeUndefined()
  expect(JSON.stringify(row).length).toBeLessThan(4_000)
})

test('closing while everyone joins lets each in, or says that the class is closed', async () => {
  const served = await serve(await embedded())
  const enter = (name: string) =>
    call<Problem>(served, paths.join, {
      body: { code: served.classInfo.joinCode, name, share: false },
    })
  const names = Array.from({ length: 30 }, (_, n) => `Learner ${n}`)
  const [replies] = await Promise.all([
    Promise.all(names.map(enter)),
    call(served, paths.command, { ...bearer, body: { do: 'close' } }),
  ])
  const isIn = replies.filter(({ status }) => status === 200)
  for (const { status, body } of replies) {
    if (status !== 200) expect([status, body.sentence]).toEqual([410, 'The class is closed.'])
  }
  await until(
    () => served.hub.overview().participants.length,
    (count) => count === isIn.length,
  )
})

test('renaming, merging, removing, and taking back all at once leaves every hub with the same class', async () => {
  const url = await embedded()
  const served = await serve(url)
  const other = await serve(url, served.classInfo)
  const people = await Promise.all(Array.from({ length: 6 }, (_, n) => join(served, `Learner ${n}`)))
  const id = (n: number) => people[n % people.length]?.learner
  await until(
    () => other.hub.overview().participants.length,
    (count) => count === people.length,
  )
  const commands = Array.from({ length: 24 }, (_, n) => [
    { do: 'merge', participant: id(n), into: id(n + 1) },
    { do: 'rename', participant: id(n), name: `Renamed ${n}` },
    ...(n % 5 === 0 ? [{ do: 'remove', participant: id(n + 2) }] : []),
    { do: 'undo' },
    ...(n % 7 === 0 ? [{ do: 'restore', participant: id(n + 2) }] : []),
  ]).flat()
  const replies = await Promise.all(
    commands.map((body, n) =>
      call<Problem>(n % 2 === 0 ? served : other, paths.command, { ...bearer, body }),
    ),
  )
  for (const { status, body } of replies) {
    expect([200, 403]).toContain(status)
    if (status === 403) expect(body.sentence).toMatch(/\.$/)
  }
  // The last thing that both hubs hear of.
  await call(served, paths.command, { ...bearer, body: { do: 'message', text: 'Done.' } })
  const seen = async (hub: Served) => {
    const { body } = await call<Overview>(hub, paths.overview, bearer)
    const rows = body.participants.map(({ id: one, label }) => [one, label])
    return { rows, removed: body.removed, undo: body.undo, message: body.announcements.message?.text }
  }
  const [one, two] = await Promise.all(
    [served, other].map((hub) =>
      until(
        () => seen(hub),
        ({ message }) => message === 'Done.',
      ),
    ),
  )
  expect(two).toEqual(one)
  const later = await serve(url, served.classInfo)
  expect(await seen(later)).toEqual(one)
  // Everyone may have been merged into one, and that one removed.
  const left = [...(one?.rows ?? []), ...(one?.removed ?? [])]
  expect(left.length, 'a merge in a circle would leave no one').toBeGreaterThan(0)
})
