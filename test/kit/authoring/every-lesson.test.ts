import { availableParallelism } from 'node:os'
import { delimiter } from 'node:path'
import { expect, test } from 'vitest'
import { checkLessons } from '../../../src/authoring/index.ts'
import { loadCourse } from '../../../src/course/index.ts'
import { newSession } from '../../../src/learner/check-session.ts'
import type { RedisPreference } from '../../../src/redis/index.ts'
import { compareWithTable, type Row, rowOf, type Source } from '../check/verdict-table.ts'

const course = await loadCourse()
/** Solutions, starters, right answers, and one mistake for each task; EVENTLINGS_TEST=all checks every mistake. */
const isQuick = process.env.EVENTLINGS_TEST !== 'all' && process.env.EVENTLINGS_VERDICTS !== 'write'
/** A mistake is caught by the suite, not by the engine: in CI, one for each task shows that on the others. */
const isQuickElsewhere = process.env.CI === 'true'

/** `dev check` of the whole course, on the best Redis that this machine has, or the one that EVENTLINGS_REDIS names. */
test('everything that must be true of a lesson is true of all of them', { timeout: 1_800_000 }, () =>
  everythingHolds('real', isQuick),
)

// They take too long for every run: the embedded Redis, the installed one (the first test uses a container if it can), and
// folders with a redis-server each, as `.ci/engines` makes them.
const engines = process.env.EVENTLINGS_ENGINES?.split(delimiter).filter((folder) => folder !== '')
if (process.env.EVENTLINGS_TEST === 'all' && engines !== undefined) {
  test('and on the embedded Redis', { timeout: 3_600_000 }, () =>
    everythingHolds('embedded', isQuickElsewhere, 'embedded'),
  )

  test.each(['the PATH', ...engines])('and on the Redis in %s', { timeout: 1_800_000 }, async (folder) => {
    const path = process.env.PATH
    // Also for the servers that a lesson starts itself.
    if (folder !== 'the PATH') process.env.PATH = `${folder}${delimiter}${path}`
    try {
      await everythingHolds('real', isQuickElsewhere, 'binary')
    } finally {
      process.env.PATH = path
    }
  })
}

async function everythingHolds(source: Source, quick: boolean, preference?: RedisPreference): Promise<void> {
  // One for a core; Vitest's other workers run the other tests meanwhile. (With one more all of them took no less.)
  const sessions = Array.from({ length: Math.min(4, availableParallelism()) }, () =>
    newSession({ course, preference, stayWarm: true, onNotice: (sentence) => console.warn(sentence) }),
  )
  const rows = new Map<string, Row[]>()
  let on = source
  try {
    const slugs = course.lessons.map(({ slug }) => slug)
    const report = await checkLessons({
      course,
      slugs,
      sessions,
      quick,
      onResult(result) {
        if (result.redis.kind === 'embedded') on = 'embedded'
        rows.set(result.lesson, [...(rows.get(result.lesson) ?? []), rowOf(result)])
      },
    })
    const findings = [report, ...report.lessons].flatMap((one) => one.findings)
    // What does not hold has to fail twice. A verdict that changes is a fault too, and looking for those is the soak's work:
    // it is told here, so that nobody overlooks it.
    for (const { file, problem } of findings.filter(({ rule }) => rule === 'verdict')) {
      console.warn(`dev check, ${file}: ${problem}`)
    }
    expect(findings.filter(({ level, rule }) => level === 'error' && rule !== 'verdict')).toEqual([])
    expect(report.lessons.every(({ checks }) => checks >= (quick ? 5 : 9))).toBe(true)
    expect(
      [...rows].flatMap(([lesson, own]) => compareWithTable(lesson, on, own, quick ? 'some' : 'all')),
    ).toEqual([])
  } finally {
    await Promise.all(sessions.map((session) => session.close()))
  }
}
