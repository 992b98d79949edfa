import type { Palette, Style } from './palette.ts'
import { type Line, lineWidth, span, textOf } from './text.ts'
import { wrap } from './wrap.ts'

type Keys = readonly (readonly [key: string, action: string])[]

/** What answers every yes-or-no question. */
const ONE_KEY = 'y = yes, any other key = no'

/**
 * A yes-or-no question, wrapped at words. If it doesn't fit on one line, the keys get a line of their own. The answer
 * fits after them.
 */
export function yesOrNo(question: Line, width: number, ...styles: readonly Style[]): readonly Line[] {
  const keys = span(ONE_KEY, ...styles)
  const whole = [...question, span(' '), keys]
  const room = width - ' Yes'.length
  if (lineWidth(whole) <= room) return [whole]
  return [...wrap(question, { width }), ...wrap([keys], { width: room })]
}

/** A text of a menu, after `indent` columns, wrapped at words: inquirer would break it anywhere. */
export function inMenu(text: string, columns: number, indent: number): string {
  return wrap(text, { width: columns - 1 - indent })
    .map(textOf)
    .join(`\n${' '.repeat(indent)}`)
}

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
