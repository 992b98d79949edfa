import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Problem, paths } from '../../../../src/classroom/api.ts'
import { inTurn, isReadable } from '../../../../src/classroom/http/large-json.ts'
import { embedded, failed, join, serve } from '../class.ts'
import { from } from './attack.ts'

test("JSON that's too deep or has too many values isn't parsed, whatever its strings contain", () => {
  expect(isReadable('['.repeat(100), 1_000)).toBe(false)
  expect(isReadable(`[${'{},'.repeat(1_000)}{}]`, 1_000)).toBe(false)
  expect(isReadable(JSON.stringify({ text: '[{,"\\'.repeat(1_000) }), 10)).toBe(true)
  expect(isReadable('"[', 10)).toBe(true)
})

test('a megabyte of brackets, of objects, or of keys is refused, and honest events get through', async () => {
  const served = await serve(await embedded())
  const { token } = await join(served, 'Mallory')
  const logId = randomUUID()
  const keys = Array.from({ length: 90_000 }, (_, n) => `"${n.toString(36)}":0`).join(',')
  const bad = [
    '['.repeat(990_000),
    `{"events":[${'{},'.repeat(300_000)}{}]}`,
    `{"events":[{"payload":{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}}]}`,
    `{"events":[{"payload":{${keys}}}]}`,
  ]
  const bearer = { authorization: `Bearer ${token}` }
  for (const body of bad) {
    const { status, text } = await from('127.0.0.1', served.origin, paths.events, body, bearer)
    expect(status, body.slice(0, 60)).toBe(413)
    expect((JSON.parse(text) as Problem).sentence).toBe("That's too much at once.")
  }
  const ada = await join(served, 'Ada')
  // As much as a batch may have: it takes its turn.
  const events = Array.from({ length: 200 }, (_, n) => ({
    ...failed(n + 1, '07-concurrency', 'appendEvent', 'x'.repeat(1_500)),
    logId,
  }))
  const body = JSON.stringify({ logId, after: 0, events, now: new Date().toISOString() })
  expect(body.length).toBeGreaterThan(300_000)
  const stored = await from('127.0.0.1', served.origin, paths.events, body, {
    authorization: `Bearer ${ada.token}`,
  })
  expect(JSON.parse(stored.text)).toMatchObject({ kind: 'stored', stored: 200 })
})

test('large work is done one at a time, and too much of it is sent away', async () => {
  let [at, most] = [0, 0]
  const work = async () => {
    at += 1
    most = Math.max(most, at)
    await Promise.resolve()
    at -= 1
  }
  const ends = await Promise.allSettled(Array.from({ length: 205 }, () => inTurn(work)))
  const refused = ends.filter(({ status }) => status === 'rejected')
  expect(refused).toHaveLength(5)
  expect(refused[0]).toMatchObject({ reason: { status: 429, wait: 10 } })
  expect(most).toBe(1)
  // However one ends, the next has its turn.
  await expect(inTurn(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await inTurn(work)
})
