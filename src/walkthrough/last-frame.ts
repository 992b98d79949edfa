import type { WriteStream } from 'node:tty'
import { leavePastes, markPastes } from '../terminal/screen-codes.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are terminal escape codes
const ERASING = /^(?:\x1b\[\d*[ABGK])+/

export interface LastFrame {
  /** For the menu. */
  readonly output: WriteStream
  /** The terminal marks pasted text from here to `end`. */
  begin(): void
  end(): void
  /** Keeps what the menu draws until `redraw`: it would erase lines that the shell has printed. */
  hold(): void
  /** Draws the menu again, below what the shell has printed. A menu itself draws only what a key changes. */
  redraw(): void
}

/** Remembers what a menu last drew. */
export function lastFrame(terminal: WriteStream): LastFrame {
  let frame = ''
  let isHeld = false
  const write = (chunk: string | Uint8Array, ...rest: readonly never[]) => {
    const drawn = chunk.toString().replace(ERASING, '')
    if (drawn !== '') frame = drawn
    return isHeld || terminal.write(chunk, ...rest)
  }
  const output = new Proxy(terminal, {
    get(target, name) {
      if (name === 'write') return write
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return {
    output,
    begin: () => void terminal.write(markPastes),
    end: () => void terminal.write(leavePastes),
    hold() {
      isHeld = true
      terminal.write(leavePastes)
    },
    redraw() {
      isHeld = false
      terminal.write(markPastes + frame)
    },
  }
}
