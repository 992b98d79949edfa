import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { LessonHead, ParticipantRow, PlanClock } from '../../../src/classroom/api.ts'
import { medianOf, paceAt, paceInWords } from '../../../src/classroom/pace.ts'
import type { NewClassEvent } from '../../../src/classroom/projections/class-event.ts'
import { newClass } from '../../../src/classroom/projections/class-state.ts'
import { evolveClass } from '../../../src/classroom/projections/evolve-class.ts'
import { findTrack, loadCourse } from '../../../src/course/index.ts'

const lessons: readonly LessonHead[] = [
  { slug: '01-events', number: '01', title: 'Events', tasks: ['a'], minutes: 15 },
  { slug: '02-lists', number: '02', title: 'Lists', tasks: ['a', 'b'], minutes: 20 },
  { slug: '08-projections', number: '08', title: 'Projections', tasks: [], minutes: 7 },
]

/** A minute of the class's day. */
const at = (minute: number) => new Date(Date.UTC(2026, 4, 2, 9, minute)).toISOString()

function clockAfter(...events: readonly (readonly [minute: number, event: NewClassEvent])[]): PlanClock {
  const all = events.map(([minute, event]) => ({ ...event, at: at(minute) }))
  const { clock } = all.reduce(evolveClass, newClass)
  if (clock === undefined) throw new Error('The clock never started.')
  return clock
}

const position = (slug?: string): NewClassEvent => ({ type: 'POSITION_SET', payload: { slug } })
const begun: NewClassEvent = { type: 'PAUSE_BEGUN', payload: {} }
const ended: NewClassEvent = { type: 'PAUSE_ENDED', payload: {} }

function said(clock: PlanClock, minute: number, median: number): string | undefined {
  const pace = paceAt({ clock, median }, lessons, at(minute))
  return pace && paceInWords(pace, lessons)
}

describe('the pace', () => {
  const clock = clockAfter([0, position('01-events')])

  test.each([
    [10, 0, 'According to the plan, the class should be at lesson 01 now. The median learner is on time.'],
    [
      19,
      0,
      'According to the plan, the class should be at lesson 02 now. The median learner is 4 minutes behind.',
    ],
    [24, 15, 'According to the plan, the class should be at lesson 02 now. The median learner is on time.'],
    [
      26,
      15,
      'According to the plan, the class should be at lesson 02 now. The median learner is 1 minute behind.',
    ],
    [
      10,
      25,
      'According to the plan, the class should be at lesson 01 now. The median learner is 15 minutes ahead.',
    ],
    // What's demonstrated can't be late.
    [40, 35, 'According to the plan, the class should be at lesson 08 now. The median learner is on time.'],
    [90, 25, 'According to the plan, the class should be done. The median learner is on time.'],
  ])('after %i minutes, with %i minutes of work done: %s', (minute, median, expected) => {
    expect(said(clock, minute, median)).toBe(expected)
  })

  test('stands still while there is a break, or the class is nowhere or closed', () => {
    const paused = clockAfter([0, position('01-events')], [10, begun], [30, ended])
    expect(said(paused, 34, 0)).toContain('on time')
    expect(said(paused, 39, 0)).toContain('4 minutes behind')
    const nowhere = clockAfter([0, position('01-events')], [10, position()], [30, position('02-lists')])
    expect(said(nowhere, 39, 0)).toContain('4 minutes behind')
    const until = { type: 'PAUSE_BEGUN', payload: { until: at(30) } } as const
    const timed = clockAfter([0, position('01-events')], [10, until])
    expect(said(timed, 29, 0)).toContain('on time')
    expect(said(timed, 39, 0)).toContain('4 minutes behind')
    // It was ended early.
    const early = clockAfter([0, position('01-events')], [10, until], [20, ended])
    expect(said(early, 29, 0)).toContain('4 minutes behind')
    const closed = clockAfter([0, position('01-events')], [10, { type: 'CLASS_CLOSED', payload: {} }])
    expect(said(closed, 200, 0)).toContain('on time')
  })

  test('the next day begins where the class is', () => {
    const overnight = 24 * 60
    expect(said(clock, overnight, 0)).toBeUndefined()
    const next = clockAfter([0, position('01-events')], [overnight, position('02-lists')])
    expect(next).toMatchObject({ from: '02-lists', ranMs: 0 })
    expect(said(next, overnight + 14, 0)).toBe(
      'According to the plan, the class should be at lesson 02 now. The median learner is 4 minutes behind.',
    )
  })

  test('half of the learners have done the median', () => {
    const row = (...states: readonly [string, string, string?][]): Pick<ParticipantRow, 'lessons'> => ({
      lessons: Object.fromEntries(
        states.map(([slug, light, tasks]) => [
          slug,
          { light: light as 'passed', attempts: 1, hints: 0, ...(tasks && { tasks }) },
        ]),
      ),
    })
    const rows = [
      row(),
      row(['01-events', 'passed', 'p'], ['02-lists', 'failing', 'pf']),
      row(['01-events', 'passed', 'p'], ['02-lists', 'passed', 'pp'], ['08-projections', 'passed']),
    ]
    expect(medianOf(rows, lessons, clock)).toBe(25)
    expect(medianOf(rows, lessons, { ...clock, from: '02-lists' })).toBe(10)
    expect(medianOf([], lessons, clock)).toBe(0)
  })
})

test('the plan of each track is the one that instructors read', async () => {
  const course = await loadCourse()
  const text = readFileSync('lessons/INSTRUCTOR.md', 'utf8')
  const minutesOf = (name: string) => {
    const track = findTrack(course, name)
    return Math.round(track.lessons.reduce((sum, lesson) => sum + track.led(lesson), 0))
  }
  for (const [, name = '', hours, minutes = '0'] of text.matchAll(
    /^\| `([\w-]+)` \|[^|]*\|[^|]*\| (\d+) h(?: (\d+) min)?/gm,
  )) {
    expect(minutesOf(name), name).toBe(Number(hours) * 60 + Number(minutes))
  }
  const starts = [...text.matchAll(/^\| (\d):(\d\d) \| (\d\d|questions)/gm)].map(
    ([, hour, minute, what]) => [what, Number(hour) * 60 + Number(minute)] as const,
  )
  const track = findTrack(course, 'ninety-minutes')
  expect(starts.slice(0, -1).map(([number]) => number)).toEqual(track.lessons.map(({ number }) => number))
  for (const [index, lesson] of track.lessons.entries()) {
    expect(track.led(lesson), lesson.number).toBe((starts[index + 1]?.[1] ?? 0) - (starts[index]?.[1] ?? 0))
  }
})
