/** The rules that lessons are checked against; each finding names the rule it breaks. */
export type Rule =
  | 'format'
  | 'files'
  | 'stray'
  | 'todo'
  | 'hints'
  | 'quiz'
  | 'minutes'
  | 'words'
  | 'width'
  | 'titles'
  | 'links'
  | 'answers'
  | 'solution'
  | 'starter'
  | 'right answer'
  | 'mistake'
  | 'diagnoses'
  | 'tests'
  | 'verdict'

/** Something that isn't as it should be. A warning is for the author to judge; it doesn't fail the check. */
export interface Finding {
  readonly level: 'error' | 'warning'
  readonly rule: Rule
  /** Relative to the project, with forward slashes; undefined if the finding isn't about a single file. */
  readonly file: string | undefined
  /** A sentence: what's wrong, and what to do. */
  readonly problem: string
}

/** The numbers, comma-separated; only the first `most` if there are more. */
export function listed(numbers: readonly number[], most: number): string {
  return numbers.length > most ? `${numbers.slice(0, most).join(', ')}, …` : numbers.join(', ')
}

export function error(rule: Rule, file: string | undefined, problem: string): Finding {
  return { level: 'error', rule, file, problem }
}

export function warning(rule: Rule, file: string | undefined, problem: string): Finding {
  return { level: 'warning', rule, file, problem }
}
