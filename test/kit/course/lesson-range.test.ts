import { describe, expect, test } from 'vitest'
import { findLessons } from '../../../src/course/index.ts'
import { curriculum } from './course-folder.ts'

const course = { lessons: curriculum() }
const slugs = (...texts: string[]) => findLessons(course, texts).map(({ slug }) => slug)

describe('findLessons', () => {
  test.each([
    [['01-03'], ['01-events', '02-list-store', '03-replay']],
    [['1..2'], ['01-events', '02-list-store']],
    [['07'], ['07-concurrency']],
    [
      ['concurrency', '02-list-store'],
      ['02-list-store', '07-concurrency'],
    ],
    [
      ['01-02', '2'],
      ['01-events', '02-list-store'],
    ],
    [['27-99'], ['27-cluster', '28-event-store']],
  ])('%j are %j', (texts, expected) => {
    expect(slugs(...texts)).toEqual(expected)
  })

  test('a reversed range, or one beyond the course, is reported', () => {
    expect(() => slugs('06-01')).toThrow('"06-01" names no lessons: 6 comes after 1.')
    expect(() => slugs('40-50')).toThrow('"40-50" names no lessons: the course ends at 28.')
    expect(() => slugs('nonsense')).toThrow('No lesson matches "nonsense".')
  })
})
