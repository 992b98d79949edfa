import { Exit, type ExitCode } from '../../common/exit.ts'
import { padded, paintLines, span } from '../../terminal/text.ts'
import { wrap } from '../../terminal/wrap.ts'
import type { Context } from '../context.ts'
import type { Finding } from './finding.ts'

/** Prints the findings, as lines or as data; returns a failing exit code if anything failed. */
export function tellFindings(context: Context, findings: readonly Finding[], asData: boolean): ExitCode {
  const isWell = findings.every(({ state }) => state !== 'fail')
  if (asData) context.printJson({ ok: isWell, findings })
  else print(context, findings)
  return isWell ? Exit.passed : Exit.machine
}

const looks = {
  ok: { symbol: '✓', ascii: '+', word: 'ok', style: 'green' },
  warn: { symbol: '!', ascii: '!', word: 'warn', style: 'yellow' },
  fail: { symbol: '✗', ascii: 'x', word: 'FAIL', style: 'red' },
} as const

function print(context: Context, findings: readonly Finding[]): void {
  const { palette, width } = context
  const names = Math.max(...findings.map(({ name }) => name.length)) + 2
  const lines = findings.flatMap(({ name, state, finding, remedy }) => {
    const { symbol, ascii, word, style } = looks[state]
    const first = [
      span(`${palette.unicode ? symbol : ascii} ${word.padEnd(6)}`, style),
      ...padded(name, names),
    ]
    const rest = ' '.repeat(8)
    return [
      ...wrap(finding, { width, first, rest }),
      ...(remedy === undefined ? [] : wrap(span(remedy, 'dim'), { width, first: rest, rest })),
    ]
  })
  const failed = findings.filter(({ state }) => state === 'fail').length
  const warned = findings.filter(({ state }) => state === 'warn').length
  context.print(paintLines(lines, palette))
  context.print(`\n${verdict(failed, warned)}`)
}

function verdict(failed: number, warned: number): string {
  if (failed > 0) return `The course can't run yet. Fix everything marked FAIL first.`
  if (warned > 0) return "The course runs on this machine. Fixing what's marked warn is optional."
  return 'Everything is fine.'
}
