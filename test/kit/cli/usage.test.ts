import { describe, expect, test } from 'vitest'
import { ended, newHome, programAt, runProgram, startProgram } from './program.ts'

describe('help', () => {
  test('names every command, with examples and exit codes', async () => {
    const { code, stdout, stderr } = await runProgram(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const command of ['list', 'start', 'read', 'check', 'watch', 'hint', 'solution', 'diff', 'reset']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'))
    }
    for (const command of ['progress', 'doctor', 'tour', 'dev']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'))
    }
    expect(stdout).toContain('npx eventlings start 01')
    expect(stdout).toContain(
      'Exit codes: 0 passed, 1 not passed, 2 wrong use, 3 the machine lacks something.',
    )
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  })

  test.each([
    [['check', '--help'], '--file <path>'],
    [['help', 'check'], '--file <path>'],
    [['progress', 'export', '--help'], 'npx eventlings progress export mine.jsonl'],
    [['dev', '--help'], 'new <slug>'],
  ])('%j', async (args, part) => {
    const { code, stdout } = await runProgram(args)
    expect(code).toBe(0)
    expect(stdout).toContain('Examples:')
    expect(stdout).toContain(part)
  })

  test('--version is that of the package', async () => {
    expect((await runProgram(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

test('without a command and without a terminal: how it stands, and what leads on', async () => {
  const { code, stdout, stderr } = await programAt(await newHome())()
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/01 Events +\d+ min {2}○ new/)
  expect(stdout).toContain('npx eventlings start 01')
})

describe('wrong use ends with 2 and a sentence, and never with a stack', () => {
  test.each([
    [['lst'], 'There is no command "lst". Did you mean "list"?'],
    [['progress', 'exprt'], 'There is no command "progress exprt". Did you mean "progress export"?'],
    [['frobnicate'], 'There is no command "frobnicate". "npx eventlings --help" shows them all.'],
    [['check', '--jsn'], "Unknown option '--jsn'. Did you mean --json?"],
    [['check', '01', '02'], 'Too many arguments'],
    [['reset'], "Missing required argument 'lesson'"],
    [['check', '99'], 'There is no lesson "99".'],
    [['check', 'evnts'], 'Did you mean 01-events?'],
    [['check', '01', '--redis', 'mysql'], `"mysql" isn't a source of Redis.`],
    [['check', '01', '--solution', '--starter'], 'Name one of --solution, --starter and --file'],
    [['check', '01', '--file', 'nowhere.ts'], 'There is no file nowhere.ts.'],
    [['check', '01'], 'Begin with: npx eventlings start 01'],
    [['check'], 'Which lesson?'],
    [['hint', '01', '--task', 'two'], '--task takes a number from 1; "two" is none.'],
    [['hint', '01', '--task', '9'], 'Lesson 01 has no task 9. It has 1 createEvent'],
    [['tour'], 'npx eventlings tour --auto'],
    [['tour', '--auto', '--track', 'nonsense'], 'There is no track "nonsense".'],
    [['dev'], 'npx eventlings dev check'],
    [['class', 'simulate', '--redis', 'redis://127.0.0.1:1'], 'always starts a Redis of its own'],
    [['progress', 'import', 'nowhere.jsonl'], 'there is no such file'],
    [['progress', 'export', 'mine.jsonl'], 'There is no progress yet'],
    [['read', '01', '--pages'], 'npx eventlings read 01'],
  ])('%j', async (args, sentence) => {
    const { code, stdout, stderr } = await programAt(await newHome())(...args)
    expect(stderr).toContain(sentence)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

describe('a machine that lacks something ends with 3', () => {
  test('nothing listens at the address of Redis', async () => {
    const home = await newHome()
    const { code, stderr } = await programAt(home)(
      'check',
      '01',
      '--solution',
      '--redis',
      'redis://127.0.0.1:1',
    )
    expect(code).toBe(3)
    expect(stderr).toContain('Nothing listens at 127.0.0.1:1.')
  })

  test('redis-server was asked for and is not installed', async () => {
    const { code, stderr } = await runProgram(['check', '01', '--solution', '--redis', 'binary'], {
      env: { PATH: '/nowhere', EVENTLINGS_HOME: await newHome() },
    })
    expect(code).toBe(3)
    expect(stderr).toMatch(/redis-server/)
  })
})

describe('output', () => {
  test('a reader that stops early (`| head -1`) is no error', async () => {
    const child = startProgram(['read', '01'], { env: { EVENTLINGS_HOME: await newHome() } })
    child.stdout?.once('data', () => child.stdout?.destroy())
    const { code, stderr } = await ended(child)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('there are no colours in a pipe, with FORCE_COLOR there are, and --no-color and NO_COLOR win', async () => {
    const escapes = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
      const { stdout } = await runProgram(args, { env: { EVENTLINGS_HOME: home, ...env } })
      return stdout.includes('\u001b[')
    }
    const home = await newHome()
    expect(await escapes(['list'])).toBe(false)
    expect(await escapes(['list'], { FORCE_COLOR: '1' })).toBe(true)
    expect(await escapes(['list', '--no-color'], { FORCE_COLOR: '1' })).toBe(false)
    expect(await escapes(['--no-color', 'list'], { FORCE_COLOR: '1' })).toBe(false)
    expect(await escapes(['list'], { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false)
  })

  test('EVENTLINGS_DEBUG=1 adds the details to the sentence', async () => {
    const env = { EVENTLINGS_HOME: await newHome(), EVENTLINGS_DEBUG: '1' }
    const { stderr } = await runProgram(['check', '99'], { env })
    expect(stderr).toMatch(/^There is no lesson "99"\.[^\n]*\n/)
    expect(stderr).toMatch(/^\s+at /m)
  })
})
