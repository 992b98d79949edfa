import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openProgress } from '../../../src/progress/index.ts'
import {
  clock,
  event,
  eventsIn,
  failed,
  linesOf,
  logIn,
  minute,
  passed,
  temporaryFolder,
  uuid,
} from './sample.ts'

async function started(folder: string) {
  const progress = openProgress(folder, { now: clock() })
  await progress.record('LESSON_OPENED', '01-events', {})
  await progress.record('CHECK_FAILED', '01-events', failed())
  return progress
}

function write(folder: string, text: string | Buffer): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(logIn(folder), text)
}

const header = event('LOG_OPENED', 'course', { format: 1 }, { n: 1 })
const opened = event('LESSON_OPENED', '01-events', {}, { n: 2 })
const line = (value: object) => `${JSON.stringify(value)}\n`

describe('recording', () => {
  test('opening writes nothing', () => {
    const folder = temporaryFolder()
    const progress = openProgress(folder)
    expect(progress).toMatchObject({ writable: true, logId: undefined, notices: [] })
    expect(progress.overview()).toMatchObject({ current: undefined, lessons: [], events: 0 })
    expect(progress.overview().lesson('01-events').state).toBe('new')
    expect(existsSync(folder)).toBe(false)
  })

  test('the first event brings the header, and all have the envelope of lesson 01', async () => {
    const folder = temporaryFolder()
    const progress = await started(folder)
    const events = eventsIn(folder)
    expect(events.map((one) => [one.n, one.eventType, one.entityId])).toEqual([
      [1, 'LOG_OPENED', 'course'],
      [2, 'LESSON_OPENED', '01-events'],
      [3, 'CHECK_FAILED', '01-events'],
    ])
    expect(events[0]?.payload).toEqual({ format: 1 })
    expect(new Set(events.map((one) => one.logId))).toEqual(new Set([progress.logId]))
    expect(events[1]?.timestamp).toBe(minute(1))
    expect(Object.keys(events[1] ?? {})).toEqual([
      'eventId',
      'timestamp',
      'eventType',
      'entityId',
      'payload',
      'metadata',
      'logId',
      'n',
    ])
    expect(progress.notices).toEqual([])
  })

  test("an open program sees another program's events", async () => {
    const folder = temporaryFolder()
    const walkthrough = openProgress(folder)
    const watch = openProgress(folder)
    await watch.record('CHECK_PASSED', '01-events', passed())
    expect(walkthrough.overview().lesson('01-events').state).toBe('passed')
    await walkthrough.record('LESSON_OPENED', '02-list-store', {})
    expect(watch.overview().current).toBe('02-list-store')
    expect(walkthrough.logId).toBe(watch.logId)
    expect(eventsIn(folder).map((one) => one.n)).toEqual([1, 2, 3])
  })

  test('many at once in one program: none lost, in call order', async () => {
    const folder = temporaryFolder()
    const progress = openProgress(folder)
    const slugs = Array.from({ length: 50 }, (_, index) => `lesson-${index}`)
    await Promise.all(slugs.map((slug) => progress.record('LESSON_OPENED', slug, {})))
    expect(
      eventsIn(folder)
        .slice(1)
        .map((one) => one.entityId),
    ).toEqual(slugs)
  })

  test("an invalid event is the program's bug, and is not written", async () => {
    const progress = openProgress(temporaryFolder())
    await expect(progress.record('HINT_REVEALED', '01-events', { task: 0, step: 1 })).rejects.toMatchObject({
      name: 'BadProgressEventError',
      message: "HINT_REVEALED can't be recorded: its payload.task isn't a whole number of 1 or more.",
    })
    expect(progress.overview().events).toBe(0)
  })

  test('a folder deleted in the meantime starts from scratch', async () => {
    const folder = temporaryFolder()
    const progress = await started(folder)
    const before = progress.logId
    rmSync(folder, { recursive: true })
    expect(progress.overview().events).toBe(0)
    await progress.record('LESSON_OPENED', '02-list-store', {})
    expect(eventsIn(folder).map((one) => one.n)).toEqual([1, 2])
    expect(progress.logId).not.toBe(before)
  })

  test('overview is plain data as JSON', async () => {
    const progress = await started(temporaryFolder())
    expect(JSON.parse(JSON.stringify(progress.overview()))).toMatchObject({
      current: '01-events',
      events: 3,
      lessons: [{ slug: '01-events', state: 'failing', attempts: 1, lastDiagnosis: 'the key has no event' }],
    })
  })

  test('since returns what a class does not have, header included', async () => {
    const progress = await started(temporaryFolder())
    const { logId } = progress
    expect(progress.since(0).map((one) => one.n)).toEqual([1, 2, 3])
    expect(progress.since(2, logId).map((one) => one.n)).toEqual([3])
    expect(progress.since(3, logId)).toEqual([])
    expect(progress.since(3, uuid(999)).map((one) => one.n)).toEqual([1, 2, 3])
  })
})

