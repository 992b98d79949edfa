import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Passage, pages, renderMarkdown } from '../../../src/terminal/index.ts'
import { colourful, plain } from './screens.ts'

const cut = (text: string | readonly Passage[], height: number) =>
  pages(typeof text === 'string' ? [{ text }] : text, height).map((page) => page.text)

test('a short text is one page, an empty one none', () => {
  expect(cut('a\nb', 10)).toEqual(['a\nb'])
  expect(cut('', 10)).toEqual([])
  expect(cut('\n\na\n\n', 10)).toEqual(['a'])
})

test.each([
  ['without colors', plain],
  ['with colors', colourful],
])('a page ends before a heading in its lower half, %s', async (_what, palette) => {
  const text = await renderMarkdown('one\n\ntwo\n\nthree\n\n## Four\nfour\n\nfive\n\nsix', {
    width: 40,
    palette,
  })
  const [first, second] = cut(text, 10)
  expect(first).toBe('one\n\ntwo\n\nthree')
  expect(second).toContain('Four')
  expect(second).toContain('six')
})

test('otherwise between paragraphs, and code stays with the text above it', () => {
  expect(cut('a\na\na\n\nb\nb\n\n  code\n\n  code\n\nc', 9)).toEqual([
    'a\na\na',
    'b\nb\n\n  code\n\n  code\n\nc',
  ])
})

test('a verdict fills its pages, even if that cuts a long value in two', () => {
  const text = 'a\na\n\nb\nb\n\n  1\n  2\n  3\n  4\n  5\n  6'
  expect(cut(text, 10)[0]).toBe('a\na\n\nb\nb')
  expect(cut([{ text, fills: true }], 10)).toEqual(['a\na\n\nb\nb\n\n  1\n  2\n  3\n  4', '  5\n  6'])
  // Still between paragraphs if that leaves little room.
  expect(cut([{ text, fills: true }], 7)[0]).toBe('a\na\n\nb\nb')
})

test('what introduces a list, or ends with a colon, stays with what follows', () => {
  expect(cut('a\na\n\nThrow an error\n\n• if it\n  breaks\n• if it\n  bends', 6)).toEqual([
    'a\na',
    'Throw an error\n\n• if it\n  breaks\n• if it\n  bends',
  ])
  expect(cut('a\na\n\nSo:\n\nb\nb', 6)).toEqual(['a\na', 'So:\n\nb\nb'])
  // A list may be cut between its items.
  expect(cut('a\n\n• b\n\n• c\n\n• d', 6)).toEqual(['a\n\n• b\n\n• c', '• d'])
})

test('code longer than a page is cut at its blank lines, a longer paragraph anywhere', () => {
  expect(cut('  a\n  a\n\n  b\n  b\n\n  c', 3)).toEqual(['  a\n  a', '  b\n  b', '  c'])
  expect(cut('1\n2\n3\n4\n5', 2)).toEqual(['1\n2', '3\n4', '5'])
})

test('no page is nearly empty because of a blank line at its top', () => {
  const [first] = cut(`a\n\n${'b\n'.repeat(20)}`, 10)
  expect(first?.split('\n')).toHaveLength(10)
})

test('no page is too high, no line is lost', () => {
  const line = fc.constantFrom('', '', 'text', '# Heading', '  code', '─────')
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), fc.integer({ min: 0, max: 12 }), (lines, height) => {
      const screens = cut(lines.join('\n'), height)
      for (const page of screens) expect(page.split('\n').length).toBeLessThanOrEqual(Math.max(1, height))
      const kept = screens.flatMap((page) => page.split('\n')).filter((text) => text !== '')
      expect(kept).toEqual(lines.filter((text) => text !== ''))
    }),
  )
})

test('a page ends after a passage that wants it to, whatever room is left', () => {
  const question = { text: '\x1b[3mWell?\x1b[23m', stays: true, ends: true }
  expect(cut([{ text: 'a' }, question, { text: 'b\n\nc' }], 10)).toEqual([
    'a\n\n\x1b[3mWell?\x1b[23m',
    'b\n\nc',
  ])
  expect(cut([{ text: 'a' }, question, { text: '' }], 10)).toHaveLength(1)
})

test('a passage may stay with the one above it, and a page says which ones it has', () => {
  const [code, offer, rest] = [{ text: 'a\na\n\nb\nb' }, { text: 'run', stays: true }, { text: 'c' }]
  expect(pages([code, offer, rest], 6)).toEqual([
    { text: 'a\na', passages: [code] },
    { text: 'b\nb\n\nrun\n\nc', passages: [code, offer, rest] },
  ])
})
