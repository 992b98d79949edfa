import { BadLessonError } from './errors.ts'
import type { LessonSummary } from './lesson.ts'
import { nearestName } from './nearest.ts'

/** What no lesson can know alone: numbers and names occur once, and `after` names an earlier lesson. */
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
      `${earlier.slug} has the number ${lesson.number} too. Give one of them another.`,
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
  throw bad(lesson, 'after', `There is no earlier lesson "${needed}". ${wanted}`)
}

function bad({ slug }: LessonSummary, field: string, problem: string): BadLessonError {
  return new BadLessonError(`lessons/${slug}.md`, field, problem)
}
