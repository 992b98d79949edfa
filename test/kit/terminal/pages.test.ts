import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pages, renderMarkdown } from '../../../src/terminal/index.ts'
import { colourful, plain } from './screens.ts'

test('a short text is one page, an empty one none', () => {
  expect(pages('a\nb', 10)).toEqual(['a\nb'])
  expect(pages('', 10)).toEqual([])
  expect(pages('\n\na\n\n', 10)).toEqual(['a'])
})

test.each([
  ['without colors', plain],
  ['with colors', colourful],
])('a page ends before a heading in its lower half, %s', async (_what, palette) => {
  const text = await renderMarkdown('one\n\ntwo\n\nthree\n\n## Four\nfour\n\nfive\n\nsix', {
    width: 40,
    palette,
  })
  const [first, second] = pages(text, 10)
  expect(first).toBe('one\n\ntwo\n\nthree')
  expect(second).toContain('Four')
  expect(second).toContain('six')
})

test('otherwise between paragraphs, and code stays with the text above it', () => {
  expect(pages('a\na\na\n\nb\nb\n\n  code\n\n  code\n\nc', 9)).toEqual([
    'a\na\na',
    'b\nb\n\n  code\n\n  code\n\nc',
  ])
})

test('code longer than a page is cut at its blank lines, a longer paragraph anywhere', () => {
  expect(pages('  a\n  a\n\n  b\n  b\n\n  c', 3)).toEqual(['  a\n  a', '  b\n  b', '  c'])
  expect(pages('1\n2\n3\n4\n5', 2)).toEqual(['1\n2', '3\n4', '5'])
})

test('no page is nearly empty because of a blank line at its top', () => {
  const [first] = pages(`a\n\n${'b\n'.repeat(20)}`, 10)
  expect(first?.split('\n')).toHaveLength(10)
})

test('no page is too high, no line is lost', () => {
  const line = fc.constantFrom('', '', 'text', '# Heading', '  code', '─────')
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), fc.integer({ min: 0, max: 12 }), (lines, height) => {
      const cut = pages(lines.join('\n'), height)
      for (const page of cut) expect(page.split('\n').length).toBeLessThanOrEqual(Math.max(1, height))
      const kept = cut.flatMap((page) => page.split('\n')).filter((text) => text !== '')
      expect(kept).toEqual(lines.filter((text) => text !== ''))
    }),
  )
})

test('a page ends where the text wants it to, whatever room is left', () => {
  const isQuestion = (line: string) => line === 'Well?'
  expect(pages('a\n\n\x1b[3mWell?\x1b[23m\n\nb\n\nc', 10, isQuestion)).toEqual([
    'a\n\n\x1b[3mWell?\x1b[23m',
    'b\n\nc',
  ])
  expect(pages('a\n\nWell?\n', 10, isQuestion)).toEqual(['a\n\nWell?'])
})
