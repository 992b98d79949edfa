import type { ReadStream, WriteStream } from 'node:tty'
import { InterruptedError } from './interrupted.ts'
import { type Key, keysIn } from './keys.ts'

/** Keys and resizes, in order; events that no one is waiting for are kept. Takes over the terminal until `stop`. */
export function terminalEvents(input: ReadStream, output: WriteStream) {
  const waiting: (Key | 'resize')[] = []
  let wake = () => {}
  let interrupt: (error: InterruptedError) => void = () => {}
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = reject
  })
  // Code waits for it only while something is running.
  interrupted.catch(() => {})
  const push = (...events: readonly (Key | 'resize')[]) => {
    waiting.push(...events)
    wake()
  }
  const onData = (data: Buffer | string) => {
    const keys = keysIn(data.toString())
    if (keys.includes('interrupt')) interrupt(new InterruptedError('Ctrl-C'))
    push(...keys)
  }
  const onResize = () => push('resize')
  const onEnd = () => push('leave')
  const wasRaw = input.isRaw
  const start = () => {
    input.setRawMode(true)
    input.resume()
    input.on('data', onData)
    input.on('end', onEnd)
    output.on('resize', onResize)
  }
  start()
  return {
    interrupted,
    start,
    async next(): Promise<Key | 'resize'> {
      for (;;) {
        const event = waiting.shift()
        if (event !== undefined) return event
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    /** Leaves the terminal to others until `start`. */
    stop(): void {
      input.off('data', onData)
      input.off('end', onEnd)
      output.off('resize', onResize)
      input.setRawMode(wasRaw)
      input.pause()
    },
  }
}
