import { describe, expect, test } from 'vitest'
import type { CheckResult, TaskResult } from '../../../src/check/index.ts'
import type { Recording, Step } from '../../../src/recording/index.ts'
import type { CheckView } from '../../../src/verdict/index.ts'
import { renderCheck, summaryOf } from '../../../src/verdict/index.ts'
import { run } from '../recording/runs.ts'
import { ascii, colourful, controlsIn, plain, widest } from '../terminal/screens.ts'

function task(name: string, state: TaskResult['state'], more: Partial<TaskResult> = {}): TaskResult {
  return { task: name, state, commands: [], ...more }
}

const realServer = 'needs a real Redis server (a container or redis-server), which can be killed'

function result(tasks: readonly TaskResult[], more: Partial<CheckResult> = {}): CheckResult {
  const ok = tasks.every(({ state }) => state === 'passed' || state === 'skipped')
  return {
    lesson: '02-list-store',
    target: 'workspace',
    passed: ok,
    skipped: tasks.filter(({ state }) => state === 'skipped').length,
    redis: { kind: 'binary', name: 'Valkey 8.1.1', version: '8.1.1' },
    tasks,
    output: '',
    notes: [],
    ms: 120.4,
    ...more,
  }
}

test('a bug in an earlier answer leads to that lesson, not to the hints of this one', () => {
  const blamed = task('storeEvent', 'failed', {
    diagnosis: 'Built on your 01-events.ts. With the model solution, this task passes. It is broken.',
  })
  const text = renderCheck(result([blamed]), { width: 80, palette: plain })
  expect(text).toContain('→ npx eventlings check 01')
  expect(text).not.toContain('hint')
})

const SENT = { held: false, at: 0 }
const failure = task('storeEvent', 'failed', {
  diagnosis: 'storeEvent sent three separate commands. After a crash the event is in one list only.',
  expected: "[ 'registered' ]",
  received: '[]',
  at: { file: 'workspace/02-list-store.ts', line: 14 },
  commands: [
    { command: 'RPUSH events:42 {"eventId":"1"}', reply: '(integer) 1', client: 1, ...SENT },
    { command: 'RPUSH events:type:X {"eventId":"1"}', reply: 'no reply yet', client: 1, ...SENT },
  ],
})

const failing = result([
  task('InvalidEntityIdError', 'passed'),
  failure,
  task('readEvents', 'failed', { diagnosis: 'It read everything at once.' }),
  task('readEventsByType', 'not reached'),
  task('followEvents', 'skipped', { reason: realServer }),
])

const show = (of: CheckResult, more: Partial<CheckView> = {}) =>
  renderCheck(of, { width: 80, palette: plain, ...more })

describe('a diagnosis', () => {
  const again = 'Again: Task 2 of 5 · storeEvent\n  storeEvent sent three separate commands.'

  test('is repeated below evidence that pushes it out of view', () => {
    expect(show(failing, { rows: 8 })).toMatch(new RegExp(`received[\\s\\S]*${again}[^\\n]*\\n[^→]*→`))
  })

  test("isn't repeated if everything fits, or if the height isn't known", () => {
    expect(show(failing, { rows: 40 })).not.toContain('Again')
    expect(show(failing)).not.toContain('Again')
  })

  test("isn't there to repeat in an answer that passed", () => {
    const printed = Array.from({ length: 30 }, (_, n) => `line ${n}`).join('\n')
    expect(show(result([task('storeEvent', 'passed')], { output: printed }), { rows: 8 })).not.toContain(
      'Again',
    )
  })
})

