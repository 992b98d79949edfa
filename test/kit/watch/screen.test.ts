import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { CheckResult } from '../../../src/check/index.ts'
import { everything, helpText } from '../../../src/watch/panels.ts'
import { renderScreen } from '../../../src/watch/screen.ts'
import type { WatchState } from '../../../src/watch/state.ts'
import { ascii, colourful, plain, widest } from '../terminal/screens.ts'

const long = (word: string, times: number) => Array.from({ length: times }, (_, n) => `${word}${n}`).join(' ')
const command = (n: number) => ({
  client: 1 + (n % 2),
  command: `XADD stream:${n} * field ${long('value', 20)}`,
  reply: `"${n}-0"`,
  held: n === 11,
  at: n,
})
const result: CheckResult = {
  lesson: '07-concurrency',
  target: 'workspace',
  passed: false,
  skipped: 0,
  redis: { kind: 'binary', name: 'Redis 7.0.15', version: '7.0.15' },
  tasks: [
    { task: 'first', state: 'passed', commands: [] },
    {
      task: 'second',
      state: 'failed',
      diagnosis: 'Both writers succeeded, because the second one ran between. Check and append in one step.',
      expected: long('expected', 60),
      received: `RECEIVED ${long('received', 60)}`,
      at: { file: 'workspace/07-concurrency.ts', line: 53 },
      commands: Array.from({ length: 12 }, (_, n) => command(n)),
    },
    { task: 'third', state: 'not reached', commands: [] },
  ],
  output: long('printed', 80),
  notes: ['A note.'],
  ms: 840.2,
}
const state: WatchState = {
  slug: '07-concurrency',
  title: 'Versions and races',
  done: 6,
  total: 28,
  track: undefined,
  file: 'workspace/07-concurrency.ts',
  redis: 'Redis 7.0',
  limits: undefined,
  checking: false,
  result,
  checkedAt: new Date(2026, 0, 2, 3, 4, 5),
  passed: undefined,
  warning: 'TypeScript: line 3: It is wrong.',
  panel: { title: 'Hint 1 of 4 · second', text: long('hint', 120) },
  question: undefined,
  notice: 'Something happened.',
  news: 'Coffee at ten.',
}

