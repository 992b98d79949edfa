import { describe, expect, test } from 'vitest'
import { collisionOf, type Lane, laneView, type Row, type Step } from '../../../src/recording/index.ts'
import { run } from './runs.ts'

/** Rows in a few words: what they are, whose, and who waits meanwhile. */
const told = (rows: readonly Row[]) =>
  rows.map((row) => {
    const what = 'n' in row ? row.n : row.kind === 'gap' ? `${row.steps} left out` : row.kind
    const waiting = row.waiting.length === 0 ? '' : ` while ${row.waiting.join(' and ')} waits`
    return `${what}${'lane' in row ? ` by ${row.lane}` : ''}${waiting}`
  })

const race = run(`
  1  XLEN a → (integer) 1
  2  XADD a * n 3 → "2-0"
  1! MULTI → OK
  1! XADD a * n 2 → QUEUED
  1! EXEC → ["3-0"]`)

describe('a held command', () => {
  test('waits from the last command of its lane until it was sent, and those after it come along', () => {
    expect(told(laneView(race).rows)).toEqual([
      '1 by 1',
      'held by 1',
      '2 by 2 while 1 waits',
      'released by 1',
      '3 by 1',
      '4 by 1',
      '5 by 1',
    ])
  })

  test('keeps its bracket if the steps around it are left out', () => {
    const filler = (client: number) => Array.from({ length: 9 }, (_, n) => `${client}  GET b:${n} → (nil)`)
    const long = run(['1  XLEN a → (integer) 1', ...filler(2), ...filler(2), '1! SET a 1 → OK'].join('\n'))
    expect(told(laneView(long, 6).rows)).toEqual([
      '1 by 1',
      'held by 1',
      '2 by 2 while 1 waits',
      '14 left out while 1 waits',
      '17 by 2 while 1 waits',
      '18 by 2 while 1 waits',
      '19 by 2 while 1 waits',
      'released by 1',
      '20 by 1',
    ])
  })
})

describe('a row', () => {
  test('has what a lane returned or threw, after its last step', () => {
    const lanes = race.lanes.map(
      (lane): Lane => ({
        ...lane,
        end: lane.id === 1 ? 'threw' : 'returned',
        result: { s: lane.id === 1 ? 'ConcurrencyError: late' : '2' },
      }),
    )
    const ends = laneView({ ...race, lanes }).rows.filter((row) => row.kind === 'end')
    expect(ends.map(({ lane, text, threw }) => [lane, text, threw])).toEqual([
      [2, 'returns 2', false],
      [1, 'throws ConcurrencyError: late', true],
    ])
  })

  test('leaves out the key that all of them share, and tells arguments apart by the shortest field', () => {
    const { key, rows } = laneView(
      run(`
        1  XADD a * event '{"eventId":"0b7f3a52-6f0a-4c1e-9d3b-000000000002","n":1}' → "1795954934402-0"
        1  XADD a 5-0 event '{"eventId":"0b7f3a52-6f0a-4c1e-9d3b-000000000003","n":2}' → (nil)
        1  XRANGE a - + → [["1-0", ["n", "1"]], ["2-0", ["n", "2"]]]
        1  EVAL "return redis.call('XLEN', KEYS[1])" 1 a x → [(integer) 1, (integer) 2]
        1  LRANGE a 0 1 → ['{"n":1}', '{"n":2}']`),
    )
    expect(key).toBe('a')
    expect(rows.map((row) => row.kind === 'command' && `${row.command} → ${row.reply}`)).toEqual([
      'XADD * n:1 → …402-0',
      'XADD 5-0 n:2 → nil',
      'XRANGE - + → 2 entries',
      'EVAL script x → [1, 2]',
      'LRANGE 0 1 → [{…}, {…}]',
    ])
  })

  test('says what a script does where there are several that do different things', () => {
    const look = `EVAL "return redis.call('XLEN', KEYS[1])" 1 a → (integer) 1`
    const add = `EVAL "redis.call('XLEN', KEYS[1]) return redis.call('XADD', KEYS[1], '*', 'n', ARGV[1])" 1 a 2 → "2-0"`
    const commands = (...lines: readonly string[]) =>
      laneView(run(lines.map((line) => `1 ${line}`).join('\n'))).rows.flatMap((row) =>
        row.kind === 'command' ? row.command : [],
      )
    expect(commands(look, add)).toEqual(['EVAL script(XLEN)', 'EVAL script(XADD) 2'])
    expect(commands(add, add)).toEqual(['EVAL script 2', 'EVAL script 2'])
    expect(commands('EVAL unknown 1 a 1 → "2-0"', add)).toEqual(['EVAL script 1', 'EVAL script 2'])
  })

  test('names the key where there are several and none collided', () => {
    const { key, rows } = laneView(run('1  SET a 1 → OK\n1  SET b 2 → OK'))
    expect(key).toBeUndefined()
    expect(rows.map((row) => row.kind === 'command' && row.command)).toEqual(['SET a 1', 'SET b 2'])
  })

  test('may be a message, or something that the server or the check did', () => {
    const steps: readonly Step[] = [
      { n: 1, at: 0, changes: [], kind: 'check', what: 'second writer starts' },
      {
        n: 2,
        at: 1,
        changes: [{ key: 'a', type: 'key', before: null, after: null }],
        kind: 'server',
        cause: 'expired',
      },
      { n: 3, at: 2, changes: [], kind: 'message', lane: 1, channel: 'events', text: { s: 'hello' } },
    ]
    const texts = laneView({ lanes: race.lanes, steps }).rows.map((row) => row.kind === 'event' && row.text)
    expect(texts).toEqual(['second writer starts', 'server: expired a', 'message on events: hello'])
  })
})

