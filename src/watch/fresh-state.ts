import { ownFolder } from '../common/own-folder.ts'
import { shownPath } from '../common/shown-path.ts'
import type { Course, LessonSummary } from '../course/index.ts'
import type { Home } from '../learner/index.ts'
import { type ProgressLog, passedOf } from '../progress/index.ts'
import type { RunningRedis } from '../redis/index.ts'
import type { WatchState } from './state.ts'

export interface StateSource {
  readonly course: Course
  readonly home: Home
  readonly progress: ProgressLog
  readonly redis: Pick<RunningRedis, 'description' | 'limits'>
  /** The lessons that the learner plans to do, in order: where next and previous lead. */
  readonly way: readonly LessonSummary[]
  /** The name of the track that they follow, if it's one. */
  readonly track?: string | undefined
}

/** A lesson's screen before its first check. */
export function freshState(source: StateSource, { slug, title }: LessonSummary): WatchState {
  const { course, home, redis, track } = source
  return {
    slug,
    title,
    ...counts(source),
    track,
    file: shownPath(home.answer(slug), ownFolder(course.root)),
    redis: redis.description,
    limits: redis.limits,
    checking: false,
    result: undefined,
    checkedAt: undefined,
    passed: undefined,
    warning: undefined,
    panel: undefined,
    question: undefined,
    notice: undefined,
    news: undefined,
  }
}

export function counts({ way, progress }: StateSource): Pick<WatchState, 'done' | 'total'> {
  return { done: passedOf(progress.overview(), way), total: way.length }
}
