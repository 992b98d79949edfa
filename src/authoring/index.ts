/** For authors of lessons. */
export {
  type AuthorReport,
  type CheckLessonsOptions,
  checkLessons,
  formatFinding,
  type LessonReport,
} from './check-lessons.ts'
export { firstFailure } from './expectations.ts'
export type { Finding, Rule } from './finding.ts'
export { mistakeFor } from './mistakes/answer.ts'
export { type LessonMistakes, readBases, readMistakes, type WrongAnswer } from './mistakes/files.ts'
export { formatMistake, type Mistake } from './mistakes/section.ts'
export { NotEmptyError, newCourse } from './new-course.ts'
export { BadSlugError, type NewLesson, newLesson } from './new-lesson.ts'
