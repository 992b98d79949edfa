import type { Attempt, ClassExport } from './api.ts'

/** What one diagnosis cost a class. */
export interface DiagnosisCost {
  readonly slug: string
  readonly task: string | undefined
  readonly diagnosis: string
  /** How many got it at least once. */
  readonly participants: number
  /** Checks that ended with it. */
  readonly checks: number
  /** Milliseconds between such a check and the next one of the same lesson, of all participants together. */
  readonly ms: number
}

/** No one spends this long on one check: it was lunchtime, or the next day. */
const PAUSE_MS = 30 * 60_000

/**
 * What cost the class the most time, first. Checks of tasks that weren't started aren't mistakes and are left out. An attempt
 * without a next one took no measurable time.
 */
export function costOfDiagnoses({
  participants,
}: Pick<ClassExport, 'participants'>): readonly DiagnosisCost[] {
  const costs = new Map<string, DiagnosisCost & { readonly who: ReadonlySet<string> }>()
  for (const { row, attempts } of participants) {
    for (const [attempt, next] of pairs(attempts)) {
      const { slug, task, diagnosis, passed, unbegun } = attempt
      if (passed || unbegun || diagnosis === undefined || diagnosis === '') continue
      const key = JSON.stringify([slug, task, diagnosis])
      const before = costs.get(key)
      const who = new Set([...(before?.who ?? []), row.id])
      costs.set(key, {
        slug,
        task,
        diagnosis,
        who,
        participants: who.size,
        checks: (before?.checks ?? 0) + 1,
        ms: (before?.ms ?? 0) + between(attempt, next),
      })
    }
  }
  const rows = [...costs.values()].map(({ who: _, ...cost }) => cost)
  return rows.sort((a, b) => b.ms - a.ms || b.participants - a.participants || b.checks - a.checks)
}

/** Each attempt with the next one of the same lesson. */
function pairs(attempts: readonly Attempt[]): readonly (readonly [Attempt, Attempt | undefined])[] {
  return attempts.map((attempt, index) => [
    attempt,
    attempts.slice(index + 1).find(({ slug }) => slug === attempt.slug),
  ])
}

function between(attempt: Attempt, next: Attempt | undefined): number {
  if (next === undefined) return 0
  return Math.max(0, Math.min(PAUSE_MS, Date.parse(next.at) - Date.parse(attempt.at)))
}
