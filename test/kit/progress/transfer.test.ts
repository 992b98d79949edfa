import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { openProgress } from '../../../src/progress/index.ts'
import { clock, event, eventsIn, failed, logIn, passed, temporaryFolder } from './sample.ts'

/** A machine on which the lessons were passed, the first at the minute given. */
async function machine(start: number, ...slugs: readonly string[]) {
  const folder = temporaryFolder()
  const progress = openProgress(folder, { now: clock(start) })
  for (const slug of slugs) await progress.record('CHECK_PASSED', slug, passed())
  return { folder, progress, file: path.join(path.dirname(folder), 'exported.jsonl') }
}

const idsOf = (events: readonly { eventId: string; eventType: string }[]) =>
  events.filter((one) => one.eventType !== 'LOG_OPENED').map((one) => one.eventId)

describe('export', () => {
  test('is a plain copy', async () => {
    const { folder, progress, file } = await machine(0, '01-events')
    expect(await progress.exportTo(file)).toEqual({ events: 1 })
    expect(readFileSync(file)).toEqual(readFileSync(logIn(folder)))
    expect(readdirSync(path.dirname(file)).sort()).toEqual(['.eventlings', 'exported.jsonl'])
  })

  test('overwrites only on request', async () => {
    const { folder, progress, file } = await machine(0, '01-events')
    writeFileSync(file, 'mine')
    await expect(progress.exportTo(file)).rejects.toMatchObject({
      reason: 'exists',
      message: `${file} already exists. Choose another name, or overwrite it with --force.`,
    })
    expect(readFileSync(file, 'utf8')).toBe('mine')
    await progress.exportTo(file, { force: true })
    expect(readFileSync(file)).toEqual(readFileSync(logIn(folder)))
  })

  test('explains what is wrong with the destination', async () => {
    const { folder, progress, file } = await machine(0, '01-events')
    const nowhere = path.join(folder, 'nowhere', 'file')
    await expect(progress.exportTo(nowhere)).rejects.toThrow(
      `Can't write ${nowhere}: its folder doesn't exist. Choose another place.`,
    )
    await expect(progress.exportTo(folder, { force: true })).rejects.toThrow(
      `${folder} is a folder. Name the file, too.`,
    )
    await expect(progress.exportTo(logIn(folder), { force: true })).rejects.toThrow(
      'is the progress log itself',
    )
    await expect(openProgress(temporaryFolder()).exportTo(file)).rejects.toMatchObject({
      reason: 'nothing to export',
    })
    expect(existsSync(file)).toBe(false)
  })

  test('leaves a truncated line where it is', async () => {
    const { folder, progress, file } = await machine(0, '01-events')
    const whole = readFileSync(logIn(folder), 'utf8')
    appendFileSync(logIn(folder), '{"event')
    await progress.exportTo(file)
    expect(readFileSync(file, 'utf8')).toBe(whole)
  })
})

