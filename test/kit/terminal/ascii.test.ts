import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { asciiSymbols } from '../../../src/terminal/index.ts'

test('signs become ASCII, and letters stay as they are', () => {
  expect(asciiSymbols('1/9  space next · b back')).toBe('1/9  space next - b back')
  expect(asciiSymbols('“It’s 2 → 3” – running …')).toBe('"It\'s 2 > 3" - running ...')
  expect(asciiSymbols('Zoë 🍰 \x1b[1mbold\x1b[22m')).toBe('Zoë 🍰 \x1b[1mbold\x1b[22m')
})

test('no sign in a lesson is forgotten', () => {
  const folder = path.join(projectRoot(), 'lessons')
  const texts = readdirSync(folder).filter((name) => name.endsWith('.md'))
  const all = texts.map((name) => readFileSync(path.join(folder, name), 'utf8')).join('')
  // Text that someone typed into an event is data: letters, emoji, and a currency.
  expect(asciiSymbols(all).match(/[^\n -~\p{L}\p{Emoji}\p{Sc}]/gu) ?? []).toEqual([])
})
