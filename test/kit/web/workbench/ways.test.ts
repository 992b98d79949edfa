import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { filesOf } from '../../../../src/course/index.ts'
import { buildAssets, workbenchAssets } from '../../../../src/web/assets.ts'
import { newLearner } from '../reader.ts'
import { newBenchApp } from './bench-app.ts'

test('the solution is shown after a yes, with other ways to do it, which is recorded, and then without asking', async () => {
  const { ask, learner } = await newBenchApp()
  const solution = async (query: string) =>
    (await (await ask(`/workbench/01-events/solution${query}`, { method: 'POST' })).json()) as object
  expect(await solution('')).toEqual({ kind: 'asks' })
  expect(await solution('?sure=maybe')).toEqual({ kind: 'asks' })
  expect(learner.progress.overview().lesson('01-events').solutionSeen).toBe(false)
  expect(await solution('?sure=yes')).toMatchObject({
    kind: 'solution',
    html: expect.stringContaining('createEvent'),
    others: expect.stringMatching(/<h3[^>]*>Other ways to do lesson 01.*<h4.*createEvent/s),
  })
  expect(learner.progress.overview().lesson('01-events').solutionSeen).toBe(true)
  expect(await solution('')).toMatchObject({ kind: 'solution' })
})

test('a copy of the course without other ways shows only the solution', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'eventlings-copy-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const learner = await newLearner()
  const { course } = learner
  cpSync(path.join(course.root, 'solutions'), path.join(root, 'solutions'), { recursive: true })
  const { ask } = await newBenchApp({ learner: { ...learner, course: { ...course, root } } })
  const reply = await ask('/workbench/01-events/solution?sure=yes', { method: 'POST' })
  expect(await reply.json()).toEqual({
    kind: 'solution',
    html: expect.stringContaining('createEvent'),
    others: '',
  })
})

test('starting over keeps the old answer', async () => {
  const { ask, learner } = await newBenchApp()
  const file = learner.home.answer('01-events')
  mkdirSync(learner.home.workspace, { recursive: true })
  writeFileSync(file, 'mine')
  const reply = await (await ask('/workbench/01-events/reset', { method: 'POST' })).json()
  expect(reply).toMatchObject({ kind: 'reset', keptAs: expect.stringMatching(/01-events\..*\.old$/) })
  expect(readFileSync(file, 'utf8')).toBe(readFileSync(filesOf(learner.course, '01-events').starter, 'utf8'))
  const kept = readdirSync(learner.home.workspace).find((name) => name.endsWith('.old')) ?? ''
  expect(readFileSync(`${learner.home.workspace}/${kept}`, 'utf8')).toBe('mine')
})

test('without a Redis, a check says so on the page, and the program continues', async () => {
  const { ask, learner } = await newBenchApp()
  const events = await ask('/workbench/01-events/events')
  const reader = events.body?.getReader()
  let heard = ''
  const hear = async (words: string) => {
    while (!heard.includes(words)) {
      const { value, done } = (await reader?.read()) ?? { value: undefined, done: true }
      if (done) throw new Error(`The stream ended: ${heard}`)
      heard += new TextDecoder().decode(value)
    }
  }
  await hear('event: state')
  expect(existsSync(learner.home.answer('01-events'))).toBe(true)
  expect((await ask('/workbench/01-events/check', { method: 'POST' })).status).toBe(202)
  await hear('There is no Redis here.')
  await reader?.cancel()
})

test('the page and its editor are at most 350 kB, compressed', async () => {
  const { texts } = await buildAssets(workbenchAssets)
  const sizes = [...texts].map(([name, text]) => [name, gzipSync(text).length] as const)
  expect(sizes.map(([name]) => name).sort()).toEqual(['editor.js', 'workbench.css', 'workbench.js'])
  expect(sizes.reduce((sum, [, size]) => sum + size, 0)).toBeLessThan(350_000)
  const page = sizes.find(([name]) => name === 'workbench.js')?.[1] ?? 0
  expect(page, 'the editor is not part of what comes first').toBeLessThan(60_000)
})
