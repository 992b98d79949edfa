import type { ReadStream } from 'node:tty'
import { suspend } from '../terminal/suspend.ts'

/**
 * Drops the keys that are pressed while something runs. Otherwise the terminal would keep them for the next menu,
 * which would be gone before anyone has read the result. Ctrl-C still ends the program, and
 * Ctrl-Z stops it.
 */
export async function whileBusy<Result>(input: ReadStream, work: () => Promise<Result>): Promise<Result> {
  if (!input.isTTY) return await work()
  const drop = (data: Buffer | string) => {
    const keys = data.toString()
    if (keys.includes('\x03')) process.kill(process.pid, 'SIGINT')
    else if (keys.includes('\x1a')) void suspend(input)
  }
  input.setRawMode(true)
  input.resume()
  input.on('data', drop)
  try {
    return await work()
  } finally {
    input.off('data', drop)
    input.pause()
    input.setRawMode(false)
  }
}
