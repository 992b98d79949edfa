import type { ParticipantPage } from './api.ts'
import { plainText } from './projections/names.ts'

/**
 * One row for each attempt, and one for each participant without any: data that a spreadsheet can count and group.
 */
const columns = ['participant', 'name', 'joined', 'at', 'lesson', 'passed', 'task', 'diagnosis'] as const

/** The beginning of a class as CSV (RFC 4180), with a byte order mark so that Excel reads names as UTF-8. */
export const csvHead = `\ufeff${line(columns)}`

/** The rows of one participant. */
export function csvRows({ row, attempts }: Pick<ParticipantPage, 'row' | 'attempts'>): string {
  const who = [row.number, row.label, row.joinedAt]
  if (attempts.length === 0) return line([...who, '', '', '', '', ''])
  return attempts
    .map(({ at, slug, passed, task = '', diagnosis = '' }) =>
      line([...who, at, slug, passed ? 'yes' : 'no', task, diagnosis]),
    )
    .join('')
}

function line(cells: readonly (string | number)[]): string {
  return `${cells.map(cell).join(',')}\r\n`
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
