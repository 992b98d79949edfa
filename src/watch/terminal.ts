import type { ReadStream, WriteStream } from 'node:tty'
import { sentenceOf } from '../common/errors.ts'
import type { Recording } from '../recording/index.ts'
import { isPaste, type Palette, readKeystrokes } from '../terminal/index.ts'
import { beginKeys, clearScreen, endKeys } from '../terminal/screen-codes.ts'
import { suspend } from '../terminal/suspend.ts'
import type { Elsewhere } from './elsewhere.ts'
import { renderScreen } from './screen.ts'
import { type WatchOptions, WatchSession } from './session.ts'
import { actionOf, type WatchState } from './state.ts'

export interface WatchTerminalOptions extends Omit<WatchOptions, 'onState' | 'explore' | 'openEditor'> {
  readonly input: ReadStream
  readonly output: WriteStream
  readonly palette: Palette
  /** Runs the editor and lends it the terminal. */
  editor(file: string): Promise<void>
  /** Steps through a recording on the terminal. */
  explorer(recording: Recording): Promise<'quit' | 'interrupted'>
}

/**
 * The watch screen, until `q` or Ctrl-C. The terminal is restored afterward, however this ends. Resolves to the slug of
 * the lesson where the learner left it.
 */
export async function watchOnTerminal(options: WatchTerminalOptions): Promise<string> {
  const { input, output, palette, editor, explorer, elsewhere } = options
  let state: WatchState | undefined
  let drawing = false
  let again = false
  let lent = false

  const size = () => ({ width: output.columns || 80, height: output.rows || 24, palette })

  async function draw(): Promise<void> {
    if (drawing || lent || state === undefined) {
      again = true
      return
    }
    drawing = true
    do {
      again = false
      const screen = await renderScreen(state, size())
      if (!again && !lent) output.write(clearScreen + screen)
    } while (again && !lent)
    drawing = false
  }

  let session: WatchSession | undefined
  let isLeft = false
  /** A key's work is still going on. Keys pressed meanwhile were meant for a screen that's gone, so they're dropped. */
  let isBusy = false
  let opened = () => {}
  const opening = new Promise<void>((resolve) => {
    opened = resolve
  })
  const keystrokes = readKeystrokes()
  const onData = (data: Buffer) => {
    for (const key of keystrokes(data)) {
      if (key === '\u0003') {
        isLeft = true
        void session?.close() // Ctrl-C never waits for what is going on
      } else if (isPaste(key)) say('Paste your code into your editor. Each save is checked here.')
      else if (!isBusy) start(key)
    }
  }

  function start(key: string): void {
    const isForUs = actionOf(key) !== undefined || key === '\u001a' || session?.state.question !== undefined
    isBusy = isForUs
    press(key)
      .catch(complain)
      .finally(() => {
        if (isForUs) isBusy = false
      })
  }

  async function press(key: string): Promise<void> {
    await opening
    if (session === undefined) return
    session.look()
    if (key === '\u001a') return await lend(() => suspend(input))
    if (session.state.question !== undefined) return await session.answer(key.toLowerCase() === 'y')
    const action = actionOf(key)
    if (action !== undefined) await session.act(action)
  }

  function complain(error: unknown): void {
    const name = error instanceof Error ? error.name : ''
    if (name === 'InterruptedError' || name === 'ExitPromptError') void session?.close()
    else say(sentenceOf(error))
  }

  function say(notice: string): void {
    if (session !== undefined) session.say(notice)
    else if (state !== undefined) {
      state = { ...state, notice }
      void draw()
    }
  }

  async function lend<T>(run: () => Promise<T>): Promise<T> {
    await standAside()
    try {
      return await run()
    } finally {
      lent = false
      take()
      void draw()
    }
  }

  /** Leaves the screen to what comes next, without the keys, which would stay above it and no longer work. */
  async function standAside(): Promise<void> {
    lent = true // a redraw in progress must not come after us
    if (state !== undefined) {
      // Below it is room for a blank line and a prompt.
      const last = { ...size(), height: size().height - 2, isOver: true }
      output.write(`${clearScreen}${await renderScreen(state, last)}\n`)
    }
    release()
  }

  const onResize = () => void draw()
  function take(): void {
    input.setRawMode(true)
    input.resume()
    input.on('data', onData)
    output.on('resize', onResize)
    output.write(beginKeys)
  }
  function release(): void {
    input.off('data', onData)
    output.off('resize', onResize)
    input.pause()
    input.setRawMode(false)
    output.write(`${endKeys}\n`)
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
          const left = await explorer(recording)
          if (left === 'interrupted') void session?.close()
        }),
      openEditor: (file: string) => lend(() => editor(file)),
      ...(elsewhere !== undefined && { elsewhere: lending(elsewhere, lend) }),
    })
    opened()
    if (isLeft) void session.close()
    await session.finished
    return session.state.slug
  } finally {
    await standAside()
  }
}

function lending(there: Elsewhere, lend: <T>(run: () => Promise<T>) => Promise<T>): Elsewhere {
  return {
    pages: (...asked) => lend(() => there.pages(...asked)),
    go: (...asked) => lend(() => there.go(...asked)),
    pickLesson: (...asked) => lend(() => there.pickLesson(...asked)),
  }
}
