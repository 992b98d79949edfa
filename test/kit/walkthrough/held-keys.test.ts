import { PassThrough } from 'node:stream'
import type { ReadStream, WriteStream } from 'node:tty'
import { afterEach, expect, test, vi } from 'vitest'
import { lendTerminal, releaseKeys } from '../../../src/terminal/hold-keys.ts'
import { palette } from '../../../src/terminal/index.ts'
import { terminalUi } from '../../../src/walkthrough/terminal-ui.ts'

afterEach(() => vi.restoreAllMocks())

/** A terminal that remembers in which modes it was. */
class Keyboard extends PassThrough {
  readonly isTTY = true
  readonly modes: boolean[] = []
  setRawMode(mode: boolean) {
    this.modes.push(mode)
    return this
  }
}

async function open() {
  const keyboard = new Keyboard()
  // Inquirer ends its output, which does nothing to a process's own.
  const screen = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24, end: () => {} })
  let shown = ''
  screen.on('data', (chunk) => {
    shown += chunk
  })
  const ui = await terminalUi({
    input: keyboard as unknown as ReadStream,
    output: screen as unknown as WriteStream,
    palette: palette({ colours: false, unicode: true }),
  })
  return {
    ui,
    keyboard,
    /** Waits for something new on the screen. */
    until: async (text: string) => {
      await vi.waitFor(() => expect(shown).toContain(text), { timeout: 10_000 })
      shown = ''
    },
    type: (keys: string) => void keyboard.write(keys),
  }
}

test('the terminal stays in raw mode from one screen to the next, and the next one gets the keys in between', async () => {
  const { ui, keyboard, until, type } = await open()
  for (const again of [false, true]) {
    const chosen = ui.choose('Which one?', [
      { name: 'This', value: 'this', key: 'x' },
      { name: 'That', value: 'that' },
    ])
    await until('That')
    type(again ? 'x' : '\r')
    expect(await chosen).toBe('this')
    type('\u001b[A')
    await ui.busy(async () => {
      type('q')
      await new Promise(setImmediate)
    })
    const read = ui.read(async () => [{ text: 'a page' }])
    await until('a page')
    type('q')
    expect(await read).toBe('left')
    type('\u001b[A')
    await new Promise(setImmediate)
    type('n')
    await new Promise(setImmediate)
    expect(await ui.read(async () => [{ text: 'one more' }], { hasKeys: true })).toBe('next')
  }
  expect(keyboard.modes).not.toContain(false)
  releaseKeys(keyboard)
  expect(keyboard.modes.at(-1)).toBe(false)
  expect(keyboard.listenerCount('data')).toBeLessThanOrEqual(1) // inquirer's own goes with the next key
})

test('Ctrl-C between two screens ends the program', async () => {
  const { until, ui, type } = await open()
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true)
  const confirmed = ui.confirm('Sure?')
  await until('Sure?')
  type('n\r')
  await confirmed
  expect(kill).not.toHaveBeenCalled()
  type('\u0003')
  await vi.waitFor(() => expect(kill).toHaveBeenCalledWith(process.pid, 'SIGINT'))
})

test('an editor gets the terminal in the usual mode', async () => {
  const { keyboard } = await open()
  await lendTerminal(keyboard, async () => {
    expect(keyboard.modes.at(-1)).toBe(false)
    expect(keyboard.isPaused()).toBe(true)
  })
  expect(keyboard.modes.at(-1)).toBe(true)
  expect(keyboard.isPaused()).toBe(false)
})

test('a menu reads on when an editor that was opened beside it ends', async () => {
  const { keyboard, ui, until, type } = await open()
  const chosen = ui.choose('Which one?', [{ name: 'This', value: 'this' }])
  await until('This')
  await lendTerminal(keyboard, async () => {})
  type('\r')
  expect(await chosen).toBe('this')
})

test('Ctrl-Z stops the program beside a question, too', async () => {
  const { keyboard, until, ui, type } = await open()
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true)
  const confirmed = ui.confirm('Sure?')
  await until('Sure?')
  type('\u001a')
  await vi.waitFor(() => expect(kill).toHaveBeenCalledWith(0, 'SIGTSTP'))
  await vi.waitFor(() => expect(keyboard.modes.slice(-2)).toEqual([false, true]))
  type('y')
  expect(await confirmed).toBe(true)
})

test.each(['n', '\r', '\u001b', 'h'])('one key answers a question, and %j means no', async (key) => {
  const { until, ui, type } = await open()
  const confirmed = ui.confirm('Sure?')
  await until('Sure?')
  type(key)
  expect(await confirmed).toBe(false)
})

test('Ctrl-C in a question interrupts', async () => {
  const { until, ui, type } = await open()
  const confirmed = ui.confirm('Sure?')
  await until('Sure?')
  type('\u0003')
  await expect(confirmed).rejects.toThrow('Ctrl-C')
})
