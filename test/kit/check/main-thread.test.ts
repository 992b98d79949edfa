import { expect, test } from 'vitest'
import { isStuck, mainThread, parseStat } from '../../../src/check/worker/main-thread.ts'

test("reads the state and the main thread's processor time", () => {
  const stat =
    '4711 (node (x) y) S 1 4711 4711 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 11 0 12 13 14 18446744073709551615'
  expect(parseStat(stat)).toEqual({ state: 'S', used: 3_000_000 })
  expect(() => parseStat('')).toThrow('not a stat file')
})

test('processor time grows with work', () => {
  const before = mainThread()?.used ?? Number.NaN
  const begun = process.cpuUsage()
  const spent = () => process.cpuUsage(begun).user
  while (spent() < 100_000) JSON.stringify([1, 2, 3])
  expect(mainThread()?.used).toBeGreaterThan(before)
})

test.each([
  ['a loop', { looks: 30, spent: 3_000_000, asleep: 0 }, true],
  ['a loop on a busy machine', { looks: 900, spent: 3_000_000, asleep: 0 }, true],
  ['a synchronous wait', { looks: 80, spent: 10_000, asleep: 80 }, true],
  ['a thread that gets no processor', { looks: 900, spent: 10_000, asleep: 0 }, false],
  ['a thread that waits for others now and then', { looks: 900, spent: 10_000, asleep: 3 }, false],
  ['a short sleep', { looks: 79, spent: 10_000, asleep: 79 }, false],
  [
    'a synchronous wait where the system tells no state',
    { looks: 80, spent: 10_000, asleep: undefined },
    true,
  ],
  ['a busy thread there', { looks: 80, spent: 2_000_000, asleep: undefined }, false],
])('%s', (_, quiet, stuck) => {
  expect(isStuck(quiet)).toBe(stuck)
})
