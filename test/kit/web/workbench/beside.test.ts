import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { CheckResult } from '../../../../src/check/index.ts'
import type { Learner } from '../../../../src/learner/learner.ts'
import { WatchSession } from '../../../../src/watch/session.ts'
import type { WatchState } from '../../../../src/watch/state.ts'
import { type After, besideWorkbench } from '../../../../src/web/workbench/beside.ts'
import { runningOf } from '../../../../src/web/workbench/running.ts'
import { type Settings, settingsOf } from '../../../../src/web/workbench/settings.ts'
import { newLearner } from '../reader.ts'
import { newBenchApp } from './bench-app.ts'
import { newWorkbench, solutionOf } from './workbench.ts'

/** `watch` on 01, whose own checks fail at once, and are counted. */
async function newWatch(learner: Learner, settings: Settings = {}, after?: After) {
  let own = 0
  let state: WatchState | undefined
  let wake = () => {}
  const check = async (): Promise<CheckResult> => {
    own += 1
    throw new Error('Checked here.')
  }
  const watch = await WatchSession.open({
    ...learner,
    checker: { check, record: async () => undefined },
    redis: { description: 'a Redis', limits: undefined },
    slug: '01-events',
    way: learner.course.lessons,
    track: undefined,
    typeWarning: async () => undefined,
    beside: besideWorkbench(learner, settings, after),
    onState(next) {
      state = next
      wake()
    },
  })
  onTestFinished(() => watch.close())
  const until = async (holds: (now: WatchState) => boolean): Promise<WatchState> => {
    for (;;) {
      if (state !== undefined && holds(state)) return state
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { watch, until, own: () => own }
}

const checksIn = ({ progress }: Learner) =>
  progress.since(0).filter(({ eventType }) => eventType.startsWith('CHECK_'))

test("watch shows the workbench's verdicts, and each save counts once", async () => {
  const { learner, file, close } = await newWorkbench('01-events')
  const { watch, until, own } = await newWatch(learner)
  await until(({ result, checking }) => result?.passed === false && !checking)
  expect(checksIn(learner)).toHaveLength(1)

  writeFileSync(file, await solutionOf(learner, '01-events'))
  await until(({ result, done }) => result?.passed === true && done === 1)
  expect(checksIn(learner)).toHaveLength(2)

  const before = watch.state.checkedAt
  await watch.act('run')
  await until(({ checkedAt }) => checkedAt !== before)
  await expect.poll(() => checksIn(learner).length).toBe(3)

  // What's only a look, such as after three seconds of rest on the page, isn't counted here either.
  writeFileSync(file, 'export const broken = 1')
  await until(({ result, checking }) => result?.passed === false && !checking)
  const { port, key } = JSON.parse(readFileSync(path.join(learner.home.log, 'workbench.json'), 'utf8'))
  const origin = `http://127.0.0.1:${port}`
  const last = watch.state.checkedAt
  const headers = { authorization: `Bearer ${key}`, origin }
  await fetch(`${origin}/workbench/01-events/check?wish=rest`, { method: 'POST', headers })
  await until(({ checkedAt }) => checkedAt !== last)
  expect(checksIn(learner)).toHaveLength(4)
  expect(own()).toBe(0)

  await close()
  await until(({ notice }) => notice?.startsWith('The workbench no longer checks this file.') === true)
  writeFileSync(file, 'export const again = 1')
  await until(({ notice }) => notice === 'Checked here.')
  expect(own()).toBe(1)

  const next = await newWorkbench('01-events', learner)
  expect(next.file).toBe(file)
  const unseen = watch.state.checkedAt
  writeFileSync(file, await solutionOf(learner, '01-events'))
  await until(({ result, checkedAt }) => result?.passed === true && checkedAt !== unseen)
  expect(own()).toBe(1)
})

test('only a program that can read the key gets the verdicts', async () => {
  const { raw, ask, access, learner } = await newBenchApp()
  const at = `/workbench/01-events/verdicts?settings=${settingsOf(learner.course, {})}`
  expect((await raw(at)).status).toBe(401)
  expect((await ask(at)).status, 'not even a page').toBe(403)
  expect((await raw(at, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401)
  const response = await raw(at, { headers: { authorization: `Bearer ${access.ownerKey}` } })
  expect(response.status).toBe(200)
  await response.body?.cancel()
})

test('watch with other settings checks on its own', async () => {
  const { learner } = await newWorkbench('01-events')
  const { until, own } = await newWatch(learner, { mine: learner.home.workspace })
  await until(({ notice }) => notice === 'Checked here.')
  expect(own()).toBe(1)
  expect(checksIn(learner)).toHaveLength(0)
})

test('the key in a note counts only while the program that left it is running', async () => {
  const { learner } = await newWorkbench('01-events')
  const file = path.join(learner.home.log, 'workbench.json')
  const note = JSON.parse(readFileSync(file, 'utf8'))
  expect(note.pid).toBe(process.pid)
  expect(runningOf(learner.home)?.key).toBe(note.key)

  const { pid } = spawnSync(process.execPath, ['--version'])
  for (const left of [
    { ...note, pid },
    { port: note.port, key: note.key },
  ]) {
    writeFileSync(file, JSON.stringify(left))
    expect(runningOf(learner.home)).toEqual({ port: note.port })
  }
})

test('what a workbench that breaks off leaves without a verdict is checked by watch', async () => {
  const { learner, server, said } = await newImpostor()
  const { watch, until, own } = await newWatch(learner)
  await said
  // It never answers the request for a check.
  server.closeAllConnections()
  await until(({ notice }) => notice === 'Checked here.')
  expect(own()).toBe(1)
  watch.close()
})

test("news that isn't from a workbench isn't followed", async () => {
  const { learner } = await newImpostor(
    '{"checking":false,"isRecording":false,"verdict":{"hash":"","result":{}}}',
  )
  const { until, own } = await newWatch(learner)
  await until(({ notice }) => notice === 'Checked here.')
  expect(own()).toBe(1)
})

/** A clock on which time passes only when the test says so. */
function newClock() {
  const pending = new Set<{ readonly ms: number; readonly call: () => void }>()
  const after: After = (ms, call) => {
    const one = { ms, call }
    pending.add(one)
    return () => void pending.delete(one)
  }
  /** Whatever waits for exactly so many milliseconds has waited long enough. */
  const pass = (ms: number) => {
    const over = [...pending].filter((one) => one.ms === ms)
    for (const one of over) pending.delete(one)
    for (const { call } of over) call()
    return over.length
  }
  return { after, pass }
}

test.each([
  ['is silent for 25 seconds', 25_000],
  ["doesn't answer a request for a check within 3 seconds", 3_000],
])('a workbench that %s is no longer followed', async (_, ms) => {
  const { learner, said } = await newImpostor()
  const { after, pass } = newClock()
  const { until, own } = await newWatch(learner, {}, after)
  await said
  expect(own()).toBe(0)
  expect(pass(ms)).toBe(1)
  await until(({ notice }) => notice === 'Checked here.')
  expect(own()).toBe(1)
})

test("a workbench that doesn't answer at all within 3 seconds isn't waited for", async () => {
  const { learner, asked } = await newImpostor(null)
  const { after, pass } = newClock()
  const { until, own } = await newWatch(learner, {}, after)
  await asked
  expect(pass(3_000)).toBe(1)
  await until(({ notice }) => notice === 'Checked here.')
  expect(own()).toBe(1)
})

test("a save of the page that watch finds without a verdict as it connects isn't an attempt", async () => {
  const { learner } = await newWorkbench('01-events')
  mkdirSync(learner.home.workspace, { recursive: true })
  const { port, key } = JSON.parse(readFileSync(path.join(learner.home.log, 'workbench.json'), 'utf8'))
  const origin = `http://127.0.0.1:${port}`
  const saved = await fetch(`${origin}/workbench/01-events/file`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${key}`, origin, 'if-match': 'none' },
    body: 'export const saved = 1\n',
  })
  expect(await saved.json()).toMatchObject({ kind: 'saved' })
  const { until, own } = await newWatch(learner)
  await until(({ result, checking }) => result?.passed === false && !checking)
  expect(checksIn(learner)).toHaveLength(0)
  expect(own()).toBe(0)
})

test('a file that the page cannot use is checked by watch, whenever that happens', async () => {
  const { learner, file } = await newWorkbench('01-events')
  const tooLarge = `// ${'x'.repeat(200_000)}`
  const { watch, until, own } = await newWatch(learner)
  await until(({ result, checking }) => result?.passed === false && !checking)
  writeFileSync(file, tooLarge)
  await until(({ notice }) => notice === 'Checked here.')
  expect(own()).toBe(1)
  watch.close()

  const again = await newWatch(learner)
  await again.until(({ notice }) => notice === 'Checked here.')
  expect(again.own()).toBe(1)
})

/** A server that sends one piece of news, and then nothing; null: not even that. */
async function newImpostor(data: string | null = '{"checking":false,"isRecording":false}') {
  const learner = await newLearner()
  let isAsked = () => {}
  const said = new Promise<void>((resolve) => {
    isAsked = resolve
  })
  let isFound = () => {}
  const asked = new Promise<void>((resolve) => {
    isFound = resolve
  })
  const server = createServer((request, response) => {
    isFound()
    if (request.method === 'POST') isAsked()
    else if (data !== null) response.writeHead(200).write(`data: ${data}\n\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  mkdirSync(learner.home.log, { recursive: true })
  const note = { port, key: 'key', pid: process.pid }
  writeFileSync(path.join(learner.home.log, 'workbench.json'), JSON.stringify(note))
  return { learner, server, said, asked }
}
