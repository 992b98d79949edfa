import { PassThrough } from 'node:stream'
import { afterEach, expect, test, vi } from 'vitest'
import { type ExplorerTerminal, exploreOnTerminal } from '../../../src/explorer/index.ts'
import { palette } from '../../../src/terminal/index.ts'
import { clearScreen, leaveScreen } from '../../../src/terminal/screen-codes.ts'
import { starterRun } from '../recording/starter.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

test('keys that arrive together with the one that leaves are for the next screen', async () => {
  const input = Object.assign(new PassThrough(), { setRawMode: () => {} })
  const output = new PassThrough().resume()
  const terminal = { input, output, palette: palette({ colours: false, unicode: true }) }
  const left = exploreOnTerminal(starterRun(), terminal as unknown as ExplorerTerminal)
  input.write('\x1b[D\x1bt\x1b[Cn')
  expect(await left).toBe('quit')
  expect(String(input.read())).toBe('t\x1b[Cn')
})

test('Ctrl-Z gives the terminal back, and fg draws the same step again', async () => {
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true)
  const modes: boolean[] = []
  const input = Object.assign(new PassThrough(), { setRawMode: (mode: boolean) => modes.push(mode) })
  const output = new PassThrough()
  let shown = ''
  output.on('data', (data: Buffer) => {
    shown += data.toString()
  })
  const terminal = { input, output, palette: palette({ colours: false, unicode: true }) }
  const left = exploreOnTerminal(starterRun(), terminal as unknown as ExplorerTerminal)
  input.write('\x1b[D\x1a')
  await vi.waitFor(() => expect(kill).toHaveBeenCalledWith(0, 'SIGTSTP'))
  expect(modes.slice(0, 2)).toEqual([true, false])
  await vi.waitFor(() => expect(modes).toEqual([true, false, true]))
  await vi.waitFor(() =>
    expect(shown.split(leaveScreen)[1]?.split(clearScreen).at(-1)).toContain('step 3 of 4'),
  )
  input.write('q')
  expect(await left).toBe('quit')
  expect(modes.at(-1)).toBe(false)
})
