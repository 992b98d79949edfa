import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  collisionOf,
  fromCommands,
  laneView,
  type Recording,
  type Text,
} from '../../../src/recording/index.ts'
import { type Palette, paintLines } from '../../../src/terminal/index.ts'
import { laneLines } from '../../../src/terminal/lanes.ts'
import { run } from '../recording/runs.ts'
import { ascii, colourful, controlsIn, plain, widest } from './screens.ts'

type Run = Pick<Recording, 'lanes' | 'steps'>

const starter = run(`
  1  XLEN aggregate:account:acc-1 → (integer) 1
  2  XLEN aggregate:account:acc-1 → (integer) 1
  2  XADD aggregate:account:acc-1 * event '{"eventType":"DEBITED","n":3}' → "1795954934402-0"
  1! XADD aggregate:account:acc-1 * event '{"eventType":"DEBITED","n":2}' → "1795954934403-0"`)

interface View {
  readonly width?: number
  readonly palette?: Palette
  readonly sideBySide?: boolean
  readonly most?: number
}

function painted(of: Run, { width = 80, palette = plain, sideBySide = true, most }: View = {}): string {
  const collision = collisionOf(of)
  const view = laneView({ ...of, ...(collision && { collision }) }, most)
  return paintLines(laneLines(view, { width, palette, sideBySide }), palette)
}

const lines = (...all: readonly string[]) => all.join('\n')

describe('two clients', () => {
  test('have a lane each, with what collided', () => {
    expect(painted(starter)).toBe(
      lines(
        'key aggregate:account:acc-1',
        ' #    ms  client 1                          │ client 2',
        ' 1   0.5  XLEN → 1                   looked │',
        '          ┌── XADD, held by the check ──────┤',
        ' 2   1.0  ┊                                 │ XLEN → 1',
        ' 3   1.5  ┊                                 │ XADD * n:3 → …402-0       changed',
        '          └── released ─────────────────────┤',
        ' 4   2.0  XADD * n:2 → …403-0         wrote │',
        '✗ Step 4 wrote what was decided at step 1. Step 3 had changed the key by then.',
      ),
    )
  })

  test('share one column on a narrow screen, and without a terminal', () => {
    const narrow = lines(
      'key aggregate:account:acc-1',
      'A = client 1, B = client 2',
      'A  1   0.5  XLEN → 1                              looked',
      'B  2   1.0  XLEN → 1',
      'B  3   1.5  XADD * n:3 → …402-0                  changed',
      'A  4   2.0  XADD * n:2 → …403-0 (held)             wrote',
      '✗ Step 4 wrote what was decided at step 1. Step 3 had',
      '  changed the key by then.',
    )
    expect(painted(starter, { width: 56 })).toBe(narrow)
    expect(painted(starter, { width: 56, sideBySide: false })).toBe(narrow)
    expect(painted(starter, { sideBySide: false })).toMatch(/^A {2}1 {3}0\.5 {2}XLEN → 1 +looked$/m)
  })

  test('in narrow lanes, the name of a command and its mark stay whole, not the reply', () => {
    const four = painted(
      run(`
        1  HGETALL a → ["name", "Ada"]
        2  HSET a name Bob → (integer) 0
        1! HSET a name Eve → (integer) 0
        3  XREADGROUP GROUP g c STREAMS s > → (nil)
        4  PING → "PONG"`),
      { width: 100 },
    )
    expect(four).toMatch(/ 1 {3}0\.5 {2}HGETALL +looked │/)
    expect(four).toMatch(/│ HSET [^→│]*… → 0 changed │/)
    expect(four).toContain('│ XREADGROUP GR… → nil │')
    expect(four).toContain('┌── HSET, held ')
    expect(widest(four)).toBeLessThanOrEqual(100)
  })

  test('name the command that is held, however little room a lane has', () => {
    const held = (name: string, width: number) => {
      const race = run(`
        1  XLEN s → (integer) 1
        2  ${name} s 2 → (nil)
        1! ${name} s 1 → (nil)
        3  PING → "PONG"
        4  PING → "PONG"`)
      const view = painted(race, { width })
      expect(widest(view)).toBeLessThanOrEqual(width)
      return /┌.*?┤/.exec(view)?.[0]
    }
    // 20 columns, and 19.
    expect(held('XREADGROUP', 100)).toBe('┌── XREADGROUP held ─┤')
    expect(held('XREADGROUP', 98)).toBe('┌─ XREADGROUP held ─┤')
    expect(held('GEORADIUSBYMEMBER', 98)).toBe('┌─ GEORADIUS… held ─┤')
  })

  test('are drawn in ASCII where nothing else can be shown', () => {
    const screen = painted(starter, { palette: ascii })
    expect(screen).toMatch(/^[\x20-\x7e\n]+$/)
    expect(screen).toContain('          +-- XADD, held by the check ------+\n')
    expect(screen).toContain(
      ' 3   1.5  :                                 | XADD * n:3 -> ...402-0    changed',
    )
  })

  test('of which the second is held have the bracket on the other side', () => {
    const second = run(`
      1  GET a → "1"
      2! SET a 2 → OK`)
    expect(painted(second)).toContain(
      lines(
        '                                            ├── SET, held by the check ──────┐',
        ' 1   0.5  GET → 1                           │ ┊',
        '                                            ├── released ────────────────────┘',
        ' 2   1.0                                    │ SET 2 → OK',
      ),
    )
  })

  test('say what never ran, and that Redis refused a step', () => {
    const crash = run(`
      1  SUBSCRIBE events → (integer) 1
      2  RPUSH events:user-42 1 → (integer) 1
      2  RPUSH events:type:X 1`)
    expect(painted(crash)).toContain('RPUSH 1 → 1                 wrote')
    expect(painted(crash)).toContain('RPUSH events:type:X… → never sent')
    expect(painted(crash)).toContain('✗ The process died after step 2, so step 3 never ran.')
    const refused = run(`
      1  EXISTS orders → (integer) 0
      2  XGROUP CREATE orders mail 0 → OK
      1! XGROUP CREATE orders mail 0 → (error) BUSYGROUP Consumer Group name already exists`)
    expect(painted(refused)).toMatch(/^ 3 .* refused │$/m)
    expect(painted(refused)).toContain(
      '✗ Step 3 was refused because step 2 had changed the key since step 1.',
    )
  })

  test('whose commands overlapped are marked', () => {
    const [first, second] = ['SET a 1', 'SET a 2'].map((command, index) => ({
      client: index + 1,
      command,
      reply: 'OK',
      held: false,
      at: 0,
      about: true as const,
    }))
    if (first === undefined || second === undefined) throw new Error('two commands')
    const screen = painted(fromCommands([first, second]))
    expect(screen).toContain(' 1~  0.0  SET 1 → OK')
    expect(screen).toContain('~ These commands overlapped, so their order is uncertain.')
  })
})

