import type { Course } from '../../course/index.ts'
import type { ProgressLog } from '../../progress/index.ts'
import { readJson, writeJson } from '../json-file.ts'
import { timeOfDay } from '../time-of-day.ts'
import { keepAnswers } from './answers.ts'
import { hasPending, sendInBackground } from './background.ts'
import { classFiles } from './files.ts'
import { readMembership, readView } from './membership.ts'
import { type LessonName, newsFor, type Told, toldOf } from './news.ts'
import { keepRun } from './runs.ts'

export interface AfterCommand {
  readonly folder: string
  readonly course: Pick<Course, 'lessons'>
  readonly progress: ProgressLog
  readonly answer: (slug: string) => string
  /** Where the last check that failed is recorded. */
  readonly lastRun: string
  /** The program that sends, and the environment that it runs in. */
  readonly program: string
  readonly env: NodeJS.ProcessEnv
}

/** Starts sending what a command recorded, and returns news from the class. Waits for nothing, and never throws. */
export function afterCommand(options: AfterCommand): readonly string[] {
  const { folder, course, progress, answer, lastRun, program, env } = options
  try {
    const membership = readMembership(folder)
    if (membership === undefined) return []
    if (membership.share) {
      keepAnswers(folder, progress, answer)
      keepRun(folder, progress, lastRun)
    }
    if (hasPending(folder)) sendInBackground(folder, program, env)
    const { lines, seen } = freshNews(folder, lessonNames(course))
    seen()
    return lines
  } catch {
    // A full disk, a read-only folder: learning continues without the class.
    return []
  }
}

/** What the class said that the learner hasn't seen yet. */
export interface FreshNews {
  /** One sentence each. */
  readonly lines: readonly string[]
  /** To be called once they've been seen. */
  seen(): void
}

export function freshNews(folder: string, name: LessonName): FreshNews {
  const view = readView(folder)
  if (view === undefined) return { lines: [], seen() {} }
  const { shown } = classFiles(folder)
  const lines = newsFor(view, readJson(shown) as Told | undefined, name, timeOfDay)
  return {
    lines,
    seen() {
      if (lines.length > 0) writeJson(shown, toldOf(view))
    },
  }
}

export function lessonNames({ lessons }: Pick<Course, 'lessons'>): LessonName {
  return (slug) => {
    const lesson = lessons.find((one) => one.slug === slug)
    return lesson && `${lesson.number} ${lesson.title}`
  }
}
