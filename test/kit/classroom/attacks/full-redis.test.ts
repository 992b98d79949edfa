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
  const command = (body: object) => call<Problem>(served, paths.command, { ...bearer, body })
  const seen = () => call<Overview>(served, paths.overview, bearer).then(({ body }) => body)
  for (const body of [
    { do: 'message', text: 'The class is full. I make room.' },
    { do: 'rename', participant: eve.learner, name: 'Eva' },
    { do: 'new code' },
    { do: 'remove', participant: eve.learner },
    { do: 'undo' },
  ])
    expect(await command(body), body.do).toMatchObject({ status: 200 })
  const { announcements: state } = await until(seen, ({ participants }) =>
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

test('the instructor is told that the class is full', async () => {
  const { served, ada } = await onFullRedis()
  const isFull = () => served.hub.overview().full === true
  expect(isFull()).toBe(false)
  const told = new Promise<void>((resolve) => served.hub.follow(({ full }) => full && resolve()))
  const check = failed(1, '01-events', 'a', 'No.')
  expect((await send(served, ada.token, 0, [check])).status).toBe(507)
  await told // on the pages that are open
  expect(isFull()).toBe(true)
})

test('a class is reopened on a Redis that is full', async () => {
  const { url, served } = await onFullRedis()
  await served.stop()
  const again = await serve(url, served.classInfo)
  expect(again.hub.overview().participants).toHaveLength(2)
})

/** Replaces what a Redis replies to the scripts that may write without memory. */
function replyToScripts({ redis }: Awaited<ReturnType<typeof onFullRedis>>, message: string): void {
  const plain = redis.eval.bind(redis) as (...args: readonly unknown[]) => Promise<unknown>
  const other = (...args: readonly unknown[]) =>
    String(args[0]).startsWith('#!') ? Promise.reject(new Error(message)) : plain(...args)
  redis.eval = other as typeof redis.eval
}

/** As a Redis before 7.0 does. */
const tooOld = "ERR Error compiling script: unexpected symbol near '#'"

test('a Redis that knows no such scripts says so to the instructor', async () => {
  const full = await onFullRedis()
  const { served } = full
  replyToScripts(full, tooOld)
  const { status, body } = await call<Problem>(served, paths.command, {
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
  // Nothing was refused to a learner.
  expect(served.hub.overview().full).toBeUndefined()
})

test("and to a learner, it says that there's nothing they have to do", async () => {
  const full = await onFullRedis()
  replyToScripts(full, tooOld)
  const { served, eve } = full
  const { status, body } = await call<Problem>(served, paths.share, {
    token: eve.token,
    body: { share: false },
  })
  expect(status).toBe(507)
  expect(body.sentence).toContain("it's sent again once your instructor has made room")
})

test('another error of a full Redis is named as what it is', async () => {
  const full = await onFullRedis()
  replyToScripts(
    full,
    "MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk.",
  )
  const { status, body } = await call<Problem>(full.served, paths.command, {
    ...bearer,
    body: { do: 'message', text: 'Hello.' },
  })
  expect(status).toBe(503)
  expect(body.sentence).toMatch(/^The class's Redis can't write to its disk/)
})
