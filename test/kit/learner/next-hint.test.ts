import { expect, test } from 'vitest'
import { loadCourse } from '../../../src/course/index.ts'
import { nextHint } from '../../../src/learner/next-hint.ts'
import { newLesson } from '../../../src/progress/state.ts'

const lesson = await (await loadCourse()).lesson('07-concurrency')
const firstFailing = 'appendEvent'

function stepsFor(diagnosis: string | undefined, shown: readonly number[] = []): readonly number[] {
  const steps = [...shown]
  for (;;) {
    const progress = { ...newLesson(lesson.slug), hintSteps: { 1: steps } }
    const hint = nextHint(lesson, progress, { firstFailing, diagnosis })
    if (hint.kind === 'no more') return steps
    steps.push(hint.step)
  }
}

test('the first hint is the one that fits the failure, and no hint is lost', () => {
  expect(stepsFor(undefined)).toEqual([1, 2, 3, 4, 5, 6])
  expect(stepsFor('The length of the stream isn’t the\n  version: old entries may be gone.')).toEqual([
    2, 3, 4, 5, 6, 1,
  ])
  expect(stepsFor('Compare it with compare with `tonumber(ARGV[1])`.')).toEqual([3, 4, 5, 6, 1, 2])
})

test('a hint that comes before its turn says so, and which one is the last', () => {
  const next = (diagnosis: string | undefined, steps: readonly number[]) => {
    const progress = { ...newLesson(lesson.slug), hintSteps: { 1: steps } }
    return nextHint(lesson, progress, { firstFailing, diagnosis })
  }
  const diagnosis = "The length of the stream isn't the version"
  expect(next(diagnosis, [])).toMatchObject({
    step: 2,
    isLast: false,
    text: expect.stringMatching(/\n\n\*It fits what failed, so it comes before hint 1\.\*$/),
  })
  expect(next(undefined, [])).toMatchObject({ text: lesson.tasks[0]?.hints[0] })
  expect(next(diagnosis, [2])).toMatchObject({ step: 3, text: lesson.tasks[0]?.hints[2] })
  expect(next(diagnosis, [2, 3, 4, 5])).toMatchObject({ step: 6, isLast: false })
  expect(next(diagnosis, [2, 3, 4, 5, 6])).toMatchObject({ step: 1, isLast: true })
})

test('another failure gets another hint', () => {
  expect(stepsFor('ran between. Both succeeded, because the second one ran between.', [3])).toEqual([
    3, 1, 2, 4, 5, 6,
  ])
})

test('a diagnosis of the failing task says nothing about a task that the learner names', () => {
  const hint = nextHint(lesson, newLesson(lesson.slug), {
    taskNumber: 2,
    firstFailing,
    diagnosis: 'was written in several steps',
  })
  expect(hint).toMatchObject({ taskNumber: 2, step: 1 })
})

test('what a hint helps with is never shown', () => {
  for (const { hints, helps } of lesson.tasks) {
    expect(hints.join('\n')).not.toContain('helps:')
    expect(helps).toHaveLength(hints.length)
  }
})
