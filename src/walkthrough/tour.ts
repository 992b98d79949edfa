import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { CheckResult } from '../check/index.ts'
import { type Course, filesOf, type LessonSummary } from '../course/index.ts'
import type { CheckSession } from '../learner/check-session.ts'
import { homeOf, startLesson } from '../learner/index.ts'
import type { Learner } from '../learner/learner.ts'
import { checkOwnAnswer } from '../learner/own-answer.ts'
import { openProgress } from '../progress/index.ts'

export interface TourLesson {
  readonly lesson: string
  readonly title: string
  readonly ok: boolean
  /** Tasks that are skipped on this Redis. */
  readonly skipped: number
  /** What isn't as it should be, in sentences. */
  readonly problems: readonly string[]
  /** Milliseconds of the check of the starter, and of the solution. */
  readonly starterMs: number
  readonly solutionMs: number
}

export interface TourReport {
  readonly ok: boolean
  readonly lessons: readonly TourLesson[]
  readonly redis: string
  readonly ms: number
}

/**
 * Does for every lesson what a learner does, in a temporary folder: creates the starter, which must fail in every
 * task, writes the solution over it, which must pass, and checks that the progress agrees.
 */
export async function rehearse(
  course: Course,
  lessons: readonly LessonSummary[],
  session: CheckSession,
  onLesson: (lesson: TourLesson) => void = () => {},
): Promise<TourReport> {
  const started = performance.now()
  const folder = await mkdtemp(path.join(tmpdir(), 'eventlings-tour-'))
  try {
    const home = homeOf(course, { EVENTLINGS_HOME: folder })
    const learner: Learner = { course, home, progress: openProgress(home.log) }
    await mkdir(home.workspace, { recursive: true })
    const { redis } = await session.open()
    const done: TourLesson[] = []
    for (const lesson of lessons) {
      const result = await walkOne(learner, lesson, session)
      done.push(result)
      onLesson(result)
    }
    const ms = Math.round(performance.now() - started)
    return { ok: done.every(({ ok }) => ok), lessons: done, redis: redis.description, ms }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function walkOne(
  learner: Learner,
  { slug, title }: LessonSummary,
  session: CheckSession,
): Promise<TourLesson> {
  const { file } = await startLesson(learner.course, learner.home, slug)
  const starter = await checkOwnAnswer(learner, session, slug)
  await copyFile(filesOf(learner.course, slug).solution, file)
  const solution = await checkOwnAnswer(learner, session, slug)
  const { state } = learner.progress.overview().lesson(slug)
  const problems = [
    ...problemsOfStarter(starter),
    ...problemsOfSolution(solution),
    ...(state === 'passed' || !solution.passed
      ? []
      : [`The solution passed, but the progress records the lesson as "${state}".`]),
  ]
  return {
    lesson: slug,
    title,
    ok: problems.length === 0,
    skipped: solution.skipped,
    problems,
    starterMs: starter.ms,
    solutionMs: solution.ms,
  }
}

/** The starter must fail task by task, and not because it can't be read. */
function problemsOfStarter({ diagnosis, tasks }: CheckResult): readonly string[] {
  if (diagnosis !== undefined) return [`The starter can't run: ${diagnosis}`]
  const odd = tasks.filter(({ state }) => state === 'passed' || state === 'not reached')
  return odd.map(({ task, state }) => `The starter should fail in ${task}, but its state is "${state}".`)
}

function problemsOfSolution({ passed, diagnosis, tasks }: CheckResult): readonly string[] {
  if (passed) return []
  const failed = tasks.find(({ state }) => state === 'failed')
  const why = diagnosis ?? failed?.diagnosis ?? "there's no diagnosis."
  return [`The solution fails${failed === undefined ? '' : ` in ${failed.task}`}: ${why}`]
}
