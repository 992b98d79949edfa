import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StoredEvent } from '../../../src/progress/event.ts'
import { fold } from '../../../src/progress/evolve.ts'
import { mergeEvents } from '../../../src/progress/merge.ts'
import { event, failed, minute, passed, uuid } from './sample.ts'

// A failure should be reported, not shrunk for minutes.
fc.configureGlobal({ interruptAfterTimeLimit: 5_000 })

const slugs = ['01-events', '02-list-store', '03-replay']

type Step = { readonly what: number; readonly slug: string; readonly later: number; readonly id: string }

const step = (): fc.Arbitrary<Step> =>
  fc.record({
    what: fc.nat(7),
    slug: fc.constantFrom(...slugs),
    // Zero: several events within one tick of the clock. Negative: it was set back.
    later: fc.integer({ min: -3, max: 5 }),
    id: fc.uuid({ version: 4 }),
  })
const steps = (max = 12) => fc.array(step(), { maxLength: max })

function log(logId: string, list: readonly Step[], from = 0): StoredEvent[] {
  let at = from
  return list.map((one, index) => {
    at += one.later
    return make(one, { n: index + 1, logId, at: minute(at), eventId: one.id })
  })
}

function make({ what, slug }: Step, place: Parameters<typeof event>[3]): StoredEvent {
  switch (what) {
    case 0:
      return event('LESSON_OPENED', slug, {}, place)
    case 1:
      return event('CHECK_FAILED', slug, failed(`${slug} is wrong`), place)
    case 2:
      return event('CHECK_PASSED', slug, passed(), place)
    case 3:
      return event('CHECK_PASSED', slug, passed(2), place)
    case 4:
      return event('SOLUTION_REVEALED', slug, {}, place)
    case 5:
      return event('LESSON_RESET', slug, {}, place)
    case 6:
      return event('HINT_REVEALED', slug, { task: 1, step: 1 }, place)
    default:
      return event('QUIZ_ANSWERED', slug, { question: 'Why?', answer: 'so', right: true }, place)
  }
}

const idsOf = (events: readonly StoredEvent[]) => events.map((one) => one.eventId)

/** Two machines that continued from a common start, as after an export and an import. */
const forked = fc.tuple(steps(), steps(), steps()).map(([common, left, right]) => ({
  left: log(uuid(1), [...common, ...left]),
  right: log(uuid(2), [...common, ...right]),
}))

/** The left one imported the right one once; then both continued. So shared events are in between the others. */
const importedOnce = fc.tuple(forked, steps(6), steps(6)).map(([before, left, right]) => ({
  left: [...mergeEvents(before.left, before.right), ...log(uuid(3), left, 20)],
  right: [...before.right, ...log(uuid(2), right, 20)],
}))

/** Anything: two parts of one history, with an arbitrary clock. */
const partsOfOne = fc.array(fc.tuple(step(), fc.boolean(), fc.boolean()), { maxLength: 20 }).map((list) => {
  const whole = log(
    uuid(1),
    list.map(([one]) => one),
  )
  return {
    left: whole.filter((_, index) => list[index]?.[1]),
    right: whole.filter((_, index) => list[index]?.[2]),
  }
})

const twoLogs = fc.oneof(forked, importedOnce, partsOfOne)

describe('merging two logs', () => {
  test('every event once, nothing else', () => {
    fc.assert(
      fc.property(twoLogs, ({ left, right }) => {
        const merged = idsOf(mergeEvents(left, right))
        expect(new Set(merged).size).toBe(merged.length)
        expect(new Set(merged)).toEqual(new Set([...idsOf(left), ...idsOf(right)]))
      }),
    )
  })

  test('keeps the order of both logs', () => {
    fc.assert(
      fc.property(twoLogs, ({ left, right }) => {
        const merged = idsOf(mergeEvents(left, right))
        for (const side of [left, right]) {
          const inSide = new Set(idsOf(side))
          expect(merged.filter((id) => inSide.has(id))).toEqual(idsOf(side))
        }
      }),
    )
  })

  test('which machine imports from which makes no difference', () => {
    fc.assert(
      fc.property(twoLogs, ({ left, right }) => {
        const here = mergeEvents(left, right)
        const there = mergeEvents(right, left)
        expect(idsOf(here)).toEqual(idsOf(there))
        expect(fold(here)).toEqual(fold(there))
      }),
    )
  })

  test('importing twice is importing once', () => {
    fc.assert(
      fc.property(twoLogs, ({ left, right }) => {
        const once = mergeEvents(left, right)
        expect(mergeEvents(once, right)).toEqual(once)
        expect(mergeEvents(once, left)).toEqual(once)
        expect(mergeEvents(once, once)).toEqual(once)
      }),
    )
  })

  test('with clocks that only move forward, the order of three imports makes no difference', () => {
    const rising = fc.array(fc.tuple(step(), fc.integer({ min: 1, max: 9 })), { maxLength: 10 })
    fc.assert(
      fc.property(rising, rising, rising, (...three) => {
        const logs = three.map((list, index) => {
          const forward = list.map(([one, later]) => ({ ...one, later: later * 3 }))
          // Minutes 0, 3, 6… for the first, 1, 4, 7… for the second: never the same.
          return log(uuid(index), forward, index)
        })
        const [a = [], b = [], c = []] = logs
        const one = mergeEvents(mergeEvents(a, b), c)
        const other = mergeEvents(a, mergeEvents(c, b))
        expect(idsOf(one)).toEqual(idsOf(other))
        expect(fold(one)).toEqual(fold(other))
      }),
    )
  })

  test('a clock that was set back does not tear a log apart', () => {
    const first = event('SOLUTION_REVEALED', '01-events', {}, { at: minute(50) })
    const then = event('CHECK_PASSED', '01-events', passed(), { at: minute(10) })
    const elsewhere = event('LESSON_OPENED', '01-events', {}, { at: minute(30) })
    expect(mergeEvents([first, then], [elsewhere])).toEqual([elsewhere, first, then])
    expect(fold(mergeEvents([elsewhere], [first, then])).lessons[0]?.state).toBe('passed-after-solution')
  })
})
