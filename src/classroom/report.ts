import type { Attempt, ParticipantPage } from './api.ts'

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

/** Maximum number of different diagnoses that are counted: anything beyond that is made up. */
const MOST = 10_000

type Cost = DiagnosisCost & { participants: number; checks: number; ms: number; lastBy: string }

/**
 * Finds what cost a class the most time. Takes one learner at a time. Checks of tasks that weren't started aren't
 * mistakes and are left out. An attempt without a next one took no measurable time.
 */
export class DiagnosisCosts {
  readonly #costs = new Map<string, Cost>()

  add({ row, attempts }: Pick<ParticipantPage, 'row' | 'attempts'>): void {
    // From the end: the next attempt of the same lesson is the one seen last.
    const next = new Map<string, Attempt>()
    for (const attempt of attempts.toReversed()) {
      const { slug, task, diagnosis, passed, unbegun } = attempt
      const ms = between(attempt, next.get(slug))
      next.set(slug, attempt)
      if (passed || unbegun || diagnosis === undefined || diagnosis === '') continue
      const cost = this.#of(slug, task, diagnosis)
      if (cost === undefined) continue
      cost.ms += ms
      cost.checks += 1
      if (cost.lastBy !== row.id) cost.participants += 1
      cost.lastBy = row.id
    }
  }

  #of(slug: string, task: string | undefined, diagnosis: string): Cost | undefined {
    const key = JSON.stringify([slug, task, diagnosis])
    const before = this.#costs.get(key)
    if (before !== undefined || this.#costs.size >= MOST) return before
    const cost = { slug, task, diagnosis, participants: 0, checks: 0, ms: 0, lastBy: '' }
    this.#costs.set(key, cost)
    return cost
  }

  /** The most expensive first. */
  sorted(): readonly DiagnosisCost[] {
    const rows = [...this.#costs.values()].map(({ lastBy: _, ...cost }) => cost)
    return rows.sort((a, b) => b.ms - a.ms || b.participants - a.participants || b.checks - a.checks)
  }
}

function between(attempt: Attempt, next: Attempt | undefined): number {
  if (next === undefined) return 0
  return Math.max(0, Math.min(PAUSE_MS, Date.parse(next.at) - Date.parse(attempt.at)))
}
