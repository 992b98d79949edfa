import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PASTED, readKeystrokes } from '../../../src/terminal/keystrokes.ts'

test.each([
  ['a marked paste, however short', 'a\x1b[200~xy\x1b[201~b', ['a', `${PASTED}xy`, 'b']],
  ['two pastes', '\x1b[200~x\x1b[201~\x1b[200~y\x1b[201~', [`${PASTED}x`, `${PASTED}y`]],
  ['an arrow and Esc inside a paste', '\x1b[200~\x1b[A\x1b\x1b[201~', [`${PASTED}\x1b[A\x1b`]],
  ['Ctrl-C inside a paste whose end never comes', '\x1b[200~x\x03q', [`${PASTED}x`, '\x03', 'q']],
  ['an arrow in both ways of writing it', '\x1bOA\x1b[A', ['\x1b[A', '\x1b[A']],
])('%s', (_, data, keys) => {
  expect(readKeystrokes()(Buffer.from(data))).toEqual(keys)
})

test('after Alt-[, which begins like a sequence, the next key counts; a sequence in two chunks is one key', () => {
  const read = readKeystrokes()
  expect(['\x1b[', 'h', '\x1b[', ' ', '\x1b[', '\x1b[A', '\x1b[', 'B'].flatMap(read)).toEqual([
    ...['h', ' ', '\x1b[A', '\x1b[B'],
  ])
})

test('a paste may come in chunks of any size', () => {
  const text = fc.string({ unit: fc.constantFrom('x', 'q', '\x1b', '[', '2', '0', '1', 'é') })
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 9 }), (pasted, size) => {
      const read = readKeystrokes()
      const bytes = Buffer.from(`\x1b[200~${pasted}\x1b[201~b`)
      const count = Math.ceil(bytes.length / size)
      const chunks = Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
      expect(chunks.flatMap(read)).toEqual([PASTED + pasted, 'b'])
    }),
  )
})

test('a terminal that marks no pastes: more keys than anyone presses at once', () => {
  expect(readKeystrokes()('export function x')).toEqual([`${PASTED}export function x`])
  expect(readKeystrokes()('n'.repeat(40))).toHaveLength(40)
  expect(readKeystrokes()('export function \x03')).toContain('\x03')
})
