import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { CheckResult } from '../../../src/check/index.ts'
import { filesOf, loadCourse, trackLessons } from '../../../src/course/index.ts'
import type { CheckSession } from '../../../src/learner/check-session.ts'
import { rehearse } from '../../../src/walkthrough/tour.ts'
import { newHome, programAt } from '../cli/program.ts'

const course = await loadCourse()
const lessons = course.lessons.slice(0, 2)

type Verdict = (what: 'starter' | 'solution') => CheckResult

/** A checker that recognizes starters and solutions by their text, and returns the verdict it's told to. */
function session(verdict: Verdict): CheckSession {
  return {
    open: async () => ({ redis: { description: 'Redis of the test' } }) as never,
    async check(slug, target) {
      const path = target.path ?? ''
      const isStarter =
        (await readFile(path, 'utf8')) === (await readFile(filesOf(course, slug).starter, 'utf8'))
      return { ...verdict(isStarter ? 'starter' : 'solution'), lesson: slug }
    },
    record: async () => undefined,
    replace: async () => {},
    close: async () => {},
  }
}

function result(states: readonly CheckResult['tasks'][number]['state'][], diagnosis?: string): CheckResult {
  const tasks = states.map((state, index) => ({
    task: `task ${index + 1}`,
    state,
    commands: [],
    ...(state === 'failed' && { diagnosis: 'It does nothing.' }),
  }))
  const isPassed = states.every((state) => state === 'passed' || state === 'skipped')
  return {
    lesson: '',
    target: '',
    passed: isPassed,
    skipped: states.filter((state) => state === 'skipped').length,
    ...(diagnosis !== undefined && { diagnosis }),
    redis: { kind: 'embedded', name: 'the embedded server', version: '7.0' },
    tasks,
    output: '',
    notes: [],
    ms: 5,
  }
}

const good: Verdict = (what) =>
  what === 'starter' ? result(['failed', 'failed']) : result(['passed', 'passed'])

describe('the rehearsal', () => {
  test('is content when starters fail in every task and solutions pass', async () => {
    const seen: string[] = []
    const report = await rehearse(course, lessons, session(good), ({ lesson }) => seen.push(lesson))
    expect(report).toMatchObject({ ok: true, redis: 'Redis of the test' })
    expect(report.lessons.map(({ problems }) => problems)).toEqual([[], []])
    expect(seen).toEqual(lessons.map(({ slug }) => slug))
  })

  test.each<[string, Verdict, string]>([
    [
      'a starter passes a task',
      (what) => (what === 'starter' ? result(['passed', 'failed']) : good(what)),
      'The starter should fail in task 1, but its state is "passed".',
    ],
    [
      'a starter cannot run',
      (what) => (what === 'starter' ? result(['not reached'], "It isn't TypeScript.") : good(what)),
      "The starter can't run: It isn't TypeScript.",
    ],
    [
      'a solution fails',
      (what) => (what === 'solution' ? result(['passed', 'failed']) : good(what)),
      'The solution fails in task 2: It does nothing.',
    ],
  ])('says so when %s', async (_what, verdict, problem) => {
    const report = await rehearse(course, lessons.slice(0, 1), session(verdict))
    expect(report.ok).toBe(false)
    expect(report.lessons[0]?.problems).toEqual([problem])
  })

  test('counts what this Redis skips, and is still content', async () => {
    const verdict: Verdict = (what) =>
      what === 'starter' ? result(['failed', 'skipped']) : result(['passed', 'skipped'])
    const report = await rehearse(course, lessons.slice(0, 1), session(verdict))
    expect(report.lessons[0]).toMatchObject({ ok: true, skipped: 1 })
  })
})

/** The main job from end to end: the real program, real checks, one lesson after the other. */
test('tour --auto walks through a track', { timeout: 300_000 }, async () => {
  const { code, stdout } = await programAt(await newHome())(
    'tour',
    '--auto',
    '--track',
    'ninety-minutes',
    '--json',
  )
  const report = JSON.parse(stdout) as {
    ok: boolean
    track: string
    lessons: { lesson: string; ok: boolean }[]
  }
  expect(report.lessons).toMatchObject(
    trackLessons(course, 'ninety-minutes').map(({ slug }) => ({ lesson: slug, ok: true, problems: [] })),
  )
  expect({ code, ok: report.ok, track: report.track }).toEqual({ code: 0, ok: true, track: 'ninety-minutes' })
})
