import { describe, expect, test } from 'vitest'
import { AmbiguousLessonError, findLesson, UnknownLessonError } from '../../../src/course/index.ts'
import { editDistance } from '../../../src/course/nearest.ts'
import { curriculum } from './course-folder.ts'

const course = { lessons: curriculum() }

describe('findLesson', () => {
  test.each([
    ['7', '07-concurrency'],
    ['07', '07-concurrency'],
    ['007', '07-concurrency'],
    ['07-concurrency', '07-concurrency'],
    ['7-concurrency', '07-concurrency'],
    ['concurrency', '07-concurrency'],
    ['CONCUR', '07-concurrency'],
    [' 07-concurrency ', '07-concurrency'],
    ['07-concurrency.ts', '07-concurrency'],
    ['workspace/07-concurrency.ts', '07-concurrency'],
    ['lessons\\07-concurrency.md', '07-concurrency'],
    ['list store', '02-list-store'],
    ['streams', '04-streams'],
    ['blog', '18-blog'],
    ['snapshots', '14-snapshots'],
    ['events', '01-events'],
    ['28', '28-event-store'],
  ])('%s is %s', (asked, slug) => {
    expect(findLesson(course, asked).slug).toBe(slug)
  })

  test('part of the title is enough', () => {
    const [first, ...others] = course.lessons
    const lessons = first ? [{ ...first, title: 'Facts, in the past tense' }, ...others] : []
    expect(findLesson({ lessons }, 'past tense').slug).toBe('01-events')
  })

  test('a name that several lessons match is offered with all of them', () => {
    const find = () => findLesson(course, 'store')
    expect(find).toThrow(AmbiguousLessonError)
    expect(find).toThrow(
      '"store" could be 02-list-store, 05-stream-store, or 28-event-store. Use the number, or more of the name.',
    )
  })

  test.each([
    ['conurrency', ['07-concurrency']],
    ['07-concurency', ['07-concurrency']],
    ['snaphsots', ['14-snapshots']],
    ['monitorring', ['25-monitoring']],
    ['29', { first: '01', last: '28' }],
    ['0', { first: '01', last: '28' }],
    ['quantum-physics', []],
    ['', []],
    ['../..', []],
  ])("%s doesn't exist; near are %j", (asked, nearest) => {
    try {
      findLesson(course, asked)
    } catch (error) {
      expect(error).toBeInstanceOf(UnknownLessonError)
      expect(error).toMatchObject({ asked, nearest })
      return
    }
    throw new Error('It was found.')
  })

  test('the sentence says which numbers there are', () => {
    expect(() => findLesson(course, '99')).toThrow('No lesson matches "99". The lessons are 01 to 28. Run "')
  })

  test('the sentence offers near names and says where to see them all', () => {
    expect(() => findLesson(course, 'clutser')).toThrow(
      'No lesson matches "clutser". Did you mean 27-cluster? Run "npx eventlings list" to see them all.',
    )
    expect(() => findLesson(course, 'xyz')).toThrow('No lesson matches "xyz". Run "npx eventlings list"')
  })
})

test.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['', 'abc', 3],
  ['abc', '', 3],
  ['abc', 'abd', 1],
  ['abc', 'acb', 1],
  ['kitten', 'sitting', 3],
])('from %j to %j it is %i', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance)
})
