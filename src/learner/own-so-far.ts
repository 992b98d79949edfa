import { existsSync } from 'node:fs'
import type { Course, LessonSummary } from '../course/index.ts'
import { isPassed, type ProgressLog } from '../progress/index.ts'
import type { Home } from './paths.ts'

interface Learner {
  readonly course: Course
  readonly home: Home
  readonly progress: ProgressLog
}

/**
 * Whether everything that a lesson builds on is the learner's own: each of those lessons is passed, and its file is
 * here. A lesson that builds on nothing has nothing to offer.
 */
export function buildsOnOwn({ course, home, progress }: Learner, lesson: LessonSummary): boolean {
  const overview = progress.overview()
  const below = allBelow(course, lesson)
  return (
    below.size > 0 &&
    [...below].every((slug) => isPassed(overview.lesson(slug)) && existsSync(home.answer(slug)))
  )
}

/** The lessons that this one builds on, and those that they build on. */
export function allBelow({ lessons }: Course, { after }: LessonSummary): ReadonlySet<string> {
  const found = new Set<string>()
  const left = [...after]
  for (let slug = left.pop(); slug !== undefined; slug = left.pop()) {
    if (found.has(slug)) continue
    found.add(slug)
    left.push(...(lessons.find((lesson) => lesson.slug === slug)?.after ?? []))
  }
  return found
}
