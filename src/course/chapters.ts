import type { Course, LessonSummary } from './lesson.ts'

export interface Chapter {
  /** Counted from 1, in the order in which the lessons name them. */
  readonly number: number
  readonly title: string
  readonly lessons: readonly LessonSummary[]
}

/** The course's lessons by chapter. */
export function chapters({ lessons }: Pick<Course, 'lessons'>): readonly Chapter[] {
  const titles = [...new Set(lessons.map(({ chapter }) => chapter))]
  return titles.map((title, index) => ({
    number: index + 1,
    title,
    lessons: lessons.filter(({ chapter }) => chapter === title),
  }))
}
