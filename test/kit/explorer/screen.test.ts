import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bothRuns, scrolledOnScreen } from '../../../src/explorer/both-runs.ts'
import { press } from '../../../src/explorer/keys.ts'
import { divide } from '../../../src/explorer/layout.ts'
import { goTo, openExplorer } from '../../../src/explorer/model.ts'
import { explorerList } from '../../../src/explorer/plain.ts'
import { explorerScreen } from '../../../src/explorer/screen.ts'
import { wholeStepScreen } from '../../../src/explorer/whole-step.ts'
import { changesBetween, type KeyState, type Recording, type Step } from '../../../src/recording/index.ts'
import { paintLines } from '../../../src/terminal/index.ts'
import { starterRun } from '../recording/starter.ts'
import { ascii, colourful, controlsIn, plain, widest } from '../terminal/screens.ts'

const screen = (recording: Recording, at: number, [width, height] = [80, 24], palette = plain, keys = '') => {
  const explorer = [...keys].reduce(press, goTo(openExplorer(recording), at))
  return paintLines(explorerScreen(explorer, { width, height, palette }), palette)
}

/** One step that changes one key. */
function changing(before: KeyState | null, after: KeyState | null): Recording {
  const { collision, failure, ...rest } = starterRun()
  const step: Step = {
    kind: 'check',
    what: 'it changes',
    n: 1,
    at: 1,
    changes: changesBetween(before, after),
  }
  return {
    ...rest,
    before: before === null ? [] : [before],
    steps: [step],
    after: after === null ? [] : [after],
  }
}

/** The keys on the screen, without the line that divides it. */
const keysOn = (text: string) =>
  text
    .split('\n')
    .slice(text.split('\n').findIndex((line) => line.includes('The keys after')) + 1, -1)
    .filter(Boolean)