describe('what the test itself sent', () => {
  const written: Step = {
    n: 2,
    at: 1,
    changes: [],
    kind: 'check',
    what: 'the test sends 2 commands',
    sent: [
      [{ s: 'SET' }, { s: 'a' }, { s: '2' }],
      [{ s: 'DEL' }, { s: 'b' }],
    ],
  }
  const around = (text: string) => {
    const { lanes, steps } = run(text)
    return {
      lanes,
      steps: [...steps.map((step) => (step.n > 1 ? { ...step, n: step.n + 1 } : step)), written],
    }
  }
  const view = (text: string) => {
    const { lanes, steps } = around(text)
    const ordered = steps.sort((a, b) => a.n - b.n)
    const collision = collisionOf({ lanes, steps: ordered })
    return laneView({ lanes, steps: ordered, ...(collision && { collision }) })
  }

  test('is in a lane of its own if it collided with the only one', () => {
    const { lanes, rows } = view('1  GET a → "1"\n1! SET a 3 → OK')
    expect(lanes.map(({ role }) => role)).toEqual(['client 1', 'the test'])
    expect(rows.find((row) => row.kind === 'event')).toMatchObject({
      n: 2,
      lane: 2,
      text: 'SET 2, DEL b',
      mark: 'changed',
    })
  })

  test('is in order and, where there is little room, begins with what touches the key', () => {
    const { rows } = view('1  GET b → "1"\n1! SET b 3 → OK')
    const event = rows.find((row) => row.kind === 'event')
    expect(event).toMatchObject({ text: 'SET a 2, DEL', short: '…, DEL', mark: 'changed' })
  })

  test('is across the lanes if it collided with none, or if there are two', () => {
    const others = ['1  GET c → "1"\n1! SET c 3 → OK', '1  GET a → "1"\n2  GET a → "1"\n1! SET a 3 → OK']
    for (const text of others) {
      const { lanes, rows } = view(text)
      expect(lanes.map(({ role }) => role)).not.toContain('the test')
      const event = rows.find((row) => row.kind === 'event')
      expect(event).toMatchObject({ n: 2, text: expect.stringMatching(/^the test sends SET/) })
      expect(event).not.toHaveProperty('lane')
    }
  })
})

test('EXEC names what it executed where that is left out', () => {
  const { steps, lanes } = run(`
    1  MULTI → OK
    1  SET a 1 → QUEUED
    1  DEL b → QUEUED
    1  EXEC → [OK, (integer) 0]
    1  GET a → "1"
    1  GET b → (nil)`)
  const commandsOf = (most?: number) =>
    laneView({ steps, lanes }, most).rows.flatMap((row) => (row.kind === 'command' ? row.command : []))
  expect(commandsOf()).toEqual(['MULTI', 'SET a 1', 'DEL b', 'EXEC', 'GET a', 'GET b'])
  expect(commandsOf(3)).toContain('EXEC: SET a 1, DEL b')
})

test('commands that a verdict left out are a gap', () => {
  const collision = collisionOf(race)
  expect(collision).toMatchObject({ looked: 1, changed: 2, wrote: 5 })
  const { steps, lanes } = run('1  SET a 1 → OK\n2  SET a 2 → OK')
  const later = steps.map((step) => (step.n === 2 ? { ...step, n: 40 } : step))
  expect(told(laneView({ lanes, steps: later }).rows)).toEqual(['1 by 1', '38 left out', '40 by 2'])
})
