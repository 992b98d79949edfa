import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { need } from '../need.ts'
import { openTerminal, type Terminal } from '../tmux.ts'
import { ended, newHome, startProgram } from './program.ts'

const inTerminal = need('tmux')

test('piped input is answered without a prompt, and the exit code reports errors', async () => {
  const env = { EVENTLINGS_HOME: await newHome(), EVENTLINGS_REDIS: 'embedded' }
  const pipe = (text: string) => {
    const child = startProgram(['console'], { env })
    child.stdin?.end(text)
    return ended(child)
  }
  expect(await pipe('SET a 1\nGET a\n1 + 1\n')).toEqual({ code: 0, stdout: 'OK\n"1"\n2\n', stderr: '' })
  expect(await pipe('LPUSH\n.exit\nPING\n')).toMatchObject({
    code: 1,
    stdout: expect.not.stringContaining('PONG'),
  })
})

inTerminal.describe('the console in a terminal', () => {
  let home: string
  let terminal: Terminal
  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'eventlings-home-'))
    const env = { EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'embedded' }
    terminal = openTerminal('node src/cli/eventlings.mjs console 05 --solution', { env, columns: 60 })
    await terminal.until(/^05>$/m)
  })
  afterEach(async () => {
    terminal.close()
    await rm(home, { recursive: true, force: true, maxRetries: 10 })
  })

  inTerminal.test(
    'Ctrl-C clears the line, stops a blocking command, and never quits; Ctrl-D quits',
    async () => {
      const { press, until } = terminal
      press('SET half', 'C-c')
      await until(/Ctrl-D or .exit quits/)
      press('BLPOP nothing 0', 'Enter')
      await until(/05> BLPOP nothing 0\n\n/)
      press('C-c')
      await until(/Stopped/)
      press('PING', 'Enter')
      await until(/PONG/)
      press('C-d')
      await until(/\[ended 0\]/)
      const kept = await readFile(path.join(home, '.eventlings', 'console-history'), 'utf8')
      expect(kept).toBe('BLPOP nothing 0\nPING\n')
    },
  )

  inTerminal.test('.watch shows new entries until a key is pressed', async () => {
    const { press, until } = terminal
    press('setInterval(() => redis.xadd("live", "*", "n", "1"), 50)', 'Enter')
    await until(/Timeout/)
    press('.watch live', 'Enter')
    await until(/^live \d+-0 {2}n=1$/m)
    press('x')
    await until(/n=1\n05>\n/)
    press('PING', 'Enter')
    await until(/05> PING\nPONG/)
  })
})
