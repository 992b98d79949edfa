import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  cut,
  escapeControls,
  lineWidth,
  padded,
  paintLines,
  span,
  styled,
  textOf,
  widthOf,
  wrap,
} from '../../../src/terminal/index.ts'
import { wrapCode } from '../../../src/terminal/wrap.ts'
import { ascii, colourful, controlsIn, plain, widest } from './screens.ts'

const lines = (text: string, options: Parameters<typeof wrap>[1]) =>
  paintLines(wrap(text, options), plain).split('\n')

describe('widthOf', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['日本語', 6],
    ['한국', 4],
    ['ｆｕｌｌ', 8],
    ['✓ ✗ – ○ » ◐ • │ ─ █ ░ ↪ → …', 27],
    ['🎉', 2],
    ['👩‍👩‍👧', 2],
    ['👍🏽', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['❤', 1],
    ['1️⃣', 2],
    ['©', 1],
    ['12#*', 4],
    ['\u200b', 0],
    ['ก็', 1],
  ])('%s is %i wide', (text, width) => {
    expect(widthOf(text)).toBe(width)
  })
})

describe('escapeControls', () => {
  test.each([
    ['\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
    ['\x1b]0;title\x07', '\\x1b]0;title\\x07'],
    ['\u009b2J', '\\x9b2J'],
    ['over\rwritten', 'over\\rwritten'],
    ['a\r\nb', 'a\nb'],
    ['back\b\b', 'back\\x08\\x08'],
    ['\0', '\\x00'],
    ['\x7f', '\\x7f'],
    ['abc\u202edef', 'abc\\u202edef'],
    ['\u2066x\u2069', '\\u2066x\\u2069'],
    ['a\u2028b', 'a\\u2028b'],
    ['\ud83c', '\\ud83c'],
    ['\tx', '  x'],
    ['line\nline', 'line\nline'],
    ['日本 🎉 👩‍👩‍👧 é', '日本 🎉 👩‍👩‍👧 é'],
  ])('%j is shown as %j', (text, shown) => {
    expect(escapeControls(text)).toBe(shown)
  })

  test('no text can smuggle a control character into a painted page', () => {
    // fast-check's own unit for all code points first makes a table of a million of them.
    const unit = fc.integer({ min: 0, max: 0x10ffff }).map((point) => String.fromCodePoint(point))
    fc.assert(
      fc.property(fc.string({ unit }), fc.integer({ min: 1, max: 30 }), (text, width) => {
        const page = paintLines(wrap([text, span(text, 'bold')], { width }), plain)
        expect(controlsIn(page)).toEqual([])
      }),
    )
  })
})

describe('spans', () => {
  test('cut shortens between visible characters', () => {
    expect(cut('abcdef', 6, plain)).toBe('abcdef')
    expect(cut('abcdefg', 6, plain)).toBe('abcde…')
    expect(cut('abcdefg', 6, ascii)).toBe('abc...')
    expect(cut('日本語', 4, plain)).toBe('日…')
    expect(cut('👩‍👩‍👧👩‍👩‍👧', 3, plain)).toBe('👩‍👩‍👧…')
    expect(cut('abcdef', 2, ascii)).toBe('..')
  })

  test('padded counts columns, not characters', () => {
    expect(textOf(padded('日', 4))).toBe('日  ')
    expect(textOf(padded('7', 3, 'left'))).toBe('  7')
    expect(textOf(padded('long', 2))).toBe('long')
  })

  test('styles are added to existing ones', () => {
    expect(styled([span('a', 'red'), 'b'], 'bold')).toEqual([
      { text: 'a', styles: ['red', 'bold'] },
      { text: 'b', styles: ['bold'] },
    ])
  })

  test('neighbors with the same style are painted together, and no line ends in spaces', () => {
    const line = [span('a', 'red'), span(' ', 'red'), span('b', 'red'), span('  '), span('')]
    expect(paintLines([line], colourful)).toBe('\x1b[31ma b\x1b[39m')
    expect(paintLines([[span('a  ', 'red')]], colourful)).toBe('\x1b[31ma\x1b[39m')
  })
})

describe('wrap', () => {
  test('breaks at spaces and keeps line ends', () => {
    expect(lines('one two three\n\nfour', { width: 8 })).toEqual(['one two', 'three', '', 'four'])
    expect(lines('', { width: 8 })).toEqual([''])
  })

  test('puts prefixes in front and counts them', () => {
    expect(lines('one two three', { width: 9, first: '• ' })).toEqual(['• one two', '  three'])
    expect(lines('one two three', { width: 8, first: '> ', rest: '| ' })).toEqual([
      '> one',
      '| two',
      '| three',
    ])
    expect(lines('a b c d', { width: 8, first: 'label:  ', rest: '' })).toEqual(['label:  a', 'b c d'])
  })

  test("breaks words that don't fit, but never an address", () => {
    expect(lines('abcdefghij', { width: 4 })).toEqual(['abcd', 'efgh', 'ij'])
    expect(lines('see https://example.org/a/long/path', { width: 10 })).toEqual([
      'see',
      'https://example.org/a/long/path',
    ])
    expect(lines('日本語日本語', { width: 5 })).toEqual(['日本', '語日', '本語'])
  })

  test("breaks no command that's inline code, unless it's wider than the line", () => {
    for (const mark of ['', '`']) {
      const text = [
        span('To see them: '),
        span(`${mark}npx eventlings solution 02 --others${mark}`),
        span('.'),
      ]
      expect(wrap(text, { width: 40 }).map(textOf)).toEqual([
        'To see them:',
        `${mark}npx eventlings solution 02 --others${mark}.`,
      ])
      for (const line of wrap(text, { width: 20 })) expect(lineWidth(line)).toBeLessThanOrEqual(20)
    }
  })

  test('a word may change its style in the middle', () => {
    const text = [span('aa '), span('bb', 'bold'), span('cc dd')]
    expect(paintLines(wrap(text, { width: 5 }), colourful)).toBe('aa\n\x1b[1mbb\x1b[22mcc\ndd')
  })

  test('leading and inner spaces of a line are kept', () => {
    expect(lines('  { a:  1 }', { width: 20 })).toEqual(['  { a:  1 }'])
  })

  test('never wider than the width, nothing lost', () => {
    const text = fc
      .array(fc.constantFrom('a', 'bc', ' ', '日', '🎉', 'longer-word', '\n', 'é'))
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 30 }), (content, width) => {
        const page = paintLines(wrap(content, { width, first: '- ' }), plain)
        expect(widest(page)).toBeLessThanOrEqual(width)
        expect(page.slice(1).replace(/\s/g, '')).toBe(content.replace(/\s/g, ''))
      }),
    )
  })
})

describe('wrapCode', () => {
  const code = (text: string, width: number) =>
    paintLines(wrapCode([span(text)], width, '↪'), plain).split('\n')

  test('leaves what fits, spaces and all', () => {
    expect(code('  if (x)   {', 12)).toEqual(['  if (x)   {'])
  })

  test('continues on the next line after a mark, broken at a space if one is near', () => {
    expect(code('const value = compute(argument)', 16)).toEqual([
      'const value =',
      '↪ compute(argume',
      '↪ nt)',
    ])
    expect(code('x'.repeat(25), 10)).toEqual(['xxxxxxxxxx', '↪ xxxxxxxx', '↪ xxxxxxx'])
  })

  test('also works on a one-column terminal', () => {
    expect(code('日本', 1).join('').replace(/[↪ ]/g, '')).toBe('日本')
    expect(lineWidth(wrapCode([span('ab')], 1, '↪')[0] ?? [])).toBe(1)
  })
})
