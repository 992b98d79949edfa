import { type Checker, type CheckResult, modelFold } from '../check/index.ts'
import { BadLessonError, type Course, type Lesson } from '../course/index.ts'
import { RedisTroubleError } from '../redis/index.ts'
import { unreachedFinding } from './diagnoses.ts'
import { alikeDiagnoses, type Expectation, expectationsOf } from './expectations.ts'
import { error, type Finding, warning } from './finding.ts'
import { idleTestsFinding } from './idle-tests.ts'
import { type LessonSources, type MistakenAnswer, readSources } from './lesson-sources.ts'
import { orphans } from './orphans.ts'
import { Pool } from './pool.ts'
import { findingsAtRest } from './rules.ts'
import { disagreement } from './second-check.ts'

export interface LessonReport {
  readonly lesson: string
  /** No finding is an error. */
  readonly ok: boolean
  readonly findings: readonly Finding[]
  /** How many files were checked: solution, starter, right answers, and mistakes. */
  readonly checks: number
  /** Milliseconds. */
  readonly ms: number
}

export interface AuthorReport {
  readonly ok: boolean
  readonly lessons: readonly LessonReport[]
  /** Findings about no single lesson. */
  readonly findings: readonly Finding[]
  readonly ms: number
}

/** Maximum number of lines that a warning names by default. */
const MOST_LINES = 10

/** A checker, or a function that opens one when it's needed. */
export type CanCheck = Pick<Checker, 'check'>

export interface CheckLessonsOptions {
  readonly course: Course
  readonly slugs: readonly string[]
  /** Each with its own Redis; checks are spread over them. */
  readonly sessions: readonly CanCheck[]
  /** Only the first mistake of each task, and no findings about diagnoses and tests that catch nothing. */
  readonly quick?: boolean
  /** Each answer is checked again in a process of its own, and must get the same. Warnings name every line. */
  readonly thorough?: boolean
  onLesson?(report: LessonReport): void
  /** Called with the result of each answer; for a wrong one, up to the first task that fails. */
  onResult?(result: CheckResult): void
}

/** Checks everything that must be true of lessons. Only reads and checks; changes nothing. */
export async function checkLessons(options: CheckLessonsOptions): Promise<AuthorReport> {
  const { course, slugs, sessions, onLesson } = options
  const started = performance.now()
  // An author who names a lesson doesn't care about the others, which someone else may be writing right now.
  const findings = slugs.length < course.lessons.length ? [] : await orphans(course)
  const pool = new Pool(sessions)
  const lessons: LessonReport[] = []
  // Reported in the order of the lessons. The next lesson starts when the last has no more work to hand out, so no
  // session is idle.
  let told: Promise<void> = Promise.resolve()
  for (const slug of slugs) {
    const begun = performance.now()
    const sources = await sourcesOf(course, slug)
    const measured =
      sources instanceof BadLessonError
        ? { findings: [formatFinding(sources)], checks: 0 }
        : measure(sources, pool, options)
    told = Promise.all([measured, told]).then(([{ findings, checks }]) => {
      const ok = findings.every(({ level }) => level !== 'error')
      const report = { lesson: slug, ok, findings, checks, ms: Math.round(performance.now() - begun) }
      lessons.push(report)
      onLesson?.(report)
    })
    told.catch(() => {}) // awaited below, when all have started
    await pool.shortOfWork()
  }
  await told
  const ok = findings.length === 0 && lessons.every((lesson) => lesson.ok)
  return { ok, lessons, findings, ms: Math.round(performance.now() - started) }
}

async function sourcesOf(course: Course, slug: string): Promise<LessonSources | BadLessonError> {
  try {
    return await readSources(course, slug)
  } catch (problem) {
    if (problem instanceof BadLessonError) return problem
    throw problem
  }
}

/** An unreadable lesson, as a finding: `dev check` is where an author expects to see it. */
export function formatFinding({ file, line, field, problem }: BadLessonError): Finding {
  return error('format', line === undefined ? file : `${file}:${line}`, `${field}: ${problem}`)
}