describe('a verdict', () => {
  test('begins with the lesson and what was checked', () => {
    const [first, second] = show(failing, { title: 'A store of lists' }).split('\n')
    expect(first).toBe('✗ 02-list-store · A store of lists failed')
    expect(second).toBe('  workspace on Valkey 8.1.1 (binary), 120 ms')
    expect(show({ ...failing, ms: 13_738 })).toContain('(binary), 13.7 s')
  })

  test('has a line for each task, with sign and word', () => {
    const lines = show(failing).split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        '  ✓ passed       InvalidEntityIdError',
        '  ✗ failed       storeEvent',
        '  ✗ failed       readEvents',
        '  – not reached  readEventsByType',
      ]),
    )
    expect(show(failing)).toContain('  » skipped      followEvents: needs a real Redis server')
    expect(show(failing, { palette: ascii })).toContain('  x failed       storeEvent')
  })

  test('spells out the first failing task: sentence, evidence, place, commands with replies', () => {
    const page = show(failing)
    expect(page).toContain(
      [
        'storeEvent',
        '  storeEvent sent three separate commands. After a crash the event is in one',
        '  list only.',
        '',
        "  expected  [ 'registered' ]",
        '  received  []',
        '  at        workspace/02-list-store.ts:14',
        '',
        '  Its commands, in the order Redis executed them:',
        '    RPUSH events:42 {"eventId":"1"}',
        '      (integer) 1',
        '    RPUSH events:type:X {"eventId":"1"}',
        '      no reply yet',
      ].join('\n'),
    )
    expect(page).not.toContain('It read everything at once.')
    expect(show(failing, { verbose: true })).toContain('It read everything at once.')
  })

  test('ends with a count and what to do next', () => {
    expect(show(failing).split('\n').slice(-2)).toEqual([
      '1 passed, 2 failed, 1 not reached, 1 needs a real server',
      '→ npx eventlings hint 02',
    ])
    const passed = result([task('a', 'passed')])
    expect(show(passed).split('\n').slice(-2)).toEqual(['1 passed', '→ npx eventlings list'])
    expect(show(passed, { next: 'npx eventlings start 03' })).toMatch(/→ npx eventlings start 03$/)
    expect(show(passed, { palette: ascii })).toMatch(/\n> npx eventlings list$/)
  })

  test('of a lesson that passed, of one with skips, and of one that was skipped as a whole', () => {
    const skipped = task('b', 'skipped', { reason: realServer })
    expect(show(result([task('a', 'passed')]))).toMatch(/^✓ 02-list-store passed\n/)
    expect(show(result([task('a', 'passed'), skipped]))).toMatch(/^✓ 02-list-store passed\n/)
    expect(show(result([skipped]))).toMatch(/^» 02-list-store skipped\n/)
  })

  test("on an answer that couldn't run says so once", () => {
    const diagnosis = 'Your code called process.exit.'
    const broken = result([task('a', 'not reached')], { diagnosis, at: { file: 'workspace/02.ts', line: 3 } })
    const page = show(broken)
    expect(page).toContain(`The answer couldn't run\n  ${diagnosis}\n\n  at        workspace/02.ts:3`)

    const later = result([task('a', 'passed'), task('b', 'not reached')], { diagnosis })
    expect(show(later)).toContain(`The answer couldn't run to the end\n  ${diagnosis}`)

    const during = result([task('a', 'failed', { diagnosis })], { diagnosis })
    expect(show(during).split(diagnosis)).toHaveLength(2)
  })

  test('has notes', () => {
    expect(show(result([task('a', 'passed')], { notes: ['A connection is open.'] }))).toContain(
      '\nNote: A connection is open.\n',
    )
  })
})

