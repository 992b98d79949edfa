import { expect, test } from 'vitest'
import type { Found } from '../../../bench/prose/audit.ts'
import { baselineOf, compare, shrink } from '../../../bench/prose/baseline.ts'
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

function outcome(baseline: Record<string, Record<string, number>>, errors: readonly Found[]): Outcome {
  const files = ['a.md', 'b.md']
  return {
    comparison: compare(baseline, errors, files),
    errors,
    warnings: [],
    unused: [],
    files: files.length,
  }
}

const before = { 'a.md': { mend: 1, stands: 2 }, 'b.md': { stands: 1 } }

test('as many as the baseline allows pass', () => {
  const same = outcome(before, [
    hit('a.md', 'stands'),
    hit('a.md', 'stands'),
    hit('a.md', 'mend'),
    hit('b.md', 'stands'),
  ])
  expect(passes(same)).toBe(true)
  expect(report(same, false)).toEqual([
    'Prose of 2 files: 0 new errors, 4 in the baseline, 0 warnings; --all shows them.',
  ])
})

test('one more fails, and all of its kind are shown, in order', () => {
  const more = outcome({ 'b.md': { stands: 1 } }, [hit('b.md', 'stands', 9), hit('b.md', 'stands', 3)])
  expect(passes(more)).toBe(false)
  expect(report(more, false)).toEqual([
    'b.md:3  error stands: "It stands there."  Write: is.',
    'b.md:9  error stands: "It stands there."  Write: is.',
    'b.md has 2 errors of the rule "stands"; the baseline allows 1.',
    'Prose of 2 files: 1 new error, 1 in the baseline, 0 warnings; --all shows them.',
  ])
})

test('fewer pass, and say so', () => {
  const fewer = outcome({ 'a.md': { stands: 2 } }, [hit('a.md', 'stands')])
  expect(passes(fewer)).toBe(true)
  expect(report(fewer, false)).toContain(
    'a.md has fewer errors of the rule "stands" than the baseline allows (1 of 2).',
  )
})

test('the baseline shrinks, and never grows', () => {
  const now = [hit('a.md', 'stands'), hit('a.md', 'anew'), hit('b.md', 'stands'), hit('b.md', 'stands')]
  expect(shrink(before, now)).toEqual({ 'a.md': { stands: 1 }, 'b.md': { stands: 1 } })
  expect(baselineOf(now)).toEqual({ 'a.md': { anew: 1, stands: 1 }, 'b.md': { stands: 2 } })
})

test('an exception covers its words in its folder, and one that covers nothing is reported', () => {
  const used = { in: 'docs/', rule: 'stands', text: 'It stands', reason: 'A quotation.' }
  const other = { in: 'docs/', rule: 'mend', reason: 'Gone.' }
  const found = [hit('docs/a.md', 'stands'), hit('a.md', 'stands'), hit('docs/a.md', 'anew')]
  expect(applyExceptions(found, [used, other])).toEqual({ hits: found.slice(1), unused: [other] })
})
