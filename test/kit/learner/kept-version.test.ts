import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { filesOf } from '../../../src/course/index.ts'
import { lessonChange } from '../../../src/learner/index.ts'
import { keepVersion } from '../../../src/learner/kept-version.ts'
import { openProgress } from '../../../src/progress/index.ts'

const slug = '01-events'
const text = '# Events\n\n## Task 1 · createEvent\n\nIt makes one.\n\n### Hints\n1. Vague.\n'

function newLearner() {
  const root = mkdtempSync(path.join(tmpdir(), 'eventlings-kept-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const files = filesOf({ root }, slug)
  for (const file of [files.lesson, files.starter, files.suite]) {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, file === files.lesson ? text : 'one\n')
  }
  const log = path.join(root, '.eventlings')
  const edit = (file: string, before: string, after: string) =>
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(before, after))
  return { course: { root }, home: { log }, progress: openProgress(log), files, edit }
}

test('a change is shown against what the lesson asked for when it was begun', async () => {
  const { files, edit, ...learner } = newLearner()
  await learner.progress.record('LESSON_OPENED', slug, await keepVersion(learner, slug))
  expect(await lessonChange(learner, slug)).toEqual({ kind: 'none' })
  edit(files.lesson, 'makes one', 'makes two')
  edit(files.starter, 'one', 'two')
  await keepVersion(learner, slug) // a failed check keeps the newer version, too
  expect(await lessonChange(learner, slug)).toEqual({
    kind: 'changed',
    before: { tasks: '## Task 1 · createEvent\n\nIt makes one.\n\n', starter: 'one\n' },
    now: expect.objectContaining({ tasks: '## Task 1 · createEvent\n\nIt makes two.\n\n', starter: 'two\n' }),
  })
})

test("a lesson from another machine's progress has nothing to compare with", async () => {
  const { files, edit, ...learner } = newLearner()
  await learner.progress.record('LESSON_OPENED', slug, { fingerprint: '../../etc' })
  expect(await lessonChange(learner, slug)).toMatchObject({ kind: 'not kept', now: { starter: 'one\n' } })
})

test('a folder that takes no files costs nothing but the comparison', async () => {
  const { files, edit, ...learner } = newLearner()
  writeFileSync(path.join(learner.course.root, '.eventlings'), '')
  const { fingerprint } = await keepVersion(learner, slug)
  expect(fingerprint).toMatch(/^[0-9a-f]{12}$/)
})
