import type { LessonAction } from '../learner/index.ts'

/** A visit may end with a key that asks for something else, which is then done. */
export type VisitEnd = LessonAction | undefined

/** How a visit and the checks share the Redis and the terminal. */
export interface Visit {
  /** Ends the visit: a save has come, and its verdict is what counts. */
  readonly signal: AbortSignal
  /** Resolves when no check is running, so that Redis is free. */
  idle(): Promise<void>
}

export type Place =
  | Extract<LessonAction, 'read' | 'task' | 'where' | 'diff' | 'solution' | 'console'>
  | 'others'

/** Everything with a screen of its own. The watch lends it the terminal. */
export interface Elsewhere {
  /** Shows a text page by page. */
  pages(render: (width: number) => Promise<string>, visit: Visit): Promise<VisitEnd>
  go(place: Place, slug: string, visit: Visit): Promise<VisitEnd>
  /** The lesson that the learner picked from the list. */
  pickLesson(slug: string, visit: Visit): Promise<string | undefined>
}
