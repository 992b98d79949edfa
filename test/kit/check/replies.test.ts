import { describe, expect, test } from 'vitest'
import { largestReply, paired, type SentCommand, sharedWatch } from '../../../src/check/kit/index.ts'

const sent = (name: string, reply: unknown): SentCommand => ({
  client: 1,
  caller: { part: 'only', end: 'open' },
  name,
  args: [],
  pending: false,
  issued: 0,
  issuedAt: 0,
  origin: {},
  reply,
})

const entry = (n: number) => [`${n}-0`, ['event', '{"n":1}', 'follows', '7-0']]
const entries = (count: number) => Array.from({ length: count }, (_, n) => entry(n))

describe('the largest reply', () => {
  test.each([
    ['XRANGE', entries(3), 3],
    [
      'XREAD',
      [
        ['orders', entries(2)],
        ['users', entries(3)],
      ],
      5,
    ],
    ['XREADGROUP', [['orders', [['1-0', null]]]], 1],
    ['EXEC', ['OK', entries(4), 17, entries(3)], 4],
    ['EVALSHA', entries(2).flat(), 2],
    ['EVAL', ['{"n":1}', '{"n":2}', '{"n":3}'], 3],
    ['EVAL', ['1-0', '{"n":1}', '2-0', '{"n":2}'], 2],
    ['EVAL', ['9-0', entries(2)], 2],
    ['EVAL', ['1-0', '2-0', '3-0'], 3],
    ['XAUTOCLAIM', ['0-0', entries(2), []], 2],
    [
      'XPENDING',
      [
        ['1-0', 'mail-1', 5, 1],
        ['2-0', 'mail-1', 5, 1],
      ],
      2,
    ],
    ['XINFO', ['length', 2, 'last-generated-id', '2-0', 'first-entry', entry(1), 'last-entry', entry(2)], 2],
    ['HGETALL', ['name', 'Ada', 'version', '3'], 0],
    ['XLEN', 500, 0],
    ['XREAD', null, 0],
  ])('of %s', (name, reply, count) => {
    expect(largestReply([sent('PING', 'PONG'), sent(name, reply)])).toBe(count)
  })

  test('counts one command, not all of them', () => {
    expect(largestReply([sent('XRANGE', entries(5)), sent('XRANGE', entries(2))])).toBe(5)
    expect(largestReply([])).toBe(0)
  })
})

test('a WATCH is reported if two callers shared its connection', () => {
  const watch = (client: number, part: 'first' | 'second') =>
    ({ ...sent('WATCH', 'OK'), client, caller: { part, end: 'open' } }) as const
  expect(sharedWatch([sent('XADD', '1-0')])).toBe('')
  expect(sharedWatch([watch(1, 'first'), watch(2, 'second'), watch(1, 'first')])).toBe('')
  expect(sharedWatch([watch(1, 'first'), watch(1, 'second')], 'write a script')).toMatch(
    / `WATCH` .* or write a script\.$/,
  )
})

test('the fields of an entry are pairs, whatever they are called', () => {
  expect(paired(['n', '1', '__proto__', '2'])).toEqual(
    Object.fromEntries([
      ['n', '1'],
      ['__proto__', '2'],
    ]),
  )
  expect(paired([])).toEqual({})
})
