import { self } from '../common/self.ts'
import { type Course, type LessonSummary, type Track, tracks } from '../course/index.ts'
import { isDone, type ProgressLog } from '../progress/index.ts'
import type { Home } from './paths.ts'

/** Someone who takes the course, with their files and their progress. */
export interface Learner {
  readonly course: Course
  readonly home: Home
  readonly progress: ProgressLog
}

/** The lesson that was opened or checked last; undefined before the first. */
export function currentLesson({ course, progress }: Learner): LessonSummary | undefined {
  const { current } = progress.overview()
  return course.lessons.find(({ slug }) => slug === current)
}

/** The track that the learner chose; undefined for the whole course. */
export function chosenTrack({ course, progress }: Learner): Track | undefined {
  const { track } = progress.overview()
  return tracks(course).find(({ name }) => name === track && name !== 'all')
}

/** The lessons that the learner plans to do, in order. */
export function lessonsAhead(learner: Learner): readonly LessonSummary[] {
  return chosenTrack(learner)?.lessons ?? learner.course.lessons
}

/** The lesson after this one on the learner's track; undefined after the last. */
export function lessonAfter(learner: Learner, { number }: LessonSummary): LessonSummary | undefined {
  return lessonsAhead(learner).find((lesson) => Number(lesson.number) > Number(number))
}

/** The lesson before this one on the learner's track; undefined before the first. */
export function lessonBefore(learner: Learner, { number }: LessonSummary): LessonSummary | undefined {
  return lessonsAhead(learner).findLast((lesson) => Number(lesson.number) < Number(number))
}

/**
 * Where to continue: the current lesson until it's passed, then the first after it (or overall) that isn't done. A
 * learner who chose a track is led along it.
 */
export function nextLesson(learner: Learner): LessonSummary | undefined {
  const lessons = lessonsAhead(learner)
  const overview = learner.progress.overview()
  const isOpen = ({ slug }: LessonSummary) => !isDone(overview.lesson(slug))
  const current = currentLesson(learner)
  if (current && isOpen(current)) return current
  const isAfter = ({ number }: LessonSummary) => !current || Number(number) > Number(current.number)
  return lessons.find((lesson) => isAfter(lesson) && isOpen(lesson)) ?? lessons.find(isOpen)
}

/** The command that leads on from here; undefined when everything is done. */
export function nextCommand(learner: Learner): string | undefined {
  const next = nextLesson(learner)
  if (next === undefined) return undefined
  const isNew = learner.progress.overview().lesson(next.slug).state === 'new'
  return `${self} ${isNew ? 'start' : 'check'} ${next.number}`
}
