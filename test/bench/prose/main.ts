/**
 * `npm run lint:prose`: reads everything that people read, and fails on English that sounds translated.
 *
 * Files or folders as arguments limit it to those. `--all` shows warnings, too.
 */
import { parseArgs } from 'node:util'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { audit } from './audit.ts'
import { applyExceptions, EXCEPTIONS } from './exceptions.ts'
import { readFiles } from './read-files.ts'
import { type Outcome, passes, report } from './report.ts'
import { misspelled, withSuggestions } from './spelling.ts'
import { wordsOf } from './words.ts'

const { values: flags, positionals: only } = parseArgs({
  allowPositionals: true,
  options: { all: { type: 'boolean', default: false } },
})
const root = projectRoot()

const files = await readFiles(root, only)
const words = files.flatMap(({ prose }) => prose.flatMap((text) => wordsOf(text).map((word) => word.text)))
const unknown = await misspelled(root, words)
const { hits, unused } = applyExceptions(
  files.flatMap((file) => audit(file, unknown)),
  EXCEPTIONS,
)
const errors = hits.filter(({ level }) => level === 'error')
const outcome: Outcome = {
  errors: await Promise.all(errors.map((hit) => withSuggestions(root, hit))),
  warnings: hits.filter(({ level }) => level === 'warning'),
  unused: only.length === 0 ? unused : [],
  files: files.length,
}
for (const line of report(outcome, flags.all)) console.log(line)
process.exitCode = passes(outcome) ? 0 : 1
