import type { ReadStream, WriteStream } from 'node:tty'
import { readKeystrokes } from '../terminal/keystrokes.ts'
import { type Key, keyOf } from './keys.ts'

/** The user pressed Ctrl-C while the program itself was listening for keys. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
}

export type TerminalEvent = Key | 'resize' | 'aborted'

/** Keys and resizes, in order; events that no one is waiting for are kept. Takes over the terminal until `stop`. */
export function terminalEvents(input: ReadStream, output: WriteStream, signal?: AbortSignal) {
  const waiting: TerminalEvent[] = []
  let wake = () => {}
  let interrupt: (error: InterruptedError) => void = () => {}
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = reject
  })
  // Code waits for it only while something is running.
  interrupted.catch(() => {})
  const push = (...events: readonly TerminalEvent[]) => {
    waiting.push(...events)
    wake()
  }
  const keystrokes = readKeystrokes()
  const onData = (data: Buffer | string) => {
    const keys = keystrokes(data).map(keyOf)
    if (keys.includes('interrupt')) interrupt(new InterruptedError('Ctrl-C'))
    push(...keys)
  }
  const onResize = () => push('resize')
  const onEnd = () => push('leave')
  const onAbort = () => push('aborted')
  const start = () => {
    input.setRawMode(true)
    input.resume()
    input.on('data', onData)
    input.on('end', onEnd)
    output.on('resize', onResize)
  }
  start()
  if (signal?.aborted === true) onAbort()
  signal?.addEventListener('abort', onAbort)
  return {
    interrupted,
    start,
    async next(): Promise<TerminalEvent> {
      for (;;) {
        const event = waiting.shift()
        if (event !== undefined) return event
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    /** Drops what was pressed until now. */
    drop(): void {
      const kept = waiting.filter((event) => event === 'aborted' || event === 'resize')
      waiting.splice(0, waiting.length, ...kept)
    },
    /** Leaves the terminal to others until `start`. */
    stop(): void {
      input.off('data', onData)
      input.off('end', onEnd)
      output.off('resize', onResize)
      input.pause()
      input.setRawMode(false)
    },
  }
}
