import path from 'node:path'
import { type Course, type LessonSummary, type Track, tracks } from '../course/index.ts'
import { isDone, type ProgressLog } from '../progress/index.ts'
import type { Home } from '../workspace/index.ts'

/** Where somebody works: the course, their files, and their progress. */
export interface Desk {
  readonly course: Course
  readonly home: Home
  readonly progress: ProgressLog
}

/** A path as one would type it here: relative where that leads down, else whole. */
export function shownPath(file: string, from: string = process.cwd()): string {
  const relative = path.relative(from, file)
  const isBelow = relative !== '' && !relative.startsWith('..') && !path.isAbsolute(relative)
  return isBelow ? relative : file
}

/** The lesson that was opened or checked last; undefined before the first. */
export function currentLesson({ course, progress }: Desk): LessonSummary | undefined {
  const { current } = progress.overview()
  return course.lessons.find(({ slug }) => slug === current)
}

/** The way through the course that the learner chose; undefined for the whole of it. */
export function chosenTrack({ course, progress }: Desk): Track | undefined {
  const { track } = progress.overview()
  return tracks(course).find(({ name }) => name === track && name !== 'all')
}

/** The lessons that the learner means to do, in order. */
export function lessonsAhead(desk: Desk): readonly LessonSummary[] {
  return chosenTrack(desk)?.lessons ?? desk.course.lessons
}

/** The lesson that comes after this one on the learner's way; undefined after the last. */
export function lessonAfter(desk: Desk, { number }: LessonSummary): LessonSummary | undefined {
  return lessonsAhead(desk).find((lesson) => Number(lesson.number) > Number(number))
}

/**
 * Where to go on: the current lesson until it is passed, then the first after it (or at all) that is not done. Who
 * chose a track is led along it.
 */
export function nextLesson(desk: Desk): LessonSummary | undefined {
  const lessons = lessonsAhead(desk)
  const overview = desk.progress.overview()
  const isOpen = ({ slug }: LessonSummary) => !isDone(overview.lesson(slug))
  const current = currentLesson(desk)
  if (current && isOpen(current)) return current
  const isAfter = ({ number }: LessonSummary) => !current || Number(number) > Number(current.number)
  return lessons.find((lesson) => isAfter(lesson) && isOpen(lesson)) ?? lessons.find(isOpen)
}

/** The words that lead on from here; undefined when everything is done. */
export function nextCommand(desk: Desk): string | undefined {
  const next = nextLesson(desk)
  if (next === undefined) return undefined
  const isNew = desk.progress.overview().lesson(next.slug).state === 'new'
  return `npx eventlings ${isNew ? 'start' : 'check'} ${next.number}`
}
