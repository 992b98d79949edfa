import type { Checker } from '../check/index.ts'
import { BadLessonError, type Course } from '../course/index.ts'
import { error, type Finding } from './finding.ts'
import { type Material, readMaterial } from './material.ts'
import { findingsAtRest } from './rules.ts'
import { strayFiles } from './stray.ts'
import { alikeDiagnoses, type Trial, trialsOf } from './trials.ts'

export interface LessonReport {
  readonly lesson: string
  /** No finding is an error. */
  readonly ok: boolean
  readonly findings: readonly Finding[]
  /** How many files were checked: solution, starter, right and wrong answers. */
  readonly checks: number
  /** Milliseconds. */
  readonly ms: number
}

export interface AuthorReport {
  readonly ok: boolean
  readonly lessons: readonly LessonReport[]
  /** What concerns no single lesson. */
  readonly findings: readonly Finding[]
  readonly ms: number
}

/** A checker, or what opens one when it is needed. */
export type CanCheck = Pick<Checker, 'check'>

export interface CheckLessonsOptions {
  readonly course: Course
  readonly slugs: readonly string[]
  /** Each with a Redis of its own; checks are spread over them. */
  readonly sessions: readonly CanCheck[]
  onLesson?(report: LessonReport): void
}

/** Everything that must hold for lessons. Reads and checks, and changes nothing. */
export async function checkLessons(options: CheckLessonsOptions): Promise<AuthorReport> {
  const { course, slugs, sessions, onLesson } = options
  const started = performance.now()
  // Whoever names a lesson is not asked about the others, which somebody may be writing just now.
  const findings = slugs.length < course.lessons.length ? [] : await strayFiles(course)
  const lessons: LessonReport[] = []
  for (const slug of slugs) {
    const report = await checkOne(course, slug, sessions)
    lessons.push(report)
    onLesson?.(report)
  }
  const ok = findings.length === 0 && lessons.every((lesson) => lesson.ok)
  return { ok, lessons, findings, ms: Math.round(performance.now() - started) }
}

async function checkOne(course: Course, slug: string, sessions: readonly CanCheck[]): Promise<LessonReport> {
  const started = performance.now()
  const material = await readMaterial(course, slug).catch((problem: unknown) => {
    if (problem instanceof BadLessonError) return problem
    throw problem
  })
  const { findings, checks } =
    material instanceof BadLessonError
      ? { findings: [formatFinding(material)], checks: 0 }
      : await measure(material, sessions)
  return {
    lesson: slug,
    ok: findings.every(({ level }) => level !== 'error'),
    findings,
    checks,
    ms: Math.round(performance.now() - started),
  }
}

/** A lesson that cannot be read, as a finding: `dev check` is where an author wants to be told. */
export function formatFinding({ file, line, field, problem }: BadLessonError): Finding {
  return error('format', line === undefined ? file : `${file}:${line}`, `${field}: ${problem}`)
}

async function measure(material: Material, sessions: readonly CanCheck[]) {
  const { lesson } = material
  const atRest = findingsAtRest(material)
  const trials = trialsOf(material)
  const results = await spread(trials, sessions, (trial, session) =>
    // How a wrong answer fails first is all that is asked of it.
    session.check(lesson.slug, trial.target, { untilFirstFailure: isWrongAnswer(trial, material) }),
  )
  const judged = results.map(([trial, result]) => ({ trial, result, findings: trial.judge(result) }))
  const caught = judged
    .filter(({ trial, findings }) => findings.length === 0 && isWrongAnswer(trial, material))
    .map(({ trial, result }) => ({ shown: shownOf(trial, material), result }))
  return {
    findings: [...(await atRest), ...judged.flatMap(({ findings }) => findings), ...alikeDiagnoses(caught)],
    checks: trials.length,
  }
}

/** Does the work for every item, each session one at a time; the results are in the order of the items. */
async function spread<Item, Result>(
  items: readonly Item[],
  sessions: readonly CanCheck[],
  work: (item: Item, session: CanCheck) => Promise<Result>,
): Promise<readonly (readonly [Item, Result])[]> {
  const results = new Map<Item, Result>()
  const waiting = items.values()
  await Promise.all(
    sessions.map(async (session) => {
      // One iterator for all: whoever is free takes the next.
      for (const item of waiting) results.set(item, await work(item, session))
    }),
  )
  return items.flatMap((item) => {
    const result = results.get(item)
    return result === undefined ? [] : [[item, result] as const]
  })
}

function isWrongAnswer({ target }: Trial, { wrong }: Material): boolean {
  return target.kind === 'file' && wrong.some(({ path }) => path === target.path)
}

function shownOf({ target }: Trial, { shown }: Material): string {
  return target.kind === 'file' ? shown(target.path) : target.kind
}
