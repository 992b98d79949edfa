import { expect, test } from 'vitest'
import { palette, style } from '../../../src/terminal/index.ts'
import { menuTheme } from '../../../src/terminal/menu-theme.ts'

test('a menu is plain ASCII where nothing else can be shown, and keeps its own signs elsewhere', () => {
  const theme = menuTheme(palette({ colours: false, unicode: false }))
  const tip = theme.style?.keysHelpTip([
    ['↑↓', 'navigate'],
    ['⏎', 'select'],
  ])
  expect(tip).toBe('up/down navigate, enter select')
  expect(JSON.stringify(theme)).toMatch(/^[ -~]*$/)
  expect(menuTheme(palette({ colours: true, unicode: true }))).toEqual({})
})

test.each([{ LC_ALL: 'C' }, { TERM: 'dumb', LANG: 'en_US.UTF-8' }])('%j has no Unicode', (env) => {
  expect(style(env, { isTTY: true }).unicode).toBe(false)
})
