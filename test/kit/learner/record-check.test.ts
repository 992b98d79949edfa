import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { CheckResult } from '../../../src/check/index.ts'
import { recordCheck } from '../../../src/learner/index.ts'
import { openProgress } from '../../../src/progress/index.ts'

const failed: CheckResult = {
  lesson: '01-events',
  target: 'workspace',
  passed: false,
  skipped: 0,
  redis: { kind: 'embedded', version: '7.0.0' },
  tasks: [{ task: 'createEvent', state: 'failed', diagnosis: 'It is wrong.', commands: [] }],
  output: [],
  notes: [],
  ms: 1,
} as unknown as CheckResult

test('a check of the untouched starter is recorded as one', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'eventlings-record-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const folder of ['exercises', 'workspace']) mkdirSync(path.join(root, folder))
  const answer = path.join(root, 'workspace', '01-events.ts')
  writeFileSync(path.join(root, 'exercises', '01-events.ts'), 'one\ntwo\n')
  const progress = openProgress(path.join(root, '.eventlings'))
  const recording = {
    course: { root },
    home: { answer: () => answer, log: path.join(root, '.eventlings') },
    progress,
  }
  // An editor on Windows may have saved it, without a change.
  for (const text of ['one\ntwo\n', 'one\r\ntwo', 'one\nthree\n']) {
    writeFileSync(answer, text)
    await recordCheck(recording, failed)
  }
  rmSync(answer)
  await recordCheck(recording, failed)
  const checks = progress.since(0).filter(({ eventType }) => eventType === 'CHECK_FAILED')
  expect(checks.map(({ payload }) => Reflect.get(payload, 'untouched'))).toEqual([
    true,
    true,
    undefined,
    undefined,
  ])
})
