export type LessonState = 'new' | 'started' | 'failing' | 'passed' | 'passed-after-solution' | 'skipped'

export interface QuizAnswer {
  readonly question: string
  /** The latest answer, and whether it was right. */
  readonly answer: string
  readonly right: boolean
  readonly rightAtFirst: boolean
  /** How often it was answered. */
  readonly times: number
}

/** What the log says about one lesson. Times come from the events, in ISO 8601. */
export interface LessonProgress {
  readonly slug: string
  readonly state: LessonState
  /** Checks of the learner's own answer, including those before a reset. */
  readonly attempts: number
  /** By task, from 1: how many hints were shown since the last reset. */
  readonly hints: Readonly<Record<number, number>>
  /** Which ones, counted from 1, in the order in which they were shown. */
  readonly hintSteps: Readonly<Record<number, readonly number[]>>
  /** When it was first opened or checked; a look at its text, its hints or its solution doesn't start a lesson. */
  readonly firstOpened?: string
  readonly readAt?: string
  /** The first pass. A reset keeps it, because it's history. */
  readonly passedAt?: string
  /** A passed lesson stays passed; this says since when its answer has been failing again. */
  readonly brokenSince?: string
  /** Tasks that no pass since the last reset has run, because they need a real server or a cluster. */
  readonly skippedTasks: number
  readonly solutionSeen: boolean
  /** The solution had been shown before the first pass. */
  readonly helped: boolean
  /** From the last check, if that failed. */
  readonly lastDiagnosis?: string
  readonly quiz: readonly QuizAnswer[]
  readonly resets: number
  /**
   * The fingerprint of the lesson that the learner's file was started from, or that it passed last; absent if the log
   * doesn't say.
   */
  readonly fingerprint?: string
}

export interface Placement {
  readonly right: number
  readonly questions: number
  readonly startAt: string
  readonly at: string
}

export interface ProgressState {
  /** The slug that was opened or checked last. */
  readonly current: string | undefined
  /** In the order of their first event. */
  readonly lessons: readonly LessonProgress[]
  readonly placement: Placement | undefined
  /** The track that was chosen last. */
  readonly track: string | undefined
}

export const initialState: ProgressState = {
  current: undefined,
  lessons: [],
  placement: undefined,
  track: undefined,
}

/** One lesson by slug; a new one if the log has nothing about it. */
export function lessonIn(state: ProgressState, slug: string): LessonProgress {
  return state.lessons.find((lesson) => lesson.slug === slug) ?? newLesson(slug)
}

// Shared by all, because the hub of a class has thousands of these.
const noHints = {}
const noQuiz: readonly QuizAnswer[] = []

export function newLesson(slug: string): LessonProgress {
  return {
    slug,
    state: 'new',
    attempts: 0,
    hints: noHints,
    hintSteps: noHints,
    skippedTasks: 0,
    solutionSeen: false,
    helped: false,
    quiz: noQuiz,
    resets: 0,
  }
}

export function isPassed(lesson: LessonProgress): boolean {
  return lesson.state === 'passed' || lesson.state === 'passed-after-solution'
}

/** Passed, or already known: there's nothing left to do. */
export function isDone(lesson: LessonProgress): boolean {
  return isPassed(lesson) || lesson.state === 'skipped'
}
