import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Lesson, loadCourse } from '../../../src/course/index.ts'
import { homeOf } from '../../../src/learner/index.ts'
import { openProgress } from '../../../src/progress/index.ts'
import { type RunningRedis, startRedis } from '../../../src/redis/index.ts'
import { openQuestions, wholeQuestion } from '../../../src/snippets/predict.ts'
import { palette } from '../../../src/terminal/index.ts'
import { readLesson } from '../../../src/walkthrough/read-lesson.ts'
import { withSnippets } from '../../../src/walkthrough/snippets-in-text.ts'
import type { Walk } from '../../../src/walkthrough/walk.ts'
import { scriptedUi } from '../walkthrough/scripted-ui.ts'

const course = await loadCourse()
const slug = '02-list-store'
let redis: RunningRedis
beforeAll(async () => {
  redis = await startRedis('embedded')
})
afterAll(() => redis.stop())

/** A lesson with one question before its first snippet, and one about the text. */
async function lessonWithPrediction(): Promise<Lesson> {
  const lesson = await course.lesson(slug)
  const answers = [
    { text: 'two', right: true, explanation: 'Because it is the second.' },
    { text: 'one', right: false, explanation: 'There is one already.' },
  ]
  const quiz = [
    { question: 'What does it reply?', answers, before: 1 },
    { question: 'And why?', answers },
  ]
  return { ...lesson, quiz }
}

async function walkWith(answers: readonly string[], pressed: readonly number[]) {
  const folder = await mkdtemp(path.join(tmpdir(), 'eventlings-predict-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const home = homeOf(course, { EVENTLINGS_HOME: folder })
  const learner = { course, home, progress: openProgress(home.log) }
  const ui = scriptedUi(answers, pressed)
  const walk: Walk = {
    learner,
    session: {
      open: async () => ({ redis }) as never,
      check: () => Promise.reject(),
      record: async () => undefined,
      replace: async () => {},
      close: async () => {},
    },
    ui,
    palette: palette({ colours: false, unicode: true }),
    isOnOwn: false,
    bookmarks: new Map(),
    console: async () => {},
    edit: async () => {},
    explore: async () => {},
    watch: async (slug) => slug,
  }
  return { walk, ui, answered: () => learner.progress.overview().lesson(slug).quiz }
}

describe('a question before a snippet', () => {
  test('is asked first, and the verdict on the answer appears above the output', async () => {
    const { walk, ui, answered } = await walkWith(['one'], [1])
    await readLesson(walk, await lessonWithPrediction())
    const [before = '', question = '', , after = ''] = ui.shown
    expect(before).not.toContain('2) "email-changed"')
    expect(question).toMatch(/What does it reply\?\n\n {2}> RPUSH/)
    expect(after).toMatch(
      /✗ You said: one[\s\S]*The right answer: two[\s\S]*Snippet 1, run here:[\s\S]*email-changed/,
    )
    expect(answered()).toMatchObject([{ question: 'What does it reply?', answer: 'one', right: false }])
  })

  test('is not asked again', async () => {
    const { walk, ui } = await walkWith(['two'], [1])
    const lesson = await lessonWithPrediction()
    await readLesson(walk, lesson)
    const asked = ui.shown.length
    await readLesson(walk, lesson)
    expect(ui.shown.slice(asked).join('\n')).not.toContain('What does it reply?')
    expect(ui.shown[asked]).toContain('2) "email-changed"')
    expect(openQuestions(lesson, { quiz: [] })).toHaveLength(2)
    expect(openQuestions(lesson, walk.learner.progress.overview().lesson(slug))).toMatchObject([
      { question: 'And why?' },
    ])
  })

  test('can be left, and then the snippet runs and nothing is recorded', async () => {
    const { walk, ui, answered } = await walkWith(['Leave the question'], [1])
    await readLesson(walk, await lessonWithPrediction())
    expect(ui.shown.at(-1)).toMatch(/Snippet 1, run here:[\s\S]*email-changed/)
    expect(answered()).toEqual([])
  })

  test('elsewhere it appears with what the snippet runs, and without its output', async () => {
    const lesson = await lessonWithPrediction()
    const [placed, other] = lesson.quiz.map((question) => wholeQuestion(question, lesson))
    expect(placed).toMatch(
      /^What does it reply\?\n\n````redis\n> RPUSH [\s\S]*> LRANGE events:user-42 0 -1\n````$/,
    )
    expect(other).toBe('And why?')
  })
})

test('lessons have them where a reply is surprising, each before a snippet in the text', async () => {
  const lessons = await Promise.all(course.lessons.map(({ slug }) => course.lesson(slug)))
  const placed = lessons.filter(({ quiz }) => quiz.some(({ before }) => before !== undefined))
  expect(placed.length).toBeGreaterThanOrEqual(12)
  for (const lesson of placed) {
    const numbers = lesson.quiz.flatMap(({ before }) => before ?? [])
    const drafts = withSnippets(lesson, new Map(), new Set(numbers))
    const asked = drafts.filter(({ ends }) => ends === true).map(({ offers }) => offers)
    expect(asked).toEqual(numbers.toSorted((a, b) => a - b))
  }
})
