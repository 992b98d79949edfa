import type { Hit } from './rule.ts'

/** How many hits of a rule a file may still have. A file or a rule that isn't there may have none. */
export type Baseline = Readonly<Record<string, Readonly<Record<string, number>>>>

/** A file and a rule whose number isn't the one in the baseline. */
export interface Difference {
  readonly file: string
  readonly rule: string
  readonly allowed: number
  readonly hits: readonly Hit[]
}

export interface Comparison {
  /** More hits than the file may have: these fail the audit. */
  readonly more: readonly Difference[]
  /** Fewer hits than the file may have: the baseline can shrink. */
  readonly fewer: readonly Difference[]
}

/** Compares the errors of the files that were audited with what they may still have. */
export function compare(baseline: Baseline, errors: readonly Hit[], files: readonly string[]): Comparison {
  const differences = files.flatMap((file) => {
    const here = errors.filter((hit) => hit.file === file)
    const rules = new Set([...Object.keys(baseline[file] ?? {}), ...here.map(({ rule }) => rule)])
    return [...rules].map((rule) => ({
      file,
      rule,
      allowed: baseline[file]?.[rule] ?? 0,
      hits: here.filter((hit) => hit.rule === rule),
    }))
  })
  return {
    more: differences.filter(({ hits, allowed }) => hits.length > allowed),
    fewer: differences.filter(({ hits, allowed }) => hits.length < allowed),
  }
}

/** The baseline of what there is now. */
export function baselineOf(errors: readonly Hit[]): Baseline {
  const counts = new Map<string, Map<string, number>>()
  for (const { file, rule } of errors) {
    const rules = counts.get(file) ?? new Map<string, number>()
    counts.set(file, rules.set(rule, (rules.get(rule) ?? 0) + 1))
  }
  return sorted([...counts].map(([file, rules]) => [file, sorted([...rules])]))
}

/** The baseline with the smaller number everywhere. It never grows, so new hits can't be written off. */
export function shrink(baseline: Baseline, errors: readonly Hit[]): Baseline {
  const now = baselineOf(errors)
  const files = Object.entries(baseline).map(([file, rules]) => {
    const left = Object.entries(rules).map(
      ([rule, count]) => [rule, Math.min(count, now[file]?.[rule] ?? 0)] as const,
    )
    return [file, sorted(left.filter(([, count]) => count > 0))] as const
  })
  return sorted(files.filter(([, rules]) => Object.keys(rules).length > 0))
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
