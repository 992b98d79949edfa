import { createInterface, type Interface } from 'node:readline'
import { suspendBesideReadline } from '../terminal/suspend.ts'
import type { Console } from './console.ts'
import { readLines, saveLines } from './line-history.ts'

export interface TalkOptions {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
  /** Where earlier lines are kept. */
  readonly history: string
}

/** Line by line from a pipe: no prompt, no echo. */
export async function obeyLines(console: Console, input: NodeJS.ReadableStream): Promise<void> {
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if ((await console.run(line)) === 'leave') return
  }
}

/** The next key press. */
export function nextKey(input: NodeJS.ReadStream): Promise<void> {
  return new Promise((resolve) => input.once('data', () => resolve()))
}

/** Talks with a person until they leave. Ctrl-C ends what's running, or clears the line; Ctrl-D quits. */
export async function talk(console: Console, { input, output, history }: TalkOptions): Promise<void> {
  const lines = createInterface({
    input,
    output,
    terminal: true,
    history: readLines(history),
    historySize: 500,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
      const give = ([found, word]: readonly [readonly string[], string]) => done(null, [[...found], word])
      // A failed completion counts as none; the next command reports what's wrong.
      console.complete(line).then(give, () => give([[], line]))
    },
  })
  lines.on('history', (kept) => saveLines(history, kept))
  let isBusy = false
  const resumed = {
    resume() {
      lines.resume()
      if (!isBusy) lines.prompt(true)
    },
  }
  lines.on('SIGTSTP', () => suspendBesideReadline(input, resumed))
  lines.on('SIGINT', () => {
    if (isBusy) return console.interrupt()
    clearLine(lines)
    output.write('\n(Ctrl-D or .exit quits)\n')
    lines.prompt()
  })
  const typed = linesOf(lines, output)
  lines.on('close', () => {
    if (isBusy) console.interrupt()
  })
  try {
    for (;;) {
      const line = await typed.next(console.prompt)
      if (line === undefined) {
        output.write('\n')
        return
      }
      isBusy = true
      const then = await console.run(line)
      isBusy = false
      if (then === 'leave') return
      // The key that ended it was meant for that, even if it was Enter.
      if (/^\s*\.watch\b/.test(line) && !typed.isClosed) {
        typed.forget()
        clearLine(lines)
      }
    }
  } finally {
    lines.close()
  }
}

/** Lines as they come; those typed or pasted while something runs wait for their turn. */
function linesOf(lines: Interface, output: NodeJS.WriteStream) {
  const waiting: string[] = []
  let isClosed = false
  let wake = () => {}
  lines.on('line', (line) => {
    waiting.push(line)
    wake()
  })
  lines.on('close', () => {
    isClosed = true
    wake()
  })
  return {
    async next(prompt: string): Promise<string | undefined> {
      lines.setPrompt(prompt)
      const early = waiting.shift()
      if (early !== undefined) {
        // The line is above the output that came in the meantime, so it's shown again, next to its own output.
        if (early !== '') output.write(`${prompt}${early}\n`)
        return early
      }
      if (isClosed) return undefined
      lines.prompt()
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      return waiting.shift()
    },
    /** Drops the lines that no one has taken. */
    forget(): void {
      waiting.length = 0
    },
    get isClosed() {
      return isClosed
    },
  }
}

function clearLine(lines: Interface): void {
  lines.write(null, { ctrl: true, name: 'e' })
  lines.write(null, { ctrl: true, name: 'u' })
}
