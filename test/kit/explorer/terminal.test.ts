import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { type ExplorerTerminal, exploreOnTerminal } from '../../../src/explorer/index.ts'
import { palette } from '../../../src/terminal/index.ts'
import { starterRun } from '../recording/starter.ts'

test('keys that arrive together with the one that leaves are for the next screen', async () => {
  const input = Object.assign(new PassThrough(), { setRawMode: () => {} })
  const output = new PassThrough().resume()
  const terminal = { input, output, palette: palette({ colours: false, unicode: true }) }
  const left = exploreOnTerminal(starterRun(), terminal as unknown as ExplorerTerminal)
  input.write('\x1b[D\x1bt\x1b[Cn')
  expect(await left).toBe('quit')
  expect(String(input.read())).toBe('t\x1b[Cn')
})
