import type { CommonDiagnosis, LessonCount, Light, ParticipantRow, Summary } from '../api.ts'

const none: Readonly<Record<Light, number>> = {
  new: 0,
  working: 0,
  failing: 0,
  passed: 0,
  'passed-after-solution': 0,
  skipped: 0,
}

const MOST_DIAGNOSES = 10

/** The class as a whole. `slugs`: its lessons, in order. */
export function summaryOf(rows: readonly ParticipantRow[], slugs: readonly string[]): Summary {
  return {
    participants: rows.length,
    hands: rows.filter(({ hand }) => hand !== undefined).length,
    lessons: countsOf(rows, slugs),
    diagnoses: diagnosesOf(rows),
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

/**
 * From participants whose last check failed because of a mistake and who are still on it. Numbers in a diagnosis
 * don't make it a different one.
 */
function diagnosesOf(rows: readonly ParticipantRow[]): readonly CommonDiagnosis[] {
  const groups = new Map<string, CommonDiagnosis & { readonly participants: string[] }>()
  for (const { id, checks, current } of rows) {
    const last = checks.at(-1)
    if (last === undefined || last.passed || last.unbegun || current?.slug !== last.slug || !last.diagnosis)
      continue
    const { slug, task, diagnosis } = last
    const key = JSON.stringify([slug, task, diagnosis.replace(/\d+/g, '#')])
    const group = groups.get(key)
    if (group) group.participants.push(id)
    else groups.set(key, { slug, ...(task !== undefined && { task }), diagnosis, participants: [id] })
  }
  return [...groups.values()]
    .sort((a, b) => b.participants.length - a.participants.length)
    .slice(0, MOST_DIAGNOSES)
}
