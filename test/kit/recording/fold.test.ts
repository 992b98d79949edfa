import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changesBetween } from '../../../src/recording/diff.ts'
import { apply, BadChangeError, fold, keysOf, statesOf, undo } from '../../../src/recording/fold.ts'
import type { Change, KeyState, Step } from '../../../src/recording/types.ts'
import { anyHistory, anyState } from './states.ts'

const stream = (...ids: readonly string[]): KeyState => ({
  key: 'events',
  type: 'stream',
  entries: ids.map((id) => ({ id, fields: [{ s: 'n' }, { s: id }] })),
  length: ids.length,
  lastId: ids.at(-1) ?? '0-0',
  groups: [],
})

describe('the changes between two states', () => {
  test('lead from one to the other', () => {
    fc.assert(
      fc.property(anyState('k'), anyState('k'), (before, after) => {
        const changes = changesBetween(before, after)
        const from = before === null ? [] : [before]
        expect([...fold(from, [{ changes }]).values()]).toEqual([
          ...keysOf(after === null ? [] : [after]).values(),
        ])
      }),
      { numRuns: 1_000 },
    )
  })

  test('are empty if nothing happened, in whatever order Redis lists the members', () => {
    fc.assert(
      fc.property(anyState('k'), (state) => {
        expect(changesBetween(state, state)).toEqual([])
        if (state?.type === 'set') {
          expect(changesBetween(state, { ...state, members: state.members.toReversed() })).toEqual([])
        }
      }),
    )
  })

  test('name the entry that was added, and nothing else', () => {
    const [change, ...others] = changesBetween(stream('1-0'), stream('1-0', '2-0'))
    expect(others).toEqual([])
    expect(change).toEqual({
      key: 'events',
      type: 'stream',
      add: [{ id: '2-0', fields: [{ s: 'n' }, { s: '2-0' }] }],
      lastId: ['1-0', '2-0'],
      length: [1, 2],
    })
  })

  test('replace one stretch of a list', () => {
    const list = (items: string): KeyState => ({
      key: 'l',
      type: 'list',
      items: [...items].map((s) => ({ s })),
    })
    const replaced = (before: string, after: string) =>
      changesBetween(list(before), list(after)).map((change) =>
        change.type === 'list'
          ? [change.from, ...[change.gone, change.add].map((part) => part.map(({ s }) => s).join(''))]
          : change.type,
      )
    expect(replaced('abc', 'abcd')).toEqual([[3, '', 'd']])
    expect(replaced('abc', 'zabc')).toEqual([[0, '', 'z']])
    expect(replaced('aaa', 'aa')).toEqual([[2, 'a', '']])
    expect(replaced('abcd', 'axd')).toEqual([[1, 'bc', 'x']])
  })

  test('hold the whole key if it appeared, vanished, became another type, or expires at another time', () => {
    const string: KeyState = { key: 'k', type: 'string', value: { s: '1' } }
    const list: KeyState = { key: 'k', type: 'list', items: [{ s: '1' }] }
    const whole = (before: KeyState | null, after: KeyState | null) => [
      { key: 'k', type: 'key', before, after },
    ]
    expect(changesBetween(null, string)).toEqual(whole(null, string))
    expect(changesBetween(string, null)).toEqual(whole(string, null))
    expect(changesBetween(string, list)).toEqual(whole(string, list))
    const expiring: KeyState = { ...string, pttl: 100 }
    expect(changesBetween(string, expiring)).toEqual(whole(string, expiring))
  })

  test('compare IDs as numbers', () => {
    const late = changesBetween(stream('9-0'), stream('9-0', '10-0'))
    expect([...fold([stream('9-0')], [{ changes: late }]).values()]).toEqual([stream('9-0', '10-0')])
  })
})

describe('stepping', () => {
  test('forward and back returns to the same keys', () => {
    fc.assert(
      fc.property(anyHistory(), (history) => {
        const moments = history.map(keysOf)
        const steps = stepsThrough(history)
        for (const [index, step] of steps.entries()) {
          const [before, after] = [moments[index], moments[index + 1]]
          if (before === undefined || after === undefined) throw new Error('a step too many')
          expect(statesOf(apply(before, step))).toEqual(statesOf(after))
          expect(statesOf(undo(after, step))).toEqual(statesOf(before))
        }
        expect(statesOf(fold(history[0] ?? [], steps))).toEqual(statesOf(moments.at(-1) ?? new Map()))
      }),
      { numRuns: 300 },
    )
  })

  test('says so if a change is about another kind of key', () => {
    const change: Change = { key: 'events', type: 'set', add: [{ s: 'x' }], gone: [] }
    expect(() => apply(keysOf([stream('1-0')]), { changes: [change] })).toThrow(BadChangeError)
    expect(() => apply(new Map(), { changes: [change] })).toThrow(
      "A change of type set doesn't fit the key events.",
    )
  })
})

function stepsThrough(history: readonly (readonly KeyState[])[]): readonly Pick<Step, 'changes'>[] {
  return history.slice(1).map((after, index) => {
    const [old, now] = [keysOf(history[index] ?? []), keysOf(after)]
    const keys = new Set([...old.keys(), ...now.keys()])
    return { changes: [...keys].flatMap((key) => changesBetween(old.get(key) ?? null, now.get(key) ?? null)) }
  })
}
