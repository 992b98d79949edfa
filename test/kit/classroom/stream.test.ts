import { describe, expect, onTestFinished, test } from 'vitest'
import { type Changes, type Overview, paths } from '../../../src/classroom/api.ts'
import { simulate } from '../../../src/classroom/simulate/simulate.ts'
import { call, embedded, failed, join, passed, type Served, secret, send, serve, until } from './class.ts'

interface Sent {
  readonly event: string
  readonly data: Changes | Overview
}

/** What a page receives, in order; growing. */
async function follow(served: Served): Promise<readonly Sent[]> {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const headers = { authorization: `Bearer ${secret}` }
  const response = await fetch(`${served.origin}${paths.stream}`, { headers, signal: stop.signal })
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  const sent: Sent[] = []
  const read = async () => {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
      rest = parts.pop() ?? ''
      for (const part of parts) {
        const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)$/s.exec(part) ?? []
        if (data !== '') sent.push({ event, data: JSON.parse(data) })
      }
    }
  }
  read().catch(() => {})
  await until(
    () => sent.length,
    (count) => count > 0,
  )
  return sent
}

describe('the stream', () => {
  test('starts with the whole state, then sends who changed and who left', async () => {
    const served = await serve(await embedded())
    // An earlier observer shows when both names have been sent: a page that opens sooner gets them again, as changes.
    const earlier = await follow(served)
    const [ada, bob] = [await join(served, 'Ada'), await join(served, 'Bob')]
    await until(
      () => earlier.flatMap(({ data }) => data.participants),
      (rows) => rows.some(({ label }) => label === 'Bob'),
    )
    const sent = await follow(served)
    expect(sent[0]).toMatchObject({
      event: 'overview',
      data: { participants: [{ label: 'Ada' }, { label: 'Bob' }] },
    })
    const before = sent.length
    await send(served, bob.token, 0, [passed(1, '01-events')])
    await until(
      () => sent.slice(before).flatMap(({ data }) => data.participants),
      (rows) => rows.some(({ label, checks }) => label === 'Bob' && checks.length === 1),
    )
    expect(
      sent.slice(before).flatMap(({ data }) => data.participants.map(({ label }) => label)),
    ).not.toContain('Ada')
    await call(served, paths.command, { token: secret, body: { do: 'remove', participant: ada.learner } })
    const last = await until(
      () => sent.at(-1),
      (one) => one !== undefined && 'left' in one.data && one.data.left.length > 0,
    )
    expect(last).toMatchObject({
      event: 'changes',
      data: { left: [ada.learner], summary: { participants: 1 } },
    })
  })

  test('sends closely spaced changes in few messages', async () => {
    const served = await serve(await embedded())
    const { token } = await join(served, 'Ada')
    const sent = await follow(served)
    const began = performance.now()
    for (let n = 1; n <= 50; n += 1) await send(served, token, n - 1, [failed(n, '01-events', 'a', 'x')])
    await until(
      () => sent.at(-1)?.data.participants[0]?.lessons['01-events']?.attempts,
      (attempts) => attempts === 50,
    )
    const seconds = (performance.now() - began) / 1_000
    expect(sent.length).toBeLessThanOrEqual(seconds * 8 + 4)
  })

  test('of every hub shows what any hub received', async () => {
    const url = await embedded()
    const one = await serve(url)
    const other = await serve(url, one.classInfo)
    const sent = await follow(other)
    const { token } = await join(one, 'Ada')
    await send(one, token, 0, [passed(1, '01-events')])
    await call(one, paths.command, { token: secret, body: { do: 'message', text: 'Hello' } })
    await until(
      () => sent.at(-1)?.data,
      (data) => data?.announcements.message?.text === 'Hello',
    )
    await until(
      () => other.hub.overview().participants[0]?.lessons['01-events']?.light,
      (light) => light === 'passed',
    )
  })
})

test('a simulated class whose hub ends has no result, and says so', async () => {
  const served = await serve(await embedded())
  const { joinCode } = served.classInfo
  const asked = { hubs: [served.origin], secret, joinCode, slug: '01-events', learners: 3 }
  const simulated = simulate({ ...asked, seconds: 600, pause: 0.2 }).catch((error: unknown) => error)
  await until(
    () => served.hub.overview().participants.filter(({ checks }) => checks.length > 0).length,
    (working) => working > 0,
  )
  await served.stop()
  expect(await simulated).toMatchObject({
    name: 'HubGoneError',
    message: expect.stringContaining('stopped in the middle of the rehearsal'),
  })
})

test('a simulated class loses nothing', async () => {
  const url = await embedded()
  const one = await serve(url)
  const other = await serve(url, one.classInfo)
  const { joinCode } = one.classInfo
  const hubs = [one.origin, other.origin]
  const result = await simulate({
    hubs,
    secret,
    joinCode,
    slug: '01-events',
    learners: 12,
    seconds: 3,
    pause: 0.5,
  })
  expect(result).toMatchObject({ learners: 12, lost: 0, stored: result.sent })
  expect(result.sent).toBeGreaterThan(12)
  expect(result.p99Ms).toBeGreaterThanOrEqual(result.medianMs)
})
