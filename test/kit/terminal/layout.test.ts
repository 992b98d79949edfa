import { describe, expect, test } from 'vitest'
import type { Text } from '../../../src/terminal/index.ts'
import {
  assertCanPrompt,
  NoTerminalError,
  progressBar,
  span,
  table,
  textOf,
} from '../../../src/terminal/index.ts'
import { ascii, colourful, plain, widest } from './screens.ts'

describe('table', () => {
  const rows: readonly (readonly Text[])[] = [
    ['01', 'Events', span('✓ passed', 'green'), '20'],
    ['02', 'A store of lists that crashes cannot halve', span('○ new', 'gray'), '40'],
  ]

  test('without a header is rows in columns', () => {
    expect(
      table(rows, { width: 80, palette: plain, align: ['left', 'left', 'left', 'right'] }).split('\n'),
    ).toEqual([
      '01  Events                                      ✓ passed  20',
      '02  A store of lists that crashes cannot halve  ○ new     40',
    ])
  })

  test('the widest column shrinks first', () => {
    expect(table(rows, { width: 40, palette: plain }).split('\n')).toEqual([
      '01  Events                  ✓ passed  20',
      '02  A store of lists that   ○ new     40',
      '    crashes cannot halve',
    ])
  })

  test('cells may be colored; their text is harmless', () => {
    const page = table([[span('x', 'red'), '\x1b[2J']], { width: 80, palette: colourful })
    expect(page).toBe('\x1b[31mx\x1b[39m  \\x1b[2J')
  })

  test('short rows, empty cells and no rows', () => {
    expect(table([['a'], ['b', '', 'c']], { width: 20, palette: plain })).toBe('a\nb    c')
    expect(table([], { width: 20, palette: plain })).toBe('')
    expect(table([], { width: 20, palette: ascii, header: ['a'] })).toBe('a\n-')
  })

  test.each([10, 20, 40, 60, 120])('fits %i columns', (width) => {
    const wide = [['日本語'.repeat(10), 'x'.repeat(50), 'some words here', '🎉 '.repeat(9)]]
    expect(widest(table(wide, { width, palette: plain, header: ['a', 'b', 'c', 'd'] }))).toBeLessThanOrEqual(
      width,
    )
  })
})

describe('progress bar', () => {
  test.each([
    [0, 4, '░░░░ 0 of 4'],
    [1, 100, '█░░░ 1 of 100'],
    [2, 4, '██░░ 2 of 4'],
    [99, 100, '███░ 99 of 100'],
    [4, 4, '████ 4 of 4'],
    [0, 0, '░░░░ 0 of 0'],
  ])('%i of %i', (done, total, shown) => {
    expect(textOf(progressBar(done, total, 4, plain))).toBe(shown)
  })

  test('in ASCII', () => {
    expect(textOf(progressBar(1, 2, 4, ascii))).toBe('##.. 1 of 2')
  })
})

describe('assertCanPrompt', () => {
  const request = { reason: 'Resetting replaces your file.', hints: ['npx eventlings reset 02 --yes'] }

  test('lets questions through on a terminal', () => {
    assertCanPrompt({ env: {}, input: { isTTY: true }, output: { isTTY: true } }, request)
  })

  test.each([
    [{ isTTY: true }, {}],
    [{}, { isTTY: true }],
    [{ isTTY: false }, { isTTY: false }],
  ])('stops them at %j and %j with what to type instead', (input, output) => {
    const ask = () => assertCanPrompt({ env: {}, input, output }, request)
    expect(ask).toThrow(NoTerminalError)
    expect(ask).toThrow(
      "Resetting replaces your file. This isn't a terminal, so the program can't ask questions. Use this instead:\n  npx eventlings reset 02 --yes",
    )
  })

  test('stops them on a terminal that cannot move its cursor', () => {
    const ask = () =>
      assertCanPrompt({ env: { TERM: 'dumb' }, input: { isTTY: true }, output: { isTTY: true } }, request)
    expect(ask).toThrow(
      "Resetting replaces your file. This terminal can't move its cursor (TERM=dumb), so it can't show questions.",
    )
  })
})
