import type { ReadStream, WriteStream } from 'node:tty'
import type { Recording } from '../recording/index.ts'
import { isPaste, type Palette, paintLines, readKeystrokes } from '../terminal/index.ts'
import { beginKeys, clearScreen, endKeys, enterScreen, leaveScreen } from '../terminal/screen-codes.ts'
import { suspend } from '../terminal/suspend.ts'
import { bothRuns, scrolledOnScreen } from './both-runs.ts'
import type { EntityStates } from './entity-state.ts'
import { press } from './keys.ts'
import { openExplorer } from './model.ts'
import { Comparison, type ModelRun } from './model-run.ts'

export interface ExplorerTerminal {
  readonly input: ReadStream
  readonly output: WriteStream
  readonly palette: Palette
}

export interface ExploreOptions {
  readonly states?: EntityStates | undefined
  /** For the key `m`. */
  readonly model?: ModelRun | undefined
}

/**
 * Steps through a recording on a screen of its own, until `q` or Ctrl-C; then the terminal is as it was before. Resolves
 * with which of the two it was.
 */
export async function exploreOnTerminal(
  recording: Recording,
  terminal: ExplorerTerminal,
  { states, model }: ExploreOptions = {},
): Promise<'quit' | 'interrupted'> {
  const { input, output, palette } = terminal
  let explorer = openExplorer(recording, states)
  const comparison = new Comparison(model, states)
  const draw = () => {
    const size = { width: output.columns || 80, height: output.rows || 24, palette }
    explorer = scrolledOnScreen(explorer, comparison.other, size)
    output.write(clearScreen + paintLines(bothRuns(explorer, comparison.other, size), palette))
  }
  let isComparing = false
  let hasLeft = false
  /** By Ctrl-Z: the terminal is the shell's. */
  let isStopped = false
  /** What a slow machine, or a slow line, delivered together with the key that left. The next screen reads it. */
  let typedAhead = ''
  let leave: (how: 'quit' | 'interrupted') => void = () => {}
  const left = new Promise<'quit' | 'interrupted'>((resolve) => {
    leave = resolve
  })
  const onEnd = () => leave('interrupted')
  const keystrokes = readKeystrokes()
  const onData = (data: Buffer) => {
    const keys = keystrokes(data)
    for (const [index, key] of keys.entries()) {
      if (key === '\x1a') return void stop()
      explorer = press(explorer, key)
      if (explorer.left !== undefined) {
        typedAhead = keys
          .slice(index + 1)
          .filter((one) => !isPaste(one))
          .join('')
        return leave(explorer.left)
      }
      if (explorer.asksForModel) void compare()
    }
    draw()
  }
  /** Other keys work meanwhile. */
  const compare = async () => {
    const { asksForModel, ...asking } = explorer
    explorer = asking
    if (comparison.other === undefined) {
      explorer = { ...asking, notice: 'Running the same test with the model solution …' }
      draw()
    }
    if (isComparing) return
    isComparing = true
    explorer = await comparison.switched(() => explorer)
    isComparing = false
    if (!hasLeft && !isStopped) draw()
  }
  const take = () => {
    input.setRawMode(true)
    input.resume()
    input.on('data', onData)
    output.on('resize', draw)
    output.write(enterScreen + beginKeys)
    draw()
  }
  const release = () => {
    input.off('data', onData)
    output.off('resize', draw)
    input.pause()
    if (typedAhead !== '') input.unshift(Buffer.from(typedAhead))
    input.setRawMode(false)
    output.write(endKeys + leaveScreen)
  }
  /** For Ctrl-Z, until `fg`. */
  const stop = async () => {
    isStopped = true
    release()
    await suspend(input)
    isStopped = false
    if (!hasLeft) take()
  }
  input.on('end', onEnd)
  try {
    take()
    return await left
  } finally {
    hasLeft = true
    input.off('end', onEnd)
    if (!isStopped) release()
  }
}
