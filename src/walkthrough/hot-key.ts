import type { ReadStream } from 'node:tty'
import { readKeystrokes } from '../terminal/keystrokes.ts'
import { suspendBesideReadline } from '../terminal/suspend.ts'
import type { LastFrame } from './last-frame.ts'
import type { Choice, Heading } from './ui.ts'

/**
 * Watches the keys beside a menu: the key of a choice chooses it at once. Esc is the same as `q`, as on pages. After
 * Ctrl-Z and `fg`, the menu is drawn again.
 */
export function hotKey<Value>(
  input: ReadStream,
  choices: readonly (Choice<Value> | Heading)[],
  menu: LastFrame,
) {
  const abort = new AbortController()
  let choice: Choice<Value> | undefined
  const keystrokes = readKeystrokes()
  const onData = (data: Buffer | string) => {
    for (const key of keystrokes(data)) {
      if (key === '\x1a' && suspendBesideReadline(input, resumed)) menu.hold()
      choice = choices.find(
        (one): one is Choice<Value> =>
          'name' in one && one.key !== undefined && one.key === (key === '\x1b' ? 'q' : key.toLowerCase()),
      )
      if (choice !== undefined) return abort.abort()
    }
  }
  const resumed = {
    resume() {
      input.resume()
      menu.redraw()
    },
  }
  // `node:readline` keeps listening between two menus, and it would stop the program before we can do so properly.
  input.prependListener('data', onData)
  return {
    signal: abort.signal,
    /** The chosen one; undefined if the menu ended in another way. */
    get choice() {
      return choice
    },
    stop: () => void input.off('data', onData),
  }
}
