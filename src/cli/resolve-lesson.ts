import { UsageError } from '../common/exit.ts'
import { findLesson, type LessonSummary } from '../course/index.ts'
import { currentLesson, type Learner, nextLesson } from '../learner/learner.ts'
import { self } from './command.ts'

/** The named lesson, or the learner's current one. Throws UsageError, UnknownLessonError, AmbiguousLessonError. */
export function resolveLesson(learner: Learner, named: string | undefined, command: string): LessonSummary {
  if (named !== undefined) return findLesson(learner.course, named)
  const current = currentLesson(learner)
  if (current) return current
  throw new UsageError(
    `Which lesson? You haven't started one yet. Name it: ${self} ${command} 01, or start one: ${self} start 01`,
  )
}

/**
 * The named lesson, or the one where the learner left off, or the first if all are done; undefined in a course without
 * lessons. Throws UnknownLessonError, AmbiguousLessonError.
 */
export function lessonToContinue(learner: Learner, named: string | undefined): LessonSummary | undefined {
  if (named !== undefined) return findLesson(learner.course, named)
  return nextLesson(learner) ?? learner.course.lessons[0]
}