describe('a screen of 80 by 24', () => {
  test('has a list of the keys, in words, on ?, and any key leads back', () => {
    const asked = press(goTo(openExplorer(starterRun()), 3), '?')
    const size = { width: 80, height: 24, palette: plain }
    const list = paintLines(bothRuns(asked, undefined, size), plain)
    expect(list).toMatch(/^Keys\n\n• ←→ goes a step back or forward \(Space, too\); Home and End/)
    expect(list).toMatch(/• \? shows this list\n• q leaves; so does Esc\n\nAny key goes back to the steps\.$/)
    expect(widest(paintLines(bothRuns(asked, undefined, { ...size, width: 40 }), plain))).toBeLessThanOrEqual(
      40,
    )
    const back = press(asked, 'q')
    expect(back.left).toBeUndefined()
    expect(paintLines(bothRuns(back, undefined, size), plain)).toContain('step 3 of 4')
  })

  test('scrolls no farther than to the last line, so that the way back begins there', () => {
    const fields = (from: string): KeyState => ({
      key: 'many',
      type: 'hash',
      fields: Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`f${i}`, { s: `${from}${i}` }])),
    })
    const opened = goTo(openExplorer(changing(fields('a'), fields('b'))), 1)
    const size = { width: 80, height: 24, palette: plain }
    const after = (keys: string) =>
      [...keys].reduce((explorer, key) => scrolledOnScreen(press(explorer, key), undefined, size), opened)
    const shown = (keys: string) => paintLines(bothRuns(after(keys), undefined, size), plain)
    for (const whole of ['', 'w']) {
      const end = shown(`${whole}${'j'.repeat(70)}`)
      expect(end).toContain('b59')
      expect(shown(`${whole}${'j'.repeat(70)}k`)).not.toBe(end)
      expect(shown(`${whole}${'k'.repeat(70)}j`)).not.toBe(shown(`${whole}${'k'.repeat(70)}`))
    }
  })

  test('has the commands in lanes above, and the keys after the current step below', () => {
    expect(screen(starterRun(), 3).split('\n')).toEqual([
      '07-concurrency · appendEvent · lets one of two writers win           step 3 of 4',
      '✗ Step 4 wrote what was decided at step 1. Step 3 had changed the key by then.',
      '  key aggregate:account:acc-1',
      '   #    ms  first writer                     │ second writer',
      '   1   0.4  XLEN → 1                  looked │',
      '            ┌── XADD, held by the check ─────┤',
      '   2   1.1  ┊                                │ XLEN → 1',
      '▶  3   1.6  ┊                                │ XADD * n:3 → …402-0      changed',
      '            ┊                                │ returns 2',
      '            └── released ────────────────────┤',
      '   4   2.0  XADD * n:2 → …403-0        wrote │',
      '            returns 2                        │',
      '─ The keys after step 3 ────────────────────────────────────────────────────────',
      '~ aggregate:account:acc-1  stream, 2 entries, last 1795954934402-0',
      '    1-0  event {"eventId":"0b7f3a52-6f0a-4c1e-9d3b-000000000001","eventType":"A…',
      '  + 1795954934402-0  event {"eventId":"0b7f3a52-6f0a-4c1e-9d3b-000000000003","ev',
      '      entType":"ACCOUNT_DEBITED","payload":{"n":3}}',
      '    group mail  cursor 1-0, 1 pending',
      '      1-0  mailer-1, delivered once',
      '  seen  set, 1 member',
      '    e-1',
      '',
      '',
      '←→ step  c collision  w whole  jk keys  / key  m model  ? help  q quit',
    ])
  })

  test('cuts nothing off that a step changed while there are empty lines', () => {
    const long = { s: 'x'.repeat(700) }
    const key = (value: string): KeyState => ({ key: 'a', type: 'string', value: { s: value } })
    const run = changing(key('old'), { key: 'a', type: 'string', value: long })
    const shown = (height: number) => screen(run, 1, [80, height]).replace(/\s/g, '')
    expect(shown(24)).toContain(long.s)
    expect(shown(8)).not.toContain(long.s)
    expect(shown(8)).toContain('xxx…')
  })

  test('shows the whole step on w, until a key that neither steps nor scrolls', () => {
    const size = { width: 40, height: 9, palette: plain }
    const shown = (...keys: readonly string[]) => {
      const explorer = keys.reduce(press, goTo(openExplorer(starterRun()), 3))
      return { explorer, text: paintLines(bothRuns(explorer, undefined, size), plain) }
    }
    const lines = shown('w').text.split('\n')
    expect(lines).toHaveLength(9)
    expect(lines[0]).toMatch(/step 3 of 4$/)
    expect(lines[2]).toBe('second writer · changed')
    expect(lines[3]).toBe('  XADD aggregate:account:acc-1 * event')
    expect(shown('w', 'j').text.split('\n').slice(2, 7)).toEqual(lines.slice(3, 7).concat(expect.anything()))
    expect(shown('w', 'k').text).toBe(lines.join('\n'))
    const scrolled = Array.from({ length: 99 }, () => 'j')
    expect(shown('w', ...scrolled).text).toContain('+ 1795954934402-0')
    expect(shown('w', '\x1b[D').text).toContain('step 2 of 4')
    expect(shown('w', '\x1b[D').text).toContain('→ (integer) 1')
    const back = shown('w', 'q').explorer
    expect([back.showsWhole, back.left]).toEqual([undefined, undefined])
  })

  test('on a small screen shows how to leave it', () => {
    const last = screen(starterRun(), 3, [60, 15]).split('\n').at(-1)
    expect(last).toBe('←→ step  c collision  w whole  jk keys  / key  q quit')
  })

  test('has two thirds for the commands, if the keys need the rest', () => {
    expect(divide(18, { rows: 13, keys: 20 })).toEqual({ rows: 12, keys: 6 })
    expect(divide(18, { rows: 40, keys: 2 })).toEqual({ rows: 16, keys: 2 })
    expect(divide(18, { rows: 4, keys: 20 })).toEqual({ rows: 4, keys: 14 })
  })

  test('keeps what collided in sight, however far it is from the current step', () => {
    const { steps, collision, ...rest } = starterRun()
    const [first, second, third, last] = steps
    if (first === undefined || second === undefined || third === undefined || last === undefined)
      throw new Error()
    const looks = Array.from({ length: 40 }, (_, index): Step => ({ ...second, n: index + 2, at: index + 2 }))
    const long: Recording = {
      ...rest,
      steps: [first, ...looks, { ...third, n: 42 }, { ...last, n: 43 }],
      collision: { kind: 'stale', key: 'aggregate:account:acc-1', looked: 1, changed: 42, wrote: 43 },
    }
    for (const at of [0, 20, 43]) {
      const lines = screen(long, at).split('\n')
      const numbers = lines.flatMap((line) => /^(?:▶| ) +(\d+) /.exec(line)?.[1] ?? [])
      expect(numbers).toEqual(expect.arrayContaining(['1', '42', '43', String(at || 1)]))
      const missing = lines.map((line) => Number(/… (\d+) more steps?$/.exec(line)?.[1] ?? 0))
      expect(numbers.length + missing.reduce((a, b) => a + b)).toBe(43)
      expect(lines.filter((line) => /held by the check|released/.test(line))).toHaveLength(2)
    }
  })

  test('begins before the first step', () => {
    const first = screen(starterRun(), 0)
    expect(first).toContain('before step 1')
    expect(first).toContain('─ The keys before the first step ─')
    expect(first).toContain('stream, 1 entry, last 1-0')
    expect(first).not.toContain('▶')
  })

  test('says that there are no steps', () => {
    const { collision, before, ...rest } = starterRun()
    const none: Recording = { ...rest, before: [], steps: [], after: [] }
    expect(screen(none, 0)).toMatch(/ no steps\n.*ended before it sent a command to Redis/)
    const list = paintLines(explorerList(openExplorer(none), { width: 80, palette: plain }), plain)
    expect(list).toContain('ended before it sent a command to Redis')
  })

  test('has the remark of a recording in which nothing collided', () => {
    const { collision, failure, ...rest } = starterRun()
    expect(screen({ ...rest, note: 'Only the order was recorded.' }, 1)).toContain(
      'Only the order was recorded.',
    )
  })

  test('filters keys', () => {
    const typing = screen(starterRun(), 3, [80, 24], plain, '/see')
    expect(typing).toContain('─ The keys after step 3, /see_ ─')
    expect(typing).toContain('Type a part of the key. Enter keeps it, Esc shows all keys.')
    expect(keysOn(screen(starterRun(), 3, [80, 24], plain, '/see\r'))).toEqual([
      '  seen  set, 1 member',
      '    e-1',
    ])
    expect(screen(starterRun(), 3, [80, 24], plain, '/nothing')).toContain('No key contains that.')
  })

  test('shows a run without changes in lanes alone, and says why', () => {
    const note = 'The second run ended differently, so only the order is known.'
    const { before, after, ...rest } = starterRun()
    const steps = rest.steps.map((step) => ({ ...step, changes: [] }))
    const text = screen({ ...rest, before: [], after: [], steps, depth: 'order', note }, 3)
    expect(text).toContain(note)
    expect(text).not.toContain('The keys')
    expect(text).toContain('▶  3')
  })

  test('names the line of code that sent the command', () => {
    const run = starterRun()
    const place = { file: 'workspace/07-concurrency.ts', line: 53 }
    const steps = run.steps.map((step) => (step.kind === 'command' ? { ...step, place } : step))
    expect(screen({ ...run, steps }, 3)).toContain(
      '─ The keys after step 3, workspace/07-concurrency.ts:53 ─',
    )
  })
})

