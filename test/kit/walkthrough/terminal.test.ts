import { existsSync } from 'node:fs'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import { projectRoot } from '../../../src/common/own-folder.ts'
import { runProgram, startProgram } from '../cli/program.ts'
import { need } from '../need.ts'
import { openTerminal, type Terminal } from '../tmux.ts'

const { describe, test } = need('tmux')
let home: string
let terminal: Terminal

beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'eventlings-home-'))
})
afterEach(async () => {
  terminal.close()
  await rm(home, { recursive: true, force: true, maxRetries: 10 })
})

function open(command = '', size: { columns?: number; rows?: number } = {}): Terminal {
  const env = { EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'embedded', EDITOR: 'true', DISPLAY: '' }
  terminal = openTerminal(`node src/cli/eventlings.mjs ${command}`, { env, ...size })
  return terminal
}

describe('the walkthrough in a terminal', () => {
  test('reads a lesson page by page, fails a check, and passes it with the answer', async () => {
    const { until, press } = open('', { columns: 60, rows: 40 })
    const welcome = await until(/Start 01 · Events[\s\S]*Leave/)
    expect(welcome).toContain('event sourcing on Redis')
    press('Enter')
    await until(/^1\/\d+ {2}space next · b back · \? keys · q leave$/m)
    press('Space')
    await until(/^2\/\d+ {2}space next/m)
    press('b')
    const page = await until(/^1\/\d+ {2}space next/m)
    for (const line of page.split('\n')) expect(line.length).toBeLessThanOrEqual(60)
    press('q')
    await until(/Check my answer/)
    press('Enter')
    await until(/createEvent isn't written yet[\s\S]*Back to the start/)
    await copyFile(
      path.join(projectRoot(), 'solutions', '01-events.ts'),
      path.join(home, 'workspace', '01-events.ts'),
    )
    press('Enter')
    await until(/3 passed[\s\S]*❯ Next lesson/)
  })

  test('a choice that was made no longer explains the keys', async () => {
    const { until, press } = open()
    await until(/Leave; \? shows all keys/)
    press('q')
    expect(await until(/\[ended 0\]/)).toMatch(/^\? What would you like to do\? Leave$/m)
  })

  test('it serves the workbench until it ends, unless another program serves it already', async () => {
    const { until, press } = open()
    await until(/Start 01/)
    press('Down', 'Enter')
    const first = await until(/The page works until you leave this program\.[\s\S]*Leave/)
    const portOf = (text: string) => /http:\/\/127\.0\.0\.1:(\d+)\/enter/.exec(text)?.[1]
    expect(portOf(first)).toBeDefined()
    press('Down', 'Enter')
    await until(/(until you leave this program\.[\s\S]*){2}Leave/)
    const other = await runProgram(['open', '--no-open'], { env: { EVENTLINGS_HOME: home } })
    expect(portOf(other.stdout)).toBe(portOf(first))
  })

  test('the workbench of another program is open already', async () => {
    const child = startProgram(['open', '--no-open'], { env: { EVENTLINGS_HOME: home } })
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk) => String(chunk).includes('Ctrl-C') && resolve())
    })
    const { until, press } = open()
    await until(/Start 01/)
    press('Down', 'Enter')
    expect(await until(/this address leads there\.[\s\S]*Leave/)).not.toContain('until you leave')
  })

  test('a menu leaves room on a screen of 24 lines for the diagnosis above it', async () => {
    const { until, press } = open('', { rows: 24 })
    await until(/Start 01/)
    press('Enter')
    await until(/space next/)
    press('q')
    await until(/Check my answer/)
    press('Enter')
    await until(/createEvent isn't written yet[\s\S]*❯ Check my answer/)
    const solution = await readFile(path.join(projectRoot(), 'solutions', '01-events.ts'), 'utf8')
    const answer = solution.replace('!EVENT_TYPE.test(fact.eventType)', 'fact.eventType === ""')
    await writeFile(path.join(home, 'workspace', '01-events.ts'), answer)
    press('Enter')
    const screen = await until(
      /Again: Task 1 of 3 · createEvent[\s\S]*accepted "RegisterUser"[\s\S]*❯ Check my answer/,
    )
    expect(screen, 'there was too much evidence for the diagnosis above it').not.toContain('✗ failed')
  })

  test('a snippet runs in place, and the position in the text stays', async () => {
    const { until, press } = open('', { rows: 40 })
    await until(/Start 01/)
    press('Enter')
    await until(/r runs snippet 1[\s\S]*^1\/\d+ {2}space next/m)
    press('r')
    const page = await until(/Snippet 1, run here:\n\n {2}> HSET user:42/)
    expect(page).not.toContain('is different')
    expect(page).toMatch(/^1\/\d+ {2}space next/m)
    press('q')
    await until(/Check my answer/)
  })

  test('the output is asked for before the snippet runs, and the page has the verdict on the answer', async () => {
    const { until, press } = open('', { columns: 60, rows: 40 })
    await until(/Start 01/)
    press('Enter')
    await until(/^1\/\d+ {2}space next/m)
    press('Space')
    await until(/^2\/\d+ {2}space next/m)
    press('Space')
    const page = await until(/What comes back\? r runs snippet 2\n+3\/\d+ {2}space next/)
    expect(page).not.toContain('hundreds of IDs')
    press('r')
    await until(/How many of\s+them\s+are\s+different[\s\S]*❯ 1000\.[\s\S]*Leave the question/)
    press('Enter')
    await until(/Your answer before snippet 2:\n\n✗ You said: 1000\.[\s\S]*^\d+\/\d+ {2}space next/m)
    press('q')
    await until(/Check my answer/)
  })

  test('Ctrl-C in a question before a snippet leaves', async () => {
    const { until, press } = open('', { rows: 60 })
    await until(/Start 01/)
    press('Enter')
    await until(/^1\/\d+ {2}space next/m)
    press('Space')
    await until(/What comes back\? r runs snippet 2/)
    press('r')
    await until(/Leave the question/)
    press('C-c')
    await until(/\[ended 130\]/)
    press('typed', 'Enter')
    expect(await until(/typed\n+typed/)).toContain('What would you like to do?')
  })

  test('the same keys lead from a page and from the menu to everything else', async () => {
    const { until, press } = open('', { rows: 60 })
    await until(/Start 01/)
    press('Enter')
    await until(/space next/)
    press('?')
    await until(/h shows a hint for it[\s\S]*Any key goes back/)
    press('z') // any key
    await until(/^1\/\d+ {2}space next/m)
    press('a')
    await until(/Task 1 · createEvent[\s\S]*❯ Check my answer \(r\)/)
    press('w')
    const screen = await until(/Lesson 01 · Events \(started\)[\s\S]*❯ Check my answer/)
    expect(screen.match(/Check my answer/g)).toHaveLength(1) // the menu before is gone
    press('l')
    await until(/❯ 01 Events/)
    press('0', '2', 'Enter')
    await until(/A list-based store[\s\S]*^1\/\d+ {2}space next/m)
    press('p')
    await until(/Your file for this lesson: \S+01-events\.ts[\s\S]*❯ Check my answer|^1\/\d+ {2}space next/m)
  })

  test('a menu breaks its entries at words, shows every answer, and is left with Esc', async () => {
    const { until, press } = open('quiz 05', { columns: 40, rows: 30 })
    const screen = await until(/Leave the quiz \(q\)/)
    expect(screen).toMatch(/An error, because that ID doesn't\n {2}exist\./)
    expect(screen).not.toContain('more above or below')
    press('Escape')
    await until(/\[ended 0\]/)
  })

  test('text pasted by mistake does nothing, even though its letters are keys', async () => {
    const { until, press, paste } = open('', { rows: 40 })
    await until(/Start 01/)
    press('Enter')
    await until(/space next/)
    paste('qx') // q leaves, x starts over
    press('Space')
    await until(/^2\/\d+ {2}space next/m)
    press('q')
    await until(/❯ Check my answer/)
    paste('x\ny\n')
    press('a')
    expect(await until(/Task 1 · createEvent[\s\S]*❯ Check my answer/)).not.toContain('Events over')
    press('x')
    await until(/Start over with 01 · Events\?[\s\S]*other key = no$/m)
    paste('yes\n')
    press('n')
    await until(/other key = no No\n[\s\S]*❯ Check my answer/)
  })

  test('a low screen shows the task on pages, not above the menu, which would push it out', async () => {
    const { until, press } = open('', { columns: 60, rows: 20 })
    const home = await until(/Start 01/)
    expect(home).toContain('I know some of this')
    press('Enter')
    await until(/^1\/\d+ {2}space next/m)
    press('q')
    await until(/Check my answer/)
    press('a')
    await until(/Task 1 · createEvent[\s\S]*^1\/\d+ {2}space next/m)
    press('h')
    await until(/Hint 1 of 5[\s\S]*❯ Check my answer/)
  })

  test('the keys at the start have a page of their own, on which they work', async () => {
    const { until, press } = open('', { columns: 60, rows: 20 })
    await until(/❯ Start 01/)
    press('?')
    await until(/^Keys\n═+\n• n starts[\s\S]*^1\/1 {2}space done/m)
    press('l')
    await until(/Which lesson\?/)
  })

  test('m shows the whole verdict, and a question takes one key', async () => {
    const { until, press } = open('', { columns: 60, rows: 20 })
    await until(/❯ Start 01/)
    press('x')
    await until(/Start over with 01 · Events\?[\s\S]*other key = no$/m)
    press('y')
    await until(/any other key = no Yes\nStarted over[\s\S]*❯ Check my answer/)
    press('m')
    await until(/There's no verdict right now\. r checks your answer\.[\s\S]*❯ Check my answer/)
    press('r')
    await until(/createEvent isn't written yet[\s\S]*❯ Check my answer/)
    press('t')
    await until(/are\s+no\s+steps\s+to\s+show\.[\s\S]*❯ Check my answer/)
    press('x')
    await until(/Start over with 01[\s\S]*other key = no$/m)
    press('n') // so the verdict stays
    await until(/❯ Check my answer/)
    press('m')
    await until(/✗ 01-events[\s\S]*decodeEvent[\s\S]*^1\/\d {2}space next/m)
    press('h')
    await until(/Hint 1 of 5[\s\S]*❯ Check my answer/)
  })

  test('t steps through the run of a failed check', async () => {
    await runProgram(['start', '02'], { env: { EVENTLINGS_HOME: home } })
    const { until, press } = open('', { rows: 40 })
    await until(/Continue with 02/)
    press('h')
    await until(/❯ Check my answer/)
    press('r')
    await until(/Press t to step through it\.[\s\S]*❯ Check my answer/)
    press('t')
    await until(/step \d of \d\n✗ The process died/)
    press('q')
    await until(/❯ Check my answer/)
  })

  test('a long result of find is shown on pages, from its beginning, and a short one is printed', async () => {
    const long = open('find event', { rows: 20 })
    expect(await long.until(/^1\/\d+ {2}space next · b back · q leave$/m)).toMatch(/^Event$/m)
    long.press('q')
    await long.until(/\[ended 0\]/)
    terminal.close()
    const short = open('find upcaster', { rows: 60 })
    await short.until(/To read one: npx eventlings read/)
  })

  test('on a low page, the keys take more than one screen', async () => {
    const { until, press } = open('read 01 --pages', { columns: 60, rows: 12 })
    await until(/space next/)
    press('?')
    await until(/^Keys\n═+\n• space[\s\S]*Any key shows more\.$/m)
    press('Space')
    await until(/starts the lesson over[\s\S]*Any key goes back to the page\.$/m)
    press('Space')
    await until(/^1\/\d+ {2}space next/m)
  })

  test('keys pressed during a check are dropped', async () => {
    const { until, press } = open('', { rows: 40 })
    await until(/Start 01/)
    press('Enter')
    await until(/space next/)
    press('q')
    await until(/Check my answer/)
    press('Enter')
    await until(/Checking …/)
    press('Down', 'Down', 'Enter') // would take a hint
    const screen = await until(/createEvent isn't written yet[\s\S]*❯ Check my answer/)
    expect(screen).not.toContain('Hint 1')
  })

  for (const [where, keys] of [
    ['a menu', []],
    ['the pages', ['Enter']],
  ] as const) {
    test(`Ctrl-C in ${where} leaves the terminal as it was`, async () => {
      const { until, press } = open()
      await until(/Start 01/)
      if (keys.length > 0) {
        press(...keys)
        await until(/space next/)
      }
      press('C-c')
      await until(/\[ended 130\]/)
      press('typed', 'Enter')
      // Input is echoed again, so the terminal is no longer in raw mode, and the earlier screen is back.
      expect(await until(/typed\n+typed/)).toContain('What would you like to do?')
    })
  }

  test('Ctrl-Z stops it in each menu, question, and console, and fg draws that again', async () => {
    const env = { EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'embedded' }
    terminal = openTerminal('bash --norc -i', { env })
    const { until, press } = terminal
    let stops = 0
    /** Nothing from before may still be on the screen. */
    const stopAndContinue = async () => {
      stops += 1
      press('C-z')
      await until(/Stopped/)
      press(`clear; echo stop $((${stops} * 11))`, 'Enter')
      await until(new RegExp(`^stop ${stops * 11}$`, 'm'))
      press('fg', 'Enter')
    }
    press('node src/cli/eventlings.mjs', 'Enter')
    await until(/❯ Start 01[\s\S]*Leave[\s\S]*select/)
    await stopAndContinue()
    await until(/❯ Start 01[\s\S]*Leave[\s\S]*select/)
    press('Enter')
    await until(/^1\/\d+ {2}space next/m)
    press('q')
    await until(/❯ Check my answer[\s\S]*select/)
    await stopAndContinue()
    await until(/❯ Check my answer[\s\S]*select/)
    press('s')
    await until(/Show the solution\?[\s\S]*other key = no/)
    await stopAndContinue()
    await until(/Show the solution\?[\s\S]*other key = no/)
    press('n')
    await until(/solution\?[^?]* No\n[\s\S]*❯ Check my answer[\s\S]*select/)
    press('c')
    await until(/^01>$/m)
    press('PING')
    await stopAndContinue()
    await until(/^01> PING$/m)
    press('Enter')
    await until(/^PONG$/m)
  })

  test('Ctrl-Z stops it during a check, which goes on with fg', async () => {
    const env = { EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'embedded' }
    terminal = openTerminal('bash --norc -i', { env })
    const { until, press } = terminal
    press('node src/cli/eventlings.mjs', 'Enter')
    await until(/❯ Start 01/)
    press('x')
    await until(/other key = no/)
    press('n')
    await until(/❯ Check my answer/)
    const [runs, mayEnd] = ['runs', 'may-end'].map((name) => path.join(home, name))
    const answer = path.join(home, 'workspace', '01-events.ts')
    await writeFile(
      answer,
      `import { existsSync, writeFileSync } from 'node:fs'
${await readFile(answer, 'utf8')}
writeFileSync(${JSON.stringify(runs)}, '')
while (!existsSync(${JSON.stringify(mayEnd)})) await new Promise((go) => setTimeout(go, 20))
`,
    )
    press('r')
    while (!existsSync(runs ?? '')) await new Promise((resolve) => setTimeout(resolve, 20))
    press('C-z')
    await until(/Stopped/)
    press('fg', 'Enter')
    await writeFile(mayEnd ?? '', '')
    // The second if a busy machine took seconds for all that.
    await until(/(createEvent isn't written yet|still being loaded)[\s\S]*❯ Check my answer/)
  })

  test('a resized terminal gets new pages', async () => {
    const { until, press, resize } = open('read 01 --pages', { columns: 100, rows: 50 })
    const count = (text: string) => Number(/^\d+\/(\d+) {2}space/m.exec(text)?.[1])
    const few = count(await until(/space next/))
    resize(60, 20)
    await until(new RegExp(`^1/(?!${few} )\\d+ {2}space next`, 'm'))
    press('q')
    await until(/\[ended 0\]/)
  })
})

describe('a check in a terminal', () => {
  test('Ctrl-C ends it without a verdict, though its helper processes get it, too', async () => {
    const file = path.join(home, 'endless.ts')
    const solution = await readFile(path.join(projectRoot(), 'solutions', '01-events.ts'), 'utf8')
    const marker = path.join(home, 'running')
    await writeFile(
      file,
      `import { writeFileSync } from 'node:fs'
${solution}
writeFileSync(${JSON.stringify(marker)}, '')
await new Promise((go) => setTimeout(go, 60_000))
`,
    )
    // Started by hand in a shell, which doesn't interfere with Ctrl-C as a script would.
    const env = { EVENTLINGS_HOME: home, EVENTLINGS_REDIS: 'embedded', PS1: 'ready ' }
    terminal = openTerminal('sh -i', { env })
    await terminal.until(/ready/)
    terminal.press(`node src/cli/eventlings.mjs check 01 --file ${file}; echo "<$?>"`, 'Enter')
    while (!existsSync(marker)) await new Promise((resolve) => setTimeout(resolve, 20))
    terminal.press('C-c')
    expect(await terminal.until(/<\d+>/)).toContain('<130>')
  })
})

describe('questions in a terminal', () => {
  test('showing the solution asks first, and no means no', async () => {
    const { until, press } = open('solution 01', { columns: 60 })
    await until(/"passed\nafter the solution\."\ny = yes, any other key = no$/m)
    press('n')
    expect(await until(/\[ended 0\]/)).toContain('The solution stays hidden.')
    terminal.close()
    const again = open('solution 01 --yes')
    await again.until(/This is one good answer[\s\S]*\[ended 0\]/)
  })

  test('a reset asks first, and Ctrl-C changes nothing', async () => {
    open('start 01')
    await terminal.until(/\[ended 0\]/)
    terminal.close()
    const { until, press } = open('reset 01')
    await until(/Start over with 01-events\?/)
    press('C-c')
    await until(/any other key = no\n[\s\S]*\[ended 130\]/)
    terminal.close()
    open('reset 01')
    await terminal.until(/Start over with 01-events\?/)
    terminal.press('y')
    await terminal.until(/is kept as\s[\s\S]*\[ended 0\]/)
  })
})
