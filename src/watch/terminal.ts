import type { ReadStream, WriteStream } from 'node:tty'
import { keystrokes, type Palette } from '../terminal/index.ts'
import { clearScreen, hideCursor, showCursor } from '../terminal/screen-codes.ts'
import { renderScreen } from './screen.ts'
import { type WatchOptions, WatchSession } from './session.ts'
import { actionOf, type WatchState } from './state.ts'

export interface WatchTerminalOptions extends Omit<WatchOptions, 'onState' | 'explore' | 'openEditor'> {
  readonly input: ReadStream
  readonly output: WriteStream
  readonly palette: Palette
  /** Runs the editor and lends it the terminal. */
  editor?(file: string): Promise<void>
}

/** The watch screen, until `q` or Ctrl-C. The terminal is restored afterwards, however this ends. */
export async function watchOnTerminal(options: WatchTerminalOptions): Promise<void> {
  const { input, output, palette, editor } = options
  let state: WatchState | undefined
  let drawing = false
  let again = false
  let lent = false

  async function draw(): Promise<void> {
    if (drawing || lent || state === undefined) {
      again = true
      return
    }
    drawing = true
    do {
      again = false
      const screen = await renderScreen(state, { width: output.columns || 80, palette })
      if (!again && !lent) output.write(clearScreen + screen)
    } while (again && !lent)
    drawing = false
  }

  let session: WatchSession | undefined
  let isLeft = false

  /**
   * Handles one key after the other: a key pressed before everything is ready, or while a result is on its way,
   * waits.
   */
  let opened = () => {}
  let line = new Promise<void>((resolve) => {
    opened = resolve
  })
  const onData = (data: Buffer) => {
    for (const key of keystrokes(data.toString('utf8'))) {
      if (key === '\u0003') {
        isLeft = true
        session?.close() // Ctrl-C never waits
      } else line = line.then(() => press(key)).catch(complain)
    }
  }

  async function press(key: string): Promise<void> {
    if (session === undefined) return
    session.look()
    if (session.state.question !== undefined) return await session.answer(key.toLowerCase() === 'y')
    const action = actionOf(key)
    if (action !== undefined) await session.act(action)
  }

  function complain(error: unknown): void {
    if (state === undefined) return
    state = { ...state, notice: error instanceof Error ? error.message : String(error) }
    void draw()
  }

  async function lend(run: () => Promise<void>): Promise<void> {
    lent = true
    release()
    try {
      await run()
    } finally {
      lent = false
      take()
    }
  }

  const onResize = () => void draw()
  function take(): void {
    input.setRawMode(true)
    input.resume()
    input.on('data', onData)
    output.on('resize', onResize)
    output.write(hideCursor)
  }
  function release(): void {
    input.off('data', onData)
    output.off('resize', onResize)
    input.setRawMode(false)
    input.pause()
    output.write(showCursor)
  }

  take() // before anything is drawn, because anyone who sees the screen may press a key
  try {
    session = await WatchSession.open({
      ...options,
      onState(next) {
        state = next
        void draw()
      },
      explore: (recording) =>
        lend(async () => {
          const { exploreOnTerminal } = await import('../explorer/index.ts')
          const left = await exploreOnTerminal(recording, { input, output, palette })
          if (left === 'interrupted') session?.close()
        }),
      ...(editor !== undefined && { openEditor: (file: string) => lend(() => editor(file)) }),
    })
    opened()
    if (isLeft) session.close()
    await session.finished
  } finally {
    lent = true // a redraw in progress must not come after us
    release()
    output.write('\n')
  }
}