describe('two runs', () => {
  const yours = goTo(openExplorer(starterRun()), 3)
  const model = { ...goTo(openExplorer(starterRun()), 1), isModel: true } as const
  const both = (width: number, explorer: typeof yours, other: typeof yours) =>
    paintLines(bothRuns(explorer, other, { width, height: 24, palette: plain }), plain).split('\n')

  test('are shown side by side on a wide screen, yours on the left, whichever the keys step through', () => {
    for (const [run, other] of [
      [yours, model],
      [model, yours],
    ] as const) {
      const lines = both(200, run, other)
      expect(lines).toHaveLength(24)
      expect(lines[0]).toMatch(
        /^07-concurrency .* step 3 of 4 │ Model solution · 07-concurrency .* step 1 of 4$/,
      )
      expect(lines.map((line) => line[99])).toEqual(lines.map(() => '│'))
      expect(widest(lines.join('\n'))).toBeLessThanOrEqual(200)
    }
    expect(both(200, yours, model).at(-1)).toMatch(/q quit +│ m switches to this run$/)
    expect(both(200, model, yours).at(-1)).toMatch(/^m switches to this run +│ ←→ step/)
  })

  test('have the same filter, which is typed in one of them', () => {
    const typing = [...'/see'].reduce(press, yours)
    const lines = both(200, typing, model)
    expect(lines.filter((line) => line.includes('aggregate:account:acc-1  stream'))).toEqual([])
    expect(lines.join('\n').match(/, \/see_/g)).toHaveLength(1)
  })

  test('take turns on a narrow one', () => {
    expect(both(149, yours, model)).toEqual(screen(starterRun(), 3, [149, 24]).split('\n'))
  })
})

