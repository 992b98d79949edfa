import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { type Overview, type Problem, paths } from '../../../../src/classroom/api.ts'
import { need } from '../../need.ts'
import { call, failed, join, secret, send, serve, until } from '../class.ts'
import { realRedis } from './attack.ts'

const { test } = need('redis-server')
const bearer = { token: secret }

/** A class on someone else's Redis, which has no memory left. */
async function onFullRedis() {
  const url = await realRedis()
  const served = await serve(url)
  const [ada, eve] = [await join(served, 'Ada', true), await join(served, 'Eve', true)]
  const check = failed(1, '01-events', 'createEvent', 'No.')
  await send(served, eve.token, 0, [check])
  const code = { eventId: check.eventId, slug: '01-events', code: 'x'.repeat(1_000) }
  await call(served, paths.code, { token: eve.token, body: code })
  const { redis } = served.hub.store
  if ('nodes' in redis) throw new Error('No cluster was started.')
  await redis.config('SET', 'maxmemory', '1mb')
  return { url, served, ada, eve, redis }
}

test('the instructor can still lead when the Redis is full, and what is deleted makes room', async () => {
  const { served, ada, eve, redis } = await onFullRedis()
  const late = await send(served, ada.token, 0, [failed(1, '01-events', 'a', 'No.')])
  expect(late.status).toBe(507)
  const lead = (body: object) => call<Problem>(served, paths.lead, { ...bearer, body })
  const seen = () => call<Overview>(served, paths.overview, bearer).then(({ body }) => body)
  for (const body of [
    { do: 'message', text: 'The class is full. I make room.' },
    { do: 'rename', participant: eve.learner, name: 'Eva' },
    { do: 'new code' },
    { do: 'remove', participant: eve.learner },
    { do: 'undo' },
  ])
    expect(await lead(body), body.do).toMatchObject({ status: 200 })
  const { lead: state } = await until(seen, ({ participants }) =>
    participants.some(({ label }) => label === 'Eva'),
  )
  expect(state.message?.text).toContain('I make room')
  // What they take back is gone, too.
  const { keys } = served.hub.store
  expect(await redis.exists(keys.code(eve.learner))).toBe(1)
  expect((await call(served, paths.share, { token: eve.token, body: { share: false } })).status).toBe(200)
  expect(await redis.exists(keys.code(eve.learner))).toBe(0)
  expect((await call(served, paths.leave, { token: eve.token, body: {} })).status).toBe(200)
  expect(await redis.hkeys(keys.used)).not.toContainEqual(expect.stringContaining(eve.learner))
  expect(await redis.hget(keys.used, 'class events')).toBe('0')
  await redis.config('SET', 'maxmemory', '50mb')
  expect((await send(served, ada.token, 0, [failed(1, '01-events', 'a', 'No.')])).status).toBe(200)
})

test('a class is reopened on a Redis that is full', async () => {
  const { url, served } = await onFullRedis()
  await served.stop()
  const again = await serve(url, served.about)
  expect(again.hub.overview().participants).toHaveLength(2)
})

test('a Redis that knows no such scripts says so to the instructor', async () => {
  const { served, redis } = await onFullRedis()
  const plain = redis.eval.bind(redis) as (...args: readonly unknown[]) => Promise<unknown>
  // As a Redis before 7.0 does.
  const old = (...args: readonly unknown[]) =>
    String(args[0]).startsWith('#!')
      ? Promise.reject(new Error("ERR Error compiling script: unexpected symbol near '#'"))
      : plain(...args)
  redis.eval = old as typeof redis.eval
  const { status, body } = await call<Problem>(served, paths.lead, {
    ...bearer,
    body: {
      do: 'show attempt',
      participant: served.hub.overview().participants[0]?.id,
      eventId: randomUUID(),
    },
  })
  expect(status).toBe(507)
  expect(body.sentence).toMatch(
    /^The class's Redis has no memory left, so it can't store that\. Raise its maxmemory/,
  )
})
