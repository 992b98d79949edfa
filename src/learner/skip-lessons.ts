import type { LessonSummary } from '../course/index.ts'
import { isDone } from '../progress/index.ts'
import type { Learner } from './learner.ts'

type Progress = Pick<Learner, 'progress'>

/** The lessons that are neither passed nor skipped. */
export function openLessons(
  { progress }: Progress,
  lessons: readonly LessonSummary[],
): readonly LessonSummary[] {
  const overview = progress.overview()
  return lessons.filter(({ slug }) => !isDone(overview.lesson(slug)))
}

/**
 * Marks the lessons as known, and resolves to the ones that were open until then; finished lessons stay as they are.
 */
export async function skipLessons(
  learner: Progress,
  lessons: readonly LessonSummary[],
  reason: 'known' | 'placement',
): Promise<readonly LessonSummary[]> {
  const open = openLessons(learner, lessons)
  for (const { slug } of open) await learner.progress.record('LESSON_SKIPPED', slug, { reason })
  return open
}
