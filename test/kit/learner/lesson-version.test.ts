import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { filesOf } from '../../../src/course/index.ts'
import { changedLessons, changeNote } from '../../../src/learner/index.ts'
import { fingerprintOf } from '../../../src/learner/lesson-version.ts'
import { openProgress } from '../../../src/progress/index.ts'

const slug = '01-events'
const text = `# Events

Why events.

## Task 1 · createEvent

It makes one.

### Hints
1. Vague.

## Quiz

### Is it?
- [x] yes
`

/** A course of one lesson, in a folder that is deleted after the test. */
function course() {
  const root = mkdtempSync(path.join(tmpdir(), 'eventlings-changed-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const files = filesOf({ root }, slug)
  const { lesson, starter, suite } = files
  for (const file of [lesson, starter, suite]) {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, file === lesson ? text : 'one\ntwo\n')
  }
  const edit = (file: string, before: string, after: string) =>
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(before, after))
  return { root, files, edit }
}

test.each([
  ['task', 'lesson', 'It makes one.', 'It makes two.'],
  ['name of the task', 'lesson', 'createEvent', 'makeEvent'],
  ['starter', 'starter', 'two', 'three'],
  ['suite', 'suite', 'two', 'three'],
] as const)('a change to the %s changes the lesson', async (_, which, before, after) => {
  const { root, files, edit } = course()
  const { fingerprint } = await fingerprintOf({ root }, slug)
  edit(files[which], before, after)
  expect((await fingerprintOf({ root }, slug)).fingerprint).not.toBe(fingerprint)
})

test.each([
  ['explanation', 'lesson', 'Why events.', 'Why events are good.'],
  ['hint', 'lesson', 'Vague.', 'Vaguer.'],
  ['quiz', 'lesson', 'yes', 'no'],
  ['line ends of the lesson, as Git has them on Windows', 'lesson', '\n', '\r\n'],
  ['line ends of the suite', 'suite', '\n', '\r\n'],
] as const)('a change to the %s does not', async (_, which, before, after) => {
  const { root, files, edit } = course()
  const { fingerprint } = await fingerprintOf({ root }, slug)
  expect(fingerprint).toMatch(/^[0-9a-f]{12}$/)
  edit(files[which], before, after)
  expect((await fingerprintOf({ root }, slug)).fingerprint).toBe(fingerprint)
})

test('only what is in the log counts as changed', async () => {
  const { root, files, edit } = course()
  const progress = openProgress(path.join(root, '.eventlings'))
  const learner = { course: { root }, progress }
  const lessons = [{ slug, number: '01' }]
  await progress.record('LESSON_OPENED', slug, {})
  edit(files.suite, 'two', 'three')
  expect(await changedLessons(learner, lessons)).toEqual([])

  await progress.record('LESSON_RESET', slug, await fingerprintOf({ root }, slug))
  expect(await changeNote(learner, lessons)).toBeUndefined()
  edit(files.suite, 'three', 'four')
  expect(await changeNote(learner, lessons)).toContain('Lesson 01 has changed since you began it.')

  rmSync(files.suite)
  expect(await changedLessons(learner, lessons)).toEqual([])
})
