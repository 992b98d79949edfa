import { expect, test } from 'vitest'
import { foldedDiff } from '../../../src/web/client/folded-diff.ts'

const lines = Array.from({ length: 30 }, (_, n) => `line ${n}`)
const shape = (before: readonly string[], after: readonly string[]) =>
  (foldedDiff(before.join('\n'), after.join('\n')) ?? []).map(({ kind, lines: { length } }) => [kind, length])

test('a change in the middle shows three lines around it', () => {
  expect(shape(lines, lines.with(15, 'new'))).toEqual([
    ['folded', 12],
    ['same', 3],
    ['gone', 1],
    ['new', 1],
    ['same', 3],
    ['folded', 11],
  ])
})

test('a few lines between two changes are not folded', () => {
  expect(shape(lines, lines.with(0, 'a').with(8, 'b')).slice(0, 6)).toEqual([
    ['gone', 1],
    ['new', 1],
    ['same', 7],
    ['gone', 1],
    ['new', 1],
    ['same', 3],
  ])
})

test('without a change everything is folded', () => {
  expect(shape(lines, lines)).toEqual([['folded', 30]])
})

test('two long answers that have nothing in common are not compared, which would take minutes', () => {
  const long = (text: string) => Array.from({ length: 15_000 }, (_, n) => `${text}${n}`).join('\n')
  expect(foldedDiff(long('a'), long('b'))).toBeUndefined()
})
