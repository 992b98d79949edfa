import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keepLastRun, lastRunFile, lastRunOf } from '../../../src/learner/index.ts'
import { starterRun } from '../recording/starter.ts'

const run = starterRun()
let home: { readonly log: string }
beforeEach(async () => {
  home = { log: await mkdtemp(path.join(tmpdir(), 'eventlings-last-run-')) }
})
afterEach(() => rm(home.log, { recursive: true, force: true }))

test('the last run is that of the lesson, if it has steps', async () => {
  expect(await lastRunOf(home, run.lesson)).toMatch(/^No run of this lesson has been recorded yet\./)
  keepLastRun(home, run)
  expect(await lastRunOf(home, run.lesson)).toEqual(run)
  expect(await lastRunOf(home, '01-events')).toMatch(/^The last recorded run is from 07-concurrency\./)
  const { collision, ...uneventful } = run
  keepLastRun(home, { ...uneventful, steps: [] })
  expect(await lastRunOf(home, run.lesson)).toMatch(/sent no commands to Redis/)
})

test.each(['{"v":2}', '{', '{"v":1}'])("a file that isn't a recording is replaced: %s", async (text) => {
  await writeFile(lastRunFile(home), text)
  expect(await lastRunOf(home, run.lesson)).toMatch(
    /last-run\.json isn't a recording that .* The next check that fails replaces it\.$/,
  )
  keepLastRun(home, run)
  expect(await lastRunOf(home, run.lesson)).toEqual(run)
})

test("a file that can't be read has to be deleted", async () => {
  await mkdir(lastRunFile(home))
  expect(await lastRunOf(home, run.lesson)).toMatch(
    /last-run\.json can't be read: it's a folder\. Delete it, and the next check that fails will be recorded\.$/,
  )
})
