import { expect, test, vi } from 'vitest'
import { type ClassView, type Overview, type ParticipantPage, paths } from '../../../src/classroom/api.ts'
import { call, embedded, failed, join, passed, type Served, secret, send, serve, until } from './class.ts'
import { recordingOf, runOf } from './recordings.ts'

const slug = '07-concurrency'
const bearer = { token: secret }

function command(served: Served, body: object) {
  return call<{ readonly kind: string; readonly sentence?: string }>(served, paths.command, {
    ...bearer,
    body,
  })
}

/** Ada, whose laptop was replaced in the middle: the second one joined under the same name, and was merged. */
async function replaced(shares: { readonly old: boolean; readonly now: boolean }) {
  const served = await serve(await embedded(), undefined, { elapsed: () => Date.now() * 100 })
  const old = await join(served, 'Ada', shares.old)
  const check = failed(1, slug, 'appendEvent', 'Both won.')
  await send(served, old.token, 0, [passed(1, '01-events')])
  const now = await join(served, 'Ada', shares.now)
  expect(now.label).toBe('Ada (2)')
  const logId = crypto.randomUUID()
  const later = { ...check, logId }
  await send(served, now.token, 0, [later])
  await command(served, { do: 'merge', participant: now.learner, into: old.learner })
  await until(
    () => served.hub.overview().participants,
    (rows) => rows.length === 1 && Object.keys(rows[0]?.lessons ?? {}).length === 2,
  )
  return { served, old, now, later }
}

const answer = (check: { readonly eventId: string }) => ({
  eventId: check.eventId,
  slug,
  code: 'const a = 1',
})

async function pageOf(served: Served, id: string): Promise<ParticipantPage> {
  return (await call<ParticipantPage>(served, `${paths.participant}${id}`, bearer)).body
}

test('a replaced laptop adds to the lights, and both machines see the same person', async () => {
  const { served, old, now } = await replaced({ old: false, now: false })
  const [row] = served.hub.overview().participants
  expect(row).toMatchObject({
    label: 'Ada',
    lessons: { '01-events': { light: 'passed' }, [slug]: { light: 'failing' } },
  })
  await command(served, { do: 'message', to: old.learner, text: 'Line 12' })
  await until(
    () => served.hub.view(now.learner)?.note?.text,
    (text) => text === 'Line 12',
  )
  for (const { token } of [old, now]) {
    const { body } = await call<ClassView>(served, paths.view, { token })
    expect(body).toMatchObject({ label: 'Ada', note: { text: 'Line 12' } })
  }
})

test('each machine shares for itself, and what it shares is kept', async () => {
  const { served, old, now, later } = await replaced({ old: true, now: false })
  expect(served.hub.overview().participants[0]?.sharesCode).toBe(true)
  expect((await call<ClassView>(served, paths.view, { token: now.token })).body.sharesCode).toBe(false)
  await call(served, paths.code, { token: now.token, body: answer(later) })
  const codes = async () => (await pageOf(served, old.learner)).attempts.map(({ code }) => code)
  expect(await codes()).toEqual([undefined, undefined])
  await call(served, paths.share, { token: now.token, body: { share: true } })
  await until(
    () => served.hub.view(now.learner)?.sharesCode,
    (shares) => shares === true,
  )
  await call(served, paths.code, { token: now.token, body: answer(later) })
  expect((await codes()).sort()).toEqual(['const a = 1', undefined])
  const run = await call(served, paths.run, { token: now.token, body: runOf(later, recordingOf(slug)) })
  expect(run.status).toBe(200)
})

test('sharing ends for the person, whichever machine says so', async () => {
  const { served, old, now, later } = await replaced({ old: true, now: true })
  await call(served, paths.code, { token: now.token, body: answer(later) })
  const codes = async () => (await pageOf(served, old.learner)).attempts.map(({ code }) => code)
  expect((await codes()).filter(Boolean)).toHaveLength(1)
  await call(served, paths.share, { token: old.token, body: { share: false } })
  expect((await codes()).filter(Boolean)).toEqual([])
  await until(
    () => served.hub.overview().participants[0]?.sharesCode,
    (shares) => shares === false,
  )
})

test('leaving from the new machine deletes what the old one sent, too', async () => {
  const { served, old, now } = await replaced({ old: false, now: false })
  const { redis, keys } = served.hub.store
  expect((await call(served, paths.leave, { token: now.token, body: {} })).status).toBe(200)
  await until(
    () => served.hub.overview().participants.length,
    (count) => count === 0,
  )
  expect(await redis.hgetall(keys.cursors)).toEqual({})
  expect(await redis.hgetall(keys.participants)).toEqual({})
  expect((await send(served, old.token, 0, [passed(1, '01-events')])).body).toEqual({ kind: 'join again' })
})

test('leaving that Redis interrupts can be asked for again', async () => {
  const { served, old, now } = await replaced({ old: false, now: false })
  const { store } = served.hub
  const forget = store.forget.bind(store)
  const spy = vi.spyOn(store, 'forget')
  spy.mockImplementationOnce(forget).mockRejectedValueOnce(new Error('Connection is closed.'))
  const leave = () => call(served, paths.leave, { token: old.token, body: {} })
  expect((await leave()).status).not.toBe(200)
  expect(spy.mock.calls.map(([id]) => id)).toEqual([now.learner, old.learner])
  expect((await leave()).status).toBe(200)
  expect(await store.redis.hgetall(store.keys.participants)).toEqual({})
})

test('a removed learner comes back with both machines, whatever was done since', async () => {
  const { served, old, now } = await replaced({ old: false, now: false })
  await command(served, { do: 'remove', participant: old.learner })
  const overview = () => call<Overview>(served, paths.overview, bearer).then(({ body }) => body)
  const { removed } = await until(overview, ({ participants }) => participants.length === 0)
  expect(removed).toMatchObject([{ id: old.learner, name: 'Ada', number: 1 }])
  await command(served, { do: 'message', text: 'Coffee' })
  await until(overview, ({ announcements }) => announcements.message !== undefined)
  await command(served, { do: 'restore', participant: old.learner })
  const back = await until(overview, ({ participants }) => participants.length === 1)
  expect(back.removed).toEqual([])
  for (const { token } of [old, now]) {
    expect((await call<ClassView>(served, paths.view, { token })).body.label).toBe('Ada')
  }
  expect((await command(served, { do: 'restore', participant: old.learner })).body.sentence).toBe(
    'Ada is in the class.',
  )
  const gone = await command(served, { do: 'restore', participant: crypto.randomUUID() })
  expect(gone.body.sentence).toBe("What they sent has been deleted, so they can't be brought back.")
})
