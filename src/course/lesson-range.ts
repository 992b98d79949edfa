import { Exit } from '../common/exit.ts'
import { findLesson } from './find.ts'
import type { Course, LessonSummary } from './lesson.ts'

/** A range that contains no lessons, as a person wrote it. */
export class EmptyRangeError extends Error {
  override readonly name = 'EmptyRangeError'
  readonly exitCode = Exit.wrongUse
  readonly asked: string

  constructor(asked: string, reason: string) {
    super(`"${asked}" names no lessons: ${reason}.`)
    this.asked = asked
  }
}

/**
 * The lessons that a person means by `01-06`, `4`, `concurrency`, in course order and each once. Throws the errors of
 * `findLesson`, and EmptyRangeError.
 */
export function findLessons(
  course: Pick<Course, 'lessons'>,
  texts: readonly string[],
): readonly LessonSummary[] {
  const found = new Set(texts.flatMap((text) => rangeOrLesson(course, text)))
  return course.lessons.filter((lesson) => found.has(lesson))
}

function rangeOrLesson(course: Pick<Course, 'lessons'>, text: string): readonly LessonSummary[] {
  const range = /^\s*(\d+)\s*(?:-|\.\.|–)\s*(\d+)\s*$/.exec(text)
  if (range === null) return [findLesson(course, text)]
  const [from, to] = [Number(range[1]), Number(range[2])]
  if (from > to) throw new EmptyRangeError(text, `${from} comes after ${to}`)
  const lessons = course.lessons.filter(({ number }) => Number(number) >= from && Number(number) <= to)
  if (lessons.length > 0) return lessons
  throw new EmptyRangeError(text, `the course ends at ${course.lessons.at(-1)?.number ?? 'none'}`)
}
