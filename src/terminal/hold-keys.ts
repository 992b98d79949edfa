import type { ReadStream } from 'node:tty'

interface Held {
  /** Leaves the terminal to another program, in the mode in which programs expect it. */
  lend<Result>(work: () => Promise<Result>): Promise<Result>
  release(): void
}

const CTRL_C = '\u0003'
const held = new WeakMap<object, Held>()

/**
 * Keeps the terminal in raw mode from the first screen to the last. Between two of them, one has turned it off already,
 * and the other, often a library's menu, hasn't turned it on yet: the terminal would echo an arrow key as `^[[A`. So
 * for a held terminal, turning raw mode off only begins such a moment, in which Ctrl-C ends the program and other keys
 * wait for the next screen.
 */
export function holdKeys(input: ReadStream): void {
  if (held.has(input)) return
  const setRawMode = input.setRawMode.bind(input)
  let isTaken = false
  let isLent = false
  let waiting: Buffer[] = []
  const onData = (data: Buffer | string) => {
    if (data.toString().includes(CTRL_C)) process.kill(process.pid, 'SIGINT')
    else waiting.push(Buffer.from(data))
  }
  const update = () => {
    input.off('data', onData)
    if (isTaken) handOver()
    if (isTaken || isLent) return
    input.on('data', onData)
    input.resume() // or no one would notice Ctrl-C
  }
  /** Puts the waiting keys back. The new screen reads them once it's ready and resumes the input. */
  const handOver = () => {
    if (waiting.length === 0) return
    input.pause()
    input.unshift(Buffer.concat(waiting))
    waiting = []
  }
  setRawMode(true)
  update()
  input.setRawMode = (mode) => {
    isTaken = mode
    update()
    return input
  }
  held.set(input, {
    async lend(work) {
      isLent = true
      update()
      input.pause()
      setRawMode(false)
      try {
        return await work()
      } finally {
        isLent = false
        setRawMode(true)
        update()
        if (isTaken) input.resume() // the screen that had lent it reads on
      }
    },
    release() {
      held.delete(input)
      input.off('data', onData)
      input.setRawMode = setRawMode
      input.pause()
      setRawMode(false)
    },
  })
}

/** Does work that needs the terminal as other programs expect it, whether or not it's held. */
export async function lendTerminal<Result>(input: object, work: () => Promise<Result>): Promise<Result> {
  const holder = held.get(input)
  return holder === undefined ? await work() : await holder.lend(work)
}

/** Gives the terminal back for good. */
export function releaseKeys(input: object): void {
  held.get(input)?.release()
}
