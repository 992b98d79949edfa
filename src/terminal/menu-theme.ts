import type { Palette } from './index.ts'

type Keys = readonly (readonly [key: string, action: string])[]

/**
 * What the menus of inquirer look like: with a remark if they have `hidden` entries, and in ASCII for a terminal that
 * can't show other symbols; inquirer looks only at TERM, not at the locale. No menu gets a check mark: after a wrong
 * answer to a question, it would look like praise.
 */
export function menuTheme({ unicode, paint }: Pick<Palette, 'unicode' | 'paint'>, hidden = 0) {
  const names: Readonly<Record<string, string>> = unicode
    ? {}
    : { '↑↓': 'up/down', '⏎': 'enter', '␣': 'space' }
  const more = hidden === 0 ? '' : `, ${hidden} more above or below`
  const style = {
    keysHelpTip: (keys: Keys) =>
      paint(keys.map(([key, action]) => `${names[key] ?? key} ${action}`).join(', ') + more, 'dim'),
  }
  const prefix = { idle: paint('?', 'blue'), done: paint('?', 'dim') }
  if (unicode) return { prefix, style }
  return {
    prefix,
    spinner: { interval: 80, frames: ['-', '\\', '|', '/'] },
    icon: {
      cursor: '>',
      checked: '[x]',
      unchecked: '[ ]',
      disabledChecked: '[x]',
      disabledUnchecked: '-',
    },
    style,
  }
}