describe('what a step did to a key', () => {
  const text = (s: string) => ({ s })
  const group = (cursor: string, ...pending: readonly string[]) => ({
    group: 'mail',
    cursor,
    pending: pending.map((id) => ({ id, consumer: 'mailer-1', delivered: 1 })),
  })
  const stream = (groups: readonly ReturnType<typeof group>[], ...ids: readonly string[]): KeyState => ({
    key: 'k',
    type: 'stream',
    entries: ids.map((id) => ({ id, fields: [text('n'), text(id)] })),
    length: ids.length,
    lastId: ids.at(-1) ?? '0-0',
    groups,
  })
  const hash = (fields: Readonly<Record<string, string>>): KeyState => ({
    key: 'k',
    type: 'hash',
    fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, text(value)])),
  })
  const cases: readonly (readonly [string, KeyState | null, KeyState | null, readonly string[]])[] = [
    ['a new key', null, { key: 'k', type: 'set', members: [text('a')] }, ['+ k  set, 1 member', '  + a']],
    [
      'a key that is gone',
      { key: 'k', type: 'string', value: text('v') },
      null,
      ['- k  string, gone', '  - v'],
    ],
    [
      'a string',
      { key: 'k', type: 'string', value: text('1') },
      { key: 'k', type: 'string', value: text('2') },
      ['~ k  string', '  ~ 1 → 2'],
    ],
    [
      'fields',
      hash({ a: '1', b: '2', c: '3' }),
      hash({ a: '1', b: '5', d: '4' }),
      ['~ k  hash, 3 fields', '    a  1', '  ~ b  2 → 5', '  - c  3', '  + d  4'],
    ],
    [
      'a list',
      { key: 'k', type: 'list', items: ['x', 'y'].map(text) },
      { key: 'k', type: 'list', items: ['y', 'z'].map(text) },
      ['~ k  list, 2 items', '    0  y', '  + 1  z', '  - x'],
    ],
    [
      'a trimmed stream',
      stream([], '1-0', '2-0'),
      stream([], '2-0', '10-0'),
      ['~ k  stream, 2 entries, last 10-0', '  - 1-0  n 1-0', '    2-0  n 2-0', '  + 10-0  n 10-0'],
    ],
    [
      'a delivery',
      stream([group('0-0')], '1-0'),
      stream([group('1-0', '1-0')], '1-0'),
      [
        '~ k  stream, 1 entry, last 1-0',
        '    1-0  n 1-0',
        '  ~ group mail  cursor 0-0 → 1-0, 1 pending',
        '    + 1-0  mailer-1, delivered once',
      ],
    ],
    [
      'an acknowledgment',
      stream([group('1-0', '1-0')], '1-0'),
      stream([group('1-0')], '1-0'),
      [
        '~ k  stream, 1 entry, last 1-0',
        '    1-0  n 1-0',
        '  ~ group mail  cursor 1-0, nothing pending',
        '    - 1-0  mailer-1, delivered once',
      ],
    ],
    [
      'a score',
      { key: 'k', type: 'zset', members: [{ member: text('a'), score: '1' }] },
      { key: 'k', type: 'zset', members: [{ member: text('a'), score: '2' }] },
      ['~ k  zset, 1 member', '  + 2  a', '  - 1  a'],
    ],
    [
      'a time to live',
      { key: 'k', type: 'string', value: text('v') },
      { key: 'k', type: 'string', value: text('v'), pttl: 5_000 },
      ['~ k  string', '  + expires  at 5000 ms', '    v'],
    ],
    [
      'something large',
      { key: 'k', type: 'large', of: 'hash', length: 300 },
      { key: 'k', type: 'large', of: 'hash', length: 301 },
      ['~ k  hash, a hash of 301'],
    ],
  ]

  test.each(cases)('is shown for %s', (_, before, after, lines) => {
    expect(keysOn(screen(changing(before, after), 1))).toEqual(lines)
  })

  test('is in view, and only the last of the unchanged parts are', () => {
    const ids = Array.from({ length: 40 }, (_, n) => `${n + 1}-0`)
    const grown = changing(stream([], ...ids), stream([], ...ids, '41-0'))
    expect(keysOn(screen(grown, 1))).toEqual([
      '~ k  stream, 41 entries, last 41-0',
      '    … 37 more',
      ...['38-0', '39-0', '40-0'].map((id) => `    ${id}  n ${id}`),
      '  + 41-0  n 41-0',
    ])
    const all = screen(grown, 1, [80, 24], plain, '/k\r')
    expect(all).toContain('  + 41-0  n 41-0')
    expect(all).not.toContain('    1-0  n 1-0')
    expect(screen(grown, 1, [80, 24], plain, `/k\r${'k'.repeat(60)}`)).toContain('    1-0  n 1-0')
  })

  test('is shown whole if there is room, and else with the group of what is pending', () => {
    const groups = ['mail', 'sms'].map((name) => ({ ...group('8-0', '7-0', '8-0'), group: name }))
    const ids = Array.from({ length: 9 }, (_, n) => `${n + 1}-0`)
    const grown = changing(stream(groups, ...ids), stream(groups, ...ids, '10-0'))
    expect(screen(grown, 1, [80, 50])).not.toContain('more')
    const short = keysOn(screen(grown, 1, [80, 16]))
    expect(short).toContain('  + 10-0  n 10-0')
    const pending = short.findIndex((line) => line.startsWith('      8-0  mailer-1'))
    expect(short.slice(0, pending).findLast((line) => /^ {4}\S/.test(line))).toMatch(/^ {4}group sms/)
  })

  test('hides a password and says how long a cut value was', () => {
    const secret: KeyState = {
      key: 'k',
      type: 'list',
      items: [
        { s: 'x', hidden: true },
        { s: 'abc…', bytes: 9_000 },
      ],
    }
    expect(keysOn(screen(changing(null, secret), 1))).toEqual([
      '+ k  list, 2 items',
      '  + 0  (hidden)',
      '  + 1  abc… (9000 bytes)',
    ])
  })
})

