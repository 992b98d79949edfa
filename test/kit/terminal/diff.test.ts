import { expect, test } from 'vitest'
import { renderDiff } from '../../../src/terminal/index.ts'
import { colourful, plain, widest } from './screens.ts'

const names = { mineName: 'workspace/02.ts', theirsName: 'solutions/02.ts' }
const diff = (mine: string, theirs: string, width = 60, palette = plain) =>
  renderDiff(mine, theirs, { ...names, width, palette, context: 1 })

test('signs mark removed and added lines, below the names of both files', async () => {
  expect((await diff('a\nb\nc\nd\ne\n', 'a\nb\nX\nY\nd\ne\n')).split('\n')).toEqual([
    '--- workspace/02.ts',
    '+++ solutions/02.ts',
    '@@ -2,3 +2,4 @@',
    ' b',
    '-c',
    '+X',
    '+Y',
    ' d',
  ])
})

test('only the surroundings of a difference are shown', async () => {
  const page = await diff('1\n2\n3\n4\n5\n6\n7\n8\n9\n', '1\nx\n3\n4\n5\n6\n7\ny\n9\n')
  expect(page.match(/@@/g)).toHaveLength(4)
  expect(page).not.toContain(' 5')
})

test('equal answers are said to be equal, whatever their line ends', async () => {
  const same = 'workspace/02.ts and solutions/02.ts are the same.'
  expect(await diff('a\nb\n', 'a\nb\n')).toBe(same)
  expect(await diff('a\r\nb', 'a\nb\n')).toBe(same)
})

test('an empty file, and blank lines added or removed', async () => {
  expect(await diff('', 'a\n')).toContain('+a')
  const page = await diff('a\n\nb\n', 'a\nb\n')
  expect(page.split('\n').slice(3)).toEqual([' a', '-', ' b'])
})

test('in a changed line the changed words are underlined', async () => {
  const page = await diff('const a = 1\n', 'const a = 2\n', 60, colourful)
  expect(page).toContain('\x1b[31m-const a = \x1b[39m\x1b[4m\x1b[31m1\x1b[39m\x1b[24m')
  expect(page).toContain('\x1b[32m+const a = \x1b[39m\x1b[4m\x1b[32m2\x1b[39m\x1b[24m')
})

test('a completely different line is not picked apart', async () => {
  expect(await diff('redis.lpush(key)\n', 'throw new Error()\n', 60, colourful)).not.toContain('\x1b[4m')
})

test('escape sequences in a file are shown, not executed', async () => {
  const page = await diff('a\x1b[2J\n', 'b\n')
  expect(page).not.toContain('\x1b')
  expect(page).toContain('-a\\x1b[2J')
})

test.each([40, 60, 120])('no line is wider than %i columns', async (width) => {
  const long = `const value = await redis.xadd(${'argument, '.repeat(20)})`
  expect(widest(await diff(`${long}\n`, `${long} // more\n`, width, colourful))).toBeLessThanOrEqual(width)
})
