import { expect, test } from 'vitest'
import { plainText } from '../../../src/terminal/index.ts'

test.each([
  ['1000.', '1000.'],
  ['`Oslo`, because *both* share it', 'Oslo, because both share it'],
  ['- no list', '- no list'],
  ['`XREAD * $`', 'XREAD * $'],
])('%j as a line of a menu', async (markdown, text) => expect(await plainText(markdown)).toBe(text))