describe('what is long', () => {
  const gets = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      command: `GET key${index}`,
      reply: '(nil)',
      client: 1,
      ...SENT,
    }))
  const sentOf = (page: string) => page.match(/GET key\d+|… .*/g)

  test('the first and the last commands are shown, all of them on request', () => {
    const many = result([{ ...failure, commands: gets(20) }])
    expect(sentOf(show(many))).toEqual([
      'GET key0',
      'GET key1',
      '… 13 more commands',
      ...[15, 16, 17, 18, 19].map((index) => `GET key${index}`),
    ])
    expect(show(many)).toContain('in the order Redis executed them (more with --verbose):')
    expect(show(many, { width: 60 })).toContain('Its commands, in order (more with --verbose):\n')
    expect(show(many, { more: 'm' })).toContain('in the order Redis executed them (more with m):')
    expect(sentOf(show(many, { verbose: true }))).toHaveLength(20)
  })

  test('commands missing from the recording are counted too, in their place', () => {
    const leftOut = { after: 12, count: 162 }
    const many = result([{ ...failure, commands: gets(40), leftOut }])
    expect(sentOf(show(many))?.[2]).toBe('… 195 more commands')
    const verbose = sentOf(show(many, { verbose: true }))
    expect(verbose).toHaveLength(41)
    expect(verbose?.[12]).toBe('… 162 more commands')
  })

  test('a command that the check held back is marked, and shown with the one before it', () => {
    const commands = gets(20).map((command, index) => ({ ...command, held: index === 9 }))
    expect(show(result([{ ...failure, commands }]))).toContain(
      [
        '    … 6 more commands',
        '    GET key8',
        '      (nil)',
        '    GET key9  (held by the check)',
        '      (nil)',
        '    … 5 more commands',
      ].join('\n'),
    )
  })

  test('where two commands overlapped, it says that the order is uncertain', () => {
    const commands = gets(2).map((command) => ({ ...command, about: true as const }))
    expect(show(result([{ ...failure, commands }]))).toContain('GET key1  (order uncertain)\n')
    const held = commands.map((command) => ({ ...command, held: true }))
    const narrow = show(result([{ ...failure, commands: held }]), { width: 40 })
    expect(narrow).toContain('    GET key1  (held by the check; order\n    uncertain)\n')
  })

  test('several connections are told apart', () => {
    const commands = [
      { command: 'WATCH a', reply: 'OK', client: 1, ...SENT },
      { command: 'SET a 1', reply: '(error) no', client: 2, ...SENT },
    ]
    const several = result([{ ...failure, commands }])
    expect(show(several, { sideBySide: true })).toContain(
      [
        '  What the clients did, in the order Redis executed it:',
        '  key a',
        '   #    ms  client 1                         │ client 2',
        '   1   0.0  WATCH → OK                       │',
        '   2   0.0                                   │ SET 1 → error no',
      ].join('\n'),
    )
    const oneColumn = ['A = client 1, B = client 2', 'A  1   0.0  WATCH → OK', 'B  2   0.0  SET 1 → error no']
    expect(show(several)).toContain(oneColumn.join('\n  '))
    expect(show(several, { sideBySide: true, width: 79 })).toContain(oneColumn.join('\n  '))
    expect(show(several, { verbose: true })).toContain(
      '    client 1  WATCH a\n                OK\n    client 2  SET a 1\n                (error) no',
    )
  })

  const order = (text: string, more: Partial<Recording> = {}): Recording => ({
    v: 1,
    lesson: '02-list-store',
    version: '',
    task: 'storeEvent',
    test: 'the race',
    engine: 'Valkey 8.1.1',
    before: [],
    after: [],
    ...run(text),
    ...more,
  })

  test('two callers on one connection are in lanes, too, if the order knows them', () => {
    const recording = order('1  XLEN a → (integer) 1\n2  XLEN a → (integer) 1\n1! SET a 1 → OK')
    const shared = { ...recording, steps: recording.steps.map((step) => ({ ...step, connection: 1 })) }
    const of = (test: string) => result([{ ...failure, test }], { recording: shared })
    expect(show(of('the race'), { sideBySide: true })).toContain(
      'client 1                         │ client 2',
    )
    expect(show(of('another'), { sideBySide: true })).toContain('Its commands, in the order')
  })

  test('a single caller with several connections is shown with what the test itself sent', () => {
    const recording = order('1  GET a → "1"\n2  SUBSCRIBE events → (integer) 1')
    const [lane] = recording.lanes
    const [first, last] = recording.steps
    if (lane === undefined || first === undefined || last === undefined) throw new Error()
    const sent = [[{ s: 'SET' }, { s: 'a' }, { s: '2' }]]
    const between: Step = { kind: 'check', n: 2, at: 0.7, what: '', sent, changes: [] }
    const steps = [first, between, { ...last, n: 3, lane: lane.id }]
    const page = (client: number) => {
      const commands = [
        { ...SENT, client: 1, command: 'GET a', reply: '"1"' },
        { ...SENT, client, command: 'SUBSCRIBE events', reply: '(integer) 1' },
      ]
      const shown = { recording: { ...recording, lanes: [lane], steps } }
      return show(result([{ ...failure, test: 'the race', commands }], shown))
    }
    expect(page(2)).toMatch(/1 +0\.5 {2}GET → 1\n +2 +0\.7 {2}the test sends SET 2\n +3 +1\.0 {2}SUBSCRIBE/)
    expect(page(1)).toContain('Its commands, in the order')
  })

  test('a single caller that died shows which command was its last', () => {
    const recording = order('1  SET a 1 → OK\n1  SET b 1', {
      collision: { kind: 'crash', key: 'a', wrote: 1, never: 2 },
    })
    const page = show(result([{ ...failure, test: 'the race' }], { recording }))
    expect(page).toMatch(/1 +0\.5 {2}SET 1 → OK +wrote\n +2 +1\.0 {2}SET b 1 → never sent\n/)
    expect(page).toContain('✗ The process died after step 1, so step 2 never ran.')
  })

  test('a command is cut at the end of its line, except on request', () => {
    const commands = [{ command: `SET a ${'x'.repeat(200)}`, reply: 'OK', client: 1, ...SENT }]
    const long = result([{ ...failure, commands }])
    expect(show(long)).toMatch(/SET a x+…\n/)
    expect(show(long, { verbose: true }).match(/x/g)?.length).toBeGreaterThanOrEqual(200)
  })

  test('printed output is cut to its beginning and end', () => {
    const output = Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n')
    const page = show(result([failure], { output }))
    expect(page).toContain('Your code printed:\n  line 0\n')
    expect(page).toContain('  line 9\n  (37 more lines, shown by --verbose)\n  line 47\n')
    expect(show(result([failure], { output }), { verbose: true })).toContain('  line 30\n')
  })
})

