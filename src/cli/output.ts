import { asciiSigns } from '../terminal/ascii.ts'

/** A stream as the program writes to it: text, and whether a person reads it. */
export interface Output {
  readonly isTTY: boolean
  /** Columns to fill: those of the terminal, but no more than can be read with ease. */
  readonly width: number
  readonly height: number
  readonly stream: NodeJS.WriteStream
  write(text: string): void
  /** Writes what a program or a file takes in, every character as it is. */
  writeData(text: string): void
  /** Resolves when everything is handed over, also where pipes are slow (Windows). */
  flush(): Promise<void>
}

const widest = 100

/**
 * `eventlings list | head -1` closes the pipe while we are still writing. That is no mistake: what comes after it is
 * dropped, and the command runs to its end, so that the exit code is still the right one.
 *
 * Without `unicode`, all of our signs become ASCII at the stream itself, because menus, pages, and prompts write there, too.
 */
export function outputOn(stream: NodeJS.WriteStream, unicode: boolean): Output {
  let open = true
  const writeAsIs = stream.write.bind(stream)
  if (!unicode) {
    // What else a caller gives, an encoding or a callback, goes along in `rest`.
    const write = (chunk: string | Uint8Array, ...rest: []) =>
      writeAsIs(typeof chunk === 'string' ? asciiSigns(chunk) : chunk, ...rest)
    stream.write = write
  }
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // EIO: the terminal was closed. Whatever else goes wrong here, there is nobody left to tell.
    open = false
    if (!['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'].includes(error.code ?? '')) process.exitCode = 3
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
