import { expect, test } from 'vitest'
import { palette, span, style } from '../../../src/terminal/index.ts'
import { menuTheme, yesOrNo } from '../../../src/terminal/menu-theme.ts'

test('a menu is plain ASCII where nothing else can be shown, and keeps its own signs elsewhere', () => {
  const theme = menuTheme(palette({ colours: false, unicode: false }))
  const tip = theme.style?.keysHelpTip([
    ['↑↓', 'navigate'],
    ['⏎', 'select'],
  ])
  expect(tip).toBe('up/down navigate, enter select')
  expect(JSON.stringify(theme)).toMatch(/^[ -~]*$/)
  expect(JSON.stringify(menuTheme(palette({ colours: false, unicode: true })))).not.toContain('icon')
})

test('a menu says how much of it is hidden, and has no check mark after an answer', () => {
  const theme = menuTheme(palette({ colours: false, unicode: true }), 6)
  expect(theme.style.keysHelpTip([['↑↓', 'navigate']])).toBe('↑↓ navigate, 6 more above or below')
  expect(theme.prefix.done).toBe('?')
})

test('what the keys of a question mean is never broken', () => {
  const lines = (width: number) =>
    yesOrNo([span('? '), span('Show the solution?')], width).map((line) =>
      line.map(({ text }) => text).join(''),
    )
  expect(lines(80)).toEqual(['? Show the solution? y = yes, any other key = no'])
  expect(lines(52), 'the answer fits after it').toHaveLength(1)
  expect(lines(51)).toEqual(['? Show the solution?', 'y = yes, any other key = no'])
  expect(lines(30)).toEqual(['? Show the solution?', 'y = yes, any other key =', 'no'])
})

test.each([{ LC_ALL: 'C' }, { TERM: 'dumb', LANG: 'en_US.UTF-8' }])('%j has no Unicode', (env) => {
  expect(style(env, { isTTY: true }).unicode).toBe(false)
})
