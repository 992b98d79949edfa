import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { need } from '../need.ts'
import { starterRun } from '../recording/starter.ts'
import { openTerminal, type Terminal } from '../tmux.ts'

const { describe } = need('tmux')
const root = projectRoot()
const solution = join(root, 'solutions', '01-events.ts')
let home: string
let terminal: Terminal
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'eventlings-home-'))
})
afterEach(async () => {
  terminal.close()
  await rm(home, { recursive: true, force: true, maxRetries: 10 })
})

function watch(flags = '', columns = 80, rows = 50, editor = 'true'): Terminal {
  const env = {
    EVENTLINGS_HOME: home,
    EVENTLINGS_REDIS: 'embedded',
    VISUAL: '',
    EDITOR: editor,
    TERM_PROGRAM: '',
  }
  terminal = openTerminal(`node src/cli/eventlings.mjs watch 01 ${flags}`, { env, columns, rows })
  return terminal
}
const log = () => readFile(join(home, '.eventlings', 'progress.jsonl'), 'utf8')
const answer = () => join(home, 'workspace', '01-events.ts')

describe('watch in a terminal', () => {
  const { test } = need('tmux')

  test('creates the starter, says why it fails, and turns green on a save', async () => {
    const { until, press } = watch()
    const red = await until(/failed +createEvent[\s\S]*q quit/)
    expect(red).toContain("createEvent isn't written yet")
    expect(red).toMatch(/0 of \d+ passed/)
    await copyFile(solution, answer())
    await until(/1 of \d+ passed[\s\S]*3 passed/)
    press('q')
    expect(await until(/\[ended 0\]/)).toContain('[ended 0]')
  })

  test('survives a save by renaming, an empty moment and a syntax error', async () => {
    const { until } = watch()
    await until(/q quit/)
    await writeFile(answer(), '')
    await writeFile(answer(), 'export const = 1\n')
    await until(/isn't valid TypeScript/)
    await copyFile(solution, `${answer()}.tmp`)
    await rename(`${answer()}.tmp`, answer())
    await until(/3 passed/)
  })

  test('keys: hint, next hint, diff, list, help', async () => {
    const { until, press } = watch()
    await until(/failed +createEvent[\s\S]*q quit/)
    press('h')
    await until(/Hint 1 of \d/)
    press('h')
    await until(/Hint 2 of \d/)
    press('l')
    await until(/❯ 01 Events/)
    press('q')
    await until(/^(?![\s\S]*❯)[\s\S]*Hint 2 of \d/)
    press('?')
    await until(/Write in your own editor and save/)
    press('q')
    await until(/^(?![\s\S]*Write in your own editor)[\s\S]*q quit/)
    press('d')
    await until(/Compare with the solution\?/)
    press('y')
    await until(/^\+\+\+ /m)
    expect(await log()).toContain('"SOLUTION_REVEALED"')
  })

  test('t steps through what the check did, and comes back', async () => {
    const { until, press } = watch()
    await until(/failed +createEvent[\s\S]*q quit/)
    const run = { ...starterRun(), lesson: '01-events' }
    press('t')
    await until(/No run of this lesson has been recorded yet|no steps/)
    press('Escape')
    await until(/failed +createEvent[\s\S]*q quit/)
    const file = join(home, '.eventlings', 'last-run.json')
    await expect.poll(() => existsSync(file)).toBe(true) // or it would replace the one below
    await writeFile(file, JSON.stringify(run))
    press('t')
    await until(/step 4 of 4[\s\S]*jk keys/)
    press('Left')
    await until(/step 3 of 4/)
    press('q')
    await until(/failed +createEvent[\s\S]*q quit/)
    press('t')
    await until(/step 4 of 4[\s\S]*jk keys/)
    press('C-c')
    expect(await until(/\[ended 0\]/)).toContain('[ended 0]')
  })

  test('e without an editor says how to get one', async () => {
    const { until, press } = watch('', 80, 50, '')
    await until(/failed +createEvent[\s\S]*q quit/)
    press('e')
    await until(/No editor is configured\. Set EDITOR[\s\S]*q quit/)
  })

  test("a key that sends several characters doesn't count as the letters in them", async () => {
    const { until, press } = watch()
    await until(/failed +createEvent[\s\S]*q quit/)
    press('Home', 'Left', 'F1', 'F2', 'F4') // \x1b[1~ or \x1b[H, \x1b[D, \x1bOP, \x1bOQ, \x1bOS
    press('l')
    const screen = await until(/❯ 01 Events/)
    expect(screen).not.toContain('Show the solution?')
    expect(await log()).not.toContain('HINT_REVEALED')
  })

  test('pasted text does nothing, even though its letters are keys', async () => {
    const { until, paste } = watch()
    await until(/failed +createEvent[\s\S]*q quit/)
    paste('xy') // x starts over, y means yes
    const screen = await until(/Paste your code into your editor/)
    expect(screen).not.toContain('Start over')
  })

  test('the solution and a reset ask first, and a reset keeps the file', async () => {
    const { until, press } = watch()
    await until(/q quit/)
    press('s')
    await until(/Show the solution\?/)
    press('x') // any other key means no
    await until(/q quit/)
    await writeFile(answer(), '// mine\n')
    await until(/doesn.t export/)
    press('x')
    await until(/Start over\?/)
    press('y')
    await until(/createEvent isn't written yet/)
    const kept = (await readdir(join(home, 'workspace'))).find((name) => name.endsWith('.old')) ?? ''
    expect(await readFile(join(home, 'workspace', kept), 'utf8')).toBe('// mine\n')
    expect(await log()).toContain(`"keptAs":"${kept}"`)
  })

  test('a small screen shows the whole verdict, even below a hint', async () => {
    const { until, press } = watch('', 60, 20)
    await until(/createEvent isn't written yet[\s\S]*q quit/)
    press('h')
    const screen = await until(/Hint 1 of \d[\s\S]*q quit/)
    expect(screen).toMatch(/^01 Events/)
    expect(screen).toMatch(/at \d\d:\d\d:\d\d, \d+ ms/)
    expect(screen).toMatch(/Task 1 of 3 · createEvent\n {2}createEvent isn't written yet/)
  })

  test('a save brings the verdict back from wherever the learner is, and the page is kept', async () => {
    const { until, press } = watch()
    await until(/failed +createEvent[\s\S]*q quit/)
    press('v')
    await until(/^1\/\d+ {2}space next/m)
    press('Space')
    await until(/^2\/\d+ {2}space next/m)
    await copyFile(solution, answer())
    await until(/3 passed/)
    press('v')
    await until(/^2\/\d+ {2}space next/m)
    press('a')
    await until(/^1\/1 {2}space done/m)
    press('h')
    await until(/there are no hints to show/)
  })

  test('the list leads to any lesson, and the console has its data', async () => {
    const { until, press } = watch()
    await until(/q quit/)
    press('l')
    await until(/❯ 01 Events/)
    press('0', '3', 'Enter')
    await until(/^03 Replay[\s\S]*q quit/m)
    press('c')
    await until(/03>/)
    press('C-d')
    await until(/^03 Replay[\s\S]*q quit/m)
  })

  test('Ctrl-C in the list of lessons quits without a word', async () => {
    const { until, press } = watch()
    await until(/failed +createEvent[\s\S]*q quit/)
    press('l')
    await until(/❯ 01 Events/)
    press('C-c')
    expect(await until(/\[ended 0\]/)).not.toContain('SIGINT')
  })

  test('Ctrl-Z stops it, and fg continues it', async () => {
    const env = { EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'embedded' }
    terminal = openTerminal('bash --norc -i', { env })
    const { until, press } = terminal
    press('npx eventlings watch 01', 'Enter')
    await until(/failed +createEvent[\s\S]*q quit/)
    press('C-z')
    await until(/Stopped/)
    press('clear; echo "in the $((1 + 1))nd shell"', 'Enter')
    await until(/in the 2nd shell/)
    press('fg', 'Enter')
    await until(/failed +createEvent[\s\S]*q quit/)
    press('h')
    await until(/Hint 1 of \d/)
  })

  test("next and previous are the learner's choice", async () => {
    const { until, press } = watch()
    await until(/q quit/)
    await copyFile(solution, answer())
    await until(/3 passed/)
    press('n')
    await until(/^02 A list-based store/m)
    press('p')
    await until(/^01 Events/m)
  })

  test('an endless loop is stopped with a sentence, and watching continues', async () => {
    const { until } = watch()
    await until(/q quit/)
    const text = await readFile(solution, 'utf8')
    await writeFile(answer(), text.replace(/(function createEvent\([\s\S]*?\{\n)/, '$1  for (;;) {}\n'))
    await until(/loop that never ends/)
    await copyFile(solution, answer())
    await until(/3 passed/)
  })

  test('no line is wider than a 60-column terminal, and a resize redraws', async () => {
    const { until, resize } = watch('', 60)
    const narrow = await until(/q quit/)
    for (const line of narrow.split('\n')) expect(line.length).toBeLessThanOrEqual(60)
    resize(120, 50)
    await until(/h hint {2}a task[\s\S]*q quit/)
  })

  test('Ctrl-C leaves the terminal as it was', async () => {
    const { until, press } = watch()
    await until(/q quit/)
    press('C-c')
    await until(/\[ended (0|130)\]/)
    press('typed', 'Enter')
    // Input is echoed again, so the terminal is no longer in raw mode.
    await until(/typed\n+typed/)
  })
})
