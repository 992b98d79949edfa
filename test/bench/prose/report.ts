import type { Comparison } from './baseline.ts'
import type { Exception } from './exceptions.ts'
import type { Hit } from './rule.ts'

export interface Outcome {
  readonly comparison: Comparison
  readonly errors: readonly Hit[]
  readonly warnings: readonly Hit[]
  /** Exceptions that nothing needs any more; none, if only some files were audited. */
  readonly unused: readonly Exception[]
  readonly files: number
}

/** Whether `npm run lint` may pass. */
export function passes({ comparison, unused }: Outcome): boolean {
  return comparison.more.length === 0 && unused.length === 0
}

/** What there is to say, a line each. `all` also shows the warnings, and the errors in the baseline. */
export function report(outcome: Outcome, all: boolean): readonly string[] {
  const { comparison, errors, warnings, unused } = outcome
  const shown = all ? [...errors, ...warnings] : comparison.more.flatMap(({ hits }) => hits)
  return [
    ...shown.toSorted(byPlace).map(hitLine),
    ...comparison.more.map(
      ({ file, rule, allowed, hits }) =>
        `${file} has ${count(hits.length, 'error')} of the rule "${rule}"; the baseline allows ${allowed}.`,
    ),
    ...comparison.fewer.map(
      ({ file, rule, allowed, hits }) =>
        `${file} has fewer errors of the rule "${rule}" than the baseline allows (${hits.length} of ${allowed}).`,
    ),
    ...(comparison.fewer.length > 0
      ? ['Run "npm run lint:prose -- --update-baseline", so that they stay away.']
      : []),
    ...unused.map(
      ({ reason }) => `This exception finds nothing any more; remove it from exceptions.ts: ${reason}`,
    ),
    summary(outcome, all),
  ]
}

function summary({ comparison, errors, warnings, files }: Outcome, all: boolean): string {
  const fresh = comparison.more.reduce((sum, { hits, allowed }) => sum + hits.length - allowed, 0)
  const hint = all ? '' : '; --all shows them'
  return `Prose of ${count(files, 'file')}: ${count(fresh, 'new error')}, ${errors.length - fresh} in the baseline, ${count(warnings.length, 'warning')}${hint}.`
}

function hitLine({ file, line, rule, level, quote, write }: Hit): string {
  return `${file}:${line}  ${level} ${rule}: "${quote}"  Write: ${write}.`
}

function byPlace(a: Hit, b: Hit): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
