import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import { homeOf } from '../../../src/learner/index.ts'
import { openProgress } from '../../../src/progress/index.ts'
import { afterPass } from '../../../src/walkthrough/after-pass.ts'
import { newHome } from '../cli/program.ts'

const course = await loadCourse()
const leadsTo = { others: 'o shows them.', next: () => 'n goes there.', mine: 'already' } as const

test('a pass says what you know, how long it took, what other ways there are, and what comes next', async () => {
  const folder = await newHome()
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const home = homeOf(course, { EVENTLINGS_HOME: folder })
  let time = Date.parse('2026-03-01T09:00:00Z')
  const progress = openProgress(home.log, { now: () => new Date(time) })
  const slug = '07-concurrency'
  const check = { target: 'workspace', redis: 'embedded', ms: 1, tasks: [] }
  await progress.record('LESSON_OPENED', slug, {})
  await progress.record('CHECK_FAILED', slug, { ...check, diagnosis: 'It fails.', untouched: true })
  time += 10 * 60_000
  await progress.record('CHECK_FAILED', slug, { ...check, diagnosis: 'It fails.' })
  await progress.record('HINT_REVEALED', slug, { task: 1, step: 1 })
  time += 26 * 3_600_000 // a night and a day
  await progress.record('CHECK_PASSED', slug, { ...check, skipped: 0 })
  const lesson = await course.lesson(slug)
  const text = await afterPass({ course, home, progress }, lesson, leadsTo)
  expect(text).toContain(`**What you know now:** ${lesson.learned}`)
  expect(text).toContain('It took you 25 minutes, 2 checks, and 1 hint.')
  expect(text).toContain('*Last generated id*, and *Watch on its own connection*. o shows them.')
  time += 10 * 60_000
  await progress.record('CHECK_PASSED', slug, { ...check, skipped: 0 })
  expect(await afterPass({ course, home, progress }, lesson, leadsTo)).toBe(text)
  expect(text).toMatch(/\*\*Next, 08 · Projections:\*\* To show one user.*\?\*\* n goes there\.$/)
})

test('a pass after the solution says so', async () => {
  const folder = await newHome()
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const home = homeOf(course, { EVENTLINGS_HOME: folder })
  const progress = openProgress(home.log, { now: () => new Date('2026-03-01T09:00:00Z') })
  const slug = '07-concurrency'
  await progress.record('SOLUTION_REVEALED', slug, {})
  await progress.record('CHECK_PASSED', slug, {
    target: 'workspace',
    redis: 'embedded',
    ms: 1,
    tasks: [],
    skipped: 0,
  })
  const text = await afterPass({ course, home, progress }, await course.lesson(slug), leadsTo)
  expect(text).toContain('It took you less than a minute, 1 check, no hints, and a look at the solution.')
})

test('the last lesson says that all of the code is yours, once it is', async () => {
  const folder = await newHome()
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const home = homeOf(course, { EVENTLINGS_HOME: folder })
  const progress = openProgress(home.log)
  const learner = { course, home, progress }
  const lesson = await course.lesson('28-event-store')
  expect(await afterPass(learner, lesson, leadsTo)).toMatch(/This was the last lesson\.$/)
  const check = { target: 'workspace', redis: 'embedded', ms: 1, tasks: [], skipped: 0 }
  for (const { slug } of course.lessons) {
    await progress.record('CHECK_PASSED', slug, check)
    await mkdir(dirname(home.answer(slug)), { recursive: true })
    await writeFile(home.answer(slug), '')
  }
  expect(await afterPass(learner, lesson, leadsTo)).toMatch(/so all of this code is yours\.$/)
  const mine = ({ number }: { readonly number: string }) => `check ${number} --mine`
  expect(await afterPass(learner, lesson, { ...leadsTo, mine })).toMatch(/model solutions: check 28 --mine$/)
})

test.each(course.lessons)('lesson $number says what its learners know', async ({ slug }) => {
  expect((await course.lesson(slug)).learned).toMatch(/^[A-Z`].{30,200}\.$/)
})
