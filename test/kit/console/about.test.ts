import { expect, test } from 'vitest'
import { helpText } from '../../../src/console/about.ts'
import { plain } from '../terminal/screens.ts'

test('the help fits in a narrow terminal, with the meanings below each other', () => {
  const lines = helpText(undefined, plain, 50).split('\n')
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(50)
  expect(lines).toContain('.load [file]         loads your functions of this')
  expect(lines).toContain('                     lesson, or another file')
})

test('without a terminal, nothing is broken', () => {
  expect(helpText(undefined, plain, Number.POSITIVE_INFINITY).split('\n')).toHaveLength(11)
})
