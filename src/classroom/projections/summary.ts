import type { CommonDiagnosis, Failure, LessonCount, ParticipantRow, Status, Summary } from '../api.ts'

const none: Readonly<Record<Status, number>> = {
  new: 0,
  working: 0,
  failing: 0,
  passed: 0,
  'passed-after-solution': 0,
  skipped: 0,
}

const MOST_DIAGNOSES = 10

/** The course's own words for what a participant was told; undefined for anything that the course doesn't say. */
export type InTheCoursesWords = (failure: Failure) => string | undefined

/** The class as a whole. `slugs`: its lessons, in order. */
export function summaryOf(
  rows: readonly ParticipantRow[],
  slugs: readonly string[],
  inTheCoursesWords: InTheCoursesWords = () => undefined,
): Summary {
  return {
    participants: rows.length,
    hands: rows.filter(({ hand }) => hand !== undefined).length,
    lessons: countsOf(rows, slugs),
    diagnoses: diagnosesOf(rows, inTheCoursesWords),
  }
}

/** From the little data there is on each; a participant who isn't counted for a lesson hasn't started it. */
function countsOf(rows: readonly ParticipantRow[], slugs: readonly string[]): readonly LessonCount[] {
  const bySlug = new Map(slugs.map((slug) => [slug, { ...none, new: rows.length }]))
  for (const { lessons } of rows) {
    for (const [slug, { light }] of Object.entries(lessons)) {
      const counts = bySlug.get(slug)
      if (counts === undefined) continue
      counts.new -= 1
      counts[light] += 1
    }
  }
  return [...bySlug].map(([slug, counts]) => ({ slug, counts }))
}

type Group = CommonDiagnosis & { readonly participants: string[] }

/**
 * From participants whose last check failed because of a mistake and who are still on it. The same sentence of the
 * course is the same diagnosis, whatever it fills in; in other texts, only numbers don't count.
 */
function diagnosesOf(
  rows: readonly ParticipantRow[],
  inTheCoursesWords: InTheCoursesWords,
): readonly CommonDiagnosis[] {
  const groups = new Map<string, Group[]>()
  for (const { id, failure, current } of rows) {
    if (failure === undefined || failure.unbegun || !failure.diagnosis) continue
    if (current?.slug !== failure.slug) continue
    const { slug, task, diagnosis } = failure
    const sentence = inTheCoursesWords(failure)
    const text = sentence ?? diagnosis.replace(/\d+/g, '#')
    const told = groups.get(text) ?? []
    const group = told.find((one) => one.slug === slug && one.task === task)
    if (group) {
      group.participants.push(id)
      continue
    }
    const inCourse = sentence === undefined ? {} : { sentence }
    told.push({ slug, ...(task !== undefined && { task }), diagnosis, ...inCourse, participants: [id] })
    groups.set(text, told)
  }
  return [...groups.values()]
    .flat()
    .sort((a, b) => b.participants.length - a.participants.length)
    .slice(0, MOST_DIAGNOSES)
}
