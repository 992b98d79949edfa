import type { Palette } from './index.ts'

/**
 * The signs of inquirer's menus in ASCII, for a terminal that can't show others; inquirer looks only at TERM, not at
 * the locale.
 */
export function menuTheme({ unicode, paint }: Pick<Palette, 'unicode' | 'paint'>) {
  if (unicode) return {}
  const names: Readonly<Record<string, string>> = { '↑↓': 'up/down', '⏎': 'enter', '␣': 'space' }
  return {
    prefix: { idle: paint('?', 'blue'), done: paint('+', 'green') },
    spinner: { interval: 80, frames: ['-', '\\', '|', '/'] },
    icon: {
      cursor: '>',
      checked: '[x]',
      unchecked: '[ ]',
      disabledChecked: '[x]',
      disabledUnchecked: '-',
    },
    style: {
      keysHelpTip: (keys: readonly (readonly [key: string, action: string])[]) =>
        keys.map(([key, action]) => `${names[key] ?? key} ${action}`).join(', '),
    },
  }
}
