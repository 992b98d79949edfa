import { describe, expect, test } from 'vitest'
import type { ProgressEvent } from '../../../src/progress/event.ts'
import { evolve } from '../../../src/progress/evolve.ts'
import { initialState, lessonIn } from '../../../src/progress/state.ts'
import { event, failed, minute, passed } from './sample.ts'

const slug = '02-list-store'
const state = (...events: ProgressEvent[]) => events.reduce(evolve, initialState)
const lesson = (...events: ProgressEvent[]) => lessonIn(state(...events), slug)

const opened = (at?: string) => event('LESSON_OPENED', slug, {}, at ? { at } : {})
const fails = (diagnosis?: string, at?: string) =>
  event('CHECK_FAILED', slug, failed(diagnosis), at ? { at } : {})
const starterFails = () => event('CHECK_FAILED', slug, { ...failed(), untouched: true })
const passes = (skipped = 0, at?: string) => event('CHECK_PASSED', slug, passed(skipped), at ? { at } : {})
const solution = () => event('SOLUTION_REVEALED', slug, {})
const reset = () => event('LESSON_RESET', slug, {})
const skip = () => event('LESSON_SKIPPED', slug, {})
const hint = (task: number, step: number) => event('HINT_REVEALED', slug, { task, step })

describe('the state of a lesson', () => {
  test.each([
    ['new', []],
    ['new', [event('LESSON_READ', slug, {})]],
    ['new', [solution()]],
    ['started', [opened()]],
    ['new', [hint(1, 1)]],
    ['started', [opened(), starterFails()]],
    ['failing', [opened(), fails()]],
    ['failing', [fails(), starterFails()]],
    ['started', [passes(), reset(), starterFails()]],
    ['failing', [fails()]],
    ['passed', [opened(), fails(), passes()]],
    ['passed', [passes(), solution()]],
    ['passed', [passes(), opened()]],
    ['passed-after-solution', [opened(), solution(), passes()]],
    ['passed-after-solution', [solution(), fails(), passes(), passes()]],
    ['skipped', [skip()]],
    ['skipped', [fails(), skip()]],
    ['passed', [passes(), skip()]],
    ['started', [skip(), opened()]],
    ['failing', [skip(), fails()]],
    ['passed', [skip(), passes()]],
    ['started', [passes(), reset()]],
    ['started', [fails(), reset()]],
    ['failing', [passes(), reset(), fails()]],
    ['passed', [passes(), reset(), solution(), passes()]],
    ['passed-after-solution', [solution(), reset(), passes()]],
    ['passed-after-solution', [solution(), passes(), reset(), passes()]],
  ] as const)('%s (%#)', (expected, events) => {
    expect(lesson(...events).state).toBe(expected)
  })

  test("a check of the untouched starter isn't an attempt", () => {
    expect(lesson(opened(), starterFails(), fails(), passes()).attempts).toBe(2)
    expect(lesson(passes(), starterFails()).brokenSince).toBeDefined()
  })

  test('the fingerprint belongs to the lesson that the file was started from, or that it passed last', () => {
    const print = (fingerprint: string) => ({ fingerprint })
    const begins = (fingerprint: string) => event('LESSON_OPENED', slug, print(fingerprint))
    const failsAt = (at: string) => event('CHECK_FAILED', slug, { ...failed(), ...print(at) })
    const passesAt = (at: string) => event('CHECK_PASSED', slug, { ...passed(), ...print(at) })
    const resetAt = (at: string) => event('LESSON_RESET', slug, print(at))
    const known = (...events: ProgressEvent[]) => lesson(...events).fingerprint
    expect(known(begins('a'), opened())).toBe('a')
    expect(known(begins('a'), failsAt('b'))).toBe('a')
    expect(known(begins('a'), passesAt('b'))).toBe('b')
    expect(known(passesAt('a'), failsAt('b'))).toBe('a')
    expect(known(begins('a'), resetAt('b'))).toBe('b')
    // The file was deleted, and the starter copied again.
    expect(known(passesAt('a'), begins('b'))).toBe('b')
    // Older logs don't have it, and older programs don't write it.
    expect(known(opened(), fails())).toBeUndefined()
    expect(known(opened(), failsAt('a'))).toBe('a')
    expect(known(begins('a'), passes())).toBeUndefined()
  })

  test('a passed lesson that fails again stays passed and says since when', () => {
    const broken = lesson(passes(0, minute(1)), fails('one', minute(2)), fails('two', minute(3)))
    expect(broken).toMatchObject({
      state: 'passed',
      passedAt: minute(1),
      brokenSince: minute(2),
      lastDiagnosis: 'two',
      attempts: 3,
    })
    const mended = evolve(state(passes(0, minute(1)), fails('one', minute(2))), passes(0, minute(4)))
    expect(lessonIn(mended, slug)).toMatchObject({ state: 'passed', passedAt: minute(1) })
    expect(lessonIn(mended, slug)).not.toHaveProperty('brokenSince')
    expect(lessonIn(mended, slug)).not.toHaveProperty('lastDiagnosis')
  })

  test('a reset keeps the history and forgets the answer', () => {
    const after = lesson(
      opened(minute(1)),
      hint(1, 2),
      fails(),
      solution(),
      passes(2, minute(5)),
      fails(),
      reset(),
    )
    expect(after).toMatchObject({
      state: 'started',
      attempts: 3,
      hints: {},
      hintSteps: {},
      firstOpened: minute(1),
      passedAt: minute(5),
      solutionSeen: true,
      helped: true,
      skippedTasks: 0,
      resets: 1,
    })
    expect(after).not.toHaveProperty('brokenSince')
    expect(after).not.toHaveProperty('lastDiagnosis')
  })

  test('hints count per task, and one shown again does not count', () => {
    expect(lesson(hint(1, 1), hint(1, 2), hint(3, 1), hint(1, 1)).hints).toEqual({ 1: 2, 3: 1 })
    expect(lesson(hint(1, 3), hint(1, 1), hint(1, 3)).hintSteps).toEqual({ 1: [3, 1] })
  })

  test('skipped tasks: a pass on a real server is not undone by one on the embedded, and a reset starts over', () => {
    expect(lesson(passes(2)).skippedTasks).toBe(2)
    expect(lesson(passes(2), passes(0), passes(2)).skippedTasks).toBe(0)
    expect(lesson(passes(0), reset(), passes(2)).skippedTasks).toBe(2)
  })

  test('checking the solution or the starter is not an answer', () => {
    const notOwn = ['solution', 'starter'].flatMap((target) => [
      event('CHECK_FAILED', slug, { ...failed(), target }),
      event('CHECK_PASSED', slug, { ...passed(), target }),
    ])
    expect(state(...notOwn)).toEqual(initialState)
    expect(lesson(event('CHECK_PASSED', slug, { ...passed(), target: 'file' })).state).toBe('passed')
  })

  test('a quiz keeps the latest answer and whether the first was right', () => {
    const say = (question: string, answer: string, right: boolean) =>
      event('QUIZ_ANSWERED', slug, { question, answer, right })
    expect(lesson(say('Why?', 'no', false), say('How?', 'so', true), say('Why?', 'yes', true)).quiz).toEqual([
      { question: 'Why?', answer: 'yes', right: true, rightAtFirst: false, times: 2 },
      { question: 'How?', answer: 'so', right: true, rightAtFirst: true, times: 1 },
    ])
  })
})

