import path from 'node:path'
import type { Course, LessonSummary } from '../course/index.ts'
import type { ProgressLog } from '../progress/index.ts'
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

/** Where to go on: the current lesson until it is passed, then the first after it (or at all) that is not done. */
export function nextLesson(desk: Desk): LessonSummary | undefined {
  const { lessons } = desk.course
  const overview = desk.progress.overview()
  const isOpen = ({ slug }: LessonSummary) => !done.has(overview.lesson(slug).state)
  const current = currentLesson(desk)
  if (current && isOpen(current)) return current
  const after = current ? lessons.indexOf(current) + 1 : 0
  return lessons.slice(after).find(isOpen) ?? lessons.find(isOpen)
}

/** The words that lead on from here; undefined when everything is done. */
export function nextCommand(desk: Desk): string | undefined {
  const next = nextLesson(desk)
  if (next === undefined) return undefined
  const isNew = desk.progress.overview().lesson(next.slug).state === 'new'
  return `npx eventlings ${isNew ? 'start' : 'check'} ${next.number}`
}

const done: ReadonlySet<string> = new Set(['passed', 'passed-after-solution', 'skipped'])
