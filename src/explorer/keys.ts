import { PASTED } from '../terminal/index.ts'
import { type Explorer, goTo, toCollision } from './model.ts'

/** Shown on the screen, in this order, as `label` if they have one; `?` says what each of them does. */
export const KEYS: readonly { readonly key: string; readonly label?: string; readonly does: string }[] = [
  {
    key: '←→',
    label: 'step',
    does: 'goes a step back or forward (Space, too); Home and End, to the first or the last',
  },
  { key: 'PgUp PgDn', does: 'goes ten steps back or forward' },
  { key: 'c', label: 'collision', does: 'goes to the next step that collided with another' },
  { key: 'w', label: 'whole', does: 'shows the whole command, its reply, and what it changed' },
  { key: 'jk', label: 'keys', does: 'scrolls the keys down or up' },
  { key: '/', label: 'key', does: 'shows only the keys that contain what you type; Esc shows all of them' },
  { key: 'm', label: 'model', does: "shows the model solution's run, and yours again" },
  { key: '?', label: 'help', does: 'shows this list' },
  { key: 'q', label: 'quit', does: 'leaves; so does Esc' },
]

const MANY = 10

/** What a key press makes of the screen: `\x1b[C` is the right arrow, as `keystrokes` writes it. */
export function press(explorer: Explorer, key: string): Explorer {
  if (key === '\x03' || key === '\x04') return { ...explorer, left: 'interrupted' }
  if (explorer.showsKeys) {
    const { showsKeys, ...below } = explorer
    return below
  }
  if (explorer.showsWhole) return pressedWhole(explorer, key)
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
    case 'w':
    case 'W': {
      const { scrolled: _, ...top } = explorer
      return { ...top, showsWhole: true }
    }
    case '/':
      return { ...explorer, typing: '' }
    case '?':
      return { ...explorer, showsKeys: true }
    case '\x1b':
      return explorer.filter === '' ? { ...explorer, left: 'quit' } : { ...explorer, filter: '' }
    case 'q':
    case 'Q':
      return { ...explorer, left: 'quit' }
    default:
      return explorer
  }
}

/** The arrows step and `jk` scrolls; any other key goes back. */
function pressedWhole(explorer: Explorer, key: string): Explorer {
  if (key === '\x1b[C' || key === '\x1b[D') return pressed(explorer, key)
  if (key === 'j' || key === 'k') {
    const { scrolled = 0 } = pressed(explorer, key)
    return { ...explorer, scrolled: Math.max(0, scrolled) }
  }
  const { showsWhole, scrolled, ...below } = explorer
  return below
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
