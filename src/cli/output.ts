import { Exit } from '../common/exit.ts'
import { asciiSymbols } from '../terminal/ascii.ts'

/** A stream as the program writes to it: text, and whether a person reads it. */
export interface Output {
  readonly isTTY: boolean
  /** Columns to fill: the terminal's, but no more than are easy to read. */
  readonly width: number
  readonly height: number
  readonly stream: NodeJS.WriteStream
  write(text: string): void
  /** Writes data for a program or a file, every character unchanged. */
  writeData(text: string): void
  /** Resolves when everything has been written, even where pipes are slow (Windows). */
  flush(): Promise<void>
}

const widest = 100

/**
 * `eventlings list | head -1` closes the pipe while we're still writing. That isn't an error: later output is
 * dropped, and the command runs to its end, so that the exit code is still right. Without `unicode`, all our symbols
 * become ASCII at the stream itself, because menus, pages and prompts write there, too.
 */
export function outputOn(stream: NodeJS.WriteStream, unicode: boolean): Output {
  let open = true
  const writeAsIs = stream.write.bind(stream)
  if (!unicode) {
    // Other arguments of a caller, an encoding or a callback, are passed on in `rest`.
    const write = (chunk: string | Uint8Array, ...rest: []) =>
      writeAsIs(typeof chunk === 'string' ? asciiSymbols(chunk) : chunk, ...rest)
    stream.write = write
  }
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // EIO: the terminal was closed. Whatever else goes wrong here, no one is left to read about it.
    open = false
    if (!['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'].includes(error.code ?? '')) process.exitCode = Exit.machine
  })
  return {
    isTTY: stream.isTTY === true,
    get width() {
      return Math.min(widest, stream.columns || 80)
    },
    get height() {
      return stream.rows || 24
    },
    stream,
    write(text) {
      if (open) stream.write(text)
    },
    writeData(text) {
      if (open) writeAsIs(text)
    },
    flush: () =>
      new Promise((resolve) => {
        if (open) stream.write('', () => resolve())
        else resolve()
      }),
  }
}