describe('a terminal', () => {
  const nasty = '\x1b]0;owned\x07\x1b[2J\u202eevil\rfake'
  const hostile = result(
    [
      task(nasty, 'failed', {
        diagnosis: nasty,
        expected: nasty,
        received: nasty,
        at: { file: nasty, line: 1 },
        commands: [{ command: nasty, reply: nasty, client: 1, ...SENT }],
      }),
      task('c', 'failed', {
        commands: [1, 2].map((client) => ({ command: `GET ${nasty}`, reply: nasty, client, ...SENT })),
      }),
      task('b', 'skipped', { reason: nasty }),
    ],
    { output: nasty, notes: [nasty], target: nasty },
  )

  test('is not controlled by escape codes in an answer', () => {
    expect(controlsIn(show(hostile))).toEqual([])
    expect(controlsIn(show(hostile, { palette: colourful }))).toEqual([])
    expect(show(hostile)).toContain('\\x1b]0;owned\\x07\\x1b[2J\\u202eevil\\rfake')
  })

  test.each([40, 60, 120])('of %i columns is wide enough', (width) => {
    for (const of of [
      failing,
      hostile,
      result([failure], { output: 'x'.repeat(500), notes: ['日本 '.repeat(40)] }),
    ]) {
      for (const verbose of [false, true]) {
        const view = {
          width,
          verbose,
          sideBySide: true,
          title: 'A store of lists, with a title that goes on and on',
        }
        expect(widest(show(of, { ...view, palette: colourful }))).toBeLessThanOrEqual(width)
        expect(show(of, view)).not.toContain('\x1b')
      }
    }
  })

  test('that is narrow keeps places in one piece', () => {
    expect(show(failing, { width: 40 })).toContain('\n    workspace/02-list-store.ts:14\n')
  })
})

test.each([
  [['passed', 'passed'], '2 passed'],
  [['failed', 'passed', 'not reached'], '1 passed, 1 failed, 1 not reached'],
] as const)('%j is "%s"', (states, summary) => {
  expect(summaryOf(states.map((state) => task('x', state)))).toBe(summary)
})

test('skipped tasks are counted by their reason', () => {
  const skipped = (reason: string) => task('x', 'skipped', { reason })
  expect(summaryOf([task('a', 'passed'), skipped(realServer)])).toBe('1 passed, 1 needs a real server')
  expect(summaryOf([skipped(realServer), skipped(realServer)])).toBe('2 need a real server')
  expect(summaryOf([skipped('needs redis-server to start a three-node cluster')])).toBe('1 needs a cluster')
  expect(summaryOf([skipped('not today')])).toBe('1 skipped')
})
