import type { CheckResult } from '../check/index.ts'
import { escapePattern } from '../common/escape-pattern.ts'
import { type Finding, listed, warning } from './finding.ts'

/** A sentence in a suite that a learner may read; what it fills in is a gap between two pieces. */
export interface Sentence {
  readonly line: number
  readonly pieces: readonly string[]
}

/** Titles of tests, commands and keys are shorter, or don't end in a period. */
const LEAST_WORDS = 8

/** The diagnoses of a suite: its longer string literals that are sentences. Comments are left out. */
export function diagnosesIn(suite: string): readonly Sentence[] {
  const found: { readonly at: number; readonly pieces: readonly string[] }[] = []
  let at = 0
  while (at < suite.length) {
    if (suite.startsWith('//', at)) at = endOf(suite, '\n', at)
    else if (suite.startsWith('/*', at)) at = endOf(suite, '*/', at)
    else if (suite[at] === "'" || suite[at] === '"') {
      const literal = /(['"])((?:\\.|(?!\1)[^\\\n])*)\1/y
      literal.lastIndex = at
      const [whole = "'", , text = ''] = literal.exec(suite) ?? []
      found.push({ at, pieces: [unescaped(text)] })
      at += whole.length
    } else if (suite[at] === '`') {
      const { pieces, end } = template(suite, at)
      found.push({ at, pieces })
      at = end
    } else at += 1
  }
  // Lines are counted for the few that are sentences.
  return found
    .filter(isSentence)
    .map(({ at: start, pieces }) => ({ line: suite.slice(0, start).split('\n').length, pieces }))
}

/** The suite's diagnoses that no answer's result contains. */
export function unreached(suite: string, results: readonly CheckResult[]): readonly Sentence[] {
  const said = results.flatMap(({ tasks }) => tasks.flatMap(({ diagnosis }) => diagnosis ?? []))
  return diagnosesIn(suite).filter(({ pieces }) => {
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
  const lines = unreached(suite, results).map(({ line }) => line)
  if (lines.length === 0) return []
  const all = diagnosesIn(suite).length
  return [
    warning(
      'diagnoses',
      file,
      `No answer gets ${lines.length} of its ${all} diagnoses (lines ${listed(lines, most)}). Add a mistake for each one, or remove the checks that catch nothing.`,
    ),
  ]
}

function isSentence({ pieces }: Pick<Sentence, 'pieces'>): boolean {
  const text = pieces.join(' … ')
  return text.split(/\s+/).length >= LEAST_WORDS && /[.!?](?!\w)/.test(text) // not the one in a time
}

/** The pieces of a template literal between its substitutions, and where it ends. */
function template(
  suite: string,
  start: number,
): { readonly pieces: readonly string[]; readonly end: number } {
  const pieces: string[] = []
  let piece = ''
  let at = start + 1
  while (at < suite.length && suite[at] !== '`') {
    if (suite[at] === '\\') {
      piece += suite.slice(at, at + 2)
      at += 2
    } else if (suite.startsWith('${', at)) {
      pieces.push(unescaped(piece))
      piece = ''
      at = afterBraces(suite, at + 1)
    } else {
      piece += suite[at]
      at += 1
    }
  }
  return { pieces: [...pieces, unescaped(piece)], end: at + 1 }
}

/** The index after the brace that closes the one at `start`, whatever literals are in between. */
function afterBraces(suite: string, start: number): number {
  let depth = 0
  let at = start
  for (;;) {
    const sign = suite[at]
    if (sign === undefined) return at
    if (sign === '`') {
      at = template(suite, at).end
      continue
    }
    if (sign === '{') depth += 1
    if (sign === '}') depth -= 1
    at += 1
    if (depth === 0) return at
  }
}

function endOf(suite: string, sign: string, from: number): number {
  const end = suite.indexOf(sign, from)
  return end === -1 ? suite.length : end + sign.length
}

function unescaped(text: string): string {
  return text.replace(/\\n/g, '\n').replace(/\\(.)/g, '$1')
}
