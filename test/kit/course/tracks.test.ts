import { describe, expect, test } from 'vitest'
import {
  findTrack,
  missingPrerequisites,
  trackLessons,
  trackNames,
  tracks,
  UnknownTrackError,
} from '../../../src/course/index.ts'
import { curriculum, summary } from './course-folder.ts'

const course = { lessons: curriculum() }
const numbers = (name: string) => trackLessons(course, name).map(({ number }) => Number(number))
const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

describe('tracks', () => {
  test.each([
    ['ninety-minutes', [1, 2, 5, 7, 8]],
    ['half-day', [1, 2, 3, 4, 5, 7, 8, 14]],
    ['one-day', range(1, 16)],
    ['all', range(1, 28)],
    ['two-days', range(1, 28)],
    ['blog', [1, 2, 3, 4, 5, 14, 18, 19, 20, 21, 22]],
    ['production', [7, 11, 12, 13, 23, 24, 25, 26, 27, 28]],
  ])('%s', (name, lessons) => {
    expect(numbers(name)).toEqual(lessons)
  })

  test('the whole course takes three days under either name', () => {
    expect(findTrack(course, 'two-days').name).toBe('all')
    expect(findTrack(course, 'all').title).toContain('three days')
  })

  test('its minutes come from its lessons, and missing lessons are left out', () => {
    expect(findTrack(course, 'half-day').minutes).toBe(80)
    const short = { lessons: course.lessons.slice(0, 3) }
    expect(findTrack(short, 'half-day')).toMatchObject({ minutes: 30 })
    expect(findTrack(short, 'production').lessons).toEqual([])
  })

  test('an unknown one names the existing ones', () => {
    expect(() => trackLessons(course, 'three-weeks')).toThrow(UnknownTrackError)
    expect(() => trackLessons(course, 'three-weeks')).toThrow(/half-day, one-day, all, blog/)
    expect(trackNames()).toContain('all')
    expect(tracks(course)).toHaveLength(6)
  })

  test('what a track leaves out but builds on is named', () => {
    const lessons = [
      summary('01-events'),
      summary('02-list-store', { after: ['01-events'] }),
      summary('03-replay', { after: ['02-list-store'] }),
      summary('05-stream-store', { after: ['01-events', '03-replay'] }),
    ]
    expect(missingPrerequisites(findTrack({ lessons }, 'ninety-minutes'))).toEqual([
      { lesson: '05-stream-store', missing: ['03-replay'] },
    ])
    expect(missingPrerequisites(findTrack({ lessons }, 'all'))).toEqual([])
  })
})