describe('the screen', () => {
  for (const [width, height] of [
    [80, 24],
    [60, 20],
    [100, 34],
    [200, 60],
  ] as const) {
    test(`at ${width}x${height} has the verdict, and fits`, async () => {
      for (const palette of [plain, ascii, colourful]) {
        const screen = await renderScreen(state, { width, height, palette })
        const text = stripVTControlCharacters(screen)
        expect(text.split('\n').length).toBeLessThanOrEqual(height)
        expect(widest(screen)).toBeLessThanOrEqual(width)
        expect(text).toContain('07 Versions and races')
        expect(text).toContain('at 03:04:05, 840 ms')
        expect(text).toContain('Task 2 of 3')
        expect(text.replace(/\s+/g, ' ')).toContain(result.tasks[1]?.diagnosis ?? '')
        expect(text).toMatch(/^ {2}expected\b[^X]*expected0/m)
        expect(text).toContain('RECEIVED')
        expect(text).toContain('workspace/07-concurrency.ts:53')
        expect(text).toMatch(/h hint[\s\S]*q quit/)
        expect(text).toContain('Coffee at ten.')
      }
    })
  }

  test('offers the steps only where there are some, and other ways after a pass', async () => {
    const keys = async (shown: CheckResult) => {
      const quiet = { ...state, result: shown, panel: undefined, news: undefined }
      const screen = await renderScreen(quiet, { width: 80, height: 24, palette: plain })
      return screen.split('\n').slice(-2).join(' ')
    }
    const without = result.tasks.map((task) => ({ ...task, commands: [] }))
    expect(await keys(result)).toContain('t step through')
    expect(await keys({ ...result, tasks: without })).not.toContain('step through')
    const passed = await keys({ ...result, passed: true, tasks: [] })
    expect(passed).toContain('o other ways')
    expect(passed).not.toContain('step through')
  })

  test('a value of several lines has its content in view on a low screen', async () => {
    const received = `{\n  first: ${long('a', 12)},\n  second: 'b'\n}`
    const tasks = result.tasks.map((task) =>
      task.state === 'failed' ? { ...task, expected: '[\n  1,\n  2\n]', received } : task,
    )
    const quiet = { ...state, result: { ...result, tasks }, panel: undefined, news: undefined }
    const screen = await renderScreen(quiet, { width: 60, height: 20, palette: plain })
    expect(screen).toContain('  expected  [ 1, 2 ]\n')
    expect(screen).toMatch(/ {2}received {2}\{ first: a0 a1 /)
  })

  test.each([
    [`{ ${long('same', 40)}, last: 1 }`, `{ ${long('same', 40)}, last: 2 }`, '… last: 1 }', '… last: 2 }'],
    [`[ ${long('same', 40)} more ]`, `[ ${long('same', 40)} m`, '… same39 more ]', '… same39 m'],
    [`"${'x'.repeat(300)}1"`, `"${'x'.repeat(300)}2"`, '… xxxxxxxxxx1"', '… xxxxxxxxxx2"'],
  ])(
    'two values that begin alike are shown from where they differ: %s',
    async (expected, received, one, other) => {
      const tasks = result.tasks.map((task) =>
        task.state === 'failed' ? { ...task, expected, received } : task,
      )
      const quiet = { ...state, result: { ...result, tasks }, panel: undefined, news: undefined }
      const screen = await renderScreen(quiet, { width: 60, height: 15, palette: plain })
      expect(screen).toContain(`  expected  ${one}\n  received  ${other}\n`)
    },
  )

  test('a wide value has its beginning beside its name where it has only one line', async () => {
    const quiet = { ...state, panel: undefined, news: undefined, notice: undefined }
    const screen = await renderScreen(quiet, { width: 60, height: 12, palette: plain })
    expect(screen).toMatch(/^ {2}expected {2}expected0 .* …$/m)
    expect(screen).toMatch(/^ {2}received {2}RECEIVED .* …$/m)
  })

  test('a hint has its room before the commands, and what is missing is one key away', async () => {
    const low = await renderScreen(state, { width: 80, height: 28, palette: plain })
    expect(low).toContain('Hint 1 of 4')
    expect(low).toMatch(/\(\d+ more lines: m\)/)
    expect(low).not.toContain('XADD stream')
    const high = await renderScreen(state, { width: 80, height: 90, palette: plain })
    expect(high).toContain('XADD stream')
    expect(high).not.toContain('more lines: m')
  })

  test('if what a pass means is too long, it says so, and m shows all of it', async () => {
    const tasks = [{ task: 'first', state: 'passed' as const, commands: [] }]
    const passed = `${long('known', 80)}\n\nThe end.`
    const after = { ...state, result: { ...result, passed: true, tasks }, passed, panel: undefined }
    const low = await renderScreen(after, { width: 60, height: 15, palette: plain })
    expect(low).toContain('known0')
    expect(low).toMatch(/\(\d+ more lines: m\)/)
    expect(await everything(after)({ width: 60, palette: plain })).toContain('The end.')
  })

  test('a hint that was asked for is announced on a very low screen, too', async () => {
    const quiet = { ...state, news: undefined, notice: undefined }
    const screen = await renderScreen(quiet, { width: 60, height: 15, palette: plain })
    expect(screen).toMatch(/07-concurrency\.ts:53\n\nHint 1 of 4[\s\S]*\(\d+ more lines: m\)/)
  })

  test('of the commands, the last ones stay', async () => {
    const screen = await renderScreen(
      { ...state, panel: undefined, news: undefined, notice: undefined },
      { width: 80, height: 28, palette: plain },
    )
    expect(screen).toMatch(/\n {2}\(\d+ more lines: m\)\n/)
    expect(screen).toContain('11-0')
  })

  test('of a race, all commands that collided stay, however low the screen', async () => {
    const sent = (n: number, client: number, command: string, reply: string, held = false) => ({
      ...{ n, client, command, reply, held },
      at: n,
    })
    const commands = [
      sent(1, 1, 'XLEN orders', '(integer) 1'),
      ...Array.from({ length: 9 }, (_, n) => sent(n + 2, 2, 'PING', 'PONG')),
      sent(11, 2, 'XADD orders * n 3', '"2-0"'),
      ...Array.from({ length: 4 }, (_, n) => sent(n + 12, 2, 'PING', 'PONG')),
      sent(16, 1, 'XADD orders * n 2', '"3-0"', true),
      ...Array.from({ length: 4 }, (_, n) => sent(n + 17, 1, 'PING', 'PONG')),
    ]
    const { expected, received, ...failed } = result.tasks[1] ?? {}
    const race = {
      ...result,
      output: '',
      tasks: [{ ...failed, task: 'a', state: 'failed' as const, commands }],
    }
    const quiet = { ...state, result: race, panel: undefined, news: undefined, notice: undefined }
    const low = await renderScreen(quiet, { width: 80, height: 24, palette: plain })
    expect(low.slice(low.indexOf('  What the clients did')).split('\n').slice(0, 7)).toEqual([
      '  What the clients did, in the order Redis executed it (more with m):',
      '  key orders',
      '   #    ms  client 1                         │ client 2',
      '   1   1.0  XLEN → 1                  looked │',
      '  11  11.0                                   │ XADD * n 3 → 2-0         changed',
      '  16  16.0  XADD * n 2 → 3-0           wrote │',
      '  ✗ Step 16 wrote what was decided at step 1. Step 11 had changed the key by',
    ])
    const high = await renderScreen(quiet, { width: 80, height: 50, palette: plain })
    expect(high).toContain('XADD, held by the check')
    const lower = await renderScreen(quiet, { width: 80, height: 16, palette: plain })
    expect(lower).not.toContain('more lines: m')
    expect(lower).toMatch(/client 1 .*\n.* looked .*\n.* changed\n.* wrote .*\n +✗ Step 16 wrote/)
    expect(lower).toContain('t step through')
    const lowest = await renderScreen(quiet, { width: 80, height: 15, palette: plain })
    expect(lowest).not.toMatch(/more lines: m|client 1/)
    expect(lowest).toMatch(/ looked .*\n.* changed\n.* wrote .*\n +✗ Step 16 wrote/)
  })

  test('a hint that is cut ends before what it would introduce', async () => {
    const text = ['The newest hint.', '*Before that:*', long('hint', 120)].join('\n\n')
    const panel = { title: 'Hint 2 of 4 · second', text }
    const screens = await Promise.all(
      [18, 19, 20, 21, 22, 23, 24].map((height) =>
        renderScreen({ ...state, panel }, { width: 80, height, palette: plain }),
      ),
    )
    expect(screens.some((screen) => /The newest hint\.\n +\(\d+ more lines: m\)/.test(screen))).toBe(true)
    for (const screen of screens) expect(screen).not.toMatch(/:\*?\n+ +\(\d+ more/)
  })

  test('all keys fit on the page of a terminal with 24 rows', async () => {
    expect((await helpText({ width: 80, palette: plain })).split('\n').length).toBeLessThanOrEqual(22)
  })

  test('a question takes the place of the keys', async () => {
    const question = { text: 'Start over?', action: 'reset' as const }
    const screen = await renderScreen({ ...state, question }, { width: 80, height: 24, palette: plain })
    expect(screen).toMatch(/Start over\? y = yes, any other key = no$/)
    expect(screen).not.toContain('h hint')
  })
})

test('a wide terminal has room for all keys in one line', async () => {
  const screen = await renderScreen(state, { width: 200, height: 60, palette: plain })
  expect(screen).toMatch(/^h hint .* q quit$/m)
})

test('once the learner has left, the screen has no keys, and ends with its last line', async () => {
  const screen = await renderScreen(state, { width: 80, height: 24, palette: plain, isOver: true })
  expect(screen).toContain('Both writers succeeded')
  expect(screen).not.toContain('q quit')
  const short = await renderScreen(
    { ...state, result: undefined, panel: undefined },
    { width: 80, height: 24, palette: plain, isOver: true },
  )
  expect(short.trimEnd()).toBe(short)
})
