import { AmbiguousLessonError, type NumberRange, UnknownLessonError } from './errors.ts'
import type { Course, LessonSummary } from './lesson.ts'
import { nearest } from './nearest.ts'

/**
 * The lesson that a person means: `7`, `07`, `07-concurrency`, `workspace/07-concurrency.ts`, or a part of the slug
 * or title that only one lesson has. Throws UnknownLessonError with the nearest slugs or the range of numbers, or
 * AmbiguousLessonError.
 */
export function findLesson(course: Pick<Course, 'lessons'>, text: string): LessonSummary {
  const { lessons } = course
  const asked = simple(text.replace(/^.*[\\/]/, '').replace(/\.(md|ts)$/i, ''))
  const exact = lessons.find((lesson) => isExactly(lesson, asked))
  if (exact) return exact

  const matches = asked === '' || isNumber(asked) ? [] : lessons.filter((lesson) => contains(lesson, asked))
  const [only, ...others] = matches
  if (only && others.length === 0) return only
  if (only) throw new AmbiguousLessonError(text, slugs(matches))
  throw new UnknownLessonError(text, isNumber(asked) ? numbers(lessons) : similar(lessons, asked))
}

function isExactly(lesson: LessonSummary, asked: string): boolean {
  if (isNumber(asked)) return Number(lesson.number) === Number(asked)
  return [lesson.slug, lesson.slug.replace(/^0/, ''), bareName(lesson), simple(lesson.title)].includes(asked)
}

function contains(lesson: LessonSummary, asked: string): boolean {
  return lesson.slug.includes(asked) || simple(lesson.title).includes(asked)
}

function numbers(lessons: readonly LessonSummary[]): NumberRange | readonly [] {
  const [first, last] = [lessons[0], lessons.at(-1)]
  return first && last ? { first: first.number, last: last.number } : []
}

function similar(lessons: readonly LessonSummary[], asked: string): readonly string[] {
  const names = lessons.map((lesson) => ({
    value: lesson.slug,
    names: [lesson.slug, bareName(lesson), simple(lesson.title)],
  }))
  return nearest(asked, names)
}

function slugs(lessons: readonly LessonSummary[]): readonly string[] {
  return lessons.map((lesson) => lesson.slug)
}

function bareName(lesson: LessonSummary): string {
  return lesson.slug.slice(lesson.number.length + 1)
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text)
}

/** Lowercase, words joined by dashes: the form in which slugs and titles are compared. */
function simple(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
}
