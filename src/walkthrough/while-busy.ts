import type { ReadStream } from 'node:tty'

/**
 * Drops the keys that are pressed while something runs. Otherwise the terminal would keep them for the next menu,
 * which would be gone before anyone has read the result. Ctrl-C still ends the program.
 */
export async function whileBusy<Result>(input: ReadStream, work: () => Promise<Result>): Promise<Result> {
  if (!input.isTTY) return await work()
  const drop = (data: Buffer | string) => {
    if (data.toString().includes('\x03')) process.kill(process.pid, 'SIGINT')
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
