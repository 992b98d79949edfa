import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { applyHunks, writeHunks } from '../../../../src/authoring/mistakes/hunks.ts'

const base = `first
same
middle
same
last
`

describe('applying', () => {
  test.each<[string, string, string]>([
    ['a line', '-middle\n+other\n', 'first\nsame\nother\nsame\nlast\n'],
    ['a new line below another', ' middle\n+new\n', 'first\nsame\nmiddle\nnew\nsame\nlast\n'],
    ['a line made unique by the one before', ' middle\n-same\n', 'first\nsame\nmiddle\nlast\n'],
    ['two hunks, in whatever order', '-last\n@@\n-first\n+1\n', '1\nsame\nmiddle\nsame\n'],
  ])('%s', (_what, diff, text) => {
    expect(applyHunks(diff, base)).toEqual({ text })
  })

  test('an empty line needs no space, and Windows line ends do not matter', () => {
    expect(applyHunks(' a\r\n\r\n-b\r\n+c\r\n', 'a\n\nb\n')).toEqual({ text: 'a\n\nc\n' })
    expect(applyHunks(' a\n \n-b\n', 'a\r\n\r\nb\r\n')).toEqual({ text: 'a\n\n' })
  })

  test.each<[string, string]>([
    ['-gone\n+new\n', "doesn't have these lines: `gone`"],
    ['-same\n', 'has these lines 2 times: `same`'],
    [' first\n same\n-other\n', "doesn't have these lines: `first` and 2 more"],
    ['+new\n', 'no old line'],
    [' middle\n', 'changes nothing'],
    ['-first\n@@\n first\n-same\n', 'overlap'],
    ['first\n', "doesn't start with a space, +, or -: first"],
    ['', 'empty'],
  ])('%j does not fit', (diff, problem) => {
    expect(applyHunks(diff, base)).toEqual({ problem: expect.stringContaining(problem) })
  })
})

describe('writing', () => {
  test.each<[string, string, string]>([
    ['a unique line needs no context', 'first\nsame\nother\nsame\nlast\n', '-middle\n+other\n'],
    ['one that is there twice has a neighbor', 'first\nmiddle\nsame\nlast\n', ' first\n-same\n'],
    ['a new line has one', 'new\nfirst\nsame\nmiddle\nsame\nlast\n', '+new\n first\n'],
    ['far changes are two hunks', '1\nsame\nmiddle\nsame\n2\n', '-first\n+1\n@@\n-last\n+2\n'],
    ['nothing changed', base, ''],
  ])('%s', (_what, text, diff) => {
    expect(writeHunks(base, text)).toBe(diff)
  })

  test('its diff restores the text, whatever the two are', () => {
    // Few different lines, so that hardly any is unique.
    const text = fc
      .array(fc.constantFrom('', '  }', 'a', '- b', '+ c', '@@', ' d'), { minLength: 1, maxLength: 25 })
      .map((lines) => lines.map((line) => `${line}\n`).join(''))
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(before !== after)
        expect(applyHunks(writeHunks(before, after), before)).toEqual({ text: after })
      }),
      { numRuns: 500 },
    )
  })
})
