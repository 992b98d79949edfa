import { expect, test } from 'vitest'
import type { Found } from '../../../bench/prose/audit.ts'
import { applyExceptions } from '../../../bench/prose/exceptions.ts'
import { type Outcome, passes, report } from '../../../bench/prose/report.ts'

function hit(file: string, rule: string, line = 1): Found {
  return {
    file,
    line,
    rule,
    level: 'error',
    quote: 'It stands there.',
    write: 'is',
    context: 'It stands there.',
  }
}

function outcome(errors: readonly Found[]): Outcome {
  return { errors, warnings: [{ ...hit('a.md', 'long'), level: 'warning' }], unused: [], files: 2 }
}

test('warnings are counted, shown on request, and pass', () => {
  expect(passes(outcome([]))).toBe(true)
  expect(report(outcome([]), false)).toEqual(['Prose of 2 files: 0 errors, 1 warning; --all shows them.'])
  expect(report(outcome([]), true)).toEqual([
    'a.md:1  warning long: "It stands there."  Write: is.',
    'Prose of 2 files: 0 errors, 1 warning.',
  ])
})

test('an error fails, and all of them are shown, in order', () => {
  const two = outcome([hit('b.md', 'stands', 9), hit('b.md', 'stands', 3)])
  expect(passes(two)).toBe(false)
  expect(report(two, false)).toEqual([
    'b.md:3  error stands: "It stands there."  Write: is.',
    'b.md:9  error stands: "It stands there."  Write: is.',
    'Prose of 2 files: 2 errors, 1 warning; --all shows them.',
  ])
})

test('an exception covers its words in its folder, and one that covers nothing is reported', () => {
  const used = { in: 'docs/', rule: 'stands', text: 'It stands', reason: 'A quotation.' }
  const other = { in: 'docs/', rule: 'mend', reason: 'Gone.' }
  const found = [hit('docs/a.md', 'stands'), hit('a.md', 'stands'), hit('docs/a.md', 'anew')]
  expect(applyExceptions(found, [used, other])).toEqual({ hits: found.slice(1), unused: [other] })
})
