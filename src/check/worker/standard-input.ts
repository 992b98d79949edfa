import type { Readable } from 'node:stream'

/** Bound before an answer is loaded: after that, an exit is reported as the answer's. */
const exit = process.exit.bind(process)

/** The lines of a stream, one at a time; ends this process when the other side goes away before the next line. */
export function lines(input: Readable): { next(): Promise<string> } {
  const chunks = input[Symbol.asyncIterator]()
  let text = ''
  return {
    async next() {
      for (;;) {
        const end = text.indexOf('\n')
        if (end !== -1) {
          const line = text.slice(0, end)
          text = text.slice(end + 1)
          return line
        }
        const { done, value } = await chunks.next()
        if (done === true) exit(0)
        text += value
      }
    },
  }
}
