import { BadLessonError } from './errors.ts'
import type { LessonSummary } from './lesson.ts'
import { nearestName } from './nearest.ts'

/** What a single lesson can't check: numbers and names must be unique, and `after` must name an earlier lesson. */
export function checkTogether(lessons: readonly LessonSummary[]): void {
  const seen: LessonSummary[] = []
  for (const lesson of lessons) {
    for (const earlier of seen) checkPair(earlier, lesson)
    for (const needed of lesson.after) checkAfter(lesson, needed, seen)
    seen.push(lesson)
  }
}

function checkPair(earlier: LessonSummary, lesson: LessonSummary): void {
  if (earlier.number === lesson.number) {
    throw bad(
      lesson,
      'number',
      `${earlier.slug} also has the number ${lesson.number}. Give one of them another number.`,
    )
  }
  if (earlier.slug.slice(2) === lesson.slug.slice(2)) {
    throw bad(lesson, 'slug', `${earlier.slug} has the same name. Rename one of them.`)
  }
}

function checkAfter(lesson: LessonSummary, needed: string, earlier: readonly LessonSummary[]): void {
  if (earlier.some(({ slug }) => slug === needed)) return
  const guess = nearestName(
    needed,
    earlier.map(({ slug }) => slug),
  )
  const wanted = guess === undefined ? 'Name a lesson that comes before this one.' : `Did you mean ${guess}?`
  throw bad(lesson, 'after', `There's no earlier lesson "${needed}". ${wanted}`)
}

function bad({ slug }: LessonSummary, field: string, problem: string): BadLessonError {
  return new BadLessonError(`lessons/${slug}.md`, field, problem)
}
