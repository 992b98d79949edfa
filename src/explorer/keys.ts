import { PASTED } from '../terminal/index.ts'
import { type Explorer, goTo, toCollision } from './model.ts'

/** Shown on the screen, in this order. */
export const KEYS: readonly { readonly key: string; readonly label: string }[] = [
  { key: '←→ Home End', label: 'step' },
  { key: 'PgUp PgDn', label: 'by 10' },
  { key: 'c', label: 'collision' },
  { key: 'jk', label: 'keys' },
  { key: '/', label: 'key' },
  { key: 'm', label: 'model' },
  { key: 'q', label: 'quit' },
]

const MANY = 10

/** What a key press makes of the screen: `\x1b[C` is the right arrow, as `keystrokes` writes it. */
export function press(explorer: Explorer, key: string): Explorer {
  if (key === '\x03' || key === '\x04') return { ...explorer, left: 'interrupted' }
  return explorer.typing === undefined ? pressed(explorer, key) : typed(explorer, explorer.typing, key)
}

function pressed(explorer: Explorer, key: string): Explorer {
  const { at, recording, scrolled = 0 } = explorer
  switch (key) {
    case '\x1b[C':
    case '\x1b[B':
    case ' ':
    case '\r':
      return goTo(explorer, at + 1)
    case '\x1b[D':
    case '\x1b[A':
    case '\x7f':
      return goTo(explorer, at - 1)
    case '\x1b[6~':
      return goTo(explorer, at + MANY)
    case '\x1b[5~':
      return goTo(explorer, at - MANY)
    case '\x1b[H':
    case '\x1b[1~':
    case '\x1b[7~':
    case 'g':
      return goTo(explorer, 0)
    case '\x1b[F':
    case '\x1b[4~':
    case '\x1b[8~':
    case 'G':
      return goTo(explorer, recording.steps.length)
    case 'j':
      return { ...explorer, scrolled: scrolled + 1 }
    case 'k':
      return { ...explorer, scrolled: scrolled - 1 }
    case 'c':
    case 'C':
      return toCollision(explorer)
    case 'm':
    case 'M':
      return { ...explorer, asksForModel: true }
    case '/':
      return { ...explorer, typing: '' }
    case '\x1b':
      return explorer.filter === '' ? { ...explorer, left: 'quit' } : { ...explorer, filter: '' }
    case 'q':
    case 'Q':
      return { ...explorer, left: 'quit' }
    default:
      return explorer
  }
}

/** Letters of a filter; it applies as you type. */
function typed(explorer: Explorer, text: string, key: string): Explorer {
  const { typing, scrolled, ...rest } = explorer
  if (key === '\r') return rest
  if (key === '\x1b') return { ...rest, filter: '' }
  if (key === '\x7f' || key === '\b') return withFilter(rest, [...text].slice(0, -1).join(''))
  const [added = ''] = key.replace(PASTED, '').split(/[\r\n]/) // of a paste, the first line
  return /\p{Cc}/u.test(added) ? explorer : withFilter(rest, text + added)
}

function withFilter(explorer: Explorer, filter: string): Explorer {
  return { ...explorer, typing: filter, filter }
}
