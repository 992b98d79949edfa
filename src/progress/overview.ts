import { isPassed, type LessonProgress, lessonIn, type Placement, type ProgressState } from './state.ts'

/** What the menus show. As JSON it's plain data; `lesson` is left out there. */
export interface ProgressOverview {
  /** The slug that was opened or checked last. */
  readonly current: string | undefined
  /** The lessons in the log, in the order of their first event; the course has the others. */
  readonly lessons: readonly LessonProgress[]
  readonly placement: Placement | undefined
  /** The name of the track that was chosen last. */
  readonly track: string | undefined
  /** How many events the log has. */
  readonly events: number
  /** One lesson by slug; `new` if the log has nothing about it. */
  lesson(slug: string): LessonProgress
}

/** How many of these lessons are passed. */
export function passedOf(overview: ProgressOverview, lessons: readonly { readonly slug: string }[]): number {
  return lessons.filter(({ slug }) => isPassed(overview.lesson(slug))).length
}

export function overviewOf(state: ProgressState, events: number): ProgressOverview {
  return {
    current: state.current,
    lessons: state.lessons,
    placement: state.placement,
    track: state.track,
    events,
    lesson: (slug) => lessonIn(state, slug),
  }
}