test('several clients have lanes where they fit, and otherwise share one column', () => {
  const clients = (count: number) =>
    run(Array.from({ length: count }, (_, index) => `${index + 1}  GET a → "${index}"`).join('\n'))
  expect(painted(clients(3), { width: 120 })).toMatch(/client 1 +│ client 2 +│ client 3$/m)
  expect(painted(clients(3))).toMatch(/client 1 +│ client 2 +│ client 3/)
  expect(painted(clients(4))).toContain('A = client 1, B = client 2, C = client 3, D = client 4')
  expect(painted(clients(4), { width: 100 })).toMatch(/client 1 +│ client 2 +│ client 3 +│ client 4/)
  expect(painted(clients(4), { width: 124 })).toMatch(/client 1 +│ client 2 +│ client 3 +│ client 4$/m)
  const held = run('1  GET a → (nil)\n2  GET a → (nil)\n3  SET a 1 → OK\n2! SET a 2 → OK')
  expect(painted(held, { width: 120 })).toMatch(/^ +│ ┌── SET, held by the check ─+┤/m)
  expect(painted(clients(4), { width: 90 })).toMatch(/^D {2}4 .*GET → 3$/m)
})

test('a long run keeps its beginning, its end, and the collision', () => {
  const filler = (count: number) =>
    Array.from({ length: count }, (_, index) => `2  GET other:${index} → (nil)`)
  const long = run(
    [
      '1  XLEN a → (integer) 1',
      ...filler(30),
      '2  XADD a * n 3 → "2-0"',
      ...filler(30),
      '1! XADD a * n 2 → "3-0"',
    ].join('\n'),
  )
  const screen = painted(long, { most: 8 })
  expect(screen.split('✗')[0]?.match(/looked|changed|wrote/g)).toEqual(['looked', 'changed', 'wrote'])
  expect(screen).toMatch(/… \d\d more steps/)
  expect(screen).toMatch(/^ 2 .*GET other:0/m)
  expect(screen).toMatch(/^62 .*GET other:29/m)
  expect(screen.split('\n').filter((line) => /^ ?\d/.test(line))).toHaveLength(8)
})

test('colors only repeat what the words say', () => {
  const screen = painted(starter, { palette: colourful })
  expect(screen).toContain('\x1b[')
  expect(stripVTControlCharacters(screen)).toBe(painted(starter))
})

test('no text controls the terminal or makes a line too wide', () => {
  const text: fc.Arbitrary<string> = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(
      '日本語'.repeat(20),
      '\x1b[2J',
      'a\nb',
      '\u202eevil',
      '👩‍👩‍👧‍👧'.repeat(9),
      'x'.repeat(300),
    ),
  )
  const command = fc.record({
    client: fc.integer({ min: 1, max: 4 }),
    args: fc.array(
      text.map((s): Text => ({ s })),
      { maxLength: 5 },
    ),
    reply: text,
    held: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.array(command),
      fc.integer({ min: 40, max: 140 }),
      fc.constantFrom(plain, ascii),
      (commands, width, palette) => {
        const known = fromCommands(commands.map((one) => ({ ...one, at: 1, command: 'GET' })))
        const steps = known.steps.map((step, index) =>
          step.kind === 'command'
            ? { ...step, args: [{ s: 'RPUSH' }, ...(commands[index]?.args ?? [])] }
            : step,
        )
        const screen = painted({ ...known, steps }, { width, palette })
        expect(widest(screen)).toBeLessThanOrEqual(width)
        expect(controlsIn(screen)).toEqual([])
      },
    ),
    { numRuns: 200 },
  )
})