describe('a truncated log', () => {
  test('is read without its last line, and fixed by the next write; the number of that line is not reused', async () => {
    const folder = temporaryFolder()
    await started(folder)
    const whole = readFileSync(logIn(folder), 'utf8')
    writeFileSync(logIn(folder), whole.slice(0, -40))
    const progress = openProgress(folder)
    expect(progress.notices).toEqual([
      `The last line of ${logIn(folder)} is truncated (a power cut?). It's skipped; the next save moves it to ${logIn(folder)}.torn.`,
    ])
    expect(progress.overview().lesson('01-events').state).toBe('started')
    expect(readFileSync(logIn(folder), 'utf8')).toBe(whole.slice(0, -40))

    await progress.record('CHECK_PASSED', '01-events', passed())
    expect(eventsIn(folder).map((one) => one.n)).toEqual([1, 2, 4])
    expect(readFileSync(`${logIn(folder)}.torn`, 'utf8')).toBe(
      `${linesOf(logIn(folder)).length === 3 ? whole.split('\n')[2]?.slice(0, -39) : ''}\n`,
    )
    expect(progress.notices).toHaveLength(1)
    expect(openProgress(folder).notices).toEqual([])
  })

  test('anywhere: complete lines count, and writing continues', async () => {
    const original = temporaryFolder()
    await started(original)
    const bytes = readFileSync(logIn(original))
    for (let length = 0; length < bytes.length; length += 7) {
      const folder = temporaryFolder()
      write(folder, bytes.subarray(0, length))
      const progress = openProgress(folder)
      const before = progress.overview().events
      await progress.record('LESSON_SKIPPED', '03-replay', {})
      const events = eventsIn(folder)
      expect(events.length).toBe(before + (before === 0 ? 2 : 1))
      expect(new Set(events.map((one) => one.n)).size).toBe(events.length)
      expect(openProgress(folder).overview().lesson('03-replay').state).toBe('skipped')
    }
  })

  test('a last line that lacks only its end is an event', async () => {
    const folder = temporaryFolder()
    write(folder, `${line(header)}${JSON.stringify(opened)}`)
    const progress = openProgress(folder)
    expect(progress.notices).toEqual([])
    expect(progress.overview().events).toBe(2)
    await progress.record('LESSON_OPENED', '02-list-store', {})
    expect(eventsIn(folder).map((one) => one.n)).toEqual([1, 2, 3])
    expect(progress.overview().events).toBe(3)
  })

  test('zeros after a power cut', async () => {
    const folder = temporaryFolder()
    write(folder, Buffer.concat([Buffer.from(line(header) + line(opened)), Buffer.alloc(512)]))
    const progress = openProgress(folder)
    expect(progress.overview().events).toBe(2)
    await progress.record('CHECK_PASSED', '01-events', passed())
    expect(eventsIn(folder).map((one) => one.n)).toEqual([1, 2, 4])
    expect(readFileSync(`${logIn(folder)}.torn`)).toHaveLength(513)
  })

  test('a line that another program is writing is not damage', async () => {
    const folder = temporaryFolder()
    write(folder, line(header))
    const progress = openProgress(folder)
    writeFileSync(`${folder}/progress.lock`, '1 token elsewhere')
    appendFileSync(logIn(folder), line(opened).slice(0, 50))
    expect(progress.overview().events).toBe(1)
    appendFileSync(logIn(folder), line(opened).slice(50))
    rmSync(`${folder}/progress.lock`)
    expect(progress.overview().events).toBe(2)
    expect(progress.notices).toEqual([])
  })
})