test('any screen is filled and never too small for what is on it', () => {
  const recordings = [
    starterRun(),
    changing(null, { key: '\x1b[2J日本'.repeat(30), type: 'string', value: { s: '\u202e\n'.repeat(99) } }),
    { ...starterRun(), lesson: '👩‍👩‍👧‍👧'.repeat(60), lanes: [], steps: [] },
  ]
  const palettes = [plain, ascii, colourful]
  fc.assert(
    fc.property(
      fc.constantFrom(...recordings),
      fc.constantFrom(...palettes),
      fc.tuple(fc.integer({ min: 20, max: 200 }), fc.integer({ min: 5, max: 60 })),
      fc.nat(5),
      fc.constantFrom('', 'c', '/se', '/zzz\r', 'jjjj'),
      (recording, palette, size, at, keys) => {
        const [width, height] = size
        const whole = wholeStepScreen(goTo(openExplorer(recording), at), { width, height, palette })
        for (const text of [
          screen(recording, at, [width, height], palette, keys),
          paintLines(whole, palette),
        ]) {
          expect(text.split('\n').length).toBe(height)
          expect(widest(text)).toBeLessThanOrEqual(width)
          expect(controlsIn(text)).toEqual([])
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('a low screen still shows the current step', () => {
  for (let height = 6; height < 20; height += 1) {
    expect(screen(starterRun(), 4, [60, height])).toMatch(/^▶ A {2}4 .*wrote$/m)
  }
})

test('without a screen, all steps are a list, with what each of them changed', () => {
  const text = paintLines(explorerList(openExplorer(starterRun()), { width: 80, palette: plain }), plain)
  expect(text.split('\n')).toEqual([
    '07-concurrency · appendEvent · lets one of two writers win',
    'Redis 7.0.15',
    '',
    'Both writers expected version 1, and both succeeded.',
    '',
    'key aggregate:account:acc-1',
    'A = first writer, B = second writer',
    expect.stringMatching(/^A {2}1 {3}0\.4 {2}XLEN → 1 +looked$/),
    'B  2   1.1  XLEN → 1',
    expect.stringMatching(/^B {2}3 {3}1\.6 {2}XADD \* n:3 → …402-0 +changed$/),
    '      ~ aggregate:account:acc-1  stream, 2 entries, last 1795954934402-0',
    expect.stringMatching(/^ {8}\+ 1795954934402-0 {2}event \{/),
    'B           returns 2',
    expect.stringMatching(/^A {2}4 {3}2\.0 {2}XADD \* n:2 → …403-0 \(held\) +wrote$/),
    '      ~ aggregate:account:acc-1  stream, 3 entries, last 1795954934403-0',
    expect.stringMatching(/^ {8}\+ 1795954934403-0 {2}event \{/),
    'A           returns 2',
    '✗ Step 4 wrote what was decided at step 1. Step 3 had changed the key by then.',
  ])
})
