import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CheckResult } from '../../../src/check/index.ts'

/**
 * What every answer in the course gets, one line each: lesson, answer, verdict, and the tasks and tests that fail.
 * `EVENTLINGS_VERDICTS=write` writes them; a line that changes is a decision, which its commit explains.
 */
const folder = fileURLToPath(new URL('./verdicts', import.meta.url))
const ON_EMBEDDED = ' (embedded)'

/** Where the embedded Redis can't show a mistake or run a task, it gets its own line. */
export type Source = 'real' | 'embedded'

export type Row = readonly [answer: string, verdict: string]

/** The line of one result. The words of its diagnosis aren't part of it. */
export function rowOf({ target, passed, tasks, diagnosis }: CheckResult): Row {
  const failed = tasks.filter(({ state }) => state === 'failed').map(({ task, test }) => `${task} › ${test}`)
  const skipped = tasks.filter(({ state }) => state === 'skipped').map(({ task }) => task)
  const verdict = [
    passed ? 'passed' : failed.length === 0 ? `failed (${diagnosis})` : failed.join(' · '),
    ...(skipped.length === 0 ? [] : [`skipped: ${skipped.join(', ')}`]),
  ].join(' · ')
  return [nameOf(target), verdict]
}

/** `solution`, `starter`, `right/with-lua`, `mistake/xlen-then-xadd`. */
function nameOf(target: string): string {
  const kind = /\/(right-answer|mistake)s\//.exec(target)?.[1]
  return kind === undefined ? target : `${kind.replace('-answer', '')}/${basename(target, '.ts')}`
}

/**
 * The lines that differ from the table, or writes them to it where that was requested. `rows` may be only a part of the
 * answers; otherwise the table may have no line for an answer that isn't there.
 */
export function compareWithTable(
  lesson: string,
  source: Source,
  rows: readonly Row[],
  part: 'all' | 'some' = 'all',
): readonly string[] {
  const table = readTable(lesson)
  const own = (answer: string) => (source === 'embedded' ? `${answer}${ON_EMBEDDED}` : answer)
  const told = (answer: string) => table.get(own(answer)) ?? table.get(answer)
  const checked = new Set(rows.map(([answer]) => answer))
  const stale =
    part === 'some' ? [] : [...table.keys()].filter((answer) => !checked.has(answer.replace(ON_EMBEDDED, '')))
  if (process.env.EVENTLINGS_VERDICTS === 'write') {
    for (const answer of stale) table.delete(answer)
    for (const [answer, verdict] of rows) {
      table.delete(own(answer))
      if (table.get(answer) !== verdict) table.set(own(answer), verdict)
    }
    writeTable(lesson, [...table])
    return []
  }
  return [
    ...rows
      .filter(([answer, verdict]) => told(answer) !== verdict)
      .map(
        ([answer, verdict]) => `${lesson}, ${own(answer)}: "${verdict}". The table says "${told(answer)}".`,
      ),
    ...stale.map((answer) => `${lesson}, ${answer} is in the table but not in the course.`),
  ]
}

function fileOf(lesson: string): string {
  return join(folder, `${lesson}.txt`)
}

function readTable(lesson: string): Map<string, string> {
  if (!existsSync(fileOf(lesson))) return new Map()
  const lines = readFileSync(fileOf(lesson), 'utf8').trim().split('\n')
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]))
}

function writeTable(lesson: string, rows: readonly Row[]): void {
  mkdirSync(folder, { recursive: true })
  const lines = rows.map((row) => row.join(': ')).sort()
  writeFileSync(fileOf(lesson), `${lines.join('\n')}\n`)
}
