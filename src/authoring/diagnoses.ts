import type { CheckResult } from '../check/index.ts'
import { escapePattern } from '../common/escape-pattern.ts'
import { type Finding, listed, warning } from './finding.ts'
import { type Literal, readSuite } from './suite-code.ts'

/** Titles of tests, commands and keys are shorter, or don't end in a period. */
const LEAST_WORDS = 8

/** The diagnoses of a suite: its longer string literals that are sentences, which a learner may read. */
export function diagnosesIn(suite: string): readonly Literal[] {
  return readSuite(suite).literals.filter(isSentence)
}

/** The diagnoses that no answer's result contains. */
export function unreached(
  diagnoses: readonly Literal[],
  results: readonly CheckResult[],
): readonly Literal[] {
  const said = results.flatMap(({ tasks }) => tasks.flatMap(({ diagnosis }) => diagnosis ?? []))
  return diagnoses.filter(({ pieces }) => {
    const pattern = new RegExp(pieces.map(escapePattern).join('[\\s\\S]*'))
    return !said.some((diagnosis) => pattern.test(diagnosis))
  })
}

/** One warning for a lesson's suite, with the lines to look at. */
export function unreachedFinding(
  suite: string,
  results: readonly CheckResult[],
  file: string,
  most: number,
): Finding[] {
  // A skipped task reports nothing, so its sentences can't be judged.
  if (results.some(({ tasks }) => tasks.some(({ state }) => state === 'skipped'))) return []
  const all = diagnosesIn(suite)
  const lines = unreached(all, results).map(({ line }) => line)
  if (lines.length === 0) return []
  return [
    warning(
      'diagnoses',
      file,
      `No answer gets ${lines.length} of its ${all.length} diagnoses (lines ${listed(lines, most)}). Add a mistake for each one, or remove the checks that catch nothing.`,
    ),
  ]
}

function isSentence({ pieces }: Literal): boolean {
  const text = pieces.join(' … ')
  return text.split(/\s+/).length >= LEAST_WORDS && /[.!?](?!\w)/.test(text) // not the one in a time
}
