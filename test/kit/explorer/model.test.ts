import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { press } from '../../../src/explorer/keys.ts'
import { type Explorer, goTo, openExplorer } from '../../../src/explorer/model.ts'
import {
  changesBetween,
  fold,
  keysOf,
  type Recording,
  type Step,
  statesOf,
} from '../../../src/recording/index.ts'
import { starterRun } from '../recording/starter.ts'
import { anyHistory } from '../recording/states.ts'

const NAMES = {
  right: '\x1b[C',
  left: '\x1b[D',
  down: '\x1b[B',
  up: '\x1b[A',
  home: '\x1b[H',
  end: '\x1b[F',
  pageDown: '\x1b[6~',
  pageUp: '\x1b[5~',
  esc: '\x1b',
  enter: '\r',
  back: '\x7f',
}

const pressing = (explorer: Explorer, ...keys: readonly string[]) => keys.reduce(press, explorer)

const atStart = () => goTo(openExplorer(starterRun()), 0)

describe('stepping', () => {
  test('begins where the collision ends, or before the first step if there is none', () => {
    expect(openExplorer(starterRun()).at).toBe(4)
    const { collision, failure, ...peaceful } = starterRun()
    expect(openExplorer(peaceful).at).toBe(0)
    expect(openExplorer({ ...peaceful, ...(failure && { failure }) }).at).toBe(4) // computed
  })

  test('goes forward, back, to both ends, and no further', () => {
    const { right, left, down, up, home, end, pageDown, pageUp } = NAMES
    expect(pressing(atStart(), right, down, ' ').at).toBe(3)
    expect(pressing(atStart(), right, right, left, up, left).at).toBe(0)
    expect(pressing(atStart(), end, right).at).toBe(4)
    expect(pressing(atStart(), end, home).at).toBe(0)
    expect(pressing(atStart(), pageDown).at).toBe(4)
    expect(pressing(atStart(), pageDown, pageUp).at).toBe(0)
    expect(pressing(atStart(), 'G').at).toBe(4)
  })

  test('shows the keys as they were before and after each step, in whatever order you go', () => {
    const recording = fc
      .tuple(anyHistory(), fc.array(fc.nat(8)))
      .map(([history, jumps]) => ({ history, jumps }))
    fc.assert(
      fc.property(recording, ({ history, jumps }) => {
        const steps = stepsThrough(history)
        const given: Recording = { ...starterRun(), before: history[0] ?? [], steps, lanes: [] }
        const { collision, failure, ...peaceful } = given
        let explorer = openExplorer(peaceful)
        for (const jump of jumps) {
          explorer = goTo(explorer, jump)
          const { at } = explorer
          expect(at).toBe(Math.min(jump, steps.length))
          expect(statesOf(explorer.after)).toEqual(statesOf(fold(given.before, steps.slice(0, at))))
          expect(statesOf(explorer.before)).toEqual(
            statesOf(fold(given.before, steps.slice(0, Math.max(0, at - 1)))),
          )
        }
      }),
    )
  })
})

describe('c', () => {
  test('goes from one step of the collision to the next, and around', () => {
    const visited = ['c', 'cc', 'ccc', 'cccc'].map((keys) => pressing(atStart(), ...keys))
    expect(visited.map(({ at }) => at)).toEqual([1, 3, 4, 1])
    expect(visited[0]?.notice).toBe(
      'Step 4 wrote what was decided at step 1. Step 3 had changed the key by then.',
    )
    expect(press(visited[0] ?? atStart(), NAMES.right).notice).toBeUndefined()
  })

  test("says so if nothing collided, and doesn't move", () => {
    const { collision, failure, ...peaceful } = starterRun()
    const { at, notice } = press(openExplorer(peaceful), 'c')
    expect([at, notice]).toEqual([0, 'No commands in this run collided.'])
  })
})

describe('/', () => {
  const { enter, esc, back } = NAMES

  test('filters keys while a part of a key is typed, and keeps it or drops it', () => {
    expect(pressing(atStart(), '/', 's', 'e').filter).toBe('se')
    expect(pressing(atStart(), '/', 's', 'ü', back, back, back, 'x').filter).toBe('x')
    const kept = pressing(atStart(), '/', 's', enter)
    expect([kept.filter, kept.typing]).toEqual(['s', undefined])
    const dropped = pressing(atStart(), '/', 's', esc)
    expect([dropped.filter, dropped.typing, dropped.left]).toEqual(['', undefined, undefined])
    expect(press(kept, esc).filter).toBe('')
  })

  test('takes every letter, even those that are keys otherwise, but no arrows', () => {
    expect(pressing(atStart(), '/', 'q', 'c', NAMES.right, '\t').filter).toBe('qc')
  })

  test('takes the first line of a paste, which is nothing where keys are commands', () => {
    const paste = '\x1b[200~qc\nx'
    expect(pressing(atStart(), '/', 'a', paste)).toMatchObject({ filter: 'aqc', typing: 'aqc' })
    expect(press(atStart(), paste)).toEqual(atStart())
  })
})

test('q and Esc leave, Ctrl-C and Ctrl-D interrupt', () => {
  for (const key of ['q', 'Q', '\x1b']) expect(press(atStart(), key).left).toBe('quit')
  for (const key of ['\x03', '\x04']) expect(pressing(atStart(), '/', key).left).toBe('interrupted')
  expect(pressing(atStart(), 'x', '\x1b[15~', '☃').left).toBeUndefined()
})

function stepsThrough(history: readonly Recording['before'][]): readonly Step[] {
  return history.slice(1).map((after, index): Step => {
    const [old, now] = [keysOf(history[index] ?? []), keysOf(after)]
    const names = [...new Set([...old.keys(), ...now.keys()])]
    const changes = names.flatMap((key) => changesBetween(old.get(key) ?? null, now.get(key) ?? null))
    return { kind: 'check', what: 'time passes', n: index * 2 + 1, at: index, changes }
  })
}
