import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import { homeOf } from '../../../src/learner/index.ts'
import { openProgress } from '../../../src/progress/index.ts'
import { palette } from '../../../src/terminal/index.ts'
import { askPlacement } from '../../../src/walkthrough/placement.ts'
import { scriptedUi } from './scripted-ui.ts'

const whole = await loadCourse()
const course = { ...whole, lessons: whole.lessons.slice(0, 4) }
const questions = await Promise.all(
  course.lessons.map(async ({ slug }) =>
    (await course.lesson(slug)).quiz.find(({ before }) => before === undefined),
  ),
)

/** The wording of a right or a wrong answer to the question of a lesson, from 0. */
function answer(index: number, right: boolean): string | readonly string[] {
  const all = questions[index]?.answers ?? []
  const fitting = all.filter((one) => one.right === right).map(({ text }) => text)
  return all.filter((one) => one.right).length > 1 ? fitting : (fitting[0] ?? '')
}

async function place(
  answers: readonly (string | boolean | readonly string[])[],
  before: (progress: ReturnType<typeof openProgress>) => Promise<void> = async () => {},
) {
  const folder = await mkdtemp(path.join(tmpdir(), 'eventlings-place-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const home = homeOf(course, { EVENTLINGS_HOME: folder })
  const progress = openProgress(home.log)
  await before(progress)
  const ui = scriptedUi(answers)
  await askPlacement({
    learner: { course, home, progress },
    ui,
    palette: palette({ colours: false, unicode: true }),
  })
  const states = course.lessons.map(({ slug }) => progress.overview().lesson(slug).state)
  const { placement, current } = progress.overview()
  return { said: ui.shown.join('\n'), placement, current, states }
}

describe('the placement', () => {
  test('starts at the first lesson the learner did not know, and skips the ones before', async () => {
    const { said, placement, states } = await place([
      answer(0, true),
      answer(1, true),
      answer(2, false),
      answer(3, false),
      true,
    ])
    expect(placement).toMatchObject({ right: 2, questions: 4, startAt: course.lessons[2]?.slug })
    expect(said).toContain('2 of 4 right. Start with 03')
    expect(states).toEqual(['skipped', 'skipped', 'new', 'new'])
  })

  test('asks only about open lessons, and its answer is where the learner continues', async () => {
    const check = { target: 'workspace', redis: 'embedded', ms: 1, tasks: [], skipped: 0 }
    const { said, current } = await place(
      [answer(1, false), answer(2, true), answer(3, false)],
      async (progress) => {
        await progress.record('CHECK_PASSED', course.lessons[0]?.slug ?? '', check)
        await progress.record('LESSON_OPENED', course.lessons[3]?.slug ?? '', {})
      },
    )
    expect(said).not.toContain('01 · Events')
    expect(said).toContain('1 of 3 right. Start with 02')
    expect(current).toBe(course.lessons[1]?.slug)
  })

  test('two wrong answers end it, and nothing is skipped without a yes', async () => {
    const { placement, states } = await place([answer(0, true), answer(1, false), answer(2, false), false])
    expect(placement).toMatchObject({ right: 1, questions: 3, startAt: course.lessons[1]?.slug })
    expect(states).toEqual(['new', 'new', 'new', 'new'])
  })

  test('a learner who knew everything starts with the last lesson', async () => {
    const { placement } = await place(
      [0, 1, 2, 3].map((index) => answer(index, true)).concat([false] as never),
    )
    expect(placement).toMatchObject({ right: 4, startAt: course.lessons[3]?.slug })
  })

  test('a learner who leaves has taken none', async () => {
    const { said, placement } = await place(['Leave the quiz'])
    expect(placement).toBeUndefined()
    expect(said).toContain('Nothing was changed')
  })
})
