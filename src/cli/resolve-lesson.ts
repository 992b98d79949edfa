import { findLesson, type LessonSummary } from '../course/index.ts'
import { currentLesson, type Desk, nextLesson } from '../learner/learner.ts'
import { self } from './command.ts'
import { UsageError } from './exit.ts'

/** The named lesson, or the learner's current one. Throws UsageError, UnknownLessonError, AmbiguousLessonError. */
export function resolveLesson(desk: Desk, named: string | undefined, command: string): LessonSummary {
  if (named !== undefined) return findLesson(desk.course, named)
  const current = currentLesson(desk)
  if (current) return current
  throw new UsageError(
    `Which lesson? You haven't started one yet. Name it: ${self} ${command} 01, or start one: ${self} start 01`,
  )
}

/**
 * The named lesson, or the one where the learner left off, or the first if all are done; undefined in a course without
 * lessons. Throws UnknownLessonError, AmbiguousLessonError.
 */
export function lessonToContinue(desk: Desk, named: string | undefined): LessonSummary | undefined {
  if (named !== undefined) return findLesson(desk.course, named)
  return nextLesson(desk) ?? desk.course.lessons[0]
}
