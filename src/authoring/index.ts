/** For those who write lessons. */
export {
  type AuthorReport,
  type CheckLessonsOptions,
  checkLessons,
  formatFinding,
  type LessonReport,
} from './check-lessons.ts'
export type { Finding, Rule } from './finding.ts'
export { BadSlugError, type NewLesson, newLesson } from './new-lesson.ts'
