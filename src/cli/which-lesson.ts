import { findLesson, type LessonSummary } from '../course/index.ts'
import { currentLesson, type Desk } from '../walkthrough/desk.ts'
import { self } from './command.ts'
import { UsageError } from './errors.ts'

/** The lesson that was named, or the one that the learner is at. Throws UsageError, UnknownLessonError, AmbiguousLessonError. */
export function whichLesson(desk: Desk, named: string | undefined, command: string): LessonSummary {
  if (named !== undefined) return findLesson(desk.course, named)
  const current = currentLesson(desk)
  if (current) return current
  throw new UsageError(
    `Which lesson? You have not begun one yet. Name it: ${self} ${command} 01, or begin: ${self} start 01`,
  )
}