describe('an odd log', () => {
  test('an invalid line in the middle is skipped by name, and its number is not reused', async () => {
    const folder = temporaryFolder()
    write(folder, `${line(header)}garbage\n${line({ ...opened, n: 3 })}{"eventId":1}\n`)
    const progress = openProgress(folder)
    expect(progress.notices).toEqual([
      `${logIn(folder)}: 2 lines aren't progress events: line 2 (it isn't JSON), line 4 (its eventId isn't a UUID). They're skipped; all others count.`,
    ])
    await progress.record('CHECK_PASSED', '01-events', passed())
    expect(progress.since(3).map((one) => one.n)).toEqual([5])
    expect(readFileSync(logIn(folder), 'utf8')).toContain('garbage\n')
    expect(progress.notices).toHaveLength(1)
  })

  test('a damaged header: the events identify the log', async () => {
    const folder = temporaryFolder()
    write(folder, `{"even\n${line(opened)}`)
    const progress = openProgress(folder)
    await progress.record('CHECK_PASSED', '01-events', passed())
    expect(progress.since(0).map((one) => [one.n, one.logId])).toEqual([
      [2, uuid(0)],
      [3, uuid(0)],
    ])
  })

  test.each([
    ['an empty file', ''],
    ['blank lines', '\n\r\n \n'],
    ['a byte order mark', '\uFEFF'],
  ])('%s is an empty log', async (_, text) => {
    const folder = temporaryFolder()
    write(folder, text)
    const progress = openProgress(folder)
    expect(progress.notices).toEqual([])
    await progress.record('LESSON_OPENED', '01-events', {})
    expect(openProgress(folder).overview().lesson('01-events').state).toBe('started')
    expect(progress.since(0).map((one) => one.n)).toEqual([1, 2])
  })

  test('line ends and byte order mark from Windows', async () => {
    const folder = temporaryFolder()
    write(folder, `\uFEFF${line(header)}${line(opened)}`.replaceAll('\n', '\r\n'))
    const progress = openProgress(folder)
    expect(progress.notices).toEqual([])
    await progress.record('CHECK_PASSED', '01-events', passed())
    expect(progress.overview()).toMatchObject({ events: 3, current: '01-events' })
    expect(progress.since(2).map((one) => one.n)).toEqual([3])
    expect(openProgress(folder).notices).toEqual([])
  })

  test('the same event twice counts once', () => {
    const folder = temporaryFolder()
    const fail = event('CHECK_FAILED', '01-events', failed(), { n: 3 })
    write(folder, line(header) + line(fail) + line(fail))
    expect(openProgress(folder).overview().lesson('01-events').attempts).toBe(1)
  })

  test('types from a later version are kept, named, sent on, and not counted', async () => {
    const folder = temporaryFolder()
    const badge = { ...opened, eventType: 'BADGE_EARNED', payload: { badge: 'owl' } }
    write(folder, line(header) + line(badge))
    const progress = openProgress(folder)
    expect(progress.notices).toEqual([
      `${logIn(folder)} has 1 event from a later version ("BADGE_EARNED"). It's kept but not shown.`,
    ])
    expect(progress.writable).toBe(true)
    await progress.record('LESSON_OPENED', '02-list-store', {})
    expect(progress.since(1)).toMatchObject([{ n: 2, payload: { badge: 'owl' } }, { n: 3 }])
    expect(progress.overview().lesson('01-events').state).toBe('new')
  })

  test('a newer format is read as far as possible, and not written', async () => {
    const folder = temporaryFolder()
    const newer = { ...header, payload: { format: 2, more: true } }
    write(folder, `${line(newer)}${line(opened)}something else\n`)
    const before = readFileSync(logIn(folder))
    const progress = openProgress(folder)
    expect(progress.writable).toBe(false)
    expect(progress.notices).toEqual([
      `${logIn(folder)} was written by a newer eventlings (format 2). It's read, but nothing new is saved. Update eventlings.`,
    ])
    await progress.record('CHECK_PASSED', '01-events', passed())
    expect(progress.overview().lesson('01-events').state).toBe('started')
    expect(readFileSync(logIn(folder))).toEqual(before)
  })

  test('a newer program that writes while this one is open', async () => {
    const folder = temporaryFolder()
    const progress = await started(folder)
    write(folder, line({ ...header, payload: { format: 2 } }))
    await progress.record('CHECK_PASSED', '01-events', passed())
    expect(progress.writable).toBe(false)
    expect(linesOf(logIn(folder))).toHaveLength(1)
  })
})
