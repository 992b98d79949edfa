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
      'Exit codes: 0 passed, 1 not passed, 2 usage error, 3 the machine lacks something.',
    )
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  })

  test.each([
    [['check', '--help'], '--file <path>'],
    [['help', 'check'], '--file <path>'],
    [['help', 'progress', 'export'], 'Usage: eventlings progress export'],
    [['progress', 'export', '--help'], 'npx eventlings progress export mine.jsonl'],
    [['dev', '--help'], 'new <slug>'],
  ])('%j', async (args, part) => {
    const { code, stdout } = await runProgram(args)
    expect(code).toBe(0)
    expect(stdout).toContain('Examples:')
    expect(stdout).toContain(part)
  })

  test("a command's own options come before the ones that all have", async () => {
    const { stdout } = await runProgram(['check', '--help'])
    const [own = '', ofAll = ''] = stdout.split('\n\nOptions of every command:\n')
    expect(own).toMatch(/\nOptions:\n[\s\S]*--file <path>/)
    expect(own).not.toContain('--redis <source>')
    expect(ofAll).toMatch(/^ {2}--redis <source>[\s\S]*--help/)
  })

  test("--version prints the package's version", async () => {
    expect((await runProgram(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

test('without a command and without a terminal: the state, and the next commands', async () => {
  const { code, stdout, stderr } = await programAt(await newHome())()
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/01 Events +\d+ min {2}○ new/)
  expect(stdout).toContain('npx eventlings start 01')
})

describe('wrong usage ends with 2 and a sentence, and never with a stack', () => {
  test.each([
    [['lst'], `There's no command "lst". Did you mean "list"?`],
    [['progress', 'exprt'], `There's no command "progress exprt". Did you mean "progress export"?`],
    [['export'], `There's no command "export". Did you mean "progress export" or "class export"?`],
    [['import'], `There's no command "import". Did you mean "progress import"?`],
    [['track'], `There's no command "track". Did you mean "start --track"?`],
    [['next'], `There's no command "next". Did you mean "start"?`],
    [['undo'], `There's no command "undo". Did you mean "class undo" or "reset"?`],
    [['7'], `There's no command "7". Did you mean "start 7" or "check 7"?`],
    [['07-concurrency'], `Did you mean "start 07-concurrency" or "check 07-concurrency"?`],
    [['frobnicate'], `There's no command "frobnicate". Run "npx eventlings --help" to see them all.`],
    [['progress', 'foo'], `Run "npx eventlings progress --help" to see them all.`],
    [['check', '--jsn'], "Unknown option '--jsn'. Did you mean --json?"],
    [['check', '01', '02'], 'Too many arguments'],
    [['reset'], `Missing required argument 'lesson'. Run "npx eventlings reset --help" for details.`],
    [['progress', 'export', '--x'], `Run "npx eventlings progress export --help" for details.`],
    [['check', '99'], 'No lesson matches "99".'],
    [['check', 'evnts'], 'Did you mean 01-events?'],
    [
      ['check', 'solutions/02-list-store.ts'],
      'Name the lesson instead: npx eventlings check 02 --file solutions/02-list-store.ts',
    ],
    [['check', 'vitest.config.ts'], 'npx eventlings check LESSON --file vitest.config.ts'],
    [['diff', 'solutions/02-list-store.ts'], 'Name the lesson instead: npx eventlings diff 02'],
    [['watch', 'solutions/02-list-store.ts'], 'Name the lesson instead: npx eventlings watch 02'],
    [['open', 'solutions/02-list-store.ts'], 'Name the lesson instead: npx eventlings open 02'],
    [['check', '01', '--redis', 'mysql'], `"mysql" isn't a Redis source.`],
    [['check', '01', '--solution', '--starter'], 'Choose only one of --solution, --starter, and --file'],
    [['check', '01', '--file', 'nowhere.ts'], "There's no file nowhere.ts."],
    [['check', '01'], 'Start with: npx eventlings start 01'],
    [['check'], 'Which lesson?'],
    [['dev', 'mistake', '07', 'clock-for-id'], 'has no mistake "clock-for-id". Did you mean "clock-as-id"?'],
    [['hint', '01', '--task', 'two'], '--task takes a whole number of 1 or more, not "two".'],
    [['hint', '01', '--task', '9'], 'Lesson 01 has no task 9. It has 1 createEvent'],
    [['tour'], 'npx eventlings tour --auto'],
    [['tour', '--auto', '--track', 'nonsense'], `There's no track "nonsense".`],
    [['start', '--track'], 'The tracks are ninety-minutes, half-day,'],
    [['dev'], 'npx eventlings dev check'],
    [['class', 'simulate', '--redis', 'redis://127.0.0.1:1'], 'always starts its own Redis'],
    [['progress', 'import', 'nowhere.jsonl'], "the file doesn't exist"],
    [['progress', 'export', 'mine.jsonl'], "There's no progress yet"],
    [['read', '01', '--pages'], 'npx eventlings read 01'],
  ])('%j', async (args, sentence) => {
    const { code, stdout, stderr } = await programAt(await newHome())(...args)
    expect(stderr).toContain(sentence)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})

describe('a machine that lacks something ends with 3', () => {
  test('nothing listens at the Redis address', async () => {
    const home = await newHome()
    const { code, stderr } = await programAt(home)(
      'check',
      '01',
      '--solution',
      '--redis',
      'redis://127.0.0.1:1',
    )
    expect(code).toBe(3)
    expect(stderr).toContain('Nothing is listening at 127.0.0.1:1.')
  })

  test("redis-server was requested but isn't installed", async () => {
    const { code, stderr } = await runProgram(['check', '01', '--solution', '--redis', 'binary'], {
      env: { PATH: '/nowhere', EVENTLINGS_HOME: await newHome() },
    })
    expect(code).toBe(3)
    expect(stderr).toMatch(/redis-server/)
  })
})

describe('output', () => {
  test("a reader that stops early (`| head -1`) isn't an error", async () => {
    const child = startProgram(['read', '01'], { env: { EVENTLINGS_HOME: await newHome() } })
    child.stdout?.once('data', () => child.stdout?.destroy())
    const { code, stderr } = await ended(child)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('a pipe has no colors except with FORCE_COLOR, and --no-color and NO_COLOR win', async () => {
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
    expect(stderr).toMatch(/^No lesson matches "99"\.[^\n]*\n/)
    expect(stderr).toMatch(/^\s+at /m)
  })
})
