/**
 * Which small changes of the solutions and right answers does no test notice? `npm run audit:mutants [LESSON...]
 * [--only NAME] [--list]`. Prints the survivors without a note as diffs, and exits with 1 if there are any.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { readBases } from '../../../src/authoring/mistakes/files.ts'
import { Pool } from '../../../src/authoring/pool.ts'
import { cacheFolder } from '../../../src/common/cache-folder.ts'
import { type Course, loadCourse } from '../../../src/course/index.ts'
import { type CheckSession, newSession } from '../../../src/learner/check-session.ts'
import type { Mutant } from './mutant.ts'
import { isNoted, notesOf, staleNotes } from './notes.ts'
import { luaMutants } from './of-lua.ts'
import { typescriptMutants } from './of-typescript.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, list: { type: 'boolean', default: false } },
})
const course = await loadCourse()
const chosen = course.lessons.filter(
  ({ number }) => positionals.length === 0 || positionals.some((one) => Number(one) === Number(number)),
)
const sessions = Array.from({ length: availableParallelism() }, () => newSession({ course, stayWarm: true }))
const pool = new Pool<CheckSession>(sessions)
let holes = 0
try {
  for (const { slug } of chosen) holes += await audit(course, slug)
} finally {
  await Promise.all(sessions.map((session) => session.close()))
}
process.exitCode = holes === 0 ? 0 : 1

async function audit({ root }: Course, slug: string): Promise<number> {
  const mutants: Mutant[] = []
  for (const [base, text] of await readBases(course, slug)) {
    if (values.only !== undefined && values.only !== base) continue
    mutants.push(...(await typescriptMutants(base, text)), ...luaMutants(base, text))
  }
  if (values.list) {
    for (const { base, kind, diff } of mutants) console.log(`## ${base}: ${kind}\n${diff}\n`)
    return 0
  }
  const notes = await notesOf(root, slug)
  const folder = path.join(cacheFolder(root), 'mutants', slug)
  mkdirSync(folder, { recursive: true })
  const verdicts = await Promise.all(
    mutants.map((mutant, index) => pool.use((session) => survives(session, slug, folder, mutant, index))),
  )
  rmSync(folder, { recursive: true })
  const survivors = mutants.filter((_, index) => verdicts[index])
  const unexplained = survivors.filter((mutant) => !isNoted(mutant, notes))
  for (const { base, kind, diff } of unexplained) {
    console.log(`\n## ${base}\n\n(${kind})\n\n\`\`\`diff\n${diff}\n\`\`\``)
  }
  if (values.only === undefined) {
    for (const { base, diff } of staleNotes(notes, survivors))
      console.log(`\nThis note has no survivor: ${base}\n${diff}`)
  }
  const killed = mutants.length - survivors.length
  const explained = survivors.length - unexplained.length
  console.log(
    `\n${slug}: ${killed} of ${mutants.length} caught, ${explained} explained, ${unexplained.length} unexplained`,
  )
  return unexplained.length
}

/** A mutant for which there's no verdict (it never ends, say) counts as caught only if a check says so. */
async function survives(
  session: CheckSession,
  slug: string,
  folder: string,
  { text }: Mutant,
  index: number,
): Promise<boolean> {
  const file = path.join(folder, `${index}.ts`)
  writeFileSync(file, text)
  const options = { untilFirstFailure: true, sharedProcess: true }
  const { passed } = await session.check(slug, { kind: 'file', path: file }, options)
  return passed
}
