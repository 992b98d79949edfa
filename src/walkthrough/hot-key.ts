import { PassThrough } from 'node:stream'
import type { ReadStream } from 'node:tty'
import { isPaste, readKeystrokes } from '../terminal/keystrokes.ts'
import { CAN_SUSPEND, suspend } from '../terminal/suspend.ts'
import type { LastFrame } from './last-frame.ts'
import type { Choice, Heading } from './ui.ts'

/**
 * Reads the keys of a menu: the key of a choice chooses it at once. Esc is the same as `q`, as on pages. After Ctrl-Z
 * and `fg`, the menu is drawn again. The other keys are for the menu, but no pasted text, because a line break in it
 * would choose.
 */
export function hotKey<Value>(
  input: ReadStream,
  choices: readonly (Choice<Value> | Heading)[],
  menu: LastFrame,
) {
  const abort = new AbortController()
  let choice: Choice<Value> | undefined
  const keystrokes = readKeystrokes()
  const others = new PassThrough()
  const onData = (data: Buffer | string) => {
    for (const key of keystrokes(data)) {
      if (isPaste(key)) continue
      if (key === '\x1a') {
        if (CAN_SUSPEND) void whileHeld(menu, () => suspend(input))
        continue
      }
      choice = choices.find(
        (one): one is Choice<Value> =>
          'name' in one && one.key !== undefined && one.key === (key === '\x1b' ? 'q' : key.toLowerCase()),
      )
      if (choice !== undefined) return abort.abort()
      others.write(key)
    }
  }
  const onEnd = () => others.end()
  input.on('data', onData)
  input.on('end', onEnd)
  menu.begin()
  return {
    signal: abort.signal,
    /** What the menu reads, as if it were the terminal. */
    keys: Object.assign(others, {
      setRawMode(mode: boolean) {
        if (!mode) input.pause()
        input.setRawMode(mode)
        if (mode) input.resume()
      },
    }),
    /** The chosen one; undefined if the menu ended in another way. */
    get choice() {
      return choice
    },
    stop() {
      input.off('data', onData)
      input.off('end', onEnd)
      menu.end()
    },
  }
}

async function whileHeld(menu: LastFrame, work: () => Promise<void>): Promise<void> {
  menu.hold()
  await work()
  menu.redraw()
}