describe('import', () => {
  test('on a new machine: the same progress under a new log ID', async () => {
    const old = await machine(0, '01-events', '02-list-store')
    await old.progress.exportTo(old.file)
    const fresh = openProgress(temporaryFolder())
    expect(await fresh.importFrom(old.file)).toEqual({ added: 2, known: 0 })
    expect(fresh.overview().lessons).toEqual(old.progress.overview().lessons)
    expect(fresh.logId).not.toBe(old.progress.logId)
    expect(fresh.since(0).map((one) => one.n)).toEqual([1, 2, 3])
    expect(fresh.since(0)[0]?.payload).toEqual({ format: 1, continues: [old.progress.logId] })
  })

  test('both ways: the same progress on both, and numbers that never collide', async () => {
    const [a, b] = [await machine(0, '01-events', '02-list-store'), await machine(10, '03-replay')]
    const before = readFileSync(logIn(a.folder))
    const [idOfA, idOfB] = [a.progress.logId, b.progress.logId]
    await a.progress.exportTo(a.file)
    await b.progress.exportTo(b.file)
    expect(await a.progress.importFrom(b.file)).toEqual({ added: 1, known: 0 })
    expect(await b.progress.importFrom(a.file)).toEqual({ added: 2, known: 0 })
    expect(idsOf(eventsIn(a.folder))).toEqual(idsOf(eventsIn(b.folder)))
    expect(a.progress.overview().lessons).toEqual(b.progress.overview().lessons)
    expect(new Set([idOfA, idOfB, a.progress.logId, b.progress.logId]).size).toBe(4)
    expect(a.progress.since(0)[0]?.payload).toEqual({ format: 1, continues: [idOfA, idOfB].sort() })

    expect(readFileSync(`${logIn(a.folder)}.bak`)).toEqual(before)
    expect(readdirSync(a.folder).sort()).toEqual(['progress.jsonl', 'progress.jsonl.bak'])
  })

  test('the same file again, or your own, changes nothing', async () => {
    const [a, b] = [await machine(0, '01-events'), await machine(10, '02-list-store')]
    await b.progress.exportTo(b.file)
    await a.progress.importFrom(b.file)
    const once = readFileSync(logIn(a.folder))
    expect(await a.progress.importFrom(b.file)).toEqual({ added: 0, known: 1 })
    expect(await a.progress.importFrom(logIn(a.folder))).toEqual({ added: 0, known: 2 })
    expect(readFileSync(logIn(a.folder))).toEqual(once)
  })

  test('another program with the log open continues in the new one, and a class gets everything again', async () => {
    const [a, b] = [await machine(0, '01-events'), await machine(10, '02-list-store')]
    const watch = openProgress(a.folder)
    const { logId } = watch
    await b.progress.exportTo(b.file)
    await a.progress.importFrom(b.file)
    expect(watch.since(2, logId).map((one) => one.n)).toEqual([1, 2, 3])
    await watch.record('CHECK_FAILED', '03-replay', failed())
    expect(eventsIn(a.folder).map((one) => [one.n, one.logId])).toEqual(
      [1, 2, 3, 4].map((n) => [n, a.progress.logId]),
    )
    expect(a.progress.overview().current).toBe('03-replay')
  })

  test('unknown data is kept', async () => {
    const old = await machine(0, '01-events')
    const badge = {
      ...event('LESSON_READ', '01-events', {}),
      eventType: 'BADGE',
      payload: { long: 'x'.repeat(9_000) },
      extra: [1],
    }
    appendFileSync(logIn(old.folder), `${JSON.stringify(badge)}\n`)
    const fresh = openProgress(temporaryFolder())
    await fresh.importFrom(logIn(old.folder))
    const { logId: _, n: __, ...unplaced } = badge
    expect(fresh.since(2)).toMatchObject([unplaced])
  })

  test('invalid lines are left out of the new log, and kept beside it', async () => {
    const [a, b] = [await machine(0, '01-events'), await machine(10, '02-list-store')]
    appendFileSync(logIn(a.folder), 'rubbish of a\n{"torn')
    appendFileSync(logIn(b.folder), 'rubbish of b\n{"torn')
    await a.progress.importFrom(logIn(b.folder))
    expect(eventsIn(a.folder)).toHaveLength(3)
    expect(readFileSync(`${logIn(a.folder)}.torn`, 'utf8')).toBe('rubbish of a\n{"torn\n')
    expect(a.progress.notices).toContain(
      `${logIn(b.folder)}: 2 lines aren't progress events: line 3 (it isn't JSON), line 4 (it's truncated). They're skipped; all others count.`,
    )
    expect(openProgress(a.folder).notices).toEqual([])
  })

  test('line ends from Windows', async () => {
    const old = await machine(0, '01-events')
    writeFileSync(old.file, `\uFEFF${readFileSync(logIn(old.folder), 'utf8').replaceAll('\n', '\r\n')}`)
    const fresh = openProgress(temporaryFolder())
    expect(await fresh.importFrom(old.file)).toEqual({ added: 1, known: 0 })
    expect(fresh.notices).toEqual([])
  })

  test.each([
    ['a diary', 'Dear diary,\n'],
    ['JSON of another kind', '{"lessons":[]}\n[1,2]\n'],
    ['nothing', ''],
  ])('%s is not a progress log', async (_, text) => {
    const { folder, progress, file } = await machine(0, '01-events')
    writeFileSync(file, text)
    const before = readFileSync(logIn(folder))
    await expect(progress.importFrom(file)).rejects.toMatchObject({
      reason: 'no progress log',
      message: `${file} isn't a progress log. To make one: eventlings progress export FILE`,
    })
    expect(readFileSync(logIn(folder))).toEqual(before)
    expect(readdirSync(folder)).toEqual(['progress.jsonl'])
  })

  test('explains what is wrong with the file', async () => {
    const { folder, progress, file } = await machine(0, '01-events')
    await expect(progress.importFrom(file)).rejects.toThrow(`Can't read ${file}: the file doesn't exist.`)
    await expect(progress.importFrom(folder)).rejects.toThrow(`Can't read ${folder}: it's a folder.`)
    writeFileSync(file, `${JSON.stringify(event('LOG_OPENED', 'course', { format: 9 }))}\n`)
    await expect(progress.importFrom(file)).rejects.toThrow(
      `${file} was written by a newer eventlings (format 9). Update eventlings, then import it.`,
    )
  })

  test('into a read-only log: a sentence, and nothing is changed', async () => {
    const old = await machine(0, '01-events')
    const folder = temporaryFolder()
    mkdirSync(logIn(folder), { recursive: true })
    await expect(openProgress(folder).importFrom(logIn(old.folder))).rejects.toMatchObject({
      reason: 'cannot be written',
      message: `${logIn(old.folder)} wasn't imported, because the progress in ${folder} can't be written (nothing can be saved there).`,
    })
  })

  test('a copy of a log that grew separately is merged, not mistaken for the same', async () => {
    const a = await machine(0, '01-events')
    const copy = temporaryFolder()
    mkdirSync(copy)
    copyFileSync(logIn(a.folder), logIn(copy))
    const b = openProgress(copy)
    await a.progress.record('CHECK_PASSED', '02-list-store', passed())
    await b.record('CHECK_PASSED', '03-replay', passed())
    expect(await a.progress.importFrom(logIn(copy))).toEqual({ added: 1, known: 1 })
    expect(a.progress.overview().lessons.map((one) => one.state)).toEqual(['passed', 'passed', 'passed'])
    expect(a.progress.since(0).map((one) => one.n)).toEqual([1, 2, 3, 4])
  })
})
