/** What a lesson is measured by; each finding names the rule that it breaks. */
export type Rule =
  | 'format'
  | 'files'
  | 'stray'
  | 'todo'
  | 'hints'
  | 'minutes'
  | 'words'
  | 'titles'
  | 'links'
  | 'answers'
  | 'solution'
  | 'starter'
  | 'right answer'
  | 'mistake'
  | 'diagnoses'
  | 'verdict'

/** Something that is not as it should be. A warning is for the author to judge; it does not fail the check. */
export interface Finding {
  readonly level: 'error' | 'warning'
  readonly rule: Rule
  /** Relative to the project, with forward slashes; undefined if no single file is to blame. */
  readonly file: string | undefined
  /** A sentence: what is wrong, and what to do. */
  readonly problem: string
}

export function error(rule: Rule, file: string | undefined, problem: string): Finding {
  return { level: 'error', rule, file, problem }
}

export function warning(rule: Rule, file: string | undefined, problem: string): Finding {
  return { level: 'warning', rule, file, problem }
}
