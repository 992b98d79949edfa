/**
 * `npm run lint:prose`: reads everything that people read, and fails on English that sounds translated.
 *
 * Files or folders as arguments limit it to those. `--all` shows warnings and the errors in the baseline, too;
 * `--update-baseline` lowers the numbers in the baseline to what there is.
 */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { projectRoot } from '../../../src/course/index.ts'
import { audit } from './audit.ts'
import { type Baseline, baselineOf, compare, type Difference, shrink } from './baseline.ts'
import { applyExceptions, EXCEPTIONS } from './exceptions.ts'
import { readFiles } from './read-files.ts'
import { type Outcome, passes, report } from './report.ts'
import { misspelled, withSuggestions } from './spelling.ts'
import { wordsOf } from './words.ts'

const { values: flags, positionals: only } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    'update-baseline': { type: 'boolean', default: false },
  },
})
const root = projectRoot()
const baselineFile = path.join(root, 'test', 'bench', 'prose', 'baseline.json')

const files = await readFiles(root, only)
const words = files.flatMap(({ prose }) => prose.flatMap((text) => wordsOf(text).map((word) => word.text)))
const unknown = await misspelled(root, words)
const { hits, unused } = applyExceptions(
  files.flatMap((file) => audit(file, unknown)),
  EXCEPTIONS,
)
const errors = hits.filter(({ level }) => level === 'error')
const everything = only.length === 0
const baseline = await readBaseline()
if (flags['update-baseline']) await writeFile(baselineFile, `${JSON.stringify(baseline, null, 2)}\n`)

const names = files.map(({ file }) => file)
const comparison = compare(baseline, errors, everything ? union(names, Object.keys(baseline)) : names)
const outcome: Outcome = {
  comparison: { ...comparison, more: await Promise.all(comparison.more.map(suggest)) },
  errors,
  warnings: hits.filter(({ level }) => level === 'warning'),
  unused: everything ? unused : [],
  files: files.length,
}
for (const line of report(outcome, flags.all)) console.log(line)
process.exitCode = passes(outcome) ? 0 : 1

/** With `--update-baseline`, what it should be from now on. Without a file, that's everything there is. */
async function readBaseline(): Promise<Baseline> {
  const text = await readFile(baselineFile, 'utf8').catch(() => undefined)
  if (!flags['update-baseline']) return JSON.parse(text ?? '{}') as Baseline
  if (!everything) throw new Error('--update-baseline takes no files: it is about all of them.')
  return text === undefined ? baselineOf(errors) : shrink(JSON.parse(text) as Baseline, errors)
}

async function suggest(difference: Difference): Promise<Difference> {
  const hits = difference.hits.map((hit) => withSuggestions(root, hit))
  return { ...difference, hits: await Promise.all(hits) }
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])]
}
