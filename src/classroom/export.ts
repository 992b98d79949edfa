import type { ClassExport } from './api.ts'
import { plainText } from './projections/names.ts'

/**
 * One row for each attempt, and one for each participant without any: data that a spreadsheet can count and group.
 */
const columns = ['participant', 'name', 'joined', 'at', 'lesson', 'passed', 'task', 'diagnosis'] as const

/** The class as CSV (RFC 4180), with a byte order mark so that Excel reads names as UTF-8. */
export function exportCsv({ participants }: ClassExport): string {
  const rows = participants.flatMap(({ row, attempts }) => {
    const who = [row.number, row.label, row.joinedAt]
    if (attempts.length === 0) return [[...who, '', '', '', '', '']]
    return attempts.map(({ at, slug, passed, task = '', diagnosis = '' }) => [
      ...who,
      at,
      slug,
      passed ? 'yes' : 'no',
      task,
      diagnosis,
    ])
  })
  return `\ufeff${[columns, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`
}

export function exportJson(all: ClassExport): string {
  return `${JSON.stringify(all, null, 2)}\n`
}

/**
 * A learner's text as a cell: on one line, without control characters, always in quotes. Spreadsheets treat text that
 * starts like a formula as one, even after a semicolon where that separates cells; an apostrophe prevents that.
 */
function cell(value: string | number): string {
  const text = plainText(String(value), Number.POSITIVE_INFINITY)
  const harmless = typeof value === 'number' ? text : text.replace(/(^|;)(\s*)(?=[=+\-@＝＋－＠])/g, "$1$2'")
  return `"${harmless.replaceAll('"', '""')}"`
}