function withOneMistakePerTask(sources: LessonSources): LessonSources {
  const seen = new Set<string>()
  const isFirst = ({ task }: MistakenAnswer) => !seen.has(task) && seen.add(task)
  return { ...sources, wrong: sources.wrong.filter(isFirst) }
}

async function measure(
  sources: LessonSources,
  pool: Pool<CanCheck>,
  {
    course,
    onResult,
    quick = false,
    thorough = false,
  }: Pick<CheckLessonsOptions, 'course' | 'onResult' | 'quick' | 'thorough'>,
) {
  const { lesson } = sources
  const atRest = findingsAtRest(sources)
  const expectations = expectationsOf(quick ? withOneMistakePerTask(sources) : sources)
  const judged = await Promise.all(
    expectations.map(async (expectation) => {
      // Of a mistake, only its first failure matters.
      const untilFirstFailure = mistakeOf(expectation, sources) !== undefined
      const look = (sharedProcess: boolean) =>
        pool.use((session) =>
          session.check(lesson.slug, expectation.target, { untilFirstFailure, sharedProcess }),
        )
      let atFirst: readonly Finding[]
      try {
        const result = await look(true)
        const findings = expectation.judge(result)
        if (findings.length === 0) {
          const differs = thorough
            ? disagreement(result, await look(false), shownTarget(expectation, sources))
            : []
          onResult?.(result)
          return { expectation, result, findings: differs }
        }
        atFirst = findings.map(changed)
      } catch (problem) {
        // Redis fell silent, which proves nothing about the answer, nor about the hundreds after it.
        if (!(problem instanceof RedisTroubleError)) throw problem
        atFirst = [unjudged(lesson.slug, problem)]
      }
      // An answer isn't blamed for what others left behind, but a verdict that changes is still a bug.
      const alone = await look(false)
      const remaining = expectation.judge(alone)
      onResult?.(alone)
      return { expectation, result: alone, findings: remaining.length > 0 ? remaining : atFirst }
    }),
  )
  const caught = judged.flatMap(({ expectation, result, findings }) => {
    const mistake = mistakeOf(expectation, sources)
    return mistake === undefined || findings.length > 0 ? [] : [{ shown: mistake.shown, result }]
  })
  return {
    findings: [
      ...(await atRest),
      ...(await foldFindings(course, lesson)),
      ...judged.flatMap(({ findings }) => findings),
      ...alikeDiagnoses(caught),
      ...(quick
        ? []
        : findingsOfIdle(
            sources,
            judged.map(({ result }) => result),
            caught.map(({ result }) => result),
            thorough ? Number.POSITIVE_INFINITY : MOST_LINES,
          )),
    ],
    checks: expectations.length,
  }
}

/** Whether the function that the front matter names can be loaded. */
async function foldFindings(course: Course, lesson: Lesson): Promise<readonly Finding[]> {
  try {
    await modelFold(course, lesson)
    return []
  } catch (problem) {
    if (problem instanceof BadLessonError) return [formatFinding(problem)]
    throw problem
  }
}

/** What the suite says and tests, but no answer shows. */
function findingsOfIdle(
  { suite = '', shown, files }: LessonSources,
  results: readonly CheckResult[],
  caught: readonly CheckResult[],
  most: number,
): readonly Finding[] {
  const file = shown(files.suite)
  return [...unreachedFinding(suite, results, file, most), ...idleTestsFinding(suite, caught, file, most)]
}

function changed({ file, problem }: Finding): Finding {
  return error(
    'verdict',
    file,
    `A second check, in its own process, found nothing wrong, but the first one did. ${problem}`,
  )
}

function unjudged(slug: string, { message }: RedisTroubleError): Finding {
  return warning('verdict', slug, `An answer had to be checked a second time. ${message}`)
}

function shownTarget({ target }: Expectation, { files, right, wrong, shown }: LessonSources): string {
  if (target.kind !== 'file') return shown(target.kind === 'solution' ? files.solution : files.starter)
  const answer = [...right, ...wrong].find(({ path }) => path === target.path)
  return answer?.shown ?? shown(target.path)
}

function mistakeOf({ target }: Expectation, { wrong }: LessonSources): MistakenAnswer | undefined {
  return target.kind === 'file' ? wrong.find(({ path }) => path === target.path) : undefined
}
