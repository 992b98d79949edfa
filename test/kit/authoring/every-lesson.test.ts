import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { checkLessons } from '../../../src/authoring/index.ts'
import { loadCourse } from '../../../src/course/index.ts'
import { newSession } from '../../../src/walkthrough/session.ts'

/** `dev check` of the whole course, on the best Redis that this machine has, or the one that EVENTLINGS_REDIS names. */
test('everything that must hold for a lesson holds for all of them', { timeout: 1_800_000 }, async () => {
  const course = await loadCourse()
  // One for a core; Vitest’s other workers run the other tests meanwhile. (With one more all of them took no less.)
  const sessions = Array.from({ length: Math.min(4, availableParallelism()) }, () =>
    newSession({ course, stayWarm: true, onNotice: (sentence) => console.warn(sentence) }),
  )
  try {
    const slugs = course.lessons.map(({ slug }) => slug)
    const report = await checkLessons({ course, slugs, sessions })
    const findings = [report, ...report.lessons].flatMap((one) => one.findings)
    // What does not hold has to fail twice. A verdict that changes is a fault too, and looking for those is the soak's work:
    // it is told here, so that nobody overlooks it.
    for (const { file, problem } of findings.filter(({ rule }) => rule === 'verdict')) {
      console.warn(`dev check, ${file}: ${problem}`)
    }
    expect(findings.filter(({ level, rule }) => level === 'error' && rule !== 'verdict')).toEqual([])
    expect(report.lessons.every(({ checks }) => checks >= 9)).toBe(true)
  } finally {
    await Promise.all(sessions.map((session) => session.close()))
  }
})
