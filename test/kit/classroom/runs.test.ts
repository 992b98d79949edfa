import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import type { SendRun } from '../../../src/classroom/api.ts'
import { limits } from '../../../src/classroom/limits.ts'
import { dropAnswers } from '../../../src/classroom/member/answers.ts'
import { keepRun } from '../../../src/classroom/member/runs.ts'
import type { StoredEvent } from '../../../src/progress/index.ts'
import type { Recording } from '../../../src/recording/index.ts'
import { failed, logId, passed } from './class.ts'
import { recordingOf } from './recordings.ts'

const slug = '07-concurrency'

/** A learner's folder, and a log that grows. */
function learner() {
  const folder = mkdtempSync(path.join(tmpdir(), 'eventlings-runs-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'last-run.json')
  const log: StoredEvent[] = []
  let at = 0
  return {
    folder,
    log,
    record(recording: unknown) {
      writeFileSync(file, JSON.stringify(recording))
      at += 1
      utimesSync(file, new Date(), new Date(Date.now() + at * 1_000))
    },
    keep: () => keepRun(folder, { logId, since: () => log }, file),
    waiting: () => {
      const outbox = path.join(folder, 'class-runs')
      const names = existsSync(outbox) ? readdirSync(outbox).filter((name) => name.endsWith('.json')) : []
      return names.map((name) => JSON.parse(readFileSync(path.join(outbox, name), 'utf8')) as SendRun)
    },
  }
}

test('the run of the last check waits to be sent, once, without the names of folders', () => {
  const { log, record, keep, waiting, folder } = learner()
  keep()
  const check = failed(1, slug, 'appendEvent', 'Both won.')
  log.push(check)
  keep()
  expect(waiting()).toEqual([])
  const [first, ...others] = recordingOf(slug).steps
  const place = { file: '/home/ada/course/07-concurrency.ts', line: 3 }
  record(recordingOf(slug, { steps: [{ ...first, place } as never, ...others] }))
  keep()
  const [sent] = waiting()
  expect(sent).toMatchObject({ eventId: check.eventId, slug })
  const recording = JSON.parse(gunzipSync(Buffer.from(sent?.run ?? '', 'base64')).toString()) as Recording
  expect(recording.steps).toHaveLength(4)
  expect(JSON.stringify(recording)).not.toContain('/home/ada')
  dropAnswers(folder)
  expect(waiting()).toEqual([])
})

test.each([
  ['a check that passed', [passed(1, slug)], recordingOf(slug)],
  ['another lesson', [failed(1, '01-events', 'appendEvent', 'Both won.')], recordingOf(slug)],
  ['another task', [failed(1, slug, 'getEvents', 'Both won.')], recordingOf(slug)],
  ['another diagnosis', [failed(1, slug, 'appendEvent', 'Nobody won.')], recordingOf(slug)],
  ['a file that is damaged', [failed(1, slug, 'appendEvent', 'Both won.')], '{'],
])('not the run of %s', (_, events, recording) => {
  const { log, record, keep, waiting } = learner()
  log.push(...events)
  record(recording)
  keep()
  expect(waiting()).toEqual([])
})

test('the last three wait', () => {
  const { log, record, keep, waiting } = learner()
  for (let n = 1; n <= 5; n += 1) {
    log.push(failed(n, slug, 'appendEvent', 'Both won.'))
    record(recordingOf(slug))
    keep()
  }
  expect(waiting()).toHaveLength(limits.runs)
  expect(waiting().map(({ eventId }) => eventId)).toContain(log.at(-1)?.eventId)
})