describe('the course', () => {
  test('the current lesson is the last opened or checked', () => {
    const open = (one: string) => event('LESSON_OPENED', one, {})
    expect(state(open('01-a'), open('02-b')).current).toBe('02-b')
    expect(state(open('01-a'), open('02-b'), event('CHECK_FAILED', '01-a', failed())).current).toBe('01-a')
    expect(
      state(
        open('01-a'),
        event('LESSON_READ', '02-b', {}),
        event('HINT_REVEALED', '03-c', { task: 1, step: 1 }),
      ).current,
    ).toBe('01-a')
  })

  test("a look at a lesson's hints, solution or text doesn't start it", () => {
    const looked = state(
      event('HINT_REVEALED', slug, { task: 1, step: 1 }),
      event('SOLUTION_REVEALED', slug, {}),
      event('LESSON_READ', slug, {}),
    )
    expect(looked.lessons).toMatchObject([{ slug, state: 'new', hints: { 1: 1 } }])
  })

  test('the placement is remembered and is where to continue, but passes nothing', () => {
    const taken = event(
      'PLACEMENT_TAKEN',
      'course',
      { right: 5, questions: 8, startAt: '04-streams' },
      { at: minute(3) },
    )
    expect(state(taken)).toEqual({
      ...initialState,
      current: '04-streams',
      placement: { right: 5, questions: 8, startAt: '04-streams', at: minute(3) },
    })
  })

  test('evolve does not change its input', () => {
    const before = Object.freeze(state(opened(), passes()))
    for (const one of before.lessons) Object.freeze(one)
    const copy = structuredClone(before)
    for (const next of [fails(), reset(), hint(1, 1), skip(), solution()]) evolve(before, next)
    expect(before).toEqual(copy)
  })

  test('a slug with a meaning in JavaScript is still a slug', () => {
    for (const odd of ['__proto__', 'constructor', 'toString']) {
      expect(lessonIn(state(event('LESSON_OPENED', odd, {})), odd).state).toBe('started')
      expect(lessonIn(initialState, odd).state).toBe('new')
    }
  })
})
