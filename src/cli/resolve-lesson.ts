import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { UsageError } from '../common/exit.ts'
import { findLesson, type LessonSummary } from '../course/index.ts'
import { currentLesson, type Learner, nextLesson } from '../learner/learner.ts'
import { self } from './command.ts'

/** The named lesson, or the learner's current one. Throws UsageError, UnknownLessonError, AmbiguousLessonError. */
export function resolveLesson(learner: Learner, named: string | undefined, command: string): LessonSummary {
  if (named !== undefined) return namedLesson(learner, named, command)
  const current = currentLesson(learner)
  if (current) return current
  throw new UsageError(
    `Which lesson? You haven't started one yet. Name it: ${self} ${command} 01, or start one: ${self} start 01`,
  )
}

/**
 * The named lesson, or the one where the learner left off, or the first if all are done; undefined in a course without
 * lessons. Throws UsageError, UnknownLessonError, AmbiguousLessonError.
 */
export function lessonToContinue(
  learner: Learner,
  named: string | undefined,
  command: string,
): LessonSummary | undefined {
  if (named !== undefined) return namedLesson(learner, named, command)
  return nextLesson(learner) ?? learner.course.lessons[0]
}

/** A lesson may be named by its file, but what's said of another file of that name would be about the workspace's. */
function namedLesson({ course, home }: Learner, named: string, command: string): LessonSummary {
  if (!/\.[jt]s$/.test(named) || !existsSync(named)) return findLesson(course, named)
  const name = path.basename(named, path.extname(named)).toLowerCase()
  const lesson = course.lessons.find(({ slug }) => slug === name)
  if (lesson !== undefined && isSameFile(named, home.answer(lesson.slug))) return lesson
  const instead = `${self} ${command} ${lesson?.number ?? 'LESSON'}${command === 'check' ? ` --file ${named}` : ''}`
  throw new UsageError(`${named} isn't an answer in your workspace. Name the lesson instead: ${instead}`)
}

function isSameFile(one: string, other: string): boolean {
  return existsSync(other) && realpathSync.native(one) === realpathSync.native(other)
}
