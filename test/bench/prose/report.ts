import type { Exception } from './exceptions.ts'
import type { Hit } from './rule.ts'

export interface Outcome {
  readonly errors: readonly Hit[]
  readonly warnings: readonly Hit[]
  /** Exceptions that nothing needs any more; none, if only some files were audited. */
  readonly unused: readonly Exception[]
  readonly files: number
}

/** Whether `npm run lint` may pass. */
export function passes({ errors, unused }: Outcome): boolean {
  return errors.length === 0 && unused.length === 0
}

/** What there is to say, a line each. `all` also shows the warnings. */
export function report({ errors, warnings, unused, files }: Outcome, all: boolean): readonly string[] {
  const shown = all ? [...errors, ...warnings] : errors
  const hint = all ? '' : '; --all shows them'
  return [
    ...shown.toSorted(byPlace).map(hitLine),
    ...unused.map(
      ({ reason }) => `This exception finds nothing any more; remove it from exceptions.ts: ${reason}`,
    ),
    `Prose of ${count(files, 'file')}: ${count(errors.length, 'error')}, ${count(warnings.length, 'warning')}${hint}.`,
  ]
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
